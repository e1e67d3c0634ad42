/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A directory that answers go to: made if it is not there, and removed again if nothing came into it, so that a run that was refused leaves
 * nothing behind. It does not: remove what was there before, or anything that is not empty.
 */
#ifndef COLDCA_BASE_NEW_FOLDER_H
#define COLDCA_BASE_NEW_FOLDER_H

#include "base/cleanup.h"
#include "base/error.h"

#include <stdbool.h>

struct new_folder {
    char *made; /**< its path, if it was made; NULL: it was there, or is not open */
};

/** Opens it, and makes it (one level, 0755). ERROR_INPUT \param ret_fd  the caller closes */
MUST_USE bool new_folder_open(const char *path, struct new_folder *ret_folder, int *ret_fd,
                              struct error *err);
/** At the end of the run, whatever came of it. Zeroed memory is nothing to be done with. */
void new_folder_done(struct new_folder *folder);
DEFINE_AUTO_VALUE(struct new_folder, new_folder_done);

/** The directory that new_folder_done() takes it out of, for who confines this process meanwhile; the caller frees; NULL: it was there. */
char *new_folder_parent(const struct new_folder *folder);

#endif
