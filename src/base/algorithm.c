/* SPDX-License-Identifier: Apache-2.0 */
#include "base/algorithm.h"

#include <stdio.h>
#include <stdlib.h>

#define OID_EC_PUBLIC_KEY 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01
#define OID_PKCS1(last) 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, last
#define OID_SHA2(last) 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, last
#define OID_ECDSA_SHA2(last) 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, last
#define DER_NULL_OCTETS 0x05, 0x00
/* RSASSA-PSS-params with every field explicit (RFC 4055 3.1): hash, MGF1 with it, salt length. */
#define PSS(hash, salt)                                                                                      \
    0x30, 0x41, OID_PKCS1(0x0a), 0x30, 0x34, 0xa0, 0x0f, 0x30, 0x0d, OID_SHA2(hash), DER_NULL_OCTETS, 0xa1,  \
        0x1c, 0x30, 0x1a, OID_PKCS1(0x08), 0x30, 0x0d, OID_SHA2(hash), DER_NULL_OCTETS, 0xa2, 0x03, 0x02,    \
        0x01, salt

static const uint8_t rsa_key[] = {0x30, 0x0d, OID_PKCS1(0x01), DER_NULL_OCTETS};
static const uint8_t p256_key[] = {
    0x30, 0x13, OID_EC_PUBLIC_KEY, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
static const uint8_t p384_key[] = {0x30, 0x10, OID_EC_PUBLIC_KEY, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22};
static const uint8_t p521_key[] = {0x30, 0x10, OID_EC_PUBLIC_KEY, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23};
/* Ed25519 has one identifier for keys and signatures (RFC 8410 3). */
static const uint8_t ed25519[] = {0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70};

static const uint8_t rsa_sha256[] = {0x30, 0x0d, OID_PKCS1(0x0b), DER_NULL_OCTETS};
static const uint8_t rsa_sha384[] = {0x30, 0x0d, OID_PKCS1(0x0c), DER_NULL_OCTETS};
static const uint8_t rsa_sha512[] = {0x30, 0x0d, OID_PKCS1(0x0d), DER_NULL_OCTETS};
static const uint8_t pss_sha256[] = {PSS(0x01, 32)};
static const uint8_t pss_sha384[] = {PSS(0x02, 48)};
static const uint8_t pss_sha512[] = {PSS(0x03, 64)};
static const uint8_t ecdsa_sha256[] = {0x30, 0x0a, OID_ECDSA_SHA2(0x02)};
static const uint8_t ecdsa_sha384[] = {0x30, 0x0a, OID_ECDSA_SHA2(0x03)};
static const uint8_t ecdsa_sha512[] = {0x30, 0x0a, OID_ECDSA_SHA2(0x04)};

static const struct {
    const char *name;
    const char *title;
    struct bytes der;
} keys[] = {
    [KEY_OTHER] = {"other", "unknown key", {NULL, 0}},
    [KEY_RSA] = {"rsa", "RSA", {rsa_key, sizeof(rsa_key)}},
    [KEY_EC_P256] = {"ec-p256", "EC P-256", {p256_key, sizeof(p256_key)}},
    [KEY_EC_P384] = {"ec-p384", "EC P-384", {p384_key, sizeof(p384_key)}},
    [KEY_EC_P521] = {"ec-p521", "EC P-521", {p521_key, sizeof(p521_key)}},
    [KEY_ED25519] = {"ed25519", "Ed25519", {ed25519, sizeof(ed25519)}},
};

static const struct {
    const char *name;
    const char *openssl_name;
    size_t len;
} hashes[] = {
    [HASH_NONE] = {"none", NULL, 0},
    [HASH_SHA256] = {"sha256", "SHA2-256", 32},
    [HASH_SHA384] = {"sha384", "SHA2-384", 48},
    [HASH_SHA512] = {"sha512", "SHA2-512", 64},
};

enum family { FAMILY_NONE, FAMILY_RSA, FAMILY_PSS, FAMILY_ECDSA, FAMILY_ED25519 };

static const struct {
    const char *name;
    enum family family;
    enum hash_kind hash;
    struct bytes der;
} signatures[] = {
    [SIGNATURE_OTHER] = {"other", FAMILY_NONE, HASH_NONE, {NULL, 0}},
    [SIGNATURE_RSA_SHA256] = {"rsa-sha256", FAMILY_RSA, HASH_SHA256, {rsa_sha256, sizeof(rsa_sha256)}},
    [SIGNATURE_RSA_SHA384] = {"rsa-sha384", FAMILY_RSA, HASH_SHA384, {rsa_sha384, sizeof(rsa_sha384)}},
    [SIGNATURE_RSA_SHA512] = {"rsa-sha512", FAMILY_RSA, HASH_SHA512, {rsa_sha512, sizeof(rsa_sha512)}},
    [SIGNATURE_PSS_SHA256] = {"rsa-pss-sha256", FAMILY_PSS, HASH_SHA256, {pss_sha256, sizeof(pss_sha256)}},
    [SIGNATURE_PSS_SHA384] = {"rsa-pss-sha384", FAMILY_PSS, HASH_SHA384, {pss_sha384, sizeof(pss_sha384)}},
    [SIGNATURE_PSS_SHA512] = {"rsa-pss-sha512", FAMILY_PSS, HASH_SHA512, {pss_sha512, sizeof(pss_sha512)}},
    [SIGNATURE_ECDSA_SHA256] = {"ecdsa-sha256",
                                FAMILY_ECDSA,
                                HASH_SHA256,
                                {ecdsa_sha256, sizeof(ecdsa_sha256)}},
    [SIGNATURE_ECDSA_SHA384] = {"ecdsa-sha384",
                                FAMILY_ECDSA,
                                HASH_SHA384,
                                {ecdsa_sha384, sizeof(ecdsa_sha384)}},
    [SIGNATURE_ECDSA_SHA512] = {"ecdsa-sha512",
                                FAMILY_ECDSA,
                                HASH_SHA512,
                                {ecdsa_sha512, sizeof(ecdsa_sha512)}},
    [SIGNATURE_ED25519] = {"ed25519", FAMILY_ED25519, HASH_NONE, {ed25519, sizeof(ed25519)}},
};

const char *key_kind_name(enum key_kind kind)
{
    return keys[kind].name;
}

const char *key_name(enum key_kind kind, unsigned bits, char buffer[static 32])
{
    if (kind == KEY_RSA)
        (void)snprintf(buffer, 32, "rsa-%u", bits); // ten digits fit
    else
        (void)snprintf(buffer, 32, "%s", keys[kind].name); // so do all names
    return buffer;
}

const char *key_title(enum key_kind kind, unsigned bits, char buffer[static 32])
{
    if (kind == KEY_RSA)
        (void)snprintf(buffer, 32, "RSA %u", bits); // likewise
    else
        (void)snprintf(buffer, 32, "%s", keys[kind].title);
    return buffer;
}

bool key_parse(const char *name, enum key_kind *ret_kind, unsigned *ret_bits)
{
    if (strncmp(name, "rsa-", 4) == 0) {
        char *end = NULL;
        char spelled[32];
        unsigned long bits = strtoul(name + 4, &end, 10);
        if (*end != '\0' || bits < 1024 || bits > 16384)
            return false;
        if (strcmp(key_name(KEY_RSA, (unsigned)bits, spelled), name) != 0)
            return false;
        *ret_kind = KEY_RSA;
        *ret_bits = (unsigned)bits;
        return true;
    }
    for (size_t i = KEY_EC_P256; i < ARRAY_LEN(keys); i++) {
        if (strcmp(name, keys[i].name) == 0) {
            *ret_kind = (enum key_kind)i;
            *ret_bits = 0;
            return true;
        }
    }
    return false;
}

const char *hash_name(enum hash_kind hash)
{
    return hashes[hash].name;
}

bool hash_parse(const char *name, enum hash_kind *ret_hash)
{
    for (size_t i = HASH_SHA256; i < ARRAY_LEN(hashes); i++) {
        if (strcmp(name, hashes[i].name) == 0) {
            *ret_hash = (enum hash_kind)i;
            return true;
        }
    }
    return false;
}

size_t hash_len(enum hash_kind hash)
{
    return hashes[hash].len;
}

const char *hash_openssl_name(enum hash_kind hash)
{
    return hashes[hash].openssl_name;
}

const char *signature_name(enum signature_kind kind)
{
    return signatures[kind].name;
}

bool signature_parse(const char *name, enum signature_kind *ret_kind)
{
    for (size_t i = SIGNATURE_OTHER + 1; i < ARRAY_LEN(signatures); i++) {
        if (strcmp(name, signatures[i].name) == 0) {
            *ret_kind = (enum signature_kind)i;
            return true;
        }
    }
    return false;
}

enum hash_kind signature_hash(enum signature_kind kind)
{
    return signatures[kind].hash;
}

bool signature_is_pss(enum signature_kind kind)
{
    return signatures[kind].family == FAMILY_PSS;
}

static bool is_ec(enum key_kind key)
{
    return key == KEY_EC_P256 || key == KEY_EC_P384 || key == KEY_EC_P521;
}

bool signature_fits_key(enum signature_kind kind, enum key_kind key)
{
    switch (signatures[kind].family) {
    case FAMILY_RSA:
    case FAMILY_PSS:
        return key == KEY_RSA;
    case FAMILY_ECDSA:
        return is_ec(key);
    case FAMILY_ED25519:
        return key == KEY_ED25519;
    case FAMILY_NONE:
    default:
        return false;
    }
}

static enum hash_kind default_hash(enum key_kind key)
{
    return key == KEY_EC_P384 ? HASH_SHA384 : key == KEY_EC_P521 ? HASH_SHA512 : HASH_SHA256;
}

enum signature_kind signature_for_key(enum key_kind key, enum hash_kind hash, bool wants_pss)
{
    enum hash_kind used = hash != HASH_NONE ? hash : default_hash(key);
    for (size_t i = SIGNATURE_OTHER + 1; i < ARRAY_LEN(signatures); i++) {
        enum signature_kind kind = (enum signature_kind)i;
        if (!signature_fits_key(kind, key))
            continue;
        if (key == KEY_ED25519 ||
            (signatures[i].hash == used && signature_is_pss(kind) == (wants_pss && key == KEY_RSA)))
            return kind;
    }
    return SIGNATURE_OTHER;
}

struct bytes signature_algorithm_der(enum signature_kind kind)
{
    return signatures[kind].der;
}

enum signature_kind signature_of_der(struct bytes algorithm_identifier)
{
    for (size_t i = SIGNATURE_OTHER + 1; i < ARRAY_LEN(signatures); i++) {
        if (bytes_equal(algorithm_identifier, signatures[i].der))
            return (enum signature_kind)i;
    }
    return SIGNATURE_OTHER;
}

struct bytes key_algorithm_der(enum key_kind kind)
{
    return keys[kind].der;
}
