/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run asks of the ledger before it does anything, while one call into the system, SQLite or OpenSSL fails, whichever: who asks is told, or
 * gets the very answer he would have got; nobody is let in, and nothing counts as approved, known or done, because it could not be looked at.
 */
#include "records/admit.h"

#include <inttypes.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/digest.h"
#include "base/encode.h"
#include "base/memory.h"
#include "base/time.h"
#include "brought.h"
#include "failing.h"
#include "records/cert.h"
#include "records/compromised.h"
#include "records/due.h"
#include "records/in_force.h"
#include "records/newest_crl.h"
#include "records/revocation.h"
#include "records/who.h"
#include "small_home.h"

#define NOW INT64_C(1800000000)
#define WEEK INT64_C(604800)

static struct small_home small;
static struct ledger *ledger;
static struct approver ann, bob;
static struct plan_file open_plan,
    done_plan;               /* of two revocations each: one of the first is done, both of the second */
static uint64_t planned_seq; /* of a record of a plan */
static uint8_t taken[32];    /* digest of open_plan */
static unsigned fail_at;     /* which call fails; 0: none */

/** From here on calls count. */
static void arm(void)
{
    if (fail_at > 0)
        failing_at("", fail_at);
}

static void make_plan(struct plan_file *file, unsigned first)
{
    struct error err = ERROR_INIT;
    if (!admit_new_plan(&small.home, ACT_REVOKE, NOW, WEEK, file, &err))
        fail_msg("%s", err.text);
    for (unsigned i = 0; i < 2; i++) {
        struct json *json = json_new_object();
        AUTO(free) char *serial = memory_format("%02x", first + i);
        json_put_text(json, "serial", serial);
        plan_file_add(file, NULL, RECORD_CERT_REVOKED, json);
    }
    plan_file_seal(file);
}

static void take(const struct plan_file *file)
{
    struct error err = ERROR_INIT;
    AUTO(brought_done) struct brought brought = {.given = {.count = 0}};
    AUTO(admitted_done) struct admitted admitted = {.approvals = NULL};
    bring(&brought, file, &ann, &bob);
    if (!plan_admit(&small.home, &brought.given, NOW, &admitted, &err) ||
        !admitted_log(&admitted, ledger, "run", &err) || !ledger_commit(ledger, &err))
        fail_msg("%s", err.text);
}

static void approve_policy(const char *name, const char *text)
{
    struct record_policy_approved record = {.name = name, .text = text};
    digest_sha256(bytes_of_text(text), record.sha256);
    (void)small_home_log(&small, RECORD_POLICY_APPROVED, record_policy_approved_write(&record));
}

static void revoke_key(void)
{
    char hex[129];
    const uint8_t value[32] = {7};
    const struct record_key_revoked record = {.key_value = hex_of(BYTES(value), hex),
                                              .reason = CRL_KEY_COMPROMISE,
                                              .revoked_at = NOW,
                                              .invalidity_date = CRL_NO_TIME};
    (void)small_home_log(&small, RECORD_KEY_REVOKED, record_key_revoked_write(&record));
}

static int begin(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(control_done) struct control control = {.seq = CONTROL_NONE, .previous = CONTROL_NONE};
    (void)state;
    small_home_make(&small);
    ledger = small.home.ledger;
    approver_make(&ann, "ann", "a"), approver_make(&bob, "bob", "b");
    assert_true(control_add_person(&control, "ann", "approver", ann.vkey, &err));
    assert_true(control_add_person(&control, "bob", "approver", bob.vkey, &err));
    control.quorum[ACT_REVOKE] = 2;
    control.only_approved_policies = control.forbids_extractable = control.requires_manifest = true;
    control.has_crl = true, control.crl_max_days = 8;
    (void)small_home_log(&small, RECORD_CONTROL_SET, control_write(&control));
    approve_policy("p", "one"), approve_policy("q", "one"), approve_policy("p", "two");
    revoke_key();
    small_home_issue_crl(&small, 7, NOW, NOW + WEEK, BYTES_LITERAL("crl"));
    make_plan(&open_plan, 1), make_plan(&done_plan, 3);
    memcpy(taken, open_plan.sha256, sizeof(taken));
    take(&open_plan), take(&done_plan);
    planned_seq = small_home_log(&small, RECORD_CERT_REVOKED, plan_file_planned(&open_plan, 0));
    for (size_t i = 0; i < 2; i++)
        (void)small_home_log(&small, RECORD_CERT_REVOKED, plan_file_planned(&done_plan, i));
    AUTO(json_free) struct json *like = NULL;
    assert_true(ledger_record(ledger, small_home_sign(&small, "0c", "p", "one"), &like, &err));
    struct json *planned = json_clone(like);
    json_put_text(planned, "serial", "0d"), json_put_text(planned, "plan_sha256", "00");
    (void)small_home_log(&small, RECORD_CERT_SIGNING, planned);
    return 0;
}

