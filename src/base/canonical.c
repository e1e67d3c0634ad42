/* SPDX-License-Identifier: Apache-2.0 */
#include "base/canonical.h"

#include "base/quote.h"

#include <assert.h>

#define DEPTH_MAX 2048 /* json_parse() goes no deeper; the outermost value counts as one */

struct scanner {
    const uint8_t *at, *end;
    unsigned depth;
};

static bool scan_value(struct scanner *scanner, struct canonical_value *ret_value);

static bool take_byte(struct scanner *scanner, uint8_t byte)
{
    if (scanner->at == scanner->end || *scanner->at != byte)
        return false;
    scanner->at++;
    return true;
}

static bool is_plain(uint8_t byte)
{
    return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

/** Whether all eight bytes of a word are plain: the bits of the bytes that are not are found by borrow and by equality. */
static bool are_plain(const uint8_t *place)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t word;
    memcpy(&word, place, sizeof(word));
    uint64_t quote = word ^ (ones * '"');
    uint64_t backslash = word ^ (ones * '\\');
    // A borrow may mark a byte too many, and then each is looked at; it never hides one.
    return ((word | (word - ones * 0x20) | (quote - ones) | (backslash - ones)) & (ones * 0x80)) == 0;
}

size_t canonical_plain_len(const uint8_t *data, size_t len)
{
    size_t plain = 0;
    while (len - plain >= 8 && are_plain(data + plain))
        plain += 8;
    while (plain < len && is_plain(data[plain]))
        plain++;
    return plain;
}

/** The digit after \u00 and the one before it, for a control character that has no short form; -1 if it is none. */
static int control_of(const uint8_t *digits)
{
    if (digits[0] != '0' && digits[0] != '1')
        return -1;
    int low = digits[1] >= '0' && digits[1] <= '9'   ? digits[1] - '0'
              : digits[1] >= 'a' && digits[1] <= 'f' ? digits[1] - 'a' + 10
                                                     : -1;
    int code = (digits[0] - '0') * 16 + low;
    bool has_short_form = code == '\b' || code == '\t' || code == '\n' || code == '\f' || code == '\r';
    return low < 0 || has_short_form ? -1 : code;
}

/** RFC 8785 3.2.2.2: what must be escaped is, and in the shortest way. */
static bool scan_escape(struct scanner *scanner, struct canonical_value *text)
{
    size_t left = (size_t)(scanner->end - scanner->at);
    text->has_escapes = true;
    if (left >= 2 && scanner->at[1] != '\0' && strchr("\"\\btnfr", scanner->at[1]) != NULL) {
        scanner->at += 2;
        return true;
    }
    if (left < 6 || memcmp(scanner->at, "\\u00", 4) != 0)
        return false;
    int code = control_of(scanner->at + 4);
    text->has_nul = text->has_nul || code == 0;
    scanner->at += 6;
    return code >= 0;
}

static bool scan_text(struct scanner *scanner, struct canonical_value *ret_value)
{
    struct canonical_value text = {.kind = CANONICAL_TEXT};
    if (!take_byte(scanner, '"'))
        return false;
    const uint8_t *start = scanner->at;
    for (;;) {
        uint32_t character;
        size_t len;
        scanner->at += canonical_plain_len(scanner->at, (size_t)(scanner->end - scanner->at));
        if (scanner->at == scanner->end)
            return false;
        if (*scanner->at == '"')
            break;
        if (*scanner->at == '\\') {
            if (!scan_escape(scanner, &text))
                return false;
            continue;
        }
        if (*scanner->at < 0x20)
            return false;
        len = utf8_decode(scanner->at, (size_t)(scanner->end - scanner->at), &character);
        if (len == 0)
            return false;
        scanner->at += len;
    }
    text.spelling = bytes_of(start, (size_t)(scanner->at - start));
    scanner->at++;
    *ret_value = text;
    return true;
}

static bool is_digit(const struct scanner *scanner)
{
    return scanner->at < scanner->end && *scanner->at >= '0' && *scanner->at <= '9';
}

static bool scan_int(struct scanner *scanner, struct canonical_value *ret_value)
{
    const uint8_t *start = scanner->at;
    bool is_negative = take_byte(scanner, '-');
    const uint8_t *first = scanner->at;
    int64_t number = 0;
    for (; is_digit(scanner); scanner->at++) {
        int digit = *scanner->at - '0';
        // Counted downwards where it is negative: the smallest has no counterpart.
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, is_negative ? -digit : digit, &number))
            return false;
    }
    size_t digits = (size_t)(scanner->at - first);
    if (digits == 0 || (*first == '0' && (digits > 1 || is_negative)))
        return false;
    *ret_value = (struct canonical_value){
        .kind = CANONICAL_INT, .spelling = bytes_of(start, (size_t)(scanner->at - start)), .number = number};
    return true;
}

static bool scan_word(struct scanner *scanner, struct canonical_value *ret_value)
{
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        struct bytes word = bytes_of_text(words[i]);
        if ((size_t)(scanner->end - scanner->at) < word.len || memcmp(scanner->at, word.data, word.len) != 0)
            continue;
        *ret_value =
            (struct canonical_value){.kind = CANONICAL_WORD, .spelling = bytes_of(scanner->at, word.len)};
        scanner->at += word.len;
        return true;
    }
    return false;
}

