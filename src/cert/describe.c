/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"
#include "base/encode.h"
#include "base/time.h"
#include "cert/asn1.h"
#include "cert/name.h"
#include "cert/parts.h"

#include <string.h>

static bool add_extended_key_usage(struct bytes value, struct builder *out)
{
    struct bytes content;
    struct bytes oid;
    char text[128];
    if (!der_take(&value, DER_SEQUENCE, &content) || value.len > 0)
        return false;
    while (content.len > 0) {
        if (!der_take(&content, DER_OID, &oid) || !der_oid_text(oid, text, sizeof(text)))
            return false;
        builder_format(out, " %s", extended_key_usage_name(text));
    }
    return true;
}

static void add_key_usage(const struct cert_parts *parts, struct builder *out)
{
    bool has;
    uint16_t bits;
    struct error ignored = ERROR_INIT; // what is damaged shows no bits; lint names it
    if (!parts_key_usage(parts, &has, &bits, &ignored))
        return;
    for (unsigned i = 0; i < 9; i++) {
        if ((bits >> i & 1) != 0)
            builder_format(out, " %s", key_usage_name(i));
    }
}

static void add_basic_constraints(const struct cert_parts *parts, struct builder *out)
{
    bool is_ca;
    int path_len;
    struct error ignored = ERROR_INIT; // likewise
    if (!parts_basic_constraints(parts, &is_ca, &path_len, &ignored))
        return;
    builder_add_text(out, is_ca ? " CA" : " no CA");
    if (path_len >= 0)
        builder_format(out, ", path length %d", path_len);
}

static void add_value(const struct cert_parts *parts, unsigned last, struct bytes value, struct builder *out)
{
    char hex[129];
    struct bytes names;
    struct bytes id;
    struct error ignored = ERROR_INIT; // likewise
    bool is_shown = true;
    switch (last) {
    case 14:
        is_shown = parts_subject_key_id(parts, &id, &ignored);
        builder_format(out, " %s", is_shown ? hex_of(id, hex) : "");
        break;
    case 35:
        is_shown = parts_authority_key_id(parts, &id, &ignored);
        builder_format(out, " %s", is_shown ? hex_of(id, hex) : "");
        break;
    case 15:
        add_key_usage(parts, out);
        break;
    case 17:
        builder_add_text(out, " ");
        is_shown = der_take(&value, DER_SEQUENCE, &names) && value.len == 0 && name_general_text(names, out);
        break;
    case 19:
        add_basic_constraints(parts, out);
        break;
    case 37:
        is_shown = add_extended_key_usage(value, out);
        break;
    default:
        builder_format(out, " %zu bytes", value.len);
        break;
    }
    if (!is_shown)
        builder_add_text(out, " (damaged)");
}

static void add_extension(const struct cert_parts *parts, const struct cert_extension *extension,
                          struct builder *out)
{
    static const char *const names[] = {
        [14] = "subject key id",       [15] = "key usage",        [17] = "subject alt names",
        [19] = "basic constraints",    [30] = "name constraints", [31] = "CRL points",
        [32] = "certificate policies", [35] = "authority key id", [37] = "extended key usage",
    };
    char oid[128];
    bool is_ce = extension->oid.len == 3 && extension->oid.data[0] == 0x55 && extension->oid.data[1] == 0x1d;
    unsigned last = is_ce ? extension->oid.data[2] : 0;
    const char *name = last < ARRAY_LEN(names) ? names[last] : NULL;
    if (name == NULL && !der_oid_text(extension->oid, oid, sizeof(oid)))
        name = "damaged OID";
    else if (name == NULL)
        name = strcmp(oid, "1.3.6.1.5.5.7.1.1") == 0      ? "authority information"
               : strcmp(oid, "1.3.6.1.5.5.7.48.1.5") == 0 ? "OCSP no check"
                                                          : oid;
    builder_format(out, "  %-22s", name);
    add_value(parts, last, extension->value, out);
    builder_add_text(out, extension->is_critical ? " (critical)\n" : "\n");
}

bool cert_describe(struct bytes certificate, struct builder *ret_text, struct error *err)
{
    char hex[129];
    char from[TIME_TEXT_SIZE];
    char until[TIME_TEXT_SIZE];
    uint8_t digest[32];
    struct cert_parts parts;
    struct cert_extension extension;
    AUTO(cert_facts_done) struct cert_facts facts = {.serial_len = 0};
    if (!parts_read(certificate, &parts, err) || !cert_read(certificate, &facts, err))
        return false;
    digest_sha256(certificate, digest);
    builder_format(ret_text, "subject     %s\nissuer      %s\n",
                   *facts.subject_text != '\0' ? facts.subject_text : "(empty)", facts.issuer_text);
    builder_format(ret_text, "serial      %s\n", hex_of(bytes_of(facts.serial, facts.serial_len), hex));
    builder_format(ret_text, "valid       %s to %s\n", time_format(facts.not_before, from),
                   time_format(facts.not_after, until));
    builder_format(ret_text, "key         %s, SHA-256 %s\n", facts.key_text,
                   hex_of(BYTES(facts.spki_sha256), hex));
    builder_format(ret_text, "signed with %s\n", signature_name(signature_of_der(parts.algorithm)));
    if (parts.signature.len > 0)
        builder_format(ret_text, "SHA-256     %s\n", hex_of(BYTES(digest), hex));
    builder_add_text(ret_text, "extensions\n");
    struct bytes cursor = parts.extensions;
    while (parts_next_extension(&cursor, &extension))
        add_extension(&parts, &extension, ret_text);
    if (cursor.len > 0)
        builder_add_text(ret_text, "  the rest of the extensions is damaged\n");
    return true;
}
