/* SPDX-License-Identifier: Apache-2.0 */
/* Cutting files into requests: DER, PEM, several PEMs, and what is neither. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/encode.h"
#include "base/memory.h"
#include "csr_maker.h"
#include "request/csr.h"

#include <stdlib.h>

static struct builder der;
static struct builder pem;

static int make_request(void **state)
{
    (void)state;
    EVP_PKEY *key = csr_key("ED25519");
    csr_make(&(struct csr_recipe){.key = key}, &der);
    encode_pem("CERTIFICATE REQUEST", builder_bytes(&der), &pem);
    EVP_PKEY_free(key);
    return 0;
}

static int free_request(void **state)
{
    (void)state;
    builder_done(&der);
    builder_done(&pem);
    return 0;
}

/** Reads input and checks for each request whether it is sound ('+') or has this one rule. */
static void reads_as(struct bytes input, const char *const *expected, size_t expected_count)
{
    struct request **requests = NULL;
    size_t count = 0;
    csr_read_all(input, &requests, &count);
    assert_int_equal(count, expected_count);
    for (size_t i = 0; i < count; i++) {
        if (*expected[i] == '+') {
            assert_int_equal(requests[i]->problems.count, 0);
            assert_true(bytes_equal(requests[i]->der, builder_bytes(&der)));
        } else {
            assert_int_equal(requests[i]->problems.count, 1);
            assert_string_equal(requests[i]->problems.items[0].rule, expected[i]);
        }
        request_free(requests[i]);
    }
    free(requests);
}

static void reads_text_as(const char *text, const char *expected)
{
    reads_as(bytes_of_text(text), &expected, 1);
}

static void reads_der(void **state)
{
    static const char *const sound[] = {"+"};
    (void)state;
    reads_as(builder_bytes(&der), sound, 1);
}

static void reads_several_blocks_with_text_around_them(void **state)
{
    static const char *const expected[] = {"+", "request.pem", "+"};
    struct builder text = BUILDER_INIT;
    (void)state;
    builder_add_text(&text, "0 Certificate Request:\r\n    Data:\n");
    builder_add_bytes(&text, builder_bytes(&pem));
    builder_add_text(&text, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\nmore text\n");
    encode_pem("NEW CERTIFICATE REQUEST", builder_bytes(&der), &text);
    reads_as(builder_bytes(&text), expected, 3);
    builder_done(&text);
}

static void reads_lines_ended_as_windows_does_and_a_byte_order_mark(void **state)
{
    static const char *const sound[] = {"+"};
    struct builder text = BUILDER_INIT;
    (void)state;
    builder_add_text(&text, "\xef\xbb\xbf");
    for (size_t i = 0; i < pem.len; i++) {
        if (pem.data[i] == '\n')
            builder_add_u8(&text, '\r');
        builder_add_u8(&text, pem.data[i]);
    }
    reads_as(builder_bytes(&text), sound, 1);
    builder_done(&text);
}

static void refuses_what_is_no_request(void **state)
{
    (void)state;
    reads_text_as("", "request.empty");
    reads_text_as("hello", "request.pem");
    reads_text_as("x-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n",
                  "request.pem");
    reads_text_as("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n", "request.pem");
    reads_text_as("-----BEGIN CERTIFICATE REQUEST\nAAAA\n", "request.pem");
    reads_text_as("-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE REQUEST-----\n", "request.pem");
    reads_text_as("-----BEGIN CERTIFICATE REQUEST-----\nAA*A\n-----END CERTIFICATE REQUEST-----\n",
                  "request.pem");
    reads_text_as("-----BEGIN CERTIFICATE REQUEST-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END CERTIFICATE "
                  "REQUEST-----\n",
                  "request.pem");
    reads_text_as("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n",
                  "request.der");
}

static void says_that_a_private_key_lies_about(void **state)
{
    struct request **requests = NULL;
    size_t count = 0;
    (void)state;
    csr_read_all(BYTES_LITERAL("-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n"),
                 &requests, &count);
    assert_int_equal(count, 1);
    assert_non_null(strstr(requests[0]->problems.items[0].text, "private key"));
    assert_non_null(strstr(requests[0]->problems.items[0].remedy, "off the medium"));
    request_free(requests[0]);
    free(requests);
}

static void shows_a_hostile_label_harmless(void **state)
{
    struct request **requests = NULL;
    size_t count = 0;
    (void)state;
    csr_read_all(BYTES_LITERAL("-----BEGIN \x1b[2J-----\nAAAA\n-----END \x1b[2J-----\n"), &requests, &count);
    assert_int_equal(count, 1);
    assert_null(strchr(requests[0]->problems.items[0].text, '\x1b'));
    assert_non_null(strstr(requests[0]->problems.items[0].text, "\\x1b[2J"));
    request_free(requests[0]);
    free(requests);
}

static void stops_at_1024_blocks(void **state)
{
    struct builder text = BUILDER_INIT;
    struct request **requests = NULL;
    size_t count = 0;
    (void)state;
    for (int i = 0; i < 1100; i++)
        builder_add_text(&text, "-----BEGIN A-----\nAAAA\n-----END A-----\n");
    csr_read_all(builder_bytes(&text), &requests, &count);
    assert_int_equal(count, 1025);
    assert_non_null(strstr(requests[1024]->problems.items[0].text, "more than 1024"));
    for (size_t i = 0; i < count; i++)
        request_free(requests[i]);
    free(requests);
    builder_done(&text);
}

static void refuses_more_than_64_kib_unread(void **state)
{
    uint8_t *large = memory_new(REQUEST_MAX_FILE_LEN + 1, 1);
    static const char *const expected[] = {"request.size"};
    (void)state;
    reads_as(bytes_of(large, REQUEST_MAX_FILE_LEN + 1), expected, 1);
    free(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_der),
        cmocka_unit_test(reads_several_blocks_with_text_around_them),
        cmocka_unit_test(reads_lines_ended_as_windows_does_and_a_byte_order_mark),
        cmocka_unit_test(refuses_what_is_no_request),
        cmocka_unit_test(says_that_a_private_key_lies_about),
        cmocka_unit_test(shows_a_hostile_label_harmless),
        cmocka_unit_test(stops_at_1024_blocks),
        cmocka_unit_test(refuses_more_than_64_kib_unread),
    };
    return cmocka_run_group_tests(tests, make_request, free_request);
}
