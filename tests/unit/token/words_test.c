/* SPDX-License-Identifier: Apache-2.0 */
/* What token/ says of PKCS#11 codes, URIs and points; no token is needed. */
#include "token/internal.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_every_standard_code_has_a_name_and_advice(void **state)
{
    (void)state; // cmocka's form
    // PKCS#11 v2.40 2.5: all codes but those for functions coldca never calls (encryption, verification, wrapping).
    static const struct {
        CK_RV rv;
        const char *name;
    } codes[] = {{0x01, "CKR_CANCEL"},
                 {0x02, "CKR_HOST_MEMORY"},
                 {0x03, "CKR_SLOT_ID_INVALID"},
                 {0x05, "CKR_GENERAL_ERROR"},
                 {0x06, "CKR_FUNCTION_FAILED"},
                 {0x07, "CKR_ARGUMENTS_BAD"},
                 {0x10, "CKR_ATTRIBUTE_READ_ONLY"},
                 {0x11, "CKR_ATTRIBUTE_SENSITIVE"},
                 {0x12, "CKR_ATTRIBUTE_TYPE_INVALID"},
                 {0x13, "CKR_ATTRIBUTE_VALUE_INVALID"},
                 {0x20, "CKR_DATA_INVALID"},
                 {0x21, "CKR_DATA_LEN_RANGE"},
                 {0x30, "CKR_DEVICE_ERROR"},
                 {0x31, "CKR_DEVICE_MEMORY"},
                 {0x32, "CKR_DEVICE_REMOVED"},
                 {0x50, "CKR_FUNCTION_CANCELED"},
                 {0x54, "CKR_FUNCTION_NOT_SUPPORTED"},
                 {0x60, "CKR_KEY_HANDLE_INVALID"},
                 {0x62, "CKR_KEY_SIZE_RANGE"},
                 {0x63, "CKR_KEY_TYPE_INCONSISTENT"},
                 {0x68, "CKR_KEY_FUNCTION_NOT_PERMITTED"},
                 {0x70, "CKR_MECHANISM_INVALID"},
                 {0x71, "CKR_MECHANISM_PARAM_INVALID"},
                 {0x82, "CKR_OBJECT_HANDLE_INVALID"},
                 {0x90, "CKR_OPERATION_ACTIVE"},
                 {0x91, "CKR_OPERATION_NOT_INITIALIZED"},
                 {0xa0, "CKR_PIN_INCORRECT"},
                 {0xa1, "CKR_PIN_INVALID"},
                 {0xa2, "CKR_PIN_LEN_RANGE"},
                 {0xa3, "CKR_PIN_EXPIRED"},
                 {0xa4, "CKR_PIN_LOCKED"},
                 {0xb0, "CKR_SESSION_CLOSED"},
                 {0xb1, "CKR_SESSION_COUNT"},
                 {0xb3, "CKR_SESSION_HANDLE_INVALID"},
                 {0xb5, "CKR_SESSION_READ_ONLY"},
                 {0xb6, "CKR_SESSION_EXISTS"},
                 {0xd0, "CKR_TEMPLATE_INCOMPLETE"},
                 {0xd1, "CKR_TEMPLATE_INCONSISTENT"},
                 {0xe0, "CKR_TOKEN_NOT_PRESENT"},
                 {0xe1, "CKR_TOKEN_NOT_RECOGNIZED"},
                 {0xe2, "CKR_TOKEN_WRITE_PROTECTED"},
                 {0x100, "CKR_USER_ALREADY_LOGGED_IN"},
                 {0x101, "CKR_USER_NOT_LOGGED_IN"},
                 {0x102, "CKR_USER_PIN_NOT_INITIALIZED"},
                 {0x103, "CKR_USER_TYPE_INVALID"},
                 {0x104, "CKR_USER_ANOTHER_ALREADY_LOGGED_IN"},
                 {0x121, "CKR_RANDOM_NO_RNG"},
                 {0x130, "CKR_DOMAIN_PARAMS_INVALID"},
                 {0x140, "CKR_CURVE_NOT_SUPPORTED"},
                 {0x150, "CKR_BUFFER_TOO_SMALL"},
                 {0x190, "CKR_CRYPTOKI_NOT_INITIALIZED"},
                 {0x191, "CKR_CRYPTOKI_ALREADY_INITIALIZED"},
                 {0x200, "CKR_FUNCTION_REJECTED"}};
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        struct error err = ERROR_INIT;
        assert_false(error_rv(&err, codes[i].rv, "doing it"));
        assert_int_equal(err.kind, ERROR_TOKEN);
        assert_int_equal(err.native, codes[i].rv);
        assert_non_null(strstr(err.text, codes[i].name));
        assert_true(strlen(rv_advice(codes[i].rv)) > 8);
        assert_null(strstr(err.text, "manual"));
    }
}

static void test_an_unknown_code_is_shown_in_hex(void **state)
{
    (void)state; // cmocka's form
    struct error err = ERROR_INIT;
    assert_false(error_rv(&err, 0x80000123, "signing"));
    assert_string_equal(
        err.text, "signing: a vendor's error code (0x80000123): look the code up in the token's manual");
    assert_false(error_rv(&err, 0x1ff, "signing"));
    assert_non_null(strstr(err.text, "0x000001ff"));
}

