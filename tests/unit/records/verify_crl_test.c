/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every CRL of the ledger is made again from the records before it: what its records say of it, and it does not come to, is found, member
 * by member. The CRLs are made by `crl`'s own code.
 */
#include "records/verify.h"

#include "apart.h"
#include "base/file.h"
#include "base/memory.h"
#include "failing.h"
#include "given.h"
#include "status/crl.h"

static struct fake_home own;
static struct builder sound; /* ledger.jsonl as it was written */
static uint64_t signing_seq; /* of the second CRL */

static bool run_crl(const void *data, struct apart *ret, struct error *err)
{
    const struct crl_options options = {.home = data, .days = 3};
    struct crl_result result = {.number = 0};
    (void)ret;
    return crl_sign(&options, &fake_console, &result, err);
}

static void read_ledger(struct builder *ret_text)
{
    struct error err = ERROR_INIT;
    AUTO(free) char *path = memory_format("%s/ledger.jsonl", own.path);
    builder_clear(ret_text);
    assert_true(file_read(AT_FDCWD, path, 1 << 24, ret_text, &err));
}

static int begin(void **state)
{
    struct given given[2];
    (void)state;
    fake_home_make(&own);
    struct home *home = home_of(&own, HOME_WRITE);
    for (size_t i = 0; i < ARRAY_LEN(given); i++) {
        given_issue(home, "CN=a", "p", true, &given[i]);
        (void)given_revoke(home, &given[i], CRL_SUPERSEDED, time_now());
    }
    home_close(home);
    assert_done(apart(run_crl, own.path));
    assert_done(apart(run_crl, own.path));
    signing_seq = size_of(&own) - 2;
    read_ledger(&sound);
    return 0;
}

static int end(void **state)
{
    (void)state;
    builder_done(&sound);
    fake_home_remove(&own);
    return 0;
}

/** Writes the ledger with a record changed, and no index, which would not fit. */
static void write_with(uint64_t seq, const struct json *record)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    const char *line = builder_text(&sound);
    for (uint64_t i = 0;; i++) {
        const char *next = strchr(line, '\n');
        if (next == NULL)
            break;
        if (i == seq)
            json_canonical(record, &text);
        else
            builder_add(&text, line, (size_t)(next - line));
        builder_add_u8(&text, '\n');
        line = next + 1;
    }
    assert_true(file_replace(own.folder.fd, "ca/ledger.jsonl", 0644, builder_bytes(&text), &err));
    (void)unlinkat(own.folder.fd, "ca/index.sqlite", 0);
}

/**
 * Verifies by the checks of records/; the caller frees the report.
 * \param calls    the names of those that may fail begin with it
 * \param fail_at  which of them fails meanwhile; 0: none \param ret_failed  the name of it; NULL: there were fewer
 * \return false: the files could not be read
 */
static bool verify_failing(const char *calls, unsigned fail_at, struct ledger_report *ret_report,
                           const char **ret_failed)
{
    struct error err = ERROR_INIT;
    struct home *home = NULL;
    if (!home_open_files(own.path, &home, &err))
        fail_msg("%s", err.text);
    struct records_checker *checker = records_checker_new(home);
    const struct ledger_checks checks = records_checks(checker);
    if (fail_at > 0)
        failing_at(calls, fail_at);
    bool is_read = ledger_verify(home->fd, home->config.ledger_vkey, &checks, ret_report, &err);
    *ret_failed = fail_at > 0 ? failing_stop() : NULL;
    if (!is_read)
        assert_int_not_equal(err.kind, ERROR_NONE);
    records_checker_end(checker, home, ret_report);
    records_checker_free(checker);
    home_close(home);
    return is_read;
}

static void verify(struct ledger_report *ret_report)
{
    const char *none = NULL;
    assert_true(verify_failing("", 0, ret_report, &none));
}

static void assert_found(const char *words)
{
    AUTO(ledger_report_done) struct ledger_report report = {.records = 0};
    verify(&report);
    for (size_t i = 0; i < report.findings.count; i++) {
        if (strcmp(report.findings.items[i].rule, "ledger.crl") == 0 &&
            strstr(report.findings.items[i].text, words) != NULL)
            return;
    }
    for (size_t i = 0; i < report.findings.count; i++)
        print_message("%s: %s\n", report.findings.items[i].rule, report.findings.items[i].text);
    fail_msg("no ledger.crl: %s", words);
}

static void crls_that_were_signed_are_made_again(void **state)
{
    AUTO(ledger_report_done) struct ledger_report report = {.records = 0};
    (void)state;
    verify(&report);
    for (size_t i = 0; i < report.findings.count; i++) {
        // What given.h makes is no whole certificate or revocation; of the CRLs nothing is wrong.
        assert_string_not_equal(report.findings.items[i].rule, "ledger.crl");
    }
    assert_int_equal(report.crls, 2);
    assert_int_equal(report.emergencies, 0);
}

