/* SPDX-License-Identifier: Apache-2.0 */
/* What the control in force allowed, to the second and the word: each way in which an act, a plan, a policy, a CRL or a run is not. */
#include "records/governed.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "approver.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/memory.h"
#include "base/openssl_release.h"
#include "base/time.h"
#include "cert_maker.h"
#include "records/cert.h"
#include "records/crl.h"
#include "records/plan_file.h"
#include "records/revocation.h"
#include "records/session.h"

#define ORIGIN "ca.example/root"
#define VKEY "ca.example/root+key"
#define BEGIN INT64_C(1800000000)
#define END (BEGIN + 7 * 86400)

static struct approver ann, bob, cid;
static struct control control; /* what the next control.set says */
static struct governed *governed;
static uint64_t next_seq;
static int64_t now;
static struct findings found = FINDINGS_INIT;

static int begin(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    approver_make(&ann, "ann", "a"), approver_make(&bob, "bob", "b"), approver_make(&cid, "cid", "c");
    control = (struct control){.seq = CONTROL_NONE, .previous = CONTROL_NONE};
    assert_true(control_add_person(&control, "ann", "approver", ann.vkey, &err));
    assert_true(control_add_person(&control, "bob", "operator", bob.vkey, &err));
    assert_true(control_add_person(&control, "cid", "auditor", cid.vkey, &err));
    governed = governed_new(ORIGIN, VKEY);
    next_seq = 0;
    now = BEGIN;
    return 0;
}

static int end(void **state)
{
    (void)state;
    approver_done(&ann), approver_done(&bob), approver_done(&cid);
    control_done(&control);
    governed_free(governed);
    findings_done(&found);
    found = (struct findings)FINDINGS_INIT;
    return 0;
}

/** The next record, of these members (taken). */
static bool take(const char *type, struct json *members)
{
    char time[TIME_TEXT_SIZE];
    AUTO(json_free) struct json *record = members;
    AUTO(builder_done) struct builder line = BUILDER_INIT;
    json_put_int(record, "seq", (int64_t)next_seq);
    json_put_text(record, "type", type);
    json_put_text(record, "time", time_format(now, time));
    json_put_text(record, "operator", "op");
    json_canonical(record, &line);
    return governed_take(governed, next_seq++, builder_bytes(&line), &found);
}

static void assert_taken(const char *type, struct json *members)
{
    if (!take(type, members) || found.count > 0)
        fail_msg("%s: %s", type, found.count > 0 ? found.items[0].text : "refused without a word");
}

static void assert_refused(const char *type, struct json *members, const char *rule, const char *text)
{
    if (take(type, members))
        fail_msg("%s was taken, not \"%s\"", type, text);
    assert_int_equal(found.count, 1);
    assert_string_equal(found.items[0].text, text);
    assert_string_equal(found.items[0].rule, rule);
    findings_done(&found);
    found = (struct findings)FINDINGS_INIT;
}

/** The control as it is set now follows the one in force. \return its seq */
static uint64_t set_control(void)
{
    const struct control *before = governed_control(governed);
    control.previous = before == NULL ? CONTROL_NONE : before->seq;
    assert_taken(RECORD_CONTROL_SET, control_write(&control));
    assert_int_equal(governed_control(governed)->seq, next_seq - 1);
    return next_seq - 1;
}

static struct json *revocation(unsigned serial)
{
    struct json *json = json_new_object();
    AUTO(free) char *hex = memory_format("%02x", serial);
    json_put_text(json, "serial", hex);
    json_put_text(json, "reason", "superseded");
    return json;
}

/* ---- plans ---- */

