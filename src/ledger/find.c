/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/log.h"

#include "base/encode.h"
#include "base/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *ledger_status_name(enum ledger_status status)
{
    switch (status) {
    case LEDGER_UNFINISHED:
        return "unfinished";
    case LEDGER_ISSUED:
        return "issued";
    case LEDGER_ABANDONED:
        return "abandoned";
    case LEDGER_REVOKED:
        return "revoked";
    default:
        return "unknown";
    }
}

void ledger_entry_done(struct ledger_entry *entry)
{
    free(entry->serial);
    free(entry->policy);
    free(entry->subject);
    free(entry->source);
    *entry = (struct ledger_entry){.serial = NULL};
}

bool log_read_line(struct ledger *ledger, uint64_t seq, struct builder *ret_line, struct error *err)
{
    uint64_t offset = 0;
    size_t len = 0;
    bool is_known;
    if (!index_place(ledger->index, seq, &offset, &len, &is_known, err))
        return false;
    if (!is_known || len > LEDGER_RECORD_MAX_LEN)
        return error_set(err, ERROR_LEDGER, 0, "the ledger has no record %" PRIu64 ": it holds %" PRIu64, seq,
                         ledger->state.size);
    uint8_t *place = builder_reserve(ret_line, len);
    size_t got = 0;
    while (got < len) {
        ssize_t part = pread(ledger->log_fd, place + got, len - got, (off_t)(offset + got));
        if (part < 0 && errno == EINTR)
            continue;
        if (part <= 0)
            return error_errno(err, part < 0 ? ERROR_INPUT : ERROR_LEDGER, part < 0 ? errno : ENODATA,
                               "can't read record %" PRIu64, seq);
        got += (size_t)part;
    }
    return true;
}

static bool damaged(uint64_t seq, const char *why, struct error *err)
{
    return error_set(err, ERROR_LEDGER, 0, "record %" PRIu64 " is damaged: %s", seq, why);
}

bool ledger_record(struct ledger *ledger, uint64_t seq, struct json **ret_record, struct error *err)
{
    AUTO(builder_done) struct builder line = BUILDER_INIT;
    AUTO(json_free) struct json *record = NULL;
    struct record_fault fault;
    int64_t found;
    if (!log_is_whole(ledger, err) || !log_read_line(ledger, seq, &line, err))
        return false;
    if (!record_parse(builder_bytes(&line), &record, &fault))
        return damaged(seq, fault.text, err);
    if (!json_int(record, "seq", &found) || (uint64_t)found != seq)
        return damaged(seq, "its seq is another", err);
    *ret_record = TAKE(record);
    return true;
}

/** Reads a record's facts; views into buffer. */
static bool read_facts(struct ledger *ledger, uint64_t seq, struct builder *buffer,
                       struct record_facts *ret_facts, struct error *err)
{
    struct record_fault fault;
    struct record_facts facts;
    if (!log_read_line(ledger, seq, buffer, err))
        return false;
    if (!record_read(builder_bytes(buffer), &facts, &fault))
        return damaged(seq, fault.text, err);
    if (facts.seq != seq)
        return damaged(seq, "its seq is another", err);
    *ret_facts = facts;
    return true;
}

/** The index is a cache: what it found must be what the ledger says. */
static bool entry_fits(struct ledger *ledger, const struct ledger_entry *entry, bool *ret_fits,
                       struct error *err)
{
    AUTO(builder_done) struct builder signing_line = BUILDER_INIT;
    AUTO(builder_done) struct builder issued_line = BUILDER_INIT;
    AUTO(builder_done) struct builder serial = BUILDER_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    struct record_facts facts, end;
    uint8_t value[32];
    *ret_fits = false;
    if (!read_facts(ledger, entry->signing_seq, &signing_line, &facts, err))
        return false;
    encode_hex(bytes_of(facts.serial, facts.serial_len), &serial);
    if (facts.kind != RECORD_SIGNING || !bytes_equal_text(builder_bytes(&serial), entry->serial) ||
        memcmp(facts.csr_sha256, entry->csr_sha256, 32) != 0 ||
        memcmp(facts.spki_sha256, entry->spki_sha256, 32) != 0)
        return true;
    record_key_value(&facts, value);
    struct bytes subject = canonical_text(&facts.subject, &text);
    // A revocation repeats these, and by its end an entry leaves the CRL.
    if (memcmp(value, entry->key_value, sizeof(value)) != 0 || facts.not_after != entry->not_after ||
        !bytes_equal(subject, bytes_of_text(entry->subject)))
        return true;
    *ret_fits = true;
    if (entry->issued_seq == UINT64_MAX)
        return true;
    if (!read_facts(ledger, entry->issued_seq, &issued_line, &end, err))
        return false;
    *ret_fits = end.kind == RECORD_ISSUED && end.ref == entry->signing_seq;
    return true;
}

