/* SPDX-License-Identifier: Apache-2.0 */
#include "home/data.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/quote.h"
#include "base/similar.h"
#include "base/yaml.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/** Directories that may hold policies/ and tokens/, best first; the caller frees them. */
size_t home_data_places(char *ret_places[static HOME_DATA_PLACES_MAX])
{
    char program[4096];
    size_t count = 0;
    const char *given = getenv("COLDCA_DATA");
    if (given != NULL && *given != '\0')
        ret_places[count++] = memory_text(given);
    ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);
    if (len > 0) {
        program[len] = '\0';
        char *slash = strrchr(program, '/');
        if (slash != NULL)
            *slash = '\0';
        ret_places[count++] = memory_format("%s/../share/coldca", program);
        ret_places[count++] = memory_format("%s/../..", program); // a build tree: build/PRESET/coldca
    }
    return count;
}

static bool is_path(const char *name)
{
    const char *ending = strrchr(name, '.');
    return strchr(name, '/') != NULL || (ending != NULL && strcmp(ending, ".yaml") == 0);
}

static bool is_name(const char *name)
{
    for (const char *at = name; *at != '\0'; at++) {
        if (!isalnum((unsigned char)*at) && *at != '-' && *at != '_')
            return false;
    }
    return *name != '\0';
}

bool home_data_read(int home_fd, const char *kind, const char *name, struct builder *ret_text,
                    char **ret_file, struct error *err)
{
    struct quoted buffer;
    AUTO(builder_done) struct builder looked = BUILDER_INIT;
    if (is_path(name)) {
        if (!file_read(AT_FDCWD, name, YAML_MAX_LEN, ret_text, err))
            return false;
        *ret_file = memory_text(name);
        return true;
    }
    if (!is_name(name))
        return error_set(err, ERROR_USAGE, 0, "invalid %s name \"%s\": letters, digits, \"-\" and \"_\" only",
                         strcmp(kind, "policies") == 0     ? "policy"
                         : strcmp(kind, "ceremonies") == 0 ? "ceremony"
                                                           : "token model",
                         quoted_text(name, &buffer));
    AUTO(free) char *inside = memory_format("%s/%s.yaml", kind, name);
    if (home_fd >= 0 && file_exists(home_fd, inside)) {
        if (!file_read(home_fd, inside, YAML_MAX_LEN, ret_text, err))
            return false;
        *ret_file = TAKE(inside);
        return true;
    }
    if (home_fd >= 0)
        builder_format(&looked, " the home's %s/", kind);
    char *folders[HOME_DATA_PLACES_MAX];
    size_t count = home_data_places(folders);
    bool is_found = false;
    bool is_read = false;
    for (size_t i = 0; i < count; i++) {
        AUTO(free) char *folder = folders[i];
        AUTO(free) char *path = memory_format("%s/%s", folder, inside);
        if (is_found || !file_exists(AT_FDCWD, path)) {
            builder_format(&looked, " %s/%s/", folder, kind);
            continue;
        }
        is_found = true;
        is_read = file_read(AT_FDCWD, path, YAML_MAX_LEN, ret_text, err);
        if (is_read)
            *ret_file = memory_format("%s.yaml", name);
    }
    if (!is_found)
        return error_set(err, ERROR_INPUT, ENOENT, "no %s.yaml in%s; name a file or one of those", name,
                         builder_text(&looked));
    return is_read;
}

/** Appends "; did you mean ...?" if a policy there is has nearly this name. */
static void suggest_policy(int home_fd, const char *name, struct builder *ret_text)
{
    char **names = NULL;
    size_t count = 0;
    struct error ignored = ERROR_INIT; // then there is nothing to suggest
    struct similar similar = {.word = name};
    if (!home_policy_names(home_fd, &names, &count, &ignored))
        return;
    for (size_t i = 0; i < count; i++)
        similar_offer(&similar, names[i]);
    similar_ask(&similar, "", ret_text);
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
}

bool home_policy_read(int home_fd, const char *name, struct builder *ret_text, char **ret_file,
                      struct error *err)
{
    struct quoted buffer;
    AUTO(builder_done) struct builder question = BUILDER_INIT;
    if (home_data_read(home_fd, "policies", name, ret_text, ret_file, err))
        return true;
    suggest_policy(home_fd, name, &question);
    return error_while(err, "looking for the policy %s%s", quoted_text(name, &buffer),
                       builder_text(&question));
}

bool home_policy_find(int home_fd, const char *name, struct policy **ret_policy, struct error *err)
{
    AUTO(free) char *file = NULL;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    return home_policy_read(home_fd, name, &text, &file, err) &&
           policy_load(builder_bytes(&text), file, ret_policy, err);
}

char *home_data_find(const char *name)
{
    char *folders[HOME_DATA_PLACES_MAX];
    char *found = NULL;
    size_t count = home_data_places(folders);
    for (size_t i = 0; i < count; i++) {
        AUTO(free) char *folder = folders[i];
        AUTO(free) char *path = memory_format("%s/%s", folder, name);
        if (found == NULL && file_exists(AT_FDCWD, path))
            found = TAKE(path);
    }
    return found;
}

static void add_name(char ***names, size_t *count, const char *file)
{
    size_t len = strlen(file);
    if (len < 6 || strcmp(file + len - 5, ".yaml") != 0)
        return;
    char *name = memory_text_of(file, len - 5);
    for (size_t i = 0; i < *count; i++) {
        if (strcmp((*names)[i], name) == 0) {
            free(name);
            return;
        }
    }
    *names = memory_grow(*names, *count + 1, sizeof(**names));
    (*names)[(*count)++] = name;
}

/** A place that is not there, or not this user's to read, has none; of one that can't be read nobody knows. */
static bool add_names_of(int dirfd, const char *path, char ***names, size_t *count, struct error *err)
{
    int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == EACCES))
        return true;
    AUTO(closedir) DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    if (folder == NULL) {
        int reason = errno;
        auto_close(&fd);
        return error_errno(err, ERROR_INPUT, reason, "can't read the directory %s", path);
    }
    errno = 0;
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        add_name(names, count, entry->d_name);
        errno = 0;
    }
    return errno == 0 || error_errno(err, ERROR_INPUT, errno, "can't read the directory %s", path);
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

bool home_policy_names(int home_fd, char ***ret_names, size_t *ret_count, struct error *err)
{
    char **names = NULL;
    size_t count = 0;
    char *folders[HOME_DATA_PLACES_MAX];
    bool is_read = home_fd < 0 || add_names_of(home_fd, "policies", &names, &count, err);
    size_t places_count = home_data_places(folders);
    for (size_t i = 0; i < places_count; i++) {
        AUTO(free) char *folder = folders[i];
        AUTO(free) char *path = memory_format("%s/policies", folder);
        is_read = is_read && add_names_of(AT_FDCWD, path, &names, &count, err);
    }
    if (!is_read) {
        for (size_t i = 0; i < count; i++)
            free(names[i]);
        free(names);
        return false;
    }
    if (count == 0)
        return error_set(err, ERROR_INPUT, ENOENT,
                         "no policies found; set COLDCA_DATA to the directory that holds policies/");
    qsort(names, count, sizeof(*names), compare_names);
    *ret_names = names;
    *ret_count = count;
    return true;
}
