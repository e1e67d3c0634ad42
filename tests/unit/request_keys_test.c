/* Keys in requests: which are refused without asking a policy, and how unknown ones are named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/encode.h"
#include "base/memory.h"
#include "csr_maker.h"
#include "request/csr.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>

static struct request *read_key(EVP_PKEY *key, const char *spki)
{
    struct builder der = BUILDER_INIT;
    csr_make(&(struct csr_recipe){.key = key, .spki = spki}, &der);
    struct request *request = csr_read(builder_bytes(&der));
    builder_done(&der);
    return request;
}

static void accepts_the_exponent_65537_and_nothing_below(void **state)
{
    static const unsigned exponents[] = {3, 17, 65535};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(exponents); i++) {
        EVP_PKEY *key = csr_rsa_key(2048, exponents[i]);
        struct request *request = read_key(key, NULL);
        assert_int_equal(request->problems.count, 1);
        assert_string_equal(request->problems.items[0].rule, "key.rsa-exponent");
        assert_true(request->has_proof_of_possession);
        request_free(request);
        EVP_PKEY_free(key);
    }
}

/** An RSA SubjectPublicKeyInfo with a modulus of 256 octets 0xff but the last. */
static char *rsa_spki(const char *last_octet, const char *exponent)
{
    struct builder text = BUILDER_INIT;
    builder_add_text(&text, "30{30{06{2a864886f70d010101}0500}03{00 30{02{00");
    for (int i = 0; i < 255; i++)
        builder_add_text(&text, "ff");
    builder_format(&text, "%s}02{%s}}}}", last_octet, exponent);
    return builder_take_text(&text);
}

static void refuses_rsa_keys_that_are_none(void **state)
{
    static const struct {
        const char *last;
        const char *exponent;
        const char *rule;
    } cases[] = {
        {"fe", "010001", "key.rsa-modulus"},
        {"ff", "010000", "key.rsa-exponent-invalid"},
        {"ff", "01", "key.rsa-exponent-invalid"},
        {"ff", "00", "key.rsa-exponent-invalid"},
    };
    EVP_PKEY *key = csr_key("RSA-2048");
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *spki = rsa_spki(cases[i].last, cases[i].exponent);
        struct request *request = read_key(key, spki);
        assert_true(findings_has(&request->problems, cases[i].rule));
        assert_false(request->has_proof_of_possession);
        request_free(request);
        free(spki);
    }
    EVP_PKEY_free(key);
}

static void refuses_rsa_keys_below_1024_bits(void **state)
{
    EVP_PKEY *key = csr_key("RSA-768");
    (void)state;
    struct request *request = read_key(key, NULL);
    assert_true(findings_has(&request->problems, "key.rsa-size"));
    assert_string_equal(request->key_name, "rsa-768");
    request_free(request);
    EVP_PKEY_free(key);
}

static void refuses_explicit_ec_parameters(void **state)
{
    EVP_PKEY *key = csr_key("P-256");
    struct builder der = BUILDER_INIT;
    (void)state;
    assert_int_equal(
        EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_ENCODING, OSSL_PKEY_EC_ENCODING_EXPLICIT), 1);
    csr_make(&(struct csr_recipe){.key = key}, &der);
    struct request *request = csr_read(builder_bytes(&der));
    assert_int_equal(request->problems.count, 1);
    assert_string_equal(request->problems.items[0].rule, "key.encoding");
    assert_non_null(strstr(request->problems.items[0].text, "named curve"));
    request_free(request);
    builder_done(&der);
    EVP_PKEY_free(key);
}