/** A look-up in the index; data is its own. */
typedef bool index_search(struct index *index, const void *data, struct ledger_entry *ret_entry,
                          bool *ret_found, struct error *err);

/** Looks up, holds the answer against the ledger, and if the index is wrong makes it new and asks again. */
static bool look_up(struct ledger *ledger, index_search *search, const void *data,
                    struct ledger_entry *ret_entry, bool *ret_found, struct error *err)
{
    struct error why = ERROR_INIT;
    if (!log_is_whole(ledger, err))
        return false;
    for (int attempt = 0;; attempt++) {
        AUTO(ledger_entry_done) struct ledger_entry entry = {.serial = NULL};
        bool found = false;
        bool fits = true;
        bool answered = search(ledger->index, data, &entry, &found, &why) &&
                        (!found || entry_fits(ledger, &entry, &fits, &why));
        if (answered && fits) {
            *ret_found = found;
            if (found) {
                *ret_entry = entry;
                entry = (struct ledger_entry){.serial = NULL};
            }
            return true;
        }
        if (answered)
            (void)error_set(&why, ERROR_LEDGER, 0,
                            "index.sqlite says of record %" PRIu64 " what is not in it", entry.signing_seq);
        if (attempt > 0) {
            *err = why;
            return false;
        }
        if (!log_rebuild(ledger, why.text, err))
            return false;
    }
}

static bool take_entry(struct index *index, sqlite3_stmt *select, struct ledger_entry *ret_entry,
                       bool *ret_found, struct error *err)
{
    if (!index_step(index, select, ret_found, err))
        return false;
    if (*ret_found)
        index_entry_read(select, ret_entry);
    (void)sqlite3_reset(select); // it has been read
    return true;
}

bool index_find_serial(struct index *index, struct bytes serial, struct ledger_entry *ret_entry,
                       bool *ret_found, struct error *err)
{
    sqlite3_stmt *select = index_statement(
        index, "SELECT " INDEX_ENTRY_COLUMNS " FROM certificates c WHERE " INDEX_HAS_KEY " AND c.serial = ?2",
        err);
    if (select == NULL)
        return false;
    if (serial.len > RECORD_SERIAL_MAX_LEN ||
        sqlite3_bind_int64(select, 1, index_key_of_serial(serial)) != SQLITE_OK ||
        sqlite3_bind_blob(select, 2, serial.data, (int)serial.len, SQLITE_STATIC) != SQLITE_OK)
        return index_fail(index, err);
    return take_entry(index, select, ret_entry, ret_found, err);
}

bool index_is_unfinished(struct index *index, uint64_t signing_seq, bool *ret_is, struct error *err)
{
    sqlite3_stmt *select =
        index_statement(index, "SELECT 1 FROM certificates WHERE signing_seq = ?1 AND status = 0", err);
    if (select == NULL)
        return false;
    if (sqlite3_bind_int64(select, 1, (int64_t)signing_seq) != SQLITE_OK)
        return index_fail(index, err);
    if (!index_step(index, select, ret_is, err))
        return false;
    (void)sqlite3_reset(select); // it has been read
    return true;
}

static bool search_serial(struct index *index, const void *data, struct ledger_entry *ret_entry,
                          bool *ret_found, struct error *err)
{
    const struct bytes *serial = data;
    return index_find_serial(index, *serial, ret_entry, ret_found, err);
}

bool ledger_find_serial(struct ledger *ledger, struct bytes serial, struct ledger_entry *ret_entry,
                        bool *ret_found, struct error *err)
{
    if (serial.len > RECORD_SERIAL_MAX_LEN) {
        *ret_found = false;
        return true;
    }
    return look_up(ledger, search_serial, &serial, ret_entry, ret_found, err);
}

struct request_search {
    const uint8_t *csr_sha256;
    const char *policy;
    const uint8_t *policy_sha256;
    uint64_t size; /**< records */
};

