/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs of `revoke`, `control set` and `ledger checkpoint` in each of which one call into the system or the libraries fails, whichever: it
 * is told, or what was wanted is in the ledger and under a checkpoint; what is told to have failed can be done again, and is done once.
 */
#include "apart.h"
#include "approver.h"
#include "base/file.h"
#include "base/memory.h"
#include "failing.h"
#include "given.h"
#include "status/checkpoint.h"
#include "status/govern.h"
#include "status/policies.h"
#include "status/revoke.h"

static struct fake_home own;
static struct given given[2];
static struct approver ann;
static char plan_path[128];

static int begin(void **state)
{
    (void)state;
    fake_home_make(&own);
    approver_make(&ann, "ann", "a");
    struct home *home = home_of(&own, HOME_WRITE);
    for (size_t i = 0; i < ARRAY_LEN(given); i++)
        given_issue(home, "CN=a", "p", true, &given[i]);
    home_close(home);
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

struct fault {
    const char *names;
    unsigned number;
    const void *what;
    bool is_later; /**< calls count from the person's yes on */
};
enum { TO_DO, DONE_BEFORE, HAS_FAILED = 7 };

/* ---- the runs ---- */

static bool say_yes_and_fail(void *data, const struct revoke_plan *plan, const char *words, struct error *err)
{
    const struct fault *fault = data;
    (void)plan, (void)words, (void)err;
    failing_at(fault->names, fault->number);
    return true;
}

static bool run_revoke(const void *data, struct apart *ret, struct error *err)
{
    struct fault fault = *(const struct fault *)data;
    struct revoke_options options = *(const struct revoke_options *)fault.what;
    AUTO(revoke_plan_done) struct revoke_plan plan = {.targets = NULL};
    options.home = own.path;
    options.data = &fault;
    options.decide = fault.is_later ? say_yes_and_fail : NULL;
    failing_at(fault.is_later ? "none" : fault.names, fault.number);
    bool is_done = revoke_run(&options, &fake_console, &plan, err);
    ret->out.numbers[HAS_FAILED] = failing_stop() != NULL;
    ret->out.numbers[TO_DO] = plan.to_do;
    ret->out.numbers[DONE_BEFORE] = plan.done_before;
    return is_done;
}

static bool run_planned(const void *data, struct apart *ret, struct error *err)
{
    const struct fault *fault = data;
    const struct revoke_options options = {.home = own.path, .given = fault->what};
    failing_at(fault->names, fault->number);
    bool is_done = revoke_planned(&options, &fake_console, &ret->out.numbers[0], err);
    ret->out.numbers[HAS_FAILED] = failing_stop() != NULL;
    return is_done;
}

static bool change(void *data, struct control *control, struct error *err)
{
    (void)data, (void)err;
    control->quorum[ACT_CONTROL] = 0;
    return true;
}

static bool run_control(const void *data, struct apart *ret, struct error *err)
{
    const struct fault *fault = data;
    const struct govern_options options = {
        .home = own.path, .act = ACT_CONTROL, .command = "control set", .change = change};
    struct govern_result result = {.done = 99};
    failing_at(fault->names, fault->number);
    bool is_done = govern_run(&options, &fake_console, &result, err);
    ret->out.numbers[HAS_FAILED] = failing_stop() != NULL;
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
    failing_at(fault->names, fault->number);
    bool is_done = policy_approve(&options, &fake_console, &made, &ret->out.numbers[0], err);
    ret->out.numbers[HAS_FAILED] = failing_stop() != NULL;
    return is_done;
}

static bool run_checkpoint(const void *data, struct apart *ret, struct error *err)
{
    const struct fault *fault = data;
    AUTO(builder_done) struct builder note = BUILDER_INIT;
    failing_at(fault->names, fault->number);
    bool is_done = status_checkpoint(own.path, NULL, &fake_console, &note, err);
    ret->out.numbers[HAS_FAILED] = failing_stop() != NULL;
    return is_done && note.len > 0;
}

/* ---- what came of them ---- */

/** The number of records of a type. */
static unsigned count_of(const char *type)
{
    unsigned count = 0;
    AUTO(free) char *types = fake_home_types(&own);
    AUTO(free) char *wanted = memory_format("%s ", type);
    for (const char *at = types; (at = strstr(at, wanted)) != NULL; at++)
        count++;
    return count;
}

/** \return whether it is done; else it was told. \param ret_more  whether there was a call that failed */
static bool look(const struct apart *found, const struct fault *fault, bool *ret_more)
{
    *ret_more = found->out.numbers[HAS_FAILED] != 0;
    if (!found->is_done && (!*ret_more || found->err.kind < ERROR_INPUT || found->err.kind > ERROR_LEDGER))
        fail_msg("%s %u: %d \"%s\"", fault->names, fault->number, (int)found->err.kind, found->err.text);
    if (found->is_done)
        assert_checkpointed(&own);
    return found->is_done;
}

/** What syncs: each; of the others some. */
static const struct {
    const char *names;
    unsigned step;
} calls[] = {{"fsync", 1}, {"fdatasync", 1}, {"renameat", 1}, {"write", 3},
             {"pread", 5}, {"open", 15},     {"sqlite3_", 23}};

/** A hold, then its release, and so on: each is logged once, or it is told that it is not. */
static void hold_and_release(struct fault fault, unsigned step)
{
    const char *serial = given[0].serial;
    for (bool has_more = true; has_more; fault.number += step) {
        const unsigned holds = count_of("cert.revoked");
        const unsigned releases = count_of("cert.unrevoked");
        const bool is_held = holds > releases;
        const struct revoke_options options = {
            .serials = &serial, .serial_count = 1, .is_hold = !is_held, .is_release = is_held};
        fault.what = &options;
        const struct apart *found = apart(run_revoke, &fault);
        const bool is_done = look(found, &fault, &has_more);
        const unsigned logged = count_of("cert.revoked") + count_of("cert.unrevoked") - holds - releases;
        if (is_done || strstr(found->err.text, "what was done is in the ledger") != NULL)
            assert_int_equal(logged, 1);
        assert_in_range(count_of("cert.revoked"), holds, holds + (is_held ? 0 : 1));
        assert_in_range(count_of("cert.unrevoked"), releases, releases + (is_held ? 1 : 0));
    }
}

static void a_hold_and_its_release_are_logged_once_or_it_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(calls); i++)
        hold_and_release((struct fault){.names = calls[i].names, .number = 1}, calls[i].step);
}

