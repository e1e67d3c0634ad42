/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_wire.h"

#include <jansson.h>
#include <string.h>

enum tag {
    TAG_NULL = 'n',
    TAG_TRUE = 't',
    TAG_FALSE = 'f',
    TAG_INTEGER = 'i',
    TAG_TEXT = 's',
    TAG_ARRAY = 'a',
    TAG_OBJECT = 'o',
};

/* ---- writing ---- */

static void add_text(const char *text, size_t len, struct builder *out)
{
    builder_add_u32(out, (uint32_t)len);
    builder_add(out, text, len);
    out->has_failed = out->has_failed || len > UINT32_MAX;
}

static void add_value(const json_t *value, struct builder *out);

static void add_object(const json_t *object, struct builder *out)
{
    const char *key;
    json_t *member;
    builder_add_u8(out, TAG_OBJECT);
    builder_add_u32(out, (uint32_t)json_object_size(object));
    json_object_foreach((json_t *)(uintptr_t)object, key, member)
    {
        add_text(key, strlen(key), out);
        add_value(member, out);
    }
}

static void add_array(const json_t *array, struct builder *out)
{
    builder_add_u8(out, TAG_ARRAY);
    builder_add_u32(out, (uint32_t)json_array_size(array));
    for (size_t i = 0; i < json_array_size(array); i++)
        add_value(json_array_get(array, i), out);
}

static void add_value(const json_t *value, struct builder *out)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        add_object(value, out);
        break;
    case JSON_ARRAY:
        add_array(value, out);
        break;
    case JSON_STRING:
        builder_add_u8(out, TAG_TEXT);
        add_text(json_string_value(value), json_string_length(value), out);
        break;
    case JSON_INTEGER:
        builder_add_u8(out, TAG_INTEGER);
        builder_add_u64(out, (uint64_t)json_integer_value(value));
        break;
    case JSON_TRUE:
        builder_add_u8(out, TAG_TRUE);
        break;
    case JSON_FALSE:
        builder_add_u8(out, TAG_FALSE);
        break;
    case JSON_REAL: // json_parse() takes none
    case JSON_NULL:
    default:
        builder_add_u8(out, TAG_NULL);
        break;
    }
}

void json_wire_write(const struct json *json, struct builder *ret_message)
{
    add_value((const json_t *)json, ret_message);
}

/* ---- reading: NULL where there is none, and whatever was begun is freed ---- */

static bool take_number(struct bytes *rest, size_t octets, uint64_t *ret_number)
{
    *ret_number = 0;
    if (rest->len < octets)
        return false;
    for (size_t i = 0; i < octets; i++)
        *ret_number = *ret_number << 8 | rest->data[i];
    *rest = bytes_slice(*rest, octets, rest->len);
    return true;
}

static bool take_text(struct bytes *rest, struct bytes *ret_text)
{
    uint64_t len = 0;
    if (!take_number(rest, 4, &len) || len > rest->len)
        return false;
    *ret_text = bytes_slice(*rest, 0, (size_t)len);
    *rest = bytes_slice(*rest, (size_t)len, rest->len);
    return true;
}

static json_t *take_value(struct bytes *rest, unsigned depth);

static json_t *take_array(struct bytes *rest, unsigned depth)
{
    uint64_t count = 0;
    bool is_fine = take_number(rest, 4, &count);
    json_t *array = json_array();
    for (uint64_t i = 0; is_fine && i < count; i++) {
        json_t *value = take_value(rest, depth);
        is_fine = value != NULL && json_array_append_new(array, value) == 0;
    }
    if (is_fine)
        return array;
    json_decref(array);
    return NULL;
}

static bool take_member(struct bytes *rest, unsigned depth, json_t *object)
{
    struct bytes text;
    AUTO(builder_done) struct builder key = BUILDER_INIT;
    if (!take_text(rest, &text) || (text.len > 0 && memchr(text.data, '\0', text.len) != NULL))
        return false;
    builder_add_bytes(&key, text);
    if (json_object_get(object, builder_text(&key)) != NULL)
        return false;
    json_t *value = take_value(rest, depth);
    return value != NULL && json_object_set_new(object, builder_text(&key), value) == 0; // looks at its UTF-8
}

static json_t *take_object(struct bytes *rest, unsigned depth)
{
    uint64_t count = 0;
    bool is_fine = take_number(rest, 4, &count);
    json_t *object = json_object();
    for (uint64_t i = 0; is_fine && i < count; i++)
        is_fine = take_member(rest, depth, object);
    if (is_fine)
        return object;
    json_decref(object);
    return NULL;
}

static json_t *take_value(struct bytes *rest, unsigned depth)
{
    uint64_t number = 0;
    struct bytes text;
    if (depth == JSON_WIRE_DEPTH_MAX || !take_number(rest, 1, &number))
        return NULL;
    switch ((enum tag)number) {
    case TAG_NULL:
        return json_null();
    case TAG_TRUE:
        return json_true();
    case TAG_FALSE:
        return json_false();
    case TAG_INTEGER:
        return take_number(rest, 8, &number) ? json_integer((json_int_t)number) : NULL;
    case TAG_TEXT:
        return take_text(rest, &text) ? json_stringn(text.len == 0 ? "" : (const char *)text.data, text.len)
                                      : NULL;
    case TAG_ARRAY:
        return take_array(rest, depth + 1);
    case TAG_OBJECT:
        return take_object(rest, depth + 1);
    default:
        return NULL;
    }
}

bool json_wire_read(struct bytes message, struct json **ret_json, struct error *err)
{
    struct bytes rest = message;
    json_t *value = take_value(&rest, 0);
    if (value != NULL && rest.len == 0) {
        *ret_json = (struct json *)value;
        return true;
    }
    if (value != NULL)
        json_decref(value);
    return error_set(err, ERROR_INPUT, 0, "not a JSON value as parser processes send it");
}
