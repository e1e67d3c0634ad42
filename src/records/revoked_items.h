/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What made a serial revoked or burned, in the order of the records, and found by serial. There may be millions: an item has as many bytes
 * as it needs, 40 where the serial has 20, and its serial's place in the table 8 or so. records/ only.
 */
#ifndef COLDCA_RECORDS_REVOKED_ITEMS_H
#define COLDCA_RECORDS_REVOKED_ITEMS_H

#include "records/revoked.h"

#define REVOKED_NO_ITEM UINT32_MAX

/** An item, unpacked. */
struct revoked_item {
    struct bytes serial; /**< in the list; valid until an item is added */
    struct revoked_state state;
    bool is_live;    /**< it holds: no later item of its serial took its place, and it was not released */
    uint32_t burned; /**< the item of the same serial that a release leaves; REVOKED_NO_ITEM */
};

/** Items go by their places, which only grow. Zeroed memory is an empty list. */
struct revoked_items {
    uint8_t *data;
    uint32_t len, capacity; /**< in units of four bytes */
    uint32_t *slots;        /**< by serial: the place of what was said of it last */
    uint8_t
        *tags; /**< of a slot: 0 is free, else bits of its serial's hash: most that differ are seen here */
    size_t slot_count, used;
};
void revoked_items_done(struct revoked_items *items);

/** What was said last of a serial, live or not; REVOKED_NO_ITEM: nothing. */
uint32_t revoked_items_find(const struct revoked_items *items, struct bytes serial);

/** Where a serial is looked for: until the next item is added. */
struct revoked_slot {
    size_t at;
    uint8_t tag;
};
/** A serial that is sought presently: its place in the table, which mostly is in no cache, is read meanwhile. */
void revoked_items_expect(const struct revoked_items *items, struct bytes serial);
/** For a serial that may get an item. */
struct revoked_slot revoked_items_seek(struct revoked_items *items, struct bytes serial);
uint32_t revoked_items_at(const struct revoked_items *items,
                          struct revoked_slot slot); /**< as revoked_items_find() */
/** Appends an item, which is from now on the one that is found of its serial. \param slot  of its serial */
void revoked_items_add(struct revoked_items *items, struct revoked_slot slot,
                       const struct revoked_item *item);
/** Makes an earlier item the one that is found, and live. */
void revoked_items_restore(struct revoked_items *items, uint32_t place);
void revoked_items_end(struct revoked_items *items, uint32_t place); /**< it is not live any more */
void revoked_items_get(const struct revoked_items *items, uint32_t place, struct revoked_item *ret_item);

/** Goes through all of them. *place starts as 0. \return false: there is none left */
MUST_USE bool revoked_items_next(const struct revoked_items *items, uint32_t *place,
                                 struct revoked_item *ret_item);

#endif
