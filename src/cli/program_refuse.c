/* SPDX-License-Identifier: Apache-2.0 */
#include "base/quote.h"
#include "base/similar.h"
#include "cli/program.h"

void program_usage(FILE *stream)
{
    const struct program *running = program_running();
    fprintf(stream, "usage: %s [-C HOME] [--json] [--pin-source SOURCE]%s COMMAND ...\n\n%s\n", running->name,
            running->tokens != NULL ? " [--operator NAME]" : "", running->about);
    for (size_t i = 0; i < running->count; i++) {
        if (running->commands[i].run != NULL)
            fprintf(stream, "  %-9s %s\n", running->commands[i].name, running->commands[i].line);
    }
    fprintf(stream,
            "\n`%s help COMMAND` for details. Exit codes: 0 done, 1 some requests refused, 2 usage, 3 input\n"
            "or I/O, 4 token or PIN, 5 ledger or integrity, 6 interrupted (run it again).\n",
            running->name);
}

int program_refuse_elsewhere(const char *group, const char *name, struct error *err)
{
    const char *program = program_running()->name;
    (void)error_set(
        err, ERROR_USAGE, 0,
        "\"%s%s%s\" is done by coldca, on the CA's machine: it takes the CA's token or writes its home, and "
        "%s has no code for that; `%s help` lists what it does",
        group != NULL ? group : "", group != NULL ? " " : "", name, program, program);
    return (int)err->kind;
}

int program_refuse_unknown(const char *name, struct error *err)
{
    struct quoted buffer;
    const struct program *running = program_running();
    AUTO(builder_done) struct builder question = BUILDER_INIT;
    struct similar similar = {.word = name};
    for (size_t i = 0; i < running->count; i++) {
        if (running->commands[i].run != NULL)
            similar_offer(&similar, running->commands[i].name);
    }
    similar_offer(&similar, "help");
    similar_ask(&similar, "", &question);
    if (similar.found == NULL)
        program_usage(stderr);
    (void)error_set(err, ERROR_USAGE, 0, "no such command: \"%s\"%s", quoted_text(name, &buffer),
                    builder_text(&question));
    return (int)err->kind;
}

int program_refuse_nothing(int argc, char **argv, struct error *err)
{
    static const char *const known[] = {"--help", "--version",    "--json",
                                        "--home", "--pin-source", "--operator"};
    AUTO(builder_done) struct builder question = BUILDER_INIT;
    struct similar similar = {.word = argc > 1 ? argv[1] : ""};
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        similar_offer(&similar, known[i]);
    if (similar.distance > 0) // a right one is not asked about
        similar_ask(&similar, "", &question);
    if (question.len == 0)
        program_usage(stderr);
    (void)error_set(err, ERROR_USAGE, 0, "no command was given%s", builder_text(&question));
    return (int)err->kind;
}