static int end(void **state)
{
    (void)state;
    plan_file_done(&open_plan), plan_file_done(&done_plan);
    approver_done(&ann), approver_done(&bob);
    small_home_remove(&small);
    return 0;
}

/** Asks, and appends the answer. */
typedef bool asking(struct builder *answer, struct error *err);

/** \param name  of what is asked \param wanted  the answer, or "no: " and the reason */
static void ask_again_and_again(const char *name, asking *ask, const char *wanted)
{
    for (fail_at = 0;; fail_at++) {
        struct error err = ERROR_INIT;
        AUTO(builder_done) struct builder answer = BUILDER_INIT;
        bool is_answered = ask(&answer, &err);
        const char *failed = fail_at == 0 ? NULL : failing_stop();
        if (is_answered != (err.kind == ERROR_NONE))
            fail_msg("%s, call %u, %s: answered %d, but the reason: %s", name, fail_at, failed, is_answered,
                     err.text);
        if (!is_answered) {
            builder_clear(&answer);
            builder_format(&answer, "no: %s", err.text);
        }
        if ((is_answered || failed == NULL) && strcmp(builder_text(&answer), wanted) != 0)
            fail_msg("%s, call %u, %s: \"%s\" is not \"%s\"", name, fail_at, failed == NULL ? "none" : failed,
                     builder_text(&answer), wanted);
        if (fail_at > 0 && failed == NULL)
            break;
    }
    assert_true(fail_at > 1); // something could fail
}
#define ASK(ask, wanted) ask_again_and_again(#ask, ask, wanted)

/* ---- controls ---- */

static bool who_is_in_force(struct builder *answer, struct error *err)
{
    AUTO(control_done) struct control control = {.people_count = 0};
    bool is_set = false;
    arm();
    if (!control_in_force(ledger, &control, &is_set, err))
        return false;
    builder_format(answer, "%d: %" PRIu64 ", %zu people", is_set, control.seq, control.people_count);
    return true;
}

static bool permits_act(struct builder *answer, struct error *err)
{
    (void)answer;
    arm();
    return control_permits(ledger, ACT_REVOKE, "ask", err);
}

static bool permits_free_act(struct builder *answer, struct error *err)
{
    (void)answer;
    arm();
    return control_permits(ledger, ACT_ISSUE, "ask", err);
}

static bool permits_crl(struct builder *answer, struct error *err)
{
    (void)answer;
    arm();
    return control_permits_crl(ledger, 9 * TIME_DAY_SECONDS, false, err);
}

static bool permits_extractable(struct builder *answer, struct error *err)
{
    (void)answer;
    arm();
    return control_permits_extractable(ledger, true, err);
}

static bool permits_no_manifest(struct builder *answer, struct error *err)
{
    (void)answer;
    arm();
    return control_permits_manifest(ledger, false, err);
}

