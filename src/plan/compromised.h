/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys that belong to a certificate revoked for keyCompromise: whoever asks for another certificate with one has not noticed, or is
 * who took it. No policy lets them pass. plan/ only.
 */
#ifndef COLDCA_PLAN_COMPROMISED_H
#define COLDCA_PLAN_COMPROMISED_H

#include "plan/plan.h"
#include "records/compromised.h"

/**
 * Refuses the requests with such a key, by its value (base/key_value.h); the reason names the certificate, or the day.
 * \param ledger       NULL: none, so no key is known
 * \param keys         NULL in it: they are read from the ledger, once; those of later revocations are not known
 */
MUST_USE bool compromised_refuse(struct ledger *ledger, struct compromised_keys **keys, struct plan *plan,
                                 struct error *err);

#endif