/** Here records are appended, which the index may refuse. */
static void what_a_person_said_yes_to_is_logged_once_or_it_is_told(void **state)
{
    (void)state;
    hold_and_release((struct fault){.names = "sqlite3_", .number = 1, .is_later = true}, 1);
    hold_and_release((struct fault){.names = "pread", .number = 1, .is_later = true}, 1);
}

static bool show(void *data, const struct revoke_plan *plan, const char *words, struct error *err)
{
    static const char end[] = "  policy     p\n  run        CN=a\n  valid to   2026-03-01T01:53:19Z\n";
    (void)plan;
    return (strncmp(words, data, strlen(data)) == 0 &&
            strcmp(words + strlen(words) - strlen(end), end) == 0) ||
           error_set(err, ERROR_INTERRUPTED, 0, "shown: %s", words);
}

static bool run_shown(const void *data, struct apart *ret, struct error *err)
{
    const struct fault *fault = data;
    const char *serial = given[0].serial;
    AUTO(free) char *words = memory_format("  serial     %s\n  subject    CN=a\n", serial);
    const struct revoke_options options = {.home = own.path,
                                           .serials = &serial,
                                           .serial_count = 1,
                                           .is_dry_run = true,
                                           .decide = show,
                                           .data = words};
    AUTO(revoke_plan_done) struct revoke_plan plan = {.targets = NULL};
    failing_at(fault->names, fault->number);
    bool is_done = revoke_run(&options, &fake_console, &plan, err);
    ret->out.numbers[HAS_FAILED] = failing_stop() != NULL;
    return is_done;
}

/** A person who decides sees all of it, or is told why not. */
static void what_is_shown_is_whole_or_it_is_told(void **state)
{
    struct fault fault = {.names = "sqlite3_", .number = 1};
    (void)state;
    for (bool has_more = true; has_more; fault.number++) {
        const struct apart *found = apart(run_shown, &fault);
        has_more = found->out.numbers[HAS_FAILED] != 0;
        if (!found->is_done && (!has_more || found->err.kind < ERROR_INPUT || found->err.kind > ERROR_LEDGER))
            fail_msg("%u: %d \"%s\"", fault.number, (int)found->err.kind, found->err.text);
    }
}

/** What a question selects is all that the ledger has, or it is told: part of it would go unrevoked, and nobody would know. */
static void what_is_selected_is_all_or_it_is_told(void **state)
{
    static const struct revoke_options options = {.where = "policy=p", .is_dry_run = true};
    static const struct {
        const char *names;
        unsigned step;
    } reads[] = {{"pread", 2}, {"read", 3}, {"fstat", 15}, {"sqlite3_", 7}};
    static const struct revoke_options all = {.where = "policy=p"};
    static const struct fault none = {.names = "none", .number = 1, .what = &all};
    (void)state;
    fake_console_stops_after(1); // one of two is done, by a run that was stopped: that is said
    assert_failed(apart(run_revoke, &none), ERROR_INTERRUPTED, "stopped after 1 of 2");
    for (size_t i = 0; i < ARRAY_LEN(reads); i++) {
        struct fault fault = {.names = reads[i].names, .number = 1, .what = &options};
        for (bool has_more = true; has_more; fault.number += reads[i].step) {
            const struct apart *found = apart(run_revoke, &fault);
            has_more = found->out.numbers[HAS_FAILED] != 0;
            if (found->is_done) {
                assert_int_equal(found->out.numbers[TO_DO], 1);
                assert_int_equal(found->out.numbers[DONE_BEFORE], 1);
            } else if (!has_more || found->err.kind < ERROR_INPUT || found->err.kind > ERROR_LEDGER)
                fail_msg("%s %u: %d \"%s\"", fault.names, fault.number, (int)found->err.kind,
                         found->err.text);
        }
    }
}

