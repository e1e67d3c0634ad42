/* SPDX-License-Identifier: Apache-2.0 */
#include "base/public_key.h"

#include "base/der.h"
#include "base/digest.h"
#include "base/memory.h"
#include "base/openssl_release.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <pthread.h>

struct public_key {
    enum key_kind kind;
    EVP_PKEY *pkey;
    enum signature_kind prepared_kind;
    EVP_MD_CTX *prepared; /**< set up to verify, copied for each signature; NULL if not prepared */
};

static const struct {
    const char *group;
    size_t field_len;
    unsigned bits;
} curves[] = {
    [KEY_EC_P256] = {"P-256", 32, 256},
    [KEY_EC_P384] = {"P-384", 48, 384},
    [KEY_EC_P521] = {"P-521", 66, 521},
};

static unsigned bit_length(struct bytes magnitude)
{
    if (magnitude.len == 0 || magnitude.len > 4096)
        return 0;
    unsigned bits = (unsigned)(magnitude.len - 1) * 8;
    for (unsigned top = magnitude.data[0]; top > 0; top >>= 1)
        bits++;
    return bits;
}

static bool read_rsa(struct public_key_facts *facts, struct error *err)
{
    struct bytes outer = facts->bit_string;
    struct bytes inner;
    if (!der_take(&outer, DER_SEQUENCE, &inner) || outer.len > 0 ||
        !der_take_unsigned(&inner, &facts->modulus) || !der_take_unsigned(&inner, &facts->exponent) ||
        inner.len > 0)
        return error_set(err, ERROR_INPUT, 0, "the RSA public key is not an RSAPublicKey (RFC 8017 A.1.1)");
    facts->bits = bit_length(facts->modulus);
    if (facts->bits < 512 || facts->bits > 16384 || facts->exponent.len > 32)
        return error_set(err, ERROR_INPUT, 0,
                         "the RSA public key has a modulus of %u bits and an exponent of %zu octets",
                         facts->bits, facts->exponent.len);
    return true;
}

static bool read_point(struct public_key_facts *facts, struct error *err)
{
    size_t field_len = curves[facts->kind].field_len;
    struct bytes point = facts->bit_string;
    bool has_both = point.len == 1 + 2 * field_len;
    bool is_full = has_both && point.data[0] == 0x04;
    if (has_both && (point.data[0] == 0x06 || point.data[0] == 0x07))
        return error_set(err, ERROR_INPUT, 0,
                         "the EC public key is in hybrid form, which must not be used (RFC 5480 2.2); "
                         "write the point uncompressed");
    facts->is_compressed = point.len == 1 + field_len && (point.data[0] == 0x02 || point.data[0] == 0x03);
    if (!is_full && !facts->is_compressed)
        return error_set(err, ERROR_INPUT, 0, "the EC public key is not a point of %s (RFC 5480 2.2)",
                         curves[facts->kind].group);
    facts->bits = curves[facts->kind].bits;
    return true;
}

/** id-ecPublicKey with anything but a curve's OID: explicit parameters or implicitCurve. */
static bool has_explicit_parameters(struct bytes algorithm)
{
    static const uint8_t ec_public_key[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};
    struct bytes inner;
    struct bytes oid;
    return der_take(&algorithm, DER_SEQUENCE, &inner) && der_take(&inner, DER_OID, &oid) &&
           bytes_equal(oid, BYTES(ec_public_key)) && !der_is_next(inner, DER_OID);
}

/** rsaEncryption whose parameters are not NULL. */
static bool lacks_null(struct bytes algorithm)
{
    static const uint8_t rsa_encryption[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01};
    struct bytes inner;
    struct bytes oid;
    return der_take(&algorithm, DER_SEQUENCE, &inner) && der_take(&inner, DER_OID, &oid) &&
           bytes_equal(oid, BYTES(rsa_encryption));
}