static void what_the_control_forbids_stays_forbidden(void **state)
{
    static const char loosened[] = ", which ca.yaml may repeat and never loosen: put that into ca.yaml, or "
                                   "have the controls changed (`coldca people set FILE`)";
    (void)state;
    AUTO(free)
    char *extractable = memory_format("no: ca.yaml says allow_extractable: true, the control in force "
                                      "(record 0) says allow_extractable: false%s",
                                      loosened);
    AUTO(free)
    char *manifest = memory_format("no: ca.yaml says nothing of require_manifest, or false, the control in "
                                   "force (record 0) says require_manifest: true%s",
                                   loosened);
    ASK(who_is_in_force, "1: 0, 2 people");
    ASK(permits_free_act, "");
    ASK(permits_act, "no: revoking needs 2 approvals by the control in force (record 0): ask");
    ASK(permits_crl, "no: the control in force (record 0) lets a CRL be good for 8 days, overlap and all: "
                     "ca.yaml or --days wants more");
    ASK(permits_extractable, extractable);
    ASK(permits_no_manifest, manifest);
}

/* ---- policies ---- */

static const uint8_t *digest_of(const char *text)
{
    static uint8_t digest[32];
    digest_sha256(bytes_of_text(text), digest);
    return digest;
}

static bool permits_old_text(struct builder *answer, struct error *err)
{
    (void)answer;
    const uint8_t *digest = digest_of("one");
    arm();
    return policy_permits(ledger, "p", "p", digest, err);
}

static bool permits_newest_text(struct builder *answer, struct error *err)
{
    (void)answer;
    const uint8_t *digest = digest_of("two");
    arm();
    return policy_permits(ledger, "p", "p", digest, err);
}

static bool text_in_force(struct builder *answer, struct error *err)
{
    AUTO(json_free) struct json *record = NULL;
    arm();
    if (!policy_in_force(ledger, "p", &record, err))
        return false;
    builder_add_text(answer, record == NULL ? "none" : json_text(record, "text"));
    return true;
}

static bool text_signed_by(struct builder *answer, struct error *err)
{
    const uint8_t *digest = digest_of("one");
    uint64_t seq = 99;
    bool is_found = false;
    arm();
    if (!policy_text_of(ledger, "p", digest, 9, &seq, &is_found, err))
        return false;
    builder_format(answer, "%d: %" PRIu64, is_found, seq);
    return true;
}

static void what_was_not_approved_last_stays_refused(void **state)
{
    (void)state;
    ASK(permits_newest_text, "");
    ASK(permits_old_text,
        "no: the policy p (sha256 7692c3ad3540...) is not the text that was approved (3fc4ccfe7458...), and "
        "this CA uses approved policies only; nothing was signed: `coldca policy diff p` shows what changed, "
        "`coldca policy approve p` approves it as it is now");
    ASK(text_in_force, "two");
    ASK(text_signed_by, "1: 1");
}

/* ---- plans ---- */

static bool is_taken(struct builder *answer, struct error *err)
{
    bool is = false;
    uint64_t seq = 99;
    arm();
    if (!plan_is_taken(ledger, taken, &is, &seq, err))
        return false;
    builder_format(answer, "%d: %" PRIu64, is, seq);
    return true;
}

static bool new_plan(struct builder *answer, struct error *err)
{
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    arm();
    if (!admit_new_plan(&small.home, ACT_REVOKE, NOW, WEEK, &file, err))
        return false;
    builder_format(answer, "under %" PRIu64 ", %zu people", file.header.control, json_count(file.people));
    return true;
}

static bool admits(const struct plan_file *file, size_t approvals, int64_t now, struct builder *answer,
                   struct error *err)
{
    AUTO(brought_done) struct brought brought = {.given = {.count = 0}};
    AUTO(admitted_done) struct admitted admitted = {.approvals = NULL};
    bring(&brought, file, approvals > 0 ? &ann : NULL, approvals > 1 ? &bob : NULL);
    arm();
    if (!plan_admit(&small.home, &brought.given, now, &admitted, err))
        return false;
    builder_format(answer, "taken %d, over %d, done %d %d, %zu approvals", admitted.is_taken,
                   admitted.is_over, admitted.done[0], admitted.done[1], json_count(admitted.approvals));
    return true;
}

