/* SPDX-License-Identifier: Apache-2.0 */
/* What `ledger verify` looks at besides the ledger by itself: each adds what is wrong to the report's findings. */
#ifndef COLDCA_CLI_LEDGER_VERIFY_AROUND_H
#define COLDCA_CLI_LEDGER_VERIFY_AROUND_H

#include "home/home.h"
#include "ledger/proof.h"

/** The key that the home names is the home's word. \param vkey  what an auditor knows; NULL: nothing */
void ledger_check_vkey(const struct home *home, const char *vkey, struct ledger_report *report);
/** The newest checkpoint must have a quorum of cosignatures, if witnesses are given. */
void ledger_check_witnesses(const struct home *home, const struct ledger_witnesses *witnesses,
                            struct ledger_report *report);
/** A CA that was made says so in its ledger, and has a checkpoint. */
void ledger_check_created(const struct home *home, struct ledger_report *report);

#endif
