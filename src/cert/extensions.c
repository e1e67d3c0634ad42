/* SPDX-License-Identifier: Apache-2.0 */
#include "cert/extensions.h"

#include "base/digest.h"
#include "base/quote.h"
#include "cert/asn1.h"
#include "cert/name.h"

#include <string.h>

/* id-ce N is 2.5.29.N: 55 1d N. id-pe N is 1.3.6.1.5.5.7.1.N. */
#define ID_CE(last) (const uint8_t[]){0x55, 0x1d, last}, 3
#define CE_SUBJECT_KEY_ID 14
#define CE_KEY_USAGE 15
#define CE_SUBJECT_ALT_NAME 17
#define CE_BASIC_CONSTRAINTS 19
#define CE_NAME_CONSTRAINTS 30
#define CE_CRL_DISTRIBUTION_POINTS 31
#define CE_CERTIFICATE_POLICIES 32
#define CE_AUTHORITY_KEY_ID 35
#define CE_EXTENDED_KEY_USAGE 37

static const uint8_t authority_information_access[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x01};
static const uint8_t id_qt_cps[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x02, 0x01};
static const uint8_t ocsp_no_check[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x05};

struct open_extension {
    size_t sequence;
    size_t value;
};

/** critical is DEFAULT FALSE, so it is written only when true (X.690 11.5). */
static struct open_extension open_extension(struct builder *out, const uint8_t *oid, size_t oid_len,
                                            bool is_critical)
{
    struct open_extension open;
    open.sequence = asn1_open(out, DER_SEQUENCE);
    der_add(out, DER_OID, bytes_of(oid, oid_len));
    if (is_critical)
        asn1_bool(out, true);
    open.value = asn1_open(out, DER_OCTET_STRING);
    return open;
}

static void close_extension(struct builder *out, struct open_extension open)
{
    asn1_close(out, open.value);
    asn1_close(out, open.sequence);
}

/** RFC 5280 4.2.1.9: critical on CAs; an end entity's would be an empty sequence, so it is left out. */
static void add_basic_constraints(const struct template *template, struct builder *out)
{
    if (!template->is_ca)
        return;
    struct open_extension open = open_extension(out, ID_CE(CE_BASIC_CONSTRAINTS), true);
    size_t mark = asn1_open(out, DER_SEQUENCE);
    asn1_bool(out, true);
    if (template->path_len >= 0)
        asn1_small(out, (unsigned)template->path_len);
    asn1_close(out, mark);
    close_extension(out, open);
}

static void add_key_usage(const struct template *template, struct builder *out)
{
    if (template->key_usage == 0)
        return;
    struct open_extension open = open_extension(out, ID_CE(CE_KEY_USAGE), true);
    asn1_named_bits(out, template->key_usage);
    close_extension(out, open);
}

/** SHA-1 over the key's bits (RFC 5280 4.2.1.2 method 1): an identifier, not a signature; every verifier and OCSP client knows it. */
static void add_key_ids(const struct cert_issuer *issuer, struct bytes key_bit_string, struct builder *out)
{
    uint8_t own[20];
    digest_sha1(key_bit_string, own);
    struct open_extension open = open_extension(out, ID_CE(CE_SUBJECT_KEY_ID), false);
    der_add(out, DER_OCTET_STRING, BYTES(own));
    close_extension(out, open);
    // Copied from the issuer's SKI, never computed; a root's is its own (RFC 5280 4.2.1.1 lets it out, so it is).
    if (issuer == NULL)
        return;
    open = open_extension(out, ID_CE(CE_AUTHORITY_KEY_ID), false);
    size_t mark = asn1_open(out, DER_SEQUENCE);
    der_add(out, DER_CONTEXT_0, cert_issuer_key_id(issuer));
    asn1_close(out, mark);
    close_extension(out, open);
}

static bool add_oid(struct builder *out, const char *oid, const char *what, struct error *err)
{
    struct quoted buffer;
    return asn1_oid(out, oid) ||
           error_set(err, ERROR_INPUT, 0, "%s: \"%s\" is not an OID", what, quoted_text(oid, &buffer));
}

static bool add_extended_key_usage(const struct template *template, struct builder *out, struct error *err)
{
    if (template->extended_key_usage_count == 0)
        return true;
    struct open_extension open =
        open_extension(out, ID_CE(CE_EXTENDED_KEY_USAGE), template->extended_key_usage_is_critical);
    size_t mark = asn1_open(out, DER_SEQUENCE);
    for (size_t i = 0; i < template->extended_key_usage_count; i++) {
        if (!add_oid(out, template->extended_key_usage[i], "extended key usage", err))
            return false;
    }
    asn1_close(out, mark);
    close_extension(out, open);
    return true;
}

