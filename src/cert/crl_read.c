/* SPDX-License-Identifier: Apache-2.0 */
#include "base/time.h"
#include "cert/asn1.h"
#include "cert/crl.h"
#include "cert/parts.h"
#include "cert/pem.h"

static bool wrong(struct error *err, const char *what)
{
    return error_set(err, ERROR_INPUT, 0, "not a CRL: %s", what);
}

static bool read_time(struct bytes *cursor, struct crl *crl, int64_t *ret_time)
{
    bool is_long = der_is_next(*cursor, DER_GENERALIZED_TIME);
    if (!asn1_take_time(cursor, ret_time))
        return false;
    crl->has_long_date = crl->has_long_date || (is_long && asn1_is_utc(*ret_time));
    return true;
}

static bool read_times(struct bytes *cursor, struct crl *crl)
{
    crl->next_update = CRL_NO_TIME;
    if (!read_time(cursor, crl, &crl->this_update))
        return false;
    bool has_next = der_is_next(*cursor, DER_UTC_TIME) || der_is_next(*cursor, DER_GENERALIZED_TIME);
    return !has_next || read_time(cursor, crl, &crl->next_update);
}

static bool read_extensions(struct bytes *cursor, struct crl *crl)
{
    struct bytes explicit_tag;
    if (cursor->len == 0)
        return true;
    crl->has_extensions = true;
    return der_take(cursor, DER_CONTEXT_CONSTRUCTED_0, &explicit_tag) && cursor->len == 0 &&
           der_take(&explicit_tag, DER_SEQUENCE, &crl->extensions) && explicit_tag.len == 0;
}

static bool read_body(struct bytes body, struct crl *crl, struct error *err)
{
    struct bytes version;
    if (der_is_next(body, DER_INTEGER)) {
        if (!der_take_unsigned(&body, &version) || version.len != 1 || version.data[0] != 1)
            return wrong(err, "version (RFC 5280 5.1.2.1)");
        crl->is_v2 = true;
    }
    if (!der_take_whole(&body, DER_SEQUENCE, &crl->algorithm))
        return wrong(err, "signature (RFC 5280 5.1.2.2)");
    if (!der_take_whole(&body, DER_SEQUENCE, &crl->issuer))
        return wrong(err, "issuer (RFC 5280 5.1.2.3)");
    if (!read_times(&body, crl))
        return wrong(err, "thisUpdate or nextUpdate (RFC 5280 5.1.2.4, 5.1.2.5)");
    crl->has_entries = der_is_next(body, DER_SEQUENCE);
    if (crl->has_entries && !der_take(&body, DER_SEQUENCE, &crl->entries))
        return wrong(err, "revokedCertificates (RFC 5280 5.1.2.6)");
    crl->entries_len = crl->entries.len;
    return read_extensions(&body, crl) || wrong(err, "crlExtensions (RFC 5280 5.1.2.7)");
}

bool crl_read_tbs(struct bytes tbs, struct crl *ret_crl, struct error *err)
{
    struct bytes rest = tbs;
    struct bytes body;
    struct crl crl = {.tbs = tbs};
    if (!der_take(&rest, DER_SEQUENCE, &body) || rest.len > 0)
        return wrong(err, "no exact DER (RFC 5280 5.1.2)");
    if (!read_body(body, &crl, err))
        return false;
    crl.outer_algorithm = crl.algorithm;
    *ret_crl = crl;
    return true;
}

bool crl_read(struct bytes der, struct crl *ret_crl, struct error *err)
{
    struct bytes rest = der;
    struct bytes outer;
    struct bytes tbs, algorithm, signature;
    struct crl crl;
    if (!der_take(&rest, DER_SEQUENCE, &outer) || rest.len > 0 ||
        !der_take_whole(&outer, DER_SEQUENCE, &tbs) || !der_take_whole(&outer, DER_SEQUENCE, &algorithm) ||
        !der_take_octet_bits(&outer, &signature) || outer.len > 0)
        return wrong(err, "no exact DER of three parts (RFC 5280 5.1)");
    if (!crl_read_tbs(tbs, &crl, err))
        return false;
    crl.outer_algorithm = algorithm;
    crl.signature = signature;
    *ret_crl = crl;
    return true;
}

