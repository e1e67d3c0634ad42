/* SPDX-License-Identifier: Apache-2.0 */
/* What `plan` and `review --plan-out` say of the plan they wrote: the table, and its digest in hex, in words, as a QR code. */
#ifndef COLDCA_OPERATOR_PLAN_REPORT_H
#define COLDCA_OPERATOR_PLAN_REPORT_H

#include "issue/run.h"

MUST_USE bool plan_report(const struct issue_run_options *run, const struct issue_outcome *outcome,
                          bool wants_qr, bool wants_json, struct error *err);

#endif
