/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/permits.h"

#include "home/policy_use.h"
#include "records/in_force.h"

bool plan_permits_policy(const struct home *home, const struct policy *policy, const char *given,
                         struct builder *ret_change, struct error *err)
{
    bool is_needed = false;
    if (!policy_needs_approval(home->ledger, &is_needed, err))
        return false;
    if (is_needed)
        return policy_permits(home->ledger, policy_name(policy), given, policy_sha256(policy), err);
    return home_policy_compare(home, policy, ret_change, err);
}
