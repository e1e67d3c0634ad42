/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time as the ledger and certificates know it: whole seconds since 1970-01-01T00:00:00Z, leap seconds ignored
 * (POSIX). Range used: 0001-01-01 to 9999-12-31.
 */
#ifndef COLDCA_BASE_TIME_H
#define COLDCA_BASE_TIME_H

#include "base/error.h"

#include <stdint.h>

#define TIME_TEXT_SIZE 21 /* "2026-11-21T02:48:57Z" and its NUL */
#define TIME_DAY_SECONDS INT64_C(86400)
#define TIME_9999_END INT64_C(253402300799) /* 9999-12-31T23:59:59Z (RFC 5280 4.1.2.5) */

struct time_parts {
    int year, month, day, hour, minute, second;
};

int64_t time_now(void);
/** Milliseconds since some moment, for measuring how long things take: nobody can set this clock (CLOCK_MONOTONIC). */
int64_t time_monotonic_ms(void);
/** When this binary was made (SOURCE_DATE_EPOCH if it was set): no true clock can be before it. */
int64_t time_of_build(void);
void time_split(int64_t seconds, struct time_parts *ret_parts);
/** \return false if a part is out of range (a 31st of June is) */
MUST_USE bool time_join(const struct time_parts *parts, int64_t *ret_seconds);
/** RFC 3339 in UTC with seconds: "2026-11-21T02:48:57Z". \return text */
const char *time_format(int64_t seconds, char text[static TIME_TEXT_SIZE]);
/** Exactly the form time_format() makes. */
MUST_USE bool time_parse(const char *text, int64_t *ret_seconds);

#endif
