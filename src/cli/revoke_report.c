/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/revoke_report.h"

#include "base/memory.h"
#include "base/quote.h"
#include "base/time.h"
#include "cli/print.h"
#include "cli/report.h"
#include "ui/ui.h"

#include <stdlib.h>
#include <string.h>

#define SAMPLES_MAX 5
#define PROBLEMS_MAX 1000

static const char *const actions[] = {
    [REVOKE_REVOKE] = "revoke", [REVOKE_RELEASE] = "release", [REVOKE_NOTHING] = "nothing"};

static void show_samples(const struct revoke_plan *plan)
{
    size_t shown = 0;
    cli_print(stderr, "%zu certificates, %zu of them to be changed:\n", plan->count, plan->to_do);
    for (size_t i = 0; i < plan->count && shown < SAMPLES_MAX; i++) {
        const struct revoke_target *target = &plan->targets[i];
        if (target->action == REVOKE_NOTHING)
            continue;
        cli_print(stderr, "  %s  %s\n", target->serial_text, target->subject == NULL ? "" : target->subject);
        shown++;
    }
    if (plan->to_do > shown)
        cli_print(stderr, "  and %zu more\n", plan->to_do - shown);
}

/** A million is not revoked by a slip of the finger: the count is typed. */
static bool ask_count(const struct revoke_questions *questions, const struct revoke_plan *plan,
                      struct error *err)
{
    AUTO(builder_done) struct builder line = BUILDER_INIT;
    AUTO(free) char *count = memory_format("%zu", plan->to_do);
    if (questions->expected >= 0)
        return (size_t)questions->expected == plan->to_do ||
               error_set(err, ERROR_INPUT, 0,
                         "%zu certificates would be changed, --expect-count says %ld: nothing was done",
                         plan->to_do, questions->expected);
    if (questions->console->confirm == NULL || questions->is_yes)
        return error_set(err, ERROR_USAGE, 0,
                         "%zu certificates would be changed: a script says so by --expect-count %zu",
                         plan->to_do, plan->to_do);
    if (!ui_ask_line("type how many certificates are to be changed", &line, err))
        return false;
    return strcmp(builder_text(&line), count) == 0 ||
           error_set(err, ERROR_INTERRUPTED, 0, "that is not the number; nothing was done");
}

static bool ask_yes(const struct revoke_questions *questions, const struct revoke_plan *plan,
                    struct error *err)
{
    bool is_yes = questions->is_yes;
    bool is_release = plan->targets[0].action == REVOKE_RELEASE;
    if (!is_yes && questions->console->confirm == NULL)
        return error_set(err, ERROR_USAGE, 0, "there is no terminal to ask at: a script says --yes");
    if (!is_yes && !questions->console->confirm(questions->console->data,
                                                is_release ? "release it?" : "revoke it?", &is_yes, err))
        return false;
    return is_yes || error_set(err, ERROR_INTERRUPTED, 0, "nothing was done");
}

bool revoke_ask(void *data, const struct revoke_plan *plan, const char *words, struct error *err)
{
    const struct revoke_questions *questions = data;
    if (!questions->is_quiet) {
        if (plan->count == 1)
            cli_print(stderr, "%s", words);
        else
            show_samples(plan);
    }
    if (plan->to_do == 0 || questions->is_dry_run)
        return true;
    return plan->is_many ? ask_count(questions, plan, err) : ask_yes(questions, plan, err);
}

static void put_target(struct json *array, const struct revoke_target *target)
{
    char time[TIME_TEXT_SIZE];
    struct json *json = json_add_object(array);
    json_put_text(json, "serial", target->serial_text);
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

static void report_text(const struct revoke_plan *plan, bool is_dry_run)
{
    bool is_release = plan->count > 0 && plan->targets[0].action == REVOKE_RELEASE;
    if (plan->count == 1 && plan->targets[0].action == REVOKE_NOTHING)
        cli_print(stdout, "%s: %s\n", plan->targets[0].serial_text, plan->targets[0].note);
    cli_print(stdout, "%zu %s%s", plan->to_do, is_dry_run ? "would be " : "",
              is_release ? "released" : "revoked");
    if (plan->count > plan->to_do)
        cli_print(stdout, ", %zu were already", plan->count - plan->to_do);
    cli_print(stdout, "%s\n",
              is_dry_run || plan->to_do == 0 ? "" : "; `coldca crl` makes the CRL that says so");
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
