/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"
#include "sandbox/layers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * The kernel's interface as of ABI 6, written out: the headers of the distributions this must build on know less than
 * their kernels (Documentation/userspace-api/landlock.rst). Rights of files are the low bits in order of appearance.
 */
struct ruleset {
    uint64_t handled_access_fs;
    uint64_t handled_access_net;
    uint64_t scoped;
};

#define RULESET_VERSION 1U /* LANDLOCK_CREATE_RULESET_VERSION */

/** What each ABI can take away; a kernel that is newer than this table is asked for all of the last line. */
static const struct {
    unsigned fs_rights;
    uint64_t net;
    uint64_t scoped;
    size_t size_bytes;
} abis[] = {
    {0, 0, 0, 0},
    {13, 0, 0, sizeof(uint64_t)},
    {14, 0, 0, sizeof(uint64_t)},     // REFER
    {15, 0, 0, sizeof(uint64_t)},     // TRUNCATE
    {15, 3, 0, 2 * sizeof(uint64_t)}, // TCP bind and connect
    {16, 3, 0, 2 * sizeof(uint64_t)}, // IOCTL_DEV
    {16, 3, 3, 3 * sizeof(uint64_t)}, // abstract UNIX sockets and signals
};

/* Rights of files, by their place (LANDLOCK_ACCESS_FS_*). EXECUTE (0) is given to nobody. */
#define RIGHT(place) (UINT64_C(1) << (place))
#define WRITE_FILE RIGHT(1)
#define READ_FILE RIGHT(2)
#define READ_DIR RIGHT(3)
#define REMOVE_DIR RIGHT(4)
#define REMOVE_FILE RIGHT(5)
#define MAKE_DIR RIGHT(7)
#define MAKE_REG RIGHT(8)
#define REFER RIGHT(13)
#define TRUNCATE RIGHT(14)
#define IOCTL_DEV RIGHT(15)
#define OF_A_FILE (WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV)

/** Packed, as the kernel reads it. */
struct path_beneath {
    uint64_t allowed_access;
    int32_t parent_fd;
} __attribute__((packed));

#define RULE_PATH_BENEATH 1 /* LANDLOCK_RULE_PATH_BENEATH */

/** Which line of abis this kernel is. \param instead  what is not done without it, for the message */
static bool find_level(const char *instead, size_t *ret_level, struct error *err)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, RULESET_VERSION);
    if (abi < 1)
        return error_errno(err, ERROR_INPUT, errno,
                           "the sandbox layer Landlock can't be engaged, so nothing is %s; enable it in the "
                           "kernel (5.13 or later, lsm=landlock,...)",
                           instead);
    size_t known = sizeof(abis) / sizeof(abis[0]) - 1;
    *ret_level = (size_t)abi < known ? (size_t)abi : known;
    return true;
}

static bool make_ruleset(size_t level, bool may_network, bool is_scoped, const char *instead, int *ret_fd,
                         struct error *err)
{
    struct ruleset rules = {.handled_access_fs = (UINT64_C(1) << abis[level].fs_rights) - 1,
                            .handled_access_net = may_network ? 0 : abis[level].net,
                            .scoped = is_scoped ? abis[level].scoped : 0};
    int fd = (int)syscall(SYS_landlock_create_ruleset, &rules, abis[level].size_bytes, 0);
    if (fd < 0)
        return error_errno(err, ERROR_INPUT, errno,
                           "the sandbox layer Landlock can't be engaged, so nothing is %s", instead);
    *ret_fd = fd;
    return true;
}

/** Whether a directory is among what will stay within reach, by whatever name. */
static bool is_reach(int fd, const struct sandbox_path *allowed, size_t count)
{
    struct stat own;
    struct stat other;
    if (fstat(fd, &own) != 0)
        return true;
    for (size_t i = 0; i < count; i++) {
        if (stat(allowed[i].path, &other) == 0 && own.st_dev == other.st_dev && own.st_ino == other.st_ino)
            return true;
    }
    return false;
}

