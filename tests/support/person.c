/* SPDX-License-Identifier: Apache-2.0 */
#include "person.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 60000

static void run_child(person_child *child, const int report[2], const int go[2])
{
    char byte;
    (void)close(report[0]);
    (void)close(go[1]);
    while (read(go[0], &byte, 1) < 0 && errno == EINTR)
        continue;
    child(report[1]);
    _exit(0);
}

void person_start(struct person *person, person_child *child, unsigned short columns)
{
    person_start_at(person, child, columns, 50);
}

void person_start_at(struct person *person, person_child *child, unsigned short columns, unsigned short rows)
{
    int report[2];
    int go[2];
    struct winsize size = {.ws_row = rows, .ws_col = columns};
    *person = (struct person){.seen = BUILDER_INIT};
    assert_int_equal(pipe2(report, O_CLOEXEC), 0);
    assert_int_equal(pipe2(go, O_CLOEXEC), 0);
    person->pid = forkpty(&person->screen, NULL, NULL, &size);
    assert_true(person->pid >= 0);
    if (person->pid == 0)
        run_child(child, report, go);
    assert_int_equal(close(report[1]), 0);
    assert_int_equal(close(go[0]), 0);
    person->answers = report[0];
    person->go = go[1];
}

void person_lets_go(struct person *person)
{
    assert_int_equal(close(person->go), 0);
    person->go = -1;
}

/** \return false at the end: the last process on the terminal is gone */
static bool look(struct person *person)
{
    uint8_t block[4096];
    struct pollfd wait = {.fd = person->screen, .events = POLLIN};
    if (poll(&wait, 1, PATIENCE_MS) != 1)
        fail_msg("nothing more was drawn after: %s", builder_text(&person->seen));
    ssize_t got = read(person->screen, block, sizeof(block));
    if (got <= 0)
        return false; // EIO is how Linux says it
    builder_add(&person->seen, block, (size_t)got);
    return true;
}

void person_sees(struct person *person, const char *text)
{
    for (;;) {
        const char *drawn = builder_text(&person->seen);
        const char *found = strstr(drawn + person->seen_to, text);
        if (found != NULL) {
            person->seen_to = (size_t)(found - drawn) + strlen(text);
            return;
        }
        if (!look(person))
            fail_msg("the child ended without drawing \"%s\", but: %s", text, builder_text(&person->seen));
    }
}

void person_types(struct person *person, const char *text)
{
    struct error err = ERROR_INIT;
    assert_true(file_write_fd(person->screen, "the screen", bytes_of_text(text), &err));
}

bool person_has_echo(const struct person *person)
{
    struct termios modes;
    assert_int_equal(tcgetattr(person->screen, &modes), 0);
    return (modes.c_lflag & ECHO) != 0;
}

char *person_hears(struct person *person)
{
    struct error err = ERROR_INIT;
    struct builder report = BUILDER_INIT;
    int status = 0;
    while (person->screen >= 0 && look(person))
        continue;
    assert_true(file_read_fd(person->answers, "the report", 65536, &report, &err));
    assert_int_equal(waitpid(person->pid, &status, 0), person->pid);
    person->pid = 0;
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    return builder_take_text(&report);
}

bool person_saw(struct person *person, const char *text)
{
    return strstr(builder_text(&person->seen), text) != NULL;
}

void person_done(struct person *person)
{
    if (person->pid > 0) {
        (void)kill(person->pid, SIGKILL);
        (void)waitpid(person->pid, NULL, 0);
    }
    if (person->go >= 0)
        (void)close(person->go);
    if (person->screen >= 0)
        (void)close(person->screen);
    (void)close(person->answers);
    builder_done(&person->seen);
}
