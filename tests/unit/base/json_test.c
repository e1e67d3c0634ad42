/* SPDX-License-Identifier: Apache-2.0 */
/* JSON: RFC 8785's examples, integers only, and no two readings of one text. */
#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void assert_canonical(const char *text, const char *wanted)
{
    struct error err = ERROR_INIT;
    AUTO(json_free) struct json *json = NULL;
    AUTO(builder_done) struct builder canonical = BUILDER_INIT;
    if (!json_parse(bytes_of_text(text), &json, &err))
        fail_msg("%s: %s", text, err.text);
    json_canonical(json, &canonical);
    assert_string_equal(builder_text(&canonical), wanted);
}

static void keys_are_sorted_by_utf16_code_units(void **state)
{
    (void)state;
    assert_canonical("{\"\\u20ac\": \"Euro Sign\", \"\\r\": \"Carriage Return\","
                     "\"\\ufb33\": \"Hebrew Letter Dalet With Dagesh\", \"1\": \"One\","
                     "\"\\ud83d\\ude00\": \"Emoji: Grinning Face\", \"\\u0080\": \"Control\","
                     "\"\\u00f6\": \"Latin Small Letter O With Diaeresis\"}",
                     "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xc2\x80\":\"Control\","
                     "\"\xc3\xb6\":\"Latin Small Letter O With Diaeresis\",\"\xe2\x82\xac\":\"Euro Sign\","
                     "\"\xf0\x9f\x98\x80\":\"Emoji: Grinning Face\","
                     "\"\xef\xac\xb3\":\"Hebrew Letter Dalet With Dagesh\"}");
    assert_canonical("{\"b\":1,\"aa\":2,\"a\":3,\"\":4,\"B\":5}",
                     "{\"\":4,\"B\":5,\"a\":3,\"aa\":2,\"b\":1}");
    assert_canonical("{\"\xee\x80\x80\":1,\"\xf4\x8f\xbf\xbf\":2,\"\xed\x9f\xbf\":3,\"\xef\xbf\xbf\":4}",
                     "{\"\xed\x9f\xbf\":3,\"\xf4\x8f\xbf\xbf\":2,\"\xee\x80\x80\":1,\"\xef\xbf\xbf\":4}");
}

