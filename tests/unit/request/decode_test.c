/* SPDX-License-Identifier: Apache-2.0 */
/* Messages written part by part, as csr_wire.h says: what a reader may say, and where the first octet beyond it is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "csr_maker.h"
#include "request/csr.h"
#include "request/csr_parts.h"
#include "request/csr_wire.h"

#include <stdio.h>

enum part {
    MAGIC,
    DER,
    FLAGS,
    KIND,
    USAGE,
    PATH,
    SUBJECT,
    SPKI,
    NAMES,
    SANS,
    EXTENSIONS,
    PURPOSES,
    PROBLEMS,
    END,
    PART_COUNT
};

static struct builder der;
static struct request *honest;
static char *parts[PART_COUNT]; /* what is true of it, in der_assemble()'s language */

static struct bytes in_der(const char *text)
{
    const uint8_t *found = memmem(honest->der.data, honest->der.len, text, strlen(text));
    assert_non_null(found);
    return bytes_of(found, strlen(text));
}

static const char *view(struct bytes part)
{
    static char texts[4][32];
    static unsigned next;
    char *text = texts[next++ % ARRAY_LEN(texts)];
    (void)snprintf(text, 32, "%08zx%08zx", (size_t)(part.data - honest->der.data), part.len);
    return text;
}

#define CN "0007'2.5.4.3'"
#define PROBLEM "0001'r'ffffffffffff0001't'ffff"

static int write_parts(void **state)
{
    AUTO(builder_done) struct builder hex = BUILDER_INIT;
    EVP_PKEY *key = csr_key("ED25519");
    (void)state;
    char *attribute = csr_extension_request("30{06{551d0f}0101ff04{03{0780}}}30{06{551d25}04{30{06{2a0305}}}}"
                                            "30{06{551d11}04{30{82{'a.example'}}}}30{06{2a0304}04{0500}}");
    csr_make(&(struct csr_recipe){.key = key, .attributes = attribute}, &der);
    honest = csr_read(builder_bytes(&der));
    const struct request_extension *extensions = honest->extensions;
    for (size_t i = 0; i < der.len; i++)
        builder_format(&hex, "%02x", der.data[i]);
    parts[MAGIC] = memory_text("'csr1'");
    parts[DER] = memory_format("%08zx%s", der.len, builder_text(&hex));
    parts[FLAGS] = memory_text("0047"); // SAN, key usage, extended key usage, proof of possession
    parts[KIND] = memory_format("%02x", SIGNATURE_ED25519);
    parts[USAGE] = memory_text("0001");
    parts[PATH] = memory_text("00000000");
    parts[SUBJECT] = memory_text(view(honest->subject));
    parts[SPKI] = memory_text(view(honest->spki));
    parts[NAMES] = memory_text("0001" CN "0008'device-1'0c0000");
    parts[SANS] = memory_format("000102%s", view(in_der("a.example")));
    parts[EXTENSIONS] =
        memory_format("00040009'2.5.29.15'01%s0009'2.5.29.37'00%s0009'2.5.29.17'00%s0007'1.2.3.4'00%s",
                      view(extensions[0].value), view(extensions[1].value), view(extensions[2].value),
                      view(extensions[3].value));
    parts[PURPOSES] = memory_text("00010007'1.2.3.5'");
    parts[PROBLEMS] = memory_text("0000");
    parts[END] = memory_text("");
    EVP_PKEY_free(key);
    free(attribute);
    return 0;
}

static int free_parts(void **state)
{
    (void)state;
    for (size_t i = 0; i < PART_COUNT; i++)
        free(parts[i]);
    request_free(honest);
    builder_done(&der);
    return 0;
}

/** What is said instead. */
struct change {
    enum part part;
    const char *text;
};

static void assemble(struct change one, struct change other, struct builder *ret_message)
{
    for (enum part i = 0; i < PART_COUNT; i++) {
        const char *text = i == other.part && other.text != NULL ? other.text : parts[i];
        der_assemble(i == one.part && one.text != NULL ? one.text : text, ret_message);
    }
}

