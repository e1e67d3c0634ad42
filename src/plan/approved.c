/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/approved.h"

#include "base/digest.h"
#include "base/memory.h"
#include "base/public_key.h"
#include "base/quote.h"
#include "cert/cert.h"
#include "plan/inputs.h"
#include "plan/permits.h"
#include "records/cert.h"
#include "records/in_force.h"

#include <inttypes.h>
#include <string.h>

/* ---- to a file ---- */

static void add_items(const struct plan *plan, struct plan_file *file)
{
    file->refused = json_new_array();
    for (size_t i = 0; i < plan->count; i++) {
        const struct plan_item *item = &plan->items[i];
        if (item->action == PLAN_REFUSE) {
            AUTO(builder_done) struct builder reasons = BUILDER_INIT;
            struct json *refused = json_add_object(file->refused);
            plan_item_reasons(item, &reasons);
            json_put_text(refused, "source", item->source);
            json_put_text(refused, "reasons", builder_text(&reasons));
        }
        if (item->action != PLAN_SIGN)
            continue;
        const struct record_cert_signing record = {
            .tbs = bytes_of(item->tbs, item->tbs_len),
            .template = item->verdict->template,
            .policy = plan->policy_name,
            .policy_sha256 = plan->policy_sha256,
            .csr_sha256 = item->request->sha256,
            .input_sha256 = item->input_sha256,
            .source = item->source,
        };
        plan_file_add(file, item->name, RECORD_CERT_SIGNING, record_cert_signing_write(&record));
    }
}

/** The text that was evaluated by, read again: its digest says that it is. */
static bool add_policy(const struct home *home, const struct plan *plan, struct plan_file *file,
                       struct error *err)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(free) char *name = NULL;
    uint8_t digest[32];
    if (!home_policy_read(home->fd, plan->policy_name, &text, &name, err))
        return error_while(err, "a plan's policy has to be found by its name");
    digest_sha256(builder_bytes(&text), digest);
    if (memcmp(digest, plan->policy_sha256, sizeof(digest)) != 0 || !utf8_is_valid(builder_bytes(&text)))
        return error_set(
            err, ERROR_INPUT, 0,
            "the policies/%s.yaml that is found by its name is not the text that was used: put it there",
            plan->policy_name);
    file->policy_text = builder_take_text(&text);
    file->header.policy = memory_text(plan->policy_name);
    memcpy(file->header.policy_sha256, plan->policy_sha256, sizeof(digest));
    return true;
}

bool plan_to_file(const struct home *home, const struct plan *plan, int64_t now, int64_t valid_for,
                  struct plan_file *ret_file, struct error *err)
{
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    if (!admit_new_plan(home, plan->act, now, valid_for, &file, err) || !add_policy(home, plan, &file, err))
        return false;
    add_items(plan, &file);
    if (json_count(file.items) == 0)
        return error_set(err, ERROR_INPUT, 0,
                         "nothing of it would be signed, so there is nothing to approve");
    plan_file_seal(&file);
    *ret_file = file;
    file = (struct plan_file){.items = NULL};
    return true;
}

/* ---- and back ---- */

/** What coldca would not have planned is not signed, whoever approved it: another issuer's name, another algorithm. */
static bool check_tbs(const struct home *home, struct bytes tbs, enum act act, const struct cert_facts *facts,
                      struct error *err)
{
    struct public_key_facts key;
    enum signature_kind kind = SIGNATURE_OTHER;
    if (!cert_tbs_signature_kind(tbs, &kind, err) ||
        !public_key_read(cert_issuer_spki(home->issuer), &key, err))
        return false;
    if (strcmp(facts->issuer_text, cert_issuer_facts(home->issuer)->subject_text) != 0)
        return error_set(err, ERROR_INPUT, 0, "its issuer is %s, not this CA",
                         quoted_text(facts->issuer_text, &(struct quoted){0}));
    if (facts->is_ca != (act == ACT_ISSUE_CA))
        return error_set(err, ERROR_INPUT, 0, "it is %s, its plan is of %s",
                         facts->is_ca ? "a CA certificate" : "not a CA certificate", act_words(act));
    return signature_fits_key(kind, key.kind) ||
           error_set(err, ERROR_INPUT, 0, "it is to be signed with %s, which this CA's key does not make",
                     signature_name(kind));
}

