#include "cli/judging.h"

#define DAYS_MAX 36525 // a century, as in a policy

void judging_done(struct judging *judging)
{
    options_variables_free(judging->variables, judging->settings.count);
    option_list_done(&judging->settings);
}

bool judging_options(struct judging *judging, const struct options *options,
                     struct planning_options *ret_planning, struct error *err)
{
    if (judging->days > DAYS_MAX)
        return error_set(err, ERROR_USAGE, 0, "--days: at most %d", DAYS_MAX);
    if (!options_variables(&judging->settings, &judging->variables, err))
        return false;
    *ret_planning = (struct planning_options){
        .policy = judging->policy_name,
        .variables = judging->variables,
        .variables_count = judging->settings.count,
        .days = (unsigned)judging->days,
        .may_reissue = judging->may_reissue,
        .paths = options->arguments.items,
        .paths_count = options->arguments.count,
    };
    return true;
}
