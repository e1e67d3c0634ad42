/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* A request fits at once; what is longer is read in steps that grow with it. */
#define READ_LEN 4096
#define NAMED_MAX_LEN 100 /* of a name that its temporary's name has in it: 255 bytes are the most of any */

bool file_read_fd(int fd, const char *name, size_t max_len, struct builder *ret_data, struct error *err)
{
    size_t start = ret_data->len;
    for (size_t step = READ_LEN;; step = step < (size_t)1 << 20 ? 2 * step : step) {
        size_t before = ret_data->len;
        uint8_t *buffer = builder_reserve(ret_data, step);
        if (buffer == NULL)
            return error_set(err, ERROR_INPUT, EFBIG, "%s does not fit into memory", name);
        ssize_t got = read(fd, buffer, step);
        int reason = errno;
        ret_data->len = got > 0 ? before + (size_t)got : before;
        if (got < 0 && reason == EINTR)
            continue;
        if (got == 0)
            return true;
        if (got < 0 || ret_data->len - start > max_len) {
            ret_data->len = start; // untouched on failure
            return got < 0 ? error_errno(err, ERROR_INPUT, reason, "can't read %s", name)
                           : error_set(err, ERROR_INPUT, EFBIG, "%s is larger than the %zu bytes allowed",
                                       name, max_len);
        }
    }
}

bool file_open_regular(int dirfd, const char *name, int flags, int *ret_fd, struct error *err)
{
    struct stat status;
    // A FIFO would have whoever opens it wait for ever, and a device records nothing.
    AUTO(close) int fd = openat(dirfd, name, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &status) != 0)
        return error_errno(err, ERROR_INPUT, errno, "can't open %s", name);
    if (S_ISDIR(status.st_mode))
        return error_set(err, ERROR_INPUT, EISDIR, "%s is a directory, a file is needed", name);
    if (!S_ISREG(status.st_mode))
        return error_set(err, ERROR_INPUT, EINVAL,
                         "%s is a FIFO, a device or a socket, a file is needed: put the right one back",
                         name);
    *ret_fd = fd;
    fd = -1;
    return true;
}

bool file_read(int dirfd, const char *path, size_t max_len, struct builder *ret_data, struct error *err)
{
    struct stat status;
    AUTO(close) int fd = -1;
    if (dirfd != AT_FDCWD) // in coldca's own directory; what a person names may be a pipe
        return file_open_regular(dirfd, path, O_RDONLY, &fd, err) &&
               file_read_fd(fd, path, max_len, ret_data, err);
    // A pipe that nobody writes to is empty, and not waited for; one with a writer is read to its end.
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &status) != 0 || fcntl(fd, F_SETFL, 0) != 0)
        return error_errno(err, ERROR_INPUT, errno, "can't open %s", path);
    if (S_ISDIR(status.st_mode))
        return error_set(err, ERROR_INPUT, EISDIR, "%s is a directory, a file is needed", path);
    return file_read_fd(fd, path, max_len, ret_data, err);
}

bool file_write_fd(int fd, const char *name, struct bytes data, struct error *err)
{
    size_t done = 0;
    while (done < data.len) {
        ssize_t written = write(fd, data.data + done, data.len - done);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return error_errno(err, ERROR_INPUT, errno, "can't write %s", name);
        done += (size_t)written;
    }
    return true;
}

bool file_sync_folder(int fd, const char *name, struct error *err)
{
    // vfat and some FUSE file systems can't fsync a directory and say EINVAL; they have nothing to sync then. Nor has one that is read-only.
    if (fsync(fd) != 0 && errno != EINVAL && errno != EROFS)
        return error_errno(err, ERROR_INPUT, errno, "can't make the directory %s durable", name);
    return true;
}

bool file_open_folder(int dirfd, const char *path, int *ret_fd, struct error *err)
{
    int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return error_errno(err, ERROR_INPUT, errno, "can't open the directory %s", path);
    *ret_fd = fd;
    return true;
}

