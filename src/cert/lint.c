/* SPDX-License-Identifier: Apache-2.0 */
#include "base/host.h"
#include "base/quote.h"
#include "base/time.h"
#include "cert/asn1.h"
#include "cert/parts.h"

#include <string.h>

/* The rules experts check (RFC 5280 and the CA/Browser baseline), over finished certificates: issued here and adopted. */

static void lint_serial(const struct cert_parts *parts, struct findings *found)
{
    struct bytes serial = parts->serial;
    bool is_zero = serial.len == 1 && serial.data[0] == 0;
    if (is_zero || (serial.data[0] & 0x80) != 0)
        findings_say(found, "lint.serial-positive", "RFC 5280 4.1.2.2", "the serial is not positive");
    if (serial.len > 20)
        findings_say(found, "lint.serial-length", "RFC 5280 4.1.2.2",
                     "the serial has %zu octets, 20 are allowed", serial.len);
    if (serial.len > 1 && ((serial.data[0] == 0 && (serial.data[1] & 0x80) == 0) ||
                           (serial.data[0] == 0xff && (serial.data[1] & 0x80) != 0)))
        findings_say(found, "lint.serial-minimal", "X.690 8.3.2", "the serial is not minimal DER");
    if (serial.len < 8)
        findings_say(found, "lint.serial-entropy", "CA/B BR 7.1",
                     "the serial has %zu octets; 64 random bits need at least 8", serial.len);
}

static void lint_extensions(const struct cert_parts *parts, struct findings *found)
{
    struct bytes cursor = parts->extensions;
    struct parts_seen seen = {.count = 0};
    struct cert_extension extension;
    while (parts_next_extension(&cursor, &extension)) {
        char oid[128];
        if (!parts_is_repeated(&seen, extension.oid))
            continue;
        if (!der_oid_text(extension.oid, oid, sizeof(oid)))
            memcpy(oid, "?", 2);
        findings_say(found, "lint.extension-twice", "RFC 5280 4.2", "the extension %s is there twice", oid);
    }
    if (cursor.len > 0)
        findings_say(found, "lint.extensions", "RFC 5280 4.1.2.9",
                     "an extension is damaged or FALSE is encoded (X.690 11.5)");
    if (!parts->is_v3)
        findings_say(found, "lint.version", "RFC 5280 4.1.2.1", "not X.509 v3");
}

static void lint_ca(const struct cert_parts *parts, int path_len, bool has_usage, uint16_t usage,
                    struct findings *found)
{
    struct cert_extension extension;
    if (parts_find(parts, 19, &extension) && !extension.is_critical)
        findings_say(found, "lint.basic-constraints-critical", "RFC 5280 4.2.1.9",
                     "a CA's basicConstraints is not critical");
    if (!has_usage || (usage & KEY_USAGE_KEY_CERT_SIGN) == 0)
        findings_say(found, "lint.ca-key-usage", "RFC 5280 4.2.1.3", "a CA's keyUsage lacks keyCertSign");
    if (path_len >= 0 && (usage & KEY_USAGE_KEY_CERT_SIGN) == 0)
        findings_say(found, "lint.path-length", "RFC 5280 4.2.1.9", "a path length without keyCertSign");
    if (parts->not_after == TIME_9999_END)
        findings_say(found, "lint.ca-no-expiry", "IEEE 802.1AR 8", "a CA certificate without an expiry date");
    if (parts->subject.len <= 2)
        findings_say(found, "lint.ca-subject", "RFC 5280 4.1.2.6", "a CA's subject is empty");
    if (!parts_find(parts, 14, &extension))
        findings_say(found, "lint.ca-key-id", "RFC 5280 4.2.1.2", "a CA has no subjectKeyIdentifier");
}

static void lint_end_entity(const struct cert_parts *parts, int path_len, uint16_t usage,
                            struct findings *found)
{
    struct cert_extension extension;
    if (path_len >= 0)
        findings_say(found, "lint.path-length", "RFC 5280 4.2.1.9", "a path length without a CA");
    if ((usage & KEY_USAGE_KEY_CERT_SIGN) != 0)
        findings_say(found, "lint.cert-sign", "RFC 5280 4.2.1.3", "keyCertSign without a CA");
    if (parts_find(parts, 30, &extension))
        findings_say(found, "lint.name-constraints", "RFC 5280 4.2.1.10", "name constraints without a CA");
    bool has_san = parts_find(parts, 17, &extension);
    if (parts->subject.len <= 2 && !has_san)
        findings_say(found, "lint.no-name", "RFC 5280 4.1.2.6", "neither subject nor subjectAltName");
    if (parts->subject.len <= 2 && has_san && !extension.is_critical)
        findings_say(found, "lint.san-critical", "RFC 5280 4.2.1.6",
                     "the subject is empty and subjectAltName is not critical");
}

/** A dNSName that clients read as an IP address is found by none of them. */
static void lint_dns_names(const struct cert_parts *parts, struct findings *found)
{
    struct cert_extension extension;
    struct bytes names = {.data = NULL, .len = 0};
    struct bytes content;
    uint8_t tag;
    if (!parts_find(parts, 17, &extension) || !der_take(&extension.value, DER_SEQUENCE, &names))
        return; // damaged ones are the parser's to report
    while (der_take_any(&names, &tag, &content, NULL)) {
        struct quoted shown;
        enum host_kind kind = host_kind_of(content);
        if (tag != 0x82 || kind == HOST_NAME)
            continue;
        findings_say(found, "lint.dns-address", "RFC 5280 4.2.1.6", "the dNSName \"%s\" %s",
                     quoted(content, &shown),
                     kind == HOST_ADDRESS ? "is an IP address, which belongs in an iPAddress"
                                          : "ends in a number, so clients take it for an IP address");
    }
}