static void test_a_uri_made_is_read_back(void **state)
{
    (void)state; // cmocka's form
    struct error err = ERROR_INIT;
    struct token_info info = {.label = "a;b=c %?", .manufacturer = "M", .model = "Mo/del", .serial = "0 1"};
    static const uint8_t id[] = {0x00, 0xff, 0x3b, 0x25};
    AUTO(free) char *text = uri_make(&info, BYTES(id), BYTES_LITERAL("k\xc3\xa4y&?"), CKO_PRIVATE_KEY);
    AUTO(key_uri_done) struct key_uri uri = {.parsed = NULL};
    AUTO(token_address_done) struct token_address address = {.label = NULL};
    if (!key_uri_parse(text, &uri, &err) || !token_address_parse(text, &address, &err))
        fail_msg("%s: %s", text, err.text);
    assert_true(bytes_equal(uri.id, BYTES(id)));
    assert_true(bytes_equal(uri.label, BYTES_LITERAL("k\xc3\xa4y&?")));
    assert_true(key_uri_fits(&uri, &info));
    assert_string_equal(address.label, info.label);
    assert_string_equal(address.model, info.model);
    assert_int_equal(address.object, TOKEN_PRIVATE_KEY);
    assert_null(address.module);
    info.serial[0] = '1';
    assert_false(key_uri_fits(&uri, &info));
}

static void test_a_uri_names_its_module_and_where_the_pin_is_but_never_the_pin(void **state)
{
    (void)state; // cmocka's form
    struct error err = ERROR_INIT;
    AUTO(token_address_done) struct token_address address = {.label = NULL};
    struct token_address none = {.label = NULL};
    assert_true(token_address_parse("pkcs11:token=x;slot-id=7?module-path=/lib/m.so&pin-source=file:/run/pin",
                                    &address, &err));
    assert_string_equal(address.module, "/lib/m.so");
    assert_string_equal(address.pin_source, "file:/run/pin");
    assert_false(token_address_parse("pkcs11:token=x?pin-value=4711", &none, &err));
    assert_int_equal(err.kind, ERROR_TOKEN);
    assert_null(strstr(err.text, "4711"));
}

static void test_a_slot_id_in_a_uri_counts(void **state)
{
    (void)state; // cmocka's form
    struct error err = ERROR_INIT;
    struct token_info info = {.label = "x", .slot_id = 7};
    AUTO(key_uri_done) struct key_uri uri = {.parsed = NULL};
    assert_true(key_uri_parse("pkcs11:token=x;slot-id=7", &uri, &err));
    assert_true(key_uri_fits(&uri, &info));
    info.slot_id = 8;
    assert_false(key_uri_fits(&uri, &info));
}

static void test_what_is_no_uri_of_ours_is_refused(void **state)
{
    (void)state; // cmocka's form
    static const char *const wrong[] = {
        "",          "pkcs11",           "http:token=x",       "pkcs11:id=%zz",
        "pkcs11:id", "pkcs11:type=blob", "pkcs11:unknown=yes", "pkcs11:token=x;token=y;colour=red",
    };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct error err = ERROR_INIT;
        struct token_address address = {.label = NULL};
        if (token_address_parse(wrong[i], &address, &err))
            fail_msg("taken: %s", wrong[i]);
        assert_int_equal(err.kind, ERROR_TOKEN);
    }
}

static void test_a_point_is_read_bare_or_wrapped_and_of_the_right_length_only(void **state)
{
    (void)state; // cmocka's form
    uint8_t wrapped[67] = {0x04, 0x41, 0x04, 0xaa};
    struct bytes point;
    assert_true(point_read(BYTES(wrapped), 65, &point));
    assert_ptr_equal(point.data, wrapped + 2);
    assert_int_equal(point.len, 65);
    assert_true(point_read(bytes_of(wrapped + 2, 65), 65, &point));
    assert_ptr_equal(point.data, wrapped + 2);
    assert_false(point_read(bytes_of(wrapped, 66), 65, &point));
    assert_false(point_read(BYTES(wrapped), 97, &point));
    wrapped[0] = 0x03;
    assert_false(point_read(BYTES(wrapped), 65, &point));
}

static void test_a_field_of_fixed_length_ends_at_its_padding(void **state)
{
    (void)state; // cmocka's form
    char text[9];
    token_trim((const unsigned char *)"ab c    ", 8, text);
    assert_string_equal(text, "ab c");
    token_trim((const unsigned char *)"ab\0zzzzz", 8, text); // against the standard, but seen
    assert_string_equal(text, "ab");
    token_trim((const unsigned char *)"        ", 8, text);
    assert_string_equal(text, "");
    token_trim((const unsigned char *)"12345678", 8, text);
    assert_string_equal(text, "12345678");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_standard_code_has_a_name_and_advice),
        cmocka_unit_test(test_an_unknown_code_is_shown_in_hex),
        cmocka_unit_test(test_a_uri_made_is_read_back),
        cmocka_unit_test(test_a_uri_names_its_module_and_where_the_pin_is_but_never_the_pin),
        cmocka_unit_test(test_a_slot_id_in_a_uri_counts),
        cmocka_unit_test(test_what_is_no_uri_of_ours_is_refused),
        cmocka_unit_test(test_a_point_is_read_bare_or_wrapped_and_of_the_right_length_only),
        cmocka_unit_test(test_a_field_of_fixed_length_ends_at_its_padding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
