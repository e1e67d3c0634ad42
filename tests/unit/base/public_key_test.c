/* SPDX-License-Identifier: Apache-2.0 */
/* Algorithms and public keys against OpenSSL: the same identifiers, the same keys, the same signatures. */
#include "base/encode.h"
#include "base/openssl_release.h"
#include "base/public_key.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct {
    enum key_kind kind;
    unsigned bits;
    const char *type;
    const char *group;
} kinds[] = {
    {KEY_RSA, 2048, "RSA", NULL},      {KEY_EC_P256, 256, "EC", "P-256"},   {KEY_EC_P384, 384, "EC", "P-384"},
    {KEY_EC_P521, 521, "EC", "P-521"}, {KEY_ED25519, 256, "ED25519", NULL},
};

static EVP_PKEY *made[ARRAY_LEN(kinds)];

static int setup(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        made[i] = kinds[i].kind == KEY_RSA ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)kinds[i].bits)
                  : kinds[i].group != NULL ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", kinds[i].group)
                                           : EVP_PKEY_Q_keygen(NULL, NULL, kinds[i].type);
        if (made[i] == NULL)
            return -1;
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        EVP_PKEY_free(made[i]);
    return 0;
}

static void spki_of(EVP_PKEY *key, struct builder *ret_spki)
{
    uint8_t *der = NULL;
    int len = i2d_PUBKEY(key, &der);
    assert_true(len > 0);
    builder_add(ret_spki, der, (size_t)len);
    OPENSSL_free(der);
}

static void keys_that_openssl_writes_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct error err = ERROR_INIT;
        struct public_key_facts facts;
        AUTO(builder_done) struct builder spki = BUILDER_INIT;
        AUTO(public_key_free) struct public_key *key = NULL;
        spki_of(made[i], &spki);
        assert_true(public_key_read(builder_bytes(&spki), &facts, &err));
        assert_int_equal(facts.kind, kinds[i].kind);
        assert_int_equal(facts.bits, kinds[i].bits);
        assert_int_equal(facts.modulus.len, kinds[i].kind == KEY_RSA ? 256 : 0);
        assert_true(public_key_new(&facts, &key, &err));
        assert_int_equal(EVP_PKEY_eq(public_key_pkey(key), made[i]), 1);
    }
}

static void every_cut_and_every_trailing_byte_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct error err = ERROR_INIT;
        struct public_key_facts facts;
        AUTO(builder_done) struct builder spki = BUILDER_INIT;
        spki_of(made[i], &spki);
        for (size_t len = 0; len < spki.len; len++)
            assert_false(public_key_read(bytes_of(spki.data, len), &facts, &err));
        builder_add_u8(&spki, 0);
        assert_false(public_key_read(builder_bytes(&spki), &facts, &err));
        assert_int_equal(err.kind, ERROR_INPUT);
    }
}

/** Signs with OpenSSL; also gives the AlgorithmIdentifier that OpenSSL would write. */
static void sign(EVP_PKEY *key, enum signature_kind kind, struct builder *ret_signature,
                 struct builder *ret_algorithm)
{
    uint8_t room[1024];
    size_t len = sizeof(room);
    EVP_PKEY_CTX *details = NULL;
    AUTO(EVP_MD_CTX_free) EVP_MD_CTX *context = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestSignInit_ex(context, &details, hash_openssl_name(signature_hash(kind)), NULL,
                                           NULL, key, NULL),
                     1);
    if (signature_is_pss(kind)) {
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(details, RSA_PKCS1_PSS_PADDING), 1);
        assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(details, RSA_PSS_SALTLEN_DIGEST), 1);
    }
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_octet_string(OSSL_SIGNATURE_PARAM_ALGORITHM_ID, room, sizeof(room)),
        OSSL_PARAM_construct_end(),
    };
    assert_int_equal(EVP_PKEY_CTX_get_params(details, parameters), 1);
    builder_add(ret_algorithm, room, parameters[0].return_size);
    assert_int_equal(EVP_DigestSign(context, room, &len, (const uint8_t *)"bytes", 5), 1);
    builder_add(ret_signature, room, len);
}

/** Takes the signature, over these bytes only, and none that was changed. */
static void assert_verifies(const struct public_key *key, enum signature_kind kind, struct bytes signature)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder changed = BUILDER_INIT;
    builder_add_bytes(&changed, signature);
    changed.data[changed.len / 2] ^= 1;
    assert_true(public_key_verify(key, kind, BYTES_LITERAL("bytes"), signature, &err));
    assert_false(public_key_verify(key, kind, BYTES_LITERAL("Bytes"), signature, &err));
    assert_false(public_key_verify(key, kind, BYTES_LITERAL("bytes"), builder_bytes(&changed), &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_false(public_key_verify(key, kind, BYTES_LITERAL("bytes"), bytes_of(NULL, 0), &err));
}

static void every_signature_kind_is_openssls_and_fits_its_keys_only(void **state)
{
    size_t fitting = 0;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct error err = ERROR_INIT;
        struct public_key_facts facts;
        AUTO(builder_done) struct builder spki = BUILDER_INIT;
        AUTO(public_key_free) struct public_key *key = NULL;
        spki_of(made[i], &spki);
        assert_true(public_key_read(builder_bytes(&spki), &facts, &err));
        assert_true(public_key_new(&facts, &key, &err));
        for (int number = SIGNATURE_OTHER + 1; number <= SIGNATURE_ED25519; number++) {
            enum signature_kind kind = (enum signature_kind)number;
            AUTO(builder_done) struct builder signature = BUILDER_INIT;
            AUTO(builder_done) struct builder algorithm = BUILDER_INIT;
            if (!signature_fits_key(kind, facts.kind)) {
                assert_false(public_key_verify(key, kind, BYTES_LITERAL("bytes"), BYTES_LITERAL("x"), &err));
                assert_non_null(strstr(err.text, "does not fit a key"));
                continue;
            }
            fitting++;
            sign(made[i], kind, &signature, &algorithm);
            assert_true(bytes_equal(signature_algorithm_der(kind), builder_bytes(&algorithm)));
            assert_int_equal(signature_of_der(builder_bytes(&algorithm)), kind);
            AUTO(public_key_free) struct public_key *ready = NULL;
            assert_true(public_key_new(&facts, &ready, &err));
            public_key_prepare(ready, kind);
            assert_verifies(key, kind, builder_bytes(&signature));
            assert_verifies(ready, kind, builder_bytes(&signature));
            assert_verifies(ready, kind, builder_bytes(&signature));
            public_key_prepare(key, kind); // the other kinds then meet a key prepared for this one
        }
    }
    assert_int_equal(fitting, 6 + 3 * 3 + 1);
}