typedef bool a_run(const void *data, struct apart *ret, struct error *err);

/** \param type  of the record that each run logs */
static void fail_these(a_run *run, const char *type, const char *names, unsigned step)
{
    static unsigned round;
    struct fault fault = {.names = names, .number = 1};
    for (bool has_more = true; has_more; fault.number += step) {
        AUTO(free) char *text = memory_format(FAKE_POLICY "# %u\n", round++);
        struct error err = ERROR_INIT;
        const unsigned before = count_of(type);
        assert_true(file_replace(own.folder.fd, "ca/policies/test.yaml", 0644, bytes_of_text(text), &err));
        if (look(apart(run, &fault), &fault, &has_more))
            assert_int_equal(count_of(type), before + 1);
    }
}

static void fail_each(a_run *run, const char *type)
{
    for (size_t i = 0; i < ARRAY_LEN(calls); i++)
        fail_these(run, type, calls[i].names, calls[i].step);
}

static void a_control_is_there_or_it_is_told(void **state)
{
    (void)state;
    fail_each(run_control, "control.set");
    fail_these(run_control, "control.set", "pread", 1); // what is in force is read more than once
}

static void a_policy_is_approved_or_it_is_told(void **state)
{
    (void)state;
    fail_each(run_policy, "policy.approved");
}

static void a_checkpoint_is_there_or_it_is_told(void **state)
{
    (void)state;
    fail_each(run_checkpoint, "session.opened");
}

static void set_control(void)
{
    struct error err = ERROR_INIT;
    AUTO(control_done) struct control control = {.seq = CONTROL_NONE, .previous = CONTROL_NONE};
    assert_true(control_add_person(&control, "ann", "approver", ann.vkey, &err));
    control.quorum[ACT_REVOKE] = 1;
    (void)log_to(&own, RECORD_CONTROL_SET, control_write(&control));
}

static void an_approved_plan_is_carried_out_once_however_often_it_was_stopped(void **state)
{
    static const struct fault none = {.names = "none", .number = 1};
    static const char *const names[] = {"fsync", "fdatasync"};
    const char *const serials[] = {given[0].serial, given[1].serial};
    int64_t valid_for = 3600;
    (void)state;
    set_control();
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct fault fault = {.names = names[i], .number = 1};
        for (bool has_more = true; has_more; fault.number++) {
            AUTO(approved_file_done) struct approved_file brought = {.given = {.count = 0}};
            const bool is_held = count_of("cert.revoked") > count_of("cert.unrevoked");
            const char *type = is_held ? "cert.unrevoked" : "cert.revoked";
            const unsigned before = count_of(type);
            const struct revoke_options options = {.serials = serials,
                                                   .serial_count = 2,
                                                   .is_hold = !is_held,
                                                   .is_release = is_held,
                                                   .plan_out = plan_path,
                                                   .valid_for = valid_for++}; // else it may be the same plan
            const struct fault plan = {.names = "none", .number = 1, .what = &options};
            (void)unlink(plan_path);
            assert_done(apart(run_revoke, &plan));
            approver_bring(&ann, plan_path, true, &brought);
            fault.what = &brought.given;
            bool is_done = look(apart(run_planned, &fault), &fault, &has_more);
            if (!is_done) {
                AUTO(approved_file_done) struct approved_file again = {.given = {.count = 0}};
                struct fault rest = none;
                approver_bring(&ann, plan_path, true, &again);
                rest.what = &again.given;
                assert_done(apart(run_planned, &rest));
            }
            assert_int_equal(count_of(type), before + 2);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_hold_and_its_release_are_logged_once_or_it_is_told, begin, end),
        cmocka_unit_test_setup_teardown(what_a_person_said_yes_to_is_logged_once_or_it_is_told, begin, end),
        cmocka_unit_test_setup_teardown(what_is_shown_is_whole_or_it_is_told, begin, end),
        cmocka_unit_test_setup_teardown(what_is_selected_is_all_or_it_is_told, begin, end),
        cmocka_unit_test_setup_teardown(a_control_is_there_or_it_is_told, begin, end),
        cmocka_unit_test_setup_teardown(a_policy_is_approved_or_it_is_told, begin, end),
        cmocka_unit_test_setup_teardown(a_checkpoint_is_there_or_it_is_told, begin, end),
        cmocka_unit_test_setup_teardown(an_approved_plan_is_carried_out_once_however_often_it_was_stopped,
                                        begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
