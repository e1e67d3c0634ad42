/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each record type: what is written is read back and checked, and without any one member that readers rely on it is refused by that
 * member's name (docs/ledger-format.md 1).
 */
#include "base/time.h"
#include "demands.h"
#include "records/ca.h"
#include "records/ceremony.h"
#include "records/cert.h"
#include "records/control.h"
#include "records/crl.h"
#include "records/revocation.h"
#include "records/session.h"

#include <pwd.h>
#include <unistd.h>

static const uint8_t digest[32] = {0x11, 0x22};

static struct record_ca_created ca_created(void)
{
    const struct record_key key = {
        .uri = "pkcs11:id=%01", .kind = "ec-p384", .is_private = "yes", .may_sign = "yes"};
    return (struct record_ca_created){.certificate = BYTES_LITERAL("a certificate"),
                                      .origin = "ca.example/root",
                                      .ledger_vkey = "ca.example/root+1+AQ==",
                                      .command = "init",
                                      .allow_extractable = true,
                                      .ca_key = key,
                                      .ledger_key = key};
}

static void ca_created_is_read_back(void **state)
{
    struct error err = ERROR_INIT;
    struct record_ca_created read;
    AUTO(builder_done) struct builder room = BUILDER_INIT;
    const struct record_ca_created record = ca_created();
    (void)state;
    AUTO(json_free) struct json *json = again(record_ca_created_write(&record));
    assert_true(record_ca_created_read(json, &room, &read, &err));
    assert_true(bytes_equal(read.certificate, record.certificate));
    assert_string_equal(read.origin, record.origin);
    assert_string_equal(read.ledger_vkey, record.ledger_vkey);
    assert_string_equal(read.command, "init");
    assert_true(read.allow_extractable);
    assert_string_equal(json_text(json_get(json, "ca_key"), "kind"), "ec-p384");
    assert_null(json_get(json, "chain_incomplete"));
}

static void ca_created_demands_its_members(void **state)
{
    static const char *const members[] = {"certificate", "origin", "ledger_vkey", "command", NULL};
    const struct record_ca_created record = ca_created();
    (void)state;
    assert_demands(RECORD_CA_CREATED, record_ca_created_write(&record), members);
}

static void chain_set_is_read_back(void **state)
{
    static const char *const members[] = {"sha256", "certificates", "command", NULL};
    struct error err = ERROR_INIT;
    struct record_chain_set read;
    struct record_chain_set record = {.certificates = 2, .command = "cert chain", .chain_incomplete = "soon"};
    (void)state;
    memcpy(record.sha256, digest, sizeof(digest));
    AUTO(json_free) struct json *json = again(record_chain_set_write(&record));
    assert_true(record_chain_set_read(json, &read, &err));
    assert_memory_equal(read.sha256, digest, sizeof(digest));
    assert_int_equal(read.certificates, 2);
    assert_string_equal(read.command, "cert chain");
    assert_string_equal(read.chain_incomplete, "soon");
    assert_demands(RECORD_CHAIN_SET, record_chain_set_write(&record), members);
}

static void cert_issued_is_read_back(void **state)
{
    struct error err = ERROR_INIT;
    struct record_cert_issued read;
    struct record_cert_issued record = {.ref = 7, .signature = BYTES_LITERAL("a signature")};
    AUTO(builder_done) struct builder room = BUILDER_INIT;
    (void)state;
    memcpy(record.sha256, digest, sizeof(digest));
    AUTO(json_free) struct json *json = again(record_cert_issued_write(&record));
    assert_true(record_cert_issued_read(json, &room, &read, &err));
    assert_int_equal(read.ref, 7);
    assert_true(bytes_equal(read.signature, record.signature));
    assert_memory_equal(read.sha256, digest, sizeof(digest));
}

static void cert_issued_demands_its_members(void **state)
{
    static const char *const members[] = {"ref", "signature", "sha256"};
    struct record_cert_issued record = {.ref = 7, .signature = BYTES_LITERAL("a signature")};
    AUTO(builder_done) struct builder room = BUILDER_INIT;
    AUTO(json_free) struct json *json = again(record_cert_issued_write(&record));
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        struct error err = ERROR_INIT;
        struct record_cert_issued read;
        AUTO(json_free) struct json *lacking = without(json, members[i]);
        assert_false(record_cert_issued_read(lacking, &room, &read, &err));
        assert_int_equal(err.kind, ERROR_LEDGER);
        assert_non_null(strstr(err.text, members[i]));
    }
}

