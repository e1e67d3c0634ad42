/* SPDX-License-Identifier: Apache-2.0 */
/* What a person is told of a file that is no request: what it is, and what to do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "csr_maker.h"
#include "request/csr.h"

#include <stdlib.h>

/** \param remedy NULL: none is known */
static void is_refused(struct bytes input, const char *rule, const char *text, const char *remedy)
{
    struct request **requests = NULL;
    size_t count = 0;
    csr_read_all(input, &requests, &count);
    assert_int_equal(count, 1);
    assert_int_equal(requests[0]->problems.count, 1);
    const struct finding *problem = &requests[0]->problems.items[0];
    assert_string_equal(problem->rule, rule);
    assert_string_equal(problem->text, text);
    assert_int_equal(problem->remedy == NULL, remedy == NULL);
    if (remedy != NULL)
        assert_string_equal(problem->remedy, remedy);
    request_free(requests[0]);
    free(requests);
}

#define UNKNOWN "neither DER nor PEM: not a certificate request", NULL
#define UTF16                                                                                                \
    "the file is UTF-16 text; PEM is ASCII (RFC 7468 3)",                                                    \
        "save it as ASCII or UTF-8: iconv -f UTF-16 -t UTF-8 FILE"
#define UTF32                                                                                                \
    "the file is UTF-32 text; PEM is ASCII (RFC 7468 3)",                                                    \
        "save it as ASCII or UTF-8: iconv -f UTF-32 -t UTF-8 FILE"
#define INDENTED                                                                                             \
    "the PEM block is indented: its BEGIN line has to start at the line's start (RFC 7468 2)",               \
        "remove the blanks before each line"
#define QUOTED                                                                                               \
    "something stands before BEGIN on its line, as in a mail or a script (RFC 7468 2)",                      \
        "bring the block CERTIFICATE REQUEST alone, each of its lines whole"
#define DASHES                                                                                               \
    "the BEGIN line of the request does not have its five dashes before and behind (RFC 7468 2)",            \
        "have the request exported again, as a file"
#define BASE64                                                                                               \
    "bare base64: the lines BEGIN and END around it are missing (RFC 7468 2)",                               \
        "put -----BEGIN CERTIFICATE REQUEST----- before it and -----END CERTIFICATE REQUEST----- behind it"
#define NOT_EXACT "the PEM block is not exact base64 (RFC 7468 3)", "have the request exported again"
#define PRIVATE "take the private key off the medium; a CA must never see it"
#define REQUEST(body) "-----BEGIN CERTIFICATE REQUEST-----" body "-----END CERTIFICATE REQUEST-----"

struct refusal {
    const char *input;
    const char *text;
    const char *remedy;
};

