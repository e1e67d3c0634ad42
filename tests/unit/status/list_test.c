/* SPDX-License-Identifier: Apache-2.0 */
/* `revoke --list`: what a parser process makes of a file is taken, and what it never makes is not (status/list_parse.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"
#include "failing.h"
#include "folder.h"
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
        {"serial,serial\n01,01\n",
         "x.csv: its first line names the columns, each once: serial, and if wanted "
         "reason and invalidity_date"},
        {"serial,holder\n01,01\n", "x.csv: its first line names the columns"},
        {"serial\n01\n\"02\n", "a quoted cell does not end"},
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

/** The lines of a file: "NUMBER: SERIAL REASON DATE", or its problem; each with a LF. */
static char *read_lines(const char *file)
{
    struct error err = ERROR_INIT;
    struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder lines = BUILDER_INIT;
    answer(file, &err, &lines);
    assert_int_equal(err.kind, ERROR_NONE);
    struct bytes rest = builder_bytes(&lines);
    for (;;) {
        struct list_line line;
        struct bytes problem;
        bool is_end = false;
        assert_true(list_next(&rest, &line, &problem, &is_end, &err));
        if (is_end)
            return builder_take_text(&text);
        builder_format(&text, "%u: ", (unsigned)line.number);
        if (problem.len > 0) {
            builder_format(&text, "%.*s\n", (int)problem.len, (const char *)problem.data);
            continue;
        }
        for (size_t i = 0; i < line.serial_len; i++)
            builder_format(&text, "%02x", line.serial[i]);
        builder_format(&text, " %s%s %lld\n", crl_reason_name(line.reason),
                       line.has_reason ? "" : " (default)",
                       line.invalidity_date == CRL_NO_TIME ? -1LL : (long long)line.invalidity_date);
    }
}

static void each_line_says_what_it_can(void **state)
{
    static const char beside[] = "not a serial and what the first line names beside it\n";
    static const char too_long[] = "a serial number has 1 to 20 bytes (RFC 5280 4.1.2.2)\n";
    (void)state;
    AUTO(free)
    char *found = read_lines("serial,invalidity_date,reason\n"
                             "0a0b,2026-01-02,keyCompromise\n"
                             "0c\n"
                             ",2026-01-02,keyCompromise\n"
                             "0d,,\n"
                             "0e,2026-01-02,keyCompromise,more\n"
                             "0102030405060708090a0b0c0d0e0f1011121314\n"
                             "0102030405060708090a0b0c0d0e0f101112131415\n"
                             "0f,,removeFromCRL\n"
                             "10,21.11.2026,\n");
    AUTO(free)
    char *wanted = memory_format("2: 0a0b keyCompromise 1767312000\n"
                                 "3: 0c unspecified (default) -1\n"
                                 "4: %s"
                                 "5: 0d unspecified (default) -1\n"
                                 "6: %s"
                                 "7: 0102030405060708090a0b0c0d0e0f1011121314 unspecified (default) -1\n"
                                 "8: %s"
                                 "9: removeFromCRL is not a reason to revoke, it takes a hold back: that is "
                                 "--release\n"
                                 "10: the invalidity date is a day, 2026-11-21, or a time in UTC, "
                                 "2026-11-21T02:48:57Z, not \"21.11.2026\"\n",
                                 beside, beside, too_long);
    assert_string_equal(found, wanted);
    AUTO(free) char *reversed = read_lines("reason,serial\nsuperseded\nsuperseded,0a\n");
    AUTO(free) char *wanted_reversed = memory_format("2: %s3: 0a superseded -1\n", beside);
    assert_string_equal(reversed, wanted_reversed);
}

/** A line with this much of a problem behind it. */
static bool take(const struct list_line *line, const char *problem, size_t len, struct list_line *ret_line,
                 struct bytes *ret_rest)
{
    static struct builder lines; // what is left is looked at
    struct error err = ERROR_INIT;
    struct bytes words;
    bool is_end = false;
    builder_clear(&lines);
    builder_add(&lines, line, sizeof(*line));
    builder_add_text(&lines, problem);
    *ret_rest = bytes_slice(builder_bytes(&lines), 0, len);
    const struct bytes before = *ret_rest;
    bool is_taken = list_next(ret_rest, ret_line, &words, &is_end, &err);
    assert_false(is_end);
    if (is_taken)
        return true;
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_string_equal(err.text, "the process that read it gave an answer that is none");
    assert_ptr_equal(ret_rest->data, before.data);
    return false;
}

