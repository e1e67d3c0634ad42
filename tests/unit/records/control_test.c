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

/** As many people as there may be, all with keys, and all of them wanted. */
static void a_control_may_be_full(void **state)
{
    struct error err = ERROR_INIT;
    struct approver people[CONTROL_PEOPLE_MAX];
    AUTO(control_done) struct control control = {.seq = CONTROL_NONE, .previous = CONTROL_NONE};
    AUTO(control_done) struct control read = {.people_count = 0};
    (void)state;
    for (unsigned i = 0; i < CONTROL_PEOPLE_MAX; i++) {
        AUTO(free) char *name = memory_format("p%u", i);
        approver_make(&people[i], name, name);
        assert_true(control_add_person(&control, name, "approver", people[i].vkey, &err));
        approver_done(&people[i]);
    }
    for (unsigned i = 0; i < ACT_COUNT; i++)
        control.quorum[i] = CONTROL_QUORUM_MAX;
    if (!control_check(&control, &err))
        fail_msg("%s", err.text);
    assert_int_equal(control_needed(&control, ACT_POLICY), 32);
    assert_string_equal(control_person(&control, "p31")->name, "p31");
    assert_null(control_person(&control, "p32"));
    AUTO(json_free) struct json *json = control_write(&control);
    assert_true(control_read(json, &read, &err));
    assert_int_equal(read.people_count, 32);
    assert_int_equal(read.quorum[ACT_POLICY], 32);
    assert_false(control_add_person(&control, "p32", "approver", NULL, &err));
    assert_string_equal(err.text, "a control names at most 32 people");
    assert_int_equal(err.kind, ERROR_INPUT);
    struct json *one_more = json_add_object((struct json *)(uintptr_t)json_get(json, "people"));
    json_put_text(one_more, "name", "p32"), json_put_text(one_more, "role", "operator");
    error_clear(&err);
    assert_false(control_read(json, &control, &err));
    assert_string_equal(err.text, "a control names at most 32 people\nwhile reading people");
    control_done(&read); // and once more at the end: nothing is freed twice
    assert_int_equal(read.people_count, 0);
    assert_int_equal(read.seq, CONTROL_NONE);
}

static void assert_not_read(const char *key, const char *value, enum error_kind kind, const char *words)
{
    struct error err = ERROR_INIT;
    AUTO(control_done) struct control control = {.people_count = 0};
    AUTO(control_done) struct control read = {.people_count = 0};
    AUTO(json_free) struct json *put = NULL;
    AUTO(free) char *text = controls("1", "crl: {max_days: 40}\n");
    AUTO(free) char *member = memory_format("{\"a\":%s}", value);
    assert_true(control_load(bytes_of_text(text), "controls.yaml", &control, &err));
    AUTO(json_free) struct json *json = control_write(&control);
    assert_true(json_parse(bytes_of_text(member), &put, &err));
    json_put(json, key, json_clone(json_get(put, "a")));
    if (control_read(json, &read, &err))
        fail_msg("taken: %s is %s", key, value);
    assert_string_equal(err.text, words);
    assert_int_equal(err.kind, kind);
    assert_int_equal(read.people_count, 0);
}

static void a_record_that_is_no_control_is_told(void **state)
{
    static const char no_people[] = "without people, which is a list";
    (void)state;
    assert_not_read("people", "[]", ERROR_LEDGER, no_people);
    assert_not_read("people", "1", ERROR_LEDGER, no_people);
    assert_not_read("people", "[{\"role\":\"operator\"}]", ERROR_LEDGER,
                    "without name, which is a text\nwhile reading people");
    assert_not_read("people", "[{\"name\":\"a\"}]", ERROR_LEDGER,
                    "without role, which is a text\nwhile reading people");
    assert_not_read("people", "[{\"name\":\"a\",\"role\":\"king\"}]", ERROR_INPUT,
                    "the role of a is operator, approver or auditor");
    assert_not_read("quorum", "{}", ERROR_LEDGER,
                    "without issue, which is a number from 0 on\nwhile reading quorum");
    assert_not_read("quorum",
                    "{\"issue\":0,\"issue_ca\":0,\"revoke\":0,\"crl\":0,\"control\":0,\"policy\":33}",
                    ERROR_INPUT, "the quorum of policy is at most 32");
    assert_not_read("quorum",
                    "{\"issue\":0,\"issue_ca\":0,\"revoke\":0,\"crl\":0,\"control\":0,\"policy\":4294967296}",
                    ERROR_INPUT, "the quorum of policy is at most 32");
    assert_not_read("emergency", "[\"holiday\"]", ERROR_LEDGER, "its emergency names what is not an act");
    assert_not_read("emergency", "[1]", ERROR_LEDGER, "its emergency names what is not an act");
    assert_not_read("emergency", "[\"crl\",\"issue\"]", ERROR_INPUT,
                    "emergency can name revoke and crl, not issue");
    assert_not_read("policies", "\"some\"", ERROR_LEDGER, "its policies is neither approved nor any");
    assert_not_read("policies", "1", ERROR_LEDGER, "without policies, which is a text");
    assert_not_read("allow_extractable", "1", ERROR_LEDGER,
                    "without allow_extractable, which is true or false");
    assert_not_read("require_manifest", "1", ERROR_LEDGER,
                    "without require_manifest, which is true or false");
    assert_not_read("previous", "-1", ERROR_LEDGER, "without previous, which is a number from 0 on");
    assert_not_read("seq", "\"1\"", ERROR_LEDGER, "without seq, which is a number from 0 on");
    assert_not_read("crl", "{}", ERROR_LEDGER,
                    "without max_days, which is a number from 0 on\nwhile reading crl");
    assert_not_read("crl", "{\"max_days\":0}", ERROR_INPUT, "crl max_days is 1 to 3650");
    assert_not_read("crl", "{\"max_days\":3651}", ERROR_INPUT, "crl max_days is 1 to 3650");
    assert_not_read("crl", "{\"max_days\":4294967297}", ERROR_INPUT, "crl max_days is 1 to 3650");
}

