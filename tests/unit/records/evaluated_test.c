/* SPDX-License-Identifier: Apache-2.0 */
/* What a plan was evaluated with: what is written is read back, and nothing that coldca or the policy would not have had is taken. */
#include "records/evaluated.h"

#include "base/memory.h"
#include "base/time.h"

#include <limits.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define BEGIN INT64_C(1800000000) /* 2027-01-15T08:00:00Z */
#define POLICY                                                                                               \
    "policy: p\n"                                                                                            \
    "variables:\n"                                                                                           \
    "  - {name: site, match: '[a-z]+'}\n"                                                                    \
    "  - {name: floor, match: '[0-9]+', default: '1'}\n"                                                     \
    "subject: [{field: CN, match: '.*'}]\n"                                                                  \
    "key: {allow: [ec-p256]}\n"                                                                              \
    "validity: {days: 10}\n"
#define WHILE                                                                                                \
    "\nwhile reading what the plan's requests were evaluated with (plan.evaluated); make the plan anew, at " \
    "this CA"

static struct policy *policy;

static int begin(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    if (!policy_load(BYTES_LITERAL(POLICY), "p.yaml", &policy, &err))
        fail_msg("%s", err.text);
    return 0;
}

static int end(void **state)
{
    (void)state;
    policy_free(policy);
    return 0;
}

static struct plan_file file_of(struct json *evaluated)
{
    return (struct plan_file){.header = {.not_before = BEGIN, .not_after = BEGIN + 86400},
                              .evaluated = evaluated};
}

static void what_is_written_is_read_back(void **state)
{
    static const struct policy_variable given[] = {{"site", "here"}, {"floor", "3"}};
    const struct evaluated evaluated = {
        .at = BEGIN - 5, .days = 90, .variables = given, .variables_count = ARRAY_LEN(given)};
    struct evaluated read = {.at = 0};
    struct error err = ERROR_INIT;
    AUTO(free) struct policy_variable *variables = NULL;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(json_free) struct json *json = evaluated_write(&evaluated);
    const struct plan_file file = file_of(json);
    (void)state;
    json_canonical(json, &text);
    assert_string_equal(
        builder_text(&text),
        "{\"at\":\"2027-01-15T07:59:55Z\",\"days\":90,\"set\":[{\"name\":\"site\",\"value\":\"here\"},"
        "{\"name\":\"floor\",\"value\":\"3\"}]}");
    if (!evaluated_read(&file, policy, &read, &variables, &err))
        fail_msg("%s", err.text);
    assert_int_equal(read.at, BEGIN - 5);
    assert_int_equal(read.days, 90);
    assert_int_equal(read.variables_count, 2);
    assert_ptr_equal(read.variables, variables);
    for (size_t i = 0; i < ARRAY_LEN(given); i++) {
        assert_string_equal(read.variables[i].name, given[i].name);
        assert_string_equal(read.variables[i].value, given[i].value);
    }
}

#define SITE "\"set\":[{\"name\":\"site\",\"value\":\"here\"}]"

static bool reads(const char *text, int64_t not_after, struct evaluated *ret_evaluated, struct error *err)
{
    AUTO(json_free) struct json *json = NULL;
    AUTO(free) struct policy_variable *variables = NULL;
    error_clear(err);
    assert_true(json_parse(bytes_of_text(text), &json, err));
    struct plan_file file = file_of(json);
    file.header.not_after = not_after;
    return evaluated_read(&file, policy, ret_evaluated, &variables, err);
}

static void assert_refused(const char *text, int64_t not_after, const char *words)
{
    struct error err = ERROR_INIT;
    struct evaluated evaluated = {.days = 77};
    AUTO(free) char *wanted = memory_format("%s" WHILE, words);
    if (reads(text, not_after, &evaluated, &err))
        fail_msg("taken: %s", text);
    assert_string_equal(err.text, wanted);
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_int_equal(evaluated.days, 77); // nothing is given
}

static void what_coldca_writes_of_no_plan_is_refused(void **state)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"{\"days\":0," SITE "}", "without at, which is a time"},
        {"{\"at\":\"today\",\"days\":0," SITE "}", "without at, which is a time"},
        {"{\"at\":\"2027-01-15T08:00:00Z\"," SITE "}", "without days, which is a number from 0 on"},
        {"{\"at\":\"2027-01-15T08:00:00Z\",\"days\":-1," SITE "}",
         "without days, which is a number from 0 on"},
        {"{\"at\":\"2027-01-15T08:00:00Z\",\"days\":0,\"set\":[{\"name\":\"site\"}]}",
         "a variable without name or value"},
        {"{\"at\":\"2027-01-15T08:00:00Z\",\"days\":0,\"set\":[{\"value\":\"here\"}]}",
         "a variable without name or value"},
        {"{\"at\":\"2027-01-15T08:00:00Z\",\"days\":0}",
         "the policy p needs --set site=..., matching [a-z]+"},
        {"{\"at\":\"2027-01-15T08:00:00Z\",\"days\":0,\"set\":[{\"name\":\"site\",\"value\":\"HERE\"}]}",
         "--set site: \"HERE\" does not match [a-z]+"},
        {"{\"at\":\"2027-01-15T08:00:00Z\",\"days\":0,\"set\":[{\"name\":\"site\",\"value\":\"here\"},"
         "{\"name\":\"wall\",\"value\":\"here\"}]}",
         "--set wall: the policy p has no such variable"},
        {"{\"at\":\"2027-01-15T08:00:01Z\",\"days\":0," SITE "}",
         "not of the day on which its window begins"},
        {"{\"at\":\"2027-01-14T07:59:59Z\",\"days\":0," SITE "}",
         "not of the day on which its window begins"},
        {"{\"at\":\"2027-01-15T08:00:00Z\",\"days\":4294967296," SITE "}", "so many days are in no policy"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_refused(cases[i].text, BEGIN + 1, cases[i].words);
    assert_refused("{\"at\":\"2027-01-15T08:00:00Z\",\"days\":0," SITE "}", BEGIN + 366 * 86400 + 1,
                   "its window is longer than a year");
    // What is not there is not passed over.
    struct error err = ERROR_INIT;
    struct evaluated evaluated;
    AUTO(free) struct policy_variable *variables = NULL;
    const struct plan_file without = file_of(NULL);
    assert_false(evaluated_read(&without, policy, &evaluated, &variables, &err));
    assert_string_equal(err.text, "it is not there" WHILE);
}

static void the_last_that_is_fine_is_taken(void **state)
{
    struct error err = ERROR_INIT;
    struct evaluated evaluated;
    (void)state;
    assert_true(reads("{\"at\":\"2027-01-14T08:00:00Z\",\"days\":4294967295," SITE "}", BEGIN + 366 * 86400,
                      &evaluated, &err));
    assert_int_equal(evaluated.days, UINT_MAX);
    assert_int_equal(evaluated.at, BEGIN - 86400);
    assert_int_equal(evaluated.variables_count, 1);
    assert_true(evaluated_is_of_window(BEGIN, BEGIN));
    assert_true(evaluated_is_of_window(BEGIN - 86400, BEGIN));
    assert_false(evaluated_is_of_window(BEGIN - 86401, BEGIN));
    assert_false(evaluated_is_of_window(BEGIN + 1, BEGIN));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(what_coldca_writes_of_no_plan_is_refused),
        cmocka_unit_test(the_last_that_is_fine_is_taken),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