static void cert_abandoned_is_read_back_and_demands_its_members(void **state)
{
    static const char *const members[] = {"ref", "reason", NULL};
    struct error err = ERROR_INIT;
    struct record_cert_abandoned read;
    const struct record_cert_abandoned record = {.ref = 9, .serial = "0102", .reason = "the run stopped"};
    (void)state;
    AUTO(json_free) struct json *json = again(record_cert_abandoned_write(&record));
    assert_true(record_cert_abandoned_read(json, &read, &err));
    assert_int_equal(read.ref, 9);
    assert_string_equal(read.serial, "0102");
    assert_string_equal(read.reason, "the run stopped");
    assert_demands(RECORD_CERT_ABANDONED, record_cert_abandoned_write(&record), members);
}

static void session_opened_says_whether_it_was_confined(void **state)
{
    static const char *const members[] = {"command", "batch", NULL};
    const struct record_plan plan = {.policy = "p", .policy_sha256 = digest, .plan_sha256 = digest};
    struct record_session record = {.command = "sign",
                                    .batch = "id",
                                    .host = "h",
                                    .plan = &plan,
                                    .token_label = "t",
                                    .token_serial = "1",
                                    .token_model = "m",
                                    .is_clock_confirmed = true};
    (void)state;
    AUTO(json_free) struct json *confined = again(record_session_write(&record));
    assert_true(json_bool(confined, "confined"));
    assert_null(json_get(confined, "unconfined"));
    assert_string_equal(json_text(confined, "clock"), "confirmed");
    assert_string_equal(json_text(confined, "policy"), "p");
    record.unconfined = "nothing says which files";
    record.plan = NULL;
    record.is_clock_confirmed = false;
    AUTO(json_free) struct json *unconfined = again(record_session_write(&record));
    assert_false(json_bool(unconfined, "confined"));
    assert_string_equal(json_text(unconfined, "unconfined"), "nothing says which files");
    assert_string_equal(json_text(unconfined, "clock"), "checked");
    assert_null(json_get(unconfined, "policy"));
    assert_demands(RECORD_SESSION_OPENED, record_session_write(&record), members);
}

static void batch_planned_demands_its_members(void **state)
{
    static const char *const members[] = {"batch",         "requests",    "policy",
                                          "policy_sha256", "plan_sha256", NULL};
    const struct record_planned record = {
        .batch = "id",
        .requests = 3,
        .plan = {.policy = "p", .policy_sha256 = digest, .plan_sha256 = digest}};
    (void)state;
    assert_demands(RECORD_BATCH_PLANNED, record_planned_write(&record), members);
}

static void a_refusal_has_its_reasons_and_not_too_many(void **state)
{
    static const char *const members[] = {"source", "batch", NULL};
    AUTO(findings_done) struct findings reasons = FINDINGS_INIT;
    struct record_refused record = {
        .source = "a.csr", .batch = "id", .reasons = &reasons, .csr_sha256 = digest, .decision = "not today"};
    (void)state;
    for (size_t i = 0; i < 20; i++)
        findings_say(&reasons, "rule", NULL, "reason %zu", i);
    AUTO(json_free) struct json *all = again(record_refused_write(&record));
    assert_int_equal(json_count(json_get(all, "reasons")), 20);
    assert_string_equal(json_text(all, "decision"), "not today");
    assert_non_null(json_get(all, "csr_sha256"));
    assert_null(json_get(all, "input_sha256"));
    findings_say(&reasons, "rule", NULL, "one too many");
    AUTO(json_free) struct json *cut = again(record_refused_write(&record));
    assert_int_equal(json_count(json_get(cut, "reasons")), 21);
    assert_string_equal(json_text_at(json_get(cut, "reasons"), 20), "and more");
    assert_demands(RECORD_REQUEST_REFUSED, record_refused_write(&record), members);
    assert_demands(RECORD_REQUEST_SKIPPED, record_refused_write(&record), members);
}

static void a_refusal_without_reasons_is_wrong(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(json_free) struct json *record = json_new_object();
    (void)state;
    json_put_text(record, "source", "a.csr");
    json_put_text(record, "batch", "id");
    assert_false(record_check(RECORD_REQUEST_REFUSED, record, &err));
    assert_non_null(strstr(err.text, "without reasons"));
}

static void a_record_of_nothing_but_what_all_have_is_right(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(json_free) struct json *record = json_new_object();
    (void)state;
    json_put_text(record, "type", RECORD_CA_CREATED);
    json_put_int(record, "seq", 0);
    json_put_text(record, "operator", "op");
    json_put_text(record, "time", "2027-01-15T08:00:00Z");
    assert_true(record_check(RECORD_CA_CREATED, record, &err));
    json_put_text(record, "origin", "ca.example/root");
    assert_false(record_check(RECORD_CA_CREATED, record, &err));
}

