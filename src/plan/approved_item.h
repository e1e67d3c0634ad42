/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One item of an approved plan: what its record says is held against its bytes, the bytes against what coldca would have made, and the
 * serial against the ledger. Who approved may have been shown a plan that coldca did not write.
 */
#ifndef COLDCA_PLAN_APPROVED_ITEM_H
#define COLDCA_PLAN_APPROVED_ITEM_H

#include "home/home.h"
#include "plan/output.h"
#include "records/admit.h"

/** What the items of a plan have in common; borrowed. */
struct approved_items {
    const struct home *home;
    const struct admitted *admitted;
    const struct policy *policy; /**< the plan's, found to be the text that it was made by */
    struct output *output;       /**< where certificates go; NULL: nowhere is looked */
};

/**
 * \param ret_item  zeroed; to be freed with its plan, also on failure. Its request is what the bytes say: subject and key
 * \return false: ERROR_INPUT, what is wrong with it; ERROR_LEDGER
 */
MUST_USE bool approved_item_fill(const struct approved_items *items, size_t index, struct plan_item *ret_item,
                                 struct error *err);

#endif
