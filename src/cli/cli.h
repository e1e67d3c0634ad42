/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line, and the commands that both programs have: one function per command, options in, one call down, result out. Each
 * gets argv with its own name at [0] and returns the exit code; on failure it fills err and returns its kind.
 * It promises: the contract of README.md: options, exit codes, keys and values of --json.
 * It does not: use a token or write a CA's home: coldca-tools links this. Commands that do are operator/'s.
 */
#ifndef COLDCA_CLI_CLI_H
#define COLDCA_CLI_CLI_H

#include "base/console.h"
#include "cli/options.h"

#include <stdint.h>

enum { EXIT_DONE = 0, EXIT_SOME_REFUSED = 1 };

int cli_request(int argc, char **argv, struct error *err);
int cli_check(int argc, char **argv, struct error *err);
int cli_approve(int argc, char **argv, struct error *err);
int cli_status(int argc, char **argv, struct error *err);
int cli_cert_list(int argc, char **argv, struct error *err);
int cli_cert_show(int argc, char **argv, struct error *err);
int cli_crl_show(int argc, char **argv, struct error *err);
int cli_crl_verify(int argc, char **argv, struct error *err);
int cli_policy_list(int argc, char **argv, struct error *err);
int cli_policy_show(int argc, char **argv, struct error *err);
int cli_policy_check(int argc, char **argv, struct error *err);
int cli_policy_diff(int argc, char **argv, struct error *err);
int cli_people_list(int argc, char **argv, struct error *err);
int cli_ceremony_check(int argc, char **argv, struct error *err);
int cli_ceremony_print(int argc, char **argv, struct error *err);
int cli_ledger_list(int argc, char **argv, struct error *err);
int cli_ledger_show(int argc, char **argv, struct error *err);
int cli_ledger_verify(int argc, char **argv, struct error *err);
int cli_ledger_checkpoint(int argc, char **argv, struct error *err);
int cli_ledger_prove(int argc, char **argv, struct error *err);
int cli_ledger_export(int argc, char **argv, struct error *err);

/** When the next CRL is due, and the exit code that says so. */
int cli_report_due(struct options *options, unsigned within_days, struct error *err);

/** Whether there is a home to look at: -C says so, or one is at path, which home_path() found. */
bool cli_has_home(const struct options *options, const char *path);

/** A record's number. \return false if text is not one */
bool cli_parse_seq(const char *text, uint64_t *ret_seq);
/** The enum ledger_status a --status names. ERROR_USAGE */
MUST_USE bool cli_parse_status(const char *name, int *ret_status, struct error *err);

/** The console of a terminal: questions, PIN (by options->pin_source or prompt), progress, notices, Ctrl-C. options are borrowed. */
struct console cli_console(struct options *options);

/** After options_parse(): prints the help if it was asked for. \return whether it was */
bool cli_is_help(const struct options *options, const struct command_help *help,
                 const struct option_row *rows, size_t count);

/** A command of a table: "policy", or "list" of "policy list". */
struct subcommand {
    const char *name;
    int (*run)(int argc, char **argv,
               struct error *err); /**< NULL: this program does not have it, coldca does */
    const char *line;
};
int cli_dispatch(const char *command, const struct subcommand *table, size_t count, int argc, char **argv,
                 struct error *err);

#endif