static bool search_request(struct index *index, const void *data, struct ledger_entry *ret_entry,
                           bool *ret_found, struct error *err)
{
    const struct request_search *wanted = data;
    sqlite3_stmt *select = index_statement(
        index,
        "SELECT " INDEX_ENTRY_COLUMNS " FROM certificates c WHERE " INDEX_HAS_KEY
        " AND csr = ?2 AND policy = ?3"
        " AND policy_sha256 = ?4 AND status = 1 AND signing_seq < ?5 ORDER BY signing_seq DESC LIMIT 1",
        err);
    if (select == NULL)
        return false;
    if (sqlite3_bind_int64(select, 1, index_key_of(wanted->csr_sha256)) != SQLITE_OK ||
        sqlite3_bind_blob(select, 2, wanted->csr_sha256, 32, SQLITE_STATIC) != SQLITE_OK ||
        sqlite3_bind_text(select, 3, wanted->policy, -1, SQLITE_STATIC) != SQLITE_OK ||
        sqlite3_bind_blob(select, 4, wanted->policy_sha256, 32, SQLITE_STATIC) != SQLITE_OK ||
        sqlite3_bind_int64(select, 5, (int64_t)wanted->size) != SQLITE_OK)
        return index_fail(index, err);
    return take_entry(index, select, ret_entry, ret_found, err);
}

bool ledger_find_request(struct ledger *ledger, const uint8_t csr_sha256[static 32], const char *policy,
                         const uint8_t policy_sha256[static 32], struct ledger_entry *ret_entry,
                         bool *ret_found, struct error *err)
{
    const struct request_search wanted = {csr_sha256, policy, policy_sha256, ledger->state.size};
    return look_up(ledger, search_request, &wanted, ret_entry, ret_found, err);
}

struct key_search {
    const uint8_t *value;
    const char *subject;
    uint64_t size; /**< records */
};

static bool search_key(struct index *index, const void *data, struct ledger_entry *ret_entry, bool *ret_found,
                       struct error *err)
{
    const struct key_search *wanted = data;
    sqlite3_stmt *select =
        index_statement(index,
                        "SELECT " INDEX_ENTRY_COLUMNS " FROM certificates c WHERE " INDEX_HAS_KEY
                        " AND ifnull(key_value, spki) = ?2"
                        " AND subject IS NOT ?3 AND status <> 3 AND status <> 2 AND signing_seq < ?4 ORDER "
                        "BY signing_seq DESC LIMIT 1",
                        err);
    if (select == NULL)
        return false;
    if (sqlite3_bind_int64(select, 1, index_key_of(wanted->value)) != SQLITE_OK ||
        sqlite3_bind_blob(select, 2, wanted->value, 32, SQLITE_STATIC) != SQLITE_OK ||
        sqlite3_bind_text(select, 3, wanted->subject, -1, SQLITE_STATIC) != SQLITE_OK ||
        sqlite3_bind_int64(select, 4, (int64_t)wanted->size) != SQLITE_OK)
        return index_fail(index, err);
    return take_entry(index, select, ret_entry, ret_found, err);
}

bool ledger_find_key(struct ledger *ledger, const uint8_t key_value[static 32],
                     const char *other_than_subject, struct ledger_entry *ret_entry, bool *ret_found,
                     struct error *err)
{
    const struct key_search wanted = {key_value, other_than_subject, ledger->state.size};
    return look_up(ledger, search_key, &wanted, ret_entry, ret_found, err);
}

/** What the index takes for unfinished, oldest first. */
struct unfinished {
    struct ledger_entry *entries;
    size_t count;
};

static void unfinished_done(struct unfinished *unfinished)
{
    for (size_t i = 0; i < unfinished->count; i++)
        ledger_entry_done(&unfinished->entries[i]);
    free(unfinished->entries);
}
DEFINE_AUTO_VALUE(struct unfinished, unfinished_done);

static bool search_unfinished(struct ledger *ledger, struct unfinished *unfinished, struct error *err)
{
    bool has_row;
    sqlite3_stmt *select = index_statement(
        ledger->index,
        "SELECT " INDEX_ENTRY_COLUMNS " FROM certificates c WHERE status = 0 ORDER BY signing_seq", err);
    if (select == NULL)
        return false;
    for (;;) {
        if (!index_step(ledger->index, select, &has_row, err))
            return false;
        if (!has_row)
            return true;
        if ((unfinished->count & (unfinished->count - 1)) == 0) // a power of two: it is full, or empty
            unfinished->entries =
                memory_grow(unfinished->entries, unfinished->count == 0 ? 1 : 2 * unfinished->count,
                            sizeof(*unfinished->entries));
        index_entry_read(select, &unfinished->entries[unfinished->count++]);
    }
}