/** The directory that holds path, which may end in slashes; the caller frees it. */
static char *parent_of(const char *path)
{
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    while (len > 0 && path[len - 1] != '/')
        len--;
    return len == 0 ? memory_text(".") : memory_text_of(path, len);
}

/** fsync of the directory that holds path. */
static bool sync_parent(int dirfd, const char *path, struct error *err)
{
    AUTO(close) int fd = -1;
    AUTO(free) char *parent = parent_of(path);
    return file_open_folder(dirfd, parent, &fd, err) && file_sync_folder(fd, parent, err);
}

/**
 * The same for a directory that was found: the run that made it may have died before its name was durable. One that this user may
 * not read is left alone, for it is not ours.
 */
static bool sync_parent_of_found(int dirfd, const char *path, struct error *err)
{
    AUTO(free) char *parent = parent_of(path);
    AUTO(close) int fd = openat(dirfd, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 || file_sync_folder(fd, parent, err);
}

/** \param shown  the name for messages */
static bool write_new(int dirfd, const char *path, const char *shown, mode_t mode, file_fill *fill,
                      void *data, struct error *err)
{
    AUTO(close) int fd = openat(dirfd, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0)
        return error_errno(err, ERROR_INPUT, errno, "can't make %s", shown);
    bool written = fill(data, fd, shown, err);
    if (written && fsync(fd) != 0)
        written = error_errno(err, ERROR_INPUT, errno, "can't make %s durable", shown);
    if (written) {
        int closing = fd;
        fd = -1;
        if (close(closing) != 0)
            written = error_errno(err, ERROR_INPUT, errno, "can't close %s", shown);
    }
    if (!written)
        (void)unlinkat(dirfd, path, 0); // half a file is worse than none; the write error is what counts
    return written;
}

/** A name beside path that nobody else has, and that says of which file it is; the caller frees. */
static char *temporary_beside(const char *path)
{
    uint64_t random = 0;
    if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
        abort(); // never for so few bytes (getrandom(2))
    const char *name = file_name_of(path);
    return memory_format("%.*s.coldca-%016" PRIx64 "-%s.new", (int)(name - path), path, random,
                         strlen(name) <= NAMED_MAX_LEN ? name : "");
}

/** Renames without replacing, also where the file system has no such rename. */
static bool place(int dirfd, const char *temporary, const char *path, struct error *err)
{
    if (renameat2(dirfd, temporary, dirfd, path, RENAME_NOREPLACE) == 0)
        return true;
    if (errno == EINVAL || errno == ENOSYS) {
        if (linkat(dirfd, temporary, dirfd, path, 0) == 0) {
            (void)unlinkat(dirfd, temporary, 0); // a second name does no harm
            return true;
        }
        if (errno == EPERM || errno == EOPNOTSUPP) // no links either: a look first is all that is left
            errno = file_exists(dirfd, path) ? EEXIST : 0;
        if (errno == 0 && renameat(dirfd, temporary, dirfd, path) == 0)
            return true;
    }
    return error_errno(err, ERROR_INPUT, errno, "can't make %s", path);
}

static bool fill_whole(void *data, int fd, const char *shown, struct error *err)
{
    const struct bytes *whole = data;
    return file_write_fd(fd, shown, *whole, err);
}

bool file_create(int dirfd, const char *path, mode_t mode, struct bytes data, struct error *err)
{
    return file_create_by(dirfd, path, mode, fill_whole, &data, err);
}

bool file_create_by(int dirfd, const char *path, mode_t mode, file_fill *fill, void *data, struct error *err)
{
    if (file_exists(dirfd, path))
        return error_errno(err, ERROR_INPUT, EEXIST, "can't make %s", path);
    AUTO(free) char *temporary = temporary_beside(path);
    if (!write_new(dirfd, temporary, path, mode, fill, data, err))
        return false;
    if (!place(dirfd, temporary, path, err)) {
        (void)unlinkat(dirfd, temporary, 0); // what counts is why it could not get its name
        return false;
    }
    if (sync_parent(dirfd, path, err))
        return true;
    (void)unlinkat(dirfd, path,
                   0); // it was not made, so that the same command can make it; the fault is what counts
    return false;
}

bool file_create_over_rest(const char *path, mode_t mode, struct bytes data, struct error *err)
{
    struct error ignored = ERROR_INIT; // file_create() says what is wrong with the directory
    const char *name = file_name_of(path);
    AUTO(close) int fd = -1;
    AUTO(builder_done) struct builder pattern = BUILDER_INIT;
    AUTO(free) char *parent = name == path ? memory_text(".") : memory_text_of(path, (size_t)(name - path));
    for (const char *at = name; *at != '\0'; at++)
        builder_format(&pattern, "%s%c", strchr("*?[\\", *at) != NULL ? "\\" : "", *at);
    if (file_open_folder(AT_FDCWD, parent, &fd, &ignored))
        file_sweep(fd, builder_text(&pattern));
    return file_create(AT_FDCWD, path, mode, data, err);
}

bool file_open_scratch(int dirfd, const char *name, int *ret_fd, struct error *err)
{
    int fd = openat(dirfd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) { // vfat and other file systems know no file without a name: it loses one at once
        AUTO(free) char *temporary = temporary_beside(name);
        fd = openat(dirfd, temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0 || unlinkat(dirfd, temporary, 0) != 0) {
            int reason = errno;
            auto_close(&fd);
            return error_errno(err, ERROR_INPUT, reason, "can't make a file to work in");
        }
    }
    *ret_fd = fd;
    return true;
}

void file_sweep(int dirfd, const char *name_pattern)
{
    AUTO(free) char *pattern = memory_format(".coldca-[0-9a-f]*-%s.new", name_pattern);
    int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    if (directory == NULL) {
        auto_close(&fd);
        return;
    }
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        if (fnmatch(pattern, entry->d_name, 0) == 0)
            (void)unlinkat(dirfd, entry->d_name, 0); // it is in nobody's way
    }
    (void)closedir(directory); // only read
}

