/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/judging.h"

#include <string.h>

void judging_done(struct judging *judging)
{
    options_variables_free(judging->variables, judging->settings.count);
    option_list_done(&judging->settings);
}

/** A PIN that comes from where a request is read up to its end. */
static bool shares_stdin(const struct options *options)
{
    static const char *const names[] = {"fd:0", "file:/dev/stdin", "file:/dev/fd/0", "file:/proc/self/fd/0"};
    bool reads_stdin = false;
    bool pin_from_stdin = false;
    for (size_t i = 0; i < options->arguments.count; i++)
        reads_stdin = reads_stdin || strcmp(options->arguments.items[i], "-") == 0;
    for (size_t i = 0; options->pin_source != NULL && i < ARRAY_LEN(names); i++)
        pin_from_stdin = pin_from_stdin || strcmp(options->pin_source, names[i]) == 0;
    return reads_stdin && pin_from_stdin;
}

bool judging_is_said(const struct judging *judging)
{
    return judging->policy_name != NULL || judging->settings.count > 0 || judging->days > 0 ||
           judging->may_reissue;
}

bool judging_options(struct judging *judging, const struct options *options,
                     struct planning_options *ret_planning, struct error *err)
{
    if (shares_stdin(options))
        return error_set(err, ERROR_USAGE, 0,
                         "stdin can't give both a request and the PIN; give the PIN as fd:3 3<FILE, or name "
                         "the request's file");
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
