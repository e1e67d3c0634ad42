/* SPDX-License-Identifier: Apache-2.0 */
#include "base/quote.h"
#include "base/secret.h"
#include "base/similar.h"
#include "cli/cli.h"
#include "cli/interrupt.h"
#include "cli/print.h"
#include "ui/ui.h"

#include <openssl/crypto.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct {
    const char *name;
    int (*run)(int argc, char **argv, struct error *err);
    const char *line;
} commands[] = {
    {"init", cli_init, "make a CA: keys in the token, its certificate or a request for a parent, the ledger"},
    {"request", cli_request, "make a key and a request matching a policy (needs no token)"},
    {"check", cli_check, "evaluate requests against a policy, with reasons; signs nothing"},
    {"sign", cli_sign, "sign requests: files, directories or -"},
    {"plan", cli_plan, "write what would be signed, for people to approve; signs nothing"},
    {"approve", cli_approve,
     "read a plan and approve it with a person's key (needs no home, no token of the CA)"},
    {"batch", cli_batch, "sign all requests on a removable medium"},
    {"review", cli_review, "look at each request, decide, then sign"},
    {"revoke", cli_revoke, "revoke certificates, put them on hold, release them"},
    {"crl", cli_crl, "sign the list of revoked certificates"},
    {"status", cli_status, "what is due: the next CRL"},
    {"cert", cli_cert, "list and show certificates"},
    {"policy", cli_policy, "list, show, check, compare and approve policies"},
    {"people", cli_people, "who may decide what: list, add, remove, set"},
    {"token", cli_token, "list, initialise and show tokens"},
    {"ceremony", cli_ceremony, "a script for a room with witnesses: check, print, rehearse, run"},
    {"ledger", cli_ledger, "list, show and verify the history"},
};

static void usage(FILE *stream)
{
    fprintf(
        stream,
        "usage: coldca [-C HOME] [--json] [--pin-source SOURCE] [--operator NAME] COMMAND ...\n\n"
        "A certificate authority for a machine with no network: the key stays in a token, a policy decides,\n"
        "every signature is in the ledger before anyone receives it.\n\n");
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        fprintf(stream, "  %-9s %s\n", commands[i].name, commands[i].line);
    fprintf(stream, "\n`coldca help COMMAND` for details. Exit codes: 0 done, 1 some requests refused, 2 "
                    "usage, 3 input\n"
                    "or I/O, 4 token or PIN, 5 ledger or integrity, 6 interrupted (run it again).\n");
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

/** A word that is not a command; the whole usage only where nothing is near to it. */
static int refuse_command(const char *name, struct error *err)
{
    struct quoted buffer;
    AUTO(builder_done) struct builder question = BUILDER_INIT;
    struct similar similar = {.word = name};
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        similar_offer(&similar, commands[i].name);
    similar_offer(&similar, "help");
    similar_ask(&similar, "", &question);
    if (similar.found == NULL)
        usage(stderr);
    (void)error_set(err, ERROR_USAGE, 0, "no such command: \"%s\"%s", quoted_text(name, &buffer),
                    builder_text(&question));
    return (int)err->kind;
}

/** Only options, or nothing at all. */
static int refuse_nothing(int argc, char **argv, struct error *err)
{
    static const char *const known[] = {"--help", "--version",    "--json",
                                        "--home", "--pin-source", "--operator"};
    AUTO(builder_done) struct builder question = BUILDER_INIT;
    struct similar similar = {.word = argc > 1 ? argv[1] : ""};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        similar_offer(&similar, known[i]);
    if (similar.distance > 0) // a right one is not asked about
        similar_ask(&similar, "", &question);
    if (question.len == 0)
        usage(stderr);
    (void)error_set(err, ERROR_USAGE, 0, "no command was given%s", builder_text(&question));
    return (int)err->kind;
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

static int run_command(int argc, char **argv, struct error *err)
{
    int at = find_command(argc, argv);
    if (at == 0)
        return refuse_nothing(argc, argv, err);
    if (strcmp(argv[at], "help") == 0 && (at + 1 == argc || argv[at + 1][0] == '-')) {
        usage(stdout);
        return EXIT_SUCCESS;
    }
    char **turned = calloc((size_t)argc + 1, sizeof(*turned));
    if (turned == NULL)
        abort();
    int count = turn(argc, argv, at, turned);
    int code = -1;
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]) && code < 0; i++) {
        if (strcmp(commands[i].name, turned[0]) == 0)
            code = commands[i].run(count, turned, err);
    }
    if (code < 0)
        code = refuse_command(turned[0], err);
    free(turned);
    return code;
}

int main(int argc, char **argv)
{
    struct error err = ERROR_INIT;
    // The machine's openssl.cnf is for other programs: it could put foreign code and other algorithms into this process, and
    // libcrypto would read it whenever somebody first asks, the PKCS#11 module too. Said before anyone asks, "no" holds.
    (void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG,
                              NULL); // what fails here fails again where it is used
    secret_harden_process();
    ui_use_utf8();
    interrupt_catch();
    (void)signal(SIGXFSZ, SIG_IGN); // a file at its limit is an error of write(), reported as any other
    umask(022);
    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        usage(stdout);
        return EXIT_SUCCESS;
    }
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        puts("coldca " COLDCA_VERSION " (" COLDCA_COMMIT ")");
        return EXIT_SUCCESS;
    }
    int code = run_command(argc, argv, &err);
    secret_forget();
    if (err.kind != ERROR_NONE)
        cli_complain(err.text); // the fault on the first line, what was being done below
    // A result that could not be written is not a result.
    if (fflush(stdout) != 0 || ferror(stdout) != 0) {
        perror("coldca: can't write to stdout");
        return code == EXIT_SUCCESS ? (int)ERROR_INPUT : code;
    }
    return code;
}