/** A plan of this CA to revoke serials 0 to count - 1, under the control in force. */
static void make_plan(struct plan_file *file, unsigned count)
{
    *file = (struct plan_file){.items = NULL};
    file->header = (struct plan_header){.act = ACT_REVOKE,
                                        .origin = memory_text(ORIGIN),
                                        .vkey = memory_text(VKEY),
                                        .control = governed_control(governed)->seq,
                                        .not_before = BEGIN,
                                        .not_after = END};
    for (unsigned i = 0; i < count; i++)
        plan_file_add(file, NULL, RECORD_CERT_REVOKED, revocation(i));
    plan_file_seal(file);
}

static void add_approval(const struct approver *who, const struct plan_file *file, struct json *approvals)
{
    AUTO(builder_done) struct builder note = BUILDER_INIT;
    approver_approve(who, &file->header, BEGIN, &note);
    json_add_text(approvals, builder_text(&note));
}

/** plan.approved, with the approvals of those who are there. */
static struct json *approved(const struct plan_file *file, const struct approver *one,
                             const struct approver *other)
{
    AUTO(json_free) struct json *approvals = json_new_array();
    AUTO(builder_done) struct builder header = BUILDER_INIT;
    if (one != NULL)
        add_approval(one, file, approvals);
    if (other != NULL)
        add_approval(other, file, approvals);
    plan_header_write(&file->header, &header);
    struct record_plan_approved record = {.header = builder_text(&header), .approvals = approvals};
    memcpy(record.plan_sha256, file->sha256, sizeof(record.plan_sha256));
    return record_plan_approved_write(&record);
}

static void what_a_plan_says_is_done_once_and_nothing_else(void **state)
{
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    (void)state;
    control.quorum[ACT_REVOKE] = 2;
    (void)set_control();
    assert_refused(RECORD_CERT_REVOKED, revocation(0), "ledger.control",
                   "revoking needs 2 approvals by the control of record 0, it is of no plan");
    make_plan(&file, 9); // more than a byte of done bits
    char hex[129];
    AUTO(free)
    char *before = memory_format("it is of the plan %s, which nobody approved before it",
                                 hex_of(BYTES(file.sha256), hex));
    assert_refused(RECORD_CERT_REVOKED, plan_file_planned(&file, 0), "ledger.control", before);
    assert_taken(RECORD_PLAN_APPROVED, approved(&file, &ann, &bob));
    struct json *changed = plan_file_planned(&file, 8);
    json_put_text(changed, "reason", "keyCompromise");
    assert_refused(RECORD_CERT_REVOKED, changed, "ledger.control", "it is not what its plan says at place 8");
    struct json *moved = plan_file_planned(&file, 8);
    json_put_int(moved, "plan_index", 7);
    assert_refused(RECORD_CERT_REVOKED, moved, "ledger.control", "it is not what its plan says at place 7");
    assert_refused(RECORD_CERT_UNREVOKED, plan_file_planned(&file, 8), "ledger.control",
                   "it is not what its plan says at place 8");
    struct json *torn = plan_file_planned(&file, 8);
    json_put_text(torn, "plan_path", "AAAA");
    assert_refused(RECORD_CERT_REVOKED, torn, "ledger.control",
                   "without plan_path, which is base64 of hashes");
    for (unsigned i = 0; i < 9; i++)
        assert_taken(RECORD_CERT_REVOKED, plan_file_planned(&file, i));
    for (unsigned i = 0; i < 9; i++) {
        AUTO(free) char *again = memory_format("place %u of its plan was carried out before", i);
        assert_refused(RECORD_CERT_REVOKED, plan_file_planned(&file, i), "ledger.control", again);
    }
    assert_refused(RECORD_PLAN_APPROVED, approved(&file, &ann, &bob), "ledger.approval",
                   "its plan was approved before: a plan is used once");
}

