/* SPDX-License-Identifier: Apache-2.0 */
/* Who ran and who approved: records by a person's name (docs/ledger-format.md 10). */
#ifndef COLDCA_RECORDS_WHO_H
#define COLDCA_RECORDS_WHO_H

#include "ledger/ledger.h"
#include "records/approved.h"

struct who;
/**
 * Looks which plans a person approved.
 * \param name  borrowed as long as ret_who lives
 * \return false: ERROR_LEDGER, also if it can't be said of which plan one of their approvals is
 */
MUST_USE bool who_read(struct ledger *ledger, const char *name, struct who **ret_who, struct error *err);
void who_free(struct who *who);
DEFINE_AUTO(struct who *, who_free);
/** Whether the person ran it (operator), approved it (plan.approved), or it is of a plan that the person approved. */
bool who_did(const struct who *who, const struct json *record);

/**
 * Who approved what a record says, as a line: "approved: ann, bob (record 7)"; appends nothing if it is of no plan.
 * \param seq  of the record
 */
MUST_USE bool who_approved(struct ledger *ledger, uint64_t seq, struct builder *ret_words, struct error *err);

#endif
