/* A token model as tokens/NAME.yaml describes it. */
#ifndef COLDCA_TOKEN_PROFILE_H
#define COLDCA_TOKEN_PROFILE_H

#include "token/internal.h"

struct token_profile {
    char *name;
    bool is_tested;
    char *init_args; /**< NULL: none */
    char *module;    /**< the first of its paths that exists on this machine; NULL: none does */
    struct token_limits limits;
    bool knows_files; /**< the profile says what its module opens */
    bool needs_network;
    struct token_file *files; /**< as far as they can be told on this machine */
    size_t file_count;
};

/** One line of files: in a profile. */
struct profile_file {
    char *path;     /**< "~/" is the user's home; NULL: the variable says it */
    char *variable; /**< of the environment */
    char *setting;  /**< in that file, KEY = FOLDER names a folder the module writes to; NULL: none */
    bool write;
};
/** Works out what lines mean on this machine and adds it to the profile. */
void profile_add_files(struct token_profile *profile, const struct profile_file *lines, size_t count);

#endif
