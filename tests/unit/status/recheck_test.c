/* SPDX-License-Identifier: Apache-2.0 */
/* What the index says of certificates that are to be revoked is held against ledger.jsonl: it may be old, or made to lie. */
#include "status/recheck.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/openssl_release.h"
#include "cert_maker.h"
#include "given.h"
#include "records/cert.h"
#include "small_home.h"
#include "status/describe.h"

#include <string.h>
#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MANY 17 /* more than a CRL is asked about */

static struct small_home small;
static struct status_desk desk;
static struct given given[MANY];
static struct revoke_target targets[MANY];

static int begin(void **state)
{
    AUTO(EVP_PKEY_free) EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    (void)state;
    small_home_make(&small);
    small.home.issuer = maker_root("CN=Root", key, SIGNATURE_ECDSA_SHA256);
    desk = (struct status_desk){.home = &small.home};
    return 0;
}

static void forget_read(void)
{
    if (desk.scan != NULL)
        ledger_scan_free(TAKE(desk.scan));
    if (desk.revoked != NULL)
        revoked_free(TAKE(desk.revoked));
}

static int end(void **state)
{
    (void)state;
    desk.home = NULL; // it is the test's
    status_desk_done(&desk);
    cert_issuer_free(small.home.issuer);
    small_home_remove(&small);
    return 0;
}

/** As an index would have it that knows of no revocation. */
static struct revoke_target target_of(const struct given *one)
{
    struct revoke_target target = {.action = REVOKE_REVOKE,
                                   .serial_len = sizeof(one->bytes),
                                   .serial_text = (char *)(uintptr_t)one->serial,
                                   .not_after = CRL_NO_TIME,
                                   .invalidity_date = CRL_NO_TIME,
                                   .signing_seq = one->signing_seq,
                                   .ref = one->issued_seq};
    memcpy(target.serial, one->bytes, sizeof(one->bytes));
    return target;
}

/** Looks at the first so many targets, having read nothing yet. */
static bool recheck(size_t count, struct error *err)
{
    const struct revoke_plan plan = {.targets = targets, .count = count, .to_do = count};
    error_clear(err);
    forget_read();
    return targets_recheck(&desk, &plan, err);
}

static void assert_wrong(size_t count, const char *serial, const char *what)
{
    struct error err = ERROR_INIT;
    char wanted[300];
    (void)snprintf(wanted, sizeof(wanted),
                   "ledger.jsonl says of %s that it %s, index.sqlite does not: run `coldca ledger index "
                   "--rebuild`, then this again",
                   serial, what);
    assert_false(recheck(count, &err));
    assert_string_equal(err.text, wanted);
    assert_int_equal(err.kind, ERROR_LEDGER);
}

static const char is_revoked[] = "is revoked, on hold or abandoned";

static void issue(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        given_issue(&small.home, "CN=a", "p", true, &given[i]);
        targets[i] = target_of(&given[i]);
    }
}

static void each_of_many_that_is_revoked_is_found(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    issue(MANY);
    assert_true(recheck(MANY, &err));
    assert_null(desk.revoked); // nothing was met, so not all records were read
    for (size_t i = 0; i < MANY; i++) {
        uint64_t seq = given_revoke(&small.home, &given[i], CRL_CERTIFICATE_HOLD, INT64_C(1800000000));
        assert_wrong(MANY, given[i].serial, is_revoked);
        given_release(&small.home, &given[i], seq);
        assert_true(recheck(MANY, &err)); // a hold that was released is none
        assert_non_null(desk.revoked);
    }
}

static void the_one_that_was_signed_first_says_where_reading_begins(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    given_issue(&small.home, "CN=a", "p", true, &given[0]);
    (void)given_revoke(&small.home, &given[0], CRL_SUPERSEDED, INT64_C(1800000000));
    given_issue(&small.home, "CN=b", "p", true, &given[1]);
    for (int i = 0; i < 2; i++) { // whichever stands first
        targets[i] = target_of(&given[1]);
        targets[1 - i] = target_of(&given[0]);
        assert_wrong(2, given[0].serial, is_revoked);
    }
    targets[0] = target_of(&given[1]);
    assert_true(recheck(1, &err));
}

