/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"
#include "base/encode.h"
#include "base/memory.h"
#include "ledger/index.h"

#include <inttypes.h>

int64_t index_key_of(const uint8_t digest[static 32])
{
    uint64_t key = 0;
    for (size_t i = 0; i < 8; i++)
        key = key << 8 | digest[i];
    return (int64_t)key;
}

int64_t index_key_of_serial(struct bytes serial)
{
    uint8_t digest[32];
    digest_sha256(serial, digest);
    return index_key_of(digest);
}

static bool is_bound(int result)
{
    return result == SQLITE_OK;
}

/** Binds what is spelled; SQLite copies it only if it had to be decoded. No text binds NULL. */
static bool bind_text(sqlite3_stmt *statement, int place, const struct canonical_value *value)
{
    AUTO(builder_done) struct builder buffer = BUILDER_INIT;
    struct bytes text = canonical_text(value, &buffer);
    return is_bound(sqlite3_bind_text(statement, place, (const char *)text.data, (int)text.len,
                                      value->has_escapes ? SQLITE_TRANSIENT : SQLITE_STATIC));
}

static bool finish(struct index *index, sqlite3_stmt *statement, struct error *err)
{
    bool has_row;
    return index_step(index, statement, &has_row, err);
}

static bool add_place(struct index *index, const struct record_facts *facts, uint64_t offset, size_t len,
                      struct error *err)
{
    sqlite3_stmt *insert = index_statement(index, "INSERT INTO records VALUES(?1, ?2, ?3, ?4, ?5, ?6)", err);
    if (insert == NULL)
        return false;
    if (!is_bound(sqlite3_bind_int64(insert, 1, (int64_t)facts->seq)) ||
        !is_bound(sqlite3_bind_int64(insert, 2, (int64_t)offset)) ||
        !is_bound(sqlite3_bind_int64(insert, 3, (int64_t)len)) ||
        !is_bound(sqlite3_bind_int64(insert, 4, facts->time)) || !bind_text(insert, 5, &facts->type) ||
        !bind_text(insert, 6, &facts->batch))
        return index_fail(index, err);
    return finish(index, insert, err);
}

/** The names as lines, each with an LF before and after, so that a whole one can be searched for. */
static void join_names(const struct canonical_value *sans, struct builder *ret_text)
{
    AUTO(builder_done) struct builder buffer = BUILDER_INIT;
    struct canonical_value name;
    struct bytes rest = sans->kind == CANONICAL_ARRAY ? sans->spelling : bytes_of(NULL, 0);
    builder_add_u8(ret_text, '\n');
    while (canonical_next(&rest, &name)) {
        struct bytes text = canonical_text(&name, &buffer);
        if (text.data == NULL)
            continue;
        builder_add_bytes(ret_text, text);
        builder_add_u8(ret_text, '\n');
    }
}

/** The cert.signing that has this serial. */
static bool find_serial(struct index *index, const struct record_facts *facts, bool *ret_found,
                        int64_t *ret_seq, struct error *err)
{
    struct bytes serial = bytes_of(facts->serial, facts->serial_len);
    sqlite3_stmt *select = index_statement(
        index, "SELECT c.signing_seq FROM certificates c WHERE " INDEX_HAS_KEY " AND c.serial = ?2", err);
    if (select == NULL)
        return false;
    if (!is_bound(sqlite3_bind_int64(select, 1, index_key_of_serial(serial))) ||
        !is_bound(sqlite3_bind_blob(select, 2, serial.data, (int)serial.len, SQLITE_STATIC)))
        return index_fail(index, err);
    if (!index_step(index, select, ret_found, err))
        return false;
    if (*ret_found)
        *ret_seq = sqlite3_column_int64(select, 0);
    (void)sqlite3_reset(select); // it has been read
    return true;
}

/** The one thing about a certificate that must be its own. */
static bool serial_is_new(struct index *index, const struct record_facts *facts, struct error *err)
{
    bool is_used;
    int64_t other = -1;
    if (!find_serial(index, facts, &is_used, &other, err))
        return false;
    return !is_used ||
           error_set(err, ERROR_LEDGER, 0, "record %" PRIu64 " uses the serial of record %" PRId64 " again",
                     facts->seq, other);
}

