/* SPDX-License-Identifier: Apache-2.0 */
/* A document in two forms: both say the same, foreign text changes neither, and each line is known to come from its record. */
#include "ceremony/page.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const uint8_t digest[32] = {0xe5, 0x82, 0x94, 0xf2, 0xe9, 0xa2, 0x27, 0x48, 0x6e, 0x8b, 0x06};
static const struct page_frame frame = {
    .title = "The root CA of Example", .what = "script root.yaml", .sha256 = digest, .seq = PAGE_NO_RECORD};

static struct page *page_of(const char *mark)
{
    struct page_frame marked = frame;
    marked.mark = mark;
    return page_new(&marked);
}

static const char *text_of(struct page *page, struct builder *ret)
{
    builder_clear(ret);
    builder_add_bytes(ret, page_as_text(page));
    return builder_text(ret);
}

static const char *html_of(struct page *page, struct builder *ret)
{
    builder_clear(ret);
    builder_add_bytes(ret, page_as_html(page));
    return builder_text(ret);
}

static void plain_text_is_this_to_the_byte(void **state)
{
    static const struct page_column columns[] = {{"role", 10}, {"name", 12}};
    static const char *const row[] = {"second", NULL};
    AUTO(page_free) struct page *page = page_of(NULL);
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    (void)state;
    page_text(page, "One line of %s.", "what comes out");
    page_heading(page, "Steps");
    page_step(page, 1, 9, "Confirm the clock");
    page_field(page, "about",
               "The clock of this machine is compared with one that somebody in the room trusts, in UTC.");
    page_code(page, "command", "coldca token init");
    page_field(page, "a label that is long", "value");
    page_field(page, "nothing", NULL);
    page_field(page, "Room", "");
    page_lines(page, BYTES_LITERAL("first\n  second\n"));
    page_tick(page, "second");
    page_step_end(page);
    page_table(page, columns, 2);
    page_row(page, row);
    page_table_end(page);
    assert_string_equal(text_of(page, &text),
                        "The root CA of Example\n"
                        "==============================================================================\n"
                        "\n"
                        "One line of what comes out.\n"
                        "\n"
                        "Steps\n"
                        "-----\n"
                        "\n"
                        "------------------------------------------------------------------------------\n"
                        "Step 1 of 9: Confirm the clock\n"
                        "  about           The clock of this machine is compared with one that somebody\n"
                        "                  in the room trusts, in UTC.\n"
                        "  command         coldca token init\n"
                        "  a label that is long\n"
                        "                  value\n"
                        "  Room            ________________________________________________________\n"
                        "  | first\n"
                        "  |   second\n"
                        "\n"
                        "  [ ] done        ____:____ UTC        second, initials ________\n"
                        "\n"
                        "  role        name\n"
                        "  second      ____________\n");
}

static void a_digest_is_in_hex_and_in_words(void **state)
{
    AUTO(page_free) struct page *page = page_of(NULL);
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    (void)state;
    page_digest(page, "script", digest);
    assert_non_null(strstr(text_of(page, &text), "e58294f2 e9a22748 6e8b0600 00000000 00000000 00000000\n"));
    assert_non_null(strstr(text_of(page, &text), "topmost Istanbul Pluto vagabond treadmill Pacific\n"));
    assert_non_null(strstr(html_of(page, &text),
                           "<thead><tr><td><div>The root CA of Example &middot; script root.yaml, "
                           "SHA-256 in words:<br>topmost Istanbul"));
}

static void foreign_text_is_only_text(void **state)
{
    AUTO(page_free) struct page *page = page_of(NULL);
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    (void)state;
    page_text(page, "<script>alert(1)</script> \x1b[2J");
    page_field(page, "<b>", "\"x\" & \xe2\x80\xaey");
    page_lines(page, BYTES_LITERAL("</pre><img src=x>\r\n\xff"));
    page_step(page, 1, 1, "</h3><i>");
    page_tick(page, "<u>");
    const char *html = html_of(page, &text);
    assert_null(strstr(html, "<script"));
    assert_null(strstr(html, "<img"));
    assert_null(strstr(html, "<u>"));
    assert_null(strstr(html, "<i>,"));
    assert_null(strchr(html, '\x1b'));
    assert_null(strchr(html, '\r'));
    assert_non_null(strstr(html, "&lt;script&gt;alert(1)&lt;/script&gt; \\x1b[2J"));
    assert_non_null(strstr(html, "<dt>&lt;b&gt;</dt>\n<dd>&quot;x&quot; &amp; \\u{202e}y</dd>"));
    assert_non_null(strstr(html, "<pre>&lt;/pre&gt;&lt;img src=x&gt;\\x0d\n\\xff</pre>"));
    assert_null(strchr(text_of(page, &text), '\x1b'));
}

