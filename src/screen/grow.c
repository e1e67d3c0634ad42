/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"
#include "screen/store.h"

#include <errno.h>
#include <fcntl.h>

/* How a store grows: moduli gather in the tail; now and then the tail becomes a part, together with parts before it that are no longer
 * than it, so that there are few parts and each modulus is written a few times only. */

#define TAIL_MIN 256      /* moduli; fewer wait for the next run */
#define RECORDS_MAX 16384 /* so many records without a part are too many to read again each run */
#define PRODUCT_MAX_LEN (UINT64_C(4) << 20) /* parts grow no further: what a thread holds at once */

void screen_store_add(struct screen_store *store, uint64_t label, struct bytes modulus)
{
    if (!screen_is_modulus(modulus))
        return;
    uint8_t *copy = memory_new(1, modulus.len);
    memcpy(copy, modulus.data, modulus.len);
    if (store->tail_count == store->tail_capacity) {
        store->tail_capacity = store->tail_capacity > 0 ? store->tail_capacity * 2 : 64;
        store->tail = memory_grow(store->tail, store->tail_capacity, sizeof(*store->tail));
    }
    store->tail[store->tail_count++] = (struct store_entry){label, bytes_of(copy, modulus.len)};
}

struct settling {
    struct screen_store *store;
    const struct modulus_set *set;
    bool *is_needless;
};

static bool mark_known(void *data, uint64_t label, struct bytes modulus)
{
    const struct settling *settling = data;
    size_t index = modulus_set_find(settling->set, modulus);
    (void)label; // the part's own stands
    if (index != SIZE_MAX)
        settling->is_needless[index] = true;
    return true;
}

/** Makes the tail hold each modulus once, and none that a part has. */
static bool settle(struct screen_store *store, struct error *err)
{
    size_t count = store->tail_count;
    size_t kept = 0;
    AUTO(free) struct bytes *moduli = memory_new(count, sizeof(*moduli));
    AUTO(free) bool *is_needless = memory_new(count, sizeof(*is_needless));
    AUTO(modulus_set_done) struct modulus_set set = {.items = NULL};
    if (count == 0)
        return true;
    for (size_t i = 0; i < count; i++)
        moduli[i] = store->tail[i].modulus;
    modulus_set_init(&set, moduli, count);
    // Only the parts are asked: the tail is what is settled.
    store->tail_count = 0;
    struct settling settling = {.store = store, .set = &set, .is_needless = is_needless};
    bool is_read = store_each(store, mark_known, &settling, err);
    store->tail_count = is_read ? count : 0;
    for (size_t i = 0; i < count; i++) {
        size_t first = modulus_set_find(&set, moduli[i]);
        is_needless[i] = is_needless[i] || !is_read || first < i;
    }
    for (size_t i = 0; i < count; i++) {
        if (is_needless[i])
            free((uint8_t *)(uintptr_t)moduli[i].data);
        else
            store->tail[kept++] = store->tail[i];
    }
    store->tail_count = kept;
    return is_read;
}

/** A part that is being made. */
struct new_part {
    struct store_part facts;
    mpz_t product;
    struct builder table;
};

/** Puts an earlier part's product and table before those of the new one. */
static bool absorb(struct screen_store *store, size_t index, struct new_part *part, struct error *err)
{
    struct builder joined = BUILDER_INIT;
    mpz_t earlier;
    mpz_init(earlier);
    bool is_read = store_product(store, index, earlier, err) && store_table(store, index, &joined, err);
    if (is_read) {
        mpz_mul(part->product, part->product, earlier);
        builder_add_bytes(&joined, builder_bytes(&part->table));
        builder_done(&part->table);
        part->table = joined;
        part->facts.first_seq = store->parts[index].first_seq;
        part->facts.count += store->parts[index].count;
    } else {
        builder_done(&joined);
    }
    mpz_clear(earlier);
    return is_read;
}

/** Makes the tail's moduli the part's. */
static void take_tail(struct screen_store *store, struct new_part *part)
{
    AUTO(free) struct bytes *moduli = memory_new(store->tail_count, sizeof(*moduli));
    part->facts.count = store->tail_count;
    for (size_t i = 0; i < store->tail_count; i++) {
        moduli[i] = store->tail[i].modulus;
        store_table_add(&part->table, store->tail[i].label, moduli[i]);
    }
    number_product(part->product, moduli, store->tail_count);
    for (size_t i = 0; i < store->tail_count; i++)
        free((uint8_t *)(uintptr_t)moduli[i].data);
    store->tail_count = 0;
}

