/* SPDX-License-Identifier: Apache-2.0 */
#include "token/profile.h"

#include "base/file.h"
#include "base/memory.h"

#include <fcntl.h>
#include <string.h>

#define SETTINGS_MAX_LEN ((size_t)64 * 1024)

/** Takes over path and what origin owns. */
static void add(struct token_profile *profile, char *path, bool may_write, struct profile_origin origin)
{
    profile->files = memory_grow(profile->files, profile->file_count + 1, sizeof(*profile->files));
    profile->origins = memory_grow(profile->origins, profile->file_count + 1, sizeof(*profile->origins));
    profile->origins[profile->file_count] = origin;
    profile->files[profile->file_count++] = (struct token_file){.path = path, .may_write = may_write};
}

/** \return what the line names on this machine, the caller's to free; NULL: nothing */
static char *locate(const struct profile_file *line)
{
    const char *home = getenv("HOME");
    const char *named = line->variable != NULL ? getenv(line->variable) : NULL;
    if (line->variable != NULL)
        return named == NULL || *named != '/' ? NULL : memory_text(named);
    if (strncmp(line->path, "~/", 2) != 0)
        return memory_text(line->path);
    return home == NULL || *home != '/' ? NULL : memory_format("%s%s", home, line->path + 1);
}

/** The value of a line "KEY = VALUE", or KEY = "VALUE" as in TOML; the caller's to free; NULL: there is none that is an absolute path. */
static char *setting_of(char *text, const char *key)
{
    char *state = NULL;
    for (char *line = strtok_r(text, "\n", &state); line != NULL; line = strtok_r(NULL, "\n", &state)) {
        static const char blanks[] = " \t\r";
        line += strspn(line, blanks);
        size_t len = strcspn(line, " \t\r=");
        char *value = line + len + strspn(line + len, blanks);
        if (len != strlen(key) || strncmp(line, key, len) != 0 || *value != '=')
            continue;
        value++;
        value += strspn(value, blanks);
        for (len = strlen(value); len > 0 && strchr(blanks, value[len - 1]) != NULL; len--)
            value[len - 1] = '\0';
        if (len > 1 && *value == '"' && value[len - 1] == '"') {
            value[len - 1] = '\0';
            value++;
        }
        return *value == '/' ? memory_text(value) : NULL;
    }
    return NULL;
}

static void add_line(struct token_profile *profile, const struct profile_file *line)
{
    struct error ignored = ERROR_INIT; // a file that can't be read names nothing the module could open
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    const char *key = line->setting != NULL ? line->setting : line->setting_file;
    char *path = locate(line);
    if (path == NULL)
        return;
    add(profile, path, line->write,
        (struct profile_origin){.variable = memory_text(line->variable), .has_setting = key != NULL});
    if (key == NULL || !file_read(AT_FDCWD, path, SETTINGS_MAX_LEN, &text, &ignored))
        return;
    AUTO(free) char *copy = builder_take_text(&text);
    char *folder = setting_of(copy, key);
    char *slash = folder != NULL && line->setting_file != NULL ? strrchr(folder, '/') : NULL;
    if (slash != NULL)
        slash[slash == folder ? 1 : 0] = '\0';
    if (folder != NULL)
        add(profile, folder, true, (struct profile_origin){.is_setting = true});
}

void profile_add_files(struct token_profile *profile, const struct profile_file *lines, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (profile->variable == NULL)
            profile->variable = memory_text(lines[i].variable);
        add_line(profile, &lines[i]);
    }
}
