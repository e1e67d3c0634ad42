/* SPDX-License-Identifier: Apache-2.0 */
/* A builder grows, remembers that something did not fit, and keeps what is in it usable as text. */
#include "base/builder.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void what_is_added_stands_in_order(void **state)
{
    (void)state;
    AUTO(builder_done) struct builder builder = BUILDER_INIT;
    builder_add_u8(&builder, 1);
    builder_add_u16(&builder, 0x0203);
    builder_add_u32(&builder, 0x04050607);
    builder_add_u64(&builder, UINT64_C(0x08090a0b0c0d0e0f));
    builder_add_text(&builder, "ab");
    builder_format(&builder, "%d%s", 42, "x");
    builder_add_bytes(&builder, bytes_of(NULL, 0));
    assert_int_equal(builder.len, 20);
    assert_memory_equal(builder.data,
                        "\1\2\3\4\5\6\7\x8\x9\xa\xb\xc\xd\xe\xf"
                        "ab42x",
                        20);
}

static void an_empty_builder_is_empty_text(void **state)
{
    (void)state;
    AUTO(builder_done) struct builder builder = BUILDER_INIT;
    assert_string_equal(builder_text(&builder), "");
    assert_int_equal(builder_bytes(&builder).len, 0);
    char *text = builder_take_text(&builder);
    assert_string_equal(text, "");
    free(text);
}

static void text_ends_with_a_nul_at_every_length(void **state)
{
    (void)state;
    AUTO(builder_done) struct builder builder = BUILDER_INIT;
    for (size_t i = 0; i < 1000; i++) {
        assert_int_equal(strlen(builder_text(&builder)), i);
        builder_add_u8(&builder, 'x');
    }
}

static void a_limit_is_reached_exactly_and_not_passed(void **state)
{
    (void)state;
    AUTO(builder_done) struct builder builder = {.max_len = 4};
    builder_add_text(&builder, "abcd");
    assert_false(builder.has_failed);
    builder_add_u8(&builder, 'e');
    assert_true(builder.has_failed);
    assert_int_equal(builder_bytes(&builder).len, 0);
}

static void a_failed_builder_takes_nothing_until_cleared(void **state)
{
    (void)state;
    AUTO(builder_done) struct builder builder = {.max_len = 2};
    builder_add_text(&builder, "abc");
    builder_add_u8(&builder, 'x');
    assert_null(builder_reserve(&builder, 0));
    assert_int_equal(builder.len, 0);
    builder_clear(&builder);
    builder_add_text(&builder, "ok");
    assert_string_equal(builder_text(&builder), "ok");
}

static void a_length_that_overflows_fails(void **state)
{
    (void)state;
    AUTO(builder_done) struct builder builder = BUILDER_INIT;
    builder_add_u8(&builder, 1);
    assert_null(builder_reserve(&builder, SIZE_MAX));
    assert_true(builder.has_failed);
}

static void done_leaves_it_usable_with_its_limit(void **state)
{
    (void)state;
    struct builder builder = {.max_len = 3};
    builder_add_text(&builder, "abc");
    builder_done(&builder);
    assert_null(builder.data);
    builder_add_text(&builder, "abcd");
    assert_true(builder.has_failed);
    builder_done(&builder);
    assert_false(builder.has_failed);
}

static void text_is_taken_with_the_builder_emptied(void **state)
{
    (void)state;
    struct builder builder = BUILDER_INIT;
    builder_add_text(&builder, "mine");
    char *text = builder_take_text(&builder);
    assert_string_equal(text, "mine");
    assert_int_equal(builder.len, 0);
    free(text);
}

static void slices_stay_inside(void **state)
{
    (void)state;
    struct bytes whole = BYTES_LITERAL("abcdef");
    assert_true(bytes_equal_text(bytes_slice(whole, 2, 3), "cde"));
    assert_true(bytes_equal_text(bytes_slice(whole, 4, SIZE_MAX), "ef"));
    assert_int_equal(bytes_slice(whole, 6, 1).len, 0);
    assert_int_equal(bytes_slice(whole, SIZE_MAX, SIZE_MAX).len, 0);
    assert_true(bytes_equal(bytes_of_text(NULL), bytes_of(NULL, 0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_added_stands_in_order),
        cmocka_unit_test(an_empty_builder_is_empty_text),
        cmocka_unit_test(text_ends_with_a_nul_at_every_length),
        cmocka_unit_test(a_limit_is_reached_exactly_and_not_passed),
        cmocka_unit_test(a_failed_builder_takes_nothing_until_cleared),
        cmocka_unit_test(a_length_that_overflows_fails),
        cmocka_unit_test(done_leaves_it_usable_with_its_limit),
        cmocka_unit_test(text_is_taken_with_the_builder_emptied),
        cmocka_unit_test(slices_stay_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
