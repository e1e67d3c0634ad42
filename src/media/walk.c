/* SPDX-License-Identifier: Apache-2.0 */
#include "media/media.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/quote.h"
#include "media/beneath.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#define MAX_DEPTH 32
#define BLOCK_LEN ((size_t)64 * 1024)
#define PROBLEMS_MAX 64

/** Texts of many items live in few blocks: a million empty files must not cost a million allocations. */
struct media_texts {
    struct media_texts *next;
    size_t used;
    char data[BLOCK_LEN];
};

struct walker {
    dev_t device;
    size_t max_len;
    size_t max_items;
    size_t seen;
    size_t capacity;
    struct media_walk found;
    struct builder path;                /**< of what is being looked at, relative to the root */
    struct builder shown;               /**< buffer */
    const char *problems[PROBLEMS_MAX]; /**< each text is kept once */
    size_t problem_count;
    struct error *err;
};

void media_walk_done(struct media_walk *walk)
{
    while (walk->texts != NULL) {
        struct media_texts *block = walk->texts;
        walk->texts = block->next;
        free(block);
    }
    free(walk->items);
    *walk = (struct media_walk){.items = NULL};
}

static const char *keep(struct media_walk *found, struct bytes text)
{
    struct media_texts *block = found->texts;
    assert(text.len <
           BLOCK_LEN); // a path has at most MAX_DEPTH parts, and quoting makes it four times longer
    if (block == NULL || text.len >= BLOCK_LEN - block->used) {
        block = memory_new(1, sizeof(*block));
        block->next = found->texts;
        found->texts = block;
    }
    char *place = block->data + block->used;
    memcpy(place, text.data, text.len);
    place[text.len] = '\0';
    block->used += text.len + 1;
    return place;
}

/** The texts of problems are few; one that has too many fellows is kept again. */
static const char *keep_problem(struct walker *walker, const char *problem)
{
    for (size_t i = 0; i < walker->problem_count; i++) {
        if (strcmp(walker->problems[i], problem) == 0)
            return walker->problems[i];
    }
    const char *kept = keep(&walker->found, bytes_of_text(problem));
    if (walker->problem_count < PROBLEMS_MAX)
        walker->problems[walker->problem_count++] = kept;
    return kept;
}

/** Lists what the walker's path names. \param problem NULL: none */
static void list(struct walker *walker, size_t size, const char *problem)
{
    struct media_walk *found = &walker->found;
    struct bytes path = builder_bytes(&walker->path);
    if (found->count == walker->capacity) {
        walker->capacity = walker->capacity == 0 ? 64 : walker->capacity * 2;
        found->items = memory_grow(found->items, walker->capacity, sizeof(*found->items));
    }
    builder_clear(&walker->shown);
    quote_append(&walker->shown, path, 0);
    struct bytes shown = builder_bytes(&walker->shown);
    struct media_item *item = &found->items[found->count++];
    item->path = keep(found, path);
    item->shown = bytes_equal(shown, path) ? item->path : keep(found, shown);
    item->size = size;
    item->problem = problem == NULL ? NULL : keep_problem(walker, problem);
    item->is_unread = false;
}

/** What may be a directory, and hold files. */
static void list_unread(struct walker *walker, const char *problem)
{
    list(walker, 0, problem);
    walker->found.items[walker->found.count - 1].is_unread = true;
}

static void list_errno(struct walker *walker, const char *what, int number)
{
    char reason[128];
    AUTO(free) char *problem = memory_format("%s: %s", what, strerror_r(number, reason, sizeof(reason)));
    list_unread(walker, problem);
}

static const char *kind_of(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFLNK:
        return "a symbolic link";
    case S_IFIFO:
        return "a FIFO";
    case S_IFSOCK:
        return "a socket";
    case S_IFCHR:
    case S_IFBLK:
        return "a device";
    default:
        return "of a kind unknown here";
    }
}

static bool is_left_out(const char *name)
{
    return name[0] == '.' || name[strlen(name) - 1] == '~'; // a directory's entry has a name
}

static void list_file(struct walker *walker, const struct stat *status)
{
    size_t size = (size_t)status->st_size;
    AUTO(free) char *bound = NULL;
    const char *problem = NULL;
    if (status->st_dev != walker->device)
        problem = "on another file system";
    else if (!S_ISREG(status->st_mode))
        problem = kind_of(status->st_mode);
    else if (status->st_nlink > 1)
        problem = "a hard link: the file has another name and may be used elsewhere; bring a copy";
    else if (size > walker->max_len)
        problem = bound = memory_format("larger than %zu bytes", walker->max_len);
    else if (walker->path.len >= PATH_MAX)
        problem = bound = memory_format("a path longer than %d bytes", PATH_MAX - 1);
    list(walker, S_ISREG(status->st_mode) ? size : 0, problem);
}

static bool walk_folder(struct walker *walker, int folder_fd, unsigned depth);

