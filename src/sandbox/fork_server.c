/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/fork_server.h"

#include "sandbox/layers.h"
#include "sandbox/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define MAX_CHILDREN 256
#define CONTROL_FD 3

/** A child and the page it can leave its last words on. */
struct ward {
    pid_t pid; /**< 0: free */
    volatile int *last_words;
};

struct fork_server {
    const struct sandbox_plan *plan;
    struct layer_seccomp *filter;
    size_t born_bytes;
    struct ward wards[MAX_CHILDREN];
};

/** Handlers and blocked signals of the program are not the children's; the terminal's keys are the program's alone. */
static void leave_terminal(void)
{
    sigset_t none;
    for (int number = 1; number < NSIG; number++)
        (void)signal(number, SIG_DFL); // KILL, STOP and libc's own can't be changed
    (void)sigemptyset(&none);          // can't fail
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)setsid(); // fails only if there is nothing to leave
}

/** Only the control socket stays, as CONTROL_FD; 0 to 2 become /dev/null so that no socket is taken for one of them. */
static bool close_files(int fd, struct error *err)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0)
        return error_errno(err, ERROR_INPUT, errno, "can't prepare a parser process's descriptors");
#ifndef COLDCA_SANITIZED
    // A sanitizer's report must reach a person; without one there is nothing to say here.
    if (dup2(null, 2) < 0)
        return error_errno(err, ERROR_INPUT, errno, "can't prepare a parser process's descriptors");
#endif
    if (dup2(fd, CONTROL_FD) < 0 || close_range(CONTROL_FD + 1, ~0U, 0) != 0)
        return error_errno(
            err, ERROR_INPUT, errno,
            "the sandbox layer descriptors can't be engaged, so nothing is read (Linux 5.9 or later)");
    return true;
}

/** Everything but the socket, which is descriptor 0 already. */
static bool confine_child(struct fork_server *server, volatile int *last_words, struct error *err)
{
    (void)prctl(PR_SET_NAME, "coldca-reader", 0, 0, 0); // for ps; nothing depends on it
    // The kernel ends a child whose fork server is gone.
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
        return error_errno(err, ERROR_INPUT, errno,
                           "a parser process can't be tied to its parent, so nothing is read");
#ifdef COLDCA_SANITIZED
    bool is_closed = close(1) == 0 && close_range(3, ~0U, 0) == 0;
#else
    bool is_closed = close_range(1, ~0U, 0) == 0;
#endif
    if (!is_closed)
        return error_errno(err, ERROR_INPUT, errno,
                           "the sandbox layer descriptors can't be engaged, so nothing is read");
    return layer_child_limits(server->plan, server->born_bytes, err) && layer_landlock_again(err) &&
           layer_seccomp_engage(server->filter, last_words, err);
}

static _Noreturn void live(struct fork_server *server, int fd, volatile int *last_words)
{
    struct error err = ERROR_INIT;
    if (dup2(fd, 0) != 0)
        _exit(1); // the parent hears silence and says so
    bool is_confined = confine_child(server, last_words, &err);
    if (!wire_write(0, bytes_of(&err, sizeof(err))) || !is_confined)
        _exit(1);
    _exit(server->plan->run(0, server->plan->context));
}

/**
 * Tries the filter out in a child of its own: a kernel, or something that plays one, that accepts a filter and does not
 * apply it must not be trusted with hostile input. If the child can't be confined at all, the first real one says why.
 */
