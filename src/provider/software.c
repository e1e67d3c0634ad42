/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/internal.h"

#include "base/openssl_release.h"

#include <openssl/rsa.h>
#include <strings.h>

static EVP_MD *digests[HASH_SHA512 + 1];
static pthread_once_t digests_once = PTHREAD_ONCE_INIT;

static void fetch_digests(void)
{
    for (enum hash_kind hash = HASH_SHA256; hash <= HASH_SHA512; hash++)
        digests[hash] = EVP_MD_fetch(NULL, hash_openssl_name(hash), "provider=default");
}

const EVP_MD *software_digest(enum hash_kind hash)
{
    (void)pthread_once(&digests_once, fetch_digests); // can't fail
    return digests[hash];
}

enum hash_kind software_hash_of(const char *name)
{
    static const struct {
        enum hash_kind hash;
        const char *names[4];
    } hashes[] = {
        {HASH_SHA256, {"SHA2-256", "SHA256", "SHA-256", "2.16.840.1.101.3.4.2.1"}},
        {HASH_SHA384, {"SHA2-384", "SHA384", "SHA-384", "2.16.840.1.101.3.4.2.2"}},
        {HASH_SHA512, {"SHA2-512", "SHA512", "SHA-512", "2.16.840.1.101.3.4.2.3"}},
    };
    for (size_t i = 0; i < ARRAY_LEN(hashes); i++)
        for (size_t j = 0; j < ARRAY_LEN(hashes[i].names); j++)
            if (strcasecmp(hashes[i].names[j], name) == 0)
                return hashes[i].hash;
    return HASH_NONE;
}

static bool verify_data(EVP_PKEY *half, struct bytes data, struct bytes signature)
{
    AUTO(EVP_MD_CTX_free) EVP_MD_CTX *context = EVP_MD_CTX_new();
    return context != NULL &&
           EVP_DigestVerifyInit_ex(context, NULL, NULL, NULL, "provider=default", half, NULL) == 1 &&
           EVP_DigestVerify(context, signature.data, signature.len, data.data, data.len) == 1;
}

bool software_verify(struct provider_key *key, const struct check *check, struct bytes input,
                     struct bytes signature, struct error *err)
{
    EVP_PKEY *half = provider_key_half(key);
    if (half == NULL)
        return error_set(err, ERROR_INPUT, 0, "the public key can't be used");
    if (key->kind == KEY_ED25519)
        return verify_data(half, input, signature) ||
               error_openssl(err, ERROR_INPUT, "the signature does not verify");
    AUTO(EVP_PKEY_CTX_free)
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, half, "provider=default");
    bool is_ready = context != NULL && EVP_PKEY_verify_init(context) == 1 &&
                    EVP_PKEY_CTX_set_signature_md(context, software_digest(check->hash)) == 1;
    if (is_ready && check->is_pss)
        is_ready = EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
                   EVP_PKEY_CTX_set_rsa_pss_saltlen(context, check->salt_len) == 1;
    if (!is_ready || EVP_PKEY_verify(context, signature.data, signature.len, input.data, input.len) != 1)
        return error_openssl(err, ERROR_INPUT, "the signature does not verify");
    return true;
}
