/* SPDX-License-Identifier: Apache-2.0 */
/* What verifying hands to those who know certificates: exactly what the records say; and what it tells of a record that says too little. */
#include "ledger_home.h"

#include <inttypes.h>
#include <pthread.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct builder asked; /* a line a question */
static bool refuses;         /* each of them */
static bool gives_reasons;

static bool answer(const char *reason, struct findings *ret_findings)
{
    if (refuses && gives_reasons) {
        findings_say(ret_findings, "test.rule", NULL, "%s", reason);
        findings_say(ret_findings, "test.rule", NULL, "%s", "and more");
    }
    return !refuses;
}

static const char *text_of(struct bytes text, char ret_text[static 200])
{
    (void)snprintf(ret_text, 200, "%.*s", (int)text.len, (const char *)text.data);
    return text.data == NULL ? "none" : ret_text;
}

static bool ask_tbs(void *data, struct bytes tbs, const struct ledger_claims *claims,
                    struct findings *ret_findings)
{
    char a[200], b[200], c[200], d[200], e[200];
    assert_ptr_equal(data, &asked);
    (void)pthread_mutex_lock(&mutex);
    builder_format(&asked, "tbs %s: %s, %s, %s, %s\n", text_of(tbs, a), text_of(claims->serial, b),
                   text_of(claims->subject, c), text_of(claims->spki_sha256, d),
                   text_of(claims->not_after, e));
    (void)pthread_mutex_unlock(&mutex);
    return answer("its tbs is another's", ret_findings);
}

static bool ask_certificate(void *data, struct bytes tbs, struct bytes signature,
                            const uint8_t sha256[static 32], struct findings *ret_findings)
{
    char a[200], b[200], hex[129];
    assert_ptr_equal(data, &asked);
    (void)pthread_mutex_lock(&mutex);
    builder_format(&asked, "certificate %s, %s, %s\n", text_of(tbs, a), text_of(signature, b),
                   hex_of(bytes_of(sha256, 32), hex));
    (void)pthread_mutex_unlock(&mutex);
    return answer("its signature is another's", ret_findings);
}

static bool ask_record(void *data, struct bytes text, struct findings *ret_findings)
{
    char a[200];
    assert_ptr_equal(data, &asked);
    (void)pthread_mutex_lock(&mutex);
    builder_format(&asked, "record %s\n", text_of(text, a));
    (void)pthread_mutex_unlock(&mutex);
    return answer("it lacks something", ret_findings);
}

static bool ask_in_order(void *data, uint64_t seq, struct bytes text, const struct ledger_entry *certificate,
                         struct findings *ret_findings)
{
    assert_ptr_equal(data, &asked);
    assert_true(text.len > 0);
    (void)pthread_mutex_lock(&mutex);
    builder_format(&asked, "in order %" PRIu64 " %s\n", seq,
                   certificate == NULL ? "-" : certificate->subject);
    (void)pthread_mutex_unlock(&mutex);
    return answer("it can't follow", ret_findings);
}

static int setup(void **state)
{
    struct home *home = memory_new(1, sizeof(*home));
    home_init(home);
    home_open(home, LEDGER_WRITE);
    builder_clear(&asked);
    refuses = gives_reasons = false;
    *state = home;
    return 0;
}

static int teardown(void **state)
{
    home_done(*state);
    free(*state);
    builder_done(&asked);
    return 0;
}

