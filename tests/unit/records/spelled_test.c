/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each record as it stands in the ledger, byte for byte (docs/ledger-format.md 1, 9 to 11): readers of other programs, and of later versions,
 * look for these names and values.
 */
#include "records/approved.h"
#include "records/ca.h"
#include "records/ceremony.h"
#include "records/cert.h"
#include "records/control.h"
#include "records/crl.h"
#include "records/plan_file.h"
#include "records/revocation.h"
#include "records/session.h"

#include "base/memory.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define ONE "0100000000000000000000000000000000000000000000000000000000000000"
#define TWO "0200000000000000000000000000000000000000000000000000000000000000"
#define THREE "0300000000000000000000000000000000000000000000000000000000000000"
/* SHA-256 of a zero octet and {"output":"a.pem","serial":"0a","type":"cert.signing"} (RFC 6962 2.1) */
#define ROOT "440fce6cddc11d1e2097319f0044c69a0a3b0fef72d8c501128e28b3a2cd1197"
#define AT INT64_C(1800000000) /* 2027-01-15T08:00:00Z */

static const uint8_t one[32] = {1}, two[32] = {2}, three[32] = {3};

/** Takes a record. */
static void assert_spelled(struct json *written, const char *wanted)
{
    AUTO(json_free) struct json *record = written;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    json_canonical(record, &text);
    assert_string_equal(builder_text(&text), wanted);
}

/* ---- the CA ---- */

static void the_cas_beginning(void **state)
{
    AUTO(json_free) struct json *policies = json_new_object();
    AUTO(json_free) struct json *continues = json_new_object();
    struct record_ca_created record = {
        .certificate = BYTES_LITERAL("a certificate"),
        .origin = "ca.example/root",
        .ledger_vkey = "ca.example/root+1+AQ==",
        .command = "init",
        .ca_key = {.uri = "u1",
                   .kind = "k1",
                   .is_private = "a",
                   .is_sensitive = "b",
                   .is_always_sensitive = "c",
                   .is_extractable = "d",
                   .is_never_extractable = "e",
                   .is_local = "f",
                   .may_sign = "g"},
        .ledger_key = {.uri = "u2", .kind = "k2"},
    };
    (void)state;
    assert_spelled(
        record_ca_created_write(&record),
        "{\"allow_extractable\":false,\"ca_key\":{\"always_sensitive\":\"c\",\"extractable\":\"d\","
        "\"kind\":\"k1\",\"local\":\"f\",\"never_extractable\":\"e\",\"private\":\"a\","
        "\"sensitive\":\"b\",\"sign\":\"g\",\"uri\":\"u1\"},"
        "\"certificate\":\"YSBjZXJ0aWZpY2F0ZQ==\",\"command\":\"init\","
        "\"ledger_key\":{\"kind\":\"k2\",\"uri\":\"u2\"},"
        "\"ledger_vkey\":\"ca.example/root+1+AQ==\",\"origin\":\"ca.example/root\","
        "\"tool\":\"coldca " COLDCA_VERSION "\"}");
    json_put_text(policies, "p", ONE);
    json_put_text(continues, "origin", "ca.example/old");
    record.policies = policies;
    record.continues = continues;
    record.chain_incomplete = "no root";
    record.allow_extractable = true;
    record.ca_key = record.ledger_key;
    assert_spelled(record_ca_created_write(&record),
                   "{\"allow_extractable\":true,\"ca_key\":{\"kind\":\"k2\",\"uri\":\"u2\"},"
                   "\"certificate\":\"YSBjZXJ0aWZpY2F0ZQ==\",\"chain_incomplete\":\"no root\","
                   "\"command\":\"init\",\"continues\":{\"origin\":\"ca.example/old\"},"
                   "\"ledger_key\":{\"kind\":\"k2\",\"uri\":\"u2\"},"
                   "\"ledger_vkey\":\"ca.example/root+1+AQ==\",\"origin\":\"ca.example/root\","
                   "\"policies\":{\"p\":\"" ONE "\"},\"tool\":\"coldca " COLDCA_VERSION "\"}");
    struct record_chain_set chain = {.certificates = 2, .command = "cert chain", .chain_incomplete = "soon"};
    memcpy(chain.sha256, one, sizeof(one));
    assert_spelled(record_chain_set_write(&chain),
                   "{\"certificates\":2,\"chain_incomplete\":\"soon\",\"command\":\"cert chain\","
                   "\"sha256\":\"" ONE "\"}");
}

