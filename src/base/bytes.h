/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ground everything stands on: bytes and builders, errors, files, JSON, YAML, time, secrets, threads, a console to report to.
 * It promises: what can fail says so (error.h); text from outside is escaped (quote.h); a secret is locked and wiped (secret.h, P7).
 * It does not: know certificates, tokens or the ledger; print; end the process, but for memory that is out (memory.h).
 *
 * Here: views of bytes and text. A view borrows: it never owns, never frees and is as valid as what it points into.
 * What owns bytes is a struct builder (builder.h).
 */
#ifndef COLDCA_BASE_BYTES_H
#define COLDCA_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
    const uint8_t *data; /**< may be NULL only if len is 0 */
    size_t len;
};

/** A view of an array (not of a pointer). */
#define BYTES(array) ((struct bytes){.data = (const uint8_t *)(array), .len = sizeof(array)})
/** A view of a string literal, without its NUL. */
#define BYTES_LITERAL(literal)                                                                               \
    ((struct bytes){.data = (const uint8_t *)(literal), .len = sizeof(literal) - 1})
#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

static inline struct bytes bytes_of(const void *data, size_t len)
{
    return (struct bytes){.data = data, .len = len};
}

/** A view of a NUL-terminated string, without the NUL; text may be NULL. */
static inline struct bytes bytes_of_text(const char *text)
{
    return (struct bytes){.data = (const uint8_t *)text, .len = text == NULL ? 0 : strlen(text)};
}

static inline bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline bool bytes_equal_text(struct bytes a, const char *text)
{
    return bytes_equal(a, bytes_of_text(text));
}

/** The part from offset on, at most len bytes; empty past the end. */
static inline struct bytes bytes_slice(struct bytes whole, size_t offset, size_t len)
{
    if (offset >= whole.len)
        return (struct bytes){.data = NULL, .len = 0};
    size_t rest = whole.len - offset;
    return (struct bytes){.data = whole.data + offset, .len = len < rest ? len : rest};
}

#endif
