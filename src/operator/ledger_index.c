/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/report.h"
#include "home/home.h"
#include "operator/operator.h"
#include "plan/screen.h"

static const struct command_help help = {
    .usage = "ledger index --rebuild",
    .text = "Discards index.sqlite and rebuilds it from the ledger, and discards index.rsa, which the next "
            "run that needs it rebuilds.\n"
            "Both are caches; nothing is lost with them.",
};

int operator_ledger_index(int argc, char **argv, struct error *err)
{
    bool wants_rebuild = false;
    uint64_t records = 0;
    AUTO(options_done) struct options options = {.home = NULL};
    const struct option_row rows[] = {{"rebuild", 0, OPTION_FLAG, NULL, "rebuild it", &wants_rebuild}};
    AUTO(home_close) struct home *home = NULL;
    if (!options_parse(argc, argv, rows, ARRAY_LEN(rows), &options, err))
        return (int)err->kind;
    if (cli_is_help(&options, &help, rows, ARRAY_LEN(rows)))
        return EXIT_DONE;
    AUTO(free) char *path = home_path(options.home);
    if (!wants_rebuild) {
        (void)error_set(err, ERROR_USAGE, 0, "ledger index needs --rebuild");
        return (int)err->kind;
    }
    if (!home_open_files(path, &home, err) ||
        !ledger_index_rebuild(home->fd, home->config.ledger_vkey, &records, err) ||
        !screening_forget(home->fd, err))
        return (int)err->kind;
    if (options.wants_json) {
        AUTO(json_free) struct json *json = json_new_object();
        json_put_int(json, "records", (int64_t)records);
        report_json(json);
    } else {
        printf("index rebuilt from %llu records\n", (unsigned long long)records);
    }
    return EXIT_DONE;
}