/** What could not be looked at is not in order. */
static void a_call_that_fails_is_told_or_changes_nothing(void **state)
{
    // Not EVP_MD_CTX_new: where there is no memory for a digest, the program ends.
    static const char *const calls[] = {
        "read",      "pread", "open", "fstat", "mmap", "sqlite3_", "EVP_DigestVerify",
        "EVP_PKEY_", "d2i_",  "i2d_"};
    AUTO(ledger_report_done) struct ledger_report whole = {.records = 0};
    unsigned count = 0;
    (void)state;
    verify(&whole);
    for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
        bool is_more = true;
        for (unsigned number = 1; is_more; number++) {
            AUTO(ledger_report_done) struct ledger_report report = {.records = 0};
            const char *failed = NULL;
            bool is_read = verify_failing(calls[i], number, &report, &failed);
            is_more = failed != NULL;
            count += is_more ? 1 : 0;
            if (!is_read || report.findings.count > whole.findings.count)
                continue;
            if (report.crls != whole.crls || report.records != whole.records ||
                report.findings.count != whole.findings.count)
                fail_msg("call %u, %s: %u CRLs, %u records", number, failed == NULL ? "none" : failed,
                         (unsigned)report.crls, (unsigned)report.records);
        }
    }
    assert_true(count > 20);
}

static void what_a_signing_says_and_the_records_do_not_is_found(void **state)
{
    static const char another[] =
        "the TBSCertList rebuilt from the records before it is another than was signed";
    static const struct {
        const char *key, *words;
    } cases[] = {{"count", "it counts 9 entries, the records before it make 2"},
                 {"issuer_sha256", "its issuer_sha256 is not that of ca.pem"},
                 {"extensions", "its extensions are not those its other members ask for"},
                 {"tbs_sha256", another},
                 {"tbs_len", another},
                 {"number", "its extensions are not those its other members ask for"},
                 {"next_update", "nextUpdate would be 2999-01-01T00:00:00Z, which is past the CA's end"},
                 {"this_update", "nextUpdate"}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(json_free) struct json *record = NULL;
        struct error err = ERROR_INIT;
        AUTO(builder_done) struct builder value = BUILDER_INIT;
        const char *key = cases[i].key;
        int64_t number = 0;
        const char *line = builder_text(&sound);
        for (uint64_t seq = 0; seq < signing_seq; seq++)
            line = strchr(line, '\n') + 1;
        assert_true(json_parse(bytes_of(line, (size_t)(strchr(line, '\n') - line)), &record, &err));
        assert_string_equal(json_text(record, "type"), "crl.signing");
        if (json_int(record, key, &number)) {
            json_put_int(record, key, strcmp(key, "count") == 0 ? 9 : number + 1);
        } else if (strstr(key, "update") != NULL) {
            json_put_text(record, key, "2999-01-01T00:00:00Z");
        } else if (json_hex(record, key, &value)) {
            value.data[0] ^= 1;
            json_put_hex(record, key, builder_bytes(&value));
        } else {
            assert_true(json_base64(record, key, &value));
            value.data[value.len - 1] ^= 1;
            json_put_base64(record, key, builder_bytes(&value));
        }
        write_with(signing_seq, record);
        assert_found(cases[i].words);
    }
}

static void a_signature_or_digest_that_is_another_is_found(void **state)
{
    static const char *const keys[] = {"sha256", "signature"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        struct error err = ERROR_INIT;
        AUTO(json_free) struct json *record = NULL;
        AUTO(builder_done) struct builder value = BUILDER_INIT;
        const char *line = builder_text(&sound);
        for (uint64_t seq = 0; seq < signing_seq + 1; seq++)
            line = strchr(line, '\n') + 1;
        assert_true(json_parse(bytes_of(line, (size_t)(strchr(line, '\n') - line)), &record, &err));
        assert_string_equal(json_text(record, "type"), "crl.issued");
        if (i == 0) {
            assert_true(json_hex(record, keys[i], &value));
            value.data[0] ^= 1;
            json_put_hex(record, keys[i], builder_bytes(&value));
        } else {
            assert_true(json_base64(record, keys[i], &value));
            value.data[value.len - 1] ^= 1;
            json_put_base64(record, keys[i], builder_bytes(&value));
        }
        write_with(signing_seq + 1, record);
        assert_found(
            "the CRL's SHA-256 is not the recorded one"); // of a signature, too: it is part of what is hashed
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crls_that_were_signed_are_made_again),
        cmocka_unit_test(a_call_that_fails_is_told_or_changes_nothing),
        cmocka_unit_test(what_a_signing_says_and_the_records_do_not_is_found),
        cmocka_unit_test(a_signature_or_digest_that_is_another_is_found),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
