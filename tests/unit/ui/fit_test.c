/* SPDX-License-Identifier: Apache-2.0 */
/* Texts in a given width: what is cut, where lines end, and that no text takes more columns than it may. */
#include "ui/fit.h"
#include "ui/ui.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_fits(void (*fit)(struct builder *ret_text, struct bytes text, size_t columns),
                        const char *text, size_t columns, const char *wanted)
{
    AUTO(builder_done) struct builder fitted = BUILDER_INIT;
    fit(&fitted, bytes_of_text(text), columns);
    assert_string_equal(builder_text(&fitted), wanted);
}

static void what_fits_is_whole_and_what_does_not_ends_in_dots(void **state)
{
    (void)state;
    assert_fits(fit_start, "CN=device-1", 11, "CN=device-1");
    assert_fits(fit_start, "CN=device-1", 10, "CN=devi...");
    assert_fits(fit_start, "", 10, "");
    assert_fits(fit_start, "CN=a", 3, "...");
    assert_fits(fit_end, "in/device-1.csr", 15, "in/device-1.csr");
    assert_fits(fit_end, "in/device-1.csr", 14, "...evice-1.csr");
    assert_fits(fit_end, "", 14, "");
}

static void wide_characters_count_two_columns_and_are_never_halved(void **state)
{
    (void)state;
    ui_use_utf8();
    assert_fits(fit_start, "CN=\xe6\xb7\xb1\xe5\x9c\xb3", 7, "CN=\xe6\xb7\xb1\xe5\x9c\xb3");
    assert_fits(fit_start, "CN=\xe6\xb7\xb1\xe5\x9c\xb3", 6, "CN=...");
    assert_fits(fit_start, "CN=M\xc3\xbcller", 9, "CN=M\xc3\xbcller");
    assert_fits(fit_end, "\xe6\xb7\xb1\xe5\x9c\xb3/a", 5, ".../a");
    assert_fits(fit_start, "CN=e\xcc\x81", 4, "CN=e\xcc\x81"); // a combining mark takes no column
}

static void a_list_is_broken_between_its_things_only(void **state)
{
    (void)state;
    assert_fits(fit_list, "a approve, r refuse, q quit", 80, "a approve, r refuse, q quit");
    assert_fits(fit_list, "a approve, r refuse, q quit", 20, "a approve, r refuse,\nq quit");
    assert_fits(fit_list, "a approve, r refuse, q quit", 19, "a approve,\nr refuse, q quit");
    assert_fits(fit_list, "a approve, r refuse, q quit", 0, "a approve,\nr refuse,\nq quit");
}

static void lines_are_those_of_the_terminal(void **state)
{
    (void)state;
    assert_int_equal(fit_lines(bytes_of_text(""), 10), 0);
    assert_int_equal(fit_lines(bytes_of_text("a"), 10), 1);
    assert_int_equal(fit_lines(bytes_of_text("a\n"), 10), 1);
    assert_int_equal(fit_lines(bytes_of_text("a\n\nb\n"), 10), 3);
    assert_int_equal(fit_lines(bytes_of_text("0123456789\n"), 10), 1);
    assert_int_equal(fit_lines(bytes_of_text("0123456789a\n"), 10), 2);
    assert_int_equal(fit_lines(bytes_of_text("\xff\xff\xff"), 2), 2);
    assert_int_equal(fit_lines(bytes_of_text("\xe6\xb7\xb1\xe6\xb7\xb1"), 1),
                     2); // narrower than one character
    assert_int_equal(fit_prefix(bytes_of_text("a\nb\nc\n"), 10, 2), 4);
    assert_int_equal(fit_prefix(bytes_of_text("0123456789abc\n"), 10, 1), 10);
    assert_int_equal(fit_prefix(bytes_of_text("a\nb\n"), 10, 9), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fits_is_whole_and_what_does_not_ends_in_dots),
        cmocka_unit_test(wide_characters_count_two_columns_and_are_never_halved),
        cmocka_unit_test(a_list_is_broken_between_its_things_only),
        cmocka_unit_test(lines_are_those_of_the_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
