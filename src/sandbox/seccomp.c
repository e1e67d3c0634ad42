/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"
#include "base/memory.h"
#include "sandbox/layers.h"

#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

struct layer_seccomp {
    scmp_filter_ctx context;
};

/*
 * What computing needs: memory, the one socket, time, ending. Nothing here takes a path, makes a descriptor or a process,
 * or reaches another one.
 */
static const int allowed[] = {
    SCMP_SYS(read),        SCMP_SYS(write),           SCMP_SYS(exit),          SCMP_SYS(exit_group),
    SCMP_SYS(brk),         SCMP_SYS(munmap),          SCMP_SYS(mremap),        SCMP_SYS(madvise),
    SCMP_SYS(futex),       SCMP_SYS(getrandom),       SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday),
    SCMP_SYS(getpid),      SCMP_SYS(gettid),          SCMP_SYS(rt_sigreturn),  SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(sched_yield), SCMP_SYS(restart_syscall),
};

#ifdef COLDCA_SANITIZED
/* What the runtimes of the sanitizers call besides; none of it reaches outside either. Never in a build that is shipped. */
static const int allowed_sanitized[] = {SCMP_SYS(sigaltstack), SCMP_SYS(prctl), SCMP_SYS(getrlimit),
                                        SCMP_SYS(prlimit64)};
#endif

static volatile int *words;

/** Leaves the number of the refused call where the fork server finds it, and ends. The call itself was never made. */
static void on_refused_call(int signal_number, siginfo_t *info, void *context)
{
    (void)signal_number;
    (void)context;
    *words = info->si_syscall + 1;
    _exit(128 + SIGSYS);
}

/** Allows a call if these bits of its third argument have this value. */
static int allow_third(scmp_filter_ctx context, int call, uint64_t mask, uint64_t value)
{
    struct scmp_arg_cmp third = {.arg = 2, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value};
    return seccomp_rule_add_array(context, SCMP_ACT_ALLOW, call, 1, &third);
}

static int allow_all(scmp_filter_ctx context)
{
    int failed = 0;
    for (size_t i = 0; failed == 0 && i < ARRAY_LEN(allowed); i++)
        failed = seccomp_rule_add(context, SCMP_ACT_ALLOW, allowed[i], 0);
    // Memory may be mapped and its protection changed, but never so that new code could run.
    if (failed == 0)
        failed = allow_third(context, SCMP_SYS(mmap), PROT_EXEC, 0);
    if (failed == 0)
        failed = allow_third(context, SCMP_SYS(mprotect), PROT_EXEC, 0);
#ifdef COLDCA_SANITIZED
    for (size_t i = 0; failed == 0 && i < ARRAY_LEN(allowed_sanitized); i++)
        failed = seccomp_rule_add(context, SCMP_ACT_ALLOW, allowed_sanitized[i], 0);
#endif
    return failed;
}

/** abort() signals its own thread. No other signal and no other process: each child has one thread, so its ids are known. */
static int allow_abort(scmp_filter_ctx context)
{
    // The whole 64 bits are compared; the C library hands its ids over sign-extended, and they are positive.
    const struct scmp_arg_cmp own[] = {
        {.arg = 0, .op = SCMP_CMP_EQ, .datum_a = (uint64_t)getpid()},
        {.arg = 1, .op = SCMP_CMP_EQ, .datum_a = (uint64_t)gettid()},
        {.arg = 2, .op = SCMP_CMP_EQ, .datum_a = SIGABRT},
    };
    return seccomp_rule_add_array(context, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), ARRAY_LEN(own), own);
}

bool layer_seccomp_new(struct layer_seccomp **ret_filter, struct error *err)
{
    // TRAP rather than KILL: a trapped call is not made either, and its number can be reported. A program that has lost its
    // handler or its stack is killed by the same signal; calls of a foreign architecture are killed at once.
    scmp_filter_ctx context = seccomp_init(SCMP_ACT_TRAP);
    int failed =
        context == NULL ? -ENOMEM : seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    if (failed == 0)
        failed = allow_all(context);
    if (failed != 0) {
        seccomp_release(context);
        return error_errno(err, ERROR_INPUT, -failed,
                           "the sandbox layer seccomp can't be made, so nothing is read");
    }
    struct layer_seccomp *filter = memory_new(1, sizeof(*filter));
    filter->context = context;
    *ret_filter = filter;
    return true;
}

bool layer_seccomp_engage(struct layer_seccomp *filter, volatile int *last_words, struct error *err)
{
    struct sigaction action = {.sa_sigaction = on_refused_call, .sa_flags = SA_SIGINFO};
    words = last_words;
    if (sigaction(SIGSYS, &action, NULL) != 0)
        return error_errno(err, ERROR_INPUT, errno,
                           "the sandbox layer seccomp can't be engaged, so nothing is read");
    // The filter is this child's own copy; only now it is known who it is for.
    int failed = allow_abort(filter->context);
    if (failed == 0)
        failed = seccomp_load(filter->context);
    if (failed != 0)
        return error_errno(err, ERROR_INPUT, -failed,
                           "the sandbox layer seccomp can't be engaged, so nothing is read; the kernel needs "
                           "CONFIG_SECCOMP_FILTER, a container must let seccomp through");
    return true;
}
