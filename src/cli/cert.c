/* SPDX-License-Identifier: Apache-2.0 */
#include "base/encode.h"
#include "base/memory.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "cli/report.h"
#include "home/certificate.h"
#include "status/listing.h"
#include "ui/ui.h"

#include <string.h>

static const struct command_help list_help = {
    .usage = "cert list [OPTIONS]",
    .text = "Lists the certificates of the ledger with their state: valid, expired, revoked, hold, burned "
            "(abandoned) or unfinished.",
};

struct listing {
    struct ui_table *table;
    struct json *array;
    struct revocations *revocations;
    int64_t now;
    bool has_state; /**< only those of state, or if is_any_issued valid and expired ones */
    bool is_any_issued;
    enum listing_state state;
    unsigned expires_within; /**< days; 0: whenever */
};

static bool is_wanted(const struct listing *listing, const struct ledger_entry *entry,
                      enum listing_state state)
{
    bool is_issued = state == LISTING_VALID || state == LISTING_EXPIRED;
    if (listing->expires_within > 0 &&
        (state != LISTING_VALID ||
         entry->not_after > listing->now + listing->expires_within * TIME_DAY_SECONDS))
        return false;
    return !listing->has_state || (listing->is_any_issued ? is_issued : state == listing->state);
}

static bool add_certificate(const struct json *record, const struct ledger_entry *entry, void *data)
{
    char not_after[TIME_TEXT_SIZE];
    struct listing *listing = data;
    (void)record;
    if (entry == NULL)
        return true;
    enum listing_state state = listing_state_of(entry, listing->revocations, listing->now);
    if (!is_wanted(listing, entry, state))
        return true;
    const char *revoked =
        entry->status == LEDGER_REVOKED ? revocations_words(listing->revocations, entry->serial) : NULL;
    const char *cells[] = {entry->serial, entry->subject, entry->policy, listing_state_name(state),
                           time_format(entry->not_after, not_after)};
    ui_table_row(listing->table, cells, state == LISTING_VALID ? NULL : "yellow");
    struct json *json = json_add_object(listing->array);
    json_put_text(json, "serial", cells[0]);
    json_put_text(json, "subject", cells[1]);
    json_put_text(json, "policy", cells[2]);
    json_put_text(json, "status", cells[3]);
    json_put_text(json, "not_after", cells[4]);
    json_put_text(json, "revoked", revoked);
    json_put_text(json, "source", entry->source);
    json_put_hex(json, "csr_sha256", BYTES(entry->csr_sha256));
    json_put_hex(json, "spki_sha256", BYTES(entry->spki_sha256));
    json_put_int(json, "seq", (int64_t)entry->signing_seq);
    return true;
}

static int list(int argc, char **argv, struct error *err)
{
    static const char *const headings[] = {"serial", "subject", "policy", "state", "valid until"};
    const char *status = NULL;
    struct ledger_filter filter = {.status = -1, .only_certificates = true};
    struct listing listing = {.now = time_now()};
    AUTO(options_done) struct options options = {.home = NULL};
    const struct option_row rows[] = {
        {"subject", 0, OPTION_TEXT, "TEXT", "subject contains TEXT", &filter.subject},
        {"san", 0, OPTION_TEXT, "TEXT", "subjectAltName contains this name", &filter.san},
        {"policy", 'p', OPTION_TEXT, "NAME", "issued under this policy", &filter.policy},
        {"status", 0, OPTION_TEXT, "STATE", "valid, expired, revoked, hold, burned or unfinished", &status},
        {"expires-within", 0, OPTION_DAYS, "DAYS", "valid now, and not any more in so many days",
         &listing.expires_within},
    };
    AUTO(home_close) struct home *home = NULL;
    if (!options_parse(argc, argv, rows, ARRAY_LEN(rows), &options, err))
        return (int)err->kind;
    if (cli_is_help(&options, &list_help, rows, ARRAY_LEN(rows)))
        return EXIT_DONE;
    struct console console = cli_console(&options);
    AUTO(free) char *path = home_path(options.home);
    AUTO(json_free) struct json *array = json_new_array();
    AUTO(ui_table_free) struct ui_table *table = ui_table_new(headings, ARRAY_LEN(headings), stdout);
    listing.table = table;
    listing.array = array;
    listing.has_state = status != NULL;
    AUTO(revocations_free) struct revocations *revocations = NULL;
    if ((status != NULL && !listing_state_parse(status, &listing.state, &listing.is_any_issued, err)) ||
        !home_open(path, HOME_LOOK, &console, &home, err) ||
        !revocations_load(home->ledger, &revocations, err))
        return (int)err->kind;
    listing.revocations = revocations;
    if (!ledger_each(home->ledger, &filter, add_certificate, &listing, err))
        return (int)err->kind;
    if (options.wants_json)
        report_json(array);
    else
        ui_table_print(table);
    return EXIT_DONE;
}

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
        {"list", list, "the certificates of the ledger"},
        {"show", show, "one certificate in words and PEM"},
    };
    return cli_dispatch("cert", table, ARRAY_LEN(table), argc, argv, err);
}
