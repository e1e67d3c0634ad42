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

/**
 * \param output    where certificates go; NULL: nowhere is looked
 * \param ret_item  zeroed; to be freed with its plan, also on failure. Its request is what the bytes say: subject, names, key
 * \return false: ERROR_INPUT, what is wrong with it; ERROR_LEDGER
 */
MUST_USE bool approved_item_fill(const struct home *home, const struct admitted *admitted, size_t index,
                                 struct output *output, struct plan_item *ret_item, struct error *err);

#endif
