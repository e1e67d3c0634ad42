/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include "base/canonical.h"
#include "base/encode.h"
#include "base/memory.h"

#include <assert.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

/* struct json is never defined: a pointer to it is a json_t, known to this file only. */

static json_t *inner(struct json *json)
{
    return (json_t *)json;
}

static const json_t *inner_const(const struct json *json)
{
    return (const json_t *)json;
}

static struct json *made(json_t *json)
{
    if (json == NULL)
        abort(); // out of memory, or text that is not UTF-8: a bug
    return (struct json *)json;
}

static void put(struct json *object, const char *key, json_t *value)
{
    if (value == NULL || json_object_set_new_nocheck(inner(object), key, value) != 0)
        abort();
}

struct json *json_new_object(void)
{
    return made(json_object());
}

struct json *json_new_array(void)
{
    return made(json_array());
}

void json_free(struct json *json)
{
    json_decref(inner(json));
}

struct json *json_clone(const struct json *json)
{
    return made(json_deep_copy(inner_const(json)));
}

void json_put_text(struct json *object, const char *key, const char *value)
{
    if (value != NULL)
        put(object, key, json_string(value));
}

void json_put_text_bytes(struct json *object, const char *key, struct bytes value)
{
    put(object, key, json_stringn(value.len == 0 ? "" : (const char *)value.data, value.len));
}

void json_put_int(struct json *object, const char *key, int64_t value)
{
    put(object, key, json_integer(value));
}

void json_put_bool(struct json *object, const char *key, bool value)
{
    put(object, key, json_boolean(value));
}

void json_put_null(struct json *object, const char *key)
{
    put(object, key, json_null());
}

void json_put_base64(struct json *object, const char *key, struct bytes value)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    encode_base64(value, &text);
    put(object, key, json_stringn_nocheck(builder_text(&text), text.len));
}

void json_put_hex(struct json *object, const char *key, struct bytes value)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    encode_hex(value, &text);
    put(object, key, json_stringn_nocheck(builder_text(&text), text.len));
}

void json_put(struct json *object, const char *key, struct json *value)
{
    put(object, key, inner(value));
}

struct json *json_put_object(struct json *object, const char *key)
{
    struct json *value = json_new_object();
    put(object, key, inner(value));
    return value;
}

struct json *json_put_array(struct json *object, const char *key)
{
    struct json *value = json_new_array();
    put(object, key, inner(value));
    return value;
}

void json_add_text(struct json *array, const char *value)
{
    json_add(array, made(json_string(value)));
}

void json_add(struct json *array, struct json *value)
{
    if (json_array_append_new(inner(array), inner(value)) != 0)
        abort();
}

struct json *json_add_object(struct json *array)
{
    struct json *value = json_new_object();
    json_add(array, value);
    return value;
}

const struct json *json_get(const struct json *object, const char *key)
{
    return (const struct json *)json_object_get(inner_const(object), key);
}

const char *json_as_text(const struct json *json)
{
    // Text with a NUL inside would read as its first part: treat it as not text.
    const json_t *value = inner_const(json);
    if (!json_is_string(value) || strlen(json_string_value(value)) != json_string_length(value))
        return NULL;
    return json_string_value(value);
}

const char *json_text(const struct json *object, const char *key)
{
    return json_as_text(json_get(object, key));
}

bool json_int(const struct json *object, const char *key, int64_t *ret_value)
{
    const json_t *value = json_object_get(inner_const(object), key);
    if (!json_is_integer(value))
        return false;
    *ret_value = json_integer_value(value);
    return true;
}

bool json_bool(const struct json *object, const char *key)
{
    return json_is_true(json_object_get(inner_const(object), key));
}

bool json_base64(const struct json *object, const char *key, struct builder *ret_data)
{
    const char *text = json_text(object, key);
    return text != NULL && decode_base64(bytes_of_text(text), ret_data);
}

bool json_hex(const struct json *object, const char *key, struct builder *ret_data)
{
    const char *text = json_text(object, key);
    return text != NULL && decode_hex(bytes_of_text(text), ret_data);
}

size_t json_count(const struct json *array)
{
    return json_array_size(inner_const(array));
}

const struct json *json_at(const struct json *array, size_t index)
{
    return (const struct json *)json_array_get(inner_const(array), index);
}

const char *json_text_at(const struct json *array, size_t index)
{
    return json_as_text(json_at(array, index));
}

bool json_is_bool(const struct json *json)
{
    return json_is_boolean(inner_const(json));
}

bool json_is_record(const struct json *json)
{
    return json_is_object(inner_const(json));
}

void json_each(const struct json *object,
               bool (*visit)(const char *key, const struct json *value, void *data), void *data)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        if (!visit(key, (const struct json *)value, data))
            return;
    }
}

