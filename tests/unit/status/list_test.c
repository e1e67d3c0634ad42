/* SPDX-License-Identifier: Apache-2.0 */
/* `revoke --list`: what a parser process makes of a file is taken, and what it never makes is not (status/list_parse.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "status/list_parse.h"

#include <string.h>

/** What the parser process answers to a file. */
static void answer(const char *file, struct error *ret_err, struct builder *ret_lines)
{
    AUTO(builder_done) struct builder input = BUILDER_INIT;
    AUTO(builder_done) struct builder output = BUILDER_INIT;
    builder_add(&input, "x.csv", sizeof("x.csv"));
    builder_add_text(&input, file);
    list_parse(builder_bytes(&input), &output);
    assert_true(output.len >= sizeof(*ret_err));
    memcpy(ret_err, output.data, sizeof(*ret_err));
    builder_add(ret_lines, output.data + sizeof(*ret_err), output.len - sizeof(*ret_err));
}

static void test_lines(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder lines = BUILDER_INIT;
    struct list_line line;
    struct bytes problem;
    bool is_end = false;
    (void)state;
    answer("\xef\xbb\xbfreason,serial,invalidity_date\r\nsuperseded,\"0A:0b\",\r\n\n,0c,2026-01-02\nno,0d,\n",
           &err, &lines);
    assert_int_equal(err.kind, ERROR_NONE);
    struct bytes rest = builder_bytes(&lines);
    assert_true(list_next(&rest, &line, &problem, &is_end, &err));
    assert_false(is_end);
    assert_int_equal(line.number, 2);
    assert_int_equal(line.serial_len, 2);
    assert_memory_equal(line.serial, "\x0a\x0b", 2);
    assert_true(line.has_reason);
    assert_int_equal(line.reason, CRL_SUPERSEDED);
    assert_int_equal(line.invalidity_date, CRL_NO_TIME);
    assert_true(list_next(&rest, &line, &problem, &is_end, &err));
    assert_int_equal(line.number, 4);
    assert_false(line.has_reason);
    assert_int_equal(line.invalidity_date, INT64_C(1767312000));
    assert_true(list_next(&rest, &line, &problem, &is_end, &err));
    assert_int_equal(problem.len, line.problem_len);
    assert_non_null(memmem(problem.data, problem.len, "is not a reason of RFC 5280", 27));
    assert_true(list_next(&rest, &line, &problem, &is_end, &err));
    assert_true(is_end);
}

static void test_files_that_are_no_list(void **state)
{
    static const struct {
        const char *file, *why;
    } cases[] = {
        {"", "x.csv: no column is named serial"},
        {"serial,serial\n01,01\n", "x.csv: its first line names the columns"},
        {"reason\nsuperseded\n", "x.csv: no column is named serial"},
        {"serial\n\"01\n", "a quoted cell does not end"},
        {"serial\n\x01\n", "x.csv line 2"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err = ERROR_INIT;
        AUTO(builder_done) struct builder lines = BUILDER_INIT;
        answer(cases[i].file, &err, &lines);
        assert_int_equal(err.kind, ERROR_INPUT);
        if (strstr(err.text, cases[i].why) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", err.text, cases[i].why);
        assert_int_equal(lines.len, 0);
    }
}

static void refused(const struct list_line *line, const char *problem, size_t len)
{
    AUTO(builder_done) struct builder lines = BUILDER_INIT;
    struct error err = ERROR_INIT;
    struct list_line got;
    struct bytes words;
    bool is_end = false;
    builder_add(&lines, line, sizeof(*line));
    builder_add_text(&lines, problem);
    struct bytes rest = bytes_slice(builder_bytes(&lines), 0, len);
    assert_false(list_next(&rest, &got, &words, &is_end, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
}

/** A parser process that an attacker took over may say what it likes. */
static void test_answers_that_lie(void **state)
{
    struct list_line line;
    (void)state;
    memset(&line, 0, sizeof(line));
    line.serial_len = 1;
    refused(&line, "", sizeof(line) - 1);
    line.serial_len = CERT_SERIAL_LEN + 1;
    refused(&line, "", SIZE_MAX);
    line.serial_len = 0;
    refused(&line, "", SIZE_MAX);
    line.serial_len = 1;
    line.reason = 7;
    refused(&line, "", SIZE_MAX);
    line.reason = CRL_REMOVE_FROM_CRL;
    refused(&line, "", SIZE_MAX);
    line.reason = 0;
    line.problem_len = 6;
    refused(&line, "short", SIZE_MAX);
    refused(&line, "\x1b[2Jxx", SIZE_MAX);
    refused(&line, "\xff\xff\xff\xff\xff\xff", SIZE_MAX);
    line.problem_len = UINT32_MAX;
    refused(&line, "words", SIZE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_files_that_are_no_list),
        cmocka_unit_test(test_answers_that_lie),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
