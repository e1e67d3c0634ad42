/* SPDX-License-Identifier: Apache-2.0 */
#include "base/console.h"

#include "base/builder.h"
#include "base/quote.h"

#include <stdarg.h>
#include <stdio.h>

void console_notice(const struct console *console, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    if (console == NULL || console->notice == NULL)
        return;
    va_start(arguments, format);
    utf8_vformat(text, sizeof(text), format, arguments); // a longer notice is cut
    va_end(arguments);
    console->notice(console->data, text);
}

void console_progress(const struct console *console, const char *what, size_t done, size_t total)
{
    if (console != NULL && console->progress != NULL)
        console->progress(console->data, what, done, total);
}

bool console_may_go_on(const struct console *console)
{
    return console == NULL || console->may_go_on == NULL || console->may_go_on(console->data);
}
