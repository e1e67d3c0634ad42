/* SPDX-License-Identifier: Apache-2.0 */
/* What `ledger verify` asks of records, over a ledger that a CA with a token in software has written. */
#include "records/verify.h"

#include "base/digest.h"
#include "base/encode.h"
#include "base/memory.h"
#include "base/openssl_release.h"
#include "base/time.h"
#include "cert_maker.h"
#include "fake_home.h"
#include "issue/issue.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct fake_home own;
static struct builder tbs, signature;
static uint8_t sha256[32];
static struct findings found = FINDINGS_INIT;

static bool take(struct output *output, size_t group, const struct plan_item *item, struct bytes certificate,
                 struct bytes proof, struct error *err)
{
    (void)output, (void)group, (void)item, (void)certificate, (void)proof, (void)err;
    return true;
}

/** One certificate is issued; its TBS, signature and digest are kept. */
static int begin(void **state)
{
    struct error err = ERROR_INIT;
    struct issue_result result;
    struct output output = {.put = take};
    const struct issue_options options = {.command = "sign"};
    (void)state;
    fake_home_make(&own);
    fake_home_open(&own);
    struct policy *policy = fake_policy("");
    struct plan *plan = fake_plan(policy, 1, 1);
    fake_plan_judge(&own, plan, policy, NULL);
    builder_add(&tbs, plan->items[0].tbs, plan->items[0].tbs_len);
    assert_true(issue_plan(own.signer, plan, &output, &options, &fake_console, &result, &err));
    plan_free(plan);
    policy_free(policy);
    AUTO(json_free) struct json *issued = NULL;
    AUTO(builder_done) struct builder hex = BUILDER_INIT;
    assert_true(ledger_record(own.home->ledger, ledger_size(own.home->ledger) - 1, &issued, &err));
    assert_true(json_base64(issued, "signature", &signature));
    assert_true(json_hex(issued, "sha256", &hex));
    memcpy(sha256, hex.data, sizeof(sha256));
    return 0;
}

static int end(void **state)
{
    (void)state;
    builder_done(&tbs);
    builder_done(&signature);
    findings_done(&found);
    fake_home_remove(&own);
    return 0;
}