static void a_run(void **state)
{
    const struct record_plan plan = {.policy = "p", .policy_sha256 = one, .plan_sha256 = two};
    struct record_session session = {.command = "batch",
                                     .batch = "b",
                                     .host = "h",
                                     .plan = &plan,
                                     .is_clock_confirmed = true,
                                     .allow_extractable = true,
                                     .manifest_sha256 = three,
                                     .token_label = "l",
                                     .token_serial = "s",
                                     .token_model = "m"};
    const struct record_planned planned = {.batch = "b", .requests = 3, .plan = plan};
    (void)state;
    assert_spelled(record_session_write(&session),
                   "{\"allow_extractable\":true,\"batch\":\"b\",\"clock\":\"confirmed\","
                   "\"command\":\"batch\",\"confined\":true,\"host\":\"h\",\"manifest_sha256\":\"" THREE
                   "\",\"plan_sha256\":\"" TWO "\",\"policy\":\"p\",\"policy_sha256\":\"" ONE
                   "\",\"token\":{\"label\":\"l\",\"model\":\"m\",\"serial\":\"s\"},"
                   "\"tool\":\"coldca " COLDCA_VERSION "\"}");
    session = (struct record_session){.command = "sign", .batch = "b", .host = "h", .unconfined = "why"};
    assert_spelled(record_session_write(&session),
                   "{\"allow_extractable\":false,\"batch\":\"b\",\"clock\":\"checked\","
                   "\"command\":\"sign\",\"confined\":false,\"host\":\"h\",\"token\":{},"
                   "\"tool\":\"coldca " COLDCA_VERSION "\",\"unconfined\":\"why\"}");
    assert_spelled(record_planned_write(&planned),
                   "{\"batch\":\"b\",\"plan_sha256\":\"" TWO "\",\"policy\":\"p\",\"policy_sha256\":\"" ONE
                   "\",\"requests\":3}");
}

static void a_refusal(void **state)
{
    AUTO(findings_done) struct findings reasons = FINDINGS_INIT;
    struct record_refused record = {.source = "a.csr", .batch = "b", .reasons = &reasons, .count = 1};
    (void)state;
    assert_spelled(record_refused_write(&record), "{\"batch\":\"b\",\"reasons\":[],\"source\":\"a.csr\"}");
    findings_say(&reasons, "rule", NULL, "first");
    findings_say(&reasons, "rule", NULL, "second");
    record.count = 2;
    record.input_sha256 = one, record.csr_sha256 = two;
    record.decision = "no";
    assert_spelled(record_refused_write(&record),
                   "{\"batch\":\"b\",\"count\":2,\"csr_sha256\":\"" TWO
                   "\",\"decision\":\"no\",\"input_sha256\":\"" ONE
                   "\",\"reasons\":[\"first\",\"second\"],\"source\":\"a.csr\"}");
}

/* ---- certificates and revocations ---- */

static void the_ends_of_a_certificate(void **state)
{
    struct record_cert_issued issued = {.ref = 7, .signature = BYTES_LITERAL("sig")};
    const struct record_cert_abandoned abandoned = {.ref = 7, .serial = "0102", .reason = "stopped"};
    const struct record_cert_unrevoked unrevoked = {
        .serial = BYTES_LITERAL("\x0a\x0b"), .ref = 9, .batch = "b"};
    (void)state;
    memcpy(issued.sha256, one, sizeof(one));
    assert_spelled(record_cert_issued_write(&issued),
                   "{\"ref\":7,\"sha256\":\"" ONE "\",\"signature\":\"c2ln\"}");
    assert_spelled(record_cert_abandoned_write(&abandoned),
                   "{\"reason\":\"stopped\",\"ref\":7,\"serial\":\"0102\"}");
    assert_spelled(record_cert_unrevoked_write(&unrevoked),
                   "{\"batch\":\"b\",\"ref\":9,\"serial\":\"0a0b\"}");
}

