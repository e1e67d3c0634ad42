/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/log.h"

#include "base/encode.h"

/* The index chooses, the ledger speaks: every record visited is read from ledger.jsonl. */
static const char select_records[] =
    "SELECT " INDEX_ENTRY_COLUMNS ", r.seq FROM records r LEFT JOIN certificates c ON c.signing_seq = r.seq"
    " WHERE (?1 = 0 OR r.time >= ?1) AND (?2 = 0 OR r.time <= ?2) AND (?3 IS NULL OR r.type = ?3)"
    " AND (?4 IS NULL OR r.batch = ?4) AND (?5 IS NULL OR c.policy = ?5) "
    // what refers to a certificate is few, but for its cert.issued, which the index knows; is_of_serial() looks at them
    " AND (?6 IS NULL OR c.serial = ?6 OR r.seq = ?11"
    " OR r.type IN ('cert.abandoned', 'cert.revoked', 'cert.unrevoked'))"
    " AND (?7 IS NULL OR instr(c.subject, ?7) > 0)"
    // names stand as lines, "dns:a.example" or bare
    " AND (?8 IS NULL OR instr(c.sans, char(10) || ?8 || char(10)) > 0"
    " OR instr(c.sans, ':' || ?8 || char(10)) > 0)"
    " AND (?9 < 0 OR c.status = ?9) AND (?10 = 0 OR c.signing_seq IS NOT NULL)"
    " AND r.seq >= ?12 AND r.seq < ?13 ORDER BY r.seq";

static bool bind_text(sqlite3_stmt *select, int place, const char *text)
{
    return sqlite3_bind_text(select, place, text, -1, SQLITE_STATIC) == SQLITE_OK;
}

/** What a filter by serial wants beyond the cert.signing itself. */
struct wanted_serial {
    struct bytes serial; /**< empty: any */
    bool is_signed;      /**< there is a cert.signing of it, and the numbers are set */
    uint64_t signing_seq;
    uint64_t issued_seq; /**< UINT64_MAX, no record's number, if it was not issued */
};

static bool bind_filter(sqlite3_stmt *select, const struct ledger_filter *filter,
                        const struct wanted_serial *wanted)
{
    return sqlite3_bind_int64(select, 1, filter->since) == SQLITE_OK &&
           sqlite3_bind_int64(select, 2, filter->until) == SQLITE_OK && bind_text(select, 3, filter->type) &&
           bind_text(select, 4, filter->batch) && bind_text(select, 5, filter->policy) &&
           (filter->serial == NULL ||
            sqlite3_bind_blob(select, 6, wanted->serial.data, (int)wanted->serial.len, SQLITE_STATIC) ==
                SQLITE_OK) &&
           (!wanted->is_signed || sqlite3_bind_int64(select, 11, (int64_t)wanted->issued_seq) == SQLITE_OK) &&
           bind_text(select, 7, filter->subject) && bind_text(select, 8, filter->san) &&
           sqlite3_bind_int(select, 9, filter->status) == SQLITE_OK &&
           sqlite3_bind_int(select, 10, filter->only_certificates) == SQLITE_OK &&
           sqlite3_bind_int64(select, 12, (sqlite3_int64)filter->from_seq) == SQLITE_OK &&
           sqlite3_bind_int64(select, 13, filter->to_seq > 0 ? (sqlite3_int64)filter->to_seq : INT64_MAX) ==
               SQLITE_OK;
}

static bool find_wanted(struct ledger *ledger, struct wanted_serial *wanted, struct error *err)
{
    AUTO(ledger_entry_done) struct ledger_entry entry = {.serial = NULL};
    if (wanted->serial.len == 0)
        return true;
    if (!ledger_find_serial(ledger, wanted->serial, &entry, &wanted->is_signed, err))
        return false;
    if (wanted->is_signed) {
        wanted->signing_seq = entry.signing_seq;
        wanted->issued_seq = entry.issued_seq;
    }
    return true;
}

/** Whether a record is about this serial: has it, or refers to its cert.signing. */
static bool is_of_serial(const struct json *record, const struct wanted_serial *wanted)
{
    AUTO(builder_done) struct builder serial = BUILDER_INIT;
    int64_t ref;
    if (wanted->serial.len == 0)
        return true;
    if (json_hex(record, "serial", &serial))
        return bytes_equal(builder_bytes(&serial), wanted->serial);
    return wanted->is_signed && json_int(record, "ref", &ref) && (uint64_t)ref == wanted->signing_seq;
}

/** \param ret_goes_on whether the visitor wants more */
static bool visit_row(struct ledger *ledger, sqlite3_stmt *select, const struct wanted_serial *wanted,
                      bool (*visit)(const struct json *record, const struct ledger_entry *entry, void *data),
                      void *data, bool *ret_goes_on, struct error *err)
{
    AUTO(json_free) struct json *record = NULL;
    AUTO(ledger_entry_done) struct ledger_entry entry = {.serial = NULL};
    bool has_entry = sqlite3_column_type(select, 0) != SQLITE_NULL;
    if (!ledger_record(ledger, (uint64_t)sqlite3_column_int64(select, INDEX_ENTRY_COLUMNS_COUNT), &record,
                       err))
        return false;
    if (!is_of_serial(record, wanted))
        return true;
    if (has_entry)
        index_entry_read(select, &entry);
    *ret_goes_on = visit(record, has_entry ? &entry : NULL, data);
    return true;
}

bool ledger_each(struct ledger *ledger, const struct ledger_filter *filter,
                 bool (*visit)(const struct json *record, const struct ledger_entry *entry, void *data),
                 void *data, struct error *err)
{
    AUTO(builder_done) struct builder serial = {.max_len = RECORD_SERIAL_MAX_LEN};
    bool goes_on = true;
    bool has_row;
    if (!log_is_whole(ledger, err))
        return false;
    if (filter->serial != NULL && (!decode_hex(bytes_of_text(filter->serial), &serial) || serial.len == 0))
        return error_set(err, ERROR_INPUT, 0,
                         "a serial is written in hex digits, two a byte, at most %d bytes",
                         RECORD_SERIAL_MAX_LEN);
    // First, since it may find the index wrong and make a new one.
    struct wanted_serial wanted = {.serial = builder_bytes(&serial)};
    if (!find_wanted(ledger, &wanted, err))
        return false;
    sqlite3_stmt *select = index_statement(ledger->index, select_records, err);
    if (select == NULL)
        return false;
    if (!bind_filter(select, filter, &wanted))
        return index_fail(ledger->index, err);
    while (goes_on) {
        bool holds = index_step(ledger->index, select, &has_row, err);
        if (!holds || !has_row)
            return holds;
        if (!visit_row(ledger, select, &wanted, visit, data, &goes_on, err)) {
            (void)sqlite3_reset(select); // the record's error is what counts
            return false;
        }
    }
    (void)sqlite3_reset(select); // stopped by the visitor
    return true;
}
