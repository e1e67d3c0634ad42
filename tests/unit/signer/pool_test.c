/* SPDX-License-Identifier: Apache-2.0 */
/* A pool of tokens shares the work; one that fails or signs wrongly is dropped once, the last one never. */
#include "fake_home.h"

#include "base/memory.h"
#include "issue/issue.h"

#include <poll.h>
#include <stdatomic.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct fake_home own;
static struct policy *policy;

static int begin(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    fake_home_make(&own);
    policy = fake_policy("");
    fake_home_open_pool(&own);
    if (!signer_open(own.confined, &fake_console, &own.signer, &err))
        fail_msg("%s", err.text);
    return 0;
}

static int end(void **state)
{
    (void)state;
    policy_free(policy);
    fake_home_remove(&own);
    return 0;
}

static bool take(struct output *output, size_t group, const struct plan_item *item, struct bytes certificate,
                 struct bytes proof, struct error *err)
{
    (void)output, (void)group, (void)item, (void)certificate, (void)proof, (void)err;
    return true;
}

/** Signs this many requests. */
static bool issue(unsigned first, unsigned count, struct issue_result *ret_result, struct error *err)
{
    struct output output = {.put = take};
    const struct issue_options options = {.command = "sign"};
    AUTO(plan_free) struct plan *plan = fake_plan(policy, first, count);
    fake_plan_judge(&own, plan, policy, NULL);
    return issue_plan(own.signer, plan, &output, &options, &fake_console, ret_result, err);
}

static size_t signed_by(const char *token)
{
    size_t count = 0;
    size_t sum = 0;
    const struct fake_signature *signatures = fake_token_signatures(&count);
    for (size_t i = 0; i < count; i++)
        sum += strcmp(signatures[i].token, token) == 0 && !signatures[i].is_of_ledger_key ? 1 : 0;
    return sum;
}

static unsigned times_said(const char *words)
{
    unsigned count = 0;
    for (const char *at = fake_console_said(); (at = strstr(at, words)) != NULL; at++)
        count++;
    return count;
}

static void all_tokens_share_the_work(void **state)
{
    struct error err = ERROR_INIT;
    struct issue_result result;
    (void)state;
    assert_int_equal(signer_sessions(own.signer), 6);
    assert_true(issue(1, 30, &result, &err));
    assert_int_equal(result.issued, 30);
    assert_int_equal(signed_by("second"), 10);
    assert_int_equal(signed_by("third"), 10);
}

static void one_that_fails_is_dropped_and_told_once(void **state)
{
    struct error err = ERROR_INIT;
    struct issue_result result;
    (void)state;
    fake_token_set_fault("second", 3, FAKE_FAILS);
    assert_true(issue(1, 40, &result, &err));
    assert_int_equal(result.issued, 40);
    assert_int_equal(times_said("the token second failed and was removed from the pool"), 1);
    assert_int_equal(signer_sessions(own.signer), 4);
    size_t asked = signed_by("second");
    assert_true(issue(101, 40, &result, &err));
    assert_int_equal(signed_by("second"), asked);
    assert_int_equal(times_said("removed from the pool"), 1);
}

static void who_is_left_does_all_the_work_and_no_dropped_one_is_asked(void **state)
{
    struct error err = ERROR_INIT;
    struct issue_result result;
    (void)state;
    fake_token_set_fault(FAKE_TOKEN, 1, FAKE_FAILS);
    fake_token_set_fault("third", 1, FAKE_FAILS);
    assert_true(issue(1, 40, &result, &err));
    assert_int_equal(result.issued, 40);
    const size_t asked = signed_by(FAKE_TOKEN);
    const size_t asked_third = signed_by("third");
    const size_t done = signed_by("second");
    assert_true(issue(101, 40, &result, &err));
    assert_int_equal(signed_by(FAKE_TOKEN), asked);
    assert_int_equal(signed_by("third"), asked_third);
    assert_int_equal(signed_by("second"), done + 40);
}

static void one_that_signs_wrongly_is_dropped(void **state)
{
    struct error err = ERROR_INIT;
    struct issue_result result;
    AUTO(ledger_report_done) struct ledger_report report;
    (void)state;
    fake_token_set_fault("third", 1, FAKE_SIGNS_WRONGLY);
    assert_true(issue(1, 40, &result, &err));
    assert_int_equal(result.issued, 40);
    assert_int_equal(times_said("the token third failed and was removed from the pool"), 1);
    assert_true(ledger_verify(own.home->fd, own.home->config.ledger_vkey, NULL, &report, &err));
    assert_int_equal(report.findings.count, 0);
    assert_int_equal(report.issued, 41);
}

