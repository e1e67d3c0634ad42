/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/internal.h"

#include "base/openssl_release.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

static void *rsa_new(void *provctx)
{
    return provider_key_new(provctx, FAMILY_RSA);
}

static void *ec_new(void *provctx)
{
    return provider_key_new(provctx, FAMILY_EC);
}

static void *ed25519_new(void *provctx)
{
    return provider_key_new(provctx, FAMILY_ED25519);
}

static void key_free(void *keydata)
{
    provider_key_free(keydata);
}

static void *key_dup(const void *keydata, int selection)
{
    struct provider_key *key = (struct provider_key *)(uintptr_t)keydata; // only its count of users changes
    (void)selection; // a part of a key in a token is no use
    return provider_key_share(key);
}

/** The store's reference is the address of its pointer; the key is taken out of it. */
static void *key_load(const void *reference, size_t size)
{
    struct provider_key *key = NULL;
    struct provider_key **place = (struct provider_key **)(uintptr_t)reference;
    if (size != sizeof(struct provider_key *))
        return NULL;
    key = *place;
    *place = NULL;
    return key;
}

static int key_has(const void *keydata, int selection)
{
    const struct provider_key *key = keydata;
    if (key == NULL || key->spki.len == 0)
        return 0;
    return (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) == 0 || key->key != NULL;
}

static int key_validate(const void *keydata, int selection, int check_type)
{
    (void)check_type; // a token's key is never half checked
    return key_has(keydata, selection);
}

/** Keys are the same if their public keys are: the private ones can't be seen. */
static int key_match(const void *keydata1, const void *keydata2, int selection)
{
    const struct provider_key *a = keydata1;
    const struct provider_key *b = keydata2;
    if (a->spki.len == 0 || b->spki.len == 0 || a->kind != b->kind)
        return 0;
    return (selection & OSSL_KEYMGMT_SELECT_KEYPAIR) == 0 ||
           bytes_equal(builder_bytes(&a->spki), builder_bytes(&b->spki));
}

static const OSSL_PARAM *key_types(int selection)
{
    static const OSSL_PARAM types[] = {
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, NULL, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, NULL, 0),
        OSSL_PARAM_END,
    };
    static const OSSL_PARAM none[] = {OSSL_PARAM_END};
    return (selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY) != 0 ? types : none;
}

static int key_import(void *keydata, int selection, const OSSL_PARAM params[])
{
    struct provider_key *key = keydata;
    struct error err = ERROR_INIT;
    const OSSL_PARAM *address =
        key->context->is_built_in ? OSSL_PARAM_locate_const(params, PARAM_TOKEN_KEY) : NULL;
    (void)selection; // what there is to take is the public key, or the token's key
    if (key->spki.len > 0)
        return provider_refuse(key->context, "the key is filled already");
    if (address != NULL && address->data_size == sizeof(struct token_key *)) {
        struct token_key *token_key = NULL;
        memcpy(&token_key, address->data, sizeof(struct token_key *));
        provider_key_set_token(key, token_key);
        return 1;
    }
    return public_params_read(key, params, &err) ? 1 : provider_raise(key->context, &err);
}

/**
 * Gives the public key, and fails if the private one is asked for: libcrypto would otherwise move the key to the
 * default provider and sign there with nothing.
 */
static int key_export(void *keydata, int selection, OSSL_CALLBACK *callback, void *data)
{
    struct provider_key *key = keydata;
    if (!key_has(key, selection & ~OSSL_KEYMGMT_SELECT_PRIVATE_KEY) ||
        (key->key != NULL && (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0))
        return 0; // no error is raised: libcrypto only asks whether it can
    AUTO(OSSL_PARAM_free) OSSL_PARAM *params = public_params_new(key);
    return params != NULL && callback(params, data);
}

static const OSSL_PARAM *key_gettable(void *provctx)
{
    static const OSSL_PARAM params[] = {
        OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, NULL),
        OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
        OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_DEFAULT_DIGEST, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_MANDATORY_DIGEST, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, NULL, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, NULL, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, NULL, 0),
        OSSL_PARAM_END,
    };
    (void)provctx; // the same for all
    return params;
}

