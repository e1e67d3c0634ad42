/* SPDX-License-Identifier: Apache-2.0 */
/* A plan goes to a file and comes back as exactly those bytes; what coldca would not have planned is not signed, whoever approved it. */
#include "plan/approved.h"

#include "approver.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/memory.h"
#include "base/time.h"
#include "cert_maker.h"
#include "csr_maker.h"
#include "fake_home.h"
#include "plan/permits.h"
#include "records/cert.h"
#include "records/revocation.h"

#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define WEEK INT64_C(604800)
#define NOT_ITS_OWN "its request is not in the plan (plan.request); make the plan anew, at this CA"

static struct fake_home own;
static struct policy *policy;
static struct approver ann;
static struct redraw *redraw;
static int64_t now;

static void write_policy(const char *more)
{
    AUTO(free) char *folder = memory_format("%s/policies", own.path);
    AUTO(free) char *path = memory_format("%s/test.yaml", folder);
    (void)mkdir(folder, 0755); // init may have made it
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fprintf(file, "%s%s", FAKE_POLICY, more) > 0);
    assert_int_equal(fclose(file), 0);
}

static uint64_t log_record(const char *type, struct json *members)
{
    struct error err = ERROR_INIT;
    uint64_t seq = 0;
    if (!ledger_append(own.home->ledger, type, members, &seq, &err) || !ledger_commit(own.home->ledger, &err))
        fail_msg("%s", err.text);
    return seq;
}

static void set_control(bool only_approved_policies)
{
    struct error err = ERROR_INIT;
    AUTO(control_done)
    struct control control = {
        .seq = CONTROL_NONE, .previous = CONTROL_NONE, .only_approved_policies = only_approved_policies};
    assert_true(control_add_person(&control, "ann", "approver", ann.vkey, &err));
    control.quorum[ACT_ISSUE] = 1;
    (void)log_record(RECORD_CONTROL_SET, control_write(&control));
}

static int begin(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    approver_make(&ann, "ann", "a");
    fake_home_make(&own);
    fake_home_open(&own);
    policy = fake_policy("");
    write_policy("");
    set_control(false);
    if (!redraw_open(own.home, &redraw, &err))
        fail_msg("%s", err.text);
    now = time_now();
    return 0;
}

static int end(void **state)
{
    (void)state;
    redraw_close(redraw);
    policy_free(policy);
    fake_home_remove(&own);
    approver_done(&ann);
    return 0;
}

/** Three requests that are allowed, and one that is not, in a file. */
static void make(struct plan_file *file)
{
    struct error err = ERROR_INIT;
    AUTO(plan_free) struct plan *plan = fake_plan(policy, 1, 3);
    EVP_PKEY *other = csr_key("P-384");
    fake_plan_add(plan, "device-4", 4, other);
    EVP_PKEY_free(other);
    fake_plan_judge(&own, plan, policy, NULL);
    now = time_now();
    if (!plan_to_file(own.home, plan, now, WEEK, file, &err))
        fail_msg("%s", err.text);
}

static bool is_over; /* the plan's time */

/** The file's plan; sealed anew, as if people had approved it so. \param is_taken  and an earlier run has logged its first item */
static bool take(struct plan_file *file, bool is_taken, struct plan **ret_plan, struct error *err)
{
    plan_file_seal(file);
    bool done[3] = {is_taken};
    const struct admitted admitted = {.file = *file, .is_taken = is_taken, .done = done, .is_over = is_over};
    error_clear(err);
    return plan_of_admitted(own.home, &admitted, redraw, NULL, now, ret_plan, err);
}

static void assert_refused(struct plan_file *file, const char *words)
{
    struct error err = ERROR_INIT;
    struct plan *plan = NULL;
    if (take(file, false, &plan, &err))
        fail_msg("taken, not \"%s\"", words);
    if (strcspn(err.text, "\n") != strlen(words) || strncmp(err.text, words, strlen(words)) != 0)
        fail_msg("\"%s\" is not \"%s\"", err.text, words);
    assert_int_equal(err.kind, ERROR_INPUT);
}

