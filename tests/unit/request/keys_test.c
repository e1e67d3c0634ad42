/* SPDX-License-Identifier: Apache-2.0 */
/* Keys in requests: which can not be read, and how unknown ones are named. Weak ones are screen/'s. */
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

static void sees_no_proof_of_possession_where_nothing_can_be_verified(void **state)
{
    static const char *const cases[][2] = {{"fe", "010001"}, {"ff", "010000"}, {"ff", "01"}, {"ff", "00"}};
    EVP_PKEY *key = csr_key("RSA-2048");
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *spki = rsa_spki(cases[i][0], cases[i][1]);
        struct request *request = read_key(key, spki);
        assert_true(findings_has(&request->problems, "request.signature"));
        assert_false(request->has_proof_of_possession);
        request_free(request);
        free(spki);
    }
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

static void names_unknown_keys(void **state)
{
    static const struct {
        const char *key;
        const char *name;
    } cases[] = {{"secp256k1", "secp256k1 (1.3.132.0.10)"}, {"ED448", "Ed448 (1.3.101.113)"}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        EVP_PKEY *key = csr_key(cases[i].key);
        struct request *request = read_key(key, NULL);
        assert_int_equal(request->key_kind, KEY_OTHER);
        assert_string_equal(request->key_name, cases[i].name);
        assert_true(findings_has(&request->problems, "request.signature"));
        assert_false(request->has_proof_of_possession);
        request_free(request);
        EVP_PKEY_free(key);
    }
}

/** Whose key it is is known all the same, so that a copied one is found. */
static void refuses_points_that_are_not_written_plainly(void **state)
{
    static const struct {
        const char *form;
        const char *words;
        bool is_proven;
    } cases[] = {{"uncompressed", NULL, true},
                 {"compressed", "which Go and Java can't read", true},
                 {"hybrid", "hybrid form", false}};
    uint8_t value[32] = {0};
    EVP_PKEY *key = csr_key("P-384");
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(
            EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, cases[i].form),
            1);
        struct request *request = read_key(key, NULL);
        assert_int_equal(request->problems.count, cases[i].words == NULL ? 0 : 1);
        assert_int_equal(request->has_proof_of_possession, cases[i].is_proven);
        if (cases[i].words != NULL) {
            assert_string_equal(request->problems.items[0].rule, "key.encoding");
            assert_non_null(strstr(request->problems.items[0].text, cases[i].words));
            assert_non_null(strstr(request->problems.items[0].text, "RFC 5480 2.2"));
            assert_memory_equal(request->key_value, value, 32);
            assert_memory_not_equal(request->spki_sha256, value, 32);
        }
        memcpy(value, request->key_value, sizeof(value));
        request_free(request);
    }
    EVP_PKEY_free(key);
}

static void refuses_rsa_keys_without_null(void **state)
{
    char *sound = rsa_spki("ff", "010001");
    struct builder spki = BUILDER_INIT;
    EVP_PKEY *key = csr_key("RSA-2048");
    (void)state;
    builder_format(&spki, "30{30{06{2a864886f70d010101}}%s", strstr(sound, "03{"));
    struct request *request = read_key(key, builder_text(&spki));
    assert_int_equal(request->problems.count, 1);
    assert_non_null(strstr(request->problems.items[0].text, "RFC 3279 2.3.1"));
    request_free(request);
    EVP_PKEY_free(key);
    builder_done(&spki);
    free(sound);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sees_no_proof_of_possession_where_nothing_can_be_verified),
        cmocka_unit_test(refuses_explicit_ec_parameters),
        cmocka_unit_test(refuses_points_off_the_curve),
        cmocka_unit_test(names_unknown_keys),
        cmocka_unit_test(refuses_points_that_are_not_written_plainly),
        cmocka_unit_test(refuses_rsa_keys_without_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
