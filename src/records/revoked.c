/* SPDX-License-Identifier: Apache-2.0 */
#include "records/revoked_parts.h"

#include "base/canonical.h"
#include "base/der.h"
#include "base/encode.h"
#include "base/memory.h"
#include "base/time.h"
#include "records/cert.h"

#include <inttypes.h>
#include <string.h>

#define NONE UINT32_MAX
#define SLOTS_FIRST 1024 /* a power of two */
#define ITEMS_MAX (UINT32_MAX - 1)

/** An entry of a CRL; what its DER says is read from there. In the order of the records. There may be millions: 32 bytes. */
struct item {
    size_t offset; /**< of its DER in the arena */
    uint64_t seq;
    int64_t not_after;
    uint32_t burned; /**< the item of the same serial that a release leaves; NONE */
    uint8_t len;
    uint8_t serial_at; /**< in its DER */
    uint8_t serial_len;
    bool is_live : 1, is_hold : 1, is_burned : 1;
};
_Static_assert(sizeof(struct item) == 32, "an item has 32 bytes");

/** A cert.signing without its end. */
struct unfinished {
    uint64_t seq;
    int64_t not_after;
    size_t serial_len;
    uint8_t serial[REVOKED_SERIAL_MAX_LEN];
};

struct revoked {
    uint64_t size;
    int64_t begin; /**< time of record 0 */
    struct builder arena;
    struct item *items;
    size_t count, capacity;
    uint32_t *slots; /**< by serial: the number of its newest item and 1; 0: free */
    size_t slot_count;
    size_t used;
    struct unfinished *unfinished;
    size_t unfinished_count, unfinished_capacity;
    struct revoked_crls crls;
};

struct revoked *revoked_new(void)
{
    struct revoked *revoked = memory_new(1, sizeof(*revoked));
    revoked->begin = CRL_NO_TIME;
    revoked->slot_count = SLOTS_FIRST;
    revoked->slots = memory_new(revoked->slot_count, sizeof(*revoked->slots));
    return revoked;
}

void revoked_free(struct revoked *revoked)
{
    builder_done(&revoked->arena);
    free(revoked->items);
    free(revoked->slots);
    free(revoked->unfinished);
    free(revoked);
}

uint64_t revoked_size(const struct revoked *revoked)
{
    return revoked->size;
}

size_t revoked_unfinished(const struct revoked *revoked)
{
    return revoked->unfinished_count;
}

int64_t revoked_begin(const struct revoked *revoked)
{
    return revoked->begin;
}

const struct revoked_crls *revoked_crls(const struct revoked *revoked)
{
    return &revoked->crls;
}

/* ---- by serial ---- */

static struct bytes serial_of(const struct revoked *revoked, const struct item *item)
{
    return bytes_of(revoked->arena.data + item->offset + item->serial_at, item->serial_len);
}

/** FNV-1a; serials are random, or few. */
static size_t hash_of(struct bytes serial)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < serial.len; i++)
        hash = (hash ^ serial.data[i]) * UINT64_C(1099511628211);
    return (size_t)(hash ^ hash >> 32);
}

static uint32_t *slot_of(const struct revoked *revoked, struct bytes serial)
{
    size_t at = hash_of(serial) & (revoked->slot_count - 1);
    while (revoked->slots[at] != 0 &&
           !bytes_equal(serial_of(revoked, &revoked->items[revoked->slots[at] - 1]), serial))
        at = (at + 1) & (revoked->slot_count - 1);
    return &revoked->slots[at];
}

static void grow_slots(struct revoked *revoked)
{
    uint32_t *old = revoked->slots;
    size_t old_count = revoked->slot_count;
    revoked->slot_count *= 2;
    revoked->slots = memory_new(revoked->slot_count, sizeof(*revoked->slots));
    for (size_t i = 0; i < old_count; i++) {
        if (old[i] != 0)
            *slot_of(revoked, serial_of(revoked, &revoked->items[old[i] - 1])) = old[i];
    }
    free(old);
}

static struct item *live_item(const struct revoked *revoked, struct bytes serial)
{
    size_t number = *slot_of(revoked, serial);
    return number == 0 || !revoked->items[number - 1].is_live ? NULL : &revoked->items[number - 1];
}

bool revoked_find(const struct revoked *revoked, struct bytes serial, struct revoked_state *ret_state)
{
    const struct item *item = live_item(revoked, serial);
    struct crl_read_entry entry;
    if (item == NULL)
        return false;
    struct bytes der = bytes_of(revoked->arena.data + item->offset, item->len);
    if (!crl_next_entry(&der, &entry))
        abort(); // add() made it
    *ret_state = (struct revoked_state){.seq = item->seq,
                                        .reason = (enum crl_reason)entry.entry.reason,
                                        .revoked_at = entry.entry.revoked_at,
                                        .invalidity_date = entry.entry.invalidity_date,
                                        .not_after = item->not_after,
                                        .is_hold = item->is_hold,
                                        .is_burned = item->is_burned};
    return true;
}

