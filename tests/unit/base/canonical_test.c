/* SPDX-License-Identifier: Apache-2.0 */
/* Canonical JSON read in one pass: it takes what json_canonical() writes, nothing else, and finds in it what json_parse() finds. */
#include "base/canonical.h"
#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define ROUNDS 100

static bool is_taken_slowly(struct bytes text)
{
    AUTO(json_free) struct json *json = NULL;
    AUTO(builder_done) struct builder canonical = BUILDER_INIT;
    struct error err = ERROR_INIT;
    if (!json_parse(text, &json, &err) || !json_is_record(json))
        return false;
    json_canonical(json, &canonical);
    return bytes_equal(builder_bytes(&canonical), text);
}

static void assert_same_verdict(struct bytes text)
{
    bool wanted = is_taken_slowly(text);
    if (canonical_read(text, NULL, 0) != wanted)
        fail_msg("%s: %.*s", wanted ? "refused" : "taken", (int)text.len, (const char *)text.data);
}

static void assert_taken(const char *text, bool wanted)
{
    if (canonical_read(bytes_of_text(text), NULL, 0) != wanted)
        fail_msg("%s: %s", wanted ? "refused" : "taken", text);
    assert_same_verdict(bytes_of_text(text));
}

static void one_value_has_one_spelling(void **state)
{
    static const char *const right[] = {
        "{}",
        "{\"a\":1}",
        "{\"\":0,\"a\":[],\"b\":{},\"c\":\"\"}",
        "{\"a\":-1,\"b\":[true,false,null,\"x\",[{}]]}",
        "{\"a\":9223372036854775807,\"b\":-9223372036854775808}",
        "{\"a\":\"\\u0000\\b\\t\\n\\f\\r\\u001f\\\"\\\\/\x7f\xc2\x80\xe2\x80\xa8\xf4\x8f\xbf\xbf\"}",
        "{\"\\n\":1,\"\\u001f\":2,\" \":3,\"\\\"\":4,\"0\":5,\"[\":6,\"\\\\\":7,\"]\":8}",
        "{\"\xed\x9f\xbf\":1,\"\xf0\x90\x80\x80\":2,\"\xee\x80\x80\":3,\"\xef\xbf\xbf\":4}",
    };
    static const char *const wrong[] = {
        "",
        "[]",
        "1",
        " {}",
        "{} ",
        "{}{}",
        "{",
        "{\"a\":1",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,\"a\":1}",
        "{\"a\": 1}",
        "{\"b\":1,\"a\":2}",
        "{\"a\":1,\"a\":1}",
        "{\"\\n\":1,\"\\b\":2}",
        "{\"\\\\\":1,\"[\":2}",
        "{\"\xee\x80\x80\":1,\"\xf0\x90\x80\x80\":2}",
        "{\"\\u0000\":1}",
        "{\"a\":1.0}",
        "{\"a\":1e3}",
        "{\"a\":01}",
        "{\"a\":-0}",
        "{\"a\":-}",
        "{\"a\":+1}",
        "{\"a\":9223372036854775808}",
        "{\"a\":-9223372036854775809}",
        "{\"a\":tru}",
        "{\"a\":True}",
        "{\"a\":truefalse}",
        "{\"a\":[1,]}",
        "{\"a\":[,1]}",
        "{\"a\":[1 ,2]}",
        "{\"a\":[1}",
        "{\"a\":\"x}",
        "{\"a\":\"\\/\"}",
        "{\"a\":\"\\u0041\"}",
        "{\"a\":\"\\u000a\"}",
        "{\"a\":\"\\u001F\"}",
        "{\"a\":\"\\u00\"}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\",
        "{\"a\":\"\t\"}",
        "{\"a\":\"\xc3\"}",
        "{\"a\":\"\xc0\x80\"}",
        "{\"a\":\"\xed\xa0\x80\"}",
        "{\"a\":\"\xf4\x90\x80\x80\"}",
        "{\"a\":\"\xff\"}",
        "{\"a\":'x'}",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(right); i++)
        assert_taken(right[i], true);
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        assert_taken(wrong[i], false);
    assert_false(canonical_read(BYTES_LITERAL("{\"a\":\"\0\"}"), NULL, 0));
    assert_false(canonical_read(BYTES_LITERAL("{}\0"), NULL, 0));
}

