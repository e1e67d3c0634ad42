/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "base/time.h"
#include "cert/crl_parts.h"
#include "cert/name.h"

#include <inttypes.h>

static bool wrong(struct error *err, const char *what)
{
    return error_set(err, ERROR_TOKEN, 0, "the CRL is wrong: %s", what);
}

bool crl_verify_frame(const struct crl *crl, const struct cert_issuer *issuer, struct error *err)
{
    struct crl_facts facts;
    struct error reason = ERROR_INIT;
    if (!crl_facts(crl, &facts, &reason))
        return wrong(err, reason.text);
    if (!bytes_equal(crl->algorithm, crl->outer_algorithm))
        return wrong(err, "its two signature algorithms differ (RFC 5280 5.1.1.2)");
    if (!bytes_equal(crl->issuer, cert_issuer_subject(issuer)))
        return wrong(err, "its issuer is not the CA's subject byte for byte (RFC 5280 5.1.2.3)");
    return bytes_equal(facts.key_id, cert_issuer_key_id(issuer)) ||
           wrong(err, "its authorityKeyIdentifier is not the CA's subjectKeyIdentifier (RFC 5280 5.2.1)");
}

static bool no_signature(struct error *err)
{
    return wrong(err, "its signature does not verify with the CA certificate's public key");
}

bool crl_verify(struct bytes der, struct bytes tbs, const struct cert_issuer *issuer, struct error *err)
{
    struct crl crl;
    struct error reason = ERROR_INIT;
    if (!crl_read(der, &crl, &reason))
        return wrong(err, reason.text);
    if (tbs.len > 0 && !bytes_equal(crl.tbs, tbs))
        return wrong(err, "it is not over the bytes that were logged");
    return crl_verify_frame(&crl, issuer, err) &&
           (public_key_verify(cert_issuer_key(issuer), signature_of_der(crl.algorithm), crl.tbs,
                              crl.signature, &reason) ||
            no_signature(err));
}

bool crl_verify_parts(const struct crl *crl, struct bytes message, const struct cert_issuer *issuer,
                      struct error *err)
{
    struct error reason = ERROR_INIT;
    const struct public_key *key = cert_issuer_key(issuer);
    enum signature_kind kind = signature_of_der(crl->algorithm);
    if (!crl_verify_frame(crl, issuer, err))
        return false;
    bool is_signed = signature_hash(kind) == HASH_NONE
                         ? public_key_verify(key, kind, message, crl->signature, &reason)
                         : public_key_verify_digest(key, kind, message, crl->signature, &reason);
    return is_signed || no_signature(err);
}

/* ---- in words ---- */

static void add_entry(const struct crl_entry *entry, struct builder *text)
{
    char time[TIME_TEXT_SIZE];
    for (size_t i = 0; i < entry->serial.len; i++)
        builder_format(text, i == 0 ? "  %02x" : "%02x", entry->serial.data[i]);
    builder_format(text, "  revoked %s", time_format(entry->revoked_at, time));
    if (entry->reason != CRL_UNSPECIFIED)
        builder_format(text, ", %s", crl_reason_name(entry->reason));
    if (entry->invalidity_date != CRL_NO_TIME)
        builder_format(text, ", invalid since %s", time_format(entry->invalidity_date, time));
    builder_add_text(text, "\n");
}

static bool add_entries(const struct crl *crl, size_t entries_max, struct builder *text, struct error *err)
{
    struct crl_read_entry entry;
    size_t count = 0;
    AUTO(builder_done) struct builder list = BUILDER_INIT;
    struct bytes cursor = crl->entries;
    for (; crl_next_entry(&cursor, &entry); count++) {
        if (count < entries_max)
            add_entry(&entry.entry, &list);
    }
    if (cursor.len > 0)
        return error_set(err, ERROR_INPUT, 0, "not a CRL: entry %zu is damaged (RFC 5280 5.1.2.6)",
                         count + 1);
    builder_format(text, "entries: %zu\n", count);
    builder_add_bytes(text, builder_bytes(&list));
    if (count > entries_max)
        builder_format(text, "  and %zu more\n", count - entries_max);
    return true;
}

static void add_number(const struct crl_facts *facts, struct builder *text)
{
    uint64_t number;
    if (!facts->has_number)
        builder_add_text(text, "number: none\n");
    else if (crl_number(facts->number, &number))
        builder_format(text, "number: %" PRIu64 "\n", number);
    else
        builder_add_text(text, "number: larger than 64 bits\n");
}

bool crl_describe(struct bytes der, size_t entries_max, struct builder *ret_text, struct error *err)
{
    struct crl crl;
    struct crl_facts facts;
    char time[TIME_TEXT_SIZE];
    AUTO(builder_done) struct builder issuer = BUILDER_INIT;
    if (!crl_read(der, &crl, err) || !crl_facts(&crl, &facts, err))
        return false;
    if (!name_text(crl.issuer, &issuer))
        return error_set(err, ERROR_INPUT, 0, "not a CRL: issuer (RFC 5280 5.1.2.3)");
    builder_format(ret_text, "issuer: %s\n", builder_text(&issuer));
    add_number(&facts, ret_text);
    builder_format(ret_text, "made (thisUpdate): %s\n", time_format(crl.this_update, time));
    builder_format(ret_text, "good until (nextUpdate): %s\n",
                   crl.next_update == CRL_NO_TIME ? "no end" : time_format(crl.next_update, time));
    builder_format(ret_text, "signed with: %s\n", signature_name(signature_of_der(crl.algorithm)));
    if (facts.is_delta)
        builder_add_text(ret_text, "a delta: only what changed since another CRL\n");
    if (facts.is_partial)
        builder_add_text(ret_text, "a part: only some of the CA's certificates\n");
    if (facts.has_expired_since)
        builder_format(ret_text, "holds revoked certificates that expired since: %s\n",
                       time_format(facts.expired_since, time));
    return add_entries(&crl, entries_max, ret_text, err);
}
