/* SPDX-License-Identifier: Apache-2.0 */
#include "base/encode.h"
#include "cli/cli.h"
#include "cli/report.h"
#include "home/home.h"
#include "inspect/listing.h"
#include "inspect/lookup.h"
#include "ui/ui.h"

static const struct command_help help = {
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
    const char *key;         /**< file or SHA-256; NULL: any */
    uint8_t key_sha256[32];
};

static bool is_wanted(const struct listing *listing, const struct ledger_entry *entry,
                      enum listing_state state)
{
    bool is_issued = state == LISTING_VALID || state == LISTING_EXPIRED;
    if (listing->expires_within > 0 &&
        (state != LISTING_VALID ||
         entry->not_after > listing->now + listing->expires_within * TIME_DAY_SECONDS))
        return false;
    if (listing->key != NULL && !lookup_has_key(entry, listing->key_sha256))
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

int cli_cert_list(int argc, char **argv, struct error *err)
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
        {"key", 0, OPTION_TEXT, "FILE|SHA256",
         "with this public key: a file with it, a certificate or a request, or its SHA-256", &listing.key},
    };
    AUTO(home_close) struct home *home = NULL;
    if (!options_parse(argc, argv, rows, ARRAY_LEN(rows), &options, err))
        return (int)err->kind;
    if (cli_is_help(&options, &help, rows, ARRAY_LEN(rows)))
        return EXIT_DONE;
    struct console console = cli_console(&options);
    AUTO(free) char *path = home_path(options.home);
    AUTO(json_free) struct json *array = json_new_array();
    AUTO(ui_table_free) struct ui_table *table = ui_table_new(headings, ARRAY_LEN(headings), stdout);
    listing.table = table;
    listing.array = array;
    listing.has_state = status != NULL;
    AUTO(revocations_free) struct revocations *revocations = NULL;
    if ((listing.key != NULL && !lookup_key(listing.key, listing.key_sha256, err)) ||
        (status != NULL && !listing_state_parse(status, &listing.state, &listing.is_any_issued, err)) ||
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
