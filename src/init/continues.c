/* SPDX-License-Identifier: Apache-2.0 */
#include "init/parts.h"

#include "base/encode.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/quote.h"
#include "ledger/proof.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

/*
 * A ledger that is lost is not made up for: a new one begins, under another origin, and its first record says which one it follows and
 * what was last known of it.
 */

#define NOTE_FILE_MAX_LEN 65536

void init_continued_done(struct init_continued *continued)
{
    builder_done(&continued->note);
    free(continued->origin);
    remembered_done(&continued->remembered);
}

bool init_read_continued(const struct init_options *options, const struct init_plan *plan,
                         struct init_continued *ret_continued, struct error *err)
{
    struct quoted room;
    AUTO(init_continued_done) struct init_continued continued = {.origin = NULL};
    if (options->continues == NULL)
        return true;
    (void)quoted_text(options->continues, &room);
    if (!file_read(AT_FDCWD, options->continues, NOTE_FILE_MAX_LEN, &continued.note, err) ||
        !ledger_note_says(builder_bytes(&continued.note), &continued.origin, &continued.size, continued.root,
                          err))
        return error_while(err, "reading the checkpoint %s of the ledger that --continues names", room.text);
    if (strcmp(continued.origin, plan->origin) == 0)
        return error_set(err, ERROR_USAGE, 0,
                         "the ledger that is continued has the origin %s: give the new one another with "
                         "--origin, two of one name are a fork to every witness",
                         plan->origin);
    *ret_continued = continued;
    continued = (struct init_continued){.origin = NULL}; // the caller has it now
    return true;
}

bool init_meet_continued(struct token *token, struct init_continued *continued, struct error *err)
{
    struct error why = ERROR_INIT;
    if (continued->origin == NULL)
        return true;
    if (!remembered_find(token, continued->origin, NULL, &continued->remembered, &continued->is_remembered,
                         err))
        return false;
    if (!continued->is_remembered)
        return true;
    if (!ledger_note_verify(builder_bytes(&continued->note), continued->remembered.vkey, NULL, &why))
        return error_set(err, ERROR_LEDGER, 0,
                         "the checkpoint --continues names is not one of the ledger %s that the token "
                         "remembers: %s; bring the newest one that left the old home",
                         continued->origin, why.text);
    bool is_other = continued->size == continued->remembered.size &&
                    memcmp(continued->root, continued->remembered.root, sizeof(continued->root)) != 0;
    return !is_other ||
           error_set(err, ERROR_LEDGER, 0,
                     "the checkpoint --continues names is of another history than the token remembers: both "
                     "are of %" PRIu64
                     " records, with other roots; bring the newest one that left the old home",
                     continued->size);
}

struct json *init_record_continued(const struct init_continued *continued)
{
    char time[TIME_TEXT_SIZE];
    if (continued->origin == NULL)
        return NULL;
    struct json *json = json_new_object();
    json_put_text(json, "origin", continued->origin);
    json_put_int(json, "size", (int64_t)continued->size);
    json_put_hex(json, "root", BYTES(continued->root));
    json_put_text_bytes(json, "checkpoint", builder_bytes(&continued->note));
    if (!continued->is_remembered)
        return json;
    const struct remembered *remembered = &continued->remembered;
    struct json *token = json_put_object(json, "token");
    json_put_text(token, "vkey", remembered->vkey);
    json_put_int(token, "size", (int64_t)remembered->size);
    json_put_hex(token, "root", BYTES(remembered->root));
    json_put_text(token, "time", time_format(remembered->time, time));
    if (remembered->has_crl)
        json_put_int(token, "crl_number", (int64_t)remembered->crl_number);
    return json;
}
