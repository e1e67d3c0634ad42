/* SPDX-License-Identifier: Apache-2.0 */
#include "witness/approve.h"

#include "base/file.h"
#include "base/memory.h"
#include "cli/print.h"
#include "cli/program.h"
#include "cli/report.h"

static const struct command_help help = {
    .usage = "approve PLAN --key FILE|URI [OPTIONS]",
    .text = "Shows what a plan would do, read from the bytes that would be signed, asks, and writes an\n"
            "approval: a note signed by a person's key, for this one plan of this one CA. Needs no home\n"
            "and no token of the CA: run it on another machine. FILE is an Ed25519 or P-256 key in PEM,\n"
            "URI (pkcs11:...) one in the person's own token, which coldca takes and coldca-tools does not.\n"
            "--vkey prints the key as controls name it.",
    .example = "  coldca approve --vkey --name ann --key ann.pem\n"
               "  coldca approve stick/sub-ca.plan --key ann.pem",
};

struct approving {
    const char *name, *out;
    struct witness_key_place place;
    bool is_yes, wants_vkey;
};

static bool ask(const struct approving *approving, const struct console *console, struct error *err)
{
    bool is_meant = approving->is_yes;
    if (!is_meant && console->confirm == NULL)
        return error_set(err, ERROR_USAGE, 0, "there is no terminal to ask at: --yes says that it was read");
    return (is_meant || console->confirm(console->data, "Approve exactly this?", &is_meant, err)) &&
           (is_meant || error_set(err, ERROR_INTERRUPTED, 0, "nothing was approved"));
}

static bool show_vkey(const struct approving *approving, const struct console *console, struct error *err)
{
    AUTO(witness_key_close) struct witness_key *key = NULL;
    AUTO(builder_done) struct builder vkey = BUILDER_INIT;
    if (!witness_key_open(&approving->place, console, &key, err) ||
        !approve_vkey(key, approving->name, &vkey, err))
        return false;
    cli_print(stdout, "%s\n", builder_text(&vkey));
    return true;
}

static void report(const struct plan_file *file, const char *name, const char *out, const char *vkey,
                   bool wants_json)
{
    if (wants_json) {
        AUTO(json_free) struct json *json = json_new_object();
        json_put_hex(json, "plan_sha256", BYTES(file->sha256));
        json_put_text(json, "act", act_name(file->header.act));
        report_put(json, "name", name);
        json_put_text(json, "vkey", vkey);
        report_put(json, "approval", out);
        report_json(json);
    } else {
        cli_print(stdout, "\napproved by %s: %s\n", name, out);
    }
}

static bool approve(const struct approving *approving, const char *path, const struct options *options,
                    const struct console *console, struct error *err)
{
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    AUTO(witness_key_close) struct witness_key *key = NULL;
    AUTO(builder_done) struct builder words = BUILDER_INIT;
    AUTO(builder_done) struct builder note = BUILDER_INIT;
    AUTO(builder_done) struct builder vkey = BUILDER_INIT;
    AUTO(free) char *found = NULL;
    if (!approve_read(path, &file, &words, err))
        return false;
    cli_print(options->wants_json ? stderr : stdout, "%s", builder_text(&words));
    if (!ask(approving, console, err) || !witness_key_open(&approving->place, console, &key, err) ||
        (approving->name == NULL && !approve_find_name(&file, key, &found, err)))
        return false;
    const char *name = approving->name != NULL ? approving->name : found;
    AUTO(free) char *beside = memory_format("%s.%s.approval", path, name);
    const char *out = approving->out != NULL ? approving->out : beside;
    if (!approve_is_free(&file, name, out, err) ||
        !approve_sign(&file, key, name, time_now(), &note, &vkey, err) ||
        !file_create_over_rest(out, 0644, builder_bytes(&note), err))
        return false;
    report(&file, name, out, builder_text(&vkey), options->wants_json);
    return true;
}

int cli_approve(int argc, char **argv, struct error *err)
{
    const struct program_tokens *tokens = program_running()->tokens;
    struct approving own = {.place = {.may_ask = true, .tokens = tokens != NULL ? tokens->keys : NULL}};
    AUTO(options_done) struct options options = {.home = NULL};
    const struct option_row rows[] = {
        {"name", 0, OPTION_TEXT, "NAME", "who approves, as the control has it (whose key it is)", &own.name},
        {"key", 0, OPTION_TEXT, "FILE|URI", "the person's private key", &own.place.key},
        {"out", 'o', OPTION_TEXT, "FILE", "the approval to write (PLAN.NAME.approval)", &own.out},
        {"vkey", 0, OPTION_FLAG, NULL, "print the key as controls name it; approve nothing", &own.wants_vkey},
        {"yes", 'y', OPTION_FLAG, NULL, "do not ask", &own.is_yes},
        {"module", 0, OPTION_TEXT, "PATH", "the PKCS#11 module of a URI without module-path",
         &own.place.module},
        {"model", 0, OPTION_TEXT, "NAME", "the profile of that token in tokens/", &own.place.model},
    };
    const size_t count = ARRAY_LEN(rows) - (tokens == NULL ? 2 : 0); // the last are of tokens
    if (!options_parse(argc, argv, rows, count, &options, err))
        return (int)err->kind;
    if (cli_is_help(&options, &help, rows, count))
        return EXIT_DONE;
    struct console console = cli_console(&options);
    bool is_whole = own.place.key != NULL && options.arguments.count == (own.wants_vkey ? 0 : 1);
    if (!is_whole || (own.wants_vkey && own.name == NULL))
        (void)error_set(err, ERROR_USAGE, 0, "approve takes PLAN and --key; approve --vkey --name and --key");
    else if (own.wants_vkey ? show_vkey(&own, &console, err)
                            : approve(&own, options.arguments.items[0], &options, &console, err))
        return EXIT_DONE;
    return (int)err->kind;
}
