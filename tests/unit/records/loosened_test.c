/* SPDX-License-Identifier: Apache-2.0 */
/* What ca.yaml may not loosen, and a plan of controls that was carried out: it is finished as long as its control is in force. */
#include "records/admit.h"
#include "records/in_force.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "small_home.h"

#define BEGIN INT64_C(1800000000)
#define HOUR 3600

static struct small_home small;
static struct ledger *ledger;
static struct approver ann;

static int begin(void **state)
{
    (void)state;
    small_home_make(&small);
    ledger = small.home.ledger;
    approver_make(&ann, "ann", "a");
    return 0;
}

static int end(void **state)
{
    (void)state;
    approver_done(&ann);
    small_home_remove(&small);
    return 0;
}

/** A control by which ann decides of controls. The caller frees. */
static struct json *control_of(uint64_t previous, bool forbids_extractable, bool requires_manifest)
{
    struct error err = ERROR_INIT;
    AUTO(control_done) struct control control = {.seq = CONTROL_NONE, .previous = previous};
    assert_true(control_add_person(&control, "ann", "approver", ann.vkey, &err));
    control.quorum[ACT_CONTROL] = 1;
    control.forbids_extractable = forbids_extractable;
    control.requires_manifest = requires_manifest;
    return control_write(&control);
}

static void assert_loosened(bool is_permitted, const struct error *err, const char *words)
{
    assert_false(is_permitted);
    assert_int_equal(err->kind, ERROR_INPUT);
    assert_string_equal(err->text, words);
}

static void ca_yaml_repeats_a_control_and_never_loosens_it(void **state)
{
    static const char extractable[] =
        "ca.yaml says allow_extractable: true, the control in force (record 2) says allow_extractable: "
        "false, "
        "which ca.yaml may repeat and never loosen: put that into ca.yaml, or have the controls changed "
        "(`coldca people set FILE`)";
    static const char manifest[] =
        "ca.yaml says nothing of require_manifest, or false, the control in force (record 1) says "
        "require_manifest: true, which ca.yaml may repeat and never loosen: put that into ca.yaml, or have "
        "the "
        "controls changed (`coldca people set FILE`)";
    struct error err = ERROR_INIT;
    (void)state;
    for (int i = 0; i < 2; i++) {
        // Without a control, and by one that says nothing, ca.yaml decides.
        assert_true(control_permits_extractable(ledger, true, &err) &&
                    control_permits_extractable(ledger, false, &err));
        assert_true(control_permits_manifest(ledger, true, &err) &&
                    control_permits_manifest(ledger, false, &err));
        if (i == 0)
            (void)small_home_log(&small, RECORD_CONTROL_SET, control_of(CONTROL_NONE, false, false));
    }
    (void)small_home_log(&small, RECORD_CONTROL_SET, control_of(0, false, true));
    assert_true(control_permits_extractable(ledger, true, &err));
    assert_true(control_permits_manifest(ledger, true, &err));
    assert_loosened(control_permits_manifest(ledger, false, &err), &err, manifest);
    error_clear(&err);
    (void)small_home_log(&small, RECORD_CONTROL_SET, control_of(1, true, false));
    assert_true(control_permits_manifest(ledger, false, &err));
    assert_true(control_permits_extractable(ledger, false, &err));
    assert_loosened(control_permits_extractable(ledger, true, &err), &err, extractable);
}

/** Admits the plan of this text at a time. */
static bool admit(struct bytes text, int64_t now, struct admitted *ret_admitted, struct error *err)
{
    AUTO(builder_done) struct builder note = BUILDER_INIT;
    struct plan_file brought = {.items = NULL}; // taken
    error_clear(err);
    assert_true(plan_file_read(text, &brought, err));
    approver_approve(&ann, &brought.header, BEGIN, &note);
    const struct plan_given given = {.file = &brought, .approvals = {builder_bytes(&note)}, .count = 1};
    bool is_admitted = plan_admit(&small.home, &given, now, ret_admitted, err);
    plan_file_done(&brought);
    return is_admitted;
}

static void a_plan_of_controls_is_finished_while_they_are_in_force(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    AUTO(admitted_done) struct admitted admitted = {.approvals = NULL};
    AUTO(admitted_done) struct admitted again = {.approvals = NULL};
    struct admitted over = {.approvals = NULL};
    (void)state;
    (void)small_home_log(&small, RECORD_CONTROL_SET, control_of(CONTROL_NONE, false, false));
    plan_file_add(&file, NULL, RECORD_CONTROL_SET, control_of(0, true, false));
    assert_true(admit_new_plan(&small.home, ACT_CONTROL, BEGIN, HOUR, &file, &err));
    plan_file_seal(&file);
    plan_file_write(&file, &text);
    if (!admit(builder_bytes(&text), BEGIN, &admitted, &err))
        fail_msg("%s", err.text);
    assert_false(admitted.done[0]);
    assert_true(admitted_log(&admitted, ledger, "a run", &err));
    (void)small_home_log(&small, RECORD_CONTROL_SET, plan_file_planned(&admitted.file, 0));
    // Its own control is in force: the same command finishes it, at any time.
    if (!admit(builder_bytes(&text), BEGIN + 2 * HOUR, &again, &err))
        fail_msg("%s", err.text);
    assert_true(again.is_taken && again.done[0]);
    // Not once another one is.
    (void)small_home_log(&small, RECORD_CONTROL_SET, control_of(2, false, false));
    assert_false(admit(builder_bytes(&text), BEGIN, &over, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    admitted_done(&over);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(ca_yaml_repeats_a_control_and_never_loosens_it, begin, end),
        cmocka_unit_test_setup_teardown(a_plan_of_controls_is_finished_while_they_are_in_force, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
