/* SPDX-License-Identifier: Apache-2.0 */
/* CSV as RFC 4180 has it, and lists of ids: what a spreadsheet writes is read, what is doubtful is refused with its line. */
#include "base/csv.h"
#include "enroll/enroll.h"

#include "base/builder.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/** All rows, cells in <>, a row a line. */
static char *rows_of(struct bytes text)
{
    struct error err = ERROR_INIT;
    struct builder all = BUILDER_INIT;
    struct csv_reader reader = {.rest = text, .file = "t.csv"};
    for (;;) {
        AUTO(csv_row_done) struct csv_row row = {.cells = NULL};
        bool is_end = false;
        if (!csv_next(&reader, &row, &is_end, &err)) {
            builder_add_text(&all, err.text);
            return builder_take_text(&all);
        }
        if (is_end)
            return builder_take_text(&all);
        builder_format(&all, "%zu", row.line);
        for (size_t i = 0; i < row.count; i++)
            builder_format(&all, "<%s>", row.cells[i]);
        builder_add_u8(&all, '\n');
    }
}

static void rows_are_read_as_spreadsheets_write_them(void **state)
{
    static const struct {
        struct bytes text;
        const char *rows;
    } examples[] = {
        {BYTES_LITERAL(""), ""},
        {BYTES_LITERAL("a,b\n"), "1<a><b>\n"},
        {BYTES_LITERAL("a,b"), "1<a><b>\n"},
        {BYTES_LITERAL("a,b\r\nc,d\r\n"), "1<a><b>\n2<c><d>\n"},
        {BYTES_LITERAL("\xef\xbb\xbf"
                       "a,b\n"),
         "1<a><b>\n"},
        {BYTES_LITERAL("a,,\n,\n"), "1<a><><>\n2<><>\n"},
        {BYTES_LITERAL("\"a,b\",\"say \"\"hi\"\"\",\"\"\n"), "1<a,b><say \"hi\"><>\n"},
        {BYTES_LITERAL("\n\r\na\n\n\nb\n\n"), "3<a>\n6<b>\n"},
        {BYTES_LITERAL(" a , b \n"), "1< a >< b >\n"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(examples); i++) {
        char *rows = rows_of(examples[i].text);
        assert_string_equal(rows, examples[i].rows);
        free(rows);
    }
}

static void doubtful_rows_are_refused_with_their_line(void **state)
{
    static const struct {
        struct bytes text;
        const char *reason;
    } examples[] = {
        {BYTES_LITERAL("a\n\"b"), "t.csv line 2: a quoted cell does not end"},
        {BYTES_LITERAL("\"a\"b\n"), "t.csv line 1: text follows a quoted cell"},
        {BYTES_LITERAL("a\"b\n"), "t.csv line 1: a quote inside a cell that is not quoted"},
        {BYTES_LITERAL("a\n\"b\nc\"\n"), "t.csv line 2: a control character in a cell"},
        {BYTES_LITERAL("a\0b\n"), "t.csv line 1: a control character in a cell"},
        {BYTES_LITERAL("a\rb\n"), "t.csv line 1: a control character in a cell"},
        {BYTES_LITERAL("\x1b[2J\n"), "t.csv line 1: a control character in a cell"},
        {BYTES_LITERAL("\xff\n"), "t.csv line 1: a cell is not UTF-8"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(examples); i++) {
        char *rows = rows_of(examples[i].text);
        assert_non_null(strstr(rows, examples[i].reason));
        free(rows);
    }
}

static void too_many_cells_are_refused(void **state)
{
    char text[600];
    (void)state;
    memset(text, ',', sizeof(text));
    char *rows = rows_of(BYTES(text));
    assert_string_equal(rows, "t.csv line 1: too many cells");
    free(rows);
}

static void a_csv_row_is_an_order(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    AUTO(enroll_order_done) struct enroll_order common = {.subject = strdup("O=Acme")};
    AUTO(enroll_orders_done) struct enroll_orders orders = {.items = NULL};
    enroll_order_set(&common, "domain", "iot.example");
    enroll_order_add_san(&common, "dns:common");
    assert_true(enroll_orders_from_csv(BYTES_LITERAL("CN,san,domain,name\n"
                                                     "one,dns:a  ip:1.2.3.4,,\n"
                                                     "two,,other.example,second\n"),
                                       "t.csv", &common, &orders, &err));
    assert_int_equal(orders.count, 2);
    const struct enroll_order *one = &orders.items[0];
    assert_string_equal(one->cn, "one");
    assert_string_equal(one->subject, "O=Acme");
    assert_null(one->name);
    assert_int_equal(one->line, 2);
    assert_int_equal(one->sans_count, 3);
    assert_string_equal(one->sans[0], "dns:common");
    assert_string_equal(one->sans[1], "dns:a");
    assert_string_equal(one->sans[2], "ip:1.2.3.4");
    assert_int_equal(one->variables_count, 1);
    assert_string_equal(one->variable_values[0], "iot.example");
    const struct enroll_order *two = &orders.items[1];
    assert_string_equal(two->name, "second");
    assert_string_equal(two->variable_values[0], "other.example");
    assert_int_equal(two->sans_count, 1);
}

static void a_csv_that_does_not_fit_its_header_is_refused(void **state)
{
    struct error err = ERROR_INIT;
    struct enroll_order common = {.name = NULL};
    struct enroll_orders orders = {.items = NULL};
    (void)state;
    assert_false(enroll_orders_from_csv(BYTES_LITERAL("cn,san\none\n"), "t.csv", &common, &orders, &err));
    assert_string_equal(err.text, "t.csv line 2 has 1 cells, the header row has 2");
    assert_false(enroll_orders_from_csv(BYTES_LITERAL("cn,san\n"), "t.csv", &common, &orders, &err));
    assert_non_null(strstr(err.text, "no row below its header"));
    assert_false(enroll_orders_from_csv(BYTES_LITERAL(""), "t.csv", &common, &orders, &err));
    assert_null(orders.items);
}

static void a_list_has_one_id_a_line(void **state)
{
    struct error err = ERROR_INIT;
    struct enroll_order common = {.name = NULL};
    (void)state;
    AUTO(enroll_orders_done) struct enroll_orders orders = {.items = NULL};
    assert_true(enroll_orders_from_list(BYTES_LITERAL("# shift 1\ndevice-1\r\n\ndevice 2\ndevice-3"), "ids",
                                        &common, &orders, &err));
    assert_int_equal(orders.count, 3);
    assert_string_equal(orders.items[0].cn, "device-1");
    assert_string_equal(orders.items[1].cn, "device 2");
    assert_string_equal(orders.items[2].cn, "device-3");
    assert_int_equal(orders.items[2].line, 5);
}

static void a_list_that_is_no_text_is_refused(void **state)
{
    struct error err = ERROR_INIT;
    struct enroll_order common = {.name = NULL};
    struct enroll_orders orders = {.items = NULL};
    (void)state;
    assert_false(enroll_orders_from_list(BYTES_LITERAL("a\nb\0c\n"), "ids", &common, &orders, &err));
    assert_string_equal(err.text, "ids line 2 is not UTF-8 text");
    assert_false(enroll_orders_from_list(BYTES_LITERAL("\xff\n"), "ids", &common, &orders, &err));
    assert_false(enroll_orders_from_list(BYTES_LITERAL("# nobody\n\n"), "ids", &common, &orders, &err));
    assert_string_equal(err.text, "ids holds no id");
    assert_null(orders.items);
}

static void names_of_files_are_safe_and_each_once(void **state)
{
    struct error err = ERROR_INIT;
    struct enroll_order common = {.name = NULL};
    (void)state;
    AUTO(enroll_orders_done) struct enroll_orders orders = {.items = NULL};
    assert_true(enroll_orders_from_list(BYTES_LITERAL("../../etc/passwd\nDevice-1\ndevice 2\n"), "ids",
                                        &common, &orders, &err));
    assert_true(enroll_check_names(&orders, &err));
    for (size_t i = 0; i < orders.count; i++) {
        char *name = NULL;
        assert_true(enroll_name(&orders.items[i], &name, &err));
        assert_null(strchr(name, '/'));
        assert_null(strchr(name, ' '));
        assert_true(*name != '.' && *name != '\0');
        free(name);
    }
    AUTO(enroll_orders_done) struct enroll_orders twice = {.items = NULL};
    assert_true(
        enroll_orders_from_list(BYTES_LITERAL("Device-1\nother\ndevice-1\n"), "ids", &common, &twice, &err));
    assert_false(enroll_check_names(&twice, &err));
    assert_int_equal(err.kind, ERROR_USAGE);
    assert_non_null(strstr(err.text, "lines 1 and 3 would both be written as"));
}

static void an_order_without_any_name_is_refused(void **state)
{
    struct error err = ERROR_INIT;
    struct enroll_order order = {.name = NULL};
    char *name = NULL;
    (void)state;
    assert_false(enroll_name(&order, &name, &err));
    assert_int_equal(err.kind, ERROR_USAGE);
    enroll_order_add_san(&order, "dns:host.example");
    assert_true(enroll_name(&order, &name, &err));
    assert_string_equal(name, "host.example");
    free(name);
    enroll_order_done(&order);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_read_as_spreadsheets_write_them),
        cmocka_unit_test(doubtful_rows_are_refused_with_their_line),
        cmocka_unit_test(too_many_cells_are_refused),
        cmocka_unit_test(a_csv_row_is_an_order),
        cmocka_unit_test(a_csv_that_does_not_fit_its_header_is_refused),
        cmocka_unit_test(a_list_has_one_id_a_line),
        cmocka_unit_test(a_list_that_is_no_text_is_refused),
        cmocka_unit_test(names_of_files_are_safe_and_each_once),
        cmocka_unit_test(an_order_without_any_name_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
