/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/check.h"
#include "operator/ceremony.h"
#include "operator/operator.h"
#include "ui/ui.h"

#include <stdio.h>
#include <unistd.h>

static const struct command_help help = {
    .usage = "ceremony run SCRIPT --site SITE --evidence DIR",
    .text = "Carries a ceremony out, step by step, at a terminal: each step shows what will happen, waits, "
            "shows what "
            "happened,\nand asks for a yes with initials. After a failure the room decides. All of it goes "
            "to DIR, and as "
            "soon as there is a\nhome to its ledger. Interrupted, the same command resumes at the step.",
    .example = "  coldca ceremony run root.yaml --site site.yaml --evidence /media/evidence/root",
};

/** Nobody answers for people: what is read and typed passes a terminal, at both ends. */
static bool check_terminal(struct error *err)
{
    return (ui_has_terminal() && isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1) ||
           error_set(
               err, ERROR_USAGE, 0,
               "a ceremony is run by people at a terminal, not through a pipe; `coldca ceremony rehearse "
               "--answers FILE` needs nobody");
}

static bool run(struct ceremony_run_options *run, const char *site_path, struct options *options,
                struct error *err)
{
    AUTO(ceremony_script_free) struct ceremony_script *script = NULL;
    AUTO(ceremony_site_free) struct ceremony_site *site = NULL;
    AUTO(ceremony_outcome_done) struct ceremony_outcome outcome = {.transcript = NULL};
    AUTO(free) char *name = NULL;
    if (!cli_ceremony_read(options, "ceremony run", &script, &name, err) ||
        !ceremony_check(script, name, err) || !cli_ceremony_site(site_path, script, &site, err))
        return false;
    struct machine machine = {.site = site};
    run->script = script;
    run->script_name = name;
    run->site = site;
    run->world = ceremony_machine(&machine);
    if (!ceremony_run(run, &outcome, err))
        return false;
    operator_ceremony_report(script, &outcome, options->wants_json);
    return true;
}

int operator_ceremony_run(int argc, char **argv, struct error *err)
{
    const char *site_path = NULL;
    AUTO(options_done) struct options options = {.home = NULL};
    struct ceremony_run_options given = {
        .version = COLDCA_VERSION, .room = operator_ceremony_room(), .draw_qr = ui_qr_svg};
    const struct option_row rows[] = {
        {"site", 0, OPTION_TEXT, "SITE", "where tokens, homes and media are (docs/ceremony-guide.md)",
         &site_path},
        {"evidence", 0, OPTION_TEXT, "DIR", "journal and transcript; made if it is not there",
         &given.evidence},
    };
    if (!options_parse(argc, argv, rows, ARRAY_LEN(rows), &options, err))
        return (int)err->kind;
    if (cli_is_help(&options, &help, rows, ARRAY_LEN(rows)))
        return EXIT_DONE;
    if (site_path == NULL || given.evidence == NULL) {
        (void)error_set(err, ERROR_USAGE, 0, "ceremony run needs --site SITE and --evidence DIR");
        return (int)err->kind;
    }
    return check_terminal(err) && run(&given, site_path, &options, err) ? EXIT_DONE : (int)err->kind;
}
