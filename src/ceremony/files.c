/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"
#include "base/memory.h"
#include "base/quote.h"
#include "ceremony/going.h"
#include "ceremony/places.h"

#include <stdlib.h>
#include <string.h>

#define FILES_MAX 200 /* of one step; how many there are more is said */
#define SHOWN_MAX 4   /* with their words on the screen */

struct keeping {
    struct going *going;
    const struct going_step *at;
    size_t count;
    uint8_t seen[32]; /**< digest of the file before: a copy is not kept in full twice */
    bool has_seen;
    bool is_lost; /**< an event could not be kept */
};

/** What people read in full: certificates, requests, CRLs. */
static bool is_pem(struct bytes content)
{
    static const char begin[] = "-----BEGIN ";
    return content.len > sizeof(begin) && memcmp(content.data, begin, sizeof(begin) - 1) == 0 &&
           memmem(content.data, content.len, "PRIVATE KEY", 11) == NULL;
}

static bool keep(struct keeping *keeping, const char *place, struct bytes content, bool is_text,
                 struct error *err)
{
    struct ceremony_digest digest = {.what = place};
    digest_sha256(content, digest.sha256);
    bool is_copy = keeping->has_seen && memcmp(keeping->seen, digest.sha256, sizeof(digest.sha256)) == 0;
    bool is_shown = is_text && !is_copy && content.len <= CEREMONY_FILE_MAX_LEN && utf8_is_valid(content) &&
                    memchr(content.data, '\0', content.len) == NULL;
    AUTO(free) char *text = is_shown ? memory_text_of(content.data, content.len) : NULL;
    if (keeping->count++ < SHOWN_MAX && is_copy)
        going_say(keeping->going, "  SHA-256 of %s: the same\n", place);
    else if (keeping->count <= SHOWN_MAX)
        going_say_digest(keeping->going, place, digest.sha256);
    memcpy(keeping->seen, digest.sha256, sizeof(digest.sha256));
    keeping->has_seen = true;
    const struct record_ceremony event = {
        .event = CEREMONY_FILE, .name = place, .text = text, .digests = &digest, .digest_count = 1};
    keeping->is_lost = !going_add(keeping->going, keeping->at, event, err);
    return !keeping->is_lost;
}

static bool take(void *data, const char *place, struct bytes content, struct error *err)
{
    return keep(data, place, content, is_pem(content), err);
}

static bool keep_place(struct keeping *keeping, const char *place, bool *ret_is_fine, struct error *err)
{
    size_t count = 0;
    struct error fault = ERROR_INIT;
    *ret_is_fine = place_each(keeping->going->options->site, place, FILES_MAX, take, keeping, &count, &fault);
    if (!*ret_is_fine && !keeping->is_lost)
        return going_fault(keeping->going, keeping->at, fault.text, err);
    if (!*ret_is_fine) {
        *err = fault;
        return false;
    }
    if (keeping->count > SHOWN_MAX)
        going_say(keeping->going, "  %zu files; the digests of all are in the transcript\n", count);
    if (count <= FILES_MAX)
        return true;
    AUTO(free) char *text = memory_format("%zu files; the first %d are listed", count, FILES_MAX);
    const struct record_ceremony event = {.event = CEREMONY_FILE, .name = place, .text = text};
    return going_add(keeping->going, keeping->at, event, err);
}

/** The file of its home that a step is about; NULL: none. The caller frees. */
static char *of_home(const struct ceremony_step *step)
{
    const char *home = step_value(step, FIELD_HOME);
    if (step->kind == STEP_ROOT || step->kind == STEP_COMPLETE)
        return memory_format("%s:ca.pem", home);
    return step->kind == STEP_REQUEST ? memory_format("%s:ca.csr", home) : NULL;
}

bool going_keep_files(struct going *going, const struct going_step *at, struct bytes said, bool *ret_is_fine,
                      struct error *err)
{
    struct keeping keeping = {.going = going, .at = at};
    AUTO(free) char *home_file = of_home(at->step);
    const char *to = step_value(at->step, FIELD_TO);
    *ret_is_fine = true;
    if (at->step->kind == STEP_CHECKPOINT && said.len > 0) {
        AUTO(free) char *name = memory_format("checkpoint of %s", step_value(at->step, FIELD_HOME));
        return keep(&keeping, name, said, true, err);
    }
    if (home_file != NULL && !keep_place(&keeping, home_file, ret_is_fine, err))
        return false;
    return to == NULL || !*ret_is_fine || keep_place(&keeping, to, ret_is_fine, err);
}
