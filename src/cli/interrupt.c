/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/interrupt.h"

#include "base/bytes.h"
#include "base/error.h"
#include "cli/program.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#define TEXT_OF(number) TEXT_OF_(number)
#define TEXT_OF_(number) #number

static volatile sig_atomic_t has_safe_places;
static volatile sig_atomic_t is_wanted;
static volatile sig_atomic_t is_ending;
static volatile sig_atomic_t is_pipe_broken;
static bool (*end_calls)(void (*ended)(void)); /* NULL: no module is ever called */

/** Words that do not fit into a pipe or a stopped terminal are left out: the process must end all the same. */
static void say_words(struct bytes words)
{
    struct pollfd wait = {.fd = STDERR_FILENO, .events = POLLOUT};
    if (poll(&wait, 1, 0) == 1 && (wait.revents & POLLOUT) != 0)
        (void)!write(STDERR_FILENO, words.data, words.len); // nobody left to tell
}

static void say(const char *before, const char *words)
{
    say_words(bytes_of_text(before));
    say_words(bytes_of_text(program_running()->name));
    say_words(bytes_of_text(words));
}

static void end_process(void)
{
    if (is_pipe_broken) {
        (void)signal(SIGPIPE, SIG_DFL); // valid, so it can't fail
        (void)raise(SIGPIPE);           // likewise
    }
    _exit((int)ERROR_INTERRUPTED);
}

static void on_patience_lost(int number)
{
    (void)number;
    say("", ": the token's module has not come back within " TEXT_OF(
                INTERRUPT_SECONDS) " seconds; ended inside its call\n");
    end_process();
}

static void end_soon(bool may_speak)
{
    if (is_ending)
        return;
    is_ending = 1;
    (void)alarm(INTERRUPT_SECONDS); // first: nothing below may take longer
    if (end_calls == NULL || end_calls(end_process))
        end_process();
    if (may_speak)
        say("\n", ": the token's module is at work; ending when it has come back, or after " TEXT_OF(
                      INTERRUPT_SECONDS) " seconds\n");
}

static void on_signal(int number)
{
    int kept = errno;
    if (has_safe_places && !is_wanted && number != SIGQUIT) {
        is_wanted = 1;
        say("\n", ": stopping at the next safe place; Ctrl-C again ends it at once\n");
    } else {
        end_soon(true);
    }
    errno = kept;
}

static void on_broken_pipe(int number)
{
    int kept = errno;
    (void)number;
    is_pipe_broken = 1;
    end_soon(false);
    errno = kept;
}

static void catch_one(int number, void (*handler)(int), bool may_be_ignored)
{
    // Restarting, so that the first signal fails no call of a module; not deferring, for a handler that is kept waiting.
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART | SA_NODEFER};
    struct sigaction before;
    (void)sigemptyset(&action.sa_mask);        // never fails
    (void)sigaction(number, &action, &before); // cannot fail for these signals
    if (may_be_ignored && before.sa_handler == SIG_IGN)
        (void)sigaction(number, &before, NULL); // likewise
}

void interrupt_catch(bool (*end_module_calls)(void (*ended)(void)))
{
    end_calls = end_module_calls;
    catch_one(SIGALRM, on_patience_lost, false);
    catch_one(SIGINT, on_signal, false);
    catch_one(SIGTERM, on_signal, false);
    catch_one(SIGHUP, on_signal, true); // a run under nohup outlives its terminal's hang-up
    catch_one(SIGQUIT, on_signal, true);
    catch_one(SIGPIPE, on_broken_pipe, true);
}

void interrupt_at_safe_places(void)
{
    has_safe_places = 1;
}

bool interrupt_is_wanted(void)
{
    return is_wanted != 0;
}
