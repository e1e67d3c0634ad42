/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include "base/quote.h"

#include <openssl/err.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/** The text may have been cut there, but not inside a character: it may end up in JSON. */
static void end_at(struct error *err, size_t len)
{
    err->len = utf8_whole(err->text, len);
    err->text[err->len] = '\0';
}

static void PRINTF_LIKE(2, 0) append(struct error *err, const char *format, va_list arguments)
{
    size_t left = sizeof(err->text) - err->len;
    int written = vsnprintf(err->text + err->len, left, format, arguments);
    if (written < 0)
        return;
    if ((size_t)written < left)
        err->len += (size_t)written;
    else
        end_at(err, err->len + left - 1);
}

static void append_text(struct error *err, const char *text)
{
    size_t left = sizeof(err->text) - err->len - 1;
    size_t len = strnlen(text, left);
    memcpy(err->text + err->len, text, len);
    end_at(err, err->len + len);
}

static void start(struct error *err, enum error_kind kind, unsigned long native)
{
    err->kind = kind;
    err->native = native;
    err->len = 0;
    err->text[0] = '\0';
}

bool error_set(struct error *err, enum error_kind kind, unsigned long native, const char *format, ...)
{
    va_list arguments;
    start(err, kind, native);
    va_start(arguments, format);
    append(err, format, arguments);
    va_end(arguments);
    return false;
}

bool error_errno(struct error *err, enum error_kind kind, int number, const char *format, ...)
{
    char reason[128];
    va_list arguments;
    start(err, kind, (unsigned long)number);
    va_start(arguments, format);
    append(err, format, arguments);
    va_end(arguments);
    append_text(err, ": ");
    append_text(err, strerror_r(number, reason, sizeof(reason)));
    return false;
}

bool error_while(struct error *err, const char *format, ...)
{
    va_list arguments;
    append_text(err, "\nwhile ");
    va_start(arguments, format);
    append(err, format, arguments);
    va_end(arguments);
    return false;
}

/** What OpenSSL adds to a reason: names and numbers, maybe foreign text, so only printable ASCII passes. */
static void append_data(struct error *err, const char *data)
{
    char text[400];
    size_t len = strnlen(data, sizeof(text) - 1);
    for (size_t i = 0; i < len; i++) {
        bool is_plain = data[i] == '\n' || (data[i] >= ' ' && data[i] <= '~');
        text[i] = '?';
        if (is_plain)
            text[i] = data[i];
    }
    text[len] = '\0';
    append_text(err, " (");
    append_text(err, text);
    append_text(err, ")");
}

bool error_openssl(struct error *err, enum error_kind kind, const char *format, ...)
{
    va_list arguments;
    unsigned long first = ERR_peek_error();
    start(err, kind, first);
    va_start(arguments, format);
    append(err, format, arguments);
    va_end(arguments);
    const char *separator = ": ";
    const char *data = NULL;
    int flags = 0;
    for (;;) {
        unsigned long code = ERR_get_error_all(NULL, NULL, NULL, &data, &flags);
        if (code == 0)
            break;
        const char *reason = ERR_reason_error_string(code);
        append_text(err, separator);
        separator = ", ";
        append_text(err, reason != NULL ? reason : "unnamed OpenSSL error");
        if ((flags & ERR_TXT_STRING) != 0 && data != NULL && data[0] != '\0')
            append_data(err, data);
    }
    return false;
}

void error_clear(struct error *err)
{
    start(err, ERROR_NONE, 0);
}
