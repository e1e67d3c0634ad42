/* SPDX-License-Identifier: Apache-2.0 */
#include "base/encode.h"
#include "base/memory.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "cli/report.h"
#include "home/certificate.h"
#include "status/listing.h"

static const struct command_help show_help = {
    .usage = "cert show SERIAL [OPTIONS]",
    .text = "Shows a certificate of the ledger in words, what a linter finds in it, and its PEM. SERIAL is "
            "hex, with or without\n"
            "colons.",
};

static void print_certificate(const struct ledger_entry *entry, const char *revoked, struct builder *words,
                              struct builder *pem, const struct findings *findings)
{
    cli_print(stdout, "%s", builder_text(words));
    printf("status: %s (records %llu and %llu)\n", ledger_status_name(entry->status),
           (unsigned long long)entry->signing_seq, (unsigned long long)entry->issued_seq);
    if (revoked != NULL)
        printf("revoked: %s\n", revoked);
    for (size_t i = 0; i < findings->count; i++)
        cli_print(stdout, "lint: %s%s%s%s\n", findings->items[i].text,
                  findings->items[i].source == NULL ? "" : " (",
                  findings->items[i].source == NULL ? "" : findings->items[i].source,
                  findings->items[i].source == NULL ? "" : ")");
    printf("%s", builder_text(pem));
}

static int show(int argc, char **argv, struct error *err)
{
    AUTO(options_done) struct options options = {.home = NULL};
    AUTO(home_close) struct home *home = NULL;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(builder_done) struct builder words = BUILDER_INIT;
    AUTO(builder_done) struct builder pem = BUILDER_INIT;
    AUTO(findings_done) struct findings findings = FINDINGS_INIT;
    AUTO(revocations_free) struct revocations *revocations = NULL;
    AUTO(ledger_entry_done) struct ledger_entry entry = {.serial = NULL};
    if (!options_parse(argc, argv, NULL, 0, &options, err))
        return (int)err->kind;
    if (cli_is_help(&options, &show_help, NULL, 0))
        return EXIT_DONE;
    if (options.arguments.count != 1) {
        (void)error_set(err, ERROR_USAGE, 0, "cert show needs one serial; `coldca cert list` shows them");
        return (int)err->kind;
    }
    struct console console = cli_console(&options);
    AUTO(free) char *path = home_path(options.home);
    if (!home_open(path, HOME_LOOK, &console, &home, err) ||
        !home_certificate_find(home, options.arguments.items[0], &der, &entry, err) ||
        !home_certificate_describe(home, builder_bytes(&der), &words, &findings, err) ||
        !revocations_load(home->ledger, &revocations, err))
        return (int)err->kind;
    const char *revoked =
        entry.status == LEDGER_REVOKED ? revocations_words(revocations, entry.serial) : NULL;
    encode_pem("CERTIFICATE", builder_bytes(&der), &pem);
    if (!options.wants_json) {
        print_certificate(&entry, revoked, &words, &pem, &findings);
        return EXIT_DONE;
    }
    AUTO(json_free) struct json *json = json_new_object();
    json_put_text(json, "serial", entry.serial);
    json_put_text(json, "subject", entry.subject);
    json_put_text(json, "status", ledger_status_name(entry.status));
    json_put_text(json, "revoked", revoked);
    json_put_text(json, "policy", entry.policy);
    json_put_text(json, "words", builder_text(&words));
    json_put_text(json, "pem", builder_text(&pem));
    struct json *lint = json_put_array(json, "lint");
    for (size_t i = 0; i < findings.count; i++)
        json_add_text(lint, findings.items[i].text);
    report_json(json);
    return EXIT_DONE;
}

int cli_cert(int argc, char **argv, struct error *err)
{
    static const struct subcommand table[] = {
        {"list", cli_cert_list, "the certificates of the ledger"},
        {"show", show, "one certificate in words and PEM"},
    };
    return cli_dispatch("cert", table, ARRAY_LEN(table), argc, argv, err);
}
