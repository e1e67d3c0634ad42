/* SPDX-License-Identifier: Apache-2.0 */
#include "issue/pipeline.h"

#include "base/memory.h"
#include "records/admit.h"
#include "records/cert.h"

/** Whether a cert.signing is of the plan that goes on; of one whose time is over nothing is signed any more. */
static bool find_plan(struct ledger *ledger, const struct ledger_entry *entry, const struct admitted *plan,
                      bool *ret_is_of_plan, struct error *err)
{
    AUTO(json_free) struct json *record = NULL;
    AUTO(builder_done) struct builder digest = BUILDER_INIT;
    *ret_is_of_plan = false;
    if (plan == NULL || plan->is_over)
        return true;
    if (!ledger_record(ledger, entry->signing_seq, &record, err))
        return false;
    *ret_is_of_plan = json_hex(record, "plan_sha256", &digest) &&
                      bytes_equal(builder_bytes(&digest), BYTES(plan->file.sha256));
    return true;
}

static bool abandon(struct home *home, const struct ledger_entry *entry, const char *reason,
                    const struct admitted *plan, size_t *abandoned, size_t *left, struct error *err)
{
    const struct record_cert_abandoned record = {
        .ref = entry->signing_seq, .serial = entry->serial, .reason = reason};
    bool is_of_plan = false;
    if (!find_plan(home->ledger, entry, plan, &is_of_plan, err))
        return false;
    ++*(is_of_plan ? left : abandoned);
    return is_of_plan || ledger_append(home->ledger, RECORD_CERT_ABANDONED,
                                       record_cert_abandoned_write(&record), NULL, err);
}

bool issue_abandon_unfinished(struct home *home, const char *reason, const struct admitted *plan,
                              size_t *ret_abandoned, size_t *ret_left, struct error *err)
{
    struct ledger_entry *entries = NULL;
    size_t count = 0;
    size_t abandoned = 0;
    size_t left = 0;
    bool is_fine = ledger_unfinished(home->ledger, &entries, &count, err);
    for (size_t i = 0; i < count; i++) {
        is_fine = is_fine && abandon(home, &entries[i], reason, plan, &abandoned, &left, err);
        ledger_entry_done(&entries[i]);
    }
    free(entries);
    if (!is_fine || (abandoned > 0 && !ledger_commit(home->ledger, err)))
        return error_while(err, "closing the certificates that an earlier run left unfinished");
    *ret_abandoned = abandoned;
    *ret_left = left;
    return true;
}
