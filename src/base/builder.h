/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An owned, growing run of bytes that remembers failure.
 *
 * Once an append would pass the limit, the builder is failed, keeps nothing more, and every later call does
 * nothing: code can build a whole structure and ask once. Functions that produce bytes append to a
 * `struct builder *ret_x`. (Allocation failure ends the process, see memory.h.)
 */
#ifndef COLDCA_BASE_BUILDER_H
#define COLDCA_BASE_BUILDER_H

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/error.h"

struct builder {
    uint8_t *data;
    size_t len;
    size_t capacity;
    size_t max_len;  /**< 0: no limit but SIZE_MAX / 2 */
    bool has_failed; /**< an append did not fit */
};

#define BUILDER_INIT                                                                                         \
    {                                                                                                        \
        .data = NULL                                                                                         \
    }

void builder_done(struct builder *builder); /**< frees; the builder is empty and usable again */
DEFINE_AUTO_VALUE(struct builder, builder_done);

void builder_clear(struct builder *builder); /**< empties and forgets failure, keeps the memory */
void builder_add(struct builder *builder, const void *data, size_t len);
void builder_add_bytes(struct builder *builder, struct bytes bytes);
void builder_add_text(struct builder *builder, const char *text);
void builder_add_u8(struct builder *builder, uint8_t value);
void builder_add_u16(struct builder *builder, uint16_t value); /**< big-endian */
void builder_add_u32(struct builder *builder, uint32_t value); /**< big-endian */
void builder_add_u64(struct builder *builder, uint64_t value); /**< big-endian */
void builder_format(struct builder *builder, const char *format, ...) PRINTF_LIKE(2, 3);

/** Reserves len bytes at the end and returns where to write them; NULL if they do not fit. */
uint8_t *builder_reserve(struct builder *builder, size_t len);

/** A view; valid until the next change. Empty if the builder has failed. */
struct bytes builder_bytes(const struct builder *builder);

/** The text, NUL-terminated (the NUL is not counted in len); valid until the next change; never NULL. */
const char *builder_text(struct builder *builder);

/** Takes the memory out; a NUL stands behind the len bytes. The caller frees; the builder is empty afterwards. */
uint8_t *builder_take(struct builder *builder, size_t *ret_len);
/** The same as text. */
char *builder_take_text(struct builder *builder);

#endif
