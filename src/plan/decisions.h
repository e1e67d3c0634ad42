/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person decides of a plan, item by item: approve, refuse with a reason, skip. Nothing reaches the plan before it is applied,
 * and it can be taken back as long as the plan was not carried out.
 *
 * Promises: what the policy refused can't be approved. Does not: ask or draw (ui/review.c), sign or log.
 */
#ifndef COLDCA_PLAN_DECISIONS_H
#define COLDCA_PLAN_DECISIONS_H

#include "plan/plan.h"

struct decisions;
/** \param plan  borrowed; as the policy judged it. Each item stands as judged until something is decided of it. */
struct decisions *decisions_new(struct plan *plan);
void decisions_free(struct decisions *decisions);
DEFINE_AUTO(struct decisions *, decisions_free);

/** Whether the policy leaves the decision on an item to a person. */
bool decisions_may_approve(const struct decisions *decisions, size_t index);
/** How many of the items from first on may be approved. */
size_t decisions_count_approvable(const struct decisions *decisions, size_t first);
/** How many were decided of so far. */
size_t decisions_made(const struct decisions *decisions);

/** \return false: it may not be approved; nothing changes */
MUST_USE bool decisions_approve(struct decisions *decisions, size_t index);
/** \param reason  a person's words, escaped, for the ledger; copied; NULL: the policy's own reasons stand */
void decisions_refuse(struct decisions *decisions, size_t index, const char *reason);
void decisions_skip(struct decisions *decisions, size_t index);
/** Leaves every item from first on as the policy judged it: approved where it may be, else refused. */
void decisions_approve_rest(struct decisions *decisions, size_t first);

/** Puts what was decided into the plan, and seals it again. */
void decisions_apply(const struct decisions *decisions);
/** The plan is as judged again; the decisions stay. */
void decisions_take_back(const struct decisions *decisions);

#endif