static void a_revocation(void **state)
{
    struct record_cert_revoked record = {.serial = BYTES_LITERAL("\x0a\x0b"),
                                         .reason = CRL_CERTIFICATE_HOLD,
                                         .revoked_at = AT,
                                         .invalidity_date = AT - 1,
                                         .not_after = AT + 1,
                                         .ref = 0,
                                         .key_value = ONE,
                                         .subject = "CN=a",
                                         .batch = "b"};
    const struct record_key_revoked key = {.key_value = ONE,
                                           .reason = CRL_KEY_COMPROMISE,
                                           .revoked_at = AT,
                                           .invalidity_date = AT - 1,
                                           .batch = "b"};
    struct record_revocation_set set = {.batch = "b",
                                        .count = 2,
                                        .where = "policy=x",
                                        .list_sha256 = two,
                                        .skipped = 1,
                                        .reason = CRL_SUPERSEDED};
    (void)state;
    assert_spelled(record_cert_revoked_write(&record),
                   "{\"batch\":\"b\",\"foreign\":false,\"hold\":true,"
                   "\"invalidity_date\":\"2027-01-15T07:59:59Z\",\"key_value\":\"" ONE
                   "\",\"not_after\":\"2027-01-15T08:00:01Z\",\"reason\":\"certificateHold\",\"ref\":0,"
                   "\"revoked_at\":\"2027-01-15T08:00:00Z\",\"serial\":\"0a0b\",\"subject\":\"CN=a\"}");
    record = (struct record_cert_revoked){.serial = BYTES_LITERAL("\x0a"),
                                          .reason = CRL_UNSPECIFIED,
                                          .revoked_at = AT,
                                          .invalidity_date = CRL_NO_TIME,
                                          .not_after = CRL_NO_TIME,
                                          .ref = RECORD_NO_SEQ,
                                          .is_foreign = true};
    assert_spelled(record_cert_revoked_write(&record),
                   "{\"foreign\":true,\"hold\":false,\"reason\":\"unspecified\","
                   "\"revoked_at\":\"2027-01-15T08:00:00Z\",\"serial\":\"0a\"}");
    assert_spelled(record_key_revoked_write(&key),
                   "{\"batch\":\"b\",\"invalidity_date\":\"2027-01-15T07:59:59Z\",\"key_value\":\"" ONE
                   "\",\"reason\":\"keyCompromise\",\"revoked_at\":\"2027-01-15T08:00:00Z\"}");
    assert_spelled(record_revocation_set_write(&set),
                   "{\"batch\":\"b\",\"count\":2,\"list_sha256\":\"" TWO
                   "\",\"reason\":\"superseded\",\"skipped\":1,\"where\":\"policy=x\"}");
    set.list_sha256 = NULL;
    set.where = NULL;
    assert_spelled(record_revocation_set_write(&set),
                   "{\"batch\":\"b\",\"count\":2,\"reason\":\"superseded\",\"skipped\":1}");
}

