/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy.h"

#include "base/file.h"
#include "base/memory.h"
#include "cli/policy.h"
#include "cli/report.h"
#include "home/home.h"
#include "ui/ui.h"

#include <fcntl.h>

int cli_policy_home(const struct options *options)
{
    struct error ignored = ERROR_INIT;
    int fd = -1;
    AUTO(free) char *path = home_path(options->home);
    AUTO(free) char *policies = memory_format("%s/policies", path);
    if (!file_exists(AT_FDCWD, policies) || !file_open_folder(AT_FDCWD, path, &fd, &ignored))
        return -1; // ready policies are found without a home
    return fd;
}

static const struct command_help help = {
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

int cli_policy_list(int argc, char **argv, struct error *err)
{
    static const char *const headings[] = {"policy", "makes", "for"};
    char **names = NULL;
    size_t count = 0;
    AUTO(options_done) struct options options = {.home = NULL};
    if (!options_parse(argc, argv, NULL, 0, &options, err))
        return (int)err->kind;
    if (cli_is_help(&options, &help, NULL, 0))
        return EXIT_DONE;
    AUTO(close) int home = cli_policy_home(&options);
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
