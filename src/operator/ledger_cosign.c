/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "cli/program.h"
#include "cli/report.h"
#include "operator/operator.h"
#include "witness/evidence.h"

static const struct command_help help = {
    .usage = "ledger cosign --key FILE|URI --name NAME",
    .text = "Adds a witness's cosignature (C2SP tlog-cosignature) to the newest checkpoint, stating that the "
            "witness has seen it.\n"
            "FILE holds its Ed25519 key in PEM, URI (pkcs11:...) names one in its own token; NAME is its "
            "name, such as\n"
            "witness.example/ada. Prints its verifier key, which `ledger verify --witness` takes.",
    .example = "  openssl genpkey -algorithm ed25519 -out ada.pem\n"
               "  coldca ledger cosign --key ada.pem --name witness.example/ada",
};

int operator_ledger_cosign(int argc, char **argv, struct error *err)
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
    if (cli_is_help(&options, &help, rows, ARRAY_LEN(rows)))
        return EXIT_DONE;
    struct console console = cli_console(&options);
    AUTO(free) char *path = home_path(options.home);
    if (key == NULL || name == NULL) {
        (void)error_set(err, ERROR_USAGE, 0, "ledger cosign needs --key and --name");
        return (int)err->kind;
    }
    if (!home_open(path, HOME_WRITE, &console, &home, err) || !home_clock_check(home, time_now(), err) ||
        !witness_cosign(home, key, name, time_now(), program_running()->tokens->keys, &console, &vkey, err))
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
