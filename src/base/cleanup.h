/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Locals that free themselves: `AUTO(builder_done) struct builder out = BUILDER_INIT;`, `AUTO(free) char *x = NULL;`.
 * TAKE() hands a local's pointer to the caller and keeps the cleanup from freeing it.
 */
#ifndef COLDCA_BASE_CLEANUP_H
#define COLDCA_BASE_CLEANUP_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define AUTO(release) __attribute__((cleanup(auto_##release)))

/** Defines what AUTO(release) does for a pointer type; release must accept what a NULL guard lets through. */
#define DEFINE_AUTO(type, release)                                                                           \
    static inline void auto_##release(type *place)                                                           \
    {                                                                                                        \
        if (*place != NULL)                                                                                  \
            release(*place);                                                                                 \
    }                                                                                                        \
    struct auto_##release##_needs_a_semicolon

/** Defines AUTO(done) for a struct held by value. */
#define DEFINE_AUTO_VALUE(type, done)                                                                        \
    static inline void auto_##done(type *place)                                                              \
    {                                                                                                        \
        done(place);                                                                                         \
    }                                                                                                        \
    struct auto_##done##_needs_a_semicolon

#define TAKE(pointer)                                                                                        \
    __extension__({                                                                                          \
        __typeof__(pointer) taken_ = (pointer);                                                              \
        (pointer) = NULL;                                                                                    \
        taken_;                                                                                              \
    })

static inline void auto_free(void *place)
{
    free(*(void **)place);
}

/** For descriptors: `AUTO(close) int fd = -1;` */
static inline void auto_close(const int *fd)
{
    if (*fd >= 0)
        (void)close(*fd); // what had to be durable was fsynced before
}

static inline void auto_fclose(FILE **file)
{
    if (*file != NULL)
        (void)fclose(*file); // for reading only; writers check fclose themselves
}

static inline void auto_closedir(DIR **dir)
{
    if (*dir != NULL)
        (void)closedir(*dir);
}

#endif