/** \param why NULL: it is taken */
static void both_are_answered(struct change one, struct change other, const char *why)
{
    AUTO(builder_done) struct builder message = BUILDER_INIT;
    struct request *request = NULL;
    struct error err = ERROR_INIT;
    assemble(one, other, &message);
    bool is_taken = csr_decode(builder_bytes(&message), &request, &err);
    if (is_taken != (why == NULL))
        fail_msg("part %d: %.200s: %s", one.part, one.text, is_taken ? "is taken" : err.text);
    if (is_taken) {
        request_free(request);
        return;
    }
    assert_null(request);
    assert_int_equal(err.kind, ERROR_INPUT);
    char *text = memory_format("a parser process's message is malformed: %s", why);
    assert_string_equal(err.text, text);
    free(text);
}

static void answered(enum part part, const char *text, const char *why)
{
    both_are_answered((struct change){part, text}, (struct change){END, NULL}, why);
}

#define BOUNDS "a count is out of bounds"
#define NUMBER "a number is out of bounds"
#define EARLY "it ends too early"
#define OUTSIDE "a part lies outside the request"
#define UNNAMED "it names no problem, but the facts have one"
#define UNFIT "what was read and the extensions do not fit"
#define NO_OID "an object identifier is malformed"
#define NO_TEXT "a text is not UTF-8 or has a NUL in it"
#define HARMFUL "a text of a problem has harmful characters"
#define ORDER "the parts of the subject are out of order"

static void a_request_is_written_as_documented(void **state)
{
    AUTO(builder_done) struct builder message = BUILDER_INIT;
    AUTO(builder_done) struct builder sent = BUILDER_INIT;
    (void)state;
    assemble((struct change){END, NULL}, (struct change){END, NULL}, &message);
    csr_encode(honest, &sent);
    assert_true(bytes_equal(builder_bytes(&sent), builder_bytes(&message)));
    answered(END, "", NULL);
}

