#include "base/error.h"

#include <openssl/err.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void PRINTF_LIKE(2, 0) append(struct error *err, const char *format, va_list arguments)
{
    size_t room = sizeof(err->text) - err->len;
    int written = vsnprintf(err->text + err->len, room, format, arguments);
    if (written < 0)
        return;
    err->len += (size_t)written < room ? (size_t)written : room - 1;
}

static void append_text(struct error *err, const char *text)
{
    size_t room = sizeof(err->text) - err->len - 1;
    size_t len = strnlen(text, room);
    memcpy(err->text + err->len, text, len);
    err->len += len;
    err->text[err->len] = '\0';
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

bool error_openssl(struct error *err, enum error_kind kind, const char *format, ...)
{
    va_list arguments;
    unsigned long first = ERR_peek_error();
    start(err, kind, first);
    va_start(arguments, format);
    append(err, format, arguments);
    va_end(arguments);
    const char *separator = ": ";
    for (unsigned long code = ERR_get_error(); code != 0; code = ERR_get_error()) {
        const char *reason = ERR_reason_error_string(code);
        append_text(err, separator);
        separator = ", ";
        append_text(err, reason != NULL ? reason : "unnamed OpenSSL error");
    }
    return false;
}

void error_clear(struct error *err)
{
    start(err, ERROR_NONE, 0);
}
