/* SPDX-License-Identifier: Apache-2.0 */
#include "records/in_force.h"

#include "base/quote.h"

#include <inttypes.h>
#include <string.h>

bool control_in_force(struct ledger *ledger, struct control *ret_control, bool *ret_found, struct error *err)
{
    AUTO(json_free) struct json *record = NULL;
    uint64_t seq = 0;
    if (!ledger_governing(ledger, RECORD_CONTROL_SET, UINT64_MAX, &seq, ret_found, err))
        return false;
    if (!*ret_found)
        return true;
    if (ledger_record(ledger, seq, &record, err) && control_read(record, ret_control, err))
        return true;
    err->kind = ERROR_LEDGER;
    return error_while(err, "reading the control in force, record %" PRIu64, seq);
}

bool control_permits(struct ledger *ledger, enum act act, const char *remedy, struct error *err)
{
    AUTO(control_done) struct control control = {.people_count = 0};
    bool is_set = false;
    if (!control_in_force(ledger, &control, &is_set, err))
        return false;
    return !is_set || control_needed(&control, act) == 0 ||
           error_set(err, ERROR_INPUT, 0,
                     "%s needs %u approvals by the control in force (record %" PRIu64 "): %s", act_words(act),
                     control_needed(&control, act), control.seq, remedy);
}

bool plan_is_taken(struct ledger *ledger, const uint8_t sha256[static 32], bool *ret_is_taken,
                   uint64_t *ret_seq, struct error *err)
{
    uint64_t seq = UINT64_MAX;
    bool is_there = true;
    *ret_is_taken = false;
    while (!*ret_is_taken) {
        AUTO(json_free) struct json *json = NULL;
        struct record_plan_approved record;
        if (!ledger_governing(ledger, RECORD_PLAN_APPROVED, seq, &seq, &is_there, err))
            return false;
        if (!is_there)
            return true;
        if (!ledger_record(ledger, seq, &json, err) || !record_plan_approved_read(json, &record, err))
            return error_while(err, "reading record %" PRIu64, seq);
        *ret_is_taken = memcmp(record.plan_sha256, sha256, 32) == 0;
    }
    *ret_seq = seq;
    return true;
}

bool policy_in_force(struct ledger *ledger, const char *name, struct json **ret_record, struct error *err)
{
    uint64_t seq = UINT64_MAX;
    bool is_there = true;
    for (;;) {
        AUTO(json_free) struct json *json = NULL;
        struct record_policy_approved record;
        if (!ledger_governing(ledger, RECORD_POLICY_APPROVED, seq, &seq, &is_there, err))
            return false;
        if (!is_there)
            return true;
        if (!ledger_record(ledger, seq, &json, err) || !record_policy_approved_read(json, &record, err))
            return error_while(err, "reading record %" PRIu64, seq);
        if (strcmp(record.name, name) != 0)
            continue;
        *ret_record = TAKE(json);
        return true;
    }
}

bool policy_permits(struct ledger *ledger, const char *name, const uint8_t sha256[static 32],
                    struct error *err)
{
    AUTO(control_done) struct control control = {.people_count = 0};
    AUTO(json_free) struct json *json = NULL;
    struct record_policy_approved record;
    struct quoted room;
    bool is_set = false;
    if (!control_in_force(ledger, &control, &is_set, err))
        return false;
    if (!is_set || !control.only_approved_policies)
        return true;
    if (!policy_in_force(ledger, name, &json, err))
        return false;
    if (json == NULL)
        return error_set(err, ERROR_INPUT, 0,
                         "the policy %s was never approved, and the control in force (record %" PRIu64
                         ") wants that: `coldca policy approve %s`",
                         quoted_text(name, &room), control.seq, room.text);
    if (!record_policy_approved_read(json, &record, err))
        return false;
    return memcmp(record.sha256, sha256, 32) == 0 ||
           error_set(err, ERROR_INPUT, 0,
                     "the policy %s is not the text that was approved: `coldca policy diff %s` shows what "
                     "changed, `coldca policy approve %s` approves it as it is now",
                     quoted_text(name, &room), room.text, room.text);
}
