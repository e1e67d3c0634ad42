/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that are there entirely or not at all. Writers fsync the file and its directory before they return.
 * Directories are passed as descriptors where the path may come from outside; AT_FDCWD is allowed.
 */
#ifndef COLDCA_BASE_FILE_H
#define COLDCA_BASE_FILE_H

#include "base/builder.h"

#include <sys/types.h>

/** Reads a whole regular file (or a pipe); ERROR_INPUT if it is larger than max_len bytes or not readable. */
MUST_USE bool file_read(int dirfd, const char *path, size_t max_len, struct builder *ret_data,
                        struct error *err);
/** The same from an open descriptor; name is for messages. */
MUST_USE bool file_read_fd(int fd, const char *name, size_t max_len, struct builder *ret_data,
                           struct error *err);
/** Writes all of data; continues after EINTR and short writes. */
MUST_USE bool file_write_fd(int fd, const char *name, struct bytes data, struct error *err);
/** Makes a new file, durable, written under another name first: whole or not there, also when it fails; ERROR_INPUT if path exists. */
MUST_USE bool file_create(int dirfd, const char *path, mode_t mode, struct bytes data, struct error *err);
/** The same of a file that a person names, and what runs that were killed while they made this one have left beside it is removed. */
MUST_USE bool file_create_over_rest(const char *path, mode_t mode, struct bytes data, struct error *err);
/** Writes a file's content. \param shown  the file's name, for messages */
typedef bool file_fill(void *data, int fd, const char *shown, struct error *err);
/** The same of a content that is too long to be in memory at once. */
MUST_USE bool file_create_by(int dirfd, const char *path, mode_t mode, file_fill *fill, void *data,
                             struct error *err);
/**
 * Opens a new file in a directory, to write and read, that has no name and is gone when it is closed: for what is too long for memory.
 * \param name  of what it is for, as file_sweep() knows it: where files must have names, one that was killed may leave it
 */
MUST_USE bool file_open_scratch(int dirfd, const char *name, int *ret_fd, struct error *err);
/** Removes what file_create() left in this directory when it died, of files whose names fit a pattern (fnmatch(3)); as far as it can. */
void file_sweep(int dirfd, const char *name_pattern);
/** Replaces (or makes) a file by writing a temporary beside it, fsync, rename, fsync of the directory. */
MUST_USE bool file_replace(int dirfd, const char *path, mode_t mode, struct bytes data, struct error *err);
/** Opens a file, and nothing that only goes by a file's name: no directory, FIFO, device or socket. It does not wait. ERROR_INPUT; native is
 *  EINVAL for such a thing. \param flags  O_RDONLY, O_RDWR, with O_APPEND or O_NOFOLLOW */
MUST_USE bool file_open_regular(int dirfd, const char *name, int flags, int *ret_fd, struct error *err);
/** Opens a directory for *at() calls. */
MUST_USE bool file_open_folder(int dirfd, const char *path, int *ret_fd, struct error *err);
/** fsync of a directory. name is for messages. */
MUST_USE bool file_sync_folder(int fd, const char *name, struct error *err);
/** Makes a directory if it is not there, never through a symlink at its last part; made or found, its name is durable afterwards. */
MUST_USE bool file_make_folder(int dirfd, const char *path, mode_t mode, struct error *err);
/** Whether something (of any kind) is at path. What a failing disk can't tell counts as there: whoever opens it then gets the error. */
bool file_exists(int dirfd, const char *path);
/** The last component of a path; points into path. */
const char *file_name_of(const char *path);

#endif