/** What is asked with these checks is this, and so is what is found. */
static void assert_asked(struct home *home, struct ledger_checks checks, const char *questions,
                         const char *findings)
{
    struct error err = ERROR_INIT;
    AUTO(ledger_report_done) struct ledger_report report = {.records = 0};
    AUTO(builder_done) struct builder found = BUILDER_INIT;
    checks.data = &asked;
    builder_clear(&asked);
    assert_done(ledger_verify(home->fd, home->vkey, &checks, &report, &err), err);
    for (size_t i = 0; i < report.findings.count; i++)
        builder_format(&found, "%s: %s\n", report.findings.items[i].rule, report.findings.items[i].text);
    assert_string_equal(builder_text(&asked), questions);
    assert_string_equal(builder_text(&found), findings);
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/** Certificates are asked about by any thread: in the order of their questions. */
static void assert_asked_sorted(struct home *home, const char *questions)
{
    struct error err = ERROR_INIT;
    AUTO(ledger_report_done) struct ledger_report report = {.records = 0};
    AUTO(builder_done) struct builder sorted = BUILDER_INIT;
    const struct ledger_checks checks = {.certificate = ask_certificate, .data = &asked};
    char *lines[16];
    size_t count = 0;
    builder_clear(&asked);
    assert_done(ledger_verify(home->fd, home->vkey, &checks, &report, &err), err);
    assert_int_equal(report.findings.count, 0);
    AUTO(free) char *text = memory_text(builder_text(&asked));
    for (char *line = strtok(text, "\n"); line != NULL && count < ARRAY_LEN(lines); line = strtok(NULL, "\n"))
        lines[count++] = line;
    qsort(lines, count, sizeof(*lines), compare_lines);
    for (size_t i = 0; i < count; i++)
        builder_format(&sorted, "%s\n", lines[i]);
    assert_string_equal(builder_text(&sorted), questions);
}

/** A cert.signing that says all, or nothing but what it can't be without. */
static uint64_t append_signing(struct home *home, bool says_all)
{
    struct json *fields = json_new_object();
    const uint8_t digest[32] = {0xab};
    json_put_text(fields, "serial", says_all ? "10aa" : "10bb");
    json_put_base64(fields, "tbs", BYTES_LITERAL("the tbs"));
    json_put_hex(fields, "csr_sha256", BYTES(digest));
    json_put_hex(fields, "spki_sha256", BYTES(digest));
    json_put_hex(fields, "policy_sha256", BYTES(digest));
    json_put_text(fields, "policy", "mqtt");
    if (says_all) {
        json_put_text(fields, "subject", "CN=a \"b\"\\c"); // is spelled with escapes
        json_put_text(fields, "not_after", "2030-01-01T00:00:00Z");
    }
    uint64_t seq = home_append(home, "cert.signing", fields);
    home_commit(home);
    return seq;
}

#define SPKI "ab00000000000000000000000000000000000000000000000000000000000000"
#define DIGEST "cd00000000000000000000000000000000000000000000000000000000000000"

static void what_a_signing_says_is_asked_about(void **state)
{
    struct home *home = *state;
    const struct ledger_checks checks = {.tbs = ask_tbs};
    static const char question[] = "tbs the tbs: 10aa, CN=a \"b\"\\c, " SPKI ", 2030-01-01T00:00:00Z\n";
    (void)append_signing(home, true);
    assert_asked(home, checks, question, "");
    refuses = true;
    assert_asked(home, checks, question, "ledger.tbs: record 0: its tbs does not fit its fields\n");
    gives_reasons = true;
    assert_asked(home, checks, question,
                 "ledger.tbs: record 0: its tbs is another's\nledger.tbs: record 0: and more\n");
}

static void what_a_signing_does_not_say_is_not_asked_about(void **state)
{
    struct home *home = *state;
    (void)append_signing(home, false);
    assert_asked(home, (struct ledger_checks){.tbs = ask_tbs}, "tbs the tbs: 10bb, none, " SPKI ", none\n",
                 "");
}

static void append_issued(struct home *home, uint64_t ref)
{
    struct json *fields = json_new_object();
    const uint8_t digest[32] = {0xcd};
    json_put_int(fields, "ref", (int64_t)ref);
    json_put_base64(fields, "signature", BYTES_LITERAL("the signature"));
    json_put_hex(fields, "sha256", BYTES(digest));
    (void)home_append(home, "cert.issued", fields);
    home_commit(home);
}

/** Near to its tbs, and so far that this has to be read again. */
static void what_was_issued_is_asked_about_with_its_tbs(void **state)
{
    struct home *home = *state;
    const struct ledger_checks checks = {.certificate = ask_certificate};
    static const char question[] = "certificate the tbs, the signature, " DIGEST "\n";
    uint64_t near = append_signing(home, true);
    uint64_t far = append_signing(home, false);
    append_issued(home, near);
    assert_asked(home, checks, question, "");
    refuses = true;
    assert_asked(home, checks, question,
                 "ledger.certificate: record 2: record 0 sealed with it is not a certificate\n");
    gives_reasons = true;
    assert_asked(
        home, checks, question,
        "ledger.certificate: record 2: its signature is another's\nledger.certificate: record 2: and more\n");
    refuses = false;
    for (unsigned i = 0; i < 1100; i++)
        (void)home_append(home, "test.note", json_new_object());
    home_commit(home);
    append_issued(home, far);
    AUTO(free) char *both = memory_format("%s%s", question, question);
    assert_asked(home, checks, both, "");
}

/** Lines that are no records stand between a certificate and its bytes: they are its own all the same. */
static void void_lines_between_do_not_mislead(void **state)
{
    static const char voids[] = "\x18\n\x18\n";
    struct home *home = *state;
    uint64_t seqs[4];
    for (unsigned i = 0; i < ARRAY_LEN(seqs); i++) {
        struct json *fields = home_signing(i);
        const uint8_t tbs[] = {'t', (uint8_t)('0' + i)};
        json_put_base64(fields, "tbs", BYTES(tbs));
        seqs[i] = home_append(home, "cert.signing", fields);
        if (i == 2) {
            home_commit(home);
            home_add_to(home, "ledger.jsonl", bytes_of_text(voids)); // in the way of the last two
            home_open(home, LEDGER_WRITE);
        }
    }
    home_commit(home);
    append_issued(home, seqs[3]);
    append_issued(home, seqs[0]);
    append_issued(home, seqs[2]);
    assert_asked_sorted(home,
                        "certificate t0, the signature, " DIGEST "\ncertificate t2, the signature, " DIGEST
                        "\ncertificate t3, the signature, " DIGEST "\n");
}

static void other_records_and_their_order_are_asked_about(void **state)
{
    struct home *home = *state;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    struct json *revoked = json_new_object();
    uint64_t seq = append_signing(home, true);
    append_issued(home, seq);
    json_put_text(revoked, "serial", "10aa");
    (void)home_append(home, "cert.revoked", revoked);
    home_commit(home);
    home_read(home, "ledger.jsonl", &text);
    const char *line = strstr(builder_text(&text), "\"seq\":2");
    while (line[-1] != '\n')
        line--;
    AUTO(free) char *records = memory_format("record %s", line);
    static const char order[] = "in order 0 -\nin order 1 -\nin order 2 CN=a \"b\"\\c\n";
    assert_asked(home, (struct ledger_checks){.record = ask_record}, records, "");
    assert_asked(home, (struct ledger_checks){.in_order = ask_in_order}, order, "");
    refuses = true;
    assert_asked(home, (struct ledger_checks){.record = ask_record}, records,
                 "ledger.history: record 2: it is not what its type demands\n");
    assert_asked(home, (struct ledger_checks){.in_order = ask_in_order}, order,
                 "ledger.history: record 0: it does not follow on the records before it\n"
                 "ledger.history: record 1: it does not follow on the records before it\n"
                 "ledger.history: record 2: it does not follow on the records before it\n");
    gives_reasons = true;
    assert_asked(home, (struct ledger_checks){.record = ask_record}, records,
                 "test.rule: record 2: it lacks something\ntest.rule: record 2: and more\n");
    assert_asked(home, (struct ledger_checks){.in_order = ask_in_order}, order,
                 "test.rule: record 0: it can't follow\ntest.rule: record 0: and more\n"
                 "test.rule: record 1: it can't follow\ntest.rule: record 1: and more\n"
                 "test.rule: record 2: it can't follow\ntest.rule: record 2: and more\n");
}

static void a_record_that_says_too_little_is_told(void **state)
{
    struct home *home = *state;
    struct json *signing = json_new_object();
    json_put_text(signing, "serial", "10cc");
    json_put_base64(signing, "tbs", BYTES_LITERAL("the tbs"));
    uint64_t seq = home_append(home, "cert.signing", signing);
    struct json *no_tbs = json_new_object();
    json_put_text(no_tbs, "serial", "10dd");
    (void)home_append(home, "cert.signing", no_tbs);
    home_commit(home);
    struct json *issued = json_new_object();
    json_put_int(issued, "ref", (int64_t)seq);
    (void)home_append(home, "cert.issued", issued);
    home_commit(home);
    assert_asked(home, (struct ledger_checks){.certificate = ask_certificate}, "",
                 "ledger.fields: record 0: cert.signing without csr_sha256\n"
                 "ledger.fields: record 0: cert.signing without spki_sha256\n"
                 "ledger.fields: record 0: cert.signing without policy_sha256\n"
                 "ledger.fields: record 0: cert.signing without the policy's name\n"
                 "ledger.fields: record 1: cert.signing without its tbs in base64\n"
                 "ledger.fields: record 2: cert.issued without its signature in base64\n"
                 "ledger.fields: record 2: cert.issued without the certificate's sha256\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_a_signing_says_is_asked_about, setup, teardown),
        cmocka_unit_test_setup_teardown(what_a_signing_does_not_say_is_not_asked_about, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_issued_is_asked_about_with_its_tbs, setup, teardown),
        cmocka_unit_test_setup_teardown(void_lines_between_do_not_mislead, setup, teardown),
        cmocka_unit_test_setup_teardown(other_records_and_their_order_are_asked_about, setup, teardown),
        cmocka_unit_test_setup_teardown(a_record_that_says_too_little_is_told, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
