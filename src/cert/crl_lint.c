/* SPDX-License-Identifier: Apache-2.0 */
#include "base/time.h"
#include "cert/asn1.h"
#include "cert/crl_parts.h"
#include "cert/parts.h"

#include <inttypes.h>
#include <string.h>

/* RFC 5280 5 rule by rule, over finished CRLs: ours before they leave, and others' (`crl show`). */

static bool find(struct bytes extensions, uint8_t last, struct cert_extension *ret_extension)
{
    const struct cert_parts parts = {.extensions = extensions};
    return parts_find(&parts, last, ret_extension);
}

/** Damaged ones are not read: crl_facts() and crl_next_entry() refuse them before. */
static void lint_twice(struct bytes extensions, const char *rule, const char *source, struct findings *found)
{
    struct parts_seen seen = {.count = 0};
    struct cert_extension extension;
    while (parts_next_extension(&extensions, &extension)) {
        if (parts_is_repeated(&seen, extension.oid))
            findings_say(found, rule, source, "an extension is there twice");
    }
}

static void lint_must_not_be_critical(struct bytes extensions, uint8_t last, const char *name,
                                      const char *source, struct findings *found)
{
    struct cert_extension extension;
    if (find(extensions, last, &extension) && extension.is_critical)
        findings_say(found, "lint.crl-critical", source, "%s is critical", name);
}

static void lint_must_be_critical(struct bytes extensions, uint8_t last, const char *name, const char *source,
                                  struct findings *found)
{
    struct cert_extension extension;
    if (find(extensions, last, &extension) && !extension.is_critical)
        findings_say(found, "lint.crl-not-critical", source, "%s is not critical", name);
}

static void lint_extensions(const struct crl *crl, const struct crl_facts *facts, struct findings *found)
{
    if (crl->has_extensions && crl->extensions.len == 0)
        findings_say(found, "lint.crl-extensions-empty", "RFC 5280 5.1.2.7", "crlExtensions is empty");
    if (!facts->has_number)
        findings_say(found, "lint.crl-number", "RFC 5280 5.2.3", "no cRLNumber");
    if (facts->key_id.len == 0)
        findings_say(found, "lint.crl-key-id", "RFC 5280 5.2.1",
                     "no authorityKeyIdentifier with a keyIdentifier");
    lint_twice(crl->extensions, "lint.crl-extension-twice", "RFC 5280 5.2", found);
    lint_must_not_be_critical(crl->extensions, 35, "authorityKeyIdentifier", "RFC 5280 5.2.1", found);
    lint_must_not_be_critical(crl->extensions, 20, "cRLNumber", "RFC 5280 5.2.3", found);
    lint_must_not_be_critical(crl->extensions, 46, "freshestCRL", "RFC 5280 5.2.6", found);
    lint_must_not_be_critical(crl->extensions, 60, "expiredCertsOnCRL", "X.509 9.5.2.8", found);
    lint_must_be_critical(crl->extensions, 27, "deltaCRLIndicator", "RFC 5280 5.2.4", found);
    lint_must_be_critical(crl->extensions, 28, "issuingDistributionPoint", "RFC 5280 5.2.5", found);
}

static void lint_dates(const struct crl *crl, struct findings *found)
{
    if (crl->next_update == CRL_NO_TIME)
        findings_say(found, "lint.crl-next-update", "RFC 5280 5.1.2.5", "no nextUpdate");
    else if (crl->next_update <= crl->this_update)
        findings_say(found, "lint.crl-dates", "RFC 5280 5.1.2.5", "nextUpdate is not after thisUpdate");
    if (crl->has_long_date)
        findings_say(found, "lint.crl-time-form", "RFC 5280 5.1.2.4",
                     "a date before 2050 is written as GeneralizedTime");
}

/** Most entries of a list have the same extensions as the one before, where nothing was found. */
static void lint_entry_extensions(struct crl_entries_lint *run, struct bytes extensions,
                                  struct findings *found)
{
    if (bytes_equal(extensions, bytes_of(run->clean, run->clean_len)))
        return;
    size_t before = found->count;
    lint_twice(extensions, "lint.crl-entry-extension-twice", "RFC 5280 5.3", found);
    lint_must_not_be_critical(extensions, 21, "reasonCode", "RFC 5280 5.3.1", found);
    lint_must_not_be_critical(extensions, 24, "invalidityDate", "RFC 5280 5.3.2", found);
    if (found->count == before && extensions.len <= sizeof(run->clean)) {
        memcpy(run->clean, extensions.data, extensions.len);
        run->clean_len = extensions.len;
    }
}

static void lint_entry(struct crl_entries_lint *run, const struct crl_read_entry *entry,
                       struct findings *found)
{
    const struct crl_entry *fields = &entry->entry;
    uint64_t number = run->count;
    bool is_zero = fields->serial.len == 1 && fields->serial.data[0] == 0;
    if (is_zero)
        findings_say(found, "lint.crl-serial-zero", "RFC 5280 4.1.2.2", "entry %" PRIu64 ": the serial is 0",
                     number);
    if (fields->serial.len > 20)
        findings_say(found, "lint.crl-serial-length", "RFC 5280 4.1.2.2",
                     "entry %" PRIu64 ": the serial has %zu octets, 20 are allowed", number,
                     fields->serial.len);
    if (entry->has_reason && fields->reason == CRL_UNSPECIFIED)
        findings_say(found, "lint.crl-reason-zero", "RFC 5280 5.3.1",
                     "entry %" PRIu64 ": reason unspecified is written out", number);
    if (fields->reason == CRL_REMOVE_FROM_CRL && run->first_removed == 0)
        run->first_removed = number;
    if (fields->revoked_at > run->this_update)
        findings_say(found, "lint.crl-future", "RFC 5280 5.1.2.6",
                     "entry %" PRIu64 ": revoked after the CRL was made", number);
    if (!run->is_v2 && entry->extensions.len != 0)
        findings_say(found, "lint.crl-version", "RFC 5280 5.1.2.1", "entry extensions in a CRL of version 1");
    if (entry->extensions.len != 0)
        lint_entry_extensions(run, entry->extensions, found);
}

