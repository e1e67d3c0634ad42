/* SPDX-License-Identifier: Apache-2.0 */
#include "token/internal.h"

#include "base/der.h"

#include <openssl/evp.h>

#define SIGNATURE_MAX 2048 /* RSA 16384 */

/** What a signature needs of Cryptoki. */
struct algorithm {
    CK_MECHANISM_TYPE of_digest; /**< takes a digest (RSA: in a DigestInfo) */
    CK_MECHANISM_TYPE of_data;   /**< hashes in the token; 0: there is none we would use */
    CK_MECHANISM_TYPE hash;
    CK_RSA_PKCS_MGF_TYPE mgf;
};

static const struct algorithm algorithms[] = {
    [SIGNATURE_RSA_SHA256] = {CKM_RSA_PKCS, CKM_SHA256_RSA_PKCS, 0, 0},
    [SIGNATURE_RSA_SHA384] = {CKM_RSA_PKCS, CKM_SHA384_RSA_PKCS, 0, 0},
    [SIGNATURE_RSA_SHA512] = {CKM_RSA_PKCS, CKM_SHA512_RSA_PKCS, 0, 0},
    [SIGNATURE_PSS_SHA256] = {CKM_RSA_PKCS_PSS, CKM_SHA256_RSA_PKCS_PSS, CKM_SHA256, CKG_MGF1_SHA256},
    [SIGNATURE_PSS_SHA384] = {CKM_RSA_PKCS_PSS, CKM_SHA384_RSA_PKCS_PSS, CKM_SHA384, CKG_MGF1_SHA384},
    [SIGNATURE_PSS_SHA512] = {CKM_RSA_PKCS_PSS, CKM_SHA512_RSA_PKCS_PSS, CKM_SHA512, CKG_MGF1_SHA512},
    [SIGNATURE_ECDSA_SHA256] = {CKM_ECDSA, 0, 0, 0},
    [SIGNATURE_ECDSA_SHA384] = {CKM_ECDSA, 0, 0, 0},
    [SIGNATURE_ECDSA_SHA512] = {CKM_ECDSA, 0, 0, 0},
    [SIGNATURE_ED25519] = {0, CKM_EDDSA, 0, 0},
};

