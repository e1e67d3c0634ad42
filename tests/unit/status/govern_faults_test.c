/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs of `control set`, `policy approve` and `ledger checkpoint` in each of which one call into the system or the libraries fails,
 * whichever: it is told, or what was wanted is in the ledger once, and under a checkpoint.
 */
#include "base/file.h"
#include "failing_run.h"
#include "records/in_force.h"
#include "status/checkpoint.h"
#include "status/govern.h"
#include "status/policies.h"

static int begin(void **state)
{
    (void)state;
    fake_home_make(&own);
    approver_make(&ann, "ann", "a");
    (void)snprintf(plan_path, sizeof(plan_path), "%s/a.plan", own.folder.path);
    return 0;
}

static int end(void **state)
{
    (void)state;
    approver_done(&ann);
    fake_home_remove(&own);
    return 0;
}

static bool change(void *data, struct control *control, struct error *err)
{
    (void)data;
    control->quorum[ACT_CONTROL] = 0;
    return control_person(control, "ann") != NULL ||
           control_add_person(control, "ann", "approver", ann.vkey, err);
}

static bool run_control(const void *data, struct apart *ret, struct error *err)
{
    const struct fault *fault = data;
    const struct govern_options options = {
        .home = own.path, .act = ACT_CONTROL, .command = "control set", .change = change};
    struct govern_result result = {.done = 99};
    const struct console console = begin_failing(fault);
    bool is_done = govern_run(&options, &console, &result, err);
    end_failing(ret);
    return is_done && result.done == 1;
}

static bool say_yes(void *data, const struct policy_change *change, struct error *err)
{
    (void)data, (void)change, (void)err;
    return true;
}

static bool run_policy(const void *data, struct apart *ret, struct error *err)
{
    const struct fault *fault = data;
    AUTO(policy_change_done) struct policy_change made = {.approved = NULL};
    const struct policy_approve_options options = {.home = own.path, .policy = "test", .decide = say_yes};
    const struct console console = begin_failing(fault);
    bool is_done = policy_approve(&options, &console, &made, &ret->out.numbers[0], err);
    end_failing(ret);
    return is_done;
}

static bool run_checkpoint(const void *data, struct apart *ret, struct error *err)
{
    const struct fault *fault = data;
    AUTO(builder_done) struct builder note = BUILDER_INIT;
    const struct console console = begin_failing(fault);
    bool is_done = status_checkpoint(own.path, NULL, &console, &note, err);
    end_failing(ret);
    return is_done && note.len > 0;
}

static bool run_policies(const void *data, struct apart *ret, struct error *err)
{
    static const char *const name = "test";
    const struct fault *fault = data;
    const struct govern_options options = {.home = own.path,
                                           .act = ACT_POLICY,
                                           .command = "policy approve",
                                           .policies = &name,
                                           .policies_count = 1};
    struct govern_result result = {.done = 99};
    const struct console console = begin_failing(fault);
    bool is_done = govern_run(&options, &console, &result, err);
    end_failing(ret);
    return is_done && result.done == 1;
}

/* ---- what came of them ---- */

/** The control that is in force: its seq, and the one before. */
static void find_control(uint64_t *ret_seq, uint64_t *ret_previous)
{
    struct error err = ERROR_INIT;
    bool is_set = false;
    AUTO(control_done) struct control control = {.people_count = 0};
    struct home *home = home_of(&own, HOME_LOOK);
    assert_true(control_in_force(home->ledger, &control, &is_set, &err) && is_set);
    *ret_seq = control.seq;
    *ret_previous = control.previous;
    home_close(home);
}

typedef bool a_run(const void *data, struct apart *ret, struct error *err);

/** \param type  of the record that each run logs */
static void fail_these(a_run *run, const char *type, struct fault fault, unsigned step)
{
    static unsigned round;
    uint64_t seq = 0, newest = 0, previous = 0;
    for (bool has_more = true; has_more; fault.number += step) {
        AUTO(free) char *text = memory_format(FAKE_POLICY "# %u\n", round++);
        struct error err = ERROR_INIT;
        const unsigned before = count_of(type);
        find_control(&seq, &previous);
        assert_true(file_replace(own.folder.fd, "ca/policies/test.yaml", 0644, bytes_of_text(text), &err));
        if (!look(apart(run, &fault), &fault, &has_more))
            continue;
        assert_int_equal(count_of(type), before + 1);
        find_control(&newest, &previous);
        if (newest != seq)
            assert_int_equal(previous, seq); // made of the one that was in force, not of none
    }
}

static void fail_each(a_run *run, const char *type)
{
    for (size_t i = 0; i < ARRAY_LEN(calls); i++)
        fail_these(run, type, (struct fault){.names = calls[i].names, .number = 1}, calls[i].step);
    fail_these(run, type, (struct fault){.names = "sqlite3_", .number = 1, .is_later = true}, 3);
    fail_these(run, type, (struct fault){.names = "time", .number = 1, .is_later = true}, 1);
}

static void a_control_is_there_or_it_is_told(void **state)
{
    (void)state;
    fail_each(run_control, "control.set");
    // What is in force is read more than once.
    fail_these(run_control, "control.set", (struct fault){.names = "pread", .number = 1}, 1);
}

static void a_policy_is_approved_or_it_is_told(void **state)
{
    (void)state;
    fail_each(run_policy, "policy.approved");
}

static void policies_are_approved_or_it_is_told(void **state)
{
    (void)state;
    fail_each(run_policies, "policy.approved");
}

static void a_checkpoint_is_there_or_it_is_told(void **state)
{
    (void)state;
    fail_each(run_checkpoint, "session.opened");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_control_is_there_or_it_is_told, begin, end),
        cmocka_unit_test_setup_teardown(a_policy_is_approved_or_it_is_told, begin, end),
        cmocka_unit_test_setup_teardown(policies_are_approved_or_it_is_told, begin, end),
        cmocka_unit_test_setup_teardown(a_checkpoint_is_there_or_it_is_told, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
