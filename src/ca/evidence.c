#include "ca/evidence.h"

#include "base/digest.h"
#include "base/file.h"
#include "base/openssl_release.h"
#include "ledger/proof.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>

#define FILE_MAX_LEN ((size_t)64 << 10)

bool ca_certificate_sha256(const char *path, uint8_t ret_digest[static 32], struct error *err)
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
static int no_passphrase(char *room, int size, int is_writing, void *data)
{
    (void)room, (void)size, (void)is_writing, (void)data; // nothing to give
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

static bool make_vkey(EVP_PKEY *key, const char *name, struct builder *ret_vkey, struct error *err)
{
    AUTO(OPENSSL_free) unsigned char *spki = NULL;
    int len = i2d_PUBKEY(key, &spki);
    if (len <= 0)
        return error_openssl(err, ERROR_INPUT, "can't encode the witness's public key");
    return ledger_witness_vkey_make(name, bytes_of(spki, (size_t)len), ret_vkey, err);
}

bool ca_cosign(struct ca_home *home, const char *key_path, const char *name, int64_t now,
               struct builder *ret_vkey, struct error *err)
{
    AUTO(EVP_PKEY_free) EVP_PKEY *key = NULL;
    AUTO(EVP_MD_CTX_free) EVP_MD_CTX *context = EVP_MD_CTX_new();
    AUTO(builder_done) struct builder vkey = BUILDER_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    uint8_t signature[64];
    size_t len = sizeof(signature);
    if (!read_key(key_path, &key, err) || !make_vkey(key, name, &vkey, err) ||
        !ledger_cosign_text(home->ledger, now, &text, err))
        return false;
    if (context == NULL || EVP_DigestSignInit(context, NULL, NULL, NULL, key) != 1 ||
        EVP_DigestSign(context, signature, &len, text.data, text.len) != 1)
        return error_openssl(err, ERROR_INPUT, "can't sign with %s", key_path);
    if (!ledger_cosign_add(home->ledger, builder_text(&vkey), now, bytes_of(signature, len), err))
        return false;
    builder_add_bytes(ret_vkey, builder_bytes(&vkey));
    return true;
}
