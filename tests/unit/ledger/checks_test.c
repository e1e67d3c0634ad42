/* SPDX-License-Identifier: Apache-2.0 */
/* What `ledger verify` asks of those above it, and of each record by itself: in which order, with which certificate, and where a fault is. */
#include "ledger_home.h"

static int setup(void **state)
{
    struct home *home = memory_new(1, sizeof(*home));
    home_init(home);
    home_open(home, LEDGER_WRITE);
    *state = home;
    return 0;
}

static int teardown(void **state)
{
    home_done(*state);
    free(*state);
    return 0;
}

/** What was asked in order. */
struct asked {
    uint64_t next;
    struct builder certificates; /**< "SEQ:SIGNING_SEQ " of records that came with a certificate */
    uint64_t refused;            /**< this record is said to be wrong; UINT64_MAX: none */
};

static bool in_order(void *data, uint64_t seq, struct bytes text, const struct ledger_entry *certificate,
                     struct findings *ret_findings)
{
    struct asked *asked = data;
    char wanted[40];
    assert_int_equal(seq, asked->next++);
    (void)snprintf(wanted, sizeof(wanted), "\"seq\":%u,", (unsigned)seq);
    assert_non_null(memmem(text.data, text.len, wanted, strlen(wanted)));
    if (certificate != NULL)
        builder_format(&asked->certificates, "%u:%u ", (unsigned)seq, (unsigned)certificate->signing_seq);
    if (seq != asked->refused)
        return true;
    findings_say(ret_findings, "test.order", NULL, "it can't follow");
    return false;
}

static bool is_record_good(void *data, struct bytes text, struct findings *ret_findings)
{
    (void)data;
    if (memmem(text.data, text.len, "test.bad", 8) == NULL)
        return true;
    findings_say(ret_findings, "test.record", NULL, "it lacks what its type demands");
    return false;
}

static void verify(struct home *home, struct asked *asked, struct ledger_report *ret_report)
{
    struct error err = ERROR_INIT;
    const struct ledger_checks checks = {.in_order = in_order, .record = is_record_good, .data = asked};
    asked->next = 0;
    builder_clear(&asked->certificates);
    assert_done(ledger_verify(home->fd, home->vkey, &checks, ret_report, &err), err);
}

static void revoke_one(struct home *home, unsigned number)
{
    (void)home_append(home, "cert.revoked", home_of_serial(number));
}

static void each_record_is_asked_of_in_order_and_a_revocation_with_its_certificate(void **state)
{
    struct home *home = *state;
    struct asked asked = {.refused = UINT64_MAX};
    AUTO(ledger_report_done) struct ledger_report sound = {.records = 0};
    AUTO(ledger_report_done) struct ledger_report wrong = {.records = 0};
    (void)home_issue(home, 0, 2); // 0, 1, and their ends 2, 3
    revoke_one(home, 1);          // 4
    revoke_one(home, 77);         // 5: from before this ledger
    (void)home_append(home, "test.note", json_new_object());
    home_commit(home);
    verify(home, &asked, &sound);
    assert_int_equal(asked.next, 7);
    assert_string_equal(builder_text(&asked.certificates), "4:1 ");
    assert_int_equal(sound.findings.count, 0);
    asked.refused = 6;
    verify(home, &asked, &wrong);
    assert_true(findings_has(&wrong.findings, "test.order"));
    assert_int_equal(wrong.first_bad_seq, 6);
    builder_done(&asked.certificates);
}

static void the_first_of_several_bad_records_is_named(void **state)
{
    struct home *home = *state;
    struct asked asked = {.refused = 3};
    AUTO(ledger_report_done) struct ledger_report report = {.records = 0};
    (void)home_append(home, "test.bad", json_new_object());
    for (int i = 0; i < 4; i++)
        (void)home_append(home, i == 2 ? "test.bad" : "test.note", json_new_object());
    home_commit(home);
    verify(home, &asked, &report);
    assert_int_equal(report.findings.count, 3);
    assert_int_equal(report.first_bad_seq, 0);
    assert_true(findings_has(&report.findings, "test.record"));
    assert_true(findings_has(&report.findings, "test.order"));
    builder_done(&asked.certificates);
}

