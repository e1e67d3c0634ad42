/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/log.h"

bool ledger_governing(struct ledger *ledger, const char *type, uint64_t before, uint64_t *ret_seq,
                      bool *ret_found, struct error *err)
{
    *ret_found = false;
    if (!log_is_whole(ledger, err))
        return false;
    // The condition of the partial index `governing`, word for word, is what lets SQLite use it.
    sqlite3_stmt *select = index_statement(
        ledger->index,
        "SELECT seq FROM records WHERE type IN ('control.set', 'plan.approved', 'policy.approved')"
        " AND type = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT 1",
        err);
    if (select == NULL)
        return false;
    if (sqlite3_bind_text(select, 1, type, -1, SQLITE_TRANSIENT) != SQLITE_OK ||
        sqlite3_bind_int64(select, 2, before > INT64_MAX ? INT64_MAX : (sqlite3_int64)before) != SQLITE_OK)
        return index_fail(ledger->index, err);
    if (!index_step(ledger->index, select, ret_found, err))
        return false;
    if (*ret_found)
        *ret_seq = (uint64_t)sqlite3_column_int64(select, 0);
    (void)sqlite3_reset(select); // it has been read
    return true;
}
