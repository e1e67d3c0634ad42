/* SPDX-License-Identifier: Apache-2.0 */
/* CRLs that people approve, or that the control in force lets one person sign: what is drawn is what was approved, or no number is used. */
#include "base/encode.h"
#include "crl_run.h"

static const struct apart *bring(bool is_approved)
{
    AUTO(approved_file_done) struct approved_file brought;
    approver_bring(&ann, plan_path, is_approved, &brought);
    return sign((struct crl_options){.given = &brought.given});
}

static const struct apart *carry_out(void)
{
    return bring(true);
}

static uint8_t planned_sha256[32]; /* as the run that planned said */

static void plan(void)
{
    (void)unlink(plan_path);
    fake_token_set_fault(FAKE_TOKEN, 1, FAKE_IS_AWAY); // a plan needs none
    const struct apart *found =
        sign((struct crl_options){.days = 3, .plan_out = plan_path, .valid_for = 3600});
    assert_done(found);
    assert_int_equal(found->out.numbers[NUMBER], 1);
    memcpy(planned_sha256, found->plan_sha256, sizeof(planned_sha256));
    fake_token_set_fault(FAKE_TOKEN, 1, FAKE_SOUND);
    assert_types_from(&own, begun, "");
}

/** Else it would be of the future, and nobody would take it. */
static void what_was_revoked_later_than_now_makes_no_crl(void **state)
{
    (void)state;
    set_control(1, true, 0);
    plan();
    struct home *home = home_of(&own, HOME_WRITE);
    (void)given_revoke(home, &given[0], CRL_SUPERSEDED, time_now() + 1000);
    begun = ledger_size(home->ledger);
    home_close(home);
    assert_failed(sign((struct crl_options){.emergency = "stolen"}), ERROR_INPUT,
                  "building CRL 1; nothing was signed");
    assert_unused();
    assert_failed(carry_out(), ERROR_INPUT,
                  "drawing what was approved: something was revoked since; plan it anew");
    assert_unused();
    assert_int_equal(unlink(plan_path), 0);
    assert_failed(sign((struct crl_options){.plan_out = plan_path, .valid_for = 3600}), ERROR_INPUT,
                  "building CRL 1; nothing was signed");
    assert_false(file_exists(AT_FDCWD, plan_path));
}

static void people_or_an_emergency_decide_where_the_control_says_so(void **state)
{
    (void)state;
    set_control(1, false, 0);
    assert_failed(sign((struct crl_options){.days = 3}), ERROR_INPUT, "signing CRLs needs 1 approvals");
    assert_failed(sign((struct crl_options){.emergency = "stolen"}), ERROR_INPUT, "no emergency rule");
    assert_types_from(&own, begun, "");
    set_control(1, true, 0);
    assert_done(sign((struct crl_options){.emergency = "stolen"}));
    AUTO(json_free) struct json *record = record_at(&own, begun + 1);
    assert_string_equal(json_text(record, "emergency_reason"), "stolen");
}

static void it_is_good_no_longer_than_the_control_lets_it(void **state)
{
    (void)state;
    set_control(0, false, 12);
    assert_failed(sign((struct crl_options){.days = 30}), ERROR_INPUT, "");
    assert_unused();
    assert_done(sign((struct crl_options){.days = 3}));
}

/** A run that signs abandons what is unfinished; one that plans only looks. */
static void what_is_only_planned_changes_no_record(void **state)
{
    struct given unfinished;
    (void)state;
    set_control(1, false, 0);
    struct home *home = home_of(&own, HOME_WRITE);
    given_issue(home, "CN=c", "p", false, &unfinished);
    begun = ledger_size(home->ledger);
    home_close(home);
    plan();
}

static void a_plan_that_cannot_be_written_is_told(void **state)
{
    (void)state;
    plan();
    assert_failed(sign((struct crl_options){.plan_out = plan_path, .valid_for = 3600}), ERROR_INPUT,
                  "a.plan"); // it is there already
}

static void a_plan_is_carried_out_to_the_byte(void **state)
{
    char plan_hex[129];
    (void)state;
    set_control(1, false, 0);
    plan();
    assert_failed(bring(false), ERROR_INPUT, "");
    assert_types_from(&own, begun, "");
    const struct apart *found = carry_out();
    assert_done(found);
    assert_int_equal(found->out.numbers[NUMBER], 1);
    assert_types_from(&own, begun, "session.opened plan.approved crl.signing crl.issued ");
    assert_checkpointed(&own);
    AUTO(json_free) struct json *record = record_at(&own, begun + 2);
    AUTO(json_free) struct json *approved = record_at(&own, begun + 1);
    assert_string_equal(json_text(record, "plan_sha256"), json_text(approved, "plan_sha256"));
    assert_string_equal(json_text(record, "batch"), json_text(approved, "batch"));
    assert_string_equal(json_text(record, "plan_sha256"), hex_of(BYTES(planned_sha256), plan_hex));
    assert_int_equal(found->asked, 1);
}

static void what_was_revoked_since_makes_another_crl_than_was_approved(void **state)
{
    (void)state;
    set_control(1, false, 0);
    plan();
    revoke_one(&given[0]);
    assert_failed(carry_out(), ERROR_INPUT, "the CRL that is due now is not the one that was approved");
    assert_unused();
}

static void a_plan_of_two_is_no_plan_of_a_crl(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder two = BUILDER_INIT;
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    (void)state;
    set_control(1, false, 0);
    plan();
    assert_true(file_read(AT_FDCWD, plan_path, 1 << 20, &text, &err));
    assert_true(plan_file_read(builder_bytes(&text), &file, &err));
    plan_file_add(&file, NULL, "crl.signing", json_clone(plan_file_record(&file, 0)));
    plan_file_seal(&file);
    plan_file_write(&file, &two);
    assert_int_equal(unlink(plan_path), 0);
    assert_true(file_create(AT_FDCWD, plan_path, 0600, builder_bytes(&two), &err));
    assert_failed(carry_out(), ERROR_INPUT, "");
    assert_types_from(&own, begun, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_revoked_later_than_now_makes_no_crl, begin, end),
        cmocka_unit_test_setup_teardown(people_or_an_emergency_decide_where_the_control_says_so, begin, end),
        cmocka_unit_test_setup_teardown(it_is_good_no_longer_than_the_control_lets_it, begin, end),
        cmocka_unit_test_setup_teardown(what_is_only_planned_changes_no_record, begin, end),
        cmocka_unit_test_setup_teardown(a_plan_that_cannot_be_written_is_told, begin, end),
        cmocka_unit_test_setup_teardown(a_plan_is_carried_out_to_the_byte, begin, end),
        cmocka_unit_test_setup_teardown(what_was_revoked_since_makes_another_crl_than_was_approved, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_plan_of_two_is_no_plan_of_a_crl, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
