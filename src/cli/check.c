/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "cli/judging.h"
#include "cli/report.h"

static const struct command_help help = {
    .usage = "check --policy NAME [OPTIONS] FILE|DIR|-...",
    .text =
        "Evaluates requests against a policy and gives every reason at once. Signs nothing and never needs "
        "the token. With a\n"
        "home, the issuer's limits and the ledger are checked as well and the plan's hash is printed; "
        "without one, it says\nwhat was not checked.",
    .example = "  coldca check --policy mqtt-device --set domain=iot.example media/requests",
};

int cli_check(int argc, char **argv, struct error *err)
{
    AUTO(options_done) struct options options = {.home = NULL};
    AUTO(judging_done) struct judging judging = {.policy_name = NULL};
    const struct option_row rows[] = {JUDGING_ROWS(&judging)};
    struct planning_options wanted;
    AUTO(plan_free) struct plan *plan = NULL;
    AUTO(home_close) struct home *home = NULL;
    AUTO(planning_close) struct planning *planning = NULL;
    if (!options_parse(argc, argv, rows, ARRAY_LEN(rows), &options, err))
        return (int)err->kind;
    if (cli_is_help(&options, &help, rows, ARRAY_LEN(rows)))
        return EXIT_DONE;
    struct console console = cli_console(&options);
    AUTO(free) char *path = home_path(options.home);
    if (cli_has_home(&options, path) && !home_open(path, HOME_LOOK, &console, &home, err))
        return (int)err->kind;
    if (!judging_options(&judging, &options, &wanted, err) ||
        !planning_open(&wanted, home, &console, &planning, err) ||
        !planning_plan(planning, NULL, &console, &plan, err))
        return (int)err->kind;
    if (options.wants_json) {
        AUTO(json_free) struct json *json = report_plan_json(plan);
        report_json(json);
    } else {
        report_plan(plan, true);
    }
    return plan_count(plan, PLAN_REFUSE) > 0 ? EXIT_SOME_REFUSED : EXIT_DONE;
}