static void a_point_off_its_curve_is_no_key(void **state)
{
    struct error err = ERROR_INIT;
    struct public_key_facts facts;
    struct public_key *key = NULL;
    (void)state;
    AUTO(builder_done) struct builder spki = BUILDER_INIT;
    spki_of(made[1], &spki);
    spki.data[spki.len - 1] ^= 1;
    assert_true(public_key_read(builder_bytes(&spki), &facts, &err));
    assert_false(public_key_new(&facts, &key, &err));
    assert_non_null(strstr(err.text, "not a valid ec-p256 key"));
    assert_null(key);
}

static void explicit_parameters_are_refused(void **state)
{
    struct error err = ERROR_INIT;
    struct public_key_facts facts;
    (void)state;
    AUTO(EVP_PKEY_free) EVP_PKEY *key = EVP_PKEY_dup(made[1]);
    AUTO(builder_done) struct builder spki = BUILDER_INIT;
    assert_int_equal(
        EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_ENCODING, OSSL_PKEY_EC_ENCODING_EXPLICIT), 1);
    spki_of(key, &spki);
    assert_false(public_key_read(builder_bytes(&spki), &facts, &err));
    assert_non_null(strstr(err.text, "explicit parameters"));
}

static void a_key_of_another_kind_is_read_but_not_used(void **state)
{
    struct error err = ERROR_INIT;
    struct public_key_facts facts;
    struct public_key *none = NULL;
    (void)state;
    AUTO(EVP_PKEY_free) EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
    AUTO(builder_done) struct builder spki = BUILDER_INIT;
    spki_of(key, &spki);
    assert_true(public_key_read(builder_bytes(&spki), &facts, &err));
    assert_int_equal(facts.kind, KEY_OTHER);
    assert_false(public_key_new(&facts, &none, &err));
}

static void names_of_keys_are_parsed_as_they_are_written(void **state)
{
    static const char *const names[] = {"rsa-2048", "rsa-3072", "rsa-4096", "ec-p256",
                                        "ec-p384",  "ec-p521",  "ed25519"};
    static const char *const wrong[] = {"",          "rsa",       "rsa-",     "rsa-02048", "rsa-2048 ",
                                        "rsa-+2048", "rsa- 2048", "rsa-1000", "rsa-99999", "RSA-2048",
                                        "ec-p224",   "p256",      "other",    "ed448"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char room[32];
        enum key_kind kind = KEY_OTHER;
        unsigned bits = 0;
        assert_true(key_parse(names[i], &kind, &bits));
        assert_string_equal(key_name(kind, bits, room), names[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        enum key_kind kind = KEY_OTHER;
        unsigned bits = 0;
        assert_false(key_parse(wrong[i], &kind, &bits));
    }
}

static void a_key_signs_by_default_with_a_hash_that_fits(void **state)
{
    (void)state;
    assert_int_equal(signature_for_key(KEY_RSA, HASH_NONE, false), SIGNATURE_RSA_SHA256);
    assert_int_equal(signature_for_key(KEY_RSA, HASH_SHA512, true), SIGNATURE_PSS_SHA512);
    assert_int_equal(signature_for_key(KEY_EC_P256, HASH_NONE, true), SIGNATURE_ECDSA_SHA256);
    assert_int_equal(signature_for_key(KEY_EC_P384, HASH_NONE, false), SIGNATURE_ECDSA_SHA384);
    assert_int_equal(signature_for_key(KEY_EC_P521, HASH_NONE, false), SIGNATURE_ECDSA_SHA512);
    assert_int_equal(signature_for_key(KEY_EC_P256, HASH_SHA512, false), SIGNATURE_ECDSA_SHA512);
    assert_int_equal(signature_for_key(KEY_ED25519, HASH_SHA256, false), SIGNATURE_ED25519);
    assert_int_equal(signature_for_key(KEY_OTHER, HASH_NONE, false), SIGNATURE_OTHER);
    assert_int_equal(signature_of_der(BYTES_LITERAL("\x30\x00")), SIGNATURE_OTHER);
    assert_int_equal(signature_of_der(bytes_of(NULL, 0)), SIGNATURE_OTHER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_that_openssl_writes_are_read),
        cmocka_unit_test(every_cut_and_every_trailing_byte_is_refused),
        cmocka_unit_test(every_signature_kind_is_openssls_and_fits_its_keys_only),
        cmocka_unit_test(a_point_off_its_curve_is_no_key),
        cmocka_unit_test(explicit_parameters_are_refused),
        cmocka_unit_test(a_key_of_another_kind_is_read_but_not_used),
        cmocka_unit_test(names_of_keys_are_parsed_as_they_are_written),
        cmocka_unit_test(a_key_signs_by_default_with_a_hash_that_fits),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
