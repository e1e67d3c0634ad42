/* SPDX-License-Identifier: Apache-2.0 */
/* YAML by schema: each fault is one line with file, line, column, what is wrong. */
#include "base/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct thing {
    char *name;
    unsigned days;
    bool is_open;
    char **values;
    unsigned values_count;
};

static const cyaml_schema_value_t text_schema = {CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, 100)};
static const cyaml_schema_field_t fields[] = {
    CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER, struct thing, name, 1, 100),
    CYAML_FIELD_UINT("days", CYAML_FLAG_OPTIONAL, struct thing, days),
    CYAML_FIELD_BOOL("open", CYAML_FLAG_OPTIONAL, struct thing, is_open),
    CYAML_FIELD_SEQUENCE("values", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct thing, values,
                         &text_schema, 0, 10),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t schema = {CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct thing, fields)};

static void a_file_that_fits_is_loaded(void **state)
{
    struct error err = ERROR_INIT;
    void *value = NULL;
    (void)state;
    assert_true(yaml_load(BYTES_LITERAL("# words\nname: mqtt\ndays: 365\nvalues: [a, 'b c']\n"), "t.yaml",
                          &schema, &value, &err));
    struct thing *thing = value;
    assert_string_equal(thing->name, "mqtt");
    assert_int_equal(thing->days, 365);
    assert_int_equal(thing->values_count, 2);
    assert_string_equal(thing->values[1], "b c");
    yaml_value_free(&schema, value);
}

static void a_bool_is_true_or_false(void **state)
{
    struct error err = ERROR_INIT;
    void *value = NULL;
    (void)state;
    assert_true(yaml_load(BYTES_LITERAL("name: a\nopen: true\n"), "t.yaml", &schema, &value, &err));
    assert_true(((struct thing *)value)->is_open);
    yaml_value_free(&schema, value);
    assert_true(yaml_load(BYTES_LITERAL("name: a\nopen: false\n"), "t.yaml", &schema, &value, &err));
    assert_false(((struct thing *)value)->is_open);
    yaml_value_free(&schema, value);
}

static void each_fault_is_told_with_its_place(void **state)
{
    static const struct {
        struct bytes text;
        const char *reason;
    } examples[] = {
        {BYTES_LITERAL("name: a\nlifetime: 5\n"), "t.yaml line 2, column 1: unknown key \"lifetime\""},
        {BYTES_LITERAL("name: a\nname: b\n"), "t.yaml line 2, column 1: the key \"name\" is there twice"},
        {BYTES_LITERAL("days: 5\n"), "the key \"name\" is missing"},
        {BYTES_LITERAL("name: a\ndays: many\n"), "line 2"},
        {BYTES_LITERAL("name: a\ndays: -1\n"), "line 2"},
        {BYTES_LITERAL("name: a\ndays: 99999999999999999999\n"), "line 2"},
        {BYTES_LITERAL("name: [a]\n"), "line 1"},
        {BYTES_LITERAL("name: a\nvalues: a\n"), "line 2"},
        {BYTES_LITERAL("name: a\nopen: perhaps\n"), "line 2"},
        {BYTES_LITERAL("name: a\nopen: off\n"),
         "t.yaml line 2, column 7: open: \"off\" is none of the words that may stand here"},
        {BYTES_LITERAL("name: a\nopen: flase\n"), "line 2"},
        {BYTES_LITERAL("name: a\nopen: 7\n"), "line 2"},
        {BYTES_LITERAL("- a\n"), "t.yaml"},
        {BYTES_LITERAL("name: \"a\n"), "t.yaml"},
        {BYTES_LITERAL("name: &x a\nvalues: [*x]\n"), "aliases (*name) are not allowed"},
        {BYTES_LITERAL("name: a\n---\nname: b\n"), "second document"},
        {BYTES_LITERAL(""), "t.yaml is empty"},
        {BYTES_LITERAL("# only words\n"), "t.yaml is empty"},
        {BYTES_LITERAL("name: \xff\n"), "not UTF-8 text"},
        {BYTES_LITERAL("name: a\0b\n"), "NUL byte"},
        {BYTES_LITERAL("name: a\n\x1b[2J: b\n"), "t.yaml"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(examples); i++) {
        struct error err = ERROR_INIT;
        void *value = NULL;
        if (yaml_load(examples[i].text, "t.yaml", &schema, &value, &err))
            fail_msg("\"%.*s\" was taken", (int)examples[i].text.len, (const char *)examples[i].text.data);
        assert_null(value);
        assert_int_equal(err.kind, ERROR_INPUT);
        if (strstr(err.text, examples[i].reason) == NULL)
            fail_msg("\"%s\" lacks \"%s\"", err.text, examples[i].reason);
        assert_null(strchr(err.text, 0x1b));
        assert_null(strchr(err.text, '\n'));
    }
}

static void a_file_too_large_is_refused(void **state)
{
    static uint8_t text[YAML_MAX_LEN + 1];
    struct error err = ERROR_INIT;
    void *value = NULL;
    (void)state;
    memset(text, '#', sizeof(text));
    memcpy(text, "name: a\n", 8);
    assert_true(yaml_load(bytes_of(text, YAML_MAX_LEN), "t.yaml", &schema, &value, &err));
    yaml_value_free(&schema, value);
    value = NULL;
    assert_false(yaml_load(BYTES(text), "t.yaml", &schema, &value, &err));
    assert_non_null(strstr(err.text, "larger than"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_that_fits_is_loaded),
        cmocka_unit_test(a_bool_is_true_or_false),
        cmocka_unit_test(each_fault_is_told_with_its_place),
        cmocka_unit_test(a_file_too_large_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
