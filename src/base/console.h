/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a use case may ask of, or tell, a person. cli/ fills it; the use cases call it. A NULL member means nobody is there: no
 * question is asked and the safe answer is taken.
 */
#ifndef COLDCA_BASE_CONSOLE_H
#define COLDCA_BASE_CONSOLE_H

#include "base/error.h"
#include "base/secret.h"

/** Set in the environment of a ceremony's commands: the people are led by its script, so what comes next is not said. */
#define CEREMONY_VARIABLE "COLDCA_CEREMONY"

struct console {
    /** Yes or no; ERROR_INTERRUPTED if the person gave up. */
    bool (*confirm)(void *data, const char *question, bool *ret_yes, struct error *err);
    /** A PIN by --pin-source or a prompt without echo. token_words: "token coldca (SoftHSM v2), user PIN". ERROR_TOKEN if there is
     *  neither source nor terminal. *ret_pin NULL: the token's own PIN pad. */
    bool (*pin)(void *data, const char *token_words, bool has_protected_path, struct secret **ret_pin,
                struct error *err);
    /** done of total; called often, draws seldom. */
    void (*progress)(void *data, const char *what, size_t done, size_t total);
    /** A line worth reading ("3 unfinished certificates of an earlier run were abandoned"). */
    void (*notice)(void *data, const char *text);
    /** false once the person pressed Ctrl-C: what the token was given is finished, then the run stops. */
    bool (*may_go_on)(void *data);
    const char *operator_name; /**< who says he is at it (--operator); NULL: nobody said */
    void *data;
};

void console_notice(const struct console *console, const char *format, ...) PRINTF_LIKE(2, 3);
bool console_may_go_on(const struct console *console);
void console_progress(const struct console *console, const char *what, size_t done, size_t total);

#endif
