/* SPDX-License-Identifier: Apache-2.0 */
#include "base/private_key.h"

#include "base/der.h"
#include "base/encode.h"

#include <string.h>

#define PEM_BEGIN "-----BEGIN "
#define PEM_DASHES "-----"
#define MAX_LABEL_LEN 64
#define MIN_BODY_LEN 16 /* base64 characters after a BEGIN line; a page that explains PEM has dots there */
#define MIN_BASE64_LEN 64
#define EC_KEY_MAX_LEN 66 /* of P-521 */

static const struct bytes oid_pkcs5 = BYTES_LITERAL("\x2a\x86\x48\x86\xf7\x0d\x01\x05");
static const struct bytes oid_pkcs12_pbe = BYTES_LITERAL("\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01");

static bool starts_with(struct bytes data, struct bytes front)
{
    return data.len >= front.len && memcmp(data.data, front.data, front.len) == 0;
}

static bool holds(struct bytes data, struct bytes needle)
{
    return data.len >= needle.len && memmem(data.data, data.len, needle.data, needle.len) != NULL;
}

/* ---- DER ---- */

static bool take_integers(struct bytes *cursor, size_t count)
{
    struct bytes ignored;
    for (size_t i = 0; i < count; i++) {
        if (!der_take(cursor, DER_INTEGER, &ignored))
            return false;
    }
    return true;
}

/** What follows the version of PKCS #8's PrivateKeyInfo, PKCS #1's RSAPrivateKey, SEC 1's ECPrivateKey or OpenSSL's DSA keys. */
static const char *form_after_version(struct bytes body)
{
    struct bytes content;
    struct bytes rest = body;
    if (der_take(&rest, DER_SEQUENCE, &content))
        return der_is_next(content, DER_OID) && der_is_next(rest, DER_OCTET_STRING)
                   ? "a private key in DER (PKCS #8)"
                   : NULL;
    if (der_take(&rest, DER_OCTET_STRING, &content))
        return content.len <= EC_KEY_MAX_LEN &&
                       (rest.len == 0 || der_is_next(rest, DER_CONTEXT_CONSTRUCTED_0) ||
                        der_is_next(rest, DER_CONTEXT_CONSTRUCTED_0 + 1))
                   ? "an EC private key in DER (SEC 1)"
                   : NULL;
    if (!take_integers(&rest, 5))
        return NULL;
    return rest.len == 0             ? "a DSA private key in DER"
           : take_integers(&rest, 3) ? "an RSA private key in DER (PKCS #1)"
                                     : NULL;
}

/** PKCS #8's EncryptedPrivateKeyInfo: the algorithm is one of passphrases (RFC 8018, RFC 7292 appendix C). */
static bool is_encrypted(struct bytes body)
{
    struct bytes algorithm;
    struct bytes oid;
    return der_take(&body, DER_SEQUENCE, &algorithm) && der_take(&algorithm, DER_OID, &oid) &&
           (starts_with(oid, oid_pkcs5) || starts_with(oid, oid_pkcs12_pbe)) &&
           der_is_next(body, DER_OCTET_STRING);
}

/** Takes tag and length; the length may be BER's without end, as Windows and Java write PKCS #12. */
static bool take_ber_header(struct bytes *cursor)
{
    if (cursor->len < 2 || cursor->data[0] != DER_SEQUENCE)
        return false;
    size_t more = (cursor->data[1] & 0x80) != 0 ? cursor->data[1] & 0x7fU : 0;
    if (cursor->len < 2 + more)
        return false;
    *cursor = bytes_slice(*cursor, 2 + more, cursor->len);
    return true;
}

/** PFX (RFC 7292 4): version 3, then a content of data or signedData. */
static bool is_pkcs12(struct bytes data)
{
    const struct bytes version = BYTES_LITERAL("\x02\x01\x03");
    const struct bytes content = BYTES_LITERAL("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07");
    if (!take_ber_header(&data) || !starts_with(data, version))
        return false;
    data = bytes_slice(data, version.len, data.len);
    return take_ber_header(&data) && starts_with(data, content);
}

static const char *form_of_der(struct bytes data)
{
    struct bytes body;
    struct bytes version;
    if (is_pkcs12(data))
        return "a PKCS #12 file";
    if (!der_take(&data, DER_SEQUENCE, &body))
        return NULL;
    if (is_encrypted(body))
        return "an encrypted private key in DER (PKCS #8)";
    if (!der_take(&body, DER_INTEGER, &version) || version.len != 1 || version.data[0] > 1)
        return NULL;
    return form_after_version(body);
}