static bool has_fraction(const json_t *value)
{
    const char *key;
    json_t *member;
    size_t index;
    if (json_is_real(value))
        return true;
    json_array_foreach(value, index, member)
    {
        if (has_fraction(member))
            return true;
    }
    json_object_foreach((json_t *)(uintptr_t)value, key, member)
    {
        if (has_fraction(member))
            return true;
    }
    return false;
}

bool json_parse(struct bytes text, struct json **ret_json, struct error *err)
{
    json_error_t reason;
    json_t *value = json_loadb((const char *)text.data, text.len,
                               JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &reason);
    if (value == NULL)
        return error_set(err, ERROR_INPUT, 0, "not JSON: %s (line %d, column %d)", reason.text, reason.line,
                         reason.column);
    if (has_fraction(value)) {
        json_decref(value);
        return error_set(err, ERROR_INPUT, 0, "unsupported JSON: a number has a fraction or an exponent");
    }
    *ret_json = (struct json *)value;
    return true;
}

static void write_text(const char *text, size_t len, struct builder *ret_text)
{
    static const char *const short_forms[32] = {
        ['\b'] = "\\b", ['\t'] = "\\t", ['\n'] = "\\n", ['\f'] = "\\f", ['\r'] = "\\r"};
    size_t plain = 0;
    builder_add_u8(ret_text, '"');
    for (size_t i = 0; i < len; i++) {
        i += canonical_plain_len((const uint8_t *)text + i, len - i);
        uint8_t byte = i < len ? (uint8_t)text[i] : 0x80;
        if (byte >= 0x20 && byte != '"' && byte != '\\')
            continue;
        builder_add(ret_text, text + plain, i - plain);
        plain = i + 1;
        if (byte >= 0x20)
            builder_format(ret_text, "\\%c", byte);
        else if (short_forms[byte] != NULL)
            builder_add_text(ret_text, short_forms[byte]);
        else
            builder_format(ret_text, "\\u%04x", byte);
    }
    builder_add(ret_text, text + plain, len - plain);
    builder_add_u8(ret_text, '"');
}

struct member {
    const char *key;
    const json_t *value;
};

/**
 * RFC 8785 3.2.3 sorts by UTF-16 code units. That differs from byte order only where a character past U+FFFF
 * meets one from U+E000 to U+FFFF: mapping lead bytes 0xee and 0xef above 0xf0..0xf4 restores the order.
 */
static int compare_members(const void *left, const void *right)
{
    const uint8_t *a = (const uint8_t *)((const struct member *)left)->key;
    const uint8_t *b = (const uint8_t *)((const struct member *)right)->key;
    while (*a == *b && *a != '\0') {
        a++;
        b++;
    }
    int x = *a >= 0xee && *a <= 0xef ? *a + 0x10 : *a;
    int y = *b >= 0xee && *b <= 0xef ? *b + 0x10 : *b;
    return x - y;
}

static void write_value(const json_t *value, struct builder *ret_text, int depth);

static void write_object(const json_t *object, struct builder *ret_text, int depth)
{
    const char *key;
    json_t *value;
    size_t count = 0;
    AUTO(free) struct member *members = memory_new(json_object_size(object), sizeof(*members));
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        members[count++] = (struct member){.key = key, .value = value};
    }
    qsort(members, count, sizeof(*members), compare_members);
    builder_add_u8(ret_text, '{');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            builder_add_u8(ret_text, ',');
        write_text(members[i].key, strlen(members[i].key), ret_text);
        builder_add_u8(ret_text, ':');
        write_value(members[i].value, ret_text, depth + 1);
    }
    builder_add_u8(ret_text, '}');
}

static void write_value(const json_t *value, struct builder *ret_text, int depth)
{
    assert(depth < 4096); // jansson parses no deeper than 2048
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        write_object(value, ret_text, depth);
        break;
    case JSON_ARRAY:
        builder_add_u8(ret_text, '[');
        for (size_t i = 0; i < json_array_size(value); i++) {
            if (i > 0)
                builder_add_u8(ret_text, ',');
            write_value(json_array_get(value, i), ret_text, depth + 1);
        }
        builder_add_u8(ret_text, ']');
        break;
    case JSON_STRING:
        write_text(json_string_value(value), json_string_length(value), ret_text);
        break;
    case JSON_INTEGER:
        builder_format(ret_text, "%" PRId64, (int64_t)json_integer_value(value));
        break;
    case JSON_TRUE:
        builder_add_text(ret_text, "true");
        break;
    case JSON_FALSE:
        builder_add_text(ret_text, "false");
        break;
    case JSON_NULL:
        builder_add_text(ret_text, "null");
        break;
    case JSON_REAL:
    default:
        abort(); // json_parse() refuses fractions and nothing here makes them
    }
}

void json_canonical(const struct json *json, struct builder *ret_text)
{
    write_value(inner_const(json), ret_text, 0);
}

void json_pretty(const struct json *json, struct builder *ret_text)
{
    char *text = json_dumps(inner_const(json), JSON_INDENT(2) | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    if (text == NULL)
        abort();
    builder_add_text(ret_text, text);
    free(text);
}
