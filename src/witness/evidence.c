/* SPDX-License-Identifier: Apache-2.0 */
#include "witness/evidence.h"

#include "base/digest.h"
#include "base/file.h"
#include "base/openssl_release.h"
#include "ledger/proof.h"
#include "signer/signer.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <string.h>

#define FILE_MAX_LEN ((size_t)64 << 10)

bool witness_certificate_sha256(const char *path, uint8_t ret_digest[static 32], struct error *err)
{
    AUTO(builder_done) struct builder file = BUILDER_INIT;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    struct bytes rest;
    if (!file_read(AT_FDCWD, path, FILE_MAX_LEN, &file, err))
        return false;
    if (!cert_from_file(builder_bytes(&file), &der, &rest, err))
        return error_while(err, "reading %s", path);
    digest_sha256(builder_bytes(&der), ret_digest);
    return true;
}

/** OpenSSL would ask on the terminal: a witness's key that is encrypted is refused instead. */
static int no_passphrase(char *buffer, int size, int is_writing, void *data)
{
    (void)buffer, (void)size, (void)is_writing, (void)data; // nothing to give
    return -1;
}

static bool read_key(const char *path, EVP_PKEY **ret_key, struct error *err)
{
    AUTO(builder_done) struct builder file = BUILDER_INIT;
    if (!file_read(AT_FDCWD, path, FILE_MAX_LEN, &file, err))
        return false;
    AUTO(BIO_free_all) BIO *memory = BIO_new_mem_buf(file.data, (int)file.len);
    AUTO(EVP_PKEY_free)
    EVP_PKEY *key = memory == NULL ? NULL : PEM_read_bio_PrivateKey(memory, NULL, no_passphrase, NULL);
    OPENSSL_cleanse(file.data, file.len);
    if (key == NULL)
        return error_openssl(err, ERROR_INPUT, "%s holds no private key in PEM that is not encrypted", path);
    if (EVP_PKEY_is_a(key, "ED25519") != 1)
        return error_set(err, ERROR_INPUT, 0, "%s is not an Ed25519 key: witnesses cosign with no other",
                         path);
    *ret_key = TAKE(key);
    return true;
}

/** A witness's Ed25519 key: in a file, or in its own token. */
struct witness {
    EVP_PKEY *file_key;            /**< NULL: in a token */
    struct token_profile *profile; /**< NULL: the module was named */
    struct token *token;
    struct token_key *token_key;
};

static void witness_done(struct witness *witness)
{
    EVP_PKEY_free(witness->file_key);
    if (witness->token_key != NULL)
        token_key_free(witness->token_key);
    if (witness->token != NULL)
        token_close(witness->token);
    if (witness->profile != NULL)
        token_profile_free(witness->profile);
}
DEFINE_AUTO_VALUE(struct witness, witness_done);

/** \param uri  RFC 7512; its module-path, else the home's module, leads to the token */
static bool find_token_key(const struct home *home, const char *uri, const struct console *console,
                           struct witness *ret_witness, struct error *err)
{
    AUTO(token_address_done) struct token_address address = {.label = NULL};
    AUTO(signer_choice_done) struct signer_choice choice = {.profile = NULL};
    AUTO(findings_done) struct findings findings = FINDINGS_INIT;
    if (!token_address_parse(uri, &address, err) ||
        !signer_choice_make(address.module != NULL ? address.module : home->config.token.module,
                            address.module != NULL ? NULL : home->config.token.profile,
                            home->config.token.init_args, uri, &choice, err) ||
        !token_open(&choice.choice, &ret_witness->token, err))
        return false;
    ret_witness->profile = TAKE(choice.profile); // the token may look at it as long as it is open
    if (!signer_token_login(ret_witness->token, console, err) ||
        !token_key_find(ret_witness->token, uri, bytes_of(NULL, 0), &ret_witness->token_key, err) ||
        !token_key_check(ret_witness->token_key, true, &findings, err))
        return false;
    for (size_t i = 0; i < findings.count; i++)
        console_notice(console, "the witness's key: %s", findings.items[i].text);
    return token_key_kind(ret_witness->token_key) == KEY_ED25519 ||
           error_set(err, ERROR_INPUT, 0, "it is not an Ed25519 key: witnesses cosign with no other");
}

static bool open_witness(const struct home *home, const char *key, const struct console *console,
                         struct witness *ret_witness, struct error *err)
{
    if (strncmp(key, "pkcs11:", 7) != 0)
        return read_key(key, &ret_witness->file_key, err);
    return find_token_key(home, key, console, ret_witness, err) ||
           error_while(err, "looking for the witness's key");
}

static bool make_vkey(const struct witness *witness, const char *name, struct builder *ret_vkey,
                      struct error *err)
{
    AUTO(OPENSSL_free) unsigned char *spki = NULL;
    if (witness->file_key == NULL)
        return ledger_witness_vkey_make(name, token_key_spki(witness->token_key), ret_vkey, err);
    int len = i2d_PUBKEY(witness->file_key, &spki);
    if (len <= 0)
        return error_openssl(err, ERROR_INPUT, "can't encode the witness's public key");
    return ledger_witness_vkey_make(name, bytes_of(spki, (size_t)len), ret_vkey, err);
}

static bool sign(const struct witness *witness, struct bytes text, struct builder *ret_signature,
                 struct error *err)
{
    AUTO(EVP_MD_CTX_free) EVP_MD_CTX *context = EVP_MD_CTX_new();
    uint8_t signature[64];
    size_t len = sizeof(signature);
    if (witness->file_key == NULL)
        return token_key_sign(witness->token_key, SIGNATURE_ED25519, text, ret_signature, err);
    if (context == NULL || EVP_DigestSignInit(context, NULL, NULL, NULL, witness->file_key) != 1 ||
        EVP_DigestSign(context, signature, &len, text.data, text.len) != 1)
        return error_openssl(err, ERROR_INPUT, "can't sign with the witness's key");
    builder_add(ret_signature, signature, len);
    return true;
}

bool witness_cosign(struct home *home, const char *key, const char *name, int64_t now,
                    const struct console *console, struct builder *ret_vkey, struct error *err)
{
    AUTO(witness_done) struct witness witness = {.file_key = NULL};
    AUTO(builder_done) struct builder vkey = BUILDER_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    if (!open_witness(home, key, console, &witness, err) || !make_vkey(&witness, name, &vkey, err) ||
        !ledger_cosign_text(home->ledger, now, &text, err) ||
        !sign(&witness, builder_bytes(&text), &signature, err) ||
        !ledger_cosign_add(home->ledger, builder_text(&vkey), now, builder_bytes(&signature), err))
        return false;
    builder_add_bytes(ret_vkey, builder_bytes(&vkey));
    return true;
}
