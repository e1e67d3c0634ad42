/* SPDX-License-Identifier: Apache-2.0 */
/* A temporary folder of a test's own, removed with everything in it. */
#ifndef COLDCA_TESTS_FOLDER_H
#define COLDCA_TESTS_FOLDER_H

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct folder {
    char path[64];
    int fd;
};

static inline void folder_make(struct folder *folder)
{
    // In memory where there is such a place: an fsync costs nothing there.
    const char *place = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    (void)snprintf(folder->path, sizeof(folder->path), "%s/coldca-test-XXXXXX", place);
    if (mkdtemp(folder->path) == NULL)
        abort();
    folder->fd = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder->fd < 0)
        abort();
}

static inline int folder_remove_one(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

static inline void folder_remove(struct folder *folder)
{
    (void)close(folder->fd);
    if (nftw(folder->path, folder_remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
        abort();
}

#endif