/** An item's record, to be changed. */
static struct json *record_of(struct plan_file *file, size_t index)
{
    return (struct json *)(uintptr_t)plan_file_record(file, index);
}

static void what_was_planned_comes_back_byte_for_byte(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    AUTO(plan_free) struct plan *before = fake_plan(policy, 1, 3);
    AUTO(plan_free) struct plan *plan = NULL;
    (void)state;
    EVP_PKEY *other = csr_key("P-384");
    fake_plan_add(before, "device-4", 4, other);
    EVP_PKEY_free(other);
    fake_plan_judge(&own, before, policy, NULL);
    now = time_now();
    assert_true(plan_to_file(own.home, before, now, WEEK, &file, &err));
    assert_string_equal(file.header.policy, "test");
    assert_string_equal(file.policy_text, FAKE_POLICY);
    assert_memory_equal(file.header.policy_sha256, before->policy_sha256, 32);
    assert_int_equal(file.header.count, 3);
    assert_int_equal(file.header.not_after, now + WEEK);
    assert_int_equal(json_count(file.refused), 1);
    assert_string_equal(json_text(json_at(file.refused, 0), "source"), "device-4.csr");
    assert_non_null(strstr(json_text(json_at(file.refused, 0), "reasons"), "ec-p384"));
    assert_true(take(&file, false, &plan, &err));
    assert_int_equal(plan->count, 3);
    assert_int_equal(plan->act, ACT_ISSUE);
    assert_non_null(plan->admitted); // else it would not be carried out as what people approved
    assert_int_equal(plan->made_at, now);
    assert_memory_equal(plan->sha256, file.sha256, 32);
    for (size_t i = 0; i < 3; i++) {
        const struct plan_item *item = &plan->items[i];
        const struct plan_item *wanted = &before->items[i];
        assert_int_equal(item->action, PLAN_SIGN);
        assert_true(item->is_planned);
        assert_int_equal(item->planned_index, i);
        assert_int_equal(item->tbs_len, wanted->tbs_len);
        assert_memory_equal(item->tbs, wanted->tbs, wanted->tbs_len);
        assert_memory_equal(item->serial, wanted->serial, 20);
        assert_memory_equal(item->tbs_sha256, wanted->tbs_sha256, 32);
        assert_memory_equal(item->input_sha256, wanted->input_sha256, 32);
        assert_memory_equal(item->request->sha256, wanted->request->sha256, 32);
        assert_memory_equal(item->request->key_value, wanted->request->key_value, 32);
        assert_string_equal(item->name, wanted->name);
        assert_string_equal(item->source, wanted->source);
    }
}

static void a_plan_of_which_nothing_is_signed_is_not_written(void **state)
{
    struct error err = ERROR_INIT;
    struct plan_file file = {.items = NULL};
    AUTO(plan_free) struct plan *plan = plan_new(policy);
    (void)state;
    assert_false(plan_to_file(own.home, plan, now, WEEK, &file, &err));
    assert_string_equal(err.text, "nothing of it would be signed, so there is nothing to approve");
    EVP_PKEY *other = csr_key("P-384");
    fake_plan_add(plan, "device-4", 4, other);
    EVP_PKEY_free(other);
    fake_plan_judge(&own, plan, policy, NULL);
    error_clear(&err);
    assert_false(plan_to_file(own.home, plan, now, WEEK, &file, &err));
    assert_non_null(strstr(err.text, "so there is nothing to approve; device-4.csr: key: ec-p384"));
}

/** As it would be refused when it is carried out. */
static void a_plan_is_written_on_the_day_its_requests_were_evaluated(void **state)
{
    const int64_t refused[] = {-1, TIME_DAY_SECONDS + 1};
    const int64_t taken[] = {0, TIME_DAY_SECONDS};
    AUTO(plan_free) struct plan *plan = fake_plan(policy, 1, 1);
    (void)state;
    fake_plan_judge(&own, plan, policy, NULL);
    for (size_t i = 0; i < 2; i++) {
        struct error err = ERROR_INIT;
        struct plan_file none = {.items = NULL};
        AUTO(plan_file_done) struct plan_file file = {.items = NULL};
        assert_false(plan_to_file(own.home, plan, plan->made_at + refused[i], WEEK, &none, &err));
        assert_non_null(strstr(err.text, "a plan is written within a day of that"));
        error_clear(&err);
        if (!plan_to_file(own.home, plan, plan->made_at + taken[i], WEEK, &file, &err))
            fail_msg("%s", err.text);
    }
}

