/* SPDX-License-Identifier: Apache-2.0 */
#include "cert/parts.h"

#include "cert/asn1.h"

static bool wrong(struct error *err, const char *what)
{
    return error_set(err, ERROR_INPUT, 0, "not a certificate: %s", what);
}

static bool read_validity(struct bytes *cursor, struct cert_parts *parts)
{
    struct bytes validity;
    return der_take(cursor, DER_SEQUENCE, &validity) && asn1_take_time(&validity, &parts->not_before) &&
           asn1_take_time(&validity, &parts->not_after) && validity.len == 0;
}

static bool read_extensions(struct bytes *cursor, struct cert_parts *parts)
{
    struct bytes explicit_tag;
    if (cursor->len == 0)
        return true;
    return parts->is_v3 && der_take(cursor, DER_CONTEXT_CONSTRUCTED_0 + 3, &explicit_tag) &&
           cursor->len == 0 && der_take(&explicit_tag, DER_SEQUENCE, &parts->extensions) &&
           explicit_tag.len == 0 && parts->extensions.len > 0;
}

static bool read_version(struct bytes *cursor, struct cert_parts *parts)
{
    struct bytes explicit_tag;
    struct bytes version;
    if (!der_is_next(*cursor, DER_CONTEXT_CONSTRUCTED_0))
        return true; // v1
    if (!der_take(cursor, DER_CONTEXT_CONSTRUCTED_0, &explicit_tag) ||
        !der_take_unsigned(&explicit_tag, &version) || explicit_tag.len > 0 || version.len != 1 ||
        version.data[0] < 1 || version.data[0] > 2)
        return false;
    parts->is_v3 = version.data[0] == 2;
    return true;
}

static bool read_body(struct bytes body, struct cert_parts *parts, struct error *err)
{
    if (!read_version(&body, parts))
        return wrong(err, "version (RFC 5280 4.1.2.1)");
    if (!der_take(&body, DER_INTEGER, &parts->serial) || parts->serial.len == 0)
        return wrong(err, "serialNumber (RFC 5280 4.1.2.2)");
    if (!der_take_whole(&body, DER_SEQUENCE, &parts->algorithm))
        return wrong(err, "signature (RFC 5280 4.1.2.3)");
    if (!der_take_whole(&body, DER_SEQUENCE, &parts->issuer))
        return wrong(err, "issuer (RFC 5280 4.1.2.4)");
    if (!read_validity(&body, parts))
        return wrong(err, "validity (RFC 5280 4.1.2.5)");
    if (!der_take_whole(&body, DER_SEQUENCE, &parts->subject))
        return wrong(err, "subject (RFC 5280 4.1.2.6)");
    if (!der_take_whole(&body, DER_SEQUENCE, &parts->spki))
        return wrong(err, "subjectPublicKeyInfo (RFC 5280 4.1.2.7)");
    if (!read_extensions(&body, parts))
        return wrong(err, "unique identifiers or extensions (RFC 5280 4.1.2.8, 4.1.2.9)");
    return true;
}

bool parts_read_tbs(struct bytes tbs, struct cert_parts *ret_parts, struct error *err)
{
    struct bytes body;
    struct bytes rest = tbs;
    struct cert_parts parts = {.tbs = tbs};
    if (!der_take(&rest, DER_SEQUENCE, &body) || rest.len > 0)
        return wrong(err, "no exact DER (RFC 5280 4.1)");
    if (!read_body(body, &parts, err))
        return false;
    *ret_parts = parts;
    return true;
}

bool cert_tbs_spki(struct bytes tbs, struct bytes *ret_spki, struct error *err)
{
    struct cert_parts parts;
    if (!parts_read_tbs(tbs, &parts, err))
        return false;
    *ret_spki = parts.spki;
    return true;
}

bool cert_tbs_signature_kind(struct bytes tbs, enum signature_kind *ret_kind, struct error *err)
{
    struct cert_parts parts;
    if (!parts_read_tbs(tbs, &parts, err))
        return false;
    enum signature_kind kind = signature_of_der(parts.algorithm);
    if (kind == SIGNATURE_OTHER)
        return error_set(err, ERROR_INPUT, 0,
                         "the TBSCertificate names no signature algorithm of this CA (RFC 5280 4.1.2.3)");
    *ret_kind = kind;
    return true;
}

bool parts_read(struct bytes certificate, struct cert_parts *ret_parts, struct error *err)
{
    struct bytes rest = certificate;
    struct bytes outer;
    struct bytes tbs;
    struct bytes algorithm;
    struct bytes signature;
    struct cert_parts parts;
    if (!der_take(&rest, DER_SEQUENCE, &outer) || rest.len > 0 ||
        !der_take_whole(&outer, DER_SEQUENCE, &tbs) || !der_take_whole(&outer, DER_SEQUENCE, &algorithm) ||
        !der_take_octet_bits(&outer, &signature) || outer.len > 0)
        return wrong(err, "no exact DER of three parts (RFC 5280 4.1)");
    if (!parts_read_tbs(tbs, &parts, err))
        return false;
    parts.outer_algorithm = algorithm;
    parts.signature = signature;
    *ret_parts = parts;
    return true;
}

