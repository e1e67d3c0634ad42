/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a plan may be carried out here and now: each reason why not, and what a plan that was begun has left to do. */
#include "records/admit.h"

#include "approver.h"
#include "base/memory.h"
#include "base/time.h"
#include "fake_home.h"
#include "records/in_force.h"
#include "records/revocation.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define HOUR 3600

static struct fake_home own;
static struct approver ann, bob, eve;
static int64_t now;

static void set_control(void)
{
    struct error err = ERROR_INIT;
    bool is_set = false;
    AUTO(control_done) struct control before = {.people_count = 0};
    AUTO(control_done) struct control control = {.seq = CONTROL_NONE};
    assert_true(control_in_force(own.home->ledger, &before, &is_set, &err) && is_set);
    control.previous = before.seq;
    assert_true(control_add_person(&control, "ann", "approver", ann.vkey, &err));
    assert_true(control_add_person(&control, "bob", "approver", bob.vkey, &err));
    assert_true(control_add_person(&control, "eve", "auditor", eve.vkey, &err));
    control.quorum[ACT_REVOKE] = 2;
    assert_true(ledger_append(own.home->ledger, RECORD_CONTROL_SET, control_write(&control), NULL, &err));
    assert_true(ledger_commit(own.home->ledger, &err));
}

static int begin(void **state)
{
    (void)state;
    approver_make(&ann, "ann", "a");
    approver_make(&bob, "bob", "b");
    approver_make(&eve, "eve", "e");
    fake_home_make(&own);
    fake_home_open(&own);
    set_control();
    now = time_now();
    return 0;
}

static int end(void **state)
{
    (void)state;
    fake_home_remove(&own);
    approver_done(&ann), approver_done(&bob), approver_done(&eve);
    return 0;
}

/** A plan to revoke two; of an act that needs nothing: a CRL. */
static void make(enum act act, uint8_t first, struct plan_file *ret_file)
{
    struct error err = ERROR_INIT;
    *ret_file = (struct plan_file){.items = NULL};
    assert_true(admit_new_plan(own.home, act, now, HOUR, ret_file, &err));
    for (uint8_t i = 0; i < 2; i++) {
        const uint8_t serial[] = {first, (uint8_t)(i + 1)};
        const struct record_cert_revoked record = {.serial = BYTES(serial),
                                                   .reason = CRL_SUPERSEDED,
                                                   .revoked_at = now,
                                                   .invalidity_date = CRL_NO_TIME,
                                                   .not_after = CRL_NO_TIME,
                                                   .ref = RECORD_NO_SEQ,
                                                   .is_foreign = true};
        plan_file_add(ret_file, NULL, act == ACT_CRL ? "crl.signing" : RECORD_CERT_REVOKED,
                      record_cert_revoked_write(&record));
    }
    plan_file_seal(ret_file);
}

/** The approvers end with NULL. \return whether it is admitted */
static bool admit(const struct plan_file *file, int64_t time, const struct approver *const *approvers,
                  struct admitted *ret_admitted, struct error *err)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    struct builder notes[4] = {BUILDER_INIT, BUILDER_INIT, BUILDER_INIT, BUILDER_INIT};
    struct plan_given given = {.count = 0};
    struct plan_file brought = {.items = NULL}; // taken
    plan_file_write(file, &text);
    assert_true(plan_file_read(builder_bytes(&text), &brought, err));
    given.file = &brought;
    for (; approvers[given.count] != NULL; given.count++) {
        approver_approve(approvers[given.count], &file->header, file->header.not_before, &notes[given.count]);
        given.approvals[given.count] = builder_bytes(&notes[given.count]);
    }
    error_clear(err);
    bool is_admitted = plan_admit(own.home, &given, time, ret_admitted, err);
    for (size_t i = 0; i < ARRAY_LEN(notes); i++)
        builder_done(&notes[i]);
    return is_admitted;
}