bool crl_from_file(struct bytes input, struct builder *ret_der, struct error *err)
{
    struct crl crl;
    struct bytes rest;
    struct bytes whole;
    size_t start = ret_der->len;
    struct bytes cursor = input;
    if (der_take_whole(&cursor, DER_SEQUENCE, &whole) && cursor.len == 0)
        builder_add_bytes(ret_der, whole);
    else if (!pem_take("X509 CRL", input, ret_der, &rest, err))
        return false;
    if (crl_read(bytes_of(ret_der->data + start, ret_der->len - start), &crl, err))
        return true;
    ret_der->len = start;
    return false;
}

static bool is_ce(struct bytes oid, uint8_t last)
{
    const uint8_t wanted[] = {0x55, 0x1d, last};
    return bytes_equal(oid, BYTES(wanted));
}

/** ENUMERATED of one octet (RFC 5280 5.3.1). */
static bool read_reason(struct bytes value, unsigned *ret_reason)
{
    if (value.len != 3 || value.data[0] != 0x0a || value.data[1] != 1 ||
        crl_reason_name(value.data[2]) == NULL)
        return false;
    *ret_reason = value.data[2];
    return true;
}

static bool read_generalized(struct bytes value, int64_t *ret_time)
{
    return der_is_next(value, DER_GENERALIZED_TIME) && value.len == 17 && asn1_take_time(&value, ret_time) &&
           value.len == 0;
}

static bool read_entry_extensions(struct crl_read_entry *entry)
{
    struct cert_extension extension;
    struct bytes cursor = entry->extensions;
    while (parts_next_extension(&cursor, &extension)) {
        if (is_ce(extension.oid, 21)) {
            entry->has_reason = true;
            if (!read_reason(extension.value, &entry->entry.reason))
                return false;
        } else if (is_ce(extension.oid, 24) &&
                   !read_generalized(extension.value, &entry->entry.invalidity_date)) {
            return false;
        }
    }
    return cursor.len == 0;
}

bool crl_next_entry(struct bytes *cursor, struct crl_read_entry *ret_entry)
{
    struct bytes rest = *cursor;
    struct bytes content;
    struct crl_read_entry entry = {.entry = {.invalidity_date = CRL_NO_TIME}};
    if (!der_take_whole(&rest, DER_SEQUENCE, &entry.whole))
        return false;
    struct bytes whole = entry.whole;
    if (!der_take(&whole, DER_SEQUENCE, &content) || !der_take_unsigned(&content, &entry.entry.serial) ||
        !asn1_take_time(&content, &entry.entry.revoked_at))
        return false;
    if (content.len > 0 && (!der_take(&content, DER_SEQUENCE, &entry.extensions) || content.len > 0 ||
                            entry.extensions.len == 0 || !read_entry_extensions(&entry)))
        return false;
    *ret_entry = entry;
    *cursor = rest;
    return true;
}

bool crl_number(struct bytes magnitude, uint64_t *ret_number)
{
    uint64_t number = 0;
    if (magnitude.len > sizeof(number))
        return false;
    for (size_t i = 0; i < magnitude.len; i++)
        number = number << 8 | magnitude.data[i];
    *ret_number = number;
    return true;
}

static bool read_fact(const struct cert_extension *extension, struct crl_facts *facts)
{
    struct bytes value = extension->value;
    if (is_ce(extension->oid, 20)) {
        facts->has_number = true;
        return der_take_unsigned(&value, &facts->number) && value.len == 0 &&
               facts->number.len <= CRL_NUMBER_MAX_LEN;
    }
    if (is_ce(extension->oid, 35))
        return parts_read_authority_key_id(value, &facts->key_id);
    facts->is_delta = facts->is_delta || is_ce(extension->oid, 27);
    facts->is_partial = facts->is_partial || is_ce(extension->oid, 28);
    if (!is_ce(extension->oid, 60))
        return true;
    facts->has_expired_since = true;
    return read_generalized(value, &facts->expired_since);
}

bool crl_facts(const struct crl *crl, struct crl_facts *ret_facts, struct error *err)
{
    struct cert_extension extension;
    struct bytes cursor = crl->extensions;
    struct crl_facts facts = {.has_number = false};
    while (parts_next_extension(&cursor, &extension)) {
        if (!read_fact(&extension, &facts))
            return wrong(err, "an extension is damaged (RFC 5280 5.2)");
    }
    if (cursor.len > 0)
        return wrong(err, "an extension is damaged (RFC 5280 5.2)");
    *ret_facts = facts;
    return true;
}
