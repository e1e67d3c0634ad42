#include "media/media.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/quote.h"
#include "media/beneath.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#define MAX_DEPTH 32

struct walker {
    int root_fd;
    dev_t device;
    size_t max_len;
    size_t max_items;
    size_t seen;
    struct media_walk found;
    struct error *err;
};

void media_walk_done(struct media_walk *walk)
{
    for (size_t i = 0; i < walk->count; i++) {
        free(walk->items[i].path);
        free(walk->items[i].shown);
        free(walk->items[i].problem);
    }
    free(walk->items);
    *walk = (struct media_walk){.items = NULL};
}

/** Lists one thing; takes over problem. */
static void list(struct walker *walker, const char *path, size_t size, char *problem)
{
    AUTO(builder_done) struct builder shown = BUILDER_INIT;
    struct media_walk *found = &walker->found;
    quote_append(&shown, bytes_of_text(path), 0);
    found->items = memory_grow(found->items, found->count + 1, sizeof(*found->items));
    found->items[found->count++] = (struct media_item){
        .path = memory_text(path),
        .shown = builder_take_text(&shown),
        .size = size,
        .problem = problem,
    };
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
    size_t len = strlen(name);
    return name[0] == '.' || (len > 0 && name[len - 1] == '~');
}

static void list_file(struct walker *walker, const char *path, const struct stat *status)
{
    size_t size = status->st_size < 0 ? 0 : (size_t)status->st_size;
    char *problem = NULL;
    if (status->st_dev != walker->device)
        problem = memory_text("on another file system");
    else if (!S_ISREG(status->st_mode))
        problem = memory_text(kind_of(status->st_mode));
    else if (size > walker->max_len)
        problem = memory_format("larger than %zu bytes", walker->max_len);
    else if (strlen(path) >= PATH_MAX)
        problem = memory_format("a path longer than %d bytes", PATH_MAX - 1);
    list(walker, path, S_ISREG(status->st_mode) ? size : 0, problem);
}

static bool walk_folder(struct walker *walker, int folder_fd, const char *path, unsigned depth);

static bool walk_into(struct walker *walker, int parent_fd, const char *name, const char *path,
                      unsigned depth)
{
    AUTO(close) int fd = -1;
    if (depth == MAX_DEPTH) {
        list(walker, path, 0, memory_format("folders nested deeper than %d", MAX_DEPTH));
        return true;
    }
    fd = beneath_open(parent_fd, name, O_RDONLY | O_DIRECTORY);
    if (fd < 0) {
        char reason[128];
        int number = errno;
        list(walker, path, 0,
             number == EXDEV ? memory_text("on another file system")
                             : memory_format("a folder that can't be opened: %s",
                                             strerror_r(number, reason, sizeof(reason))));
        return true;
    }
    return walk_folder(walker, fd, path, depth + 1);
}

static bool visit(struct walker *walker, int folder_fd, const char *folder, const char *name, unsigned depth)
{
    struct stat status;
    AUTO(free) char *path = *folder == '\0' ? memory_text(name) : memory_format("%s/%s", folder, name);
    if (++walker->seen > walker->max_items)
        return error_set(walker->err, ERROR_INPUT, 0,
                         "the folder holds more than %zu files; bring them in smaller portions",
                         walker->max_items);
    if (is_left_out(name))
        return true;
    if (fstatat(folder_fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
        char reason[128];
        list(walker, path, 0,
             memory_format("can't be looked at: %s", strerror_r(errno, reason, sizeof(reason))));
        return true;
    }
    if (S_ISDIR(status.st_mode))
        return walk_into(walker, folder_fd, name, path, depth);
    list_file(walker, path, &status);
    return true;
}

/** \param folder_fd  borrowed \param path  relative to the root; "" for the root itself */
static bool walk_folder(struct walker *walker, int folder_fd, const char *path, unsigned depth)
{
    int own_fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    AUTO(closedir) DIR *folder = own_fd < 0 ? NULL : fdopendir(own_fd);
    if (folder == NULL) {
        int reason = errno;
        if (own_fd >= 0)
            (void)close(own_fd); // only open for reading
        return error_errno(walker->err, ERROR_INPUT, reason, "can't read the folder %s",
                           quoted_text(*path == '\0' ? "." : path, &(struct quoted){.text = ""}));
    }
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(folder);
        if (entry == NULL && errno != 0)
            return error_errno(walker->err, ERROR_INPUT, errno, "can't read the folder %s",
                               quoted_text(*path == '\0' ? "." : path, &(struct quoted){.text = ""}));
        if (entry == NULL)
            return true;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (!visit(walker, folder_fd, path, entry->d_name, depth))
            return false;
    }
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(((const struct media_item *)a)->path, ((const struct media_item *)b)->path);
}

bool media_walk(int root_fd, size_t max_len, size_t max_items, struct media_walk *ret_walk, struct error *err)
{
    struct stat status;
    if (fstat(root_fd, &status) != 0 || !S_ISDIR(status.st_mode))
        return error_set(err, ERROR_INPUT, 0, "what should be walked is no folder");
    struct walker walker = {
        .root_fd = root_fd, .device = status.st_dev, .max_len = max_len, .max_items = max_items, .err = err};
    if (!walk_folder(&walker, root_fd, "", 0)) {
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
        return error_set(err, ERROR_INPUT, 0, "%s is no regular file", shown.text);
    if (before.st_size < 0 || (size_t)before.st_size > max_len)
        return error_set(err, ERROR_INPUT, EFBIG, "%s is larger than the %zu bytes allowed", shown.text,
                         max_len);
    if (!file_read_fd(fd, shown.text, max_len, &data, err))
        return false;
    if (fstat(fd, &after) != 0 || !is_same_file(&before, &after) || data.len != (size_t)after.st_size)
        return error_set(err, ERROR_INPUT, 0, "%s changed while it was read; bring it again", shown.text);
    builder_add_bytes(ret_data, builder_bytes(&data));
    return true;
}
