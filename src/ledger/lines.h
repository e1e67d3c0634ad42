/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger.jsonl as a stream of lines, in bounded memory, from any offset: records, void lines and the torn tail.
 */
#ifndef COLDCA_LEDGER_LINES_H
#define COLDCA_LEDGER_LINES_H

#include "base/builder.h"

#include <stdint.h>

/** Longer than any group: a line that goes on is not read to its end, and the file not beyond it. */
#define LINES_LONGEST ((uint64_t)64 << 20)
#define LINES_CANCEL 0x18 /* the last byte of a void line */

enum line_kind {
    LINE_RECORD,   /**< a whole line; whether it holds a record is not looked at */
    LINE_VOID,     /**< a write that was cut short, closed later */
    LINE_TOO_LONG, /**< a line no record can be as long as, and not void; or one longer than LINES_LONGEST */
    LINE_TORN,     /**< bytes after the last LF */
    LINE_END,
};

struct line {
    enum line_kind kind;
    struct bytes
        text; /**< LINE_RECORD, and LINE_VOID if it was not too long: without its LF; valid until the next call */
    struct bytes
        leaf; /**< LINE_RECORD: an octet 0 and the text, as the tree hashes it (tree_framed_hash()); valid as long */
    uint64_t offset; /**< of its first byte */
    uint64_t end;    /**< of the byte after its LF */
};

struct lines {
    int fd;          /**< borrowed */
    uint64_t offset; /**< where the next line starts */
    uint64_t limit;  /**< no byte from here on is read */
    uint8_t *room;   /**< an octet more than data, before it */
    uint8_t *data;
    size_t start, len;
};

/** Reads from offset up to limit (UINT64_MAX: as far as the file reaches when it gets there). */
void lines_init(struct lines *lines, int fd, uint64_t offset, uint64_t limit);
void lines_done(struct lines *lines);
DEFINE_AUTO_VALUE(struct lines, lines_done);

/** \return false only if the file can't be read */
MUST_USE bool lines_next(struct lines *lines, struct line *ret_line, struct error *err);

#endif