static void a_crl(void **state)
{
    struct record_crl_signing signing = {.number = 8,
                                         .algorithm = BYTES_LITERAL("alg"),
                                         .this_update = AT,
                                         .next_update = AT + 1,
                                         .size = 5,
                                         .extensions = BYTES_LITERAL("ext"),
                                         .keep_expired = true,
                                         .expired_since = AT - 1,
                                         .previous = 0,
                                         .count = 4,
                                         .tbs_len = 99,
                                         .batch = "b"};
    struct record_crl_issued issued = {.ref = 5, .number = 8, .signature = BYTES_LITERAL("sig")};
    const struct record_crl_abandoned abandoned = {.ref = 5, .number = 8, .reason = "stopped"};
    (void)state;
    memcpy(signing.issuer_sha256, one, sizeof(one)), memcpy(signing.tbs_sha256, two, sizeof(two));
    memcpy(issued.sha256, three, sizeof(three));
    assert_spelled(record_crl_signing_write(&signing),
                   "{\"algorithm\":\"YWxn\",\"batch\":\"b\",\"count\":4,"
                   "\"expired_since\":\"2027-01-15T07:59:59Z\",\"extensions\":\"ZXh0\","
                   "\"issuer_sha256\":\"" ONE "\",\"keep_expired\":true,"
                   "\"next_update\":\"2027-01-15T08:00:01Z\",\"number\":8,\"order\":\"ledger\","
                   "\"previous\":0,\"rule\":1,\"scope\":{},\"size\":5,\"tbs_len\":99,\"tbs_sha256\":\"" TWO
                   "\",\"this_update\":\"2027-01-15T08:00:00Z\"}");
    signing.keep_expired = false;
    signing.expired_since = CRL_NO_TIME;
    signing.previous = RECORD_CRL_NONE;
    assert_spelled(record_crl_signing_write(&signing),
                   "{\"algorithm\":\"YWxn\",\"batch\":\"b\",\"count\":4,\"extensions\":\"ZXh0\","
                   "\"issuer_sha256\":\"" ONE "\",\"keep_expired\":false,"
                   "\"next_update\":\"2027-01-15T08:00:01Z\",\"number\":8,\"order\":\"ledger\","
                   "\"rule\":1,\"scope\":{},\"size\":5,\"tbs_len\":99,\"tbs_sha256\":\"" TWO
                   "\",\"this_update\":\"2027-01-15T08:00:00Z\"}");
    assert_spelled(record_crl_issued_write(&issued),
                   "{\"number\":8,\"ref\":5,\"sha256\":\"" THREE "\",\"signature\":\"c2ln\"}");
    assert_spelled(record_crl_abandoned_write(&abandoned), "{\"number\":8,\"reason\":\"stopped\",\"ref\":5}");
}

/* ---- controls, plans, ceremonies ---- */

static void a_control(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(control_done) struct control control = {.seq = 4, .previous = 0};
    (void)state;
    assert_true(control_add_person(&control, "ann", "approver", "ann+key", &err));
    assert_true(control_add_person(&control, "dan", "operator", NULL, &err));
    for (unsigned i = 0; i < ACT_COUNT; i++)
        control.quorum[i] = i;
    control.emergency[ACT_REVOKE] = control.emergency[ACT_CRL] = true;
    control.only_approved_policies = control.forbids_extractable = control.requires_manifest = true;
    control.has_crl = control.crl_keep_expired = true;
    control.crl_max_days = 8;
#define PEOPLE                                                                                               \
    "\"people\":[{\"key\":\"ann+key\",\"name\":\"ann\",\"role\":\"approver\"},{\"name\":\"dan\","            \
    "\"role\":\"operator\"}]"
#define QUORUM "\"quorum\":{\"control\":4,\"crl\":3,\"issue\":0,\"issue_ca\":1,\"policy\":5,\"revoke\":2}"
    assert_spelled(control_write(&control),
                   "{\"allow_extractable\":false,\"crl\":{\"keep_expired\":true,\"max_days\":8},"
                   "\"emergency\":[\"revoke\",\"crl\"]," PEOPLE
                   ",\"policies\":\"approved\",\"previous\":0," QUORUM ",\"require_manifest\":true}");
    control.previous = CONTROL_NONE;
    control.emergency[ACT_REVOKE] = control.emergency[ACT_CRL] = false;
    control.only_approved_policies = control.forbids_extractable = control.requires_manifest = false;
    control.has_crl = false;
    assert_spelled(control_write(&control), "{\"emergency\":[]," PEOPLE ",\"policies\":\"any\"," QUORUM "}");
}

