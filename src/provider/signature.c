/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/internal.h"

#include "base/openssl_release.h"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/rsa.h>

enum purpose { FOR_NOTHING, FOR_SIGNING, FOR_VERIFYING };

/** One signature or verification under way. */
struct operation {
    struct provider_context *context;
    struct provider_key *key;
    enum purpose purpose;
    enum hash_kind hash; /**< HASH_NONE: not said, or Ed25519 */
    bool is_pss;
    int salt_len; /**< for verifying; what is signed has a salt as long as the hash */
    EVP_MD_CTX *digest;
};

static void *operation_new(void *provctx, const char *properties)
{
    struct operation *operation = memory_new(1, sizeof(*operation));
    (void)properties; // digests always come from the default provider
    operation->context = provctx;
    operation->salt_len = RSA_PSS_SALTLEN_AUTO;
    return operation;
}

static void operation_free(void *ctx)
{
    struct operation *operation = ctx;
    provider_key_free(operation->key);
    EVP_MD_CTX_free(operation->digest);
    free(operation);
}

static void *operation_dup(void *ctx)
{
    const struct operation *from = ctx;
    struct operation *copy = memory_new(1, sizeof(*copy));
    *copy = *from;
    copy->digest = NULL;
    if (from->key != NULL)
        copy->key = provider_key_share(from->key);
    if (from->digest == NULL)
        return copy;
    copy->digest = EVP_MD_CTX_new();
    if (copy->digest != NULL && EVP_MD_CTX_copy_ex(copy->digest, from->digest) == 1)
        return copy;
    operation_free(copy);
    return NULL;
}

static enum signature_kind kind_of(const struct operation *operation)
{
    return signature_for_key(operation->key->kind, operation->hash, operation->is_pss);
}

/* ---- parameters ---- */

static int set_digest(struct operation *operation, const char *name)
{
    enum hash_kind hash = software_hash_of(name);
    if (operation->key != NULL && operation->key->kind == KEY_ED25519)
        return name[0] == '\0' || provider_refuse(operation->context, "Ed25519 takes no digest (RFC 8032)");
    if (hash == HASH_NONE)
        return provider_refuse(operation->context,
                               "digest %s is refused: sign with SHA-256, SHA-384 or SHA-512", name);
    operation->hash = hash;
    return 1;
}

static int set_padding(struct operation *operation, const OSSL_PARAM *param)
{
    int number = 0;
    const char *name = NULL;
    if (param->data_type == OSSL_PARAM_UTF8_STRING && OSSL_PARAM_get_utf8_string_ptr(param, &name) == 1)
        number = strcmp(name, OSSL_PKEY_RSA_PAD_MODE_PSS) == 0       ? RSA_PKCS1_PSS_PADDING
                 : strcmp(name, OSSL_PKEY_RSA_PAD_MODE_PKCSV15) == 0 ? RSA_PKCS1_PADDING
                                                                     : 0;
    else if (OSSL_PARAM_get_int(param, &number) != 1)
        return 0;
    if (operation->key != NULL && operation->key->kind != KEY_RSA)
        return provider_refuse(operation->context, "only RSA has padding");
    if (number != RSA_PKCS1_PADDING && number != RSA_PKCS1_PSS_PADDING)
        return provider_refuse(operation->context, "RSA signs with pkcs1 or pss padding only");
    operation->is_pss = number == RSA_PKCS1_PSS_PADDING;
    return 1;
}

static int set_salt(struct operation *operation, const OSSL_PARAM *param)
{
    int len = 0;
    const char *name = NULL;
    if (param->data_type == OSSL_PARAM_UTF8_STRING && OSSL_PARAM_get_utf8_string_ptr(param, &name) == 1)
        len = strcmp(name, OSSL_PKEY_RSA_PSS_SALT_LEN_DIGEST) == 0 ? RSA_PSS_SALTLEN_DIGEST
              : strcmp(name, OSSL_PKEY_RSA_PSS_SALT_LEN_MAX) == 0  ? RSA_PSS_SALTLEN_MAX
              : name[0] >= '0' && name[0] <= '9'                   ? (int)strtol(name, NULL, 10)
                                                                   : RSA_PSS_SALTLEN_AUTO;
    else if (OSSL_PARAM_get_int(param, &len) != 1)
        return 0;
    bool is_hash_len = len == RSA_PSS_SALTLEN_DIGEST || len == RSA_PSS_SALTLEN_AUTO ||
                       (operation->hash != HASH_NONE && len == (int)hash_len(operation->hash));
    if (operation->purpose == FOR_SIGNING && !is_hash_len)
        return provider_refuse(operation->context, "the PSS salt is as long as the hash (saltlen digest)");
    operation->salt_len = len;
    return 1;
}