static void refused(const struct list_line *line, const char *problem, size_t len)
{
    struct list_line got;
    struct bytes rest;
    assert_false(take(line, problem, len, &got, &rest));
}

static void taken(const struct list_line *line, const char *problem)
{
    struct list_line got;
    struct bytes rest;
    assert_true(take(line, problem, SIZE_MAX, &got, &rest));
    assert_memory_equal(&got, line, sizeof(got));
    assert_int_equal(rest.len, strlen(problem) - line->problem_len);
}

/** A parser process that an attacker took over may say what it likes. */
static void test_answers_that_lie(void **state)
{
    static const char *const cursors[] = {"\x1b[2Jxx", "a\nbcde", "abcde\x1f", "\x7fzzzzz",
                                          "\xff\xff\xff\xff\xff\xff"};
    struct list_line line;
    AUTO(free) char *longest = memory_format("%01024d", 1);
    AUTO(free) char *longer = memory_format("%01025d", 1);
    (void)state;
    memset(&line, 0, sizeof(line));
    line.serial_len = 1;
    refused(&line, "", sizeof(line) - 1);
    taken(&line, "");
    taken(&line, "the next line");
    line.serial_len = CERT_SERIAL_LEN;
    taken(&line, "");
    line.serial_len = CERT_SERIAL_LEN + 1;
    refused(&line, "", SIZE_MAX);
    line.serial_len = 0;
    refused(&line, "", SIZE_MAX);
    line.problem_len = 6;
    taken(&line, "a ~bcd"); // what has a problem needs no serial
    taken(&line, "a ~bcdand the next line");
    line.problem_len = 0;
    line.serial_len = 1;
    line.reason = 7;
    refused(&line, "", SIZE_MAX);
    line.reason = CRL_REMOVE_FROM_CRL;
    refused(&line, "", SIZE_MAX);
    line.reason = 0;
    line.problem_len = 6;
    refused(&line, "short", SIZE_MAX);
    for (size_t i = 0; i < ARRAY_LEN(cursors); i++)
        refused(&line, cursors[i], SIZE_MAX);
    line.problem_len = 1024;
    taken(&line, longest);
    line.problem_len = 1025;
    refused(&line, longer, SIZE_MAX);
    line.problem_len = UINT32_MAX;
    refused(&line, "words", SIZE_MAX);
}

/** What list_take() says of a parser process's answer: an error, and lines. */
static bool take_answer(enum error_kind kind, const char *text, struct builder *ret_lines, struct error *err)
{
    struct error said;
    AUTO(builder_done) struct builder output = BUILDER_INIT;
    memset(&said, 0, sizeof(said));
    said.kind = kind;
    memset(said.text, 'x', sizeof(said.text)); // it may have no end
    memcpy(said.text, text, strlen(text) + 1);
    builder_add(&output, &said, sizeof(said));
    builder_add_text(&output, "lines");
    error_clear(err);
    return list_take(builder_bytes(&output), ret_lines, err);
}

