/* SPDX-License-Identifier: Apache-2.0 */
/* A pool of parser processes: each input comes back once, with its own answer, however many there are and however long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/encode.h"
#include "base/memory.h"
#include "csr_maker.h"
#include "request/csr.h"
#include "request/reader.h"
#include "request/storage.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#define WINDOW 32 /* inputs a parser process may hold, as readers.c has it */
#define INPUTS 300

/** What one answer holds: the input's length, the sum of its octets, and how many this process has read before. */
static void read_sum(struct bytes input, struct request ***ret_requests, size_t *ret_count)
{
    static size_t served;
    char text[128];
    size_t sum = 0;
    for (size_t i = 0; i < input.len; i++)
        sum += input.data[i] * (i % 251 + 1);
    (void)snprintf(text, sizeof(text), "%zu octets, sum %zu, served %zu", input.len, sum, served++);
    *ret_requests = memory_new(1, sizeof(struct request *));
    **ret_requests = request_failed("test.sum", text, NULL);
    *ret_count = 1;
}

static struct readers *open_pool(size_t count, size_t inputs_a_life)
{
    struct error err = ERROR_INIT;
    struct readers *readers = NULL;
    struct readers_settings settings = {
        .count = count, .read = read_sum, .timeout_ms = 60000, .inputs_a_life = inputs_a_life};
    if (!readers_open_with(&settings, &readers, &err))
        fail_msg("%s", err.text);
    return readers;
}

static uint8_t octets[REQUEST_MAX_FILE_LEN];

static size_t len_of(uint64_t ticket)
{
    static const size_t lens[] = {0, 1, 700, 65536, 3, 30000, 65535};
    return lens[ticket % ARRAY_LEN(lens)];
}

static uint8_t octet_of(uint64_t ticket)
{
    return (uint8_t)(ticket % 200 + 1);
}

static void submit(struct readers *readers, uint64_t ticket)
{
    struct error err = ERROR_INIT;
    memset(octets, octet_of(ticket), len_of(ticket));
    if (!readers_submit(readers, ticket, bytes_of(octets, len_of(ticket)), &err))
        fail_msg("%s", err.text);
    memset(octets, 0, sizeof(octets)); // it was copied
}

/** Takes an answer, and looks that it is the one of its ticket. \return how many its process had read before */
static size_t take(struct readers *readers, unsigned *seen)
{
    struct error err = ERROR_INIT;
    struct reading *reading = NULL;
    size_t len = 0;
    size_t sum = 0;
    size_t served = 0;
    size_t wanted = 0;
    size_t pending = readers_pending(readers);
    if (!readers_next(readers, &reading, &err))
        fail_msg("%s", err.text);
    assert_int_equal(readers_pending(readers), pending - 1);
    assert_int_equal(reading->count, 1);
    assert_true(reading->ticket < INPUTS);
    assert_int_equal(seen[reading->ticket]++, 0);
    const char *text = reading->requests[0]->problems.items[0].text;
    assert_string_equal(reading->requests[0]->problems.items[0].rule, "test.sum");
    assert_int_equal(sscanf(text, "%zu octets, sum %zu, served %zu", &len, &sum, &served), 3);
    for (size_t i = 0; i < len_of(reading->ticket); i++)
        wanted += octet_of(reading->ticket) * (i % 251 + 1);
    assert_int_equal(len, len_of(reading->ticket));
    assert_int_equal(sum, wanted);
    reading_free(reading);
    return served;
}

static void every_input_has_its_own_answer(void **state)
{
    static const size_t pools[] = {1, 2, 5};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(pools); i++) {
        unsigned seen[INPUTS] = {0};
        struct readers *readers = open_pool(pools[i], 1000);
        for (uint64_t ticket = 0; ticket < INPUTS; ticket++)
            submit(readers, ticket);
        assert_int_equal(readers_pending(readers), INPUTS);
        while (readers_pending(readers) > 0)
            (void)take(readers, seen);
        for (size_t j = 0; j < INPUTS; j++)
            assert_int_equal(seen[j], 1);
        readers_close(readers);
    }
}

/** As a batch does it: as many as there is room for, then one out for each that goes in. */
static void inputs_and_answers_may_alternate(void **state)
{
    unsigned seen[INPUTS] = {0};
    struct readers *readers = open_pool(2, 1000);
    uint64_t ticket = 0;
    (void)state;
    while (ticket < INPUTS) {
        while (ticket < INPUTS && readers_may_submit(readers))
            submit(readers, ticket++);
        (void)take(readers, seen);
    }
    while (readers_pending(readers) > 0)
        (void)take(readers, seen);
    for (size_t i = 0; i < INPUTS; i++)
        assert_int_equal(seen[i], 1);
    // Nothing is left over: a pool that has rested goes on.
    unsigned again[INPUTS] = {0};
    submit(readers, 3);
    (void)take(readers, again);
    assert_int_equal(again[3], 1);
    readers_close(readers);
}

