/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RSA keys that share a prime, or a modulus: in one plan, in two plans of a run, with what the ledger holds; and what is kept of it in
 * the home, which is believed only as far as the ledger bears it out.
 */
#include "plan/screen.h"

#include "base/digest.h"
#include "base/file.h"
#include "base/json.h"
#include "csr_maker.h"
#include "plan/redraw.h"
#include "records/revocation.h"
#include "screen/factors.h"

#include "rsa_plans.h"

#include <unistd.h>

static void two_requests_of_a_plan_with_a_prime_in_common_are_both_refused(void **state)
{
    (void)state;
    AUTO(plan_free) struct plan *plan = plan_of(1, 0, 1);
    add(plan, 2, 1, 2, 65537);
    add(plan, 3, 2, 3, 65537);
    fake_plan_judge(&own, plan, policy, NULL);
    assert_words(shared_finding(plan, 0)->text, "shares a prime factor with device-2.csr");
    assert_words(shared_finding(plan, 1)->text, "and 1 more");
    assert_words(shared_finding(plan, 2)->remedy, "make new keys for both");
}

static void keys_with_nothing_in_common_are_not_held_up(void **state)
{
    (void)state;
    AUTO(plan_free) struct plan *plan = plan_of(1, 0, 1);
    add(plan, 2, 2, 3, 65537);
    fake_plan_judge(&own, plan, policy, NULL);
    assert_int_equal(plan_count(plan, PLAN_SIGN), 2);
}

static void keys_on_curves_between_them_change_nothing(void **state)
{
    (void)state;
    AUTO(plan_free) struct plan *plan = plan_new(policy);
    EVP_PKEY *curve = csr_key("P-256");
    fake_plan_add(plan, "device-9", 9, curve);
    add(plan, 1, 0, 1, 65537);
    EVP_PKEY_free(curve);
    curve = csr_key("P-256");
    fake_plan_add(plan, "device-8", 8, curve);
    EVP_PKEY_free(curve);
    add(plan, 2, 1, 2, 65537);
    fake_plan_judge(&own, plan, policy, NULL);
    assert_int_equal(plan->items[0].action, PLAN_SIGN);
    assert_words(shared_finding(plan, 1)->text, "shares a prime factor with device-2.csr");
    assert_int_equal(plan->items[2].action, PLAN_SIGN);
    assert_words(shared_finding(plan, 3)->text, "shares a prime factor with device-1.csr");
}

static void a_request_without_proof_has_nobody_refused(void **state)
{
    (void)state;
    AUTO(plan_free) struct plan *plan = plan_of(1, 0, 1);
    add(plan, 2, 1, 2, 65537);
    plan->items[1].request->has_proof_of_possession = false; // another's modulus, brought to have it refused
    fake_plan_judge(&own, plan, policy, NULL);
    assert_int_equal(plan->items[0].action, PLAN_SIGN);
    assert_int_equal(plan->items[1].action, PLAN_REFUSE);
    assert_false(findings_has(&plan->items[1].verdict->findings, "key.shared-factor"));
}

static void a_modulus_with_two_exponents_is_refused(void **state)
{
    (void)state;
    AUTO(plan_free) struct plan *plan = plan_of(1, 0, 1);
    add(plan, 2, 0, 1, 65539);
    fake_plan_judge(&own, plan, policy, NULL);
    assert_words(shared_finding(plan, 1)->text, "the modulus of device-1.csr with another exponent");
}

static void plans_of_a_run_are_compared_with_each_other(void **state)
{
    struct error err = ERROR_INIT;
    const struct plan_options options = {.policy = policy, .now = time_now()};
    AUTO(judge_free) struct judge *judge = judge_new(own.home);
    AUTO(plan_free) struct plan *first = plan_of(1, 0, 1);
    AUTO(plan_free) struct plan *second = plan_of(2, 1, 2);
    AUTO(plan_free) struct plan *third = plan_new(policy);
    (void)state;
    add(third, 3, 0, 1, 65539);
    assert_true(judge_look_beside(judge, &err));
    assert_true(plan_judge(judge, first, &options, &err));
    assert_int_equal(first->items[0].action, PLAN_SIGN);
    assert_true(plan_judge(judge, second, &options, &err));
    assert_words(shared_finding(second, 0)->text, "shares a prime factor with device-1.csr");
    assert_true(plan_judge(judge, third, &options, &err));
    assert_words(third->items[0].verdict->findings.items[1].text,
                 "the modulus of device-1.csr with another exponent");
}

