/* SPDX-License-Identifier: Apache-2.0 */
#include "enroll/enroll.h"

#include "base/csv.h"
#include "base/memory.h"
#include "base/quote.h"
#include "media/media.h"

#include <string.h>
#include <strings.h>

#define ORDERS_MAX 100000

void enroll_order_done(struct enroll_order *order)
{
    free(order->name);
    free(order->cn);
    free(order->subject);
    for (size_t i = 0; i < order->sans_count; i++)
        free(order->sans[i]);
    free(order->sans);
    for (size_t i = 0; i < order->variables_count; i++) {
        free(order->variable_names[i]);
        free(order->variable_values[i]);
    }
    free(order->variable_names);
    free(order->variable_values);
    *order = (struct enroll_order){.name = NULL};
}

void enroll_order_add_san(struct enroll_order *order, const char *san)
{
    order->sans = memory_grow(order->sans, order->sans_count + 1, sizeof(*order->sans));
    order->sans[order->sans_count++] = memory_text(san);
}

void enroll_order_set(struct enroll_order *order, const char *name, const char *value)
{
    for (size_t i = 0; i < order->variables_count; i++) {
        if (strcmp(order->variable_names[i], name) == 0) {
            free(order->variable_values[i]);
            order->variable_values[i] = memory_text(value);
            return;
        }
    }
    size_t count = order->variables_count + 1;
    order->variable_names = memory_grow(order->variable_names, count, sizeof(char *));
    order->variable_values = memory_grow(order->variable_values, count, sizeof(char *));
    order->variable_names[count - 1] = memory_text(name);
    order->variable_values[count - 1] = memory_text(value);
    order->variables_count = count;
}

void enroll_orders_done(struct enroll_orders *orders)
{
    for (size_t i = 0; i < orders->count; i++)
        enroll_order_done(&orders->items[i]);
    free(orders->items);
    *orders = (struct enroll_orders){.items = NULL};
}

/** Appends a copy of common; the name is each order's own. */
static struct enroll_order *add_order(struct enroll_orders *orders, const struct enroll_order *common,
                                      size_t line)
{
    orders->items = memory_grow(orders->items, orders->count + 1, sizeof(*orders->items));
    struct enroll_order *order = &orders->items[orders->count++];
    *order = (struct enroll_order){
        .cn = memory_text(common->cn), .subject = memory_text(common->subject), .line = line};
    for (size_t i = 0; i < common->sans_count; i++)
        enroll_order_add_san(order, common->sans[i]);
    for (size_t i = 0; i < common->variables_count; i++)
        enroll_order_set(order, common->variable_names[i], common->variable_values[i]);
    return order;
}

static void set_text(char **place, const char *text)
{
    free(*place);
    *place = memory_text(text);
}

static bool is_text(struct bytes line)
{
    return utf8_is_valid(line) && memchr(line.data, '\0', line.len) == NULL;
}

bool enroll_orders_from_list(struct bytes text, const char *file, const struct enroll_order *common,
                             struct enroll_orders *ret_orders, struct error *err)
{
    AUTO(enroll_orders_done) struct enroll_orders orders = {.items = NULL};
    size_t number = 0;
    while (text.len > 0) {
        const uint8_t *end = memchr(text.data, '\n', text.len);
        size_t len = end == NULL ? text.len : (size_t)(end - text.data);
        struct bytes line = bytes_slice(text, 0, len);
        text = bytes_slice(text, len + 1, text.len);
        number++;
        if (line.len > 0 && line.data[line.len - 1] == '\r')
            line.len--;
        if (line.len == 0 || line.data[0] == '#')
            continue;
        if (!is_text(line))
            return error_set(err, ERROR_INPUT, 0, "%s line %zu is not UTF-8 text", file, number);
        if (orders.count == ORDERS_MAX)
            return error_set(err, ERROR_INPUT, 0, "%s has more than %d ids; split it into several lists",
                             file, ORDERS_MAX);
        AUTO(free) char *id = memory_text_of(line.data, line.len);
        set_text(&add_order(&orders, common, number)->cn, id);
    }
    if (orders.count == 0)
        return error_set(err, ERROR_INPUT, 0, "%s holds no id", file);
    *ret_orders = orders;
    orders = (struct enroll_orders){.items = NULL};
    return true;
}

