/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line of one command: a table that both parses and prints its --help.
 */
#ifndef COLDCA_CLI_OPTIONS_H
#define COLDCA_CLI_OPTIONS_H

#include "base/cleanup.h"
#include "base/error.h"

#include <stddef.h>

/** A list of texts, borrowed from argv. */
struct option_list {
    const char **items;
    size_t count;
};

enum option_kind {
    OPTION_FLAG,
    OPTION_TEXT,
    OPTION_LIST,
    OPTION_NUMBER,
    OPTION_DAYS,
    OPTION_SOURCE, /**< a text for secret_read(); an environment variable it names is taken at once */
};

struct option_row {
    const char *name; /**< long name without dashes */
    char letter;      /**< 0: none */
    enum option_kind kind;
    const char *argument; /**< what --help calls the value: "DIR"; NULL for flags */
    const char *help;
    void *target; /**< bool *, const char **, struct option_list *, long *, or unsigned * for days */
};

/** What a command is, for its --help. */
struct command_help {
    const char *usage;   /**< "sign [OPTIONS] FILE|DIR|-..." */
    const char *text;    /**< a paragraph or two */
    const char *example; /**< lines of shell; NULL */
};

/** The options every command knows. */
struct options {
    const char *home;          /**< -C */
    const char *pin_source;    /**< --pin-source */
    const char *operator_name; /**< --operator */
    bool wants_json;
    bool wants_help;
    struct option_list arguments; /**< what is left: files, a sub-command's operands */
};
void options_done(struct options *options);
DEFINE_AUTO_VALUE(struct options, options_done);

/**
 * Parses argv[1..]; options and operands may be mixed, "--" ends the options. Lists grow in memory that options_done() frees for
 * arguments and option_list_done() for others.
 * \param rows   the command's own; may be NULL
 * \return false: ERROR_USAGE, naming the option; ERROR_INPUT: a variable that an OPTION_SOURCE names holds no secret
 */
MUST_USE bool options_parse(int argc, char **argv, const struct option_row *rows, size_t count,
                            struct options *options, struct error *err);
void option_list_done(struct option_list *list);
DEFINE_AUTO_VALUE(struct option_list, option_list_done);

/** Prints usage, text, the table and an example to stdout. */
void options_help(const struct command_help *help, const struct option_row *rows, size_t count);

/** "NAME=VALUE" of --set into parallel parts; the caller frees names. ERROR_USAGE. */
struct policy_variable;
MUST_USE bool options_variables(const struct option_list *settings, struct policy_variable **ret_variables,
                                struct error *err);
void options_variables_free(struct policy_variable *variables, size_t count);

#endif
