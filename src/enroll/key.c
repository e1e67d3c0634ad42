/* SPDX-License-Identifier: Apache-2.0 */
#include "enroll/key.h"

#include "base/key_value.h"
#include "base/public_key.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <string.h>

DEFINE_AUTO(PKCS8_PRIV_KEY_INFO *, PKCS8_PRIV_KEY_INFO_free);
DEFINE_AUTO(X509_ALGOR *, X509_ALGOR_free);
DEFINE_AUTO(X509_SIG *, X509_SIG_free);

bool enroll_key_make(enum key_kind kind, unsigned bits, EVP_PKEY **ret_key, struct error *err)
{
    char buffer[32];
    EVP_PKEY *key = NULL;
    switch (kind) {
    case KEY_RSA:
        if (bits != 2048 && bits != 3072 && bits != 4096)
            return error_set(err, ERROR_USAGE, 0, "RSA keys are made with 2048, 3072 or 4096 bits, not %u",
                             bits);
        key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits);
        break;
    case KEY_EC_P256:
        key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
        break;
    case KEY_EC_P384:
        key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384");
        break;
    case KEY_EC_P521:
        key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-521");
        break;
    case KEY_ED25519:
        key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
        break;
    case KEY_OTHER:
    default:
        return error_set(err, ERROR_USAGE, 0, "no key type given; --key names one, such as ec-p256");
    }
    if (key == NULL)
        return error_openssl(err, ERROR_INPUT, "can't make a key (%s)", key_name(kind, bits, buffer));
    *ret_key = key;
    return true;
}

bool enroll_key_is_encrypted(struct bytes pem)
{
    return memmem(pem.data, pem.len, "ENCRYPTED", 9) !=
           NULL; // in the label or in Proc-Type (RFC 1421 4.6.1.1)
}

static int give_passphrase(char *buffer, int size, int is_writing, void *data)
{
    const struct secret *passphrase = data;
    (void)is_writing;
    if (passphrase == NULL || secret_len(passphrase) > (size_t)size)
        return -1;
    memcpy(buffer, secret_text(passphrase), secret_len(passphrase)); // OpenSSL wipes its buffer
    return (int)secret_len(passphrase);
}

bool enroll_key_read(struct bytes pem, const char *file, const struct secret *passphrase, EVP_PKEY **ret_key,
                     struct error *err)
{
    if (passphrase == NULL && enroll_key_is_encrypted(pem))
        return error_set(err, ERROR_USAGE, 0, "the key in %s is encrypted; give --passphrase-source", file);
    AUTO(BIO_free_all) BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    AUTO(EVP_PKEY_free) EVP_PKEY *key = NULL;
    if (bio != NULL)
        key = PEM_read_bio_PrivateKey(bio, NULL, give_passphrase, (void *)(uintptr_t)passphrase);
    if (key == NULL) {
        ERR_clear_error(); // its words are about decoders, not about the file
        return error_set(err, ERROR_INPUT, 0,
                         passphrase == NULL ? "%s holds no private key in PEM"
                                            : "%s holds no private key in PEM, or the passphrase is wrong",
                         file);
    }
    *ret_key = TAKE(key);
    return true;
}

static X509_SIG *encrypt(PKCS8_PRIV_KEY_INFO *plain, const struct secret *passphrase)
{
    // 16 random bytes of salt and a random IV are OpenSSL's to make.
    AUTO(X509_ALGOR_free)
    X509_ALGOR *scheme =
        PKCS5_pbe2_set_iv(EVP_aes_256_cbc(), ENROLL_KEY_ITERATIONS, NULL, 16, NULL, NID_hmacWithSHA256);
    if (scheme == NULL)
        return NULL;
    X509_SIG *sealed = PKCS8_set0_pbe(secret_text(passphrase), (int)secret_len(passphrase), plain, scheme);
    if (sealed != NULL)
        scheme = NULL; // it is sealed's now
    return sealed;
}

bool enroll_key_write(const EVP_PKEY *key, const struct secret *passphrase, BIO **ret_pem, struct error *err)
{
    AUTO(BIO_free_all) BIO *pem = BIO_new(BIO_s_secmem()); // wipes what it gives back
    AUTO(PKCS8_PRIV_KEY_INFO_free) PKCS8_PRIV_KEY_INFO *plain = EVP_PKEY2PKCS8(key);
    AUTO(X509_SIG_free) X509_SIG *sealed = NULL;
    bool done = pem != NULL && plain != NULL;
    if (done && passphrase != NULL) {
        sealed = encrypt(plain, passphrase);
        done = sealed != NULL && PEM_write_bio_PKCS8(pem, sealed) == 1;
    } else if (done) {
        done = PEM_write_bio_PKCS8_PRIV_KEY_INFO(pem, plain) == 1;
    }
    if (!done)
        return error_openssl(err, ERROR_INPUT, "can't write the key as PKCS#8");
    *ret_pem = TAKE(pem);
    return true;
}

bool enroll_key_public(const EVP_PKEY *key, struct builder *ret_spki, struct error *err)
{
    AUTO(OPENSSL_free) uint8_t *der = NULL;
    int len = i2d_PUBKEY(key, &der);
    if (len <= 0)
        return error_openssl(err, ERROR_INPUT, "can't write the public key");
    key_plain(bytes_of(der, (size_t)len), ret_spki); // a key file may say that points are to be compressed
    return true;
}

static bool kind_of(const EVP_PKEY *key, enum key_kind *ret_kind, struct error *err)
{
    struct public_key_facts facts;
    AUTO(builder_done) struct builder spki = BUILDER_INIT;
    if (!enroll_key_public(key, &spki, err) || !public_key_read(builder_bytes(&spki), &facts, err))
        return false;
    if (facts.kind == KEY_OTHER)
        return error_set(err, ERROR_USAGE, 0, "the key is none of RSA, EC P-256, P-384, P-521 and Ed25519");
    *ret_kind = facts.kind;
    return true;
}

bool enroll_key_sign(EVP_PKEY *key, struct bytes data, enum signature_kind *ret_kind,
                     struct builder *ret_signature, struct error *err)
{
    enum key_kind kind;
    if (!kind_of(key, &kind, err))
        return false;
    enum signature_kind signature = signature_for_key(kind, HASH_NONE, false);
    AUTO(EVP_MD_CTX_free) EVP_MD_CTX *context = EVP_MD_CTX_new();
    const char *hash = hash_openssl_name(signature_hash(signature));
    size_t len = 0;
    if (context == NULL || EVP_DigestSignInit_ex(context, NULL, hash, NULL, NULL, key, NULL) != 1 ||
        EVP_DigestSign(context, NULL, &len, data.data, data.len) != 1)
        return error_openssl(err, ERROR_INPUT, "can't sign the request");
    AUTO(free) uint8_t *made = malloc(len);
    if (made == NULL || EVP_DigestSign(context, made, &len, data.data, data.len) != 1)
        return error_openssl(err, ERROR_INPUT, "can't sign the request");
    builder_add(ret_signature, made, len);
    *ret_kind = signature;
    return true;
}