static bool add_keys(struct index *index, const struct record_facts *facts, int64_t serial_key,
                     int64_t spki_key, struct error *err)
{
    if (!index_key_add(index, serial_key, facts->seq, err))
        return false;
    return index_lacks_keys(index) ||
           (index_key_add(index, index_key_of(facts->csr_sha256), facts->seq, err) &&
            index_key_add(index, spki_key, facts->seq, err));
}

static bool add_signing(struct index *index, const struct record_facts *facts, struct error *err)
{
    AUTO(builder_done) struct builder names = BUILDER_INIT;
    uint8_t value[32];
    int64_t serial_key = index_key_of_serial(bytes_of(facts->serial, facts->serial_len));
    record_key_value(facts, value);
    bool is_plain = memcmp(value, facts->spki_sha256, sizeof(value)) == 0;
    join_names(&facts->sans, &names);
    if (!serial_is_new(index, facts, err))
        return false;
    sqlite3_stmt *insert = index_statement(index,
                                           "INSERT INTO certificates VALUES(?1, NULL, 0, ?2, ?3, "
                                           "?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
                                           err);
    if (insert == NULL)
        return false;
    if (!is_bound(sqlite3_bind_int64(insert, 1, (int64_t)facts->seq)) ||
        !is_bound(sqlite3_bind_blob(insert, 2, facts->serial, (int)facts->serial_len, SQLITE_STATIC)) ||
        !bind_text(insert, 3, &facts->policy) || !bind_text(insert, 4, &facts->subject) ||
        !bind_text(insert, 5, &facts->source) ||
        !is_bound(sqlite3_bind_blob(insert, 6, facts->csr_sha256, 32, SQLITE_STATIC)) ||
        !is_bound(sqlite3_bind_blob(insert, 7, facts->spki_sha256, 32, SQLITE_STATIC)) ||
        !is_bound(sqlite3_bind_int64(insert, 8, facts->time)) ||
        !is_bound(sqlite3_bind_int64(insert, 9, facts->not_after)) ||
        !is_bound(sqlite3_bind_blob(insert, 10, facts->policy_sha256, 32, SQLITE_STATIC)) ||
        !is_bound(sqlite3_bind_text(insert, 11, builder_text(&names), (int)names.len, SQLITE_STATIC)) ||
        !is_bound(sqlite3_bind_int64(insert, 12, index_key_of(facts->csr_sha256))) ||
        !is_bound(sqlite3_bind_int64(insert, 13, index_key_of(value))) ||
        !is_bound(sqlite3_bind_int64(insert, 14, serial_key)) ||
        !is_bound(is_plain ? sqlite3_bind_null(insert, 15)
                           : sqlite3_bind_blob(insert, 15, value, sizeof(value), SQLITE_TRANSIENT)))
        return index_fail(index, err);
    return finish(index, insert, err) && add_keys(index, facts, serial_key, index_key_of(value), err);
}

/** cert.issued and cert.abandoned end an unfinished cert.signing, once. */
static bool end_signing(struct index *index, const struct record_facts *facts, struct error *err)
{
    bool is_issued = facts->kind == RECORD_ISSUED;
    sqlite3_stmt *update = index_statement(
        index, "UPDATE certificates SET status = ?1, issued_seq = ?2 WHERE signing_seq = ?3 AND status = 0",
        err);
    if (update == NULL)
        return false;
    if (!is_bound(sqlite3_bind_int(update, 1, is_issued ? LEDGER_ISSUED : LEDGER_ABANDONED)) ||
        !is_bound(is_issued ? sqlite3_bind_int64(update, 2, (int64_t)facts->seq)
                            : sqlite3_bind_null(update, 2)) ||
        !is_bound(sqlite3_bind_int64(update, 3, (int64_t)facts->ref)))
        return index_fail(index, err);
    if (!finish(index, update, err))
        return false;
    return sqlite3_changes(index_database(index)) == 1 ||
           error_set(err, ERROR_LEDGER, 0,
                     "record %" PRIu64 " (%s) refers to record %" PRIu64
                     ", which is not an unfinished cert.signing",
                     facts->seq, record_kind_name(facts->kind), facts->ref);
}

