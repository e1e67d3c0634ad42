/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect/policies.h"

#include "base/diff.h"
#include "base/memory.h"
#include "base/quote.h"
#include "policy/policy.h"
#include "records/in_force.h"

#include <inttypes.h>
#include <string.h>

void policy_change_done(struct policy_change *change)
{
    if (change->policy != NULL)
        policy_free(change->policy);
    if (change->approved != NULL)
        json_free(change->approved);
    builder_done(&change->text);
    builder_done(&change->diff);
}

static void compare(struct policy_change *change, const char *file)
{
    const char *before = change->approved != NULL ? json_text(change->approved, "text") : "";
    AUTO(free)
    char *title = change->approved == NULL ? memory_text("/dev/null")
                                           : memory_format("record %lld", (long long)change->approved_seq);
    diff_unified(bytes_of_text(before), title, builder_bytes(&change->text), file, &change->diff);
}

bool policy_change_read(const struct home *home, const char *name, struct policy_change *ret_change,
                        struct error *err)
{
    AUTO(free) char *file = NULL;
    AUTO(policy_change_done) struct policy_change change = {.approved_seq = -1};
    if (!home_policy_read(home->fd, name, &change.text, &file, err) ||
        !policy_load(builder_bytes(&change.text), file, &change.policy, err) ||
        !policy_in_force(home->ledger, policy_name(change.policy), &change.approved, err))
        return false;
    if (change.approved != NULL && !json_int(change.approved, "seq", &change.approved_seq))
        return error_set(err, ERROR_LEDGER, 0, "a record has no seq; `coldca ledger verify` says more");
    compare(&change, file);
    *ret_change = change;
    change = (struct policy_change){.policy = NULL}; // ret_change owns it now
    return true;
}

bool policy_record_of(struct ledger *ledger, const struct ledger_entry *entry, struct builder *ret_words,
                      int64_t *ret_seq, struct error *err)
{
    AUTO(json_free) struct json *record = NULL;
    AUTO(builder_done) struct builder digest = BUILDER_INIT;
    uint64_t seq = 0;
    bool is_found = false;
    *ret_seq = -1;
    if (entry->signing_seq == UINT64_MAX || entry->policy == NULL)
        return true; // from before this ledger
    if (!ledger_record(ledger, entry->signing_seq, &record, err))
        return false;
    if (json_hex(record, "policy_sha256", &digest) && digest.len == 32 &&
        !policy_text_of(ledger, entry->policy, digest.data, entry->signing_seq, &seq, &is_found, err))
        return false;
    if (!is_found) {
        builder_format(ret_words, "policy: %s, whose text the ledger does not have\n", entry->policy);
        return true;
    }
    builder_format(ret_words, "policy: %s, whose text is record %" PRIu64 "\n", entry->policy, seq);
    *ret_seq = (int64_t)seq;
    return true;
}
