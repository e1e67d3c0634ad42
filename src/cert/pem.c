/* SPDX-License-Identifier: Apache-2.0 */
#include "cert/pem.h"

#include "base/encode.h"
#include "base/memory.h"

#include <string.h>

/** The base64 body of the first block of this label. */
static bool find_block(const char *label, struct bytes text, struct bytes *ret_body, struct bytes *ret_rest)
{
    AUTO(free) char *begin = memory_format("-----BEGIN %s-----", label);
    AUTO(free) char *end = memory_format("-----END %s-----", label);
    const uint8_t *start = memmem(text.data, text.len, begin, strlen(begin));
    if (start == NULL)
        return false;
    start += strlen(begin);
    size_t left = (size_t)(text.data + text.len - start);
    const uint8_t *stop = memmem(start, left, end, strlen(end));
    if (stop == NULL)
        return false;
    *ret_body = bytes_of(start, (size_t)(stop - start));
    stop += strlen(end);
    *ret_rest = bytes_of(stop, (size_t)(text.data + text.len - stop));
    return true;
}

static bool decode_body(struct bytes body, struct builder *ret_der)
{
    AUTO(builder_done) struct builder packed = BUILDER_INIT;
    for (size_t i = 0; i < body.len; i++) {
        if (strchr(" \t\r\n", body.data[i]) == NULL || body.data[i] == '\0')
            builder_add_u8(&packed, body.data[i]);
    }
    return packed.len > 0 && decode_base64(builder_bytes(&packed), ret_der);
}

bool pem_take(const char *label, struct bytes input, struct builder *ret_der, struct bytes *ret_rest,
              struct error *err)
{
    struct bytes body;
    struct bytes rest = bytes_of(NULL, 0);
    if (input.len == 0 || !find_block(label, input, &body, &rest))
        return error_set(err, ERROR_INPUT, 0, "neither a PEM block %s nor DER", label);
    if (!decode_body(body, ret_der))
        return error_set(err, ERROR_INPUT, 0, "the PEM block %s is not base64 (RFC 7468)", label);
    *ret_rest = rest;
    return true;
}