static void what_the_records_said_already_is_not_asked_again(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    issue(1);
    (void)given_revoke(&small.home, &given[0], CRL_CERTIFICATE_HOLD, INT64_C(1800000000));
    targets[0].note = (char *)(uintptr_t) "on hold since yesterday; from now on revoked";
    assert_true(recheck(1, &err));
    targets[0].note = NULL;
    targets[0].action = REVOKE_NOTHING;
    assert_true(recheck(1, &err));
    targets[0].action = REVOKE_RELEASE;
    assert_true(recheck(1, &err));
    targets[0].action = REVOKE_REVOKE;
    targets[0].is_key = true;
    assert_true(recheck(1, &err));
    targets[0].is_key = false;
    assert_wrong(1, given[0].serial, is_revoked);
    assert_true(recheck(0, &err));
    // All records were read for another target: they are asked.
    const struct revoke_plan plan = {.targets = targets, .count = 1, .to_do = 1};
    forget_read();
    assert_true(status_desk_read(&desk, &err));
    assert_false(targets_recheck(&desk, &plan, &err));
    assert_int_equal(err.kind, ERROR_LEDGER);
}

static void what_is_foreign_was_never_signed_here(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    issue(3);
    given_issue(&small.home, "CN=unfinished", "p", false, &given[3]);
    targets[3] = target_of(&given[3]);
    for (size_t i = 0; i < 4; i++) {
        targets[i].is_foreign = true;
        targets[i].signing_seq = UINT64_MAX;
        assert_wrong(4, given[i].serial, "was signed here");
        // Also where all records were read before: they say who is revoked, not who was signed.
        const struct revoke_plan plan = {.targets = targets, .count = 4, .to_do = 4};
        assert_true(status_desk_read(&desk, &err));
        assert_false(targets_recheck(&desk, &plan, &err));
        targets[i] = target_of(&given[i]);
    }
    targets[0].is_foreign = true;
    targets[0].signing_seq = UINT64_MAX;
    targets[0].serial[0] ^= 1; // nobody's
    assert_true(recheck(3, &err));
    targets[0].serial_len = 1;
    assert_true(recheck(3, &err));
}

/* ---- what a person is shown of it ---- */

static void assert_described(const struct revoke_target *target, const char *wanted)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    if (!revoke_describe(&small.home, target, &text, &err))
        fail_msg("%s", err.text);
    assert_string_equal(builder_text(&text), wanted);
}

static void a_certificate_is_described_by_its_record(void **state)
{
    char wanted[600];
    char time[TIME_TEXT_SIZE];
    struct error err = ERROR_INIT;
    AUTO(json_free) struct json *record = NULL;
    (void)state;
    issue(1);
    assert_true(ledger_record(small.home.ledger, given[0].signing_seq, &record, &err));
    (void)time_format(INT64_C(1800000000), time);
    (void)snprintf(wanted, sizeof(wanted),
                   "  serial     %s\n  subject    CN=a\n  names      DNS:a.example\n"
                   "  key        ec-p256\n  issued     %s\n"
                   "  policy     p\n  run        CN=a\n  valid to   %s\n  now        on hold\n",
                   given[0].serial, json_text(record, "time"), time);
    targets[0].not_after = INT64_C(1800000000);
    targets[0].note = (char *)(uintptr_t) "on hold";
    assert_described(&targets[0], wanted);
    targets[0].signing_seq = given[0].issued_seq; // which has no such bytes
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    assert_false(revoke_describe(&small.home, &targets[0], &text, &err));
    assert_int_equal(err.kind, ERROR_LEDGER);
    assert_non_null(strstr(err.text, "record 1 holds no TBSCertificate"));
}

static void its_request_is_named_where_it_is_known(void **state)
{
    struct error err = ERROR_INIT;
    struct json *record = NULL;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    (void)state;
    issue(1);
    assert_true(ledger_record(small.home.ledger, given[0].signing_seq, &record, &err));
    json_put_text(record, "serial", "0abc");
    json_put_text(record, "source", "device\x1b[8m.csr");
    targets[0].signing_seq = small_home_log(&small, RECORD_CERT_SIGNING, record);
    assert_true(revoke_describe(&small.home, &targets[0], &text, &err));
    assert_non_null(strstr(builder_text(&text), "  request    device\\x1b[8m.csr\n"));
}

/* ---- a long ledger: its newest CRL says who is not revoked up to it ---- */

/** Records that say nothing, so many that reading them all is not the quickest. */
static void lengthen(void)
{
    struct error err = ERROR_INIT;
    for (int i = 0; i < 16400; i++)
        assert_true(ledger_append(small.home.ledger, "test.note", json_new_object(), NULL, &err));
    assert_true(ledger_commit(small.home.ledger, &err));
}