static void a_member_of_another_kind_is_as_good_as_none(void **state)
{
    struct error err = ERROR_INIT;
    uint64_t number = 0;
    uint8_t read[32];
    const char *text = NULL;
    AUTO(builder_done) struct builder bytes = BUILDER_INIT;
    AUTO(json_free) struct json *record = json_new_object();
    (void)state;
    json_put_int(record, "text", 1);
    json_put_int(record, "number", -1);
    json_put_hex(record, "digest", bytes_of(digest, 31));
    json_put_text(record, "bytes", "not base64!");
    assert_false(record_text(record, "text", &text, &err));
    assert_non_null(strstr(err.text, "without text, which is a text"));
    assert_false(record_number(record, "number", &number, &err));
    assert_false(record_digest(record, "digest", read, &err));
    assert_false(record_bytes(record, "bytes", &bytes, &err));
    json_put_base64(record, "empty", bytes_of(NULL, 0));
    assert_false(record_bytes(record, "empty", &bytes, &err));
}

/** A control that can't be met is one that no ledger has. */
static void a_control_is_of_the_ledger(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(control_done) struct control control = {.seq = CONTROL_NONE, .previous = CONTROL_NONE};
    (void)state;
    assert_true(control_add_person(&control, "op", "operator", NULL, &err));
    static const char *const members[] = {"people", "quorum", "policies", NULL};
    assert_demands(RECORD_CONTROL_SET, control_write(&control), members);
    control.quorum[ACT_CRL] = 2;
    AUTO(json_free) struct json *json = again(control_write(&control));
    assert_false(record_check(RECORD_CONTROL_SET, json, &err));
    assert_string_equal(err.text,
                        "the quorum of crl is 2, but 0 people have a key to approve with: add people "
                        "or lower it\nwhile reading a control.set");
    assert_int_equal(err.kind, ERROR_LEDGER);
}

static void types_that_are_not_known_are_right(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(json_free) struct json *record = json_new_object();
    (void)state;
    assert_true(record_check("ocsp.signing", record, &err));
    assert_true(record_check("something.new", record, &err));
}

static void text_for_people_is_cut_between_characters(void **state)
{
    AUTO(json_free) struct json *json = json_new_object();
    char text[1200];
    (void)state;
    for (size_t i = 0; i < sizeof(text) - 2; i += 3)
        memcpy(text + i, "\xe2\x82\xac", 3); // the euro sign: 1024 is inside one
    text[sizeof(text) - 3] = '\0';
    record_put_bounded(json, "source", text);
    const char *kept = json_text(json, "source");
    assert_int_equal(strlen(kept), 1023);
    assert_memory_equal(kept, text, 1023);
    record_put_bounded(json, "nothing", NULL);
    assert_null(json_get(json, "nothing"));
}

static void a_run_has_an_id_of_its_own(void **state)
{
    struct error err = ERROR_INIT;
    char one[SESSION_BATCH_SIZE];
    char other[SESSION_BATCH_SIZE];
    (void)state;
    assert_true(session_make_batch(one, &err));
    assert_true(session_make_batch(other, &err));
    assert_int_equal(strlen(one), SESSION_BATCH_SIZE - 1);
    assert_string_not_equal(one + 17, other + 17);
    // "20261121T024857Z-1a2b3c", and the time is now.
    for (size_t i = 0; i < SESSION_BATCH_SIZE - 1; i++) {
        const char *wanted = i == 8    ? "T"
                             : i == 15 ? "Z"
                             : i == 16 ? "-"
                             : i < 16  ? "0123456789"
                                       : "0123456789abcdef";
        assert_non_null(strchr(wanted, one[i]));
    }
    int64_t made = 0;
    AUTO(free)
    char *when =
        memory_format("%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", one, one + 4, one + 6, one + 9, one + 11, one + 13);
    assert_true(time_parse(when, &made));
    assert_in_range(made, (uint64_t)time_now() - 60, (uint64_t)time_now());
}

static void assert_operator(const char *said, const char *configured, const char *wanted)
{
    AUTO(free) char *name = session_operator(said, configured);
    assert_string_equal(name, wanted);
}

