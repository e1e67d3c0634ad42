/* One request of a plan in words, as review shows it. Inside ui/ only. */
#ifndef COLDCA_UI_REVIEW_ITEM_H
#define COLDCA_UI_REVIEW_ITEM_H

#include "plan/plan.h"

typedef bool review_describe(const struct plan_item *item, struct builder *ret_text, struct error *err);

/** Appends what the request asks for, the verdict with every reason, and what the policy makes of each part. */
void review_item_in_words(const struct plan_item *item, struct builder *ret_text);

/** Appends the certificate that would come out; nothing if none would. */
MUST_USE bool review_item_outcome(const struct plan_item *item, review_describe *describe,
                                  struct builder *ret_text, struct error *err);

#endif
