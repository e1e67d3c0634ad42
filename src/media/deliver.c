/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/quote.h"
#include "media/beneath.h"
#include "media/media.h"
#include "media/name.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEMPORARY_SIZE 40
#define FOLDERS_KEPT_MAX 8 /* open from one group to the next; each is synced with every group */

/** A file on its way: the directory it goes to and its last part. */
struct target {
    int folder_fd;
    const char *name;  /**< in the directory */
    const char *shown; /**< the whole name as given, for messages */
    /** beside it; the same on every try, so that a try that died is cleared away by the next */
    const char *temporary;
};

static bool check_name(const char *name, struct error *err)
{
    const char *part = name;
    const char *fault = strlen(name) >= PATH_MAX ? "is too long" : NULL;
    while (fault == NULL) {
        size_t len = strcspn(part, "/");
        fault = media_name_fault(part, len);
        if (part[len] == '\0')
            break;
        part += len + 1;
    }
    if (fault == NULL)
        return true;
    return error_set(err, ERROR_INPUT, 0, "the name \"%s\" %s; it is not written",
                     quoted_text(name, &(struct quoted){.text = ""}), fault);
}

/** Makes (or finds) the directory that holds name, part by part. \param ret_fd the caller's to close */
static bool open_parent(int root_fd, const char *name, int *ret_fd, struct error *err)
{
    AUTO(close) int folder = openat(root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const char *slash = NULL;
    if (folder < 0)
        return error_errno(err, ERROR_INPUT, errno, "can't open the output directory");
    for (const char *part = name; (slash = strchr(part, '/')) != NULL; part = slash + 1) {
        AUTO(close) int next = -1;
        AUTO(free) char *one = memory_text_of(part, (size_t)(slash - part));
        if (!file_make_folder(folder, one, 0755, err) || !beneath_open_folder(folder, one, &next, err))
            return error_while(err, "making the directory for %s", name);
        (void)close(folder); // only open for reading
        folder = next;
        next = -1;
    }
    *ret_fd = folder;
    folder = -1;
    return true;
}

bool media_look(int root_fd, const char *path, bool *ret_is_there, struct error *err)
{
    struct quoted shown;
    AUTO(close) int fd = beneath_open(root_fd, path, O_RDONLY);
    if (fd < 0 && errno == ELOOP)
        return error_set(
            err, ERROR_INPUT, ELOOP,
            "%s on the medium is or passes a symbolic link, which is not followed: put the real thing "
            "there",
            quoted_text(path, &shown));
    if (fd < 0 && errno != ENOENT && errno != ENOTDIR)
        return error_errno(err, ERROR_INPUT, errno, "cannot read %s on the medium",
                           quoted_text(path, &shown));
    *ret_is_there = fd >= 0;
    return true;
}

bool media_open_folder(int root_fd, const char *path, bool may_make, int *ret_fd, struct error *err)
{
    if (!may_make)
        return beneath_open_folder(root_fd, path, ret_fd, err);
    AUTO(free) char *inside = memory_format("%s/", path);
    return open_parent(root_fd, inside, ret_fd, err);
}

static bool read_existing(const struct target *target, struct bytes data, bool *ret_same, struct error *err)
{
    struct stat status;
    AUTO(builder_done) struct builder there = BUILDER_INIT;
    AUTO(close) int fd = beneath_open(target->folder_fd, target->name, O_RDONLY);
    if (fd < 0 || fstat(fd, &status) != 0)
        return error_errno(err, ERROR_INPUT, errno, "can't compare with %s, which is there already",
                           target->shown);
    *ret_same = false;
    if (!S_ISREG(status.st_mode) || (size_t)status.st_size != data.len)
        return true;
    if (!file_read_fd(fd, target->shown, data.len, &there, err))
        return false;
    *ret_same = bytes_equal(builder_bytes(&there), data);
    // The run that wrote it may have died before it was durable.
    if (*ret_same && fsync(fd) != 0 && errno != EINVAL && errno != EROFS)
        return error_errno(err, ERROR_INPUT, errno, "can't make %s durable", target->shown);
    return true;
}

/** Success if what is there is the same; else ERROR_INPUT. */
static bool accept_existing(const struct target *target, struct bytes data, struct error *err)
{
    bool is_same = false;
    if (!read_existing(target, data, &is_same, err))
        return false;
    if (!is_same)
        return error_set(err, ERROR_INPUT, EEXIST,
                         "%s already exists with different content, not overwritten; move it away",
                         target->shown);
    return file_sync_folder(target->folder_fd, target->shown, err);
}

/** rename() that never replaces, as the file system can. \return 0 or an errno */
static int rename_new(const struct target *target)
{
    struct stat status;
    int folder = target->folder_fd;
    if (renameat2(folder, target->temporary, folder, target->name, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP)
        return errno;
    if (linkat(folder, target->temporary, folder, target->name, 0) == 0)
        return unlinkat(folder, target->temporary, 0) == 0 ? 0 : errno;
    // The name is taken; or neither flags nor hard links (vfat through some drivers): looked first, and nobody else writes to the medium.
    if (fstatat(folder, target->name, &status, AT_SYMLINK_NOFOLLOW) == 0)
        return EEXIST;
    if (errno != ENOENT)
        return errno; // what can't be seen may be there
    return renameat(folder, target->temporary, folder, target->name) == 0 ? 0 : errno;
}

/** \param may_wait the caller makes it durable with others before it is renamed */
static bool write_temporary(const struct target *target, struct bytes data, bool may_wait, struct error *err)
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    AUTO(close) int fd = openat(target->folder_fd, target->temporary, flags, 0644);
    if (fd < 0 && errno == EEXIST) { // of a try that died
        if (unlinkat(target->folder_fd, target->temporary, 0) != 0)
            return error_errno(err, ERROR_INPUT, errno, "can't clear %s away", target->temporary);
        fd = openat(target->folder_fd, target->temporary, flags, 0644);
    }
    if (fd < 0)
        return error_errno(err, ERROR_INPUT, errno, "can't write %s", target->shown);
    bool is_written = file_write_fd(fd, target->shown, data, err);
    if (is_written && !may_wait && fsync(fd) != 0)
        is_written = error_errno(err, ERROR_INPUT, errno, "can't make %s durable", target->shown);
    if (!is_written)
        (void)unlinkat(target->folder_fd, target->temporary, 0); // the write error is what counts
    return is_written;
}

static bool put(const struct target *target, struct bytes data, bool may_replace, struct error *err)
{
    int reason = 0;
    if (!may_replace && file_exists(target->folder_fd, target->name))
        return accept_existing(target, data, err);
    if (!write_temporary(target, data, false, err))
        return false;
    if (may_replace)
        reason =
            renameat(target->folder_fd, target->temporary, target->folder_fd, target->name) == 0 ? 0 : errno;
    else
        reason = rename_new(target);
    if (reason != 0)
        (void)unlinkat(target->folder_fd, target->temporary, 0); // why it could not be renamed is what counts
    if (reason == EEXIST)
        return accept_existing(target, data, err);
    if (reason != 0)
        return error_errno(err, ERROR_INPUT, reason, "can't put %s in its place", target->shown);
    return file_sync_folder(target->folder_fd, target->shown, err);
}

static void name_temporary(const char *name, char ret_temporary[static TEMPORARY_SIZE])
{
    uint8_t digest[32];
    char hex[129];
    digest_sha256(bytes_of_text(name), digest);
    (void)snprintf(ret_temporary, TEMPORARY_SIZE, ".coldca-%s.part",
                   hex_of(bytes_of(digest, 8), hex)); // 29 characters
}

static bool deliver(int root_fd, const char *name, struct bytes data, bool may_replace, struct error *err)
{
    AUTO(close) int folder = -1;
    struct quoted shown;
    if (!check_name(name, err) || !open_parent(root_fd, name, &folder, err))
        return false;
    char temporary[TEMPORARY_SIZE];
    struct target target = {.folder_fd = folder,
                            .name = file_name_of(name),
                            .shown = quoted_text(name, &shown),
                            .temporary = temporary};
    name_temporary(target.name, temporary);
    return put(&target, data, may_replace, err);
}

bool media_deliver(int root_fd, const char *name, struct bytes data, struct error *err)
{
    return deliver(root_fd, name, data, false, err);
}

bool media_deliver_over(int root_fd, const char *name, struct bytes data, struct error *err)
{
    return deliver(root_fd, name, data, true, err);
}

/* ---- many files, one sync ---- */

struct group_file {
    char *name;          /**< as given */
    size_t folder;       /**< index into the group's directories */
    struct builder data; /**< kept to compare with what may turn up at its name */
    char temporary[TEMPORARY_SIZE];
};

struct group_folder {
    char *path; /**< of the directory below the root; "" is the root */
    int fd;
};

struct media_group {
    struct group_file *files;
    size_t files_count;
    size_t files_capacity;
    struct group_folder *folders;
    size_t folders_count;
    bool is_fresh;
};

void media_group_is_fresh(struct media_group *group)
{
    group->is_fresh = true;
}

struct media_group *media_group_new(void)
{
    return memory_new(1, sizeof(struct media_group));
}

static struct target target_of(const struct media_group *group, const struct group_file *file,
                               struct quoted *shown)
{
    struct target target = {.folder_fd = group->folders[file->folder].fd,
                            .name = file_name_of(file->name),
                            .shown = quoted_text(file->name, shown),
                            .temporary = file->temporary};
    return target;
}

static void clear_files(struct media_group *group)
{
    for (size_t i = 0; i < group->files_count; i++) {
        free(group->files[i].name);
        builder_done(&group->files[i].data);
    }
    group->files_count = 0;
}

static void close_folders(struct media_group *group)
{
    for (size_t i = 0; i < group->folders_count; i++) {
        free(group->folders[i].path);
        (void)close(group->folders[i].fd); // only open for reading
    }
    group->folders_count = 0;
}

static void trim_folders(struct media_group *group)
{
    if (group->folders_count > FOLDERS_KEPT_MAX)
        close_folders(group);
}

void media_group_free(struct media_group *group)
{
    for (size_t i = 0; i < group->files_count; i++) {
        struct quoted shown;
        struct target target = target_of(group, &group->files[i], &shown);
        (void)unlinkat(target.folder_fd, target.temporary,
                       0); // was never put in its place; the next try clears it too
    }
    clear_files(group);
    close_folders(group);
    free(group->files);
    free(group->folders);
    free(group);
}

/** The directory a name goes to, opened once for the whole group. */
static bool find_folder(struct media_group *group, int root_fd, const char *name, size_t *ret_index,
                        struct error *err)
{
    int fd = -1;
    AUTO(free) char *path = memory_text_of(name, (size_t)(file_name_of(name) - name));
    for (size_t i = group->folders_count; i > 0; i--) {
        if (strcmp(group->folders[i - 1].path, path) == 0) {
            *ret_index = i - 1;
            return true;
        }
    }
    if (!open_parent(root_fd, name, &fd, err))
        return false;
    group->folders = memory_grow(group->folders, group->folders_count + 1, sizeof(*group->folders));
    group->folders[group->folders_count] = (struct group_folder){.path = TAKE(path), .fd = fd};
    *ret_index = group->folders_count++;
    return true;
}

bool media_group_add(struct media_group *group, int root_fd, const char *name, struct bytes data,
                     struct error *err)
{
    struct quoted shown;
    struct group_file file = {.name = NULL};
    if (!check_name(name, err) || !find_folder(group, root_fd, name, &file.folder, err))
        return false;
    file.name = memory_text(name);
    name_temporary(file_name_of(name), file.temporary);
    struct target target = target_of(group, &file, &shown);
    bool is_there = !group->is_fresh && file_exists(target.folder_fd, target.name);
    bool is_fine = is_there ? accept_existing(&target, data, err) : write_temporary(&target, data, true, err);
    if (!is_fine || is_there) {
        free(file.name);
        return is_fine;
    }
    builder_add_bytes(&file.data, data);
    if (group->files_count == group->files_capacity) {
        group->files_capacity = group->files_capacity == 0 ? 64 : 2 * group->files_capacity;
        group->files = memory_grow(group->files, group->files_capacity, sizeof(*group->files));
    }
    group->files[group->files_count++] = file;
    return true;
}

bool media_group_commit(struct media_group *group, int root_fd, struct error *err)
{
    if (group->files_count == 0) {
        trim_folders(group); // all files were there already
        return true;
    }
    // All bytes are on the medium before the first name is: what is found under its name is whole.
    if (syncfs(root_fd) != 0)
        return error_errno(err, ERROR_INPUT, errno, "can't make %zu files durable", group->files_count);
    for (size_t i = 0; i < group->files_count; i++) {
        struct quoted shown;
        struct target target = target_of(group, &group->files[i], &shown);
        int reason = rename_new(&target);
        if (reason == EEXIST && !accept_existing(&target, builder_bytes(&group->files[i].data), err))
            return false;
        if (reason != 0 && reason != EEXIST)
            return error_errno(err, ERROR_INPUT, reason, "can't put %s in its place", target.shown);
        if (reason == EEXIST)
            (void)unlinkat(target.folder_fd, target.temporary, 0); // the same file is there already
    }
    clear_files(group);
    for (size_t i = 0; i < group->folders_count; i++) {
        if (!file_sync_folder(group->folders[i].fd, group->folders[i].path, err))
            return false;
    }
    trim_folders(group);
    return true;
}
