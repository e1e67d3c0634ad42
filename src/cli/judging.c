#include "cli/judging.h"

#include <string.h>

void judging_done(struct judging *judging)
{
    if (judging->readers != NULL)
        readers_close(judging->readers);
    options_variables_free(judging->variables, judging->settings.count);
    option_list_done(&judging->settings);
    inputs_done(&judging->inputs);
    if (judging->policy != NULL)
        policy_free(judging->policy);
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

bool judging_prepare(struct judging *judging, const struct options *options, int home_fd,
                     const struct ca_console *console, struct error *err)
{
    if (judging->policy_name == NULL)
        return error_set(err, ERROR_USAGE, 0,
                         "--policy NAME is needed; `coldca policy list` shows which there are");
    if (options->arguments.count == 0)
        return error_set(err, ERROR_USAGE, 0, "name the requests: files, folders, or - for stdin");
    if (shares_stdin(options))
        return error_set(err, ERROR_USAGE, 0,
                         "stdin can't give both a request and the PIN; give the PIN as fd:3 3<FILE, or name "
                         "the request's file");
    return options_variables(&judging->settings, &judging->variables, err) &&
           ca_policy_find(home_fd, judging->policy_name, &judging->policy, err) &&
           policy_check_variables(judging->policy, judging->variables, judging->settings.count, err) &&
           inputs_collect(options->arguments.items, options->arguments.count, console, &judging->inputs,
                          err) &&
           readers_open(0, &judging->readers, err);
}

bool judging_plan(struct judging *judging, struct ca_home *home,
                  bool (*is_taken)(void *data, const char *name, struct bytes certificate), void *data,
                  const struct ca_console *console, struct plan **ret_plan, struct error *err)
{
    struct plan_options options = {
        .policy = judging->policy,
        .variables = judging->variables,
        .variables_count = judging->settings.count,
        .days = judging->days,
        .may_reissue = judging->may_reissue,
        .is_taken = is_taken,
        .data = data,
        .now = time_now(),
    };
    return ca_plan_make(home, judging->readers, judging->inputs.items, judging->inputs.count, &options,
                        console, ret_plan, err);
}
