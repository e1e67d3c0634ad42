/* SPDX-License-Identifier: Apache-2.0 */
/* Tables: every cell complete, words whole, lines as wide as the terminal, nothing drawn that a terminal would obey. */
#include "person.h"

#include "base/memory.h"
#include "base/quote.h"
#include "ui/ui.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include <cmocka.h>

static const char *const headings[] = {"request", "subject", "why"};

static char *printed(void (*fill)(struct ui_table *table))
{
    char *text = NULL;
    size_t len = 0;
    FILE *stream = open_memstream(&text, &len);
    assert_non_null(stream);
    struct ui_table *table = ui_table_new(headings, ARRAY_LEN(headings), stream);
    fill(table);
    ui_table_print(table);
    ui_table_free(table);
    assert_int_equal(fclose(stream), 0);
    return text;
}

static void fill_plain(struct ui_table *table)
{
    ui_table_row(table, (const char *const[]){"a.csr", "CN=a", ""}, "green");
    ui_table_row(
        table, (const char *const[]){"long-name.csr", "CN=b", "key: too short\nsubject CN: no match"}, "red");
    ui_table_row(table, (const char *const[]){"c.csr", NULL, "last"}, NULL);
}

static void a_table_in_a_file_has_aligned_columns_and_no_color(void **state)
{
    (void)state;
    char *text = printed(fill_plain);
    assert_string_equal(text, "request        subject  why\n"
                              "a.csr          CN=a     \n"
                              "long-name.csr  CN=b     key: too short\n"
                              "                        subject CN: no match\n"
                              "c.csr                   last\n");
    free(text);
}

static void fill_long(struct ui_table *table)
{
    static char long_text[2000];
    memset(long_text, 'x', sizeof(long_text) - 1);
    for (size_t i = 99; i < sizeof(long_text) - 1; i += 100)
        long_text[i] = ' ';
    ui_table_row(table, (const char *const[]){"a.csr", "CN=a", long_text}, NULL);
}

static void a_table_in_a_file_is_not_wrapped(void **state)
{
    (void)state;
    char *text = printed(fill_long);
    size_t lines = 0;
    for (const char *at = text; *at != '\0'; at++)
        lines += *at == '\n' ? 1 : 0;
    assert_int_equal(lines, 2);
    free(text);
}

static void fill_hostile(struct ui_table *table)
{
    ui_table_row(table,
                 (const char *const[]){"\x1b[2J",
                                       "CN=\xe2\x80\xae"
                                       "a\rb\x07",
                                       "\xff\\x1b \xc2\x9b"},
                 NULL);
}

static void what_a_terminal_would_obey_is_drawn_as_an_escape(void **state)
{
    (void)state;
    char *text = printed(fill_hostile);
    assert_non_null(strstr(text, "\\x1b[2J"));
    assert_non_null(strstr(text, "CN=\\u{202e}a\\x0db\\x07"));
    assert_non_null(strstr(text, "\\xff\\x1b \\u{9b}"));
    assert_null(strchr(text, 0x1b));
    free(text);
}

static void fill_foreign(struct ui_table *table)
{
    ui_table_row(table,
                 (const char *const[]){"M\xc3\xbcller.csr", "CN=\xe6\x97\xa5\xe6\x9c\xac a\xcc\x88",
                                       "a\xff \xed\xa0\x80 \xf0\x90\x80 end"},
                 NULL);
}

static void a_table_ends_without_a_locale_and_is_drawn_in_ascii(void **state)
{
    (void)state;
    (void)alarm(10); // libsmartcols goes round for ever on what the locale can't convert
    assert_non_null(setlocale(LC_CTYPE, "C"));
    char *text = printed(fill_foreign);
    ui_use_utf8();
    (void)alarm(0);
    assert_non_null(
        strstr(text, "M\\u{fc}ller.csr  CN=\\u{65e5}\\u{672c} a\\u{308}  a\\xff \\xed\\xa0\\x80 "));
    free(text);
}

static void a_table_is_utf8_whatever_the_environment_says(void **state)
{
    (void)state;
    assert_int_equal(setenv("LC_ALL", "C", 1), 0);
    ui_use_utf8();
    (void)alarm(10);
    char *text = printed(fill_foreign);
    (void)alarm(0);
    assert_non_null(
        strstr(text, "request     subject    why\n"
                     "M\xc3\xbcller.csr  CN=\xe6\x97\xa5\xe6\x9c\xac a\xcc\x88  a\\xff \\xed\\xa0\\x80 "));
    free(text);
}

static void fill_doubtful(struct ui_table *table)
{
    ui_table_row(
        table, (const char *const[]){"\xcc\xb8", "\xf3\xa0\x84\x80", "\xf0\x9f\xbf\xbf \xef\xb7\x90"}, NULL);
}

static void what_has_no_width_of_its_own_is_drawn_as_an_escape(void **state)
{
    (void)state;
    char *text = printed(fill_doubtful);
    assert_non_null(strstr(text, "\\u{338}  \\u{e0100}  \\u{1ffff} \\u{fdd0}\n"));
    free(text);
}

