/* SPDX-License-Identifier: Apache-2.0 */
#include "records/revoked_items.h"

#include "base/memory.h"
#include "records/revoked_parts.h"

#include <string.h>

/*
 * An item as it is packed, integers with their lowest byte first:
 *   5 seq, 5 revoked_at, 5 not_after, 1 length of the serial, 1 reason, 1 flags, the serial,
 *   with HAS_MORE: 5 invalidity_date, 4 burned; and up to the next whole unit nothing.
 */
#define UNIT 4 /* a place has 32 bits: 16 GiB of items */
#define NUMBER_LEN 5
#define NOT_AFTER_AT 10
#define SERIAL_LEN_AT 15
#define REASON_AT 16
#define FLAGS_AT 17
#define SERIAL_AT 18
#define MORE_LEN (NUMBER_LEN + 4)
enum { IS_LIVE = 1, IS_HOLD = 2, IS_BURNED = 4, HAS_MORE = 8 };

#define PLACES_MAX (UINT32_MAX - 256)
#define SLOTS_FIRST 1024
#define EXPECTED_AHEAD 8 /* about as many reads from memory can be under way */
#define SLOTS_LARGE ((size_t)1 << 20)

void revoked_items_done(struct revoked_items *items)
{
    free(items->data);
    free(items->slots);
    free(items->tags);
    *items = (struct revoked_items){.data = NULL};
}

/* ---- packed ---- */

static void put(uint8_t *at, uint64_t number, size_t len)
{
    for (size_t i = 0; i < len; i++)
        at[i] = (uint8_t)(number >> (8 * i));
}

static uint64_t get(const uint8_t *at, size_t len)
{
    uint64_t number = 0;
    for (size_t i = len; i > 0; i--)
        number = number << 8 | at[i - 1];
    return number;
}

/** Four digits of a year lie within 2^39 seconds of 1970; what is none is 0. */
#define TIME_ZERO (INT64_C(1) << 39)

static void put_time(uint8_t *at, int64_t time)
{
    put(at, time == CRL_NO_TIME ? 0 : (uint64_t)(time + TIME_ZERO), NUMBER_LEN);
}

static int64_t get_time(const uint8_t *at)
{
    uint64_t number = get(at, NUMBER_LEN);
    return number == 0 ? CRL_NO_TIME : (int64_t)number - TIME_ZERO;
}

static uint8_t *packed_at(const struct revoked_items *items, uint32_t place)
{
    return items->data + (size_t)place * UNIT;
}

static struct bytes serial_at(const struct revoked_items *items, uint32_t place)
{
    const uint8_t *packed = packed_at(items, place);
    return bytes_of(packed + SERIAL_AT, packed[SERIAL_LEN_AT]);
}

/** In units. */
static uint32_t packed_len(size_t serial_len, bool has_more)
{
    return (uint32_t)((SERIAL_AT + serial_len + (has_more ? MORE_LEN : 0) + UNIT - 1) / UNIT);
}

static void pack(uint8_t *packed, const struct revoked_item *item, bool has_more)
{
    const struct revoked_state *state = &item->state;
    put(packed, state->seq, NUMBER_LEN);
    put_time(packed + NUMBER_LEN, state->revoked_at);
    put_time(packed + NOT_AFTER_AT, state->not_after);
    packed[SERIAL_LEN_AT] = (uint8_t)item->serial.len;
    packed[REASON_AT] = (uint8_t)state->reason;
    packed[FLAGS_AT] = (uint8_t)((item->is_live ? IS_LIVE : 0) | (state->is_hold ? IS_HOLD : 0) |
                                 (state->is_burned ? IS_BURNED : 0) | (has_more ? HAS_MORE : 0));
    memcpy(packed + SERIAL_AT, item->serial.data, item->serial.len);
    if (has_more) {
        uint8_t *more = packed + SERIAL_AT + item->serial.len;
        put_time(more, state->invalidity_date);
        put(more + NUMBER_LEN, item->burned, 4);
    }
}

void revoked_items_get(const struct revoked_items *items, uint32_t place, struct revoked_item *ret_item)
{
    const uint8_t *packed = packed_at(items, place);
    struct bytes serial = serial_at(items, place);
    const uint8_t *more = (packed[FLAGS_AT] & HAS_MORE) != 0 ? packed + SERIAL_AT + serial.len : NULL;
    *ret_item =
        (struct revoked_item){.serial = serial,
                              .state = {.seq = get(packed, NUMBER_LEN),
                                        .reason = (enum crl_reason)packed[REASON_AT],
                                        .revoked_at = get_time(packed + NUMBER_LEN),
                                        .invalidity_date = more == NULL ? CRL_NO_TIME : get_time(more),
                                        .not_after = get_time(packed + NOT_AFTER_AT),
                                        .is_hold = (packed[FLAGS_AT] & IS_HOLD) != 0,
                                        .is_burned = (packed[FLAGS_AT] & IS_BURNED) != 0},
                              .is_live = (packed[FLAGS_AT] & IS_LIVE) != 0,
                              .burned = more == NULL ? REVOKED_NO_ITEM : (uint32_t)get(more + NUMBER_LEN, 4)};
}