static void assert_found(const char *words)
{
    assert_int_equal(found.count, 1);
    if (strstr(found.items[0].text, words) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", found.items[0].text, words);
    findings_done(&found);
    found = (struct findings)FINDINGS_INIT;
}

static void what_a_run_wrote_holds(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(records_checker_free) struct records_checker *checker = records_checker_new(own.home);
    const struct ledger_checks checks = records_checks(checker);
    AUTO(ledger_report_done) struct ledger_report report;
    (void)state;
    assert_true(ledger_verify(own.home->fd, own.home->config.ledger_vkey, &checks, &report, &err));
    assert_int_equal(report.findings.count, 0);
    assert_int_equal(report.issued, 2);
}

static void a_certificate_is_held_against_signature_and_digest(void **state)
{
    AUTO(records_checker_free) struct records_checker *checker = records_checker_new(own.home);
    const struct ledger_checks checks = records_checks(checker);
    (void)state;
    assert_true(
        checks.certificate(checks.data, builder_bytes(&tbs), builder_bytes(&signature), sha256, &found));
    assert_int_equal(found.count, 0);
    sha256[0] ^= 1;
    assert_false(
        checks.certificate(checks.data, builder_bytes(&tbs), builder_bytes(&signature), sha256, &found));
    assert_found("SHA-256 is not the recorded one");
    assert_false(
        checks.certificate(checks.data, BYTES_LITERAL("no TBS"), builder_bytes(&signature), sha256, &found));
    assert_int_equal(found.count, 1);
}

/** The digest of what is sealed: whoever changes a signature can change it, too. */
static void digest_of(struct bytes its_tbs, struct bytes its_signature, uint8_t ret_sha256[static 32])
{
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    cert_seal(its_tbs, SIGNATURE_ECDSA_SHA256, its_signature, &der);
    digest_sha256(builder_bytes(&der), ret_sha256);
}

static void a_certificate_is_signed_by_the_ca_and_nobody_else(void **state)
{
    struct error err = ERROR_INIT;
    uint8_t digest[32];
    static const uint8_t serial[CERT_SERIAL_LEN] = {[0] = 1};
    AUTO(records_checker_free) struct records_checker *checker = records_checker_new(own.home);
    const struct ledger_checks checks = records_checks(checker);
    AUTO(EVP_PKEY_free) EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    AUTO(builder_done) struct builder forged = BUILDER_INIT;
    AUTO(builder_done) struct builder root = BUILDER_INIT;
    AUTO(builder_done) struct builder self = BUILDER_INIT;
    AUTO(template_free) struct template *template = maker_ca_template("CN=Another root", key);
    (void)state;
    digest_of(builder_bytes(&tbs), builder_bytes(&signature), digest);
    assert_memory_equal(digest, sha256, sizeof(digest));
    maker_sign(key, SIGNATURE_ECDSA_SHA256, builder_bytes(&tbs), &forged);
    digest_of(builder_bytes(&tbs), builder_bytes(&forged), digest);
    assert_false(
        checks.certificate(checks.data, builder_bytes(&tbs), builder_bytes(&forged), digest, &found));
    assert_string_equal(found.items[0].rule, "ledger.certificate");
    assert_found("signature");
    // Another root's signature is right, and not the CA's.
    assert_true(cert_tbs(template, NULL, serial, SIGNATURE_ECDSA_SHA256, &root, &err));
    maker_sign(key, SIGNATURE_ECDSA_SHA256, builder_bytes(&root), &self);
    digest_of(builder_bytes(&root), builder_bytes(&self), digest);
    assert_false(checks.certificate(checks.data, builder_bytes(&root), builder_bytes(&self), digest, &found));
    assert_string_equal(found.items[0].rule, "ledger.certificate");
    assert_int_equal(found.count, 1);
    findings_done(&found);
    found = (struct findings)FINDINGS_INIT;
}

/** One of the four says something else. */
static void each_claim_about_a_tbs_is_compared(void **state)
{
    struct error err = ERROR_INIT;
    char hex[2][129], not_after[TIME_TEXT_SIZE];
    AUTO(records_checker_free) struct records_checker *checker = records_checker_new(own.home);
    const struct ledger_checks checks = records_checks(checker);
    AUTO(cert_facts_done) struct cert_facts facts = {.serial_len = 0};
    (void)state;
    assert_true(cert_read_tbs(builder_bytes(&tbs), &facts, &err));
    const struct ledger_claims sound = {
        .serial = bytes_of_text(hex_of(bytes_of(facts.serial, facts.serial_len), hex[0])),
        .subject = BYTES_LITERAL("CN=device-1"),
        .spki_sha256 = bytes_of_text(hex_of(BYTES(facts.spki_sha256), hex[1])),
        .not_after = bytes_of_text(time_format(facts.not_after, not_after))};
    assert_true(checks.tbs(checks.data, builder_bytes(&tbs), &sound, &found));
    assert_int_equal(found.count, 0);
    static const struct {
        const char *name, *text;
    } cases[] = {{"serial", "00"},
                 {"subject", "CN=device-2"},
                 {"spki_sha256", "00"},
                 {"not_after", "2000-01-01T00:00:00Z"}};
    const struct bytes truths[] = {sound.serial, sound.subject, sound.spki_sha256, sound.not_after};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct ledger_claims wrong = sound;
        struct bytes *const members[] = {&wrong.serial, &wrong.subject, &wrong.spki_sha256, &wrong.not_after};
        AUTO(free)
        char *words = memory_format("%s: the record says %s, its TBSCertificate %.*s", cases[i].name,
                                    cases[i].text, (int)truths[i].len, (const char *)truths[i].data);
        *members[i] = bytes_of_text(cases[i].text);
        assert_false(checks.tbs(checks.data, builder_bytes(&tbs), &wrong, &found));
        assert_int_equal(found.count, 1);
        assert_string_equal(found.items[0].rule, "ledger.fields");
        assert_string_equal(found.items[0].text, words);
        findings_done(&found);
        found = (struct findings)FINDINGS_INIT;
    }
}

static void what_a_record_says_of_its_tbs_is_compared(void **state)
{
    AUTO(records_checker_free) struct records_checker *checker = records_checker_new(own.home);
    const struct ledger_checks checks = records_checks(checker);
    const struct ledger_claims none = {.serial = {NULL, 0}};
    (void)state;
    assert_false(checks.tbs(checks.data, builder_bytes(&tbs), &none, &found));
    assert_int_equal(found.count, 4); // serial, subject, spki_sha256, not_after
    assert_non_null(strstr(found.items[0].text, "serial: the record says nothing"));
    assert_non_null(strstr(found.items[1].text, "CN=device-1"));
    findings_done(&found);
    found = (struct findings)FINDINGS_INIT;
    assert_false(checks.tbs(checks.data, BYTES_LITERAL("no TBS"), &none, &found));
    assert_int_equal(found.count, 1);
    assert_string_equal(found.items[0].rule, "ledger.tbs");
}

static void a_record_that_lacks_a_member_is_found(void **state)
{
    AUTO(records_checker_free) struct records_checker *checker = records_checker_new(own.home);
    const struct ledger_checks checks = records_checks(checker);
    (void)state;
    assert_false(
        checks.record(checks.data, BYTES_LITERAL("{\"type\":\"session.opened\",\"batch\":\"b\"}"), &found));
    assert_found("without command");
    assert_false(checks.record(checks.data, BYTES_LITERAL("{\"type\""), &found));
    assert_int_equal(found.count, 1);
}

