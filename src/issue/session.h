/* SPDX-License-Identifier: Apache-2.0 */
/* What a run writes into the ledger of itself, before anything else. */
#ifndef COLDCA_ISSUE_SESSION_H
#define COLDCA_ISSUE_SESSION_H

#include "issue/refusals.h"

/** Appends session.opened. It is committed with the first group. \param only  the one plan of the run; NULL: each is noted as it comes */
MUST_USE bool session_open(struct signer *signer, const struct issue_options *options,
                           const struct plan *only, const struct console *console, struct error *err);
/** Appends what there is to say of a plan before it is carried out: batch.planned, and what is refused.
 *  \param known  what the batch has already */
MUST_USE bool session_log_plan(struct signer *signer, const struct plan *plan, const char *batch,
                               bool is_only, const struct refusals *known, struct error *err);

#endif