static void a_whole_answer_is_lines_or_words(void **state)
{
    static const char none[] = "the process that read it gave an answer that is none";
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder lines = BUILDER_INIT;
    char endless[sizeof(err.text)];
    (void)state;
    assert_true(take_answer(ERROR_NONE, "", &lines, &err));
    assert_string_equal(builder_text(&lines), "lines");
    builder_clear(&lines);
    assert_false(take_answer(ERROR_LEDGER, "it is no list", &lines, &err));
    assert_string_equal(err.text, "it is no list");
    assert_int_equal(err.kind, ERROR_INPUT); // whatever it says
    assert_false(take_answer(ERROR_INPUT, "\x1b[2J", &lines, &err));
    assert_string_equal(err.text, none);
    memset(endless, 'x', sizeof(endless));
    endless[sizeof(endless) - 1] = '\0';
    assert_false(take_answer(ERROR_INPUT, endless, &lines, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    error_clear(&err);
    assert_false(list_take(bytes_slice(BYTES(endless), 0, sizeof(err) - 1), &lines, &err));
    assert_string_equal(err.text, none);
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_int_equal(lines.len, 0);
}

static void an_answer_stands_behind_what_is_there(void **state)
{
    static const char *const inputs[] = {"x.csv\0serial\n01\n", "x.csv\0serial\n01\n\"02\n", "x.csv"};
    static const size_t lengths[] = {16, 20, 5};
    static const char *const words[] = {"", "a quoted cell does not end", "a list without its name"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(inputs); i++) {
        struct error err;
        AUTO(builder_done) struct builder output = BUILDER_INIT;
        builder_add_text(&output, "before");
        list_parse(bytes_of(inputs[i], lengths[i]), &output);
        assert_memory_equal(output.data, "before", 6);
        assert_true(output.len >= 6 + sizeof(err));
        memcpy(&err, output.data + 6, sizeof(err));
        assert_int_equal(err.kind, i == 0 ? ERROR_NONE : ERROR_INPUT);
        assert_non_null(strstr(err.text, words[i]));
        assert_int_equal(output.len, 6 + sizeof(err) + (i == 0 ? sizeof(struct list_line) : 0));
    }
    AUTO(builder_done) struct builder output = BUILDER_INIT;
    struct error err;
    list_parse(bytes_of(NULL, 0), &output);
    memcpy(&err, output.data, sizeof(err));
    assert_string_equal(err.text, "a list without its name");
}

static void a_file_is_read_by_a_process_of_its_own_or_it_is_told(void **state)
{
    static const char text[] = "serial\n0a\n";
    struct folder folder;
    uint8_t wanted[32];
    const char *failed = NULL;
    unsigned number = 0;
    (void)state;
    folder_make(&folder);
    struct error err = ERROR_INIT;
    AUTO(free) char *path = memory_format("%s/l.csv", folder.path);
    assert_true(file_create(AT_FDCWD, path, 0600, bytes_of_text(text), &err));
    digest_sha256(bytes_of_text(text), wanted);
    do {
        uint8_t sha256[32] = {0};
        AUTO(builder_done) struct builder lines = BUILDER_INIT;
        error_clear(&err);
        failing_at("", ++number);
        bool is_done = list_read(path, &lines, sha256, &err);
        failed = failing_stop();
        if (is_done) {
            assert_int_equal(err.kind, ERROR_NONE);
            assert_int_equal(lines.len, sizeof(struct list_line));
            assert_memory_equal(sha256, wanted, sizeof(wanted));
        } else if (failed == NULL || err.kind != ERROR_INPUT) {
            fail_msg("%s %u: \"%s\"", failed, number, err.text);
        } else
            assert_int_equal(lines.len, 0);
    } while (failed != NULL);
    assert_in_range(number, 8, 200);
    AUTO(builder_done) struct builder lines = BUILDER_INIT;
    error_clear(&err);
    assert_int_equal(unlink(path), 0);
    assert_false(list_read(path, &lines, wanted, &err));
    assert_non_null(strstr(err.text, "No such file"));
    assert_true(file_create(AT_FDCWD, path, 0600, BYTES_LITERAL("reason\n"), &err));
    AUTO(free) char *words = memory_format("%s: no column is named serial", path);
    error_clear(&err);
    assert_false(list_read(path, &lines, wanted, &err));
    assert_string_equal(err.text, words);
    folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_files_that_are_no_list),
        cmocka_unit_test(each_line_says_what_it_can),
        cmocka_unit_test(test_answers_that_lie),
        cmocka_unit_test(a_whole_answer_is_lines_or_words),
        cmocka_unit_test(an_answer_stands_behind_what_is_there),
        cmocka_unit_test(a_file_is_read_by_a_process_of_its_own_or_it_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
