/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/program.h"

#include "base/memory.h"
#include "base/quote.h"
#include "base/similar.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static void print_subcommands(FILE *stream, const char *command, const struct subcommand *table, size_t count)
{
    const char *program = program_running()->name;
    fprintf(stream, "usage: %s %s COMMAND ...\n\n", program, command);
    for (size_t i = 0; i < count; i++) {
        if (table[i].run != NULL)
            fprintf(stream, "  %-12s %s\n", table[i].name, table[i].line);
    }
    fprintf(stream, "\n`%s help %s COMMAND` for details.\n", program, command);
}

/** \param name  NULL: none was given */
static int refuse_subcommand(const char *command, const struct subcommand *table, size_t count,
                             const char *name, struct error *err)
{
    struct quoted buffer;
    AUTO(builder_done) struct builder question = BUILDER_INIT;
    struct similar similar = {.word = name != NULL ? name : ""};
    for (size_t i = 0; i < count; i++) {
        if (table[i].run != NULL)
            similar_offer(&similar, table[i].name);
    }
    similar_ask(&similar, "", &question);
    if (similar.found == NULL)
        print_subcommands(stderr, command, table, count);
    if (name == NULL)
        (void)error_set(err, ERROR_USAGE, 0, "%s %s needs one of these commands", program_running()->name,
                        command);
    else
        (void)error_set(err, ERROR_USAGE, 0, "%s %s has no command \"%s\"%s", program_running()->name,
                        command, quoted_text(name, &buffer), builder_text(&question));
    return (int)err->kind;
}

static int run(const char *command, const struct subcommand *which, int argc, char **argv, struct error *err)
{
    return which->run != NULL ? which->run(argc, argv, err)
                              : program_refuse_elsewhere(command, which->name, err);
}

/** "ledger help verify" and "help ledger verify" are "ledger verify --help". */
static int help_of(const char *command, const struct subcommand *table, size_t count, const char *name,
                   struct error *err)
{
    char *turned[] = {(char *)(uintptr_t)name, (char *)(uintptr_t) "--help", NULL}; // nobody writes to them
    for (size_t i = 0; i < count; i++) {
        if (strcmp(table[i].name, name) == 0)
            return run(command, &table[i], 2, turned, err);
    }
    return refuse_subcommand(command, table, count, name, err);
}

int cli_dispatch(const char *command, const struct subcommand *table, size_t count, int argc, char **argv,
                 struct error *err)
{
    const char *name = argc > 1 ? argv[1] : NULL;
    for (size_t i = 0; name != NULL && i < count; i++) {
        if (strcmp(table[i].name, name) == 0)
            return run(command, &table[i], argc - 1, argv + 1, err);
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
