/* SPDX-License-Identifier: Apache-2.0 */
#include "token/internal.h"

#include "base/der.h"
#include "base/key_value.h"
#include "base/openssl_release.h"
#include "base/public_key.h"

static const uint8_t oid_p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
static const uint8_t oid_p384[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22};
static const uint8_t oid_p521[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23};
static const uint8_t oid_ed25519[] = {0x06, 0x03, 0x2b, 0x65, 0x70};
static const uint8_t name_ed25519[] = "\x13\x0c"
                                      "edwards25519";
static const uint8_t oid_ed25519_gnupg[] = {0x06, 0x09, 0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x0f, 0x01};

/** CKA_EC_PARAMS as tokens write them: the curve's OID, or (PKCS#11 v3.0 2.3.3) its name as PrintableString. */
static const struct {
    enum key_kind kind;
    struct bytes params;
    size_t point_len;
} curves[] = {
    {KEY_EC_P256, {oid_p256, sizeof(oid_p256)}, 65},
    {KEY_EC_P384, {oid_p384, sizeof(oid_p384)}, 97},
    {KEY_EC_P521, {oid_p521, sizeof(oid_p521)}, 133},
    {KEY_ED25519, {name_ed25519, sizeof(name_ed25519) - 1}, 32},
    {KEY_ED25519, {oid_ed25519, sizeof(oid_ed25519)}, 32},
    {KEY_ED25519, {oid_ed25519_gnupg, sizeof(oid_ed25519_gnupg)}, 32},
};

struct bytes curve_params(enum key_kind kind, bool as_oid)
{
    for (size_t i = 0; i < ARRAY_LEN(curves); i++)
        if (curves[i].kind == kind && (!as_oid || curves[i].params.data[0] == DER_OID))
            return curves[i].params;
    return (struct bytes){.data = NULL, .len = 0};
}

static void add_spki(enum key_kind kind, struct bytes key, struct builder *ret_spki)
{
    AUTO(builder_done) struct builder inner = BUILDER_INIT;
    struct bytes algorithm = key_algorithm_der(kind);
    builder_add_bytes(&inner, algorithm);
    der_add_header(&inner, DER_BIT_STRING, key.len + 1);
    builder_add_u8(&inner, 0);
    builder_add_bytes(&inner, key);
    der_add(ret_spki, DER_SEQUENCE, builder_bytes(&inner));
}

static bool rsa_spki(struct token *token, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                     struct builder *ret_spki)
{
    AUTO(builder_done) struct builder modulus = BUILDER_INIT;
    AUTO(builder_done) struct builder exponent = BUILDER_INIT;
    AUTO(builder_done) struct builder numbers = BUILDER_INIT;
    AUTO(builder_done) struct builder key = BUILDER_INIT;
    if (!attribute_bytes(token, session, object, CKA_MODULUS, &modulus) || modulus.len == 0 ||
        !attribute_bytes(token, session, object, CKA_PUBLIC_EXPONENT, &exponent) || exponent.len == 0)
        return false;
    der_add_unsigned(&numbers, builder_bytes(&modulus));
    der_add_unsigned(&numbers, builder_bytes(&exponent));
    der_add(&key, DER_SEQUENCE, builder_bytes(&numbers));
    add_spki(KEY_RSA, builder_bytes(&key), ret_spki);
    return true;
}

bool point_read(struct bytes value, size_t point_len, struct bytes *ret_point)
{
    struct bytes cursor = value;
    struct bytes inner;
    if (value.len == point_len) { // bare, against PKCS#11 v2.40 2.3.3, but tokens do it
        *ret_point = value;
        return true;
    }
    if (!der_take(&cursor, DER_OCTET_STRING, &inner) || cursor.len > 0 || inner.len != point_len)
        return false;
    *ret_point = inner;
    return true;
}

static bool ec_spki(struct token *token, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                    struct builder *ret_spki)
{
    AUTO(builder_done) struct builder params = BUILDER_INIT;
    AUTO(builder_done) struct builder value = BUILDER_INIT;
    if (!attribute_bytes(token, session, object, CKA_EC_PARAMS, &params) ||
        !attribute_bytes(token, session, object, CKA_EC_POINT, &value))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(curves); i++) {
        struct bytes point;
        if (!bytes_equal(builder_bytes(&params), curves[i].params) ||
            !point_read(builder_bytes(&value), curves[i].point_len, &point))
            continue;
        add_spki(curves[i].kind, point, ret_spki);
        return true;
    }
    return false;
}