static void numbers_and_texts_have_bounds(void **state)
{
    static const struct {
        enum part part;
        const char *text;
        const char *why;
    } cases[] = {
        {MAGIC, "'csr2'", "it is not a request"},
        {END, "00", "bytes follow it"},
        {FLAGS, "0067", NULL}, // with a challenge password
        {FLAGS, "00c7", NUMBER},
        {FLAGS, "8047", NUMBER},
        {FLAGS, "0007", UNNAMED},
        {FLAGS, "0046", UNFIT},
        {FLAGS, "0045", UNFIT},
        {FLAGS, "0043", UNFIT},
        {FLAGS, "004f", UNFIT},
        {KIND, "00", "the request is signed with another algorithm"},
        {KIND, "ff", NUMBER},
        {USAGE, "01ff", NULL},
        {USAGE, "0200", NUMBER},
        {PATH, "00000100", NULL},
        {PATH, "00000101", NUMBER},
        {PATH, "80000000", NUMBER},
        {NAMES, "0000", NULL},
        {NAMES, "0001" CN "0001'x'0c0001", ORDER},
        {NAMES, "0002" CN "0001'x'0c0000" CN "0001'y'0c0000", NULL},
        {NAMES, "0002" CN "0001'x'0c0000" CN "0001'y'0c0001", NULL},
        {NAMES, "0002" CN "0001'x'0c0000" CN "0001'y'0c0002", ORDER},
        {NAMES, "0003" CN "0001'x'0c0000" CN "0001'y'0c0001" CN "0001'z'0c0000", ORDER},
        {NAMES, "0001" CN "ffff0c0000", "an attribute has no value"},
        {NAMES, "0001" CN "00000c0000", UNNAMED},
        {NAMES, "0001" CN "0003'a'00'b'0c0000", NO_TEXT},
        {NAMES, "0001" CN "0001ff0c0000", NO_TEXT},
        {NAMES, "0001" CN "0001000c0000", NO_TEXT},
        {NAMES, "0001ffff0001'x'0c0000", NO_OID},
        {NAMES, "000100000001'x'0c0000", NO_OID},
        {NAMES, "00010002'1.'0001'x'0c0000", NO_OID},
        {NAMES, "00010002'.1'0001'x'0c0000", NO_OID},
        {NAMES, "00010004'1..2'0001'x'0c0000", NO_OID},
        {NAMES, "00010003'1.:'0001'x'0c0000", NO_OID},
        {NAMES, "00010003'1./'0001'x'0c0000", NO_OID},
        {NAMES, "00010004'1.09'0001'x'0c0000", NULL},
        {NAMES, "00010001'1'0001'x'0c0000", NULL},
        {SANS,
         "000109"
         "0000000000000000",
         "a SAN is of no kind there is"},
        {SANS,
         "0001ff"
         "0000000000000000",
         "a SAN is of no kind there is"},
        {SANS,
         "000108"
         "0000000000000000",
         UNNAMED},
        {SANS,
         "000103"
         "0000000000000000",
         NULL},
        {SANS, "0000", NULL},
        {EXTENSIONS, "0000", UNFIT},
        {PURPOSES, "0000", NULL},
        {PURPOSES, "0001ffff", NO_OID},
        {PURPOSES, "00020007'1.2.3.5'0001'x'", NO_OID},
        {PROBLEMS, "0001" PROBLEM, NULL},
        {PROBLEMS, "0002" PROBLEM PROBLEM, NULL},
        {PROBLEMS, "0001ffffffffffffffff0001't'ffff", "a problem has no rule or no text"},
        {PROBLEMS, "00010001'r'ffffffffffffffffffff", "a problem has no rule or no text"},
        {PROBLEMS,
         "00010001"
         "0a"
         "ffffffffffff0001't'ffff",
         HARMFUL},
        {PROBLEMS,
         "00010001'r'0001"
         "1b"
         "ffffffff0001't'ffff",
         HARMFUL},
        {PROBLEMS,
         "00010001'r'ffff0001"
         "1b"
         "ffff0001't'ffff",
         HARMFUL},
        {PROBLEMS,
         "00010001'r'ffffffff0001"
         "1b"
         "0001't'ffff",
         HARMFUL},
        {PROBLEMS,
         "00010001'r'ffffffffffff0001"
         "1b"
         "ffff",
         HARMFUL},
        {PROBLEMS,
         "00010001'r'ffffffffffff0001't'0001"
         "1b",
         HARMFUL},
        {PROBLEMS, "00010001'r'ffffffffffff0005'\\x1b\\'0004'\\x1b'", NULL},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        answered(cases[i].part, cases[i].text, cases[i].why);
}

static void the_first_fault_is_the_one_that_is_told(void **state)
{
    (void)state;
    both_are_answered((struct change){MAGIC, "'csr2'"}, (struct change){END, "00"}, "it is not a request");
    both_are_answered((struct change){FLAGS, "0080"}, (struct change){PURPOSES, "0100"}, NUMBER);
    both_are_answered((struct change){FLAGS, "0047"}, (struct change){PROBLEMS, "0001"}, EARLY);
}

/** What has a problem needs not be sound, if the reader says so. */
static void doubtful_facts_are_taken_of_a_request_with_a_problem(void **state)
{
    static const struct change doubts[] = {{FLAGS, "0007"},
                                           {SUBJECT, "0000000000000000"},
                                           {SPKI, "0000000000000000"},
                                           {NAMES, "0001" CN "00000c0000"},
                                           {SANS, "0001080000000000000000"}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(doubts); i++) {
        answered(doubts[i].part, doubts[i].text, UNNAMED);
        both_are_answered(doubts[i], (struct change){PROBLEMS, "0001" PROBLEM}, NULL);
    }
}

/** Extensions and the flags of what was read in them go together. */
static void what_was_read_is_what_is_asked_for(void **state)
{
    static const struct {
        const char *oid;
        const char *flags;
    } cases[] = {{"2.5.29.17", "0041"},
                 {"2.5.29.15", "0042"},
                 {"2.5.29.37", "0044"},
                 {"2.5.29.19", "0048"},
                 {"2.5.29.20", "0040"}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        for (size_t j = 0; j < ARRAY_LEN(cases); j++) {
            char *extension =
                memory_format("00010009'%s'00%s", cases[i].oid, view(honest->extensions[0].value));
            both_are_answered((struct change){EXTENSIONS, extension}, (struct change){FLAGS, cases[j].flags},
                              i == j ? NULL : UNFIT);
            free(extension);
        }
    }
    const char *at = view(honest->extensions[3].value);
    char *twice = memory_format("00020007'1.2.3.4'00%s0007'1.2.3.4'01%s", at, at);
    both_are_answered((struct change){EXTENSIONS, twice}, (struct change){FLAGS, "0040"},
                      "an extension is there twice");
    free(twice);
    char *odd = memory_format("00010007'1.2.3.4'02%s", at);
    both_are_answered((struct change){EXTENSIONS, odd}, (struct change){FLAGS, "0040"},
                      "a yes or no is neither");
    free(odd);
}

static void parts_lie_within_the_request(void **state)
{
    const struct {
        size_t offset;
        size_t len;
        const char *why;
    } cases[] = {
        {0, der.len, NULL},    {der.len - 1, 1, NULL},   {1, der.len - 1, NULL},    {0, der.len + 1, OUTSIDE},
        {1, der.len, OUTSIDE}, {der.len, 1, OUTSIDE},    {der.len + 1, 1, OUTSIDE}, {1, 0, OUTSIDE},
        {der.len, 0, OUTSIDE}, {0xffffffff, 2, OUTSIDE}, {2, 0xffffffff, OUTSIDE},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *text = memory_format("%08zx%08zx", cases[i].offset, cases[i].len);
        answered(SUBJECT, text, cases[i].why);
        free(text);
    }
}

static void what_is_no_request_is_doubted(void **state)
{
    (void)state;
    assert_int_equal(strncmp(parts[DER] + 8, "30", 2), 0);
    parts[DER][9] = '1'; // a SET
    answered(END, "", UNNAMED);
    answered(PROBLEMS, "0001" PROBLEM, NULL);
    parts[DER][9] = '0';
}

/** "NNNN" and the same item so many times. */
static char *many(size_t count, const char *item)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    builder_format(&text, "%04zx", count);
    for (size_t i = 0; i < count; i++)
        builder_add_text(&text, item);
    return builder_take_text(&text);
}

