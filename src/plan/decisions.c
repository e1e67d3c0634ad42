/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/decisions.h"

#include "base/memory.h"

struct choice {
    enum plan_action judged;
    enum plan_action action;
    char *reason; /**< escaped; NULL: the policy's own reasons stand */
    bool is_made;
};

struct decisions {
    struct plan *plan;
    struct choice *choices; /**< one an item */
};

struct decisions *decisions_new(struct plan *plan)
{
    struct decisions *decisions = memory_new(1, sizeof(*decisions));
    decisions->plan = plan;
    decisions->choices = memory_new(plan->count, sizeof(*decisions->choices));
    for (size_t i = 0; i < plan->count; i++) {
        decisions->choices[i].judged = plan->items[i].action;
        decisions->choices[i].action = plan->items[i].action;
    }
    return decisions;
}

void decisions_free(struct decisions *decisions)
{
    for (size_t i = 0; i < decisions->plan->count; i++)
        free(decisions->choices[i].reason);
    free(decisions->choices);
    free(decisions);
}

bool decisions_may_approve(const struct decisions *decisions, size_t index)
{
    return decisions->plan->items[index].verdict->is_allowed &&
           decisions->choices[index].judged != PLAN_REFUSE;
}

size_t decisions_count_approvable(const struct decisions *decisions, size_t first)
{
    size_t count = 0;
    for (size_t i = first; i < decisions->plan->count; i++)
        count += decisions_may_approve(decisions, i) ? 1 : 0;
    return count;
}

size_t decisions_made(const struct decisions *decisions)
{
    size_t count = 0;
    for (size_t i = 0; i < decisions->plan->count; i++)
        count += decisions->choices[i].is_made ? 1 : 0;
    return count;
}

static void choose(struct decisions *decisions, size_t index, enum plan_action action, const char *reason)
{
    struct choice *choice = &decisions->choices[index];
    free(choice->reason);
    choice->reason = memory_text(reason);
    choice->action = action;
    choice->is_made = true;
}

bool decisions_approve(struct decisions *decisions, size_t index)
{
    if (!decisions_may_approve(decisions, index))
        return false;
    choose(decisions, index, decisions->choices[index].judged, NULL);
    return true;
}

void decisions_refuse(struct decisions *decisions, size_t index, const char *reason)
{
    choose(decisions, index, PLAN_REFUSE, reason);
}

void decisions_skip(struct decisions *decisions, size_t index)
{
    choose(decisions, index, PLAN_SKIP, NULL);
}

void decisions_approve_rest(struct decisions *decisions, size_t first)
{
    for (size_t i = first; i < decisions->plan->count; i++)
        choose(decisions, i, decisions->choices[i].judged, NULL);
}

void decisions_apply(const struct decisions *decisions)
{
    for (size_t i = 0; i < decisions->plan->count; i++) {
        struct plan_item *item = &decisions->plan->items[i];
        item->action = decisions->choices[i].action;
        free(item->reason);
        item->reason = memory_text(decisions->choices[i].reason);
    }
    plan_seal(decisions->plan);
}

void decisions_take_back(const struct decisions *decisions)
{
    for (size_t i = 0; i < decisions->plan->count; i++) {
        struct plan_item *item = &decisions->plan->items[i];
        item->action = decisions->choices[i].judged;
        free(item->reason);
        item->reason = NULL;
    }
    plan_seal(decisions->plan);
}
