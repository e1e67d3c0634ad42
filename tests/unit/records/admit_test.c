/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a plan may be carried out here and now, to the second and the word; and what of it was done. */
#include "records/admit.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "brought.h"
#include "records/in_force.h"
#include "records/revocation.h"
#include "small_home.h"

#define NOW INT64_C(1800000000)
#define WEEK INT64_C(604800)

static struct small_home small;
static struct approver ann, bob, eve;
static struct control control; /* what the next control.set says */

static uint64_t set_control(void)
{
    return small_home_log(&small, RECORD_CONTROL_SET, control_write(&control));
}

static int begin_without_control(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    small_home_make(&small);
    approver_make(&ann, "ann", "a"), approver_make(&bob, "bob", "b"), approver_make(&eve, "eve", "e");
    control = (struct control){.seq = CONTROL_NONE, .previous = CONTROL_NONE};
    assert_true(control_add_person(&control, "ann", "approver", ann.vkey, &err));
    assert_true(control_add_person(&control, "bob", "approver", bob.vkey, &err));
    assert_true(control_add_person(&control, "dan", "operator", NULL, &err));
    assert_true(control_add_person(&control, "eve", "auditor", eve.vkey, &err));
    control.quorum[ACT_REVOKE] = 2;
    return 0;
}

static int begin(void **state)
{
    (void)begin_without_control(state);
    (void)small_home_log(&small, "note", json_new_object());
    assert_int_equal(set_control(), 1);
    return 0;
}

static int end(void **state)
{
    (void)state;
    approver_done(&ann), approver_done(&bob), approver_done(&eve);
    control_done(&control);
    small_home_remove(&small);
    return 0;
}

/** A plan of so many revocations, good for a week from NOW on. */
static void make(struct plan_file *file, unsigned count)
{
    struct error err = ERROR_INIT;
    *file = (struct plan_file){.items = NULL};
    if (!admit_new_plan(&small.home, ACT_REVOKE, NOW, WEEK, file, &err))
        fail_msg("%s", err.text);
    for (unsigned i = 0; i < count; i++) {
        struct json *json = json_new_object();
        AUTO(free) char *serial = memory_format("%02x", i);
        json_put_text(json, "serial", serial);
        plan_file_add(file, NULL, RECORD_CERT_REVOKED, json);
    }
    plan_file_seal(file);
}

static void admit(const struct plan_file *file, const struct approver *one, const struct approver *other,
                  int64_t now, struct admitted *ret_admitted)
{
    struct error err = ERROR_INIT;
    struct brought brought;
    bring(&brought, file, one, other);
    if (!plan_admit(&small.home, &brought.given, now, ret_admitted, &err))
        fail_msg("%s", err.text);
    brought_done(&brought);
}

static void assert_refused(const struct plan_file *file, const struct approver *one,
                           const struct approver *other, int64_t now, const char *words)
{
    struct error err = ERROR_INIT;
    struct brought brought;
    struct admitted admitted;
    bring(&brought, file, one, other);
    if (plan_admit(&small.home, &brought.given, now, &admitted, &err))
        fail_msg("admitted, not \"%s\"", words);
    assert_string_equal(err.text, words);
    assert_int_equal(err.kind, ERROR_INPUT);
    brought_done(&brought);
}

static const char none_set[] = "this CA has no controls, so nobody's approval counts: set them first "
                               "(docs/controls.md)";

static void without_controls_nobodys_approval_counts(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    AUTO(plan_file_done) struct plan_file none = {.items = NULL};
    (void)state;
    assert_false(admit_new_plan(&small.home, ACT_REVOKE, NOW, WEEK, &none, &err));
    assert_string_equal(err.text, none_set);
    file.header = (struct plan_header){.act = ACT_REVOKE,
                                       .origin = memory_text(SMALL_HOME_ORIGIN),
                                       .vkey = memory_text(small.key.vkey),
                                       .not_before = NOW,
                                       .not_after = NOW};
    plan_file_add(&file, NULL, RECORD_CERT_REVOKED, json_new_object());
    plan_file_seal(&file);
    assert_refused(&file, &ann, &bob, NOW, none_set);
}

