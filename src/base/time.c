/* SPDX-License-Identifier: Apache-2.0 */
#include "base/time.h"

#include "generated_build_time.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

int64_t time_now(void)
{
    return (int64_t)time(NULL);
}

int64_t time_monotonic_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); // fails only for a clock that does not exist
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t time_of_build(void)
{
    return COLDCA_BUILD_TIME;
}

/** Days since 1970-01-01 of a proleptic Gregorian date; March is the first month, so leap days come last. */
static int64_t days_of(int year, int month, int day)
{
    int64_t shifted = month <= 2 ? year - 1 : year;
    int64_t era = (shifted >= 0 ? shifted : shifted - 399) / 400;
    int64_t year_of_era = shifted - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

void time_split(int64_t seconds, struct time_parts *ret_parts)
{
    int64_t days = seconds / TIME_DAY_SECONDS;
    int64_t rest = seconds % TIME_DAY_SECONDS;
    if (rest < 0) {
        rest += TIME_DAY_SECONDS;
        days--;
    }
    int64_t shifted = days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153;
    ret_parts->day = (int)(day_of_year - (153 * month + 2) / 5 + 1);
    ret_parts->month = (int)(month < 10 ? month + 3 : month - 9);
    ret_parts->year = (int)(year_of_era + era * 400 + (ret_parts->month <= 2 ? 1 : 0));
    ret_parts->hour = (int)(rest / 3600);
    ret_parts->minute = (int)(rest / 60 % 60);
    ret_parts->second = (int)(rest % 60);
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && is_leap ? 1 : 0);
}

bool time_join(const struct time_parts *parts, int64_t *ret_seconds)
{
    if (parts->year < 1 || parts->year > 9999 || parts->month < 1 || parts->month > 12 || parts->day < 1 ||
        parts->hour < 0 || parts->hour > 23 || parts->minute < 0 || parts->minute > 59 || parts->second < 0 ||
        parts->second > 59)
        return false;
    if (parts->day > days_in_month(parts->year, parts->month))
        return false;
    *ret_seconds = days_of(parts->year, parts->month, parts->day) * TIME_DAY_SECONDS + parts->hour * 3600 +
                   parts->minute * 60 + parts->second;
    return true;
}

const char *time_format(int64_t seconds, char text[static TIME_TEXT_SIZE])
{
    struct time_parts parts;
    int64_t bounded = seconds > TIME_9999_END  ? TIME_9999_END
                      : seconds < -62135596800 ? -62135596800
                                               : seconds;
    char buffer[80]; // what the compiler thinks six ints may need
    time_split(bounded, &parts);
    (void)snprintf(buffer, sizeof(buffer), "%04d-%02d-%02dT%02d:%02d:%02dZ", parts.year, parts.month,
                   parts.day, parts.hour, parts.minute, parts.second); // cannot be cut: six bounded ints
    memcpy(text, buffer, TIME_TEXT_SIZE - 1);
    text[TIME_TEXT_SIZE - 1] = '\0';
    return text;
}

static bool digits(const char *text, size_t count, int *ret_value)
{
    int value = 0;
    for (size_t i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        value = value * 10 + (text[i] - '0');
    }
    *ret_value = value;
    return true;
}

bool time_parse(const char *text, int64_t *ret_seconds)
{
    struct time_parts parts;
    if (strlen(text) != TIME_TEXT_SIZE - 1 || text[4] != '-' || text[7] != '-' || text[10] != 'T' ||
        text[13] != ':' || text[16] != ':' || text[19] != 'Z')
        return false;
    if (!digits(text, 4, &parts.year) || !digits(text + 5, 2, &parts.month) ||
        !digits(text + 8, 2, &parts.day) || !digits(text + 11, 2, &parts.hour) ||
        !digits(text + 14, 2, &parts.minute) || !digits(text + 17, 2, &parts.second))
        return false;
    return time_join(&parts, ret_seconds);
}
