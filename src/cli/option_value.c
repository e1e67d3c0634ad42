/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/option_table.h"

#include "base/memory.h"
#include "base/quote.h"
#include "base/secret.h"
#include "policy/policy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void option_list_done(struct option_list *list)
{
    free(list->items);
    *list = (struct option_list){.items = NULL};
}

void option_list_add(struct option_list *list, const char *text)
{
    list->items = memory_grow(list->items, list->count + 1, sizeof(*list->items));
    list->items[list->count++] = text;
}

#define DAYS_MAX 36525 // a century, as in a policy

static bool store_number(const struct option_row *row, const char *value, long *ret_number, struct error *err)
{
    char *end = NULL;
    struct quoted buffer;
    errno = 0;
    *ret_number = strtol(value, &end, 10);
    return (errno == 0 && end != value && *end == '\0' && *ret_number >= 0) ||
           error_set(err, ERROR_USAGE, 0, "--%s needs a number, not \"%s\"", row->name,
                     quoted_text(value, &buffer));
}

static bool store_days(const struct option_row *row, const char *value, struct error *err)
{
    long days = 0;
    AUTO(free) char *number = memory_text(value);
    size_t len = strlen(number);
    if (len > 1 && number[len - 1] == 'd') // "7d"
        number[len - 1] = '\0';
    if (!store_number(row, number, &days, err))
        return false;
    if (days < 1 || days > DAYS_MAX)
        return error_set(err, ERROR_USAGE, 0, "--%s is 1 to %d", row->name, DAYS_MAX);
    *(unsigned *)row->target = (unsigned)days;
    return true;
}

bool option_store(const struct option_row *row, const char *value, struct error *err)
{
    switch (row->kind) {
    case OPTION_FLAG:
        *(bool *)row->target = true;
        return true;
    case OPTION_TEXT:
        *(const char **)row->target = value;
        return true;
    case OPTION_SOURCE:
        *(const char **)row->target = value;
        return secret_claim_environment(value, err) || error_while(err, "reading --%s", row->name);
    case OPTION_LIST:
        option_list_add(row->target, value);
        return true;
    case OPTION_DAYS:
        return store_days(row, value, err);
    case OPTION_NUMBER:
    default:
        return store_number(row, value, row->target, err);
    }
}

bool options_variables(const struct option_list *settings, struct policy_variable **ret_variables,
                       struct error *err)
{
    struct quoted buffer;
    struct policy_variable *variables = memory_new(settings->count, sizeof(*variables));
    for (size_t i = 0; i < settings->count; i++) {
        const char *equals = strchr(settings->items[i], '=');
        if (equals == NULL || equals == settings->items[i]) {
            options_variables_free(variables, i);
            return error_set(err, ERROR_USAGE, 0, "--set needs NAME=VALUE, not \"%s\"",
                             quoted_text(settings->items[i], &buffer));
        }
        variables[i].name = memory_text_of(settings->items[i], (size_t)(equals - settings->items[i]));
        variables[i].value = equals + 1;
    }
    *ret_variables = variables;
    return true;
}

void options_variables_free(struct policy_variable *variables, size_t count)
{
    for (size_t i = 0; variables != NULL && i < count; i++)
        free((char *)(uintptr_t)variables[i].name); // made by options_variables()
    free(variables);
}