static void the_policy_is_the_one_that_people_saw(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    struct plan_file none = {.items = NULL};
    AUTO(plan_free) struct plan *plan = fake_plan(policy, 1, 1);
    (void)state;
    make(&file);
    write_policy("# as it was, with a comment\n");
    fake_plan_judge(&own, plan, policy, NULL);
    assert_false(plan_to_file(own.home, plan, now, WEEK, &none, &err));
    assert_string_equal(
        err.text,
        "the policies/test.yaml that is found by its name is not the text that was used: put it there");
    assert_refused(&file,
                   "the policy test changed since the plan was made: make it anew, and have it approved");
}

static void the_policy_is_approved_where_the_control_wants_that(void **state)
{
    AUTO(builder_done) struct builder change = BUILDER_INIT;
    struct error err = ERROR_INIT;
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    struct record_policy_approved record = {.name = "test", .text = FAKE_POLICY};
    AUTO(plan_free) struct plan *plan = NULL;
    (void)state;
    make(&file);
    assert_true(plan_permits_policy(own.home, policy, "test", &change, &err));
    assert_int_equal(change.len, 0);
    set_control(true);
    assert_false(plan_permits_policy(own.home, policy, "./t.yaml", &change, &err));
    assert_non_null(strstr(err.text, "was never approved"));
    assert_non_null(strstr(err.text, "`coldca policy approve ./t.yaml`"));
    error_clear(&err);
    assert_false(take(&file, false, &plan, &err));
    assert_non_null(strstr(err.text, "the policy test (sha256 "));
    digest_sha256(bytes_of_text(FAKE_POLICY), record.sha256);
    (void)log_record(RECORD_POLICY_APPROVED, record_policy_approved_write(&record));
    assert_true(plan_permits_policy(own.home, policy, "test", &change, &err));
    assert_true(take(&file, false, &plan, &err));
}

/** Where any policy may be used, a person is told of one that changed. */
static void a_policy_that_changed_is_told(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder change = BUILDER_INIT;
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    AUTO(policy_free) struct policy *other = fake_policy("# other\n");
    (void)state;
    make(&file);
    uint64_t seq = log_record(RECORD_CERT_SIGNING, plan_file_planned(&file, 0));
    assert_true(plan_permits_policy(own.home, policy, "test", &change, &err));
    assert_int_equal(change.len, 0);
    assert_true(plan_permits_policy(own.home, other, "test", &change, &err));
    AUTO(free)
    char *words =
        memory_format("the policy test is not the one last used (record %llu)", (unsigned long long)seq);
    assert_non_null(strstr(builder_text(&change), words));
}

static void a_plan_of_another_act_is_not_of_certificates(void **state)
{
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    (void)state;
    make(&file);
    file.header.act = ACT_REVOKE;
    assert_refused(&file, "it is a plan of revoking, not of certificates");
    file.header.act = ACT_ISSUE_CA;
    assert_refused(&file, "it is not a CA certificate, its plan is of issuing CA certificates");
}

static void names_and_serials_are_there_once(void **state)
{
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    (void)state;
    make(&file);
    json_put_text(record_of(&file, 2), "output", "DEVICE-1");
    assert_refused(&file, "two items of the plan have the name of DEVICE-1");
    json_put_text(record_of(&file, 2), "output", "device-3");
    struct json *twin = json_clone(plan_file_record(&file, 0));
    plan_file_add(&file, "twin", RECORD_CERT_SIGNING, twin);
    assert_refused(&file, "two items of the plan have the serial of twin");
}

