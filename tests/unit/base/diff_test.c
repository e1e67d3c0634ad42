/* SPDX-License-Identifier: Apache-2.0 */
/* What changed is shown as diff -u shows it, and applied to the text before it makes the text after. */
#include "base/diff.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void assert_diff(const char *before, const char *after, const char *wanted)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    diff_unified(bytes_of_text(before), "a", bytes_of_text(after), "b", &text);
    assert_string_equal(builder_text(&text), wanted);
}

static void it_reads_like_diff_u(void **state)
{
    (void)state;
    assert_diff("", "", "");
    assert_diff("x\n", "x\n", "");
    assert_diff("", "x\ny\n", "--- a\n+++ b\n@@ -0,0 +1,2 @@\n+x\n+y\n");
    assert_diff("x\n", "", "--- a\n+++ b\n@@ -1 +0,0 @@\n-x\n");
    assert_diff("x\n", "x", "--- a\n+++ b\n@@ -1 +1 @@\n-x\n+x\n\\ No newline at end of file\n");
    assert_diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nx\n6\n7\n8\n9\n",
                "--- a\n+++ b\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n");
    // Seven lines apart are two places, six are one.
    assert_diff("a\n1\n2\n3\n4\n5\n6\n7\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\nB\n",
                "--- a\n+++ b\n@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-b\n+B\n");
    assert_diff("a\n1\n2\n3\n4\n5\n6\nb\n", "A\n1\n2\n3\n4\n5\n6\nB\n",
                "--- a\n+++ b\n@@ -1,8 +1,8 @@\n-a\n+A\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n+B\n");
    // The longest common subsequence, not the first line that fits.
    assert_diff("b\na\nb\nc\n", "a\nb\nc\n", "--- a\n+++ b\n@@ -1,4 +1,3 @@\n-b\n a\n b\n c\n");
}

/** Applies a diff of texts that end with LF. */
static void apply(const char *before, const char *diff, struct builder *ret_after)
{
    size_t line = 1; // of before
    const char *at = strchr(diff, '@');
    while (at != NULL && *at != '\0') {
        const char *end = strchr(at, '\n');
        assert_non_null(end);
        if (at[0] == '@') {
            unsigned long first = strtoul(at + 4, NULL, 10);
            bool is_empty = strncmp(strpbrk(at + 4, ", "), ",0", 2) == 0;
            for (; line < first + (is_empty ? 1 : 0); line++) {
                const char *stays = strchr(before, '\n') + 1;
                builder_add(ret_after, before, (size_t)(stays - before));
                before = stays;
            }
        } else if (at[0] == '+') {
            builder_add(ret_after, at + 1, (size_t)(end - at));
        } else {
            assert_memory_equal(at + 1, before, (size_t)(end - at)); // a line that is there
            if (at[0] == ' ')
                builder_add(ret_after, at + 1, (size_t)(end - at));
            before += end - at;
            line++;
        }
        at = end + 1;
    }
    builder_add_text(ret_after, before);
}

static void applied_it_makes_the_text_after(void **state)
{
    unsigned seed = 1;
    (void)state;
    for (size_t round = 0; round < 2000; round++) {
        struct builder texts[2] = {BUILDER_INIT, BUILDER_INIT};
        AUTO(builder_done) struct builder diff = BUILDER_INIT;
        AUTO(builder_done) struct builder made = BUILDER_INIT;
        for (size_t i = 0; i < 2; i++) {
            seed = seed * 1103515245u + 12345u;
            for (unsigned lines = seed >> 16 & 31; lines > 0; lines--) {
                seed = seed * 1103515245u + 12345u;
                builder_format(&texts[i], "%u\n", seed >> 16 & 3);
            }
        }
        diff_unified(builder_bytes(&texts[0]), "a", builder_bytes(&texts[1]), "b", &diff);
        apply(builder_text(&texts[0]), builder_text(&diff), &made);
        assert_string_equal(builder_text(&made), builder_text(&texts[1]));
        builder_done(&texts[0]);
        builder_done(&texts[1]);
    }
}

static void long_texts_are_one_change(void **state)
{
    AUTO(builder_done) struct builder before = BUILDER_INIT;
    AUTO(builder_done) struct builder after = BUILDER_INIT;
    AUTO(builder_done) struct builder diff = BUILDER_INIT;
    (void)state;
    builder_add_text(&before, "same\n");
    builder_add_text(&after, "same\n");
    for (unsigned i = 0; i < 3000; i++) {
        builder_format(&before, "old %u\n", i);
        builder_format(&after, "new %u\n", i);
    }
    diff_unified(builder_bytes(&before), "a", builder_bytes(&after), "b", &diff);
    assert_non_null(strstr(builder_text(&diff), "@@ -1,3001 +1,3001 @@\n same\n-old 0\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_reads_like_diff_u),
        cmocka_unit_test(applied_it_makes_the_text_after),
        cmocka_unit_test(long_texts_are_one_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