static void what_people_approved(void **state)
{
    AUTO(json_free) struct json *notes = json_new_array();
    struct record_plan_approved plan = {.header = "h", .approvals = notes};
    struct record_policy_approved policy = {.name = "p", .text = "t"};
    const struct tree_hash path[] = {{.bytes = {1}}, {.bytes = {2}}};
    struct json *planned = json_new_object();
    (void)state;
    json_add_text(notes, "n");
    memcpy(plan.plan_sha256, one, sizeof(one)), memcpy(policy.sha256, two, sizeof(two));
    assert_spelled(record_plan_approved_write(&plan),
                   "{\"approvals\":[\"n\"],\"header\":\"h\",\"plan_sha256\":\"" ONE "\"}");
    plan.batch = "b";
    assert_spelled(record_plan_approved_write(&plan),
                   "{\"approvals\":[\"n\"],\"batch\":\"b\",\"header\":\"h\",\"plan_sha256\":\"" ONE "\"}");
    assert_spelled(record_policy_approved_write(&policy),
                   "{\"name\":\"p\",\"sha256\":\"" TWO "\",\"text\":\"t\"}");
    record_put_planned(planned, three, 6, path, 2);
    assert_spelled(planned,
                   "{\"plan_index\":6,\"plan_path\":"
                   "\"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                   "AAAAAA==\",\"plan_sha256\":\"" THREE "\"}");
}

/** The whole of a plan's file, which people carry and other programs may look into. */
static void a_plan(void **state)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    struct json *record = json_new_object();
    (void)state;
    file.header = (struct plan_header){.act = ACT_ISSUE,
                                       .origin = memory_text("ca.example/root"),
                                       .vkey = memory_text("key"),
                                       .control = 3,
                                       .not_before = AT,
                                       .not_after = AT + 1,
                                       .policy = memory_text("p")};
    memcpy(file.header.policy_sha256, one, sizeof(one));
    json_put_text(record, "serial", "0a");
    plan_file_add(&file, "a.pem", RECORD_CERT_SIGNING, record);
    plan_file_add_request(&file, BYTES_LITERAL("csr"));
    plan_file_add_person(&file, "ann", "ann+key");
    plan_file_add_person(&file, "dan", NULL);
    file.refused = json_new_array();
    json_add_text(file.refused, "r");
    file.evaluated = json_new_object();
    json_put_int(file.evaluated, "days", 1);
    file.policy_text = memory_text("t");
    plan_file_seal(&file);
    plan_file_write(&file, &text);
    assert_string_equal(
        builder_text(&text),
        "{\"evaluated\":{\"days\":1},\"header\":\"{\\\"act\\\":\\\"issue\\\",\\\"control\\\":3,\\\"count\\\":"
        "1,"
        "\\\"not_after\\\":\\\"2027-01-15T08:00:01Z\\\",\\\"not_before\\\":\\\"2027-01-15T08:00:00Z\\\","
        "\\\"origin\\\":\\\"ca.example/root\\\",\\\"policy\\\":\\\"p\\\",\\\"policy_sha256\\\":\\\"" ONE
        "\\\",\\\"root\\\":\\\"" ROOT "\\\",\\\"version\\\":1,\\\"vkey\\\":\\\"key\\\"}\","
        "\"items\":[{\"record\":{\"output\":\"a.pem\",\"serial\":\"0a\",\"type\":\"cert.signing\"},"
        "\"request\":\"Y3Ny\"}],\"kind\":\"coldca plan\",\"people\":[{\"key\":\"ann+key\",\"name\":\"ann\"},"
        "{\"name\":\"dan\"}],\"policy_text\":\"t\",\"refused\":[\"r\"]}\n");
}