static void lint_key_usage(const struct cert_parts *parts, bool has_usage, uint16_t usage,
                           struct findings *found)
{
    struct public_key_facts key;
    struct cert_extension extension;
    struct error reason = ERROR_INIT;
    if (has_usage && parts_find(parts, 15, &extension) && !extension.is_critical)
        findings_say(found, "lint.key-usage-critical", "RFC 5280 4.2.1.3", "keyUsage is not critical");
    if (has_usage && usage == 0)
        findings_say(found, "lint.key-usage-empty", "RFC 5280 4.2.1.3", "keyUsage has no bit set");
    if (!public_key_read(parts->spki, &key, &reason)) {
        findings_say(found, "lint.key", "RFC 5280 4.1.2.7", "%s", reason.text);
        return;
    }
    if (!public_key_is_portable(&key, &reason))
        findings_say(found, "lint.key", "RFC 5480 2.2", "%s", reason.text);
    if (key.kind != KEY_RSA && key.kind != KEY_OTHER && (usage & KEY_USAGE_KEY_ENCIPHERMENT) != 0)
        findings_say(found, "lint.key-encipherment", "RFC 5480 3, RFC 8410 5",
                     "keyEncipherment on a key that can't encipher");
    if (key.kind == KEY_RSA && key.bits < 2048)
        findings_say(found, "lint.rsa-size", "CA/B BR 6.1.5", "an RSA key of %u bits", key.bits);
}

static void lint_against_issuer(const struct cert_parts *parts, const struct cert_issuer *issuer,
                                int path_len, bool is_ca, struct findings *found)
{
    struct bytes authority;
    struct error reason = ERROR_INIT;
    const struct policy_issuer *facts = cert_issuer_facts(issuer);
    if (!bytes_equal(parts->issuer, cert_issuer_subject(issuer))) {
        findings_say(found, "lint.issuer", "RFC 5280 4.1.2.4",
                     "the issuer is not this CA's subject byte for byte");
        return;
    }
    if (parts->not_after > facts->not_after)
        findings_say(found, "lint.past-issuer", "RFC 5280 6.1.3", "valid longer than its issuer");
    bool may_lack = bytes_equal(parts->subject, parts->issuer); // self-signed
    if (!parts_authority_key_id(parts, &authority, &reason))
        findings_say(found, "lint.authority-key-id", "RFC 5280 4.2.1.1", "%s", reason.text);
    else if (!(may_lack && authority.len == 0) && !bytes_equal(authority, cert_issuer_key_id(issuer)))
        findings_say(found, "lint.authority-key-id", "RFC 5280 4.2.1.1",
                     "authorityKeyIdentifier is not the issuer's subjectKeyIdentifier");
    if (is_ca && facts->path_len == 0)
        findings_say(found, "lint.path-length", "RFC 5280 4.2.1.9",
                     "a CA below an issuer with a path length of 0");
    else if (is_ca && facts->path_len > 0 && path_len >= facts->path_len)
        findings_say(found, "lint.path-length", "RFC 5280 4.2.1.9",
                     "a path length of %d below an issuer with %d", path_len, facts->path_len);
}

void cert_lint(struct bytes certificate, const struct cert_issuer *issuer, struct findings *ret_findings)
{
    struct cert_parts parts;
    struct error reason = ERROR_INIT;
    bool is_ca, has_usage;
    int path_len;
    uint16_t usage;
    if (!parts_read(certificate, &parts, &reason) ||
        !parts_basic_constraints(&parts, &is_ca, &path_len, &reason) ||
        !parts_key_usage(&parts, &has_usage, &usage, &reason)) {
        findings_say(ret_findings, "lint.parse", NULL, "%s", reason.text);
        return;
    }
    lint_serial(&parts, ret_findings);
    lint_extensions(&parts, ret_findings);
    if (!bytes_equal(parts.algorithm, parts.outer_algorithm))
        findings_say(ret_findings, "lint.algorithms", "RFC 5280 4.1.1.2",
                     "the inner and the outer signature algorithm differ");
    if (signature_of_der(parts.algorithm) == SIGNATURE_OTHER)
        findings_say(ret_findings, "lint.algorithm", "RFC 5280 4.1.1.2",
                     "a signature algorithm that coldca does not know");
    if (parts.not_after < parts.not_before)
        findings_say(ret_findings, "lint.validity", "RFC 5280 4.1.2.5", "notAfter is before notBefore");
    if (is_ca)
        lint_ca(&parts, path_len, has_usage, usage, ret_findings);
    else
        lint_end_entity(&parts, path_len, usage, ret_findings);
    lint_key_usage(&parts, has_usage, usage, ret_findings);
    lint_dns_names(&parts, ret_findings);
    if (issuer != NULL)
        lint_against_issuer(&parts, issuer, path_len, is_ca, ret_findings);
}