#define DIGEST "abababababababababababababababababababababababababababababababab"
#define WHOLE                                                                                                \
    "\"hold\":false,\"invalidity_date\":\"2026-01-01T00:00:00Z\",\"key_value\":\"" DIGEST "\","              \
    "\"not_after\":\"2030-01-01T00:00:00Z\",\"operator\":\"x\",\"reason\":\"superseded\",\"ref\":5,"         \
    "\"revoked_at\":\"2026-02-01T00:00:00Z\",\"seq\":9,\"serial\":\"0a\",\"subject\":\"CN=a\","              \
    "\"time\":\"2026-02-01T00:00:00Z\",\"type\":\"cert.revoked\"}"

/** A cert.revoked of serial 0a: WHOLE with old replaced by new. */
static bool follows(const char *old, const char *new, const struct ledger_entry *certificate)
{
    AUTO(records_checker_free) struct records_checker *checker = records_checker_new(own.home);
    const struct ledger_checks checks = records_checks(checker);
    AUTO(free) char *line = memory_text("{\"foreign\":false," WHOLE);
    char *place = strstr(line, old);
    assert_non_null(place);
    AUTO(free)
    char *text = memory_format("%.*s%s%s", (int)(place - line), line, new, place + strlen(old));
    return checks.in_order(checks.data, 9, bytes_of_text(text), certificate, &found);
}

static void what_a_revocation_repeats_is_compared(void **state)
{
    static const struct {
        const char *old, *new, *words;
    } cases[] = {
        {"2030-01-01", "2029-01-01", "not_after is not that"},
        {"\"not_after\":\"2030-01-01T00:00:00Z\",", "", "not_after is not that"},
        {"\"ref\":5", "\"ref\":6", "ref is not the cert.issued"},
        {"\"ref\":5,", "", "ref is not the cert.issued"},
        {"\"foreign\":false", "\"foreign\":true", "says foreign"},
        {"abab", "abac", "key_value is not that"},
        {"CN=a", "CN=b", "subject is not that"},
        {"\"revoked_at\":\"2026-02-01", "\"revoked_at\":\"2026-02-02", "revoked_at is later"},
        {"2026-01-01", "2026-03-01", "invalidity_date is later"},
    };
    char subject[] = "CN=a";
    struct ledger_entry entry = {.issued_seq = 5, .subject = subject};
    (void)state;
    memset(entry.key_value, 0xab, sizeof(entry.key_value));
    assert_true(time_parse("2030-01-01T00:00:00Z", &entry.not_after));
    assert_true(follows("", "", &entry));
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_false(follows(cases[i].old, cases[i].new, &entry));
        assert_string_equal(found.items[0].rule, "ledger.revocation");
        assert_found(cases[i].words);
    }
    // A record from before there was a command for it may say less, nothing else.
    assert_true(follows("\"foreign\":false,\"hold\":false,", "", &entry));
    assert_true(follows("\"foreign\":false," WHOLE,
                        "\"serial\":\"0a\",\"time\":\"2026-02-01T00:00:00Z\",\"type\":\"cert.revoked\"}",
                        &entry));
    assert_false(follows("\"foreign\":false," WHOLE,
                         "\"ref\":6,\"serial\":\"0a\",\"time\":\"2026-02-01T00:00:00Z\","
                         "\"type\":\"cert.revoked\"}",
                         &entry));
    assert_found("ref is not the cert.issued");
    assert_false(follows("\"foreign\":false," WHOLE,
                         "\"not_after\":\"2029-01-01T00:00:00Z\",\"serial\":\"0a\","
                         "\"time\":\"2026-02-01T00:00:00Z\",\"type\":\"cert.revoked\"}",
                         &entry));
    assert_found("not_after is not that");
    entry.subject = NULL;
    assert_false(follows("", "", &entry));
    assert_found("subject is not that");
}

static void a_revocation_of_no_certificate_is_foreign(void **state)
{
    (void)state;
    assert_false(follows("\"foreign\":false", "\"foreign\":true", NULL));
    assert_found("it has a ref");
    assert_false(follows("\"ref\":5,", "", NULL));
    assert_found("does not say foreign");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_a_run_wrote_holds, begin, end),
        cmocka_unit_test_setup_teardown(a_certificate_is_held_against_signature_and_digest, begin, end),
        cmocka_unit_test_setup_teardown(a_certificate_is_signed_by_the_ca_and_nobody_else, begin, end),
        cmocka_unit_test_setup_teardown(each_claim_about_a_tbs_is_compared, begin, end),
        cmocka_unit_test_setup_teardown(what_a_record_says_of_its_tbs_is_compared, begin, end),
        cmocka_unit_test_setup_teardown(a_record_that_lacks_a_member_is_found, begin, end),
        cmocka_unit_test_setup_teardown(what_a_revocation_repeats_is_compared, begin, end),
        cmocka_unit_test_setup_teardown(a_revocation_of_no_certificate_is_foreign, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
