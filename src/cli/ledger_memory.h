/* SPDX-License-Identifier: Apache-2.0 */
/* `ledger verify --token`: what tokens remember of the ledger. Who asks them is the program's (program.h). */
#ifndef COLDCA_CLI_LEDGER_MEMORY_H
#define COLDCA_CLI_LEDGER_MEMORY_H

#include "base/json.h"
#include "ledger/verify.h"

struct cli_memory_item {
    char *token;  /**< whose it is; escaped */
    char *who;    /**< "the token NAME" */
    int64_t time; /**< when it was written; seconds since 1970 */
};

struct cli_memory {
    struct ledger_known *known; /**< as ledger_verify_scope() wants it: borrows who of items; as many */
    struct cli_memory_item *items;
    size_t count;
    size_t asked;     /**< tokens that were logged in to */
    size_t forgetful; /**< of these, such that keep no data */
};
void cli_memory_done(struct cli_memory *memory);
DEFINE_AUTO_VALUE(struct cli_memory, cli_memory_done);

/** A line that says what was compared, and what was not. \param memory  NULL: no token was asked */
void cli_memory_print(const struct cli_memory *memory);
void cli_memory_json(const struct cli_memory *memory, struct json *json);

#endif
