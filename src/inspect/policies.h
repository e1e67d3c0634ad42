/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which text of a policy the ledger has: what changed in its file since it was approved last, and by which text a certificate was signed.
 * It promises, as all of this directory: what is foreign is parsed elsewhere (foreign.h), and a home is only looked at.
 * It does not: decide, log or sign; status/ does.
 */
#ifndef COLDCA_INSPECT_POLICIES_H
#define COLDCA_INSPECT_POLICIES_H

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

#endif
