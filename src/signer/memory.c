/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/memory.h"

#include "base/encode.h"
#include "base/json.h"
#include "base/memory.h"

#include <string.h>

static const struct token_data_name name = {.label = "coldca-ledger", .application = "coldca"};

void remembered_done(struct remembered *remembered)
{
    free(remembered->origin);
    free(remembered->vkey);
    *remembered = (struct remembered){.origin = NULL};
}

static void write_value(const struct remembered *remembered, struct builder *ret_value)
{
    char time[TIME_TEXT_SIZE];
    AUTO(json_free) struct json *json = json_new_object();
    json_put_int(json, "version", 1);
    json_put_text(json, "origin", remembered->origin);
    json_put_text(json, "vkey", remembered->vkey);
    json_put_int(json, "size", (int64_t)remembered->size);
    json_put_hex(json, "root", BYTES(remembered->root));
    json_put_text(json, "time", time_format(remembered->time, time));
    if (remembered->has_crl)
        json_put_int(json, "crl_number", (int64_t)remembered->crl_number);
    json_canonical(json, ret_value);
}

/** \return false: it is not ours: half written, of a later version, or of somebody else */
static bool read_value(struct bytes value, struct remembered *ret_remembered)
{
    struct error ignored = ERROR_INIT;
    AUTO(json_free) struct json *json = NULL;
    AUTO(builder_done) struct builder root = BUILDER_INIT;
    int64_t version = 0;
    int64_t size = 0;
    int64_t crl_number = 0;
    if (!json_parse(value, &json, &ignored) || !json_int(json, "version", &version) || version != 1 ||
        json_text(json, "origin") == NULL || json_text(json, "vkey") == NULL ||
        !json_int(json, "size", &size) || size < 0 || !json_hex(json, "root", &root) || root.len != 32)
        return false;
    struct remembered remembered = {.size = (uint64_t)size};
    if (json_text(json, "time") == NULL || !time_parse(json_text(json, "time"), &remembered.time))
        return false;
    remembered.has_crl = json_int(json, "crl_number", &crl_number) && crl_number >= 0;
    remembered.crl_number = remembered.has_crl ? (uint64_t)crl_number : 0;
    remembered.origin = memory_text(json_text(json, "origin"));
    remembered.vkey = memory_text(json_text(json, "vkey"));
    memcpy(remembered.root, root.data, sizeof(remembered.root));
    *ret_remembered = remembered;
    return true;
}

/** Takes what other knows of CRLs into it: of two memories both may know of one. */
static void take_crl(struct remembered *remembered, const struct remembered *other)
{
    if (!other->has_crl || (remembered->has_crl && remembered->crl_number >= other->crl_number))
        return;
    remembered->has_crl = true;
    remembered->crl_number = other->crl_number;
}

struct search {
    const char *origin, *vkey;
    struct remembered found;
    bool has_found;
};

static bool is_wanted(const struct search *search, const struct remembered *remembered)
{
    return strcmp(remembered->origin, search->origin) == 0 &&
           (search->vkey == NULL || strcmp(remembered->vkey, search->vkey) == 0);
}

static bool visit(void *data, struct bytes value)
{
    struct search *search = data;
    AUTO(remembered_done) struct remembered remembered = {.origin = NULL};
    if (!read_value(value, &remembered) || !is_wanted(search, &remembered))
        return true;
    if (!search->has_found || remembered.size > search->found.size) {
        struct remembered smaller = search->found;
        search->found = remembered;
        remembered = smaller; // to be freed
    }
    take_crl(&search->found, &remembered);
    search->has_found = true;
    return true;
}

bool remembered_find(struct token *token, const char *origin, const char *vkey,
                     struct remembered *ret_remembered, bool *ret_found, struct error *err)
{
    struct search search = {.origin = origin, .vkey = vkey};
    if (!token_data_each(token, &name, visit, &search, err)) {
        remembered_done(&search.found);
        return error_while(err, "reading what the token remembers of its ledgers");
    }
    *ret_found = search.has_found;
    *ret_remembered = search.found;
    return true;
}

static bool is_replaced(void *data, struct bytes value)
{
    const struct remembered *newest = data;
    AUTO(remembered_done) struct remembered old = {.origin = NULL};
    return read_value(value, &old) && strcmp(old.vkey, newest->vkey) == 0 && old.size <= newest->size;
}

bool remembered_keep(struct token *token, const struct remembered *remembered, struct error *err)
{
    AUTO(builder_done) struct builder value = BUILDER_INIT;
    struct remembered newest = *remembered;
    write_value(&newest, &value);
    return token_data_replace(token, &name, builder_bytes(&value), is_replaced, &newest, err);
}
