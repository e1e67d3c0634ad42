/* SPDX-License-Identifier: Apache-2.0 */
/* Keys by their value: every way to write one gives the same, every other key another. */
#include "base/der.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/key_value.h"
#include "base/openssl_release.h"

#include <openssl/core_names.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char *const curve_names[] = {"P-256", "P-384", "P-521"};

/** The SubjectPublicKeyInfo of a key, its point in one of SEC 1's forms. */
static void write_form(EVP_PKEY *key, const char *form, struct builder *ret_spki)
{
    uint8_t *der = NULL;
    assert_int_equal(EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, form),
                     1);
    int len = i2d_PUBKEY(key, &der);
    assert_true(len > 0);
    builder_add(ret_spki, der, (size_t)len);
    OPENSSL_free(der);
}

static void a_point_has_one_value_however_it_is_written(void **state)
{
    static const char *const forms[] = {"uncompressed", "compressed", "hybrid"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(curve_names); i++) {
        AUTO(EVP_PKEY_free) EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", curve_names[i]);
        AUTO(EVP_PKEY_free) EVP_PKEY *other = EVP_PKEY_Q_keygen(NULL, NULL, "EC", curve_names[i]);
        AUTO(builder_done) struct builder plain = BUILDER_INIT;
        AUTO(builder_done) struct builder others = BUILDER_INIT;
        uint8_t wanted[32];
        write_form(key, "uncompressed", &plain);
        write_form(other, "compressed", &others);
        digest_sha256(builder_bytes(&plain), wanted);
        for (size_t j = 0; j < ARRAY_LEN(forms); j++) {
            AUTO(builder_done) struct builder written = BUILDER_INIT;
            AUTO(builder_done) struct builder again = BUILDER_INIT;
            uint8_t value[32];
            write_form(key, forms[j], &written);
            assert_true(bytes_equal(builder_bytes(&written), builder_bytes(&plain)) == (j == 0));
            key_value(builder_bytes(&written), value);
            assert_memory_equal(value, wanted, 32);
            key_plain(builder_bytes(&written), &again);
            assert_true(bytes_equal(builder_bytes(&again), builder_bytes(&plain)));
            assert_true(key_is_same(builder_bytes(&plain), builder_bytes(&written)));
            assert_false(key_is_same(builder_bytes(&others), builder_bytes(&written)));
        }
    }
}

/** An RSA SubjectPublicKeyInfo with this AlgorithmIdentifier, given in hex. */
static void rsa_with(const char *algorithm, struct bytes numbers, struct builder *ret_spki)
{
    AUTO(builder_done) struct builder inner = BUILDER_INIT;
    assert_true(decode_hex(bytes_of_text(algorithm), &inner));
    der_add_header(&inner, DER_BIT_STRING, numbers.len + 1);
    builder_add_u8(&inner, 0);
    builder_add_bytes(&inner, numbers);
    der_add(ret_spki, DER_SEQUENCE, builder_bytes(&inner));
}

static void an_rsa_key_has_one_value_whatever_its_algorithm_says(void **state)
{
    static const char *const algorithms[] = {
        "300d06092a864886f70d0101010500", // rsaEncryption, NULL
        "300b06092a864886f70d010101",     // without
        "300b06092a864886f70d01010a",     // id-RSASSA-PSS
    };
    static const uint8_t numbers[] = {0x30, 0x08, 0x02, 0x03, 0x00, 0xc0, 0xff, 0x02, 0x01, 0x03};
    static const uint8_t others[] = {0x30, 0x08, 0x02, 0x03, 0x00, 0xc1, 0xff, 0x02, 0x01, 0x03};
    AUTO(builder_done) struct builder plain = BUILDER_INIT;
    AUTO(builder_done) struct builder other = BUILDER_INIT;
    (void)state;
    rsa_with(algorithms[0], BYTES(numbers), &plain);
    rsa_with(algorithms[1], BYTES(others), &other);
    for (size_t i = 0; i < ARRAY_LEN(algorithms); i++) {
        AUTO(builder_done) struct builder written = BUILDER_INIT;
        rsa_with(algorithms[i], BYTES(numbers), &written);
        assert_true(key_is_same(builder_bytes(&plain), builder_bytes(&written)));
        assert_false(key_is_same(builder_bytes(&other), builder_bytes(&written)));
    }
}

static void what_is_no_key_stays_as_it_is(void **state)
{
    static const char *const cases[] = {
        "",
        "3000",
        // no y for this x
        ("3039301306072a8648ce3d020106082a8648ce3d030107032200"
         "030101010101010101010101010101010101010101010101010101010101010101"),
        "301c301306072a8648ce3d020106082a8648ce3d03010703050002010101",
        "3018301306072a8648ce3d020106082a8648ce3d030107030100", // the point at infinity is one octet more
        "3019301306072a8648ce3d020106082a8648ce3d03010703020000",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(builder_done) struct builder spki = BUILDER_INIT;
        AUTO(builder_done) struct builder plain = BUILDER_INIT;
        assert_true(decode_hex(bytes_of_text(cases[i]), &spki));
        key_plain(builder_bytes(&spki), &plain);
        assert_true(bytes_equal(builder_bytes(&spki), builder_bytes(&plain)));
    }
}

static void the_key_of_a_certificate_is_found(void **state)
{
    static const uint8_t v1[] = {0x30, 0x0f, 0x02, 0x01, 0x05, 0x30, 0x00, 0x30, 0x00,
                                 0x30, 0x00, 0x30, 0x00, 0x30, 0x02, 0x05, 0x00};
    static const uint8_t v3[] = {0x30, 0x12, 0xa0, 0x03, 0x02, 0x01, 0x02, 0x02, 0x01, 0x05,
                                 0x30, 0x00, 0x30, 0x00, 0x30, 0x00, 0x30, 0x00, 0x30, 0x00};
    struct bytes spki;
    (void)state;
    assert_true(key_of_tbs(BYTES(v1), &spki));
    assert_int_equal(spki.len, 4);
    assert_true(key_of_tbs(BYTES(v3), &spki));
    assert_ptr_equal(spki.data, v3 + sizeof(v3) - 2);
    assert_false(key_of_tbs(bytes_of_text("CN=device-0001"), &spki));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_point_has_one_value_however_it_is_written),
        cmocka_unit_test(an_rsa_key_has_one_value_whatever_its_algorithm_says),
        cmocka_unit_test(what_is_no_key_stays_as_it_is),
        cmocka_unit_test(the_key_of_a_certificate_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