static void a_quorum_counts_people_who_may(void **state)
{
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    (void)state;
    control.quorum[ACT_REVOKE] = 2;
    (void)set_control();
    make_plan(&file, 1);
    assert_refused(RECORD_PLAN_APPROVED, approved(&file, &ann, NULL), "ledger.approval",
                   "revoking needs 2 approvals, the plan has 1; can approve: bob");
    assert_refused(RECORD_PLAN_APPROVED, approved(&file, &ann, &ann), "ledger.approval",
                   "ann approved it twice: one person counts once");
    assert_refused(RECORD_PLAN_APPROVED, approved(&file, &ann, &cid), "ledger.approval",
                   "the control in force has no approver's key for this name");
    assert_refused(RECORD_PLAN_APPROVED, approved(&file, NULL, NULL), "ledger.approval",
                   "without approvals, which is a list of notes");
    // What was refused is no plan that an act could be of.
    char hex[129];
    AUTO(free)
    char *nobody = memory_format("it is of the plan %s, which nobody approved before it",
                                 hex_of(BYTES(file.sha256), hex));
    assert_refused(RECORD_CERT_REVOKED, plan_file_planned(&file, 0), "ledger.control", nobody);
    assert_taken(RECORD_PLAN_APPROVED, approved(&file, &bob, &ann));
}

static void a_plan_counts_in_its_window(void **state)
{
    AUTO(plan_file_done) struct plan_file early = {.items = NULL};
    AUTO(plan_file_done) struct plan_file late = {.items = NULL};
    (void)state;
    control.quorum[ACT_REVOKE] = 1;
    (void)set_control();
    make_plan(&early, 2);
    make_plan(&late, 3);
    now = BEGIN - 1;
    assert_refused(RECORD_PLAN_APPROVED, approved(&early, &ann, NULL), "ledger.approval",
                   "its plan was taken in outside its window");
    now = BEGIN;
    assert_taken(RECORD_PLAN_APPROVED, approved(&early, &ann, NULL));
    assert_taken(RECORD_CERT_REVOKED, plan_file_planned(&early, 0));
    now = END + 1;
    assert_refused(RECORD_PLAN_APPROVED, approved(&late, &ann, NULL), "ledger.approval",
                   "its plan was taken in outside its window");
    assert_refused(RECORD_CERT_REVOKED, plan_file_planned(&early, 1), "ledger.control",
                   "it was done outside its plan's window");
    now = BEGIN - 1;
    assert_refused(RECORD_CERT_REVOKED, plan_file_planned(&early, 1), "ledger.control",
                   "it was done outside its plan's window");
    now = END;
    assert_taken(RECORD_PLAN_APPROVED, approved(&late, &ann, NULL));
    assert_taken(RECORD_CERT_REVOKED, plan_file_planned(&early, 1));
}

static void a_plan_is_of_this_ca_and_of_one_act(void **state)
{
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    (void)state;
    control.quorum[ACT_REVOKE] = control.quorum[ACT_CRL] = 1;
    (void)set_control();
    make_plan(&file, 1);
    free(file.header.origin);
    file.header.origin = memory_text("ca.example/other");
    plan_file_seal(&file);
    assert_refused(RECORD_PLAN_APPROVED, approved(&file, &ann, NULL), "ledger.approval",
                   "its plan is of another CA");
    free(file.header.origin), free(file.header.vkey);
    file.header.origin = memory_text(ORIGIN);
    file.header.vkey = memory_text(VKEY "2");
    plan_file_seal(&file);
    assert_refused(RECORD_PLAN_APPROVED, approved(&file, &ann, NULL), "ledger.approval",
                   "its plan is of another CA");
    free(file.header.vkey);
    file.header.vkey = memory_text(VKEY);
    file.header.act = ACT_CRL;
    plan_file_seal(&file);
    assert_taken(RECORD_PLAN_APPROVED, approved(&file, &ann, NULL));
    assert_refused(RECORD_CERT_REVOKED, plan_file_planned(&file, 0), "ledger.control",
                   "it is revoking, but its plan was approved for signing CRLs");
}

/* ---- controls ---- */