bool public_of_object(struct token *token, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                      struct builder *ret_spki)
{
    CK_ULONG type = 0;
    if (!attribute_ulong(token, session, object, CKA_KEY_TYPE, &type))
        return false;
    if (type == CKK_RSA)
        return rsa_spki(token, session, object, ret_spki);
    if (type == CKK_EC || type == CKK_EC_EDWARDS)
        return ec_spki(token, session, object, ret_spki);
    return false;
}

/** CKA_PUBLIC_KEY_INFO (PKCS#11 v2.40 4.9), where a token fills it with a key coldca uses. */
static bool info_of_private(struct token *token, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                            struct builder *ret_spki)
{
    AUTO(builder_done) struct builder value = BUILDER_INIT;
    struct public_key_facts facts;
    struct error ignored = ERROR_INIT; // an SPKI that can't be read is one that was not exposed
    if (!attribute_bytes(token, session, object, CKA_PUBLIC_KEY_INFO, &value) || value.len == 0 ||
        !public_key_read(builder_bytes(&value), &facts, &ignored) || facts.kind == KEY_OTHER)
        return false;
    key_plain(builder_bytes(&value), ret_spki);
    return true;
}

static bool spki_of_certificate(struct token *token, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                                struct builder *ret_spki)
{
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    if (!attribute_bytes(token, session, object, CKA_VALUE, &der))
        return false;
    const uint8_t *cursor = der.data;
    AUTO(X509_free) X509 *certificate = d2i_X509(NULL, &cursor, (long)der.len);
    if (certificate == NULL)
        return false;
    AUTO(OPENSSL_free) uint8_t *spki = NULL;
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &spki);
    if (len <= 0)
        return false;
    key_plain(bytes_of(spki, (size_t)len), ret_spki);
    return true;
}

/** The one public key that all objects of a class with this CKA_ID agree on; empty if there is none. */
static bool public_with_id(struct token *token, CK_SESSION_HANDLE session, CK_OBJECT_CLASS class,
                           struct bytes id, struct builder *ret_spki, struct error *err)
{
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof(class)},
                               {CKA_ID, (void *)(uintptr_t)id.data, id.len}};
    AUTO(free) CK_OBJECT_HANDLE *objects = NULL;
    size_t count = 0;
    if (!objects_find(token, session, template, ARRAY_LEN(template), &objects, &count, err))
        return false;
    AUTO(builder_done) struct builder first = BUILDER_INIT;
    for (size_t i = 0; i < count; i++) {
        AUTO(builder_done) struct builder spki = BUILDER_INIT;
        bool is_read = class == CKO_PUBLIC_KEY ? public_of_object(token, session, objects[i], &spki)
                                               : spki_of_certificate(token, session, objects[i], &spki);
        if (!is_read)
            continue;
        if (first.len > 0 && !bytes_equal(builder_bytes(&first), builder_bytes(&spki)))
            return error_set(
                err, ERROR_TOKEN, 0,
                "different %s on the token have the CKA_ID %s, so it is not clear which belongs to "
                "the private key; remove the wrong one or change its id",
                class == CKO_PUBLIC_KEY ? "public keys" : "certificates", hex_of(id, (char[129]){0}));
        builder_clear(&first);
        builder_add_bytes(&first, builder_bytes(&spki));
    }
    builder_add_bytes(ret_spki, builder_bytes(&first));
    return true;
}

bool public_of_private(struct token *token, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE private_key,
                       struct bytes id, struct builder *ret_spki, enum public_source *ret_source,
                       struct error *err)
{
    size_t len_before = ret_spki->len;
    *ret_source = PUBLIC_OF_PRIVATE;
    if (info_of_private(token, session, private_key, ret_spki) ||
        public_of_object(token, session, private_key, ret_spki))
        return true;
    *ret_source = PUBLIC_NONE;
    if (id.len == 0)
        return true;
    if (!public_with_id(token, session, CKO_PUBLIC_KEY, id, ret_spki, err))
        return false;
    if (ret_spki->len > len_before) {
        *ret_source = PUBLIC_OF_OBJECT;
        return true;
    }
    if (!public_with_id(token, session, CKO_CERTIFICATE, id, ret_spki, err))
        return false;
    if (ret_spki->len > len_before)
        *ret_source = PUBLIC_OF_CERTIFICATE;
    return true;
}
