/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/revoke_report.h"

#include "base/memory.h"
#include "base/time.h"
#include "cli/print.h"
#include "cli/report.h"
#include "ui/ui.h"

#define PROBLEMS_MAX 1000

static const char *const actions[] = {
    [REVOKE_REVOKE] = "revoke", [REVOKE_RELEASE] = "release", [REVOKE_NOTHING] = "nothing"};

static void put_target(struct json *array, const struct revoke_target *target)
{
    char time[TIME_TEXT_SIZE];
    struct json *json = json_add_object(array);
    json_put_text(json, "serial", target->is_key ? NULL : target->serial_text);
    json_put_text(json, "key", target->is_key ? target->serial_text + strlen("key ") : NULL);
    json_put_text(json, "subject", target->subject);
    json_put_text(json, "action", actions[target->action]);
    json_put_text(json, "reason", revoke_reason_name(target));
    json_put_text(json, "note", target->note);
    json_put_text(json, "not_after", revoke_end(target, time));
}

static void report_as_json(const struct revoke_plan *plan, bool is_dry_run)
{
    AUTO(json_free) struct json *json = json_new_object();
    json_put_bool(json, "dry_run", is_dry_run);
    json_put_int(json, "changed", is_dry_run ? 0 : (int64_t)plan->to_do);
    struct json *targets = json_put_array(json, "certificates");
    for (size_t i = 0; i < plan->count; i++)
        put_target(targets, &plan->targets[i]);
    struct json *problems = json_put_array(json, "problems");
    for (size_t i = 0; i < plan->problem_count; i++)
        json_add_text(problems, plan->problems[i]);
    report_json(json);
}

static const char *next_step(const struct revoke_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        if (!plan->targets[i].is_key && plan->targets[i].action != REVOKE_NOTHING)
            return ui_says_next() ? "; `coldca crl` makes the CRL that says so" : "; the next CRL says so";
    }
    return "; every request with this key is refused from now on";
}

static void report_text(const struct revoke_plan *plan, bool is_dry_run)
{
    if (plan->count == 1 && plan->targets[0].action == REVOKE_NOTHING)
        cli_print(stdout, "%s: %s\n", plan->targets[0].serial_text, plan->targets[0].note);
    cli_print(stdout, "%zu %s%s", plan->to_do, is_dry_run ? "would be " : "",
              plan->is_release ? "released" : "revoked");
    if (plan->count > plan->to_do)
        cli_print(stdout, ", %zu were %s", plan->count - plan->to_do,
                  plan->is_release ? "not on hold" : "already");
    cli_print(stdout, "%s\n", is_dry_run || plan->to_do == 0 ? "" : next_step(plan));
}

void revoke_report(const struct revoke_plan *plan, const struct revoke_questions *questions, bool is_done,
                   bool wants_json)
{
    for (size_t i = 0; i < plan->problem_count && i < PROBLEMS_MAX; i++)
        cli_print(stderr, "%s\n", plan->problems[i]);
    if (plan->problem_count > PROBLEMS_MAX)
        cli_print(stderr, "and %zu more\n", plan->problem_count - PROBLEMS_MAX);
    if (!is_done)
        return;
    if (wants_json)
        report_as_json(plan, questions->is_dry_run);
    else
        report_text(plan, questions->is_dry_run);
}
