/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/names.h"

#include "base/memory.h"
#include "base/quote.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
#define NAME_MAX_LEN 32
#define PART_MAX_LEN 100

bool name_is_fine(const char *name)
{
    size_t len = strlen(name);
    return len >= 1 && len <= NAME_MAX_LEN && strspn(name, LETTERS) >= 1 &&
           strspn(name, LETTERS DIGITS "-") == len;
}

bool path_stays(const char *path)
{
    for (;;) {
        size_t len = strcspn(path, "/");
        size_t fine = strspn(path, LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZ" DIGITS "._-");
        bool is_dots = strspn(path, ".") == len;
        if (len == 0 || len > PART_MAX_LEN || fine != len || is_dots || path[0] == '-')
            return false;
        if (path[len] == '\0')
            return true;
        path += len + 1;
    }
}

bool step_fault(const struct ceremony_script *script, const struct ceremony_step *step, const char *name,
                struct error *err, const char *format, ...)
{
    char words[800];
    va_list arguments;
    va_start(arguments, format);
    utf8_vformat(words, sizeof(words), format, arguments);
    va_end(arguments);
    return error_set(err, ERROR_INPUT, 0, "%s%sline %u, step %u (%s): %s", name == NULL ? "" : name,
                     name == NULL ? "" : " ", step->line, (unsigned)(step - script->steps) + 1,
                     quoted_text(step->word, &(struct quoted){0}), words);
}
