/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/plan.h"

#include "base/digest.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/memory.h"

#include <stdatomic.h>
#include <string.h>

void plan_input_done(struct plan_input *input)
{
    free(input->source);
    free(input->name);
    free(input->data);
    free(input->problem);
}

static void item_done(struct plan_item *item)
{
    free(item->source);
    free(item->name);
    if (item->request != NULL)
        request_free(item->request);
    if (item->verdict != NULL)
        verdict_free(item->verdict);
    free(item->reason);
    free(item->tbs);
    ledger_entry_done(&item->earlier);
}

struct plan *plan_new(const struct policy *policy)
{
    return plan_new_of(policy_name(policy), policy_sha256(policy),
                       policy_is_ca(policy) ? ACT_ISSUE_CA : ACT_ISSUE);
}

struct plan *plan_new_of(const char *policy, const uint8_t sha256[static 32], enum act act)
{
    struct plan *plan = memory_new(1, sizeof(*plan));
    atomic_store(&plan->holders, 1);
    plan->act = act;
    plan->policy_name = memory_text(policy);
    memcpy(plan->policy_sha256, sha256, sizeof(plan->policy_sha256));
    return plan;
}

struct plan *plan_hold(struct plan *plan)
{
    (void)atomic_fetch_add(&plan->holders, 1);
    return plan;
}

void plan_free(struct plan *plan)
{
    if (atomic_fetch_sub(&plan->holders, 1) > 1)
        return;
    for (size_t i = 0; i < plan->count; i++)
        item_done(&plan->items[i]);
    free(plan->items);
    free(plan->policy_name);
    if (plan->evaluated != NULL)
        json_free(plan->evaluated);
    findings_done(&plan->warnings);
    free(plan);
}

size_t plan_count(const struct plan *plan, enum plan_action action)
{
    size_t count = 0;
    for (size_t i = 0; i < plan->count; i++)
        count += plan->items[i].action == action ? 1 : 0;
    return count;
}

bool plan_has_rsa_key(const struct plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->items[i].request != NULL && plan->items[i].request->key_kind == KEY_RSA)
            return true;
    }
    return false;
}

const char *plan_action_name(enum plan_action action)
{
    static const char *const names[] = {
        [PLAN_SIGN] = "sign",       [PLAN_REFUSE] = "refused", [PLAN_REPEAT] = "repeat",
        [PLAN_PRESENT] = "present", [PLAN_SKIP] = "skipped",   [PLAN_ALLOW] = "allowed",
    };
    return names[action];
}

void plan_item_refuse(struct plan_item *item, const char *rule, const char *text, const char *remedy)
{
    if (item->verdict == NULL)
        item->verdict = memory_new(1, sizeof(*item->verdict));
    item->verdict->is_allowed = false;
    findings_add(&item->verdict->findings, &(struct finding){.rule = (char *)(uintptr_t)rule,
                                                             .text = (char *)(uintptr_t)text,
                                                             .remedy = (char *)(uintptr_t)remedy});
    item->action = PLAN_REFUSE;
}

void plan_item_reasons(const struct plan_item *item, struct builder *ret_text)
{
    if (item->reason != NULL)
        builder_add_text(ret_text, item->reason);
    for (size_t i = 0; i < item->verdict->findings.count; i++) {
        if (i > 0 || item->reason != NULL)
            builder_add_text(ret_text, "; ");
        builder_add_text(ret_text, item->verdict->findings.items[i].text);
    }
}

void plan_seal(struct plan *plan)
{
    if (plan->admitted != NULL)
        return; // its digest is what people approved, whatever is left out of it
    AUTO(json_free) struct json *whole = json_new_object();
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    json_put_text(whole, "policy", plan->policy_name);
    json_put_hex(whole, "policy_sha256", BYTES(plan->policy_sha256));
    struct json *items = json_put_array(whole, "items");
    for (size_t i = 0; i < plan->count; i++) {
        const struct plan_item *item = &plan->items[i];
        AUTO(builder_done) struct builder reasons = BUILDER_INIT;
        struct json *entry = json_add_object(items);
        json_put_text(entry, "source", item->source);
        json_put_text(entry, "action", plan_action_name(item->action));
        json_put_hex(entry, "input_sha256", BYTES(item->input_sha256));
        if (item->action == PLAN_SIGN)
            json_put_base64(entry, "tbs", bytes_of(item->tbs, item->tbs_len));
        if (item->action == PLAN_REPEAT || item->action == PLAN_PRESENT)
            json_put_text(entry, "serial", item->earlier.serial);
        plan_item_reasons(item, &reasons);
        json_put_text(entry, "reasons", builder_text(&reasons));
    }
    json_canonical(whole, &text);
    digest_sha256(builder_bytes(&text), plan->sha256);
}

void plan_put_warnings(struct json *object, const struct findings *warnings)
{
    struct json *array = json_put_array(object, "warnings");
    for (size_t i = 0; i < warnings->count; i++) {
        struct json *warning = json_add_object(array);
        json_put_text(warning, "rule", warnings->items[i].rule);
        json_put_text(warning, "text", warnings->items[i].text);
    }
}

static void put_findings(struct json *object, const char *key, const struct findings *findings)
{
    struct json *array = json_put_array(object, key);
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        struct json *entry = json_add_object(array);
        json_put_text(entry, "rule", finding->rule);
        json_put_text(entry, "source", finding->source);
        json_put_text(entry, "found", finding->found);
        json_put_text(entry, "wanted", finding->wanted);
        json_put_text(entry, "text", finding->text);
        json_put_text(entry, "remedy", finding->remedy);
    }
}

struct json *plan_item_json(const struct plan_item *item)
{
    char key[32];
    const struct request *request = item->request;
    struct json *json = json_new_object();
    json_put_text(json, "request", item->source);
    json_put_text(json, "name", item->name);
    json_put_text(json, "verdict",
                  item->action == PLAN_REFUSE ? "refused"
                  : item->action == PLAN_SKIP ? "skipped"
                                              : "allowed");
    json_put_text(json, "action", plan_action_name(item->action));
    if (request != NULL) {
        json_put_text(json, "subject", request->subject_text);
        json_put_hex(json, "csr_sha256", BYTES(request->sha256));
    }
    if (request != NULL && request->spki.len > 0) {
        json_put_text(json, "key",
                      request->key_kind == KEY_OTHER ? request->key_name
                                                     : key_name(request->key_kind, request->key_bits, key));
        json_put_hex(json, "spki_sha256", BYTES(request->spki_sha256));
    }
    if (item->action == PLAN_SIGN) {
        json_put_hex(json, "serial", BYTES(item->serial));
        json_put_hex(json, "tbs_sha256", BYTES(item->tbs_sha256));
    }
    if (item->action == PLAN_REPEAT || item->action == PLAN_PRESENT)
        json_put_text(json, "serial", item->earlier.serial);
    json_put_text(json, "decision", item->reason);
    put_findings(json, "reasons", &item->verdict->findings);
    put_findings(json, "notes", &item->verdict->notes);
    return json;
}