static void an_items_name_is_a_files(void **state)
{
    static const char *const names[] = {"../device-2", "a/../../b", "/etc/x", ".hidden", ""};
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    (void)state;
    make(&file);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        json_put_text(record_of(&file, 1), "output", names[i]);
        assert_refused(&file, "its name can't be a file's");
    }
}

static void what_an_item_says_is_what_its_bytes_say(void **state)
{
    static const char *const members[] = {"serial",      "subject", "not_after",
                                          "spki_sha256", "policy",  "policy_sha256"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        AUTO(plan_file_done) struct plan_file file = {.items = NULL};
        make(&file);
        AUTO(free) char *value = memory_text(json_text(plan_file_record(&file, 1), members[i]));
        AUTO(free)
        char *words = memory_format("its %s is not what its TBSCertificate and its plan say", members[i]);
        size_t last = strlen(value) - 1;
        value[last] = value[last] == '1' ? '2' : '1';
        json_put_text(record_of(&file, 1), members[i], value);
        assert_refused(&file, words);
        json_put_null(record_of(&file, 1), members[i]);
        assert_refused(&file, words);
    }
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    make(&file);
    json_put_text(record_of(&file, 1), "csr_sha256", "ab");
    struct error err = ERROR_INIT;
    struct plan *plan = NULL;
    assert_false(take(&file, false, &plan, &err));
    assert_non_null(strstr(err.text, "csr_sha256"));
    assert_non_null(strstr(err.text, "reading item 1 of the plan, device-2"));
}

static int64_t tbs_end; /* of what replace_tbs() makes; 0: 90 days */

/** Puts a TBSCertificate of another issuer, key or kind of signature into the first item, with all that is said of it. */
static void replace_tbs(struct plan_file *file, const struct cert_issuer *issuer, enum signature_kind kind,
                        bool is_ca, int64_t not_before)
{
    struct error err = ERROR_INIT;
    uint8_t serial[CERT_SERIAL_LEN];
    AUTO(EVP_PKEY_free) EVP_PKEY *key = csr_key("P-256");
    AUTO(template_free)
    struct template *template = is_ca ? maker_ca_template("CN=a", key) : maker_template("CN=a", key);
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    cert_serial_random(serial);
    template->not_before = not_before;
    template->not_after = tbs_end != 0 ? tbs_end : not_before + 90 * INT64_C(86400);
    if (!cert_tbs(template, issuer, serial, kind, &tbs, &err))
        fail_msg("%s", err.text);
    const struct record_cert_signing record = {.tbs = builder_bytes(&tbs),
                                               .policy = file->header.policy,
                                               .policy_sha256 = file->header.policy_sha256,
                                               .csr_sha256 = file->header.policy_sha256, // any will do
                                               .source = "a.csr"};
    if (file->items != NULL)
        json_free(file->items);
    file->items = NULL;
    plan_file_add(file, "a", RECORD_CERT_SIGNING, record_cert_signing_write(&record));
}

static void bytes_that_coldca_would_not_have_made_are_refused(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    AUTO(EVP_PKEY_free) EVP_PKEY *key = csr_key("P-256");
    struct cert_issuer *other = maker_root("CN=Other", key, SIGNATURE_ECDSA_SHA256);
    AUTO(plan_free) struct plan *plan = NULL;
    (void)state;
    make(&file);
    replace_tbs(&file, own.home->issuer, SIGNATURE_ECDSA_SHA256, false, now);
    assert_refused(&file, NOT_ITS_OWN); // nothing is wrong with the bytes alone
    replace_tbs(&file, other, SIGNATURE_ECDSA_SHA256, false, now);
    assert_refused(&file, "its issuer is CN=Other, not this CA");
    replace_tbs(&file, own.home->issuer, SIGNATURE_ECDSA_SHA256, true, now);
    assert_refused(&file, "it is a CA certificate, its plan is of issuing certificates");
    replace_tbs(&file, own.home->issuer, SIGNATURE_ED25519, false, now);
    assert_refused(&file, "it is to be signed with ed25519, which this CA's key does not make");
    replace_tbs(&file, own.home->issuer, SIGNATURE_ECDSA_SHA256, false, MAKER_NOW);
    assert_refused(&file, "coldca would not have planned it: valid earlier than its issuer "
                          "(lint.before-issuer); make the plan anew, at this CA");
    json_put_base64(record_of(&file, 0), "tbs", BYTES_LITERAL("no TBS"));
    assert_false(take(&file, false, &plan, &err));
    cert_issuer_free(other);
}

