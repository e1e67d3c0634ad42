/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request.refused and request.skipped: one a file, with a count, and none that this batch, or a run of the same files shortly before,
 * has already. issue/ only.
 */
#ifndef COLDCA_ISSUE_REFUSALS_H
#define COLDCA_ISSUE_REFUSALS_H

#include "issue/issue.h"

/** What earlier runs logged. */
struct refusals {
    char **
        known; /**< each as refusals.c writes it: the file's digest, its name, and the reasons, if they count */
    size_t count;
    bool
        with_reasons; /**< only the same file for the same reasons is known: the policy may have changed since */
};
void refusals_done(struct refusals *refusals);
DEFINE_AUTO_VALUE(struct refusals, refusals_done);
/** Looks through the ledger for what a batch has; for one that is resumed. ERROR_LEDGER */
MUST_USE bool refusals_load(struct ledger *ledger, const char *batch, struct refusals *ret_refusals,
                            struct error *err);
/** What the newest records hold, of whatever run: it is looked for in so many only that it costs nothing to speak of. ERROR_LEDGER */
MUST_USE bool refusals_load_recent(struct ledger *ledger, struct refusals *ret_refusals, struct error *err);
/** Appends a plan's refusals that are not known yet. */
MUST_USE bool refusals_log(struct signer *signer, const struct plan *plan, const char *batch,
                           const struct refusals *known, struct error *err);

#endif
