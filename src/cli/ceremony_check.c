/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/check.h"

#include "base/quote.h"
#include "ceremony/assumed.h"
#include "cli/ceremony.h"
#include "cli/print.h"
#include "cli/report.h"

static const struct command_help help = {
    .usage = "ceremony check SCRIPT [--site SITE]",
    .text = "Reads a ceremony's script and walks its steps: an order that is not possible is an error with "
            "its line. "
            "Says what must be\n"
            "there before the first step. SCRIPT is a file, or the name of a ready one; no token is touched.",
    .example = "  coldca ceremony check root",
};

static void print_need(void *data, const struct step_need *need)
{
    AUTO(builder_done) struct builder words = BUILDER_INIT;
    (void)data;
    step_need_words(need, &words);
    cli_print(stdout, "  %s\n", builder_text(&words));
}

static void add_need(void *data, const struct step_need *need)
{
    AUTO(builder_done) struct builder words = BUILDER_INIT;
    step_need_words(need, &words);
    json_add_text(data, builder_text(&words));
}

static void print(const struct ceremony_script *script, const char *name)
{
    struct quoted buffer;
    cli_print(stdout, "%s: the ceremony %s, %u steps in an order that is possible. SHA-256 of the script:\n",
              quoted_text(name, &buffer), script->id, script->step_count);
    cli_print_plan_digest(script->sha256);
    cli_print(stdout, "before the first step:\n");
    ceremony_assumed(script, print_need, NULL);
}

static void report(const struct ceremony_script *script, const char *name)
{
    AUTO(json_free) struct json *json = json_new_object();
    report_put(json, "script", name);
    json_put_text(json, "ceremony", script->id);
    json_put_hex(json, "sha256", BYTES(script->sha256));
    struct json *steps = json_put_array(json, "steps");
    for (unsigned i = 0; i < script->step_count; i++)
        json_add_text(steps, script->steps[i].word);
    ceremony_assumed(script, add_need, json_put_array(json, "before"));
    report_json(json);
}

int cli_ceremony_check(int argc, char **argv, struct error *err)
{
    const char *site_path = NULL;
    AUTO(options_done) struct options options = {.home = NULL};
    AUTO(ceremony_script_free) struct ceremony_script *script = NULL;
    AUTO(ceremony_site_free) struct ceremony_site *site = NULL;
    AUTO(free) char *name = NULL;
    const struct option_row rows[] = {
        {"site", 0, OPTION_TEXT, "SITE", "a site's file: it must have all that the script names", &site_path},
    };
    if (!options_parse(argc, argv, rows, ARRAY_LEN(rows), &options, err))
        return (int)err->kind;
    if (cli_is_help(&options, &help, rows, ARRAY_LEN(rows)))
        return EXIT_DONE;
    if (!cli_ceremony_read(&options, "ceremony check", &script, &name, err) ||
        !ceremony_check(script, name, err) || !cli_ceremony_site(site_path, script, &site, err))
        return (int)err->kind;
    if (options.wants_json)
        report(script, name);
    else
        print(script, name);
    return EXIT_DONE;
}
