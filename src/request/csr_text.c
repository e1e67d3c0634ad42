/* SPDX-License-Identifier: Apache-2.0 */
#include "base/quote.h"
#include "request/csr_parts.h"

#define DER_NUMERIC_STRING 0x12
#define DER_VISIBLE_STRING 0x1a

static void add_code_point(struct builder *out, uint32_t code)
{
    if (code < 0x80) {
        builder_add_u8(out, (uint8_t)code);
        return;
    }
    if (code < 0x800) {
        builder_add_u8(out, (uint8_t)(0xc0 | code >> 6));
    } else if (code < 0x10000) {
        builder_add_u8(out, (uint8_t)(0xe0 | code >> 12));
        builder_add_u8(out, (uint8_t)(0x80 | (code >> 6 & 0x3f)));
    } else {
        builder_add_u8(out, (uint8_t)(0xf0 | code >> 18));
        builder_add_u8(out, (uint8_t)(0x80 | (code >> 12 & 0x3f)));
        builder_add_u8(out, (uint8_t)(0x80 | (code >> 6 & 0x3f)));
    }
    builder_add_u8(out, (uint8_t)(0x80 | (code & 0x3f)));
}

/** Fixed-width characters: Latin-1, UCS-2, UCS-4. */
static const char *widen(struct bytes content, size_t width, struct builder *ret_text)
{
    if (content.len % width != 0)
        return "has half a character at its end";
    for (size_t i = 0; i < content.len; i += width) {
        uint32_t code = 0;
        for (size_t j = 0; j < width; j++)
            code = code << 8 | content.data[i + j];
        if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
            return "has a character that Unicode does not have";
        add_code_point(ret_text, code);
    }
    return NULL;
}

static bool is_printable_string(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr(" '()+,-./:=?", c) != NULL);
}

static bool is_allowed_in(uint8_t tag, uint8_t c)
{
    switch (tag) {
    case DER_PRINTABLE_STRING:
        return is_printable_string(c);
    case DER_NUMERIC_STRING:
        return c == ' ' || (c >= '0' && c <= '9');
    case DER_VISIBLE_STRING:
        return c >= 0x20 && c <= 0x7e;
    default:
        return c < 0x80;
    }
}

static const char *take_ascii(uint8_t tag, struct bytes content, struct builder *ret_text)
{
    for (size_t i = 0; i < content.len; i++) {
        if (!is_allowed_in(tag, content.data[i]))
            return "has a character that its string type does not allow (X.680 41)";
    }
    builder_add_bytes(ret_text, content);
    return NULL;
}

static const char *convert(uint8_t tag, struct bytes content, struct builder *ret_text)
{
    switch (tag) {
    case DER_UTF8_STRING:
        if (!utf8_is_valid(content))
            return "is not valid UTF-8";
        builder_add_bytes(ret_text, content);
        return NULL;
    case DER_PRINTABLE_STRING:
    case DER_NUMERIC_STRING:
    case DER_VISIBLE_STRING:
    case DER_IA5_STRING:
        return take_ascii(tag, content, ret_text);
    case DER_T61_STRING:
        return widen(content, 1, ret_text);
    case DER_BMP_STRING:
        return widen(content, 2, ret_text);
    case DER_UNIVERSAL_STRING:
        return widen(content, 4, ret_text);
    default:
        return "is not a string";
    }
}

const char *csr_text_of(uint8_t tag, struct bytes content, struct builder *ret_text)
{
    size_t start = ret_text->len;
    const char *fault = convert(tag, content, ret_text);
    if (fault != NULL)
        return fault;
    if (ret_text->len == start)
        return "is empty";
    if (ret_text->len - start > CSR_MAX_VALUE_LEN)
        return "is longer than 4096 bytes";
    if (memchr(ret_text->data + start, '\0', ret_text->len - start) != NULL)
        return "has a NUL character in it";
    return NULL;
}