static void fill_wide(struct ui_table *table)
{
    ui_table_row(
        table,
        (const char *const[]){"printer.csr", "CN=Drucker f\xc3\xbcr \xe6\x97\xa5\xe6\x9c\xac",
                              "key: rsa-1024 is not one of ec-p256, ec-p384, ed25519, rsa-2048, rsa-3072\n"
                              "subject CN: 0123456789012345678901234567890123456789 does not match"},
        "red");
}

static void child_table(int report)
{
    (void)report;
    struct ui_table *table = ui_table_new(headings, ARRAY_LEN(headings), stdout);
    fill_wide(table);
    ui_table_print(table);
    ui_table_free(table);
    (void)fflush(stdout);
}

static void child_colored(int report)
{
    (void)setenv("TERM", "xterm", 1);
    (void)unsetenv("NO_COLOR");
    child_table(report);
}

static void child_no_color(int report)
{
    (void)setenv("TERM", "xterm", 1);
    (void)setenv("NO_COLOR", "1", 1);
    child_table(report);
}

static void child_dumb(int report)
{
    (void)setenv("TERM", "dumb", 1);
    (void)unsetenv("NO_COLOR");
    child_table(report);
}

static char *drawn(person_child *child, unsigned short columns)
{
    struct person person;
    person_start(&person, child, columns);
    person_lets_go(&person);
    free(person_hears(&person));
    char *text = memory_text(builder_text(&person.seen));
    person_done(&person);
    return text;
}

/** Columns of a line up to its end, escape sequences for color not counted. */
static size_t columns_of(const char *line, size_t len)
{
    size_t columns = 0;
    for (size_t i = 0; i < len && line[i] != '\r';) {
        uint32_t code = 0;
        if (line[i] == 0x1b) {
            while (line[i] != 'm')
                i++;
            i++;
            continue;
        }
        i += utf8_decode((const uint8_t *)line + i, len - i, &code);
        columns += (size_t)wcwidth((wchar_t)code);
    }
    return columns;
}

static void lines_fit_a_terminal_and_lose_no_character(void **state)
{
    static const unsigned short widths[] = {200, 100, 80, 60, 41};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(widths); i++) {
        char *text = drawn(child_no_color, widths[i]);
        size_t digits = 0;
        for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
            size_t len = strcspn(line, "\n");
            assert_true(columns_of(line, len) <= widths[i]);
        }
        for (const char *at = text; *at != '\0'; at++)
            digits += *at >= '0' && *at <= '9' ? 1 : 0;
        assert_int_equal(digits, 40 + 4 + 3 + 3 + 5 + 4 + 4); // all of them, wherever the lines break
        assert_non_null(strstr(text, "ec-p256")); // a word is broken only if it is wider than the cell
        assert_non_null(strstr(text, "rsa-1024"));
        free(text);
    }
}

static void color_is_for_terminals_that_want_it(void **state)
{
    (void)state;
    char *colored = drawn(child_colored, 80);
    char *unwanted = drawn(child_no_color, 80);
    char *dumb = drawn(child_dumb, 80);
    assert_non_null(strchr(colored, 0x1b));
    assert_null(strchr(unwanted, 0x1b));
    assert_null(strchr(dumb, 0x1b));
    free(colored);
    free(unwanted);
    free(dumb);
}

static void child_progress(int report)
{
    (void)report;
    (void)setenv("TERM", "dumb", 1);
    for (size_t i = 0; i <= 100; i++)
        ui_progress("signing", i, 100);
    ui_progress("checking", 1, 2);
    ui_progress_clear();
    (void)fprintf(stderr, "done\n");
}

static void progress_is_drawn_on_a_terminal_and_ends_its_line(void **state)
{
    (void)state;
    char *text = drawn(child_progress, 80);
    assert_non_null(strstr(text, "\rsigning 0 of 100 (0 %)"));
    assert_non_null(strstr(text, "signing 100 of 100 (100 %)\r\n"));
    assert_non_null(strstr(text, "\rchecking 1 of 2 (50 %)\r"));
    assert_non_null(strstr(text, " \rdone"));
    free(text);
}

static void child_piped_progress(int report)
{
    (void)dup2(report, STDERR_FILENO);
    ui_progress("signing", 100, 100);
    ui_progress_clear();
}

static void progress_into_a_file_is_silent(void **state)
{
    (void)state;
    struct person person;
    person_start(&person, child_piped_progress, 80);
    person_lets_go(&person);
    char *report = person_hears(&person);
    assert_string_equal(report, "");
    free(report);
    person_done(&person);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_in_a_file_has_aligned_columns_and_no_color),
        cmocka_unit_test(a_table_in_a_file_is_not_wrapped),
        cmocka_unit_test(what_a_terminal_would_obey_is_drawn_as_an_escape),
        cmocka_unit_test(a_table_ends_without_a_locale_and_is_drawn_in_ascii),
        cmocka_unit_test(a_table_is_utf8_whatever_the_environment_says),
        cmocka_unit_test(what_has_no_width_of_its_own_is_drawn_as_an_escape),
        cmocka_unit_test(lines_fit_a_terminal_and_lose_no_character),
        cmocka_unit_test(color_is_for_terminals_that_want_it),
        cmocka_unit_test(progress_is_drawn_on_a_terminal_and_ends_its_line),
        cmocka_unit_test(progress_into_a_file_is_silent),
    };
    ui_use_utf8();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
