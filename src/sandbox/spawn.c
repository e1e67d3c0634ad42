/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "sandbox/fork_server.h"
#include "sandbox/sandbox.h"
#include "sandbox/wire.h"

#include <errno.h>
#include <poll.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* Confining takes a millisecond; a machine that is swapping gets time. */
#define ENGAGE_TIMEOUT_MS 30000

struct sandbox {
    struct sandbox_plan plan;
    pid_t server;
    int fd;
};

static bool lost(struct error *err)
{
    return error_set(err, ERROR_INPUT, 0,
                     "the fork server for parser processes is gone; run the command again");
}

static bool ask(const struct sandbox *sandbox, struct fork_server_request request,
                struct fork_server_answer *ret_answer, int *ret_fd, struct error *err)
{
    if (!wire_send(sandbox->fd, &request, sizeof(request), -1) ||
        !wire_receive(sandbox->fd, ret_answer, sizeof(*ret_answer), ret_fd))
        return lost(err);
    if (ret_answer->err.kind == ERROR_NONE)
        return true;
    *err = ret_answer->err;
    return false;
}

static void end_fork_server(struct sandbox *sandbox)
{
    (void)close(sandbox->fd);
    (void)kill(sandbox->server, SIGKILL); // its children get the same from the kernel
    while (waitpid(sandbox->server, NULL, 0) < 0 && errno == EINTR)
        ;
}

bool sandbox_open(const struct sandbox_plan *plan, struct sandbox **ret_sandbox, struct error *err)
{
    int pair[2];
    int nothing = -1;
    struct fork_server_answer answer;
    struct sandbox *sandbox = memory_new(1, sizeof(*sandbox));
    sandbox->plan = *plan;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        free(sandbox);
        return error_errno(err, ERROR_INPUT, errno, "can't make a socket for parser processes");
    }
    sandbox->fd = pair[0];
    sandbox->server = fork();
    if (sandbox->server == 0)
        fork_server_run(pair[1], &sandbox->plan);
    int reason = errno;
    (void)close(pair[1]);
    if (sandbox->server < 0) {
        (void)close(pair[0]);
        free(sandbox);
        return error_errno(err, ERROR_INPUT, reason, "can't fork the fork server");
    }
    bool is_told = wire_receive(sandbox->fd, &answer, sizeof(answer), &nothing);
    if (is_told && answer.err.kind == ERROR_NONE) {
        *ret_sandbox = sandbox;
        return true;
    }
    end_fork_server(sandbox);
    free(sandbox);
    if (!is_told)
        return lost(err);
    *err = answer.err;
    return false;
}

void sandbox_close(struct sandbox *sandbox)
{
    end_fork_server(sandbox);
    free(sandbox);
}

/** The first thing a child says is whether it is confined. */
static bool hear(int fd, struct error *err)
{
    struct error told;
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    int ready = -1;
    do
        ready = poll(&wait, 1, ENGAGE_TIMEOUT_MS);
    while (ready < 0 && errno == EINTR);
    if (ready != 1 || !wire_read(fd, &told, sizeof(told)))
        return error_set(err, ERROR_INPUT, 0,
                         "a parser process ended before it was confined, so nothing is read");
    told.text[sizeof(told.text) - 1] = '\0';
    if (told.kind == ERROR_NONE)
        return true;
    *err = told;
    return false;
}

bool sandbox_spawn(struct sandbox *sandbox, struct sandbox_child *ret_child, struct error *err)
{
    struct fork_server_answer answer;
    AUTO(close) int fd = -1;
    if (!ask(sandbox, (struct fork_server_request){.order = FORK_SERVER_SPAWN}, &answer, &fd, err))
        return false;
    if (fd < 0)
        return lost(err);
    if (!hear(fd, err)) {
        struct sandbox_end end;
        struct error ignored = ERROR_INIT;
        // Why it could not be confined is what counts; one that can't be reaped now is when the sandbox closes.
        if (!sandbox_reap(sandbox, answer.pid, &end, &ignored))
            error_clear(&ignored);
        return false;
    }
    *ret_child = (struct sandbox_child){.pid = answer.pid, .fd = fd};
    fd = -1;
    return true;
}

bool sandbox_reap(struct sandbox *sandbox, pid_t pid, struct sandbox_end *ret_end, struct error *err)
{
    struct fork_server_answer answer;
    AUTO(close) int nothing = -1;
    if (!ask(sandbox, (struct fork_server_request){.order = FORK_SERVER_REAP, .pid = pid}, &answer, &nothing,
             err))
        return false;
    *ret_end = answer.end;
    return true;
}

const char *sandbox_describe_end(const struct sandbox_end *end, char text[static 128])
{
    if (end->system_call >= 0) {
        AUTO(free) char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, end->system_call);
        (void)snprintf(text, 128, "it was stopped at the system call %s (%d)",
                       name != NULL ? name : "unknown",
                       end->system_call); // names are short
    } else if (end->signal != 0) {
        const char *name = sigabbrev_np(end->signal);
        (void)snprintf(text, 128, "it was killed by signal %d (SIG%s)", end->signal,
                       name != NULL ? name : "?");
    } else {
        (void)snprintf(text, 128, "it ended with status %d", end->status);
    }
    return text;
}
