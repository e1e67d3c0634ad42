/* SPDX-License-Identifier: Apache-2.0 */
#include "issue/pipeline.h"

#include "base/memory.h"
#include "records/cert.h"

bool issue_abandon_unfinished(struct home *home, const char *reason, size_t *ret_abandoned, struct error *err)
{
    struct ledger_entry *entries = NULL;
    size_t count = 0;
    bool is_fine = ledger_unfinished(home->ledger, &entries, &count, err);
    for (size_t i = 0; i < count; i++) {
        const struct record_cert_abandoned record = {
            .ref = entries[i].signing_seq, .serial = entries[i].serial, .reason = reason};
        is_fine = is_fine && ledger_append(home->ledger, RECORD_CERT_ABANDONED,
                                           record_cert_abandoned_write(&record), NULL, err);
        ledger_entry_done(&entries[i]);
    }
    free(entries);
    if (!is_fine || (count > 0 && !ledger_commit(home->ledger, err)))
        return error_while(err, "closing the certificates that an earlier run left unfinished");
    *ret_abandoned = count;
    return true;
}