/** But for one without an end, by a policy that gives none (RFC 5280 4.1.2.5). */
static void a_certificate_ends_with_its_ca(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    int64_t ca_end = cert_issuer_facts(own.home->issuer)->not_after;
    (void)state;
    make(&file);
    tbs_end = ca_end;
    replace_tbs(&file, own.home->issuer, SIGNATURE_ECDSA_SHA256, false, now);
    assert_refused(&file, NOT_ITS_OWN);
    const int64_t ends[] = {ca_end + 1, TIME_9999_END};
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        struct plan *plan = NULL;
        tbs_end = ends[i];
        replace_tbs(&file, own.home->issuer, SIGNATURE_ECDSA_SHA256, false, now);
        assert_false(take(&file, false, &plan, &err));
        assert_non_null(strstr(err.text, "(lint.past-issuer); make the plan anew, at this CA"));
        assert_int_equal(err.kind, ERROR_INPUT);
    }
    tbs_end = 0;
}

/* ---- serials ---- */

static struct json *issued(uint64_t ref)
{
    uint8_t digest[32] = {7};
    struct json *json = json_new_object();
    json_put_int(json, "ref", (int64_t)ref);
    json_put_base64(json, "signature", BYTES_LITERAL("a signature"));
    json_put_hex(json, "sha256", BYTES(digest));
    return json;
}

