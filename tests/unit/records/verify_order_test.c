/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is held of records in their order: each family of them by its own rules, so that what one of these finds is not lost among the others;
 * and the chain, at the end.
 */
#include "records/verify.h"

#include "base/digest.h"
#include "base/memory.h"
#include "base/time.h"
#include "fake_home.h"
#include "home/chain.h"
#include "records/ca.h"
#include "records/crl.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct fake_home own;
static struct records_checker *checker;
static struct ledger_checks checks;
static struct findings found;
static uint64_t next_seq;

static int make_home(void **state)
{
    (void)state;
    fake_home_make(&own);
    fake_home_open(&own);
    return 0;
}

static int remove_home(void **state)
{
    (void)state;
    fake_home_remove(&own);
    return 0;
}

static int begin(void **state)
{
    (void)state;
    checker = records_checker_new(own.home);
    checks = records_checks(checker);
    found = (struct findings)FINDINGS_INIT;
    next_seq = 0;
    return 0;
}

static int end(void **state)
{
    (void)state;
    records_checker_free(checker);
    findings_done(&found);
    return 0;
}

#define TIME "2027-01-15T08:00:00Z"
#define LATER "2027-01-15T08:00:01Z"
#define ZEROES "0000000000000000000000000000000000000000000000000000000000000000"

/** Takes members; the record is made of them at TIME. */
static bool take(const char *type, struct json *members)
{
    AUTO(json_free) struct json *record = members;
    AUTO(builder_done) struct builder line = BUILDER_INIT;
    json_put_int(record, "seq", (int64_t)next_seq);
    json_put_text(record, "type", type);
    json_put_text(record, "time", TIME);
    json_put_text(record, "operator", "op");
    json_canonical(record, &line);
    return checks.in_order(checks.data, next_seq++, builder_bytes(&line), NULL, &found);
}

static struct json *members_of(const char *text)
{
    struct error err = ERROR_INIT;
    struct json *json = NULL;
    if (!json_parse(bytes_of_text(text), &json, &err))
        fail_msg("%s", err.text);
    return json;
}

static void assert_taken(const char *type, struct json *members)
{
    if (!take(type, members))
        fail_msg("%s: %s", type, found.count > 0 ? found.items[0].text : "refused without a word");
    assert_int_equal(found.count, 0);
}

static void assert_found(const char *type, struct json *members, const char *rule, const char *text)
{
    if (take(type, members))
        fail_msg("%s was taken, not \"%s\"", type, text);
    assert_int_equal(found.count, 1);
    assert_string_equal(found.items[0].text, text);
    assert_string_equal(found.items[0].rule, rule);
    findings_done(&found);
    found = (struct findings)FINDINGS_INIT;
}

static void each_family_has_its_rules(void **state)
{
    (void)state;
    assert_taken("note", json_new_object());
    assert_found("control.set", json_new_object(), "ledger.control", "without people, which is a list");
    assert_found("cert.issued", members_of("{\"ref\":1}"), "ledger.revocation",
                 "record 2: it ends no unfinished cert.signing");
    assert_found("cert.unrevoked", members_of("{\"serial\":\"0a\"}"), "ledger.revocation",
                 "record 3: it releases what is not revoked");
    static const char step[] = "{\"run\":\"r\",\"ceremony\":\"c\",\"script_sha256\":\"" ZEROES
                               "\",\"number\":1,\"event\":\"note\",\"at\":\"" TIME "\"}";
    assert_found("ceremony.step", members_of(step), "ledger.ceremony",
                 "event 1 of the ceremony r: events before it are missing");
    assert_taken("note", json_new_object());
}

static struct json *revocation(const char *more)
{
    AUTO(free)
    char *text = memory_format(
        "{\"serial\":\"0a\",\"reason\":\"superseded\",\"hold\":false,\"foreign\":true%s}", more);
    return members_of(text);
}

/** A foreign one has nothing that it could be held against but the time of its record. */
static void no_time_is_later_than_its_record(void **state)
{
    (void)state;
    assert_taken("note", json_new_object());
    assert_found("cert.revoked", revocation(",\"revoked_at\":\"" LATER "\""), "ledger.revocation",
                 "its revoked_at is later than the record");
    AUTO(records_checker_free) struct records_checker *sound = records_checker_new(own.home);
    checks = records_checks(sound);
    assert_taken("cert.revoked", revocation(",\"revoked_at\":\"" TIME "\",\"invalidity_date\":\"" TIME "\""));
    AUTO(records_checker_free) struct records_checker *third = records_checker_new(own.home);
    checks = records_checks(third);
    assert_found("cert.revoked", revocation(",\"revoked_at\":\"" TIME "\",\"invalidity_date\":\"" LATER "\""),
                 "ledger.revocation", "its invalidity_date is later than the record");
    checks = records_checks(checker);
}

