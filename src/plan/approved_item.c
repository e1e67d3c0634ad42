/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/approved_item.h"

#include "base/digest.h"
#include "base/memory.h"
#include "base/public_key.h"
#include "base/quote.h"
#include "base/time.h"
#include "cert/cert.h"
#include "plan/inputs.h"
#include "plan/place.h"
#include "records/cert.h"

#include <inttypes.h>
#include <string.h>

/** By the rules of cert/: issuer's name and key identifier to the byte, dates within the CA's, serial, extensions. */
static bool lint(const struct approved_items *items, struct bytes tbs, enum signature_kind kind,
                 const struct cert_facts *facts, struct error *err)
{
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(findings_done) struct findings found = FINDINGS_INIT;
    bool may_outlive =
        !facts->is_ca && facts->not_after == TIME_9999_END && policy_has_no_expiry(items->policy);
    cert_seal(tbs, kind, bytes_of(NULL, 0), &der);
    cert_lint(builder_bytes(&der), items->home->issuer, &found);
    if (facts->not_before < cert_issuer_facts(items->home->issuer)->not_before)
        findings_say(&found, "lint.before-issuer", "RFC 5280 6.1.3", "valid earlier than its issuer");
    for (size_t i = 0; i < found.count; i++) {
        if (may_outlive && strcmp(found.items[i].rule, "lint.past-issuer") == 0)
            continue;
        return error_set(err, ERROR_INPUT, 0,
                         "coldca would not have planned it: %s (%s); make the plan anew, at this CA",
                         found.items[i].text, found.items[i].rule);
    }
    return true;
}

/** What coldca would not have planned is not signed, whoever approved it: another issuer's name, another algorithm. */
static bool check_tbs(const struct approved_items *items, struct bytes tbs, const struct cert_facts *facts,
                      struct error *err)
{
    struct public_key_facts key;
    enum act act = items->admitted->file.header.act;
    const struct cert_issuer *issuer = items->home->issuer;
    enum signature_kind kind = SIGNATURE_OTHER;
    if (!cert_tbs_signature_kind(tbs, &kind, err) || !public_key_read(cert_issuer_spki(issuer), &key, err))
        return false;
    if (strcmp(facts->issuer_text, cert_issuer_facts(issuer)->subject_text) != 0)
        return error_set(err, ERROR_INPUT, 0, "its issuer is %s, not this CA",
                         quoted_text(facts->issuer_text, &(struct quoted){0}));
    if (facts->is_ca != (act == ACT_ISSUE_CA))
        return error_set(err, ERROR_INPUT, 0, "it is %s, its plan is of %s",
                         facts->is_ca ? "a CA certificate" : "not a CA certificate", act_words(act));
    if (!signature_fits_key(kind, key.kind))
        return error_set(err, ERROR_INPUT, 0, "it is to be signed with %s, which this CA's key does not make",
                         signature_name(kind));
    return lint(items, tbs, kind, facts, err);
}

/** Nobody has this certificate, and it may be that nobody ever will. */
static void refuse_stopped(const struct approved_items *items, struct plan_item *item)
{
    const char *why = "a run was stopped while it was signed, and another command burned its serial";
    if (item->earlier.status == LEDGER_REVOKED)
        why = "it was issued, and revoked since";
    else if (item->earlier.status == LEDGER_UNFINISHED && items->admitted->is_over)
        why = "a run was stopped while it was signed, and since then the plan's time passed or the controls "
              "changed";
    plan_item_refuse(item, "plan.serial", why, "plan the request anew: this serial is not used again");
}

/** New, or of an earlier run of this plan: that one's record is signed, if nobody knows whether it was. */
static bool decide(const struct approved_items *items, const struct cert_facts *facts, struct plan_item *item,
                   struct error *err)
{
    struct ledger *ledger = items->home->ledger;
    bool is_used = false;
    if (!ledger_find_serial(ledger, bytes_of(facts->serial, facts->serial_len), &item->earlier, &is_used,
                            err))
        return false;
    item->action = PLAN_SIGN;
    item->is_logged = is_used && item->earlier.status == LEDGER_UNFINISHED &&
                      items->admitted->done[item->planned_index] && !items->admitted->is_over;
    if (!is_used || item->is_logged) {
        place_new(items->output, item);
        return true;
    }
    if (!items->admitted->done[item->planned_index])
        return error_set(err, ERROR_INPUT, 0,
                         "its serial was used since (record %" PRIu64 "): make the plan anew",
                         item->earlier.signing_seq);
    item->action = PLAN_REPEAT;
    if (item->earlier.status == LEDGER_ISSUED)
        return place_earlier(ledger, items->output, item, err);
    refuse_stopped(items, item);
    return true;
}

/** There is no request any more, but people and reports want to see what it is about: as the bytes say. */
static bool remember(const struct json *record, const struct cert_facts *facts, struct bytes tbs,
                     struct plan_item *item, struct error *err)
{
    struct bytes spki;
    uint8_t csr_sha256[32];
    return cert_tbs_spki(tbs, &spki, err) && record_digest(record, "csr_sha256", csr_sha256, err) &&
           request_remember(csr_sha256, facts->subject_text, spki, &item->request, err) &&
           (json_get(record, "input_sha256") == NULL ||
            record_digest(record, "input_sha256", item->input_sha256, err));
}

static bool name(const struct admitted *admitted, size_t index, struct plan_item *item, struct error *err)
{
    const char *planned = plan_file_name(&admitted->file, index);
    const char *source = json_text(plan_file_record(&admitted->file, index), "source");
    AUTO(free) char *as_request = memory_format("%s.csr", planned);
    AUTO(free) char *safe = input_output_name(as_request);
    item->name = memory_text(planned);
    item->source = memory_text(source != NULL ? source : planned);
    // As inputs are named: beneath the output directory, and on any medium.
    return strcmp(safe, item->name) == 0 || error_set(err, ERROR_INPUT, 0, "its name can't be a file's");
}

bool approved_item_fill(const struct approved_items *items, size_t index, struct plan_item *ret_item,
                        struct error *err)
{
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    AUTO(cert_facts_done) struct cert_facts facts = {.serial_len = 0};
    const struct admitted *admitted = items->admitted;
    const struct plan_header *header = &admitted->file.header;
    const struct json *record = plan_file_record(&admitted->file, index);
    ret_item->verdict = memory_new(1, sizeof(*ret_item->verdict));
    ret_item->verdict->is_allowed = true;
    ret_item->is_planned = true;
    ret_item->planned_index = index;
    if (!name(admitted, index, ret_item, err) || !record_bytes(record, "tbs", &tbs, err) ||
        !cert_read_tbs(builder_bytes(&tbs), &facts, err) ||
        !record_cert_signing_matches(record, header->policy, header->policy_sha256, &facts, err) ||
        !check_tbs(items, builder_bytes(&tbs), &facts, err) ||
        !remember(record, &facts, builder_bytes(&tbs), ret_item, err))
        return false;
    memcpy(ret_item->serial, facts.serial, sizeof(ret_item->serial));
    digest_sha256(builder_bytes(&tbs), ret_item->tbs_sha256);
    ret_item->tbs = builder_take(&tbs, &ret_item->tbs_len);
    return decide(items, &facts, ret_item, err);
}
