/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/terminal.h"
#include "ui/ui.h"

#include <openssl/crypto.h>

/** Where in an escape sequence (ECMA-48 5.4) the typing is: arrow keys and the marks of a bracketed paste are skipped. */
enum escape { ESCAPE_NONE, ESCAPE_STARTED, ESCAPE_CSI, ESCAPE_SS3 };

struct typing {
    struct secret *secret;
    enum escape escape;
    bool is_too_long;
    bool is_done;
    bool is_given_up;
};

/** \return true if the byte belonged to an escape sequence */
static bool skip_escape(struct typing *typing, uint8_t byte)
{
    switch (typing->escape) {
    case ESCAPE_STARTED:
        typing->escape = byte == '[' ? ESCAPE_CSI : byte == 'O' ? ESCAPE_SS3 : ESCAPE_NONE;
        return typing->escape != ESCAPE_NONE;
    case ESCAPE_CSI:
        if (byte < 0x20 || byte >= 0x40)
            typing->escape = ESCAPE_NONE;
        return byte >= 0x20;
    case ESCAPE_SS3:
        typing->escape = ESCAPE_NONE;
        return true;
    case ESCAPE_NONE:
    default:
        typing->escape = byte == 0x1b ? ESCAPE_STARTED : ESCAPE_NONE;
        return byte == 0x1b;
    }
}

/** Takes the last character back, which in UTF-8 is a lead byte and what continues it. */
static void take_back(struct typing *typing)
{
    bool is_continued = true;
    while (is_continued && secret_len(typing->secret) > 0) {
        uint8_t last = (uint8_t)secret_text(typing->secret)[secret_len(typing->secret) - 1];
        is_continued = (last & 0xc0) == 0x80;
        secret_pop(typing->secret);
    }
}

static void type(struct typing *typing, uint8_t byte)
{
    if (skip_escape(typing, byte))
        return;
    switch (byte) {
    case '\r':
    case '\n':
        typing->is_done = true;
        break;
    case 0x04: // Ctrl-D
        typing->is_given_up = secret_len(typing->secret) == 0;
        break;
    case 0x08:
    case 0x7f:
        take_back(typing);
        break;
    case 0x15: // Ctrl-U
    case 0x17: // Ctrl-W: a secret has no words
        secret_clear(typing->secret);
        typing->is_too_long = false;
        break;
    default:
        if (byte >= 0x20 && !secret_push(typing->secret, (char)byte))
            typing->is_too_long = true;
        break;
    }
}

static bool type_all(struct conversation *conversation, struct typing *typing, struct error *err)
{
    while (!typing->is_done) {
        uint8_t byte = 0;
        size_t len = 0;
        if (!conversation_read(conversation, &byte, 1, &len, err))
            return false;
        if (conversation->is_asked_again) {
            secret_clear(typing->secret);
            *typing = (struct typing){.secret = typing->secret};
        }
        type(typing, byte);
        OPENSSL_cleanse(&byte, sizeof(byte));
        if (typing->is_given_up)
            return conversation_interrupted(err, "Ctrl-D");
    }
    return true;
}

static bool ask_once(const char *prompt, struct secret **ret_pin, struct error *err)
{
    AUTO(builder_done) struct builder drawn = BUILDER_INIT;
    AUTO(secret_free) struct secret *secret = NULL;
    AUTO(conversation_end) struct conversation conversation = CONVERSATION_INIT;
    builder_format(&drawn, "%s: ", prompt);
    if (!secret_new(&secret, err) ||
        !conversation_begin(&conversation, true, builder_text(&drawn), ERROR_TOKEN, err))
        return false;
    struct typing typing = {.secret = secret};
    bool done = type_all(&conversation, &typing, err);
    terminal_say_text("\n"); // the Enter that was not echoed
    if (!done)
        return false;
    if (typing.is_too_long)
        return error_set(err, ERROR_TOKEN, 0, "the PIN is longer than the %d bytes allowed", SECRET_MAX_LEN);
    *ret_pin = TAKE(secret);
    return true;
}

bool ui_ask_pin(const char *prompt, const char *option, struct secret **ret_pin, struct error *err)
{
    if (!ui_has_terminal())
        return error_set(err, ERROR_TOKEN, 0,
                         "no terminal to ask for \"%s\"; give it with --%s file:PATH, fd:N or env:NAME",
                         prompt, option);
    for (;;) {
        // An empty PIN is a slip of the finger, and would cost one of the token's few tries.
        AUTO(secret_free) struct secret *pin = NULL;
        if (!ask_once(prompt, &pin, err))
            return false;
        if (secret_len(pin) > 0) {
            *ret_pin = TAKE(pin);
            return true;
        }
    }
}

bool ui_ask_new_pin(const char *prompt, const char *option, struct secret **ret_pin, struct error *err)
{
    AUTO(builder_done) struct builder again = BUILDER_INIT;
    builder_format(&again, "%s, once more", prompt);
    for (int tries = 0; tries < 3; tries++) {
        AUTO(secret_free) struct secret *first = NULL;
        AUTO(secret_free) struct secret *second = NULL;
        if (!ui_ask_pin(prompt, option, &first, err) ||
            !ui_ask_pin(builder_text(&again), option, &second, err))
            return false;
        if (secret_equal(first, second)) {
            *ret_pin = TAKE(first);
            return true;
        }
        terminal_say_text("the two entries differ\n");
    }
    return error_set(err, ERROR_INPUT, 0, "the entries differed three times; nothing was set");
}
