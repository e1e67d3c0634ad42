/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy.h"

#include "base/encode.h"
#include "base/file.h"
#include "base/memory.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "cli/report.h"
#include "home/home.h"
#include "ui/ui.h"

#include <fcntl.h>
#include <string.h>

/** The home whose policies come first: -C, COLDCA_HOME or the current folder, if it is one. -1: none. */
static int home_of(const struct options *options)
{
    struct error ignored = ERROR_INIT;
    int fd = -1;
    AUTO(free) char *path = home_path(options->home);
    AUTO(free) char *policies = memory_format("%s/policies", path);
    if (!file_exists(AT_FDCWD, policies) || !file_open_folder(AT_FDCWD, path, &fd, &ignored))
        return -1; // ready policies are found without a home
    return fd;
}

static const struct command_help list_help = {
    .usage = "policy list [OPTIONS]",
    .text = "Lists the available policies: the home's own first, then the ready ones.",
};

static void list_row(struct ui_table *table, struct json *array, const char *name, int home)
{
    struct error err = ERROR_INIT;
    AUTO(policy_free) struct policy *policy = NULL;
    bool is_sound = home_policy_find(home, name, &policy, &err);
    const char *cells[] = {name, is_sound ? (policy_is_ca(policy) ? "CA" : "end entity") : "broken",
                           is_sound ? policy_description(policy) : err.text};
    struct json *entry = json_add_object(array);
    report_put(entry, "policy", name);
    json_put_text(entry, "makes", cells[1]);
    json_put_text(entry, "description", cells[2]);
    ui_table_row(table, cells, is_sound ? NULL : "red");
}

static int list(int argc, char **argv, struct error *err)
{
    static const char *const headings[] = {"policy", "makes", "for"};
    char **names = NULL;
    size_t count = 0;
    AUTO(options_done) struct options options = {.home = NULL};
    if (!options_parse(argc, argv, NULL, 0, &options, err))
        return (int)err->kind;
    if (cli_is_help(&options, &list_help, NULL, 0))
        return EXIT_DONE;
    AUTO(close) int home = home_of(&options);
    AUTO(json_free) struct json *array = json_new_array();
    AUTO(ui_table_free) struct ui_table *table = ui_table_new(headings, ARRAY_LEN(headings), stdout);
    if (!home_policy_names(home, &names, &count, err))
        return (int)err->kind;
    for (size_t i = 0; i < count; i++) {
        AUTO(free) char *name = names[i];
        list_row(table, array, name, home);
    }
    free(names);
    if (options.wants_json)
        report_json(array);
    else
        ui_table_print(table);
    return EXIT_DONE;
}

static const struct command_help show_help = {
    .usage = "policy show NAME",
    .text = "Shows a policy in words, rule by rule. With --json also the file's own text.",
};

static int show(int argc, char **argv, struct error *err)
{
    char digest[129];
    AUTO(options_done) struct options options = {.home = NULL};
    AUTO(policy_free) struct policy *policy = NULL;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder words = BUILDER_INIT;
    AUTO(free) char *file = NULL;
    if (!options_parse(argc, argv, NULL, 0, &options, err))
        return (int)err->kind;
    if (cli_is_help(&options, &show_help, NULL, 0))
        return EXIT_DONE;
    if (options.arguments.count != 1) {
        (void)error_set(err, ERROR_USAGE, 0, "policy show needs one name; `coldca policy list` shows them");
        return (int)err->kind;
    }
    AUTO(close) int home = home_of(&options);
    if (!home_policy_read(home, options.arguments.items[0], &text, &file, err) ||
        !policy_load(builder_bytes(&text), file, &policy, err))
        return (int)err->kind;
    policy_describe(policy, &words);
    if (options.wants_json) {
        AUTO(json_free) struct json *json = json_new_object();
        json_put_text(json, "policy", policy_name(policy));
        json_put_hex(json, "sha256", bytes_of(policy_sha256(policy), 32));
        json_put_text(json, "words", builder_text(&words));
        json_put_text(json, "yaml", builder_text(&text));
        report_json(json);
    } else {
        cli_print(stdout, "%s\nsha256 %s\n", builder_text(&words),
                  hex_of(bytes_of(policy_sha256(policy), 32), digest));
    }
    return EXIT_DONE;
}

static const struct command_help check_help = {
    .usage = "policy check NAME|FILE...",
    .text = "Lints policies: contradictions, rules that can never apply, dangerous openness. Exit 1 if "
            "anything was found.",
};

static size_t check_one(const struct policy *policy, const char *name, struct json *array, bool wants_json)
{
    AUTO(findings_done) struct findings findings = FINDINGS_INIT;
    policy_lint(policy, &findings);
    for (size_t i = 0; i < findings.count; i++) {
        struct json *entry = json_add_object(array);
        report_put(entry, "policy", name);
        json_put_text(entry, "rule", findings.items[i].rule);
        json_put_text(entry, "text", findings.items[i].text);
        json_put_text(entry, "remedy", findings.items[i].remedy);
        if (!wants_json)
            cli_print(stdout, "%s: %s%s%s\n", name, findings.items[i].text,
                      findings.items[i].remedy == NULL ? "" : "; ",
                      findings.items[i].remedy == NULL ? "" : findings.items[i].remedy);
    }
    if (findings.count == 0 && !wants_json)
        cli_print(stdout, "%s: no findings\n", name);
    return findings.count;
}

static int check(int argc, char **argv, struct error *err)
{
    size_t found = 0;
    AUTO(options_done) struct options options = {.home = NULL};
    if (!options_parse(argc, argv, NULL, 0, &options, err))
        return (int)err->kind;
    if (cli_is_help(&options, &check_help, NULL, 0))
        return EXIT_DONE;
    if (options.arguments.count == 0) {
        (void)error_set(err, ERROR_USAGE, 0, "policy check needs names or files");
        return (int)err->kind;
    }
    AUTO(close) int home = home_of(&options);
    AUTO(json_free) struct json *array = json_new_array();
    for (size_t i = 0; i < options.arguments.count; i++) {
        AUTO(policy_free) struct policy *policy = NULL;
        if (!home_policy_find(home, options.arguments.items[i], &policy, err))
            return (int)err->kind;
        found += check_one(policy, options.arguments.items[i], array, options.wants_json);
    }
    if (options.wants_json)
        report_json(array);
    return found > 0 ? EXIT_SOME_REFUSED : EXIT_DONE;
}

int cli_policy(int argc, char **argv, struct error *err)
{
    static const struct subcommand table[] = {
        {"list", list, "list all policies"},
        {"show", show, "show one policy in words"},
        {"check", check, "lint policies"},
    };
    return cli_dispatch("policy", table, ARRAY_LEN(table), argc, argv, err);
}
