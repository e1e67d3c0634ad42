/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/planning.h"

#include "base/memory.h"
#include "plan/inputs.h"
#include "plan/permits.h"

struct planning {
    struct planning_options options;
    struct judge *judge;
    struct policy *policy;
    struct inputs inputs;
    struct readers *readers;
    struct builder change; /**< what there is to tell of a policy that is not the one last used; else empty */
};

void planning_close(struct planning *planning)
{
    if (planning->readers != NULL)
        readers_close(planning->readers);
    inputs_done(&planning->inputs);
    builder_done(&planning->change);
    if (planning->policy != NULL)
        policy_free(planning->policy);
    judge_free(planning->judge);
    free(planning);
}

static bool collect(const struct planning_options *options, const struct home *home,
                    struct planning *planning, const struct console *console, struct error *err)
{
    struct inputs_media media = {.home = home, .policy = policy_name(planning->policy)};
    char **names = NULL;
    if (!options->takes_media)
        return inputs_collect(options->paths, options->paths_count, console, &planning->inputs, err);
    if (!home_policy_names(home->fd, &names, &media.policies_count, err))
        return false;
    media.policies = names;
    bool is_collected =
        inputs_collect_media(options->paths, options->paths_count, &media, console, &planning->inputs, err);
    for (size_t i = 0; i < media.policies_count; i++)
        free(names[i]);
    free(names);
    return is_collected;
}

bool planning_open(const struct planning_options *options, const struct home *home,
                   const struct console *console, struct planning **ret_planning, struct error *err)
{
    AUTO(planning_close) struct planning *planning = memory_new(1, sizeof(*planning));
    planning->options = *options;
    planning->judge = judge_new(home);
    if (options->policy == NULL)
        return error_set(err, ERROR_USAGE, 0,
                         "--policy NAME is needed; `coldca policy list` shows which there are");
    if (options->paths_count == 0)
        return error_set(err, ERROR_USAGE, 0, "name the requests: files, directories, or - for stdin");
    if (!home_policy_find(home != NULL ? home->fd : -1, options->policy, &planning->policy, err) ||
        !policy_check_variables(planning->policy, options->variables, options->variables_count, err) ||
        !collect(options, home, planning, console, err) || !judge_open_lists(planning->judge, err) ||
        !readers_open(0, &planning->readers, err))
        return false;
    if (home != NULL && home->ledger != NULL &&
        !plan_permits_policy(home, planning->policy, options->policy, &planning->change, err))
        return false;
    if (planning->change.len > 0)
        console_notice(console, "%s", builder_text(&planning->change));
    *ret_planning = TAKE(planning);
    return true;
}

bool planning_is_policy_changed(const struct planning *planning)
{
    return planning->change.len > 0;
}

const struct policy *planning_policy(const struct planning *planning)
{
    return planning->policy;
}

bool planning_plan(struct planning *planning, struct output *output, const struct console *console,
                   struct plan **ret_plan, struct error *err)
{
    const struct plan_options options = {
        .policy = planning->policy,
        .variables = planning->options.variables,
        .variables_count = planning->options.variables_count,
        .days = planning->options.days,
        .verifies_again = true, // a person waits for few; a batch has other parser processes to keep busy
        .may_reissue = planning->options.may_reissue,
        .output = output,
        .now = time_now(),
    };
    return plan_make(planning->judge, planning->readers, planning->inputs.items, planning->inputs.count,
                     &options, console, ret_plan, err);
}
