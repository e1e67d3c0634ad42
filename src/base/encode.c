/* SPDX-License-Identifier: Apache-2.0 */
#include "base/encode.h"

static const char hex_digits[] = "0123456789abcdef";
static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void encode_hex(struct bytes data, struct builder *ret_text)
{
    uint8_t *place = builder_reserve(ret_text, data.len * 2);
    if (place == NULL)
        return;
    for (size_t i = 0; i < data.len; i++) {
        place[2 * i] = (uint8_t)hex_digits[data.data[i] >> 4];
        place[2 * i + 1] = (uint8_t)hex_digits[data.data[i] & 15];
    }
}

const char *hex_of(struct bytes data, char text[static 129])
{
    size_t len = data.len < 64 ? data.len : 64;
    for (size_t i = 0; i < len; i++) {
        text[2 * i] = hex_digits[data.data[i] >> 4];
        text[2 * i + 1] = hex_digits[data.data[i] & 15];
    }
    text[2 * len] = '\0';
    return text;
}

/** What a digit stands for, plus one; 0: no digit. */
static const uint8_t hex_values[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

bool decode_hex_exactly(struct bytes text, uint8_t *ret_data, size_t len)
{
    if (text.len != len * 2)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (hex_values[text.data[i]] == 0)
            return false;
    }
    for (size_t i = 0; i < len; i++)
        ret_data[i] =
            (uint8_t)((hex_values[text.data[2 * i]] - 1) << 4 | (hex_values[text.data[2 * i + 1]] - 1));
    return true;
}

bool decode_hex(struct bytes text, struct builder *ret_data)
{
    size_t before = ret_data->len;
    uint8_t *place = text.len % 2 != 0 ? NULL : builder_reserve(ret_data, text.len / 2);
    if (place == NULL)
        return false;
    if (decode_hex_exactly(text, place, text.len / 2))
        return true;
    ret_data->len = before;
    return false;
}

void encode_base64(struct bytes data, struct builder *ret_text)
{
    uint8_t *place = builder_reserve(ret_text, (data.len + 2) / 3 * 4);
    if (place == NULL)
        return;
    for (size_t i = 0; i < data.len; i += 3) {
        size_t left = data.len - i;
        uint32_t group = (uint32_t)data.data[i] << 16;
        if (left > 1)
            group |= (uint32_t)data.data[i + 1] << 8;
        if (left > 2)
            group |= data.data[i + 2];
        *place++ = (uint8_t)base64_digits[group >> 18];
        *place++ = (uint8_t)base64_digits[group >> 12 & 63];
        *place++ = left > 1 ? (uint8_t)base64_digits[group >> 6 & 63] : '=';
        *place++ = left > 2 ? (uint8_t)base64_digits[group & 63] : '=';
    }
}

/** What a digit stands for, plus one; 0: no digit. */
static const uint8_t base64_values[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64,
};

/** Four digits as 24 bits; more than that if one is not a digit. */
static uint32_t base64_group(const uint8_t digits[static 4])
{
    uint32_t a = base64_values[digits[0]] - 1U;
    uint32_t b = base64_values[digits[1]] - 1U;
    uint32_t c = base64_values[digits[2]] - 1U;
    uint32_t d = base64_values[digits[3]] - 1U;
    return (a | b | c | d) > 63 ? UINT32_MAX : a << 18 | b << 12 | c << 6 | d;
}

/** Decodes whole groups. \return false: there is a byte that is not a digit */
static bool base64_groups(struct bytes text, uint8_t *place)
{
    for (size_t i = 0; i < text.len; i += 4, place += 3) {
        uint32_t group = base64_group(text.data + i);
        if (group == UINT32_MAX)
            return false;
        place[0] = (uint8_t)(group >> 16);
        place[1] = (uint8_t)(group >> 8);
        place[2] = (uint8_t)group;
    }
    return true;
}

/** The last group, which may be padded. \return how many bytes it holds; 0: it is not canonical base64 */
static size_t base64_last(const uint8_t digits[static 4], uint8_t ret_data[static 3])
{
    size_t padding = digits[3] != '=' ? 0 : digits[2] != '=' ? 1 : 2;
    const uint8_t filled[4] = {digits[0], digits[1], padding > 1 ? 'A' : digits[2],
                               padding > 0 ? 'A' : digits[3]};
    if (!base64_groups(bytes_of(filled, sizeof(filled)), ret_data))
        return 0;
    // The bits that the padding cuts off must be zero, or one value would have many spellings.
    return (padding > 0 && ret_data[2] != 0) || (padding > 1 && ret_data[1] != 0) ? 0 : 3 - padding;
}

bool decode_base64(struct bytes text, struct builder *ret_data)
{
    uint8_t last[3];
    if (text.len == 0)
        return true;
    size_t before = ret_data->len;
    size_t whole = text.len / 4 * 3 - 3;
    size_t last_len = text.len % 4 != 0 ? 0 : base64_last(text.data + text.len - 4, last);
    uint8_t *place = last_len == 0 ? NULL : builder_reserve(ret_data, whole + last_len);
    if (place == NULL)
        return false;
    if (!base64_groups(bytes_slice(text, 0, text.len - 4), place)) {
        ret_data->len = before;
        return false;
    }
    memcpy(place + whole, last, last_len);
    return true;
}

void encode_pem_lines(struct bytes der, struct builder *ret_text)
{
    for (size_t i = 0; i < der.len; i += ENCODE_PEM_LINE_LEN) {
        encode_base64(bytes_slice(der, i, ENCODE_PEM_LINE_LEN), ret_text);
        builder_add_u8(ret_text, '\n');
    }
}

void encode_pem(const char *label, struct bytes der, struct builder *ret_text)
{
    builder_format(ret_text, "-----BEGIN %s-----\n", label);
    encode_pem_lines(der, ret_text);
    builder_format(ret_text, "-----END %s-----\n", label);
}