static int compare_seq(const void *key, const void *entry)
{
    uint64_t seq = *(const uint64_t *)key;
    uint64_t other = ((const struct ledger_entry *)entry)->signing_seq;
    return seq < other ? -1 : seq > other;
}

/** Whether this record ends one of them. */
static bool is_end_of(struct bytes text, const struct unfinished *unfinished)
{
    static const char spelled[] = "\"type\":\"cert.";
    struct record_facts facts;
    struct record_fault ignored; // a damaged record is reported by who reads it for what it says
    if (memmem(text.data, text.len, spelled, sizeof(spelled) - 1) == NULL ||
        !record_read(text, &facts, &ignored) ||
        (facts.kind != RECORD_ISSUED && facts.kind != RECORD_ABANDONED))
        return false;
    return bsearch(&facts.ref, unfinished->entries, unfinished->count, sizeof(*unfinished->entries),
                   compare_seq) != NULL;
}

/** What is abandoned is burned for ever: so ledger.jsonl is asked, from the oldest of them on. Mostly that is its end. */
static bool are_unfinished(struct ledger *ledger, const struct unfinished *unfinished, bool *ret_are,
                           struct error *err)
{
    AUTO(lines_done) struct lines lines = {.fd = -1};
    uint64_t offset = 0;
    size_t len = 0;
    struct line line;
    *ret_are = true;
    for (size_t i = 0; i < unfinished->count && *ret_are; i++) {
        if (!entry_fits(ledger, &unfinished->entries[i], ret_are, err))
            return false;
    }
    if (unfinished->count == 0 || !*ret_are)
        return true;
    if (!index_place(ledger->index, unfinished->entries[0].signing_seq, &offset, &len, ret_are, err))
        return false;
    lines_init(&lines, ledger->log_fd, offset, ledger->state.offset);
    do {
        if (!lines_next(&lines, &line, err))
            return false;
        *ret_are = *ret_are && !(line.kind == LINE_RECORD && is_end_of(line.text, unfinished));
    } while (*ret_are && (line.kind == LINE_RECORD || line.kind == LINE_VOID));
    return true;
}

bool ledger_unfinished(struct ledger *ledger, struct ledger_entry **ret_entries, size_t *ret_count,
                       struct error *err)
{
    if (!log_is_whole(ledger, err))
        return false;
    for (int attempt = 0;; attempt++) {
        AUTO(unfinished_done) struct unfinished unfinished = {.count = 0};
        struct error why = ERROR_INIT;
        bool fits = false;
        bool answered =
            search_unfinished(ledger, &unfinished, &why) && are_unfinished(ledger, &unfinished, &fits, &why);
        if (answered && fits) {
            *ret_entries = TAKE(unfinished.entries);
            *ret_count = unfinished.count;
            unfinished.count = 0;
            return true;
        }
        if (answered)
            (void)error_set(&why, ERROR_LEDGER, 0, "index.sqlite takes for unfinished what was ended");
        if (attempt > 0) {
            *err = why;
            return false;
        }
        if (!log_rebuild(ledger, why.text, err))
            return false;
    }
}

bool ledger_certificate_parts(struct ledger *ledger, const struct ledger_entry *entry,
                              struct builder *ret_tbs, struct builder *ret_signature, struct error *err)
{
    AUTO(json_free) struct json *signing = NULL;
    AUTO(json_free) struct json *issued = NULL;
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    int64_t ref;
    if (entry->issued_seq == UINT64_MAX)
        return error_set(err, ERROR_LEDGER, 0, "the certificate of record %" PRIu64 " was never issued",
                         entry->signing_seq);
    if (!ledger_record(ledger, entry->signing_seq, &signing, err) ||
        !ledger_record(ledger, entry->issued_seq, &issued, err))
        return false;
    if (!json_int(issued, "ref", &ref) || (uint64_t)ref != entry->signing_seq ||
        !json_base64(signing, "tbs", &tbs) || !json_base64(issued, "signature", &signature))
        return error_set(err, ERROR_LEDGER, 0,
                         "records %" PRIu64 " and %" PRIu64 " do not make a certificate", entry->signing_seq,
                         entry->issued_seq);
    builder_add_bytes(ret_tbs, builder_bytes(&tbs));
    builder_add_bytes(ret_signature, builder_bytes(&signature));
    return true;
}
