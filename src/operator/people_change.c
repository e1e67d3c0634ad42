/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "base/memory.h"
#include "base/quote.h"
#include "operator/govern.h"
#include "operator/operator.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

static const struct command_help add_help = {
    .usage = "people add NAME [OPTIONS]\n       coldca people add --plan PLAN --approval FILE...",
    .text = "Adds a person to the controls, by the quorum of the controls in force. `coldca approve --vkey` "
            "prints "
            "a person's key.",
};
static const struct command_help remove_help = {
    .usage = "people remove NAME [OPTIONS]\n       coldca people remove --plan PLAN --approval FILE...",
    .text = "Takes a person out of the controls, by the quorum of the controls in force.",
};
static const struct command_help set_help = {
    .usage = "people set FILE [OPTIONS]\n       coldca people set --plan PLAN --approval FILE...",
    .text = "Sets the controls from a file (docs/controls.md), by the quorum of the controls in force; the "
            "first ones of "
            "a CA that\nhas none by whoever can log in.",
};

/** What is changed: read before the home is confined. */
struct change {
    const char *name, *role, *key;
    bool is_removal;
    struct builder text; /**< people set: the file */
    const char *file;
};

static bool add(const struct change *change, struct control *control, struct error *err)
{
    return control_add_person(control, change->name, change->role != NULL ? change->role : "approver",
                              change->key, err);
}

static bool take_out(const struct change *change, struct control *control, struct error *err)
{
    struct control_person *person = (struct control_person *)(uintptr_t)control_person(
        control, change->name); // it is in control, which is ours
    if (person == NULL)
        return error_set(err, ERROR_INPUT, 0, "nobody of the controls is named %s: `coldca people list`",
                         quoted_text(change->name, &(struct quoted){0}));
    free(person->name);
    free(person->role);
    free(person->key);
    *person = control->people[--control->people_count];
    return true;
}

static bool make(void *data, struct control *control, struct error *err)
{
    struct change *change = data;
    if (change->file != NULL) {
        control_done(control);
        return control_load(builder_bytes(&change->text), change->file, control, err);
    }
    if (control->people_count == 0)
        return error_set(err, ERROR_INPUT, 0, "this CA has no controls yet: `coldca people set FILE`");
    return change->is_removal ? take_out(change, control, err) : add(change, control, err);
}

static int run(int argc, char **argv, const char *command, const struct command_help *help,
               struct change *change, struct error *err)
{
    const char *valid_for = "7d";
    bool is_set = strcmp(command, "people set") == 0;
    AUTO(options_done) struct options options = {.home = NULL};
    AUTO(given_done) struct given given = {.plan = NULL};
    struct govern_options govern = {.command = command, .act = ACT_CONTROL, .change = make, .data = change};
    const struct option_row rows[] = {
        PLANNED_ROWS(&given, &govern.plan_out, &valid_for),
        {"role", 0, OPTION_TEXT, "ROLE", "add: operator, approver (the default) or auditor", &change->role},
        {"vkey", 0, OPTION_TEXT, "KEY", "add: the person's verifier key", &change->key},
    };
    if (!options_parse(argc, argv, rows, ARRAY_LEN(rows), &options, err))
        return (int)err->kind;
    if (cli_is_help(&options, help, rows, ARRAY_LEN(rows)))
        return EXIT_DONE;
    if (options.arguments.count != (given.plan == NULL ? 1 : 0)) {
        (void)error_set(err, ERROR_USAGE, 0, "%s takes %s, or --plan PLAN", command,
                        is_set ? "one FILE" : "one NAME");
        return (int)err->kind;
    }
    change->name = given.plan == NULL ? options.arguments.items[0] : NULL;
    change->file = is_set ? change->name : NULL;
    if (change->file != NULL && !file_read(AT_FDCWD, change->file, CONTROL_FILE_MAX_LEN, &change->text, err))
        return (int)err->kind;
    int code = operator_govern(&govern, &given, valid_for, &options, err);
    builder_done(&change->text);
    return code;
}

int operator_people_add(int argc, char **argv, struct error *err)
{
    return run(argc, argv, "people add", &add_help, &(struct change){.name = NULL}, err);
}

int operator_people_remove(int argc, char **argv, struct error *err)
{
    return run(argc, argv, "people remove", &remove_help, &(struct change){.is_removal = true}, err);
}

int operator_people_set(int argc, char **argv, struct error *err)
{
    return run(argc, argv, "people set", &set_help, &(struct change){.name = NULL}, err);
}
