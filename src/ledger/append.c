/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/log.h"

#include "base/file.h"
#include "base/memory.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

void ledger_set_operator(struct ledger *ledger, const char *name)
{
    free(ledger->operator_name);
    ledger->operator_name = memory_text(name);
}

/** P8: the clock of this machine may not be behind what the ledger has seen. */
static bool take_time(const struct ledger *ledger, int64_t *ret_now, struct error *err)
{
    char newest[TIME_TEXT_SIZE];
    char text[TIME_TEXT_SIZE];
    int64_t now = time_now();
    int64_t bound = ledger->group_count > 0 ? ledger->group[ledger->group_count - 1].facts.time
                                            : ledger->state.newest_time;
    if (now < bound)
        return error_set(err, ERROR_LEDGER, 0,
                         "the clock says %s, but the ledger's newest record is of %s: set the clock right",
                         time_format(now, text), time_format(bound, newest));
    *ret_now = now;
    return true;
}

/** Whether a record of this group is about the same serial already. */
static bool is_in_group(const struct ledger *ledger, const struct record_facts *facts)
{
    struct bytes serial = bytes_of(facts->serial, facts->serial_len);
    for (size_t i = 0; i < ledger->group_count; i++) {
        const struct record_facts *other = &ledger->group[i].facts;
        if (other->serial_len > 0 && bytes_equal(bytes_of(other->serial, other->serial_len), serial))
            return true;
    }
    return false;
}

/** What index_add() would refuse must not get into the ledger: serials used again, revocations out of order. */
static bool serial_fits(struct ledger *ledger, const struct record_facts *facts, struct error *err)
{
    AUTO(ledger_entry_done) struct ledger_entry entry = {.serial = NULL};
    bool is_known;
    if (is_in_group(ledger, facts))
        return error_set(err, ERROR_LEDGER, 0, "two records of one group are about the same serial");
    if (!index_find_serial(ledger->index, bytes_of(facts->serial, facts->serial_len), &entry, &is_known, err))
        return false;
    if (facts->kind == RECORD_SIGNING && is_known)
        return error_set(err, ERROR_LEDGER, 0, "record %" PRIu64 " has used this serial already",
                         entry.signing_seq);
    if (facts->kind == RECORD_REVOKED && is_known && entry.status == LEDGER_UNFINISHED)
        return error_set(err, ERROR_LEDGER, 0, "the serial of record %" PRIu64 " is not issued yet",
                         entry.signing_seq);
    if (facts->kind == RECORD_UNREVOKED && is_known && entry.status != LEDGER_REVOKED)
        return error_set(err, ERROR_LEDGER, 0, "the serial of record %" PRIu64 " is not revoked",
                         entry.signing_seq);
    return true;
}

static bool ref_is_unfinished(struct ledger *ledger, const struct record_facts *facts, struct error *err)
{
    bool is_unfinished;
    for (size_t i = 0; i < ledger->group_count; i++) {
        const struct record_facts *other = &ledger->group[i].facts;
        if ((other->kind == RECORD_ISSUED || other->kind == RECORD_ABANDONED) && other->ref == facts->ref)
            return error_set(err, ERROR_LEDGER, 0, "record %" PRIu64 " is ended twice in one group",
                             facts->ref);
    }
    if (!index_is_unfinished(ledger->index, facts->ref, &is_unfinished, err))
        return false;
    return is_unfinished ||
           error_set(err, ERROR_LEDGER, 0,
                     "%s needs the number of a committed, unfinished cert.signing; %" PRIu64 " is none",
                     record_kind_name(facts->kind), facts->ref);
}

static bool fits_history(struct ledger *ledger, const struct record_facts *facts, struct error *err)
{
    switch (facts->kind) {
    case RECORD_SIGNING:
    case RECORD_REVOKED:
    case RECORD_UNREVOKED:
        return serial_fits(ledger, facts, err);
    case RECORD_ISSUED:
    case RECORD_ABANDONED:
        return ref_is_unfinished(ledger, facts, err);
    case RECORD_OTHER:
    case RECORD_REFUSED:
    case RECORD_SESSION:
    default:
        return true;
    }
}

static struct log_waiting *next_waiting(struct ledger *ledger)
{
    if (ledger->group_count == ledger->group_capacity) {
        ledger->group_capacity = ledger->group_capacity == 0 ? 64 : 2 * ledger->group_capacity;
        ledger->group = memory_grow(ledger->group, ledger->group_capacity, sizeof(*ledger->group));
    }
    return &ledger->group[ledger->group_count];
}

