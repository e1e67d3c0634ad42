/* SPDX-License-Identifier: Apache-2.0 */
#include "home/created.h"

#include "base/file.h"
#include "base/json.h"
#include "ledger/lines.h"

#include <fcntl.h>
#include <string.h>

/** records/ca.h names the types as well: it stands above. */
#define CREATED "ca.created"
#define CHAIN_SET "chain.set"

/** What the first records of a ledger say of the CA. */
struct created {
    bool is_torn; /**< nothing but the beginning of the first record */
    bool is_there;
    bool is_this_ca; /**< of this certificate, origin and ledger key */
    uint64_t others; /**< records among the first that are not of the making of a CA */
};

/** What stands beside ca.created when a CA is made (init/), and may be left of a completion that was stopped. */
static bool is_of_making(const char *type)
{
    return strcmp(type, CHAIN_SET) == 0 || strcmp(type, "control.set") == 0 ||
           strcmp(type, "policy.approved") == 0;
}

static void look_at_record(const struct home *home, struct bytes text, struct created *created)
{
    struct error ignored = ERROR_INIT; // a damaged record is reported by who reads the ledger
    AUTO(json_free) struct json *record = NULL;
    AUTO(builder_done) struct builder certificate = BUILDER_INIT;
    if (!json_parse(text, &record, &ignored))
        return;
    const char *type = json_text(record, "type");
    if (type == NULL || strcmp(type, CREATED) != 0) {
        // A completion that was stopped before ca.pem was written leaves what is written beside it.
        created->others += type == NULL || !is_of_making(type) ? 1 : 0;
        return;
    }
    const char *origin = json_text(record, "origin");
    const char *vkey = json_text(record, "ledger_vkey");
    created->is_there = true;
    // One that names nothing, as in the vectors of docs/ledger-format.md, is held by the checkpoint over it alone.
    bool is_bare = origin == NULL && vkey == NULL && json_get(record, "certificate") == NULL;
    created->is_this_ca |= is_bare;
    created->is_this_ca |=
        home->issuer != NULL && origin != NULL && vkey != NULL && strcmp(origin, home->config.origin) == 0 &&
        strcmp(vkey, home->config.ledger_vkey) == 0 && json_base64(record, "certificate", &certificate) &&
        bytes_equal(builder_bytes(&certificate), cert_issuer_der(home->issuer));
}

static bool look(const struct home *home, struct created *ret_created, struct error *err)
{
    AUTO(close) int fd = -1;
    AUTO(lines_done) struct lines lines = {.fd = -1};
    struct line line;
    if (!file_open_regular(home->fd, "ledger.jsonl", O_RDONLY | O_NOFOLLOW, &fd, err))
        return false;
    lines_init(&lines, fd, 0, UINT64_MAX);
    for (unsigned count = 0; count < HOME_FIRST_RECORDS;) {
        if (!lines_next(&lines, &line, err))
            return false;
        ret_created->is_torn |= line.kind == LINE_TORN && line.offset == 0;
        if (line.kind != LINE_RECORD && line.kind != LINE_VOID)
            break;
        if (line.kind == LINE_VOID)
            continue;
        look_at_record(home, line.text, ret_created);
        count++;
    }
    return true;
}

static bool not_begun(struct error *err)
{
    return error_set(err, ERROR_LEDGER, 0,
                     "ledger.jsonl does not begin with the making of this CA (ca.created), but ca.pem is "
                     "there: it was cut or written anew; put the right ledger.jsonl back from a copy");
}

bool home_check_first(const struct home *home, struct error *err)
{
    struct created created = {.is_there = false};
    struct error ignored = ERROR_INIT; // what can't be read is reported by who opens the ledger
    if (home->issuer == NULL || !look(home, &created, &ignored))
        return true;
    return !created.is_torn || not_begun(err);
}

bool home_check_created(const struct home *home, uint64_t checkpoint_size, struct error *err)
{
    struct created created = {.is_there = false};
    if (!look(home, &created, err))
        return false;
    if (home->issuer == NULL)
        return created.others == 0 ||
               error_set(err, ERROR_LEDGER, 0,
                         "%s has a ledger with history but no ca.pem: it does not await its parent's "
                         "certificate, ca.pem was taken away; put it back from a copy",
                         home->path);
    if (!created.is_there)
        return not_begun(err);
    if (!created.is_this_ca)
        return error_set(err, ERROR_LEDGER, 0,
                         "ledger.jsonl begins with the making of another CA (ca.created) than ca.pem and "
                         "ca.yaml name: its certificate, origin or ledger_vkey differs; put the file that is "
                         "wrong back from a copy");
    return checkpoint_size > 0 ||
           error_set(err, ERROR_LEDGER, 0,
                     "the ledger has no checkpoint, but a CA with ca.pem has had one since it was made: "
                     "ledger.checkpoints was taken away; put it back from a copy");
}

bool home_created_record(const struct home *home, struct json **ret_record, uint64_t *ret_seq,
                         struct error *err)
{
    uint64_t size = ledger_size(home->ledger);
    for (uint64_t seq = size < HOME_FIRST_RECORDS ? size : HOME_FIRST_RECORDS; seq > 0; seq--) {
        AUTO(json_free) struct json *record = NULL;
        if (!ledger_record(home->ledger, seq - 1, &record, err))
            return false;
        const char *type = json_text(record, "type");
        if (type == NULL || strcmp(type, CREATED) != 0)
            continue;
        *ret_seq = seq - 1;
        *ret_record = TAKE(record);
        return true;
    }
    return error_set(err, ERROR_LEDGER, 0, "the ledger does not begin with the making of a CA (ca.created)");
}