bool revoked_items_next(const struct revoked_items *items, uint32_t *place, struct revoked_item *ret_item)
{
    if (*place >= items->len)
        return false;
    const uint8_t *packed = packed_at(items, *place);
    revoked_items_get(items, *place, ret_item);
    *place += packed_len(packed[SERIAL_LEN_AT], (packed[FLAGS_AT] & HAS_MORE) != 0);
    return true;
}

/* ---- by serial ---- */

/** Eight bytes at a time; serials are random, or few. */
static uint64_t hash_of(struct bytes serial)
{
    uint64_t hash = serial.len;
    for (size_t at = 0; at < serial.len; at += 8) {
        uint64_t word = 0;
        memcpy(&word, serial.data + at, serial.len - at < 8 ? serial.len - at : 8);
        hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 32;
    }
    return hash * UINT64_C(0x9e3779b97f4a7c15);
}

static uint8_t tag_of(uint64_t hash)
{
    return (uint8_t)(hash & 0xff) == 0 ? 1 : (uint8_t)(hash & 0xff);
}

static size_t first_slot(const struct revoked_items *items, uint64_t hash)
{
    return (size_t)((hash >> 32) * items->slot_count >> 32);
}

/** The slot of a serial: a free one, if it has none. There is always a free one. */
static struct revoked_slot seek(const struct revoked_items *items, struct bytes serial)
{
    uint64_t hash = hash_of(serial);
    struct revoked_slot slot = {.at = first_slot(items, hash), .tag = tag_of(hash)};
    while (items->tags[slot.at] != 0 && (items->tags[slot.at] != slot.tag ||
                                         !bytes_equal(serial_at(items, items->slots[slot.at]), serial)))
        slot.at = slot.at + 1 == items->slot_count ? 0 : slot.at + 1;
    return slot;
}

void revoked_items_expect(const struct revoked_items *items, struct bytes serial)
{
    if (items->used > 0)
        __builtin_prefetch(items->tags + first_slot(items, hash_of(serial)));
}

static void take_slot(struct revoked_items *items, struct revoked_slot slot, uint32_t place)
{
    items->used += items->tags[slot.at] == 0 ? 1 : 0;
    items->slots[slot.at] = place;
    items->tags[slot.at] = slot.tag;
}

static bool is_live(const struct revoked_items *items, uint32_t place)
{
    return (packed_at(items, place)[FLAGS_AT] & IS_LIVE) != 0;
}

/**
 * A large table grows by a half: by as much again, it would be a third of what it describes. It is filled in the items' order, in which they
 * lie in memory. What is found of a serial is the item that is live, or if there is none the last.
 */
static void grow_slots(struct revoked_items *items)
{
    struct revoked_item item, expected;
    size_t old = items->slot_count;
    free(items->slots);
    free(items->tags);
    items->slot_count = old == 0 ? SLOTS_FIRST : old < SLOTS_LARGE ? 2 * old : old + old / 2;
    items->slots = memory_new(items->slot_count, sizeof(*items->slots));
    items->tags = memory_new(items->slot_count, 1);
    items->used = 0;
    uint32_t ahead = 0;
    for (size_t i = 0; i < EXPECTED_AHEAD && revoked_items_next(items, &ahead, &expected);)
        i++; // of a short list there are fewer
    for (uint32_t next = 0, place = 0; revoked_items_next(items, &next, &item); place = next) {
        if (revoked_items_next(items, &ahead, &expected))
            revoked_items_expect(items, expected.serial);
        struct revoked_slot slot = seek(items, item.serial);
        if (item.is_live || items->tags[slot.at] == 0 || !is_live(items, items->slots[slot.at]))
            take_slot(items, slot, place);
    }
}

uint32_t revoked_items_at(const struct revoked_items *items, struct revoked_slot slot)
{
    return items->tags[slot.at] == 0 ? REVOKED_NO_ITEM : items->slots[slot.at];
}

uint32_t revoked_items_find(const struct revoked_items *items, struct bytes serial)
{
    return items->used == 0 ? REVOKED_NO_ITEM : revoked_items_at(items, seek(items, serial));
}

struct revoked_slot revoked_items_seek(struct revoked_items *items, struct bytes serial)
{
    if (4 * items->used >= 3 * items->slot_count)
        grow_slots(items);
    return seek(items, serial);
}

void revoked_items_add(struct revoked_items *items, struct revoked_slot slot, const struct revoked_item *item)
{
    bool has_more = item->state.invalidity_date != CRL_NO_TIME || item->burned != REVOKED_NO_ITEM;
    uint32_t len = packed_len(item->serial.len, has_more);
    uint32_t place = items->len;
    if (items->capacity - items->len < len) {
        if (items->len > PLACES_MAX)
            abort(); // the ledger is larger than any disk
        uint64_t wanted = items->capacity == 0 ? 4096 : 2 * (uint64_t)items->capacity;
        items->capacity = wanted > UINT32_MAX ? UINT32_MAX : (uint32_t)wanted;
        items->data = memory_grow(items->data, items->capacity, UNIT);
    }
    pack(packed_at(items, place), item, has_more);
    items->len += len;
    take_slot(items, slot, place);
}

void revoked_items_restore(struct revoked_items *items, uint32_t place)
{
    packed_at(items, place)[FLAGS_AT] |= IS_LIVE;
    take_slot(items, seek(items, serial_at(items, place)), place);
}

void revoked_items_end(struct revoked_items *items, uint32_t place)
{
    packed_at(items, place)[FLAGS_AT] &= (uint8_t)~IS_LIVE;
}
