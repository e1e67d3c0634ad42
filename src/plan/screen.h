/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key screening of a plan: each key by itself, then against the other requests and every RSA key the ledger has seen. What is
 * looked for is the policy's `screen:`.
 */
#ifndef COLDCA_PLAN_SCREEN_H
#define COLDCA_PLAN_SCREEN_H

#include "home/home.h"
#include "plan/plan.h"

/** What is kept over the plans of a run: the lists, what was said. */
struct screening;
/** \param home  borrowed; NULL: there is none to look into */
struct screening *screening_new(const struct home *home);
void screening_free(struct screening *screening);
DEFINE_AUTO(struct screening *, screening_free);

/**
 * Opens what lies outside of the home, for a run that judges after it was confined.
 * \return false: ERROR_INPUT, a list is damaged
 */
MUST_USE bool screening_open(struct screening *screening, struct error *err);

/**
 * Refuses the items whose keys are weak, with every reason; an item that is refused already gets the reasons as well. What could not
 * be looked at (no list of Debian's weak keys) is in the warnings of the run's first plan that it concerns.
 * \param ledger  NULL: there is none to compare with
 * \return false: ERROR_INPUT for a damaged list, ERROR_LEDGER if the ledger can't be read
 */
MUST_USE bool screening_refuse(struct screening *screening, struct ledger *ledger, struct plan *plan,
                               const struct policy *policy, struct error *err);

/** Removes what is kept in the home about RSA keys, so that the next run reads the ledger again. */
MUST_USE bool screening_forget(int home_fd, struct error *err);

#endif