static void a_step_of_a_ceremony(void **state)
{
    char first[] = "first", second[] = "second";
    char *lines[] = {first, second};
    struct ceremony_digest digests[] = {{.what = "stick:a.csr"}, {.what = "page"}};
    struct ceremony_fact facts[] = {{"host", "ca1"}, {"zone", "+01:00"}};
    struct record_ceremony event = {.run = "r",
                                    .ceremony = "root",
                                    .number = 7,
                                    .event = CEREMONY_ENDED,
                                    .at = AT,
                                    .step = 3,
                                    .attempt = 2,
                                    .name = "n",
                                    .text = "t",
                                    .role = "o",
                                    .person = "p",
                                    .initials = "i",
                                    .exit_code = -1,
                                    .wrong_pins = 1,
                                    .lines = lines,
                                    .line_count = 2,
                                    .cut_len = 9,
                                    .digests = digests,
                                    .digest_count = 2,
                                    .facts = facts,
                                    .fact_count = 2};
    (void)state;
    memcpy(event.script_sha256, one, sizeof(one)), memcpy(event.cut_sha256, two, sizeof(two));
    memcpy(digests[0].sha256, three, sizeof(three)), memcpy(digests[1].sha256, one, sizeof(one));
    assert_spelled(
        record_ceremony_write(&event),
        "{\"at\":\"2027-01-15T08:00:00Z\",\"attempt\":2,\"ceremony\":\"root\",\"cut_len\":9,\"cut_sha256\":"
        "\"" TWO "\",\"digests\":[{\"sha256\":\"" THREE "\",\"what\":\"stick:a.csr\"},{\"sha256\":\"" ONE
        "\",\"what\":\"page\"}],\"event\":\"ended\",\"exit_code\":-1,\"facts\":[{\"name\":\"host\","
        "\"value\":\"ca1\"},{\"name\":\"zone\",\"value\":\"+01:00\"}],\"initials\":\"i\","
        "\"lines\":[\"first\",\"second\"],\"name\":\"n\",\"number\":7,\"person\":\"p\",\"role\":\"o\","
        "\"run\":\"r\",\"script_sha256\":\"" ONE "\",\"step\":3,\"text\":\"t\",\"wrong_pins\":1}");
    const struct record_ceremony bare = {.run = "r", .ceremony = "root", .event = CEREMONY_NOTE};
    assert_spelled(record_ceremony_write(&bare),
                   "{\"at\":\"1970-01-01T00:00:00Z\",\"ceremony\":\"root\",\"event\":\"note\",\"number\":0,"
                   "\"run\":\"r\",\"script_sha256\":"
                   "\"0000000000000000000000000000000000000000000000000000000000000000\"}");
}

static void names_of_acts_and_events(void **state)
{
    static const char *const events[CEREMONY_EVENT_COUNT] = {
        "begun",  "present", "blank", "step",        "ended",   "file",  "answer",
        "choice", "note",    "fault", "interrupted", "resumed", "closed"};
    static const struct {
        const char *name, *words;
    } acts[ACT_COUNT] = {{"issue", "issuing certificates"},
                         {"issue_ca", "issuing CA certificates"},
                         {"revoke", "revoking"},
                         {"crl", "signing CRLs"},
                         {"control", "changing the controls"},
                         {"policy", "approving policies"}};
    enum act act = ACT_COUNT;
    (void)state;
    for (int i = 0; i < CEREMONY_EVENT_COUNT; i++)
        assert_string_equal(ceremony_event_name((enum ceremony_event)i), events[i]);
    for (int i = 0; i < ACT_COUNT; i++) {
        assert_string_equal(act_name((enum act)i), acts[i].name);
        assert_string_equal(act_words((enum act)i), acts[i].words);
        assert_true(act_parse(acts[i].name, &act));
        assert_int_equal(act, i);
    }
    assert_false(act_parse("issu", &act));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cas_beginning),
        cmocka_unit_test(a_run),
        cmocka_unit_test(a_refusal),
        cmocka_unit_test(the_ends_of_a_certificate),
        cmocka_unit_test(a_revocation),
        cmocka_unit_test(a_crl),
        cmocka_unit_test(a_control),
        cmocka_unit_test(what_people_approved),
        cmocka_unit_test(a_plan),
        cmocka_unit_test(a_step_of_a_ceremony),
        cmocka_unit_test(names_of_acts_and_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
