/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/report.h"

#include "base/encode.h"
#include "base/memory.h"
#include "base/quote.h"
#include "cli/print.h"
#include "ui/ui.h"

#include <string.h>

void report_json(const struct json *json)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder escaped = BUILDER_INIT;
    json_pretty(json, &text);
    quote_json(&escaped, builder_bytes(&text));
    puts(builder_text(&escaped));
}

void report_put(struct json *json, const char *key, const char *text)
{
    AUTO(builder_done) struct builder guarded = BUILDER_INIT;
    quote_guard(&guarded, bytes_of_text(text));
    json_put_text(json, key, builder_text(&guarded));
}

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

struct json *report_plan_json(const struct plan *plan)
{
    struct json *json = json_new_object();
    json_put_text(json, "policy", plan->policy_name);
    json_put_hex(json, "policy_sha256", BYTES(plan->policy_sha256));
    json_put_hex(json, "plan_sha256", BYTES(plan->sha256));
    json_put_int(json, "allowed",
                 (int64_t)(plan->count - plan_count(plan, PLAN_REFUSE) - plan_count(plan, PLAN_SKIP)));
    json_put_int(json, "refused", (int64_t)plan_count(plan, PLAN_REFUSE));
    plan_put_warnings(json, &plan->warnings);
    struct json *requests = json_put_array(json, "requests");
    for (size_t i = 0; i < plan->count; i++)
        json_add(requests, plan_item_json(&plan->items[i]));
    return json;
}

void report_issue(const struct plan *plan, const struct issue_result *result, const char *folder)
{
    report_plan(plan, false);
    printf("%zu certificate%s issued", result->issued, result->issued == 1 ? "" : "s");
    if (result->repeated > 0)
        printf(", %zu re-delivered", result->repeated);
    if (result->skipped > 0)
        printf(", %zu skipped", result->skipped);
    if (folder != NULL)
        cli_print(stdout, "; they are in %s", folder);
    printf("; the ledger has %llu records\n", (unsigned long long)result->ledger_size);
}

struct json *report_issue_json(const struct plan *plan, const struct issue_result *result, const char *folder)
{
    struct json *json = report_plan_json(plan);
    json_put_int(json, "issued", (int64_t)result->issued);
    json_put_int(json, "repeated", (int64_t)result->repeated);
    json_put_int(json, "proofs", (int64_t)result->proofs);
    json_put_int(json, "skipped", (int64_t)result->skipped);
    json_put_int(json, "abandoned", (int64_t)result->abandoned);
    json_put_int(json, "ledger_size", (int64_t)result->ledger_size);
    if (folder != NULL)
        report_put(json, "folder", folder);
    return json;
}
