/* SPDX-License-Identifier: Apache-2.0 */
/* Records held against the control in force, one after another: what was allowed, and by which rule the rest was not. */
#include "records/governed.h"

#include "approver.h"
#include "base/digest.h"
#include "base/memory.h"
#include "base/time.h"
#include "records/plan_file.h"
#include "records/revocation.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define BEGIN INT64_C(1800000000)
#define END (BEGIN + 86400)
#define ORIGIN "ca.example/root"
#define VKEY "ca.example/root+key"

static struct approver ann, bob;
static struct governed *governed;
static uint64_t next_seq;

static int begin_group(void **state)
{
    (void)state;
    approver_make(&ann, "ann", "a");
    approver_make(&bob, "bob", "b");
    return 0;
}

static int end_group(void **state)
{
    (void)state;
    approver_done(&ann), approver_done(&bob);
    return 0;
}

/** Takes a record; fields are taken. \param rule  that it breaks; NULL: it is allowed. \param words  of why */
static void take_at(int64_t time, const char *type, struct json *fields, const char *rule, const char *words)
{
    char when[TIME_TEXT_SIZE];
    AUTO(builder_done) struct builder line = BUILDER_INIT;
    AUTO(findings_done) struct findings found = FINDINGS_INIT;
    json_put_int(fields, "seq", (int64_t)next_seq);
    json_put_text(fields, "time", time_format(time, when));
    json_put_text(fields, "type", type);
    json_canonical(fields, &line);
    json_free(fields);
    bool is_allowed = governed_take(governed, next_seq++, builder_bytes(&line), &found);
    if (rule == NULL && (!is_allowed || found.count > 0))
        fail_msg("%s: %s", type, found.count > 0 ? found.items[0].text : "not allowed");
    if (rule == NULL)
        return;
    assert_false(is_allowed);
    assert_int_equal(found.count, 1);
    assert_string_equal(found.items[0].rule, rule);
    if (strstr(found.items[0].text, words) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", found.items[0].text, words);
}

static void take(const char *type, struct json *fields, const char *rule, const char *words)
{
    take_at(BEGIN + 1, type, fields, rule, words);
}

static struct json *control_of(uint64_t previous, unsigned quorum, bool with_emergency)
{
    struct error err = ERROR_INIT;
    AUTO(control_done)
    struct control control = {.seq = CONTROL_NONE, .previous = previous, .only_approved_policies = true};
    assert_true(control_add_person(&control, "ann", "approver", ann.vkey, &err));
    assert_true(control_add_person(&control, "bob", "approver", bob.vkey, &err));
    control.quorum[ACT_REVOKE] = control.quorum[ACT_CONTROL] = quorum;
    control.emergency[ACT_REVOKE] = with_emergency;
    return control_write(&control);
}

/** A new ledger under a control of two. */
static int begin(void **state)
{
    (void)state;
    governed = governed_new(ORIGIN, VKEY);
    next_seq = 0;
    take(RECORD_CONTROL_SET, control_of(CONTROL_NONE, 2, true), NULL, NULL);
    assert_int_equal(governed_control(governed)->seq, 0);
    return 0;
}

static int end(void **state)
{
    (void)state;
    governed_free(governed);
    return 0;
}

static struct json *revoked(uint8_t serial)
{
    const uint8_t bytes[] = {0x10, serial};
    const struct record_cert_revoked record = {.serial = BYTES(bytes),
                                               .reason = CRL_SUPERSEDED,
                                               .revoked_at = BEGIN,
                                               .invalidity_date = CRL_NO_TIME,
                                               .not_after = CRL_NO_TIME,
                                               .ref = RECORD_NO_SEQ};
    return record_cert_revoked_write(&record);
}

static void make(enum act act, const char *type, struct json *first, struct json *second,
                 struct plan_file *ret_file)
{
    *ret_file = (struct plan_file){.items = NULL};
    ret_file->header = (struct plan_header){.act = act,
                                            .origin = memory_text(ORIGIN),
                                            .vkey = memory_text(VKEY),
                                            .control = governed_control(governed)->seq,
                                            .not_before = BEGIN,
                                            .not_after = END};
    plan_file_add(ret_file, NULL, type, first);
    if (second != NULL)
        plan_file_add(ret_file, NULL, type, second);
    plan_file_seal(ret_file);
}

static struct json *approved(const struct plan_file *file, const struct approver *one,
                             const struct approver *other)
{
    AUTO(builder_done) struct builder header = BUILDER_INIT;
    AUTO(builder_done) struct builder first = BUILDER_INIT;
    AUTO(builder_done) struct builder second = BUILDER_INIT;
    AUTO(json_free) struct json *notes = json_new_array();
    plan_header_write(&file->header, &header);
    approver_approve(one, &file->header, BEGIN, &first);
    json_add_text(notes, builder_text(&first));
    if (other != NULL)
        approver_approve(other, &file->header, BEGIN, &second);
    if (other != NULL)
        json_add_text(notes, builder_text(&second));
    struct record_plan_approved record = {.header = builder_text(&header), .approvals = notes};
    memcpy(record.plan_sha256, file->sha256, sizeof(record.plan_sha256));
    return record_plan_approved_write(&record);
}

static void nothing_needs_approvals_before_there_is_a_control(void **state)
{
    struct governed *kept = governed;
    (void)state;
    governed = governed_new(ORIGIN, VKEY);
    take(RECORD_CERT_REVOKED, revoked(1), NULL, NULL);
    assert_null(governed_control(governed));
    governed_free(governed);
    governed = kept;
}

static void an_act_of_no_plan_is_not_allowed(void **state)
{
    (void)state;
    take(RECORD_CERT_REVOKED, revoked(1), "ledger.control", "it is of no plan");
}

static void each_place_of_an_approved_plan_is_carried_out_once(void **state)
{
    AUTO(plan_file_done) struct plan_file file;
    (void)state;
    make(ACT_REVOKE, RECORD_CERT_REVOKED, revoked(1), revoked(2), &file);
    take(RECORD_CERT_REVOKED, plan_file_planned(&file, 0), "ledger.control",
         "which nobody approved before it");
    take(RECORD_PLAN_APPROVED, approved(&file, &ann, &bob), NULL, NULL);
    take(RECORD_CERT_REVOKED, plan_file_planned(&file, 1), NULL, NULL);
    take(RECORD_CERT_REVOKED, plan_file_planned(&file, 0), NULL, NULL);
    take(RECORD_CERT_REVOKED, plan_file_planned(&file, 0), "ledger.control", "was carried out before");
}

static void what_a_plan_does_not_say_is_not_of_it(void **state)
{
    AUTO(plan_file_done) struct plan_file file;
    (void)state;
    make(ACT_REVOKE, RECORD_CERT_REVOKED, revoked(1), revoked(2), &file);
    take(RECORD_PLAN_APPROVED, approved(&file, &ann, &bob), NULL, NULL);
    struct json *changed = plan_file_planned(&file, 0);
    json_put_text(changed, "reason", "keyCompromise");
    take(RECORD_CERT_REVOKED, changed, "ledger.control", "it is not what its plan says at place 0");
    struct json *moved = plan_file_planned(&file, 0);
    json_put_int(moved, "plan_index", 1);
    take(RECORD_CERT_REVOKED, moved, "ledger.control", "it is not what its plan says at place 1");
    take_at(END + 1, RECORD_CERT_REVOKED, plan_file_planned(&file, 1), "ledger.control",
            "outside its plan's window");
}

static void approvals_that_do_not_suffice_take_no_plan_in(void **state)
{
    AUTO(plan_file_done) struct plan_file file;
    (void)state;
    make(ACT_REVOKE, RECORD_CERT_REVOKED, revoked(1), NULL, &file);
    take(RECORD_PLAN_APPROVED, approved(&file, &ann, NULL), "ledger.approval", "needs 2 approvals");
    take(RECORD_PLAN_APPROVED, approved(&file, &ann, &ann), "ledger.approval", "ann approved it twice");
    take_at(END + 1, RECORD_PLAN_APPROVED, approved(&file, &ann, &bob), "ledger.approval",
            "taken in outside its window");
    take(RECORD_PLAN_APPROVED, approved(&file, &ann, &bob), NULL, NULL);
    take(RECORD_PLAN_APPROVED, approved(&file, &ann, &bob), "ledger.approval", "a plan is used once");
    free(file.header.origin);
    file.header.origin = memory_text("other.example");
    plan_file_seal(&file);
    take(RECORD_PLAN_APPROVED, approved(&file, &ann, &bob), "ledger.approval", "of another CA");
}

static void a_plan_is_of_one_act(void **state)
{
    AUTO(plan_file_done) struct plan_file file;
    (void)state;
    make(ACT_CRL, "crl.signing", revoked(1), NULL, &file);
    take(RECORD_PLAN_APPROVED, approved(&file, &ann, &bob), NULL, NULL);
    take(RECORD_CERT_REVOKED, plan_file_planned(&file, 0), "ledger.control", "its plan was approved for");
}

static void a_control_that_was_not_allowed_governs_nothing(void **state)
{
    AUTO(plan_file_done) struct plan_file file;
    AUTO(plan_file_done) struct plan_file before;
    (void)state;
    make(ACT_REVOKE, RECORD_CERT_REVOKED, revoked(1), NULL, &before);
    take(RECORD_PLAN_APPROVED, approved(&before, &ann, &bob), NULL, NULL);
    take(RECORD_CONTROL_SET, control_of(0, 0, false), "ledger.control", "it is of no plan");
    assert_int_equal(governed_control(governed)->seq, 0);
    take(RECORD_CERT_REVOKED, revoked(2), "ledger.control", "it is of no plan");
    make(ACT_CONTROL, RECORD_CONTROL_SET, control_of(0, 1, false), NULL, &file);
    take(RECORD_PLAN_APPROVED, approved(&file, &ann, &bob), NULL, NULL);
    take(RECORD_CONTROL_SET, plan_file_planned(&file, 0), NULL, NULL);
    assert_int_equal(governed_control(governed)->seq, next_seq - 1);
    // With it all plans made before are over.
    take(RECORD_CERT_REVOKED, plan_file_planned(&before, 0), "ledger.control",
         "was approved under the control of record 0");
    take(RECORD_CONTROL_SET, control_of(0, 0, false), "ledger.control",
         "its previous is not the control in force");
}

static void an_emergency_is_one_that_the_control_knows_and_is_counted(void **state)
{
    AUTO(plan_file_done) struct plan_file file;
    (void)state;
    struct json *emergency = revoked(1);
    json_put_text(emergency, "emergency_reason", "stolen");
    take(RECORD_CERT_REVOKED, emergency, NULL, NULL);
    assert_int_equal(governed_emergencies(governed), 1);
    make(ACT_CONTROL, RECORD_CONTROL_SET, control_of(0, 2, false), NULL, &file);
    take(RECORD_PLAN_APPROVED, approved(&file, &ann, &bob), NULL, NULL);
    take(RECORD_CONTROL_SET, plan_file_planned(&file, 0), NULL, NULL);
    emergency = revoked(2);
    json_put_text(emergency, "emergency_reason", "stolen");
    take(RECORD_CERT_REVOKED, emergency, "ledger.control", "it is of no plan");
    assert_int_equal(governed_emergencies(governed), 1);
}

static struct json *signing(const char *policy, const char *text)
{
    struct json *json = json_new_object();
    uint8_t digest[32];
    digest_sha256(bytes_of_text(text), digest);
    json_put_text(json, "policy", policy);
    json_put_hex(json, "policy_sha256", BYTES(digest));
    return json;
}

static struct json *policy(const char *name, const char *text)
{
    struct record_policy_approved record = {.name = name, .text = text};
    digest_sha256(bytes_of_text(text), record.sha256);
    return record_policy_approved_write(&record);
}

static void a_certificate_is_by_the_text_approved_last(void **state)
{
    (void)state;
    take("cert.signing", signing("device", "one"), "ledger.policy", "which nobody approved");
    take(RECORD_POLICY_APPROVED, policy("device", "one"), NULL, NULL);
    take("cert.signing", signing("device", "one"), NULL, NULL);
    take("cert.signing", signing("device", "two"), "ledger.policy", "of another text");
    take("cert.signing", signing("other", "one"), "ledger.policy", "which nobody approved");
    take(RECORD_POLICY_APPROVED, policy("device", "two"), NULL, NULL);
    take("cert.signing", signing("device", "one"), "ledger.policy", "of another text");
    take("cert.signing", signing("device", "two"), NULL, NULL);
}

static struct json *session(const char *command, bool allow_extractable, bool has_manifest)
{
    struct json *json = json_new_object();
    json_put_text(json, "command", command);
    json_put_bool(json, "allow_extractable", allow_extractable);
    if (has_manifest)
        json_put_text(json, "manifest_sha256", "00");
    return json;
}

static void a_run_keeps_to_what_ca_yaml_may_not_loosen(void **state)
{
    AUTO(plan_file_done) struct plan_file file;
    struct json *control = control_of(0, 2, false);
    (void)state;
    take("session.opened", session("batch", true, false), NULL, NULL);
    json_put_bool(control, "allow_extractable", false);
    json_put_bool(control, "require_manifest", true);
    make(ACT_CONTROL, RECORD_CONTROL_SET, control, NULL, &file);
    take(RECORD_PLAN_APPROVED, approved(&file, &ann, &bob), NULL, NULL);
    take(RECORD_CONTROL_SET, plan_file_planned(&file, 0), NULL, NULL);
    take("session.opened", session("sign", false, false), NULL, NULL);
    take("session.opened", session("batch", false, true), NULL, NULL);
    take("session.opened", session("sign", true, false), "ledger.control", "does not allow");
    take("session.opened", session("batch", false, false), "ledger.control", "a batch without a signed list");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_needs_approvals_before_there_is_a_control),
        TEST(an_act_of_no_plan_is_not_allowed),
        TEST(each_place_of_an_approved_plan_is_carried_out_once),
        TEST(what_a_plan_does_not_say_is_not_of_it),
        TEST(approvals_that_do_not_suffice_take_no_plan_in),
        TEST(a_plan_is_of_one_act),
        TEST(a_control_that_was_not_allowed_governs_nothing),
        TEST(an_emergency_is_one_that_the_control_knows_and_is_counted),
        TEST(a_certificate_is_by_the_text_approved_last),
        TEST(a_run_keeps_to_what_ca_yaml_may_not_loosen),
    };
    return cmocka_run_group_tests(tests, begin_group, end_group);
}
