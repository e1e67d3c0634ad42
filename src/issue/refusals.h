/* SPDX-License-Identifier: Apache-2.0 */
/* request.refused and request.skipped: one a file, with a count, and none that this batch has already. issue/ only. */
#ifndef COLDCA_ISSUE_REFUSALS_H
#define COLDCA_ISSUE_REFUSALS_H

#include "issue/issue.h"

/** What an earlier run of the same batch logged. */
struct refusals {
    char **known;
    size_t count;
};
void refusals_done(struct refusals *refusals);
DEFINE_AUTO_VALUE(struct refusals, refusals_done);
/** Looks through the ledger for what a batch has; for one that is resumed. ERROR_LEDGER */
MUST_USE bool refusals_load(struct ledger *ledger, const char *batch, struct refusals *ret_refusals,
                            struct error *err);
/** Appends a plan's refusals that are not known yet. */
MUST_USE bool refusals_log(struct signer *signer, const struct plan *plan, const char *batch,
                           const struct refusals *known, struct error *err);

#endif
