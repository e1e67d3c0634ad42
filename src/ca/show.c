#include "ca/show.h"

#include "base/der.h"
#include "base/encode.h"
#include "base/quote.h"

#include <ctype.h>

static bool signature_kind_of(struct bytes tbs, enum signature_kind *ret_kind, struct error *err)
{
    struct bytes body;
    struct bytes skipped;
    struct bytes algorithm;
    if (!der_take(&tbs, DER_SEQUENCE, &body) || !der_take(&body, DER_CONTEXT_CONSTRUCTED_0, &skipped) ||
        !der_take(&body, DER_INTEGER, &skipped) || !der_take_whole(&body, DER_SEQUENCE, &algorithm) ||
        signature_of_der(algorithm) == SIGNATURE_OTHER)
        return error_set(err, ERROR_LEDGER, 0,
                         "the bytes that were signed are no TBSCertificate of ours (RFC 5280 4.1.2)");
    *ret_kind = signature_of_der(algorithm);
    return true;
}

bool ca_certificate_of(struct ca_home *home, const struct ledger_entry *entry, struct builder *ret_der,
                       struct error *err)
{
    enum signature_kind kind = SIGNATURE_OTHER;
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    if (!ledger_certificate_parts(home->ledger, entry, &tbs, &signature, err) ||
        !signature_kind_of(builder_bytes(&tbs), &kind, err))
        return error_while(err, "making certificate %s again from the ledger", entry->serial);
    cert_seal(builder_bytes(&tbs), kind, builder_bytes(&signature), ret_der);
    return true;
}

bool ca_show_item(struct ca_home *home, const struct plan_item *item, struct builder *ret_text,
                  struct error *err)
{
    enum signature_kind kind = SIGNATURE_OTHER;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    struct bytes tbs = bytes_of(item->tbs, item->tbs_len);
    if (item->action == PLAN_REPEAT || item->action == PLAN_PRESENT)
        return ca_certificate_of(home, &item->earlier, &der, err) &&
               cert_describe(builder_bytes(&der), ret_text, err);
    if (!signature_kind_of(tbs, &kind, err))
        return false;
    cert_seal(tbs, kind, bytes_of(NULL, 0), &der);
    return cert_describe(builder_bytes(&der), ret_text, err);
}

bool ca_serial_parse(const char *text, struct builder *ret_serial, struct error *err)
{
    struct quoted room;
    AUTO(builder_done) struct builder digits = BUILDER_INIT;
    for (const char *at = text; *at != '\0'; at++) {
        if (*at != ':' && *at != ' ')
            builder_add_u8(&digits, (uint8_t)tolower((unsigned char)*at));
    }
    if (digits.len == 0 || !decode_hex(builder_bytes(&digits), ret_serial))
        return error_set(err, ERROR_USAGE, 0, "\"%s\" is no serial number in hex", quoted_text(text, &room));
    return true;
}

bool ca_show_find(struct ca_home *home, const char *serial, struct builder *ret_der,
                  struct ledger_entry *ret_entry, struct error *err)
{
    bool is_found = false;
    struct quoted room;
    AUTO(builder_done) struct builder bytes = BUILDER_INIT;
    AUTO(ledger_entry_done) struct ledger_entry entry = {.serial = NULL};
    if (!ca_serial_parse(serial, &bytes, err) ||
        !ledger_find_serial(home->ledger, builder_bytes(&bytes), &entry, &is_found, err))
        return false;
    if (!is_found)
        return error_set(err, ERROR_INPUT, 0,
                         "the ledger knows no certificate %s; `coldca cert list` shows those it knows",
                         quoted_text(serial, &room));
    if (entry.issued_seq == UINT64_MAX)
        return error_set(err, ERROR_INPUT, 0, "serial %s was never issued: it is %s", entry.serial,
                         ledger_status_name(entry.status));
    if (!ca_certificate_of(home, &entry, ret_der, err))
        return false;
    *ret_entry = entry;
    entry = (struct ledger_entry){.serial = NULL};
    return true;
}

bool ca_show_certificate(const struct ca_home *home, struct bytes der, struct builder *ret_text,
                         struct findings *ret_findings, struct error *err)
{
    cert_lint(der, home->issuer, ret_findings);
    return cert_describe(der, ret_text, err);
}