static void the_last_one_stays_and_its_fault_is_the_runs(void **state)
{
    struct error err = ERROR_INIT;
    struct issue_result result;
    (void)state;
    fake_token_set_fault(FAKE_TOKEN, 1, FAKE_FAILS);
    fake_token_set_fault("second", 1, FAKE_FAILS);
    fake_token_set_fault("third", 1, FAKE_FAILS);
    assert_false(issue(1, 10, &result, &err));
    assert_int_equal(err.kind, ERROR_TOKEN);
    assert_non_null(strstr(err.text, "CKR_DEVICE_ERROR"));
    assert_int_equal(result.issued, 0);
    assert_int_equal(times_said("removed from the pool"), 2);
    assert_true(signer_sessions(own.signer) > 0);
}

/** Of two, each can be the one that is dropped, and then the other is the last. */
static void of_two_the_one_at_fault_is_dropped_and_the_last_stays(void **state)
{
    static const enum fake_fault faults[] = {FAKE_FAILS, FAKE_SIGNS_WRONGLY};
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct error err = ERROR_INIT;
        struct issue_result result;
        const char *bad = i < 2 ? "second" : FAKE_TOKEN;
        const char *good = i < 2 ? FAKE_TOKEN : "second";
        fake_home_close(&own);
        fake_home_open_pool(&own);
        own.home->config.token.pool_count = 1;
        assert_true(signer_open(own.confined, &fake_console, &own.signer, &err));
        const size_t before[] = {signed_by(FAKE_TOKEN), signed_by("second")};
        assert_true(issue(100 * i + 80, 20, &result, &err));
        assert_int_equal(signed_by(FAKE_TOKEN), before[0] + 10);
        assert_int_equal(signed_by("second"), before[1] + 10);
        fake_token_set_fault(bad, 1, faults[i % 2]);
        if (!issue(100 * i, 20, &result, &err))
            fail_msg("%u: %s", i, err.text);
        assert_int_equal(result.issued, 20);
        assert_int_equal(times_said("removed from the pool"), i + 1);
        assert_int_equal(signer_sessions(own.signer), 2);
        assert_true(signer_check_message(own.signer, SIGNATURE_ED25519, 1, &err));
        fake_token_set_fault(good, 1, faults[i % 2]);
        assert_false(issue(100 * i + 50, 20, &result, &err));
        assert_int_equal(err.kind, ERROR_TOKEN);
        assert_int_equal(result.issued, 0);
        if (faults[i % 2] == FAKE_SIGNS_WRONGLY)
            assert_non_null(strstr(err.text, "nothing was delivered, do not use this token"));
        fake_token_set_fault(bad, 1, FAKE_SOUND);
        fake_token_set_fault(good, 1, FAKE_SOUND);
        assert_int_equal(times_said("removed from the pool"), i + 1);
        own.home->config.token.pool_count = 2; // what there is to free
    }
}

static void a_token_by_itself_is_no_pool(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    fake_home_close(&own);
    fake_home_open(&own);
    fake_token_set_max_message(100);
    assert_false(signer_check_message(own.signer, SIGNATURE_ED25519, 101, &err));
    assert_int_equal(err.kind, ERROR_TOKEN);
    assert_null(strstr(err.text, "pool"));
}

/** Before its certificate is there, nobody knows the key that the others would have to hold. */
static void a_home_that_waits_for_its_certificate_has_no_pool_yet(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    fake_home_close(&own);
    fake_home_open_pool(&own);
    struct cert_issuer *issuer = own.home->issuer;
    own.home->issuer = NULL;
    assert_true(signer_open(own.confined, &fake_console, &own.signer, &err));
    assert_int_equal(signer_sessions(own.signer), 2);
    assert_false(signer_drop(own.signer, 0, &err));
    own.home->issuer = issuer;
}

static atomic_int asking;     /* people who are asked now */
static atomic_bool were_more; /* than one */

static bool ask(void *data, const char *words, bool has_pad, struct secret **ret_pin, struct error *err)
{
    if (atomic_fetch_add(&asking, 1) > 0)
        atomic_store(&were_more, true);
    (void)poll(NULL, 0, 2); // a person takes his time
    bool is_given = fake_console.pin(data, words, has_pad, ret_pin, err);
    (void)atomic_fetch_sub(&asking, 1);
    return is_given;
}

