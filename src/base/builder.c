/* SPDX-License-Identifier: Apache-2.0 */
#include "base/builder.h"

#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>

#define CAPACITY_MIN 256 /* holds most texts of records and reports; growing from less costs more */

void builder_done(struct builder *builder)
{
    size_t max_len = builder->max_len;
    free(builder->data);
    *builder = (struct builder){.max_len = max_len};
}

void builder_clear(struct builder *builder)
{
    builder->len = 0;
    builder->has_failed = false;
}

uint8_t *builder_reserve(struct builder *builder, size_t len)
{
    size_t max_len = builder->max_len != 0 ? builder->max_len : SIZE_MAX / 2;
    if (builder->has_failed || len > max_len - builder->len) {
        builder->has_failed = true;
        return NULL;
    }
    // One byte more than asked for, so that builder_text() can always end the string.
    if (builder->capacity - builder->len < len + 1) {
        size_t wanted = builder->len + len + 1;
        size_t doubled = builder->capacity * 2;
        builder->capacity = wanted > doubled ? wanted : doubled;
        if (builder->capacity < CAPACITY_MIN)
            builder->capacity = CAPACITY_MIN;
        builder->data = memory_grow(builder->data, builder->capacity, 1);
    }
    uint8_t *place = builder->data + builder->len;
    builder->len += len;
    return place;
}

void builder_add(struct builder *builder, const void *data, size_t len)
{
    uint8_t *place = builder_reserve(builder, len);
    if (place != NULL && len > 0)
        memcpy(place, data, len);
}

void builder_add_bytes(struct builder *builder, struct bytes bytes)
{
    builder_add(builder, bytes.data, bytes.len);
}

void builder_add_text(struct builder *builder, const char *text)
{
    builder_add(builder, text, strlen(text));
}

void builder_add_u8(struct builder *builder, uint8_t value)
{
    builder_add(builder, &value, 1);
}

static void add_big_endian(struct builder *builder, uint64_t value, size_t len)
{
    uint8_t *place = builder_reserve(builder, len);
    if (place == NULL)
        return;
    for (size_t i = 0; i < len; i++)
        place[i] = (uint8_t)(value >> (8 * (len - 1 - i)));
}

void builder_add_u16(struct builder *builder, uint16_t value)
{
    add_big_endian(builder, value, 2);
}

void builder_add_u32(struct builder *builder, uint32_t value)
{
    add_big_endian(builder, value, 4);
}

void builder_add_u64(struct builder *builder, uint64_t value)
{
    add_big_endian(builder, value, 8);
}

void builder_format(struct builder *builder, const char *format, ...)
{
    va_list arguments;
    char *text = NULL;
    va_start(arguments, format);
    int len = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (len < 0) {
        builder->has_failed = true;
        return;
    }
    builder_add(builder, text, (size_t)len);
    free(text);
}

struct bytes builder_bytes(const struct builder *builder)
{
    return builder->has_failed ? bytes_of(NULL, 0) : bytes_of(builder->data, builder->len);
}

const char *builder_text(struct builder *builder)
{
    if (builder->data == NULL)
        return "";
    builder->data[builder->len] = '\0';
    return (const char *)builder->data;
}

uint8_t *builder_take(struct builder *builder, size_t *ret_len)
{
    if (builder->data == NULL)
        builder->data = memory_new(1, 1);
    uint8_t *taken = builder->data;
    *ret_len = builder->len;
    taken[builder->len] = '\0';
    *builder = (struct builder){.max_len = builder->max_len};
    return taken;
}

char *builder_take_text(struct builder *builder)
{
    size_t len = 0;
    return (char *)builder_take(builder, &len);
}
