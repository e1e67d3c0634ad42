/* SPDX-License-Identifier: Apache-2.0 */
/* What a person at the console decides of a run of `coldca review`. */
#ifndef COLDCA_OPERATOR_REVIEW_DECIDE_H
#define COLDCA_OPERATOR_REVIEW_DECIDE_H

#include "issue/run.h"

struct reviewing {
    struct console console;
    bool is_planning; /**< --plan-out: nobody logs in */
};

/** For issue_run_options.decide: a person looks at each request; at the clock, too. \param data  struct reviewing */
bool review_decide(void *data, struct issue_desk *desk, struct plan *plan, struct error *err);

#endif
