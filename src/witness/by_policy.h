/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan's certificates held against the plan's own policy text, on a machine that has nothing but the plan: what of a certificate the policy
 * would not give to its request is said beside it. In the parser process.
 * It does not: know the CA's chain, so what that forbids is found where the plan is carried out (plan/redraw.h), which asks again and refuses.
 */
#ifndef COLDCA_WITNESS_BY_POLICY_H
#define COLDCA_WITNESS_BY_POLICY_H

#include "records/plan_file.h"

struct by_policy;
/**
 * \param file            borrowed
 * \param ret_by_policy   NULL: the plan is not of certificates
 * \param ret_text        gets a line if the policy's text can't be used; appends
 */
void by_policy_open(const struct plan_file *file, struct by_policy **ret_by_policy, struct builder *ret_text);
void by_policy_close(struct by_policy *by_policy);
DEFINE_AUTO(struct by_policy *, by_policy_close);

/**
 * Looks at an item, and says in a line what its policy does not give.
 * \param ret_text  appends nothing if it is what the policy gives
 */
void by_policy_describe(struct by_policy *by_policy, size_t index, struct builder *ret_text);
/** How many were not, or could not be held against it. */
size_t by_policy_doubts(const struct by_policy *by_policy);

#endif
