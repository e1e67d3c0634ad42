#include "cli/judging.h"

void judging_done(struct judging *judging)
{
    options_variables_free(judging->variables, judging->settings.count);
    option_list_done(&judging->settings);
}

bool judging_options(struct judging *judging, const struct options *options,
                     struct planning_options *ret_planning, struct error *err)
{
    if (!options_variables(&judging->settings, &judging->variables, err))
        return false;
    *ret_planning = (struct planning_options){
        .policy = judging->policy_name,
        .variables = judging->variables,
        .variables_count = judging->settings.count,
        .days = judging->days,
        .may_reissue = judging->may_reissue,
        .paths = options->arguments.items,
        .paths_count = options->arguments.count,
    };
    return true;
}
