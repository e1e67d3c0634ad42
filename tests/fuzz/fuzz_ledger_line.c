/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line of ledger.jsonl, read twice: in one pass over its bytes (canonical.c), and by json_parse() and json_canonical(). Both must
 * take the same lines and find the same in them, so that what is hashed is what is read, by us and by every other JSON reader.
 */
#include "base/canonical.h"
#include "base/encode.h"
#include "fuzz.h"
#include "ledger/record.h"

#include <stdlib.h>

static void must(bool holds)
{
    if (!holds)
        abort();
}

static bool slowly(struct bytes line, struct json **ret_record)
{
    AUTO(json_free) struct json *record = NULL;
    AUTO(builder_done) struct builder canonical = BUILDER_INIT;
    struct error err = ERROR_INIT;
    if (!json_parse(line, &record, &err) || !json_is_record(record))
        return false;
    json_canonical(record, &canonical);
    if (!bytes_equal(builder_bytes(&canonical), line))
        return false;
    *ret_record = TAKE(record);
    return true;
}

static bool is_same_text(const struct canonical_value *value, const char *text)
{
    AUTO(builder_done) struct builder room = BUILDER_INIT;
    struct bytes found = canonical_text(value, &room);
    return (found.data == NULL) == (text == NULL) && bytes_equal(found, bytes_of_text(text));
}

/** Each text and number of the object, asked for by its key, and each text of its arrays. */
static bool compare_member(const char *key, const struct json *value, void *data)
{
    const struct bytes *line = data;
    struct canonical_field field = {.key = key};
    struct canonical_value element;
    if (strpbrk(key, "\"\\") != NULL)
        return true; // such keys can't be asked for
    for (const char *c = key; *c != '\0'; c++) {
        if (*c < 0x20)
            return true; // likewise
    }
    must(canonical_read(*line, &field, 1) && field.value.kind != CANONICAL_NONE);
    must(is_same_text(&field.value, json_as_text(value)));
    if (field.value.kind != CANONICAL_ARRAY)
        return true;
    size_t count = 0;
    for (struct bytes rest = field.value.spelling; canonical_next(&rest, &element); count++)
        must(is_same_text(&element, json_text_at(value, count)));
    must(count == json_count(value));
    return true;
}

static void compare_facts(const struct record_facts *facts, const struct json *record)
{
    int64_t number;
    must(json_int(record, "seq", &number) && (uint64_t)number == facts->seq);
    must(is_same_text(&facts->type, json_text(record, "type")));
    must(is_same_text(&facts->batch, json_text(record, "batch")));
    if (facts->kind == RECORD_ISSUED)
        must(json_int(record, "ref", &number) && (uint64_t)number == facts->ref);
    if (facts->kind != RECORD_SIGNING)
        return;
    AUTO(builder_done) struct builder serial = BUILDER_INIT;
    must(facts->serial_len <= RECORD_SERIAL_MAX_LEN && json_hex(record, "serial", &serial));
    must(bytes_equal(builder_bytes(&serial), bytes_of(facts->serial, facts->serial_len)));
    must(is_same_text(&facts->subject, json_text(record, "subject")));
    must(is_same_text(&facts->policy, json_text(record, "policy")));
    must(is_same_text(&facts->source, json_text(record, "source")));
    must(is_same_text(&facts->tbs, json_text(record, "tbs")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    AUTO(json_free) struct json *record = NULL;
    AUTO(json_free) struct json *parsed = NULL;
    struct bytes line = bytes_of(data, len);
    struct record_facts facts;
    struct record_fault fault;
    bool is_canonical = slowly(line, &record);
    must(canonical_read(line, NULL, 0) == is_canonical);
    must(record_parse(line, &parsed, &fault) == is_canonical);
    if (!is_canonical)
        return 0;
    json_each(record, compare_member, &line);
    if (record_read(line, &facts, &fault))
        compare_facts(&facts, record);
    return 0;
}