static bool scan_array(struct scanner *scanner, struct canonical_value *ret_value)
{
    const uint8_t *start = scanner->at++;
    struct canonical_value element;
    if (!take_byte(scanner, ']')) {
        do {
            if (!scan_value(scanner, &element))
                return false;
        } while (take_byte(scanner, ','));
        if (!take_byte(scanner, ']'))
            return false;
    }
    *ret_value = (struct canonical_value){.kind = CANONICAL_ARRAY,
                                          .spelling = bytes_of(start, (size_t)(scanner->at - start))};
    return true;
}

/** Takes one byte of what a canonical spelling stands for off the front. */
static uint8_t take_unescaped(struct bytes *spelling)
{
    const uint8_t *at = spelling->data;
    size_t len = 1;
    uint8_t byte = *at;
    if (byte == '\\') {
        len = at[1] == 'u' ? 6 : 2;
        switch (at[1]) {
        case 'b':
            byte = '\b';
            break;
        case 't':
            byte = '\t';
            break;
        case 'n':
            byte = '\n';
            break;
        case 'f':
            byte = '\f';
            break;
        case 'r':
            byte = '\r';
            break;
        case 'u':
            byte = (uint8_t)control_of(at + 4);
            break;
        default:
            byte = at[1]; // quote or backslash
        }
    }
    *spelling = bytes_slice(*spelling, len, spelling->len);
    return byte;
}

/**
 * RFC 8785 3.2.3 sorts by UTF-16 code units, unescaped. That differs from byte order only where a character past U+FFFF meets one
 * from U+E000 to U+FFFF: mapping lead bytes 0xee and 0xef above 0xf0..0xf4 restores the order.
 */
static int compare_keys(struct bytes a, struct bytes b)
{
    while (a.len > 0 && b.len > 0) {
        int x = take_unescaped(&a);
        int y = take_unescaped(&b);
        if (x != y)
            return (x == 0xee || x == 0xef ? x + 0x10 : x) - (y == 0xee || y == 0xef ? y + 0x10 : y);
    }
    return (a.len > 0) - (b.len > 0);
}

/** Where the members that are asked for go; none below the outermost object. */
struct wanted {
    struct canonical_field *fields;
    size_t count;
};

static void keep_value(struct wanted *wanted, struct bytes key, const struct canonical_value *value)
{
    while (wanted->count > 0) {
        int order = compare_keys(bytes_of_text(wanted->fields->key), key);
        if (order > 0)
            return;
        if (order == 0)
            wanted->fields->value = *value;
        wanted->fields++;
        wanted->count--;
    }
}

static bool scan_object(struct scanner *scanner, struct wanted *wanted, struct canonical_value *ret_value)
{
    const uint8_t *start = scanner->at++;
    struct canonical_value key = {.kind = CANONICAL_NONE};
    if (!take_byte(scanner, '}')) {
        do {
            struct canonical_value before = key;
            struct canonical_value value;
            if (!scan_text(scanner, &key) || key.has_nul || !take_byte(scanner, ':') ||
                (before.kind != CANONICAL_NONE && compare_keys(before.spelling, key.spelling) >= 0) ||
                !scan_value(scanner, &value))
                return false;
            if (wanted != NULL)
                keep_value(wanted, key.spelling, &value);
        } while (take_byte(scanner, ','));
        if (!take_byte(scanner, '}'))
            return false;
    }
    *ret_value = (struct canonical_value){.kind = CANONICAL_OBJECT,
                                          .spelling = bytes_of(start, (size_t)(scanner->at - start))};
    return true;
}

static bool scan_value(struct scanner *scanner, struct canonical_value *ret_value)
{
    bool holds;
    if (scanner->at == scanner->end || scanner->depth == DEPTH_MAX)
        return false;
    scanner->depth++;
    switch (*scanner->at) {
    case '{':
        holds = scan_object(scanner, NULL, ret_value);
        break;
    case '[':
        holds = scan_array(scanner, ret_value);
        break;
    case '"':
        holds = scan_text(scanner, ret_value);
        break;
    case 't':
    case 'f':
    case 'n':
        holds = scan_word(scanner, ret_value);
        break;
    default:
        holds = scan_int(scanner, ret_value);
    }
    scanner->depth--;
    return holds;
}

bool canonical_read(struct bytes text, struct canonical_field *fields, size_t count)
{
    struct scanner scanner = {.at = text.data, .end = text.data + text.len, .depth = 1};
    struct wanted wanted = {.fields = fields, .count = count};
    struct canonical_value object;
    for (size_t i = 0; i < count; i++) {
        assert(i == 0 || strcmp(fields[i - 1].key, fields[i].key) < 0);
        fields[i].value = (struct canonical_value){.kind = CANONICAL_NONE};
    }
    return text.len > 0 && *text.data == '{' && scan_object(&scanner, &wanted, &object) &&
           scanner.at == scanner.end;
}

bool canonical_next(struct bytes *rest, struct canonical_value *ret_value)
{
    // An array's spelling starts with its bracket, what is left of it with a comma or the closing one.
    struct scanner scanner = {.at = rest->data, .end = rest->data + rest->len, .depth = 1};
    if (rest->len < 2 || *scanner.at == ']')
        return false;
    scanner.at++;
    if (!scan_value(&scanner, ret_value))
        return false;
    *rest = bytes_of(scanner.at, (size_t)(scanner.end - scanner.at));
    return true;
}

struct bytes canonical_text(const struct canonical_value *value, struct builder *buffer)
{
    struct bytes rest = value->spelling;
    if (value->kind != CANONICAL_TEXT || value->has_nul)
        return bytes_of(NULL, 0);
    if (!value->has_escapes)
        return rest;
    builder_clear(buffer);
    while (rest.len > 0)
        builder_add_u8(buffer, take_unescaped(&rest));
    return builder_bytes(buffer);
}