/** Behind the parts that stay; a write that dies or fails leaves what the next open cuts off. */
static bool write_part(struct screen_store *store, const struct store_part *facts, struct bytes data,
                       struct error *err)
{
    AUTO(builder_done) struct builder header = BUILDER_INIT;
    store_header(facts, &header);
    if (store->fd < 0)
        store->fd = openat(store->home_fd, SCREEN_STORE_FILE,
                           O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0644);
    if (store->fd < 0 || ftruncate(store->fd, (off_t)facts->offset) != 0 ||
        lseek(store->fd, (off_t)facts->offset, SEEK_SET) < 0)
        return error_errno(err, ERROR_INPUT, errno, "can't write %s", SCREEN_STORE_FILE);
    return file_write_fd(store->fd, SCREEN_STORE_FILE, builder_bytes(&header), err) &&
           file_write_fd(store->fd, SCREEN_STORE_FILE, data, err);
}

/** Where the next part goes in the file. */
static uint64_t end_of_parts(const struct screen_store *store)
{
    if (store->parts_count == 0)
        return 0;
    const struct store_part *last = &store->parts[store->parts_count - 1];
    return last->offset + STORE_HEADER_LEN + last->product_len + last->table_len;
}

static void add_part(struct screen_store *store, struct new_part *part)
{
    AUTO(builder_done) struct builder data = BUILDER_INIT;
    struct store_part *facts = &part->facts;
    number_write(part->product, &data);
    facts->product_len = data.len;
    facts->table_len = part->table.len;
    builder_add_bytes(&data, builder_bytes(&part->table));
    digest_sha256(bytes_of(data.data, facts->product_len), facts->product_sha256);
    digest_sha256(builder_bytes(&part->table), facts->table_sha256);
    facts->offset = end_of_parts(store);
    facts->has_checked_table = true;
    // Where it can't be written it serves this run from memory, and the next run makes it again.
    store->may_write = store->may_write && write_part(store, facts, builder_bytes(&data), &store->trouble);
    if (!store->may_write)
        facts->memory = builder_take(&data, &(size_t){0});
    store->parts = memory_grow(store->parts, store->parts_count + 1, sizeof(*store->parts));
    store->parts[store->parts_count++] = *facts;
}

/** Makes a part of the settled tail, and of the parts before it that are no longer. */
static bool make_part(struct screen_store *store, struct error *err)
{
    struct new_part part = {.facts = {.next_seq = store->next_seq}};
    size_t first = store->parts_count;
    bool is_read = true;
    memcpy(part.facts.record_sha256, store->record_sha256, 32);
    part.facts.first_seq = first > 0 ? store->parts[first - 1].next_seq : 0;
    mpz_init(part.product);
    take_tail(store, &part);
    while (is_read && first > 0 && store->parts[first - 1].count <= part.facts.count * 2 &&
           store->parts[first - 1].product_len + mpz_size(part.product) * 8 <= PRODUCT_MAX_LEN) {
        is_read = absorb(store, first - 1, &part, err);
        first -= is_read ? 1 : 0;
    }
    if (is_read) {
        for (size_t i = first; i < store->parts_count; i++)
            free(store->parts[i].memory);
        store->parts_count = first;
        add_part(store, &part);
    } else {
        store_cut(store, first - 1);
    }
    mpz_clear(part.product);
    builder_done(&part.table);
    return is_read;
}

bool screen_store_cover(struct screen_store *store, uint64_t next_seq, const uint8_t sha256[static 32],
                        struct error *err)
{
    uint64_t first_seq = store->parts_count > 0 ? store->parts[store->parts_count - 1].next_seq : 0;
    if (next_seq <= store->next_seq)
        return true;
    store->next_seq = next_seq;
    memcpy(store->record_sha256, sha256, 32);
    if (store->tail_count < TAIL_MIN && next_seq - first_seq < RECORDS_MAX)
        return true;
    return settle(store, err) && make_part(store, err);
}

bool store_settle(struct screen_store *store, struct error *err)
{
    if (!settle(store, err))
        return false;
    return store->home_fd >= 0 || store->tail_count < TAIL_MIN || make_part(store, err);
}
