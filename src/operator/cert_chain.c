/* SPDX-License-Identifier: Apache-2.0 */
#include "base/encode.h"
#include "cli/print.h"
#include "cli/report.h"
#include "home/chain.h"
#include "init/chain.h"
#include "operator/operator.h"

static const struct command_help help = {
    .usage = "cert chain [--set FILE]",
    .text =
        "Shows the CA's certificate and the chain above it. With --set it takes another chain: parent first, "
        "root last; an empty\n"
        "file for a root. The ledger notes it, and every command compares chain.pem with that.",
    .example = "  coldca -C ca cert chain\n"
               "  coldca -C ca cert chain --set chain.pem",
};

/** \param is_logged  NULL: nothing was set */
static void print_json(const struct home_chain_link *links, size_t count, const struct home_chain_set *set,
                       const bool *is_logged)
{
    char not_after[TIME_TEXT_SIZE];
    AUTO(json_free) struct json *json = json_new_object();
    struct json *array = json_put_array(json, "certificates");
    for (size_t i = 0; i < count; i++) {
        struct json *item = json_add_object(array);
        json_put_text(item, "subject", links[i].subject);
        json_put_text(item, "not_after", time_format(links[i].not_after, not_after));
        json_put_hex(item, "sha256", BYTES(links[i].sha256));
    }
    json_put_bool(json, "is_in_ledger", set->is_there);
    if (set->is_there) {
        json_put_hex(json, "chain_sha256", BYTES(set->sha256));
        json_put_int(json, "record", (int64_t)set->seq);
    }
    if (is_logged != NULL)
        json_put_bool(json, "is_new", *is_logged);
    report_json(json);
}

static void print_text(const struct home_chain_link *links, size_t count, const struct home_chain_set *set,
                       const bool *is_logged)
{
    char not_after[TIME_TEXT_SIZE];
    char digest[129];
    for (size_t i = 0; i < count; i++)
        cli_print(stdout, "%-6s %s\n       valid until %s, SHA-256 %s\n", i == 0 ? "CA" : "above",
                  links[i].subject, time_format(links[i].not_after, not_after),
                  hex_of(BYTES(links[i].sha256), digest));
    if (is_logged != NULL && !*is_logged)
        cli_print(stdout, "the ledger has this chain already; chain.pem was written again\n");
    if (set->is_there)
        cli_print(stdout, "the chain is that of record %llu\n", (unsigned long long)set->seq);
}

static bool show(const struct options *options, const struct home *home, const bool *is_logged,
                 struct error *err)
{
    struct home_chain_set set = {.is_there = false};
    struct home_chain_link *links = NULL;
    size_t count = 0;
    if (home->issuer == NULL)
        return error_set(err, ERROR_INPUT, 0, "%s awaits its parent's certificate", home->path);
    if (!home_chain_noted(home, &set, err) || !home_chain_links(home, &links, &count, err))
        return false;
    (options->wants_json ? print_json : print_text)(links, count, &set, is_logged);
    home_chain_links_free(links, count);
    return true;
}

int operator_cert_chain(int argc, char **argv, struct error *err)
{
    struct chain_options chain = {.home = NULL};
    bool is_logged = false;
    AUTO(options_done) struct options options = {.home = NULL};
    AUTO(home_close) struct home *home = NULL;
    const struct option_row rows[] = {
        {"set", 0, OPTION_TEXT, "FILE", "take this chain, parent first, root last", &chain.file},
        {"chain-incomplete", 0, OPTION_TEXT, "REASON",
         "why the chain does not reach a root; the ledger says so", &chain.chain_incomplete},
    };
    if (!options_parse(argc, argv, rows, ARRAY_LEN(rows), &options, err))
        return (int)err->kind;
    if (cli_is_help(&options, &help, rows, ARRAY_LEN(rows)))
        return EXIT_DONE;
    if (options.arguments.count > 0 || (chain.chain_incomplete != NULL && chain.file == NULL)) {
        (void)error_set(err, ERROR_USAGE, 0,
                        "cert chain takes no arguments, and --chain-incomplete goes with --set FILE");
        return (int)err->kind;
    }
    struct console console = cli_console(&options);
    AUTO(free) char *path = home_path(options.home);
    chain.home = path;
    chain.pin_source = options.pin_source;
    bool is_open = chain.file != NULL ? init_chain_set(&chain, &console, &home, &is_logged, err)
                                      : home_open(path, HOME_LOOK, &console, &home, err);
    if (!is_open || !show(&options, home, chain.file != NULL ? &is_logged : NULL, err))
        return (int)err->kind;
    return EXIT_DONE;
}
