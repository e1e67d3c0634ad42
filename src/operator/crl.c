/* SPDX-License-Identifier: Apache-2.0 */
#include "status/crl.h"
#include "operator/operator.h"

#include "base/memory.h"
#include "base/time.h"
#include "cli/print.h"
#include "cli/report.h"
#include "home/home.h"
#include "operator/govern.h"

#include <string.h>

static const struct command_help help = {
    .usage = "crl [show FILE|verify FILE] [OPTIONS]",
    .text = "Signs the next CRL: all that is revoked or burned in the ledger. Its number and the digest of "
            "its bytes are "
            "in the\nledger before the token is asked, its signature before it leaves. It is in crl/ of the "
            "home, as "
            "PEM and DER, and in --out.\nca.yaml says for how long it is good: crl: {days: 30, "
            "overlap_hours: 72}.",
    .example = "  coldca -C ca crl --out media/crl",
};

static void report(const struct crl_result *result, const struct options *options)
{
    char made[TIME_TEXT_SIZE];
    char until[TIME_TEXT_SIZE];
    (void)time_format(result->this_update, made), (void)time_format(result->next_update, until);
    if (!options->wants_json) {
        cli_print(stdout, "CRL %llu with %llu %s, %zu bytes, good until %s: crl/%s.pem, crl/%s.der\n",
                  (unsigned long long)result->number, (unsigned long long)result->entries,
                  result->entries == 1 ? "entry" : "entries", result->der_len, until, result->name,
                  result->name);
        return;
    }
    AUTO(json_free) struct json *json = json_new_object();
    json_put_int(json, "number", (int64_t)result->number);
    json_put_int(json, "entries", (int64_t)result->entries);
    json_put_int(json, "bytes", (int64_t)result->der_len);
    json_put_text(json, "this_update", made);
    json_put_text(json, "next_update", until);
    json_put_text(json, "name", result->name);
    json_put_bool(json, "repeated", result->is_again);
    report_json(json);
}

static int sign(int argc, char **argv, struct error *err)
{
    struct crl_options crl = {.days = 0};
    bool only_due = false;
    const char *valid_for = "7d";
    AUTO(given_done) struct given given = {.plan = NULL};
    struct crl_result result = {.number = 0};
    AUTO(options_done) struct options options = {.home = NULL};
    const struct option_row rows[] = {
        {"out", 'o', OPTION_TEXT, "DIR", "where the CRL goes besides crl/ in the home", &crl.out},
        {"again", 0, OPTION_FLAG, NULL, "sign none: deliver the newest that was signed, to --out",
         &crl.again},
        {"days", 0, OPTION_DAYS, "N", "to the next CRL, instead of ca.yaml's", &crl.days},
        PLANNED_ROWS(&given, &crl.plan_out, &valid_for),
        {"emergency", 0, OPTION_TEXT, "REASON",
         "by one person, where the controls know emergencies; recorded", &crl.emergency},
        {"due", 0, OPTION_FLAG, NULL, "only say when the next CRL is due, as `coldca status` does",
         &only_due},
    };
    if (!options_parse(argc, argv, rows, ARRAY_LEN(rows), &options, err))
        return (int)err->kind;
    if (cli_is_help(&options, &help, rows, ARRAY_LEN(rows)))
        return EXIT_DONE;
    if (options.arguments.count > 0) {
        (void)error_set(err, ERROR_USAGE, 0, "crl takes no file; crl show and crl verify do");
        return (int)err->kind;
    }
    if (crl.again && (crl.days != 0 || crl.plan_out != NULL || crl.emergency != NULL || given.plan != NULL)) {
        (void)error_set(err, ERROR_USAGE, 0,
                        "--again delivers a CRL as it was signed, so it goes with --out only");
        return (int)err->kind;
    }
    if (only_due)
        return cli_report_due(&options, 0, err);
    struct console console = cli_console(&options);
    AUTO(free) char *path = home_path(options.home);
    crl.home = path;
    crl.pin_source = options.pin_source;
    if (!given_read(&given, &crl.given, err) || !given_duration(valid_for, &crl.valid_for, err) ||
        !crl_sign(&crl, &console, &result, err))
        return (int)err->kind;
    if (crl.plan_out != NULL)
        cli_print_plan_digest(result.plan_sha256);
    else
        report(&result, &options);
    return EXIT_DONE;
}

int operator_crl(int argc, char **argv, struct error *err)
{
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv, struct error *err);
    } parts[] = {{"show", cli_crl_show}, {"verify", cli_crl_verify}};
    for (size_t i = 0; argc > 1 && i < ARRAY_LEN(parts); i++) {
        if (strcmp(argv[1], parts[i].name) == 0)
            return parts[i].run(argc - 1, argv + 1, err);
    }
    return sign(argc, argv, err);
}