/** The slot of a serial that is going to get an item. */
static uint32_t *slot_for(struct revoked *revoked, struct bytes serial)
{
    if (2 * ++revoked->used > revoked->slot_count)
        grow_slots(revoked);
    return slot_of(revoked, serial);
}

/** Adds an item, which is from now on what holds of this serial. \param slot  of slot_for() */
static void add(struct revoked *revoked, uint32_t *slot, struct bytes serial,
                const struct revoked_state *state)
{
    struct bytes cursor;
    struct bytes body;
    struct bytes integer = {.len = 0};
    const struct crl_entry entry = {.serial = serial,
                                    .revoked_at = state->revoked_at,
                                    .reason = state->reason,
                                    .invalidity_date = state->invalidity_date};
    uint32_t before = *slot == 0 ? NONE : *slot - 1;
    if (revoked->count == revoked->capacity) {
        if (revoked->count == ITEMS_MAX)
            abort(); // the ledger is larger than any disk
        revoked->capacity = revoked->capacity == 0 ? 256 : 2 * revoked->capacity;
        revoked->items = memory_grow(revoked->items, revoked->capacity, sizeof(*revoked->items));
    }
    struct item *item = &revoked->items[revoked->count++];
    *item = (struct item){.offset = revoked->arena.len,
                          .seq = state->seq,
                          .not_after = state->not_after,
                          .burned = NONE,
                          .is_live = true,
                          .is_hold = state->is_hold,
                          .is_burned = state->is_burned};
    if (before != NONE) {
        struct item *other = &revoked->items[before];
        item->burned = other->is_burned ? before : other->burned;
        other->is_live = false;
    }
    crl_entry_add(&entry, &revoked->arena);
    cursor = bytes_of(revoked->arena.data + item->offset, revoked->arena.len - item->offset);
    item->len = (uint8_t)cursor.len; // a serial of 64 bytes, two dates and two extensions are 170
    if (!der_take(&cursor, DER_SEQUENCE, &body) || !der_take_unsigned(&body, &integer))
        abort(); // it was written by the line above
    item->serial_at = (uint8_t)(integer.data - (revoked->arena.data + item->offset));
    item->serial_len = (uint8_t)integer.len;
    *slot = (uint32_t)revoked->count;
}

/* ---- records ---- */

static bool take_signing(struct revoked *revoked, uint64_t seq, const struct canonical_field *fields,
                         struct error *err)
{
    struct unfinished unfinished = {.seq = seq, .not_after = CRL_NO_TIME};
    struct bytes hex = fields[REVOKED_SERIAL].value.spelling;
    unfinished.serial_len = hex.len / 2;
    if (unfinished.serial_len == 0 || unfinished.serial_len > REVOKED_SERIAL_MAX_LEN ||
        !decode_hex_exactly(hex, unfinished.serial, unfinished.serial_len))
        return revoked_wrong(err, seq, "a cert.signing without a serial in hex");
    if (fields[REVOKED_NOT_AFTER].value.kind != CANONICAL_NONE &&
        !revoked_field_time(&fields[REVOKED_NOT_AFTER], &unfinished.not_after))
        return revoked_wrong(err, seq, "a cert.signing whose not_after is not a time");
    if (revoked->unfinished_count == revoked->unfinished_capacity) {
        revoked->unfinished_capacity =
            revoked->unfinished_capacity == 0 ? 256 : 2 * revoked->unfinished_capacity;
        revoked->unfinished =
            memory_grow(revoked->unfinished, revoked->unfinished_capacity, sizeof(*revoked->unfinished));
    }
    revoked->unfinished[revoked->unfinished_count++] = unfinished;
    return true;
}