static bool change_revocation(struct index *index, const struct record_facts *facts, struct error *err)
{
    bool is_known;
    int64_t seq;
    if (!find_serial(index, facts, &is_known, &seq, err))
        return false;
    // A serial the ledger never saw is one from before this ledger: an adopted CA may revoke it.
    if (!is_known)
        return true;
    // A burned serial can be revoked too; taking that back makes it what it was.
    sqlite3_stmt *update =
        facts->kind == RECORD_REVOKED
            ? index_statement(
                  index, "UPDATE certificates SET status = 3 WHERE signing_seq = ?1 AND status <> 0", err)
            : index_statement(
                  index,
                  "UPDATE certificates SET status = CASE WHEN issued_seq IS NULL THEN 2 ELSE 1 END"
                  " WHERE signing_seq = ?1 AND status = 3",
                  err);
    if (update == NULL)
        return false;
    if (!is_bound(sqlite3_bind_int64(update, 1, seq)))
        return index_fail(index, err);
    if (!finish(index, update, err))
        return false;
    return sqlite3_changes(index_database(index)) == 1 ||
           error_set(err, ERROR_LEDGER, 0, "record %" PRIu64 " (%s) names a serial that is not %s",
                     facts->seq, record_kind_name(facts->kind),
                     facts->kind == RECORD_REVOKED ? "issued or abandoned" : "revoked");
}

bool index_add(struct index *index, const struct record_facts *facts, uint64_t offset, size_t len,
               struct error *err)
{
    if (!add_place(index, facts, offset, len, err))
        return false;
    switch (facts->kind) {
    case RECORD_SIGNING:
        return add_signing(index, facts, err);
    case RECORD_ISSUED:
    case RECORD_ABANDONED:
        return end_signing(index, facts, err);
    case RECORD_REVOKED:
    case RECORD_UNREVOKED:
        return change_revocation(index, facts, err);
    case RECORD_OTHER:
    case RECORD_REFUSED:
    case RECORD_SESSION:
    default:
        return true;
    }
}

bool index_place(struct index *index, uint64_t seq, uint64_t *ret_offset, size_t *ret_len, bool *ret_found,
                 struct error *err)
{
    bool has_row;
    sqlite3_stmt *select = index_statement(index, "SELECT offset, len FROM records WHERE seq = ?1", err);
    if (select == NULL)
        return false;
    if (!is_bound(sqlite3_bind_int64(select, 1, (int64_t)seq)))
        return index_fail(index, err);
    if (!index_step(index, select, &has_row, err))
        return false;
    *ret_found = has_row;
    if (has_row) {
        *ret_offset = (uint64_t)sqlite3_column_int64(select, 0);
        *ret_len = (size_t)sqlite3_column_int64(select, 1);
        (void)sqlite3_reset(select); // it has been read
    }
    return true;
}

static char *text_of(sqlite3_stmt *statement, int column)
{
    return memory_text((const char *)sqlite3_column_text(statement, column));
}

static void digest_of(sqlite3_stmt *statement, int column, uint8_t ret_digest[static 32])
{
    const void *digest = sqlite3_column_blob(statement, column);
    if (digest != NULL && sqlite3_column_bytes(statement, column) == 32)
        memcpy(ret_digest, digest, 32);
}

void index_entry_read(sqlite3_stmt *statement, struct ledger_entry *ret_entry)
{
    AUTO(builder_done) struct builder hex = BUILDER_INIT;
    const uint8_t *serial = sqlite3_column_blob(statement, 3);
    size_t len = serial == NULL ? 0 : (size_t)sqlite3_column_bytes(statement, 3);
    bool is_issued = sqlite3_column_type(statement, 1) != SQLITE_NULL;
    encode_hex(bytes_of(serial, len), &hex);
    struct ledger_entry entry = {
        .signing_seq = (uint64_t)sqlite3_column_int64(statement, 0),
        .issued_seq = is_issued ? (uint64_t)sqlite3_column_int64(statement, 1) : UINT64_MAX,
        .status = (enum ledger_status)sqlite3_column_int(statement, 2),
        .serial = builder_take_text(&hex),
        .policy = text_of(statement, 4),
        .subject = text_of(statement, 5),
        .source = text_of(statement, 6),
        .time = sqlite3_column_int64(statement, 9),
        .not_after = sqlite3_column_int64(statement, 10),
    };
    digest_of(statement, 7, entry.csr_sha256);
    digest_of(statement, 8, entry.spki_sha256);
    digest_of(statement, 11, entry.key_value);
    *ret_entry = entry;
}
