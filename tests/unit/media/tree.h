/* SPDX-License-Identifier: Apache-2.0 */
/* All that lies below a directory as one text, to compare it with what is due: "a.pem: content", "sub/", "link -> target", by name. */
#ifndef COLDCA_TESTS_MEDIA_TREE_H
#define COLDCA_TESTS_MEDIA_TREE_H

#include "base/builder.h"
#include "base/file.h"
#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static inline void tree_add(int folder_fd, const char *before, struct builder *ret_text)
{
    struct dirent **entries = NULL;
    int count = scandirat(folder_fd, ".", &entries, NULL, alphasort);
    if (count < 0)
        abort();
    for (int i = 0; i < count; i++) {
        AUTO(free) struct dirent *entry = entries[i];
        const char *name = entry->d_name;
        struct stat status;
        struct error err = ERROR_INIT;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            continue;
        if (fstatat(folder_fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
            abort();
        builder_format(ret_text, "%s%s", before, name);
        if (S_ISDIR(status.st_mode)) {
            AUTO(close) int fd = openat(folder_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
            AUTO(free) char *path = memory_format("%s%s/", before, name);
            builder_add_text(ret_text, "/\n");
            tree_add(fd, path, ret_text);
        } else if (S_ISLNK(status.st_mode)) {
            char target[256] = "";
            if (readlinkat(folder_fd, name, target, sizeof(target) - 1) < 0)
                abort();
            builder_format(ret_text, " -> %s\n", target);
        } else if (S_ISREG(status.st_mode)) {
            builder_add_text(ret_text, ": ");
            if (!file_read(folder_fd, name, 1 << 20, ret_text, &err))
                abort();
            builder_add_text(ret_text, "\n");
        } else {
            builder_add_text(ret_text, " is no file\n");
        }
    }
    free(entries);
}

/** The caller frees it. */
static inline char *tree_text(int folder_fd)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    tree_add(folder_fd, "", &text);
    return builder_take_text(&text);
}

/** Removes all that lies below a directory, however deep. */
static inline void tree_clear(int folder_fd)
{
    struct dirent **entries = NULL;
    int count = scandirat(folder_fd, ".", &entries, NULL, alphasort);
    if (count < 0)
        abort();
    for (int i = 0; i < count; i++) {
        AUTO(free) struct dirent *entry = entries[i];
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || unlinkat(folder_fd, name, 0) == 0)
            continue;
        AUTO(close) int fd = openat(folder_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
            abort();
        tree_clear(fd);
        if (unlinkat(folder_fd, name, AT_REMOVEDIR) != 0)
            abort();
    }
    free(entries);
}

/** Makes directories below each other, with names of so many bytes. \return the last one's descriptor, the caller's to close */
static inline int tree_make_deep(int folder_fd, int depth, size_t name_len)
{
    char name[256];
    int at = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    memset(name, 'd', sizeof(name));
    name[name_len] = '\0';
    for (int i = 0; i < depth; i++) {
        int next = mkdirat(at, name, 0755) == 0 ? openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
        if (next < 0)
            abort();
        (void)close(at);
        at = next;
    }
    return at;
}

/** How many descriptors this process has open. */
static inline size_t open_descriptors(void)
{
    AUTO(closedir) DIR *own = opendir("/proc/self/fd");
    size_t count = 0;
    if (own == NULL)
        abort();
    while (readdir(own) != NULL)
        count++;
    return count;
}

/** Fails the test unless this and nothing else lies below the directory. */
#define assert_tree(folder_fd, wanted)                                                                       \
    do {                                                                                                     \
        AUTO(free) char *all_below = tree_text(folder_fd);                                                   \
        assert_string_equal(all_below, wanted);                                                              \
    } while (0)

#endif
