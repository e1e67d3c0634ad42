/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/batch_report.h"

#include "cli/print.h"
#include "cli/report.h"

static void print_result(const struct batch_result *result, const char *medium)
{
    const struct issue_result *issue = &result->issue;
    printf("%zu request%s: %zu issued, %zu refused", result->requests, result->requests == 1 ? "" : "s",
           issue->issued, issue->refused);
    if (issue->repeated > 0)
        printf(", %zu issued before and re-delivered", issue->repeated);
    if (issue->present > 0)
        printf(", %zu on the medium already", issue->present);
    printf("\n");
    if (result->missing > 0)
        printf("%zu request%s in requests.sha256 %s not on the medium; report.json names them\n",
               result->missing, result->missing == 1 ? "" : "s", result->missing == 1 ? "is" : "are");
    if (result->absent > 0)
        printf("%zu certificate%s of the plan not made: no such request is on this medium\n", result->absent,
               result->absent == 1 ? " was" : "s were");
    if (result->has_answers)
        cli_print(stdout,
                  "the results are in %s/issued/%s; read report.html there; the ledger has %llu records\n",
                  medium, result->id, (unsigned long long)issue->ledger_size);
    else
        printf("nothing to do: every request has its certificate on this medium\n");
    printf("safe to remove: everything on %s is written; unmount it first, if it is mounted\n", medium);
}

static struct json *result_json(const struct batch_result *result)
{
    struct json *json = json_new_object();
    json_put_text(json, "batch", result->id);
    json_put_bool(json, "resumed", result->is_resumed);
    json_put_bool(json, "answers", result->has_answers);
    json_put_int(json, "requests", (int64_t)result->requests);
    json_put_int(json, "issued", (int64_t)result->issue.issued);
    json_put_int(json, "repeated", (int64_t)result->issue.repeated);
    json_put_int(json, "present", (int64_t)result->issue.present);
    json_put_int(json, "refused", (int64_t)result->issue.refused);
    json_put_int(json, "missing", (int64_t)result->missing);
    json_put_int(json, "absent", (int64_t)result->absent);
    json_put_int(json, "of_other_policies", (int64_t)result->of_other_policies);
    json_put_int(json, "proofs", (int64_t)result->issue.proofs);
    json_put_int(json, "abandoned", (int64_t)result->issue.abandoned);
    json_put_int(json, "private_keys", (int64_t)result->private_keys);
    json_put_int(json, "other_files", (int64_t)result->other_files);
    json_put_int(json, "ledger_size", (int64_t)result->issue.ledger_size);
    json_put_bool(json, "safe_to_remove", true); // else there is no result
    return json;
}

void batch_report(const struct batch_result *result, const char *medium, bool wants_json)
{
    if (!wants_json) {
        print_result(result, medium);
        return;
    }
    AUTO(json_free) struct json *json = result_json(result);
    report_json(json);
}
