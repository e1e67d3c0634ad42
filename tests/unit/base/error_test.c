/* SPDX-License-Identifier: Apache-2.0 */
/* Errors: the fault first, what was being done after it, never more than their fixed room. */
#include "base/bytes.h"
#include "base/error.h"
#include "base/quote.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void context_follows_the_fault_line_by_line(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    assert_false(error_set(&err, ERROR_LEDGER, 7, "record %d is cut", 3));
    assert_false(error_while(&err, "reading %s", "ledger.jsonl"));
    assert_false(error_while(&err, "opening the home"));
    assert_int_equal(err.kind, ERROR_LEDGER);
    assert_int_equal(err.native, 7);
    assert_string_equal(err.text, "record 3 is cut\nwhile reading ledger.jsonl\nwhile opening the home");
    assert_int_equal(err.len, strlen(err.text));
}

static void a_new_fault_replaces_the_old_one(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    assert_false(error_set(&err, ERROR_TOKEN, 1, "a long first fault"));
    assert_false(error_set(&err, ERROR_INPUT, 0, "second"));
    assert_string_equal(err.text, "second");
    assert_int_equal(err.kind, ERROR_INPUT);
    error_clear(&err);
    assert_int_equal(err.kind, ERROR_NONE);
    assert_string_equal(err.text, "");
}

static void errno_is_told_in_words(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    assert_false(error_errno(&err, ERROR_INPUT, ENOSPC, "can't write %s", "x"));
    assert_string_equal(err.text, "can't write x: No space left on device");
    assert_int_equal(err.native, ENOSPC);
}

static void openssl_is_told_and_its_queue_emptied(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    ERR_clear_error();
    ERR_raise(ERR_LIB_PEM, PEM_R_NO_START_LINE);
    ERR_raise(ERR_LIB_PEM, PEM_R_NO_START_LINE);
    ERR_raise(ERR_LIB_PEM, PEM_R_BAD_BASE64_DECODE);
    assert_false(error_openssl(&err, ERROR_INPUT, "can't read %s", "ca.pem"));
    assert_string_equal(err.text, "can't read ca.pem: no start line, no start line, bad base64 decode");
    assert_int_equal(ERR_peek_error(), 0);
}

static void a_text_too_long_is_cut_and_ended(void **state)
{
    char long_text[3000];
    struct error err = ERROR_INIT;
    (void)state;
    memset(long_text, 'x', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = '\0';
    assert_false(error_set(&err, ERROR_INPUT, 0, "%s", long_text));
    assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
    assert_false(error_while(&err, "doing %s", long_text));
    assert_false(error_errno(&err, ERROR_INPUT, EIO, "%s", long_text));
    assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
    assert_int_equal(err.len, sizeof(err.text) - 1);
}

static void a_text_too_long_is_cut_between_characters(void **state)
{
    char wide[1202];
    struct error err = ERROR_INIT;
    (void)state;
    for (size_t shift = 0; shift < 3; shift++) {
        memset(wide, 'x', shift);
        for (size_t i = shift; i + 3 < sizeof(wide); i += 3)
            memcpy(wide + i, "\xe6\x97\xa5", 4);
        assert_false(error_set(&err, ERROR_INPUT, 0, "%s", wide));
        assert_true(utf8_is_valid(bytes_of_text(err.text)));
        assert_int_equal(err.len, strlen(err.text));
        assert_true(err.len > sizeof(err.text) - 4);
        assert_false(error_errno(&err, ERROR_INPUT, EIO, "%.*s", (int)(999 + shift), wide));
        assert_false(error_while(&err, "doing %s", wide));
        assert_true(utf8_is_valid(bytes_of_text(err.text)));
    }
}

static void exit_codes_are_the_contract(void **state)
{
    (void)state;
    assert_int_equal(ERROR_USAGE, 2);
    assert_int_equal(ERROR_INPUT, 3);
    assert_int_equal(ERROR_TOKEN, 4);
    assert_int_equal(ERROR_LEDGER, 5);
    assert_int_equal(ERROR_INTERRUPTED, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(context_follows_the_fault_line_by_line),
        cmocka_unit_test(a_new_fault_replaces_the_old_one),
        cmocka_unit_test(errno_is_told_in_words),
        cmocka_unit_test(openssl_is_told_and_its_queue_emptied),
        cmocka_unit_test(a_text_too_long_is_cut_and_ended),
        cmocka_unit_test(a_text_too_long_is_cut_between_characters),
        cmocka_unit_test(exit_codes_are_the_contract),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