static void nesting_has_the_limit_of_the_parser(void **state)
{
    (void)state;
    for (size_t depth = 2045; depth < 2050; depth++) {
        AUTO(builder_done) struct builder text = BUILDER_INIT;
        builder_add_text(&text, "{\"a\":");
        for (size_t i = 0; i < depth; i++)
            builder_add_u8(&text, '[');
        for (size_t i = 0; i < depth; i++)
            builder_add_u8(&text, ']');
        builder_add_u8(&text, '}');
        assert_same_verdict(builder_bytes(&text));
        assert_int_equal(canonical_read(builder_bytes(&text), NULL, 0), depth < 2048);
    }
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

static void random_text(uint32_t *seed, char text[static 64])
{
    static const char *const parts[] = {
        "a",        "b",        "Z",  "\"",   "\\", "\n",           "\x01",
        "/",        "\xc3\xa4", "\t", "\x1f", "]",  "\xee\x80\x80", "\xf0\x9f\x98\x80",
        "12345678", "x"};
    size_t len = 0;
    for (uint32_t left = next_random(seed) % 12; left > 0; left--) {
        const char *part = parts[next_random(seed) % ARRAY_LEN(parts)];
        memcpy(text + len, part, strlen(part));
        len += strlen(part);
        if (len > 64 - 9)
            break;
    }
    text[len] = '\0';
}

static struct json *random_object(uint32_t *seed, unsigned depth);

static void put_random(uint32_t *seed, struct json *object, const char *key, unsigned depth)
{
    char text[64];
    switch (next_random(seed) % (depth < 3 ? 7 : 5)) {
    case 0:
        json_put_int(object, key, (int64_t)next_random(seed) - 0x800000);
        break;
    case 1:
        json_put_bool(object, key, next_random(seed) % 2 == 0);
        break;
    case 2:
        json_put_null(object, key);
        break;
    case 5:
        json_put(object, key, random_object(seed, depth + 1));
        break;
    case 6: {
        struct json *array = json_put_array(object, key);
        for (uint32_t left = next_random(seed) % 4; left > 0; left--) {
            random_text(seed, text);
            json_add_text(array, text);
            json_add(array, random_object(seed, depth + 1));
        }
        break;
    }
    default:
        random_text(seed, text);
        json_put_text(object, key, text);
    }
}

static struct json *random_object(uint32_t *seed, unsigned depth)
{
    struct json *object = json_new_object();
    for (uint32_t left = next_random(seed) % 6; left > 0; left--) {
        char key[64];
        random_text(seed, key);
        put_random(seed, object, key, depth);
    }
    return object;
}

static void what_json_canonical_writes_is_taken_and_every_changed_byte_judged_as_the_parser_does(void **state)
{
    static const char changes[] = "\"\\,:[]{}0-n \x80";
    uint32_t seed = 20261121;
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        AUTO(json_free) struct json *object = random_object(&seed, 0);
        AUTO(builder_done) struct builder text = BUILDER_INIT;
        json_canonical(object, &text);
        assert_true(canonical_read(builder_bytes(&text), NULL, 0));
        for (size_t i = 0; i < text.len; i++) {
            uint8_t kept = text.data[i];
            text.data[i] = (uint8_t)changes[next_random(&seed) % (sizeof(changes) - 1)];
            assert_same_verdict(builder_bytes(&text));
            text.data[i] = kept;
            assert_false(canonical_read(bytes_of(text.data, i), NULL, 0));
        }
    }
}

static void members_are_found_with_what_they_stand_for(void **state)
{
    struct canonical_field fields[] = {{.key = "a"},    {.key = "ab"}, {.key = "deep"}, {.key = "nul"},
                                       {.key = "text"}, {.key = "u"},  {.key = "zz"}};
    const char *text = "{\"a\":-5,\"c\":{\"ab\":1,\"zz\":2},\"deep\":[\"x\\n\",7,\"\",[\"y\"]],"
                       "\"nul\":\"a\\u0000b\",\"text\":\"\\\"\\u0001\xc3\xa4\\\\\",\"u\":\"plain\"}";
    AUTO(builder_done) struct builder room = BUILDER_INIT;
    struct canonical_value element;
    (void)state;
    assert_true(canonical_read(bytes_of_text(text), fields, ARRAY_LEN(fields)));
    assert_int_equal(fields[0].value.kind, CANONICAL_INT);
    assert_int_equal(fields[0].value.number, -5);
    assert_int_equal(fields[1].value.kind,
                     CANONICAL_NONE); // only the outermost object's members are asked for
    assert_int_equal(fields[6].value.kind, CANONICAL_NONE);
    assert_int_equal(fields[3].value.kind, CANONICAL_TEXT);
    assert_null(canonical_text(&fields[3].value, &room).data);
    assert_true(bytes_equal_text(canonical_text(&fields[4].value, &room), "\"\x01\xc3\xa4\\"));
    assert_ptr_equal(canonical_text(&fields[5].value, &room).data, strstr(text, "plain"));
    struct bytes rest = fields[2].value.spelling;
    assert_true(canonical_next(&rest, &element));
    assert_true(bytes_equal_text(canonical_text(&element, &room), "x\n"));
    assert_true(canonical_next(&rest, &element));
    assert_int_equal(element.number, 7);
    assert_true(canonical_next(&rest, &element));
    assert_non_null(canonical_text(&element, &room).data);
    assert_true(canonical_next(&rest, &element));
    assert_int_equal(element.kind, CANONICAL_ARRAY);
    assert_false(canonical_next(&rest, &element));
    struct bytes empty = BYTES_LITERAL("[]");
    assert_false(canonical_next(&empty, &element));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_value_has_one_spelling),
        cmocka_unit_test(nesting_has_the_limit_of_the_parser),
        cmocka_unit_test(
            what_json_canonical_writes_is_taken_and_every_changed_byte_judged_as_the_parser_does),
        cmocka_unit_test(members_are_found_with_what_they_stand_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
