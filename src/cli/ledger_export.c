/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/export.h"

#include "base/new_folder.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "cli/report.h"
#include "home/home.h"

#include <fcntl.h>

static const struct command_help help = {
    .usage = "ledger export DIR",
    .text = "Writes the ledger as C2SP tlog-tiles: plain files any client of such logs reads. A second run "
            "continues\nthe directory. Covers what the newest checkpoint covers.",
    .example = "  coldca -C ca ledger export media/log",
};

int cli_ledger_export(int argc, char **argv, struct error *err)
{
    AUTO(options_done) struct options options = {.home = NULL};
    AUTO(home_close) struct home *home = NULL;
    AUTO(new_folder_done) struct new_folder own = {.made = NULL};
    AUTO(close) int folder = -1;
    struct ledger_export result;
    if (!options_parse(argc, argv, NULL, 0, &options, err))
        return (int)err->kind;
    if (cli_is_help(&options, &help, NULL, 0))
        return EXIT_DONE;
    if (options.arguments.count != 1) {
        (void)error_set(err, ERROR_USAGE, 0, "ledger export needs one directory to write to");
        return (int)err->kind;
    }
    struct console console = cli_console(&options);
    AUTO(free) char *path = home_path(options.home);
    const char *target = options.arguments.items[0];
    if (!home_open(path, HOME_LOOK, &console, &home, err) || !new_folder_open(target, &own, &folder, err) ||
        !ledger_export(home->ledger, folder, &result, err))
        return (int)err->kind;
    if (options.wants_json) {
        AUTO(json_free) struct json *json = json_new_object();
        json_put_int(json, "records", (int64_t)result.size);
        json_put_int(json, "records_before", (int64_t)result.old_size);
        json_put_int(json, "files", (int64_t)result.files);
        report_json(json);
    } else {
        cli_print(stdout, "%s holds %llu records now, %llu before; %llu files written\n", target,
                  (unsigned long long)result.size, (unsigned long long)result.old_size,
                  (unsigned long long)result.files);
    }
    return EXIT_DONE;
}
