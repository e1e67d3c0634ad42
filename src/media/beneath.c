/* SPDX-License-Identifier: Apache-2.0 */
#include "media/beneath.h"

#include "base/quote.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

int beneath_open(int root_fd, const char *path, int flags)
{
    struct open_how how = {
        .flags = (uint64_t)(unsigned)(flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY),
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
    };
    // EAGAIN: something was renamed meanwhile and the kernel could not be sure the path stayed beneath; a few tries.
    for (int tries = 0; tries < 16; tries++) {
        long fd = syscall(SYS_openat2, root_fd, path, &how, sizeof(how));
        if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
            return (int)fd;
    }
    return -1;
}

bool beneath_open_folder(int root_fd, const char *path, int *ret_fd, struct error *err)
{
    int fd = beneath_open(root_fd, path, O_RDONLY | O_DIRECTORY);
    if (fd < 0)
        return error_errno(err, ERROR_INPUT, errno, "can't open the directory %s on the medium",
                           quoted_text(path, &(struct quoted){.text = ""}));
    *ret_fd = fd;
    return true;
}
