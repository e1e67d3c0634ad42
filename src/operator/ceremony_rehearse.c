/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "base/yaml.h"
#include "ceremony/answers.h"
#include "ceremony/check.h"
#include "ceremony/rehearsal.h"
#include "cli/print.h"
#include "operator/ceremony.h"
#include "operator/operator.h"
#include "records/plan_file.h"
#include "ui/ui.h"

#include <fcntl.h>

static const struct command_help help = {
    .usage = "ceremony rehearse SCRIPT [--site SITE] [--answers FILE] [--keep DIR] [--against PLAN]",
    .text =
        "Plays a ceremony through, with the bytes of the same script, on throwaway SoftHSM tokens, homes and "
        "media.\n"
        "Every subject and paper is marked REHEARSAL; the real homes and tokens are not touched. --answers "
        "answers\n"
        "for the people. Files that are brought along come from the media of --site, which are only read.\n"
        "--against compares what was issued with a plan for the real day: only what hangs on keys, the day "
        "and the\n"
        "mark may differ; exit code 1 if more does.",
    .example = "  coldca ceremony rehearse root --keep rehearsal",
};

struct rehearsing {
    const char *site, *answers, *keep, *against;
    bool is_other; /**< it differs from the plan */
};

static void say(void *data, const char *text)
{
    (void)data;
    cli_print(stderr, "%s", text);
}

static bool read_answers(const char *path, struct ceremony_answers **ret_answers, struct error *err)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    if (path == NULL)
        return ui_has_terminal() ||
               error_set(err, ERROR_USAGE, 0, "there is no terminal to rehearse at; give --answers FILE");
    return file_read(AT_FDCWD, path, YAML_MAX_LEN, &text, err) &&
           ceremony_answers_read(builder_bytes(&text), path, ret_answers, err);
}

static bool play(const struct ceremony_script *script, const char *name, struct ceremony_answers *answers,
                 struct rehearsal *rehearsal, struct ceremony_outcome *ret_outcome, struct error *err)
{
    const struct ceremony_run_options run = {
        .script = script,
        .script_name = name,
        .site = rehearsal->site,
        .evidence = rehearsal->evidence,
        .is_rehearsal = true,
        .approver_keys = rehearsal->approver_keys,
        .version = COLDCA_VERSION,
        .world = ceremony_machine(&rehearsal->machine),
        .room = answers == NULL ? operator_ceremony_room() : ceremony_answers_room(answers, say, NULL),
        .draw_qr = ui_qr_svg};
    return ceremony_run(&run, ret_outcome, err);
}

static bool rehearse(struct rehearsing *rehearsing, struct options *options, struct error *err)
{
    AUTO(ceremony_script_free) struct ceremony_script *script = NULL;
    AUTO(ceremony_site_free) struct ceremony_site *site = NULL;
    AUTO(ceremony_answers_free) struct ceremony_answers *answers = NULL;
    AUTO(ceremony_outcome_done) struct ceremony_outcome outcome = {.transcript = NULL};
    AUTO(rehearsal_done) struct rehearsal rehearsal = {.folder = NULL};
    AUTO(builder_done) struct builder plan = BUILDER_INIT;
    AUTO(free) char *name = NULL;
    if (!cli_ceremony_read(options, "ceremony rehearse", &script, &name, err) ||
        !ceremony_check(script, name, err) || !cli_ceremony_site(rehearsing->site, script, &site, err) ||
        !read_answers(rehearsing->answers, &answers, err) ||
        (rehearsing->against != NULL &&
         !file_read(AT_FDCWD, rehearsing->against, PLAN_FILE_MAX_LEN, &plan, err)) ||
        !rehearsal_make(script, site, rehearsing->keep, say, NULL, &rehearsal, err))
        return false;
    bool is_done = play(script, name, answers, &rehearsal, &outcome, err);
    if (is_done)
        operator_ceremony_report(script, &outcome, options->wants_json);
    if (is_done && rehearsing->against != NULL)
        is_done = operator_ceremony_against(builder_bytes(&plan), script, rehearsal.site,
                                            &rehearsing->is_other, err);
    if (rehearsing->keep == NULL)
        rehearsal_remove(&rehearsal);
    if (rehearsing->keep == NULL && is_done && !options->wants_json)
        cli_print(stdout, "it was removed with all of the rehearsal; --keep DIR keeps it\n");
    return is_done;
}

int operator_ceremony_rehearse(int argc, char **argv, struct error *err)
{
    struct rehearsing rehearsing = {.site = NULL};
    AUTO(options_done) struct options options = {.home = NULL};
    const struct option_row rows[] = {
        {"site", 0, OPTION_TEXT, "SITE", "the real one, whose media are read", &rehearsing.site},
        {"answers", 0, OPTION_TEXT, "FILE", "answers for the people (docs/ceremony-guide.md)",
         &rehearsing.answers},
        {"keep", 0, OPTION_TEXT, "DIR", "make the rehearsal in this new directory, and keep it",
         &rehearsing.keep},
        {"against", 0, OPTION_TEXT, "PLAN", "a plan for the real day (`coldca plan`), to compare with",
         &rehearsing.against},
    };
    if (!options_parse(argc, argv, rows, ARRAY_LEN(rows), &options, err))
        return (int)err->kind;
    if (cli_is_help(&options, &help, rows, ARRAY_LEN(rows)))
        return EXIT_DONE;
    if (!rehearse(&rehearsing, &options, err))
        return (int)err->kind;
    return rehearsing.is_other ? EXIT_SOME_REFUSED : EXIT_DONE;
}