#define LINT_FINDINGS_MAX 100 /* of a CRL of a million entries that all have it, more says no more */

size_t crl_lint_entries(struct crl_entries_lint *run, struct bytes entries, struct findings *ret_findings)
{
    struct crl_read_entry entry;
    struct bytes cursor = entries;
    while (crl_next_entry(&cursor, &entry)) {
        run->count++;
        if (ret_findings->count < LINT_FINDINGS_MAX)
            lint_entry(run, &entry, ret_findings);
    }
    return entries.len - cursor.len;
}

void crl_lint_entries_end(const struct crl_entries_lint *run, bool is_whole, bool is_delta,
                          struct findings *ret_findings)
{
    if (run->first_removed > 0 && !is_delta)
        findings_say(ret_findings, "lint.crl-remove", "RFC 5280 5.3.1",
                     "entry %" PRIu64 ": removeFromCRL is for deltas only", run->first_removed);
    if (ret_findings->count < LINT_FINDINGS_MAX && !is_whole)
        findings_say(ret_findings, "lint.crl-entry", "RFC 5280 5.1.2.6", "entry %" PRIu64 " is damaged",
                     run->count + 1);
}

static void lint_against_issuer(const struct crl *crl, const struct crl_facts *facts,
                                const struct cert_issuer *issuer, struct findings *found)
{
    const struct policy_issuer *ca = cert_issuer_facts(issuer);
    if (!bytes_equal(crl->issuer, cert_issuer_subject(issuer)))
        findings_say(found, "lint.crl-issuer", "RFC 5280 5.1.2.3",
                     "the issuer is not this CA's subject byte for byte");
    if (facts->key_id.len > 0 && !bytes_equal(facts->key_id, cert_issuer_key_id(issuer)))
        findings_say(found, "lint.crl-key-id", "RFC 5280 5.2.1",
                     "authorityKeyIdentifier is not the issuer's subjectKeyIdentifier");
    if (ca->key_usage != 0 && (ca->key_usage & KEY_USAGE_CRL_SIGN) == 0)
        findings_say(found, "lint.crl-sign", "RFC 5280 4.2.1.3", "the CA's keyUsage has no cRLSign");
    if (crl->next_update != CRL_NO_TIME && crl->next_update > ca->not_after)
        findings_say(found, "lint.crl-past-issuer", "RFC 5280 5.1.2.5", "nextUpdate is past the CA's end");
    if (crl->this_update < ca->not_before)
        findings_say(found, "lint.crl-before-issuer", "RFC 5280 5.1.2.4", "made before the CA was valid");
}

static void not_read(const struct error *reason, struct findings *found)
{
    findings_say(found, "lint.crl-parse", "RFC 5280 5.1", "%s", reason->text);
}

bool crl_lint_frame(const struct crl *crl, const struct cert_issuer *issuer, struct crl_facts *ret_facts,
                    struct findings *ret_findings)
{
    struct error reason = ERROR_INIT;
    if (!crl_facts(crl, ret_facts, &reason)) {
        not_read(&reason, ret_findings);
        return false;
    }
    if (!crl->is_v2)
        findings_say(ret_findings, "lint.crl-version", "RFC 5280 5.1.2.1", "not a CRL of version 2");
    if (!bytes_equal(crl->algorithm, crl->outer_algorithm))
        findings_say(ret_findings, "lint.crl-algorithms", "RFC 5280 5.1.1.2",
                     "the inner and the outer signature algorithm differ");
    if (signature_of_der(crl->algorithm) == SIGNATURE_OTHER)
        findings_say(ret_findings, "lint.crl-algorithm", "RFC 5280 5.1.1.2",
                     "a signature algorithm that coldca does not know");
    if (crl->issuer.len <= 2)
        findings_say(ret_findings, "lint.crl-no-issuer", "RFC 5280 5.1.2.3", "the issuer is empty");
    lint_dates(crl, ret_findings);
    lint_extensions(crl, ret_facts, ret_findings);
    if (crl->has_entries && crl->entries_len == 0)
        findings_say(ret_findings, "lint.crl-empty-list", "RFC 5280 5.1.2.6",
                     "revokedCertificates is there and empty");
    if (issuer != NULL)
        lint_against_issuer(crl, ret_facts, issuer, ret_findings);
    return true;
}

static void lint(const struct crl *crl, const struct cert_issuer *issuer, struct findings *ret_findings)
{
    struct crl_facts facts;
    struct crl_entries_lint run = {.this_update = crl->this_update, .is_v2 = crl->is_v2};
    if (!crl_lint_frame(crl, issuer, &facts, ret_findings))
        return;
    bool is_whole = crl_lint_entries(&run, crl->entries, ret_findings) == crl->entries.len;
    crl_lint_entries_end(&run, is_whole, facts.is_delta, ret_findings);
}

void crl_lint(struct bytes der, const struct cert_issuer *issuer, struct findings *ret_findings)
{
    struct crl crl;
    struct error reason = ERROR_INIT;
    if (crl_read(der, &crl, &reason))
        lint(&crl, issuer, ret_findings);
    else
        not_read(&reason, ret_findings);
}