static void a_policy_may_leave_it_out_and_the_next_one_sees_those_keys(void **state)
{
    struct error err = ERROR_INIT;
    struct policy *open = load("screen: {shared_factors: false}\n");
    const struct plan_options careless = {.policy = open, .now = time_now()};
    const struct plan_options careful = {.policy = policy, .now = time_now()};
    AUTO(judge_free) struct judge *judge = judge_new(own.home);
    AUTO(plan_free) struct plan *first = plan_new(open);
    AUTO(plan_free) struct plan *second = plan_of(3, 1, 2);
    (void)state;
    add(first, 1, 0, 1, 65537);
    add(first, 2, 1, 3, 65537);
    assert_true(judge_look_beside(judge, &err));
    assert_true(plan_judge(judge, first, &careless, &err));
    assert_int_equal(plan_count(first, PLAN_SIGN), 2);
    assert_true(plan_judge(judge, second, &careful, &err));
    assert_words(shared_finding(second, 0)->text, "shares a prime factor with device-1.csr and 1 more");
    policy_free(open);
}

static void the_ledgers_keys_count_and_are_named(void **state)
{
    (void)state;
    issue_first(NULL);
    AUTO(plan_free) struct plan *plan = plan_of(2, 1, 2);
    add(plan, 3, 0, 1, 65539);
    fake_plan_judge(&own, plan, policy, NULL);
    assert_words(shared_finding(plan, 0)->text,
                 "for CN=device-1 and 1 more: everybody can compute the private keys");
    assert_words(shared_finding(plan, 0)->remedy, "revoke certificate ");
    assert_words(plan->items[1].verdict->findings.items[1].text, "for CN=device-1 with another exponent");
}

static void a_revoked_one_is_said_to_be_revoked(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder serial = BUILDER_INIT;
    (void)state;
    issue_first(&serial);
    const struct record_cert_revoked record = {.serial = builder_bytes(&serial),
                                               .reason = CRL_KEY_COMPROMISE,
                                               .revoked_at = time_now(),
                                               .invalidity_date = CRL_NO_TIME,
                                               .not_after = CRL_NO_TIME,
                                               .ref = ledger_size(own.home->ledger) - 1};
    if (!ledger_append(own.home->ledger, RECORD_CERT_REVOKED, record_cert_revoked_write(&record), NULL,
                       &err) ||
        !ledger_commit(own.home->ledger, &err))
        fail_msg("%s", err.text);
    AUTO(plan_free) struct plan *plan = plan_of(2, 1, 2);
    fake_plan_judge(&own, plan, policy, NULL);
    assert_words(shared_finding(plan, 0)->remedy, "is revoked already");
}

/* ---- what is kept in the home ---- */

static void what_is_kept_is_rebuilt_where_it_does_not_fit(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    issue_first(NULL);
    assert_true(file_create(own.home->fd, SCREEN_STORE_FILE, 0644, BYTES_LITERAL("another ledger's"), &err));
    AUTO(plan_free) struct plan *second = plan_of(2, 1, 2);
    fake_plan_judge(&own, second, policy, NULL);
    assert_words(shared_finding(second, 0)->text, "for CN=device-1");
    assert_true(findings_has(&second->warnings, "screen.store"));
    assert_true(screening_forget(own.home->fd, &err));
    assert_false(file_exists(own.home->fd, SCREEN_STORE_FILE));
    assert_true(screening_forget(own.home->fd, &err)); // twice
    AUTO(plan_free) struct plan *third = plan_of(2, 1, 2);
    fake_plan_judge(&own, third, policy, NULL);
    assert_words(shared_finding(third, 0)->text, "for CN=device-1");
    assert_false(findings_has(&third->warnings, "screen.store"));
}

#define STORE_MIN 256 /* fewer are not written yet */

static bool all_fits(void *data, uint64_t seq, const uint8_t sha256[static 32])
{
    (void)data, (void)seq, (void)sha256;
    return true;
}

/** Writes a store that fits the ledger, and says of record `seq` that its key is that of these primes. */
static void write_lying_store(uint64_t seq, unsigned p, unsigned q)
{
    struct error err = ERROR_INIT;
    uint8_t sha256[32];
    mpz_t modulus;
    uint64_t size = ledger_size(own.home->ledger);
    AUTO(screen_store_close) struct screen_store *store = NULL;
    AUTO(builder_done) struct builder octets = BUILDER_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(json_free) struct json *record = NULL;
    assert_true(ledger_record(own.home->ledger, size - 1, &record, &err));
    json_canonical(record, &text);
    digest_sha256(builder_bytes(&text), sha256);
    mpz_init(modulus);
    mpz_mul(modulus, primes[p], primes[q]);
    bad_octets(modulus, &octets);
    mpz_clear(modulus);
    if (!screen_store_open(own.home->fd, true, all_fits, NULL, &store, &err))
        fail_msg("%s", err.text);
    screen_store_add(store, seq, builder_bytes(&octets));
    for (uint32_t i = 0; i < STORE_MIN; i++) {
        uint8_t other[64] = {0x80};
        digest_sha256(bytes_of((const uint8_t *)&i, sizeof(i)), other + 32);
        screen_store_add(store, seq, BYTES(other));
    }
    assert_true(screen_store_cover(store, size, sha256, &err));
}

