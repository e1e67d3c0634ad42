/* SPDX-License-Identifier: Apache-2.0 */
#include "base/algorithm.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/memory.h"
#include "base/quote.h"
#include "ledger/ledger.h"
#include "ledger/note.h"

#include <errno.h>
#include <openssl/err.h>

#define ED25519_KEY_LEN 32

/* SubjectPublicKeyInfo up to the key itself: the only two forms a ledger key has. */
static const uint8_t ed25519_spki[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, // RFC 8410 section 4
                                       0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
static const uint8_t p256_spki[] = {
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, // RFC 5480 section 2
    0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
    0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04};
#define P256_SPKI_LEN (sizeof(p256_spki) + 64)

void note_key_done(struct note_key *key)
{
    free(key->name);
    EVP_PKEY_free(key->pkey);
    *key = (struct note_key){.name = NULL};
}

static bool is_ed25519(struct bytes spki)
{
    return spki.len == sizeof(ed25519_spki) + ED25519_KEY_LEN &&
           memcmp(spki.data, ed25519_spki, sizeof(ed25519_spki)) == 0;
}

static bool is_p256(struct bytes spki)
{
    return spki.len == P256_SPKI_LEN && memcmp(spki.data, p256_spki, sizeof(p256_spki)) == 0;
}

/** signed-note, "Signatures": ECDSA's key id is the odd one, of the SubjectPublicKeyInfo alone. */
static void make_id(struct bytes name, enum note_key_type type, struct bytes key, uint8_t ret_id[static 4])
{
    uint8_t digest[32];
    const uint8_t middle[2] = {'\n', (uint8_t)type};
    const struct bytes parts[] = {name, BYTES(middle), key};
    if (type == NOTE_ECDSA)
        digest_sha256(key, digest);
    else
        digest_sha256_parts(parts, ARRAY_LEN(parts), digest);
    memcpy(ret_id, digest, 4);
}

bool note_key_write(const char *name, enum note_key_type type, struct bytes spki, struct builder *ret_vkey,
                    struct error *err)
{
    AUTO(builder_done) struct builder value = BUILDER_INIT;
    uint8_t id[4];
    if (!note_name_is_good(bytes_of_text(name)))
        return error_set(err, ERROR_INPUT, 0,
                         "\"%s\" can't name a ledger: write it like ca.example/root-2026, without a scheme, "
                         "spaces or +",
                         quoted_text(name, &(struct quoted){0}));
    if (!(type == NOTE_ECDSA ? is_p256(spki) : is_ed25519(spki)))
        return error_set(err, ERROR_INPUT, 0, "a key that signs checkpoints must be Ed25519 or EC P-256");
    struct bytes key = type == NOTE_ECDSA ? spki : bytes_slice(spki, sizeof(ed25519_spki), ED25519_KEY_LEN);
    make_id(bytes_of_text(name), type, key, id);
    builder_format(ret_vkey, "%s+", name);
    encode_hex(BYTES(id), ret_vkey);
    builder_add_u8(ret_vkey, '+');
    builder_add_u8(&value, (uint8_t)type);
    builder_add_bytes(&value, key);
    encode_base64(builder_bytes(&value), ret_vkey);
    return true;
}

static EVP_PKEY *make_pkey(enum note_key_type type, struct bytes key)
{
    if (type != NOTE_ECDSA)
        return EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, key.data, key.len);
    const unsigned char *place = key.data;
    return d2i_PUBKEY(NULL, &place, (long)key.len); // once a process; checks that the point is on the curve
}

static bool bad_vkey(const char *vkey, const char *why, struct error *err)
{
    return error_set(err, ERROR_INPUT, 0, "\"%s\" is not a verifier key: %s",
                     quoted_text(vkey, &(struct quoted){0}), why);
}

bool note_key_read(const char *vkey, struct note_key *ret_key, struct error *err)
{
    AUTO(builder_done) struct builder id = BUILDER_INIT;
    AUTO(builder_done) struct builder value = BUILDER_INIT;
    AUTO(note_key_done) struct note_key key = {.name = NULL};
    const char *plus = strchr(vkey, '+');
    const char *second = plus == NULL ? NULL : strchr(plus + 1, '+');
    if (second == NULL)
        return bad_vkey(vkey, "it has the form NAME+KEYID+KEY", err);
    struct bytes name = bytes_of(vkey, (size_t)(plus - vkey));
    if (!note_name_is_good(name))
        return bad_vkey(vkey, "its name is not a schema-less URL", err);
    if (!decode_hex(bytes_of(plus + 1, (size_t)(second - plus - 1)), &id) || id.len != 4 ||
        !decode_base64(bytes_of_text(second + 1), &value) || value.len < 2)
        return bad_vkey(vkey, "its key id is not 8 hex digits or its key not base64", err);
    struct bytes bytes = bytes_slice(builder_bytes(&value), 1, value.len);
    key.type = (enum note_key_type)value.data[0];
    bool fits = key.type == NOTE_ECDSA ? is_p256(bytes)
                                       : (key.type == NOTE_ED25519 || key.type == NOTE_COSIGNATURE) &&
                                             bytes.len == ED25519_KEY_LEN;
    if (!fits)
        return bad_vkey(vkey, "its key is neither Ed25519 nor EC P-256", err);
    make_id(name, key.type, bytes, key.id);
    if (memcmp(key.id, id.data, 4) != 0)
        return bad_vkey(vkey, "its key id is not the one its name and key give", err);
    key.pkey = make_pkey(key.type, bytes);
    if (key.pkey == NULL)
        return error_openssl(err, ERROR_INPUT, "the ledger's verifier key is not a point on its curve");
    key.name = memory_text_of(name.data, name.len);
    *ret_key = key;
    key = (struct note_key){.name = NULL};
    return true;
}

bool note_signature_check(const struct note_key *key, struct bytes data, struct bytes signature,
                          bool *ret_holds, struct error *err)
{
    AUTO(EVP_MD_CTX_free) EVP_MD_CTX *context = EVP_MD_CTX_new();
    const char *digest = key->type == NOTE_ECDSA ? "SHA256" : NULL;
    if (context == NULL || EVP_DigestVerifyInit_ex(context, NULL, digest, NULL, NULL, key->pkey, NULL) != 1) {
        ERR_clear_error();
        return error_set(err, ERROR_INPUT, ENOMEM, "OpenSSL can't check a signature: out of memory");
    }
    *ret_holds = EVP_DigestVerify(context, signature.data, signature.len, data.data, data.len) == 1;
    if (!*ret_holds)
        ERR_clear_error();
    return true;
}

bool note_signature_holds(const struct note_key *key, struct bytes data, struct bytes signature)
{
    struct error ignored = ERROR_INIT; // what can't be checked does not hold
    bool holds;
    return note_signature_check(key, data, signature, &holds, &ignored) && holds;
}

bool ledger_origin_is_good(const char *origin)
{
    return note_name_is_good(bytes_of_text(origin));
}

bool ledger_vkey_make(const char *origin, struct bytes spki, struct builder *ret_vkey, struct error *err)
{
    return note_key_write(origin, is_p256(spki) ? NOTE_ECDSA : NOTE_ED25519, spki, ret_vkey, err);
}

enum signature_kind ledger_signature_kind(enum key_kind kind)
{
    switch (kind) {
    case KEY_ED25519:
        return SIGNATURE_ED25519;
    case KEY_EC_P256:
        return SIGNATURE_ECDSA_SHA256;
    case KEY_OTHER:
    case KEY_RSA:
    case KEY_EC_P384:
    case KEY_EC_P521:
    default:
        return SIGNATURE_OTHER;
    }
}
