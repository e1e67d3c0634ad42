/* SPDX-License-Identifier: Apache-2.0 */
#include "base/encode.h"
#include "base/memory.h"
#include "base/time.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "cli/report.h"
#include "home/certificate.h"
#include "records/who.h"
#include "status/listing.h"
#include "status/lookup.h"
#include "status/policies.h"

static const struct command_help help = {
    .usage = "cert show SERIAL|FILE [OPTIONS]",
    .text =
        "Shows a certificate of the ledger in words, whether it is revoked, what a linter finds in it, and "
        "its PEM.\nSERIAL is hex, with or without colons; FILE is a certificate of this CA, PEM or DER.",
    .example = "  coldca -C ca cert show media/issued/device-1.pem",
};

/** What is shown. */
struct shown {
    struct ledger_entry entry;
    struct builder der, words, pem;
    struct findings findings;
    const char *status;  /**< the ledger's */
    const char *state;   /**< now */
    const char *revoked; /**< NULL: it is not */
    int64_t policy_seq;  /**< of the record with its policy's text; -1 */
};

static void shown_done(struct shown *shown)
{
    ledger_entry_done(&shown->entry);
    builder_done(&shown->der);
    builder_done(&shown->words);
    builder_done(&shown->pem);
    findings_done(&shown->findings);
}
DEFINE_AUTO_VALUE(struct shown, shown_done);

static void print(struct shown *shown)
{
    cli_print(stdout, "%s", builder_text(&shown->words));
    if (shown->entry.signing_seq == UINT64_MAX)
        cli_print(stdout, "status: %s (from before this ledger: no record has it)\n", shown->status);
    else
        cli_print(stdout, "status: %s (records %llu and %llu)\n", shown->status,
                  (unsigned long long)shown->entry.signing_seq, (unsigned long long)shown->entry.issued_seq);
    cli_print(stdout, "now: %s\n", shown->state);
    if (shown->revoked != NULL)
        cli_print(stdout, "revoked: %s\n", shown->revoked);
    for (size_t i = 0; i < shown->findings.count; i++) {
        const struct finding *finding = &shown->findings.items[i];
        cli_print(stdout, "lint: %s%s%s%s\n", finding->text, finding->source == NULL ? "" : " (",
                  finding->source == NULL ? "" : finding->source, finding->source == NULL ? "" : ")");
    }
    printf("%s", builder_text(&shown->pem));
}

static void report(struct shown *shown)
{
    AUTO(json_free) struct json *json = json_new_object();
    json_put_text(json, "serial", shown->entry.serial);
    json_put_text(json, "subject", shown->entry.subject);
    json_put_text(json, "status", shown->status);
    json_put_text(json, "state", shown->state);
    json_put_text(json, "revoked", shown->revoked);
    json_put_text(json, "policy", shown->entry.policy);
    if (shown->policy_seq >= 0)
        json_put_int(json, "policy_record", shown->policy_seq);
    json_put_text(json, "words", builder_text(&shown->words));
    json_put_text(json, "pem", builder_text(&shown->pem));
    struct json *lint = json_put_array(json, "lint");
    for (size_t i = 0; i < shown->findings.count; i++)
        json_add_text(lint, shown->findings.items[i].text);
    report_json(json);
}

int cli_cert_show(int argc, char **argv, struct error *err)
{
    AUTO(options_done) struct options options = {.home = NULL};
    AUTO(lookup_done) struct lookup lookup = {.serial = NULL};
    AUTO(home_close) struct home *home = NULL;
    AUTO(revocations_free) struct revocations *revocations = NULL;
    AUTO(shown_done) struct shown shown = {.status = NULL};
    bool is_foreign = false;
    if (!options_parse(argc, argv, NULL, 0, &options, err))
        return (int)err->kind;
    if (cli_is_help(&options, &help, NULL, 0))
        return EXIT_DONE;
    if (options.arguments.count != 1) {
        (void)error_set(err, ERROR_USAGE, 0,
                        "cert show needs one serial or one file; `coldca cert list` shows the serials");
        return (int)err->kind;
    }
    struct console console = cli_console(&options);
    AUTO(free) char *path = home_path(options.home);
    if (!lookup_read(options.arguments.items[0], &lookup, err) ||
        !home_open(path, HOME_LOOK, &console, &home, err) ||
        !revocations_load(home->ledger, &revocations, err) ||
        !lookup_find(&lookup, home, revocations, &shown.der, &shown.entry, &is_foreign, err) ||
        !home_certificate_describe(home, builder_bytes(&shown.der), &shown.words, &shown.findings, err) ||
        !policy_record_of(home->ledger, &shown.entry, &shown.words, &shown.policy_seq, err) ||
        (!is_foreign && !who_approved(home->ledger, shown.entry.signing_seq, &shown.words, err)))
        return (int)err->kind;
    shown.revoked =
        shown.entry.status == LEDGER_REVOKED ? revocations_words(revocations, shown.entry.serial) : NULL;
    shown.status = is_foreign ? "foreign" : ledger_status_name(shown.entry.status);
    shown.state = listing_state_name(listing_state_of(&shown.entry, revocations, time_now()));
    encode_pem("CERTIFICATE", builder_bytes(&shown.der), &shown.pem);
    if (options.wants_json)
        report(&shown);
    else
        print(&shown);
    return EXIT_DONE;
}
