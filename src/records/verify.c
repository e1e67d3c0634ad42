/* SPDX-License-Identifier: Apache-2.0 */
#include "records/verify.h"

#include "base/digest.h"
#include "base/encode.h"
#include "base/memory.h"
#include "base/quote.h"
#include "records/types.h"

#include <string.h>

static bool differs(struct findings *findings, const char *field, struct bytes recorded, struct bytes actual)
{
    if (recorded.data != NULL && bytes_equal(recorded, actual))
        return false;
    struct quoted room, actual_room;
    findings_say(findings, "ledger.fields", NULL, "%s: the record says %s, its TBSCertificate %s", field,
                 recorded.data == NULL ? "nothing" : quoted(recorded, &room), quoted(actual, &actual_room));
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
    const struct cert_issuer *issuer = data;
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

struct ledger_checks records_checks(const struct home *home)
{
    return (struct ledger_checks){
        .tbs = check_tbs, .certificate = check_certificate, .record = check_record, .data = home->issuer};
}
