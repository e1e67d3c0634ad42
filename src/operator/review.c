/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/judging.h"
#include "cli/report.h"
#include "operator/given.h"
#include "operator/issue_report.h"
#include "operator/operator.h"
#include "operator/plan_report.h"
#include "operator/review_decide.h"

static const struct command_help help = {
    .usage = "review --policy NAME --out DIR [OPTIONS] FILE|DIR...\n"
             "       coldca review --policy NAME --plan-out PLAN [OPTIONS] FILE|DIR...\n"
             "       coldca review --plan PLAN --approval FILE... --out DIR",
    .text =
        "Shows each request in words: what it asks for, what the policy takes, drops and sets, and the "
        "certificate\n"
        "to be issued. You approve, refuse with a reason, skip, approve the rest that are allowed, or "
        "quit; then the PIN\n"
        "is asked for and what you approved is signed. Your decisions go to the ledger. Where issuing needs "
        "approvals, what\n"
        "you decided becomes a plan with --plan-out; --plan takes a last look at it once people approved "
        "it, and signs.",
    .example = "  coldca -C ca review --policy tls-server --out media/issued media/requests",
};

static bool check_options(struct issue_run_options *run, const struct judging *judging,
                          const struct options *options, const char *valid_for, struct error *err)
{
    if (run->given != NULL && (options->arguments.count > 0 || judging_is_said(judging)))
        return error_set(
            err, ERROR_USAGE, 0,
            "--plan names what is signed and by which policy: it takes --out DIR, and no requests");
    if ((run->directory == NULL) == (run->plan_out == NULL) || (run->plan_out != NULL && run->given != NULL))
        return error_set(
            err, ERROR_USAGE, 0,
            "--out DIR is needed: where the certificates go; or, of requests, --plan-out PLAN: a "
            "plan for people to approve");
    run->is_dry_run = run->plan_out != NULL;
    return given_duration(valid_for, &run->valid_for, err);
}

static bool report(const struct issue_run_options *run, const struct issue_outcome *outcome, bool wants_json,
                   struct error *err)
{
    if (run->plan_out != NULL)
        return plan_report(run, outcome, false, wants_json, err);
    if (!wants_json) {
        report_issue(outcome->plan, &outcome->result, run->directory);
        return true;
    }
    AUTO(json_free) struct json *json = report_issue_json(outcome->plan, &outcome->result, run->directory);
    report_json(json);
    return true;
}

int operator_review(int argc, char **argv, struct error *err)
{
    const char *valid_for = "7d";
    struct issue_run_options run = {.command = "review", .decide = review_decide};
    AUTO(options_done) struct options options = {.home = NULL};
    AUTO(judging_done) struct judging judging = {.policy_name = NULL};
    AUTO(given_done) struct given given = {.plan = NULL};
    const struct option_row rows[] = {
        JUDGING_ROWS(&judging),
        PLANNED_ROWS(&given, &run.plan_out, &valid_for),
        {"out", 'o', OPTION_TEXT, "DIR", "where the certificates go", &run.directory},
        {"no-proof", 0, OPTION_FLAG, NULL, "no NAME.tlog-proof beside the certificates", &run.without_proof},
        {"reissue", 0, OPTION_FLAG, NULL, "a new certificate even if the request has one",
         &judging.may_reissue},
    };
    AUTO(issue_outcome_done) struct issue_outcome outcome = {.plan = NULL};
    if (!options_parse(argc, argv, rows, ARRAY_LEN(rows), &options, err))
        return (int)err->kind;
    if (cli_is_help(&options, &help, rows, ARRAY_LEN(rows)))
        return EXIT_DONE;
    struct reviewing reviewing = {.console = cli_console(&options), .is_planning = run.plan_out != NULL};
    AUTO(free) char *path = home_path(options.home);
    run.home = path;
    run.pin_source = options.pin_source;
    run.data = &reviewing;
    if (!given_read(&given, &run.given, err) || !check_options(&run, &judging, &options, valid_for, err) ||
        !judging_options(&judging, &options, &run.planning, err) ||
        !issue_run(&run, &reviewing.console, &outcome, err) ||
        !report(&run, &outcome, options.wants_json, err))
        return (int)err->kind;
    return plan_count(outcome.plan, PLAN_REFUSE) > 0 ? EXIT_SOME_REFUSED : EXIT_DONE;
}