static int operation_set(void *ctx, const OSSL_PARAM params[])
{
    struct operation *operation = ctx;
    const char *name = NULL;
    if (params == NULL)
        return 1;
    const OSSL_PARAM *digest = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_DIGEST);
    const OSSL_PARAM *padding = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PAD_MODE);
    const OSSL_PARAM *salt = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PSS_SALTLEN);
    const OSSL_PARAM *mask = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_MGF1_DIGEST);
    if (digest != NULL &&
        (OSSL_PARAM_get_utf8_string_ptr(digest, &name) != 1 || set_digest(operation, name) != 1))
        return 0;
    if ((padding != NULL && set_padding(operation, padding) != 1) ||
        (salt != NULL && set_salt(operation, salt) != 1))
        return 0;
    if (mask == NULL)
        return 1;
    if (OSSL_PARAM_get_utf8_string_ptr(mask, &name) != 1 || software_hash_of(name) == HASH_NONE ||
        (operation->hash != HASH_NONE && software_hash_of(name) != operation->hash))
        return provider_refuse(operation->context,
                               "MGF1 hashes with the signature's own hash (RFC 4055 3.1)");
    return 1;
}

static const OSSL_PARAM *operation_settable(void *ctx, void *provctx)
{
    static const OSSL_PARAM params[] = {
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PROPERTIES, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, NULL, 0),
        OSSL_PARAM_END,
    };
    (void)ctx; // the same for all
    (void)provctx;
    return params;
}

static int get_text(OSSL_PARAM params[], const char *name, const char *value)
{
    OSSL_PARAM *param = OSSL_PARAM_locate(params, name);
    return param == NULL || value == NULL || OSSL_PARAM_set_utf8_string(param, value) == 1;
}

static int operation_get(void *ctx, OSSL_PARAM params[])
{
    const struct operation *operation = ctx;
    OSSL_PARAM *algorithm = OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_ALGORITHM_ID);
    OSSL_PARAM *padding = OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_PAD_MODE);
    if (algorithm != NULL) {
        // X509_sign() writes exactly these bytes into the certificate.
        struct bytes der = signature_algorithm_der(kind_of(operation));
        if (der.len == 0 || OSSL_PARAM_set_octet_string(algorithm, der.data, der.len) != 1)
            return 0;
    }
    if (padding != NULL) {
        int is_set =
            padding->data_type == OSSL_PARAM_UTF8_STRING
                ? OSSL_PARAM_set_utf8_string(padding, operation->is_pss ? OSSL_PKEY_RSA_PAD_MODE_PSS
                                                                        : OSSL_PKEY_RSA_PAD_MODE_PKCSV15)
                : OSSL_PARAM_set_int(padding, operation->is_pss ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING);
        if (is_set != 1)
            return 0;
    }
    const char *hash = hash_openssl_name(operation->hash);
    return get_text(params, OSSL_SIGNATURE_PARAM_DIGEST, hash) &&
           get_text(params, OSSL_SIGNATURE_PARAM_MGF1_DIGEST, hash) &&
           get_text(params, OSSL_SIGNATURE_PARAM_PSS_SALTLEN, OSSL_PKEY_RSA_PSS_SALT_LEN_DIGEST);
}

static const OSSL_PARAM *operation_gettable(void *ctx, void *provctx)
{
    static const OSSL_PARAM params[] = {
        OSSL_PARAM_octet_string(OSSL_SIGNATURE_PARAM_ALGORITHM_ID, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, NULL, 0),
        OSSL_PARAM_END,
    };
    (void)ctx; // the same for all
    (void)provctx;
    return params;
}

/* ---- starting ---- */

static int begin(struct operation *operation, enum purpose purpose, struct provider_key *key,
                 const char *digest, const OSSL_PARAM params[])
{
    if (key != NULL) { // NULL: again with the same key
        provider_key_free(operation->key);
        operation->key = provider_key_share(key);
    }
    if (operation->key == NULL)
        return 0;
    if (purpose == FOR_SIGNING && operation->key->key == NULL)
        return provider_refuse(operation->context, "a public key can't sign");
    operation->purpose = purpose;
    if (digest != NULL && digest[0] != '\0' && !set_digest(operation, digest))
        return 0;
    return operation_set(operation, params);
}

