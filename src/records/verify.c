/* SPDX-License-Identifier: Apache-2.0 */
#include "records/verify.h"

#include "base/digest.h"
#include "base/encode.h"
#include "base/memory.h"
#include "base/quote.h"
#include "home/chain.h"
#include "records/ca.h"
#include "records/ceremony_order.h"
#include "records/revoked.h"
#include "records/types.h"

#include <inttypes.h>
#include <string.h>

struct records_checker {
    const struct cert_issuer *issuer; /**< borrowed */
    struct revoked *revoked;
    struct governed *governed;
    struct ceremony_order *ceremonies;
    struct builder tbs; /**< of the CRL that is being signed; empty: none, or it is wrong */
    enum signature_kind kind;
    uint64_t crls;               /**< rebuilt, and right */
    struct home_chain_set chain; /**< the newest so far */
};

static bool differs(struct findings *findings, const char *field, struct bytes recorded, struct bytes actual)
{
    if (recorded.data != NULL && bytes_equal(recorded, actual))
        return false;
    struct quoted buffer, actual_buffer;
    findings_say(findings, "ledger.fields", NULL, "%s: the record says %s, its TBSCertificate %s", field,
                 recorded.data == NULL ? "nothing" : quoted(recorded, &buffer),
                 quoted(actual, &actual_buffer));
    return true;
}

static bool check_tbs(void *data, struct bytes tbs, const struct ledger_claims *claims,
                      struct findings *ret_findings)
{
    char serial[129];
    char digest[129];
    char not_after[TIME_TEXT_SIZE];
    struct error err = ERROR_INIT;
    AUTO(cert_facts_done) struct cert_facts facts = {.serial_len = 0};
    (void)data; // nothing of the issuer is needed for this
    if (!cert_read_tbs(tbs, &facts, &err)) {
        findings_say(ret_findings, "ledger.tbs", "RFC 5280 4.1.2", "%s", err.text);
        return false;
    }
    bool is_wrong = differs(ret_findings, "serial", claims->serial,
                            bytes_of_text(hex_of(bytes_of(facts.serial, facts.serial_len), serial)));
    is_wrong |= differs(ret_findings, "subject", claims->subject, bytes_of_text(facts.subject_text));
    is_wrong |= differs(ret_findings, "spki_sha256", claims->spki_sha256,
                        bytes_of_text(hex_of(BYTES(facts.spki_sha256), digest)));
    is_wrong |= differs(ret_findings, "not_after", claims->not_after,
                        bytes_of_text(time_format(facts.not_after, not_after)));
    return !is_wrong;
}

static bool check_certificate(void *data, struct bytes tbs, struct bytes signature,
                              const uint8_t sha256[static 32], struct findings *ret_findings)
{
    const struct cert_issuer *issuer = ((const struct records_checker *)data)->issuer;
    struct error err = ERROR_INIT;
    uint8_t digest[32];
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    enum signature_kind kind = SIGNATURE_OTHER;
    if (!cert_tbs_signature_kind(tbs, &kind, &err)) {
        findings_say(ret_findings, "ledger.certificate", "RFC 5280 4.1.2.3", "%s", err.text);
        return false;
    }
    cert_seal(tbs, kind, signature, &der);
    digest_sha256(builder_bytes(&der), digest);
    if (memcmp(digest, sha256, sizeof(digest)) != 0) {
        findings_say(ret_findings, "ledger.certificate", NULL,
                     "the certificate's SHA-256 is not the recorded one");
        return false;
    }
    // The CA's own certificate, if it is a root, is in its ledger too; nothing else may be signed by itself.
    bool is_the_root = bytes_equal(builder_bytes(&der), cert_issuer_der(issuer));
    if (!cert_verify(builder_bytes(&der), tbs, is_the_root ? NULL : issuer, &err)) {
        findings_say(ret_findings, "ledger.certificate", NULL, "%s", err.text);
        return false;
    }
    return true;
}

static bool check_record(void *data, struct bytes text, struct findings *ret_findings)
{
    struct error err = ERROR_INIT;
    AUTO(json_free) struct json *record = NULL;
    (void)data;
    if (json_parse(text, &record, &err) && record_check(json_text(record, "type"), record, &err))
        return true;
    findings_say(ret_findings, "ledger.fields", NULL, "%.*s", (int)strcspn(err.text, "\n"), err.text);
    return false;
}

/* ---- CRLs, in the order of the records ---- */

static bool say(struct findings *findings, const char *rule, const struct error *why)
{
    findings_say(findings, rule, NULL, "%.*s", (int)strcspn(why->text, "\n"), why->text);
    return false;
}

static bool contradicts(struct findings *findings, const char *what)
{
    findings_say(findings, "ledger.revocation", NULL, "%s", what);
    return true;
}

/** No time of a record is later than the record. */
static bool is_before(const struct json *json, int64_t time)
{
    struct error ignored = ERROR_INIT; // of a record without a time, which is said by the ledger
    int64_t record_time = 0;
    return time == CRL_NO_TIME || !record_time_needed(json, "time", &record_time, &ignored) ||
           time <= record_time;
}

