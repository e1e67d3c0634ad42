/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/program.h"
#include "cli/report.h"
#include "home/home.h"
#include "ui/ui.h"

static const struct command_help help = {
    .usage = "ledger checkpoint [--sign] [--qr]",
    .text =
        "Prints the newest signed checkpoint (C2SP tlog-checkpoint): what witnesses and auditors keep. "
        "--qr draws it for a\n"
        "phone's camera, the only way out of some sites. --sign logs in and signs a new one first, over all "
        "records there are.",
};

/** The newest, or a new one. */
static bool find(const struct options *options, bool is_new, const struct console *console,
                 struct builder *ret_note, struct error *err)
{
    AUTO(home_close) struct home *home = NULL;
    AUTO(free) char *path = home_path(options->home);
    if (is_new)
        return program_running()->tokens->checkpoint(path, options->pin_source, console, ret_note, err);
    return home_open(path, HOME_LOOK, console, &home, err) &&
           ledger_checkpoint_newest(home->ledger, ret_note, err);
}

static bool report(const struct options *options, struct builder *note, struct error *err)
{
    AUTO(home_close) struct home *home = NULL;
    AUTO(free) char *path = home_path(options->home);
    if (!home_open(path, HOME_LOOK, NULL, &home, err))
        return false;
    AUTO(json_free) struct json *json = json_new_object();
    json_put_text(json, "checkpoint", builder_text(note));
    json_put_text(json, "vkey", home->config.ledger_vkey);
    json_put_int(json, "records", (int64_t)ledger_size(home->ledger));
    report_json(json);
    return true;
}

int cli_ledger_checkpoint(int argc, char **argv, struct error *err)
{
    bool wants_qr = false;
    bool is_new = false;
    AUTO(options_done) struct options options = {.home = NULL};
    const struct option_row rows[] = {
        {"qr", 0, OPTION_FLAG, NULL, "draw it as a QR code", &wants_qr},
        {"sign", 0, OPTION_FLAG, NULL, "sign a new one, which takes the PIN", &is_new},
    };
    const size_t count = ARRAY_LEN(rows) - (program_running()->tokens == NULL); // the last one's
    AUTO(builder_done) struct builder note = BUILDER_INIT;
    AUTO(builder_done) struct builder drawing = BUILDER_INIT;
    if (!options_parse(argc, argv, rows, count, &options, err))
        return (int)err->kind;
    if (cli_is_help(&options, &help, rows, count))
        return EXIT_DONE;
    struct console console = cli_console(&options);
    if (!find(&options, is_new, &console, &note, err) ||
        (wants_qr && !ui_qr(builder_bytes(&note), &drawing, err)) ||
        (options.wants_json && !report(&options, &note, err)))
        return (int)err->kind;
    if (!options.wants_json)
        fputs(wants_qr ? builder_text(&drawing) : builder_text(&note), stdout);
    return EXIT_DONE;
}
