/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/signals.h"

#include "base/bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

static const int numbers[] = {SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT};

static struct sigaction before[ARRAY_LEN(numbers)];
static volatile sig_atomic_t was_caught[ARRAY_LEN(numbers)];
static int wake[2] = {-1, -1};

static void note(int number)
{
    int kept = errno;
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        if (numbers[i] == number)
            was_caught[i] = 1;
    }
    ssize_t written = write(wake[1], "", 1);
    (void)written; // a full pipe wakes as well
    errno = kept;
}

static void catch_one(size_t index)
{
    struct sigaction action = {.sa_handler = note};
    (void)sigemptyset(&action.sa_mask);                       // never fails
    (void)sigaction(numbers[index], &action, &before[index]); // fails only for a number that is not a signal
    // A run under nohup outlives its terminal's hang-up.
    if (numbers[index] == SIGHUP && before[index].sa_handler == SIG_IGN)
        (void)sigaction(SIGHUP, &before[index], NULL); // likewise
}

bool signals_catch(struct error *err)
{
    if (pipe2(wake, O_CLOEXEC | O_NONBLOCK) != 0)
        return error_errno(err, ERROR_INPUT, errno, "can't make a pipe for signals");
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        was_caught[i] = 0;
        catch_one(i);
    }
    return true;
}

void signals_release(void)
{
    if (wake[0] < 0)
        return;
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
        (void)sigaction(numbers[i], &before[i], NULL); // what was in place before is valid
    (void)close(wake[0]);                              // a pipe without data to lose
    (void)close(wake[1]);                              // likewise
    wake[0] = -1;
    wake[1] = -1;
}

int signals_fd(void)
{
    return wake[0];
}

int signals_next(void)
{
    char drained[64];
    while (read(wake[0], drained, sizeof(drained)) > 0)
        continue;
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        if (was_caught[i]) {
            was_caught[i] = 0;
            return numbers[i];
        }
    }
    return 0;
}

void signals_let_through(int number)
{
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        if (numbers[i] != number)
            continue;
        (void)sigaction(number, &before[i], NULL); // as in signals_release()
        (void)raise(number);                       // valid, so it can't fail
        catch_one(i);
    }
}
