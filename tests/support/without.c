/* SPDX-License-Identifier: Apache-2.0 */
/*
 * without CALL COMMAND...: runs a command where one system call is answered with ENOSYS, as on a kernel that has it not: the layers of the
 * sandbox are asked for by system calls. A filter that is loaded stays over exec(2).
 */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int call = argc < 3 ? __NR_SCMP_ERROR : seccomp_syscall_resolve_name(argv[1]);
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (call == __NR_SCMP_ERROR || filter == NULL ||
        seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), call, 0) != 0 || seccomp_load(filter) != 0) {
        (void)fprintf(stderr, "usage: without CALL COMMAND..., or no filter can be loaded\n");
        return 125;
    }
    seccomp_release(filter);
    (void)execv(argv[2], argv + 2);
    perror(argv[2]);
    return 126;
}
