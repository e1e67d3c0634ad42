/* SPDX-License-Identifier: Apache-2.0 */
#include "base/key_value.h"

#include "base/der.h"
#include "base/digest.h"
#include "base/openssl_release.h"
#include "base/public_key.h"

#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <string.h>

#define POINT_MAX_LEN (1 + 2 * 66)

/** A SubjectPublicKeyInfo taken apart no further than its plain form needs. */
struct outline {
    struct bytes algorithm; /**< whole */
    struct bytes oid;       /**< its content */
    struct bytes bits;
};

static bool take_outline(struct bytes spki, struct outline *ret_outline)
{
    struct bytes inner;
    struct bytes parts;
    if (!der_take(&spki, DER_SEQUENCE, &inner) || spki.len > 0 ||
        !der_take_whole(&inner, DER_SEQUENCE, &ret_outline->algorithm) ||
        !der_take_octet_bits(&inner, &ret_outline->bits) || inner.len > 0)
        return false;
    struct bytes algorithm = ret_outline->algorithm;
    return der_take(&algorithm, DER_SEQUENCE, &parts) && der_take(&parts, DER_OID, &ret_outline->oid);
}

static const struct {
    enum key_kind kind;
    int nid;
    size_t field_len;
} curves[] = {
    {KEY_EC_P256, NID_X9_62_prime256v1, 32},
    {KEY_EC_P384, NID_secp384r1, 48},
    {KEY_EC_P521, NID_secp521r1, 66},
};

/** The point that has this x and this y, or this x and a y of this parity. \return false: the curve has no such point */
static bool expand_point(int nid, struct bytes point, uint8_t *ret_point, size_t len)
{
    AUTO(EC_GROUP_free) EC_GROUP *group = EC_GROUP_new_by_curve_name(nid);
    AUTO(EC_POINT_free) EC_POINT *expanded = group == NULL ? NULL : EC_POINT_new(group);
    bool is_point =
        expanded != NULL && EC_POINT_oct2point(group, expanded, point.data, point.len, NULL) == 1 &&
        EC_POINT_point2oct(group, expanded, POINT_CONVERSION_UNCOMPRESSED, ret_point, len, NULL) == len;
    if (!is_point)
        ERR_clear_error(); // whoever looks at the key itself says what is wrong with it
    return is_point;
}

/** \return false: it is not a point, or uncompressed already */
static bool plain_point(const struct outline *outline, uint8_t ret_point[static POINT_MAX_LEN],
                        size_t *ret_len)
{
    for (size_t i = 0; i < ARRAY_LEN(curves); i++) {
        if (!bytes_equal(outline->algorithm, key_algorithm_der(curves[i].kind)))
            continue;
        *ret_len = 1 + 2 * curves[i].field_len;
        return outline->bits.len > 1 && outline->bits.data[0] != 0x04 &&
               expand_point(curves[i].nid, outline->bits, ret_point, *ret_len);
    }
    return false;
}

/** rsaEncryption or id-RSASSA-PSS, with whatever parameters (RFC 4055 1.2): the numbers are the key. */
static bool is_rsa(const struct outline *outline)
{
    static const uint8_t pkcs1[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01};
    return outline->oid.len == sizeof(pkcs1) + 1 && memcmp(outline->oid.data, pkcs1, sizeof(pkcs1)) == 0 &&
           (outline->oid.data[sizeof(pkcs1)] == 1 || outline->oid.data[sizeof(pkcs1)] == 10);
}

static void add_key(struct bytes algorithm, struct bytes bits, struct builder *ret_spki)
{
    AUTO(builder_done) struct builder inner = BUILDER_INIT;
    builder_add_bytes(&inner, algorithm);
    der_add_header(&inner, DER_BIT_STRING, bits.len + 1);
    builder_add_u8(&inner, 0);
    builder_add_bytes(&inner, bits);
    der_add(ret_spki, DER_SEQUENCE, builder_bytes(&inner));
}

/** \return false: it is plain already, or has no plain form */
static bool rewrite(struct bytes spki, struct builder *ret_spki)
{
    struct outline outline;
    uint8_t point[POINT_MAX_LEN];
    size_t len = 0;
    if (!take_outline(spki, &outline))
        return false;
    if (is_rsa(&outline) && !bytes_equal(outline.algorithm, key_algorithm_der(KEY_RSA)))
        add_key(key_algorithm_der(KEY_RSA), outline.bits, ret_spki);
    else if (plain_point(&outline, point, &len))
        add_key(outline.algorithm, bytes_of(point, len), ret_spki);
    else
        return false;
    return true;
}

void key_plain(struct bytes spki, struct builder *ret_spki)
{
    if (!rewrite(spki, ret_spki))
        builder_add_bytes(ret_spki, spki);
}

void key_value(struct bytes spki, uint8_t ret_sha256[static 32])
{
    AUTO(builder_done) struct builder plain = BUILDER_INIT;
    digest_sha256(rewrite(spki, &plain) ? builder_bytes(&plain) : spki, ret_sha256);
}

bool key_is_same(struct bytes a, struct bytes b)
{
    uint8_t value_a[32];
    uint8_t value_b[32];
    if (bytes_equal(a, b))
        return true;
    key_value(a, value_a);
    key_value(b, value_b);
    return memcmp(value_a, value_b, sizeof(value_a)) == 0;
}

bool key_of_tbs(struct bytes tbs, struct bytes *ret_spki)
{
    struct bytes inner;
    struct bytes ignored;
    return der_take(&tbs, DER_SEQUENCE, &inner) &&
           (!der_is_next(inner, DER_CONTEXT_CONSTRUCTED_0) ||
            der_take(&inner, DER_CONTEXT_CONSTRUCTED_0, &ignored)) && // version
           der_take(&inner, DER_INTEGER, &ignored) &&                 // serialNumber
           der_take(&inner, DER_SEQUENCE, &ignored) &&                // signature
           der_take(&inner, DER_SEQUENCE, &ignored) &&                // issuer
           der_take(&inner, DER_SEQUENCE, &ignored) &&                // validity
           der_take(&inner, DER_SEQUENCE, &ignored) &&                // subject
           der_take_whole(&inner, DER_SEQUENCE, ret_spki);
}

void key_value_warm_up(void)
{
    /* P-256's base point, compressed, in a SubjectPublicKeyInfo */
    static const uint8_t spki[] = {0x30, 0x39, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02,
                                   0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03,
                                   0x22, 0x00, 0x03, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8,
                                   0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d,
                                   0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96};
    uint8_t value[32];
    key_value(BYTES(spki), value);
}
