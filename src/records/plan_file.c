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
    if (file->evaluated != NULL)
        json_free(file->evaluated);
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
    if (file->evaluated != NULL)
        json_put(whole, "evaluated", json_clone(file->evaluated));
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

/** \param data  the list of those that there are, NULL at its end; becomes NULL if there is another */
static bool is_known(const char *key, const struct json *value, void *data)
{
    const char *const **known = data;
    (void)value;
    for (const char *const *at = *known; *at != NULL; at++) {
        if (strcmp(*at, key) == 0)
            return true;
    }
    *known = NULL;
    return false;
}

/** Nothing stands in a plan that nobody looks at. */
static bool check_members(const struct json *json, const char *const *known, const char *of,
                          struct error *err)
{
    json_each(json, is_known, &known);
    return known != NULL || error_set(err, ERROR_INPUT, 0, "%s has a member that is not known", of);
}

static struct json *clone_of(const struct json *json, const char *key)
{
    const struct json *member = json_get(json, key);
    return member == NULL ? NULL : json_clone(member);
}

static bool of_parts(const struct json *whole, const struct json *header, struct plan_file *file,
                     struct error *err)
{
    static const char *const members[] = {"kind",   "header",    "items",       "refused",
                                          "people", "evaluated", "policy_text", NULL};
    static const char *const entry_members[] = {"record", "request", NULL};
    const char *kind = json_text(whole, "kind");
    const char *header_text = json_text(whole, "header");
    const char *policy_text = json_text(whole, "policy_text");
    if (kind == NULL || strcmp(kind, FILE_KIND) != 0 || header_text == NULL ||
        json_get(whole, "items") == NULL)
        return error_set(err, ERROR_INPUT, 0, "not a plan: kind, header or items are missing");
    if (!check_members(whole, members, "it", err))
        return false;
    for (size_t i = 0; i < json_count(json_get(whole, "items")); i++) {
        if (!check_members(json_at(json_get(whole, "items"), i), entry_members, "an item", err))
            return false;
    }
    if (!plan_header_of_json(header, bytes_of_text(header_text), &file->header, err))
        return false;
    file->items = clone_of(whole, "items");
    file->refused = clone_of(whole, "refused");
    file->people = clone_of(whole, "people");
    file->evaluated = clone_of(whole, "evaluated");
    file->policy_text = policy_text == NULL ? NULL : memory_text(policy_text);
    digest_header(file);
    return check_items(file, err) && check_whole(file, err);
}

static bool refuse_reading(struct error *err)
{
    err->kind = ERROR_INPUT;
    return error_while(err,
                       "reading the plan: get it again from who wrote it by `coldca plan` or --plan-out");
}

bool plan_file_of_parts(const struct json *whole, const struct json *header, struct plan_file *ret_file,
                        struct error *err)
{
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    if (!of_parts(whole, header, &file, err))
        return refuse_reading(err);
    *ret_file = file;
    file = (struct plan_file){.items = NULL};
    return true;
}

/** Without its line end. */
static struct bytes only_line(struct bytes text)
{
    return text.len > 0 && text.data[text.len - 1] == '\n' ? bytes_slice(text, 0, text.len - 1) : text;
}

bool plan_file_parse(struct bytes text, struct json **ret_whole, struct json **ret_header, struct error *err)
{
    AUTO(json_free) struct json *whole = NULL;
    AUTO(json_free) struct json *header = NULL;
    if (!json_parse(only_line(text), &whole, err))
        return refuse_reading(err);
    const char *header_text = json_text(whole, "header");
    if (header_text == NULL)
        header = json_new_object(); // what is not there has no parts, and plan_file_of_parts() says so
    else if (!json_parse(bytes_of_text(header_text), &header, err))
        return error_while(err, "reading the header of a plan") || refuse_reading(err);
    *ret_whole = TAKE(whole);
    *ret_header = TAKE(header);
    return true;
}

bool plan_file_is_text(const struct json *whole, const struct json *header, struct bytes text)
{
    AUTO(builder_done) struct builder whole_text = BUILDER_INIT;
    AUTO(builder_done) struct builder header_text = BUILDER_INIT;
    const char *wanted = json_text(whole, "header");
    json_canonical(whole, &whole_text);
    json_canonical(header, &header_text);
    return bytes_equal(builder_bytes(&whole_text), only_line(text)) &&
           (wanted == NULL || bytes_equal_text(builder_bytes(&header_text), wanted));
}

bool plan_file_read(struct bytes text, struct plan_file *ret_file, struct error *err)
{
    AUTO(json_free) struct json *whole = NULL;
    AUTO(json_free) struct json *header = NULL;
    return plan_file_parse(text, &whole, &header, err) && plan_file_of_parts(whole, header, ret_file, err);
}