bool extensions_add_san(const struct template *template, struct builder *out, struct error *err)
{
    if (template->sans_count == 0)
        return template->attributes_count > 0 ||
               error_set(err, ERROR_INPUT, 0, "neither a subject nor a subjectAltName (RFC 5280 4.1.2.6)");
    struct open_extension open =
        open_extension(out, ID_CE(CE_SUBJECT_ALT_NAME), template->attributes_count == 0);
    size_t mark = asn1_open(out, DER_SEQUENCE);
    for (size_t i = 0; i < template->sans_count; i++) {
        const struct template_name *san = &template->sans[i];
        if (san->kind == SAN_IP && san->value_len != 4 && san->value_len != 16)
            return error_set(err, ERROR_INPUT, 0, "san ip: %zu octets, 4 or 16 are needed (RFC 5280 4.2.1.6)",
                             san->value_len);
        name_add_general(out, san->kind, bytes_of(san->value, san->value_len));
    }
    asn1_close(out, mark);
    close_extension(out, open);
    return true;
}

static void add_subtrees(struct builder *out, uint8_t tag, const struct template_name *names, size_t count)
{
    if (count == 0)
        return;
    size_t mark = asn1_open(out, tag);
    for (size_t i = 0; i < count; i++) {
        size_t subtree = asn1_open(out, DER_SEQUENCE);
        name_add_general(out, names[i].kind, bytes_of(names[i].value, names[i].value_len));
        asn1_close(out, subtree);
    }
    asn1_close(out, mark);
}

/** RFC 5280 4.2.1.10: critical, CAs only. */
static bool add_name_constraints(const struct template *template, struct builder *out, struct error *err)
{
    if (template->permitted_count == 0 && template->excluded_count == 0)
        return true;
    if (!template->is_ca)
        return error_set(err, ERROR_INPUT, 0,
                         "name constraints on a certificate that is not a CA's (RFC 5280 4.2.1.10)");
    struct open_extension open = open_extension(out, ID_CE(CE_NAME_CONSTRAINTS), true);
    size_t mark = asn1_open(out, DER_SEQUENCE);
    add_subtrees(out, DER_CONTEXT_CONSTRUCTED_0, template->permitted, template->permitted_count);
    add_subtrees(out, DER_CONTEXT_CONSTRUCTED_0 + 1, template->excluded, template->excluded_count);
    asn1_close(out, mark);
    close_extension(out, open);
    return true;
}

static bool add_policies(const struct template *template, struct builder *out, struct error *err)
{
    if (template->certificate_policies_count == 0)
        return true;
    struct open_extension open = open_extension(out, ID_CE(CE_CERTIFICATE_POLICIES), false);
    size_t mark = asn1_open(out, DER_SEQUENCE);
    for (size_t i = 0; i < template->certificate_policies_count; i++) {
        size_t information = asn1_open(out, DER_SEQUENCE);
        if (!add_oid(out, template->certificate_policies[i], "certificate policies", err))
            return false;
        const char *cps =
            template->certificate_policy_cps != NULL ? template->certificate_policy_cps[i] : NULL;
        if (cps != NULL) {
            size_t qualifiers = asn1_open(out, DER_SEQUENCE);
            size_t qualifier = asn1_open(out, DER_SEQUENCE);
            der_add(out, DER_OID, BYTES(id_qt_cps));
            der_add(out, DER_IA5_STRING, bytes_of_text(cps));
            asn1_close(out, qualifier);
            asn1_close(out, qualifiers);
        }
        asn1_close(out, information);
    }
    asn1_close(out, mark);
    close_extension(out, open);
    return true;
}

static void add_crl_points(const struct template *template, struct builder *out)
{
    if (template->crl_urls_count == 0)
        return;
    struct open_extension open = open_extension(out, ID_CE(CE_CRL_DISTRIBUTION_POINTS), false);
    size_t mark = asn1_open(out, DER_SEQUENCE);
    for (size_t i = 0; i < template->crl_urls_count; i++) {
        size_t point = asn1_open(out, DER_SEQUENCE);
        size_t name = asn1_open(out, DER_CONTEXT_CONSTRUCTED_0);
        size_t full_name = asn1_open(out, DER_CONTEXT_CONSTRUCTED_0);
        name_add_general(out, SAN_URI, bytes_of_text(template->crl_urls[i]));
        asn1_close(out, full_name);
        asn1_close(out, name);
        asn1_close(out, point);
    }
    asn1_close(out, mark);
    close_extension(out, open);
}

