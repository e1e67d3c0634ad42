/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/permits.h"

#include "home/policy_use.h"
#include "records/in_force.h"

bool plan_permits_policy(const struct home *home, const struct policy *policy, struct builder *ret_change,
                         struct error *err)
{
    AUTO(control_done) struct control control = {.people_count = 0};
    bool is_set = false;
    if (!control_in_force(home->ledger, &control, &is_set, err))
        return false;
    if (is_set && control.only_approved_policies)
        return policy_permits(home->ledger, policy_name(policy), policy_sha256(policy), err);
    return home_policy_compare(home, policy, ret_change, err);
}