static void refused(const struct plan_file *file, int64_t time, const struct approver *const *approvers,
                    const char *words)
{
    struct error err = ERROR_INIT;
    AUTO(admitted_done) struct admitted admitted = {.approvals = NULL};
    assert_false(admit(file, time, approvers, &admitted, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    if (strstr(err.text, words) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", err.text, words);
}

static const struct approver *const both[] = {&ann, &bob, NULL};

static void a_new_plan_is_of_this_ca_and_its_control(void **state)
{
    AUTO(plan_file_done) struct plan_file file;
    struct error err = ERROR_INIT;
    AUTO(control_done) struct control control = {.people_count = 0};
    bool is_set = false;
    (void)state;
    make(ACT_REVOKE, 1, &file);
    assert_true(control_in_force(own.home->ledger, &control, &is_set, &err));
    assert_int_equal(file.header.control, control.seq);
    assert_string_equal(file.header.origin, "ca.example/root");
    assert_int_equal(file.header.not_after - file.header.not_before, HOUR);
    assert_int_equal(json_count(file.people), 3);
}

static void enough_people_are_needed_each_once(void **state)
{
    const struct approver *const one[] = {&ann, NULL};
    const struct approver *const twice[] = {&ann, &ann, NULL};
    const struct approver *const auditor[] = {&ann, &eve, NULL};
    const struct approver *const none[] = {NULL};
    struct error err = ERROR_INIT;
    AUTO(plan_file_done) struct plan_file file;
    AUTO(admitted_done) struct admitted admitted = {.approvals = NULL};
    (void)state;
    make(ACT_REVOKE, 2, &file);
    refused(&file, now, none, "revoking needs 2 approvals, the plan has 0; can approve: ann, bob");
    refused(&file, now, one, "revoking needs 2 approvals, the plan has 1; can approve: bob");
    refused(&file, now, twice, "ann approved it twice");
    refused(&file, now, auditor, "has no approver's key for this name");
    assert_true(admit(&file, now, both, &admitted, &err));
    assert_false(admitted.is_taken);
    assert_int_equal(json_count(admitted.approvals), 2);
}

static void an_act_that_needs_nobody_needs_no_plan(void **state)
{
    const struct approver *const none[] = {NULL};
    AUTO(plan_file_done) struct plan_file file;
    (void)state;
    make(ACT_CRL, 3, &file);
    refused(&file, now, none, "without approvals run the command itself");
}

static void a_plan_has_its_time_its_control_and_its_ca(void **state)
{
    AUTO(plan_file_done) struct plan_file file;
    (void)state;
    make(ACT_REVOKE, 4, &file);
    refused(&file, now - 1, both, "may be carried out from");
    refused(&file, now + HOUR + 1, both, "may be carried out from");
    file.header.control--;
    plan_file_seal(&file);
    refused(&file, now, both, "the controls changed since");
    file.header.control++;
    free(file.header.origin);
    file.header.origin = memory_text("other.example");
    plan_file_seal(&file);
    refused(&file, now, both, "the plan is for another CA, other.example; this is ca.example/root");
    free(file.header.origin);
    file.header.origin = memory_text("ca.example/root");
    free(file.header.vkey);
    file.header.vkey = memory_text("ca.example/root+00000000+AAAA");
    plan_file_seal(&file);
    refused(&file, now, both, "the plan is for another CA");
}

static void an_approval_of_other_items_does_not_count(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(plan_file_done) struct plan_file file;
    AUTO(plan_file_done) struct plan_file other;
    struct plan_file brought = {.items = NULL}; // taken
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder note = BUILDER_INIT;
    AUTO(admitted_done) struct admitted admitted = {.approvals = NULL};
    (void)state;
    make(ACT_REVOKE, 5, &file);
    make(ACT_REVOKE, 6, &other);
    plan_file_write(&file, &text);
    assert_true(plan_file_read(builder_bytes(&text), &brought, &err));
    approver_approve(&ann, &other.header, now, &note);
    const struct plan_given given = {.file = &brought, .approvals = {builder_bytes(&note)}, .count = 1};
    assert_false(plan_admit(own.home, &given, now, &admitted, &err));
    assert_non_null(strstr(err.text, "it is for another plan"));
}

static void a_plan_that_was_begun_goes_on_without_approvals(void **state)
{
    const struct approver *const none[] = {NULL};
    struct error err = ERROR_INIT;
    struct ledger *ledger = own.home->ledger;
    AUTO(plan_file_done) struct plan_file file;
    AUTO(admitted_done) struct admitted first = {.approvals = NULL};
    AUTO(admitted_done) struct admitted second = {.approvals = NULL};
    AUTO(admitted_done) struct admitted third = {.approvals = NULL};
    (void)state;
    make(ACT_REVOKE, 7, &file);
    assert_true(admit(&file, now, both, &first, &err));
    assert_true(admitted_log(&first, ledger, "run", &err) && ledger_commit(ledger, &err));
    assert_true(admit(&file, now, none, &second, &err));
    assert_true(second.is_taken);
    assert_false(second.done[0] || second.done[1]);
    uint64_t size = ledger_size(ledger);
    assert_true(admitted_log(&second, ledger, "run", &err) && ledger_commit(ledger, &err));
    assert_int_equal(ledger_size(ledger), size); // once
    assert_true(ledger_append(ledger, RECORD_CERT_REVOKED, plan_file_planned(&second.file, 1), NULL, &err) &&
                ledger_commit(ledger, &err));
    assert_true(admit(&file, now, none, &third, &err));
    assert_false(third.done[0]);
    assert_true(third.done[1]);
    refused(&file, now + HOUR + 1, both, "may be carried out from");
}

/** What was signed may still have to be delivered. */
static void a_plan_that_is_done_whole_has_no_window(void **state)
{
    const struct approver *const none[] = {NULL};
    struct error err = ERROR_INIT;
    struct ledger *ledger = own.home->ledger;
    AUTO(plan_file_done) struct plan_file file;
    AUTO(admitted_done) struct admitted first = {.approvals = NULL};
    AUTO(admitted_done) struct admitted in_time = {.approvals = NULL};
    AUTO(admitted_done) struct admitted late = {.approvals = NULL};
    AUTO(admitted_done) struct admitted governed = {.approvals = NULL};
    (void)state;
    make(ACT_REVOKE, 8, &file);
    assert_true(admit(&file, now, both, &first, &err));
    assert_true(admitted_log(&first, ledger, "run", &err));
    for (size_t i = 0; i < 2; i++) {
        assert_true(ledger_commit(ledger, &err));
        refused(&file, now + HOUR + 1, none, "may be carried out from");
        assert_true(
            ledger_append(ledger, RECORD_CERT_REVOKED, plan_file_planned(&first.file, i), NULL, &err));
    }
    assert_true(ledger_commit(ledger, &err));
    assert_true(admit(&file, now + HOUR, none, &in_time, &err));
    assert_false(in_time.is_over);
    assert_true(admit(&file, now + HOUR + 1, none, &late, &err));
    assert_true(late.is_over);
    set_control();
    assert_true(admit(&file, now, none, &governed, &err));
    assert_true(governed.is_over);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_plan_is_of_this_ca_and_its_control),
        cmocka_unit_test(enough_people_are_needed_each_once),
        cmocka_unit_test(an_act_that_needs_nobody_needs_no_plan),
        cmocka_unit_test(a_plan_has_its_time_its_control_and_its_ca),
        cmocka_unit_test(an_approval_of_other_items_does_not_count),
        cmocka_unit_test(a_plan_that_was_begun_goes_on_without_approvals),
        cmocka_unit_test(a_plan_that_is_done_whole_has_no_window),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
