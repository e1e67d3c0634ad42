/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A JSON object in canonical form (RFC 8785, integers only) read where it lies: one pass that checks every byte, makes no tree
 * and copies nothing. What json_canonical() would not write, byte for byte, is refused; what it writes is taken.
 *
 * Does not say what is wrong: whoever must tell that asks json_parse(), which is slower and knows.
 */
#ifndef COLDCA_BASE_CANONICAL_H
#define COLDCA_BASE_CANONICAL_H

#include "base/builder.h"

enum canonical_kind {
    CANONICAL_NONE, /**< there is no such value */
    CANONICAL_OBJECT,
    CANONICAL_ARRAY,
    CANONICAL_TEXT,
    CANONICAL_INT,
    CANONICAL_WORD, /**< true, false, null */
};

/** A value as it is spelled; views into what was read. */
struct canonical_value {
    enum canonical_kind kind;
    struct bytes spelling; /**< of text without its quotes */
    bool has_escapes;      /**< text: the spelling is not the text itself */
    bool has_nul;          /**< text: holds U+0000, so no C string can hold it */
    int64_t number;        /**< of CANONICAL_INT */
};

/** A member that is asked for. */
struct canonical_field {
    const char *key;              /**< printable ASCII without quote and backslash */
    struct canonical_value value; /**< kind is CANONICAL_NONE if it is missing */
};

/**
 * Reads one object and nothing behind it.
 * \param fields  the members wanted, in ascending order of their keys; their values are set
 * \return false: not an object in canonical form; fields are then undefined
 */
MUST_USE bool canonical_read(struct bytes text, struct canonical_field *fields, size_t count);

/** Takes the next element of an array canonical_read() gave. *rest starts as its spelling. \return false: there is none */
MUST_USE bool canonical_next(struct bytes *rest, struct canonical_value *ret_value);

/**
 * The text a value stands for.
 * \param buffer  is written only if the spelling has escapes
 * \return a view of the spelling or of buffer; data is NULL if the value is not a text or holds U+0000
 */
struct bytes canonical_text(const struct canonical_value *value, struct builder *buffer);

/** How many bytes at the start are spelled as they are and need no closer look: printable ASCII without quote and backslash. */
size_t canonical_plain_len(const uint8_t *data, size_t len);

#endif
