/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/policy.h"

#include "base/encode.h"
#include "base/memory.h"
#include "base/quote.h"
#include "cli/print.h"
#include "cli/report.h"
#include "home/home.h"
#include "policy/policy.h"
#include "records/in_force.h"

static const struct command_help help = {
    .usage = "policy show NAME [--approved]",
    .text = "Shows a policy in words, rule by rule. With --json also the file's own text. --approved: as the "
            "ledger has it,\nwhatever the file says now.",
};

/** A text, and where it is from. */
struct shown {
    struct builder text;
    char *file;
    int64_t seq; /**< of its policy.approved; -1: it is a file */
};

static void shown_done(struct shown *shown)
{
    builder_done(&shown->text);
    free(shown->file);
}
DEFINE_AUTO_VALUE(struct shown, shown_done);

static bool read_approved(struct options *options, struct shown *shown, struct error *err)
{
    struct quoted room;
    struct console console = cli_console(options);
    const char *name = options->arguments.items[0];
    AUTO(free) char *path = home_path(options->home);
    AUTO(home_close) struct home *home = NULL;
    AUTO(json_free) struct json *record = NULL;
    if (!home_open(path, HOME_LOOK, &console, &home, err) ||
        !policy_in_force(home->ledger, name, &record, err))
        return false;
    if (record == NULL || !json_int(record, "seq", &shown->seq))
        return error_set(err, ERROR_INPUT, 0, "no policy %s was approved; `coldca policy approve` does that",
                         quoted_text(name, &room));
    builder_add_text(&shown->text, json_text(record, "text"));
    shown->file = memory_format("record %lld", (long long)shown->seq);
    return true;
}

static bool read_file(const struct options *options, struct shown *shown, struct error *err)
{
    AUTO(close) int home = cli_policy_home(options);
    return home_policy_read(home, options->arguments.items[0], &shown->text, &shown->file, err);
}

int cli_policy_show(int argc, char **argv, struct error *err)
{
    char digest[129];
    bool wants_approved = false;
    AUTO(options_done) struct options options = {.home = NULL};
    AUTO(policy_free) struct policy *policy = NULL;
    AUTO(shown_done) struct shown shown = {.seq = -1};
    AUTO(builder_done) struct builder words = BUILDER_INIT;
    const struct option_row rows[] = {
        {"approved", 0, OPTION_FLAG, NULL, "the text that was approved last, from the ledger",
         &wants_approved},
    };
    if (!options_parse(argc, argv, rows, ARRAY_LEN(rows), &options, err))
        return (int)err->kind;
    if (cli_is_help(&options, &help, rows, ARRAY_LEN(rows)))
        return EXIT_DONE;
    if (options.arguments.count != 1) {
        (void)error_set(err, ERROR_USAGE, 0, "policy show needs one name; `coldca policy list` shows them");
        return (int)err->kind;
    }
    if (!(wants_approved ? read_approved(&options, &shown, err) : read_file(&options, &shown, err)) ||
        !policy_load(builder_bytes(&shown.text), shown.file, &policy, err))
        return (int)err->kind;
    policy_describe(policy, &words);
    if (options.wants_json) {
        AUTO(json_free) struct json *json = json_new_object();
        json_put_text(json, "policy", policy_name(policy));
        json_put_hex(json, "sha256", bytes_of(policy_sha256(policy), 32));
        if (shown.seq >= 0)
            json_put_int(json, "approved", shown.seq);
        json_put_text(json, "words", builder_text(&words));
        json_put_text(json, "yaml", builder_text(&shown.text));
        report_json(json);
    } else {
        cli_print(stdout, "%s\nsha256 %s\n", builder_text(&words),
                  hex_of(bytes_of(policy_sha256(policy), 32), digest));
        if (shown.seq >= 0)
            cli_print(stdout, "approved by record %lld\n", (long long)shown.seq);
    }
    return EXIT_DONE;
}
