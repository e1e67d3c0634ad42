/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking for private keys on a medium that came to a CA: they belong where they are used, and whoever holds the stick holds them. All
 * files are looked at by their content, hidden ones and editors' leftovers too. Nothing fails here: what can't be read is not looked at.
 */
#ifndef COLDCA_MEDIA_PRIVATE_KEYS_H
#define COLDCA_MEDIA_PRIVATE_KEYS_H

#include "base/builder.h"

#define MEDIA_KEYS_NAMED 8                     /**< the rest is counted */
#define MEDIA_KEY_LOOK_LEN ((size_t)64 * 1024) /**< bytes of a file's front that are looked at */

struct media_key {
    char *shown;      /**< escaped form of the path (quote.h) */
    const char *form; /**< what it is (base/private_key.h) */
};

struct media_keys {
    struct media_key items[MEDIA_KEYS_NAMED]; /**< the first that were found */
    size_t count;                             /**< of all */
    size_t files;                             /**< that were looked at */
    bool is_cut; /**< there were more files than max_files, or somebody said stop */
};
void media_keys_done(struct media_keys *keys);
DEFINE_AUTO_VALUE(struct media_keys, media_keys_done);

/** Adds one. \param path  raw bytes as on the medium */
void media_keys_add(struct media_keys *keys, const char *path, const char *form);

/** What the search asks while it goes. */
struct media_keys_search {
    size_t max_files; /**< as many are opened */
    /** Whether a file is not to be opened, for somebody else looks at it or wrote it; NULL: none is left out. */
    bool (*is_left_out)(void *data, const char *path);
    bool (*may_go_on)(void *data); /**< asked before each file; NULL: yes */
    void *data;
};

/**
 * Looks through all files below a directory, no link followed and no other file system entered. Adds to ret_keys.
 * \param root_fd  borrowed
 */
void media_find_keys(int root_fd, const struct media_keys_search *search, struct media_keys *ret_keys);

#endif