/** The same as text of people: no more, no less. */
static void settings_are_those_that_were_written(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(control_done) struct control control = {.people_count = 0};
    AUTO(control_done) struct control least = {.people_count = 0};
    AUTO(free)
    char *text = controls("2", "policies: any\nemergency: [crl]\ncrl: {max_days: 3650}\n");
    AUTO(free) char *one = controls("0", "policies: approved\ncrl: {max_days: 1, keep_expired: false}\n");
    (void)state;
    assert_true(control_load(bytes_of_text(text), "controls.yaml", &control, &err));
    static const unsigned quorum[ACT_COUNT] = {2, 2, 2, 0, 2, 2};
    for (unsigned i = 0; i < ACT_COUNT; i++) {
        assert_int_equal(control.quorum[i], quorum[i]);
        assert_int_equal(control.emergency[i], i == ACT_CRL);
    }
    assert_false(control.only_approved_policies);
    assert_true(control.has_crl);
    assert_int_equal(control.crl_max_days, 3650);
    assert_false(control.crl_keep_expired);
    assert_int_equal(control.seq, CONTROL_NONE);
    assert_string_equal(control.people[2].role, "auditor");
    assert_string_equal(control.people[2].key, eve.vkey);
    assert_null(control.people[3].key);
    assert_false(control_may_approve(&control.people[2]));
    assert_false(control_may_approve(&control.people[3]));
    assert_true(control_may_approve(&control.people[0]));
    assert_true(control_load(bytes_of_text(one), "controls.yaml", &least, &err));
    assert_true(least.only_approved_policies);
    assert_int_equal(least.crl_max_days, 1);
    AUTO(free) char *more = controls("1", "crl: {max_days: 3651}\n");
    AUTO(control_done) struct control none = {.people_count = 0};
    assert_false(control_load(bytes_of_text(more), "controls.yaml", &none, &err));
    assert_string_equal(err.text, "crl max_days is 1 to 3650\nwhile reading the controls of controls.yaml");
    assert_int_equal(err.kind, ERROR_INPUT);
}

static void assert_person_refused(const char *name, const char *role, const char *key, const char *words)
{
    struct error err = ERROR_INIT;
    AUTO(control_done) struct control control = {.people_count = 0};
    assert_true(control_add_person(&control, "ann", "operator", ann.vkey, &err));
    assert_true(control_add_person(&control, name, role, key, &err));
    assert_false(control_check(&control, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
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
    char name[130];
    memset(name, 'n', sizeof(name) - 1);
    name[129] = '\0';
    assert_person_refused(name, "operator", NULL, "1 to 128 bytes");
    name[128] = '\0';
    struct error err = ERROR_INIT;
    AUTO(control_done) struct control longest = {.people_count = 0};
    assert_true(control_add_person(&longest, name, "operator", NULL, &err));
    assert_true(control_check(&longest, &err));
    control_done(&longest);
    assert_false(control_check(&longest, &err));
    assert_string_equal(err.text, "a control names at least one person");
    assert_person_refused("cyd", "approver", "cyd", "the key of cyd");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_people_write_is_recorded_and_read_back),
        cmocka_unit_test(settings_that_hold_are_recorded_others_are_left_to_ca_yaml),
        cmocka_unit_test(a_quorum_is_of_approvals),
        cmocka_unit_test(what_could_not_be_met_is_refused),
        cmocka_unit_test(a_control_may_be_full),
        cmocka_unit_test(a_record_that_is_no_control_is_told),
        cmocka_unit_test(settings_are_those_that_were_written),
        cmocka_unit_test(people_are_each_there_once),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