/** \param is_taken  the plan was begun before */
static bool decide(const struct home *home, struct plan_item *item, const struct cert_facts *facts,
                   bool is_taken, struct error *err)
{
    bool is_used = false;
    if (!ledger_find_serial(home->ledger, bytes_of(facts->serial, facts->serial_len), &item->earlier,
                            &is_used, err))
        return false;
    item->action = PLAN_SIGN;
    if (!is_used)
        return true;
    if (!is_taken)
        return error_set(err, ERROR_INPUT, 0,
                         "its serial was used since (record %" PRIu64 "): make the plan anew",
                         item->earlier.signing_seq);
    item->action = PLAN_REPEAT;
    if (item->earlier.status != LEDGER_ISSUED)
        plan_item_refuse(item, "plan.serial",
                         item->earlier.status == LEDGER_REVOKED ? "it was issued, and revoked since"
                                                                : "a run was stopped while it was signed",
                         "plan the request anew: this serial is not used again");
    return true;
}

static bool fill_item(const struct home *home, const struct admitted *admitted, size_t index,
                      struct plan_item *item, struct error *err)
{
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    AUTO(cert_facts_done) struct cert_facts facts = {.serial_len = 0};
    const struct json *record = plan_file_record(&admitted->file, index);
    AUTO(free) char *named = memory_format("%s.csr", plan_file_name(&admitted->file, index));
    AUTO(free) char *safe = input_output_name(named);
    const char *source = json_text(record, "source");
    item->name = memory_text(plan_file_name(&admitted->file, index));
    item->source = memory_text(source != NULL ? source : item->name);
    item->verdict = memory_new(1, sizeof(*item->verdict));
    item->verdict->is_allowed = true;
    item->planned = plan_file_planned(&admitted->file, index);
    // As inputs are named: beneath the output directory, and on any medium.
    if (strcmp(safe, item->name) != 0)
        return error_set(err, ERROR_INPUT, 0, "its name can't be a file's");
    if (!record_bytes(record, "tbs", &tbs, err) || !cert_read_tbs(builder_bytes(&tbs), &facts, err) ||
        !record_cert_signing_matches(record, admitted->file.header.policy,
                                     admitted->file.header.policy_sha256, &facts, err) ||
        !check_tbs(home, builder_bytes(&tbs), admitted->file.header.act, &facts, err))
        return false;
    memcpy(item->serial, facts.serial, facts.serial_len < sizeof(item->serial) ? facts.serial_len : 20);
    digest_sha256(builder_bytes(&tbs), item->tbs_sha256);
    item->tbs = builder_take(&tbs, &item->tbs_len);
    return decide(home, item, &facts, admitted->is_taken, err);
}

/** The policy as it is now is the one people saw. */
static bool check_policy(const struct home *home, const struct plan_header *header, struct plan *plan,
                         struct error *err)
{
    struct policy *policy = NULL;
    AUTO(builder_done) struct builder change = BUILDER_INIT;
    if (!home_policy_find(home->fd, header->policy, &policy, err))
        return false;
    bool is_same = strcmp(policy_name(policy), header->policy) == 0 &&
                   memcmp(policy_sha256(policy), header->policy_sha256, 32) == 0;
    bool is_permitted = is_same && plan_permits_policy(home, policy, header->policy, &change, err);
    plan->wants_proofs = policy_wants_proof(policy);
    policy_free(policy);
    return is_permitted ||
           (!is_same &&
            error_set(err, ERROR_INPUT, 0,
                      "the policy %s changed since the plan was made: make it anew, and have it approved",
                      quoted_text(header->policy, &(struct quoted){0})));
}

bool plan_of_admitted(const struct home *home, const struct admitted *admitted, int64_t now,
                      struct plan **ret_plan, struct error *err)
{
    const struct plan_header *header = &admitted->file.header;
    if (header->act != ACT_ISSUE && header->act != ACT_ISSUE_CA)
        return error_set(err, ERROR_INPUT, 0, "it is a plan of %s, not of certificates",
                         act_words(header->act));
    AUTO(plan_free) struct plan *plan = plan_new_of(header->policy, header->policy_sha256, header->act);
    plan->admitted = admitted;
    plan->made_at = now;
    memcpy(plan->sha256, admitted->file.sha256, sizeof(plan->sha256));
    if (!check_policy(home, header, plan, err))
        return false;
    plan->items = memory_new(header->count, sizeof(*plan->items));
    for (; plan->count < header->count; plan->count++) {
        struct plan_item *item = &plan->items[plan->count];
        if (!fill_item(home, admitted, plan->count, item, err)) {
            plan->count++; // it is the plan's to free
            return error_while(err, "reading item %zu of the plan, %s", plan->count - 1, item->name);
        }
    }
    *ret_plan = TAKE(plan);
    return true;
}