static bool walk_into(struct walker *walker, int parent_fd, const char *name, unsigned depth)
{
    if (depth == MAX_DEPTH) {
        AUTO(free) char *problem = memory_format("directories nested deeper than %d", MAX_DEPTH);
        list_unread(walker, problem);
        return true;
    }
    AUTO(close) int fd = beneath_open(parent_fd, name, O_RDONLY | O_DIRECTORY);
    if (fd < 0 && errno == EXDEV)
        list_unread(walker, "on another file system");
    else if (fd < 0)
        list_errno(walker, "a directory that can't be opened", errno);
    return fd < 0 || walk_folder(walker, fd, depth + 1);
}

/** The walker's path is that of the entry. */
static bool visit(struct walker *walker, int folder_fd, const char *name, unsigned depth)
{
    struct stat status;
    if (++walker->seen > walker->max_items)
        return error_set(walker->err, ERROR_INPUT, 0,
                         "the directory holds more than %zu files; bring them in smaller portions",
                         walker->max_items);
    if (is_left_out(name)) {
        walker->found.left_out++;
        return true;
    }
    if (fstatat(folder_fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
        list_errno(walker, "can't be stat'ed", errno);
        return true;
    }
    if (S_ISDIR(status.st_mode))
        return walk_into(walker, folder_fd, name, depth);
    list_file(walker, &status);
    return true;
}

/** A damaged directory is one problem of many, unless it is the root. */
static bool cant_read(struct walker *walker, int number, unsigned depth)
{
    if (depth == 0)
        return error_errno(walker->err, ERROR_INPUT, number, "can't read the directory");
    list_errno(walker, "a directory that can't be read to its end", number);
    return true;
}

static bool visit_all(struct walker *walker, DIR *folder, int folder_fd, unsigned depth)
{
    size_t len = walker->path.len;
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(folder);
        if (entry == NULL && errno != 0)
            return cant_read(walker, errno, depth);
        if (entry == NULL)
            return true;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (len > 0)
            builder_add_text(&walker->path, "/");
        builder_add_text(&walker->path, entry->d_name);
        bool is_fine = visit(walker, folder_fd, entry->d_name, depth);
        walker->path.len = len;
        if (!is_fine)
            return false;
    }
}

/** \param folder_fd  borrowed; the walker's path is the directory's, empty for the root itself */
static bool walk_folder(struct walker *walker, int folder_fd, unsigned depth)
{
    int own_fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    AUTO(closedir) DIR *folder = own_fd < 0 ? NULL : fdopendir(own_fd);
    if (folder == NULL) {
        int reason = errno;
        auto_close(&own_fd);
        return cant_read(walker, reason, depth);
    }
    return visit_all(walker, folder, folder_fd, depth);
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(((const struct media_item *)a)->path, ((const struct media_item *)b)->path);
}

bool media_walk(int root_fd, size_t max_len, size_t max_items, struct media_walk *ret_walk, struct error *err)
{
    struct stat status;
    if (fstat(root_fd, &status) != 0 || !S_ISDIR(status.st_mode))
        return error_set(err, ERROR_INPUT, 0, "what should be walked is not a directory");
    struct walker walker = {.device = status.st_dev, .max_len = max_len, .max_items = max_items, .err = err};
    bool is_fine = walk_folder(&walker, root_fd, 0);
    builder_done(&walker.path);
    builder_done(&walker.shown);
    if (!is_fine) {
        media_walk_done(&walker.found);
        return false;
    }
    if (walker.found.count > 0)
        qsort(walker.found.items, walker.found.count, sizeof(*walker.found.items), compare_paths);
    *ret_walk = walker.found;
    return true;
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec && a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
           a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

bool media_read(int root_fd, const char *path, size_t max_len, struct builder *ret_data, struct error *err)
{
    struct quoted shown;
    struct stat before;
    struct stat after;
    AUTO(builder_done) struct builder data = BUILDER_INIT;
    (void)quoted_text(path, &shown); // its result is &shown's text
    AUTO(close) int fd = beneath_open(root_fd, path, O_RDONLY);
    if (fd < 0 && (errno == ELOOP || errno == EXDEV))
        return error_set(err, ERROR_INPUT, (unsigned long)errno,
                         "%s is a symbolic link or leads out of the medium; it is not followed", shown.text);
    if (fd < 0 || fstat(fd, &before) != 0)
        return error_errno(err, ERROR_INPUT, errno, "can't open %s", shown.text);
    if (!S_ISREG(before.st_mode))
        return error_set(err, ERROR_INPUT, EISDIR, "%s is not a regular file", shown.text);
    if (!file_read_fd(fd, shown.text, max_len, &data, err))
        return false;
    if (fstat(fd, &after) != 0 || !is_same_file(&before, &after) || data.len != (size_t)after.st_size)
        return error_set(err, ERROR_INPUT, 0, "%s changed while it was read; bring it again", shown.text);
    builder_add_bytes(ret_data, builder_bytes(&data));
    return true;
}

bool media_is_absent(const struct error *why)
{
    return why->native == ENOENT || why->native == ENOTDIR || why->native == ELOOP || why->native == EXDEV ||
           why->native == EISDIR || why->native == EFBIG;
}
