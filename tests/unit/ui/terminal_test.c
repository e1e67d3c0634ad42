/* SPDX-License-Identifier: Apache-2.0 */
/* Questions on a real pseudo-terminal: answers, silence while a PIN is typed, and the way back after any interruption. */
#include "person.h"

#include "ui/ui.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

static int setup(void **state)
{
    static struct person person;
    person = (struct person){.go = -1, .screen = -1, .answers = -1};
    *state = &person;
    return 0;
}

static int teardown(void **state)
{
    person_done(*state);
    return 0;
}

static bool same_modes(const struct termios *a, const struct termios *b)
{
    return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag && a->c_cflag == b->c_cflag &&
           a->c_lflag == b->c_lflag && memcmp(a->c_cc, b->c_cc, sizeof(a->c_cc)) == 0;
}

/** Runs a question in the child and reports its answer, or the error, and whether all was put back. */
static void ask(int report, bool (*question)(struct builder *ret_answer, struct error *err))
{
    struct termios before;
    struct termios after;
    struct sigaction handler = {.sa_handler = SIG_DFL};
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder answer = BUILDER_INIT;
    (void)tcgetattr(STDIN_FILENO, &before);
    bool done = question(&answer, &err);
    if (tcgetattr(STDIN_FILENO, &after) != 0) // the terminal is gone: nothing to put back
        after = before;
    (void)sigaction(SIGINT, NULL, &handler);
    if (done)
        (void)dprintf(report, "answer <%s>", builder_text(&answer));
    else
        (void)dprintf(report, "error %d: %s", (int)err.kind, err.text);
    (void)dprintf(report, " %s %s", same_modes(&before, &after) ? "restored" : "CHANGED",
                  handler.sa_handler == SIG_DFL ? "released" : "CAUGHT");
}

static void assert_report(struct person *person, const char *wanted)
{
    char *report = person_hears(person);
    assert_string_equal(report, wanted);
    free(report);
}

static void assert_interrupted(struct person *person)
{
    char *report = person_hears(person);
    assert_int_equal(strncmp(report, "error 6: stopped at a question by ", 34), 0);
    assert_non_null(strstr(report, " restored released"));
    free(report);
}

/* ---- what the children ask ---- */

static bool question_line(struct builder *ret_answer, struct error *err)
{
    return ui_ask_line("name", ret_answer, err);
}

static void child_line(int report)
{
    ask(report, question_line);
}

static bool question_key(struct builder *ret_answer, struct error *err)
{
    char key = 0;
    bool done = ui_ask_key("what now", "arsq", &key, err);
    builder_add_u8(ret_answer, (uint8_t)key);
    return done;
}

static void child_key(int report)
{
    ask(report, question_key);
}

static bool question_confirm(struct builder *ret_answer, struct error *err)
{
    bool is_yes = false;
    bool done = ui_confirm("sure\x1b[31m \xe2\x80\xae?", &is_yes, err);
    builder_add_text(ret_answer, is_yes ? "yes" : "no");
    return done;
}

static void child_confirm(int report)
{
    ask(report, question_confirm);
}

static bool report_secret(bool done, struct secret *secret, struct builder *ret_answer)
{
    if (done) {
        builder_add_text(ret_answer, secret_text(secret));
        secret_free(secret);
    }
    return done;
}

static bool question_pin(struct builder *ret_answer, struct error *err)
{
    struct secret *pin = NULL;
    bool done = ui_ask_pin("PIN", "pin-source", &pin, err);
    return report_secret(done, pin, ret_answer);
}

static void child_pin(int report)
{
    ask(report, question_pin);
}

static bool question_new_pin(struct builder *ret_answer, struct error *err)
{
    struct secret *pin = NULL;
    bool done = ui_ask_new_pin("new PIN", "pin-source", &pin, err);
    return report_secret(done, pin, ret_answer);
}

static void child_new_pin(int report)
{
    ask(report, question_new_pin);
}

/** A small shell: puts the question into a group of its own, and tells when it stops. */
static void child_job(int report)
{
    pid_t job = fork();
    (void)signal(SIGTTOU, SIG_IGN); // the shell takes the terminal back from the background
    if (job == 0) {
        (void)setpgid(0, 0);
        (void)tcsetpgrp(STDIN_FILENO, getpid());
        (void)signal(SIGTTOU, SIG_DFL);
        ask(report, question_pin);
        _exit(0);
    }
    int status = 0;
    (void)waitpid(job, &status, WUNTRACED);
    (void)tcsetpgrp(STDIN_FILENO, getpgrp());
    struct termios modes;
    (void)tcgetattr(STDIN_FILENO, &modes);
    (void)dprintf(report, "%s, echo %s; ", WIFSTOPPED(status) ? "stopped" : "NOT STOPPED",
                  (modes.c_lflag & ECHO) != 0 ? "on" : "off");
    (void)tcsetpgrp(STDIN_FILENO, job);
    (void)kill(job, SIGCONT);
    (void)waitpid(job, &status, 0);
}

