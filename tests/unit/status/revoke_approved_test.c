/* SPDX-License-Identifier: Apache-2.0 */
/* Revocations that people approve: a plan of them, and its run, which does all of it once or says before anything is logged why it can't. */
#include "revoke_run.h"

static bool run_planned(const void *data, struct apart *ret, struct error *err)
{
    const struct revoke_options options = {.home = own.path, .given = data};
    return revoke_planned(&options, &fake_console, &ret->out.numbers[COUNT], err);
}

/** The plan of a file with ann's approval, carried out. */
static const struct apart *carry_out(const char *path, bool is_approved)
{
    AUTO(approved_file_done) struct approved_file brought;
    approver_bring(&ann, path, is_approved, &brought);
    return apart_confined(run_planned, &brought.given);
}

/** Plans all of them. */
static void plan_all(const char *path)
{
    struct revoke_options options = all;
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    options.plan_out = path;
    options.valid_for = 3600;
    fake_token_set_fault(FAKE_TOKEN, 1, FAKE_IS_AWAY); // a plan needs no token
    const struct apart *found = run_apart(options);
    assert_done(found);
    assert_nothing_logged();
    fake_token_set_fault(FAKE_TOKEN, 1, FAKE_SOUND);
    assert_true(file_read(AT_FDCWD, path, 1 << 20, &text, &err));
    assert_true(plan_file_read(builder_bytes(&text), &file, &err));
    assert_memory_equal(file.sha256, found->plan_sha256, 32);
}

static void a_plan_that_cannot_be_written_is_told(void **state)
{
    struct revoke_options options = all;
    AUTO(free) char *path = memory_format("%s/a.plan", own.folder.path);
    (void)state;
    plan_all(path);
    options.plan_out = path;
    options.valid_for = 3600;
    assert_failed(run_apart(options), ERROR_INPUT, "a.plan"); // it is there already
    assert_done(run_apart(all));
    begun = size_of(&own);
    assert_int_equal(unlink(path), 0);
    assert_failed(run_apart(options), ERROR_INPUT, "there is nothing to do, so nothing to approve");
    assert_false(file_exists(AT_FDCWD, path));
    assert_nothing_logged();
}

static void a_plan_is_carried_out_once_people_approved(void **state)
{
    AUTO(free) char *path = memory_format("%s/a.plan", own.folder.path);
    (void)state;
    set_control(1, false);
    struct home *home = home_of(&own, HOME_WRITE); // one of the three is revoked already: no item
    (void)given_revoke(home, &given[1], CRL_SUPERSEDED, time_now());
    begun = ledger_size(home->ledger);
    home_close(home);
    plan_all(path);
    assert_failed(carry_out(path, false), ERROR_INPUT, "");
    assert_nothing_logged();
    const struct apart *found = carry_out(path, true);
    assert_done(found);
    assert_int_equal(found->out.numbers[COUNT], 2);
    assert_types_from(&own, begun, "session.opened plan.approved cert.revoked cert.revoked ");
    assert_checkpointed(&own);
    AUTO(json_free) struct json *record = record_at(&own, begun + 3);
    AUTO(json_free) struct json *session = record_at(&own, begun);
    assert_string_equal(json_text(record, "serial"), given[2].serial);
    assert_string_equal(json_text(record, "batch"), json_text(session, "batch"));
    assert_string_equal(json_text(session, "command"), "revoke");
}

static void a_plan_that_was_stopped_is_finished_without_its_approvals(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(free) char *path = memory_format("%s/a.plan", own.folder.path);
    AUTO(approved_file_done) struct approved_file brought;
    AUTO(admitted_done) struct admitted admitted = {.approvals = NULL};
    (void)state;
    set_control(1, false);
    plan_all(path);
    // The run that was stopped: it logged the plan and one of its items.
    approver_bring(&ann, path, true, &brought);
    struct home *home = home_of(&own, HOME_WRITE);
    assert_true(plan_admit(home, &brought.given, time_now(), &admitted, &err));
    assert_true(admitted_log(&admitted, home->ledger, "stopped", &err));
    assert_true(
        ledger_append(home->ledger, RECORD_CERT_REVOKED, plan_file_planned(&admitted.file, 1), NULL, &err) &&
        ledger_commit(home->ledger, &err));
    begun = ledger_size(home->ledger);
    home_close(home);
    assert_done(carry_out(path, false));
    assert_types_from(&own, begun, "session.opened cert.revoked cert.revoked ");
    assert_checkpointed(&own);
}

static void a_plan_that_cannot_follow_any_more_is_refused_before_anything_is_logged(void **state)
{
    AUTO(free) char *path = memory_format("%s/a.plan", own.folder.path);
    (void)state;
    set_control(1, false);
    plan_all(path);
    struct home *home = home_of(&own, HOME_WRITE);
    (void)given_revoke(home, &given[2], CRL_CESSATION_OF_OPERATION, time_now());
    begun = ledger_size(home->ledger);
    home_close(home);
    assert_failed(carry_out(path, true), ERROR_INPUT,
                  "looking at item 2 of the plan: make it anew, and have it approved");
    assert_nothing_logged();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_plan_that_cannot_be_written_is_told, begin, end),
        cmocka_unit_test_setup_teardown(a_plan_is_carried_out_once_people_approved, begin, end),
        cmocka_unit_test_setup_teardown(a_plan_that_was_stopped_is_finished_without_its_approvals, begin,
                                        end),
        cmocka_unit_test_setup_teardown(
            a_plan_that_cannot_follow_any_more_is_refused_before_anything_is_logged, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
