/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect/lookup.h"

#include "base/encode.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/quote.h"
#include "home/certificate.h"

#include <fcntl.h>
#include <string.h>

void lookup_done(struct lookup *lookup)
{
    foreign_done(&lookup->foreign);
}

bool lookup_read(const char *text, struct lookup *ret_lookup, struct error *err)
{
    struct quoted buffer;
    struct error ignored = ERROR_INIT;
    AUTO(builder_done) struct builder serial = BUILDER_INIT;
    *ret_lookup = (struct lookup){.serial = NULL};
    if (home_serial_parse(text, &serial, &ignored)) {
        ret_lookup->serial = text;
        return true;
    }
    if (!file_exists(AT_FDCWD, text))
        return error_set(err, ERROR_USAGE, 0, "\"%s\" is neither a serial number in hex nor a file",
                         quoted_text(text, &buffer));
    return foreign_read_file(FOREIGN_CERTIFICATE, text, &ret_lookup->foreign, err);
}

static bool find_known(struct home *home, const char *serial, struct bytes der, struct builder *ret_der,
                       struct ledger_entry *ret_entry, struct error *err)
{
    if (!home_certificate_find(home, serial, ret_der, ret_entry, err))
        return false;
    return bytes_equal(builder_bytes(ret_der), der) ||
           error_set(
               err, ERROR_LEDGER, 0,
               "the CA's key signed this certificate, and another one of the same serial %s, which is the "
               "ledger's: either this home is not the CA's only one, or the token signed what no ledger "
               "holds",
               serial);
}

bool lookup_find(const struct lookup *lookup, struct home *home, const struct revocations *revocations,
                 struct builder *ret_der, struct ledger_entry *ret_entry, bool *ret_is_foreign,
                 struct error *err)
{
    AUTO(cert_facts_done) struct cert_facts facts = {.serial_len = 0};
    AUTO(builder_done) struct builder serial = BUILDER_INIT;
    AUTO(ledger_entry_done) struct ledger_entry entry = {.serial = NULL};
    struct bytes der = builder_bytes(&lookup->foreign.der);
    bool is_known = false;
    *ret_is_foreign = false;
    if (lookup->serial != NULL)
        return home_certificate_find(home, lookup->serial, ret_der, ret_entry, err);
    if (home->issuer == NULL)
        return error_set(err, ERROR_INPUT, 0, "%s awaits its parent's certificate and issued none",
                         home->path);
    bool is_own = bytes_equal(der, cert_issuer_der(home->issuer));
    if ((!is_own && !foreign_is_ours(&lookup->foreign, home->issuer, err)) || !cert_read(der, &facts, err))
        return error_while(err, "looking for the file's certificate in the ledger");
    struct bytes bytes = bytes_of(facts.serial, facts.serial_len);
    encode_hex(bytes, &serial);
    if (!ledger_find_serial(home->ledger, bytes, &entry, &is_known, err))
        return false;
    if (is_known)
        return find_known(home, builder_text(&serial), der, ret_der, ret_entry, err);
    builder_add_bytes(ret_der, der);
    bool is_revoked = revocations_has(revocations, builder_text(&serial));
    *ret_entry = (struct ledger_entry){.serial = builder_take_text(&serial),
                                       .status = is_revoked ? LEDGER_REVOKED : LEDGER_ISSUED,
                                       .not_after = facts.not_after,
                                       .signing_seq = UINT64_MAX,
                                       .issued_seq = UINT64_MAX};
    ret_entry->subject = TAKE(facts.subject_text);
    *ret_is_foreign = true;
    return true;
}

bool lookup_key(const char *text, uint8_t ret_sha256[static 32], struct error *err)
{
    struct quoted buffer;
    AUTO(builder_done) struct builder digest = BUILDER_INIT;
    AUTO(foreign_done) struct foreign foreign = {.issuer = NULL};
    bool is_digest = strlen(text) == 64 && decode_hex(bytes_of_text(text), &digest) && digest.len == 32;
    if (!is_digest && !file_exists(AT_FDCWD, text))
        return error_set(err, ERROR_USAGE, 0,
                         "--key: \"%s\" is neither a file nor the SHA-256 of a public key in hex",
                         quoted_text(text, &buffer));
    if (!is_digest && !foreign_read_file(FOREIGN_KEY, text, &foreign, err))
        return false;
    memcpy(ret_sha256, is_digest ? digest.data : foreign.key_value, 32);
    return true;
}

bool lookup_has_key(const struct ledger_entry *entry, const uint8_t sha256[static 32])
{
    return memcmp(entry->key_value, sha256, sizeof(entry->key_value)) == 0 ||
           memcmp(entry->spki_sha256, sha256, sizeof(entry->spki_sha256)) == 0;
}
