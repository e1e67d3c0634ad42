/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/log.h"

bool ledger_newest_chain(struct ledger *ledger, uint64_t *ret_seq, bool *ret_found, struct error *err)
{
    bool has_row = false;
    if (!log_is_whole(ledger, err))
        return false;
    // The type as a literal: only so does SQLite use the index made for it.
    sqlite3_stmt *select = index_statement(
        ledger->index, "SELECT seq FROM records WHERE type = 'chain.set' ORDER BY seq DESC LIMIT 1", err);
    if (select == NULL || !index_step(ledger->index, select, &has_row, err))
        return false;
    if (has_row)
        *ret_seq = (uint64_t)sqlite3_column_int64(select, 0);
    *ret_found = has_row;
    (void)sqlite3_reset(select); // it has been read
    return true;
}
