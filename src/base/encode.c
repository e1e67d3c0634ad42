#include "base/encode.h"

#include <assert.h>

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

static int hex_value(uint8_t digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

bool decode_hex(struct bytes text, struct builder *ret_data)
{
    if (text.len % 2 != 0)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (hex_value(text.data[i]) < 0)
            return false;
    }
    uint8_t *place = builder_reserve(ret_data, text.len / 2);
    if (place == NULL)
        return false;
    for (size_t i = 0; i < text.len / 2; i++)
        place[i] = (uint8_t)(hex_value(text.data[2 * i]) << 4 | hex_value(text.data[2 * i + 1]));
    return true;
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

static int base64_value(uint8_t digit)
{
    if (digit >= 'A' && digit <= 'Z')
        return digit - 'A';
    if (digit >= 'a' && digit <= 'z')
        return digit - 'a' + 26;
    if (digit >= '0' && digit <= '9')
        return digit - '0' + 52;
    if (digit == '+')
        return 62;
    return digit == '/' ? 63 : -1;
}

/** Checks alphabet and padding, and counts the padding (0 to 2); -1 if the text is not canonical base64. */
static int base64_padding(struct bytes text)
{
    if (text.len % 4 != 0)
        return -1;
    size_t padding = 0;
    while (padding < 2 && padding < text.len && text.data[text.len - 1 - padding] == '=')
        padding++;
    for (size_t i = 0; i < text.len - padding; i++) {
        if (base64_value(text.data[i]) < 0)
            return -1;
    }
    if (padding == 0)
        return 0;
    // The bits that the padding cuts off must be zero, or one value would have many spellings.
    int last = base64_value(text.data[text.len - 1 - padding]);
    return (last & (padding == 1 ? 3 : 15)) == 0 ? (int)padding : -1;
}

bool decode_base64(struct bytes text, struct builder *ret_data)
{
    int padding = base64_padding(text);
    if (padding < 0)
        return false;
    size_t len = text.len / 4 * 3 - (size_t)padding;
    uint8_t *place = builder_reserve(ret_data, len);
    if (place == NULL)
        return false;
    size_t written = 0;
    for (size_t i = 0; i < text.len; i += 4) {
        uint32_t group = 0;
        for (size_t j = 0; j < 4; j++) {
            int value = base64_value(text.data[i + j]);
            group = group << 6 | (uint32_t)(value < 0 ? 0 : value);
        }
        for (size_t j = 0; j < 3 && written < len; j++)
            place[written++] = (uint8_t)(group >> (16 - 8 * j));
    }
    assert(written == len);
    return true;
}

void encode_pem(const char *label, struct bytes der, struct builder *ret_text)
{
    AUTO(builder_done) struct builder body = BUILDER_INIT;
    encode_base64(der, &body);
    builder_format(ret_text, "-----BEGIN %s-----\n", label);
    for (size_t i = 0; i < body.len; i += 64) {
        builder_add_bytes(ret_text, bytes_slice(builder_bytes(&body), i, 64));
        builder_add_u8(ret_text, '\n');
    }
    builder_format(ret_text, "-----END %s-----\n", label);
}
