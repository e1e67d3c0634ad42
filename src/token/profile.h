/* A token model as tokens/NAME.yaml describes it, in the form libcyaml fills. */
#ifndef COLDCA_TOKEN_PROFILE_H
#define COLDCA_TOKEN_PROFILE_H

#include "token/internal.h"

struct token_profile {
    char *name;
    char *title;
    bool tested;
    char **modules; /**< paths or globs with ?, * and [], tried in order */
    unsigned modules_count;
    char *init_args;
    unsigned max_sessions;
    char *login; /**< "pin", "pin-pad" or "either"; for people and prompts */
    bool always_authenticate;
    enum ed25519_form ed25519_params;
    char **keys; /**< as key_parse() reads them */
    unsigned keys_count;
    uint64_t may_omit;
    char *notes;
    char *found; /**< the module of this machine; NULL: none */
};

#endif
