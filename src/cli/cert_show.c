/* SPDX-License-Identifier: Apache-2.0 */
#include "base/encode.h"
#include "base/memory.h"
#include "base/time.h"
#include "cli/cert_shown.h"
#include "cli/cli.h"
#include "home/certificate.h"
#include "inspect/listing.h"
#include "inspect/lookup.h"
#include "inspect/policies.h"
#include "records/who.h"

static const struct command_help help = {
    .usage = "cert show SERIAL|FILE [OPTIONS]",
    .text =
        "Shows a certificate of the ledger in words, whether it is revoked, what a linter finds in it, and "
        "its PEM.\nSERIAL is hex, with or without colons; FILE is a certificate of this CA, PEM or DER. "
        "Without a "
        "home: any\ncertificate of a file, and nothing of its state.",
    .example = "  coldca -C ca cert show media/issued/device-1.pem",
};

/** What the ledger says of it. */
static bool look_up(struct cert_shown *shown, const struct lookup *lookup, const char *path,
                    const struct console *console, struct error *err)
{
    bool is_foreign = false;
    AUTO(home_close) struct home *home = NULL;
    AUTO(revocations_free) struct revocations *revocations = NULL;
    if (!home_open(path, HOME_LOOK, console, &home, err) ||
        !revocations_load(home->ledger, &revocations, err) ||
        !lookup_find(lookup, home, revocations, &shown->der, &shown->entry, &is_foreign, err) ||
        !home_certificate_describe(home, builder_bytes(&shown->der), &shown->words, &shown->findings, err) ||
        !policy_record_of(home->ledger, &shown->entry, &shown->words, &shown->policy_seq, err) ||
        (!is_foreign && !who_approved(home->ledger, shown->entry.signing_seq, &shown->words, err)))
        return false;
    if (shown->entry.status == LEDGER_REVOKED)
        shown->revoked = memory_text(revocations_words(revocations, shown->entry.serial));
    shown->status = is_foreign ? "foreign" : ledger_status_name(shown->entry.status);
    shown->state = listing_state_name(listing_state_of(&shown->entry, revocations, time_now()));
    return true;
}

/** Without a home: what the file says. */
static bool take_file(struct cert_shown *shown, const struct foreign *foreign, struct error *err)
{
    if (foreign->words == NULL)
        return error_set(err, ERROR_INPUT, 0, "this certificate can't be put into words");
    builder_add_text(&shown->words, foreign->words);
    builder_add_bytes(&shown->der, builder_bytes(&foreign->der));
    findings_copy(&shown->findings, &foreign->findings);
    return true;
}

int cli_cert_show(int argc, char **argv, struct error *err)
{
    AUTO(options_done) struct options options = {.home = NULL};
    AUTO(lookup_done) struct lookup lookup = {.serial = NULL};
    AUTO(cert_shown_done) struct cert_shown shown = {.policy_seq = -1};
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
        !(lookup.serial != NULL || cli_has_home(&options, path)
              ? look_up(&shown, &lookup, path, &console, err)
              : take_file(&shown, &lookup.foreign, err)))
        return (int)err->kind;
    encode_pem("CERTIFICATE", builder_bytes(&shown.der), &shown.pem);
    cert_shown_report(&shown, options.wants_json);
    return EXIT_DONE;
}