static void who_is_at_the_keyboard_says_so_or_is_looked_up(void **state)
{
    (void)state;
    assert_operator("ann", "bob", "ann");
    assert_operator(NULL, "bob", "bob");
    assert_operator("a\x1b", NULL, "a\\x1b");
    assert_int_equal(unsetenv("SUDO_USER"), 0);
    AUTO(free) char *login = session_operator(NULL, NULL);
    const struct passwd *entry = getpwuid(getuid());
    AUTO(free) char *uid = memory_format("uid %u", (unsigned)getuid());
    assert_string_equal(login, entry == NULL ? uid : entry->pw_name);
    assert_operator(NULL, "", login);
    assert_operator("", "bob", login); // nothing was said, in so many words
    assert_int_equal(setenv("SUDO_USER", "", 1), 0);
    assert_operator(NULL, NULL, login);
    assert_int_equal(setenv("SUDO_USER", "ann", 1), 0);
    assert_operator(NULL, NULL, getuid() == 0 ? "ann (sudo)" : login);
    assert_operator(NULL, "bob", "bob");
    assert_int_equal(unsetenv("SUDO_USER"), 0);
}

static void test_revocations(void **state)
{
    (void)state;
    static const char *const demanded[] = {"serial", NULL};
    static const char *const of_set[] = {"batch", "count", NULL};
    const struct record_cert_revoked revoked = {.serial = BYTES(digest),
                                                .reason = CRL_KEY_COMPROMISE,
                                                .revoked_at = 1,
                                                .invalidity_date = 0,
                                                .not_after = 2,
                                                .ref = 3,
                                                .batch = "b"};
    const struct record_cert_unrevoked unrevoked = {.serial = BYTES(digest), .ref = 3, .batch = "b"};
    const struct record_revocation_set set = {.batch = "b", .count = 2, .where = "policy=x"};
    assert_demands(RECORD_CERT_REVOKED, record_cert_revoked_write(&revoked), demanded);
    assert_demands(RECORD_CERT_UNREVOKED, record_cert_unrevoked_write(&unrevoked), demanded);
    static const char *const of_key[] = {"key_value", "revoked_at", NULL};
    const struct record_key_revoked key = {
        .key_value = "1122000000000000000000000000000000000000000000000000000000000000",
        .reason = CRL_KEY_COMPROMISE,
        .revoked_at = 1763690000,
        .invalidity_date = CRL_NO_TIME};
    assert_demands(RECORD_KEY_REVOKED, record_key_revoked_write(&key), of_key);
    assert_demands(RECORD_REVOCATION_SET, record_revocation_set_write(&set), of_set);
    // what was written is read back
    struct error err = ERROR_INIT;
    struct record_cert_revoked read;
    AUTO(builder_done) struct builder room = BUILDER_INIT;
    AUTO(json_free) struct json *record = again(record_cert_revoked_write(&revoked));
    assert_true(record_cert_revoked_read(record, &room, &read, &err));
    assert_true(bytes_equal(read.serial, revoked.serial));
    assert_int_equal(read.reason, CRL_KEY_COMPROMISE);
    assert_int_equal(read.revoked_at, 1);
    assert_int_equal(read.invalidity_date, 0);
    assert_int_equal(read.not_after, 2);
    assert_int_equal(read.ref, 3);
    assert_false(read.is_hold);
}

static void test_crls(void **state)
{
    (void)state;
    static const char *const of_signing[] = {
        "rule", "order", "scope",       "number",      "issuer_sha256", "algorithm",  "extensions",
        "size", "count", "this_update", "next_update", "tbs_len",       "tbs_sha256", NULL};
    static const char *const of_issued[] = {"ref", "number", "signature", "sha256", NULL};
    static const char *const of_abandoned[] = {"ref", "number", "reason", NULL};
    const struct record_crl_signing signing = {.number = 1,
                                               .algorithm = BYTES(digest),
                                               .next_update = 1,
                                               .extensions = BYTES(digest),
                                               .expired_since = CRL_NO_TIME,
                                               .previous = RECORD_CRL_NONE,
                                               .batch = "b"};
    const struct record_crl_issued issued = {.ref = 1, .number = 1, .signature = BYTES(digest)};
    const struct record_crl_abandoned abandoned = {.ref = 1, .number = 1, .reason = "stopped"};
    assert_demands(RECORD_CRL_SIGNING, record_crl_signing_write(&signing), of_signing);
    assert_demands(RECORD_CRL_ISSUED, record_crl_issued_write(&issued), of_issued);
    assert_demands(RECORD_CRL_ABANDONED, record_crl_abandoned_write(&abandoned), of_abandoned);
}

