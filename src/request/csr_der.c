/* SPDX-License-Identifier: Apache-2.0 */
#include "request/csr_parts.h"

/* The deepest thing a sound CSR holds is a name in an otherName in a SAN: eight levels. */
#define MAX_DEPTH 24

/** DER's order of SET OF (X.690 11.6). No element is the beginning of another: its own octets say how long it is. */
static bool is_before_or_same(struct bytes a, struct bytes b)
{
    return memcmp(a.data, b.data, a.len < b.len ? a.len : b.len) <= 0;
}

bool csr_is_ordered(struct bytes elements)
{
    struct bytes last = BYTES_LITERAL("");
    while (elements.len > 0) {
        uint8_t tag = 0;
        struct bytes content;
        struct bytes whole;
        if (!der_take_any(&elements, &tag, &content, &whole))
            return false;
        if (!is_before_or_same(last, whole))
            return false;
        last = whole;
    }
    return true;
}

static bool is_minimal_integer(struct bytes content)
{
    if (content.len == 0)
        return false;
    if (content.len == 1)
        return true;
    // Nine equal leading bits are one too many (X.690 8.3.2).
    bool is_padded = (content.data[0] == 0 && (content.data[1] & 0x80) == 0) ||
                     (content.data[0] == 0xff && (content.data[1] & 0x80) != 0);
    return !is_padded;
}

static bool is_exact_bit_string(struct bytes content)
{
    if (content.len == 0 || content.data[0] > 7)
        return false;
    if (content.len == 1)
        return content.data[0] == 0;
    uint8_t unused = (uint8_t)((1U << content.data[0]) - 1);
    return (content.data[content.len - 1] & unused) == 0;
}

static bool is_exact_primitive(uint8_t tag, struct bytes content)
{
    bool value = false;
    char oid[CSR_MAX_OID_TEXT];
    switch (tag) {
    case DER_BOOLEAN:
        return der_bool(content, &value);
    case DER_INTEGER:
        return is_minimal_integer(content);
    case DER_BIT_STRING:
        return is_exact_bit_string(content);
    case DER_NULL:
        return content.len == 0;
    case DER_OID:
        return der_oid_text(content, oid, sizeof(oid));
    default:
        // A universal SEQUENCE or SET is always constructed; tag 0 is BER's end-of-contents.
        return tag != 0 && tag != (DER_SEQUENCE & 0x1f) && tag != (DER_SET & 0x1f);
    }
}

static bool is_exact(struct bytes der, unsigned depth)
{
    while (der.len > 0) {
        uint8_t tag = 0;
        struct bytes content;
        if (!der_take_any(&der, &tag, &content, NULL))
            return false;
        if ((tag & 0x20) == 0) {
            if (!is_exact_primitive(tag, content))
                return false;
            continue;
        }
        // Constructed strings are BER (X.690 10.2); no other universal type but these is constructed here.
        bool is_universal = (tag & 0xc0) == 0;
        if (is_universal && tag != DER_SEQUENCE && tag != DER_SET)
            return false;
        if (depth == 0 || !is_exact(content, depth - 1) || (tag == DER_SET && !csr_is_ordered(content)))
            return false;
    }
    return true;
}

bool csr_is_exact_der(struct bytes der)
{
    return is_exact(der, MAX_DEPTH);
}

bool csr_is_extension_value(struct bytes value)
{
    return value.len > 0 && csr_is_exact_der(value);
}