/* ---- certificates ---- */

static unsigned sealed; // certificates that were asked about

static bool is_certificate(void *data, struct bytes tbs, struct bytes signature,
                           const uint8_t sha256[static 32], struct findings *ret_findings)
{
    (void)data, (void)sha256;
    assert_true(tbs.len > 0 && signature.len > 0);
    (void)__atomic_add_fetch(&sealed, 1, __ATOMIC_SEQ_CST); // by several threads
    if (bytes_equal_text(signature, "a worse one"))
        findings_say(ret_findings, "test.signature", NULL, "it is worse");
    return bytes_equal_text(signature, "a signature");
}

static void verify_certificates(struct home *home, struct ledger_report *ret_report)
{
    struct error err = ERROR_INIT;
    const struct ledger_checks checks = {.certificate = is_certificate};
    sealed = 0;
    assert_done(ledger_verify(home->fd, home->vkey, &checks, ret_report, &err), err);
}

static void what_lacks_signature_or_digest_is_told_and_not_sealed(void **state)
{
    struct home *home = *state;
    AUTO(ledger_report_done) struct ledger_report report = {.records = 0};
    uint64_t seqs[5];
    for (unsigned i = 0; i < 5; i++)
        seqs[i] = home_append(home, "cert.signing", home_signing(i));
    home_commit(home);
    struct json *no_digest = home_issued(seqs[0]);
    struct json *no_signature = home_issued(seqs[1]);
    struct json *other_signature = home_issued(seqs[2]);
    json_put_text(no_digest, "sha256", "none");
    json_put_text(no_signature, "signature", "!");
    json_put_base64(other_signature, "signature", BYTES_LITERAL("another"));
    struct json *worse_signature = home_issued(seqs[4]);
    json_put_base64(worse_signature, "signature", BYTES_LITERAL("a worse one"));
    (void)home_append(home, "cert.issued", no_digest);            // 5
    (void)home_append(home, "cert.issued", no_signature);         // 6
    (void)home_append(home, "cert.issued", other_signature);      // 7
    (void)home_append(home, "cert.issued", home_issued(seqs[3])); // 8
    (void)home_append(home, "cert.issued", worse_signature);      // 9
    home_commit(home);
    verify_certificates(home, &report);
    assert_int_equal(sealed, 3);
    assert_int_equal(report.first_bad_seq, 5);
    static const char *const words[] = {"cert.issued without the certificate's sha256",
                                        "cert.issued without its signature in base64",
                                        "record 2 sealed with it is not a certificate", "it is worse"};
    assert_int_equal(report.findings.count, ARRAY_LEN(words));
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strstr(report.findings.items[i].text, words[i]) == NULL)
            fail_msg("\"%s\" lacks \"%s\"", report.findings.items[i].text, words[i]);
    }
}

static void a_certificate_far_from_its_bytes_is_sealed_all_the_same(void **state)
{
    struct home *home = *state;
    AUTO(ledger_report_done) struct ledger_report report = {.records = 0};
    uint64_t seq = home_append(home, "cert.signing", home_signing(0));
    home_commit(home);
    (void)home_issue(home, 1, 500); // nearly all of a round of verification
    // More than one holds.
    for (unsigned i = 0; i < 5000; i++)
        (void)home_append(home, "test.note", json_new_object());
    (void)home_append(home, "cert.issued", home_issued(seq));
    home_commit(home);
    verify_certificates(home, &report);
    assert_int_equal(report.findings.count, 0);
    assert_int_equal(sealed, 501);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            each_record_is_asked_of_in_order_and_a_revocation_with_its_certificate, setup, teardown),
        cmocka_unit_test_setup_teardown(the_first_of_several_bad_records_is_named, setup, teardown),
        cmocka_unit_test_setup_teardown(what_lacks_signature_or_digest_is_told_and_not_sealed, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_certificate_far_from_its_bytes_is_sealed_all_the_same, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
