/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/handover.h"

#include "base/bytes.h"

#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

static const int numbers[] = {SIGINT, SIGQUIT, SIGTSTP,
                              SIGCHLD}; // the last two only if the command has the terminal
static struct sigaction before[ARRAY_LEN(numbers)];
static size_t caught;
static sigset_t mask_before;
static volatile sig_atomic_t is_stop_wanted;
static int wake = -1;

static void on_signal(int number)
{
    int kept = errno;
    uint64_t one = 1;
    if (number == SIGTSTP)
        is_stop_wanted = 1;
    if (number == SIGTSTP || number == SIGCHLD) {
        ssize_t written = write(wake, &one, sizeof(one));
        (void)written; // a full counter wakes as well
    }
    errno = kept;
}

static void catch_one(size_t index)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    (void)sigemptyset(&action.sa_mask);                       // never fails
    (void)sigaction(numbers[index], &action, &before[index]); // can't fail for these
    // What the caller ignores, the command would get as the default: a handler is not inherited, SIG_IGN is.
    if (numbers[index] == SIGTSTP && before[index].sa_handler == SIG_IGN)
        (void)sigaction(SIGTSTP, &before[index], NULL); // likewise
}

bool handover_begin(bool has_terminal, struct error *err)
{
    sigset_t stop;
    wake = has_terminal ? eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) : -1;
    if (has_terminal && wake < 0)
        return error_errno(err, ERROR_INPUT, errno, "can't make a descriptor for signals");
    (void)sigemptyset(&stop);        // never fails
    (void)sigaddset(&stop, SIGTSTP); // likewise
    (void)sigprocmask(SIG_BLOCK, &stop, &mask_before);
    is_stop_wanted = 0;
    caught = has_terminal ? ARRAY_LEN(numbers) : 2;
    for (size_t i = 0; i < caught; i++)
        catch_one(i);
    return true;
}

void handover_parent(void)
{
    (void)sigprocmask(SIG_SETMASK, &mask_before, NULL); // can't fail for a mask that was in place
}

static void release(void)
{
    for (size_t i = 0; i < caught; i++)
        (void)sigaction(numbers[i], &before[i], NULL); // what was in place before is valid
}

void handover_child(void)
{
    release();
    (void)sigprocmask(SIG_SETMASK, &mask_before, NULL); // as above; a Ctrl-Z meanwhile stops here
}

int handover_fd(void)
{
    return wake;
}

/** With all as it was before, so that the stop is what it would have been. Returns after SIGCONT. */
static void stop(int number)
{
    release();
    (void)raise(number); // valid, so it can't fail
    for (size_t i = 0; i < caught; i++)
        catch_one(i);
    is_stop_wanted = 0;
}

void handover_heed(pid_t command)
{
    uint64_t count = 0;
    siginfo_t info = {.si_pid = 0};
    while (read(wake, &count, sizeof(count)) > 0)
        continue;
    // Whatever stopped it, SIGTTOU in the background too: a shell sees this process, and would believe that the job goes on.
    if (waitid(P_PID, (id_t)command, &info, WSTOPPED | WNOHANG) == 0 && info.si_pid == command)
        stop(info.si_status);
}

void handover_end(void)
{
    release();
    if (wake >= 0)
        (void)close(wake); // holds nothing
    wake = -1;
    if (is_stop_wanted)
        (void)raise(SIGTSTP); // as in stop()
    is_stop_wanted = 0;
}