/** \param method  last arc under id-ad: 1 ocsp, 2 caIssuers (RFC 5280 4.2.2.1) */
static void add_access(struct builder *out, uint8_t method, char *const *urls, size_t count)
{
    uint8_t oid[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, method};
    for (size_t i = 0; i < count; i++) {
        size_t mark = asn1_open(out, DER_SEQUENCE);
        der_add(out, DER_OID, BYTES(oid));
        name_add_general(out, SAN_URI, bytes_of_text(urls[i]));
        asn1_close(out, mark);
    }
}

static void add_authority_access(const struct template *template, struct builder *out)
{
    if (template->ocsp_urls_count == 0 && template->issuer_urls_count == 0)
        return;
    struct open_extension open =
        open_extension(out, authority_information_access, sizeof(authority_information_access), false);
    size_t mark = asn1_open(out, DER_SEQUENCE);
    add_access(out, 1, template->ocsp_urls, template->ocsp_urls_count);
    add_access(out, 2, template->issuer_urls, template->issuer_urls_count);
    asn1_close(out, mark);
    close_extension(out, open);
}

static void add_no_check(const struct template *template, struct builder *out)
{
    if (!template->has_ocsp_no_check)
        return;
    struct open_extension open = open_extension(out, ocsp_no_check, sizeof(ocsp_no_check), false);
    der_add(out, DER_NULL, bytes_of(NULL, 0));
    close_extension(out, open);
}

static bool add_copied(const struct template *template, struct builder *out, struct error *err)
{
    for (size_t i = 0; i < template->extensions_count; i++) {
        const struct template_extension *extension = &template->extensions[i];
        size_t mark = asn1_open(out, DER_SEQUENCE);
        if (!add_oid(out, extension->oid, "copied extension", err))
            return false;
        if (extension->is_critical)
            asn1_bool(out, true);
        der_add(out, DER_OCTET_STRING, bytes_of(extension->value, extension->value_len));
        asn1_close(out, mark);
    }
    return true;
}

/** RFC 5280 4.2: a certificate must not have two extensions of one OID. */
static bool check_unique(struct bytes extensions, struct error *err)
{
    struct bytes oids[64];
    size_t count = 0;
    while (extensions.len > 0) {
        struct bytes extension;
        if (count == ARRAY_LEN(oids) || !der_take(&extensions, DER_SEQUENCE, &extension) ||
            !der_take(&extension, DER_OID, &oids[count]))
            return error_set(err, ERROR_INPUT, 0, "more than %zu extensions", ARRAY_LEN(oids));
        for (size_t i = 0; i < count; i++) {
            char text[128];
            if (bytes_equal(oids[i], oids[count])) {
                if (!der_oid_text(oids[i], text, sizeof(text)))
                    memcpy(text, "?", 2);
                return error_set(err, ERROR_INPUT, 0, "the extension %s would be there twice (RFC 5280 4.2)",
                                 text);
            }
        }
        count++;
    }
    return true;
}

bool extensions_add(const struct template *template, const struct cert_issuer *issuer,
                    struct bytes key_bit_string, struct builder *out, struct error *err)
{
    size_t outer = asn1_open(out, DER_CONTEXT_CONSTRUCTED_0 + 3);
    size_t list = asn1_open(out, DER_SEQUENCE);
    add_basic_constraints(template, out);
    add_key_usage(template, out);
    add_key_ids(issuer, key_bit_string, out);
    if (!add_extended_key_usage(template, out, err) || !extensions_add_san(template, out, err) ||
        !add_name_constraints(template, out, err) || !add_policies(template, out, err))
        return false;
    add_crl_points(template, out);
    add_authority_access(template, out);
    add_no_check(template, out);
    if (!add_copied(template, out, err))
        return false;
    if (out->has_failed)
        return error_set(err, ERROR_INPUT, 0, "the certificate does not fit into memory");
    if (!check_unique(bytes_slice(builder_bytes(out), list, out->len - list), err))
        return false;
    asn1_close(out, list);
    asn1_close(out, outer);
    return true;
}
