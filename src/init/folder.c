/* SPDX-License-Identifier: Apache-2.0 */
#include "init/parts.h"

#include "base/file.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

/* What init writes, besides policies/. Where one of these is, no CA is made; what a failed init takes back. */
static const char *const reserved_names[] = {HOME_CONFIG_FILE,     HOME_CERTIFICATE_FILE, HOME_REQUEST_FILE,
                                             HOME_CHAIN_FILE,      "ledger.jsonl",        "ledger.checkpoint",
                                             "ledger.checkpoints", "index.sqlite",        "index.sqlite-wal",
                                             "index.sqlite-shm",   "index.rsa",           "lock"};

static bool is_free(int fd, const char *path, struct error *err)
{
    if (file_exists(fd, HOME_CONFIG_FILE) && !file_exists(fd, HOME_CERTIFICATE_FILE))
        return error_set(err, ERROR_INPUT, EEXIST,
                         "%s is a CA that awaits its parent's certificate: `coldca -C %s init --certificate "
                         "FILE` completes it; another CA needs another directory (-C)",
                         path, path);
    for (size_t i = 0; i < ARRAY_LEN(reserved_names); i++) {
        if (file_exists(fd, reserved_names[i]))
            return error_set(
                err, ERROR_INPUT, EEXIST,
                "%s holds %s already and nothing is overwritten; name another directory with -C%s", path,
                reserved_names[i],
                file_exists(fd, HOME_CONFIG_FILE) ? "" : " (an init that was killed may have left it)");
    }
    return true;
}

/** The directory a new home is to be made in. */
static bool look_at_parent(const char *path, struct error *err)
{
    AUTO(free) char *parent = memory_text(path);
    size_t len = strlen(parent);
    while (len > 1 && parent[len - 1] == '/')
        parent[--len] = '\0';
    char *slash = strrchr(parent, '/');
    if (slash != NULL)
        slash[slash == parent ? 1 : 0] = '\0';
    const char *shown = slash != NULL ? parent : ".";
    if (!file_exists(AT_FDCWD, shown))
        return error_set(err, ERROR_INPUT, ENOENT,
                         "%s can't be made: there is no directory %s; make it first", path, shown);
    return access(shown, W_OK | X_OK) == 0 ||
           error_errno(err, ERROR_INPUT, errno, "%s can't be made in %s", path, shown);
}

bool init_folder_look(const char *path, struct error *err)
{
    struct stat status;
    AUTO(close) int fd = -1;
    if (fstatat(AT_FDCWD, path, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? look_at_parent(path, err)
                               : error_errno(err, ERROR_INPUT, errno, "can't stat %s", path);
    if (!S_ISDIR(status.st_mode))
        return error_set(err, ERROR_INPUT, ENOTDIR, "%s exists and is not a directory; name another with -C",
                         path);
    if (access(path, W_OK | X_OK) != 0)
        return error_errno(err, ERROR_INPUT, errno, "can't write to %s", path);
    return file_open_folder(AT_FDCWD, path, &fd, err) && is_free(fd, path, err);
}

bool init_folder_make(struct init_folder *folder, struct error *err)
{
    bool was_there = file_exists(AT_FDCWD, folder->path);
    if (!file_make_folder(AT_FDCWD, folder->path, 0750, err) ||
        !file_open_folder(AT_FDCWD, folder->path, &folder->fd, err))
        return error_while(err, "making the CA's home");
    // Two at once would each take back what the other made. Where a file system has no such locks, one has to look out oneself.
    if (flock(folder->fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        folder->is_kept = true; // by the other one
        return error_set(err, ERROR_LEDGER, EWOULDBLOCK,
                         "another init is making a CA in %s; wait until it has ended", folder->path);
    }
    folder->is_made = !was_there;
    folder->is_kept = true;
    if (!is_free(folder->fd, folder->path, err))
        return false;
    folder->is_kept = false; // from here on all that is in the way is ours
    return true;
}

bool init_folder_copy_policies(struct init_folder *folder, struct error *err)
{
    char **names = NULL;
    size_t count = 0;
    folder->has_made_policies = !file_exists(folder->fd, "policies");
    if (!file_make_folder(folder->fd, "policies", 0750, err) || !home_policy_names(-1, &names, &count, err))
        return false;
    folder->files = memory_new(count, sizeof(char *));
    bool is_fine = true;
    for (size_t i = 0; i < count; i++) {
        AUTO(builder_done) struct builder text = BUILDER_INIT;
        AUTO(free) char *file = NULL;
        AUTO(free) char *name = names[i];
        AUTO(free) char *path = memory_format("policies/%s.yaml", name);
        if (!is_fine || file_exists(folder->fd, path))
            continue;
        is_fine = home_policy_read(-1, name, &text, &file, err) &&
                  file_create(folder->fd, path, 0640, builder_bytes(&text), err);
        if (is_fine)
            folder->files[folder->count++] = TAKE(path);
    }
    free(names);
    return is_fine || error_while(err, "copying the ready policies into the home");
}

static bool take_back(const struct init_folder *folder)
{
    bool is_gone = true;
    for (size_t i = 0; i < ARRAY_LEN(reserved_names); i++)
        is_gone &= unlinkat(folder->fd, reserved_names[i], 0) == 0 || errno == ENOENT;
    for (size_t i = 0; i < folder->count; i++)
        is_gone &= unlinkat(folder->fd, folder->files[i], 0) == 0;
    if (folder->has_made_policies)
        is_gone &= unlinkat(folder->fd, "policies", AT_REMOVEDIR) == 0;
    if (folder->is_made)
        is_gone &= unlinkat(AT_FDCWD, folder->path, AT_REMOVEDIR) == 0;
    return is_gone;
}

void init_folder_done(struct init_folder *folder)
{
    if (folder->fd >= 0) {
        if (!folder->is_kept && !take_back(folder))
            console_notice(folder->console, "not all that was made in %s could be removed; remove it by hand",
                           folder->path);
        (void)close(folder->fd); // only read from; gives the lock back
    }
    for (size_t i = 0; i < folder->count; i++)
        free(folder->files[i]);
    free(folder->files);
}