bool records_crl_frame(const struct revoked *revoked, const struct cert_issuer *issuer,
                       const struct record_crl_signing *record, struct crl_frame *ret_frame,
                       struct error *err)
{
    AUTO(builder_done) struct builder extensions = BUILDER_INIT;
    uint8_t digest[32];
    *ret_frame = (struct crl_frame){.issuer = issuer,
                                    .kind = signature_of_der(record->algorithm),
                                    .number = record->number,
                                    .this_update = record->this_update,
                                    .next_update = record->next_update,
                                    .expired_since = record->expired_since};
    digest_sha256(cert_issuer_der(issuer), digest);
    if (memcmp(digest, record->issuer_sha256, sizeof(digest)) != 0)
        return error_set(err, ERROR_LEDGER, 0, "its issuer_sha256 is not that of ca.pem");
    crl_extensions(ret_frame, &extensions);
    if (!bytes_equal(builder_bytes(&extensions), record->extensions))
        return error_set(err, ERROR_LEDGER, 0, "its extensions are not those its other members ask for");
    return !record->keep_expired || record->expired_since == revoked_begin(revoked) ||
           error_set(err, ERROR_LEDGER, 0, "its expired_since is not the time of record 0");
}

bool records_crl_rebuild(const struct revoked *revoked, const struct cert_issuer *issuer,
                         const struct record_crl_signing *record, struct builder *ret_tbs, struct error *err)
{
    struct crl_frame frame;
    uint8_t digest[32];
    uint64_t count = 0;
    if (!records_crl_frame(revoked, issuer, record, &frame, err) ||
        !revoked_draw(revoked, &frame, crl_sink_builder, ret_tbs, &count, err))
        return false;
    if (count != record->count)
        return error_set(err, ERROR_LEDGER, 0,
                         "it counts %" PRIu64 " entries, the records before it make %" PRIu64, record->count,
                         count);
    digest_sha256(builder_bytes(ret_tbs), digest);
    return (ret_tbs->len == record->tbs_len && memcmp(digest, record->tbs_sha256, sizeof(digest)) == 0) ||
           error_set(err, ERROR_LEDGER, 0,
                     "the TBSCertList rebuilt from the records before it is another than was signed");
}

static bool check_crl_signing(struct records_checker *checker, const struct json *json,
                              struct findings *ret_findings)
{
    AUTO(builder_done) struct builder buffer = BUILDER_INIT;
    struct record_crl_signing record;
    struct error err = ERROR_INIT;
    builder_clear(&checker->tbs);
    if (!record_crl_signing_read(json, &buffer, &record, &err))
        return true; // said by check_record()
    checker->kind = signature_of_der(record.algorithm);
    if (!records_crl_rebuild(checker->revoked, checker->issuer, &record, &checker->tbs, &err)) {
        builder_clear(&checker->tbs);
        return say(ret_findings, "ledger.crl", &err);
    }
    return is_before(json, record.this_update) ||
           !contradicts(ret_findings, "its this_update is later than the record");
}

static bool check_crl_issued(struct records_checker *checker, const struct json *json,
                             struct findings *ret_findings)
{
    AUTO(builder_done) struct builder buffer = BUILDER_INIT;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    struct record_crl_issued record;
    struct error err = ERROR_INIT;
    uint8_t digest[32];
    struct bytes tbs = builder_bytes(&checker->tbs);
    if (tbs.len == 0 || !record_crl_issued_read(json, &buffer, &record, &err))
        return true; // said already
    cert_seal(tbs, checker->kind, record.signature, &der);
    digest_sha256(builder_bytes(&der), digest);
    if (memcmp(digest, record.sha256, sizeof(digest)) != 0)
        (void)error_set(&err, ERROR_LEDGER, 0, "the CRL's SHA-256 is not the recorded one");
    else if (crl_verify(builder_bytes(&der), tbs, checker->issuer, &err)) {
        checker->crls++;
        return true;
    }
    return say(ret_findings, "ledger.crl", &err);
}

/* ---- revocations, in the order of the records ---- */

/** What a cert.revoked repeats of its certificate, held against cert.signing and cert.issued (docs/ledger-format.md 9.1). */
static bool check_repeated(const struct record_cert_revoked *record, bool is_whole,
                           const struct ledger_entry *certificate, struct findings *findings)
{
    char value[129];
    bool is_wrong = false;
    (void)hex_of(BYTES(certificate->key_value), value); // it is used below
    if (record->is_foreign)
        is_wrong = contradicts(findings, "it says foreign of a serial that a cert.signing has");
    if ((is_whole || record->not_after != CRL_NO_TIME) && record->not_after != certificate->not_after)
        is_wrong = contradicts(findings, "its not_after is not that of the cert.signing");
    if ((is_whole || record->ref != RECORD_NO_SEQ) && record->ref != certificate->issued_seq)
        is_wrong = contradicts(findings, "its ref is not the cert.issued of its serial");
    if (record->key_value != NULL && strcmp(record->key_value, value) != 0)
        is_wrong = contradicts(findings, "its key_value is not that of the certificate's key");
    if (record->subject != NULL && (certificate->subject == NULL ||
                                    !bytes_equal_text(record_bounded(certificate->subject), record->subject)))
        is_wrong = contradicts(findings, "its subject is not that of the cert.signing");
    return !is_wrong;
}

