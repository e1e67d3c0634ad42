/* SPDX-License-Identifier: Apache-2.0 */
/* One result, as text or as JSON: the same facts in both (promise P9). */
#ifndef COLDCA_CLI_REPORT_H
#define COLDCA_CLI_REPORT_H

#include "issue/issue.h"
#include "plan/plan.h"

/** Prints a JSON value and a newline on stdout. */
void report_json(const struct json *json);

/** The verdict table of `check`, and the counts below it. */
void report_plan(const struct plan *plan, bool is_dry_run);
/** The plan as JSON: policy, plan_sha256, requests. The caller frees. */
struct json *report_plan_json(const struct plan *plan);
/** What sign and review say at the end; folder may be NULL. */
void report_issue(const struct plan *plan, const struct issue_result *result, const char *folder);
struct json *report_issue_json(const struct plan *plan, const struct issue_result *result,
                               const char *folder);

#endif
