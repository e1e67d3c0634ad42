/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening what lies beneath a directory of a medium, and nothing else: no symlink is followed at any part of the path, no
 * other file system entered, nothing waited for (a FIFO opens at once, O_NONBLOCK). Used by the modules of media/ only.
 */
#ifndef COLDCA_MEDIA_BENEATH_H
#define COLDCA_MEDIA_BENEATH_H

#include "base/error.h"

/** \return a descriptor, or -1 with errno set (ELOOP: a symlink, EXDEV: outside or another file system) */
int beneath_open(int root_fd, const char *path, int flags);
/** Opens a directory beneath; ERROR_INPUT names it in escaped form. */
MUST_USE bool beneath_open_folder(int root_fd, const char *path, int *ret_fd, struct error *err);

#endif
