/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ledger as C2SP tlog-tiles: a directory of plain files that any client of such logs reads, with no coldca near it.
 * `checkpoint`, `tile/LEVEL/NUMBER` and `tile/entries/NUMBER`; what the newest checkpoint covers, no more.
 */
#ifndef COLDCA_LEDGER_EXPORT_H
#define COLDCA_LEDGER_EXPORT_H

#include "ledger/ledger.h"

struct ledger_export {
    uint64_t size;     /**< records the export now covers */
    uint64_t old_size; /**< what it covered before; 0: a new one */
    uint64_t files;    /**< written this time */
};

/**
 * Writes or continues an export. The checkpoint is written last, so a directory that was left halfway is continued by the next run.
 * Every record written is held against the tree first.
 * \param folder_fd  a directory of its own; files in it that are not of an export are left alone
 * \return false: ERROR_LEDGER if the directory's checkpoint is of another history or nothing is under a checkpoint yet, ERROR_INPUT
 *         if it can't be written
 */
MUST_USE bool ledger_export(struct ledger *ledger, int folder_fd, struct ledger_export *ret_export,
                            struct error *err);

/** The path of a tile or, with level -1, of an entry bundle: "tile/0/x001/234.p/17" (tlog-tiles, "Merkle Tree"). \param width 256: full */
void ledger_tile_path(int level, uint64_t number, size_t width, struct builder *ret_path);

#endif
