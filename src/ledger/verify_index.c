/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/verify.h"

#include "base/memory.h"

#include <inttypes.h>

static bool column_equal(sqlite3_stmt *a, sqlite3_stmt *b, int column)
{
    if (sqlite3_column_type(a, column) != sqlite3_column_type(b, column))
        return false;
    if (sqlite3_column_type(a, column) == SQLITE_INTEGER)
        return sqlite3_column_int64(a, column) == sqlite3_column_int64(b, column);
    const void *x = sqlite3_column_blob(a, column);
    const void *y = sqlite3_column_blob(b, column);
    return bytes_equal(bytes_of(x, (size_t)sqlite3_column_bytes(a, column)),
                       bytes_of(y, (size_t)sqlite3_column_bytes(b, column)));
}

/** Two tables row by row; says the first difference. \param ret_same whether they are */
static bool compare_rows(struct verifier *verifier, struct index *stored, const char *sql, const char *what,
                         bool *ret_same, struct error *err)
{
    struct error why = ERROR_INIT;
    sqlite3_stmt *right = index_statement(verifier->scratch, sql, err);
    sqlite3_stmt *found = index_statement(stored, sql, &why);
    bool right_row = false, found_row = false;
    if (right == NULL)
        return false;
    *ret_same = found != NULL;
    while (*ret_same) {
        if (!index_step(verifier->scratch, right, &right_row, err))
            return false;
        *ret_same = index_step(stored, found, &found_row, &why) && right_row == found_row;
        for (int i = 0; *ret_same && right_row && i < sqlite3_column_count(right); i++)
            *ret_same = column_equal(right, found, i);
        if (!right_row)
            break;
    }
    if (!*ret_same)
        verify_report(verifier, "ledger.index",
                      "index.sqlite says other things of %s %" PRId64
                      " than the ledger: run `coldca ledger index --rebuild`",
                      what, right_row ? (int64_t)sqlite3_column_int64(right, 0) : -1);
    (void)sqlite3_reset(right); // it has been read
    (void)sqlite3_reset(found);
    return true;
}

/** Whether the index has read more than the files hold. */
static bool has_read_more(struct verifier *verifier, const struct index_state *state)
{
    uint64_t notes_len = verifier->notes.lines.limit;
    if (state->size > verifier->report.records)
        verify_report(verifier, "ledger.rollback",
                      "index.sqlite has read %" PRIu64 " records, but ledger.jsonl holds %" PRIu64,
                      state->size, verifier->report.records);
    if (state->notes_offset > notes_len)
        verify_report(verifier, "ledger.rollback",
                      "index.sqlite has read %" PRIu64 " bytes of " LOG_NOTES_NAME ", which holds %" PRIu64
                      ": checkpoints were cut off",
                      state->notes_offset, notes_len);
    return state->size > verifier->report.records || state->notes_offset > notes_len;
}

#define FOUND_BY(key)                                                                                        \
    "(EXISTS (SELECT 1 FROM keys k WHERE k.key = c." key " AND k.signing_seq = c.signing_seq)"               \
    " OR EXISTS (SELECT 1 FROM fresh_keys k WHERE k.key = c." key " AND k.signing_seq = c.signing_seq))"

/** A certificate that look-ups miss could be issued again, or its key to another. */
static void check_keys(struct verifier *verifier, struct index *stored)
{
    struct error why = ERROR_INIT;
    bool has_row = false;
    sqlite3_stmt *select = index_statement(
        stored,
        "SELECT signing_seq FROM certificates c WHERE NOT (" FOUND_BY("csr_key") " AND " FOUND_BY(
            "spki_key") " AND " FOUND_BY("serial_key") ") LIMIT 1",
        &why);
    bool is_told = select != NULL && index_step(stored, select, &has_row, &why);
    if (!is_told)
        verify_report(verifier, "ledger.index", "%s: run `coldca ledger index --rebuild`", why.text);
    else if (has_row)
        verify_report(verifier, "ledger.index",
                      "index.sqlite does not find the certificate of record %" PRId64
                      ": run `coldca ledger index --rebuild`",
                      (int64_t)sqlite3_column_int64(select, 0));
    (void)sqlite3_reset(select); // it has been read, or there is none
}

bool verify_index(struct verifier *verifier, struct index *stored, struct error *err)
{
    static const struct {
        const char *sql, *what;
    } tables[] = {
        {"SELECT * FROM records ORDER BY seq", "record"},
        {"SELECT * FROM certificates ORDER BY signing_seq", "the certificate of record"},
        {"SELECT * FROM tiles ORDER BY id", "tile"},
    };
    struct index_state state;
    AUTO(free) struct tree *tree = memory_new(1, sizeof(*tree));
    struct error why = ERROR_INIT;
    bool is_same = index_load(stored, &state, tree, &why);
    if (!is_same)
        verify_report(verifier, "ledger.index", "%s: run `coldca ledger index --rebuild`", why.text);
    if (is_same && verifier->is_newest_behind && state.notes_offset == verifier->notes.lines.offset)
        verify_report(verifier, "ledger.checkpoint",
                      LOG_NEWEST_NAME " is the checkpoint before the newest of " LOG_NOTES_NAME
                                      ", which index.sqlite has read: it was swapped");
    // Behind is not a fault: the next run reads on.
    if (!is_same || has_read_more(verifier, &state) || state.size < verifier->report.records)
        return true;
    for (size_t i = 0; is_same && i < ARRAY_LEN(tables); i++) {
        if (!compare_rows(verifier, stored, tables[i].sql, tables[i].what, &is_same, err))
            return false;
    }
    if (is_same)
        check_keys(verifier, stored);
    return true;
}
