/* SPDX-License-Identifier: Apache-2.0 */
/* What `ledger verify --proof` was asked. */
#ifndef COLDCA_CLI_LEDGER_PROOF_H
#define COLDCA_CLI_LEDGER_PROOF_H

#include "ledger/proof.h"

struct cli_proof {
    const char *path;
    const char *certificate; /**< file; NULL: any record */
    const char *since;       /**< file with the older checkpoint, for a consistency proof */
    const char *vkey;
    struct ledger_witnesses witnesses;
    bool wants_json;
};

/** \return the exit code, err filled unless it is 0 */
int cli_check_proof(const struct cli_proof *asked, struct error *err);

#endif