static void a_plan_ends_with_its_control(void **state)
{
    AUTO(plan_file_done) struct plan_file taken = {.items = NULL};
    AUTO(plan_file_done) struct plan_file waiting = {.items = NULL};
    (void)state;
    control.quorum[ACT_REVOKE] = 1;
    (void)set_control();
    make_plan(&taken, 1);
    make_plan(&waiting, 2);
    assert_taken(RECORD_PLAN_APPROVED, approved(&taken, &ann, NULL));
    assert_int_equal(set_control(), 2);
    assert_refused(RECORD_CERT_REVOKED, plan_file_planned(&taken, 0), "ledger.control",
                   "its plan was approved under the control of record 0, not of 2");
    assert_refused(RECORD_PLAN_APPROVED, approved(&waiting, &ann, NULL), "ledger.approval",
                   "its plan was made under the control of record 0, in force is 2");
}

static void a_control_names_the_one_before(void **state)
{
    (void)state;
    control.previous = 0;
    assert_refused(RECORD_CONTROL_SET, control_write(&control), "ledger.control",
                   "its previous is not the control in force");
    assert_null(governed_control(governed));
    assert_int_equal(set_control(), 1);
    control.previous = CONTROL_NONE;
    assert_refused(RECORD_CONTROL_SET, control_write(&control), "ledger.control",
                   "its previous is not the control in force");
    control.previous = 0;
    assert_refused(RECORD_CONTROL_SET, control_write(&control), "ledger.control",
                   "its previous is not the control in force");
    assert_int_equal(governed_control(governed)->seq, 1);
    struct json *broken = control_write(&control);
    json_put_text(broken, "policies", "some");
    assert_refused(RECORD_CONTROL_SET, broken, "ledger.control", "its policies is neither approved nor any");
}

static void what_was_not_allowed_governs_nothing(void **state)
{
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    (void)state;
    control.quorum[ACT_CONTROL] = control.quorum[ACT_REVOKE] = 1;
    (void)set_control();
    control.previous = 0;
    control.quorum[ACT_REVOKE] = 0;
    assert_refused(RECORD_CONTROL_SET, control_write(&control), "ledger.control",
                   "changing the controls needs 1 approvals by the control of record 0, it is of no plan");
    assert_refused(RECORD_CERT_REVOKED, revocation(1), "ledger.control",
                   "revoking needs 1 approvals by the control of record 0, it is of no plan");
    make_plan(&file, 0);
    file.header.act = ACT_CONTROL;
    plan_file_add(&file, NULL, RECORD_CONTROL_SET, control_write(&control));
    plan_file_seal(&file);
    assert_taken(RECORD_PLAN_APPROVED, approved(&file, &ann, NULL));
    assert_taken(RECORD_CONTROL_SET, plan_file_planned(&file, 0));
    assert_int_equal(governed_control(governed)->seq, 4);
    assert_taken(RECORD_CERT_REVOKED, revocation(1));
}

static void without_a_control_nobody_approves_and_everything_goes(void **state)
{
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    (void)state;
    assert_null(governed_control(governed));
    assert_taken(RECORD_CERT_REVOKED, revocation(1));
    file.header = (struct plan_header){.act = ACT_REVOKE,
                                       .origin = memory_text(ORIGIN),
                                       .vkey = memory_text(VKEY),
                                       .not_before = BEGIN,
                                       .not_after = END};
    plan_file_add(&file, NULL, RECORD_CERT_REVOKED, revocation(1));
    plan_file_seal(&file);
    assert_refused(RECORD_PLAN_APPROVED, approved(&file, &ann, NULL), "ledger.approval",
                   "no control is in force that says who may approve");
}

