/* SPDX-License-Identifier: Apache-2.0 */
/* Hex and base64: RFC 4648's vectors, and one spelling a value. */
#include "base/encode.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void base64_has_the_vectors_of_rfc_4648_section_10(void **state)
{
    static const char *const vectors[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
        AUTO(builder_done) struct builder text = BUILDER_INIT;
        AUTO(builder_done) struct builder data = BUILDER_INIT;
        encode_base64(bytes_of_text(vectors[i][0]), &text);
        assert_string_equal(builder_text(&text), vectors[i][1]);
        assert_true(decode_base64(bytes_of_text(vectors[i][1]), &data));
        assert_string_equal(builder_text(&data), vectors[i][0]);
    }
}

static void every_byte_survives_base64_and_hex(void **state)
{
    uint8_t all[256];
    (void)state;
    for (size_t i = 0; i < sizeof(all); i++)
        all[i] = (uint8_t)i;
    for (size_t len = 0; len <= sizeof(all); len++) {
        AUTO(builder_done) struct builder base64 = BUILDER_INIT;
        AUTO(builder_done) struct builder hex = BUILDER_INIT;
        AUTO(builder_done) struct builder data = BUILDER_INIT;
        encode_base64(bytes_of(all, len), &base64);
        encode_hex(bytes_of(all, len), &hex);
        assert_true(decode_base64(builder_bytes(&base64), &data));
        assert_true(bytes_equal(builder_bytes(&data), bytes_of(all, len)));
        builder_clear(&data);
        assert_true(decode_hex(builder_bytes(&hex), &data));
        assert_true(bytes_equal(builder_bytes(&data), bytes_of(all, len)));
    }
}

static void base64_that_is_not_canonical_is_refused(void **state)
{
    static const char *const wrong[] = {
        "Zg",       "Zg=",    "Zg===", "=",     "====", "Z===",    "Zh==", // stray bits after one byte
        "Zm9=",                                                            // stray bits after two bytes
        "Zg==Zg==", "Zm9v\n", " Zm9v", "Zm9v=", "Zm-_", "Zm9\xc3", "Zg==\n",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        AUTO(builder_done) struct builder data = BUILDER_INIT;
        builder_add_text(&data, "kept");
        if (decode_base64(bytes_of_text(wrong[i]), &data))
            fail_msg("\"%s\" was taken", wrong[i]);
        assert_string_equal(builder_text(&data), "kept");
    }
}

static void hex_is_lower_case_and_read_in_both(void **state)
{
    (void)state;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder data = BUILDER_INIT;
    encode_hex(BYTES_LITERAL("\x00\xab\xff"), &text);
    assert_string_equal(builder_text(&text), "00abff");
    assert_true(decode_hex(BYTES_LITERAL("00aBFf"), &data));
    assert_true(bytes_equal(builder_bytes(&data), BYTES_LITERAL("\x00\xab\xff")));
}

static void what_is_not_hex_is_refused(void **state)
{
    static const char *const wrong[] = {"0", "0g", "0x00", " 00", "00 ", "00\n", "G0", "0:"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        AUTO(builder_done) struct builder data = BUILDER_INIT;
        if (decode_hex(bytes_of_text(wrong[i]), &data))
            fail_msg("\"%s\" was taken", wrong[i]);
        assert_int_equal(data.len, 0);
    }
}

static void hex_of_stops_at_64_bytes(void **state)
{
    char text[129];
    uint8_t data[100] = {0xa5};
    (void)state;
    assert_string_equal(hex_of(bytes_of(data, 1), text), "a5");
    assert_int_equal(strlen(hex_of(BYTES(data), text)), 128);
    assert_string_equal(hex_of(bytes_of(NULL, 0), text), "");
}

static void pem_has_lines_of_64(void **state)
{
    uint8_t der[49] = {0};
    (void)state;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    encode_pem("CERTIFICATE", BYTES(der), &text);
    assert_string_equal(builder_text(&text),
                        "-----BEGIN CERTIFICATE-----\n"
                        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
                        "AA==\n"
                        "-----END CERTIFICATE-----\n");
    builder_clear(&text);
    encode_pem("X", bytes_of(der, 48), &text);
    assert_string_equal(builder_text(&text),
                        "-----BEGIN X-----\n"
                        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
                        "-----END X-----\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64_has_the_vectors_of_rfc_4648_section_10),
        cmocka_unit_test(every_byte_survives_base64_and_hex),
        cmocka_unit_test(base64_that_is_not_canonical_is_refused),
        cmocka_unit_test(hex_is_lower_case_and_read_in_both),
        cmocka_unit_test(what_is_not_hex_is_refused),
        cmocka_unit_test(hex_of_stops_at_64_bytes),
        cmocka_unit_test(pem_has_lines_of_64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
