/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/revoke_report.h"

#include "base/memory.h"
#include "cli/print.h"
#include "ui/ui.h"

#include <string.h>

#define SAMPLES_MAX 5

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
               (size_t)questions->expected == plan->to_do + plan->done_before ||
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
    if (!is_yes && questions->console->confirm == NULL)
        return error_set(err, ERROR_USAGE, 0, "there is no terminal to ask at: a script says --yes");
    if (!is_yes &&
        !questions->console->confirm(questions->console->data,
                                     plan->is_release ? "release it?" : "revoke it?", &is_yes, err))
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