static void refuses_points_off_the_curve(void **state)
{
    struct builder spki = BUILDER_INIT;
    EVP_PKEY *key = csr_key("P-256");
    (void)state;
    builder_add_text(&spki, "30{30{06{2a8648ce3d0201}06{2a8648ce3d030107}}03{0004");
    for (int i = 0; i < 64; i++)
        builder_add_text(&spki, "01");
    builder_add_text(&spki, "}}");
    struct request *request = read_key(key, builder_text(&spki));
    assert_true(findings_has(&request->problems, "key.encoding"));
    assert_false(request->has_proof_of_possession);
    request_free(request);
    EVP_PKEY_free(key);
    builder_done(&spki);
}

static void refuses_ed25519_points_of_low_order(void **state)
{
#define ZEROS "00000000000000000000000000000000000000000000000000000000000000"
#define ONES "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
    static const char *const points[] = {
        "00" ZEROS,
        "0000000000000000000000000000000000000000000000000000000000000180", // an ordinary point
        "01" ZEROS,
        "ec" ONES "7f",
        "ec" ONES "ff",
        "ed" ONES "7f",
        "ee" ONES "7f",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    };
    EVP_PKEY *key = csr_key("ED25519");
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(points); i++) {
        char spki[128];
        (void)snprintf(spki, sizeof(spki), "30{30{06{2b6570}}03{00%s}}", points[i]);
        struct request *request = read_key(key, spki);
        assert_int_equal(findings_has(&request->problems, "key.ed25519-low-order"), i != 1);
        request_free(request);
    }
    EVP_PKEY_free(key);
}

static void refuses_a_forged_proof_of_possession_for_the_neutral_point(void **state)
{
    EVP_PKEY *key = csr_key("ED25519");
    struct builder der = BUILDER_INIT;
    (void)state;
    // S = 1 and R = B: [S]B = R + [k]A holds for every message if A is the neutral point. Only the rule stops it.
    csr_make(&(struct csr_recipe){.key = key,
                                  .spki = "30{30{06{2b6570}}03{00 01" ZEROS "}}",
                                  .signature =
                                      "03{00 5866666666666666666666666666666666666666666666666666666666666666"
                                      "01" ZEROS "}"},
             &der);
    struct request *request = csr_read(builder_bytes(&der));
    assert_true(request->has_proof_of_possession);
    assert_int_equal(request->problems.count, 1);
    assert_string_equal(request->problems.items[0].rule, "key.ed25519-low-order");
    request_free(request);
    builder_done(&der);
    EVP_PKEY_free(key);
}

static void names_unknown_keys_by_their_oid(void **state)
{
    static const struct {
        const char *key;
        const char *oid;
    } cases[] = {{"secp256k1", "1.3.132.0.10"}, {"ED448", "1.3.101.113"}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        EVP_PKEY *key = csr_key(cases[i].key);
        struct request *request = read_key(key, NULL);
        assert_int_equal(request->key_kind, KEY_OTHER);
        assert_string_equal(request->key_name, cases[i].oid);
        assert_true(findings_has(&request->problems, "request.signature"));
        assert_false(request->has_proof_of_possession);
        request_free(request);
        EVP_PKEY_free(key);
    }
}

static void accepts_compressed_points(void **state)
{
    EVP_PKEY *key = csr_key("P-384");
    (void)state;
    assert_int_equal(EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                                    OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_COMPRESSED),
                     1);
    struct request *request = read_key(key, NULL);
    assert_int_equal(request->problems.count, 0);
    assert_int_equal(request->key_bit_string.len, 49);
    request_free(request);
    EVP_PKEY_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_the_exponent_65537_and_nothing_below),
        cmocka_unit_test(refuses_rsa_keys_that_are_none),
        cmocka_unit_test(refuses_rsa_keys_below_1024_bits),
        cmocka_unit_test(refuses_explicit_ec_parameters),
        cmocka_unit_test(refuses_points_off_the_curve),
        cmocka_unit_test(refuses_ed25519_points_of_low_order),
        cmocka_unit_test(refuses_a_forged_proof_of_possession_for_the_neutral_point),
        cmocka_unit_test(names_unknown_keys_by_their_oid),
        cmocka_unit_test(accepts_compressed_points),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
