/* SPDX-License-Identifier: Apache-2.0 */
#include "records/plan_file.h"

#include "base/digest.h"
#include "base/memory.h"
#include "records/approved.h"
#include "records/cert.h"
#include "records/crl.h"
#include "records/revocation.h"

#include <stdlib.h>
#include <string.h>

#define FILE_KIND "coldca plan"

void plan_file_done(struct plan_file *file)
{
    plan_header_done(&file->header);
    if (file->items != NULL)
        json_free(file->items);
    if (file->refused != NULL)
        json_free(file->refused);
    if (file->people != NULL)
        json_free(file->people);
    if (file->judged != NULL)
        json_free(file->judged);
    if (file->tree != NULL)
        whole_tree_free(file->tree);
    free(file->policy_text);
    *file = (struct plan_file){.items = NULL};
}

bool plan_file_is_of_act(const char *type, enum act act)
{
    static const struct {
        const char *type;
        enum act act;
    } types[] = {
        {RECORD_CERT_SIGNING, ACT_ISSUE},  {RECORD_CERT_SIGNING, ACT_ISSUE_CA},
        {RECORD_CERT_REVOKED, ACT_REVOKE}, {RECORD_CERT_UNREVOKED, ACT_REVOKE},
        {RECORD_KEY_REVOKED, ACT_REVOKE},  {RECORD_CRL_SIGNING, ACT_CRL},
        {RECORD_CONTROL_SET, ACT_CONTROL}, {RECORD_POLICY_APPROVED, ACT_POLICY},
    };
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (types[i].act == act && strcmp(types[i].type, type) == 0)
            return true;
    }
    return false;
}

void plan_file_add(struct plan_file *file, const char *name, const char *type, struct json *record)
{
    if (file->items == NULL)
        file->items = json_new_array();
    json_put_text(record, "type", type);
    json_put_text(record, "output", name);
    json_put(json_add_object(file->items), "record", record);
}

void plan_file_add_request(struct plan_file *file, struct bytes der)
{
    json_put_base64((struct json *)(uintptr_t)json_at(file->items, json_count(file->items) - 1), "request",
                    der);
}

void plan_file_add_person(struct plan_file *file, const char *name, const char *key)
{
    if (file->people == NULL)
        file->people = json_new_array();
    struct json *person = json_add_object(file->people);
    json_put_text(person, "name", name);
    json_put_text(person, "key", key);
}

const struct json *plan_file_record(const struct plan_file *file, size_t index)
{
    return json_get(json_at(file->items, index), "record");
}

const char *plan_file_name(const struct plan_file *file, size_t index)
{
    return json_text(plan_file_record(file, index), "output");
}

bool plan_file_request(const struct plan_file *file, size_t index, struct builder *ret_der, struct error *err)
{
    uint8_t wanted[32];
    uint8_t found[32];
    size_t before = ret_der->len;
    if (!json_base64(json_at(file->items, index), "request", ret_der))
        return error_set(err, ERROR_INPUT, 0,
                         "its request is not in the plan (plan.request); make the plan anew, at this CA");
    if (!record_digest(plan_file_record(file, index), "csr_sha256", wanted, err))
        return false;
    digest_sha256(bytes_slice(builder_bytes(ret_der), before, ret_der->len), found);
    return memcmp(wanted, found, sizeof(found)) == 0 ||
           error_set(
               err, ERROR_INPUT, 0,
               "the request beside it is not the one of its csr_sha256 (plan.request); get the plan again "
               "from who made it");
}

/** The tree over the items, and their number. */
static struct whole_tree *grow(const struct plan_file *file)
{
    size_t count = json_count(file->items);
    AUTO(free) struct tree_hash *leaves = memory_new(count + 1, sizeof(*leaves));
    for (size_t i = 0; i < count; i++) {
        const struct json *record = plan_file_record(file, i);
        plan_item_leaf(record, json_text(record, "type"), &leaves[i]);
    }
    return whole_tree_new(leaves, count);
}

static void digest_header(struct plan_file *file)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    plan_header_write(&file->header, &text);
    digest_sha256(builder_bytes(&text), file->sha256);
}

void plan_file_seal(struct plan_file *file)
{
    if (file->tree != NULL) // of items that were changed since
        whole_tree_free(file->tree);
    file->tree = grow(file);
    file->header.count = json_count(file->items);
    whole_tree_root(file->tree, &file->header.root);
    digest_header(file);
}