bool file_replace(int dirfd, const char *path, mode_t mode, struct bytes data, struct error *err)
{
    AUTO(free) char *temporary = memory_format("%s.new", path);
    // What a run that died left behind is ours to remove: the name is ours and writers hold the home's lock.
    if (unlinkat(dirfd, temporary, 0) != 0 && errno != ENOENT)
        return error_errno(err, ERROR_INPUT, errno, "can't remove %s", temporary);
    if (!write_new(dirfd, temporary, path, mode, fill_whole, &data, err))
        return false;
    if (renameat(dirfd, temporary, dirfd, path) != 0) {
        int reason = errno;
        (void)unlinkat(dirfd, temporary, 0); // the rename error is what counts
        return error_errno(err, ERROR_INPUT, reason, "can't replace %s", path);
    }
    return sync_parent(dirfd, path, err);
}

bool file_make_folder(int dirfd, const char *path, mode_t mode, struct error *err)
{
    struct stat status;
    if (mkdirat(dirfd, path, mode) == 0)
        return sync_parent(dirfd, path, err);
    if (errno != EEXIST)
        return error_errno(err, ERROR_INPUT, errno, "can't make the directory %s", path);
    if (fstatat(dirfd, path, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return error_errno(err, ERROR_INPUT, errno, "can't stat %s", path);
    if (!S_ISDIR(status.st_mode))
        return error_set(err, ERROR_INPUT, ENOTDIR, "%s exists and is not a directory", path);
    return sync_parent_of_found(dirfd, path, err);
}

bool file_exists(int dirfd, const char *path)
{
    struct stat status;
    return fstatat(dirfd, path, &status, AT_SYMLINK_NOFOLLOW) == 0 || errno == EIO;
}

const char *file_name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}
