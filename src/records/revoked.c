/* SPDX-License-Identifier: Apache-2.0 */
#include "records/revoked.h"

#include "base/canonical.h"
#include "base/der.h"
#include "base/encode.h"
#include "base/memory.h"
#include "base/time.h"
#include "records/cert.h"

#include <inttypes.h>
#include <string.h>

#define SERIAL_MAX_LEN 64 /* docs/ledger-format.md 1 */
#define NONE SIZE_MAX

/** An entry of a CRL, its DER made once; in the order of the records. */
struct item {
    struct revoked_state state;
    size_t offset; /**< of its DER in the arena */
    size_t len;
    uint8_t serial_at, serial_len; /**< in its DER */
    bool is_live;
    size_t burned; /**< the item of the same serial that a release leaves; NONE */
};

/** A cert.signing without its end. */
struct unfinished {
    uint64_t seq;
    int64_t not_after;
    size_t serial_len;
    uint8_t serial[SERIAL_MAX_LEN];
};

struct revoked {
    uint64_t size;
    int64_t begin; /**< time of record 0 */
    struct builder arena;
    struct item *items;
    size_t count, capacity;
    size_t *slots; /**< by serial: the number of its newest item and 1; 0: free */
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
    revoked->slot_count = 1024;
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

static size_t *slot_of(const struct revoked *revoked, struct bytes serial)
{
    size_t at = hash_of(serial) & (revoked->slot_count - 1);
    while (revoked->slots[at] != 0 &&
           !bytes_equal(serial_of(revoked, &revoked->items[revoked->slots[at] - 1]), serial))
        at = (at + 1) & (revoked->slot_count - 1);
    return &revoked->slots[at];
}

static void grow_slots(struct revoked *revoked)
{
    size_t *old = revoked->slots;
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
    if (item != NULL)
        *ret_state = item->state;
    return item != NULL;
}

/** Adds an item, which is from now on what holds of this serial. */
static void add(struct revoked *revoked, struct bytes serial, const struct revoked_state *state)
{
    struct bytes cursor;
    struct bytes body;
    struct bytes integer = {.len = 0};
    const struct crl_entry entry = {.serial = serial,
                                    .revoked_at = state->revoked_at,
                                    .reason = state->reason,
                                    .invalidity_date = state->invalidity_date};
    if (2 * ++revoked->used > revoked->slot_count)
        grow_slots(revoked);
    size_t *slot = slot_of(revoked, serial);
    size_t before = *slot == 0 ? NONE : *slot - 1;
    if (revoked->count == revoked->capacity) {
        revoked->capacity = revoked->capacity == 0 ? 256 : 2 * revoked->capacity;
        revoked->items = memory_grow(revoked->items, revoked->capacity, sizeof(*revoked->items));
    }
    struct item *item = &revoked->items[revoked->count++];
    *item = (struct item){.state = *state, .offset = revoked->arena.len, .is_live = true, .burned = NONE};
    if (before != NONE) {
        struct item *other = &revoked->items[before];
        item->burned = other->state.is_burned ? before : other->burned;
        other->is_live = false;
    }
    crl_entry_add(&entry, &revoked->arena);
    item->len = revoked->arena.len - item->offset;
    cursor = bytes_of(revoked->arena.data + item->offset, item->len);
    if (!der_take(&cursor, DER_SEQUENCE, &body) || !der_take_unsigned(&body, &integer))
        abort(); // it was written by the line above
    item->serial_at = (uint8_t)(integer.data - (revoked->arena.data + item->offset));
    item->serial_len = (uint8_t)integer.len;
    *slot = revoked->count;
}

/* ---- records ---- */

static bool wrong(struct error *err, uint64_t seq, const char *what)
{
    return error_set(err, ERROR_LEDGER, 0, "record %" PRIu64 ": %s", seq, what);
}

enum field { NOT_AFTER, REF, SERIAL, TIME, TYPE, FIELDS };

static bool take_time(const struct canonical_field *field, int64_t *ret_time)
{
    char text[TIME_TEXT_SIZE] = "";
    if (field->value.kind != CANONICAL_TEXT || field->value.spelling.len != sizeof(text) - 1)
        return false;
    memcpy(text, field->value.spelling.data, sizeof(text) - 1);
    return time_parse(text, ret_time);
}

static bool take_signing(struct revoked *revoked, uint64_t seq, const struct canonical_field *fields,
                         struct error *err)
{
    struct unfinished unfinished = {.seq = seq, .not_after = CRL_NO_TIME};
    struct bytes hex = fields[SERIAL].value.spelling;
    unfinished.serial_len = hex.len / 2;
    if (unfinished.serial_len == 0 || unfinished.serial_len > SERIAL_MAX_LEN ||
        !decode_hex_exactly(hex, unfinished.serial, unfinished.serial_len))
        return wrong(err, seq, "a cert.signing without a serial in hex");
    if (fields[NOT_AFTER].value.kind != CANONICAL_NONE &&
        !take_time(&fields[NOT_AFTER], &unfinished.not_after))
        return wrong(err, seq, "a cert.signing whose not_after is not a time");
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
    const struct canonical_value *ref = &fields[REF].value;
    for (size_t i = 0; ref->kind == CANONICAL_INT && i < revoked->unfinished_count; i++) {
        struct unfinished *unfinished = &revoked->unfinished[i];
        if (unfinished->seq != (uint64_t)ref->number)
            continue;
        struct revoked_state state = {.seq = seq,
                                      .not_after = unfinished->not_after,
                                      .invalidity_date = CRL_NO_TIME,
                                      .is_burned = true};
        if (is_abandoned && !take_time(&fields[TIME], &state.revoked_at))
            return wrong(err, seq, "a cert.abandoned without its time");
        if (is_abandoned)
            add(revoked, bytes_of(unfinished->serial, unfinished->serial_len), &state);
        *unfinished = revoked->unfinished[--revoked->unfinished_count];
        return true;
    }
    return wrong(err, seq, "it ends no unfinished cert.signing");
}

static bool take_revoked(struct revoked *revoked, uint64_t seq, const struct json *json, struct error *err)
{
    AUTO(builder_done) struct builder buffer = BUILDER_INIT;
    struct record_cert_revoked record;
    if (!record_cert_revoked_read(json, &buffer, &record, err))
        return error_while(err, "reading record %" PRIu64, seq);
    const struct item *item = live_item(revoked, record.serial);
    if (item != NULL && !item->state.is_burned && !item->state.is_hold)
        return wrong(err, seq, "it revokes what is revoked already");
    const struct revoked_state state = {.seq = seq,
                                        .reason = record.reason,
                                        .revoked_at = record.revoked_at,
                                        .invalidity_date = record.invalidity_date,
                                        .not_after = record.not_after,
                                        .is_hold = record.is_hold};
    add(revoked, record.serial, &state);
    return true;
}

static bool take_unrevoked(struct revoked *revoked, uint64_t seq, const struct json *json, struct error *err)
{
    AUTO(builder_done) struct builder buffer = BUILDER_INIT;
    struct record_cert_unrevoked record;
    if (!record_cert_unrevoked_read(json, &buffer, &record, err))
        return error_while(err, "reading record %" PRIu64, seq);
    struct item *item = live_item(revoked, record.serial);
    if (item == NULL || item->state.is_burned)
        return wrong(err, seq, "it releases what is not revoked");
    if (!item->state.is_hold)
        return wrong(err, seq, "it releases what was not on hold (RFC 5280 5.3.1)");
    if (record.ref != RECORD_NO_SEQ && record.ref != item->state.seq)
        return wrong(err, seq, "its ref is not the cert.revoked in force");
    item->is_live = false;
    size_t burned = item->burned;
    *slot_of(revoked, record.serial) = burned == NONE ? (size_t)(item - revoked->items) + 1 : burned + 1;
    if (burned != NONE)
        revoked->items[burned].is_live = true;
    return true;
}

static bool take_crl_signing(struct revoked *revoked, uint64_t seq, const struct json *json,
                             struct error *err)
{
    AUTO(builder_done) struct builder buffer = BUILDER_INIT;
    struct record_crl_signing record;
    struct revoked_crls *crls = &revoked->crls;
    if (!record_crl_signing_read(json, &buffer, &record, err))
        return error_while(err, "reading record %" PRIu64, seq);
    if (record.number <= crls->last_number)
        return wrong(err, seq, "its CRL number is not larger than those before it");
    if (crls->has_unfinished)
        return wrong(err, seq, "the CRL before it is neither issued nor abandoned");
    if (crls->has_issued && record.this_update < crls->issued.this_update)
        return wrong(err, seq, "its this_update is before that of the CRL before it");
    if (record.size != seq)
        return wrong(err, seq, "its size is not the number of records before it");
    if (record.previous != (crls->has_issued ? crls->issued.issued_seq : RECORD_CRL_NONE))
        return wrong(err, seq, "its previous is not the newest crl.issued");
    crls->last_number = record.number;
    crls->has_unfinished = true;
    crls->unfinished = (struct revoked_crl){.signing_seq = seq,
                                            .number = record.number,
                                            .size = record.size,
                                            .count = record.count,
                                            .this_update = record.this_update,
                                            .next_update = record.next_update};
    return true;
}

/** crl.issued, crl.abandoned */
static bool take_crl_end(struct revoked *revoked, uint64_t seq, const struct json *json, bool is_issued,
                         struct error *err)
{
    uint64_t ref = 0;
    uint64_t number = 0;
    struct revoked_crls *crls = &revoked->crls;
    if (!record_number(json, "ref", &ref, err) || !record_number(json, "number", &number, err))
        return error_while(err, "reading record %" PRIu64, seq);
    if (!crls->has_unfinished || crls->unfinished.signing_seq != ref || crls->unfinished.number != number)
        return wrong(err, seq, "it ends no unfinished crl.signing of that number");
    crls->has_unfinished = false;
    if (is_issued) {
        crls->issued = crls->unfinished;
        crls->issued.issued_seq = seq;
        crls->has_issued = true;
    }
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
        return take_crl_signing(revoked, seq, json, err);
    return take_crl_end(revoked, seq, json, bytes_equal_text(type, RECORD_CRL_ISSUED), err);
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
    struct canonical_field fields[FIELDS] = {
        {.key = "not_after"}, {.key = "ref"}, {.key = "serial"}, {.key = "time"}, {.key = "type"}};
    revoked->size = seq + 1;
    if (seq > 0 && !may_matter(text))
        return true;
    if (!canonical_read(text, fields, FIELDS))
        return wrong(err, seq, "it is not a record");
    if (seq == 0 && !take_time(&fields[TIME], &revoked->begin))
        return wrong(err, seq, "without its time");
    struct bytes type = fields[TYPE].value.spelling;
    if (bytes_equal_text(type, RECORD_CERT_SIGNING))
        return take_signing(revoked, seq, fields, err);
    if (bytes_equal_text(type, RECORD_CERT_ISSUED) || bytes_equal_text(type, RECORD_CERT_ABANDONED))
        return take_end(revoked, seq, fields, bytes_equal_text(type, RECORD_CERT_ABANDONED), err);
    for (size_t i = 0; i < ARRAY_LEN(by_json); i++) {
        if (bytes_equal_text(type, by_json[i]))
            return take_json(revoked, seq, type, text, err);
    }
    return true;
}

/* ---- the rule ---- */

bool revoked_is_listed(const struct revoked_state *state, const struct revoked_crl *previous,
                       bool keep_expired)
{
    // RFC 5280 3.3: an entry may go once it stood on one CRL issued beyond the certificate's validity.
    bool stood_on_previous = previous != NULL && state->seq < previous->size;
    bool was_expired_then =
        stood_on_previous && state->not_after != CRL_NO_TIME && state->not_after < previous->this_update;
    return keep_expired || !was_expired_then;
}

void revoked_draw(const struct revoked *revoked, bool keep_expired, struct builder *ret_entries,
                  uint64_t *ret_count)
{
    const struct revoked_crl *previous = revoked->crls.has_issued ? &revoked->crls.issued : NULL;
    uint64_t count = 0;
    for (size_t i = 0; i < revoked->count; i++) {
        const struct item *item = &revoked->items[i];
        if (!item->is_live || !revoked_is_listed(&item->state, previous, keep_expired))
            continue;
        builder_add(ret_entries, revoked->arena.data + item->offset, item->len);
        count++;
    }
    *ret_count = count;
}

uint64_t revoked_since_crl(const struct revoked *revoked)
{
    uint64_t count = 0;
    uint64_t size = revoked->crls.has_issued ? revoked->crls.issued.size : 0;
    for (size_t i = revoked->count; i > 0 && revoked->items[i - 1].state.seq >= size; i--)
        count += revoked->items[i - 1].is_live ? 1 : 0;
    return count;
}
