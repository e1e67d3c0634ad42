/* SPDX-License-Identifier: Apache-2.0 */
#include "records/record.h"

#include "base/time.h"

#include <string.h>

/* What people read is bounded, so that a record always fits; the bytes that were signed hold the whole of it. */
#define SHOWN_MAX_LEN 1024

struct bytes record_bounded(const char *text)
{
    size_t len = strlen(text);
    if (len > SHOWN_MAX_LEN) {
        // Cut before a character, not inside one (UTF-8 continuation bytes are 10xxxxxx).
        for (len = SHOWN_MAX_LEN; len > 0 && ((uint8_t)text[len] & 0xc0) == 0x80;)
            len--;
    }
    return bytes_of(text, len);
}

void record_put_bounded(struct json *object, const char *key, const char *text)
{
    if (text != NULL)
        json_put_text_bytes(object, key, record_bounded(text));
}

static bool lacks(const char *key, const char *what, struct error *err)
{
    return error_set(err, ERROR_LEDGER, 0, "without %s, which is %s", key, what);
}

bool record_text(const struct json *record, const char *key, const char **ret_text, struct error *err)
{
    const char *text = json_text(record, key);
    if (text == NULL)
        return lacks(key, "a text", err);
    *ret_text = text;
    return true;
}

bool record_number(const struct json *record, const char *key, uint64_t *ret_number, struct error *err)
{
    int64_t number = 0;
    if (!json_int(record, key, &number) || number < 0)
        return lacks(key, "a number from 0 on", err);
    *ret_number = (uint64_t)number;
    return true;
}

bool record_digest(const struct json *record, const char *key, uint8_t ret_digest[static 32],
                   struct error *err)
{
    AUTO(builder_done) struct builder digest = BUILDER_INIT;
    if (!json_hex(record, key, &digest) || digest.len != 32)
        return lacks(key, "a SHA-256 in hex", err);
    memcpy(ret_digest, digest.data, 32);
    return true;
}

bool record_bytes(const struct json *record, const char *key, struct builder *ret_bytes, struct error *err)
{
    size_t before = ret_bytes->len;
    return (json_base64(record, key, ret_bytes) && ret_bytes->len > before) || lacks(key, "base64", err);
}

bool record_flag(const struct json *record, const char *key, bool absent, bool *ret_flag, struct error *err)
{
    const struct json *value = json_get(record, key);
    if (value != NULL && !json_is_bool(value))
        return lacks(key, "true or false", err);
    *ret_flag = value == NULL ? absent : json_bool(record, key);
    return true;
}

bool record_time(const struct json *record, const char *key, int64_t absent, int64_t *ret_time,
                 struct error *err)
{
    if (json_get(record, key) != NULL)
        return record_time_needed(record, key, ret_time, err);
    *ret_time = absent;
    return true;
}

bool record_time_needed(const struct json *record, const char *key, int64_t *ret_time, struct error *err)
{
    const char *text = json_text(record, key);
    return (text != NULL && time_parse(text, ret_time)) || lacks(key, "a time", err);
}
