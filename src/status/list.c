/* SPDX-License-Identifier: Apache-2.0 */
#include "base/csv.h"
#include "base/memory.h"
#include "home/certificate.h"
#include "status/select.h"

#include <search.h>
#include <string.h>

enum column { SERIAL, REASON, INVALIDITY_DATE, COLUMNS };

static const char *const names[COLUMNS] = {"serial", "reason", "invalidity_date"};

struct list {
    const char *file;
    int place[COLUMNS]; /**< -1: there is no such column */
    void *seen;         /**< tsearch() tree of serials */
};

static bool read_header(const struct csv_row *row, struct list *list, struct error *err)
{
    for (size_t i = 0; i < COLUMNS; i++)
        list->place[i] = -1;
    for (size_t i = 0; i < row->count; i++) {
        size_t column = 0;
        while (column < COLUMNS && strcmp(names[column], row->cells[i]) != 0)
            column++;
        if (column == COLUMNS || list->place[column] >= 0)
            return error_set(
                err, ERROR_INPUT, 0,
                "%s: its first line names the columns, each once: serial, and if wanted reason and "
                "invalidity_date",
                list->file);
        list->place[column] = (int)i;
    }
    return list->place[SERIAL] >= 0 ||
           error_set(err, ERROR_INPUT, 0, "%s: no column is named serial", list->file);
}

/** NULL: an empty cell, or no such column. */
static const char *cell(const struct list *list, const struct csv_row *row, enum column column)
{
    int place = list->place[column];
    return place < 0 || (size_t)place >= row->count || row->cells[place][0] == '\0' ? NULL
                                                                                    : row->cells[place];
}

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

/** ERROR_INPUT of a serial that an earlier line has. */
static bool note_serial(struct list *list, const struct revoke_target *target, struct error *err)
{
    char *text = memory_text(target->serial_text);
    char **place = tsearch(text, &list->seen, compare);
    if (place == NULL)
        abort(); // out of memory
    if (*place == text)
        return true;
    free(text);
    return error_set(err, ERROR_INPUT, 0, "an earlier line has this serial, too");
}

static bool take_row(struct list *list, const struct csv_row *row, const struct target_wish *defaults,
                     struct status_desk *desk, struct revoke_plan *plan, struct error *err)
{
    struct target_wish wish = *defaults;
    AUTO(builder_done) struct builder serial = BUILDER_INIT;
    const char *reason = cell(list, row, REASON);
    const char *date = cell(list, row, INVALIDITY_DATE);
    if (row->count > COLUMNS || cell(list, row, SERIAL) == NULL)
        return error_set(err, ERROR_INPUT, 0, "not a serial and what the first line names beside it");
    if (!home_serial_parse(cell(list, row, SERIAL), &serial, err) ||
        (reason != NULL && !target_reason(reason, &wish.reason, err)) ||
        (date != NULL && !target_invalidity_date(date, &wish.invalidity_date, err)) ||
        !selection_add(desk, builder_bytes(&serial), CRL_NO_TIME, &wish, plan, err))
        return false;
    if (note_serial(list, &plan->targets[plan->count - 1], err))
        return true;
    revoke_target_done(&plan->targets[--plan->count]);
    return false;
}

static bool take_rows(struct list *list, struct csv_reader *reader, const struct target_wish *wish,
                      struct status_desk *desk, struct revoke_plan *plan, struct error *err)
{
    for (;;) {
        AUTO(csv_row_done) struct csv_row row = {.count = 0};
        bool is_end = false;
        struct error why = ERROR_INIT;
        if (!csv_next(reader, &row, &is_end, err))
            return false;
        if (is_end)
            return true;
        if (take_row(list, &row, wish, desk, plan, &why))
            continue;
        if (why.kind == ERROR_LEDGER) { // not the line's fault
            *err = why;
            return false;
        }
        selection_add_problem(plan, list->file, row.line, &why);
    }
}

bool selection_from_list(const struct selection *selection, const char *file, const struct target_wish *wish,
                         struct status_desk *desk, struct revoke_plan *plan, struct error *err)
{
    struct list list = {.file = file};
    struct csv_reader reader = {.rest = builder_bytes(&selection->file), .file = file};
    AUTO(csv_row_done) struct csv_row header = {.count = 0};
    bool is_end = false;
    if (!csv_next(&reader, &header, &is_end, err) || !read_header(&header, &list, err))
        return false;
    bool is_fine = take_rows(&list, &reader, wish, desk, plan, err);
    tdestroy(list.seen, free);
    return is_fine;
}
