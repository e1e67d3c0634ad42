/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect/crl.h"

#include "base/memory.h"
#include "base/time.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "cli/report.h"
#include "home/home.h"

static const struct command_help show_help = {
    .usage = "crl show FILE [OPTIONS]",
    .text = "Shows a CRL, PEM or DER, in words, and what a linter finds in it. Needs no CA.",
};

static const struct command_help verify_help = {
    .usage = "crl verify FILE [OPTIONS]",
    .text = "Holds a CRL against this CA's ledger: the CA key's signature, a number the ledger has, and "
            "exactly the "
            "entries the\nrecords before it make. Exit code 0: so it is, and it is still good; 1: so it was, "
            "but its "
            "time is over.",
    .example = "  coldca -C ca crl verify media/crl/crl-7.pem",
};

/** The one operand. */
static bool take_file(int argc, char **argv, struct options *options, const struct command_help *about,
                      bool *ret_is_help, struct error *err)
{
    if (!options_parse(argc, argv, NULL, 0, options, err))
        return false;
    *ret_is_help = cli_is_help(options, about, NULL, 0);
    return *ret_is_help || options->arguments.count == 1 ||
           error_set(err, ERROR_USAGE, 0, "crl show and crl verify need one file: a CRL, PEM or DER");
}

int cli_crl_show(int argc, char **argv, struct error *err)
{
    bool is_help = false;
    AUTO(options_done) struct options options = {.home = NULL};
    AUTO(builder_done) struct builder words = BUILDER_INIT;
    AUTO(findings_done) struct findings findings = FINDINGS_INIT;
    if (!take_file(argc, argv, &options, &show_help, &is_help, err))
        return (int)err->kind;
    if (is_help)
        return EXIT_DONE;
    if (!crl_show(options.arguments.items[0], &words, &findings, err))
        return (int)err->kind;
    AUTO(json_free) struct json *json = json_new_object();
    json_put_text(json, "words", builder_text(&words));
    struct json *lint = json_put_array(json, "lint");
    if (!options.wants_json)
        cli_print(stdout, "%s", builder_text(&words));
    for (size_t i = 0; i < findings.count; i++) {
        json_add_text(lint, findings.items[i].text);
        if (!options.wants_json)
            cli_print(stdout, "lint: %s (%s)\n", findings.items[i].text, findings.items[i].source);
    }
    if (options.wants_json)
        report_json(json);
    return EXIT_DONE;
}

int cli_crl_verify(int argc, char **argv, struct error *err)
{
    bool is_help = false;
    char until[TIME_TEXT_SIZE];
    struct crl_held result;
    AUTO(options_done) struct options options = {.home = NULL};
    if (!take_file(argc, argv, &options, &verify_help, &is_help, err))
        return (int)err->kind;
    if (is_help)
        return EXIT_DONE;
    struct console console = cli_console(&options);
    AUTO(free) char *path = home_path(options.home);
    if (!crl_check(path, options.arguments.items[0], &console, &result, err))
        return (int)err->kind;
    bool is_good = time_now() <= result.next_update;
    AUTO(json_free) struct json *json = json_new_object();
    json_put_bool(json, "good", is_good);
    json_put_int(json, "number", (int64_t)result.number);
    json_put_int(json, "entries", (int64_t)result.entries);
    json_put_text(json, "next_update", time_format(result.next_update, until));
    if (options.wants_json)
        report_json(json);
    else
        cli_print(stdout, "CRL %llu with %llu %s is what the ledger says; it %s good until %s\n",
                  (unsigned long long)result.number, (unsigned long long)result.entries,
                  result.entries == 1 ? "entry" : "entries", is_good ? "is" : "was", until);
    return is_good ? EXIT_DONE : EXIT_SOME_REFUSED;
}
