/* SPDX-License-Identifier: Apache-2.0 */
#include "records/in_force.h"

#include "base/encode.h"
#include "base/quote.h"
#include "base/time.h"

#include <inttypes.h>
#include <string.h>

#define SHOWN_DIGEST_LEN 6 /* bytes: enough to tell two apart */

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

bool control_permits_crl(struct ledger *ledger, int64_t lifetime, bool keep_expired, struct error *err)
{
    AUTO(control_done) struct control control = {.people_count = 0};
    bool is_set = false;
    if (!control_in_force(ledger, &control, &is_set, err))
        return false;
    if (!is_set || !control.has_crl)
        return true;
    if (lifetime > control.crl_max_days * TIME_DAY_SECONDS)
        return error_set(err, ERROR_INPUT, 0,
                         "the control in force (record %" PRIu64
                         ") lets a CRL be good for %u days, overlap and all: ca.yaml or --days wants more",
                         control.seq, control.crl_max_days);
    return keep_expired == control.crl_keep_expired ||
           error_set(err, ERROR_INPUT, 0,
                     "keep_expired in ca.yaml is not that of the control in force (record %" PRIu64 ")",
                     control.seq);
}

static bool refuse_loosened(const struct control *control, const char *found, const char *wanted,
                            struct error *err)
{
    return error_set(err, ERROR_INPUT, 0,
                     "ca.yaml says %s, the control in force (record %" PRIu64
                     ") says %s, which ca.yaml may repeat and never loosen: put that into ca.yaml, or have "
                     "the controls changed (`coldca people set FILE`)",
                     found, control->seq, wanted);
}

bool control_permits_extractable(struct ledger *ledger, bool allow_extractable, struct error *err)
{
    AUTO(control_done) struct control control = {.people_count = 0};
    bool is_set = false;
    if (!control_in_force(ledger, &control, &is_set, err))
        return false;
    return !is_set || !control.forbids_extractable || !allow_extractable ||
           refuse_loosened(&control, "allow_extractable: true", "allow_extractable: false", err);
}

bool control_permits_manifest(struct ledger *ledger, bool require_manifest, struct error *err)
{
    AUTO(control_done) struct control control = {.people_count = 0};
    bool is_set = false;
    if (!control_in_force(ledger, &control, &is_set, err))
        return false;
    return !is_set || !control.requires_manifest || require_manifest ||
           refuse_loosened(&control, "nothing of require_manifest, or false", "require_manifest: true", err);
}

bool plan_is_taken(struct ledger *ledger, const uint8_t sha256[static 32], bool *ret_is_taken,
                   uint64_t *ret_seq, struct error *err)
{
    uint64_t seq = UINT64_MAX;
    bool is_there = false;
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

/** The next older policy.approved, before *seq. \param ret_record  NULL: there is none */
static bool older_policy(struct ledger *ledger, uint64_t *seq, struct json **ret_json,
                         struct record_policy_approved *ret_record, struct error *err)
{
    bool is_there = false;
    AUTO(json_free) struct json *json = NULL;
    if (!ledger_governing(ledger, RECORD_POLICY_APPROVED, *seq, seq, &is_there, err))
        return false;
    *ret_json = NULL;
    if (!is_there)
        return true;
    if (!ledger_record(ledger, *seq, &json, err) || !record_policy_approved_read(json, ret_record, err)) {
        err->kind = ERROR_LEDGER;
        return error_while(err, "reading record %" PRIu64, *seq);
    }
    *ret_json = TAKE(json);
    return true;
}

bool policy_in_force(struct ledger *ledger, const char *name, struct json **ret_record, struct error *err)
{
    uint64_t seq = UINT64_MAX;
    for (;;) {
        AUTO(json_free) struct json *json = NULL;
        struct record_policy_approved record;
        if (!older_policy(ledger, &seq, &json, &record, err))
            return false;
        if (json != NULL && strcmp(record.name, name) != 0)
            continue;
        *ret_record = TAKE(json);
        return true;
    }
}

bool policy_text_of(struct ledger *ledger, const char *name, const uint8_t sha256[static 32],
                    uint64_t signing, uint64_t *ret_seq, bool *ret_found, struct error *err)
{
    uint64_t seq = UINT64_MAX;
    bool is_found = false;
    for (;;) {
        AUTO(json_free) struct json *json = NULL;
        struct record_policy_approved record;
        if (!older_policy(ledger, &seq, &json, &record, err))
            return false;
        if (json == NULL)
            break;
        if (strcmp(record.name, name) != 0 || memcmp(record.sha256, sha256, 32) != 0)
            continue;
        *ret_seq = seq;
        is_found = true;
        if (seq < signing)
            break;
    }
    *ret_found = is_found;
    return true;
}

bool policy_needs_approval(struct ledger *ledger, bool *ret_needs, struct error *err)
{
    AUTO(control_done) struct control control = {.people_count = 0};
    bool is_set = false;
    if (!control_in_force(ledger, &control, &is_set, err))
        return false;
    *ret_needs = is_set && control.only_approved_policies;
    return true;
}

bool policy_permits(struct ledger *ledger, const char *name, const char *given,
                    const uint8_t sha256[static 32], struct error *err)
{
    AUTO(json_free) struct json *json = NULL;
    struct record_policy_approved record;
    struct quoted room, given_room;
    bool is_needed = false;
    char now[129], approved[129];
    (void)quoted_text(name, &room);
    (void)quoted_text(given, &given_room);
    if (!policy_needs_approval(ledger, &is_needed, err))
        return false;
    if (!is_needed)
        return true;
    if (!policy_in_force(ledger, name, &json, err))
        return false;
    (void)hex_of(bytes_of(sha256, SHOWN_DIGEST_LEN), now);
    if (json == NULL)
        return error_set(
            err, ERROR_INPUT, 0,
            "the policy %s (sha256 %s...) was never approved, and this CA uses approved policies "
            "only; nothing was signed: read it, then `coldca policy approve %s`",
            room.text, now, given_room.text);
    if (!record_policy_approved_read(json, &record, err))
        return false;
    (void)hex_of(bytes_of(record.sha256, SHOWN_DIGEST_LEN), approved);
    return memcmp(record.sha256, sha256, 32) == 0 ||
           error_set(
               err, ERROR_INPUT, 0,
               "the policy %s (sha256 %s...) is not the text that was approved (%s...), and this CA uses "
               "approved policies only; nothing was signed: `coldca policy diff %s` shows what changed, "
               "`coldca policy approve %s` approves it as it is now",
               room.text, now, approved, given_room.text, given_room.text);
}
