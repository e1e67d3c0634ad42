/* SPDX-License-Identifier: Apache-2.0 */
/* One computation in a confined process: its answer comes back whole, and whatever else becomes of it is an error that says what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "sandbox/call.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>

/** What the first octet of the input asks for; else the input backwards. */
static void act(struct bytes input, struct builder *ret_output)
{
    switch (input.len == 0 ? 0 : input.data[0]) {
    case 'o':
        (void)open("/etc/passwd", O_RDONLY); // stopped before it is made
        break;
    case 'a':
        abort();
    case 'e':
        _exit(7);
    case 'l':
        builder_add(ret_output, (uint8_t[200]){0}, 200); // more than it may
        break;
    case 'm':
        (void)memset(memory_new((size_t)1 << 30, 1), 1, (size_t)1 << 30);
        break;
    default:
        for (size_t i = input.len; i > 0; i--)
            builder_add_u8(ret_output, input.data[i - 1]);
    }
}

static const struct sandbox_call call = {.run = act, .max_output_len = 100};

static void fails(const char *input, const char *part)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder output = BUILDER_INIT;
    builder_add_text(&output, "kept");
    assert_false(sandbox_call(&call, bytes_of_text(input), &output, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_string_equal(builder_text(&output), "kept");
    if (strstr(err.text, part) == NULL)
        fail_msg("\"%s\" is not in: %s", part, err.text);
}

static void an_answer_comes_back_whole(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder output = BUILDER_INIT;
    if (!sandbox_call(&call, BYTES_LITERAL("123"), &output, &err) ||
        !sandbox_call(&call, bytes_of(NULL, 0), &output, &err) ||
        !sandbox_call(&call, BYTES_LITERAL("4"), &output, &err))
        fail_msg("%s", err.text);
    assert_string_equal(builder_text(&output), "3214");
}

static void a_long_input_and_answer_pass(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    const struct sandbox_call large = {.run = act, .max_output_len = 8 << 20};
    AUTO(builder_done) struct builder input = BUILDER_INIT;
    AUTO(builder_done) struct builder output = BUILDER_INIT;
    for (size_t i = 0; i < 4 << 20; i++)
        builder_add_u8(&input, (uint8_t)(i % 97 == 0 ? 200 : i % 97));
    if (!sandbox_call(&large, builder_bytes(&input), &output, &err))
        fail_msg("%s", err.text);
    assert_int_equal(output.len, input.len);
    for (size_t i = 0; i < input.len; i += 4099)
        assert_int_equal(output.data[i], input.data[input.len - 1 - i]);
}

static void what_becomes_of_the_process_is_told(void **state)
{
    (void)state;
    fails("open", "open");
    fails("abort", "SIGABRT");
    fails("exit", "status 7");
    fails("long", "status 1");
}

#ifndef COLDCA_SANITIZED // AddressSanitizer's own address space can't be limited
static void it_has_no_more_memory_than_its_input_needs(void **state)
{
    (void)state;
    fails("memory", "it ");
}
#endif

/** A plan of 10,000 certificates has 15 MB, and each of its requests is verified. */
static void a_long_input_has_more_time(void **state)
{
    (void)state;
    assert_int_equal(sandbox_call_seconds(0), 60);
    assert_int_equal(sandbox_call_seconds(99999), 60);
    assert_int_equal(sandbox_call_seconds(15000000), 210);
    assert_int_equal(sandbox_call_seconds(SIZE_MAX), UINT_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_comes_back_whole),
        cmocka_unit_test(a_long_input_has_more_time),
        cmocka_unit_test(a_long_input_and_answer_pass),
        cmocka_unit_test(what_becomes_of_the_process_is_told),
#ifndef COLDCA_SANITIZED
        cmocka_unit_test(it_has_no_more_memory_than_its_input_needs),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
