/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "base/quote.h"
#include "status/select.h"

#include <string.h>

/** One "key=value". */
static bool take_term(char *term, struct ledger_filter *filter, struct error *err)
{
    struct quoted buffer;
    char *value = strchr(term, '=');
    if (value == NULL || value[1] == '\0')
        return error_set(err, ERROR_USAGE, 0, "--where: \"%s\" is not a KEY=VALUE",
                         quoted_text(term, &buffer));
    *value++ = '\0';
    if (strcmp(term, "policy") == 0 && filter->policy == NULL)
        filter->policy = value;
    else if (strcmp(term, "batch") == 0 && filter->batch == NULL)
        filter->batch = value;
    else if (strcmp(term, "subject") == 0 && filter->subject == NULL)
        filter->subject = value;
    else if (strcmp(term, "issued-since") == 0 && filter->since == 0)
        return target_time("issued-since", value, &filter->since, err);
    else if (strcmp(term, "issued-before") == 0 && filter->until == 0) {
        if (!target_time("issued-before", value, &filter->until, err))
            return false;
        filter->until--; // the filter's is the last second that counts
        if (filter->until == 0)
            filter->until = -1; // 0 has no end: all would be selected
    } else
        return error_set(
            err, ERROR_USAGE, 0,
            "--where knows policy, batch, subject, issued-since and issued-before, each once; not \"%s\"",
            quoted_text(term, &buffer));
    return true;
}

bool selection_from_where(const char *where, const struct target_wish *wish, struct status_desk *desk,
                          struct revoke_plan *plan, struct error *err)
{
    AUTO(free) char *text = memory_text(where);
    struct target_wish of_all = *wish;
    struct ledger_filter filter = {.status = -1, .only_certificates = true};
    char *rest = text;
    for (char *term = strsep(&rest, ","); term != NULL; term = strsep(&rest, ",")) {
        if (!take_term(term, &filter, err))
            return false;
    }
    of_all.is_of_all = true;
    return selection_matching(desk, &filter, NULL, NULL, &of_all, plan, err);
}
