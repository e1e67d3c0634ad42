/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run asks of the ledger before it does anything: which control is in force, whether it may act without approvals, whether a plan was
 * taken in, which text of a policy is approved. `ledger verify` asks the same of every record, years later (governed.h).
 */
#ifndef COLDCA_RECORDS_IN_FORCE_H
#define COLDCA_RECORDS_IN_FORCE_H

#include "ledger/ledger.h"
#include "records/approved.h"

/** \param ret_found  false: none was set (a home from before there were controls); the rest is then untouched */
MUST_USE bool control_in_force(struct ledger *ledger, struct control *ret_control, bool *ret_found,
                               struct error *err);

/**
 * Whether an act may be done by whoever logs in.
 * \param remedy  what to do instead, if it needs approvals: "`coldca plan ...`"
 * \return false: ERROR_INPUT, how many approvals it needs by which record, and the remedy
 */
MUST_USE bool control_permits(struct ledger *ledger, enum act act, const char *remedy, struct error *err);

/**
 * Whether a CRL is as the control in force wants it: ca.yaml may say less than that, never more.
 * \param lifetime  seconds from this_update to next_update
 * \return false: ERROR_INPUT, what it says and by which record
 */
MUST_USE bool control_permits_crl(struct ledger *ledger, int64_t lifetime, bool keep_expired,
                                  struct error *err);

/**
 * Whether ca.yaml may say what it says: it may repeat a control, never loosen it.
 * \param allow_extractable  ca.yaml's
 * \return false: ERROR_INPUT, which record says what, and the remedy
 */
MUST_USE bool control_permits_extractable(struct ledger *ledger, bool allow_extractable, struct error *err);
/** The same of a batch. \param require_manifest  ca.yaml's */
MUST_USE bool control_permits_manifest(struct ledger *ledger, bool require_manifest, struct error *err);

/** Whether a plan of this digest was taken in, and by which record. */
MUST_USE bool plan_is_taken(struct ledger *ledger, const uint8_t sha256[static 32], bool *ret_is_taken,
                            uint64_t *ret_seq, struct error *err);

/**
 * The approved text of a policy.
 * \param ret_record  the newest policy.approved of its name, the caller frees; NULL: there is none
 */
MUST_USE bool policy_in_force(struct ledger *ledger, const char *name, struct json **ret_record,
                              struct error *err);

/** Whether the control in force lets only approved policies be used. */
MUST_USE bool policy_needs_approval(struct ledger *ledger, bool *ret_needs, struct error *err);

/**
 * The record that has the text a certificate was signed by.
 * \param sha256      of the policy, as the cert.signing has it
 * \param signing     seq of that
 * \param ret_seq     the newest policy.approved of this name and digest before it; none: the oldest after it (the CA's own
 *                    certificate is signed before there are any)
 * \param ret_found   false: the ledger does not have this text
 */
MUST_USE bool policy_text_of(struct ledger *ledger, const char *name, const uint8_t sha256[static 32],
                             uint64_t signing, uint64_t *ret_seq, bool *ret_found, struct error *err);

/**
 * Whether a policy may be used under the control in force.
 * \param name   its own
 * \param given  how it was named, for the remedy: its name, or a path
 * \return false: ERROR_INPUT, with the remedy
 */
MUST_USE bool policy_permits(struct ledger *ledger, const char *name, const char *given,
                             const uint8_t sha256[static 32], struct error *err);

#endif
