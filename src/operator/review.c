/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "cli/judging.h"
#include "cli/report.h"
#include "issue/run.h"
#include "operator/issue_report.h"
#include "operator/operator.h"
#include "ui/ui.h"

static const struct command_help help = {
    .usage = "review --policy NAME --out DIR [OPTIONS] FILE|DIR...",
    .text = "Shows each request in words: what it asks for, what the policy takes, drops and sets, and the "
            "certificate\n"
            "to be issued. You approve, refuse with a reason, skip, approve the rest that are allowed, or "
            "quit; then the PIN\n"
            "is asked for and what you approved is signed. Your decisions go to the ledger.",
    .example = "  coldca -C ca review --policy tls-server --out media/issued media/requests",
};

/** Promise P8: on a console a person confirms the time before anything is signed, and who he is with it. */
static bool confirm_clock(const struct console *console, const struct issue_desk *desk, struct error *err)
{
    AUTO(free) char *operator_name = issue_desk_operator(desk);
    char now[TIME_TEXT_SIZE];
    bool is_right = false;
    AUTO(free)
    char *question =
        memory_format("the clock says %s UTC, and the records will name %s as the operator; is that right?",
                      time_format(time_now(), now), operator_name);
    if (console->confirm == NULL)
        return error_set(err, ERROR_USAGE, 0, "review needs a terminal; `coldca sign` works without one");
    if (!console->confirm(console->data, question, &is_right, err))
        return false;
    return is_right ||
           error_set(err, ERROR_INTERRUPTED, 0,
                     "set the clock, or say who you are with --operator, then run again; nothing was signed");
}

static bool describe(void *data, const struct plan_item *item, struct builder *ret_text, struct error *err)
{
    return issue_desk_describe(data, item, ret_text, err);
}

static bool unlock(void *data, struct error *err)
{
    return issue_desk_unlock(data, err);
}

/** A person looks at each request; at the clock, too. */
static bool decide(void *data, struct issue_desk *desk, struct plan *plan, struct error *err)
{
    const struct review_hooks hooks = {.describe = describe, .unlock = unlock, .data = desk};
    return confirm_clock(data, desk, err) && ui_review(plan, &hooks, err);
}

int operator_review(int argc, char **argv, struct error *err)
{
    struct issue_run_options run = {.command = "review", .decide = decide};
    AUTO(options_done) struct options options = {.home = NULL};
    AUTO(judging_done) struct judging judging = {.policy_name = NULL};
    const struct option_row rows[] = {
        JUDGING_ROWS(&judging),
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
    if (run.directory == NULL) {
        (void)error_set(err, ERROR_USAGE, 0, "--out DIR is needed: where the certificates go");
        return (int)err->kind;
    }
    struct console console = cli_console(&options);
    AUTO(free) char *path = home_path(options.home);
    run.home = path;
    run.pin_source = options.pin_source;
    run.data = &console;
    if (!judging_options(&judging, &options, &run.planning, err) || !issue_run(&run, &console, &outcome, err))
        return (int)err->kind;
    if (options.wants_json) {
        AUTO(json_free) struct json *json = report_issue_json(outcome.plan, &outcome.result, run.directory);
        report_json(json);
    } else {
        report_issue(outcome.plan, &outcome.result, run.directory);
    }
    return plan_count(outcome.plan, PLAN_REFUSE) > 0 ? EXIT_SOME_REFUSED : EXIT_DONE;
}