static void counts_have_bounds(void **state)
{
    const struct {
        enum part part;
        size_t max;
        const char *item;
    } cases[] = {
        {NAMES, CSR_MAX_ATTRIBUTES, CN "0001'x'0c0000"},
        {SANS, CSR_MAX_SANS, "030000000000000000"},
        {PURPOSES, CSR_MAX_USAGES, "0007'1.2.3.5'"},
        {PROBLEMS, REQUEST_MAX_PROBLEMS, PROBLEM},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        for (size_t more = 0; more <= 1; more++) {
            char *text = many(cases[i].max + more, cases[i].item);
            answered(cases[i].part, text, more == 0 ? NULL : BOUNDS);
            free(text);
        }
    }
    for (size_t more = 0; more <= 1; more++) {
        AUTO(builder_done) struct builder text = BUILDER_INIT;
        builder_format(&text, "%04zx", CSR_MAX_EXTENSIONS + more);
        for (size_t i = 0; i < CSR_MAX_EXTENSIONS + more; i++)
            builder_format(&text, "0008'1.2.3.%02zu'00%016x", i, 0U);
        both_are_answered((struct change){EXTENSIONS, builder_text(&text)}, (struct change){FLAGS, "0040"},
                          more == 0 ? NULL : BOUNDS);
    }
}

/** A text of len characters, in front of it its length. */
static char *text_of(size_t len, const char *before, const char *characters, const char *behind)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    builder_format(&text, "%s%04zx'", before, len);
    for (size_t i = 0; i < len; i++)
        builder_add_u8(&text, (uint8_t)characters[i % strlen(characters)]);
    builder_format(&text, "'%s", behind);
    return builder_take_text(&text);
}

static void texts_have_bounds(void **state)
{
    const struct {
        enum part part;
        size_t max;
        const char *before, *characters, *behind;
    } cases[] = {
        {NAMES, CSR_MAX_VALUE_LEN, "0001" CN, "x", "0c0000"},
        {NAMES, CSR_MAX_OID_TEXT - 1, "0001", "1", "0001'x'0c0000"},
        {PURPOSES, CSR_MAX_OID_TEXT - 1, "0001", "1", ""},
        {PROBLEMS, CSR_WIRE_MAX_TEXT, "00010001'r'ffffffffffff", "t", "ffff"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        for (size_t more = 0; more <= 1; more++) {
            char *text = text_of(cases[i].max + more, cases[i].before, cases[i].characters, cases[i].behind);
            // What is too long is not even looked at.
            answered(cases[i].part, text, more == 0 ? NULL : EARLY);
            free(text);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_written_as_documented),
        cmocka_unit_test(numbers_and_texts_have_bounds),
        cmocka_unit_test(the_first_fault_is_the_one_that_is_told),
        cmocka_unit_test(doubtful_facts_are_taken_of_a_request_with_a_problem),
        cmocka_unit_test(what_was_read_is_what_is_asked_for),
        cmocka_unit_test(parts_lie_within_the_request),
        cmocka_unit_test(what_is_no_request_is_doubted),
        cmocka_unit_test(counts_have_bounds),
        cmocka_unit_test(texts_have_bounds),
    };
    return cmocka_run_group_tests(tests, write_parts, free_parts);
}
