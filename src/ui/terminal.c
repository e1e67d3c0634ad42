/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/terminal.h"

#include "base/console.h"
#include "base/file.h"
#include "base/quote.h"
#include "ui/signals.h"
#include "ui/ui.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int open_terminal(void)
{
    return open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
}

bool ui_has_terminal(void)
{
    AUTO(close) int fd = open_terminal();
    return fd >= 0;
}

bool ui_says_next(void)
{
    return getenv(CEREMONY_VARIABLE) == NULL;
}

bool ui_may_color(FILE *stream)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    bool is_unwanted = no_color != NULL && *no_color != '\0'; // https://no-color.org
    return !is_unwanted && term != NULL && *term != '\0' && strcmp(term, "dumb") != 0 &&
           isatty(fileno(stream)) == 1;
}

unsigned ui_width(FILE *stream)
{
    struct winsize size = {.ws_col = 0};
    if (ioctl(fileno(stream), TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return 80;
    return size.ws_col;
}

struct terminal_size terminal_size(void)
{
    struct winsize size = {.ws_col = 0};
    AUTO(close) int fd = open_terminal();
    bool is_known = fd >= 0 && ioctl(fd, TIOCGWINSZ, &size) == 0;
    return (struct terminal_size){.rows = is_known && size.ws_row > 0 ? size.ws_row : 24,
                                  .columns = is_known && size.ws_col > 0 ? size.ws_col : 80};
}

static void say_to(int fd, struct bytes text)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder escaped = BUILDER_INIT;
    quote_guard(&escaped, text);
    if (!file_write_fd(fd, "the terminal", builder_bytes(&escaped), &err))
        return; // there is nobody to tell; the read that follows meets the same loss
}

void terminal_say(struct bytes text)
{
    ui_progress_clear();
    AUTO(close) int fd = open_terminal();
    say_to(fd >= 0 ? fd : STDERR_FILENO, text);
}

void terminal_say_text(const char *text)
{
    terminal_say(bytes_of_text(text));
}

bool conversation_interrupted(struct error *err, const char *cause)
{
    return error_set(err, ERROR_INTERRUPTED, 0, "stopped at a question by %s%s", cause,
                     ui_says_next() ? "; run the command again" : "");
}

static bool ends(struct error *err, int number)
{
    const char *cause = number == SIGINT    ? "Ctrl-C"
                        : number == SIGTERM ? "SIGTERM"
                        : number == SIGQUIT ? "SIGQUIT"
                                            : "the terminal's hang-up";
    (void)conversation_interrupted(err, cause);
    err->native = (unsigned long)number;
    return false;
}

static bool is_foreground(const struct conversation *conversation)
{
    return tcgetpgrp(conversation->fd) == getpgrp();
}

/** Makes the terminal ours; a process in the background waits here, stopped, until it is brought forward. */
static bool take_modes(struct conversation *conversation, struct error *err)
{
    while (tcsetattr(conversation->fd, TCSANOW, &conversation->ours) != 0) {
        if (errno != EINTR)
            return error_errno(err, ERROR_INPUT, errno, "can't set the terminal's modes");
        int number = signals_next(); // SIGTTOU, if we are in the background
        if (number == SIGINT || number == SIGTERM || number == SIGQUIT || number == SIGHUP)
            return ends(err, number);
        if (number != 0 && number != SIGCONT)
            signals_let_through(number);
    }
    conversation->has_modes = true;
    (void)tcflush(conversation->fd, TCIFLUSH); // a terminal that took the modes takes this
    say_to(conversation->fd, bytes_of_text(conversation->prompt));
    return true;
}

static void give_modes_back(struct conversation *conversation)
{
    if (!conversation->has_modes)
        return;
    // After a secret also what else was typed goes: the rest of a pasted PIN must not land in a shell.
    if (conversation->is_secret)
        (void)tcflush(conversation->fd, TCIFLUSH); // if this or the next fails, the terminal is gone
    while (tcsetattr(conversation->fd, TCSANOW, &conversation->before) != 0 && errno == EINTR &&
           is_foreground(conversation))
        continue;
    conversation->has_modes = false;
}

bool conversation_begin(struct conversation *conversation, bool is_secret, const char *prompt,
                        enum error_kind no_terminal_kind, struct error *err)
{
    ui_progress_clear();
    int fd = open_terminal();
    if (fd < 0)
        return error_errno(err, no_terminal_kind, errno, "no terminal to ask \"%s\" on", prompt);
    *conversation = (struct conversation){.fd = fd, .is_secret = is_secret, .prompt = prompt};
    if (tcgetattr(fd, &conversation->before) != 0)
        return error_errno(err, no_terminal_kind, errno, "can't read the terminal's modes");
    if (!signals_catch(err))
        return false;
    struct termios *ours = &conversation->ours;
    *ours = conversation->before;
    ours->c_iflag |= ICRNL;
    ours->c_lflag |= ISIG;
    if (is_secret) {
        ours->c_lflag &= (tcflag_t) ~(ICANON | ECHO | ECHOE | ECHOK | ECHONL | IEXTEN);
        ours->c_cc[VMIN] = 1;
        ours->c_cc[VTIME] = 0;
    } else {
        ours->c_lflag |= ICANON | ECHO;
    }
    return take_modes(conversation, err);
}

void conversation_end(struct conversation *conversation)
{
    if (conversation->fd < 0)
        return;
    give_modes_back(conversation);
    signals_release();
    (void)close(conversation->fd); // a terminal holds nothing back
    conversation->fd = -1;
}

/** Deals with every signal noted. \return false: one that ends, or the terminal could not be taken again */
static bool heed_signals(struct conversation *conversation, struct error *err)
{
    bool must_take = false;
    for (int number = signals_next(); number != 0; number = signals_next()) {
        if (number == SIGINT || number == SIGTERM || number == SIGQUIT || number == SIGHUP)
            return ends(err, number);
        if (number != SIGCONT) {
            give_modes_back(conversation);
            signals_let_through(number);
        }
        must_take = true; // after SIGCONT too: whoever had the terminal may have changed its modes
    }
    conversation->is_asked_again |= must_take;
    return !must_take || take_modes(conversation, err);
}

bool conversation_read(struct conversation *conversation, void *buffer, size_t size, size_t *ret_len,
                       struct error *err)
{
    conversation->is_asked_again = false;
    for (;;) {
        struct pollfd waits[] = {{.fd = conversation->fd, .events = POLLIN},
                                 {.fd = signals_fd(), .events = POLLIN}};
        if (poll(waits, ARRAY_LEN(waits), -1) < 0 && errno != EINTR)
            return error_errno(err, ERROR_INPUT, errno, "can't wait for the terminal");
        if (!heed_signals(conversation, err))
            return false;
        if ((waits[0].revents & (POLLIN | POLLHUP | POLLERR)) == 0 || waits[1].revents != 0)
            continue;
        ssize_t got = read(conversation->fd, buffer, size);
        if (got > 0) {
            *ret_len = (size_t)got;
            return true;
        }
        if (got == 0)
            return conversation_interrupted(err, "the end of its input (Ctrl-D)");
        if (errno != EINTR && errno != EAGAIN)
            return conversation_interrupted(err, "the loss of the terminal");
    }
}

bool ui_ask_line(const char *prompt, struct builder *ret_line, struct error *err)
{
    AUTO(builder_done) struct builder line = BUILDER_INIT;
    AUTO(builder_done) struct builder drawn = BUILDER_INIT;
    builder_format(&drawn, "%s: ", prompt);
    AUTO(conversation_end) struct conversation conversation = CONVERSATION_INIT;
    if (!conversation_begin(&conversation, false, builder_text(&drawn), ERROR_USAGE, err))
        return false;
    while (line.len == 0 || line.data[line.len - 1] != '\n') {
        uint8_t typed[4096]; // a canonical line is no longer (termios(3))
        size_t len = 0;
        if (!conversation_read(&conversation, typed, sizeof(typed), &len, err)) {
            say_to(conversation.fd, BYTES_LITERAL("\n"));
            return false;
        }
        if (conversation.is_asked_again)
            builder_clear(&line);
        builder_add(&line, typed, len);
    }
    builder_add(ret_line, line.data, line.len - 1);
    return true;
}

bool ui_ask_key(const char *prompt, const char *keys, char *ret_key, struct error *err)
{
    AUTO(builder_done) struct builder question = BUILDER_INIT;
    builder_format(&question, "%s [", prompt);
    for (size_t i = 0; keys[i] != '\0'; i++)
        builder_format(&question, "%s%c", i == 0 ? "" : "/", keys[i]);
    builder_add_text(&question, "]");
    for (;;) {
        AUTO(builder_done) struct builder line = BUILDER_INIT;
        if (!ui_ask_line(builder_text(&question), &line, err))
            return false;
        const char *typed = builder_text(&line);
        for (size_t i = 0; keys[i] != '\0' && line.len == 1; i++) {
            if (strncasecmp(typed, keys + i, 1) == 0) {
                *ret_key = keys[i];
                return true;
            }
        }
    }
}

bool ui_confirm(const char *question, bool *ret_yes, struct error *err)
{
    for (;;) {
        AUTO(builder_done) struct builder asked = BUILDER_INIT;
        AUTO(builder_done) struct builder line = BUILDER_INIT;
        builder_format(&asked, "%s [yes/no]", question);
        if (!ui_ask_line(builder_text(&asked), &line, err))
            return false;
        const char *typed = builder_text(&line);
        bool is_yes = strcasecmp(typed, "yes") == 0 || strcasecmp(typed, "y") == 0;
        if (is_yes || strcasecmp(typed, "no") == 0 || strcasecmp(typed, "n") == 0) {
            *ret_yes = is_yes;
            return true;
        }
    }
}
