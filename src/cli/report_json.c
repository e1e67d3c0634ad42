/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/report.h"

#include "base/memory.h"
#include "base/quote.h"

#include <stdio.h>

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
