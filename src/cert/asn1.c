/* SPDX-License-Identifier: Apache-2.0 */
#include "cert/asn1.h"

#include "base/memory.h"
#include "base/time.h"

#include <ctype.h>
#include <stdio.h>

size_t asn1_open(struct builder *out, uint8_t tag)
{
    builder_add_u8(out, tag);
    builder_add_u8(out, 0); // one length octet; asn1_close() makes room for more
    return out->len;
}

void asn1_close(struct builder *out, size_t mark)
{
    if (out->has_failed)
        return;
    size_t len = out->len - mark;
    size_t octets = 0;
    for (size_t rest = len; len >= 0x80 && rest > 0; rest >>= 8)
        octets++;
    if (octets == 0) {
        out->data[mark - 1] = (uint8_t)len;
        return;
    }
    if (builder_reserve(out, octets) == NULL)
        return;
    memmove(out->data + mark + octets, out->data + mark, len);
    out->data[mark - 1] = (uint8_t)(0x80 | octets);
    for (size_t i = 0; i < octets; i++)
        out->data[mark + i] = (uint8_t)(len >> (8 * (octets - 1 - i)));
}

static void add_subidentifier(struct builder *out, uint64_t value)
{
    uint8_t octets[10];
    size_t count = 0;
    do {
        octets[count++] = (uint8_t)(value & 0x7f);
        value >>= 7;
    } while (value > 0);
    while (count > 0) {
        count--;
        builder_add_u8(out, (uint8_t)(octets[count] | (count > 0 ? 0x80 : 0)));
    }
}

/** One decimal arc; leading zeros and more than 62 bits are refused. */
static bool take_arc(const char **at, uint64_t *ret_arc)
{
    uint64_t arc = 0;
    const char *start = *at;
    // Where it grows too large a digit is left, which ends no OID.
    while (isdigit((unsigned char)**at) && arc <= UINT64_MAX / 64) {
        arc = arc * 10 + (uint64_t)(**at - '0');
        (*at)++;
    }
    if (*at == start || (*start == '0' && *at != start + 1))
        return false;
    *ret_arc = arc;
    return true;
}

bool asn1_oid(struct builder *out, const char *dotted)
{
    uint64_t first, second;
    const char *at = dotted;
    if (!take_arc(&at, &first) || first > 2 || *at++ != '.' || !take_arc(&at, &second) ||
        (first < 2 && second > 39))
        return false;
    AUTO(builder_done) struct builder content = BUILDER_INIT;
    add_subidentifier(&content, first * 40 + second);
    while (*at == '.') {
        uint64_t arc;
        at++;
        if (!take_arc(&at, &arc))
            return false;
        add_subidentifier(&content, arc);
    }
    if (*at != '\0')
        return false;
    der_add(out, DER_OID, builder_bytes(&content));
    return true;
}

static char *write_two(char *place, int number)
{
    place[0] = (char)('0' + number / 10 % 10);
    place[1] = (char)('0' + number % 10);
    return place + 2;
}

#define TIME_1950 INT64_C(-631152000)
#define TIME_2050 INT64_C(2524608000)

bool asn1_is_utc(int64_t seconds)
{
    return seconds >= TIME_1950 && seconds < TIME_2050;
}

static void add_time(struct builder *out, bool is_utc, int64_t seconds)
{
    char buffer[sizeof("YYYYMMDDHHMMSSZ")];
    struct time_parts parts;
    time_split(seconds, &parts);
    char *end = is_utc ? buffer : write_two(buffer, parts.year / 100);
    const int pairs[] = {parts.year % 100, parts.month, parts.day, parts.hour, parts.minute, parts.second};
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
        end = write_two(end, pairs[i]);
    *end++ = 'Z';
    der_add(out, is_utc ? DER_UTC_TIME : DER_GENERALIZED_TIME, bytes_of(buffer, (size_t)(end - buffer)));
}

void asn1_time(struct builder *out, int64_t seconds)
{
    add_time(out, asn1_is_utc(seconds), seconds);
}

size_t asn1_time_len(int64_t seconds)
{
    return 2 + (asn1_is_utc(seconds) ? sizeof("YYMMDDHHMMSSZ") - 1 : sizeof("YYYYMMDDHHMMSSZ") - 1);
}

void asn1_generalized_time(struct builder *out, int64_t seconds)
{
    add_time(out, false, seconds);
}

static bool two_digits(const uint8_t *data, int *ret_value)
{
    if (!isdigit(data[0]) || !isdigit(data[1]))
        return false;
    *ret_value = (data[0] - '0') * 10 + (data[1] - '0');
    return true;
}

bool asn1_take_time(struct bytes *cursor, int64_t *ret_seconds)
{
    uint8_t tag;
    int century;
    int year;
    struct time_parts parts;
    struct bytes content;
    struct bytes rest = *cursor;
    if (!der_take_any(&rest, &tag, &content, NULL))
        return false;
    bool is_utc = tag == DER_UTC_TIME;
    if (content.len != (is_utc ? 13U : 15U) || (!is_utc && tag != DER_GENERALIZED_TIME))
        return false;
    const uint8_t *at = content.data;
    if (!is_utc) {
        if (!two_digits(at, &century))
            return false;
        at += 2;
    }
    if (!two_digits(at, &year) || !two_digits(at + 2, &parts.month) || !two_digits(at + 4, &parts.day) ||
        !two_digits(at + 6, &parts.hour) || !two_digits(at + 8, &parts.minute) ||
        !two_digits(at + 10, &parts.second) || at[12] != 'Z')
        return false;
    parts.year = is_utc ? year + (year < 50 ? 2000 : 1900) : century * 100 + year;
    if (!time_join(&parts, ret_seconds))
        return false;
    *cursor = rest;
    return true;
}

void asn1_named_bits(struct builder *out, uint16_t bits)
{
    uint8_t octets[3] = {0, 0, 0};
    size_t last = 0;
    for (size_t i = 0; bits >> i != 0; i++) {
        if ((bits >> i & 1) != 0) {
            octets[1 + i / 8] = (uint8_t)(octets[1 + i / 8] | 0x80 >> (i % 8));
            last = i + 1;
        }
    }
    size_t len = (last + 7) / 8;
    octets[0] = (uint8_t)(len * 8 - last);
    der_add(out, DER_BIT_STRING, bytes_of(octets, 1 + len));
}

void asn1_bit_string(struct builder *out, struct bytes octets)
{
    der_add_header(out, DER_BIT_STRING, octets.len + 1);
    builder_add_u8(out, 0);
    builder_add_bytes(out, octets);
}

void asn1_bool(struct builder *out, bool value)
{
    uint8_t octet = value ? 0xff : 0;
    der_add(out, DER_BOOLEAN, bytes_of(&octet, 1));
}

void asn1_small(struct builder *out, unsigned value)
{
    uint8_t octets[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                         (uint8_t)value};
    der_add_unsigned(out, BYTES(octets));
}