static int sign_init(void *ctx, void *provkey, const OSSL_PARAM params[])
{
    return begin(ctx, FOR_SIGNING, provkey, NULL, params);
}

static int verify_init(void *ctx, void *provkey, const OSSL_PARAM params[])
{
    return begin(ctx, FOR_VERIFYING, provkey, NULL, params);
}

/** With a digest, which is the key's own default if none is named. */
static int digest_begin(struct operation *operation, enum purpose purpose, const char *digest,
                        struct provider_key *key, const OSSL_PARAM params[])
{
    EVP_MD_CTX_free(operation->digest);
    operation->digest = NULL;
    if (begin(operation, purpose, key, digest, params) != 1)
        return 0;
    if (operation->key->kind != KEY_ED25519 && operation->hash == HASH_NONE)
        operation->hash = provider_key_default_hash(operation->key);
    return 1;
}

static int digest_sign_init(void *ctx, const char *digest, void *provkey, const OSSL_PARAM params[])
{
    return digest_begin(ctx, FOR_SIGNING, digest, provkey, params);
}

static int digest_verify_init(void *ctx, const char *digest, void *provkey, const OSSL_PARAM params[])
{
    return digest_begin(ctx, FOR_VERIFYING, digest, provkey, params);
}

/* ---- the work ---- */

/** Hands a finished signature out; fails if the caller's buffer is too small. */
static int give(const struct operation *operation, const struct builder *signature, unsigned char *sig,
                size_t *siglen, size_t capacity)
{
    if (signature->len > capacity)
        return provider_refuse(operation->context, "the signature has %zu bytes, there is room for %zu",
                               signature->len, capacity);
    memcpy(sig, signature->data, signature->len);
    *siglen = signature->len;
    return 1;
}

/** An ECDSA signature does not say which hash was used, so for a bare digest its length decides. */
static bool find_hash(struct operation *operation, size_t digest_len)
{
    if (operation->hash == HASH_NONE && operation->key->family == FAMILY_EC)
        for (enum hash_kind hash = HASH_SHA256; hash <= HASH_SHA512; hash++)
            if (hash_len(hash) == digest_len)
                operation->hash = hash;
    if (operation->hash != HASH_NONE && hash_len(operation->hash) == digest_len)
        return true;
    (void)provider_refuse(operation->context, // the caller returns the failure
                          operation->hash == HASH_NONE
                              ? "a digest of %zu bytes: say which hash it is (-pkeyopt digest:sha256)"
                              : "a digest of %zu bytes does not fit the hash that was named",
                          digest_len);
    return false;
}

static int sign_digest(void *ctx, unsigned char *sig, size_t *siglen, size_t capacity,
                       const unsigned char *tbs, size_t tbs_len)
{
    struct operation *operation = ctx;
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    if (sig == NULL) {
        *siglen = provider_key_signature_len(operation->key);
        return 1;
    }
    if (operation->key->kind == KEY_ED25519)
        return provider_refuse(operation->context, "Ed25519 signs data, not a digest (pkeyutl -rawin)");
    if (!find_hash(operation, tbs_len))
        return 0;
    if (!token_key_sign_digest(operation->key->key, kind_of(operation), bytes_of(tbs, tbs_len), &signature,
                               &err))
        return provider_raise(operation->context, &err);
    return give(operation, &signature, sig, siglen, capacity);
}

static int digest_sign(void *ctx, unsigned char *sig, size_t *siglen, size_t capacity,
                       const unsigned char *tbs, size_t tbs_len)
{
    struct operation *operation = ctx;
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    if (sig == NULL) {
        *siglen = provider_key_signature_len(operation->key);
        return 1;
    }
    if (!token_key_sign(operation->key->key, kind_of(operation), bytes_of(tbs, tbs_len), &signature, &err))
        return provider_raise(operation->context, &err);
    return give(operation, &signature, sig, siglen, capacity);
}

static int check_digest(struct operation *operation, struct bytes input, struct bytes signature)
{
    struct error err = ERROR_INIT;
    struct check check = {operation->hash, operation->is_pss, operation->salt_len};
    return software_verify(operation->key, &check, input, signature, &err) ? 1 : 0;
}

static int verify_digest(void *ctx, const unsigned char *sig, size_t siglen, const unsigned char *tbs,
                         size_t tbs_len)
{
    struct operation *operation = ctx;
    if (operation->key->kind == KEY_ED25519)
        return provider_refuse(operation->context, "Ed25519 verifies data, not a digest (pkeyutl -rawin)");
    return find_hash(operation, tbs_len) &&
           check_digest(operation, bytes_of(tbs, tbs_len), bytes_of(sig, siglen));
}

