/* SPDX-License-Identifier: Apache-2.0 */
/* What all commands of `coldca token` take. */
#ifndef COLDCA_OPERATOR_TOKEN_OPTIONS_H
#define COLDCA_OPERATOR_TOKEN_OPTIONS_H

#include "cli/cli.h"

struct token_options {
    struct options options;
    const char *module, *profile, *init_args, *token;
};

#define TOKEN_OPTION_ROWS(given)                                                                             \
    {"model", 0, OPTION_TEXT, "NAME", "the token's profile in tokens/ (softhsm2)", &(given)->profile},       \
        {"module", 0, OPTION_TEXT, "PATH", "the PKCS#11 module (the profile's)", &(given)->module},          \
        {"init-args",        0, OPTION_TEXT, "TEXT", "initialisation arguments for C_Initialize",            \
         &(given)->init_args},                                                                               \
    {                                                                                                        \
        "token", 't', OPTION_TEXT, "LABEL|URI", "token (default: the only one present)", &(given)->token     \
    }

static inline void token_options_done(struct token_options *given)
{
    options_done(&given->options);
}
DEFINE_AUTO_VALUE(struct token_options, token_options_done);

#endif
