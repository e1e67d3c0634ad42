/* SPDX-License-Identifier: Apache-2.0 */
/* Revocations, controls and policies that people approve: a plan is of its act, and what of it was done is not logged again. */
#include "status/planned.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"
#include "failing.h"
#include "inspect/policies.h"
#include "records/cert.h"
#include "records/revocation.h"
#include "small_home.h"

#define DAY INT64_C(86400)

static struct small_home small;
static struct status_desk desk;
static struct approver ann;
static char path[96]; /* of the plan */

static int begin(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(control_done) struct control control = {.seq = CONTROL_NONE, .previous = CONTROL_NONE};
    (void)state;
    small_home_make(&small);
    approver_make(&ann, "ann", "a");
    desk = (struct status_desk){.home = &small.home, .batch = "a run"};
    (void)snprintf(path, sizeof(path), "%s/a.plan", small.folder.path);
    assert_true(control_add_person(&control, "ann", "approver", ann.vkey, &err));
    control.quorum[ACT_REVOKE] = control.quorum[ACT_CRL] = 1;
    control.emergency[ACT_REVOKE] = true;
    (void)small_home_log(&small, RECORD_CONTROL_SET, control_write(&control));
    return 0;
}

static int end(void **state)
{
    (void)state;
    approver_done(&ann);
    small_home_remove(&small);
    return 0;
}

/** Writes a plan of three revocations. */
static void write_plan(void)
{
    struct error err = ERROR_INIT;
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    for (uint8_t serial = 1; serial <= 3; serial++) {
        const struct record_cert_revoked record = {.serial = bytes_of(&serial, 1),
                                                   .reason = CRL_SUPERSEDED,
                                                   .revoked_at = INT64_C(1700000000),
                                                   .invalidity_date = CRL_NO_TIME,
                                                   .not_after = CRL_NO_TIME,
                                                   .ref = 9};
        plan_file_add(&file, NULL, RECORD_CERT_REVOKED, record_cert_revoked_write(&record));
    }
    if (!planned_write(&desk, ACT_REVOKE, &file, path, DAY, &err))
        fail_msg("%s", err.text);
}

static bool admit(enum act act, bool is_approved, struct admitted *ret_admitted, struct error *err)
{
    AUTO(approved_file_done) struct approved_file brought;
    error_clear(err);
    approver_bring(&ann, path, is_approved, &brought);
    return planned_admit(&desk, act, &brought.given, ret_admitted, err);
}

static void a_plan_is_carried_out_by_the_command_of_its_act(void **state)
{
    struct error err = ERROR_INIT;
    struct admitted other = {.approvals = NULL};
    AUTO(admitted_done) struct admitted admitted = {.approvals = NULL};
    (void)state;
    write_plan();
    assert_false(admit(ACT_CRL, true, &other, &err));
    assert_string_equal(err.text, "it is a plan of revoking, not of signing CRLs");
    assert_int_equal(err.kind, ERROR_INPUT);
    admitted_done(&other);
    assert_false(admit(ACT_REVOKE, false, &admitted, &err));
    assert_true(admit(ACT_REVOKE, true, &admitted, &err));
    assert_int_equal(admitted.file.header.count, 3);
    assert_int_equal(admitted.file.header.not_after - admitted.file.header.not_before, DAY);
}

static void a_plan_of_nothing_is_not_written(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    (void)state;
    assert_false(planned_write(&desk, ACT_REVOKE, &file, path, DAY, &err));
    assert_string_equal(err.text, "there is nothing to do, so nothing to approve");
    assert_false(file_exists(AT_FDCWD, path));
}

