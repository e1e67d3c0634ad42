/* SPDX-License-Identifier: Apache-2.0 */
#include "batch/batch.h"

#include "operator/batch_media.h"
#include "operator/batch_report.h"
#include "operator/given.h"
#include "operator/operator.h"
#include "policy/policy.h"
#include "ui/ui.h"

static const struct command_help help = {
    .usage = "batch [OPTIONS] [MEDIUM]\n"
             "       coldca batch --plan PLAN --approval FILE... MEDIUM",
    .text =
        "Signs all requests on a removable medium, mounted at the directory MEDIUM. Requests are in "
        "MEDIUM/requests/, at any\ndepth; a first directory named like a policy (requests/mqtt-device/...) "
        "chooses it, all others go by\n--policy. Results are written to MEDIUM/issued/BATCH/: NAME.pem, "
        "NAME-chain.pem and NAME.tlog-proof,\n"
        "report.html to read, report.json and refused.csv for programs, the ledger's checkpoint, and\n"
        "SHA256SUMS over all of it.\n\n"
        "If the medium is pulled, runs full, or the run is killed: plug it in and run the same command "
        "again.\n"
        "It says what was done and does the rest; each certificate is made once.\n\n"
        "A list MEDIUM/requests.sha256 (as sha256sum writes it) with a signature beside it (.sig) by "
        "somebody\n"
        "whom ca.yaml names under manifest_signers is checked first; require_manifest in ca.yaml refuses a\n"
        "medium without one.\n\n"
        "Where issuing needs approvals, and for policies with root: true: `coldca plan --policy NAME -o "
        "PLAN\n"
        "MEDIUM`, have people `coldca approve` it, then name it here with --plan and --approval.",
    .example = "  coldca -C ca batch --policy mqtt-device --set domain=iot.example /media/stick\n"
               "  coldca -C ca batch --plan PLAN --approval PLAN.ann.approval /media/stick",
};

static bool work(struct batch_options *wanted, struct options *options, struct batch_result *ret_result,
                 struct error *err)
{
    AUTO(free) char *path = home_path(options->home);
    struct console console = cli_console(options);
    wanted->home = path;
    wanted->pin_source = options->pin_source;
    if (!batch_run(wanted, &console, ret_result, err))
        return false;
    if (ret_result->other_files > 0)
        console_notice(
            &console,
            "%llu files below requests/ do not end in .csr, .req, .p10, .pem or .der and were left alone",
            (unsigned long long)ret_result->other_files);
    batch_report(ret_result, wanted->medium, options->wants_json);
    return true;
}

static bool check_options(const struct batch_options *wanted, const struct options *options, size_t settings,
                          struct error *err)
{
    if (options->arguments.count > 1)
        return error_set(err, ERROR_USAGE, 0, "name one medium: the directory it is mounted at");
    return wanted->given == NULL || (wanted->policy == NULL && settings == 0 && !wanted->policy_changed_ok) ||
           error_set(err, ERROR_USAGE, 0,
                     "--plan names what is signed and by which policy: it takes MEDIUM, and no --policy, "
                     "--set or --policy-changed-ok");
}

int operator_batch(int argc, char **argv, struct error *err)
{
    AUTO(options_done) struct options options = {.home = NULL};
    AUTO(option_list_done) struct option_list settings = {.items = NULL};
    AUTO(free) char *chosen = NULL;
    AUTO(given_done) struct given given = {.plan = NULL};
    struct batch_options wanted = {.draw_qr = ui_qr_svg};
    const struct option_row rows[] = {
        GIVEN_ROWS(&given),
        {"policy", 'p', OPTION_TEXT, "NAME", "for requests whose first directory names none", &wanted.policy},
        {"set", 's', OPTION_LIST, "NAME=VALUE", "a variable of a policy", &settings},
        {"policy-changed-ok", 0, OPTION_FLAG, NULL, "a policy that is not the one last used is meant",
         &wanted.policy_changed_ok},
        {"no-proof", 0, OPTION_FLAG, NULL, "no NAME.tlog-proof beside the certificates",
         &wanted.without_proofs},
    };
    struct batch_result result = {.requests = 0};
    struct policy_variable *variables = NULL;
    if (!options_parse(argc, argv, rows, ARRAY_LEN(rows), &options, err))
        return (int)err->kind;
    if (cli_is_help(&options, &help, rows, ARRAY_LEN(rows)))
        return EXIT_DONE;
    if (!given_read(&given, &wanted.given, err) || !check_options(&wanted, &options, settings.count, err) ||
        (options.arguments.count == 0 && !batch_media_offer(options.wants_json, &chosen, err)))
        return (int)err->kind;
    wanted.medium = options.arguments.count == 1 ? options.arguments.items[0] : chosen;
    if (wanted.medium == NULL)
        return EXIT_DONE;
    if (!options_variables(&settings, &variables, err))
        return (int)err->kind;
    wanted.variables = variables;
    wanted.variables_count = settings.count;
    bool is_done = work(&wanted, &options, &result, err);
    options_variables_free(variables, settings.count);
    if (!is_done)
        return (int)err->kind;
    return result.issue.refused + result.missing + result.absent > 0 ? EXIT_SOME_REFUSED : EXIT_DONE;
}