bool public_key_read(struct bytes spki, struct public_key_facts *ret_facts, struct error *err)
{
    struct bytes outer = spki;
    struct bytes inner;
    struct public_key_facts facts = {.spki = spki};
    if (!der_take(&outer, DER_SEQUENCE, &inner) || outer.len > 0 ||
        !der_take_whole(&inner, DER_SEQUENCE, &facts.algorithm) ||
        !der_take_octet_bits(&inner, &facts.bit_string) || inner.len > 0)
        return error_set(err, ERROR_INPUT, 0, "not a SubjectPublicKeyInfo (RFC 5280 4.1.2.7)");
    for (int kind = KEY_RSA; kind <= KEY_ED25519; kind++) {
        if (bytes_equal(facts.algorithm, key_algorithm_der((enum key_kind)kind)))
            facts.kind = (enum key_kind)kind;
    }
    bool is_sound = true;
    if (facts.kind == KEY_RSA)
        is_sound = read_rsa(&facts, err);
    else if (facts.kind == KEY_ED25519 && facts.bit_string.len != 32)
        is_sound = error_set(err, ERROR_INPUT, 0,
                             "the Ed25519 public key has %zu octets, 32 are needed (RFC 8410 4)",
                             facts.bit_string.len);
    else if (facts.kind == KEY_ED25519)
        facts.bits = 256;
    else if (facts.kind != KEY_OTHER)
        is_sound = read_point(&facts, err);
    else if (has_explicit_parameters(facts.algorithm))
        is_sound = error_set(err, ERROR_INPUT, 0,
                             "the EC key has explicit parameters; a named curve is needed (RFC 5480 2.1.1)");
    else if (lacks_null(facts.algorithm))
        is_sound = error_set(
            err, ERROR_INPUT, 0,
            "the parameters of the RSA key are not NULL, as they must be in a certificate (RFC 3279 2.3.1)");
    if (!is_sound)
        return false;
    *ret_facts = facts;
    return true;
}

bool public_key_is_portable(const struct public_key_facts *facts, struct error *err)
{
    return !facts->is_compressed ||
           error_set(err, ERROR_INPUT, 0,
                     "the EC public key is a compressed point, which Go and Java can't read in a "
                     "certificate; write the point uncompressed (RFC 5480 2.2)");
}

static EVP_PKEY *curve_templates[KEY_EC_P521 + 1];
static pthread_once_t templates_made = PTHREAD_ONCE_INIT;

/** A key with parameters only, to copy from: a third of what EVP_PKEY_fromdata costs for each key (design: "Speed"). */
static void make_templates(void)
{
    for (int kind = KEY_EC_P256; kind <= KEY_EC_P521; kind++) {
        AUTO(EVP_PKEY_CTX_free)
        EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", "provider=default");
        OSSL_PARAM parameters[] = {
            OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
                                             (char *)(uintptr_t)curves[kind].group, 0),
            OSSL_PARAM_construct_end(),
        };
        if (context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
            EVP_PKEY_fromdata(context, &curve_templates[kind], EVP_PKEY_KEY_PARAMETERS, parameters) != 1)
            abort(); // a libcrypto without the NIST curves can do nothing here
    }
}

static EVP_PKEY *new_ec(const struct public_key_facts *facts)
{
    if (pthread_once(&templates_made, make_templates) != 0)
        abort();
    AUTO(EVP_PKEY_free) EVP_PKEY *pkey = EVP_PKEY_new();
    if (pkey == NULL || EVP_PKEY_copy_parameters(pkey, curve_templates[facts->kind]) != 1 ||
        EVP_PKEY_set1_encoded_public_key(pkey, facts->bit_string.data, facts->bit_string.len) != 1)
        return NULL;
    return TAKE(pkey);
}

static EVP_PKEY *new_rsa(const struct public_key_facts *facts)
{
    EVP_PKEY *pkey = NULL;
    AUTO(BN_free) BIGNUM *modulus = BN_bin2bn(facts->modulus.data, (int)facts->modulus.len, NULL);
    AUTO(BN_free) BIGNUM *exponent = BN_bin2bn(facts->exponent.data, (int)facts->exponent.len, NULL);
    AUTO(OSSL_PARAM_BLD_free) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    if (modulus == NULL || exponent == NULL || builder == NULL ||
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus) != 1 ||
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent) != 1)
        return NULL;
    AUTO(OSSL_PARAM_free) OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(builder);
    AUTO(EVP_PKEY_CTX_free)
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", "provider=default");
    if (parameters == NULL || context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
        return NULL;
    return pkey;
}

bool public_key_new(const struct public_key_facts *facts, struct public_key **ret_key, struct error *err)
{
    EVP_PKEY *pkey = NULL;
    if (facts->kind == KEY_OTHER)
        return error_set(err, ERROR_INPUT, 0, "a key of a kind that coldca does not know");
    if (facts->kind == KEY_RSA)
        pkey = new_rsa(facts);
    else if (facts->kind == KEY_ED25519)
        pkey = EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", "provider=default", facts->bit_string.data,
                                              facts->bit_string.len);
    else
        pkey = new_ec(facts);
    if (pkey == NULL)
        return error_openssl(err, ERROR_INPUT, "the public key is not a valid %s key",
                             key_kind_name(facts->kind));
    struct public_key *key = memory_new(1, sizeof(*key));
    key->kind = facts->kind;
    key->pkey = pkey;
    *ret_key = key;
    return true;
}

