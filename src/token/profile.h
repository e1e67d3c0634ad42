/* SPDX-License-Identifier: Apache-2.0 */
/* A token model as tokens/NAME.yaml describes it. */
#ifndef COLDCA_TOKEN_PROFILE_H
#define COLDCA_TOKEN_PROFILE_H

#include "token/internal.h"

struct token_profile {
    char *name;
    bool is_tested;
    char *init_args;     /**< NULL: none */
    char *module;        /**< the first of its paths that exists on this machine; NULL: none does */
    char *hint;          /**< what to look at if it does not start or sees nothing; NULL */
    bool may_initialise; /**< whether C_InitToken is how its tokens are made ready */
    struct token_limits limits;
    bool knows_files; /**< the profile says what its module opens */
    bool needs_network;
    struct token_file *files;       /**< as far as they are known on this machine */
    struct profile_origin *origins; /**< where each of files comes from */
    size_t file_count;
    char *
        variable; /**< of the environment, that names a file instead of the usual ones; NULL: there is none */
};

/** Where one of a profile's files comes from. */
struct profile_origin {
    char *variable; /**< of the environment, which names it; NULL */
    bool
        has_setting; /**< it is a configuration that names a directory; the first that is there is the module's */
    bool is_setting; /**< it is that directory, named by the file before */
};

/** One line of files: in a profile. */
struct profile_file {
    char *path;     /**< "~/" is the user's home; NULL: the variable says it */
    char *variable; /**< of the environment */
    char *setting;  /**< in that file, KEY = DIRECTORY names a directory the module writes to; NULL: none */
    char *
        setting_file; /**< the same, KEY = FILE, for the directory that holds the file (a database has others beside it) */
    bool write;
};
/** Works out what lines mean on this machine and adds it to the profile. */
void profile_add_files(struct token_profile *profile, const struct profile_file *lines, size_t count);
/**
 * Looks for a file that the module needs and this user may not use, or that is named and not there.
 * \param profile  NULL: nothing is known
 * \return whether there is one; ret_text then says which, and what to do about it
 */
bool profile_find_obstacle(const struct token_profile *profile, struct builder *ret_text);

#endif
