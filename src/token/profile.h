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
};

#endif