/** NIST SP 800-57 part 1, table 2, for the sizes there are. */
static int security_bits(const struct provider_key *key)
{
    if (key->kind == KEY_RSA)
        return key->bits >= 15360  ? 256
               : key->bits >= 7680 ? 192
               : key->bits >= 3072 ? 128
               : key->bits >= 2048 ? 112
                                   : 80;
    return key->kind == KEY_EC_P521 ? 256 : key->kind == KEY_EC_P384 ? 192 : 128;
}

static int set_int(OSSL_PARAM params[], const char *name, int value)
{
    OSSL_PARAM *param = OSSL_PARAM_locate(params, name);
    return param == NULL || OSSL_PARAM_set_int(param, value) == 1;
}

static int set_text(OSSL_PARAM params[], const char *name, const char *value)
{
    OSSL_PARAM *param = OSSL_PARAM_locate(params, name);
    return param == NULL || OSSL_PARAM_set_utf8_string(param, value) == 1;
}

static int key_get_params(void *keydata, OSSL_PARAM params[])
{
    const struct provider_key *key = keydata;
    if (key->spki.len == 0)
        return 0;
    if (!set_int(params, OSSL_PKEY_PARAM_BITS, (int)key->bits) ||
        !set_int(params, OSSL_PKEY_PARAM_SECURITY_BITS, security_bits(key)) ||
        !set_int(params, OSSL_PKEY_PARAM_MAX_SIZE, (int)provider_key_signature_len(key)))
        return 0;
    // For Ed25519 an empty mandatory digest says that there must be none (provider-keymgmt(7)).
    int is_set = key->kind == KEY_ED25519 ? set_text(params, OSSL_PKEY_PARAM_MANDATORY_DIGEST, "")
                                          : set_text(params, OSSL_PKEY_PARAM_DEFAULT_DIGEST,
                                                     hash_openssl_name(provider_key_default_hash(key)));
    return is_set && public_params_get(key, params);
}

static const char *ec_operation(int operation)
{
    return operation == OSSL_OP_SIGNATURE ? "ECDSA" : "EC";
}

#define KEY_FUNCTIONS(new)                                                                                   \
    {OSSL_FUNC_KEYMGMT_NEW, (void (*)(void))(new)}, {OSSL_FUNC_KEYMGMT_FREE, (void (*)(void))key_free},      \
        {OSSL_FUNC_KEYMGMT_DUP, (void (*)(void))key_dup},                                                    \
        {OSSL_FUNC_KEYMGMT_LOAD, (void (*)(void))key_load},                                                  \
        {OSSL_FUNC_KEYMGMT_HAS, (void (*)(void))key_has},                                                    \
        {OSSL_FUNC_KEYMGMT_VALIDATE, (void (*)(void))key_validate},                                          \
        {OSSL_FUNC_KEYMGMT_MATCH, (void (*)(void))key_match},                                                \
        {OSSL_FUNC_KEYMGMT_IMPORT, (void (*)(void))key_import},                                              \
        {OSSL_FUNC_KEYMGMT_IMPORT_TYPES, (void (*)(void))key_types},                                         \
        {OSSL_FUNC_KEYMGMT_EXPORT, (void (*)(void))key_export},                                              \
        {OSSL_FUNC_KEYMGMT_EXPORT_TYPES, (void (*)(void))key_types},                                         \
        {OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, (void (*)(void))key_gettable},                                   \
    {                                                                                                        \
        OSSL_FUNC_KEYMGMT_GET_PARAMS, (void (*)(void))key_get_params                                         \
    }

static const OSSL_DISPATCH rsa_functions[] = {KEY_FUNCTIONS(rsa_new), {0, NULL}};
static const OSSL_DISPATCH ec_functions[] = {
    KEY_FUNCTIONS(ec_new), {OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, (void (*)(void))ec_operation}, {0, NULL}};
static const OSSL_DISPATCH ed25519_functions[] = {KEY_FUNCTIONS(ed25519_new), {0, NULL}};

const OSSL_ALGORITHM provider_keymgmts[] = {
    {NAMES_RSA, "provider=coldca", rsa_functions, "RSA keys in a token"},
    {NAMES_EC, "provider=coldca", ec_functions, "EC keys in a token"},
    {NAMES_ED25519, "provider=coldca", ed25519_functions, "Ed25519 keys in a token"},
    {NULL, NULL, NULL, NULL},
};
