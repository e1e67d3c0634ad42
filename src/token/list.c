/* SPDX-License-Identifier: Apache-2.0 */
#include "token/internal.h"

#include "base/public_key.h"

void token_key_info_done(struct token_key_info *info)
{
    free(info->label);
    free(info->uri);
    *info = (struct token_key_info){.label = NULL};
}

/** Kind and size, as far as the public key can be read. */
static void read_kind(struct bytes spki, struct token_key_info *info)
{
    struct public_key_facts facts;
    struct error ignored = ERROR_INIT; // a key that can't be read is listed as one of another kind
    if (spki.len == 0 || !public_key_read(spki, &facts, &ignored))
        return;
    info->kind = facts.kind;
    info->bits = facts.bits;
}

static void read_key(struct token *token, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                     CK_OBJECT_CLASS class, struct token_key_info *info)
{
    AUTO(builder_done) struct builder id = BUILDER_INIT;
    AUTO(builder_done) struct builder label = BUILDER_INIT;
    AUTO(builder_done) struct builder spki = BUILDER_INIT;
    // What the token does not tell is shown as empty.
    attribute_or_empty(token, session, object, CKA_ID, &id);
    attribute_or_empty(token, session, object, CKA_LABEL, &label);
    info->id_len = id.len < sizeof(info->id) ? id.len : sizeof(info->id);
    if (info->id_len > 0)
        memcpy(info->id, id.data, info->id_len);
    info->label = memory_text_of(label.data, label.len);
    info->uri = uri_make(&token->info, builder_bytes(&id), builder_bytes(&label), class);
    if (class == CKO_PRIVATE_KEY) {
        enum public_source source = PUBLIC_NONE;
        struct error ignored = ERROR_INIT; // two public keys: listed without one
        info->has_private = true;
        attributes_read(token, session, object, &info->attributes);
        if (public_of_private(token, session, object, builder_bytes(&id), &spki, &source, &ignored))
            read_kind(builder_bytes(&spki), info);
        return;
    }
    info->has_public = true;
    if (public_of_object(token, session, object, &spki))
        read_kind(builder_bytes(&spki), info);
}

/** The private key a public key belongs to: same id, not empty. NULL: none. */
static struct token_key_info *private_of(struct token_key_info *infos, size_t count,
                                         const struct token_key_info *half)
{
    for (size_t i = 0; i < count; i++)
        if (infos[i].has_private && half->id_len > 0 &&
            bytes_equal(bytes_of(infos[i].id, infos[i].id_len), bytes_of(half->id, half->id_len)))
            return &infos[i];
    return NULL;
}

/** Appends the keys of one class; a public key whose private half is in the list already only marks it. */
static bool list_class(struct token *token, CK_SESSION_HANDLE session, CK_OBJECT_CLASS class,
                       struct token_key_info **infos, size_t *count, struct error *err)
{
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof(class)}};
    AUTO(free) CK_OBJECT_HANDLE *objects = NULL;
    size_t found = 0;
    if (!objects_find(token, session, template, 1, &objects, &found, err))
        return false;
    *infos = memory_grow(*infos, *count + found + 1, sizeof(**infos));
    for (size_t i = 0; i < found; i++) {
        struct token_key_info info = {.kind = KEY_OTHER};
        read_key(token, session, objects[i], class, &info);
        struct token_key_info *known = class == CKO_PUBLIC_KEY ? private_of(*infos, *count, &info) : NULL;
        if (known != NULL) {
            known->has_public = true;
            token_key_info_done(&info);
            continue;
        }
        (*infos)[(*count)++] = info;
    }
    return true;
}

bool token_key_list(struct token *token, struct token_key_info **ret_keys, size_t *ret_count,
                    struct error *err)
{
    struct session *session = NULL;
    AUTO(free) struct token_key_info *infos = NULL;
    size_t count = 0;
    if (!pool_borrow(token, &session, err))
        return false;
    bool is_done = list_class(token, session->handle, CKO_PRIVATE_KEY, &infos, &count, err) &&
                   list_class(token, session->handle, CKO_PUBLIC_KEY, &infos, &count, err);
    pool_return(token, session);
    if (!is_done) {
        for (size_t i = 0; i < count; i++)
            token_key_info_done(&infos[i]);
        return error_while(err, "listing the keys on the token");
    }
    *ret_keys = TAKE(infos);
    *ret_count = count;
    return true;
}

bool token_public_find(struct token *token, const char *uri_text, enum token_object object,
                       struct builder *ret_der, struct error *err)
{
    AUTO(key_uri_done) struct key_uri uri = {.parsed = NULL};
    AUTO(free) CK_OBJECT_HANDLE *objects = NULL;
    AUTO(builder_done) struct builder found = BUILDER_INIT;
    CK_OBJECT_CLASS class = object == TOKEN_CERTIFICATE ? CKO_CERTIFICATE : CKO_PUBLIC_KEY;
    CK_ATTRIBUTE template[3];
    struct session *session = NULL;
    size_t count = 0;
    if (!key_uri_parse(uri_text, &uri, err))
        return false;
    CK_ULONG parts = key_template(template, &class, uri.id, uri.label);
    if (!pool_borrow(token, &session, err))
        return false;
    bool is_done = objects_find(token, session->handle, template, parts, &objects, &count, err);
    for (size_t i = 0; is_done && i < count; i++) {
        AUTO(builder_done) struct builder one = BUILDER_INIT;
        bool is_read = object == TOKEN_CERTIFICATE
                           ? attribute_bytes(token, session->handle, objects[i], CKA_VALUE, &one)
                           : public_of_object(token, session->handle, objects[i], &one);
        if (is_read && found.len > 0 && !bytes_equal(builder_bytes(&found), builder_bytes(&one)))
            is_done = error_set(err, ERROR_TOKEN, 0, "several objects fit the URI; name one by its id");
        if (is_read && found.len == 0)
            builder_add_bytes(&found, builder_bytes(&one));
    }
    pool_return(token, session);
    if (!is_done)
        return false;
    if (found.len == 0)
        return error_set(err, ERROR_TOKEN, 0, "no %s fits the URI; coldca token show lists what there is",
                         object == TOKEN_CERTIFICATE ? "certificate" : "public key");
    builder_add_bytes(ret_der, builder_bytes(&found));
    return true;
}
