/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "base/time.h"
#include "cert/asn1.h"
#include "cert/extensions.h"
#include "cert/name.h"

#include <string.h>

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

void cert_serial_random(uint8_t ret_serial[static CERT_SERIAL_LEN])
{
    do {
        // getrandom() up to 256 bytes is neither interrupted nor short once the pool is ready.
        if (getrandom(ret_serial, CERT_SERIAL_LEN, 0) != CERT_SERIAL_LEN)
            abort();
        ret_serial[0] &= 0x7f;
    } while (ret_serial[0] == 0);
}

static bool check_template(const struct template *template, const uint8_t *serial, struct error *err)
{
    if (serial[0] == 0 || (serial[0] & 0x80) != 0)
        return error_set(err, ERROR_INPUT, 0, "the serial is not positive with 20 octets (RFC 5280 4.1.2.2)");
    if (template->not_after < template->not_before)
        return error_set(err, ERROR_INPUT, 0, "validity: notAfter is before notBefore");
    if (template->has_no_expiry && template->is_ca)
        return error_set(err, ERROR_INPUT, 0, "validity: 99991231235959Z is not for CAs");
    if (template->not_after > TIME_9999_END)
        return error_set(err, ERROR_INPUT, 0, "validity: notAfter is past the year 9999 (RFC 5280 4.1.2.5)");
    if (!template->is_ca && template->path_len >= 0)
        return error_set(err, ERROR_INPUT, 0, "a path length without a CA (RFC 5280 4.2.1.9)");
    if (template->is_ca && template->path_len >= 0 && (template->key_usage & KEY_USAGE_KEY_CERT_SIGN) == 0)
        return error_set(err, ERROR_INPUT, 0, "a path length needs keyCertSign (RFC 5280 4.2.1.9)");
    if (!template->is_ca && (template->key_usage & KEY_USAGE_KEY_CERT_SIGN) != 0)
        return error_set(err, ERROR_INPUT, 0, "keyCertSign needs a CA (RFC 5280 4.2.1.3)");
    if (template->is_ca && template->attributes_count == 0)
        return error_set(err, ERROR_INPUT, 0, "a CA needs a subject (RFC 5280 4.1.2.6)");
    return true;
}

static void add_validity(const struct template *template, struct builder *out)
{
    size_t mark = asn1_open(out, DER_SEQUENCE);
    asn1_time(out, template->not_before);
    asn1_time(out, template->has_no_expiry ? TIME_9999_END : template->not_after);
    asn1_close(out, mark);
}

bool cert_tbs(const struct template *template, const struct cert_issuer *issuer,
              const uint8_t serial[static CERT_SERIAL_LEN], enum signature_kind signature,
              struct builder *ret_tbs, struct error *err)
{
    struct public_key_facts key;
    AUTO(builder_done) struct builder out = BUILDER_INIT;
    struct bytes spki = bytes_of(template->spki, template->spki_len);
    if (!check_template(template, serial, err) || !public_key_read(spki, &key, err) ||
        !public_key_is_portable(&key, err))
        return false;
    if (signature_algorithm_der(signature).len == 0)
        return error_set(err, ERROR_INPUT, 0, "no signature algorithm fits the issuer's key");
    size_t mark = asn1_open(&out, DER_SEQUENCE);
    size_t version = asn1_open(&out, DER_CONTEXT_CONSTRUCTED_0);
    asn1_small(&out, 2); // v3
    asn1_close(&out, version);
    der_add_unsigned(&out, bytes_of(serial, CERT_SERIAL_LEN));
    builder_add_bytes(&out, signature_algorithm_der(signature));
    if (issuer != NULL)
        builder_add_bytes(&out, cert_issuer_subject(issuer));
    else if (!name_add(template, &out, err))
        return false;
    add_validity(template, &out);
    if (!name_add(template, &out, err))
        return false;
    builder_add_bytes(&out, spki);
    if (!extensions_add(template, issuer, key.bit_string, &out, err))
        return false;
    asn1_close(&out, mark);
    builder_add_bytes(ret_tbs, builder_bytes(&out));
    return true;
}

void cert_seal_parts(size_t tbs_len, enum signature_kind kind, struct bytes signature,
                     struct builder *ret_front, struct builder *ret_back)
{
    size_t before = ret_back->len;
    builder_add_bytes(ret_back, signature_algorithm_der(kind));
    asn1_bit_string(ret_back, signature);
    der_add_header(ret_front, DER_SEQUENCE, tbs_len + ret_back->len - before);
}

void cert_seal(struct bytes tbs, enum signature_kind kind, struct bytes signature, struct builder *ret_der)
{
    AUTO(builder_done) struct builder back = BUILDER_INIT;
    cert_seal_parts(tbs.len, kind, signature, ret_der, &back);
    builder_add_bytes(ret_der, tbs);
    builder_add_bytes(ret_der, builder_bytes(&back));
}

/* extensionRequest: 1.2.840.113549.1.9.14 */
static const uint8_t extension_request[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x0e};

/** extensionRequest with the SAN, if there is one (RFC 2985 5.4.2). */
static bool add_extension_request(const struct template *template, struct builder *out, struct error *err)
{
    size_t attributes = asn1_open(out, DER_CONTEXT_CONSTRUCTED_0);
    if (template->sans_count > 0) {
        size_t attribute = asn1_open(out, DER_SEQUENCE);
        der_add(out, DER_OID, BYTES(extension_request));
        size_t values = asn1_open(out, DER_SET);
        size_t list = asn1_open(out, DER_SEQUENCE);
        if (!extensions_add_san(template, out, err))
            return false;
        asn1_close(out, list);
        asn1_close(out, values);
        asn1_close(out, attribute);
    }
    asn1_close(out, attributes);
    return true;
}

bool cert_request_info(const struct template *template, struct builder *ret_info, struct error *err)
{
    AUTO(builder_done) struct builder out = BUILDER_INIT;
    size_t mark = asn1_open(&out, DER_SEQUENCE);
    asn1_small(&out, 0); // v1 (RFC 2986 4.1)
    if (!name_add(template, &out, err))
        return false;
    builder_add(&out, template->spki, template->spki_len);
    if (!add_extension_request(template, &out, err))
        return false;
    if (out.has_failed)
        return error_set(err, ERROR_INPUT, 0, "the request does not fit into memory");
    asn1_close(&out, mark);
    builder_add_bytes(ret_info, builder_bytes(&out));
    return true;
}
