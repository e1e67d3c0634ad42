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

/** A file on its way: the folder it goes to and its last part. */
struct target {
    int folder_fd;
    const char *name;  /**< in the folder */
    const char *shown; /**< the whole name as given, for messages */
    char temporary
        [40]; /**< beside it; the same on every try, so that a try that died is cleared away by the next */
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

/** Makes (or finds) the folder that holds name, part by part. \param ret_fd the caller's to close */
static bool open_parent(int root_fd, const char *name, int *ret_fd, struct error *err)
{
    AUTO(close) int folder = openat(root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const char *slash = NULL;
    if (folder < 0)
        return error_errno(err, ERROR_INPUT, errno, "can't open the output folder");
    for (const char *part = name; (slash = strchr(part, '/')) != NULL; part = slash + 1) {
        AUTO(close) int next = -1;
        AUTO(free) char *one = memory_text_of(part, (size_t)(slash - part));
        if (!file_make_folder(folder, one, 0755, err) || !beneath_open_folder(folder, one, &next, err))
            return error_while(err, "making the folder for %s", name);
        (void)close(folder); // only open for reading
        folder = next;
        next = -1;
    }
    *ret_fd = folder;
    folder = -1;
    return true;
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
    if (!S_ISREG(status.st_mode) || status.st_size < 0 || (size_t)status.st_size != data.len)
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
                         "%s is there already with different content and is not overwritten; move it away",
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
    if (errno == EEXIST)
        return errno;
    // Neither flags nor hard links (vfat through some drivers): looked first, and nobody else writes to the medium.
    if (fstatat(folder, target->name, &status, AT_SYMLINK_NOFOLLOW) == 0)
        return EEXIST;
    return renameat(folder, target->temporary, folder, target->name) == 0 ? 0 : errno;
}

static bool write_temporary(const struct target *target, struct bytes data, struct error *err)
{
    if (unlinkat(target->folder_fd, target->temporary, 0) != 0 && errno != ENOENT)
        return error_errno(err, ERROR_INPUT, errno, "can't clear %s away", target->temporary);
    AUTO(close)
    int fd = openat(target->folder_fd, target->temporary,
                    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return error_errno(err, ERROR_INPUT, errno, "can't write %s", target->shown);
    bool is_written = file_write_fd(fd, target->shown, data, err);
    if (is_written && fsync(fd) != 0)
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
    if (!write_temporary(target, data, err))
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

static bool deliver(int root_fd, const char *name, struct bytes data, bool may_replace, struct error *err)
{
    AUTO(close) int folder = -1;
    struct quoted shown;
    uint8_t digest[32];
    char hex[129];
    if (!check_name(name, err) || !open_parent(root_fd, name, &folder, err))
        return false;
    struct target target = {
        .folder_fd = folder, .name = file_name_of(name), .shown = quoted_text(name, &shown)};
    digest_sha256(bytes_of_text(target.name), digest);
    (void)snprintf(target.temporary, sizeof(target.temporary), ".coldca-%s.part",
                   hex_of(bytes_of(digest, 8), hex)); // 29 characters
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