/** "dns:a ip:1.2.3.4" */
static void add_sans(struct enroll_order *order, char *cell)
{
    char *rest = NULL;
    for (char *san = strtok_r(cell, " ", &rest); san != NULL; san = strtok_r(NULL, " ", &rest))
        enroll_order_add_san(order, san);
}

static void take_cell(struct enroll_order *order, const char *heading, char *cell)
{
    if (*cell == '\0')
        return;
    if (strcasecmp(heading, "cn") == 0)
        set_text(&order->cn, cell);
    else if (strcasecmp(heading, "subject") == 0)
        set_text(&order->subject, cell);
    else if (strcasecmp(heading, "name") == 0)
        set_text(&order->name, cell);
    else if (strcasecmp(heading, "san") == 0)
        add_sans(order, cell);
    else
        enroll_order_set(order, heading, cell);
}

static bool take_row(struct enroll_orders *orders, const struct enroll_order *common,
                     const struct csv_row *headings, const struct csv_row *row, const char *file,
                     struct error *err)
{
    if (row->count != headings->count)
        return error_set(err, ERROR_INPUT, 0, "%s line %zu has %zu cells, the header row has %zu", file,
                         row->line, row->count, headings->count);
    if (orders->count == ORDERS_MAX)
        return error_set(err, ERROR_INPUT, 0, "%s has more than %d rows; split it into several files", file,
                         ORDERS_MAX);
    struct enroll_order *order = add_order(orders, common, row->line);
    for (size_t i = 0; i < row->count; i++)
        take_cell(order, headings->cells[i], row->cells[i]);
    return true;
}

bool enroll_orders_from_csv(struct bytes text, const char *file, const struct enroll_order *common,
                            struct enroll_orders *ret_orders, struct error *err)
{
    AUTO(enroll_orders_done) struct enroll_orders orders = {.items = NULL};
    AUTO(csv_row_done) struct csv_row headings = {.cells = NULL};
    struct csv_reader reader = {.rest = text, .file = file};
    bool is_end = false;
    if (!csv_next(&reader, &headings, &is_end, err))
        return false;
    while (!is_end) {
        AUTO(csv_row_done) struct csv_row row = {.cells = NULL};
        if (!csv_next(&reader, &row, &is_end, err) ||
            (!is_end && !take_row(&orders, common, &headings, &row, file, err)))
            return false;
    }
    if (orders.count == 0)
        return error_set(err, ERROR_INPUT, 0, "%s has no row below its header", file);
    *ret_orders = orders;
    orders = (struct enroll_orders){.items = NULL};
    return true;
}

struct named {
    char *name;
    char *folded; /**< as file systems compare it that know no capitals */
    size_t line;
};

static int compare_names(const void *left, const void *right)
{
    const struct named *a = left;
    const struct named *b = right;
    int order = strcmp(a->folded, b->folded);
    return order != 0 ? order : (a->line > b->line) - (a->line < b->line);
}

static char *folded(const char *name)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    media_fold_name(name, &text);
    return builder_take_text(&text);
}

bool enroll_check_names(const struct enroll_orders *orders, struct error *err)
{
    AUTO(free) struct named *names = memory_new(orders->count, sizeof(*names));
    size_t count = 0;
    bool is_unique = true;
    for (; count < orders->count && is_unique; count++) {
        names[count].line = orders->items[count].line;
        is_unique = enroll_name(&orders->items[count], &names[count].name, err) ||
                    error_while(err, "naming the files of line %zu", names[count].line);
        if (is_unique)
            names[count].folded = folded(names[count].name);
    }
    if (is_unique)
        qsort(names, count, sizeof(*names), compare_names);
    for (size_t i = 1; i < count && is_unique; i++) {
        if (strcmp(names[i].folded, names[i - 1].folded) == 0)
            is_unique = error_set(err, ERROR_USAGE, 0, "lines %zu and %zu would both be written as %s",
                                  names[i - 1].line, names[i].line, names[i].name);
    }
    for (size_t i = 0; i < count; i++) {
        free(names[i].name);
        free(names[i].folded);
    }
    return is_unique;
}
