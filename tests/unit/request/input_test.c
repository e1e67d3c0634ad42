/* SPDX-License-Identifier: Apache-2.0 */
/* How an input is cut into pieces, and that an answer is about each of them: both sides of the socket cut alike. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "request/claims.h"
#include "request/csr_cut.h"
#include "request/csr_parts.h"

#include <stdio.h>

#define BEGIN(label) "-----BEGIN " label "-----"
#define END(label) "-----END " label "-----"
#define REQUEST "CERTIFICATE REQUEST"
#define LABEL_64 "0123456789012345678901234567890123456789012345678901234567890123"

/* ---- pieces ---- */

/** Cuts the input, and puts down its pieces: "block(BODY) label[LABEL](BODY) ...". */
static void cut_up(struct bytes input, struct builder *ret_text)
{
    static const char *const kinds[] = {"empty", "large",    "der",    "other", "block",
                                        "label", "no-begin", "no-end", "many"};
    struct csr_piece piece;
    struct csr_cutter cutter = csr_cutter(input);
    while (csr_cut(&cutter, &piece)) {
        builder_add_text(ret_text, kinds[piece.kind]);
        if (piece.label.data != NULL)
            builder_format(ret_text, "[%.*s]", (int)piece.label.len, (const char *)piece.label.data);
        builder_format(ret_text, "(%.*s) ", (int)piece.body.len, (const char *)piece.body.data);
    }
    assert_false(csr_cut(&cutter, &piece));
}

static void is_cut_into(struct bytes input, const char *pieces)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    cut_up(input, &text);
    assert_string_equal(builder_text(&text), pieces);
}

