/* SPDX-License-Identifier: Apache-2.0 */
/* `ledger verify --token`: what the token remembers of the ledger, as ledger_verify_scope() wants it. */
#ifndef COLDCA_CLI_LEDGER_MEMORY_H
#define COLDCA_CLI_LEDGER_MEMORY_H

#include "cli/cli.h"
#include "signer/memory.h"

struct cli_memory {
    struct recalled recalled;
    struct ledger_known *known; /**< as many as recalled.count; borrows its texts */
    char **who;
};
void cli_memory_done(struct cli_memory *memory);
DEFINE_AUTO_VALUE(struct cli_memory, cli_memory_done);
/** Confines the process, logs in to the home's tokens and asks them. */
MUST_USE bool cli_memory_ask(struct home *home, const struct options *options, struct cli_memory *ret_memory,
                             struct error *err);
/** A line that says what was compared, and what was not. \param memory  NULL: no token was asked */
void cli_memory_print(const struct cli_memory *memory);
void cli_memory_json(const struct cli_memory *memory, struct json *json);

#endif