bool parts_next_extension(struct bytes *cursor, struct cert_extension *ret_extension)
{
    struct bytes rest = *cursor;
    struct bytes content;
    struct bytes flag;
    struct cert_extension extension = {.is_critical = false};
    if (!der_take(&rest, DER_SEQUENCE, &content) || !der_take(&content, DER_OID, &extension.oid))
        return false;
    // DEFAULT FALSE is not encoded (X.690 11.5), so the only BOOLEAN that may stand here is TRUE.
    if (der_is_next(content, DER_BOOLEAN) &&
        (!der_take(&content, DER_BOOLEAN, &flag) || !der_bool(flag, &extension.is_critical) ||
         !extension.is_critical))
        return false;
    if (!der_take(&content, DER_OCTET_STRING, &extension.value) || content.len > 0)
        return false;
    *ret_extension = extension;
    *cursor = rest;
    return true;
}

bool parts_find(const struct cert_parts *parts, uint8_t last, struct cert_extension *ret_extension)
{
    const uint8_t oid[] = {0x55, 0x1d, last};
    struct bytes cursor = parts->extensions;
    struct cert_extension extension;
    while (parts_next_extension(&cursor, &extension)) {
        if (bytes_equal(extension.oid, BYTES(oid))) {
            *ret_extension = extension;
            return true;
        }
    }
    return false;
}

bool parts_is_repeated(struct parts_seen *seen, struct bytes oid)
{
    for (size_t i = 0; i < seen->count; i++) {
        if (bytes_equal(seen->oids[i], oid))
            return true;
    }
    if (seen->count < PARTS_SEEN_MAX)
        seen->oids[seen->count++] = oid;
    return false;
}

bool parts_basic_constraints(const struct cert_parts *parts, bool *ret_is_ca, int *ret_path_len,
                             struct error *err)
{
    struct cert_extension extension;
    struct bytes content;
    struct bytes flag;
    struct bytes path_len;
    *ret_is_ca = false;
    *ret_path_len = -1;
    if (!parts_find(parts, 19, &extension))
        return true;
    if (!der_take(&extension.value, DER_SEQUENCE, &content) || extension.value.len > 0)
        return wrong(err, "basicConstraints (RFC 5280 4.2.1.9)");
    if (der_is_next(content, DER_BOOLEAN) &&
        (!der_take(&content, DER_BOOLEAN, &flag) || !der_bool(flag, ret_is_ca)))
        return wrong(err, "basicConstraints cA (RFC 5280 4.2.1.9)");
    if (content.len == 0)
        return true;
    if (!der_take_unsigned(&content, &path_len) || content.len > 0 || path_len.len != 1)
        return wrong(err, "basicConstraints pathLenConstraint (RFC 5280 4.2.1.9)");
    *ret_path_len = path_len.data[0];
    return true;
}

bool parts_key_usage(const struct cert_parts *parts, bool *ret_has, uint16_t *ret_bits, struct error *err)
{
    struct cert_extension extension;
    struct bytes content;
    *ret_has = false;
    *ret_bits = 0;
    if (!parts_find(parts, 15, &extension))
        return true;
    if (!der_take(&extension.value, DER_BIT_STRING, &content) || extension.value.len > 0 || content.len < 2 ||
        content.len > 3 || content.data[0] > 7)
        return wrong(err, "keyUsage (RFC 5280 4.2.1.3)");
    for (size_t i = 0; i < (content.len - 1) * 8; i++) {
        if ((content.data[1 + i / 8] & 0x80 >> (i % 8)) != 0)
            *ret_bits = (uint16_t)(*ret_bits | 1U << i);
    }
    *ret_has = true;
    return true;
}

bool parts_subject_key_id(const struct cert_parts *parts, struct bytes *ret_id, struct error *err)
{
    struct cert_extension extension;
    *ret_id = bytes_of(NULL, 0);
    if (!parts_find(parts, 14, &extension))
        return true;
    if (!der_take(&extension.value, DER_OCTET_STRING, ret_id) || extension.value.len > 0 || ret_id->len == 0)
        return wrong(err, "subjectKeyIdentifier (RFC 5280 4.2.1.2)");
    return true;
}

bool parts_read_authority_key_id(struct bytes value, struct bytes *ret_id)
{
    struct bytes content;
    struct bytes other;
    *ret_id = bytes_of(NULL, 0);
    // authorityCertIssuer and authorityCertSerialNumber may stand behind it; nothing else.
    return der_take(&value, DER_SEQUENCE, &content) && value.len == 0 &&
           (!der_is_next(content, DER_CONTEXT_0) || der_take(&content, DER_CONTEXT_0, ret_id)) &&
           (!der_is_next(content, DER_CONTEXT_CONSTRUCTED_0 + 1) ||
            der_take(&content, DER_CONTEXT_CONSTRUCTED_0 + 1, &other)) &&
           (!der_is_next(content, DER_CONTEXT_0 + 2) || der_take(&content, DER_CONTEXT_0 + 2, &other)) &&
           content.len == 0;
}

bool parts_authority_key_id(const struct cert_parts *parts, struct bytes *ret_id, struct error *err)
{
    struct cert_extension extension;
    *ret_id = bytes_of(NULL, 0);
    return !parts_find(parts, 35, &extension) || parts_read_authority_key_id(extension.value, ret_id) ||
           wrong(err, "authorityKeyIdentifier (RFC 5280 4.2.1.1)");
}
