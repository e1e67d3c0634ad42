/* SPDX-License-Identifier: Apache-2.0 */
#include "home/certificate.h"

#include "base/encode.h"
#include "base/quote.h"

#include <ctype.h>

bool home_certificate_remake(struct ledger *ledger, const struct ledger_entry *entry, struct builder *ret_der,
                             struct error *err)
{
    enum signature_kind kind = SIGNATURE_OTHER;
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    bool is_made = ledger_certificate_parts(ledger, entry, &tbs, &signature, err);
    if (is_made && !cert_tbs_signature_kind(builder_bytes(&tbs), &kind, err)) {
        err->kind = ERROR_LEDGER; // what the ledger holds was made by this CA
        is_made = false;
    }
    if (!is_made)
        return error_while(err, "rebuilding certificate %s from the ledger", entry->serial);
    cert_seal(builder_bytes(&tbs), kind, builder_bytes(&signature), ret_der);
    return true;
}

bool home_serial_parse(const char *text, struct builder *ret_serial, struct error *err)
{
    struct quoted buffer;
    AUTO(builder_done) struct builder digits = BUILDER_INIT;
    for (const char *at = text; *at != '\0'; at++) {
        if (*at != ':' && *at != ' ')
            builder_add_u8(&digits, (uint8_t)tolower((unsigned char)*at));
    }
    if (digits.len == 0 || !decode_hex(builder_bytes(&digits), ret_serial))
        return error_set(err, ERROR_USAGE, 0, "\"%s\" is not a serial number in hex",
                         quoted_text(text, &buffer));
    return true;
}

bool home_certificate_find(struct home *home, const char *serial, struct builder *ret_der,
                           struct ledger_entry *ret_entry, struct error *err)
{
    bool is_found = false;
    struct quoted buffer;
    AUTO(builder_done) struct builder bytes = BUILDER_INIT;
    AUTO(ledger_entry_done) struct ledger_entry entry = {.serial = NULL};
    if (!home_serial_parse(serial, &bytes, err) ||
        !ledger_find_serial(home->ledger, builder_bytes(&bytes), &entry, &is_found, err))
        return false;
    if (!is_found)
        return error_set(err, ERROR_INPUT, 0,
                         "no certificate with serial %s in the ledger; `coldca cert list` shows all",
                         quoted_text(serial, &buffer));
    if (entry.issued_seq == UINT64_MAX)
        return error_set(err, ERROR_INPUT, 0, "serial %s was never issued: it is %s", entry.serial,
                         ledger_status_name(entry.status));
    if (!home_certificate_remake(home->ledger, &entry, ret_der, err))
        return false;
    *ret_entry = entry;
    entry = (struct ledger_entry){.serial = NULL};
    return true;
}

bool home_certificate_describe(const struct home *home, struct bytes der, struct builder *ret_text,
                               struct findings *ret_findings, struct error *err)
{
    cert_lint(der, home->issuer, ret_findings);
    return cert_describe(der, ret_text, err);
}