static void html_runs_and_fetches_nothing(void **state)
{
    AUTO(page_free) struct page *page = page_of(NULL);
    AUTO(builder_done) struct builder html = BUILDER_INIT;
    (void)state;
    page_text(page, "text");
    const char *text = html_of(page, &html);
    assert_non_null(strstr(text, "content=\"default-src 'none'; style-src 'unsafe-inline'\""));
    assert_null(strstr(text, "url("));
    assert_null(strstr(text, "src="));
    assert_null(strstr(text, "href="));
    assert_non_null(strstr(text, "counter(page) \" of \" counter(pages)"));
}

static void a_mark_is_on_top_and_on_each_sheet(void **state)
{
    AUTO(page_free) struct page *page = page_of("REHEARSAL");
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    (void)state;
    assert_non_null(strstr(text_of(page, &text), "!! REHEARSAL: none of what is made here is for use.\n"));
    assert_non_null(
        strstr(html_of(page, &text), "<thead><tr><td><div><span class=\"mark\">REHEARSAL</span> The root"));
}

/** The line's number, 1 for the first, of the first line that has this text. */
static size_t line_of(const char *text, const char *part)
{
    const char *place = strstr(text, part);
    size_t line = 1;
    assert_non_null(place);
    for (const char *at = text; at < place; at++)
        line += *at == '\n';
    return line;
}

static void each_line_comes_from_its_record(void **state)
{
    AUTO(page_free) struct page *page = page_of(NULL);
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    (void)state;
    page_from(page, 7);
    page_text(page, "seven");
    page_field(page, "also", "seven again");
    page_from(page, 9);
    page_lines(page, BYTES_LITERAL("nine\nnine and more\n"));
    page_from(page, PAGE_NO_RECORD);
    page_text(page, "none");
    for (int is_html = 0; is_html < 2; is_html++) {
        const char *form = is_html ? html_of(page, &text) : text_of(page, &text);
        assert_int_equal(page_record_of(page, is_html, 1), PAGE_NO_RECORD);
        assert_int_equal(page_record_of(page, is_html, line_of(form, "seven")), 7);
        assert_int_equal(page_record_of(page, is_html, line_of(form, "seven again")), 7);
        assert_int_equal(page_record_of(page, is_html, line_of(form, "nine")), 9);
        assert_int_equal(page_record_of(page, is_html, line_of(form, "nine and more")), 9);
        assert_int_equal(page_record_of(page, is_html, line_of(form, "none")), PAGE_NO_RECORD);
    }
}

static void a_table_keeps_its_columns(void **state)
{
    static const struct page_column columns[] = {{"role", 6}, {"name", 8}, {"initials", 8}};
    static const char *const rows[][3] = {{"second", "Anna", "AB"}, {"operator of all", "Bj\xc3\xb6rn", ""}};
    AUTO(page_free) struct page *page = page_of(NULL);
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    (void)state;
    page_table(page, columns, 3);
    page_row(page, rows[0]);
    page_row(page, rows[1]);
    page_table_end(page);
    assert_non_null(strstr(text_of(page, &text), "  role    name      initials\n"
                                                 "  second  Anna      AB\n"
                                                 "  operator  Bj\xc3\xb6rn     ________\n"
                                                 "  of all\n"));
    assert_non_null(
        strstr(html_of(page, &text), "<tr><td>operator of all</td><td>Bj\xc3\xb6rn</td><td></td></tr>\n"));
}

static void a_command_is_broken_so_that_it_can_be_typed(void **state)
{
    AUTO(page_free) struct page *page = page_of(NULL);
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    (void)state;
    page_command(
        page, "command",
        "coldca -C <home root> init --subject 'C=US,O=Example Org,CN=Example Root CA' --days 7300\ncp a b");
    assert_non_null(strstr(text_of(page, &text),
                           "  command         coldca -C <home root> init --subject \\\n"
                           "                  'C=US,O=Example Org,CN=Example Root CA' --days 7300\n"
                           "                  cp a b\n"));
    assert_non_null(strstr(html_of(page, &text), "--days 7300\ncp a b</code></dd>"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_is_this_to_the_byte),
        cmocka_unit_test(a_digest_is_in_hex_and_in_words),
        cmocka_unit_test(foreign_text_is_only_text),
        cmocka_unit_test(html_runs_and_fetches_nothing),
        cmocka_unit_test(a_mark_is_on_top_and_on_each_sheet),
        cmocka_unit_test(each_line_comes_from_its_record),
        cmocka_unit_test(a_table_keeps_its_columns),
        cmocka_unit_test(a_command_is_broken_so_that_it_can_be_typed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
