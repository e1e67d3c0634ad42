/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/internal.h"

#include <openssl/core_names.h>
#include <openssl/core_object.h>
#include <openssl/params.h>
#include <openssl/store.h>
#include <strings.h>

/** One URI being loaded. It names at most one thing. */
struct loader {
    struct provider_context *context;
    char *uri;
    int expected; /**< OSSL_STORE_INFO_*, 0: anything */
    bool is_done;
};

static void *loader_open(void *provctx, const char *uri)
{
    if (strncasecmp(uri, "pkcs11:", 7) != 0)
        return NULL;
    struct loader *loader = memory_new(1, sizeof(*loader));
    loader->context = provctx;
    loader->uri = memory_text(uri);
    return loader;
}

static int loader_close(void *ctx)
{
    struct loader *loader = ctx;
    free(loader->uri);
    free(loader);
    return 1;
}

static int loader_eof(void *ctx)
{
    const struct loader *loader = ctx;
    return loader->is_done;
}

static const OSSL_PARAM *loader_settable(void *provctx)
{
    static const OSSL_PARAM params[] = {
        OSSL_PARAM_int(OSSL_STORE_PARAM_EXPECT, NULL),
        OSSL_PARAM_utf8_string(OSSL_STORE_PARAM_PROPERTIES, NULL, 0),
        OSSL_PARAM_END,
    };
    (void)provctx; // the same for all
    return params;
}

static int loader_set(void *ctx, const OSSL_PARAM params[])
{
    struct loader *loader = ctx;
    const OSSL_PARAM *expect =
        params == NULL ? NULL : OSSL_PARAM_locate_const(params, OSSL_STORE_PARAM_EXPECT);
    return expect == NULL || OSSL_PARAM_get_int(expect, &loader->expected) == 1;
}

/** Hands the key over by reference: keymgmt's load takes it. */
static int give_key(struct provider_key *key, OSSL_CALLBACK *callback, void *data)
{
    AUTO(provider_key_free) struct provider_key *held = key;
    int type = OSSL_OBJECT_PKEY;
    char *family = (char *)(uintptr_t)provider_family_name(key->family); // OSSL_PARAM is not const
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_int(OSSL_OBJECT_PARAM_TYPE, &type),
        OSSL_PARAM_construct_utf8_string(OSSL_OBJECT_PARAM_DATA_TYPE, family, 0),
        OSSL_PARAM_construct_octet_string(OSSL_OBJECT_PARAM_REFERENCE, &held, sizeof(struct provider_key *)),
        OSSL_PARAM_construct_end(),
    };
    return callback(params, data); // held is NULL if load took it
}

static int give_bytes(int type, const char *structure, const struct builder *der, OSSL_CALLBACK *callback,
                      void *data)
{
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_int(OSSL_OBJECT_PARAM_TYPE, &type),
        OSSL_PARAM_construct_octet_string(OSSL_OBJECT_PARAM_DATA, der->data, der->len),
        OSSL_PARAM_construct_utf8_string(OSSL_OBJECT_PARAM_DATA_STRUCTURE, (char *)(uintptr_t)structure, 0),
        OSSL_PARAM_construct_end(),
    };
    return callback(params, data);
}

static bool find_private(struct loader *loader, struct token *token, struct provider_key **ret_key,
                         struct error *err)
{
    struct bytes none = {.data = NULL, .len = 0};
    AUTO(token_key_free) struct token_key *found = NULL;
    AUTO(findings_done) struct findings findings = FINDINGS_INIT;
    if (!token_key_find(token, loader->uri, none, &found, err) ||
        !token_key_check(found, loader->context->allow_extractable, &findings, err))
        return false;
    struct provider_key *key = provider_key_new(loader->context, provider_key_family(token_key_kind(found)));
    provider_key_set_token(key, TAKE(found));
    key->owns_key = true;
    *ret_key = key;
    return true;
}

/** What the URI's type and the caller's expectation come to. */
static enum token_object wanted_of(const struct loader *loader, const struct token_address *address)
{
    if (address->object != TOKEN_ANY_OBJECT)
        return address->object;
    return loader->expected == OSSL_STORE_INFO_CERT     ? TOKEN_CERTIFICATE
           : loader->expected == OSSL_STORE_INFO_PUBKEY ? TOKEN_PUBLIC_KEY
                                                        : TOKEN_PRIVATE_KEY;
}

static int load_public(struct token *token, const struct loader *loader, enum token_object wanted,
                       OSSL_CALLBACK *callback, void *data, struct error *err)
{
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    bool is_key = wanted == TOKEN_PUBLIC_KEY;
    if (!token_public_find(token, loader->uri, wanted, &der, err))
        return provider_raise(loader->context, err);
    return give_bytes(is_key ? OSSL_OBJECT_PKEY : OSSL_OBJECT_CERT,
                      is_key ? "SubjectPublicKeyInfo" : "Certificate", &der, callback, data);
}

static int load_private(struct loader *loader, struct opened_token *opened,
                        const struct token_address *address, const struct pin_question *question,
                        OSSL_CALLBACK *callback, void *data, struct error *err)
{
    struct provider_key *key = NULL;
    if (!tokens_login(loader->context, opened, address, question, err) ||
        !find_private(loader, tokens_token(opened), &key, err))
        return provider_raise(loader->context, err);
    return give_key(key, callback, data);
}

static int loader_load(void *ctx, OSSL_CALLBACK *callback, void *data, OSSL_PASSPHRASE_CALLBACK *ask,
                       void *ask_data)
{
    struct loader *loader = ctx;
    struct error err = ERROR_INIT;
    struct pin_question question = {ask, ask_data};
    struct opened_token *opened = NULL;
    AUTO(token_address_done) struct token_address address = {.label = NULL};
    loader->is_done = true; // whatever happens: a PIN is asked for and used once
    if (!token_address_parse(loader->uri, &address, &err))
        return provider_raise(loader->context, &err);
    (void)pthread_mutex_lock(&loader->context->lock); // an ordinary mutex: can't fail
    int is_given = 0;
    enum token_object wanted = wanted_of(loader, &address);
    if (!tokens_open(loader->context, &address, &opened, &err))
        is_given = provider_raise(loader->context, &err);
    else if (wanted == TOKEN_PRIVATE_KEY)
        is_given = load_private(loader, opened, &address, &question, callback, data, &err);
    else
        is_given = load_public(tokens_token(opened), loader, wanted, callback, data, &err);
    (void)pthread_mutex_unlock(&loader->context->lock);
    return is_given;
}

static const OSSL_DISPATCH functions[] = {
    {OSSL_FUNC_STORE_OPEN, (void (*)(void))loader_open},
    {OSSL_FUNC_STORE_SETTABLE_CTX_PARAMS, (void (*)(void))loader_settable},
    {OSSL_FUNC_STORE_SET_CTX_PARAMS, (void (*)(void))loader_set},
    {OSSL_FUNC_STORE_LOAD, (void (*)(void))loader_load},
    {OSSL_FUNC_STORE_EOF, (void (*)(void))loader_eof},
    {OSSL_FUNC_STORE_CLOSE, (void (*)(void))loader_close},
    {0, NULL},
};

const OSSL_ALGORITHM provider_stores[] = {
    {"pkcs11", "provider=coldca", functions, "keys and certificates of PKCS#11 tokens (RFC 7512)"},
    {NULL, NULL, NULL, NULL},
};
