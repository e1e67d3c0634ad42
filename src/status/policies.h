/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which text of a policy may be used: what changed in its file since it was approved last, and approving it as it is now.
 * It promises: what is recorded is the text a person was shown, whole, on the disk and under a checkpoint before this returns.
 * It does not: write to policies/, or approve what the control in force wants several people for: that takes a plan.
 */
#ifndef COLDCA_STATUS_POLICIES_H
#define COLDCA_STATUS_POLICIES_H

#include "home/home.h"

/** A policy's file, and the text approved last under its name. */
struct policy_change {
    struct policy *policy;
    struct builder text;   /**< the file's */
    struct json *approved; /**< its policy.approved; NULL: it was never approved */
    int64_t approved_seq;  /**< of that; -1 */
    struct builder
        diff; /**< from the approved text (or none) to the file's, as diff -u; empty: they are the same */
};
void policy_change_done(struct policy_change *change);
DEFINE_AUTO_VALUE(struct policy_change, policy_change_done);

/** \param name  name or path. \return false: ERROR_INPUT, there is no such policy, or it is none; ERROR_LEDGER */
MUST_USE bool policy_change_read(const struct home *home, const char *name, struct policy_change *ret_change,
                                 struct error *err);

/**
 * The record that has the text a certificate was signed by.
 * \param entry      of the ledger, or from before it
 * \param ret_words  a line that says it; appends
 * \param ret_seq  -1: the ledger does not have the text
 */
MUST_USE bool policy_record_of(struct ledger *ledger, const struct ledger_entry *entry,
                               struct builder *ret_words, int64_t *ret_seq, struct error *err);

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
