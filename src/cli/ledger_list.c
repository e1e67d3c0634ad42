/* SPDX-License-Identifier: Apache-2.0 */
#include "base/encode.h"
#include "base/quote.h"
#include "cli/cli.h"
#include "cli/ledger_print.h"
#include "home/certificate.h"
#include "home/home.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const struct command_help help = {
    .usage = "ledger list [OPTIONS]",
    .text = "Lists records in order: number, time, type, and what matters of each. --json prints the records "
            "themselves, one per\nline; --csv prints number, time, type, serial, subject, policy, status, "
            "below a line that names "
            "them.",
    .example = "  coldca -C ca ledger list --type cert.signing --subject device-0001",
};

bool cli_parse_seq(const char *text, uint64_t *ret_seq)
{
    char *end = NULL;
    if (!isdigit((unsigned char)*text))
        return false;
    *ret_seq = strtoull(text, &end, 10);
    return *end == '\0';
}

bool cli_parse_status(const char *name, int *ret_status, struct error *err)
{
    for (int i = LEDGER_UNFINISHED; i <= LEDGER_REVOKED; i++) {
        if (strcmp(name, ledger_status_name((enum ledger_status)i)) == 0) {
            *ret_status = i;
            return true;
        }
    }
    return error_set(err, ERROR_USAGE, 0, "--status is issued, abandoned, revoked or unfinished");
}

static bool parse_when(const char *option, const char *text, int64_t *ret_time, struct error *err)
{
    char whole[TIME_TEXT_SIZE];
    struct quoted buffer;
    if (text == NULL)
        return true;
    (void)snprintf(whole, sizeof(whole), "%.10sT00:00:00Z", text); // a day alone means its first second
    if (time_parse(text, ret_time) || (strlen(text) == 10 && time_parse(whole, ret_time)))
        return true;
    return error_set(err, ERROR_USAGE, 0,
                     "--%s needs a time like 2026-11-21 or 2026-11-21T08:00:00Z, not \"%s\"", option,
                     quoted_text(text, &buffer));
}

static bool parse_serial(const char *text, struct builder *buffer, const char **ret_hex, struct error *err)
{
    AUTO(builder_done) struct builder bytes = BUILDER_INIT;
    if (!home_serial_parse(text, &bytes, err))
        return false;
    encode_hex(builder_bytes(&bytes), buffer);
    *ret_hex = builder_text(buffer);
    return true;
}

int cli_ledger_list(int argc, char **argv, struct error *err)
{
    const char *since = NULL;
    const char *until = NULL;
    const char *status = NULL;
    const char *serial = NULL;
    const char *who = NULL;
    AUTO(who_free) struct who *person = NULL;
    AUTO(builder_done) struct builder hex = BUILDER_INIT;
    bool wants_csv = false;
    struct ledger_filter filter = {.status = -1};
    AUTO(options_done) struct options options = {.home = NULL};
    const struct option_row rows[] = {
        {"type", 0, OPTION_TEXT, "TYPE", "cert.signing, cert.issued, request.refused, ...", &filter.type},
        {"serial", 0, OPTION_TEXT, "HEX", "all records of this certificate", &serial},
        {"subject", 0, OPTION_TEXT, "TEXT", "subject contains TEXT", &filter.subject},
        {"san", 0, OPTION_TEXT, "TEXT", "subjectAltName contains this name", &filter.san},
        {"policy", 'p', OPTION_TEXT, "NAME", "certificates under this policy", &filter.policy},
        {"batch", 0, OPTION_TEXT, "ID", "session.opened and cert.signing of this run", &filter.batch},
        {"status", 0, OPTION_TEXT, "STATE", "certificates that are issued, abandoned, revoked or unfinished",
         &status},
        {"who", 0, OPTION_TEXT, "NAME", "what this person ran or approved", &who},
        {"since", 0, OPTION_TEXT, "TIME", "not before this time", &since},
        {"until", 0, OPTION_TEXT, "TIME", "not after this time", &until},
        {"csv", 0, OPTION_FLAG, NULL, "as CSV", &wants_csv},
    };
    AUTO(home_close) struct home *home = NULL;
    if (!options_parse(argc, argv, rows, ARRAY_LEN(rows), &options, err))
        return (int)err->kind;
    if (cli_is_help(&options, &help, rows, ARRAY_LEN(rows)))
        return EXIT_DONE;
    struct console console = cli_console(&options);
    AUTO(free) char *path = home_path(options.home);
    if (!parse_when("since", since, &filter.since, err) || !parse_when("until", until, &filter.until, err) ||
        (serial != NULL && !parse_serial(serial, &hex, &filter.serial, err)) ||
        (status != NULL && !cli_parse_status(status, &filter.status, err)) ||
        !home_open(path, HOME_LOOK, &console, &home, err) ||
        (who != NULL && !who_read(home->ledger, who, &person, err)))
        return (int)err->kind;
    if (wants_csv && !options.wants_json)
        puts("seq,time,type,serial,subject,policy,status");
    const struct ledger_printing printing = {.print = options.wants_json ? ledger_print_json
                                                      : wants_csv        ? ledger_print_csv
                                                                         : ledger_print_line,
                                             .who = person};
    if (!ledger_each(home->ledger, &filter, ledger_print_of, (void *)(uintptr_t)&printing, err))
        return (int)err->kind;
    return EXIT_DONE;
}
