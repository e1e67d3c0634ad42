/* SPDX-License-Identifier: Apache-2.0 */
#include "records/who.h"

#include "base/memory.h"
#include "base/quote.h"
#include "records/in_force.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct who {
    const char *name;
    uint8_t (*plans)[32]; /**< digests of those the person approved */
    size_t count;
};

void who_free(struct who *who)
{
    free(who->plans);
    free(who);
}

static bool has_approved(const struct json *record, const char *name)
{
    const struct json *approvals = json_get(record, "approvals");
    for (size_t i = 0; i < json_count(approvals); i++) {
        struct error ignored = ERROR_INIT; // what is not an approval is nobody's
        AUTO(approval_done) struct approval approval = {.origin = NULL};
        const char *note = json_text_at(approvals, i);
        if (note != NULL && approval_read(bytes_of_text(note), &approval, &ignored) &&
            strcmp(approval.name, name) == 0)
            return true;
    }
    return false;
}

bool who_read(struct ledger *ledger, const char *name, struct who **ret_who, struct error *err)
{
    AUTO(who_free) struct who *who = memory_new(1, sizeof(*who));
    uint64_t seq = UINT64_MAX;
    bool is_there = false;
    who->name = name;
    for (;;) {
        AUTO(json_free) struct json *record = NULL;
        if (!ledger_governing(ledger, RECORD_PLAN_APPROVED, seq, &seq, &is_there, err) ||
            (is_there && !ledger_record(ledger, seq, &record, err)))
            return false;
        if (!is_there)
            break;
        who->plans = memory_grow(who->plans, who->count + 1, sizeof(*who->plans));
        if (!has_approved(record, name))
            continue;
        if (!record_digest(record, "plan_sha256", who->plans[who->count], err))
            return error_while(err, "reading record %" PRIu64, seq);
        who->count++;
    }
    *ret_who = TAKE(who);
    return true;
}

bool who_did(const struct who *who, const struct json *record)
{
    AUTO(builder_done) struct builder plan = BUILDER_INIT;
    const char *operator_name = json_text(record, "operator");
    if (operator_name != NULL && strcmp(operator_name, who->name) == 0)
        return true;
    bool is_of_plan = json_get(record, "plan_index") != NULL || json_get(record, "approvals") != NULL;
    if (!is_of_plan || !json_hex(record, "plan_sha256", &plan) || plan.len != 32)
        return false;
    for (size_t i = 0; i < who->count; i++) {
        if (memcmp(who->plans[i], plan.data, 32) == 0)
            return true;
    }
    return false;
}

bool who_approved(struct ledger *ledger, uint64_t seq, struct builder *ret_words, struct error *err)
{
    AUTO(json_free) struct json *record = NULL;
    AUTO(json_free) struct json *approved = NULL;
    uint8_t plan[32];
    uint64_t index = 0;
    uint64_t plan_seq = 0;
    size_t count = 0;
    bool is_planned = false;
    bool is_taken = false;
    struct tree_hash path[TREE_PROOF_MAX];
    if (!ledger_record(ledger, seq, &record, err) ||
        !record_read_planned(record, &is_planned, plan, &index, path, &count, err))
        return false;
    if (!is_planned)
        return true;
    if (!plan_is_taken(ledger, plan, &is_taken, &plan_seq, err) ||
        (is_taken && !ledger_record(ledger, plan_seq, &approved, err)))
        return false;
    builder_add_text(ret_words,
                     is_taken ? "approved:" : "approved: by nobody, its plan is not in the ledger\n");
    if (!is_taken)
        return true;
    const struct json *approvals = json_get(approved, "approvals");
    size_t named = 0;
    for (size_t i = 0; i < json_count(approvals); i++) {
        AUTO(approval_done) struct approval approval = {.origin = NULL};
        struct error ignored = ERROR_INIT; // `ledger verify` says what is wrong with it
        if (approval_read(bytes_of_text(json_text_at(approvals, i)), &approval, &ignored))
            builder_format(ret_words, "%s %s", named++ > 0 ? "," : "",
                           quoted_text(approval.name, &(struct quoted){0}));
    }
    builder_format(ret_words, " (record %" PRIu64 ")\n", plan_seq);
    return true;
}