/** Nobody has looked for an answer meanwhile: each process holds as much as it may. */
static void a_pool_is_full_when_each_process_is(void **state)
{
    unsigned seen[INPUTS] = {0};
    (void)state;
    for (size_t count = 1; count <= 2; count++) {
        struct readers *readers = open_pool(count, 1000);
        for (uint64_t ticket = 0; ticket < WINDOW * count; ticket++) {
            assert_true(readers_may_submit(readers));
            submit(readers, ticket);
        }
        assert_false(readers_may_submit(readers));
        assert_int_equal(readers_pending(readers), WINDOW * count);
        memset(seen, 0, sizeof(seen));
        (void)take(readers, seen);
        assert_true(readers_may_submit(readers));
        readers_close(readers); // with answers that nobody took
    }
}

static void no_process_outlives_its_share(void **state)
{
    static const size_t lives[] = {1, 3, 40};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lives); i++) {
        unsigned seen[INPUTS] = {0};
        size_t most = 0;
        struct readers *readers = open_pool(2, lives[i]);
        for (uint64_t ticket = 0; ticket < 120; ticket++)
            submit(readers, ticket);
        while (readers_pending(readers) > 0) {
            size_t served = take(readers, seen);
            most = served > most ? served : most;
        }
        assert_int_equal(most + 1, lives[i]);
        readers_close(readers);
    }
}

static size_t open_files(void)
{
    size_t count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void a_pool_leaves_no_file_open(void **state)
{
    unsigned seen[INPUTS] = {0};
    size_t before = open_files();
    (void)state;
    struct readers *readers = open_pool(2, 1); // each input is some process's last
    for (uint64_t ticket = 0; ticket < 20; ticket++)
        submit(readers, ticket);
    for (int i = 0; i < 10; i++)
        (void)take(readers, seen);
    readers_close(readers);
    assert_int_equal(open_files(), before);
}

/** Tells the truth of all requests but the last. */
static void read_lying(struct bytes input, struct request ***ret_requests, size_t *ret_count)
{
    csr_read_all(input, ret_requests, ret_count);
    struct request *last = (*ret_requests)[*ret_count - 1];
    last->key_usage |= 1U << 5; // keyCertSign
}

static void a_lie_about_any_request_is_a_refusal_of_all(void **state)
{
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(builder_done) struct builder pem = BUILDER_INIT;
    struct error err = ERROR_INIT;
    struct readers *readers = NULL;
    EVP_PKEY *key = csr_key("ED25519");
    struct readers_settings settings = {
        .count = 1, .read = read_lying, .timeout_ms = 60000, .inputs_a_life = 1000};
    (void)state;
    csr_make(&(struct csr_recipe){.key = key}, &der);
    assert_true(readers_open_with(&settings, &readers, &err));
    for (int blocks = 1; blocks <= 3; blocks++) {
        struct reading *reading = NULL;
        encode_pem("CERTIFICATE REQUEST", builder_bytes(&der), &pem);
        assert_true(readers_submit(readers, (uint64_t)blocks, builder_bytes(&pem), &err));
        assert_true(readers_next(readers, &reading, &err));
        assert_int_equal(reading->ticket, blocks);
        assert_int_equal(reading->count, 1);
        const struct request *refused = reading->requests[0];
        assert_int_equal(refused->der.len, 0);
        assert_int_equal(refused->problems.count, 1);
        assert_string_equal(refused->problems.items[0].rule, "request.reader");
        assert_string_equal(
            refused->problems.items[0].text,
            "the process that read it failed: its result is not what the request says (the key usage "
            "asked for)");
        reading_free(reading);
    }
    // What has a problem is refused anyway: it does not matter what is said of it.
    struct reading *reading = NULL;
    assert_true(readers_submit(readers, 9, bytes_of(der.data, der.len - 1), &err));
    assert_true(readers_next(readers, &reading, &err));
    assert_true(findings_has(&reading->requests[0]->problems, "request.der"));
    reading_free(reading);
    readers_close(readers);
    EVP_PKEY_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_input_has_its_own_answer),
        cmocka_unit_test(inputs_and_answers_may_alternate),
        cmocka_unit_test(a_pool_is_full_when_each_process_is),
        cmocka_unit_test(no_process_outlives_its_share),
        cmocka_unit_test(a_pool_leaves_no_file_open),
        cmocka_unit_test(a_lie_about_any_request_is_a_refusal_of_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
