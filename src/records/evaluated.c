/* SPDX-License-Identifier: Apache-2.0 */
#include "records/evaluated.h"

#include "base/memory.h"
#include "base/time.h"
#include "records/record.h"

#include <limits.h>

/* What coldca itself writes (operator/given.c): a plan is evaluated, decided and written in a day, and good for a year. */
#define BEFORE_MAX TIME_DAY_SECONDS
#define WINDOW_MAX (366 * TIME_DAY_SECONDS)

bool evaluated_is_of_window(int64_t at, int64_t begins)
{
    return at <= begins && begins - at <= BEFORE_MAX;
}

struct json *evaluated_write(const struct evaluated *evaluated)
{
    char at[TIME_TEXT_SIZE];
    struct json *json = json_new_object();
    json_put_text(json, "at", time_format(evaluated->at, at));
    json_put_int(json, "days", evaluated->days);
    struct json *set = json_put_array(json, "set");
    for (size_t i = 0; i < evaluated->variables_count; i++) {
        struct json *variable = json_add_object(set);
        json_put_text(variable, "name", evaluated->variables[i].name);
        json_put_text(variable, "value", evaluated->variables[i].value);
    }
    return json;
}

static bool read_variables(const struct json *json, const struct policy *policy, struct evaluated *evaluated,
                           struct policy_variable **ret_variables, struct error *err)
{
    const struct json *set = json_get(json, "set");
    size_t count = json_count(set);
    struct policy_variable *variables = *ret_variables = memory_new(count + 1, sizeof(*variables));
    for (size_t i = 0; i < count; i++) {
        variables[i] = (struct policy_variable){.name = json_text(json_at(set, i), "name"),
                                                .value = json_text(json_at(set, i), "value")};
        if (variables[i].name == NULL || variables[i].value == NULL)
            return error_set(err, ERROR_INPUT, 0, "a variable without name or value");
    }
    evaluated->variables = variables;
    evaluated->variables_count = count;
    return policy_check_variables(policy, variables, count, err);
}

static bool is_bounded(const struct evaluated *evaluated, const struct plan_header *header, uint64_t days,
                       struct error *err)
{
    if (!evaluated_is_of_window(evaluated->at, header->not_before))
        return error_set(err, ERROR_INPUT, 0, "not of the day on which its window begins");
    if (header->not_after - header->not_before > WINDOW_MAX)
        return error_set(err, ERROR_INPUT, 0, "its window is longer than a year");
    return days <= UINT_MAX || error_set(err, ERROR_INPUT, 0, "so many days are in no policy");
}

bool evaluated_read(const struct plan_file *file, const struct policy *policy,
                    struct evaluated *ret_evaluated, struct policy_variable **ret_variables,
                    struct error *err)
{
    uint64_t days = 0;
    const struct json *json = file->evaluated;
    struct evaluated evaluated = {.days = 0};
    bool is_read = (json != NULL || error_set(err, ERROR_INPUT, 0, "it is not there")) &&
                   record_time_needed(json, "at", &evaluated.at, err) &&
                   record_number(json, "days", &days, err) &&
                   read_variables(json, policy, &evaluated, ret_variables, err) &&
                   is_bounded(&evaluated, &file->header, days, err);
    if (!is_read) {
        err->kind = ERROR_INPUT;
        return error_while(err,
                           "reading what the plan's requests were evaluated with (plan.evaluated); make the "
                           "plan anew, at this CA");
    }
    evaluated.days = (unsigned)days;
    *ret_evaluated = evaluated;
    return true;
}
