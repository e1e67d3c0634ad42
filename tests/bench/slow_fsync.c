/* SPDX-License-Identifier: Apache-2.0 */
/* Preloaded by the benchmark of group commits: a device whose fsync costs 5 ms. */
#include <time.h>

__attribute__((visibility("default"))) int fsync(int fd);
__attribute__((visibility("default"))) int fdatasync(int fd);

static int wait_a_while(void)
{
    const struct timespec cost = {.tv_nsec = 5000000};
    return nanosleep(&cost, NULL);
}

int fsync(int fd)
{
    (void)fd; // the file system is one in memory: there is nothing to wait for but the device played here
    return wait_a_while();
}

int fdatasync(int fd)
{
    return fsync(fd);
}
