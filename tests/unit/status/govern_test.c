/* SPDX-License-Identifier: Apache-2.0 */
/* Changing who decides: what is recorded, what is refused, and that an approved plan is read as strictly. And a checkpoint by itself. */
#include "base/digest.h"
#include "base/encode.h"
#include "given.h"
#include "governed.h"
#include "records/in_force.h"
#include "status/checkpoint.h"

/* ---- controls ---- */

static void a_control_follows_the_one_in_force(void **state)
{
    uint64_t previous = 0;
    struct error err = ERROR_INIT;
    (void)state;
    struct home *home = home_of(&own, HOME_LOOK);
    AUTO(control_done) struct control before = {.people_count = 0};
    bool is_set = false;
    assert_true(control_in_force(home->ledger, &before, &is_set, &err) && is_set); // init's
    home_close(home);
    const struct apart *found = set_control(ACT_CONTROL, 1);
    assert_done(found);
    assert_int_equal(found->out.numbers[DONE], 1);
    assert_false(found->out.numbers[IS_PLANNED]);
    assert_types_from(&own, begun, "session.opened control.set ");
    assert_checkpointed(&own);
    AUTO(json_free) struct json *session = record_at(&own, begun);
    AUTO(json_free) struct json *record = record_at(&own, begun + 1);
    assert_string_equal(json_text(session, "command"), "a command");
    assert_string_equal(json_text(record, "batch"), json_text(session, "batch"));
    assert_true(record_number(record, "previous", &previous, &err));
    assert_int_equal(previous, before.seq);
    // From now on ann must approve a change.
    begun = size_of(&own);
    assert_failed(set_control(ACT_CONTROL, 0), ERROR_INPUT, "changing the controls needs 1 approvals");
    assert_nothing_logged();
}

static void a_control_that_cannot_be_met_is_not_set(void **state)
{
    (void)state;
    assert_failed(set_control(ACT_REVOKE, 2), ERROR_INPUT, "");
    assert_nothing_logged();
}

static bool give_up(void *data, struct control *control, struct error *err)
{
    (void)data, (void)control;
    return error_set(err, ERROR_INPUT, 0, "no such person");
}

static void a_change_that_fails_changes_nothing(void **state)
{
    (void)state;
    assert_failed(govern((struct govern_options){.act = ACT_CONTROL, .change = give_up}), ERROR_INPUT,
                  "no such person");
    assert_nothing_logged();
}

static void a_control_is_planned_and_then_set_by_the_plan(void **state)
{
    struct wanted wanted = {ACT_REVOKE, 1};
    struct given unfinished; // which a run that only plans leaves so
    (void)state;
    assert_done(set_control(ACT_CONTROL, 1));
    struct home *home = home_of(&own, HOME_WRITE);
    given_issue(home, "CN=c", "p", false, &unfinished);
    begun = ledger_size(home->ledger);
    home_close(home);
    fake_token_set_fault(FAKE_TOKEN, 1, FAKE_IS_AWAY); // a plan needs no token, and no permission
    const struct apart *found = govern((struct govern_options){
        .act = ACT_CONTROL, .change = change, .data = &wanted, .plan_out = plan_path, .valid_for = 3600});
    assert_done(found);
    assert_int_equal(found->out.numbers[DONE], 0);
    assert_true(found->out.numbers[IS_PLANNED]);
    assert_nothing_logged();
    fake_token_set_fault(FAKE_TOKEN, 1, FAKE_SOUND);
    uint8_t planned[32];
    memcpy(planned, found->plan_sha256, sizeof(planned));
    assert_failed(carry_out(ACT_POLICY), ERROR_INPUT,
                  "it is a plan of changing the controls, not of approving");
    found = carry_out(ACT_CONTROL);
    assert_done(found);
    assert_int_equal(found->out.numbers[DONE], 1);
    assert_true(found->out.numbers[IS_PLANNED]);
    assert_memory_equal(found->plan_sha256, planned, sizeof(planned));
    assert_types_from(&own, begun, "cert.abandoned session.opened plan.approved control.set ");
    assert_checkpointed(&own);
}

