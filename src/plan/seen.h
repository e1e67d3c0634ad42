/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run has seen so far: requests, output names and keys, so that a second one is recognised over all plans of a run.
 * It knows nothing of earlier runs; those are in the ledger.
 */
#ifndef COLDCA_PLAN_SEEN_H
#define COLDCA_PLAN_SEEN_H

#include "plan/plan.h"

struct seen;
struct seen *seen_new(void);
void seen_free(struct seen *seen);
DEFINE_AUTO(struct seen *, seen_free);

/**
 * Notes an item's request, name and key; refuses the item if one was noted before. Names are compared as a medium does that
 * does not tell upper case from lower.
 * \param checks_key  key.unique: one key, one request
 */
void seen_note(struct seen *seen, struct plan_item *item, bool checks_key);

/** Adds to the reasons of an item that is refused anyway if its key was noted before. */
void seen_look_up_key(const struct seen *seen, struct plan_item *item);

#endif
