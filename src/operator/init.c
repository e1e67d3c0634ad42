/* SPDX-License-Identifier: Apache-2.0 */
#include "init/init.h"

#include "base/memory.h"
#include "operator/init_report.h"
#include "operator/operator.h"

static const struct command_help help = {
    .usage = "init --subject NAME [OPTIONS]",
    .text = "Creates a CA in the directory given with -C: a CA key and a ledger key inside the token, its "
            "certificate (a root, or with\n"
            "--csr a request for a parent), the ledger, and a copy of the ready policies. Nothing is ever "
            "overwritten.",
    .example = "  coldca -C ca init --token coldca --subject \"C=US,ST=NY,L=NY,O=My Org,CN=my.domain.name\"\n"
               "  coldca -C issuing init --csr --policy sub-ca --subject \"O=My Org,CN=Issuing CA\"\n"
               "  coldca -C issuing init --certificate parent-issued.pem --chain root.pem",
};

int operator_init(int argc, char **argv, struct error *err)
{
    AUTO(options_done) struct options options = {.home = NULL};
    AUTO(option_list_done) struct option_list settings = {.items = NULL};
    AUTO(init_result_done) struct init_result result = {.path = NULL};
    struct policy_variable *variables = NULL;
    struct init_options init = {.path = NULL};
    const struct option_row rows[] = {
        {"subject", 0, OPTION_TEXT, "NAME", "the CA's name: \"C=US,O=My Org,CN=My Root CA\"", &init.subject},
        {"policy", 'p', OPTION_TEXT, "NAME", "policy for the CA's certificate (root; with --csr sub-ca)",
         &init.policy},
        {"set", 's', OPTION_LIST, "NAME=VALUE", "a variable of the policy", &settings},
        {"days", 0, OPTION_DAYS, "N", "how long the root is valid, up to the policy's max_days", &init.days},
        {"key", 0, OPTION_TEXT, "KIND",
         "rsa-3072, rsa-4096, ec-p256, ec-p384, ed25519, ... (the policy's first)", &init.key},
        {"key-label", 0, OPTION_TEXT, "LABEL", "label of the CA key in the token (coldca-ca)",
         &init.key_label},
        {"origin", 0, OPTION_TEXT, "NAME", "the ledger's name, a schema-less URL: ca.example/root-2026",
         &init.origin},
        {"token", 't', OPTION_TEXT, "LABEL|URI", "token (default: the only one present)", &init.token},
        {"model", 0, OPTION_TEXT, "NAME", "the token's profile in tokens/ (softhsm2)", &init.profile},
        {"module", 0, OPTION_TEXT, "PATH", "the PKCS#11 module (the profile's)", &init.module},
        {"init-args", 0, OPTION_TEXT, "TEXT", "initialisation arguments for C_Initialize", &init.init_args},
        {"hash", 0, OPTION_TEXT, "NAME", "sha256, sha384 or sha512 (default: fits the key)", &init.hash},
        {"pss", 0, OPTION_FLAG, NULL, "RSA keys sign with RSASSA-PSS", &init.wants_pss},
        {"csr", 0, OPTION_FLAG, NULL, "a request for a parent CA instead of a root", &init.wants_csr},
        {"certificate", 0, OPTION_TEXT, "FILE", "complete a --csr home, or adopt with --use-key",
         &init.certificate},
        {"chain", 0, OPTION_TEXT, "FILE", "issuing CA chain, parent first, root last", &init.chain},
        {"chain-incomplete", 0, OPTION_TEXT, "REASON",
         "why the chain does not reach a root; the ledger says so", &init.chain_incomplete},
        {"use-key", 0, OPTION_TEXT, "URI", "use this key of the token instead of making one", &init.use_key},
        {"continues", 0, OPTION_TEXT, "CHECKPOINT",
         "with --use-key: the ledger was lost, this is its last known checkpoint", &init.continues},
        {"controls", 0, OPTION_TEXT, "FILE",
         "who may decide what (docs/controls.md); else the operator alone", &init.controls},
        {"policies", 0, OPTION_TEXT, "approved|any",
         "without --controls: which policies may be used (approved)", &init.policies},
        {"allow-extractable", 0, OPTION_FLAG, NULL, "accept an extractable key; recorded in the ledger",
         &init.may_be_extractable},
    };
    if (!options_parse(argc, argv, rows, ARRAY_LEN(rows), &options, err))
        return (int)err->kind;
    if (cli_is_help(&options, &help, rows, ARRAY_LEN(rows)))
        return EXIT_DONE;
    struct console console = cli_console(&options);
    AUTO(free) char *path = home_path(options.home);
    init.path = path;
    if (options.arguments.count > 0) {
        (void)error_set(err, ERROR_USAGE, 0, "init takes options only; the home is named by -C");
        return (int)err->kind;
    }
    if (!options_variables(&settings, &variables, err))
        return (int)err->kind;
    init.variables = variables;
    init.variables_count = settings.count;
    bool is_done = init_ca(&init, &console, &result, err);
    options_variables_free(variables, settings.count);
    if (!is_done)
        return (int)err->kind;
    init_report(&result, options.wants_json);
    return EXIT_DONE;
}
