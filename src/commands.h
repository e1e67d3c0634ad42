/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one table of commands, of both programs: included by main.c, and by main_tools.c, which defines COLDCA_TOOLS first. What takes
 * the CA's token, or writes its home, is OWN: in coldca-tools a name without a function, so that it says where the command is.
 */
#ifndef COLDCA_COMMANDS_H
#define COLDCA_COMMANDS_H

#include "base/bytes.h"
#include "cli/cli.h"
#ifdef COLDCA_TOOLS
#define OWN(run) NULL
#define EITHER(own, tools) tools
#else
#include "operator/operator.h"
#define OWN(run) run
#define EITHER(own, tools) own
#endif

static int run_cert(int argc, char **argv, struct error *err)
{
    static const struct subcommand table[] = {
        {"list", cli_cert_list, "the certificates of the ledger"},
        {"show", cli_cert_show, "one certificate in words and PEM"},
        {"chain", OWN(operator_cert_chain), "the certificates above the CA, or others with --set"},
    };
    return cli_dispatch("cert", table, ARRAY_LEN(table), argc, argv, err);
}

#ifdef COLDCA_TOOLS
static int run_crl(int argc, char **argv, struct error *err)
{
    static const struct subcommand table[] = {
        {"show", cli_crl_show, "a CRL in words, and what a linter finds"},
        {"verify", cli_crl_verify, "hold a CRL against the ledger"},
    };
    return cli_dispatch("crl", table, ARRAY_LEN(table), argc, argv, err);
}
#endif

static int run_ceremony(int argc, char **argv, struct error *err)
{
    static const struct subcommand table[] = {
        {"check", cli_ceremony_check, "whether a script can be carried out, and what it counts on"},
        {"print", cli_ceremony_print, "the paper that the room reads along in"},
        {"rehearse", OWN(operator_ceremony_rehearse), "the whole of it on throwaway tokens, homes and media"},
        {"run", OWN(operator_ceremony_run), "the whole of it, before witnesses, at a terminal"},
    };
    return cli_dispatch("ceremony", table, ARRAY_LEN(table), argc, argv, err);
}

static int run_ledger(int argc, char **argv, struct error *err)
{
    static const struct subcommand table[] = {
        {"list", cli_ledger_list, "records, filtered"},
        {"show", cli_ledger_show, "one record"},
        {"verify", cli_ledger_verify, "check everything, from the first byte"},
        {"checkpoint", cli_ledger_checkpoint,
         EITHER("the newest signed checkpoint, or a new one", "the newest signed checkpoint")},
        {"prove", cli_ledger_prove, "write a proof that needs no home to be checked"},
        {"export", cli_ledger_export, "write the ledger for any client of transparency logs"},
        {"cosign", OWN(operator_ledger_cosign), "add a witness's signature to the newest checkpoint"},
        {"index", OWN(operator_ledger_index), "rebuild the index"},
    };
    return cli_dispatch("ledger", table, ARRAY_LEN(table), argc, argv, err);
}

static int run_people(int argc, char **argv, struct error *err)
{
    static const struct subcommand table[] = {
        {"list", cli_people_list, "who may decide what"},
        {"add", OWN(operator_people_add), "a person, as a change of the controls"},
        {"remove", OWN(operator_people_remove), "likewise"},
        {"set", OWN(operator_people_set), "all of the controls, from a file"},
    };
    return cli_dispatch("people", table, ARRAY_LEN(table), argc, argv, err);
}

static int run_policy(int argc, char **argv, struct error *err)
{
    static const struct subcommand table[] = {
        {"list", cli_policy_list, "list all policies"},
        {"show", cli_policy_show, "show one policy in words"},
        {"check", cli_policy_check, "lint policies"},
        {"diff", cli_policy_diff, "what changed since a policy was approved"},
        {"approve", OWN(operator_policy_approve), "record that a policy may be used as it is now"},
    };
    return cli_dispatch("policy", table, ARRAY_LEN(table), argc, argv, err);
}

static const struct subcommand commands[] = {
    {"init", OWN(operator_init),
     "make a CA: keys in the token, its certificate or a request for a parent, the ledger"},
    {"request", cli_request, "make a key and a request matching a policy (needs no token)"},
    {"check", cli_check, "evaluate requests against a policy, with reasons; signs nothing"},
    {"sign", OWN(operator_sign), "sign requests: files, directories or -"},
    {"plan", OWN(operator_plan), "write what would be signed, for people to approve; signs nothing"},
    {"approve", cli_approve,
     "read a plan and approve it with a person's key (needs no home, no token of the CA)"},
    {"batch", OWN(operator_batch), "sign all requests on a removable medium"},
    {"review", OWN(operator_review), "look at each request, decide, then sign"},
    {"revoke", OWN(operator_revoke), "revoke certificates, put them on hold, release them"},
    {"crl", EITHER(operator_crl, run_crl),
     EITHER("sign the list of revoked certificates", "show a CRL, verify it against the ledger")},
    {"status", cli_status, "what is due: the next CRL"},
    {"cert", run_cert, "list and show certificates"},
    {"policy", run_policy,
     EITHER("list, show, check, compare and approve policies", "list, show, check and compare policies")},
    {"people", run_people,
     EITHER("who may decide what: list, add, remove, set", "who may decide what: list")},
    {"token", OWN(operator_token), "list, initialise and show tokens"},
    {"ceremony", run_ceremony,
     EITHER("a script for a room with witnesses: check, print, rehearse, run",
            "a script for a room with witnesses: check, print")},
    {"ledger", run_ledger, "list, show and verify the history"},
};

#endif