/** cert.issued or cert.abandoned: few are unfinished at one time, a run's groups. */
static bool take_end(struct revoked *revoked, uint64_t seq, const struct canonical_field *fields,
                     bool is_abandoned, struct error *err)
{
    const struct canonical_value *ref = &fields[REVOKED_REF].value;
    for (size_t i = 0; ref->kind == CANONICAL_INT && i < revoked->unfinished_count; i++) {
        struct unfinished *unfinished = &revoked->unfinished[i];
        if (unfinished->seq != (uint64_t)ref->number)
            continue;
        struct revoked_state state = {.seq = seq,
                                      .not_after = unfinished->not_after,
                                      .invalidity_date = CRL_NO_TIME,
                                      .is_burned = true};
        struct bytes burned = bytes_of(unfinished->serial, unfinished->serial_len);
        if (is_abandoned && !revoked_field_time(&fields[REVOKED_TIME], &state.revoked_at))
            return revoked_wrong(err, seq, "a cert.abandoned without its time");
        if (is_abandoned)
            add(revoked, slot_for(revoked, burned), burned, &state);
        *unfinished = revoked->unfinished[--revoked->unfinished_count];
        return true;
    }
    return revoked_wrong(err, seq, "it ends no unfinished cert.signing");
}

static bool take_state(struct revoked *revoked, struct bytes serial, const struct revoked_state *state,
                       struct error *err)
{
    uint32_t *slot = slot_for(revoked, serial);
    const struct item *item = *slot == 0 ? NULL : &revoked->items[*slot - 1];
    if (item != NULL && item->is_live && !item->is_burned && !item->is_hold)
        return revoked_wrong(err, state->seq, "it revokes what is revoked already");
    add(revoked, slot, serial, state);
    return true;
}

static bool take_revoked(struct revoked *revoked, uint64_t seq, const struct json *json, struct error *err)
{
    AUTO(builder_done) struct builder buffer = BUILDER_INIT;
    struct record_cert_revoked record;
    if (!record_cert_revoked_read(json, &buffer, &record, err))
        return error_while(err, "reading record %" PRIu64, seq);
    const struct revoked_state state = {.seq = seq,
                                        .reason = record.reason,
                                        .revoked_at = record.revoked_at,
                                        .invalidity_date = record.invalidity_date,
                                        .not_after = record.not_after,
                                        .is_hold = record.is_hold};
    return take_state(revoked, record.serial, &state, err);
}

static bool take_unrevoked(struct revoked *revoked, uint64_t seq, const struct json *json, struct error *err)
{
    AUTO(builder_done) struct builder buffer = BUILDER_INIT;
    struct record_cert_unrevoked record;
    if (!record_cert_unrevoked_read(json, &buffer, &record, err))
        return error_while(err, "reading record %" PRIu64, seq);
    struct item *item = live_item(revoked, record.serial);
    if (item == NULL || item->is_burned)
        return revoked_wrong(err, seq, "it releases what is not revoked");
    if (!item->is_hold)
        return revoked_wrong(err, seq, "it releases what was not on hold (RFC 5280 5.3.1)");
    if (record.ref != RECORD_NO_SEQ && record.ref != item->seq)
        return revoked_wrong(err, seq, "its ref is not the cert.revoked in force");
    item->is_live = false;
    uint32_t burned = item->burned;
    *slot_of(revoked, record.serial) = burned == NONE ? (uint32_t)(item - revoked->items) + 1 : burned + 1;
    if (burned != NONE)
        revoked->items[burned].is_live = true;
    return true;
}

/** The records that are few, by their whole. */
static bool take_json(struct revoked *revoked, uint64_t seq, struct bytes type, struct bytes text,
                      struct error *err)
{
    AUTO(json_free) struct json *json = NULL;
    if (!json_parse(text, &json, err))
        return error_while(err, "reading record %" PRIu64, seq);
    if (bytes_equal_text(type, RECORD_CERT_REVOKED))
        return take_revoked(revoked, seq, json, err);
    if (bytes_equal_text(type, RECORD_CERT_UNREVOKED))
        return take_unrevoked(revoked, seq, json, err);
    if (bytes_equal_text(type, RECORD_CRL_SIGNING))
        return revoked_crls_take_signing(&revoked->crls, seq, json, err);
    return revoked_crls_take_end(&revoked->crls, seq, json, bytes_equal_text(type, RECORD_CRL_ISSUED), err);
}

/** Whether a type that says something here can be in the record; a canonical spelling has no space to hide it in. */
static bool may_matter(struct bytes text)
{
    static const char cert[] = ",\"type\":\"cert.";
    static const char crl[] = ",\"type\":\"crl.";
    return memmem(text.data, text.len, cert, sizeof(cert) - 1) != NULL ||
           memmem(text.data, text.len, crl, sizeof(crl) - 1) != NULL;
}

bool revoked_is_type(struct bytes text, const char *type)
{
    struct canonical_field field = {.key = "type"};
    return memmem(text.data, text.len, type, strlen(type)) != NULL && canonical_read(text, &field, 1) &&
           bytes_equal_text(field.value.spelling, type);
}

