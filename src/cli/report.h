/* SPDX-License-Identifier: Apache-2.0 */
/* One result, as text or as JSON: the same facts in both (promise P9). */
#ifndef COLDCA_CLI_REPORT_H
#define COLDCA_CLI_REPORT_H

#include "plan/plan.h"

/** Prints a JSON value and a newline on stdout; what is harmful to a terminal as JSON's own escapes. */
void report_json(const struct json *json);

/** json_put_text() for what command lines and tokens bring: invalid UTF-8 and what is harmful become visible escapes. */
void report_put(struct json *json, const char *key, const char *text);

/** The verdict table of `check`, and the counts below it. */
void report_plan(const struct plan *plan, bool is_dry_run);
/** The plan as JSON: policy, plan_sha256, requests. The caller frees. */
struct json *report_plan_json(const struct plan *plan);

#endif
