/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include "base/memory.h"
#include "cli/print.h"
#include "cli/report.h"
#include "home/home.h"
#include "records/in_force.h"
#include "ui/ui.h"

#include <inttypes.h>

static const struct command_help help = {
    .usage = "people list",
    .text = "Shows the control in force: people, roles, keys, and how many approvals each act needs.",
};

static void print_control(const struct control *control)
{
    static const char *const headings[] = {"name", "role", "key"};
    AUTO(ui_table_free) struct ui_table *table = ui_table_new(headings, ARRAY_LEN(headings), stdout);
    for (size_t i = 0; i < control->people_count; i++) {
        const struct control_person *person = &control->people[i];
        const char *cells[] = {person->name, person->role, person->key != NULL ? person->key : "-"};
        ui_table_row(table, cells, NULL);
    }
    ui_table_print(table);
    cli_print(stdout, "\n");
    for (size_t i = 0; i < ACT_COUNT; i++) {
        unsigned needed = control_needed(control, (enum act)i);
        if (needed == 0)
            cli_print(stdout, "%-24s whoever can log in\n", act_words((enum act)i));
        else
            cli_print(stdout, "%-24s %u approval%s%s\n", act_words((enum act)i), needed,
                      needed == 1 ? "" : "s", control->emergency[i] ? ", or one person in an emergency" : "");
    }
    if (control->forbids_extractable)
        cli_print(stdout, "%-24s never\n", "extractable keys");
    if (control->requires_manifest)
        cli_print(stdout, "%-24s by a signed list of the requests only\n", "batch");
    cli_print(stdout, "policies                 %s\n(record %" PRIu64 ")\n",
              control->only_approved_policies ? "approved ones only" : "any", control->seq);
}

int cli_people_list(int argc, char **argv, struct error *err)
{
    AUTO(options_done) struct options options = {.home = NULL};
    AUTO(control_done) struct control control = {.people_count = 0};
    AUTO(home_close) struct home *home = NULL;
    bool is_set = false;
    if (!options_parse(argc, argv, NULL, 0, &options, err))
        return (int)err->kind;
    if (cli_is_help(&options, &help, NULL, 0))
        return EXIT_DONE;
    struct console console = cli_console(&options);
    AUTO(free) char *path = home_path(options.home);
    if (!home_open(path, HOME_LOOK, &console, &home, err) ||
        !control_in_force(home->ledger, &control, &is_set, err))
        return (int)err->kind;
    if (!is_set) {
        (void)error_set(
            err, ERROR_INPUT, 0,
            "no controls were ever set: whoever can log in decides; `coldca people set FILE` sets "
            "them");
        return (int)err->kind;
    }
    if (options.wants_json) {
        AUTO(json_free) struct json *json = control_write(&control);
        json_put_int(json, "seq", (int64_t)control.seq);
        report_json(json);
    } else {
        print_control(&control);
    }
    return EXIT_DONE;
}
