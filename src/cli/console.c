/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include "base/memory.h"
#include "base/quote.h"
#include "base/similar.h"
#include "cli/interrupt.h"
#include "cli/print.h"
#include "token/token.h"
#include "ui/ui.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/** Runs on a thread of token/'s own while others wait for the token, or write: as good as a power cut (P5). */
static void on_late_token(const char *text, bool is_over)
{
    cli_complain(text);
    if (is_over)
        _exit((int)ERROR_TOKEN);
}

static bool may_go_on(void *data)
{
    (void)data;
    return !interrupt_is_wanted();
}

static bool ask_pin(void *data, const char *token_words, bool has_protected_path, struct secret **ret_pin,
                    struct error *err)
{
    const struct options *options = data;
    AUTO(free) char *prompt = memory_format("PIN of %s", token_words);
    if (options->pin_source != NULL)
        return secret_read(options->pin_source, ret_pin, err) || error_while(err, "reading --pin-source");
    if (has_protected_path) {
        cli_print(stderr, "enter the PIN of %s on its PIN pad\n", token_words);
        *ret_pin = NULL;
        return true;
    }
    return ui_ask_pin(prompt, "pin-source", ret_pin, err);
}

static bool confirm(void *data, const char *question, bool *ret_yes, struct error *err)
{
    (void)data;
    return ui_confirm(question, ret_yes, err);
}

static void progress(void *data, const char *what, size_t done, size_t total)
{
    (void)data;
    ui_progress(what, done, total);
}

static void notice(void *data, const char *text)
{
    (void)data;
    cli_complain(text);
}

struct console cli_console(struct options *options)
{
    interrupt_at_safe_places();
    token_set_late(on_late_token);
    return (struct console){
        .confirm = ui_has_terminal() ? confirm : NULL,
        .operator_name = options->operator_name,
        .pin = ask_pin,
        .progress = progress,
        .notice = notice,
        .may_go_on = may_go_on,
        .data = options,
    };
}

bool cli_is_help(const struct options *options, const struct command_help *help,
                 const struct option_row *rows, size_t count)
{
    if (options->wants_help)
        options_help(help, rows, count);
    return options->wants_help;
}

static void print_subcommands(FILE *stream, const char *command, const struct subcommand *table, size_t count)
{
    fprintf(stream, "usage: coldca %s COMMAND ...\n\n", command);
    for (size_t i = 0; i < count; i++)
        fprintf(stream, "  %-12s %s\n", table[i].name, table[i].line);
    fprintf(stream, "\n`coldca help %s COMMAND` for details.\n", command);
}

/** \param name  NULL: none was given */
static int refuse_subcommand(const char *command, const struct subcommand *table, size_t count,
                             const char *name, struct error *err)
{
    struct quoted buffer;
    AUTO(builder_done) struct builder question = BUILDER_INIT;
    struct similar similar = {.word = name != NULL ? name : ""};
    for (size_t i = 0; i < count; i++)
        similar_offer(&similar, table[i].name);
    similar_ask(&similar, "", &question);
    if (similar.found == NULL)
        print_subcommands(stderr, command, table, count);
    if (name == NULL)
        (void)error_set(err, ERROR_USAGE, 0, "coldca %s needs one of these commands", command);
    else
        (void)error_set(err, ERROR_USAGE, 0, "coldca %s has no command \"%s\"%s", command,
                        quoted_text(name, &buffer), builder_text(&question));
    return (int)err->kind;
}

/** "ledger help verify" and "help ledger verify" are "ledger verify --help". */
static int help_of(const char *command, const struct subcommand *table, size_t count, const char *name,
                   struct error *err)
{
    char *turned[] = {(char *)(uintptr_t)name, (char *)(uintptr_t) "--help", NULL}; // nobody writes to them
    for (size_t i = 0; i < count; i++) {
        if (strcmp(table[i].name, name) == 0)
            return table[i].run(2, turned, err);
    }
    return refuse_subcommand(command, table, count, name, err);
}

int cli_dispatch(const char *command, const struct subcommand *table, size_t count, int argc, char **argv,
                 struct error *err)
{
    const char *name = argc > 1 ? argv[1] : NULL;
    for (size_t i = 0; name != NULL && i < count; i++) {
        if (strcmp(table[i].name, name) == 0)
            return table[i].run(argc - 1, argv + 1, err);
    }
    if (name != NULL && strcmp(name, "help") == 0 && argc > 2)
        return help_of(command, table, count, argv[2], err);
    if (name != NULL &&
        (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0)) {
        print_subcommands(stdout, command, table, count);
        return EXIT_DONE;
    }
    return refuse_subcommand(command, table, count, name, err);
}
