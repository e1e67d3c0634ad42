/* SPDX-License-Identifier: Apache-2.0 */
#include "base/der.h"

bool der_take_any(struct bytes *cursor, uint8_t *ret_tag, struct bytes *ret_content, struct bytes *ret_whole)
{
    const uint8_t *data = cursor->data;
    if (cursor->len < 2 || (data[0] & 0x1f) == 0x1f)
        return false;
    size_t header = 2;
    size_t len = data[1];
    if (len >= 0x80) {
        size_t octets = len & 0x7f;
        // 0x80 is BER's indefinite form; more than four octets is more than anything here may hold.
        if (octets == 0 || octets > 4 || cursor->len < 2 + octets || data[2] == 0)
            return false;
        len = 0;
        for (size_t i = 0; i < octets; i++)
            len = len << 8 | data[2 + i];
        if (len < 0x80)
            return false;
        header += octets;
    }
    if (len > cursor->len - header)
        return false;
    *ret_tag = data[0];
    *ret_content = bytes_of(data + header, len);
    if (ret_whole != NULL)
        *ret_whole = bytes_of(data, header + len);
    *cursor = bytes_of(data + header + len, cursor->len - header - len);
    return true;
}

bool der_is_next(struct bytes cursor, uint8_t tag)
{
    return cursor.len > 0 && cursor.data[0] == tag;
}

bool der_take(struct bytes *cursor, uint8_t tag, struct bytes *ret_content)
{
    uint8_t found = 0;
    return der_is_next(*cursor, tag) && der_take_any(cursor, &found, ret_content, NULL);
}

bool der_take_whole(struct bytes *cursor, uint8_t tag, struct bytes *ret_whole)
{
    uint8_t found = 0;
    struct bytes content;
    return der_is_next(*cursor, tag) && der_take_any(cursor, &found, &content, ret_whole);
}

bool der_take_octet_bits(struct bytes *cursor, struct bytes *ret_bits)
{
    struct bytes content;
    struct bytes rest = *cursor;
    if (!der_take(&rest, DER_BIT_STRING, &content) || content.len < 1 || content.data[0] != 0)
        return false;
    *ret_bits = bytes_of(content.data + 1, content.len - 1);
    *cursor = rest;
    return true;
}

bool der_take_unsigned(struct bytes *cursor, struct bytes *ret_magnitude)
{
    struct bytes content;
    struct bytes rest = *cursor;
    if (!der_take(&rest, DER_INTEGER, &content) || content.len == 0 || (content.data[0] & 0x80) != 0)
        return false;
    if (content.len > 1 && content.data[0] == 0) {
        if ((content.data[1] & 0x80) == 0)
            return false;
        content = bytes_slice(content, 1, content.len - 1);
    }
    *ret_magnitude = content;
    *cursor = rest;
    return true;
}

bool der_bool(struct bytes content, bool *ret_value)
{
    if (content.len != 1 || (content.data[0] != 0 && content.data[0] != 0xff))
        return false;
    *ret_value = content.data[0] == 0xff;
    return true;
}

/** One base-128 subidentifier (X.690 8.19.2): no leading 0x80, no more than 63 bits. */
static bool take_subidentifier(struct bytes *cursor, uint64_t *ret_value)
{
    uint64_t value = 0;
    for (size_t i = 0; i < cursor->len && i < 9; i++) {
        uint8_t octet = cursor->data[i];
        if (i == 0 && octet == 0x80)
            return false;
        value = value << 7 | (octet & 0x7f);
        if ((octet & 0x80) == 0) {
            *cursor = bytes_of(cursor->data + i + 1, cursor->len - i - 1);
            *ret_value = value;
            return true;
        }
    }
    return false;
}

/** Writes the digits of value; false if they and a NUL do not fit. (snprintf() costs more than all the rest of a CSR.) */
static bool put_number(uint64_t value, char *buffer, size_t room_len, size_t *len)
{
    char digits[20];
    size_t count = 0;
    do
        digits[count++] = (char)('0' + value % 10);
    while ((value /= 10) != 0);
    if (room_len - *len <= count)
        return false;
    while (count > 0)
        buffer[(*len)++] = digits[--count];
    buffer[*len] = '\0';
    return true;
}

bool der_oid_text(struct bytes content, char *buffer, size_t room_len)
{
    uint64_t value = 0;
    size_t len = 0;
    struct bytes rest = content;
    if (room_len == 0 || !take_subidentifier(&rest, &value))
        return false;
    uint64_t first = value < 80 ? value / 40 : 2;
    bool fits = put_number(first, buffer, room_len, &len);
    value -= first * 40;
    while (fits) {
        if (room_len - len <= 1)
            return false;
        buffer[len++] = '.';
        fits = put_number(value, buffer, room_len, &len);
        if (!fits || rest.len == 0)
            return fits;
        if (!take_subidentifier(&rest, &value))
            return false;
    }
    return false;
}

void der_add_header(struct builder *out, uint8_t tag, size_t len)
{
    uint8_t header[2 + sizeof(size_t)];
    size_t octets = 0;
    header[0] = tag;
    if (len < 0x80) {
        header[1] = (uint8_t)len;
    } else {
        for (size_t rest = len; rest > 0; rest >>= 8)
            octets++;
        header[1] = (uint8_t)(0x80 | octets);
        for (size_t i = 0; i < octets; i++)
            header[2 + i] = (uint8_t)(len >> (8 * (octets - 1 - i)));
    }
    builder_add(out, header, 2 + octets);
}

void der_add(struct builder *out, uint8_t tag, struct bytes content)
{
    der_add_header(out, tag, content.len);
    builder_add_bytes(out, content);
}

static struct bytes without_zeros(struct bytes magnitude)
{
    while (magnitude.len > 1 && magnitude.data[0] == 0)
        magnitude = bytes_slice(magnitude, 1, magnitude.len - 1);
    return magnitude;
}

static size_t unsigned_content_len(struct bytes cut)
{
    return cut.len == 0 ? 1 : cut.len + (cut.data[0] >> 7);
}

void der_add_unsigned(struct builder *out, struct bytes magnitude)
{
    struct bytes cut = without_zeros(magnitude);
    der_add_header(out, DER_INTEGER, unsigned_content_len(cut));
    if (cut.len == 0 || (cut.data[0] & 0x80) != 0)
        builder_add_u8(out, 0);
    builder_add_bytes(out, cut);
}

void der_add_ecdsa_signature(struct builder *out, struct bytes r_and_s)
{
    size_t half = r_and_s.len / 2;
    struct bytes r = without_zeros(bytes_slice(r_and_s, 0, half));
    struct bytes s = without_zeros(bytes_slice(r_and_s, half, half));
    // P-521's halves have at most 67 content octets, so each INTEGER's header is two octets.
    der_add_header(out, DER_SEQUENCE, 4 + unsigned_content_len(r) + unsigned_content_len(s));
    der_add_unsigned(out, r);
    der_add_unsigned(out, s);
}
