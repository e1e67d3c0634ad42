/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/approved.h"

#include "base/digest.h"
#include "base/encode.h"
#include "base/memory.h"
#include "base/quote.h"
#include "base/time.h"
#include "media/media.h"
#include "plan/approved_item.h"
#include "plan/compromised.h"
#include "plan/permits.h"
#include "records/cert.h"
#include "records/evaluated.h"

#include <string.h>

/* ---- to a file ---- */

static void add_items(const struct plan *plan, struct plan_file *file)
{
    file->refused = json_new_array();
    if (plan->evaluated != NULL)
        file->evaluated = json_clone(plan->evaluated);
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
        plan_file_add_request(file, item->request->der);
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

static bool refuse_empty(const struct plan_file *file, struct error *err)
{
    const struct json *first = json_at(file->refused, 0);
    return error_set(err, ERROR_INPUT, 0,
                     "nothing of it would be signed, so there is nothing to approve%s%s%s%s",
                     first != NULL ? "; " : "", first != NULL ? json_text(first, "source") : "",
                     first != NULL ? ": " : "", first != NULL ? json_text(first, "reasons") : "");
}

/** Else nobody could carry it out: a review that took days, or a clock that was set back meanwhile. */
static bool is_of_today(const struct plan *plan, int64_t now, struct error *err)
{
    char at[TIME_TEXT_SIZE];
    char today[TIME_TEXT_SIZE];
    return evaluated_is_of_window(plan->made_at, now) ||
           error_set(
               err, ERROR_INPUT, 0,
               "the requests were evaluated at %s, and by the clock it is %s: a plan is written within a "
               "day of that; run the command again",
               time_format(plan->made_at, at), time_format(now, today));
}

bool plan_to_file(const struct home *home, const struct plan *plan, int64_t now, int64_t valid_for,
                  struct plan_file *ret_file, struct error *err)
{
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    if (!admit_new_plan(home, plan->act, now, valid_for, &file, err) || !add_policy(home, plan, &file, err))
        return false;
    add_items(plan, &file);
    if (file.items == NULL)
        return refuse_empty(&file, err);
    if (!is_of_today(plan, now, err))
        return false;
    plan_file_seal(&file);
    *ret_file = file;
    file = (struct plan_file){.items = NULL};
    return true;
}

/* ---- and back ---- */

/** The policy as it is now is the one people saw. */
static bool find_policy(const struct home *home, const struct plan_header *header, struct policy **ret_policy,
                        struct error *err)
{
    AUTO(policy_free) struct policy *policy = NULL;
    AUTO(builder_done) struct builder change = BUILDER_INIT;
    if (!home_policy_find(home->fd, header->policy, &policy, err))
        return false;
    if (strcmp(policy_name(policy), header->policy) != 0 ||
        memcmp(policy_sha256(policy), header->policy_sha256, 32) != 0)
        return error_set(err, ERROR_INPUT, 0,
                         "the policy %s changed since the plan was made: make it anew, and have it approved",
                         quoted_text(header->policy, &(struct quoted){0}));
    if (!plan_permits_policy(home, policy, header->policy, &change, err))
        return false;
    *ret_policy = TAKE(policy);
    return true;
}

struct key {
    char *text;
    const struct plan_item *item;
};

static int compare_keys(const void *a, const void *b)
{
    return strcmp(((const struct key *)a)->text, ((const struct key *)b)->text);
}

/** Names that a medium can't tell apart, and serials, which are given once: a plan that coldca wrote has none twice. */
static bool check_distinct(const struct plan *plan, const char *what,
                           void (*add)(const struct plan_item *item, struct builder *text), struct error *err)
{
    AUTO(free) struct key *keys = memory_new(plan->count, sizeof(*keys));
    const struct key *twice = NULL;
    for (size_t i = 0; i < plan->count; i++) {
        AUTO(builder_done) struct builder text = BUILDER_INIT;
        add(&plan->items[i], &text);
        keys[i] = (struct key){.text = builder_take_text(&text), .item = &plan->items[i]};
    }
    qsort(keys, plan->count, sizeof(*keys), compare_keys);
    for (size_t i = 1; i < plan->count && twice == NULL; i++)
        twice = strcmp(keys[i - 1].text, keys[i].text) == 0 ? &keys[i] : NULL;
    for (size_t i = 0; i < plan->count; i++)
        free(keys[i].text);
    return twice == NULL || error_set(err, ERROR_INPUT, 0, "two items of the plan have the %s of %s", what,
                                      quoted_text(twice->item->name, &(struct quoted){0}));
}

static void add_name(const struct plan_item *item, struct builder *text)
{
    media_fold_name(item->name, text);
}

static void add_serial(const struct plan_item *item, struct builder *text)
{
    encode_hex(BYTES(item->serial), text);
}

/** A plan waits for its approvals, maybe for days: keys may have become known to be compromised meanwhile. */
static bool refuse_compromised(const struct home *home, struct plan *plan, struct error *err)
{
    struct compromised_keys *keys = NULL;
    bool is_fine = compromised_refuse(home->ledger, &keys, plan, err);
    if (keys != NULL)
        compromised_keys_free(keys);
    return is_fine;
}

/** What ledger.jsonl itself has as unfinished is what the index then finds: it is put right here, if it is not. */
static bool check_unfinished(const struct home *home, struct error *err)
{
    struct ledger_entry *entries = NULL;
    size_t count = 0;
    bool is_fine = ledger_unfinished(home->ledger, &entries, &count, err);
    for (size_t i = 0; i < count; i++)
        ledger_entry_done(&entries[i]);
    free(entries);
    return is_fine;
}

bool plan_of_admitted(const struct home *home, const struct admitted *admitted, struct redraw *redraw,
                      struct output *output, int64_t now, struct plan **ret_plan, struct error *err)
{
    const struct plan_header *header = &admitted->file.header;
    if (header->act != ACT_ISSUE && header->act != ACT_ISSUE_CA)
        return error_set(err, ERROR_INPUT, 0, "it is a plan of %s, not of certificates",
                         act_words(header->act));
    AUTO(policy_free) struct policy *policy = NULL;
    AUTO(plan_free) struct plan *plan = plan_new_of(header->policy, header->policy_sha256, header->act);
    plan->admitted = admitted;
    plan->made_at = now;
    memcpy(plan->sha256, admitted->file.sha256, sizeof(plan->sha256));
    if (!find_policy(home, header, &policy, err) || !check_unfinished(home, err))
        return false;
    const struct approved_items items = {
        .home = home, .admitted = admitted, .policy = policy, .output = output};
    plan->wants_proofs = policy_wants_proof(policy);
    plan->items = memory_new(header->count, sizeof(*plan->items));
    for (; plan->count < header->count; plan->count++) {
        struct plan_item *item = &plan->items[plan->count];
        if (!approved_item_fill(&items, plan->count, item, err)) {
            plan->count++; // it is the plan's to free
            return error_while(err, "reading item %zu of the plan, %s", plan->count - 1,
                               quoted_text(item->name, &(struct quoted){0}));
        }
    }
    if (!check_distinct(plan, "name", add_name, err) || !check_distinct(plan, "serial", add_serial, err) ||
        !redraw_plan(redraw, &admitted->file, policy, plan, err) || !refuse_compromised(home, plan, err))
        return false;
    *ret_plan = TAKE(plan);
    return true;
}
