/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static _Noreturn void out_of_memory(void)
{
    static const char text[] = "coldca: out of memory; nothing is lost, run the command again\n";
    ssize_t written = write(STDERR_FILENO, text, sizeof(text) - 1);
    (void)written; // there is nobody left to tell
    abort();
}

void *memory_new(size_t count, size_t size_bytes)
{
    void *made = calloc(count == 0 ? 1 : count, size_bytes == 0 ? 1 : size_bytes);
    if (made == NULL)
        out_of_memory();
    return made;
}

void *memory_grow(void *old, size_t count, size_t size_bytes)
{
    void *grown = reallocarray(old, count == 0 ? 1 : count, size_bytes == 0 ? 1 : size_bytes);
    if (grown == NULL)
        out_of_memory();
    return grown;
}

char *memory_text(const char *text)
{
    return text == NULL ? NULL : memory_text_of(text, strlen(text));
}

char *memory_text_of(const void *data, size_t len)
{
    if (len == SIZE_MAX)
        out_of_memory();
    char *copy = memory_new(len + 1, 1);
    if (len > 0)
        memcpy(copy, data, len);
    return copy;
}

char *memory_format(const char *format, ...)
{
    va_list arguments;
    char *text = NULL;
    va_start(arguments, format);
    int len = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (len < 0)
        out_of_memory();
    return text;
}
