/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/given.h"

#include "base/file.h"
#include "base/quote.h"
#include "records/plan_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#define DURATION_MAX_DAYS 366

void given_done(struct given *given)
{
    option_list_done(&given->approvals);
    plan_file_done(&given->file);
    for (size_t i = 0; i < ADMIT_APPROVALS_MAX; i++)
        builder_done(&given->notes[i]);
}

bool given_read(struct given *given, const struct plan_given **ret_given, struct error *err)
{
    *ret_given = NULL;
    if (given->plan == NULL)
        return given->approvals.count == 0 ||
               error_set(err, ERROR_USAGE, 0, "--approval goes with --plan FILE");
    if (given->approvals.count > ADMIT_APPROVALS_MAX)
        return error_set(err, ERROR_USAGE, 0, "at most %d approvals", ADMIT_APPROVALS_MAX);
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    if (!file_read(AT_FDCWD, given->plan, PLAN_FILE_MAX_LEN, &text, err))
        return false;
    if (!plan_file_read_confined(builder_bytes(&text), &given->file, err))
        return error_while(err, "taking in %s", quoted_text(given->plan, &(struct quoted){0}));
    given->given.file = &given->file;
    for (size_t i = 0; i < given->approvals.count; i++) {
        if (!file_read(AT_FDCWD, given->approvals.items[i], APPROVAL_MAX_LEN, &given->notes[i], err))
            return false;
        given->given.approvals[given->given.count++] = builder_bytes(&given->notes[i]);
    }
    *ret_given = &given->given;
    return true;
}

bool given_duration(const char *text, int64_t *ret_seconds, struct error *err)
{
    char *end = NULL;
    errno = 0;
    long number = strtol(text, &end, 10);
    int64_t unit = *end == 'd' ? 86400 : *end == 'h' ? 3600 : *end == 'm' ? 60 : 0;
    if (errno != 0 || end == text || unit == 0 || end[1] != '\0' || number < 1 ||
        number > DURATION_MAX_DAYS * 86400 / unit)
        return error_set(err, ERROR_USAGE, 0, "\"%s\" is not a time such as 7d, 12h or 30m, at most %d days",
                         quoted_text(text, &(struct quoted){0}), DURATION_MAX_DAYS);
    *ret_seconds = number * unit;
    return true;
}
