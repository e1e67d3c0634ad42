/* SPDX-License-Identifier: Apache-2.0 */
#include "records/due.h"

#include "base/memory.h"
#include "base/time.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "cli/report.h"

#define WITHIN_DAYS 7

static const struct command_help help = {
    .usage = "status [OPTIONS]",
    .text = "Says when the next CRL is due, what waits for it, and whether a plan is to be run again. Exit "
            "code 0: nothing is due; 1: a CRL is "
            "due within "
            "the time\nasked about, or revocations are on none yet; 5: the newest CRL is not good any more.",
    .example = "  coldca -C ca status --within 7d",
};

static int code_of(enum due_state state)
{
    return state == DUE_OVER ? (int)ERROR_LEDGER : state == DUE_SOON ? EXIT_SOME_REFUSED : EXIT_DONE;
}

static void report(const struct due *due)
{
    static const char *const states[] = {
        [DUE_NOTHING] = "nothing", [DUE_SOON] = "due", [DUE_OVER] = "overdue"};
    char time[TIME_TEXT_SIZE];
    AUTO(json_free) struct json *json = json_new_object();
    json_put_text(json, "due", states[due->state]);
    json_put_text(json, "words", due->words);
    json_put_int(json, "waiting", (int64_t)due->waiting);
    json_put_int(json, "unfinished", (int64_t)due->unfinished);
    if (due->has_crl) {
        json_put_int(json, "number", (int64_t)due->number);
        json_put_text(json, "next_at", time_format(due->next_at, time));
        json_put_text(json, "next_update", time_format(due->next_update, time));
    }
    report_json(json);
}

int cli_report_due(struct options *options, unsigned within_days, struct error *err)
{
    AUTO(home_close) struct home *home = NULL;
    AUTO(due_done) struct due due = {.state = DUE_NOTHING};
    struct console console = cli_console(options);
    AUTO(free) char *path = home_path(options->home);
    if (!home_open(path, HOME_LOOK, &console, &home, err) ||
        !due_find(home, time_now(), within_days * TIME_DAY_SECONDS, &due, err))
        return (int)err->kind;
    if (options->wants_json)
        report(&due);
    else
        cli_print(stdout, "%s\n", due.words);
    if (!options->wants_json && due.unfinished > 0)
        cli_print(stdout,
                  "%llu certificates of an approved plan are logged and have no signature: run that plan "
                  "again before "
                  "any other command that writes the ledger, which would burn their serials\n",
                  (unsigned long long)due.unfinished);
    return code_of(due.state);
}

int cli_status(int argc, char **argv, struct error *err)
{
    unsigned within_days = WITHIN_DAYS;
    AUTO(options_done) struct options options = {.home = NULL};
    const struct option_row rows[] = {
        {"within", 0, OPTION_DAYS, "DAYS", "what is due within so many days counts (7)", &within_days},
    };
    if (!options_parse(argc, argv, rows, ARRAY_LEN(rows), &options, err))
        return (int)err->kind;
    if (cli_is_help(&options, &help, rows, ARRAY_LEN(rows)))
        return EXIT_DONE;
    return cli_report_due(&options, within_days, err);
}
