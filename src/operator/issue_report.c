/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/issue_report.h"

#include "cli/print.h"
#include "cli/report.h"

void report_issue(const struct plan *plan, const struct issue_result *result, const char *folder)
{
    report_plan(plan, false);
    printf("%zu certificate%s issued", result->issued, result->issued == 1 ? "" : "s");
    if (result->repeated > 0)
        printf(", %zu re-delivered", result->repeated);
    if (result->skipped > 0)
        printf(", %zu skipped", result->skipped);
    if (folder != NULL)
        cli_print(stdout, "; they are in %s", folder);
    printf("; the ledger has %llu records\n", (unsigned long long)result->ledger_size);
}

struct json *report_issue_json(const struct plan *plan, const struct issue_result *result, const char *folder)
{
    struct json *json = report_plan_json(plan);
    json_put_int(json, "issued", (int64_t)result->issued);
    json_put_int(json, "repeated", (int64_t)result->repeated);
    json_put_int(json, "proofs", (int64_t)result->proofs);
    json_put_int(json, "skipped", (int64_t)result->skipped);
    json_put_int(json, "abandoned", (int64_t)result->abandoned);
    json_put_int(json, "ledger_size", (int64_t)result->ledger_size);
    if (folder != NULL)
        report_put(json, "folder", folder);
    return json;
}
