/* SPDX-License-Identifier: Apache-2.0 */
#include "status/planned.h"

#include "base/file.h"
#include "base/memory.h"

#include <string.h>

char *planned_directory(const char *plan_out)
{
    if (plan_out == NULL)
        return NULL;
    size_t len = (size_t)(file_name_of(plan_out) - plan_out);
    return len == 0 ? memory_text(".") : memory_text_of(plan_out, len);
}

bool planned_write(const struct status_desk *desk, enum act act, struct plan_file *file, const char *plan_out,
                   int64_t valid_for, struct error *err)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    if (json_count(file->items) == 0)
        return error_set(err, ERROR_INPUT, 0, "there is nothing to do, so nothing to approve");
    if (!admit_new_plan(desk->home, act, time_now(), valid_for, file, err))
        return false;
    plan_file_seal(file);
    plan_file_write(file, &text);
    return file_create_over_rest(plan_out, 0644, builder_bytes(&text), err);
}

bool planned_admit(const struct status_desk *desk, enum act act, const struct plan_given *given,
                   struct admitted *ret_admitted, struct error *err)
{
    if (!plan_admit(desk->home, given, time_now(), ret_admitted, err))
        return false;
    return ret_admitted->file.header.act == act ||
           error_set(err, ERROR_INPUT, 0, "it is a plan of %s, not of %s",
                     act_words(ret_admitted->file.header.act), act_words(act));
}

bool planned_log(const struct status_desk *desk, const struct admitted *admitted, struct error *err)
{
    if (!admitted_log(admitted, desk->home->ledger, desk->batch, err))
        return false;
    for (size_t i = 0; i < admitted->file.header.count; i++) {
        const struct json *item = plan_file_record(&admitted->file, i);
        AUTO(free) char *type = memory_text(json_text(item, "type"));
        if (admitted->done[i])
            continue;
        struct json *record = plan_file_planned(&admitted->file, i);
        json_put_text(record, "batch", desk->batch);
        if (!ledger_append(desk->home->ledger, type, record, NULL, err))
            return error_while(err, "logging item %zu of the plan", i);
    }
    return true;
}
