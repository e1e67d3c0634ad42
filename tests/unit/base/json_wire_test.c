/* SPDX-License-Identifier: Apache-2.0 */
/* What crosses the socket is what was sent; whatever else comes is refused, and nothing is read past its end. */
#include "base/json_wire.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_crosses(const char *text)
{
    struct error err = ERROR_INIT;
    AUTO(json_free) struct json *sent = NULL;
    AUTO(json_free) struct json *got = NULL;
    AUTO(builder_done) struct builder message = BUILDER_INIT;
    AUTO(builder_done) struct builder again = BUILDER_INIT;
    if (!json_parse(bytes_of_text(text), &sent, &err))
        fail_msg("%s: %s", text, err.text);
    json_wire_write(sent, &message);
    if (!json_wire_read(builder_bytes(&message), &got, &err))
        fail_msg("%s: %s", text, err.text);
    json_canonical(got, &again);
    assert_string_equal(builder_text(&again), text);
    for (size_t len = 0; len < message.len; len++) {
        struct json *none = NULL;
        if (json_wire_read(bytes_slice(builder_bytes(&message), 0, len), &none, &err))
            fail_msg("%s: %zu of %zu bytes were taken", text, len, message.len);
    }
}

static void every_value_crosses(void **state)
{
    (void)state;
    assert_crosses("null");
    assert_crosses("[true,false,null]");
    assert_crosses("[0,-1,9223372036854775807,-9223372036854775808]");
    assert_crosses("\"\"");
    assert_crosses("\"a\\u0000b \xc3\xb6\"");
    assert_crosses("{}");
    assert_crosses("{\"\":[],\"a\":{\"b\":[{\"c\":\"d\"}]}}");
}

static void assert_refused(const void *message, size_t len)
{
    struct error err = ERROR_INIT;
    struct json *json = NULL;
    if (json_wire_read(bytes_of(message, len), &json, &err))
        fail_msg("taken");
    assert_int_equal(err.kind, ERROR_INPUT);
}

#define REFUSED(literal) assert_refused(literal, sizeof(literal) - 1)

static void what_is_no_value_is_refused(void **state)
{
    (void)state;
    REFUSED("x");
    REFUSED("nn");         // more than one
    REFUSED("s\0\0\0\2a"); // longer than there is
    REFUSED("s\xff\xff\xff\xff"
            "a");
    REFUSED("s\0\0\0\2\xc3("); // not UTF-8
    REFUSED("a\0\0\0\2n");
    REFUSED("a\xff\xff\xff\xff");
    REFUSED("o\0\0\0\1\0\0\0\1\xffn");        // a key that is not UTF-8
    REFUSED("o\0\0\0\1\0\0\0\3a\0bn");        // that has a NUL
    REFUSED("o\0\0\0\2\0\0\0\1an\0\0\0\1an"); // that is there twice
    REFUSED("o\0\0\0\1\0\0\0\1a");
    REFUSED("i\0\0\0\0\0\0\0");
}

static void depth_has_an_end(void **state)
{
    AUTO(builder_done) struct builder message = BUILDER_INIT;
    (void)state;
    for (int i = 0; i < 1000000; i++)
        builder_add(&message, "a\0\0\0\1", 5);
    builder_add_text(&message, "n");
    assert_refused(message.data, message.len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_crosses),
        cmocka_unit_test(what_is_no_value_is_refused),
        cmocka_unit_test(depth_has_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