static void a_new_plan_is_of_this_ca_under_the_control_in_force(void **state)
{
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    (void)state;
    make(&file, 1);
    assert_int_equal(file.header.act, ACT_REVOKE);
    assert_string_equal(file.header.origin, SMALL_HOME_ORIGIN);
    assert_string_equal(file.header.vkey, small.key.vkey);
    assert_int_equal(file.header.control, 1);
    assert_int_equal(file.header.not_before, NOW);
    assert_int_equal(file.header.not_after, NOW + WEEK);
    assert_int_equal(json_count(file.people), 4);
    assert_string_equal(json_text(json_at(file.people, 1), "name"), "bob");
    assert_string_equal(json_text(json_at(file.people, 1), "key"), bob.vkey);
    assert_null(json_text(json_at(file.people, 2), "key"));
}

static void a_plan_of_another_ca_is_refused(void **state)
{
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    (void)state;
    make(&file, 1);
    free(file.header.vkey);
    file.header.vkey = memory_text(ann.vkey);
    plan_file_seal(&file);
    assert_refused(&file, &ann, &bob, NOW,
                   "the plan is for another CA, ca.example/root; this is ca.example/root");
    free(file.header.vkey), free(file.header.origin);
    file.header.vkey = memory_text(small.key.vkey);
    file.header.origin = memory_text("ca.example/other");
    plan_file_seal(&file);
    assert_refused(&file, &ann, &bob, NOW,
                   "the plan is for another CA, ca.example/other; this is ca.example/root");
}

static void a_plan_is_admitted_in_its_window_under_its_control(void **state)
{
    static const char outside[] = "the plan may be carried out from 2027-01-15T08:00:00Z to "
                                  "2027-01-22T08:00:00Z only: make it anew, and have it approved";
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    AUTO(admitted_done) struct admitted first = {.approvals = NULL};
    AUTO(admitted_done) struct admitted last = {.approvals = NULL};
    (void)state;
    make(&file, 1);
    assert_refused(&file, &ann, &bob, NOW - 1, outside);
    assert_refused(&file, &ann, &bob, NOW + WEEK + 1, outside);
    admit(&file, &ann, &bob, NOW, &first);
    admit(&file, &ann, &bob, NOW + WEEK, &last);
    assert_int_equal(json_count(last.approvals), 2);
    (void)set_control();
    assert_refused(&file, &ann, &bob, NOW,
                   "the plan was made under the control of record 1, the controls changed since (record 2): "
                   "make it anew, and have it approved");
}

static void a_plan_needs_its_approvals(void **state)
{
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    AUTO(plan_file_done) struct plan_file free_one = {.items = NULL};
    AUTO(admitted_done) struct admitted admitted = {.approvals = NULL};
    (void)state;
    make(&file, 1);
    assert_refused(&file, NULL, NULL, NOW,
                   "revoking needs 2 approvals, the plan has 0; can approve: ann, bob");
    assert_refused(&file, &bob, NULL, NOW, "revoking needs 2 approvals, the plan has 1; can approve: ann");
    assert_refused(&file, &bob, &bob, NOW, "bob approved it twice: one person counts once");
    assert_refused(
        &file, &bob, &eve, NOW,
        "the control in force has no approver's key for this name\nwhile checking the approval by eve");
    // Where none is needed, one is wanted all the same: the record must say who it was.
    control.quorum[ACT_REVOKE] = 0;
    (void)set_control();
    make(&free_one, 1);
    assert_refused(&free_one, NULL, NULL, NOW,
                   "a plan is carried out with at least one --approval; without approvals run the command "
                   "itself");
    admit(&free_one, &bob, NULL, NOW, &admitted);
}

