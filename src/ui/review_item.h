/* SPDX-License-Identifier: Apache-2.0 */
/* One request of a plan in words, as review shows it. Inside ui/ only. */
#ifndef COLDCA_UI_REVIEW_ITEM_H
#define COLDCA_UI_REVIEW_ITEM_H

#include "ui/ui.h"

/** Appends what the request asks for, the verdict with every reason, and what the policy makes of each part. */
void review_item_in_words(const struct plan_item *item, struct builder *ret_text);

/** Appends the certificate it has, or to be issued; nothing if none would. */
MUST_USE bool review_item_outcome(const struct plan_item *item, const struct review_hooks *hooks,
                                  struct builder *ret_text, struct error *err);

/** Appends one line each for file and subject, at most `columns` wide. \param place  "2 of 5" */
void review_item_title(const struct plan_item *item, const char *place, size_t columns,
                       struct builder *ret_text);

#endif