static void text_that_is_no_request_is_named(void **state)
{
    static const struct refusal cases[] = {
        {"text", UNKNOWN},
        {"0", UNKNOWN},
        {" -----BEGIN CERTIFICATE REQUEST-----", INDENTED},
        {"\t-----BEGIN CERTIFICATE REQUEST-----", INDENTED},
        {"text\n \t-----BEGIN CERTIFICATE REQUEST-----", INDENTED},
        {"text\r -----BEGIN CERTIFICATE REQUEST-----", INDENTED},
        {"text -----BEGIN CERTIFICATE REQUEST-----", QUOTED},
        {"> -----BEGIN CERTIFICATE REQUEST-----", QUOTED},
        {"x-----BEGIN A-----", QUOTED},
        {"----BEGIN CERTIFICATE REQUEST----", DASHES},
        {"----BEGIN NEW CERTIFICATE REQUEST----", DASHES},
        {"----BEGIN CERTIFICATE----", UNKNOWN},
        {"MAAAAA==", BASE64},
        {" M\tA\rA\nAAA==\n", BASE64},
        {"MAAA", UNKNOWN}, // too short for a SEQUENCE that holds something
        {"MQAAAA==", UNKNOWN},
        {"MAAAAA=", UNKNOWN},
        {"MAAAAA==x", UNKNOWN},
        {REQUEST("AA*A"), NOT_EXACT},
        {REQUEST(""), NOT_EXACT},
        {"-----BEGIN A", "a PEM block has no proper BEGIN line (RFC 7468 2)", NULL},
        {"-----BEGIN A-----", "a PEM block has no END line: the file was cut short", "copy the file again"},
        {"-----BEGIN A-----\n-----END A-----",
         "a PEM block \"A\" is something else, not a certificate request",
         "bring a block CERTIFICATE REQUEST"},
        {"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----",
         "a PEM block \"PRIVATE KEY\" is a private key, not a certificate request", PRIVATE},
        {"-----BEGIN EC PRIVATE KEY-----\n-----END EC PRIVATE KEY-----",
         "a PEM block \"EC PRIVATE KEY\" is a private key, not a certificate request", PRIVATE},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        is_refused(bytes_of_text(cases[i].input), "request.pem", cases[i].text, cases[i].remedy);
    is_refused(BYTES_LITERAL(""), "request.empty", "the file is empty", NULL);
}

static void wide_text_is_named(void **state)
{
#define WIDE "a\0b\0c\0d\0e\0f\0g\0"
#define HIGH "\0a\0b\0c\0d\0e\0f\0g"
    static const struct {
        struct bytes input;
        const char *text;
        const char *remedy;
    } cases[] = {
        {BYTES_LITERAL("\xff\xfe"), UTF16},
        {BYTES_LITERAL("\xfe\xff"), UTF16},
        {BYTES_LITERAL("\xff"), UNKNOWN},
        {BYTES_LITERAL("\xff\xff"), UNKNOWN},
        {BYTES_LITERAL("\xff\xfe\0\0"), UTF32},
        {BYTES_LITERAL("\xff\xfe\0"), UTF16},
        {BYTES_LITERAL("\0\0\xfe\xff"), UTF32},
        {BYTES_LITERAL("\0\0\xfe"), UNKNOWN},
        {BYTES_LITERAL(WIDE "h\0"), UTF16},
        {BYTES_LITERAL(WIDE "h\0i"), UTF16},
        {BYTES_LITERAL(WIDE "h"), UNKNOWN},
        {BYTES_LITERAL(HIGH "\0h"), UTF16},
        {BYTES_LITERAL(HIGH "\0h\0"), UTF16},
        {BYTES_LITERAL(HIGH "\0"), UNKNOWN},
        {BYTES_LITERAL(WIDE "h\1"), UNKNOWN},
        {BYTES_LITERAL(WIDE "\0h"), UNKNOWN},
        {BYTES_LITERAL("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), UNKNOWN},
        // Only the first 64 octets are looked at.
        {BYTES_LITERAL(WIDE WIDE WIDE WIDE "a\0b\0c\0d\0"
                                           "xx"),
         UTF16},
        {BYTES_LITERAL(WIDE WIDE WIDE WIDE "a\0b\0c\0dx"
                                           "xx"),
         UNKNOWN},
        {BYTES_LITERAL(WIDE WIDE WIDE WIDE "a\0b\0c\0dx"), UNKNOWN},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        is_refused(cases[i].input, "request.pem", cases[i].text, cases[i].remedy);
}

#define NONE "not a certificate request in DER", NULL
#define CERTIFICATE                                                                                          \
    "a certificate, not a certificate request", "bring the request it was made from, or a new one"
#define MESSAGE "a PKCS#7 message, not a certificate request", "bring the PKCS#10 request in it by itself"

/** Each long enough to look like DER. */
static void der_that_is_no_request_is_named(void **state)
{
    static const struct refusal cases[] = {
        {"30{30{a0{020102}020105}04{%s}}", CERTIFICATE},
        {"30{30{a0{020102}020105}%s", NONE}, // it does not end
        {"30{30{020105}04{%s}}", NONE},
        {"30{30{}04{%s}}", NONE},
        {"30{31{a0{020102}}04{%s}}", NONE},
        {"30{06{2a864886f70d010702}a0{04{%s}}}", MESSAGE},
        {"30{06{2a864886f70d010701}a0{04{%s}}}", MESSAGE},
        {"30{06{2a864886f70d0107}a0{04{%s}}}", MESSAGE},
        {"30{06{2a864886f70d01}a0{04{%s}}}", NONE},
        {"30{06{2a864886f70d010902}a0{04{%s}}}", NONE},
        {"30{04{%s}}", NONE},
    };
    AUTO(builder_done) struct builder filler = BUILDER_INIT;
    (void)state;
    for (int i = 0; i < 150; i++)
        builder_add_text(&filler, "00");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(builder_done) struct builder text = BUILDER_INIT;
        AUTO(builder_done) struct builder der = BUILDER_INIT;
        const char *at = strstr(cases[i].input, "%s");
        builder_add(&text, cases[i].input, (size_t)(at - cases[i].input));
        builder_add_text(&text, builder_text(&filler));
        bool is_cut = at[2] == '\0';
        builder_add_text(&text, is_cut ? "}" : at + 2);
        der_assemble(builder_text(&text), &der);
        if (is_cut)
            der.len--;
        is_refused(builder_bytes(&der), "request.der", cases[i].text, cases[i].remedy);
    }
}

static void keys_in_der_are_named(void **state)
{
    static const char *const spare[] = {
        "", "00000000000000000000000000000000000000000000000000000000000000000000"
            "00000000000000000000000000000000000000000000000000000000000000000000"
            "00000000000000000000000000000000000000000000000000000000000000000000"};
    (void)state;
    // Short, and long enough to look like a request.
    for (size_t i = 0; i < ARRAY_LEN(spare); i++) {
        AUTO(builder_done) struct builder text = BUILDER_INIT;
        AUTO(builder_done) struct builder der = BUILDER_INIT;
        builder_format(&text, "30{020100 30{06{2b6570}}04{04{%s 0011}}}", spare[i]);
        der_assemble(builder_text(&text), &der);
        is_refused(builder_bytes(&der), "request.pem",
                   "a private key in DER (PKCS #8), not a certificate request", PRIVATE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_that_is_no_request_is_named),
        cmocka_unit_test(wide_text_is_named),
        cmocka_unit_test(der_that_is_no_request_is_named),
        cmocka_unit_test(keys_in_der_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