static bool admits_open(struct builder *answer, struct error *err)
{
    return admits(&open_plan, 0, NOW, answer, err);
}

static bool admits_done(struct builder *answer, struct error *err)
{
    return admits(&done_plan, 0, NOW + 2 * WEEK, answer, err);
}

static bool admits_late(struct builder *answer, struct error *err)
{
    return admits(&open_plan, 2, NOW + 2 * WEEK, answer, err);
}

static bool admits_fresh(struct builder *answer, struct error *err)
{
    AUTO(plan_file_done) struct plan_file fresh = {.items = NULL};
    make_plan(&fresh, 7);
    return admits(&fresh, 2, NOW, answer, err);
}

static bool admits_half_approved(struct builder *answer, struct error *err)
{
    AUTO(plan_file_done) struct plan_file fresh = {.items = NULL};
    make_plan(&fresh, 7);
    return admits(&fresh, 1, NOW, answer, err);
}

static void no_plan_is_let_in_and_nothing_forgotten_that_is_done(void **state)
{
    (void)state;
    ASK(is_taken, "1: 7");
    ASK(new_plan, "under 0, 2 people");
    ASK(admits_open, "taken 1, over 0, done 1 0, 0 approvals");
    ASK(admits_done, "taken 1, over 1, done 1 1, 0 approvals");
    ASK(admits_late, "no: the plan may be carried out from 2027-01-15T08:00:00Z to 2027-01-22T08:00:00Z "
                     "only: make it anew, and have it approved");
    ASK(admits_fresh, "taken 0, over 0, done 0 0, 2 approvals");
    ASK(admits_half_approved, "no: revoking needs 2 approvals, the plan has 1; can approve: bob");
}

/* ---- who, keys, CRLs ---- */

static bool ann_did(struct builder *answer, struct error *err)
{
    AUTO(json_free) struct json *record = NULL;
    AUTO(who_free) struct who *who = NULL;
    assert_true(ledger_record(ledger, planned_seq, &record, err));
    arm();
    if (!who_read(ledger, "ann", &who, err))
        return false;
    builder_add_text(answer, who_did(who, record) ? "she did" : "she did not");
    return true;
}

static bool approvers(struct builder *answer, struct error *err)
{
    arm();
    return who_approved(ledger, planned_seq, answer, err);
}

static bool knows_key(struct builder *answer, struct error *err)
{
    AUTO(compromised_keys_free) struct compromised_keys *keys = NULL;
    arm();
    if (!compromised_keys_load(ledger, &keys, err))
        return false;
    const char *found = compromised_keys_find(keys, (const uint8_t[32]){7});
    builder_add_text(answer, found == NULL ? "not known" : found);
    return true;
}

static bool newest_crl(struct builder *answer, struct error *err)
{
    struct newest_crl crl;
    arm();
    if (!newest_crl_find(ledger, &crl, err))
        return false;
    builder_format(answer, "%d: %" PRIu64 ", %" PRIu64, crl.has, crl.number, crl.size);
    return true;
}

static bool next_due(struct builder *answer, struct error *err)
{
    AUTO(due_done) struct due due = {.words = NULL};
    arm();
    if (!due_find(&small.home, NOW, 0, &due, err))
        return false;
    builder_format(answer, "%d, %" PRIu64 " waiting, %" PRIu64 " unfinished", due.state, due.waiting,
                   due.unfinished);
    return true;
}

static void nothing_goes_unknown(void **state)
{
    (void)state;
    ASK(ann_did, "she did");
    ASK(approvers, "approved: ann, bob (record 7)\n");
    ASK(knows_key, "this key was revoked for keyCompromise on 2027-01-15T08:00:00Z");
    ASK(newest_crl, "1: 7, 5");
    ASK(next_due, "1, 3 waiting, 1 unfinished");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_control_forbids_stays_forbidden),
        cmocka_unit_test(what_was_not_approved_last_stays_refused),
        cmocka_unit_test(no_plan_is_let_in_and_nothing_forgotten_that_is_done),
        cmocka_unit_test(nothing_goes_unknown),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