void public_key_free(struct public_key *key)
{
    EVP_MD_CTX_free(key->prepared);
    EVP_PKEY_free(key->pkey);
    free(key);
}

EVP_PKEY *public_key_pkey(const struct public_key *key)
{
    return key->pkey;
}

static bool set_pss(EVP_PKEY_CTX *context, int salt_len)
{
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(context, salt_len) == 1;
}

/** A context that waits for data and signature; NULL, with OpenSSL's reason queued, if there is none. */
static EVP_MD_CTX *new_verification(const struct public_key *key, enum signature_kind kind, int salt_len)
{
    EVP_PKEY_CTX *details = NULL; // belongs to context
    AUTO(EVP_MD_CTX_free) EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context == NULL)
        return NULL;
    if (key->prepared != NULL && key->prepared_kind == kind && salt_len == RSA_PSS_SALTLEN_DIGEST)
        return EVP_MD_CTX_copy_ex(context, key->prepared) == 1 ? TAKE(context) : NULL;
    if (EVP_DigestVerifyInit_ex(context, &details, hash_openssl_name(signature_hash(kind)), NULL,
                                "provider=default", key->pkey, NULL) != 1 ||
        (signature_is_pss(kind) && !set_pss(details, salt_len)))
        return NULL;
    return TAKE(context);
}

void public_key_prepare(struct public_key *key, enum signature_kind kind)
{
    if (key->prepared != NULL || !signature_fits_key(kind, key->kind))
        return;
    key->prepared = new_verification(key, kind, RSA_PSS_SALTLEN_DIGEST);
    key->prepared_kind = kind;
    if (key->prepared == NULL)
        ERR_clear_error(); // each verification tries for itself, and says why it can't
}

static bool check_fits(const struct public_key *key, enum signature_kind kind, struct error *err)
{
    return signature_fits_key(kind, key->kind) ||
           error_set(err, ERROR_INPUT, 0, "a signature of the kind %s does not fit a key of the kind %s",
                     signature_name(kind), key_kind_name(key->kind));
}

bool public_key_verify_digest(const struct public_key *key, enum signature_kind kind, struct bytes digest,
                              struct bytes signature, struct error *err)
{
    if (!check_fits(key, kind, err))
        return false;
    enum hash_kind hash = signature_hash(kind);
    AUTO(EVP_MD_free) EVP_MD *md = EVP_MD_fetch(NULL, hash_openssl_name(hash), "provider=default");
    AUTO(EVP_PKEY_CTX_free)
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, "provider=default");
    if (md == NULL || context == NULL || EVP_PKEY_verify_init(context) != 1 ||
        EVP_PKEY_CTX_set_signature_md(context, md) != 1 ||
        (signature_is_pss(kind) && !set_pss(context, RSA_PSS_SALTLEN_DIGEST)))
        return error_openssl(err, ERROR_INPUT, "can't verify a signature of the kind %s",
                             signature_name(kind));
    return EVP_PKEY_verify(context, signature.data, signature.len, digest.data, digest.len) == 1 ||
           error_openssl(err, ERROR_INPUT, "the signature does not verify");
}

static bool verify(const struct public_key *key, enum signature_kind kind, int salt_len, struct bytes data,
                   struct bytes signature, struct error *err)
{
    if (!check_fits(key, kind, err))
        return false;
    AUTO(EVP_MD_CTX_free) EVP_MD_CTX *context = new_verification(key, kind, salt_len);
    if (context == NULL)
        return error_openssl(err, ERROR_INPUT, "can't verify a signature of the kind %s",
                             signature_name(kind));
    if (EVP_DigestVerify(context, signature.data, signature.len, data.data, data.len) != 1)
        return error_openssl(err, ERROR_INPUT, "the signature does not verify");
    return true;
}

bool public_key_verify(const struct public_key *key, enum signature_kind kind, struct bytes data,
                       struct bytes signature, struct error *err)
{
    return verify(key, kind, RSA_PSS_SALTLEN_DIGEST, data, signature, err);
}

bool public_key_verify_salted(const struct public_key *key, enum signature_kind kind, size_t salt_len,
                              struct bytes data, struct bytes signature, struct error *err)
{
    bool is_usual = salt_len == hash_len(signature_hash(kind)) || salt_len > INT_MAX;
    return verify(key, kind, is_usual ? RSA_PSS_SALTLEN_DIGEST : (int)salt_len, data, signature, err);
}
