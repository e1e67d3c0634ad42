/* SPDX-License-Identifier: Apache-2.0 */
/* What `revoke` shows and asks, and what it says at the end. */
#ifndef COLDCA_OPERATOR_REVOKE_REPORT_H
#define COLDCA_OPERATOR_REVOKE_REPORT_H

#include "status/revoke.h"

struct revoke_questions {
    const struct console *console;
    bool is_yes;
    bool is_dry_run;
    bool is_quiet; /**< --json: the plan is not shown before */
    long expected; /**< --expect-count; -1: not given */
};

/** revoke_options' decide; data is a struct revoke_questions. */
bool revoke_ask(void *data, const struct revoke_plan *plan, const char *words, struct error *err);
/** \param is_done  all of it was done; false: problems only */
void revoke_report(const struct revoke_plan *plan, const struct revoke_questions *questions, bool is_done,
                   bool wants_json);

#endif
