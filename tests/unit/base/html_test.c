/* SPDX-License-Identifier: Apache-2.0 */
/* Text inside a page: it can neither end its element nor its attribute, and browsers are told to run and fetch nothing. */
#include "base/html.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void text_stays_text(void **state)
{
    AUTO(builder_done) struct builder html = BUILDER_INIT;
    (void)state;
    html_escape(&html, BYTES_LITERAL("<a href=\"x\">&amp; \xc3\xa9</a>"));
    assert_string_equal(builder_text(&html), "&lt;a href=&quot;x&quot;&gt;&amp;amp; \xc3\xa9&lt;/a&gt;");
    builder_clear(&html);
    html_escape(&html, bytes_of(NULL, 0));
    assert_int_equal(html.len, 0);
}

static void a_page_begins_with_its_policy(void **state)
{
    AUTO(builder_done) struct builder html = BUILDER_INIT;
    (void)state;
    html_begin(&html, "</title><script>", "b{}");
    const char *text = builder_text(&html);
    assert_int_equal(strncmp(text, "<!DOCTYPE html>\n<html lang=\"en\">", 32), 0);
    assert_non_null(strstr(text, "content=\"default-src 'none'; style-src 'unsafe-inline'\""));
    assert_non_null(
        strstr(text, "<title>&lt;/title&gt;&lt;script&gt;</title>\n<style>b{}</style></head><body>\n"));
    assert_null(strstr(text, "<script"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_stays_text),
        cmocka_unit_test(a_page_begins_with_its_policy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
