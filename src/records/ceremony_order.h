/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the events of each ceremony follow on one another in the ledger (docs/ledger-format.md 11). */
#ifndef COLDCA_RECORDS_CEREMONY_ORDER_H
#define COLDCA_RECORDS_CEREMONY_ORDER_H

#include "base/finding.h"
#include "records/ceremony.h"

struct ceremony_order;
struct ceremony_order *ceremony_order_new(void);
void ceremony_order_free(struct ceremony_order *order);
DEFINE_AUTO(struct ceremony_order *, ceremony_order_free);

/**
 * Takes the next record, of any type.
 * \param text  its line without LF, in canonical form
 * \return false: an event is missing, is there twice, is of another script than those before, or follows the last; the finding says so
 */
bool ceremony_order_take(struct ceremony_order *order, struct bytes text, struct findings *ret_findings);

#endif