static void what_is_kept_is_believed_only_as_far_as_the_ledger_bears_it_out(void **state)
{
    (void)state;
    issue_first(NULL); // primes 0 and 1, in the record before the last
    uint64_t size = ledger_size(own.home->ledger);
    for (uint64_t back = 1; back < 4; back++) { // a record without a key, one with another key
        struct error err = ERROR_INIT;
        assert_true(screening_forget(own.home->fd, &err));
        write_lying_store(size - back, 1, 2);
        assert_true(file_exists(own.home->fd, SCREEN_STORE_FILE));
        AUTO(plan_free)
        struct plan *plan = plan_of(2, 2, 3); // shares with the lie, and with nothing that is true
        fake_plan_judge(&own, plan, policy, NULL);
        if (plan->items[0].action != PLAN_SIGN)
            fail_msg("%s", plan->items[0].verdict->findings.items[0].text);
        AUTO(plan_free) struct plan *same = plan_new(policy); // the lie: the record has its modulus
        add(same, 3, 2, 3, 65539);
        assert_true(screening_forget(own.home->fd, &err));
        write_lying_store(size - back, 2, 3);
        fake_plan_judge(&own, same, policy, NULL);
        assert_int_equal(same->items[0].action, PLAN_SIGN);
    }
}

static void a_list_of_weak_keys_in_the_home_is_the_one_that_counts(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(plan_free) struct plan *without = plan_of(1, 0, 1);
    AUTO(plan_free) struct plan *damaged = plan_of(2, 2, 3);
    (void)state;
    assert_int_equal(setenv("COLDCA_DATA", own.folder.path, 1), 0); // nothing there
    fake_plan_judge(&own, without, policy, NULL);
    assert_true(findings_has(&without->warnings, "screen.debian-weak-keys"));
    assert_true(file_make_folder(own.home->fd, "screen", 0755, &err));
    assert_true(file_create(own.home->fd, "screen/debian-weak-keys", 0644, BYTES_LITERAL("no list\n"), &err));
    AUTO(judge_free) struct judge *judge = judge_new(own.home);
    const struct plan_options options = {.policy = policy, .now = time_now()};
    assert_false(plan_judge(judge, damaged, &options, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_words(err.text, "screening keys");
    // Nor is an approved plan drawn again without it.
    struct redraw *redraw = NULL;
    error_clear(&err);
    assert_false(redraw_open(own.home, &redraw, &err));
    assert_null(redraw);
    assert_words(err.text, "screening keys");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(two_requests_of_a_plan_with_a_prime_in_common_are_both_refused, begin,
                                        end),
        cmocka_unit_test_setup_teardown(keys_with_nothing_in_common_are_not_held_up, begin, end),
        cmocka_unit_test_setup_teardown(keys_on_curves_between_them_change_nothing, begin, end),
        cmocka_unit_test_setup_teardown(a_request_without_proof_has_nobody_refused, begin, end),
        cmocka_unit_test_setup_teardown(a_modulus_with_two_exponents_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(plans_of_a_run_are_compared_with_each_other, begin, end),
        cmocka_unit_test_setup_teardown(a_policy_may_leave_it_out_and_the_next_one_sees_those_keys, begin,
                                        end),
        cmocka_unit_test_setup_teardown(the_ledgers_keys_count_and_are_named, begin, end),
        cmocka_unit_test_setup_teardown(a_revoked_one_is_said_to_be_revoked, begin, end),
        cmocka_unit_test_setup_teardown(what_is_kept_is_rebuilt_where_it_does_not_fit, begin, end),
        cmocka_unit_test_setup_teardown(what_is_kept_is_believed_only_as_far_as_the_ledger_bears_it_out,
                                        begin, end),
        cmocka_unit_test_setup_teardown(a_list_of_weak_keys_in_the_home_is_the_one_that_counts, begin, end),
    };
    return cmocka_run_group_tests(tests, make_primes, forget_primes);
}
