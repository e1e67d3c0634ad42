/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program of coldca: its table of commands, and what else main() does around one of them. There are two: coldca, and coldca-tools for
 * who approves, audits or requests on another machine, without any code for tokens.
 * It does not: know a token. What a program with token code can do in commands that both have stands in struct program_tokens.
 */
#ifndef COLDCA_CLI_PROGRAM_H
#define COLDCA_CLI_PROGRAM_H

#include "cli/cli.h"
#include "home/home.h"
#include "witness/key.h"

#include <stdio.h>

struct cli_memory;

struct program_tokens {
    const struct witness_tokens *keys; /**< people's keys in tokens of their own */
    /** As token_end_calls(). */
    bool (*end_calls)(void (*ended)(void));
    /** Confines the process, logs in to the home's tokens and asks what they remember of its ledger; cli_memory_done() in any case. */
    bool (*recall)(struct home *home, const struct options *options, struct cli_memory *ret_memory,
                   struct error *err);
    /** As status_checkpoint(). */
    bool (*checkpoint)(const char *home, const char *pin_source, const struct console *console,
                       struct builder *ret_note, struct error *err);
};

struct program {
    const char *name;
    const char *about;                   /**< below the usage line */
    const char *version;                 /**< line of --version */
    const struct subcommand *commands;   /**< those without a function are coldca's alone */
    size_t count;                        /**< of commands */
    const struct program_tokens *tokens; /**< NULL: it has no token code */
};

/** All of main(). \return the exit code */
int program_main(const struct program *program, int argc, char **argv);

/** The one that runs. */
const struct program *program_running(void);

/* ---- program_refuse.c ---- */

/** What the program is, and its commands. */
void program_usage(FILE *stream);
/** ERROR_USAGE: a word that is not a command; the whole usage on stderr only where nothing is near to it. */
int program_refuse_unknown(const char *name, struct error *err);
/** ERROR_USAGE: only options, or nothing at all. */
int program_refuse_nothing(int argc, char **argv, struct error *err);
/** ERROR_USAGE: a command that only coldca has. \param group  of commands: "ledger"; NULL: the program's own */
int program_refuse_elsewhere(const char *group, const char *name, struct error *err);

#endif
