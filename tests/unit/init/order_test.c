/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Promise P3 for the root's own certificate: its bytes are in the ledger, on the disk, when the token is asked, and ca.created comes
 * after. What the token signs wrongly leaves no CA behind.
 */
#include "fake_home.h"

#include "base/file.h"
#include "base/memory.h"
#include "cert/cert.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct fake_home own;

static int end(void **state)
{
    (void)state;
    fake_home_remove(&own);
    return 0;
}

static void the_root_is_logged_before_it_is_signed(void **state)
{
    size_t unlogged = 0;
    size_t count = 0;
    (void)state;
    fake_home_make(&own);
    AUTO(free) char *types = fake_home_types(&own);
    assert_string_equal(types, "cert.signing cert.issued ca.created chain.set control.set ");
    // A proof of possession for the request it judges (no certificate), then the certificate itself.
    assert_int_equal(fake_token_count(&unlogged), 2);
    assert_int_equal(unlogged, 1);
    const struct fake_signature *signatures = fake_token_signatures(&count);
    assert_int_equal(count, 3);
    assert_false(signatures[0].is_of_ledger_key || signatures[0].was_logged);
    assert_true(signatures[1].was_logged && !signatures[1].is_of_ledger_key);
    assert_int_equal(signatures[1].lines, 1);
    // The checkpoint covers what is there: it is signed last.
    assert_true(signatures[2].is_of_ledger_key);
    assert_int_equal(signatures[2].lines, 5);
}

static void a_ca_that_was_made_opens_and_holds_its_certificate(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(ledger_report_done) struct ledger_report report;
    (void)state;
    fake_home_make(&own);
    fake_home_open(&own);
    assert_string_equal(cert_issuer_facts(own.home->issuer)->subject_text, "CN=Root");
    assert_true(ledger_verify(own.home->fd, own.home->config.ledger_vkey, NULL, &report, &err));
    assert_int_equal(report.findings.count, 0);
    assert_int_equal(report.checkpoint_size, 5);
}

static void a_root_that_does_not_verify_leaves_nothing(void **state)
{
    struct error err = ERROR_INIT;
    struct init_options options = {.subject = "CN=Root", .origin = "ca.example/root", .key = "ec-p256"};
    (void)state;
    fake_token_reset();
    fake_token_set_fault(FAKE_TOKEN, 2, FAKE_SIGNS_WRONGLY);
    assert_false(fake_home_init(&own, &options, &err));
    assert_int_equal(err.kind, ERROR_TOKEN);
    assert_non_null(strstr(err.text, "do not use this token"));
    assert_false(file_exists(AT_FDCWD, own.path));
    assert_int_equal(fake_token_keys(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(the_root_is_logged_before_it_is_signed, end),
        cmocka_unit_test_teardown(a_ca_that_was_made_opens_and_holds_its_certificate, end),
        cmocka_unit_test_teardown(a_root_that_does_not_verify_leaves_nothing, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