static void ceremony_steps_are_read_back(void **state)
{
    static const char *const of_step[] = {"run",   "ceremony", "script_sha256", "number",
                                          "event", "at",       "exit_code",     NULL};
    char one[] = "one";
    char two[] = "two";
    char *lines[] = {one, two};
    struct ceremony_digest digests[] = {{.what = "stick:a.csr"}};
    struct ceremony_fact facts[] = {{"host", "ca1"}, {"zone", "+01:00"}};
    const struct record_ceremony ended = {.run = "r",
                                          .ceremony = "root",
                                          .number = 7,
                                          .event = CEREMONY_ENDED,
                                          .at = 1763690000,
                                          .step = 3,
                                          .attempt = 2,
                                          .exit_code = -1,
                                          .wrong_pins = 1,
                                          .lines = lines,
                                          .line_count = 2,
                                          .cut_len = 9,
                                          .digests = digests,
                                          .digest_count = 1,
                                          .facts = facts,
                                          .fact_count = 2};
    struct error err = ERROR_INIT;
    AUTO(record_ceremony_done) struct record_ceremony read = {.run = NULL};
    (void)state;
    memcpy(digests[0].sha256, digest, sizeof(digest));
    assert_demands(RECORD_CEREMONY_STEP, record_ceremony_write(&ended), of_step);
    AUTO(json_free) struct json *json = again(record_ceremony_write(&ended));
    assert_true(record_ceremony_read(json, &read, &err));
    assert_int_equal(read.number, 7);
    assert_int_equal(read.event, CEREMONY_ENDED);
    assert_int_equal(read.at, 1763690000);
    assert_int_equal(read.step, 3);
    assert_int_equal(read.attempt, 2);
    assert_int_equal(read.exit_code, -1);
    assert_int_equal(read.wrong_pins, 1);
    assert_int_equal(read.line_count, 2);
    assert_string_equal(read.lines[1], "two");
    assert_int_equal(read.cut_len, 9);
    assert_string_equal(read.digests[0].what, "stick:a.csr");
    assert_memory_equal(read.digests[0].sha256, digest, sizeof(digest));
    assert_string_equal(record_ceremony_fact(&read, "zone"), "+01:00");
    assert_null(record_ceremony_fact(&read, "nothing"));
    assert_null(read.person);
}

static void ceremony_lists_are_of_their_kind(void **state)
{
    static const struct {
        const char *members, *words;
    } faults[] = {
        {"\"event\":\"danced\"", "its event is none of"},
        {"\"event\":\"note\",\"lines\":[1]", "without lines, which is a list of texts"},
        {"\"event\":\"note\",\"digests\":[{\"what\":\"a\"}]", "without sha256, which is"},
        {"\"event\":\"note\",\"facts\":[{\"name\":\"a\"}]", "without value, which is a text"},
        {"\"event\":\"note\",\"cut_len\":1", "without cut_sha256, which is"},
        {"\"event\":\"note\",\"step\":70000", "its step is too large"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        struct error err = ERROR_INIT;
        AUTO(json_free) struct json *json = NULL;
        AUTO(free)
        char *text =
            memory_format("{\"run\":\"r\",\"ceremony\":\"c\",\"script_sha256\":\"%064d\",\"number\":0,"
                          "\"at\":\"2026-11-28T00:00:00Z\",%s}",
                          0, faults[i].members);
        assert_true(json_parse(bytes_of_text(text), &json, &err));
        assert_false(record_check(RECORD_CEREMONY_STEP, json, &err));
        if (strstr(err.text, faults[i].words) == NULL)
            fail_msg("\"%s\" lacks \"%s\"", err.text, faults[i].words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ceremony_steps_are_read_back),
        cmocka_unit_test(ceremony_lists_are_of_their_kind),
        cmocka_unit_test(test_revocations),
        cmocka_unit_test(test_crls),
        cmocka_unit_test(ca_created_is_read_back),
        cmocka_unit_test(ca_created_demands_its_members),
        cmocka_unit_test(chain_set_is_read_back),
        cmocka_unit_test(cert_issued_is_read_back),
        cmocka_unit_test(cert_issued_demands_its_members),
        cmocka_unit_test(cert_abandoned_is_read_back_and_demands_its_members),
        cmocka_unit_test(session_opened_says_whether_it_was_confined),
        cmocka_unit_test(batch_planned_demands_its_members),
        cmocka_unit_test(a_refusal_has_its_reasons_and_not_too_many),
        cmocka_unit_test(a_refusal_without_reasons_is_wrong),
        cmocka_unit_test(a_record_of_nothing_but_what_all_have_is_right),
        cmocka_unit_test(a_member_of_another_kind_is_as_good_as_none),
        cmocka_unit_test(a_control_is_of_the_ledger),
        cmocka_unit_test(types_that_are_not_known_are_right),
        cmocka_unit_test(text_for_people_is_cut_between_characters),
        cmocka_unit_test(a_run_has_an_id_of_its_own),
        cmocka_unit_test(who_is_at_the_keyboard_says_so_or_is_looked_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
