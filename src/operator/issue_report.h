/* SPDX-License-Identifier: Apache-2.0 */
/* What a run that signed says at its end: the plan's verdicts (cli/report.h), and what came of them. */
#ifndef COLDCA_OPERATOR_ISSUE_REPORT_H
#define COLDCA_OPERATOR_ISSUE_REPORT_H

#include "issue/issue.h"
#include "plan/plan.h"

/** What sign and review say at the end; directory may be NULL. */
void report_issue(const struct plan *plan, const struct issue_result *result, const char *folder);
struct json *report_issue_json(const struct plan *plan, const struct issue_result *result,
                               const char *folder);

#endif
