/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect/crl.h"

#include "base/digest.h"
#include "base/encode.h"
#include "inspect/foreign.h"
#include "records/revoked.h"
#include "records/verify.h"

#include <inttypes.h>
#include <string.h>

/** A CRL, held against the records as they are read. */
struct held {
    struct revoked *revoked;
    const struct cert_issuer *issuer;
    struct bytes tbs; /**< of the CRL in hand */
    uint8_t sha256[32];
    uint64_t number;
    uint64_t signing_seq; /**< UINT64_MAX: its crl.signing was not met yet */
    bool is_issued;
};

/** Which serial one list has and the other lacks is what a person wants to know. */
static bool differ(const struct held *held, struct bytes rebuilt, struct error *err)
{
    AUTO(builder_done) struct builder sealed = BUILDER_INIT;
    struct crl ours, theirs;
    struct crl_read_entry our_entry, their_entry;
    char serial[129];
    cert_seal(held->tbs, SIGNATURE_ED25519, bytes_of(NULL, 0), &sealed); // only to be read again
    struct error ignored = ERROR_INIT;
    AUTO(builder_done) struct builder sealed_ours = BUILDER_INIT;
    cert_seal(rebuilt, SIGNATURE_ED25519, bytes_of(NULL, 0), &sealed_ours);
    if (!crl_read(builder_bytes(&sealed), &theirs, &ignored) ||
        !crl_read(builder_bytes(&sealed_ours), &ours, &ignored))
        return error_set(err, ERROR_LEDGER, 0, "it is not the CRL of its number in the ledger");
    for (;;) {
        bool has_ours = crl_next_entry(&ours.entries, &our_entry);
        bool has_theirs = crl_next_entry(&theirs.entries, &their_entry);
        if (!has_ours && !has_theirs)
            return error_set(
                err, ERROR_LEDGER, 0,
                "its entries are right, but its dates, issuer or extensions are not those of CRL %" PRIu64
                " in the ledger",
                held->number);
        if (has_ours && has_theirs && bytes_equal(our_entry.whole, their_entry.whole))
            continue;
        const struct crl_read_entry *which = has_ours ? &our_entry : &their_entry;
        return error_set(err, ERROR_LEDGER, 0, "its entries are not those of the ledger, from %s on: %s",
                         hex_of(bytes_slice(which->entry.serial, 0, 64), serial),
                         has_ours ? "the ledger has it there, this CRL has another or none"
                                  : "the ledger has no more");
    }
}

static bool meet_signing(struct held *held, uint64_t seq, const struct json *json, struct error *err)
{
    AUTO(builder_done) struct builder buffer = BUILDER_INIT;
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    struct record_crl_signing record;
    if (!record_crl_signing_read(json, &buffer, &record, err))
        return false;
    if (record.number != held->number)
        return true;
    if (!records_crl_rebuild(held->revoked, held->issuer, &record, &tbs, err))
        return error_while(err, "making CRL %" PRIu64 " again", record.number);
    if (!bytes_equal(builder_bytes(&tbs), held->tbs))
        return differ(held, builder_bytes(&tbs), err);
    held->signing_seq = seq;
    return true;
}

static bool meet_issued(struct held *held, const struct json *json, struct error *err)
{
    AUTO(builder_done) struct builder buffer = BUILDER_INIT;
    struct record_crl_issued record;
    if (!record_crl_issued_read(json, &buffer, &record, err))
        return false;
    if (record.ref != held->signing_seq)
        return true;
    held->is_issued = true;
    return memcmp(record.sha256, held->sha256, sizeof(record.sha256)) == 0 ||
           error_set(err, ERROR_LEDGER, 0, "its signature is another than the ledger's");
}

static bool meet(void *data, uint64_t seq, struct bytes text, struct error *err)
{
    struct held *held = data;
    AUTO(json_free) struct json *json = NULL;
    bool is_signing = held->signing_seq == UINT64_MAX && revoked_is_type(text, RECORD_CRL_SIGNING);
    bool is_issued = held->signing_seq != UINT64_MAX && revoked_is_type(text, RECORD_CRL_ISSUED);
    if ((is_signing || is_issued) &&
        (!json_parse(text, &json, err) ||
         !(is_signing ? meet_signing(held, seq, json, err) : meet_issued(held, json, err))))
        return false;
    return revoked_take(held->revoked, seq, text, err);
}

bool crl_show(const char *path, struct builder *ret_text, struct findings *ret_findings, struct error *err)
{
    AUTO(foreign_done) struct foreign foreign = {.issuer = NULL};
    if (!foreign_read_file(FOREIGN_CRL, path, &foreign, err))
        return false;
    builder_add_text(ret_text, foreign.words == NULL ? "" : foreign.words);
    findings_copy(ret_findings, &foreign.findings);
    return true;
}

static bool hold(const struct home *home, struct held *held, struct error *err)
{
    AUTO(ledger_scan_free) struct ledger_scan *scan = ledger_scan_new(home->ledger);
    AUTO(revoked_free) struct revoked *revoked = revoked_new();
    held->revoked = revoked;
    if (!ledger_scan_on(scan, meet, held, err))
        return false;
    if (held->signing_seq == UINT64_MAX)
        return error_set(err, ERROR_LEDGER, 0,
                         "the ledger has no CRL %" PRIu64
                         ": either this home is an old copy, or the token signed "
                         "what no ledger holds",
                         held->number);
    return held->is_issued ||
           error_set(err, ERROR_LEDGER, 0, "CRL %" PRIu64 " was never recorded as signed", held->number);
}

static bool open_home(const char *path, const struct console *console, struct home **ret_home,
                      struct error *err)
{
    return home_open(path, HOME_LOOK, console, ret_home, err) &&
           ((*ret_home)->issuer != NULL ||
            error_set(err, ERROR_INPUT, 0, "%s awaits its parent's certificate", path));
}

bool crl_check(const char *path, const char *file, const struct console *console, struct crl_held *ret_held,
               struct error *err)
{
    AUTO(home_close) struct home *home = NULL;
    AUTO(foreign_done) struct foreign foreign = {.issuer = NULL};
    struct crl crl;
    struct crl_facts facts;
    struct held held = {.signing_seq = UINT64_MAX};
    // Nothing of the file is read in this process before the CA's own signature is found on it.
    if (!foreign_read_file(FOREIGN_CRL, file, &foreign, err) || !open_home(path, console, &home, err) ||
        !foreign_is_ours(&foreign, home->issuer, err))
        return false;
    struct bytes der = builder_bytes(&foreign.der);
    if (!crl_read(der, &crl, err) || !crl_facts(&crl, &facts, err))
        return false;
    if (!crl_verify(der, bytes_of(NULL, 0), home->issuer, err)) {
        err->kind = ERROR_INPUT; // no token of this CA is at fault for a file
        return false;
    }
    if (!facts.has_number || !crl_number(facts.number, &held.number))
        return error_set(err, ERROR_INPUT, 0, "the CRL has no number that this CA could have given it");
    held.issuer = home->issuer;
    held.tbs = crl.tbs;
    digest_sha256(der, held.sha256);
    if (!hold(home, &held, err))
        return false;
    *ret_held = (struct crl_held){.number = held.number, .next_update = crl.next_update};
    for (struct crl_read_entry entry; crl_next_entry(&crl.entries, &entry);)
        ret_held->entries++;
    return true;
}
