/* SPDX-License-Identifier: Apache-2.0 */
#include "records/approved.h"

#include "base/digest.h"
#include "base/memory.h"
#include "base/quote.h"
#include "ledger/ledger.h"

#include <string.h>

struct json *record_plan_approved_write(const struct record_plan_approved *record)
{
    struct json *json = json_new_object();
    json_put_text(json, "header", record->header);
    json_put_hex(json, "plan_sha256", BYTES(record->plan_sha256));
    json_put(json, "approvals", json_clone(record->approvals));
    json_put_text(json, "batch", record->batch);
    return json;
}

static bool is_digest_of(const char *text, const uint8_t digest[static 32], const char *what,
                         struct error *err)
{
    uint8_t actual[32];
    digest_sha256(bytes_of_text(text), actual);
    return memcmp(actual, digest, sizeof(actual)) == 0 ||
           error_set(err, ERROR_LEDGER, 0, "its digest is not that of its %s", what);
}

bool record_plan_approved_read(const struct json *json, struct record_plan_approved *ret_record,
                               struct error *err)
{
    struct record_plan_approved record = {.header = NULL};
    AUTO(plan_header_done) struct plan_header header = {.origin = NULL};
    record.approvals = json_get(json, "approvals");
    if (!record_text(json, "header", &record.header, err) ||
        !record_digest(json, "plan_sha256", record.plan_sha256, err) ||
        !is_digest_of(record.header, record.plan_sha256, "header", err))
        return false;
    for (size_t i = 0; i < json_count(record.approvals); i++) {
        if (json_text_at(record.approvals, i) == NULL)
            return error_set(err, ERROR_LEDGER, 0, "an approval of it is not a text");
    }
    if (json_count(record.approvals) == 0)
        return error_set(err, ERROR_LEDGER, 0, "without approvals, which is a list of notes");
    if (!plan_header_read(bytes_of_text(record.header), &header, err)) {
        err->kind = ERROR_LEDGER;
        return false;
    }
    record.batch = json_text(json, "batch");
    *ret_record = record;
    return true;
}

struct json *record_policy_approved_write(const struct record_policy_approved *record)
{
    struct json *json = json_new_object();
    json_put_text(json, "name", record->name);
    json_put_hex(json, "sha256", BYTES(record->sha256));
    json_put_text(json, "text", record->text);
    return json;
}

bool record_policy_approved_read(const struct json *json, struct record_policy_approved *ret_record,
                                 struct error *err)
{
    struct record_policy_approved record = {.name = NULL};
    if (!record_text(json, "name", &record.name, err) || !record_digest(json, "sha256", record.sha256, err) ||
        !record_text(json, "text", &record.text, err) ||
        !is_digest_of(record.text, record.sha256, "text", err))
        return false;
    *ret_record = record;
    return true;
}

/** What the record has besides: its name, digest, number, time, person, and a place in a plan. */
#define POLICY_OTHER_MAX_LEN 4096

bool record_policy_text_check(const char *name, struct bytes text, struct error *err)
{
    struct quoted room;
    AUTO(builder_done) struct builder spelled = BUILDER_INIT;
    AUTO(json_free) struct json *json = json_new_object();
    if (!utf8_is_valid(text) || memchr(text.data, '\0', text.len) != NULL)
        return error_set(err, ERROR_INPUT, 0, "the policy %s is not UTF-8, which a record of the ledger is",
                         quoted_text(name, &room));
    AUTO(free) char *whole = memory_text_of((const char *)text.data, text.len);
    json_put_text(json, "text", whole);
    json_canonical(json, &spelled);
    return spelled.len + POLICY_OTHER_MAX_LEN <= LEDGER_RECORD_MAX_LEN ||
           error_set(
               err, ERROR_INPUT, 0,
               "the policy %s has %zu bytes, and a record of the ledger, which holds all of them, has room "
               "for about %d: shorten its comments, or make two of it",
               quoted_text(name, &room), text.len, LEDGER_RECORD_MAX_LEN - POLICY_OTHER_MAX_LEN);
}

void record_put_planned(struct json *json, const uint8_t plan_sha256[static 32], uint64_t index,
                        const struct tree_hash *path, size_t count)
{
    AUTO(builder_done) struct builder bytes = BUILDER_INIT;
    for (size_t i = 0; i < count; i++)
        builder_add(&bytes, path[i].bytes, sizeof(path[i].bytes));
    json_put_hex(json, "plan_sha256", bytes_of(plan_sha256, 32));
    json_put_int(json, "plan_index", (int64_t)index);
    json_put_base64(json, "plan_path", builder_bytes(&bytes));
}

bool record_read_planned(const struct json *json, bool *ret_is_planned, uint8_t ret_plan_sha256[static 32],
                         uint64_t *ret_index, struct tree_hash ret_path[static TREE_PROOF_MAX],
                         size_t *ret_count, struct error *err)
{
    AUTO(builder_done) struct builder path = BUILDER_INIT;
    *ret_is_planned = json_get(json, "plan_index") != NULL;
    if (!*ret_is_planned)
        return true;
    if (!record_digest(json, "plan_sha256", ret_plan_sha256, err) ||
        !record_number(json, "plan_index", ret_index, err))
        return false;
    if (!json_base64(json, "plan_path", &path) || path.len % TREE_HASH_LEN != 0 ||
        path.len > (size_t)TREE_PROOF_MAX * TREE_HASH_LEN)
        return error_set(err, ERROR_LEDGER, 0, "without plan_path, which is base64 of hashes");
    *ret_count = path.len / TREE_HASH_LEN;
    for (size_t i = 0; i < *ret_count; i++)
        memcpy(ret_path[i].bytes, path.data + i * TREE_HASH_LEN, TREE_HASH_LEN);
    return true;
}
