/* SPDX-License-Identifier: Apache-2.0 */
/* The frames between a parser process and its parent (reader.h): one answer an input, in order, however the bytes come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "request/csr.h"
#include "request/reader.h"
#include "request/storage.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define TOO_MANY "the facts of this file are too many to hand over"

/** Answers with what it was given: its length, and the sum of its octets. "many" is more than an answer holds, "two" is two requests. */
static void read_sum(struct bytes input, struct request ***ret_requests, size_t *ret_count)
{
    char text[900];
    size_t sum = 0;
    bool is_many = bytes_equal_text(input, "many");
    *ret_count = is_many ? 1000 : bytes_equal_text(input, "two") ? 2 : 1;
    *ret_requests = memory_new(*ret_count, sizeof(struct request *));
    for (size_t i = 0; i < input.len; i++)
        sum += input.data[i];
    (void)snprintf(text, sizeof(text), "%zu octets, sum %zu", input.len, sum);
    for (size_t i = 0; i < *ret_count; i++) {
        (*ret_requests)[i] = request_failed("test.sum", text, NULL);
        for (int j = 0; is_many && j < 60; j++) {
            memset(text, 'x', sizeof(text) - 1);
            text[sizeof(text) - 1] = '\0';
            request_problem((*ret_requests)[i], "test.more", NULL, "%s", text);
        }
    }
}

