#include "sandbox/layers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
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

bool layer_landlock(struct error *err)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, RULESET_VERSION);
    if (abi < 1)
        return error_errno(
            err, ERROR_INPUT, errno,
            "the sandbox layer Landlock can't be engaged, so nothing is read; enable it in the kernel "
            "(5.13 or later, lsm=landlock,...)");
    size_t known = sizeof(abis) / sizeof(abis[0]) - 1;
    size_t level = (size_t)abi < known ? (size_t)abi : known;
    struct ruleset rules = {.handled_access_fs = (UINT64_C(1) << abis[level].fs_rights) - 1,
                            .handled_access_net = abis[level].net,
                            .scoped = abis[level].scoped};
    AUTO(close) int fd = (int)syscall(SYS_landlock_create_ruleset, &rules, abis[level].size_bytes, 0);
    if (fd < 0 || syscall(SYS_landlock_restrict_self, fd, 0) != 0)
        return error_errno(err, ERROR_INPUT, errno,
                           "the sandbox layer Landlock (ABI %ld) can't be engaged, so nothing is read", abi);
    AUTO(close) int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root >= 0 || errno != EACCES)
        return error_set(
            err, ERROR_INPUT, 0,
            "the sandbox layer Landlock (ABI %ld) does not hold: / could be opened; nothing is read", abi);
    return true;
}
