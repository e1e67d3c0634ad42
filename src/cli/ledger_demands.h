/* SPDX-License-Identifier: Apache-2.0 */
/* What `ledger verify` was asked beyond the files themselves. */
#ifndef COLDCA_CLI_LEDGER_DEMANDS_H
#define COLDCA_CLI_LEDGER_DEMANDS_H

#include "cli/cli.h"
#include "cli/ledger_proof.h"
#include "home/home.h"

struct ledger_demands {
    struct cli_proof proof; /**< vkey and witnesses also for a home */
    bool only_tree;
    bool asks_token;
    long quorum;
    struct option_list witnesses;
};

/** Adds what is wrong: another ledger's key than was asked for, too few witnesses, a ledger that was not begun by a CA. */
void ledger_demands_check(const struct ledger_demands *demands, const struct home *home,
                          struct ledger_report *report);

#endif