static void one_person_may_in_an_emergency_where_the_control_says_so(void **state)
{
    (void)state;
    control.quorum[ACT_REVOKE] = control.quorum[ACT_CONTROL] = control.quorum[ACT_CRL] = 1;
    control.emergency[ACT_REVOKE] = true;
    (void)set_control();
    static const char *const types[] = {RECORD_CERT_REVOKED, RECORD_CERT_UNREVOKED, RECORD_KEY_REVOKED};
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        struct json *urgent = revocation(1);
        json_put_text(urgent, "emergency_reason", "stolen");
        assert_taken(types[i], urgent);
        assert_int_equal(governed_emergencies(governed), i + 1);
        assert_refused(types[i], revocation(2), "ledger.control",
                       "revoking needs 1 approvals by the control of record 0, it is of no plan");
    }
    struct json *crl = json_new_object();
    json_put_text(crl, "emergency_reason", "stolen");
    assert_refused(RECORD_CRL_SIGNING, crl, "ledger.control",
                   "signing CRLs needs 1 approvals by the control of record 0, it is of no plan");
    assert_int_equal(governed_emergencies(governed), 3);
}

/* ---- policies ---- */

static struct json *policy(const char *name, const char *text)
{
    struct record_policy_approved record = {.name = name, .text = text};
    digest_sha256(bytes_of_text(text), record.sha256);
    return record_policy_approved_write(&record);
}

static struct json *signed_by(const char *name, const char *text)
{
    uint8_t digest[32];
    struct json *json = json_new_object();
    digest_sha256(bytes_of_text(text), digest);
    json_put_text(json, "policy", name);
    json_put_hex(json, "policy_sha256", BYTES(digest));
    return json;
}

static void the_text_approved_last_is_signed_by(void **state)
{
    (void)state;
    control.only_approved_policies = true;
    (void)set_control();
    assert_refused(RECORD_CERT_SIGNING, signed_by("a\"b", "one"), "ledger.policy",
                   "by the policy a\"b, which nobody approved");
    assert_taken(RECORD_POLICY_APPROVED, policy("a\"b", "one"));
    assert_taken(RECORD_POLICY_APPROVED, policy("other", "else"));
    assert_taken(RECORD_CERT_SIGNING, signed_by("a\"b", "one"));
    assert_taken(RECORD_CERT_SIGNING, signed_by("other", "else"));
    assert_refused(RECORD_CERT_SIGNING, signed_by("a\"b", "else"), "ledger.policy",
                   "by the policy a\"b, of another text than the one approved last");
    assert_taken(RECORD_POLICY_APPROVED, policy("a\"b", "two"));
    assert_taken(RECORD_CERT_SIGNING, signed_by("a\"b", "two"));
    assert_refused(RECORD_CERT_SIGNING, signed_by("a\"b", "one"), "ledger.policy",
                   "by the policy a\"b, of another text than the one approved last");
    struct json *broken = policy("a\"b", "three");
    json_put_text(broken, "text", "four");
    assert_refused(RECORD_POLICY_APPROVED, broken, "ledger.policy", "its digest is not that of its text");
    control.only_approved_policies = false;
    (void)set_control();
    assert_taken(RECORD_CERT_SIGNING, signed_by("nobody's", "text"));
}

static void a_policy_that_was_not_allowed_is_not_approved(void **state)
{
    (void)state;
    control.only_approved_policies = true;
    control.quorum[ACT_POLICY] = 1;
    (void)set_control();
    assert_refused(RECORD_POLICY_APPROVED, policy("p", "one"), "ledger.control",
                   "approving policies needs 1 approvals by the control of record 0, it is of no plan");
    assert_refused(RECORD_CERT_SIGNING, signed_by("p", "one"), "ledger.policy",
                   "by the policy p, which nobody approved");
}

/* ---- certificates and CRLs ---- */

/** The members of a cert.signing, of a CA or not. */
static struct json *signing(bool is_ca)
{
    struct error err = ERROR_INIT;
    uint8_t serial[CERT_SERIAL_LEN];
    AUTO(EVP_PKEY_free) EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    AUTO(template_free)
    struct template *template = is_ca ? maker_ca_template("CN=a", key) : maker_template("CN=a", key);
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    struct json *json = signed_by("p", "one");
    cert_serial_random(serial);
    assert_true(cert_tbs(template, NULL, serial, SIGNATURE_ECDSA_SHA256, &tbs, &err));
    json_put_base64(json, "tbs", builder_bytes(&tbs));
    return json;
}