static void cuts_blocks_and_the_text_around_them(void **state)
{
    static const struct {
        const char *input;
        const char *pieces;
    } cases[] = {
        {BEGIN(REQUEST) "abc" END(REQUEST), "block[" REQUEST "](abc) "},
        {"\xef\xbb\xbf" BEGIN(REQUEST) "abc" END(REQUEST), "block[" REQUEST "](abc) "},
        {BEGIN("NEW " REQUEST) "\nabc\n" END("NEW " REQUEST) "\n", "block[NEW " REQUEST "](\nabc\n) "},
        {"text\n" BEGIN(REQUEST) "a" END(REQUEST) "text\r" BEGIN(REQUEST) "b" END(REQUEST) "text",
         "block[" REQUEST "](a) block[" REQUEST "](b) "},
        // Not at the start of a line: it does not begin there.
        {"x" BEGIN(REQUEST) "a" END(REQUEST) "\n" BEGIN(REQUEST) "b" END(REQUEST), "block[" REQUEST "](b) "},
        {" " BEGIN(REQUEST) "a" END(REQUEST), "other( " BEGIN(REQUEST) "a" END(REQUEST) ") "},
        // Other labels, among them those that only begin or end alike.
        {BEGIN("CERTIFICATE") "a" END("CERTIFICATE"), "label[CERTIFICATE](a) "},
        {BEGIN(REQUEST "S") "a" END(REQUEST "S"), "label[" REQUEST "S](a) "},
        {BEGIN("OLD " REQUEST) "a" END("OLD " REQUEST), "label[OLD " REQUEST "](a) "},
        {BEGIN("") "a" END(""), "label[](a) "},
        {BEGIN(LABEL_64) "a" END(LABEL_64), "label[" LABEL_64 "](a) "},
        {BEGIN(LABEL_64 "4") "a" END(LABEL_64 "4"), "no-begin() "},
        {BEGIN(LABEL_64) "a-----END 012345678901234567890123456789012345678901234567890123456789"
                         "9999-----",
         "no-end[" LABEL_64 "]() "},
        // BEGIN lines that are none.
        {"-----BEGIN " REQUEST, "no-begin() "},
        {"-----BEGIN " REQUEST "----", "no-begin() "},
        {"-----BEGIN A\nB-----\n" BEGIN(REQUEST) "a" END(REQUEST), "no-begin() block[" REQUEST "](a) "},
        // Blocks without an end: a later one may have its own.
        {BEGIN(REQUEST), "no-end[" REQUEST "]() "},
        {BEGIN(REQUEST) "a-----END " REQUEST "----", "no-end[" REQUEST "]() "},
        {BEGIN(REQUEST) "a" END("CERTIFICATE"), "no-end[" REQUEST "]() "},
        {BEGIN("A") "\n" BEGIN(REQUEST) "a" END(REQUEST), "no-end[A]() block[" REQUEST "](a) "},
        // A block that is not ended before the next begins holds it.
        {BEGIN(REQUEST) "\n" BEGIN(REQUEST) "a" END(REQUEST), "block[" REQUEST "](\n" BEGIN(REQUEST) "a) "},
        {BEGIN("A") "\n" BEGIN(REQUEST) "a" END(REQUEST) "\n" END("A"),
         "label[A](\n" BEGIN(REQUEST) "a" END(REQUEST) "\n) "},
        {"text", "other(text) "},
        {"", "empty() "},
        {"\xef\xbb\xbf", "empty() "},
        {"\xef\xbb", "other(\xef\xbb) "},
        {"\xef\xbb\xbe", "other(\xef\xbb\xbe) "},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        is_cut_into(bytes_of_text(cases[i].input), cases[i].pieces);
}

/** A SEQUENCE with a long length is DER, whatever follows. */
static void tells_der_by_its_first_octets(void **state)
{
    (void)state;
    is_cut_into(BYTES_LITERAL("0\x81"), "der(0\x81) ");
    is_cut_into(BYTES_LITERAL("0\x82zz\n" BEGIN("A")), "der(0\x82zz\n" BEGIN("A") ") ");
    is_cut_into(BYTES_LITERAL("0"), "other(0) ");
    is_cut_into(BYTES_LITERAL("0\x7f"), "other(0\x7f) ");
    is_cut_into(BYTES_LITERAL("1\x81"), "other(1\x81) ");
    is_cut_into(BYTES_LITERAL("\xef\xbb\xbf"
                              "0\x81"),
                "der(0\x81) ");
}

static void takes_64_kib_and_not_an_octet_more(void **state)
{
    uint8_t *largest = memory_new(REQUEST_MAX_FILE_LEN + 1, 1);
    struct csr_piece piece;
    (void)state;
    memset(largest, 'x', REQUEST_MAX_FILE_LEN + 1);
    for (size_t more = 0; more <= 1; more++) {
        struct csr_cutter cutter = csr_cutter(bytes_of(largest, REQUEST_MAX_FILE_LEN + more));
        assert_true(csr_cut(&cutter, &piece));
        assert_int_equal(piece.kind, more == 0 ? CSR_PIECE_OTHER : CSR_PIECE_LARGE);
        assert_false(csr_cut(&cutter, &piece));
    }
    free(largest);
}

static void says_once_that_blocks_are_too_many(void **state)
{
    (void)state;
    for (size_t blocks = CSR_MAX_PEM_BLOCKS; blocks <= CSR_MAX_PEM_BLOCKS + 2; blocks++) {
        AUTO(builder_done) struct builder input = BUILDER_INIT;
        struct csr_piece piece;
        size_t taken = 0;
        size_t refused = 0;
        for (size_t i = 0; i < blocks; i++)
            builder_add_text(&input, BEGIN("A") END("A") "\n");
        struct csr_cutter cutter = csr_cutter(builder_bytes(&input));
        while (csr_cut(&cutter, &piece)) {
            assert_true(piece.kind == CSR_PIECE_LABEL || piece.kind == CSR_PIECE_MANY);
            assert_true(refused == 0);
            taken += piece.kind == CSR_PIECE_LABEL;
            refused += piece.kind == CSR_PIECE_MANY;
        }
        assert_int_equal(taken, CSR_MAX_PEM_BLOCKS);
        assert_int_equal(refused, blocks > CSR_MAX_PEM_BLOCKS);
    }
}

static void unpacks_exact_base64_and_passes_over_blanks(void **state)
{
    static const struct {
        const char *body;
        const char *der; /* NULL: refused */
    } cases[] = {{"YWJj", "abc"}, {" Y\tW\rJ\nj ", "abc"}, {"YQ==", "a"},
                 {"", NULL},      {" \t\r\n", NULL},       {"Y", NULL},
                 {"YQ=", NULL},   {"YR==", NULL},          {"YWJj\x0b", NULL},
                 {"YW-j", NULL},  {"YQ==YQ==", NULL},      {"YWJjYQ==", "abca"}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(builder_done) struct builder der = BUILDER_INIT;
        assert_int_equal(csr_unpack(bytes_of_text(cases[i].body), &der), cases[i].der != NULL);
        if (cases[i].der != NULL)
            assert_string_equal(builder_text(&der), cases[i].der);
    }
}

/* ---- answers about them ---- */

#define MAX_REQUESTS 4

/** What an answer says the requests are: their DER; "" is a refusal, NULL ends the list. */
static bool fits(const char *input, const char *const said[MAX_REQUESTS], struct error *ret_why)
{
    struct request requests[MAX_REQUESTS] = {0};
    struct request *places[MAX_REQUESTS];
    struct reading reading = {.requests = places};
    *ret_why = (struct error)ERROR_INIT;
    while (reading.count < MAX_REQUESTS && said[reading.count] != NULL) {
        requests[reading.count].der = bytes_of_text(said[reading.count]);
        places[reading.count] = &requests[reading.count];
        reading.count++;
    }
    return claims_fit_input(bytes_of_text(input), &reading, ret_why);
}

#define BLOCK_A BEGIN(REQUEST) "YQ==" END(REQUEST) "\n"
#define BLOCK_B BEGIN(REQUEST) "Yg==" END(REQUEST) "\n"
#define BLOCK_C BEGIN(REQUEST) "Yw==" END(REQUEST) "\n"
#define NOT_BASE64 BEGIN(REQUEST) "Y" END(REQUEST) "\n"
#define OTHER_LABEL BEGIN("A") "YQ==" END("A") "\n"

static void takes_answers_about_every_piece(void **state)
{
    static const struct {
        const char *input;
        const char *said[MAX_REQUESTS];
    } cases[] = {
        {"0\x81 der", {"0\x81 der"}},
        {"0\x81 der", {""}},
        {BLOCK_A, {"a"}},
        {BLOCK_A BLOCK_B BLOCK_C, {"a", "b", "c"}},
        {BLOCK_A BLOCK_B BLOCK_C, {"a", "", "c"}},
        {BLOCK_A OTHER_LABEL BLOCK_C, {"a", "", "c"}},
        {BLOCK_A BLOCK_B BLOCK_C, {""}}, // a whole file may be refused
        {NOT_BASE64, {""}},
        {"", {""}},
        {"text", {""}},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error why;
        if (!fits(cases[i].input, cases[i].said, &why))
            fail_msg("%zu: %s", i, why.text);
    }
}

static void refuses_answers_about_anything_else(void **state)
{
    static const struct {
        const char *input;
        const char *said[MAX_REQUESTS];
        const char *why;
    } cases[] = {
        {"0\x81 der", {"0\x81 dez"}, "another request"},
        {"0\x81 der", {"0\x81 de"}, "another request"},
        {BLOCK_A, {"b"}, "another request"},
        {BLOCK_A, {"YQ=="}, "another request"},
        {BLOCK_A BLOCK_B, {"b", "a"}, "another request"},
        {BLOCK_A BLOCK_B BLOCK_C, {"a", "b", "b"}, "another request"},
        {BLOCK_A BLOCK_B BLOCK_C, {"a", "c"}, "another request"},
        {OTHER_LABEL, {"a"}, "another request"},
        {OTHER_LABEL, {"YQ=="}, "another request"},
        {NOT_BASE64, {"a"}, "another request"},
        {"text", {"text"}, "another request"},
        {BLOCK_A BLOCK_B, {"a"}, "its result has 1 requests, the file has 2"},
        {BLOCK_A, {"a", "b"}, "its result has 2 requests, the file has 1"},
        {BLOCK_A, {"a", ""}, "its result has 2 requests, the file has 1"},
        {"0\x81 der", {"0\x81 der", "0\x81 der"}, "its result has 2 requests, the file has 1"},
        {BLOCK_A BLOCK_B BLOCK_C, {"", "b"}, "its result has 2 requests, the file has 3"},
        {"text", {"", ""}, "its result has 2 requests, the file has 1"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error why;
        if (fits(cases[i].input, cases[i].said, &why))
            fail_msg("%zu is taken", i);
        assert_int_equal(why.kind, ERROR_INPUT);
        if (strstr(why.text, cases[i].why) == NULL)
            fail_msg("%zu: %s", i, why.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_blocks_and_the_text_around_them),
        cmocka_unit_test(tells_der_by_its_first_octets),
        cmocka_unit_test(takes_64_kib_and_not_an_octet_more),
        cmocka_unit_test(says_once_that_blocks_are_too_many),
        cmocka_unit_test(unpacks_exact_base64_and_passes_over_blanks),
        cmocka_unit_test(takes_answers_about_every_piece),
        cmocka_unit_test(refuses_answers_about_anything_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