static void a_plan_is_not_written_over_another(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    (void)state;
    write_plan();
    plan_file_add(&file, NULL, RECORD_CERT_REVOKED, json_new_object());
    assert_false(planned_write(&desk, ACT_REVOKE, &file, path, DAY, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
}

/** "TYPE INDEX" of the records from a seq on. */
static char *records_from(uint64_t seq)
{
    struct builder text = BUILDER_INIT;
    for (; seq < ledger_size(small.home.ledger); seq++) {
        struct error err = ERROR_INIT;
        AUTO(json_free) struct json *record = NULL;
        int64_t index = -1;
        assert_true(ledger_record(small.home.ledger, seq, &record, &err));
        if (!json_int(record, "plan_index", &index))
            index = -1;
        assert_string_equal(json_text(record, "batch"), "a run");
        builder_format(&text, "%s %d\n", json_text(record, "type"), (int)index);
    }
    return builder_take_text(&text);
}

static void what_was_done_of_a_plan_is_not_logged_again(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(admitted_done) struct admitted admitted = {.approvals = NULL};
    AUTO(admitted_done) struct admitted again = {.approvals = NULL};
    (void)state;
    write_plan();
    assert_true(admit(ACT_REVOKE, true, &admitted, &err));
    admitted.done[1] = true;
    assert_true(planned_log(&desk, &admitted, &err) && ledger_commit(small.home.ledger, &err));
    AUTO(free) char *first = records_from(1);
    assert_string_equal(first, "plan.approved -1\ncert.revoked 0\ncert.revoked 2\n");
    assert_true(admit(ACT_REVOKE, false, &again, &err));
    assert_true(planned_log(&desk, &again, &err) && ledger_commit(small.home.ledger, &err));
    AUTO(free) char *second = records_from(4);
    assert_string_equal(second, "cert.revoked 1\n");
}

/** With its place in the plan it is longer than a record may be. */
static void an_item_that_cannot_be_logged_is_named(void **state)
{
    static const uint8_t serial[] = {7};
    struct error err = ERROR_INIT;
    AUTO(admitted_done) struct admitted admitted = {.approvals = NULL};
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    AUTO(free) char *subject = memory_format("CN=%065300d", 1);
    const struct record_cert_revoked record = {.serial = BYTES(serial),
                                               .reason = CRL_SUPERSEDED,
                                               .revoked_at = INT64_C(1700000000),
                                               .invalidity_date = CRL_NO_TIME,
                                               .not_after = CRL_NO_TIME,
                                               .ref = 9,
                                               .subject = subject};
    (void)state;
    plan_file_add(&file, NULL, RECORD_CERT_REVOKED, record_cert_revoked_write(&record));
    json_put_text((struct json *)(uintptr_t)plan_file_record(&file, 0), "subject",
                  subject); // it is cut otherwise
    assert_true(planned_write(&desk, ACT_REVOKE, &file, path, DAY, &err));
    if (!admit(ACT_REVOKE, true, &admitted, &err))
        fail_msg("%s", err.text);
    assert_false(planned_log(&desk, &admitted, &err));
    assert_non_null(strstr(err.text, "logging item 0 of the plan"));
}

static void a_plans_directory_is_where_it_is_written(void **state)
{
    (void)state;
    assert_null(planned_directory(NULL));
    AUTO(free) char *here = planned_directory("a.plan");
    AUTO(free) char *there = planned_directory("/media/stick/a.plan");
    assert_string_equal(here, ".");
    assert_string_equal(there, "/media/stick/");
}

static void one_person_may_in_an_emergency_only(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    assert_true(status_desk_permits(&desk, ACT_POLICY, &err)); // needs nobody
    assert_false(status_desk_permits(&desk, ACT_REVOKE, &err));
    assert_string_equal(err.text,
                        "revoking needs 1 approvals by the control in force (record 0): have it planned with "
                        "--plan-out FILE, approved (`coldca approve`), and run the command with --plan FILE "
                        "--approval FILE; nothing was done");
    desk.emergency = "stolen";
    assert_true(status_desk_permits(&desk, ACT_REVOKE, &err));
    error_clear(&err);
    assert_false(status_desk_permits(&desk, ACT_CRL, &err));
    assert_string_equal(err.text,
                        "the control in force has no emergency rule for signing CRLs: nothing was done");
    assert_int_equal(err.kind, ERROR_INPUT);
}

/** What can't be read permits nothing. */
static void whichever_call_fails_nobody_may_more(void **state)
{
    static const char *const names[] = {"pread", "sqlite3_"};
    static const struct {
        const char *emergency;
        enum act act;
        bool may;
    } cases[] = {{NULL, ACT_REVOKE, false},
                 {"stolen", ACT_CRL, false},
                 {"stolen", ACT_REVOKE, true},
                 {NULL, ACT_POLICY, true}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases) * ARRAY_LEN(names); i++) {
        const char *failed = NULL;
        unsigned number = 0;
        desk.emergency = cases[i / 2].emergency;
        do {
            struct error err = ERROR_INIT;
            failing_at(names[i % 2], ++number);
            bool may = status_desk_permits(&desk, cases[i / 2].act, &err);
            failed = failing_stop();
            assert_true(may ? cases[i / 2].may : err.kind != ERROR_NONE);
            if (failed == NULL)
                assert_int_equal(may, cases[i / 2].may);
            if (cases[i / 2].may && !may) // the rule is there, it could not be read
                assert_null(strstr(err.text, "has no emergency rule"));
        } while (failed != NULL);
        assert_true(number > 1);
    }
}

/* ---- policies ---- */

#define POLICY                                                                                               \
    "policy: test\n"                                                                                         \
    "subject: [{field: CN, match: 'a'}]\n"                                                                   \
    "key: {allow: [ec-p256]}\n"                                                                              \
    "validity: {days: 90}\n"                                                                                 \
    "key_usage: [digitalSignature]\n"                                                                        \
    "extended_key_usage: [clientAuth]\n"

static void write_policy(const char *more)
{
    AUTO(free) char *file = memory_format("%s/policies/test.yaml", small.folder.path);
    AUTO(free) char *text = memory_format("%s%s", POLICY, more);
    struct error err = ERROR_INIT;
    assert_true(file_make_folder(small.folder.fd, "policies", 0755, &err));
    (void)unlink(file); // of before
    assert_true(file_create(AT_FDCWD, file, 0644, bytes_of_text(text), &err));
}

static uint64_t approve(const char *text)
{
    struct record_policy_approved record = {.name = "test", .text = text};
    digest_sha256(bytes_of_text(text), record.sha256);
    return small_home_log(&small, RECORD_POLICY_APPROVED, record_policy_approved_write(&record));
}

static void a_policy_is_compared_with_the_text_approved_last(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(policy_change_done) struct policy_change first = {.approved = NULL};
    AUTO(policy_change_done) struct policy_change same = {.approved = NULL};
    AUTO(policy_change_done) struct policy_change other = {.approved = NULL};
    (void)state;
    write_policy("");
    assert_true(policy_change_read(&small.home, "test", &first, &err));
    assert_null(first.approved);
    assert_int_equal(first.approved_seq, -1);
    assert_non_null(strstr(builder_text(&first.diff), "--- /dev/null"));
    assert_non_null(strstr(builder_text(&first.diff), "+policy: test"));
    uint64_t seq = approve(POLICY);
    assert_true(policy_change_read(&small.home, "test", &same, &err));
    assert_int_equal(same.approved_seq, seq);
    assert_int_equal(same.diff.len, 0);
    write_policy("# more\n");
    assert_true(policy_change_read(&small.home, "test", &other, &err));
    assert_non_null(strstr(builder_text(&other.diff), "+# more"));
    assert_non_null(strstr(builder_text(&other.diff), "--- record 1"));
}

static void a_certificate_says_where_its_policys_text_is(void **state)
{
    struct error err = ERROR_INIT;
    int64_t seq = 0;
    AUTO(builder_done) struct builder words = BUILDER_INIT;
    struct ledger_entry entry = {.policy = (char *)(uintptr_t) "test"};
    (void)state;
    (void)approve(POLICY);
    (void)approve("policy: test # other\n");
    entry.signing_seq = small_home_sign(&small, "0a", "test", POLICY);
    assert_true(policy_record_of(small.home.ledger, &entry, &words, &seq, &err));
    assert_int_equal(seq, 1);
    assert_string_equal(builder_text(&words), "policy: test, whose text is record 1\n");
    builder_clear(&words);
    entry.policy = (char *)(uintptr_t) "another";
    assert_true(policy_record_of(small.home.ledger, &entry, &words, &seq, &err));
    assert_int_equal(seq, -1);
    assert_string_equal(builder_text(&words), "policy: another, whose text the ledger does not have\n");
    builder_clear(&words);
    entry.signing_seq = UINT64_MAX;
    assert_true(policy_record_of(small.home.ledger, &entry, &words, &seq, &err));
    assert_int_equal(words.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_plan_is_carried_out_by_the_command_of_its_act, begin, end),
        cmocka_unit_test_setup_teardown(a_plan_of_nothing_is_not_written, begin, end),
        cmocka_unit_test_setup_teardown(a_plan_is_not_written_over_another, begin, end),
        cmocka_unit_test_setup_teardown(what_was_done_of_a_plan_is_not_logged_again, begin, end),
        cmocka_unit_test_setup_teardown(an_item_that_cannot_be_logged_is_named, begin, end),
        cmocka_unit_test_setup_teardown(a_plans_directory_is_where_it_is_written, begin, end),
        cmocka_unit_test_setup_teardown(one_person_may_in_an_emergency_only, begin, end),
        cmocka_unit_test_setup_teardown(whichever_call_fails_nobody_may_more, begin, end),
        cmocka_unit_test_setup_teardown(a_policy_is_compared_with_the_text_approved_last, begin, end),
        cmocka_unit_test_setup_teardown(a_certificate_says_where_its_policys_text_is, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
