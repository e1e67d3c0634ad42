/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/report.h"

#include "base/encode.h"
#include "base/memory.h"
#include "cli/print.h"
#include "ui/ui.h"

static const char *verdict_word(enum plan_action action)
{
    return action == PLAN_SIGN || action == PLAN_ALLOW ? "allowed"
           : action == PLAN_REPEAT                     ? "already issued"
                                                       : plan_action_name(action);
}

/** Every reason and every note on a line of its own. */
static char *why_of(const struct plan_item *item)
{
    AUTO(builder_done) struct builder why = BUILDER_INIT;
    if (item->reason != NULL)
        builder_format(&why, "%s\n", item->reason);
    for (size_t i = 0; i < item->verdict->findings.count; i++)
        builder_format(&why, "%s\n", item->verdict->findings.items[i].text);
    for (size_t i = 0; i < item->verdict->notes.count; i++)
        builder_format(&why, "note: %s\n", item->verdict->notes.items[i].text);
    if (item->action == PLAN_REPEAT)
        builder_format(&why, "serial %s\n", item->earlier.serial);
    if (why.len > 0)
        why.len--; // the last line's end
    return builder_take_text(&why);
}

static void add_row(struct ui_table *table, const struct plan_item *item)
{
    char key[32] = "";
    const struct request *request = item->request;
    AUTO(free) char *why = why_of(item);
    if (request != NULL && request->spki.len > 0)
        (void)key_title(request->key_kind, request->key_bits, key);
    bool is_named = request != NULL && request->key_kind == KEY_OTHER && *request->key_name != '\0';
    const char *cells[] = {item->source,
                           request != NULL && request->subject_text != NULL ? request->subject_text : "",
                           is_named ? request->key_name : key, verdict_word(item->action), why};
    const char *color = item->action == PLAN_REFUSE ? "red" : item->action == PLAN_SKIP ? "yellow" : "green";
    ui_table_row(table, cells, color);
}

void report_plan(const struct plan *plan, bool is_dry_run)
{
    static const char *const headings[] = {"request", "subject", "key", "verdict", "reasons"};
    char digest[129];
    AUTO(ui_table_free) struct ui_table *table = ui_table_new(headings, ARRAY_LEN(headings), stdout);
    for (size_t i = 0; i < plan->count; i++)
        add_row(table, &plan->items[i]);
    ui_table_print(table);
    size_t refused = plan_count(plan, PLAN_REFUSE);
    printf("%zu request%s: %zu allowed, %zu refused\n", plan->count, plan->count == 1 ? "" : "s",
           plan->count - refused - plan_count(plan, PLAN_SKIP), refused);
    if (is_dry_run)
        printf("plan %s; nothing was signed\n", hex_of(BYTES(plan->sha256), digest));
}
