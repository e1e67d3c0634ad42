/* SPDX-License-Identifier: Apache-2.0 */
#include "token/profile.h"

#include "base/quote.h"

#include <grp.h>
#include <sys/stat.h>

/*
 * Why a module does not start or finds no token: most say no more than CKR_GENERAL_ERROR, and mean a file. A profile names the
 * files, so that they can be looked at.
 */

static bool may_use(const struct token_file *file)
{
    struct stat status;
    bool is_folder = stat(file->path, &status) == 0 && S_ISDIR(status.st_mode);
    return access(file->path, R_OK | (file->may_write ? W_OK : 0) | (is_folder ? X_OK : 0)) == 0;
}

/** What keeps this user from the file: a directory above that may not be entered, or the file itself. The caller frees. */
static char *find_obstacle(const char *path)
{
    char *part = memory_text(path);
    for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (access(part, F_OK) == 0 && access(part, X_OK) != 0)
            return part;
        *slash = '/';
    }
    return part;
}

/** The two ways out: files of one's own, or the group that owns what is in the way. */
static void add_remedy(const struct token_profile *profile, const char *obstacle, struct builder *ret_text)
{
    struct stat status;
    const struct group *group = NULL;
    if (stat(obstacle, &status) == 0 && status.st_gid != 0)
        group = getgrgid(status.st_gid);
    if (profile->variable != NULL)
        builder_format(ret_text, "; set %s to a configuration of this user's own", profile->variable);
    if (group != NULL)
        builder_format(ret_text,
                       "; %sjoin the group %s, which may: usermod -aG %s USER as root, then log in again",
                       profile->variable != NULL ? "or " : "", group->gr_name, group->gr_name);
}

/** \return whether the file is in the way; ret_text then says why, and what to do */
static bool is_in_the_way(const struct token_profile *profile, size_t index, struct builder *ret_text)
{
    struct stat status;
    const struct token_file *file = &profile->files[index];
    const struct profile_origin *origin = &profile->origins[index];
    struct quoted path;
    if (may_use(file))
        return false;
    AUTO(free) char *obstacle = find_obstacle(file->path);
    (void)quoted_text(file->path, &path);
    if (strcmp(obstacle, file->path) != 0 || stat(file->path, &status) == 0) {
        builder_format(ret_text, "this user may not %s %s", file->may_write ? "write to" : "read", path.text);
        add_remedy(profile, obstacle, ret_text);
        return true;
    }
    // What a profile lists need not exist; what a person or a configuration names should.
    if (origin->variable != NULL)
        builder_format(ret_text, "%s names %s, which does not exist; correct it", origin->variable,
                       path.text);
    else if (origin->is_setting)
        builder_format(ret_text, "%s does not exist; make that directory, or name another in %s", path.text,
                       profile->files[index - 1].path);
    return origin->variable != NULL || origin->is_setting;
}

bool profile_find_obstacle(const struct token_profile *profile, struct builder *ret_text)
{
    bool is_settled = false; // by a configuration that can be read: the module looks no further
    for (size_t i = 0; profile != NULL && i < profile->file_count; i++) {
        const struct profile_origin *origin = &profile->origins[i];
        if (is_settled && origin->has_setting)
            break;
        if (is_in_the_way(profile, i, ret_text))
            return true;
        is_settled |= origin->has_setting && may_use(&profile->files[i]);
    }
    return false;
}