void plan_file_write(const struct plan_file *file, struct builder *ret_text)
{
    AUTO(json_free) struct json *whole = json_new_object();
    AUTO(builder_done) struct builder header = BUILDER_INIT;
    plan_header_write(&file->header, &header);
    json_put_text(whole, "kind", FILE_KIND);
    json_put_text(whole, "header", builder_text(&header));
    json_put(whole, "items", json_clone(file->items));
    if (file->refused != NULL)
        json_put(whole, "refused", json_clone(file->refused));
    if (file->people != NULL)
        json_put(whole, "people", json_clone(file->people));
    if (file->judged != NULL)
        json_put(whole, "evaluated", json_clone(file->judged));
    json_put_text(whole, "policy_text", file->policy_text);
    json_canonical(whole, ret_text);
    builder_add_u8(ret_text, '\n');
}

struct json *plan_file_planned(const struct plan_file *file, size_t index)
{
    struct tree_hash path[TREE_PROOF_MAX];
    struct json *record = json_clone(plan_file_record(file, index));
    size_t count = whole_tree_path(file->tree, index, path);
    record_put_planned(record, file->sha256, index, path, count);
    return record;
}

/* ---- reading: from a stick, so every byte is doubted ---- */

static bool check_items(const struct plan_file *file, struct error *err)
{
    for (size_t i = 0; i < json_count(file->items); i++) {
        const struct json *record = plan_file_record(file, i);
        const char *type = record == NULL ? NULL : json_text(record, "type");
        bool is_issue = file->header.act == ACT_ISSUE || file->header.act == ACT_ISSUE_CA;
        if (type == NULL || !plan_file_is_of_act(type, file->header.act))
            return error_set(err, ERROR_INPUT, 0, "item %zu is not of its act, %s", i,
                             act_name(file->header.act));
        if (!plan_item_is_clean(record))
            return error_set(err, ERROR_INPUT, 0, "item %zu has a member that only a run may write", i);
        if (is_issue && plan_file_name(file, i) == NULL)
            return error_set(err, ERROR_INPUT, 0,
                             "item %zu does not say where its certificate goes (output): make the plan anew",
                             i);
    }
    return true;
}

static bool check_whole(struct plan_file *file, struct error *err)
{
    struct tree_hash root;
    uint8_t digest[32];
    file->tree = grow(file);
    whole_tree_root(file->tree, &root);
    if (json_count(file->items) != file->header.count ||
        memcmp(root.bytes, file->header.root.bytes, sizeof(root.bytes)) != 0)
        return error_set(err, ERROR_INPUT, 0,
                         "its items are not those its header was made of: it was changed; get it again from "
                         "who made it");
    digest_sha256(bytes_of_text(file->policy_text), digest);
    return (file->header.policy == NULL && file->policy_text == NULL) ||
           (file->header.policy != NULL && file->policy_text != NULL &&
            memcmp(digest, file->header.policy_sha256, sizeof(digest)) == 0) ||
           error_set(err, ERROR_INPUT, 0, "its policy_text is not that of policy_sha256");
}

static bool read_plan(const struct json *json, struct plan_file *file, struct error *err)
{
    const char *kind = json_text(json, "kind");
    const char *header = json_text(json, "header");
    const struct json *items = json_get(json, "items");
    const char *policy_text = json_text(json, "policy_text");
    if (kind == NULL || strcmp(kind, FILE_KIND) != 0 || header == NULL || items == NULL)
        return error_set(err, ERROR_INPUT, 0, "not a plan: kind, header or items are missing");
    if (!plan_header_read(bytes_of_text(header), &file->header, err))
        return false;
    file->items = json_clone(items);
    if (json_get(json, "refused") != NULL)
        file->refused = json_clone(json_get(json, "refused"));
    if (json_get(json, "people") != NULL)
        file->people = json_clone(json_get(json, "people"));
    if (json_get(json, "evaluated") != NULL)
        file->judged = json_clone(json_get(json, "evaluated"));
    file->policy_text = policy_text == NULL ? NULL : memory_text(policy_text);
    digest_header(file);
    return check_items(file, err) && check_whole(file, err);
}

bool plan_file_read(struct bytes text, struct plan_file *ret_file, struct error *err)
{
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    AUTO(json_free) struct json *json = NULL;
    if (text.len > 0 && text.data[text.len - 1] == '\n')
        text.len--;
    if (!json_parse(text, &json, err) || !read_plan(json, &file, err)) {
        err->kind = ERROR_INPUT;
        return error_while(err, "reading the plan");
    }
    *ret_file = file;
    file = (struct plan_file){.items = NULL};
    return true;
}
