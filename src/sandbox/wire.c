/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/wire.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

/** Room for one descriptor, aligned as the kernel wants it. */
union control {
    struct cmsghdr header;
    char buffer[CMSG_SPACE(sizeof(int))];
};

bool wire_write(int fd, struct bytes data)
{
    size_t done = 0;
    while (done < data.len) {
        ssize_t written = write(fd, data.data + done, data.len - done);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        done += (size_t)written;
    }
    return true;
}

size_t wire_read_some(int fd, void *ret_data, size_t len)
{
    for (;;) {
        ssize_t got = read(fd, ret_data, len);
        if (got < 0 && errno == EINTR)
            continue;
        return got < 0 ? 0 : (size_t)got;
    }
}

bool wire_read(int fd, void *ret_data, size_t len)
{
    size_t done = 0;
    while (done < len) {
        errno = 0;
        size_t got = wire_read_some(fd, (uint8_t *)ret_data + done, len - done);
        if (got == 0)
            return false;
        done += got;
    }
    return true;
}

bool wire_send(int fd, const void *message, size_t len, int passed_fd)
{
    union control control;
    memset(&control, 0, sizeof(control));
    struct iovec part = {.iov_base = (void *)(uintptr_t)message, .iov_len = len};
    struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
    if (passed_fd >= 0) {
        header.msg_control = control.buffer;
        header.msg_controllen = sizeof(control.buffer);
        struct cmsghdr *first = CMSG_FIRSTHDR(&header);
        first->cmsg_level = SOL_SOCKET;
        first->cmsg_type = SCM_RIGHTS;
        first->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(first), &passed_fd, sizeof(int));
    }
    for (;;) {
        ssize_t sent = sendmsg(fd, &header, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        return sent >= 0 && (size_t)sent == len;
    }
}

bool wire_receive(int fd, void *ret_message, size_t len, int *ret_fd)
{
    union control control;
    memset(&control, 0, sizeof(control));
    struct iovec part = {.iov_base = ret_message, .iov_len = len};
    struct msghdr header = {.msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = control.buffer,
                            .msg_controllen = sizeof(control.buffer)};
    ssize_t got = -1;
    do
        got = recvmsg(fd, &header, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    *ret_fd = -1;
    if (got < 0)
        return false;
    struct cmsghdr *first = CMSG_FIRSTHDR(&header);
    if (first != NULL && first->cmsg_level == SOL_SOCKET && first->cmsg_type == SCM_RIGHTS &&
        first->cmsg_len == CMSG_LEN(sizeof(int)))
        memcpy(ret_fd, CMSG_DATA(first), sizeof(int));
    if ((size_t)got == len && (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0)
        return true;
    if (*ret_fd >= 0)
        (void)close(*ret_fd); // it came with a message that is none
    *ret_fd = -1;
    return false;
}
