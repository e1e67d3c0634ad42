/* SPDX-License-Identifier: Apache-2.0 */
#include "base/console.h"
#include "base/memory.h"
#include "ceremony/handover.h"
#include "ceremony/world.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define LINE_MAX_LEN 8192 /* a longer one comes in pieces */
#define NOT_BEGUN 127     /* exit code of a child that could not become the program */
#define VARIABLES_MAX 80

/* ---- what a child gets of this process ---- */

/** Only these are handed on; the rest of the environment is the caller's, and may hold what nobody meant to give. */
static const char *const handed_on[] = {
    "COLDCA_DATA",  "TERM",         "TZ",           "LANG",          "LC_ALL",
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    "LSAN_OPTIONS", "ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS", // of the tests
#endif
};

struct environment {
    char *texts[VARIABLES_MAX + 1];
    size_t count;
};

static void environment_done(struct environment *environment)
{
    for (size_t i = 0; i < environment->count; i++)
        free(environment->texts[i]);
}
DEFINE_AUTO_VALUE(struct environment, environment_done);

static void environment_add(struct environment *environment, const char *name, const char *value)
{
    if (value != NULL && environment->count < VARIABLES_MAX)
        environment->texts[environment->count++] = memory_format("%s=%s", name, value);
}

static void environment_fill(struct environment *environment, const struct ceremony_site *site)
{
    environment_add(environment, "PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    environment_add(environment, "NO_COLOR", "1");
    environment_add(environment, CEREMONY_VARIABLE, "1"); // the script says what comes next, not the command
    for (size_t i = 0; i < ARRAY_LEN(handed_on); i++)
        environment_add(environment, handed_on[i], getenv(handed_on[i]));
    for (unsigned i = 0; site != NULL && i < site->environment_count; i++)
        environment_add(environment, site->environment[i].name, site->environment[i].value);
}

/* ---- the child ---- */

static void become(const struct machine *machine, char *const *argv, char *const *environment, int out,
                   int error_out) __attribute__((noreturn));

static void become(const struct machine *machine, char *const *argv, char *const *environment, int out,
                   int error_out)
{
    handover_child();
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    // Whoever kills the ceremony ends its command, at the command's next safe place: what resumes would meet it at work.
    bool is_fine = prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && nothing >= 0 &&
                   (!machine->is_detached || setsid() >= 0) && dup2(nothing, STDIN_FILENO) >= 0 &&
                   dup2(out, STDOUT_FILENO) >= 0 && dup2(error_out, STDERR_FILENO) >= 0 &&
                   close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) == 0;
    if (is_fine)
        (void)execve("/proc/self/exe", argv, environment); // comes back only if it failed
    _exit(NOT_BEGUN);
}

/* ---- its words ---- */

struct stream {
    int fd; /**< -1: ended */
    bool is_stderr;
    struct builder waiting; /**< of a line that is not whole yet */
};

static void give(struct stream *stream, world_line *line, void *line_data)
{
    if (stream->waiting.len > 0)
        line(line_data, stream->is_stderr, builder_bytes(&stream->waiting));
    builder_clear(&stream->waiting);
}

static void take(struct stream *stream, struct bytes piece, world_line *line, void *line_data)
{
    for (size_t i = 0; i < piece.len; i++) {
        if (piece.data[i] == '\n' && stream->waiting.len == 0)
            line(line_data, stream->is_stderr, bytes_of(NULL, 0));
        else if (piece.data[i] == '\n')
            give(stream, line, line_data);
        else
            builder_add_u8(&stream->waiting, piece.data[i]);
        if (stream->waiting.len >= LINE_MAX_LEN)
            give(stream, line, line_data);
    }
}

static void read_some(struct stream *stream, world_line *line, void *line_data)
{
    uint8_t buffer[4096];
    ssize_t got = read(stream->fd, buffer, sizeof(buffer));
    if (got > 0)
        take(stream, bytes_of(buffer, (size_t)got), line, line_data);
    if (got > 0 || (got < 0 && errno == EINTR))
        return;
    give(stream, line, line_data);
    (void)close(stream->fd); // only read from
    stream->fd = -1;
}

/** Until both ends, or the child ended and said no more: what its module left running may hold them open for ever. */
static void listen_to(struct stream streams[static 2], pid_t pid, int pidfd, world_line *line,
                      void *line_data)
{
    bool is_over = false;
    while (streams[0].fd >= 0 || streams[1].fd >= 0) {
        struct pollfd wait[] = {{.fd = streams[0].fd, .events = POLLIN},
                                {.fd = streams[1].fd, .events = POLLIN},
                                {.fd = is_over ? -1 : pidfd, .events = POLLIN},
                                {.fd = handover_fd(), .events = POLLIN}};
        int ready = poll(wait, ARRAY_LEN(wait), is_over ? 0 : -1);
        if (ready < 0)
            continue; // EINTR: the next look sees what the signal was about
        if (wait[3].revents != 0)
            handover_heed(pid);
        for (int i = 0; i < 2; i++) {
            if (wait[i].revents != 0)
                read_some(&streams[i], line, line_data);
        }
        if (is_over && ready == 0)
            break;
        is_over |= wait[2].revents != 0;
    }
    for (int i = 0; i < 2; i++) {
        give(&streams[i], line, line_data);
        builder_done(&streams[i].waiting);
        if (streams[i].fd >= 0)
            (void)close(streams[i].fd); // only read from
    }
}

/* ---- its end ---- */

static int wait_for(pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return WORLD_KILLED;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : WORLD_KILLED;
}

static void close_pipe(const int ends[static 2])
{
    (void)close(ends[0]); // nothing was written
    (void)close(ends[1]);
}

bool child_run(const struct machine *machine, char *const *argv, world_line *line, void *line_data,
               int *ret_exit, struct error *err)
{
    int out[2] = {-1, -1};
    int error_out[2] = {-1, -1};
    AUTO(environment_done) struct environment environment = {.count = 0};
    environment_fill(&environment, machine->site);
    if (pipe2(out, O_CLOEXEC) != 0)
        return error_errno(err, ERROR_INPUT, errno, "can't make a pipe for a command");
    if (pipe2(error_out, O_CLOEXEC) != 0) {
        (void)error_errno(err, ERROR_INPUT, errno, "can't make a pipe for a command");
        close_pipe(out);
        return false;
    }
    if (!handover_begin(!machine->is_detached, err)) {
        close_pipe(out);
        close_pipe(error_out);
        return false;
    }
    pid_t pid = fork();
    int reason = errno;
    if (pid == 0)
        become(machine, argv, environment.texts, out[1], error_out[1]);
    handover_parent();
    (void)close(out[1]);
    (void)close(error_out[1]);
    struct stream streams[2] = {{.fd = out[0]}, {.fd = error_out[0], .is_stderr = true}};
    AUTO(close) int pidfd = pid > 0 ? pidfd_open(pid, 0) : -1; // -1: the streams' ends have to do
    listen_to(streams, pid, pidfd, line, line_data);           // of a fork that failed: two ends at once
    *ret_exit = pid < 0 ? NOT_BEGUN : wait_for(pid);
    handover_end();
    if (pid < 0)
        return error_errno(err, ERROR_INPUT, reason, "can't fork a command");
    return *ret_exit != NOT_BEGUN ||
           error_set(err, ERROR_INPUT, 0, "the command could not be begun: /proc is needed");
}
