/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Approving a policy as its file is now (what changed since: inspect/policies.h).
 * It promises: what is recorded is the text a person was shown, whole, on the disk and under a checkpoint before this returns.
 * It does not: write to policies/, or approve what the control in force wants several people for: that takes a plan.
 */
#ifndef COLDCA_STATUS_POLICIES_H
#define COLDCA_STATUS_POLICIES_H

#include "inspect/policies.h"

struct policy_approve_options {
    const char *home;
    const char *policy;     /**< name or path */
    const char *pin_source; /**< NULL */
    /** A person looks at it. \return false: ERROR_INTERRUPTED, he said no */
    bool (*decide)(void *data, const struct policy_change *change, struct error *err);
    void *data;
};

/**
 * Records that a policy may be used as it is now. If it was approved so already nothing is done, and nobody is asked.
 * \param ret_change  what was approved
 * \param ret_seq     of the policy.approved: the new one, or the one that was there
 * \return false: ERROR_INPUT, it needs approvals by others, is not a policy, or too long for a record; decide's; the token's
 */
MUST_USE bool policy_approve(const struct policy_approve_options *options, const struct console *console,
                             struct policy_change *ret_change, uint64_t *ret_seq, struct error *err);

#endif