/**
 * A directory that opens now and must not open afterwards, so that the layer is seen to be what closes it: where / is closed to
 * this process anyway, that / can't be opened says nothing.
 */
static const char *find_probe(const struct sandbox_path *allowed, size_t count)
{
    static const char *const folders[] = {"/",    "/proc", "/etc", "/usr", "/dev",
                                          "/sys", "/var",  "/tmp", "/home"};
    for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
        AUTO(close) int fd = open(folders[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd >= 0 && !is_reach(fd, allowed, count))
            return folders[i];
    }
    return NULL;
}

static bool is_closed(const char *folder)
{
    AUTO(close) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 && errno == EACCES;
}

/** Puts it on, and looks whether it holds. \param allowed  what the rules leave */
static bool restrict_self(int fd, const struct sandbox_path *allowed, size_t count, const char *instead,
                          struct error *err)
{
    const char *probe = find_probe(allowed, count);
    if (probe == NULL)
        return error_set(err, ERROR_INPUT, 0,
                         "the sandbox layer Landlock can't be tried out: this process can open none of the "
                         "directories it would close; nothing is %s; let everybody read / (chmod 755 /)",
                         instead);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || syscall(SYS_landlock_restrict_self, fd, 0) != 0)
        return error_errno(err, ERROR_INPUT, errno,
                           "the sandbox layer Landlock can't be engaged, so nothing is %s", instead);
    if (!is_closed(probe))
        return error_set(err, ERROR_INPUT, 0,
                         "the sandbox layer Landlock does not hold: %s could be opened; nothing is %s", probe,
                         instead);
    return true;
}

bool layer_landlock(struct error *err)
{
    size_t level = 0;
    AUTO(close) int fd = -1;
    return find_level("read", &level, err) && make_ruleset(level, false, true, "read", &fd, err) &&
           restrict_self(fd, NULL, 0, "read", err);
}

bool layer_landlock_again(struct error *err)
{
    size_t level = 0;
    AUTO(close) int fd = -1;
    if (!find_level("read", &level, err) || !make_ruleset(level, false, true, "read", &fd, err))
        return false;
    if (syscall(SYS_landlock_restrict_self, fd, 0) != 0)
        return error_errno(err, ERROR_INPUT, errno,
                           "the sandbox layer Landlock can't be engaged, so nothing is read");
    return true;
}

static bool add_path(int ruleset_fd, size_t level, const struct sandbox_path *allowed, struct error *err)
{
    struct stat status;
    uint64_t rights = allowed->right == SANDBOX_REMOVE_FOLDERS ? REMOVE_DIR : READ_FILE | READ_DIR;
    AUTO(close) int fd = open(allowed->path, O_PATH | O_CLOEXEC);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == EACCES || errno == ENXIO))
        return true; // not there for this process: nothing to allow
    if (fd < 0 || fstat(fd, &status) != 0)
        return error_errno(err, ERROR_INPUT, errno, "can't stat %s", allowed->path);
    if (allowed->right == SANDBOX_WRITE)
        rights |= WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | REFER | TRUNCATE | IOCTL_DEV;
    if (!S_ISDIR(status.st_mode))
        rights &= OF_A_FILE;
    struct path_beneath rule = {
        .allowed_access = rights & ((UINT64_C(1) << abis[level].fs_rights) - 1),
        .parent_fd = fd,
    };
    if (syscall(SYS_landlock_add_rule, ruleset_fd, RULE_PATH_BENEATH, &rule, 0) != 0)
        return error_errno(err, ERROR_INPUT, errno,
                           "the sandbox layer Landlock can't allow %s, so nothing is signed", allowed->path);
    return true;
}

bool layer_landlock_allow(const struct sandbox_path *allowed, size_t count, bool may_network,
                          struct error *err)
{
    size_t level = 0;
    AUTO(close) int fd = -1;
    // Not scoped: signals must still end the parser processes, which were made before this domain.
    if (!find_level("signed", &level, err) || !make_ruleset(level, may_network, false, "signed", &fd, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!add_path(fd, level, &allowed[i], err))
            return false;
    }
    return restrict_self(fd, allowed, count, "signed", err);
}