static void text_has_the_shortest_escapes(void **state)
{
    (void)state;
    assert_canonical("\"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\"",
                     "\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"");
    assert_canonical("\"\\u0000\\b\\t\\n\\f\\r\\u001f\\u007f\\u2028\"",
                     "\"\\u0000\\b\\t\\n\\f\\r\\u001f\x7f\xe2\x80\xa8\"");
}

static void structure_loses_its_space_and_keeps_its_order(void **state)
{
    (void)state;
    assert_canonical(" { \"z\" : [ 3 , 2 , { \"y\" : [ ] , \"x\" : { } } ] , \"a\" : null } ",
                     "{\"a\":null,\"z\":[3,2,{\"x\":{},\"y\":[]}]}");
    assert_canonical("[null,true,false]", "[null,true,false]");
}

static void integers_have_64_bits(void **state)
{
    (void)state;
    assert_canonical("[0,-0,9223372036854775807,-9223372036854775808]",
                     "[0,0,9223372036854775807,-9223372036854775808]");
}

static void what_could_be_read_in_two_ways_is_refused(void **state)
{
    static const struct bytes wrong[] = {
        BYTES_LITERAL(""),
        BYTES_LITERAL("{\"a\":1,\"a\":1}"),
        BYTES_LITERAL("{\"a\":{\"b\":1,\"\\u0062\":2}}"),
        BYTES_LITERAL("{} x"),
        BYTES_LITERAL("{}{}"),
        BYTES_LITERAL("{}\0"),
        BYTES_LITERAL("1.0"),
        BYTES_LITERAL("1e2"),
        BYTES_LITERAL("[{\"a\":[0.5]}]"),
        BYTES_LITERAL("01"),
        BYTES_LITERAL("+1"),
        BYTES_LITERAL("9223372036854775808"),
        BYTES_LITERAL("-9223372036854775809"),
        BYTES_LITERAL("NaN"),
        BYTES_LITERAL("'a'"),
        BYTES_LITERAL("{a:1}"),
        BYTES_LITERAL("[1,]"),
        BYTES_LITERAL("{\"a\":1,}"),
        BYTES_LITERAL("// comment\n1"),
        BYTES_LITERAL("\xef\xbb\xbf{}"),
        BYTES_LITERAL("\"\xff\""),
        BYTES_LITERAL("\"\xc0\x80\""),
        BYTES_LITERAL("\"\xed\xa0\x80\""),
        BYTES_LITERAL("\"\\ud800\""),
        BYTES_LITERAL("\"\\udc00\\ud800\""),
        BYTES_LITERAL("\"a\nb\""),
        BYTES_LITERAL("{\"a\\u0000b\":1}"),
        BYTES_LITERAL("\"unfinished"),
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct error err = ERROR_INIT;
        struct json *json = NULL;
        if (json_parse(wrong[i], &json, &err))
            fail_msg("\"%.*s\" was taken", (int)wrong[i].len, (const char *)wrong[i].data);
        assert_null(json);
        assert_int_equal(err.kind, ERROR_INPUT);
    }
}

static void nesting_without_end_is_refused(void **state)
{
    static char deep[200001];
    struct error err = ERROR_INIT;
    struct json *json = NULL;
    (void)state;
    memset(deep, '[', sizeof(deep));
    assert_false(json_parse(BYTES(deep), &json, &err));
    memset(deep, ']', sizeof(deep));
    memset(deep, '[', sizeof(deep) / 2);
    assert_false(json_parse(bytes_of(deep, sizeof(deep) - 1), &json, &err));
}

static void members_are_put_and_got(void **state)
{
    int64_t number = 0;
    (void)state;
    AUTO(json_free) struct json *json = json_new_object();
    AUTO(builder_done) struct builder data = BUILDER_INIT;
    json_put_text(json, "text", "a\"b");
    json_put_text(json, "none", NULL);
    json_put_text_bytes(json, "empty", bytes_of(NULL, 0));
    json_put_int(json, "int", INT64_MIN);
    json_put_bool(json, "yes", true);
    json_put_bool(json, "no", false);
    json_put_null(json, "null");
    json_put_base64(json, "base64", BYTES_LITERAL("\0\1"));
    json_put_hex(json, "hex", BYTES_LITERAL("\xab\xcd"));
    json_add_text(json_put_array(json, "array"), "first");
    json_put_int(json_put_object(json, "object"), "inner", 1);

    assert_string_equal(json_text(json, "text"), "a\"b");
    assert_null(json_get(json, "none"));
    assert_string_equal(json_text(json, "empty"), "");
    assert_true(json_int(json, "int", &number) && number == INT64_MIN);
    assert_true(json_bool(json, "yes"));
    assert_false(json_bool(json, "no"));
    assert_true(json_base64(json, "base64", &data) &&
                bytes_equal(builder_bytes(&data), BYTES_LITERAL("\0\1")));
    builder_clear(&data);
    assert_true(json_hex(json, "hex", &data) && bytes_equal(builder_bytes(&data), BYTES_LITERAL("\xab\xcd")));
    assert_int_equal(json_count(json_get(json, "array")), 1);
    assert_string_equal(json_text_at(json_get(json, "array"), 0), "first");
    assert_null(json_at(json_get(json, "array"), 1));
    assert_true(json_is_record(json_get(json, "object")));
}

static void a_wrong_type_reads_like_a_missing_key(void **state)
{
    struct error err = ERROR_INIT;
    int64_t number = 5;
    (void)state;
    AUTO(json_free) struct json *json = NULL;
    AUTO(builder_done) struct builder data = BUILDER_INIT;
    assert_true(json_parse(BYTES_LITERAL("{\"t\":\"x\",\"n\":1,\"z\":\"a\\u0000b\",\"o\":{}}"), &json, &err));
    assert_null(json_text(json, "n"));
    assert_null(json_text(json, "z")); // a NUL inside would read as "a"
    assert_false(json_int(json, "t", &number));
    assert_int_equal(number, 5);
    assert_false(json_bool(json, "n"));
    assert_false(json_base64(json, "t", &data));
    assert_false(json_hex(json, "t", &data));
    assert_int_equal(json_count(json_get(json, "o")), 0);
    assert_null(json_get(json_get(json, "t"), "x"));
    assert_null(json_text(NULL, "x"));
}

static bool add_key(const char *key, const struct json *value, void *data)
{
    (void)value;
    builder_add_text(data, key);
    return true;
}

static void a_clone_is_deep_and_each_member_is_visited(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    AUTO(json_free) struct json *json = NULL;
    AUTO(builder_done) struct builder keys = BUILDER_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    assert_true(json_parse(BYTES_LITERAL("{\"a\":{\"b\":[1]}}"), &json, &err));
    AUTO(json_free) struct json *clone = json_clone(json);
    json_put_int(json, "c", 2);
    json_each(clone, add_key, &keys);
    assert_string_equal(builder_text(&keys), "a");
    json_pretty(clone, &text);
    assert_string_equal(builder_text(&text), "{\n  \"a\": {\n    \"b\": [\n      1\n    ]\n  }\n}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_sorted_by_utf16_code_units),
        cmocka_unit_test(text_has_the_shortest_escapes),
        cmocka_unit_test(structure_loses_its_space_and_keeps_its_order),
        cmocka_unit_test(integers_have_64_bits),
        cmocka_unit_test(what_could_be_read_in_two_ways_is_refused),
        cmocka_unit_test(nesting_without_end_is_refused),
        cmocka_unit_test(members_are_put_and_got),
        cmocka_unit_test(a_wrong_type_reads_like_a_missing_key),
        cmocka_unit_test(a_clone_is_deep_and_each_member_is_visited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