static void a_person_is_asked_for_one_pin_after_another(void **state)
{
    struct error err = ERROR_INIT;
    struct issue_result result;
    struct console console = fake_console;
    (void)state;
    fake_home_close(&own);
    fake_home_open_pool(&own);
    fake_token_attributes()->always_authenticates = TOKEN_YES;
    console.pin = ask;
    assert_true(signer_open(own.confined, &console, &own.signer, &err));
    size_t before = fake_token_pins();
    if (!issue(1, 12, &result, &err))
        fail_msg("%s", err.text);
    assert_int_equal(fake_token_pins(), before + 12 + 1); // and the checkpoint
    assert_false(atomic_load(&were_more));
    signer_close(TAKE(own.signer)); // while the console is there
}

static void a_token_of_the_pool_that_is_away_is_named(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    fake_home_close(&own);
    fake_home_open_pool(&own);
    fake_token_set_fault("third", 1, FAKE_IS_AWAY);
    assert_false(signer_open(own.confined, &fake_console, &own.signer, &err));
    assert_int_equal(err.kind, ERROR_TOKEN);
    assert_non_null(strstr(err.text, "opening the token pkcs11:token=third;"));
    assert_non_null(strstr(err.text, "of the pool in ca.yaml"));
}

static void a_message_has_to_fit_every_token(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    assert_int_equal(signer_max_message(own.signer, SIGNATURE_ED25519), 0);
    fake_token_set_max_message(2000);
    assert_int_equal(signer_max_message(own.signer, SIGNATURE_ED25519), 2000);
    assert_true(signer_check_message(own.signer, SIGNATURE_ED25519, 2000, &err));
    assert_false(signer_check_message(own.signer, SIGNATURE_ED25519, 2001, &err));
    assert_non_null(strstr(err.text, "asking the token fake of the pool"));
    assert_true(signer_check_message(own.signer, SIGNATURE_ECDSA_SHA256, 2001, &err));
    // The least of what each takes, wherever it stands; not of one that was dropped.
    for (unsigned i = 0; i < 3; i++) {
        static const char *const tokens[] = {FAKE_TOKEN, "second", "third"};
        for (unsigned j = 0; j < 3; j++)
            fake_token_set_max_message_of(tokens[j], i == j ? 500 : 600 + j);
        error_clear(&err);
        assert_int_equal(signer_max_message(own.signer, SIGNATURE_ED25519), 500);
        assert_false(signer_check_message(own.signer, SIGNATURE_ED25519, 501, &err));
        assert_int_equal(err.kind, ERROR_TOKEN);
    }
    assert_true(signer_drop(own.signer, 2, &err));
    assert_int_equal(signer_max_message(own.signer, SIGNATURE_ED25519), 600);
    assert_true(signer_check_message(own.signer, SIGNATURE_ED25519, 600, &err));
    assert_false(signer_check_message(own.signer, SIGNATURE_ED25519, 601, &err));
    assert_true(signer_drop(own.signer, 2, &err)); // once more is nothing new
    assert_true(signer_drop(own.signer, 0, &err));
    assert_int_equal(signer_sessions(own.signer), 2);
    assert_false(signer_drop(own.signer, 1, &err)); // the last
    assert_int_equal(signer_sessions(own.signer), 2);
    fake_token_fail_call(1);
    assert_false(signer_check_message(own.signer, SIGNATURE_ED25519, 1, &err));
    (void)fake_token_stop_failing();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_message_has_to_fit_every_token, begin, end),
        cmocka_unit_test_setup_teardown(all_tokens_share_the_work, begin, end),
        cmocka_unit_test_setup_teardown(one_that_fails_is_dropped_and_told_once, begin, end),
        cmocka_unit_test_setup_teardown(who_is_left_does_all_the_work_and_no_dropped_one_is_asked, begin,
                                        end),
        cmocka_unit_test_setup_teardown(one_that_signs_wrongly_is_dropped, begin, end),
        cmocka_unit_test_setup_teardown(the_last_one_stays_and_its_fault_is_the_runs, begin, end),
        cmocka_unit_test_setup_teardown(of_two_the_one_at_fault_is_dropped_and_the_last_stays, begin, end),
        cmocka_unit_test_setup_teardown(a_token_by_itself_is_no_pool, begin, end),
        cmocka_unit_test_setup_teardown(a_home_that_waits_for_its_certificate_has_no_pool_yet, begin, end),
        cmocka_unit_test_setup_teardown(a_person_is_asked_for_one_pin_after_another, begin, end),
        cmocka_unit_test_setup_teardown(a_token_of_the_pool_that_is_away_is_named, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
