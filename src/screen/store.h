/* SPDX-License-Identifier: Apache-2.0 */
/* The store as batch.c reads it. Used inside screen/ only. */
#ifndef COLDCA_SCREEN_STORE_H
#define COLDCA_SCREEN_STORE_H

#include "screen/factors.h"
#include "screen/numbers.h"

/**
 * A run of ledger records: the product of their moduli, and a table of the moduli with their labels. Either in the file or in memory.
 * docs/key-screening.md has the bytes.
 */
struct store_part {
    uint64_t first_seq;
    uint64_t next_seq;
    uint64_t count;
    uint64_t product_len;
    uint64_t table_len;
    uint8_t record_sha256[32];
    uint8_t product_sha256[32];
    uint8_t table_sha256[32];
    uint64_t offset; /**< of its header in the file */
    uint8_t *memory; /**< product and table; NULL: in the file */
    bool has_checked_table;
};
#define STORE_HEADER_LEN 176

/** A modulus that is in no part yet. */
struct store_entry {
    uint64_t label;
    struct bytes modulus; /**< its octets are the entry's own */
};

struct screen_store {
    int home_fd; /**< borrowed; -1: nobody's file */
    int fd;      /**< of the file; -1: there is none */
    bool may_write;
    bool has_dropped;
    struct error trouble; /**< why it is no longer written */
    struct store_part *parts;
    size_t parts_count;
    uint64_t next_seq;
    uint8_t record_sha256[32]; /**< of the record before next_seq */
    struct store_entry *tail;
    size_t tail_count;
    size_t tail_capacity;
};

/** Parts of the file as they are on it (format.c). */
void store_header(const struct store_part *part, struct builder *ret_header);
bool store_header_read(struct bytes header, struct store_part *ret_part);
void store_table_add(struct builder *table, uint64_t label, struct bytes modulus);
/** Takes an entry from the front of a table. \return false: it is none */
bool store_table_take(struct bytes *table, uint64_t *ret_label, struct bytes *ret_modulus);

/** Makes the tail hold each modulus once, and none that a part has; if nobody covers the store, also short. */
MUST_USE bool store_settle(struct screen_store *store, struct error *err);
/** Calls visit for each modulus of the parts, then of the tail; it returns false to stop. */
MUST_USE bool store_each(struct screen_store *store,
                         bool (*visit)(void *data, uint64_t label, struct bytes modulus), void *data,
                         struct error *err);
/** The product of a part's moduli, checked; ret_product is initialised. May be called by several threads. */
MUST_USE bool store_product(const struct screen_store *store, size_t part, mpz_t ret_product,
                            struct error *err);
/** Appends a part's table, checked. */
MUST_USE bool store_table(struct screen_store *store, size_t part, struct builder *ret_table,
                          struct error *err);
/** Forgets a part that isn't what it should be, and all behind it. */
void store_cut(struct screen_store *store, size_t part);

#endif
