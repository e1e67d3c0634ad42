/* SPDX-License-Identifier: Apache-2.0 */
#include "status/policies.h"

#include "policy/policy.h"
#include "status/desk.h"

#include <string.h>

static bool carry_out(struct status_desk *desk, struct policy_change *change, uint64_t *ret_seq,
                      struct error *err)
{
    struct record_policy_approved record = {.name = policy_name(change->policy),
                                            .text = builder_text(&change->text)};
    memcpy(record.sha256, policy_sha256(change->policy), sizeof(record.sha256));
    return status_desk_unlock(desk, "policy approve", err) &&
           ledger_append(desk->home->ledger, RECORD_POLICY_APPROVED, record_policy_approved_write(&record),
                         ret_seq, err) &&
           ledger_commit(desk->home->ledger, err) && status_desk_end(desk, err);
}

bool policy_approve(const struct policy_approve_options *options, const struct console *console,
                    struct policy_change *ret_change, uint64_t *ret_seq, struct error *err)
{
    AUTO(status_desk_done)
    struct status_desk desk = {.console = console, .pin_source = options->pin_source};
    if (!status_desk_open(&desk, options->home, HOME_WRITE, err) ||
        !policy_change_read(desk.home, options->policy, ret_change, err) ||
        !record_policy_text_check(policy_name(ret_change->policy), builder_bytes(&ret_change->text), err))
        return false;
    if (ret_change->diff.len == 0) {
        *ret_seq = (uint64_t)ret_change->approved_seq;
        return true;
    }
    return control_permits(
               desk.home->ledger, ACT_POLICY,
               "plan it with --plan-out FILE, and have people `coldca approve` that; nothing was approved",
               err) &&
           status_desk_confine(&desk, NULL, err) && options->decide(options->data, ret_change, err) &&
           carry_out(&desk, ret_change, ret_seq, err);
}
