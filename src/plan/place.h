/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a certificate may go where it belongs: nothing else may be there, and what is there already is not delivered again. */
#ifndef COLDCA_PLAN_PLACE_H
#define COLDCA_PLAN_PLACE_H

#include "plan/output.h"

/** Refuses an item (output.exists) in whose place something is. \param output  NULL: no place is planned */
void place_new(struct output *output, struct plan_item *item);

/**
 * The certificate an item has already (PLAN_REPEAT): PLAN_PRESENT if it is where it belongs, refused if something else is there.
 * \param ledger  that has it
 * \param output  NULL: no place is planned
 */
MUST_USE bool place_earlier(struct ledger *ledger, struct output *output, struct plan_item *item,
                            struct error *err);

#endif