static int digest_update(void *ctx, const unsigned char *data, size_t len)
{
    struct operation *operation = ctx;
    if (operation->key->kind == KEY_ED25519)
        return provider_refuse(operation->context, "Ed25519 wants the data in one piece");
    if (operation->digest == NULL) {
        operation->digest = EVP_MD_CTX_new();
        if (operation->digest == NULL ||
            EVP_DigestInit_ex2(operation->digest, software_digest(operation->hash), NULL) != 1)
            return 0;
    }
    return EVP_DigestUpdate(operation->digest, data, len);
}

/** Ends the hash; nothing given to it is the hash of nothing. */
static bool finish(struct operation *operation, uint8_t ret_digest[static EVP_MAX_MD_SIZE])
{
    return digest_update(operation, (const unsigned char *)"", 0) == 1 &&
           EVP_DigestFinal_ex(operation->digest, ret_digest, NULL) == 1;
}

static int digest_sign_final(void *ctx, unsigned char *sig, size_t *siglen, size_t capacity)
{
    struct operation *operation = ctx;
    uint8_t digest[EVP_MAX_MD_SIZE];
    if (sig == NULL) {
        *siglen = provider_key_signature_len(operation->key);
        return 1;
    }
    return finish(operation, digest) &&
           sign_digest(ctx, sig, siglen, capacity, digest, hash_len(operation->hash));
}

static int digest_verify_final(void *ctx, const unsigned char *sig, size_t siglen)
{
    struct operation *operation = ctx;
    uint8_t digest[EVP_MAX_MD_SIZE];
    return finish(operation, digest) &&
           check_digest(operation, bytes_of(digest, hash_len(operation->hash)), bytes_of(sig, siglen));
}

static int digest_verify(void *ctx, const unsigned char *sig, size_t siglen, const unsigned char *tbs,
                         size_t tbs_len)
{
    struct operation *operation = ctx;
    if (operation->key->kind == KEY_ED25519)
        return check_digest(operation, bytes_of(tbs, tbs_len), bytes_of(sig, siglen));
    return digest_update(ctx, tbs, tbs_len) && digest_verify_final(ctx, sig, siglen);
}

static const OSSL_DISPATCH functions[] = {
    {OSSL_FUNC_SIGNATURE_NEWCTX, (void (*)(void))operation_new},
    {OSSL_FUNC_SIGNATURE_FREECTX, (void (*)(void))operation_free},
    {OSSL_FUNC_SIGNATURE_DUPCTX, (void (*)(void))operation_dup},
    {OSSL_FUNC_SIGNATURE_SIGN_INIT, (void (*)(void))sign_init},
    {OSSL_FUNC_SIGNATURE_SIGN, (void (*)(void))sign_digest},
    {OSSL_FUNC_SIGNATURE_VERIFY_INIT, (void (*)(void))verify_init},
    {OSSL_FUNC_SIGNATURE_VERIFY, (void (*)(void))verify_digest},
    {OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, (void (*)(void))digest_sign_init},
    {OSSL_FUNC_SIGNATURE_DIGEST_SIGN_UPDATE, (void (*)(void))digest_update},
    {OSSL_FUNC_SIGNATURE_DIGEST_SIGN_FINAL, (void (*)(void))digest_sign_final},
    {OSSL_FUNC_SIGNATURE_DIGEST_SIGN, (void (*)(void))digest_sign},
    {OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_INIT, (void (*)(void))digest_verify_init},
    {OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_UPDATE, (void (*)(void))digest_update},
    {OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_FINAL, (void (*)(void))digest_verify_final},
    {OSSL_FUNC_SIGNATURE_DIGEST_VERIFY, (void (*)(void))digest_verify},
    {OSSL_FUNC_SIGNATURE_GET_CTX_PARAMS, (void (*)(void))operation_get},
    {OSSL_FUNC_SIGNATURE_GETTABLE_CTX_PARAMS, (void (*)(void))operation_gettable},
    {OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, (void (*)(void))operation_set},
    {OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, (void (*)(void))operation_settable},
    {0, NULL},
};

const OSSL_ALGORITHM provider_signatures[] = {
    {NAMES_RSA, "provider=coldca", functions, "RSA signatures made in a token"},
    {"ECDSA", "provider=coldca", functions, "ECDSA signatures made in a token"},
    {NAMES_ED25519, "provider=coldca", functions, "Ed25519 signatures made in a token"},
    {NULL, NULL, NULL, NULL},
};
