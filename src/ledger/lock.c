/* SPDX-License-Identifier: Apache-2.0 */
#include "base/time.h"
#include "ledger/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOCK_POLL_MS 20

/** Who holds the lock, as he wrote it; "another process" if he did not. */
static void read_holder(int fd, char *ret_text, size_t size)
{
    char pid[24];
    ssize_t len = pread(fd, pid, sizeof(pid) - 1, 0);
    size_t digits = 0;
    while (len > 0 && digits < (size_t)len && pid[digits] >= '0' && pid[digits] <= '9')
        digits++;
    pid[digits] = '\0';
    (void)snprintf(ret_text, size, digits > 0 ? "process %s" : "another process%s", pid); // fits
}

static bool write_holder(int fd, struct error *err)
{
    char pid[24];
    int len = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, pid, (size_t)len, 0) != len)
        return error_errno(err, ERROR_INPUT, errno, "can't write the file " LOG_LOCK_NAME);
    return true;
}

static bool cannot_write(int reason, struct error *err)
{
    if (reason != EROFS && reason != EACCES && reason != EPERM)
        return error_errno(err, ERROR_INPUT, reason, "can't open the file " LOG_LOCK_NAME);
    return error_set(
        err, ERROR_INPUT, (unsigned long)reason,
        "the home can't be written (%s), so nothing can be signed or changed in it; commands that "
        "only read go on working",
        reason == EROFS ? "it is mounted read-only" : "this user has no right to");
}

bool lock_is_held(int home_fd)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    AUTO(close) int fd = openat(home_fd, LOG_LOCK_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    return fd >= 0 && fcntl(fd, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
}

bool lock_take(int home_fd, int wait_ms, int *ret_fd, struct error *err)
{
    // An open file description lock: it goes with the process, and holds against a second open in the same one.
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    AUTO(close)
    int fd = openat(home_fd, LOG_LOCK_NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY,
                    0600);
    struct stat status;
    if (fd < 0)
        return cannot_write(errno, err);
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        return error_set(err, ERROR_INPUT, 0, LOG_LOCK_NAME " is not a file; remove it, it is rebuilt");
    int64_t deadline = time_monotonic_ms() + wait_ms;
    while (fcntl(fd, F_OFD_SETLK, &whole) != 0) {
        if (errno == EINTR)
            continue; // the lock of a file over the network: nobody has been asked yet
        if (errno != EAGAIN && errno != EACCES)
            return error_errno(err, ERROR_INPUT, errno, "can't lock the file " LOG_LOCK_NAME);
        if (time_monotonic_ms() >= deadline) {
            char holder[64];
            read_holder(fd, holder, sizeof(holder));
            return error_set(err, ERROR_LEDGER, EAGAIN,
                             "the home is in use by %s: wait until it has ended, then run this again",
                             holder);
        }
        const struct timespec pause = {.tv_nsec = LOCK_POLL_MS * 1000000L};
        (void)nanosleep(&pause, NULL); // woken early it only asks early
    }
    if (!write_holder(fd, err))
        return false;
    *ret_fd = fd;
    fd = -1;
    return true;
}
