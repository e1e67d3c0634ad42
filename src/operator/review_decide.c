/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/review_decide.h"

#include "base/memory.h"
#include "ui/ui.h"

/** Promise P8: on a console a person confirms the time before anything is signed, and who he is with it. */
static bool confirm_clock(const struct console *console, const struct issue_desk *desk, struct error *err)
{
    AUTO(free) char *operator_name = issue_desk_operator(desk);
    char now[TIME_TEXT_SIZE];
    bool is_right = false;
    AUTO(free)
    char *question =
        memory_format("the clock says %s UTC, and the records will name %s as the operator; is that right?",
                      time_format(time_now(), now), operator_name);
    if (console->confirm == NULL)
        return error_set(err, ERROR_USAGE, 0, "review needs a terminal; `coldca sign` works without one");
    if (!console->confirm(console->data, question, &is_right, err))
        return false;
    return is_right ||
           error_set(err, ERROR_INTERRUPTED, 0,
                     "set the clock, or say who you are with --operator, then run again; nothing was signed");
}

static bool describe(void *data, const struct plan_item *item, struct builder *ret_text, struct error *err)
{
    return issue_desk_describe(data, item, ret_text, err);
}

static bool unlock(void *data, struct error *err)
{
    return issue_desk_unlock(data, err);
}

bool review_decide(void *data, struct issue_desk *desk, struct plan *plan, struct error *err)
{
    const struct reviewing *reviewing = data;
    const struct review_hooks hooks = {.describe = describe,
                                       .unlock = reviewing->is_planning ? NULL : unlock,
                                       .data = desk,
                                       .end = reviewing->is_planning ? "write the plan" : "carry this out"};
    return confirm_clock(&reviewing->console, desk, err) && ui_review(plan, &hooks, err);
}
