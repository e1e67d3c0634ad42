/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/ledger.h"

#include "base/encode.h"
#include "base/memory.h"
#include "cli/cli.h"
#include "cli/report.h"
#include "home/home.h"

static const struct command_help show_help = {
    .usage = "ledger show SEQ",
    .text = "Prints one record of the ledger, by its number.",
};

int cli_ledger_show(int argc, char **argv, struct error *err)
{
    uint64_t seq = 0;
    AUTO(options_done) struct options options = {.home = NULL};
    AUTO(home_close) struct home *home = NULL;
    AUTO(json_free) struct json *record = NULL;
    if (!options_parse(argc, argv, NULL, 0, &options, err))
        return (int)err->kind;
    if (cli_is_help(&options, &show_help, NULL, 0))
        return EXIT_DONE;
    struct console console = cli_console(&options);
    AUTO(free) char *path = home_path(options.home);
    if (options.arguments.count != 1 || !cli_parse_seq(options.arguments.items[0], &seq)) {
        (void)error_set(err, ERROR_USAGE, 0, "ledger show needs the number of one record");
        return (int)err->kind;
    }
    if (!home_open(path, HOME_LOOK, &console, &home, err) || !ledger_record(home->ledger, seq, &record, err))
        return (int)err->kind;
    report_json(record);
    return EXIT_DONE;
}
