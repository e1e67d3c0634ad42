/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/judging.h"
#include "cli/report.h"
#include "issue/run.h"
#include "operator/answers.h"
#include "operator/given.h"
#include "operator/issue_report.h"
#include "operator/operator.h"

#include <string.h>

static const struct command_help help = {
    .usage = "sign --policy NAME --out DIR [OPTIONS] FILE|DIR|-...\n"
             "       coldca sign --plan PLAN --approval FILE... --out DIR",
    .text =
        "Signs the requests the policy allows and writes NAME.pem for each NAME.csr, and NAME.tlog-proof: "
        "that it is in\nthe ledger, for anyone to check with `coldca ledger verify --proof`. Before the "
        "token is "
        "asked, the ledger\n"
        "holds the exact bytes; before a certificate is delivered, the ledger holds it. The same "
        "request under the same\n"
        "policy gets the same certificate back. Without --out a single request from stdin is answered on "
        "stdout:\nthe certificate, or with --json the report with the certificate in it; reasons for a "
        "refusal are on stderr.",
    .example =
        "  coldca -C ca sign --policy mqtt-device --set domain=iot.example --out media/issued media/requests",
};

/** Options that contradict each other are found before anything is touched. */
static bool check_options(const struct issue_run_options *run, const char *format,
                          const struct judging *judging, const struct options *options, struct error *err)
{
    bool is_stdin = options->arguments.count == 1 && strcmp(options->arguments.items[0], "-") == 0;
    if (run->directory == NULL && !run->is_dry_run && !is_stdin)
        return error_set(err, ERROR_USAGE, 0, "--out DIR is needed: where the certificates go");
    if (run->given != NULL && (options->arguments.count > 0 || judging_is_said(judging)))
        return error_set(
            err, ERROR_USAGE, 0,
            "--plan names what is signed and by which policy: it takes --out DIR, and no requests");
    if (format != NULL && strcmp(format, "pem") != 0 && strcmp(format, "der") != 0)
        return error_set(err, ERROR_USAGE, 0, "--format is pem or der");
    return true;
}

static void report(const struct options *options, const struct issue_run_options *run,
                   const struct issue_outcome *outcome, const struct answers *answers)
{
    bool is_answer = !run->is_dry_run && run->directory == NULL;
    if (options->wants_json) {
        AUTO(json_free)
        struct json *json = run->is_dry_run
                                ? report_plan_json(outcome->plan)
                                : report_issue_json(outcome->plan, &outcome->result, run->directory);
        if (is_answer)
            answers_put(answers, outcome->plan, json);
        report_json(json);
    } else if (run->is_dry_run) {
        report_plan(outcome->plan, true);
    } else if (run->directory != NULL) {
        report_issue(outcome->plan, &outcome->result, run->directory);
    } else {
        answers_print(answers, outcome->plan);
    }
}

int operator_sign(int argc, char **argv, struct error *err)
{
    const char *format = NULL;
    AUTO(answers_done) struct answers answers = answers_none();
    struct issue_run_options run = {.command = "sign", .output = &answers.output};
    AUTO(options_done) struct options options = {.home = NULL};
    AUTO(judging_done) struct judging judging = {.policy_name = NULL};
    AUTO(given_done) struct given given = {.plan = NULL};
    const struct option_row rows[] = {
        JUDGING_ROWS(&judging),
        GIVEN_ROWS(&given),
        {"out", 'o', OPTION_TEXT, "DIR", "where the certificates go", &run.directory},
        {"format", 0, OPTION_TEXT, "pem|der", "form of the certificates (pem)", &format},
        {"chain", 0, OPTION_FLAG, NULL, "also write NAME-chain.pem: the certificate and its issuing CA chain",
         &run.with_chain},
        {"no-proof", 0, OPTION_FLAG, NULL, "no NAME.tlog-proof beside the certificates", &run.without_proof},
        {"reissue", 0, OPTION_FLAG, NULL, "a new certificate even if the request has one",
         &judging.may_reissue},
        {"dry-run", 'n', OPTION_FLAG, NULL, "show the plan, sign nothing", &run.is_dry_run},
    };
    AUTO(issue_outcome_done) struct issue_outcome outcome = {.plan = NULL};
    if (!options_parse(argc, argv, rows, ARRAY_LEN(rows), &options, err))
        return (int)err->kind;
    if (cli_is_help(&options, &help, rows, ARRAY_LEN(rows)))
        return EXIT_DONE;
    struct console console = cli_console(&options);
    AUTO(free) char *path = home_path(options.home);
    run.home = path;
    run.pin_source = options.pin_source;
    run.format = format != NULL && strcmp(format, "der") == 0 ? DIRECTORY_DER : DIRECTORY_PEM;
    if (!given_read(&given, &run.given, err) || !judging_options(&judging, &options, &run.planning, err) ||
        !check_options(&run, format, &judging, &options, err) || !issue_run(&run, &console, &outcome, err))
        return (int)err->kind;
    report(&options, &run, &outcome, &answers);
    return plan_count(outcome.plan, PLAN_REFUSE) > 0 ? EXIT_SOME_REFUSED : EXIT_DONE;
}
