/* SPDX-License-Identifier: Apache-2.0 */
/* control.set: what people write is what is recorded and read back; what could not be met is refused, by name. */
#include "records/control.h"

#include "approver.h"
#include "base/memory.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct approver ann, bob, twin, eve;

static int begin(void **state)
{
    (void)state;
    approver_make(&ann, "ann", "a");
    approver_make(&bob, "bob", "b");
    approver_make(&twin, "twin", "a"); // ann's key under another name
    approver_make(&eve, "eve", "e");
    return 0;
}

static int end(void **state)
{
    (void)state;
    approver_done(&ann), approver_done(&bob), approver_done(&twin), approver_done(&eve);
    return 0;
}

/** Two people and an auditor, with this quorum for issue and these lines more. */
static char *controls(const char *quorum, const char *more)
{
    return memory_format("people:\n"
                         "  - {name: ann, role: operator, key: %s}\n"
                         "  - {name: bob, role: approver, key: %s}\n"
                         "  - {name: eve, role: auditor, key: %s}\n"
                         "  - {name: Dan the operator, role: operator}\n"
                         "quorum: {issue: %s, issue_ca: 2, revoke: 2, crl: 0, control: 2, policy: 2}\n%s",
                         ann.vkey, bob.vkey, eve.vkey, quorum, more);
}

static void what_people_write_is_recorded_and_read_back(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(control_done) struct control control = {.people_count = 0};
    AUTO(control_done) struct control read = {.people_count = 0};
    AUTO(builder_done) struct builder one = BUILDER_INIT;
    AUTO(builder_done) struct builder other = BUILDER_INIT;
    AUTO(free) char *text = controls("1", "emergency: [revoke]\ncrl: {max_days: 40, keep_expired: true}\n");
    (void)state;
    if (!control_load(bytes_of_text(text), "controls.yaml", &control, &err))
        fail_msg("%s", err.text);
    assert_int_equal(control.people_count, 4);
    assert_true(control.only_approved_policies); // nothing was said: the safe one
    assert_true(control.emergency[ACT_REVOKE] && !control.emergency[ACT_CRL]);
    assert_int_equal(control.previous, CONTROL_NONE);
    control.previous = 7;
    AUTO(json_free) struct json *json = control_write(&control);
    if (!control_read(json, &read, &err))
        fail_msg("%s", err.text);
    AUTO(json_free) struct json *again = control_write(&read);
    json_canonical(json, &one);
    json_canonical(again, &other);
    assert_string_equal(builder_text(&one), builder_text(&other));
    assert_int_equal(read.previous, 7);
    assert_int_equal(read.crl_max_days, 40);
}

static void settings_that_hold_are_recorded_others_are_left_to_ca_yaml(void **state)
{
    static const struct {
        const char *more;
        bool forbids, requires;
    } cases[] = {
        {"", false, false},
        {"allow_extractable: true\nrequire_manifest: false\n", false, false},
        {"allow_extractable: false\n", true, false},
        {"require_manifest: true\n", false, true},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err = ERROR_INIT;
        AUTO(control_done) struct control control = {.people_count = 0};
        AUTO(control_done) struct control read = {.people_count = 0};
        AUTO(free) char *text = controls("1", cases[i].more);
        assert_true(control_load(bytes_of_text(text), "controls.yaml", &control, &err));
        AUTO(json_free) struct json *json = control_write(&control);
        assert_int_equal(json_get(json, "allow_extractable") != NULL, cases[i].forbids);
        assert_int_equal(json_get(json, "require_manifest") != NULL, cases[i].requires);
        assert_true(control_read(json, &read, &err));
        assert_int_equal(read.forbids_extractable, cases[i].forbids);
        assert_int_equal(read.requires_manifest, cases[i].requires);
        json_put_text(json, "require_manifest", "no");
        assert_false(control_read(json, &control, &err));
    }
}

static void a_quorum_is_of_approvals(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(control_done) struct control control = {.people_count = 0};
    AUTO(free) char *text = controls("1", "policies: any\n");
    (void)state;
    assert_true(control_load(bytes_of_text(text), "controls.yaml", &control, &err));
    assert_int_equal(control_needed(&control, ACT_ISSUE), 1); // people have keys
    assert_int_equal(control_needed(&control, ACT_CRL), 0);   // whoever logs in
    assert_int_equal(control_needed(&control, ACT_CONTROL), 2);
    AUTO(control_done) struct control alone = {.people_count = 0};
    assert_true(control_add_person(&alone, "op", "operator", NULL, &err));
    alone.quorum[ACT_ISSUE] = 1;
    assert_int_equal(control_needed(&alone, ACT_ISSUE), 0); // nobody has a key: who logs in decides
    assert_true(control_check(&alone, &err));
}

static void assert_refused(const char *text, const char *words)
{
    struct error err = ERROR_INIT;
    AUTO(control_done) struct control control = {.people_count = 0};
    if (control_load(bytes_of_text(text), "controls.yaml", &control, &err))
        fail_msg("taken: %s", text);
    assert_int_equal(err.kind, ERROR_INPUT);
    if (strstr(err.text, words) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", err.text, words);
}

static void what_could_not_be_met_is_refused(void **state)
{
    static const struct {
        const char *quorum, *more, *words;
    } cases[] = {
        {"3", "", "the quorum of issue is 3, but 2 people have a key"}, // the auditor's does not count
        {"33", "", "the quorum of issue is at most 32"},
        {"-1", "", "controls.yaml"},
        {"1", "emergency: [issue]\n", "not issue"},
        {"1", "emergency: [holiday]\n", "holiday"},
        {"1", "policies: some\n", "policies is approved or any"},
        {"1", "crl: {max_days: 0}\n", "max_days is 1 to 3650"},
        {"1", "other: 1\n", "other"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(free) char *text = controls(cases[i].quorum, cases[i].more);
        assert_refused(text, cases[i].words);
    }
    assert_refused("people: [{name: a, role: operator}]\nquorum: {issue: 1}\n", "issue_ca");
}

static void assert_person_refused(const char *name, const char *role, const char *key, const char *words)
{
    struct error err = ERROR_INIT;
    AUTO(control_done) struct control control = {.people_count = 0};
    assert_true(control_add_person(&control, "ann", "operator", ann.vkey, &err));
    assert_true(control_add_person(&control, name, role, key, &err));
    assert_false(control_check(&control, &err));
    if (strstr(err.text, words) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", err.text, words);
}

static void people_are_each_there_once(void **state)
{
    (void)state;
    assert_person_refused("ann", "approver", NULL, "ann is named twice");
    assert_person_refused("twin", "approver", twin.vkey, "ann and twin have the same key");
    assert_person_refused("cyd", "approver", bob.vkey, "the key of cyd is named bob");
    assert_person_refused("cyd", "king", NULL, "the role of cyd");
    assert_person_refused("", "operator", NULL, "1 to 128 bytes");
    assert_person_refused("cyd", "approver", "cyd", "the key of cyd");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_people_write_is_recorded_and_read_back),
        cmocka_unit_test(settings_that_hold_are_recorded_others_are_left_to_ca_yaml),
        cmocka_unit_test(a_quorum_is_of_approvals),
        cmocka_unit_test(what_could_not_be_met_is_refused),
        cmocka_unit_test(people_are_each_there_once),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
