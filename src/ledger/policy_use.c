/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/log.h"

#include <string.h>

bool ledger_policy_last_used(struct ledger *ledger, const char *policy, uint8_t ret_policy_sha256[static 32],
                             uint64_t *ret_seq, bool *ret_found, struct error *err)
{
    bool has_row = false;
    *ret_found = false;
    if (!log_is_whole(ledger, err))
        return false;
    sqlite3_stmt *select =
        index_statement(ledger->index,
                        "SELECT policy_sha256, signing_seq FROM certificates WHERE policy = ?1"
                        " ORDER BY signing_seq DESC LIMIT 1",
                        err);
    if (select == NULL)
        return false;
    if (sqlite3_bind_text(select, 1, policy, -1, SQLITE_TRANSIENT) != SQLITE_OK)
        return index_fail(ledger->index, err);
    if (!index_step(ledger->index, select, &has_row, err))
        return false;
    if (has_row && sqlite3_column_bytes(select, 0) == 32) {
        memcpy(ret_policy_sha256, sqlite3_column_blob(select, 0), 32);
        *ret_seq = (uint64_t)sqlite3_column_int64(select, 1);
        *ret_found = true;
    }
    (void)sqlite3_reset(select); // it has been read
    return true;
}
