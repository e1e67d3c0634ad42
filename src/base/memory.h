/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that is either there or ends the process.
 *
 * coldca may die anywhere without losing or doubling a certificate (promise P5), so an allocation that fails
 * ends it with one line instead of filling the code with paths no test can reach. Sizes that come from outside
 * are bounded before they get here.
 */
#ifndef COLDCA_BASE_MEMORY_H
#define COLDCA_BASE_MEMORY_H

#include <stddef.h>

/** Zeroed memory for count things of size_bytes; never NULL; the caller frees. Overflow ends the process. */
void *memory_new(size_t count, size_t size_bytes) __attribute__((malloc, returns_nonnull));

/** Grows (or makes) an array to count things; the new part is not zeroed; never NULL. */
void *memory_grow(void *old, size_t count, size_t size_bytes) __attribute__((returns_nonnull));

/** A copy of text, which may be NULL (then NULL). */
char *memory_text(const char *text);

/** A NUL-terminated copy of len bytes. */
char *memory_text_of(const void *data, size_t len) __attribute__((returns_nonnull));

/** A formatted string; the caller frees. */
char *memory_format(const char *format, ...) __attribute__((format(printf, 1, 2), returns_nonnull));

#endif