static void a_plan_of_controls_has_one_which_follows(void **state)
{
    static const char words[] = "a plan of controls has one item, which follows the control in force";
    struct error err = ERROR_INIT;
    (void)state;
    assert_done(set_control(ACT_CONTROL, 1));
    begun = size_of(&own);
    for (int i = 0; i < 3; i++) {
        AUTO(plan_file_done) struct plan_file file = {.items = NULL};
        AUTO(control_done) struct control control = {.seq = CONTROL_NONE};
        assert_true(control_add_person(&control, "ann", "approver", ann.vkey, &err));
        control.previous = i == 0 ? begun - 2 : begun - 1; // the first: of the session before it
        plan_file_add(&file, NULL, RECORD_CONTROL_SET, control_write(&control));
        if (i == 1)
            plan_file_add(&file, NULL, RECORD_CONTROL_SET, control_write(&control));
        write_plan(ACT_CONTROL, &file);
        if (i < 2)
            assert_failed(carry_out(ACT_CONTROL), ERROR_INPUT, words);
        else
            assert_done(carry_out(ACT_CONTROL));
        if (i < 2)
            assert_nothing_logged();
    }
}

static void a_control_that_cannot_be_read_is_not_set_by_a_plan(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    AUTO(control_done) struct control control = {.seq = CONTROL_NONE};
    (void)state;
    assert_done(set_control(ACT_CONTROL, 1));
    begun = size_of(&own);
    assert_true(control_add_person(&control, "ann", "approver", ann.vkey, &err));
    control.previous = begun - 1;
    struct json *record = control_write(&control);
    json_put_text(record, "people", "all");
    plan_file_add(&file, NULL, RECORD_CONTROL_SET, record);
    write_plan(ACT_CONTROL, &file);
    assert_failed(carry_out(ACT_CONTROL), ERROR_LEDGER, "reading item 0 of the plan");
    assert_nothing_logged();
}

/* ---- a checkpoint by itself ---- */

static bool run_checkpoint(const void *data, struct apart *ret, struct error *err)
{
    AUTO(builder_done) struct builder note = BUILDER_INIT;
    (void)data;
    bool is_done = status_checkpoint(own.path, NULL, &fake_console, &note, err);
    (void)snprintf(ret->out.text, sizeof(ret->out.text), "%s", builder_text(&note));
    return is_done;
}

static void a_checkpoint_is_over_the_record_that_says_so(void **state)
{
    char wanted[60];
    (void)state;
    const struct apart *found = apart_confined(run_checkpoint, NULL);
    assert_done(found);
    assert_types_from(&own, begun, "session.opened ");
    assert_checkpointed(&own);
    (void)snprintf(wanted, sizeof(wanted), "ca.example/root\n%u\n", (unsigned)begun + 1);
    assert_int_equal(strncmp(found->out.text, wanted, strlen(wanted)), 0);
    fake_token_set_fault(FAKE_TOKEN, 1, FAKE_IS_AWAY);
    assert_false(apart_confined(run_checkpoint, NULL)->is_done);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_control_follows_the_one_in_force, begin, end),
        cmocka_unit_test_setup_teardown(a_control_that_cannot_be_met_is_not_set, begin, end),
        cmocka_unit_test_setup_teardown(a_change_that_fails_changes_nothing, begin, end),
        cmocka_unit_test_setup_teardown(a_control_is_planned_and_then_set_by_the_plan, begin, end),
        cmocka_unit_test_setup_teardown(a_plan_of_controls_has_one_which_follows, begin, end),
        cmocka_unit_test_setup_teardown(a_control_that_cannot_be_read_is_not_set_by_a_plan, begin, end),
        cmocka_unit_test_setup_teardown(a_checkpoint_is_over_the_record_that_says_so, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
