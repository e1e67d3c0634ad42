/* SPDX-License-Identifier: Apache-2.0 */
/* What index.sqlite said of certificates, held against ledger.jsonl before anything is logged that could not be taken back. status/ only. */
#ifndef COLDCA_STATUS_RECHECK_H
#define COLDCA_STATUS_RECHECK_H

#include "status/desk.h"
#include "status/revoke.h"

/**
 * A certificate that is to be revoked is not revoked yet, and one that is said to be foreign is in no record. Of a few certificates the
 * ledger is read from the newest CRL on, if it has none of them (unlisted.h), else from their cert.signing on; of a foreign one, all of it.
 * \return false: ERROR_LEDGER, the index is wrong
 */
MUST_USE bool targets_recheck(struct status_desk *desk, const struct revoke_plan *plan, struct error *err);

#endif
