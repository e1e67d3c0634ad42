/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs of `revoke` in each of which one call into the system or the libraries fails, whichever: it is told, or what was wanted is in the
 * ledger and under a checkpoint; what is told to have failed can be done again, and is done once.
 */
#include "failing_run.h"
#include "given.h"
#include "status/revoke.h"

static struct given given[2];

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

enum { TO_DO, DONE_BEFORE };

static bool run_revoke(const void *data, struct apart *ret, struct error *err)
{
    const struct fault *fault = data;
    struct revoke_options options = *(const struct revoke_options *)fault->what;
    AUTO(revoke_plan_done) struct revoke_plan plan = {.targets = NULL};
    options.home = own.path;
    const struct console console = begin_failing(fault);
    bool is_done = revoke_run(&options, &console, &plan, err);
    end_failing(ret);
    ret->out.numbers[TO_DO] = plan.to_do;
    ret->out.numbers[DONE_BEFORE] = plan.done_before;
    return is_done;
}

static bool run_planned(const void *data, struct apart *ret, struct error *err)
{
    const struct fault *fault = data;
    const struct revoke_options options = {.home = own.path, .given = fault->what};
    const struct console console = begin_failing(fault);
    bool is_done = revoke_planned(&options, &console, &ret->out.numbers[0], err);
    end_failing(ret);
    return is_done;
}

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

static void what_a_person_said_yes_to_is_logged_once_or_it_is_told(void **state)
{
    (void)state;
    hold_and_release((struct fault){.names = "sqlite3_", .number = 1, .is_later = true}, 1);
    hold_and_release((struct fault){.names = "pread", .number = 1, .is_later = true}, 1);
    hold_and_release((struct fault){.names = "time", .number = 1, .is_later = true}, 1);
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
    end_failing(ret);
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

static void an_approved_plan_is_carried_out_once_however_often_it_was_stopped(void **state)
{
    static const struct fault none = {.names = "none", .number = 1};
    static const struct {
        struct fault fault;
        unsigned step;
    } faults[] = {{{.names = "fsync", .number = 1}, 1},
                  {{.names = "fdatasync", .number = 1}, 1},
                  {{.names = "time", .number = 1, .is_later = true}, 1},
                  {{.names = "sqlite3_", .number = 1, .is_later = true}, 3}};
    const char *const serials[] = {given[0].serial, given[1].serial};
    int64_t valid_for = 3600;
    (void)state;
    ann_decides(ACT_REVOKE);
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        struct fault fault = faults[i].fault;
        for (bool has_more = true; has_more; fault.number += faults[i].step) {
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
        cmocka_unit_test_setup_teardown(an_approved_plan_is_carried_out_once_however_often_it_was_stopped,
                                        begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
