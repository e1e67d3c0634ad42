/* SPDX-License-Identifier: Apache-2.0 */
/* Time: the calendar from year 1 to 9999, and one spelling of an instant. */
#include "base/bytes.h"
#include "base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <time.h>

#include <cmocka.h>

static const struct {
    const char *text;
    int64_t seconds;
} instants[] = {
    {"1970-01-01T00:00:00Z", 0},
    {"1969-12-31T23:59:59Z", -1},
    {"2000-02-29T12:00:00Z", 951825600},
    {"2026-11-21T02:48:57Z", 1795229337},
    {"2049-12-31T23:59:59Z", INT64_C(2524607999)}, // the last UTCTime (RFC 5280 4.1.2.5)
    {"2050-01-01T00:00:00Z", INT64_C(2524608000)},
    {"2038-01-19T03:14:08Z", INT64_C(2147483648)},
    {"2100-03-01T00:00:00Z", INT64_C(4107542400)},
    {"1900-01-01T00:00:00Z", INT64_C(-2208988800)},
    {"0001-01-01T00:00:00Z", INT64_C(-62135596800)},
    {"9999-12-31T23:59:59Z", TIME_9999_END},
};

static void instants_are_written_and_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(instants); i++) {
        char text[TIME_TEXT_SIZE];
        int64_t seconds = 1;
        assert_string_equal(time_format(instants[i].seconds, text), instants[i].text);
        assert_true(time_parse(instants[i].text, &seconds));
        assert_true(seconds == instants[i].seconds);
    }
}

static void every_day_agrees_with_the_c_library(void **state)
{
    (void)state;
    for (int64_t day = -719162; day <= 2932896; day += 13) { // 0001-01-01 to 9999-12-31
        struct tm wanted;
        struct time_parts parts;
        int64_t seconds = day * TIME_DAY_SECONDS + 86399;
        int64_t joined = 0;
        time_t library = (time_t)seconds;
        assert_non_null(gmtime_r(&library, &wanted));
        time_split(seconds, &parts);
        assert_int_equal(parts.year, wanted.tm_year + 1900);
        assert_int_equal(parts.month, wanted.tm_mon + 1);
        assert_int_equal(parts.day, wanted.tm_mday);
        assert_int_equal(parts.hour * 3600 + parts.minute * 60 + parts.second, 86399);
        assert_true(time_join(&parts, &joined));
        assert_true(joined == seconds);
    }
}

static void days_that_do_not_exist_are_refused(void **state)
{
    static const char *const wrong[] = {
        "2023-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2024-02-30T00:00:00Z",
        "2026-06-31T00:00:00Z", "2026-00-01T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-00T00:00:00Z",
        "2026-01-32T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z",
        "0000-01-01T00:00:00Z",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        int64_t seconds = 7;
        if (time_parse(wrong[i], &seconds))
            fail_msg("%s was taken", wrong[i]);
        assert_true(seconds == 7);
    }
}

static void only_one_spelling_is_read(void **state)
{
    static const char *const wrong[] = {
        "",
        "2026-11-21",
        "2026-11-21T02:48:57",
        "2026-11-21T02:48:57z",
        "2026-11-21t02:48:57Z",
        "2026-11-21 02:48:57Z",
        "2026-11-21T02:48:57+00:00",
        "2026-11-21T02:48:57.0Z",
        " 2026-11-21T02:48:57Z",
        "2026-11-21T02:48:57Z ",
        "2026-11-21T02:48:5 Z",
        "+026-11-21T02:48:57Z",
        "2026-1-021T02:48:57Z",
        "2026-11-21T02-48-57Z",
        "10000-01-01T00:00:00Z",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        int64_t seconds = 7;
        if (time_parse(wrong[i], &seconds))
            fail_msg("\"%s\" was taken", wrong[i]);
    }
}

static void what_has_no_four_digit_year_is_written_as_the_nearest(void **state)
{
    char text[TIME_TEXT_SIZE];
    (void)state;
    assert_string_equal(time_format(INT64_MAX, text), "9999-12-31T23:59:59Z");
    assert_string_equal(time_format(INT64_MIN, text), "0001-01-01T00:00:00Z");
}

static void the_build_is_not_after_now(void **state)
{
    (void)state;
    assert_true(time_of_build() > 1700000000);
    assert_true(time_of_build() <= time_now());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instants_are_written_and_read),
        cmocka_unit_test(every_day_agrees_with_the_c_library),
        cmocka_unit_test(days_that_do_not_exist_are_refused),
        cmocka_unit_test(only_one_spelling_is_read),
        cmocka_unit_test(what_has_no_four_digit_year_is_written_as_the_nearest),
        cmocka_unit_test(the_build_is_not_after_now),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