static void issue_crl(uint64_t number, struct bytes der)
{
    struct error err = ERROR_INIT;
    AUTO(free) char *name = memory_format(HOME_CRLS "/crl-%u.der", (unsigned)number);
    const int64_t now = MAKER_NOW;
    (void)mkdirat(small.home.fd, HOME_CRLS, 0755);
    small_home_issue_crl(&small, number, now, now + 86400, der);
    assert_true(file_create(small.home.fd, name, 0644, der, &err));
}

static void a_crl_says_who_is_not_revoked_up_to_it(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    issue(MANY);
    for (size_t i = 0; i < MANY; i++)
        targets[i].not_after = MAKER_NOW + 86400;
    (void)given_revoke(&small.home, &given[0], CRL_SUPERSEDED, INT64_C(1800000000));
    lengthen();
    assert_wrong(2, given[0].serial, is_revoked);
    // As if it had been drawn without him: whoever is on no CRL is not read of.
    issue_crl(1, BYTES_LITERAL("a CRL of nobody"));
    assert_true(recheck(2, &err));
    assert_null(desk.revoked);
    // Of more than can be looked for in it at once, the ledger is read; and of what is foreign.
    assert_true(recheck(16, &err));
    assert_wrong(MANY, given[0].serial, is_revoked);
    targets[1].is_foreign = true;
    targets[1].signing_seq = UINT64_MAX;
    assert_wrong(2, given[1].serial, "was signed here");
    targets[1] = target_of(&given[1]);
    targets[1].not_after = MAKER_NOW + 86400;
    // One who may have ended before it says nothing by not being on it.
    targets[0].not_after = CRL_NO_TIME;
    assert_wrong(2, given[0].serial, is_revoked);
    targets[0].not_after = MAKER_NOW + 86400;
    // What came after it is read.
    (void)given_revoke(&small.home, &given[1], CRL_SUPERSEDED, INT64_C(1800000000));
    targets[0] = target_of(&given[2]);
    targets[0].not_after = MAKER_NOW + 86400;
    assert_wrong(2, given[1].serial, is_revoked);
}

static void who_was_issued_after_a_crl_is_read_of_from_there(void **state)
{
    (void)state;
    issue_crl(1, BYTES_LITERAL("a CRL of nobody"));
    issue(1);
    targets[0].not_after = MAKER_NOW + 86400;
    (void)given_revoke(&small.home, &given[0], CRL_SUPERSEDED, INT64_C(1800000000));
    lengthen();
    assert_wrong(1, given[0].serial, is_revoked);
}

static void what_has_no_record_says_what_it_is(void **state)
{
    const struct revoke_target foreign = {.serial_text = (char *)(uintptr_t) "0a",
                                          .signing_seq = UINT64_MAX,
                                          .not_after = CRL_NO_TIME,
                                          .is_foreign = true};
    const struct revoke_target key = {.serial_text = (char *)(uintptr_t) "key 0123",
                                      .signing_seq = UINT64_MAX,
                                      .not_after = CRL_NO_TIME,
                                      .is_key = true};
    char end_text[TIME_TEXT_SIZE];
    (void)state;
    assert_described(&foreign,
                     "  serial     0a\n  from before this ledger (--foreign): nothing else is known of it\n");
    assert_described(&key, "  key        0123\n  a key by itself: requests with it are refused\n");
    assert_null(revoke_end(&key, end_text));
    const struct revoke_target ends = {.not_after = INT64_C(1800000000), .reason = CRL_SUPERSEDED};
    assert_string_equal(revoke_end(&ends, end_text), "2027-01-15T08:00:00Z");
    assert_string_equal(revoke_reason_name(&ends), "superseded");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_of_many_that_is_revoked_is_found, begin, end),
        cmocka_unit_test_setup_teardown(the_one_that_was_signed_first_says_where_reading_begins, begin, end),
        cmocka_unit_test_setup_teardown(what_the_records_said_already_is_not_asked_again, begin, end),
        cmocka_unit_test_setup_teardown(what_is_foreign_was_never_signed_here, begin, end),
        cmocka_unit_test_setup_teardown(a_certificate_is_described_by_its_record, begin, end),
        cmocka_unit_test_setup_teardown(its_request_is_named_where_it_is_known, begin, end),
        cmocka_unit_test_setup_teardown(a_crl_says_who_is_not_revoked_up_to_it, begin, end),
        cmocka_unit_test_setup_teardown(who_was_issued_after_a_crl_is_read_of_from_there, begin, end),
        cmocka_unit_test_setup_teardown(what_has_no_record_says_what_it_is, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
