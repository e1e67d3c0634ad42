/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RSA keys that share a prime factor: the requests of a plan with each other, with those of the run's earlier plans, and with every
 * key the ledger has seen. The ledger is authoritative: what screen/factors.h keeps in the home is fed from it, and whoever is named as
 * sharing was read from it.
 */
#ifndef COLDCA_PLAN_SHARED_H
#define COLDCA_PLAN_SHARED_H

#include "home/home.h"
#include "plan/plan.h"

/** What is kept over the plans of a run. */
struct shared;
/** \param home  where what is known of RSA keys is kept; borrowed; NULL: nowhere */
struct shared *shared_new(const struct home *home);
void shared_free(struct shared *shared);
DEFINE_AUTO(struct shared *, shared_free);

/**
 * Refuses the items whose keys share a factor, telling with whom.
 * \param ledger  NULL: there is none
 * \return false: ERROR_LEDGER or ERROR_INPUT if it can't be read
 */
MUST_USE bool shared_refuse(struct shared *shared, struct ledger *ledger, struct plan *plan,
                            struct error *err);
/** Compares a plan's keys with none, as its policy says; those of later plans are compared with them. */
void shared_note(struct shared *shared, struct plan *plan);

#endif
