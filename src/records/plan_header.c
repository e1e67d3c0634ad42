/* SPDX-License-Identifier: Apache-2.0 */
#include "records/plan_header.h"

#include "base/memory.h"
#include "base/time.h"
#include "ledger/note.h"

#include <stdlib.h>
#include <string.h>

void plan_header_done(struct plan_header *header)
{
    free(header->origin);
    free(header->vkey);
    free(header->policy);
    *header = (struct plan_header){.origin = NULL};
}

void plan_header_write(const struct plan_header *header, struct builder *ret_text)
{
    char time[TIME_TEXT_SIZE];
    AUTO(json_free) struct json *json = json_new_object();
    json_put_int(json, "version", PLAN_HEADER_VERSION);
    json_put_text(json, "act", act_name(header->act));
    json_put_text(json, "origin", header->origin);
    json_put_text(json, "vkey", header->vkey);
    json_put_int(json, "control", (int64_t)header->control);
    json_put_text(json, "not_before", time_format(header->not_before, time));
    json_put_text(json, "not_after", time_format(header->not_after, time));
    json_put_text(json, "policy", header->policy);
    if (header->policy != NULL)
        json_put_hex(json, "policy_sha256", BYTES(header->policy_sha256));
    json_put_int(json, "count", (int64_t)header->count);
    json_put_hex(json, "root", BYTES(header->root.bytes));
    json_canonical(json, ret_text);
}

static bool read_policy(const struct json *json, struct plan_header *header, struct error *err)
{
    const char *policy = NULL;
    bool is_issue = header->act == ACT_ISSUE || header->act == ACT_ISSUE_CA;
    if (!is_issue)
        return json_get(json, "policy") == NULL ||
               error_set(err, ERROR_INPUT, 0, "a policy, though its act is %s", act_name(header->act));
    if (!record_text(json, "policy", &policy, err) ||
        !record_digest(json, "policy_sha256", header->policy_sha256, err))
        return false;
    header->policy = memory_text(policy);
    return true;
}

static bool read_members(const struct json *json, struct plan_header *header, struct error *err)
{
    uint64_t version = 0;
    const char *act = NULL;
    const char *origin = NULL;
    const char *vkey = NULL;
    if (!record_number(json, "version", &version, err) || !record_text(json, "act", &act, err) ||
        !record_text(json, "origin", &origin, err) || !record_text(json, "vkey", &vkey, err) ||
        !record_number(json, "control", &header->control, err) ||
        !record_time_needed(json, "not_before", &header->not_before, err) ||
        !record_time_needed(json, "not_after", &header->not_after, err) ||
        !record_number(json, "count", &header->count, err) ||
        !record_digest(json, "root", header->root.bytes, err))
        return false;
    if (version != PLAN_HEADER_VERSION)
        return error_set(err, ERROR_INPUT, 0, "an unsupported version (expected %d)", PLAN_HEADER_VERSION);
    if (!act_parse(act, &header->act))
        return error_set(err, ERROR_INPUT, 0, "an act that coldca does not know");
    if (!note_name_is_good(bytes_of_text(origin)))
        return error_set(err, ERROR_INPUT, 0, "an origin that is not a ledger's");
    if (header->not_after < header->not_before)
        return error_set(err, ERROR_INPUT, 0, "a window that ends before it begins");
    if (header->count == 0 || header->count > PLAN_ITEMS_MAX)
        return error_set(err, ERROR_INPUT, 0, "no items, or too many");
    header->origin = memory_text(origin);
    header->vkey = memory_text(vkey);
    return read_policy(json, header, err);
}

static bool of_json(const struct json *json, struct bytes text, struct plan_header *header, struct error *err)
{
    AUTO(builder_done) struct builder again = BUILDER_INIT;
    if (!read_members(json, header, err))
        return false;
    // One spelling a header, and no member that nobody looked at: what is approved is what is understood.
    plan_header_write(header, &again);
    return bytes_equal(builder_bytes(&again), text) ||
           error_set(err, ERROR_INPUT, 0, "not its canonical form, or a member that is not known");
}

bool plan_header_of_json(const struct json *json, struct bytes text, struct plan_header *ret_header,
                         struct error *err)
{
    AUTO(plan_header_done) struct plan_header header = {.origin = NULL};
    bool is_read = text.len <= PLAN_HEADER_MAX_LEN
                       ? of_json(json, text, &header, err)
                       : error_set(err, ERROR_INPUT, 0, "longer than %d bytes", PLAN_HEADER_MAX_LEN);
    if (!is_read) {
        err->kind = ERROR_INPUT;
        return error_while(err, "reading the header of a plan");
    }
    *ret_header = header;
    header = (struct plan_header){.origin = NULL};
    return true;
}

bool plan_header_read(struct bytes text, struct plan_header *ret_header, struct error *err)
{
    AUTO(json_free) struct json *json = NULL;
    if (text.len > PLAN_HEADER_MAX_LEN)
        return error_set(err, ERROR_INPUT, 0, "longer than %d bytes", PLAN_HEADER_MAX_LEN) ||
               error_while(err, "reading the header of a plan");
    if (!json_parse(text, &json, err)) {
        err->kind = ERROR_INPUT;
        return error_while(err, "reading the header of a plan");
    }
    return plan_header_of_json(json, text, ret_header, err);
}

/* ---- items ---- */

struct stripping {
    struct json *item;
    bool is_crl;
};

static bool is_of_the_run(const char *key, bool is_crl)
{
    static const char *const members[] = {"seq",         "time",       "operator",  "batch",
                                          "plan_sha256", "plan_index", "plan_path", "emergency_reason",
                                          "type"};
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        if (strcmp(members[i], key) == 0)
            return true;
    }
    return is_crl && (strcmp(key, "size") == 0 || strcmp(key, "previous") == 0);
}

static bool copy_member(const char *key, const struct json *value, void *data)
{
    const struct stripping *stripping = data;
    if (!is_of_the_run(key, stripping->is_crl))
        json_put(stripping->item, key, json_clone(value));
    return true;
}

void plan_item_leaf(const struct json *record, const char *type, struct tree_hash *ret_leaf)
{
    AUTO(json_free) struct json *item = json_new_object();
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    struct stripping stripping = {.item = item, .is_crl = strcmp(type, "crl.signing") == 0};
    json_each(record, copy_member, &stripping);
    json_put_text(item, "type", type);
    json_canonical(item, &text);
    tree_leaf_hash(builder_bytes(&text), ret_leaf);
}

static bool is_clean_member(const char *key, const struct json *value, void *data)
{
    (void)value;
    bool *is_clean = data;
    *is_clean = *is_clean && (strcmp(key, "type") == 0 || !is_of_the_run(key, false));
    return *is_clean;
}

bool plan_item_is_clean(const struct json *record)
{
    bool is_clean = true;
    json_each(record, is_clean_member, &is_clean);
    return is_clean;
}