/** A parser process that has these octets before it begins to read, and then no more. \return its exit code */
static int answers_to(struct bytes octets, struct builder *ret_answers)
{
    int fds[2];
    int status = 0;
    uint8_t block[65536];
    int room = 1 << 20;
    reader_function *read_function = read_sum;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    (void)setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room)); // as much as there may be
    assert_int_equal(send(fds[0], octets.data, octets.len, MSG_DONTWAIT), octets.len);
    pid_t child = fork();
    if (child == 0) {
        (void)close(fds[0]);
        _exit(reader_run(fds[1], &read_function));
    }
    (void)close(fds[1]);
    assert_int_equal(shutdown(fds[0], SHUT_WR), 0);
    for (;;) {
        ssize_t got = read(fds[0], block, sizeof(block));
        if (got <= 0)
            break;
        builder_add(ret_answers, block, (size_t)got);
    }
    (void)close(fds[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void add_input(struct builder *out, size_t len, uint8_t octet)
{
    builder_add_u32(out, (uint32_t)len);
    for (size_t i = 0; i < len; i++)
        builder_add_u8(out, octet);
}

/** Takes the next answer. */
static struct reading *take_answer(struct bytes *answers)
{
    struct error err = ERROR_INIT;
    struct reading *reading = memory_new(1, sizeof(*reading));
    assert_true(answers->len >= 4);
    size_t len = (size_t)answers->data[0] << 24 | (size_t)answers->data[1] << 16 |
                 (size_t)answers->data[2] << 8 | answers->data[3];
    assert_true(len <= answers->len - 4 && len <= READER_MAX_ANSWER);
    if (!reader_answer_decode(bytes_slice(*answers, 4, len), reading, &err))
        fail_msg("%s", err.text);
    *answers = bytes_of(answers->data + 4 + len, answers->len - 4 - len);
    return reading;
}

static void next_is(struct bytes *answers, size_t count, const char *text)
{
    struct reading *reading = take_answer(answers);
    assert_int_equal(reading->count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(reading->requests[i]->problems.count, 1);
        assert_string_equal(reading->requests[i]->problems.items[0].text, text);
    }
    reading_free(reading);
}

static void each_input_gets_its_answer(void **state)
{
    // The second fills what a parser process reads at once to the last octet but one, three, ... as they come.
    static const size_t firsts[] = {0, 1, 2, 3, 4, 5, 8, 11, 4000};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(firsts); i++) {
        AUTO(builder_done) struct builder inputs = BUILDER_INIT;
        AUTO(builder_done) struct builder answers = BUILDER_INIT;
        char text[64];
        add_input(&inputs, firsts[i], 1);
        add_input(&inputs, REQUEST_MAX_FILE_LEN, 2);
        add_input(&inputs, 0, 0);
        add_input(&inputs, 7, 3);
        assert_int_equal(answers_to(builder_bytes(&inputs), &answers), 0);
        struct bytes rest = builder_bytes(&answers);
        (void)snprintf(text, sizeof(text), "%zu octets, sum %zu", firsts[i], firsts[i]);
        next_is(&rest, 1, text);
        next_is(&rest, 1, "65536 octets, sum 131072");
        next_is(&rest, 1, "0 octets, sum 0");
        next_is(&rest, 1, "7 octets, sum 21");
        assert_int_equal(rest.len, 0);
    }
}

static void an_answer_may_have_several_requests(void **state)
{
    AUTO(builder_done) struct builder inputs = BUILDER_INIT;
    AUTO(builder_done) struct builder answers = BUILDER_INIT;
    (void)state;
    builder_add_u32(&inputs, 3);
    builder_add_text(&inputs, "two");
    add_input(&inputs, 1, 1);
    assert_int_equal(answers_to(builder_bytes(&inputs), &answers), 0);
    struct bytes rest = builder_bytes(&answers);
    next_is(&rest, 2, "3 octets, sum 346");
    next_is(&rest, 1, "1 octets, sum 1");
    assert_int_equal(rest.len, 0);
}

static void an_answer_that_is_too_long_is_a_refusal(void **state)
{
    AUTO(builder_done) struct builder inputs = BUILDER_INIT;
    AUTO(builder_done) struct builder answers = BUILDER_INIT;
    (void)state;
    builder_add_u32(&inputs, 4);
    builder_add_text(&inputs, "many");
    add_input(&inputs, 1, 1);
    assert_int_equal(answers_to(builder_bytes(&inputs), &answers), 0);
    struct bytes rest = builder_bytes(&answers);
    struct reading *reading = take_answer(&rest);
    assert_int_equal(reading->count, 1);
    assert_string_equal(reading->requests[0]->problems.items[0].rule, "request.reader");
    assert_string_equal(reading->requests[0]->problems.items[0].text, TOO_MANY);
    assert_string_equal(reading->requests[0]->problems.items[0].remedy,
                        "bring its requests in separate files");
    reading_free(reading);
    next_is(&rest, 1, "1 octets, sum 1");
    assert_int_equal(rest.len, 0);
}

static void an_input_that_is_too_long_ends_it(void **state)
{
    (void)state;
    for (size_t more = 0; more <= 1; more++) {
        AUTO(builder_done) struct builder inputs = BUILDER_INIT;
        AUTO(builder_done) struct builder answers = BUILDER_INIT;
        add_input(&inputs, REQUEST_MAX_FILE_LEN + more, 1);
        assert_int_equal(answers_to(builder_bytes(&inputs), &answers), more == 0 ? 0 : 2);
        assert_int_equal(answers.len > 0, more == 0);
    }
}

/** In this process, so that AddressSanitizer tells of memory that is not freed. */
static void nothing_is_left_of_an_input(void **state)
{
    AUTO(builder_done) struct builder inputs = BUILDER_INIT;
    int fds[2];
    reader_function *read_function = read_sum;
    (void)state;
    add_input(&inputs, 5, 1);
    add_input(&inputs, 6, 2);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    assert_int_equal(write(fds[0], inputs.data, inputs.len), inputs.len);
    assert_int_equal(shutdown(fds[0], SHUT_WR), 0);
    assert_int_equal(reader_run(fds[1], &read_function), 0);
    (void)close(fds[0]);
    (void)close(fds[1]);
}

/* ---- answers taken apart ---- */

static void add_message(struct builder *out)
{
    AUTO(builder_done) struct builder message = BUILDER_INIT;
    struct request *request = request_failed("test.rule", "why", NULL);
    csr_encode(request, &message);
    builder_add_u32(out, (uint32_t)message.len);
    builder_add_bytes(out, builder_bytes(&message));
    request_free(request);
}

static void is_taken_apart(struct bytes body, size_t count, const char *why)
{
    struct reading *reading = memory_new(1, sizeof(*reading));
    struct error err = ERROR_INIT;
    bool is_taken = reader_answer_decode(body, reading, &err);
    assert_int_equal(is_taken, why == NULL);
    assert_int_equal(reading->count, is_taken ? count : 0);
    if (!is_taken) {
        assert_int_equal(err.kind, ERROR_INPUT);
        assert_non_null(strstr(err.text, why));
    }
    reading_free(reading);
}

static void answers_have_a_form(void **state)
{
    static const size_t counts[] = {1, 2, 3, READER_MAX_REQUESTS, READER_MAX_REQUESTS + 1};
    (void)state;
    is_taken_apart(BYTES_LITERAL(""), 0, "has 0 requests");
    is_taken_apart(BYTES_LITERAL("\1"), 0, "has 0 requests");
    is_taken_apart(BYTES_LITERAL("\0\0"), 0, "has 0 requests");
    is_taken_apart(BYTES_LITERAL("\0\1\0\0\0\0"), 0, "malformed");
    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        AUTO(builder_done) struct builder body = BUILDER_INIT;
        builder_add_u16(&body, (uint16_t)counts[i]);
        for (size_t j = 0; j < counts[i]; j++)
            add_message(&body);
        bool is_more = counts[i] > READER_MAX_REQUESTS;
        is_taken_apart(builder_bytes(&body), counts[i], is_more ? "has 1026 requests" : NULL);
        for (size_t less = 1; less < 60 && !is_more; less++)
            is_taken_apart(bytes_slice(builder_bytes(&body), 0, body.len - less), 0, "ends too early");
        builder_add_u8(&body, 0);
        is_taken_apart(builder_bytes(&body), 0, is_more ? "has 1026 requests" : "bytes follow");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_input_gets_its_answer),
        cmocka_unit_test(an_answer_may_have_several_requests),
        cmocka_unit_test(an_answer_that_is_too_long_is_a_refusal),
        cmocka_unit_test(an_input_that_is_too_long_ends_it),
        cmocka_unit_test(nothing_is_left_of_an_input),
        cmocka_unit_test(answers_have_a_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