static void a_ca_certificate_has_a_quorum_of_its_own(void **state)
{
    (void)state;
    control.quorum[ACT_ISSUE_CA] = 1;
    (void)set_control();
    assert_taken(RECORD_CERT_SIGNING, signing(false));
    assert_refused(RECORD_CERT_SIGNING, signing(true), "ledger.control",
                   "issuing CA certificates needs 1 approvals by the control of record 0, it is of no plan");
    control.quorum[ACT_ISSUE_CA] = 0;
    control.quorum[ACT_ISSUE] = 1;
    (void)set_control();
    assert_taken(RECORD_CERT_SIGNING, signing(true));
    assert_refused(RECORD_CERT_SIGNING, signing(false), "ledger.control",
                   "issuing certificates needs 1 approvals by the control of record 3, it is of no plan");
    // Both reasons are said, and each alone is enough.
    control.only_approved_policies = true;
    (void)set_control();
    assert_false(take(RECORD_CERT_SIGNING, signing(false)));
    assert_int_equal(found.count, 2);
    findings_done(&found);
    found = (struct findings)FINDINGS_INIT;
    assert_refused(RECORD_CERT_SIGNING, signing(true), "ledger.policy",
                   "by the policy p, which nobody approved");
}

static void a_planned_certificate_is_signed(void **state)
{
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    (void)state;
    control.quorum[ACT_ISSUE] = 1;
    (void)set_control();
    make_plan(&file, 0);
    file.header.act = ACT_ISSUE;
    file.header.policy = memory_text("p");
    plan_file_add(&file, "a", RECORD_CERT_SIGNING, signing(false));
    plan_file_add(&file, "b", RECORD_CERT_SIGNING, signing(true));
    plan_file_seal(&file);
    assert_taken(RECORD_PLAN_APPROVED, approved(&file, &ann, NULL));
    assert_taken(RECORD_CERT_SIGNING, plan_file_planned(&file, 0));
    assert_refused(RECORD_CERT_SIGNING, plan_file_planned(&file, 0), "ledger.control",
                   "place 0 of its plan was carried out before");
    assert_refused(RECORD_CERT_SIGNING, signing(false), "ledger.control",
                   "issuing certificates needs 1 approvals by the control of record 0, it is of no plan");
}

static void a_record_that_cant_be_read_is_said_elsewhere(void **state)
{
    static const char *const lines[] = {"{", "{\"time\":\"yesterday\",\"type\":\"cert.revoked\"}",
                                        "{\"time\":\"2027-01-15T08:00:00Z\",\"type\":\"cert.signing\"}",
                                        "{\"time\":\"2027-01-15T08:00:00Z\",\"type\":\"note\"}"};
    (void)state;
    control.quorum[ACT_REVOKE] = control.quorum[ACT_ISSUE] = 1;
    (void)set_control();
    for (size_t i = 0; i < ARRAY_LEN(lines); i++)
        assert_true(governed_take(governed, next_seq++, bytes_of_text(lines[i]), &found));
    assert_int_equal(found.count, 0);
}

static struct json *crl(int64_t lifetime, bool keep_expired)
{
    const struct record_crl_signing record = {.number = 1,
                                              .algorithm = BYTES_LITERAL("\x30\x00"),
                                              .this_update = BEGIN,
                                              .next_update = BEGIN + lifetime,
                                              .extensions = BYTES_LITERAL("\x30\x00"),
                                              .keep_expired = keep_expired,
                                              .expired_since = keep_expired ? BEGIN : CRL_NO_TIME,
                                              .previous = RECORD_CRL_NONE,
                                              .tbs_len = 1,
                                              .batch = "b"};
    return record_crl_signing_write(&record);
}

