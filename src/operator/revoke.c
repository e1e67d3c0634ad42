/* SPDX-License-Identifier: Apache-2.0 */
#include "status/revoke.h"
#include "operator/operator.h"

#include "base/memory.h"
#include "cli/print.h"
#include "cli/report.h"
#include "home/home.h"
#include "operator/govern.h"
#include "operator/revoke_report.h"

static const struct command_help help = {
    .usage =
        "revoke --serial HEX|--certificate FILE|--request FILE|--key FILE|--list CSV|--where TERMS [OPTIONS]",
    .text =
        "Revokes certificates: each is a record in the ledger, on the disk and under a checkpoint before "
        "this "
        "says done.\nThe next `coldca crl` has them. --hold is a revocation that --release takes back; any "
        "other stays.\n--list is a CSV file with the columns serial, and if wanted reason and "
        "invalidity_date. "
        "--where takes\npolicy=, batch=, subject=, issued-since= and issued-before=, separated by commas.",
    .example =
        "  coldca -C ca revoke --serial 35b71f9e... --reason keyCompromise\n"
        "  coldca -C ca revoke --where policy=mqtt-device,issued-before=2026-06-01 --reason superseded",
};

/** --plan: what is revoked stands in it. */
static int carry_out(const struct revoke_options *revoke, const struct console *console,
                     const struct options *options, struct error *err)
{
    uint64_t done = 0;
    if (options->arguments.count > 0 || revoke->serial_count > 0 || revoke->where != NULL ||
        revoke->list != NULL) {
        (void)error_set(err, ERROR_USAGE, 0,
                        "--plan names what is revoked: it takes --approval, and nothing else");
        return (int)err->kind;
    }
    if (!revoke_planned(revoke, console, &done, err))
        return (int)err->kind;
    if (options->wants_json) {
        AUTO(json_free) struct json *json = json_new_object();
        json_put_int(json, "revoked", (int64_t)done);
        report_json(json);
    } else {
        cli_print(stdout, "%llu revoked or released by the plan\n", (unsigned long long)done);
    }
    return EXIT_DONE;
}

int operator_revoke(int argc, char **argv, struct error *err)
{
    struct option_list serials = {.items = NULL};
    struct revoke_questions questions = {.expected = -1};
    struct revoke_options revoke = {.decide = revoke_ask, .data = &questions};
    AUTO(options_done) struct options options = {.home = NULL};
    const char *valid_for = "7d";
    AUTO(given_done) struct given given = {.plan = NULL};
    AUTO(revoke_plan_done) struct revoke_plan plan = {.count = 0};
    const struct option_row rows[] = {
        {"serial", 0, OPTION_LIST, "HEX", "by serial number; repeatable", &serials},
        {"certificate", 0, OPTION_TEXT, "FILE", "the certificate in a file", &revoke.certificate},
        {"request", 0, OPTION_TEXT, "FILE", "all that were issued for this request", &revoke.request},
        {"key", 0, OPTION_TEXT, "FILE",
         "all with this public key, or that of this certificate or request; with --reason keyCompromise the "
         "key itself",
         &revoke.key},
        {"list", 0, OPTION_TEXT, "CSV", "all of a list", &revoke.list},
        {"where", 0, OPTION_TEXT, "TERMS", "all that fit", &revoke.where},
        {"reason", 0, OPTION_TEXT, "REASON", "as RFC 5280 5.3.1 names them: keyCompromise, superseded ...",
         &revoke.reason},
        {"invalidity-date", 0, OPTION_TEXT, "TIME", "since when the key was out of its holder's hands",
         &revoke.invalidity_date},
        {"hold", 0, OPTION_FLAG, NULL, "for the time being (certificateHold)", &revoke.is_hold},
        {"release", 0, OPTION_FLAG, NULL, "take a hold back", &revoke.is_release},
        {"foreign", 0, OPTION_FLAG, NULL, "issued before this ledger was begun", &revoke.is_foreign},
        {"expect-count", 0, OPTION_NUMBER, "N", "with --where: nothing is done unless it is so many",
         &questions.expected},
        {"skip-bad", 0, OPTION_FLAG, NULL, "with --list: leave out the lines that can't be carried out",
         &revoke.may_skip},
        {"yes", 'y', OPTION_FLAG, NULL, "do not ask", &questions.is_yes},
        PLANNED_ROWS(&given, &revoke.plan_out, &valid_for),
        {"emergency", 0, OPTION_TEXT, "REASON",
         "by one person, where the controls know emergencies; recorded", &revoke.emergency},
        {"dry-run", 'n', OPTION_FLAG, NULL, "show what would be done, do nothing", &revoke.is_dry_run},
    };
    bool is_parsed = options_parse(argc, argv, rows, ARRAY_LEN(rows), &options, err);
    AUTO(option_list_done) struct option_list owned = serials;
    if (!is_parsed)
        return (int)err->kind;
    if (cli_is_help(&options, &help, rows, ARRAY_LEN(rows)))
        return EXIT_DONE;
    struct console console = cli_console(&options);
    AUTO(free) char *path = home_path(options.home);
    questions.console = &console;
    questions.is_dry_run = revoke.is_dry_run || revoke.plan_out != NULL;
    questions.is_quiet = options.wants_json;
    revoke.serials = owned.items;
    revoke.serial_count = owned.count;
    revoke.home = path;
    revoke.pin_source = options.pin_source;
    if (!given_read(&given, &revoke.given, err) || !given_duration(valid_for, &revoke.valid_for, err))
        return (int)err->kind;
    if (revoke.given != NULL)
        return carry_out(&revoke, &console, &options, err);
    bool is_done =
        (options.arguments.count == 0 ||
         error_set(err, ERROR_USAGE, 0, "\"%s\" stands alone: name it by --serial, --certificate ...",
                   options.arguments.items[0])) &&
        revoke_run(&revoke, &console, &plan, err);
    revoke_report(&plan, &questions, is_done, options.wants_json);
    if (is_done && revoke.plan_out != NULL && !options.wants_json)
        cli_print_plan_digest(plan.plan_sha256);
    return !is_done ? (int)err->kind : plan.problem_count > 0 ? EXIT_SOME_REFUSED : EXIT_DONE;
}