static void child_without_terminal(int report)
{
    struct error err = ERROR_INIT;
    struct secret *pin = NULL;
    (void)signal(SIGHUP, SIG_IGN); // the leader of a session gets one with the next line
    (void)ioctl(STDIN_FILENO, TIOCNOTTY);
    bool done = !ui_has_terminal() && ui_ask_pin("PIN", "so-pin-source", &pin, &err);
    (void)dprintf(report, "%d %d %s", done, (int)err.kind, err.text);
}

/* ---- what must hold ---- */

static void a_line_is_answered(void **state)
{
    struct person *person = *state;
    person_start(person, child_line, 80);
    person_lets_go(person);
    person_sees(person, "name: ");
    person_types(person, "device 1\n");
    assert_report(person, "answer <device 1> restored released");
}

static void what_was_typed_before_the_question_is_no_answer(void **state)
{
    struct person *person = *state;
    person_start(person, child_line, 80);
    person_types(person, "too early\n");
    person_sees(person, "too early"); // the terminal has it
    person_lets_go(person);
    person_sees(person, "name: ");
    person_types(person, "now\n");
    assert_report(person, "answer <now> restored released");
}

static void a_key_is_asked_for_until_it_is_one_of_the_list(void **state)
{
    struct person *person = *state;
    person_start(person, child_key, 80);
    person_lets_go(person);
    person_sees(person, "what now [a/r/s/q]: ");
    person_types(person, "x\n");
    person_sees(person, "what now [a/r/s/q]: ");
    person_types(person, "as\n");
    person_sees(person, "what now [a/r/s/q]: ");
    person_types(person, "\n");
    person_sees(person, "what now [a/r/s/q]: ");
    person_types(person, "R\n");
    assert_report(person, "answer <r> restored released");
}

static void a_confirmation_wants_a_yes_or_no_and_is_drawn_harmless(void **state)
{
    struct person *person = *state;
    person_start(person, child_confirm, 80);
    person_lets_go(person);
    person_sees(person, "sure\\x1b[31m \\u{202e}? [yes/no]: ");
    person_types(person, "\n");
    person_sees(person, "[yes/no]: ");
    person_types(person, "Yes\n");
    assert_report(person, "answer <yes> restored released");
}

static void ctrl_c_interrupts_a_line(void **state)
{
    struct person *person = *state;
    person_start(person, child_line, 80);
    person_lets_go(person);
    person_sees(person, "name: ");
    person_types(person, "half\x03");
    assert_interrupted(person);
}

static void ctrl_d_interrupts_a_line(void **state)
{
    struct person *person = *state;
    person_start(person, child_line, 80);
    person_lets_go(person);
    person_sees(person, "name: ");
    person_types(person, "\x04");
    assert_interrupted(person);
}

static void ctrl_c_interrupts_a_pin_and_echo_returns(void **state)
{
    struct person *person = *state;
    person_start(person, child_pin, 80);
    person_lets_go(person);
    person_sees(person, "PIN: ");
    assert_false(person_has_echo(person));
    person_types(person, "12\x03");
    assert_interrupted(person);
    assert_true(person_has_echo(person));
}

static void sigterm_interrupts_a_pin_and_echo_returns(void **state)
{
    struct person *person = *state;
    person_start(person, child_pin, 80);
    person_lets_go(person);
    person_sees(person, "PIN: ");
    assert_int_equal(kill(person->pid, SIGTERM), 0);
    assert_interrupted(person);
    assert_true(person_has_echo(person));
}

static void a_terminal_that_goes_away_interrupts(void **state)
{
    struct person *person = *state;
    person_start(person, child_pin, 80);
    person_lets_go(person);
    person_sees(person, "PIN: ");
    assert_int_equal(close(person->screen), 0);
    person->screen = -1;
    assert_interrupted(person);
}

static void a_pin_is_not_drawn_and_can_be_edited(void **state)
{
    struct person *person = *state;
    person_start(person, child_pin, 80);
    person_lets_go(person);
    person_sees(person, "PIN: ");
    // Ctrl-U, backspace over a letter of two bytes, arrow keys, the marks of a bracketed paste
    person_types(person, "wrong\x15"
                         "12\xc3\xa4\x7f"
                         "3\x1b[D\x1bOA\x1b[200~45x\x08\x1b[201~6\r");
    assert_report(person, "answer <123456> restored released");
    assert_false(person_saw(person, "wrong"));
    assert_false(person_saw(person, "12"));
}