/* ---- CRLs ---- */

/** A crl.signing of the entries there are: none. */
static void sign_crl(struct record_crl_signing *signing, struct builder *room)
{
    struct error err = ERROR_INIT;
    AUTO(revoked_free) struct revoked *none = revoked_new();
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    uint64_t count = 99;
    struct crl_frame frame = {.issuer = own.home->issuer,
                              .kind = SIGNATURE_ECDSA_SHA256,
                              .number = signing->number,
                              .this_update = signing->this_update,
                              .next_update = signing->next_update,
                              .expired_since = signing->expired_since};
    assert_true(revoked_draw(none, &frame, crl_sink_builder, &tbs, &count, &err));
    crl_extensions(&frame, room);
    signing->extensions = builder_bytes(room);
    signing->algorithm = signature_algorithm_der(SIGNATURE_ECDSA_SHA256);
    signing->size = next_seq;
    signing->previous = RECORD_CRL_NONE;
    signing->count = count;
    signing->tbs_len = tbs.len;
    digest_sha256(cert_issuer_der(own.home->issuer), signing->issuer_sha256);
    digest_sha256(builder_bytes(&tbs), signing->tbs_sha256);
}

static void a_crl_is_of_its_record_and_of_the_first(void **state)
{
    int64_t at = 0;
    struct record_crl_signing signing = {.number = 1, .expired_since = CRL_NO_TIME, .batch = "b"};
    (void)state;
    assert_true(time_parse(TIME, &at));
    assert_taken("note", json_new_object());
    static const struct {
        int64_t this_update, expired_since; /**< seconds from the record, and from record 0; 1: none */
        const char *rule, *text;
    } cases[] = {
        {1, 1, "ledger.revocation", "its this_update is later than the record"},
        {0, -1, "ledger.crl", "its expired_since is not the time of record 0"},
        {0, 0, NULL, NULL},
        {0, 1, NULL, NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(records_checker_free) struct records_checker *fresh = records_checker_new(own.home);
        AUTO(builder_done) struct builder room = BUILDER_INIT;
        checks = records_checks(fresh);
        next_seq = 0;
        assert_taken("note", json_new_object());
        signing.this_update = at + cases[i].this_update;
        signing.next_update = at + 100;
        signing.keep_expired = cases[i].expired_since < 1;
        signing.expired_since = signing.keep_expired ? at + cases[i].expired_since : CRL_NO_TIME;
        sign_crl(&signing, &room);
        if (cases[i].rule == NULL)
            assert_taken("crl.signing", record_crl_signing_write(&signing));
        else
            assert_found("crl.signing", record_crl_signing_write(&signing), cases[i].rule, cases[i].text);
    }
    checks = records_checks(checker);
}

static void assert_not_rebuilt(const struct record_crl_signing *signing, const char *text)
{
    struct error err = ERROR_INIT;
    AUTO(revoked_free) struct revoked *none = revoked_new();
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    assert_true(revoked_take(none, 0, BYTES_LITERAL("{\"time\":\"" TIME "\",\"type\":\"note\"}"), &err));
    assert_false(records_crl_rebuild(none, own.home->issuer, signing, &tbs, &err));
    assert_string_equal(err.text, text);
    assert_int_equal(err.kind, ERROR_LEDGER);
}

/** Whoever changes a CRL's signature can change the digest beside it, too. */
static void a_crl_is_signed_by_the_ca(void **state)
{
    int64_t at = 0;
    uint64_t count = 0;
    struct error err = ERROR_INIT;
    AUTO(ledger_report_done) struct ledger_report report = {.records = 0};
    AUTO(revoked_free) struct revoked *none = revoked_new();
    AUTO(builder_done) struct builder room = BUILDER_INIT;
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    struct record_crl_signing signing = {.number = 1, .expired_since = CRL_NO_TIME, .batch = "b"};
    struct record_crl_issued issued = {
        .ref = 1, .number = 1, .signature = BYTES_LITERAL("\x30\x06\x02\x01\x01\x02\x01\x01")};
    (void)state;
    assert_true(time_parse(TIME, &at));
    assert_taken("note", json_new_object());
    signing.this_update = at, signing.next_update = at + 100;
    sign_crl(&signing, &room);
    const struct crl_frame frame = {.issuer = own.home->issuer,
                                    .kind = SIGNATURE_ECDSA_SHA256,
                                    .number = 1,
                                    .this_update = at,
                                    .next_update = at + 100,
                                    .expired_since = CRL_NO_TIME};
    assert_true(revoked_draw(none, &frame, crl_sink_builder, &tbs, &count, &err));
    assert_taken("crl.signing", record_crl_signing_write(&signing));
    cert_seal(builder_bytes(&tbs), SIGNATURE_ECDSA_SHA256, issued.signature, &der);
    digest_sha256(builder_bytes(&der), issued.sha256);
    assert_false(take("crl.issued", record_crl_issued_write(&issued)));
    assert_int_equal(found.count, 1);
    assert_string_equal(found.items[0].rule, "ledger.crl");
    assert_null(strstr(found.items[0].text, "SHA-256"));
    records_checker_end(checker, own.home, &report);
    assert_int_equal(report.crls, 0);
}

/** What `crl` delivers again is what was signed, or it is told in what it differs. */
static void a_crl_is_made_again_from_its_record(void **state)
{
    static const char another[] =
        "the TBSCertList rebuilt from the records before it is another than was signed";
    static const char extensions[] = "its extensions are not those its other members ask for";
    int64_t at = 0;
    struct error err = ERROR_INIT;
    struct crl_frame frame;
    uint8_t digest[32];
    AUTO(revoked_free) struct revoked *none = revoked_new();
    AUTO(builder_done) struct builder room = BUILDER_INIT;
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    struct record_crl_signing signing = {.number = 9, .expired_since = CRL_NO_TIME};
    (void)state;
    assert_true(time_parse(TIME, &at));
    signing.this_update = at, signing.next_update = at + 100;
    sign_crl(&signing, &room);
    assert_true(records_crl_frame(none, own.home->issuer, &signing, &frame, &err));
    assert_ptr_equal(frame.issuer, own.home->issuer);
    assert_int_equal(frame.kind, SIGNATURE_ECDSA_SHA256);
    assert_int_equal(frame.number, 9);
    assert_int_equal(frame.this_update, at);
    assert_int_equal(frame.next_update, at + 100);
    assert_int_equal(frame.expired_since, CRL_NO_TIME);
    assert_true(records_crl_rebuild(none, own.home->issuer, &signing, &tbs, &err));
    assert_int_equal(tbs.len, signing.tbs_len);
    digest_sha256(builder_bytes(&tbs), digest);
    assert_memory_equal(digest, signing.tbs_sha256, sizeof(digest));
    struct record_crl_signing other = signing;
    other.count = 1;
    assert_not_rebuilt(&other, "it counts 1 entries, the records before it make 0");
    other = signing, other.tbs_len++;
    assert_not_rebuilt(&other, another);
    other = signing, other.tbs_sha256[31] ^= 1;
    assert_not_rebuilt(&other, another);
    other = signing, other.next_update++;
    assert_not_rebuilt(&other, another);
    other = signing, other.issuer_sha256[31] ^= 1;
    assert_not_rebuilt(&other, "its issuer_sha256 is not that of ca.pem");
    other = signing, other.number++;
    assert_not_rebuilt(&other, extensions);
    other = signing, other.extensions.len--;
    assert_not_rebuilt(&other, extensions);
    other = signing, other.keep_expired = true;
    assert_not_rebuilt(&other, "its expired_since is not the time of record 0");
}

/* ---- the chain ---- */

static struct json *chain_set(bool is_right)
{
    struct record_chain_set record = {.command = "cert chain"};
    home_chain_digest(own.home->issuer, record.sha256);
    record.sha256[31] ^= is_right ? 0 : 1;
    return record_chain_set_write(&record);
}

static void assert_chain(const char *words)
{
    AUTO(ledger_report_done) struct ledger_report report = {.records = 0};
    records_checker_end(checker, own.home, &report);
    assert_int_equal(report.findings.count, words == NULL ? 0 : 1);
    if (words == NULL)
        return;
    assert_string_equal(report.findings.items[0].rule, "ledger.chain");
    if (strstr(report.findings.items[0].text, words) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", report.findings.items[0].text, words);
}

static void the_newest_chain_counts(void **state)
{
    (void)state;
    assert_taken("note", json_new_object());
    assert_chain(NULL);
    assert_taken("chain.set", chain_set(false));
    assert_chain("is not the chain that record 1 of the ledger (chain.set) has");
    assert_taken("chain.set", chain_set(true));
    assert_chain(NULL);
    assert_taken("chain.set", chain_set(false));
    assert_taken("chain.set", json_new_object()); // says nothing, and counts for nothing
    assert_taken("note", chain_set(true));        // nor does another type
    assert_chain("is not the chain that record 3 of the ledger (chain.set) has");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_family_has_its_rules, begin, end),
        cmocka_unit_test_setup_teardown(no_time_is_later_than_its_record, begin, end),
        cmocka_unit_test_setup_teardown(a_crl_is_of_its_record_and_of_the_first, begin, end),
        cmocka_unit_test_setup_teardown(a_crl_is_signed_by_the_ca, begin, end),
        cmocka_unit_test_setup_teardown(a_crl_is_made_again_from_its_record, begin, end),
        cmocka_unit_test_setup_teardown(the_newest_chain_counts, begin, end),
    };
    return cmocka_run_group_tests(tests, make_home, remove_home);
}
