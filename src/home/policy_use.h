/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a policy is the one that was used last. A policy is a file in the home, and decides all that is signed: one that is not what it
 * was is reported before anything is signed by it.
 */
#ifndef COLDCA_HOME_POLICY_USE_H
#define COLDCA_HOME_POLICY_USE_H

#include "home/home.h"

/**
 * Compares a policy with the newest cert.signing of its name, else with what ca.created noted of the policies that init copied. One that
 * was never used before is not changed.
 * \param ret_text  what to tell a person; appends; empty: it is the same
 * \return false: ERROR_LEDGER, the ledger can't be read
 */
MUST_USE bool home_policy_compare(const struct home *home, const struct policy *policy,
                                  struct builder *ret_text, struct error *err);
/** "NAME": "SHA-256 in hex" of every policy of the home, for ca.created. The caller frees. */
MUST_USE bool home_policy_digests(const struct home *home, struct json **ret_digests, struct error *err);

#endif