static void an_approval_of_another_plan_does_not_count(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    AUTO(plan_file_done) struct plan_file other = {.items = NULL};
    struct brought brought, others;
    struct admitted admitted;
    (void)state;
    make(&file, 2), make(&other, 3);
    bring(&brought, &file, &ann, &bob), bring(&others, &other, &ann, &bob);
    brought.given.approvals[1] = others.given.approvals[1];
    assert_false(plan_admit(&small.home, &brought.given, NOW, &admitted, &err));
    assert_non_null(strstr(err.text, "it is for another plan: "));
    brought_done(&brought), brought_done(&others);
}

static void log_plan(const struct admitted *admitted)
{
    struct error err = ERROR_INIT;
    assert_true(admitted_log(admitted, small.home.ledger, "a run", &err));
    assert_true(ledger_commit(small.home.ledger, &err));
}

/** A run that was stopped goes on, without approvals, and does nothing twice. */
static void what_was_done_of_a_plan_is_known(void **state)
{
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    AUTO(plan_file_done) struct plan_file other = {.items = NULL};
    AUTO(admitted_done) struct admitted fresh = {.approvals = NULL};
    AUTO(admitted_done) struct admitted others = {.approvals = NULL};
    AUTO(admitted_done) struct admitted again = {.approvals = NULL};
    AUTO(json_free) struct json *record = NULL;
    struct error err = ERROR_INIT;
    (void)state;
    make(&file, 4), make(&other, 5);
    admit(&file, &ann, &bob, NOW, &fresh);
    assert_false(fresh.is_taken);
    for (unsigned i = 0; i < 4; i++)
        assert_false(fresh.done[i]);
    log_plan(&fresh);
    assert_true(ledger_record(small.home.ledger, 2, &record, &err));
    assert_string_equal(json_text(record, "type"), RECORD_PLAN_APPROVED);
    assert_string_equal(json_text(record, "batch"), "a run");
    assert_int_equal(json_count(json_get(record, "approvals")), 2);
    admit(&other, &ann, &bob, NOW, &others);
    log_plan(&others);
    (void)small_home_log(&small, RECORD_CERT_REVOKED, plan_file_planned(&file, 0));
    (void)small_home_log(&small, RECORD_CERT_REVOKED, plan_file_planned(&file, 3));
    (void)small_home_log(&small, RECORD_CERT_REVOKED, plan_file_planned(&other, 1));
    struct json *beyond = plan_file_planned(&file, 1);
    json_put_int(beyond, "plan_index", 4); // past its end: of nothing
    (void)small_home_log(&small, RECORD_CERT_REVOKED, beyond);
    admit(&file, NULL, NULL, NOW, &again);
    assert_true(again.is_taken);
    assert_true(again.done[0]);
    assert_false(again.done[1]);
    assert_false(again.done[2]);
    assert_true(again.done[3]);
    // Taken in once, it is not logged again.
    uint64_t size = ledger_size(small.home.ledger);
    log_plan(&again);
    assert_int_equal(ledger_size(small.home.ledger), size);
    assert_refused(&file, NULL, NULL, NOW + WEEK + 1,
                   "the plan may be carried out from 2027-01-15T08:00:00Z to 2027-01-22T08:00:00Z only: make "
                   "it anew, and have it approved");
}

/** What was signed may still have to be delivered. */
static void a_plan_that_is_done_whole_has_no_window(void **state)
{
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    AUTO(admitted_done) struct admitted fresh = {.approvals = NULL};
    AUTO(admitted_done) struct admitted in_time = {.approvals = NULL};
    AUTO(admitted_done) struct admitted late = {.approvals = NULL};
    AUTO(admitted_done) struct admitted governed = {.approvals = NULL};
    (void)state;
    make(&file, 2);
    admit(&file, &ann, &bob, NOW, &fresh);
    log_plan(&fresh);
    for (unsigned i = 0; i < 2; i++) {
        assert_refused(&file, NULL, NULL, NOW + WEEK + 1,
                       "the plan may be carried out from 2027-01-15T08:00:00Z to 2027-01-22T08:00:00Z only: "
                       "make it anew, and have it approved");
        (void)small_home_log(&small, RECORD_CERT_REVOKED, plan_file_planned(&file, i));
    }
    admit(&file, NULL, NULL, NOW + WEEK, &in_time);
    assert_false(in_time.is_over);
    admit(&file, NULL, NULL, NOW + WEEK + 1, &late);
    assert_true(late.is_over);
    (void)set_control();
    admit(&file, NULL, NULL, NOW, &governed);
    assert_true(governed.is_over);
}

