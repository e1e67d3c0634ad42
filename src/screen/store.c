/* SPDX-License-Identifier: Apache-2.0 */
#include "screen/store.h"

#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

/* ---- parts ---- */

static bool read_at(int fd, uint64_t offset, size_t len, struct builder *ret_data, struct error *err)
{
    uint8_t *place = builder_reserve(ret_data, len);
    size_t done = 0;
    while (place != NULL && done < len) {
        ssize_t got = pread(fd, place + done, len - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_errno(err, ERROR_INPUT, errno, "can't read %s", SCREEN_STORE_FILE);
        if (got == 0)
            return error_set(err, ERROR_INPUT, 0, "%s is shorter than it should be", SCREEN_STORE_FILE);
        done += (size_t)got;
    }
    return true;
}

/** Product or table of a part: from memory, or into buffer. */
static bool part_bytes(const struct screen_store *store, const struct store_part *part, bool is_table,
                       struct builder *buffer, struct bytes *ret_bytes, struct error *err)
{
    uint64_t start = is_table ? part->product_len : 0;
    uint64_t len = is_table ? part->table_len : part->product_len;
    if (part->memory != NULL) {
        *ret_bytes = bytes_of(part->memory + start, len);
        return true;
    }
    if (!read_at(store->fd, part->offset + STORE_HEADER_LEN + start, len, buffer, err))
        return false;
    *ret_bytes = builder_bytes(buffer);
    return true;
}

static bool is_digest(struct bytes data, const uint8_t wanted[static 32])
{
    uint8_t digest[32];
    digest_sha256(data, digest);
    return memcmp(digest, wanted, sizeof(digest)) == 0;
}

bool store_product(const struct screen_store *store, size_t part, mpz_t ret_product, struct error *err)
{
    struct bytes octets;
    AUTO(builder_done) struct builder buffer = BUILDER_INIT;
    if (!part_bytes(store, &store->parts[part], false, &buffer, &octets, err))
        return false;
    if (!is_digest(octets, store->parts[part].product_sha256))
        return error_set(err, ERROR_INPUT, 0, "a product in %s is damaged", SCREEN_STORE_FILE);
    number_read_low_first(ret_product, octets);
    return mpz_sgn(ret_product) > 0 ||
           error_set(err, ERROR_INPUT, 0, "a product in %s is 0", SCREEN_STORE_FILE);
}

void store_cut(struct screen_store *store, size_t part)
{
    for (size_t i = part; i < store->parts_count; i++)
        free(store->parts[i].memory);
    store->parts_count = part;
    for (size_t i = 0; i < store->tail_count; i++)
        free((uint8_t *)(uintptr_t)store->tail[i].modulus.data);
    store->tail_count = 0; // it is read again with what is missing now
    store->next_seq = part > 0 ? store->parts[part - 1].next_seq : 0;
    if (part > 0)
        memcpy(store->record_sha256, store->parts[part - 1].record_sha256, 32);
    store->has_dropped = true;
}

static bool check_table(struct store_part *part, struct bytes table, struct error *err)
{
    if (!part->has_checked_table && !is_digest(table, part->table_sha256))
        return error_set(err, ERROR_INPUT, 0, "a table in %s is damaged", SCREEN_STORE_FILE);
    part->has_checked_table = true;
    return true;
}

bool store_table(struct screen_store *store, size_t part, struct builder *ret_table, struct error *err)
{
    struct bytes table;
    AUTO(builder_done) struct builder buffer = BUILDER_INIT;
    if (!part_bytes(store, &store->parts[part], true, &buffer, &table, err) ||
        !check_table(&store->parts[part], table, err))
        return false;
    builder_add_bytes(ret_table, table);
    return true;
}

/** visit for each modulus of one part. *ret_goes_on: it wants more. */
static bool each_of_part(struct screen_store *store, size_t index,
                         bool (*visit)(void *data, uint64_t label, struct bytes modulus), void *data,
                         bool *ret_goes_on, struct error *err)
{
    struct bytes table;
    struct bytes modulus;
    uint64_t label = 0;
    uint64_t count = 0;
    struct store_part *part = &store->parts[index];
    AUTO(builder_done) struct builder buffer = BUILDER_INIT;
    if (!part_bytes(store, part, true, &buffer, &table, err) || !check_table(part, table, err))
        return false;
    for (; *ret_goes_on && table.len > 0; count++) {
        if (!store_table_take(&table, &label, &modulus))
            return error_set(err, ERROR_INPUT, 0, "a table in %s is malformed", SCREEN_STORE_FILE);
        *ret_goes_on = visit(data, label, modulus);
    }
    return !*ret_goes_on || count == part->count ||
           error_set(err, ERROR_INPUT, 0, "a table in %s has another length", SCREEN_STORE_FILE);
}

bool store_each(struct screen_store *store, bool (*visit)(void *data, uint64_t label, struct bytes modulus),
                void *data, struct error *err)
{
    bool goes_on = true;
    for (size_t i = 0; goes_on && i < store->parts_count; i++) {
        if (!each_of_part(store, i, visit, data, &goes_on, err)) {
            store_cut(store, i);
            return false;
        }
    }
    for (size_t i = 0; goes_on && i < store->tail_count; i++)
        goes_on = visit(data, store->tail[i].label, store->tail[i].modulus);
    return true;
}

/* ---- opening ---- */

/** Takes parts from the file as long as each fits behind the one before and to the ledger. */
static bool load_parts(struct screen_store *store, uint64_t file_len, screen_fits_fn fits, void *data,
                       struct error *err)
{
    uint64_t offset = 0;
    AUTO(builder_done) struct builder header = BUILDER_INIT;
    while (file_len - offset >= STORE_HEADER_LEN) {
        struct store_part part;
        builder_clear(&header);
        if (!read_at(store->fd, offset, STORE_HEADER_LEN, &header, err))
            return false;
        if (!store_header_read(builder_bytes(&header), &part) || part.first_seq != store->next_seq ||
            part.product_len + part.table_len > file_len - offset - STORE_HEADER_LEN ||
            !fits(data, part.next_seq - 1, part.record_sha256))
            break;
        part.offset = offset;
        offset += STORE_HEADER_LEN + part.product_len + part.table_len;
        store->parts = memory_grow(store->parts, store->parts_count + 1, sizeof(*store->parts));
        store->parts[store->parts_count++] = part;
        store->next_seq = part.next_seq;
        memcpy(store->record_sha256, part.record_sha256, 32);
    }
    store->has_dropped = offset < file_len;
    return true;
}

bool screen_store_open(int home_fd, bool may_write, screen_fits_fn fits, void *data,
                       struct screen_store **ret_store, struct error *err)
{
    struct stat facts;
    AUTO(screen_store_close) struct screen_store *store = memory_new(1, sizeof(*store));
    store->home_fd = home_fd;
    store->may_write = may_write;
    store->fd = openat(home_fd, SCREEN_STORE_FILE,
                       (may_write ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (store->fd < 0 && errno != ENOENT)
        return error_errno(err, ERROR_INPUT, errno,
                           "can't open %s; it is rebuilt if it is not there, so it may be removed",
                           SCREEN_STORE_FILE);
    if (store->fd >= 0 && (fstat(store->fd, &facts) != 0 || !S_ISREG(facts.st_mode)))
        return error_set(err, ERROR_INPUT, 0, "%s is not a file; remove it", SCREEN_STORE_FILE);
    if (store->fd >= 0 && !load_parts(store, (uint64_t)facts.st_size, fits, data, err))
        return false;
    *ret_store = TAKE(store);
    return true;
}

struct screen_store *screen_store_new(void)
{
    struct screen_store *store = memory_new(1, sizeof(*store));
    store->home_fd = -1;
    store->fd = -1;
    return store;
}

void screen_store_close(struct screen_store *store)
{
    for (size_t i = 0; i < store->parts_count; i++)
        free(store->parts[i].memory);
    for (size_t i = 0; i < store->tail_count; i++)
        free((uint8_t *)(uintptr_t)store->tail[i].modulus.data);
    free(store->parts);
    free(store->tail);
    if (store->fd >= 0)
        (void)close(store->fd); // derived, and checked when it is read
    free(store);
}

void screen_store_forget(struct screen_store *store)
{
    store_cut(store, 0);
}

uint64_t screen_store_next(const struct screen_store *store)
{
    return store->next_seq;
}

bool screen_store_dropped(struct screen_store *store)
{
    bool has_dropped = store->has_dropped;
    store->has_dropped = false;
    return has_dropped;
}

const char *screen_store_trouble(const struct screen_store *store)
{
    return store->trouble.kind != ERROR_NONE ? store->trouble.text : NULL;
}

size_t screen_store_count(const struct screen_store *store)
{
    size_t count = store->tail_count;
    for (size_t i = 0; i < store->parts_count; i++)
        count += (size_t)store->parts[i].count;
    return count;
}