bool revoked_take(struct revoked *revoked, uint64_t seq, struct bytes text, struct error *err)
{
    static const char *const by_json[] = {RECORD_CERT_REVOKED, RECORD_CERT_UNREVOKED, RECORD_CRL_SIGNING,
                                          RECORD_CRL_ISSUED, RECORD_CRL_ABANDONED};
    struct canonical_field fields[REVOKED_FIELDS] = {
        {.key = "hold"}, {.key = "invalidity_date"}, {.key = "not_after"}, {.key = "reason"},
        {.key = "ref"},  {.key = "revoked_at"},      {.key = "serial"},    {.key = "time"},
        {.key = "type"}};
    uint8_t serial[REVOKED_SERIAL_MAX_LEN];
    size_t serial_len = 0;
    struct revoked_state state = {.seq = seq};
    revoked->size = seq + 1;
    bool is_plucked = seq > 0 && revoked_pluck(text, fields);
    if (seq > 0 && !is_plucked && !may_matter(text))
        return true;
    if (!is_plucked && !canonical_read(text, fields, REVOKED_FIELDS))
        return revoked_wrong(err, seq, "it is not a record");
    if (seq == 0 && !revoked_field_time(&fields[REVOKED_TIME], &revoked->begin))
        return revoked_wrong(err, seq, "without its time");
    struct bytes type = fields[REVOKED_TYPE].value.spelling;
    if (bytes_equal_text(type, RECORD_CERT_SIGNING))
        return take_signing(revoked, seq, fields, err);
    if (bytes_equal_text(type, RECORD_CERT_ISSUED) || bytes_equal_text(type, RECORD_CERT_ABANDONED))
        return take_end(revoked, seq, fields, bytes_equal_text(type, RECORD_CERT_ABANDONED), err);
    if (bytes_equal_text(type, RECORD_CERT_REVOKED) &&
        revoked_read_plain(fields, serial, &serial_len, &state))
        return take_state(revoked, bytes_of(serial, serial_len), &state, err);
    for (size_t i = 0; i < ARRAY_LEN(by_json); i++) {
        if (bytes_equal_text(type, by_json[i]))
            return take_json(revoked, seq, type, text, err);
    }
    return true;
}

/* ---- the rule ---- */

static bool is_listed(const struct item *item, const struct revoked_crl *previous, bool keep_expired)
{
    // RFC 5280 3.3: an entry may go once it stood on one CRL issued beyond the certificate's validity.
    bool stood_on_previous = previous != NULL && item->seq < previous->size;
    bool was_expired_then =
        stood_on_previous && item->not_after != CRL_NO_TIME && item->not_after < previous->this_update;
    return item->is_live && (keep_expired || !was_expired_then);
}

static const struct revoked_crl *previous_of(const struct revoked *revoked)
{
    return revoked->crls.has_issued ? &revoked->crls.issued : NULL;
}

void revoked_draw(const struct revoked *revoked, bool keep_expired, struct builder *ret_entries,
                  uint64_t *ret_count)
{
    uint64_t count = 0;
    for (size_t i = 0; i < revoked->count; i++) {
        const struct item *item = &revoked->items[i];
        if (!is_listed(item, previous_of(revoked), keep_expired))
            continue;
        builder_add(ret_entries, revoked->arena.data + item->offset, item->len);
        count++;
    }
    *ret_count = count;
}

void revoked_draw_last(struct revoked *revoked, bool keep_expired, struct builder *ret_entries,
                       uint64_t *ret_count)
{
    size_t len = 0;
    uint64_t count = 0;
    for (size_t i = 0; i < revoked->count; i++) {
        const struct item *item = &revoked->items[i];
        if (!is_listed(item, previous_of(revoked), keep_expired))
            continue;
        // Items are in the order of the arena, so what is moved down covers nothing that is still wanted.
        memmove(revoked->arena.data + len, revoked->arena.data + item->offset, item->len);
        len += item->len;
        count++;
    }
    revoked->arena.len = len;
    *ret_entries = revoked->arena;
    *ret_count = count;
    revoked->arena = (struct builder){.data = NULL};
    free(revoked->items);
    free(revoked->slots);
    revoked->items = NULL;
    revoked->count = revoked->capacity = revoked->used = 0;
    revoked->slot_count = SLOTS_FIRST;
    revoked->slots = memory_new(revoked->slot_count, sizeof(*revoked->slots));
}

uint64_t revoked_since_crl(const struct revoked *revoked)
{
    uint64_t count = 0;
    uint64_t size = revoked->crls.has_issued ? revoked->crls.issued.size : 0;
    for (size_t i = revoked->count; i > 0 && revoked->items[i - 1].seq >= size; i--)
        count += revoked->items[i - 1].is_live ? 1 : 0;
    return count;
}
