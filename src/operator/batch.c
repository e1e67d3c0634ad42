/* SPDX-License-Identifier: Apache-2.0 */
#include "batch/batch.h"

#include "operator/batch_media.h"
#include "operator/batch_report.h"
#include "operator/operator.h"
#include "policy/policy.h"
#include "ui/ui.h"

static const struct command_help help = {
    .usage = "batch [OPTIONS] [MEDIUM]",
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
        "medium without one.",
    .example = "  coldca -C ca batch --policy mqtt-device --set domain=iot.example /media/stick",
};

static bool refuse_no_medium(struct error *err)
{
    return error_set(err, ERROR_INPUT, 0,
                     "no removable medium is mounted: plug it in, mount it, and run this again, or name the "
                     "directory: coldca batch DIRECTORY");
}

/** What `coldca batch` alone does: lists the media, and on a terminal lets one be chosen. */
static bool offer_media(const struct options *options, char **ret_medium, struct error *err)
{
    AUTO(media_list_done) struct media_list list = {.items = NULL};
    if (!media_list(&list, err))
        return false;
    if (options->wants_json) {
        batch_media_json(&list);
        return list.count > 0 || refuse_no_medium(err);
    }
    batch_media_print(&list);
    if (list.count == 0)
        return refuse_no_medium(err);
    if (!ui_has_terminal())
        return error_set(err, ERROR_USAGE, 0,
                         "say which medium: coldca batch DIRECTORY, where it is mounted");
    return batch_media_choose(&list, ret_medium, err) &&
           (*ret_medium != NULL ||
            error_set(err, ERROR_INPUT, 0, "no medium was chosen, so nothing was done"));
}

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

int operator_batch(int argc, char **argv, struct error *err)
{
    AUTO(options_done) struct options options = {.home = NULL};
    AUTO(option_list_done) struct option_list settings = {.items = NULL};
    AUTO(free) char *chosen = NULL;
    struct batch_options wanted = {.draw_qr = ui_qr_svg};
    const struct option_row rows[] = {
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
    if (options.arguments.count > 1) {
        (void)error_set(err, ERROR_USAGE, 0, "name one medium: the directory it is mounted at");
        return (int)err->kind;
    }
    if (options.arguments.count == 0 && !offer_media(&options, &chosen, err))
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
    return result.issue.refused > 0 || result.missing > 0 ? EXIT_SOME_REFUSED : EXIT_DONE;
}
