#include "ca/console.h"

#include "base/builder.h"

#include <stdarg.h>
#include <stdio.h>

void ca_notice(const struct ca_console *console, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    if (console == NULL || console->notice == NULL)
        return;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments); // a longer notice is cut
    va_end(arguments);
    console->notice(console->data, text);
}

void ca_progress(const struct ca_console *console, const char *what, size_t done, size_t total)
{
    if (console != NULL && console->progress != NULL)
        console->progress(console->data, what, done, total);
}

bool ca_may_go_on(const struct ca_console *console)
{
    return console == NULL || console->may_go_on == NULL || console->may_go_on(console->data);
}