static void a_crl_is_as_the_control_wants_it(void **state)
{
    (void)state;
    assert_taken(RECORD_CRL_SIGNING, crl(99 * TIME_DAY_SECONDS, true));
    control.has_crl = true;
    control.crl_max_days = 10;
    (void)set_control();
    assert_taken(RECORD_CRL_SIGNING, crl(10 * TIME_DAY_SECONDS, false));
    assert_refused(RECORD_CRL_SIGNING, crl(10 * TIME_DAY_SECONDS + 1, false), "ledger.control",
                   "the CRL is good for longer than the control's crl max_days, 10");
    assert_refused(RECORD_CRL_SIGNING, crl(10 * TIME_DAY_SECONDS, true), "ledger.control",
                   "the CRL's keep_expired is not the control's");
    control.crl_keep_expired = true;
    (void)set_control();
    assert_taken(RECORD_CRL_SIGNING, crl(10 * TIME_DAY_SECONDS, true));
    assert_refused(RECORD_CRL_SIGNING, crl(10 * TIME_DAY_SECONDS, false), "ledger.control",
                   "the CRL's keep_expired is not the control's");
    control.has_crl = false;
    (void)set_control();
    assert_taken(RECORD_CRL_SIGNING, crl(99 * TIME_DAY_SECONDS, false));
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
    (void)state;
    assert_taken(RECORD_SESSION_OPENED, session("batch", true, false));
    (void)set_control();
    assert_taken(RECORD_SESSION_OPENED, session("batch", true, false));
    control.forbids_extractable = control.requires_manifest = true;
    (void)set_control();
    assert_taken(RECORD_SESSION_OPENED, session("sign", false, false));
    assert_taken(RECORD_SESSION_OPENED, session("batch", false, true));
    assert_refused(
        RECORD_SESSION_OPENED, session("sign", true, false), "ledger.control",
        "its keys might leave their token (allow_extractable), which the control of record 3 does not "
        "allow");
    assert_refused(RECORD_SESSION_OPENED, session("batch", false, false), "ledger.control",
                   "a batch without a signed list of its requests, which the control of record 3 requires");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_a_plan_says_is_done_once_and_nothing_else, begin, end),
        cmocka_unit_test_setup_teardown(a_quorum_counts_people_who_may, begin, end),
        cmocka_unit_test_setup_teardown(a_plan_counts_in_its_window, begin, end),
        cmocka_unit_test_setup_teardown(a_plan_is_of_this_ca_and_of_one_act, begin, end),
        cmocka_unit_test_setup_teardown(a_plan_ends_with_its_control, begin, end),
        cmocka_unit_test_setup_teardown(a_control_names_the_one_before, begin, end),
        cmocka_unit_test_setup_teardown(what_was_not_allowed_governs_nothing, begin, end),
        cmocka_unit_test_setup_teardown(without_a_control_nobody_approves_and_everything_goes, begin, end),
        cmocka_unit_test_setup_teardown(one_person_may_in_an_emergency_where_the_control_says_so, begin, end),
        cmocka_unit_test_setup_teardown(the_text_approved_last_is_signed_by, begin, end),
        cmocka_unit_test_setup_teardown(a_policy_that_was_not_allowed_is_not_approved, begin, end),
        cmocka_unit_test_setup_teardown(a_ca_certificate_has_a_quorum_of_its_own, begin, end),
        cmocka_unit_test_setup_teardown(a_planned_certificate_is_signed, begin, end),
        cmocka_unit_test_setup_teardown(a_record_that_cant_be_read_is_said_elsewhere, begin, end),
        cmocka_unit_test_setup_teardown(a_crl_is_as_the_control_wants_it, begin, end),
        cmocka_unit_test_setup_teardown(a_run_keeps_to_what_ca_yaml_may_not_loosen, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