/* DigestInfo up to the digest (RFC 8017 9.2, note 1). */
static const uint8_t info_sha256[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                      0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
static const uint8_t info_sha384[] = {0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                      0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0x04, 0x30};
static const uint8_t info_sha512[] = {0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                      0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00, 0x04, 0x40};

static EVP_MD *digests[HASH_SHA512 + 1];
static pthread_once_t digests_once = PTHREAD_ONCE_INIT;

/** Once a process: a fetch a signature would cost more than the hash. */
static void fetch_digests(void)
{
    for (enum hash_kind hash = HASH_SHA256; hash <= HASH_SHA512; hash++)
        digests[hash] = EVP_MD_fetch(NULL, hash_openssl_name(hash), "provider=default");
}

static bool hash_data(struct session *session, enum hash_kind hash, struct bytes data,
                      uint8_t ret_digest[static EVP_MAX_MD_SIZE], struct error *err)
{
    (void)pthread_once(&digests_once, fetch_digests); // can't fail
    if (digests[hash] == NULL || EVP_DigestInit_ex2(session->digest, digests[hash], NULL) != 1 ||
        EVP_DigestUpdate(session->digest, data.data, data.len) != 1 ||
        EVP_DigestFinal_ex(session->digest, ret_digest, NULL) != 1)
        return error_openssl(err, ERROR_TOKEN, "hashing what is to be signed with %s", hash_name(hash));
    return true;
}

/** One signature as it goes through its steps. */
struct task {
    struct token_key *key;
    enum signature_kind kind;
    struct bytes data;      /**< empty if only the digest is known */
    struct bytes digest;    /**< empty until it is made */
    CK_MECHANISM mechanism; /**< with its parameter: modules may look at both until the signature is made */
    CK_RSA_PKCS_PSS_PARAMS pss;
    uint8_t digest_room[EVP_MAX_MD_SIZE];
    uint8_t info_room[sizeof(info_sha512) + EVP_MAX_MD_SIZE];
};

static struct bytes with_digest_info(struct task *task)
{
    struct bytes info = signature_hash(task->kind) == HASH_SHA256   ? BYTES(info_sha256)
                        : signature_hash(task->kind) == HASH_SHA384 ? BYTES(info_sha384)
                                                                    : BYTES(info_sha512);
    memcpy(task->info_room, info.data, info.len);
    memcpy(task->info_room + info.len, task->digest.data, task->digest.len);
    return bytes_of(task->info_room, info.len + task->digest.len);
}

static CK_RV start(struct task *task, struct session *session, bool hashes_in_token)
{
    const struct algorithm *algorithm = &algorithms[task->kind];
    CK_MECHANISM_TYPE type = hashes_in_token ? algorithm->of_data : algorithm->of_digest;
    task->mechanism = (CK_MECHANISM){type, NULL, 0};
    if (algorithm->mgf != 0) {
        task->pss =
            (CK_RSA_PKCS_PSS_PARAMS){algorithm->hash, algorithm->mgf, hash_len(signature_hash(task->kind))};
        task->mechanism.pParameter = &task->pss;
        task->mechanism.ulParameterLen = sizeof(task->pss);
    }
    WATCHED(task->key->token->module, "starting a signature");
    return task->key->token->module->calls->C_SignInit(session->handle, &task->mechanism,
                                                       task->key->private_object);
}

bool token_key_check_asking(const struct token_key *key, struct error *err)
{
    return key->attributes.always_authenticates != TOKEN_YES ||
           !key->token->limits.refuses_always_authenticate ||
           error_set(
               err, ERROR_TOKEN, 0,
               "the key %s wants the PIN for each signature (CKA_ALWAYS_AUTHENTICATE), which this token "
               "model's YAML refuses",
               key->uri);
}

/** CKA_ALWAYS_AUTHENTICATE: one login for this one signature (PKCS#11 v2.40 4.9, CKU_CONTEXT_SPECIFIC). */
static bool authenticate(struct task *task, struct session *session, struct error *err)
{
    struct token *token = task->key->token;
    AUTO(secret_free) struct secret *pin = NULL;
    if (!token_key_check_asking(task->key, err))
        return false;
    if (!token->info.has_protected_path) {
        if (token->ask_pin == NULL)
            return error_set(err, ERROR_TOKEN, 0,
                             "the key %s wants the PIN for each signature (CKA_ALWAYS_AUTHENTICATE), with no "
                             "PIN source and no terminal here; use a key without it",
                             task->key->uri);
        if (!token->ask_pin(token->ask_data, task->key, &pin, err) ||
            !login_pin_fits(&token->info, pin, "PIN", err))
            return false;
    }
    UNHURRIED("logging in for one signature");
    CK_RV rv = token->module->calls->C_Login(session->handle, CKU_CONTEXT_SPECIFIC,
                                             pin == NULL ? NULL : (CK_UTF8CHAR *)(uintptr_t)secret_text(pin),
                                             pin == NULL ? 0 : secret_len(pin));
    return rv == CKR_OK || error_rv(err, rv, "entering the PIN for one signature; it is not retried");
}

static CK_RV sign_input(const struct task *task, const struct session *session, struct bytes input,
                        uint8_t *ret_raw, CK_ULONG *ret_len)
{
    WATCHED(task->key->token->module, "signing");
    return task->key->token->module->calls->C_Sign(session->handle, (CK_BYTE *)(uintptr_t)input.data,
                                                   input.len, ret_raw, ret_len);
}

/** C_SignInit with the mechanism the token knows: one that takes a digest, else the one that hashes there. */
static bool begin(struct task *task, struct session *session, bool *ret_hashes_in_token, struct error *err)
{
    struct token_key *key = task->key;
    const struct algorithm *algorithm = &algorithms[task->kind];
    bool hashes_in_token = algorithm->of_digest == 0 || atomic_load(&key->hashes_in_token);
    CK_RV rv = start(task, session, hashes_in_token);
    if ((rv == CKR_MECHANISM_INVALID || rv == CKR_KEY_FUNCTION_NOT_PERMITTED) && !hashes_in_token &&
        algorithm->of_data != 0 && task->data.data != NULL) {
        hashes_in_token = true;
        rv = start(task, session, true);
        if (rv == CKR_OK)
            atomic_store(&key->hashes_in_token, true);
    }
    if (rv != CKR_OK)
        return error_rv(err, rv, "starting a signature with the key %s", key->uri);
    *ret_hashes_in_token = hashes_in_token;
    return true;
}

/** \param ret_may_retry   on failure: the session had ended before, so that the token can't have signed anything */
static bool sign_in_session(struct task *task, struct session *session, struct builder *ret_signature,
                            bool *ret_may_retry, struct error *err)
{
    struct token_key *key = task->key;
    uint8_t raw[SIGNATURE_MAX];
    CK_ULONG len = sizeof(raw);
    bool hashes_in_token = false;
    *ret_may_retry = false;
    if (!begin(task, session, &hashes_in_token, err)) {
        *ret_may_retry = session->was_used &&
                         (err->native == CKR_SESSION_HANDLE_INVALID || err->native == CKR_SESSION_CLOSED);
        return false;
    }
    if (key->attributes.always_authenticates == TOKEN_YES && !authenticate(task, session, err))
        return false;
    if (!hashes_in_token && task->digest.len == 0) {
        enum hash_kind hash = signature_hash(task->kind);
        if (!hash_data(session, hash, task->data, task->digest_room, err))
            return false;
        task->digest = bytes_of(task->digest_room, hash_len(hash));
    }
    struct bytes input = hashes_in_token                                    ? task->data
                         : algorithms[task->kind].of_digest == CKM_RSA_PKCS ? with_digest_info(task)
                                                                            : task->digest;
    CK_RV rv = sign_input(task, session, input, raw, &len);
    if (rv != CKR_OK)
        return error_rv(err, rv, "signing with the key %s", key->uri);
    if (key->kind == KEY_EC_P256 || key->kind == KEY_EC_P384 || key->kind == KEY_EC_P521) {
        size_t half = (key->bits + 7) / 8;
        if (len != 2 * half)
            return error_set(err, ERROR_TOKEN, 0,
                             "the token gave an ECDSA signature of %lu bytes, not %zu; do not use this token",
                             len, 2 * half);
        der_add_ecdsa_signature(ret_signature, bytes_of(raw, len));
        return true;
    }
    size_t want = key->kind == KEY_ED25519 ? 64 : (key->bits + 7) / 8;
    if (len != want)
        return error_set(err, ERROR_TOKEN, 0,
                         "the token gave a signature of %lu bytes, not %zu; do not use this token", len,
                         want);
    builder_add(ret_signature, raw, len);
    return true;
}

static bool sign(struct task *task, struct builder *ret_signature, struct error *err)
{
    struct token *token = task->key->token;
    struct session *session = NULL;
    bool may_retry = true;
    if (!signature_fits_key(task->kind, task->key->kind))
        return error_set(err, ERROR_TOKEN, 0, "the key %s can't make %s signatures", task->key->uri,
                         signature_name(task->kind));
    // Tokens end sessions that were idle for long. Only ones that have signed are replaced, so this comes to an end.
    while (may_retry) {
        if (!pool_borrow(token, &session, err))
            return false;
        if (sign_in_session(task, session, ret_signature, &may_retry, err)) {
            pool_return(token, session);
            return true;
        }
        pool_drop(token, session); // it may be in the middle of an operation
        if (may_retry)
            error_clear(err);
    }
    return false;
}

static bool check_digest(enum signature_kind kind, struct bytes digest, struct error *err)
{
    return digest.len == hash_len(signature_hash(kind)) ||
           error_set(err, ERROR_TOKEN, 0, "a digest for %s has %zu bytes, not %zu", signature_name(kind),
                     hash_len(signature_hash(kind)), digest.len);
}

bool token_key_sign_message(struct token_key *key, enum signature_kind kind,
                            const struct token_message *message, struct builder *ret_signature,
                            struct error *err)
{
    struct task task;
    if (message->digest.len > 0 && !check_digest(kind, message->digest, err))
        return false;
    task.key = key;
    task.kind = kind;
    task.data = message->data.data == NULL ? BYTES_LITERAL("") : message->data;
    task.digest = message->digest;
    return sign(&task, ret_signature, err);
}

bool token_key_sign(struct token_key *key, enum signature_kind kind, struct bytes data,
                    struct builder *ret_signature, struct error *err)
{
    const struct token_message message = {.data = data};
    return token_key_sign_message(key, kind, &message, ret_signature, err);
}

/* ---- how long data may be ---- */

/** Whether the token gets the data itself, and not a digest of it. */
static bool signs_data(const struct token_key *key, enum signature_kind kind)
{
    return algorithms[kind].of_digest == 0 || atomic_load(&key->hashes_in_token);
}

size_t token_key_max_message(const struct token_key *key, enum signature_kind kind)
{
    return signs_data(key, kind) ? key->token->limits.max_message : 0;
}

/** PKCS#11 has no question for it (v3.0 5.13: only C_Sign says CKR_DATA_LEN_RANGE), so it is tried. */
static bool ask_module(struct token_key *key, enum signature_kind kind, size_t len, struct error *err)
{
    static const char words[] = "coldca asks how long a message may be. This is no certificate and no CRL.\n";
    AUTO(builder_done) struct builder ignored = BUILDER_INIT;
    AUTO(free) uint8_t *text = memory_new(len, 1);
    memcpy(text, words, len < sizeof(words) ? len : sizeof(words));
    return token_key_sign(key, kind, bytes_of(text, len), &ignored, err) ||
           error_while(err, "asking the token whether it signs %zu bytes at once", len);
}

bool token_key_check_message(struct token_key *key, enum signature_kind kind, size_t len, struct error *err)
{
    size_t most = token_key_max_message(key, kind);
    if (most > 0)
        return len <= most ||
               error_set(
                   err, ERROR_TOKEN, 0,
                   "the token signs at most %zu bytes at once with %s (max_message of its profile), not %zu",
                   most, signature_name(kind), len);
    return !signs_data(key, kind) || len == 0 || key->attributes.always_authenticates == TOKEN_YES ||
           ask_module(key, kind, len, err);
}

bool token_key_sign_digest(struct token_key *key, enum signature_kind kind, struct bytes digest,
                           struct builder *ret_signature, struct error *err)
{
    struct task task;
    if (kind == SIGNATURE_ED25519)
        return error_set(err, ERROR_TOKEN, 0, "Ed25519 signs data, not a digest (RFC 8032)");
    if (!check_digest(kind, digest, err))
        return false;
    if (atomic_load(&key->hashes_in_token))
        return error_set(
            err, ERROR_TOKEN, 0,
            "the token hashes by itself and does not sign a digest made elsewhere; sign the data");
    task.key = key;
    task.kind = kind;
    task.data = (struct bytes){.data = NULL, .len = 0};
    task.digest = digest;
    return sign(&task, ret_signature, err);
}
