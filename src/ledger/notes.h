/* SPDX-License-Identifier: Apache-2.0 */
/* ledger.checkpoints as a stream: notes, each ended by an empty line, and what void lines take back. */
#ifndef COLDCA_LEDGER_NOTES_H
#define COLDCA_LEDGER_NOTES_H

#include "ledger/lines.h"

struct notes {
    struct lines lines;
    struct builder text;
};

struct notes_item {
    bool has_note;     /**< false: the end */
    bool is_torn;      /**< at the end: bytes that are not a whole note */
    struct bytes note; /**< valid until the next call */
    uint64_t start;    /**< where it starts in the file */
};

void notes_init(struct notes *notes, int fd, uint64_t offset, uint64_t limit);
void notes_done(struct notes *notes);
DEFINE_AUTO_VALUE(struct notes, notes_done);

/** \return false if the file can't be read or holds a note that is too long */
MUST_USE bool notes_next(struct notes *notes, struct notes_item *ret_item, struct error *err);

#endif