static bool add_to_group(struct ledger *ledger, const char *type, const struct json *fields,
                         uint64_t *ret_seq, struct error *err)
{
    struct record_fault fault;
    struct log_waiting *waiting = next_waiting(ledger);
    AUTO(free) char *line = NULL;
    builder_clear(&ledger->record_text);
    json_canonical(fields, &ledger->record_text);
    size_t len = ledger->record_text.len;
    if (len > LEDGER_RECORD_MAX_LEN)
        return error_set(err, ERROR_LEDGER, EMSGSIZE,
                         "a %s record of %zu bytes is longer than the %d a ledger takes", type, len,
                         LEDGER_RECORD_MAX_LEN);
    line = memory_text_of(ledger->record_text.data, len);
    struct bytes text = bytes_of(line, len);
    // Read back from the very bytes that will be written, as every later reader does.
    if (!record_read(text, &waiting->facts, &fault))
        return error_set(err, ERROR_LEDGER, 0, "not a record: %s", fault.text);
    // The index's look-ups here and its changes at the commit are one transaction, whose locks are taken once.
    if (!index_begin(ledger->index, err) || !fits_history(ledger, &waiting->facts, err))
        return false;
    tree_leaf_hash(text, &waiting->leaf);
    waiting->text = TAKE(line);
    waiting->len = len;
    ledger->group_count++;
    if (ret_seq != NULL)
        *ret_seq = waiting->facts.seq;
    return true;
}

bool ledger_append(struct ledger *ledger, const char *type, struct json *fields, uint64_t *ret_seq,
                   struct error *err)
{
    AUTO(json_free) struct json *record = fields;
    char text[TIME_TEXT_SIZE];
    int64_t now;
    assert(ledger->mode == LEDGER_WRITE);
    if (!log_is_whole(ledger, err) || !take_time(ledger, &now, err))
        return false;
    json_put_int(record, "seq", (int64_t)(ledger->state.size + ledger->group_count));
    json_put_text(record, "time", time_format(now, text));
    json_put_text(record, "type", type);
    json_put_text(record, "operator", ledger->operator_name);
    return add_to_group(ledger, type, record, ret_seq, err);
}

/** From here on nothing is sure but what was committed before: the next opening sorts it out. */
static bool break_down(struct ledger *ledger, struct error *err)
{
    (void)error_while(err, "writing the ledger; what was committed before is safe, run the command again");
    ledger->broken = *err;
    return false;
}

static bool write_group(struct ledger *ledger, struct error *err)
{
    builder_clear(&ledger->group_text);
    for (size_t i = 0; i < ledger->group_count; i++) {
        builder_add(&ledger->group_text, ledger->group[i].text, ledger->group[i].len);
        builder_add_u8(&ledger->group_text, '\n');
    }
    if (!file_write_fd(ledger->log_fd, LOG_NAME, builder_bytes(&ledger->group_text), err))
        return break_down(ledger, err);
    if (fdatasync(ledger->log_fd) != 0) {
        (void)error_errno(err, ERROR_INPUT, errno, "can't make " LOG_NAME " durable");
        return break_down(ledger, err);
    }
    return true;
}

static bool index_group(struct ledger *ledger, struct error *err)
{
    if (!index_begin(ledger->index, err))
        return false;
    for (size_t i = 0; i < ledger->group_count; i++) {
        const struct log_waiting *waiting = &ledger->group[i];
        if (!tree_append(&ledger->tree, &waiting->leaf, index_tile_put, ledger->index, err) ||
            !index_add(ledger->index, &waiting->facts, ledger->state.offset, waiting->len, err))
            return false;
        ledger->state.offset += waiting->len + 1;
    }
    ledger->state.size += ledger->group_count;
    ledger->state.newest_time = ledger->group[ledger->group_count - 1].facts.time;
    return true;
}

bool ledger_commit(struct ledger *ledger, struct error *err)
{
    assert(ledger->mode == LEDGER_WRITE);
    if (!log_is_whole(ledger, err))
        return false;
    if (ledger->group_count == 0)
        return true;
    bool is_written = write_group(ledger, err);
    if (is_written)
        atomic_store(&ledger->durable_size, ledger->group[ledger->group_count - 1].facts.seq + 1);
    bool is_indexed = is_written && index_group(ledger, &ledger->broken);
    if (is_indexed)
        log_settle_some(ledger);
    else if (is_written)
        // The records are durable, so this commit holds; but without its index the ledger can't go on.
        (void)error_while(&ledger->broken,
                          "updating the index; the ledger itself is safe, run the command again");
    log_forget_group(ledger);
    return is_written;
}
