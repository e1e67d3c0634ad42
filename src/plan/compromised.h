/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys that belong to a certificate revoked for keyCompromise: whoever asks for another certificate with one has not noticed, or is
 * who took it. No policy lets them pass. plan/ only.
 */
#ifndef COLDCA_PLAN_COMPROMISED_H
#define COLDCA_PLAN_COMPROMISED_H

#include "base/cleanup.h"
#include "plan/plan.h"

struct compromised;
/** Reads them from the ledger; those of revocations that come later are not known. */
MUST_USE bool compromised_load(struct ledger *ledger, struct compromised **ret_compromised,
                               struct error *err);
void compromised_free(struct compromised *compromised);
DEFINE_AUTO(struct compromised *, compromised_free);

/** Refuses the requests with such a key, by its value (base/key_value.h); the reason names the certificate. */
void compromised_refuse(const struct compromised *compromised, struct plan *plan);

#endif
