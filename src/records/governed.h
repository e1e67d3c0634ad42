/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether each record was allowed by the control in force at its seq, read in their order (docs/ledger-format.md 10): what `ledger verify`
 * says of controls, and what a run asks before it does anything.
 *
 * Promises: the answer depends on nothing but the records before. Does not: read files, or trust ca.yaml.
 */
#ifndef COLDCA_RECORDS_GOVERNED_H
#define COLDCA_RECORDS_GOVERNED_H

#include "base/finding.h"
#include "records/approved.h"

struct governed;
/** Of the ledger with this origin and verifier key; both are copied. */
struct governed *governed_new(const char *origin, const char *vkey);
void governed_free(struct governed *governed);
DEFINE_AUTO(struct governed *, governed_free);

/**
 * Takes the next record.
 * \param text  its line without LF, in canonical form
 * \return false: it was not allowed; each reason is a finding, of rule ledger.control, ledger.approval or ledger.policy
 */
bool governed_take(struct governed *governed, uint64_t seq, struct bytes text, struct findings *ret_findings);

/** The control in force; NULL: none was set. */
const struct control *governed_control(const struct governed *governed);
/** How many acts were done by one person under the emergency rule. */
uint64_t governed_emergencies(const struct governed *governed);

#endif