static bool check_revoked(const struct json *json, const struct ledger_entry *certificate,
                          struct findings *findings)
{
    AUTO(builder_done) struct builder buffer = BUILDER_INIT;
    struct record_cert_revoked record;
    struct error err = ERROR_INIT;
    // Before there was a command for it, a record said no more than the reason.
    bool is_whole = json_get(json, "hold") != NULL;
    bool is_wrong = false;
    if (!record_cert_revoked_read(json, &buffer, &record, &err))
        return true; // said by check_record()
    if (!is_before(json, record.revoked_at))
        is_wrong = contradicts(findings, "its revoked_at is later than the record");
    if (!is_before(json, record.invalidity_date))
        is_wrong = contradicts(findings, "its invalidity_date is later than the record");
    if (certificate != NULL)
        return check_repeated(&record, is_whole, certificate, findings) && !is_wrong;
    if (is_whole && !record.is_foreign)
        is_wrong = contradicts(findings, "no cert.signing has its serial, and it does not say foreign");
    if (record.ref != RECORD_NO_SEQ)
        is_wrong = contradicts(findings, "it has a ref, but no cert.signing has its serial");
    return !is_wrong;
}

/** One that is wrong by itself is said by check_record(), and counts for nothing. */
static void take_chain(struct records_checker *checker, uint64_t seq, struct bytes text)
{
    AUTO(json_free) struct json *json = NULL;
    struct record_chain_set record;
    struct error ignored = ERROR_INIT;
    if (!revoked_is_type(text, RECORD_CHAIN_SET) || !json_parse(text, &json, &ignored) ||
        !record_chain_set_read(json, &record, &ignored))
        return;
    checker->chain.is_there = true;
    checker->chain.seq = seq;
    memcpy(checker->chain.sha256, record.sha256, sizeof(record.sha256));
}

static bool check_in_order(void *data, uint64_t seq, struct bytes text,
                           const struct ledger_entry *certificate, struct findings *ret_findings)
{
    struct records_checker *checker = data;
    struct error err = ERROR_INIT;
    AUTO(json_free) struct json *json = NULL;
    bool is_signing = revoked_is_type(text, RECORD_CRL_SIGNING);
    bool is_issued = revoked_is_type(text, RECORD_CRL_ISSUED);
    bool is_revoked = revoked_is_type(text, RECORD_CERT_REVOKED);
    bool is_sound = true;
    take_chain(checker, seq, text);
    if ((is_signing || is_issued || is_revoked) && json_parse(text, &json, &err))
        is_sound = is_signing  ? check_crl_signing(checker, json, ret_findings)
                   : is_issued ? check_crl_issued(checker, json, ret_findings)
                               : check_revoked(json, certificate, ret_findings);
    is_sound &= governed_take(checker->governed, seq, text, ret_findings);
    is_sound &= ceremony_order_take(checker->ceremonies, text, ret_findings);
    // After the CRL was drawn: it is of the records before it.
    error_clear(&err);
    return (revoked_take(checker->revoked, seq, text, &err) ||
            say(ret_findings, "ledger.revocation", &err)) &&
           is_sound;
}

struct records_checker *records_checker_new(const struct home *home)
{
    struct records_checker *checker = memory_new(1, sizeof(*checker));
    checker->issuer = home->issuer;
    checker->revoked = revoked_new();
    checker->governed = governed_new(home->config.origin, home->config.ledger_vkey);
    checker->ceremonies = ceremony_order_new();
    return checker;
}

void records_checker_free(struct records_checker *checker)
{
    revoked_free(checker->revoked);
    governed_free(checker->governed);
    ceremony_order_free(checker->ceremonies);
    builder_done(&checker->tbs);
    free(checker);
}

void records_checker_end(const struct records_checker *checker, const struct home *home,
                         struct ledger_report *report)
{
    struct error err = ERROR_INIT;
    report->crls = checker->crls;
    report->emergencies = governed_emergencies(checker->governed);
    if (home->issuer != NULL && !home_chain_compare(home, &checker->chain, &err))
        (void)say(&report->findings, "ledger.chain", &err);
}

const struct governed *records_governed(const struct records_checker *checker)
{
    return checker->governed;
}

struct ledger_checks records_checks(struct records_checker *checker)
{
    return (struct ledger_checks){.tbs = check_tbs,
                                  .certificate = check_certificate,
                                  .record = check_record,
                                  .in_order = check_in_order,
                                  .data = checker};
}
