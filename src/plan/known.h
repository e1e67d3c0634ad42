/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that have a certificate of this CA already: key.unique gives them no second one. plan/ only. */
#ifndef COLDCA_PLAN_KNOWN_H
#define COLDCA_PLAN_KNOWN_H

#include "plan/plan.h"

/**
 * Refuses an item whose key the ledger knows; the reason names the certificate.
 * \param item     its request can be read
 * \param subject  of the certificate to be: one of the same subject does not count; NULL: every certificate does
 * \return false: ERROR_LEDGER
 */
MUST_USE bool known_key_refuse(struct ledger *ledger, struct plan_item *item, const char *subject,
                               struct error *err);

#endif
