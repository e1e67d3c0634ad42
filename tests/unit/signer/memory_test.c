/* SPDX-License-Identifier: Apache-2.0 */
/* Promise P4: a home that was put back from an old copy is found by what its token remembers. */
#include "fake_home.h"

#include "base/json.h"
#include "base/memory.h"
#include "signer/memory.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct fake_home own;

static int begin(void **state)
{
    (void)state;
    fake_home_make(&own);
    return 0;
}

static int end(void **state)
{
    (void)state;
    fake_home_remove(&own);
    return 0;
}

/** A run: something is in the ledger, under a checkpoint. */
static void write_more(void)
{
    struct error err = ERROR_INIT;
    fake_home_open(&own);
    assert_true(ledger_append(own.home->ledger, "test.note", json_new_object(), NULL, &err));
    assert_true(ledger_commit(own.home->ledger, &err));
    assert_true(signer_checkpoint(own.signer, &err));
    fake_home_close(&own);
}

/** Runs it with $home set. */
static void shell(const char *script)
{
    AUTO(builder_done) struct builder command = BUILDER_INIT;
    builder_format(&command, "set -e; home=%s; %s", own.path, script);
    assert_int_equal(system(builder_text(&command)), 0); // NOLINT(cert-env33-c): paths of this test's own
}

static bool opens(struct error *err)
{
    if (!home_open(own.path, HOME_WRITE, &fake_console, &own.home, err))
        fail_msg("%s", err->text);
    own.confined = signer_declare_unconfined(own.home, "a test");
    return signer_open(own.confined, &fake_console, &own.signer, err);
}

static void an_old_copy_is_found(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    write_more();
    shell("cp -a $home $home.old");
    write_more();
    shell("rm -r $home; mv $home.old $home");
    assert_false(opens(&err));
    assert_int_equal(err.kind, ERROR_LEDGER);
    assert_non_null(strstr(err.text, "an old copy restored"));
}

static void a_token_that_is_behind_is_no_fault(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    fake_token_forget();
    write_more();
    assert_true(opens(&err));
}

static void a_crls_number_is_remembered_and_never_less(void **state)
{
    struct error err = ERROR_INIT;
    uint64_t number = 0;
    (void)state;
    fake_home_open(&own);
    assert_false(signer_remembered_crl(own.signer, &number));
    assert_true(signer_remember_crl(own.signer, 7, &err));
    assert_true(signer_remember_crl(own.signer, 5, &err));
    fake_home_close(&own);
    fake_home_open(&own);
    assert_true(signer_remembered_crl(own.signer, &number));
    assert_int_equal(number, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_old_copy_is_found, begin, end),
        cmocka_unit_test_setup_teardown(a_token_that_is_behind_is_no_fault, begin, end),
        cmocka_unit_test_setup_teardown(a_crls_number_is_remembered_and_never_less, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
