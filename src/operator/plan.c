/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/judging.h"
#include "issue/run.h"
#include "operator/given.h"
#include "operator/operator.h"
#include "operator/plan_report.h"

static const struct command_help help = {
    .usage = "plan --policy NAME -o PLAN [OPTIONS] FILE|DIR|-...",
    .text = "Evaluates requests and writes what would be signed, to the byte, for people to approve: each "
            "certificate with its\n"
            "serial and dates, the policy's text, the control in force, and how long the plan may be carried "
            "out. Signs nothing\n"
            "and needs no token. `coldca approve` shows it to each person; `coldca sign --plan` carries it "
            "out.",
    .example = "  coldca -C ca plan --policy sub-ca -o stick/sub-ca.plan stick/requests\n"
               "  coldca approve stick/sub-ca.plan --name ann --key ann.pem\n"
               "  coldca -C ca sign --plan stick/sub-ca.plan --approval stick/sub-ca.plan.ann.approval "
               "--out stick/issued",
};

int operator_plan(int argc, char **argv, struct error *err)
{
    const char *valid_for = "7d";
    bool wants_qr = false;
    struct issue_run_options run = {.command = "plan", .is_dry_run = true};
    AUTO(options_done) struct options options = {.home = NULL};
    AUTO(judging_done) struct judging judging = {.policy_name = NULL};
    const struct option_row rows[] = {
        JUDGING_ROWS(&judging),
        {"out", 'o', OPTION_TEXT, "PLAN", "the file to write", &run.plan_out},
        {"valid-for", 0, OPTION_TEXT, "TIME", "how long it may be carried out: 7d (the default), 12h",
         &valid_for},
        {"reissue", 0, OPTION_FLAG, NULL, "a new certificate even if the request has one",
         &judging.may_reissue},
        {"qr", 0, OPTION_FLAG, NULL, "draw the plan's digest as a QR code, too", &wants_qr},
    };
    AUTO(issue_outcome_done) struct issue_outcome outcome = {.plan = NULL};
    if (!options_parse(argc, argv, rows, ARRAY_LEN(rows), &options, err))
        return (int)err->kind;
    if (cli_is_help(&options, &help, rows, ARRAY_LEN(rows)))
        return EXIT_DONE;
    struct console console = cli_console(&options);
    AUTO(free) char *path = home_path(options.home);
    run.home = path;
    if ((run.plan_out == NULL && !error_set(err, ERROR_USAGE, 0, "-o PLAN is needed: the file to write")) ||
        !given_duration(valid_for, &run.valid_for, err) ||
        !judging_options(&judging, &options, &run.planning, err) ||
        !issue_run(&run, &console, &outcome, err) ||
        !plan_report(&run, &outcome, wants_qr, options.wants_json, err))
        return (int)err->kind;
    return plan_count(outcome.plan, PLAN_REFUSE) > 0 ? EXIT_SOME_REFUSED : EXIT_DONE;
}