static bool try_filter(struct fork_server *server, struct error *err)
{
    int status = 0;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *place = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (place == MAP_FAILED)
        return error_errno(err, ERROR_INPUT, errno, "can't map a parser process's page");
    volatile int *words = place;
    pid_t pid = fork();
    if (pid == 0) {
        struct error ignored = ERROR_INIT;
        if (!confine_child(server, words, &ignored))
            _exit(1);
        (void)syscall(SYS_getppid); // does nothing, and not on the list
        _exit(0);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    bool is_stopped = *words == SYS_getppid + 1;
    (void)munmap(place, page); // it was mapped
    if (pid < 0)
        return error_errno(err, ERROR_INPUT, errno, "can't fork a parser process");
    if (!is_stopped && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return error_set(
            err, ERROR_INPUT, 0,
            "the sandbox layer seccomp does not hold: a forbidden system call was made; nothing is read");
    return true;
}

static bool confine_fork_server(struct fork_server *server, struct error *err)
{
    (void)prctl(PR_SET_NAME, "coldca-fork-srv", 0, 0, 0); // for ps; nothing depends on it
    if (server->plan->warm_up != NULL)
        server->plan->warm_up();
    server->born_bytes = layer_address_space();
    return layer_seccomp_new(&server->filter, err) && layer_common_limits(err) && layer_landlock(err) &&
           layer_user(err) && try_filter(server, err);
}

static struct ward *find_ward(struct fork_server *server, pid_t pid)
{
    for (size_t i = 0; i < MAX_CHILDREN; i++) {
        if (server->wards[i].pid == pid)
            return &server->wards[i];
    }
    return NULL;
}

static bool spawn(struct fork_server *server, int *ret_fd, pid_t *ret_pid, struct error *err)
{
    int pair[2];
    long page = sysconf(_SC_PAGESIZE);
    struct ward *ward = find_ward(server, 0);
    if (ward == NULL)
        return error_set(err, ERROR_INPUT, 0, "more than %d parser processes", MAX_CHILDREN);
    void *words = mmap(NULL, (size_t)page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (words == MAP_FAILED)
        return error_errno(err, ERROR_INPUT, errno, "can't map a parser process's page");
    AUTO(close) int child_fd = -1;
    pid_t pid = -1;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0) {
        child_fd = pair[1];
        pid = fork();
        if (pid == 0)
            live(server, child_fd, words);
        if (pid < 0)
            (void)close(pair[0]); // nothing was sent
    }
    if (pid < 0) {
        int reason = errno;
        (void)munmap(words, (size_t)page);
        return error_errno(err, ERROR_INPUT, reason, "can't fork a parser process");
    }
    // Later children must not see this one's page.
    (void)madvise(words, (size_t)page, MADV_DONTFORK); // fails for no mapping of this kind
    *ward = (struct ward){.pid = pid, .last_words = words};
    *ret_fd = pair[0];
    *ret_pid = pid;
    return true;
}

static bool reap(struct fork_server *server, pid_t pid, struct sandbox_end *ret_end, struct error *err)
{
    int status = 0;
    struct ward *ward = pid > 0 ? find_ward(server, pid) : NULL;
    if (ward == NULL)
        return error_set(err, ERROR_INPUT, 0, "no parser process has the process id %d", (int)pid);
    (void)kill(pid, SIGKILL); // no effect on one that has ended: how it ended is kept until it is waited for
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return error_errno(err, ERROR_INPUT, errno, "can't wait for a parser process");
    }
    int words = *ward->last_words;
    *ret_end = (struct sandbox_end){
        .system_call = words > 0 ? words - 1 : -1,
        .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
        .status = WIFEXITED(status) ? WEXITSTATUS(status) : 0,
    };
    (void)munmap((void *)(uintptr_t)ward->last_words, (size_t)sysconf(_SC_PAGESIZE)); // it was mapped
    *ward = (struct ward){.pid = 0};
    return true;
}

static _Noreturn void serve(struct fork_server *server)
{
    for (;;) {
        struct fork_server_request request;
        struct fork_server_answer answer = {.err = ERROR_INIT};
        int nothing = -1;
        AUTO(close) int passed = -1;
        if (!wire_receive(CONTROL_FD, &request, sizeof(request), &nothing))
            _exit(0); // the parent is gone or has closed: the children are killed with us
        if (request.order == FORK_SERVER_SPAWN)
            (void)spawn(server, &passed, &answer.pid, &answer.err); // answer says
        else
            (void)reap(server, request.pid, &answer.end, &answer.err); // answer says
        if (!wire_send(CONTROL_FD, &answer, sizeof(answer), passed))
            _exit(0);
    }
}

void fork_server_run(int fd, const struct sandbox_plan *plan)
{
    static struct fork_server server;
    struct fork_server_answer answer = {.err = ERROR_INIT};
    server.plan = plan;
    leave_terminal();
    // Out of the way of the numbers that are given out below; without it there is no way to tell what is wrong.
    int high = fcntl(fd, F_DUPFD, CONTROL_FD + 1);
    if (high < 0)
        _exit(1);
    bool is_closed = close_files(high, &answer.err);
    bool is_confined = is_closed && confine_fork_server(&server, &answer.err);
    if (!wire_send(is_closed ? CONTROL_FD : high, &answer, sizeof(answer), -1) || !is_confined)
        _exit(1);
    serve(&server);
}
