/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/program.h"

#include "base/secret.h"
#include "cli/interrupt.h"
#include "cli/print.h"
#include "ui/ui.h"

#include <openssl/crypto.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct program *running;

const struct program *program_running(void)
{
    return running;
}

/** Options before the command are moved behind it, where each command's table knows them. \return index of the command, or 0 */
static int find_command(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        bool takes_value = strcmp(argv[i], "-C") == 0 || strcmp(argv[i], "--home") == 0 ||
                           strcmp(argv[i], "--pin-source") == 0 || strcmp(argv[i], "--operator") == 0;
        if (takes_value)
            i++;
        else if (argv[i][0] != '-')
            return i;
    }
    return 0;
}

/**
 * "coldca -C HOME policy list" becomes "policy list -C HOME": the command's part is turned to the front. "help policy list" becomes
 * "policy list --help".
 * \return how many there are in ret_turned, which has room for argc + 1
 */
static int turn(int argc, char **argv, int at, char **ret_turned)
{
    int count = 0;
    bool is_help = strcmp(argv[at], "help") == 0;
    for (int i = is_help ? at + 1 : at; i < argc; i++)
        ret_turned[count++] = argv[i];
    if (is_help)
        ret_turned[count++] = (char *)(uintptr_t) "--help"; // nobody writes to it
    for (int i = 1; i < at; i++)
        ret_turned[count++] = argv[i];
    return count;
}

/** \return -1: there is no such command */
static int run_turned(int count, char **turned, struct error *err)
{
    for (size_t i = 0; i < running->count; i++) {
        if (strcmp(running->commands[i].name, turned[0]) == 0)
            return running->commands[i].run != NULL ? running->commands[i].run(count, turned, err)
                                                    : program_refuse_elsewhere(NULL, turned[0], err);
    }
    return -1;
}

static int run_command(int argc, char **argv, struct error *err)
{
    int at = find_command(argc, argv);
    if (at == 0)
        return program_refuse_nothing(argc, argv, err);
    if (strcmp(argv[at], "help") == 0 && (at + 1 == argc || argv[at + 1][0] == '-')) {
        program_usage(stdout);
        return EXIT_SUCCESS;
    }
    char **turned = calloc((size_t)argc + 1, sizeof(*turned));
    if (turned == NULL)
        abort();
    int code = run_turned(turn(argc, argv, at, turned), turned, err);
    if (code < 0)
        code = program_refuse_unknown(turned[0], err);
    free(turned);
    return code;
}

int program_main(const struct program *program, int argc, char **argv)
{
    struct error err = ERROR_INIT;
    running = program;
    // The machine's openssl.cnf is for other programs: it could put foreign code and other algorithms into this process, and
    // libcrypto would read it whenever somebody first asks, the PKCS#11 module too. Said before anyone asks, "no" holds.
    (void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG,
                              NULL); // what fails here fails again where it is used
    secret_harden_process();
    ui_use_utf8();
    interrupt_catch(program->tokens != NULL ? program->tokens->end_calls : NULL);
    (void)signal(SIGXFSZ, SIG_IGN); // a file at its limit is an error of write(), reported as any other
    umask(022);
    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        program_usage(stdout);
        return EXIT_SUCCESS;
    }
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        puts(program->version);
        return EXIT_SUCCESS;
    }
    int code = run_command(argc, argv, &err);
    secret_forget();
    if (err.kind != ERROR_NONE)
        cli_complain(err.text); // the fault on the first line, what was being done below
    // A result that could not be written is not a result.
    if (fflush(stdout) != 0 || ferror(stdout) != 0) {
        fprintf(stderr, "%s: can't write to stdout: %m\n", program->name);
        return code == EXIT_SUCCESS ? (int)ERROR_INPUT : code;
    }
    return code;
}
