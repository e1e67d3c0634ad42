/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a policy may be used in a home: approved, where the control in force wants that; else the one last used, or a person is warned. */
#ifndef COLDCA_PLAN_PERMITS_H
#define COLDCA_PLAN_PERMITS_H

#include "home/home.h"

/**
 * \param home       its ledger is open
 * \param given      how it was named: its name, or a path
 * \param ret_change what to tell a person of a policy that is not the one last used, where any may be used; appends
 * \return false: ERROR_INPUT, it has to be approved first, with the remedy; ERROR_LEDGER
 */
MUST_USE bool plan_permits_policy(const struct home *home, const struct policy *policy, const char *given,
                                  struct builder *ret_change, struct error *err);

#endif