static void assert_first(struct plan_file *file, enum plan_action action, const char *reason)
{
    struct error err = ERROR_INIT;
    AUTO(plan_free) struct plan *plan = NULL;
    AUTO(builder_done) struct builder reasons = BUILDER_INIT;
    if (!take(file, true, &plan, &err))
        fail_msg("%s", err.text);
    assert_int_equal(plan->items[0].action, action);
    assert_int_equal(plan->items[1].action, PLAN_SIGN);
    assert_false(plan->items[1].is_logged);
    assert_int_equal(plan->items[0].is_logged, action == PLAN_SIGN);
    plan_item_reasons(&plan->items[0], &reasons);
    if (reason != NULL && strstr(builder_text(&reasons), reason) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", builder_text(&reasons), reason);
}

/** What an earlier run of the plan logged is signed under its record as long as nobody knows what came of it, and the plan holds. */
static void a_serial_is_signed_once(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    AUTO(plan_free) struct plan *plan = NULL;
    (void)state;
    make(&file);
    plan_file_seal(&file);
    uint64_t seq = log_record(RECORD_CERT_SIGNING, plan_file_planned(&file, 0));
    AUTO(free)
    char *used =
        memory_format("its serial was used since (record %llu): make the plan anew", (unsigned long long)seq);
    assert_refused(&file, used); // of a plan that has not logged it
    assert_first(&file, PLAN_SIGN, NULL);
    assert_true(take(&file, true, &plan, &err));
    assert_int_equal(plan->items[0].earlier.signing_seq, seq);
    is_over = true;
    assert_first(
        &file, PLAN_REFUSE,
        "a run was stopped while it was signed, and since then the plan's time passed or the controls "
        "changed");
    is_over = false;
    (void)log_record(RECORD_CERT_ISSUED, issued(seq));
    assert_first(&file, PLAN_REPEAT, NULL);
    struct json *revoked = json_new_object();
    json_put_text(revoked, "serial", json_text(plan_file_record(&file, 0), "serial"));
    json_put_text(revoked, "reason", "superseded");
    (void)log_record(RECORD_CERT_REVOKED, revoked);
    assert_first(&file, PLAN_REFUSE, "it was issued, and revoked since");
}

static void change_index(const char *sql)
{
    struct error err = ERROR_INIT;
    AUTO(free) char *place = memory_format("%s/index.sqlite", own.path);
    sqlite3 *db = NULL;
    redraw_close(TAKE(redraw));
    fake_home_close(&own);
    assert_int_equal(sqlite3_open(place, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_changes(db), 1);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    fake_home_open(&own);
    assert_true(redraw_open(own.home, &redraw, &err));
}

/** Signed once more, it would have two ends. */
static void what_the_index_alone_has_as_unfinished_is_not_signed(void **state)
{
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    (void)state;
    make(&file);
    plan_file_seal(&file);
    uint64_t seq = log_record(RECORD_CERT_SIGNING, plan_file_planned(&file, 0));
    (void)log_record(RECORD_CERT_ISSUED, issued(seq));
    AUTO(free)
    char *sql =
        memory_format("UPDATE certificates SET status = 0, issued_seq = NULL WHERE signing_seq = %llu",
                      (unsigned long long)seq);
    change_index(sql);
    assert_first(&file, PLAN_REPEAT, NULL);
}

static void what_another_command_burned_is_not_signed(void **state)
{
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    struct json *abandoned = json_new_object();
    (void)state;
    make(&file);
    plan_file_seal(&file);
    json_put_int(abandoned, "ref", (int64_t)log_record(RECORD_CERT_SIGNING, plan_file_planned(&file, 0)));
    json_put_text(abandoned, "reason", "a power cut");
    (void)log_record(RECORD_CERT_ABANDONED, abandoned);
    assert_first(&file, PLAN_REFUSE,
                 "a run was stopped while it was signed, and another command burned its serial");
}

static void a_key_that_was_compromised_since_gets_no_certificate(void **state)
{
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    AUTO(plan_free) struct plan *plan = NULL;
    struct error err = ERROR_INIT;
    (void)state;
    make(&file);
    assert_true(take(&file, false, &plan, &err));
    struct json *revoked = json_new_object();
    json_put_hex(revoked, "key_value", BYTES(plan->items[0].request->key_value));
    json_put_text(revoked, "reason", "keyCompromise");
    json_put_text(revoked, "revoked_at", "2026-01-02T00:00:00Z");
    (void)log_record(RECORD_KEY_REVOKED, revoked);
    assert_first(&file, PLAN_REFUSE, "key: this key was revoked for keyCompromise on 2026-01-02T00:00:00Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_planned_comes_back_byte_for_byte, begin, end),
        cmocka_unit_test_setup_teardown(a_plan_of_which_nothing_is_signed_is_not_written, begin, end),
        cmocka_unit_test_setup_teardown(a_plan_is_written_on_the_day_its_requests_were_evaluated, begin, end),
        cmocka_unit_test_setup_teardown(the_policy_is_the_one_that_people_saw, begin, end),
        cmocka_unit_test_setup_teardown(the_policy_is_approved_where_the_control_wants_that, begin, end),
        cmocka_unit_test_setup_teardown(a_policy_that_changed_is_told, begin, end),
        cmocka_unit_test_setup_teardown(a_plan_of_another_act_is_not_of_certificates, begin, end),
        cmocka_unit_test_setup_teardown(names_and_serials_are_there_once, begin, end),
        cmocka_unit_test_setup_teardown(an_items_name_is_a_files, begin, end),
        cmocka_unit_test_setup_teardown(what_an_item_says_is_what_its_bytes_say, begin, end),
        cmocka_unit_test_setup_teardown(bytes_that_coldca_would_not_have_made_are_refused, begin, end),
        cmocka_unit_test_setup_teardown(a_certificate_ends_with_its_ca, begin, end),
        cmocka_unit_test_setup_teardown(a_serial_is_signed_once, begin, end),
        cmocka_unit_test_setup_teardown(what_the_index_alone_has_as_unfinished_is_not_signed, begin, end),
        cmocka_unit_test_setup_teardown(what_another_command_burned_is_not_signed, begin, end),
        cmocka_unit_test_setup_teardown(a_key_that_was_compromised_since_gets_no_certificate, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
