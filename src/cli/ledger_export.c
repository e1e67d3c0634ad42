/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/export.h"

#include "base/file.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "cli/report.h"
#include "witness/evidence.h"

#include <fcntl.h>

static const struct command_help export_help = {
    .usage = "ledger export DIR",
    .text = "Writes the ledger as C2SP tlog-tiles: plain files any client of such logs reads. A second run "
            "continues\nthe directory. Covers what the newest checkpoint covers.",
    .example = "  coldca -C ca ledger export media/log",
};

int cli_ledger_export(int argc, char **argv, struct error *err)
{
    AUTO(options_done) struct options options = {.home = NULL};
    AUTO(home_close) struct home *home = NULL;
    AUTO(close) int folder = -1;
    struct ledger_export result;
    if (!options_parse(argc, argv, NULL, 0, &options, err))
        return (int)err->kind;
    if (cli_is_help(&options, &export_help, NULL, 0))
        return EXIT_DONE;
    if (options.arguments.count != 1) {
        (void)error_set(err, ERROR_USAGE, 0, "ledger export needs one directory to write to");
        return (int)err->kind;
    }
    struct console console = cli_console(&options);
    AUTO(free) char *path = home_path(options.home);
    const char *target = options.arguments.items[0];
    if (!home_open(path, HOME_LOOK, &console, &home, err) || !file_make_folder(AT_FDCWD, target, 0755, err) ||
        !file_open_folder(AT_FDCWD, target, &folder, err) ||
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

static const struct command_help cosign_help = {
    .usage = "ledger cosign --key FILE|URI --name NAME",
    .text = "Adds a witness's cosignature (C2SP tlog-cosignature) to the newest checkpoint, stating that the "
            "witness has seen it.\n"
            "FILE holds its Ed25519 key in PEM, URI (pkcs11:...) names one in its own token; NAME is its "
            "name, such as\n"
            "witness.example/ada. Prints its verifier key, which `ledger verify --witness` takes.",
    .example = "  openssl genpkey -algorithm ed25519 -out ada.pem\n"
               "  coldca ledger cosign --key ada.pem --name witness.example/ada",
};

int cli_ledger_cosign(int argc, char **argv, struct error *err)
{
    const char *key = NULL;
    const char *name = NULL;
    AUTO(options_done) struct options options = {.home = NULL};
    const struct option_row rows[] = {
        {"key", 0, OPTION_TEXT, "FILE|URI", "the witness's private key", &key},
        {"name", 0, OPTION_TEXT, "NAME", "the witness's name, a URL without a scheme", &name},
    };
    AUTO(home_close) struct home *home = NULL;
    AUTO(builder_done) struct builder vkey = BUILDER_INIT;
    if (!options_parse(argc, argv, rows, ARRAY_LEN(rows), &options, err))
        return (int)err->kind;
    if (cli_is_help(&options, &cosign_help, rows, ARRAY_LEN(rows)))
        return EXIT_DONE;
    struct console console = cli_console(&options);
    AUTO(free) char *path = home_path(options.home);
    if (key == NULL || name == NULL) {
        (void)error_set(err, ERROR_USAGE, 0, "ledger cosign needs --key and --name");
        return (int)err->kind;
    }
    if (!home_open(path, HOME_WRITE, &console, &home, err) || !home_clock_check(home, time_now(), err) ||
        !witness_cosign(home, key, name, time_now(), &console, &vkey, err))
        return (int)err->kind;
    if (options.wants_json) {
        AUTO(json_free) struct json *json = json_new_object();
        json_put_text(json, "witness", builder_text(&vkey));
        report_json(json);
    } else {
        printf("%s\n", builder_text(&vkey));
    }
    return EXIT_DONE;
}
