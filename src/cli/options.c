/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"

#include "base/bytes.h"
#include "base/memory.h"
#include "base/quote.h"
#include "base/secret.h"
#include "base/similar.h"
#include "policy/policy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void option_list_done(struct option_list *list)
{
    free(list->items);
    *list = (struct option_list){.items = NULL};
}

void options_done(struct options *options)
{
    option_list_done(&options->arguments);
}

static void list_add(struct option_list *list, const char *text)
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

static bool store(const struct option_row *row, const char *value, struct error *err)
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
        list_add(row->target, value);
        return true;
    case OPTION_DAYS:
        return store_days(row, value, err);
    case OPTION_NUMBER:
    default:
        return store_number(row, value, row->target, err);
    }
}

/** All rows that apply: the command's own first, then those every command has. */
struct table {
    const struct option_row *rows;
    size_t count;
    struct option_row common[5];
};

static struct table table_of(const struct option_row *rows, size_t count, struct options *options)
{
    return (struct table){
        .rows = rows,
        .count = count,
        .common = {{"home", 'C', OPTION_TEXT, "HOME", "the CA's home directory", &options->home},
                   {"pin-source", 0, OPTION_SOURCE, "SOURCE", "where the PIN is: file:PATH, fd:N or env:NAME",
                    &options->pin_source},
                   {"operator", 0, OPTION_TEXT, "NAME",
                    "who you are, for the ledger (ca.yaml's operator, else the account)",
                    &options->operator_name},
                   {"json", 0, OPTION_FLAG, NULL, "the result as JSON on stdout", &options->wants_json},
                   {"help", 'h', OPTION_FLAG, NULL, "this text", &options->wants_help}},
    };
}

static const struct option_row *row_at(const struct table *table, size_t index)
{
    return index < table->count ? &table->rows[index] : &table->common[index - table->count];
}

static const struct option_row *find_long(const struct table *table, struct bytes name)
{
    for (size_t i = 0; i < table->count + ARRAY_LEN(table->common); i++) {
        if (bytes_equal_text(name, row_at(table, i)->name))
            return row_at(table, i);
    }
    return NULL;
}

static const struct option_row *find_letter(const struct table *table, char letter)
{
    for (size_t i = 0; i < table->count + ARRAY_LEN(table->common); i++) {
        if (row_at(table, i)->letter == letter && letter != '\0')
            return row_at(table, i);
    }
    return NULL;
}

static bool refuse_option(const struct table *table, const char *text, struct bytes name, struct error *err)
{
    struct quoted buffer;
    AUTO(free) char *typed = memory_text_of(name.data, name.len);
    AUTO(builder_done) struct builder question = BUILDER_INIT;
    struct similar similar = {.word = typed};
    for (size_t i = 0; i < table->count + ARRAY_LEN(table->common); i++)
        similar_offer(&similar, row_at(table, i)->name);
    similar_ask(&similar, "--", &question);
    return error_set(err, ERROR_USAGE, 0, "unknown option %s%s%s", quoted_text(text, &buffer),
                     builder_text(&question), similar.found != NULL ? "" : "; --help shows those there are");
}

/** Handles argv[*at]; may take argv[*at + 1] as its value. */
static bool parse_option(const struct table *table, int argc, char **argv, int *at, struct error *err)
{
    const char *text = argv[*at];
    const char *value = NULL;
    const struct option_row *row;
    const char *equals = strchr(text, '=');
    const char *name = text + (text[1] == '-' ? 2 : 1);
    struct bytes whole = bytes_of(name, equals != NULL ? (size_t)(equals - name) : strlen(name));
    if (text[1] == '-') {
        value = equals != NULL ? equals + 1 : NULL;
        row = find_long(table, whole);
    } else {
        // "-policy x", as other tools write it, is not -p with the value "olicy".
        row = whole.len > 1 && find_long(table, whole) != NULL ? NULL : find_letter(table, text[1]);
        value = text[2] != '\0' ? text + 2 : NULL;
    }
    if (row == NULL)
        return refuse_option(table, text, whole, err);
    if (row->kind == OPTION_FLAG && value != NULL)
        return error_set(err, ERROR_USAGE, 0, "--%s takes no value", row->name);
    if (row->kind != OPTION_FLAG && value == NULL) {
        if (*at + 1 >= argc)
            return error_set(err, ERROR_USAGE, 0, "--%s needs a value: %s", row->name, row->argument);
        value = argv[++*at];
    }
    return store(row, value, err);
}

bool options_parse(int argc, char **argv, const struct option_row *rows, size_t count,
                   struct options *options, struct error *err)
{
    struct table table = table_of(rows, count, options);
    bool has_ended = false;
    for (int i = 1; i < argc; i++) {
        bool is_option = !has_ended && argv[i][0] == '-' && argv[i][1] != '\0';
        if (is_option && strcmp(argv[i], "--") == 0)
            has_ended = true;
        else if (!is_option)
            list_add(&options->arguments, argv[i]);
        else if (!parse_option(&table, argc, argv, &i, err))
            return false;
    }
    return true;
}

static void print_row(const struct option_row *row)
{
    char left[64];
    char letter[8] = "    ";
    if (row->letter != '\0')
        (void)snprintf(letter, sizeof(letter), "-%c, ", row->letter); // four characters
    (void)snprintf(left, sizeof(left), "%s--%s%s%s", letter, row->name, row->argument == NULL ? "" : " ",
                   row->argument == NULL ? "" : row->argument); // the table's own short texts
    printf("  %-34s %s\n", left, row->help);
}

void options_help(const struct command_help *help, const struct option_row *rows, size_t count)
{
    struct options none = {.home = NULL};
    struct table table = table_of(rows, count, &none);
    printf("usage: coldca %s\n\n%s\n\noptions:\n", help->usage, help->text);
    for (size_t i = 0; i < table.count + ARRAY_LEN(table.common); i++)
        print_row(row_at(&table, i));
    if (help->example != NULL)
        printf("\nfor example:\n%s\n", help->example);
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
