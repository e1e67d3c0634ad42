/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A conversation on the controlling terminal: for as long as one question takes, signals are caught and the terminal's modes
 * are ours; afterwards, and while the process is stopped (Ctrl-Z), both are as they were found. Inside ui/ only.
 */
#ifndef COLDCA_UI_TERMINAL_H
#define COLDCA_UI_TERMINAL_H

#include "base/builder.h"

#include <termios.h>

struct conversation {
    int fd; /**< -1: not begun */
    bool is_secret;
    bool has_modes;        /**< the terminal's modes are ours */
    struct termios before; /**< as found */
    struct termios ours;
    const char *prompt;  /**< borrowed; drawn again after Ctrl-Z */
    bool is_asked_again; /**< set when that happened: what was typed before is to be forgotten */
};

#define CONVERSATION_INIT                                                                                    \
    {                                                                                                        \
        .fd = -1                                                                                             \
    }

/**
 * Opens /dev/tty, throws away what was typed before the question was seen, and draws the prompt. One at a time in a process.
 * \param is_secret  no echo, byte by byte; else lines with the terminal's own editing
 * \param no_terminal_kind  the error's kind if there is no terminal
 */
MUST_USE bool conversation_begin(struct conversation *conversation, bool is_secret, const char *prompt,
                                 enum error_kind no_terminal_kind, struct error *err);
/** Gives modes and signal handlers back. Does nothing on one that was not begun. */
void conversation_end(struct conversation *conversation);
DEFINE_AUTO_VALUE(struct conversation, conversation_end);

/** Waits for typing; at least one byte. ERROR_INTERRUPTED on SIGINT, SIGTERM, SIGQUIT, SIGHUP and at the end of input. */
MUST_USE bool conversation_read(struct conversation *conversation, void *buffer, size_t size, size_t *ret_len,
                                struct error *err);

/** ERROR_INTERRUPTED in the words all prompts use. \param cause such as "Ctrl-D" */
bool conversation_interrupted(struct error *err, const char *cause);

/** Writes text to the controlling terminal (or stderr without one), guarded by quote_guard(). */
void terminal_say(struct bytes text);
void terminal_say_text(const char *text);

struct terminal_size {
    unsigned rows;
    unsigned columns;
};
/** Of the controlling terminal; what is unknown is as on the oldest one: 24 rows, 80 columns. */
struct terminal_size terminal_size(void);

#endif
