/* SPDX-License-Identifier: Apache-2.0 */
#include "base/quote.h"

#include <assert.h>

size_t utf8_decode(const uint8_t *data, size_t len, uint32_t *ret_code_point)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (len == 0)
        return 0;
    size_t need = data[0] < 0x80       ? 1
                  : data[0] >> 5 == 6  ? 2
                  : data[0] >> 4 == 14 ? 3
                  : data[0] >> 3 == 30 ? 4
                                       : 0;
    if (need == 0 || need > len)
        return 0;
    uint32_t code = need == 1 ? data[0] : data[0] & (0xffU >> (need + 1));
    for (size_t i = 1; i < need; i++) {
        if ((data[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (data[i] & 0x3fU);
    }
    if ((need > 1 && code < smallest[need]) || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return 0;
    *ret_code_point = code;
    return need;
}

size_t utf8_whole(const char *text, size_t len)
{
    uint32_t code = 0;
    size_t start = len;
    while (start > 0 && len - start < 3 && ((uint8_t)text[start - 1] & 0xc0) == 0x80)
        start--;
    if (start == 0 || (uint8_t)text[start - 1] < 0xc0)
        return len; // no character begins here
    start--;
    return utf8_decode((const uint8_t *)text + start, len - start, &code) > 0 ? len : start;
}

void utf8_vformat(char *ret_text, size_t size, const char *format, va_list arguments)
{
    int len = vsnprintf(ret_text, size, format, arguments);
    if (len < 0)
        ret_text[0] = '\0'; // a format the C library does not take
    else if ((size_t)len >= size)
        ret_text[utf8_whole(ret_text, size - 1)] = '\0';
}

bool utf8_is_valid(struct bytes text)
{
    for (size_t i = 0; i < text.len;) {
        uint32_t code = 0;
        size_t used = utf8_decode(text.data + i, text.len - i, &code);
        if (used == 0)
            return false;
        i += used;
    }
    return true;
}

/** Controls, bidi and zero-width marks, other spaces, BOM, tags, private use, noncharacters: what changes how text reads. */
static bool is_harmful(uint32_t code)
{
    static const struct {
        uint32_t first;
        uint32_t last;
    } ranges[] = {
        {0x00, 0x1f},       {0x7f, 0xa0},       {0xad, 0xad},        {0x34f, 0x34f},     {0x600, 0x605},
        {0x61c, 0x61c},     {0x6dd, 0x6dd},     {0x70f, 0x70f},      {0x890, 0x891},     {0x8e2, 0x8e2},
        {0x115f, 0x1160},   {0x1680, 0x1680},   {0x17b4, 0x17b5},    {0x180b, 0x180f},   {0x2000, 0x200f},
        {0x2028, 0x202f},   {0x205f, 0x206f},   {0x2800, 0x2800},    {0x3000, 0x3000},   {0x3164, 0x3164},
        {0xe000, 0xf8ff},   {0xfdd0, 0xfdef},   {0xfe00, 0xfe0f},    {0xfeff, 0xfeff},   {0xffa0, 0xffa0},
        {0xfff0, 0xffff},   {0x110bd, 0x110bd}, {0x110cd, 0x110cd},  {0x13430, 0x1343f}, {0x1bca0, 0x1bca3},
        {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff}, {0xf0000, 0x10ffff},
    };
    for (size_t i = 0; i < ARRAY_LEN(ranges); i++) {
        if (code >= ranges[i].first && code <= ranges[i].last)
            return true;
    }
    return (code & 0xfffe) == 0xfffe;
}

static size_t quote_one(struct builder *ret_text, struct bytes text, size_t at)
{
    uint32_t code = 0;
    size_t used = utf8_decode(text.data + at, text.len - at, &code);
    if (used == 0) {
        builder_format(ret_text, "\\x%02x", text.data[at]);
        return 1;
    }
    if (code == '\\')
        builder_add_text(ret_text, "\\\\");
    else if (!is_harmful(code))
        builder_add(ret_text, text.data + at, used);
    else if (code < 0x80)
        builder_format(ret_text, "\\x%02x", code);
    else
        builder_format(ret_text, "\\u{%x}", code);
    return used;
}

static bool is_plain(uint8_t c)
{
    return c >= ' ' && c < 0x7f && c != '\\';
}

void quote_append(struct builder *ret_text, struct bytes text, size_t max_len)
{
    size_t start = ret_text->len;
    for (size_t i = 0; i < text.len;) {
        // Nearly all text is plain ASCII: take as much of it at once as is wanted.
        size_t plain = 0;
        size_t used = ret_text->len - start;
        size_t left = max_len == 0 ? SIZE_MAX : used < max_len ? max_len - used : 0;
        while (plain < left && i + plain < text.len && is_plain(text.data[i + plain]))
            plain++;
        if (plain > 0) {
            builder_add(ret_text, text.data + i, plain);
            i += plain;
            continue;
        }
        if (left == 0) {
            builder_add_text(ret_text, "...");
            return;
        }
        i += quote_one(ret_text, text, i);
    }
}

void quote_guard(struct builder *ret_text, struct bytes text)
{
    for (size_t i = 0; i < text.len;) {
        if (text.data[i] == '\n' || text.data[i] == '\\')
            builder_add_u8(ret_text, text.data[i++]);
        else
            i += quote_one(ret_text, text, i);
    }
}

void quote_json(struct builder *ret_text, struct bytes json)
{
    for (size_t i = 0, used = 1; i < json.len; i += used) {
        uint32_t code = 0;
        used = utf8_decode(json.data + i, json.len - i, &code);
        assert(used > 0); // json.h lets nothing else in
        if (code < 0x7f || !is_harmful(code))
            builder_add(ret_text, json.data + i, used);
        else if (code < 0x10000)
            builder_format(ret_text, "\\u%04x", code);
        else
            builder_format(ret_text, "\\u%04x\\u%04x", 0xd7c0 + (code >> 10), 0xdc00 + (code & 0x3ff));
    }
}

const char *quoted(struct bytes text, struct quoted *buffer)
{
    AUTO(builder_done) struct builder out = BUILDER_INIT;
    // Ten bytes for the longest escape that may pass the cut, three for the dots, one for the NUL.
    quote_append(&out, text, sizeof(buffer->text) - 14);
    size_t len = out.len < sizeof(buffer->text) ? out.len : sizeof(buffer->text) - 1;
    if (len > 0)
        memcpy(buffer->text, out.data, len);
    buffer->text[len] = '\0';
    return buffer->text;
}

const char *quoted_text(const char *text, struct quoted *buffer)
{
    return quoted(bytes_of_text(text), buffer);
}
