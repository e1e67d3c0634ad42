/* SPDX-License-Identifier: Apache-2.0 */
#include "witness/key.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/openssl_release.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#define FILE_MAX_LEN ((size_t)64 << 10)

struct witness_key {
    EVP_PKEY *file_key; /**< NULL: in a token */
    const struct witness_tokens *tokens;
    void *token_key; /**< NULL: in a file */
    struct builder spki;
    enum key_kind kind;
};

void witness_key_close(struct witness_key *key)
{
    EVP_PKEY_free(key->file_key);
    if (key->token_key != NULL)
        key->tokens->close(key->token_key);
    builder_done(&key->spki);
    free(key);
}

enum key_kind witness_key_kind(const struct witness_key *key)
{
    return key->kind;
}

struct bytes witness_key_spki(const struct witness_key *key)
{
    return builder_bytes(&key->spki);
}

/* ---- in a file ---- */

struct asking {
    const struct witness_key_place *place;
    const struct console *console;
    struct error err; /**< why there is no passphrase */
};

/** OpenSSL's callback: OpenSSL itself would ask on the terminal. */
static int give_passphrase(char *buffer, int size, int is_writing, void *data)
{
    struct asking *asking = data;
    AUTO(secret_free) struct secret *secret = NULL;
    AUTO(free) char *words = memory_format("the key %s (its passphrase)", asking->place->key);
    (void)is_writing; // only read
    if (!asking->place->may_ask || asking->console->pin == NULL)
        return -1;
    if (!asking->console->pin(asking->console->data, words, false, &secret, &asking->err) || secret == NULL ||
        secret_len(secret) > (size_t)size)
        return -1;
    memcpy(buffer, secret_text(secret), secret_len(secret)); // OpenSSL wipes its buffer
    return (int)secret_len(secret);
}

static bool read_file_key(const struct witness_key_place *place, const struct console *console,
                          EVP_PKEY **ret_key, struct error *err)
{
    AUTO(builder_done) struct builder file = BUILDER_INIT;
    struct asking asking = {.place = place, .console = console};
    if (!file_read(AT_FDCWD, place->key, FILE_MAX_LEN, &file, err))
        return false;
    AUTO(BIO_free_all) BIO *memory = BIO_new_mem_buf(file.data, (int)file.len);
    *ret_key = memory == NULL ? NULL : PEM_read_bio_PrivateKey(memory, NULL, give_passphrase, &asking);
    OPENSSL_cleanse(file.data, file.len);
    if (*ret_key != NULL)
        return true;
    if (asking.err.kind != ERROR_NONE) {
        ERR_clear_error(); // why there is no passphrase is what counts
        *err = asking.err;
        return error_while(err, "reading %s", place->key);
    }
    return error_openssl(err, ERROR_INPUT, "%s holds no private key in PEM%s", place->key,
                         place->may_ask ? ", or its passphrase is another" : " that is not encrypted");
}

static bool open_file(struct witness_key *key, const struct witness_key_place *place,
                      const struct console *console, struct error *err)
{
    AUTO(OPENSSL_free) unsigned char *spki = NULL;
    char group[32] = "";
    if (!read_file_key(place, console, &key->file_key, err))
        return false;
    int len = i2d_PUBKEY(key->file_key, &spki);
    if (len <= 0)
        return error_openssl(err, ERROR_INPUT, "can't encode the public key of %s", place->key);
    builder_add(&key->spki, spki, (size_t)len);
    if (EVP_PKEY_is_a(key->file_key, "ED25519") == 1)
        key->kind = KEY_ED25519;
    else if (EVP_PKEY_get_group_name(key->file_key, group, sizeof(group), NULL) == 1 &&
             strcmp(group, "prime256v1") == 0)
        key->kind = KEY_EC_P256;
    ERR_clear_error();
    return true;
}

/* ---- in a token ---- */

static bool open_token(struct witness_key *key, const struct witness_key_place *place,
                       const struct console *console, struct error *err)
{
    if (place->tokens == NULL)
        return error_set(
            err, ERROR_INPUT, 0,
            "a pkcs11: key is in a token, for which this program has no code: use `coldca`, or a key "
            "file");
    key->tokens = place->tokens;
    return place->tokens->open(place, console, &key->spki, &key->kind, &key->token_key, err);
}

bool witness_key_open(const struct witness_key_place *place, const struct console *console,
                      struct witness_key **ret_key, struct error *err)
{
    AUTO(witness_key_close) struct witness_key *key = memory_new(1, sizeof(*key));
    if (strncmp(place->key, "pkcs11:", 7) == 0 ? !open_token(key, place, console, err)
                                               : !open_file(key, place, console, err))
        return error_while(err, "opening the key");
    if (key->kind != KEY_ED25519 && key->kind != KEY_EC_P256)
        return error_set(err, ERROR_INPUT, 0, "it is neither an Ed25519 nor a P-256 key");
    *ret_key = TAKE(key);
    return true;
}

bool witness_key_sign(const struct witness_key *key, struct bytes text, struct builder *ret_signature,
                      struct error *err)
{
    AUTO(EVP_MD_CTX_free) EVP_MD_CTX *context = EVP_MD_CTX_new();
    const char *digest = key->kind == KEY_ED25519 ? NULL : "SHA256";
    uint8_t signature[128];
    size_t len = sizeof(signature);
    if (key->token_key != NULL)
        return key->tokens->sign(key->token_key, key->kind, text, ret_signature, err);
    if (context == NULL ||
        EVP_DigestSignInit_ex(context, NULL, digest, NULL, NULL, key->file_key, NULL) != 1 ||
        EVP_DigestSign(context, signature, &len, text.data, text.len) != 1)
        return error_openssl(err, ERROR_INPUT, "can't sign with this key");
    builder_add(ret_signature, signature, len);
    return true;
}