/* ---- text ---- */

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_base64(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '+' ||
           c == '/' || c == '=';
}

/** Whether base64 follows a BEGIN line, or a header such as Proc-Type (RFC 1421). */
static bool has_body(struct bytes text)
{
    size_t at = 0;
    while (at < text.len && is_space(text.data[at]))
        at++;
    size_t start = at;
    while (at < text.len && (is_base64(text.data[at]) || text.data[at] == '-'))
        at++;
    return at - start >= MIN_BODY_LEN || (at > start && at < text.len && text.data[at] == ':');
}

static const char *form_of_label(struct bytes label)
{
    if (holds(label, BYTES_LITERAL("PRIVATE KEY")))
        return holds(label, BYTES_LITERAL("ENCRYPTED")) ? "an encrypted private key in PEM"
                                                        : "a private key in PEM";
    return bytes_equal_text(label, "PKCS12") ? "a PKCS #12 file in PEM" : NULL; // GnuTLS' certtool
}

static const char *form_of_pem(struct bytes text)
{
    const struct bytes begin = BYTES_LITERAL(PEM_BEGIN);
    while (text.len >= begin.len) {
        const uint8_t *found = memmem(text.data, text.len, begin.data, begin.len);
        if (found == NULL)
            return NULL;
        text = bytes_slice(text, (size_t)(found - text.data) + begin.len, text.len);
        if (text.len == 0)
            return NULL;
        struct bytes line = bytes_slice(text, 0, text.len < MAX_LABEL_LEN ? text.len : MAX_LABEL_LEN);
        const uint8_t *end = memmem(line.data, line.len, PEM_DASHES, sizeof(PEM_DASHES) - 1);
        size_t label_len = end == NULL ? 0 : (size_t)(end - line.data);
        const char *form = form_of_label(bytes_slice(line, 0, label_len));
        if (form != NULL && has_body(bytes_slice(text, label_len + sizeof(PEM_DASHES) - 1, text.len)))
            return form;
    }
    return NULL;
}

/** Copies what is to be kept. \return false: something was neither kept nor white space */
static bool pack(struct bytes text, struct builder *ret_packed)
{
    for (size_t i = 0; i < text.len; i++) {
        if (is_base64(text.data[i]))
            builder_add_u8(ret_packed, text.data[i]);
        else if (!is_space(text.data[i]))
            return false;
    }
    return ret_packed->len >= MIN_BASE64_LEN;
}

static const char *form_of_base64(struct bytes text)
{
    AUTO(builder_done) struct builder packed = BUILDER_INIT;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    return pack(text, &packed) && decode_base64(builder_bytes(&packed), &der)
               ? form_of_der(builder_bytes(&der))
               : NULL;
}

/** A text of Windows in UTF-16, whichever way round: what is left without zero octets. */
static const char *form_of_utf16(struct bytes text)
{
    AUTO(builder_done) struct builder narrow = BUILDER_INIT;
    if (!holds(text, BYTES_LITERAL("-\0-\0-\0-\0-")))
        return NULL;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] != 0)
            builder_add_u8(&narrow, text.data[i]);
    }
    return form_of_pem(builder_bytes(&narrow));
}

const char *private_key_form(struct bytes data)
{
    static const struct {
        struct bytes front;
        const char *form;
    } stores[] = {
        {BYTES_LITERAL("\xfe\xed\xfe\xed"), "a Java key store (JKS)"},
        {BYTES_LITERAL("\xce\xce\xce\xce"), "a Java key store (JCEKS)"},
        {BYTES_LITERAL("PuTTY-User-Key-File-"), "a private key of PuTTY"},
        {BYTES_LITERAL("\x1e\xf1\xb5\xb0"), "a private key in Microsoft's PVK"},
    };
    for (size_t i = 0; i < ARRAY_LEN(stores); i++) {
        if (starts_with(data, stores[i].front))
            return stores[i].form;
    }
    const char *form = form_of_der(data);
    if (form == NULL)
        form = form_of_pem(data);
    if (form == NULL)
        form = form_of_utf16(data);
    return form != NULL ? form : form_of_base64(data);
}
