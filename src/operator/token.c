/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"
#include "operator/operator.h"

int operator_token(int argc, char **argv, struct error *err)
{
    static const struct subcommand table[] = {
        {"list", operator_token_list, "the tokens a module offers"},
        {"init", operator_token_init, "initialise a token and set its PIN"},
        {"show", operator_token_show, "one token, its keys and their attributes"},
    };
    return cli_dispatch("token", table, ARRAY_LEN(table), argc, argv, err);
}
