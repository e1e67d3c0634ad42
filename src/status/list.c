/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "status/list_parse.h"
#include "status/select.h"

#include <search.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

/** ERROR_INPUT of a serial that an earlier line has. \param seen  tsearch() tree of serials */
static bool note_serial(void **seen, const struct revoke_target *target, struct error *err)
{
    char *text = memory_text(target->serial_text);
    char **place = tsearch(text, seen, compare);
    if (place == NULL)
        abort(); // out of memory
    if (*place == text)
        return true;
    free(text);
    return error_set(err, ERROR_INPUT, 0, "an earlier line has this serial, too");
}

static bool take_line(const struct list_line *line, struct bytes problem, void **seen,
                      const struct target_wish *defaults, struct status_desk *desk, struct revoke_plan *plan,
                      struct error *err)
{
    struct target_wish wish = *defaults;
    if (problem.len > 0)
        return error_set(err, ERROR_INPUT, 0, "%.*s", (int)problem.len, (const char *)problem.data);
    if (line->has_reason != 0)
        wish.reason = (enum crl_reason)line->reason;
    if (line->invalidity_date != CRL_NO_TIME) {
        wish.invalidity_date = line->invalidity_date;
        if (!target_check_date(wish.invalidity_date, err))
            return false;
    }
    if (!selection_add(desk, bytes_of(line->serial, line->serial_len), CRL_NO_TIME, &wish, plan, err))
        return false;
    if (note_serial(seen, &plan->targets[plan->count - 1], err))
        return true;
    revoke_target_done(&plan->targets[--plan->count]);
    return false;
}

static bool take_lines(struct bytes lines, const char *file, void **seen, const struct target_wish *wish,
                       struct status_desk *desk, struct revoke_plan *plan, struct error *err)
{
    for (;;) {
        struct list_line line;
        struct bytes problem;
        bool is_end = false;
        struct error why = ERROR_INIT;
        if (!list_next(&lines, &line, &problem, &is_end, err))
            return false;
        if (is_end)
            return true;
        if (take_line(&line, problem, seen, wish, desk, plan, &why))
            continue;
        if (why.kind == ERROR_LEDGER) { // not the line's fault
            *err = why;
            return false;
        }
        selection_add_problem(plan, file, (size_t)line.number, &why);
    }
}

bool selection_from_list(const struct selection *selection, const char *file, const struct target_wish *wish,
                         struct status_desk *desk, struct revoke_plan *plan, struct error *err)
{
    void *seen = NULL;
    bool is_fine = take_lines(builder_bytes(&selection->lines), file, &seen, wish, desk, plan, err);
    tdestroy(seen, free);
    return is_fine;
}
