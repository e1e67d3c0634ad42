/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "base/memory.h"
#include "ceremony/going.h"
#include "home/home.h"
#include "records/newest_crl.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/** When the first attempt at a step began after which the room has not seen its CRL: once it has, another is wanted; 0: none. */
static int64_t first_attempt(const struct going *going, unsigned step)
{
    int64_t began = 0;
    for (size_t i = 0; i < going->journal->count; i++) {
        const struct record_ceremony *event = &going->journal->events[i];
        if (event->step == step && event->event == CEREMONY_STEP && began == 0)
            began = event->at;
        if (event->step == step && event->event == CEREMONY_FILE)
            began = 0;
    }
    return began;
}

/** Whether the room has seen a file with this digest: two CRLs may be of one second. */
static bool was_shown(const struct going *going, const uint8_t sha256[static 32])
{
    for (size_t i = 0; i < going->journal->count; i++) {
        const struct record_ceremony *event = &going->journal->events[i];
        if (event->event == CEREMONY_FILE && event->digest_count > 0 &&
            memcmp(event->digests[0].sha256, sha256, sizeof(event->digests[0].sha256)) == 0)
            return true;
    }
    return false;
}

bool going_has_signed_crl(const struct going *going, const struct going_step *at)
{
    struct newest_crl newest;
    struct error ignored = ERROR_INIT; // the command that comes next says what is wrong with the home
    int64_t began = first_attempt(going, at->number);
    AUTO(home_close) struct home *home = NULL;
    if (at->step->kind != STEP_CRL || step_value(at->step, FIELD_PLAN) != NULL || began == 0)
        return false;
    const char *path = site_home_path(going->options->site, step_value(at->step, FIELD_HOME));
    AUTO(free) char *config = memory_format("%s/" HOME_CONFIG_FILE, path);
    return file_exists(AT_FDCWD, config) && home_open(path, HOME_LOOK, NULL, &home, &ignored) &&
           newest_crl_find(home->ledger, &newest, &ignored) && newest.has && newest.this_update >= began &&
           !was_shown(going, newest.sha256);
}