/** The plan of an earlier control does not look done where a later one is in force. */
static void a_control_that_is_done_is_finished_while_it_is_in_force(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    AUTO(admitted_done) struct admitted fresh = {.approvals = NULL};
    AUTO(admitted_done) struct admitted again = {.approvals = NULL};
    (void)state;
    control.quorum[ACT_CONTROL] = 2;
    assert_int_equal(set_control(), 2);
    assert_true(admit_new_plan(&small.home, ACT_CONTROL, NOW, WEEK, &file, &err));
    plan_file_add(&file, NULL, RECORD_CONTROL_SET, control_write(&control));
    plan_file_seal(&file);
    admit(&file, &ann, &bob, NOW, &fresh);
    log_plan(&fresh);
    assert_int_equal(small_home_log(&small, RECORD_CONTROL_SET, plan_file_planned(&file, 0)), 4);
    admit(&file, NULL, NULL, NOW, &again);
    // Another's plan made the next.
    AUTO(plan_file_done) struct plan_file other = {.items = NULL};
    make(&other, 1);
    struct json *next = control_write(&control);
    record_put_planned(next, other.sha256, 0, NULL, 0);
    (void)small_home_log(&small, RECORD_CONTROL_SET, next);
    assert_refused(&file, NULL, NULL, NOW,
                   "the plan was made under the control of record 2, the controls changed since (record 5): "
                   "make it anew, and have it approved");
    (void)set_control();
    assert_refused(&file, NULL, NULL, NOW,
                   "the plan was made under the control of record 2, the controls changed since (record 6): "
                   "make it anew, and have it approved");
}

/** Nothing of a plan is done unless it is in the ledger. */
static void a_plan_that_cant_be_logged_is_told(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    AUTO(admitted_done) struct admitted admitted = {.approvals = NULL};
    AUTO(free) char *batch = memory_new(LEDGER_RECORD_MAX_LEN + 1, 1);
    (void)state;
    memset(batch, 'b', LEDGER_RECORD_MAX_LEN);
    make(&file, 1);
    admit(&file, &ann, &bob, NOW, &admitted);
    uint64_t size = ledger_size(small.home.ledger);
    assert_false(admitted_log(&admitted, small.home.ledger, batch, &err));
    assert_int_not_equal(err.kind, ERROR_NONE);
    assert_int_equal(ledger_size(small.home.ledger), size);
    admitted_done(&admitted); // and once more at the end: nothing is freed twice
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_controls_nobodys_approval_counts, begin_without_control, end),
        cmocka_unit_test_setup_teardown(a_new_plan_is_of_this_ca_under_the_control_in_force, begin, end),
        cmocka_unit_test_setup_teardown(a_plan_of_another_ca_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(a_plan_is_admitted_in_its_window_under_its_control, begin, end),
        cmocka_unit_test_setup_teardown(a_plan_needs_its_approvals, begin, end),
        cmocka_unit_test_setup_teardown(an_approval_of_another_plan_does_not_count, begin, end),
        cmocka_unit_test_setup_teardown(what_was_done_of_a_plan_is_known, begin, end),
        cmocka_unit_test_setup_teardown(a_plan_that_is_done_whole_has_no_window, begin, end),
        cmocka_unit_test_setup_teardown(a_control_that_is_done_is_finished_while_it_is_in_force, begin, end),
        cmocka_unit_test_setup_teardown(a_plan_that_cant_be_logged_is_told, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