static void a_pin_of_255_bytes_fits_and_one_of_256_is_refused(void **state)
{
    struct person *person = *state;
    char pin[SECRET_MAX_LEN + 3];
    char wanted[512];
    memset(pin, '7', sizeof(pin));
    (void)snprintf(pin + SECRET_MAX_LEN, 2, "\n");
    (void)snprintf(wanted, sizeof(wanted), "answer <%.*s> restored released", SECRET_MAX_LEN, pin);
    person_start(person, child_pin, 80);
    person_lets_go(person);
    person_sees(person, "PIN: ");
    person_types(person, pin);
    assert_report(person, wanted);
    person_done(person);

    (void)snprintf(pin + SECRET_MAX_LEN, 3, "7\n");
    person_start(person, child_pin, 80);
    person_lets_go(person);
    person_sees(person, "PIN: ");
    person_types(person, pin);
    assert_report(person, "error 4: the PIN is longer than the 255 bytes allowed restored released");
}

static void an_empty_pin_is_asked_for_again(void **state)
{
    struct person *person = *state;
    person_start(person, child_pin, 80);
    person_lets_go(person);
    person_sees(person, "PIN: ");
    person_types(person, "\n");
    person_sees(person, "PIN: ");
    person_types(person, "1\n");
    assert_report(person, "answer <1> restored released");
}

static void a_new_pin_is_taken_when_typed_twice(void **state)
{
    struct person *person = *state;
    person_start(person, child_new_pin, 80);
    person_lets_go(person);
    person_sees(person, "new PIN: ");
    person_types(person, "one\n");
    person_sees(person, "new PIN, once more: ");
    person_types(person, "two\n");
    person_sees(person, "the two entries differ");
    person_sees(person, "new PIN: ");
    person_types(person, "three\n");
    person_sees(person, "new PIN, once more: ");
    person_types(person, "three\n");
    assert_report(person, "answer <three> restored released");
}

static void three_unequal_new_pins_are_an_error(void **state)
{
    struct person *person = *state;
    person_start(person, child_new_pin, 80);
    person_lets_go(person);
    for (int i = 0; i < 3; i++) {
        person_sees(person, "new PIN: ");
        person_types(person, "one\n");
        person_sees(person, "once more: ");
        person_types(person, "onE\n");
    }
    assert_report(person, "error 3: the entries differed three times; nothing was set restored released");
}

static void a_stopped_question_gives_the_terminal_back_and_asks_again(void **state)
{
    struct person *person = *state;
    person_start(person, child_job, 80);
    person_lets_go(person);
    person_sees(person, "PIN: ");
    person_types(person, "12\x1a");
    person_sees(person, "PIN: "); // after SIGCONT
    assert_false(person_has_echo(person));
    person_types(person, "34\n");
    // Asked again, so what was typed before the stop is not part of the PIN.
    assert_report(person, "stopped, echo on; answer <34> restored released");
}

static void without_a_terminal_the_option_for_this_secret_is_named(void **state)
{
    struct person *person = *state;
    person_start(person, child_without_terminal, 80);
    person_lets_go(person);
    assert_report(
        person,
        "0 4 no terminal to ask for \"PIN\"; give it with --so-pin-source file:PATH, fd:N or env:NAME");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_line_is_answered, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_typed_before_the_question_is_no_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(a_key_is_asked_for_until_it_is_one_of_the_list, setup, teardown),
        cmocka_unit_test_setup_teardown(a_confirmation_wants_a_yes_or_no_and_is_drawn_harmless, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(ctrl_c_interrupts_a_line, setup, teardown),
        cmocka_unit_test_setup_teardown(ctrl_d_interrupts_a_line, setup, teardown),
        cmocka_unit_test_setup_teardown(ctrl_c_interrupts_a_pin_and_echo_returns, setup, teardown),
        cmocka_unit_test_setup_teardown(sigterm_interrupts_a_pin_and_echo_returns, setup, teardown),
        cmocka_unit_test_setup_teardown(a_terminal_that_goes_away_interrupts, setup, teardown),
        cmocka_unit_test_setup_teardown(a_pin_is_not_drawn_and_can_be_edited, setup, teardown),
        cmocka_unit_test_setup_teardown(a_pin_of_255_bytes_fits_and_one_of_256_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(an_empty_pin_is_asked_for_again, setup, teardown),
        cmocka_unit_test_setup_teardown(a_new_pin_is_taken_when_typed_twice, setup, teardown),
        cmocka_unit_test_setup_teardown(three_unequal_new_pins_are_an_error, setup, teardown),
        cmocka_unit_test_setup_teardown(a_stopped_question_gives_the_terminal_back_and_asks_again, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(without_a_terminal_the_option_for_this_secret_is_named, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
