/* SPDX-License-Identifier: Apache-2.0 */
/* A URI names one token by each of its parts: one part that differs, and it is another token (RFC 7512 2.3). */
#include "token/internal.h"

#include "base/memory.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct token_info info = {
    .label = "ca", .manufacturer = "Acme", .model = "HSM 7", .serial = "0042", .slot_id = 3};

static bool fits(const char *text)
{
    struct error err = ERROR_INIT;
    AUTO(key_uri_done) struct key_uri uri = {.parsed = NULL};
    if (!key_uri_parse(text, &uri, &err))
        fail_msg("%s: %s", text, err.text);
    return key_uri_fits(&uri, &info);
}

static void each_part_counts(void **state)
{
    (void)state;
    assert_true(fits("pkcs11:"));
    assert_true(fits("pkcs11:token=ca;manufacturer=Acme;model=HSM%207;serial=0042"));
    assert_true(fits("pkcs11:slot-id=3"));
    static const char *const others[] = {"pkcs11:token=cb",
                                         "pkcs11:token=c",
                                         "pkcs11:manufacturer=Acm",
                                         "pkcs11:model=HSM",
                                         "pkcs11:model=HSM%208",
                                         "pkcs11:serial=42",
                                         "pkcs11:serial=0043",
                                         "pkcs11:slot-id=4",
                                         "pkcs11:token=ca;manufacturer=Acme;model=HSM%207;serial=0043"};
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        if (fits(others[i]))
            fail_msg("%s is another token", others[i]);
    }
}

static void what_is_no_uri_of_a_key_is_refused_without_its_text(void **state)
{
    static const struct {
        const char *text;
        const char *words;
    } cases[] = {
        {"token=ca", "is not RFC 7512"},
        {"pkcs11:id=%0", "is not RFC 7512"},
        {"pkcs11:token=ca?pin-value=secret", "holds a PIN (pin-value)"},
        {"pkcs11:token=ca;colour=red", "an attribute RFC 7512 does not know"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err = ERROR_INIT;
        AUTO(key_uri_done) struct key_uri uri = {.parsed = NULL};
        assert_false(key_uri_parse(cases[i].text, &uri, &err));
        assert_int_equal(err.kind, ERROR_TOKEN);
        if (strstr(err.text, cases[i].words) == NULL || strstr(err.text, "secret") != NULL)
            fail_msg("%s: %s", cases[i].text, err.text);
    }
    struct error err = ERROR_INIT;
    enum token_object object = TOKEN_ANY_OBJECT;
    AUTO(key_uri_done) struct key_uri data = {.parsed = NULL};
    assert_true(key_uri_parse("pkcs11:type=secret-key", &data, &err));
    assert_false(key_uri_object(&data, &object, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_part_counts),
        cmocka_unit_test(what_is_no_uri_of_a_key_is_refused_without_its_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
