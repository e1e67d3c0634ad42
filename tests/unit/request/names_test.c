/* SPDX-License-Identifier: Apache-2.0 */
/* Subjects and SANs: UTF-8 whatever the string type was, and text that is harmless to show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "csr_maker.h"
#include "request/csr.h"
#include "request/csr_parts.h"
#include "request/fields.h"

/** Reads a subject alone. */
static struct request *read_subject(const char *rdns)
{
    struct builder name = BUILDER_INIT;
    der_assemble(rdns, &name);
    struct request *request = request_new();
    request->der = request_keep(request, builder_bytes(&name));
    csr_read_subject(request, request->der);
    builder_done(&name);
    return request;
}

static void reads_as(const char *rdns, const char *text)
{
    struct request *request = read_subject(rdns);
    assert_int_equal(request->problems.count, 0);
    assert_string_equal(request->subject_text, text);
    request_free(request);
}

static void turns_every_string_type_into_utf8(void **state)
{
    static const char *const values[] = {"0c{'M'c3bc'ller'}", "14{'M'fc'ller'}",
                                         "1e{004d00fc006c006c00650072}",
                                         "1c{0000004d000000fc0000006c0000006c0000006500000072}"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        char rdns[128];
        (void)snprintf(rdns, sizeof(rdns), "31{30{06{550403}%s}}", values[i]);
        struct request *request = read_subject(rdns);
        assert_int_equal(request->problems.count, 0);
        assert_int_equal(request->attributes_count, 1);
        assert_true(bytes_equal_text(request->attributes[0].value, "M\xc3\xbcller"));
        assert_string_equal(request->attributes[0].field, "CN");
        assert_string_equal(request->attributes[0].oid, "2.5.4.3");
        request_free(request);
    }
    reads_as("31{30{06{550403}13{'plain'}}}", "CN=plain");
    reads_as("31{30{06{550403}16{'a@b'}}}", "CN=a@b");
    reads_as("31{30{06{550405}12{'00 42'}}}", "serialNumber=00 42");
    reads_as("31{30{06{550403}1c{0001f600}}}", "CN=\xf0\x9f\x98\x80");
}

static void keeps_order_and_multi_valued_rdns(void **state)
{
    (void)state;
    struct request *request = read_subject(
        "31{30{06{550406}13{'US'}}}31{30{06{550403}0c{'x'}}30{06{550405}13{'7'}}}31{30{06{2a0304}0c{'y'}}}");
    assert_string_equal(request->subject_text, "C=US,CN=x+serialNumber=7,1.2.3.4=y");
    assert_int_equal(request->attributes_count, 4);
    assert_int_equal(request->attributes[0].rdn, 0);
    assert_int_equal(request->attributes[1].rdn, 1);
    assert_int_equal(request->attributes[2].rdn, 1);
    assert_int_equal(request->attributes[3].rdn, 2);
    assert_string_equal(request->attributes[3].field, "1.2.3.4");
    assert_int_equal(request->attributes[0].tag, 0x13);
    request_free(request);
}

static void escapes_as_rfc_4514_says(void **state)
{
    (void)state;
    reads_as("31{30{06{550403}0c{'a,b+c\"d\\e<f>g;h'}}}", "CN=a\\,b\\+c\\\"d\\\\e\\<f\\>g\\;h");
    reads_as("31{30{06{550403}0c{'#x'}}}", "CN=\\#x");
    reads_as("31{30{06{550403}0c{' x '}}}", "CN=\\ x\\ ");
    reads_as("31{30{06{550403}0c{' '}}}", "CN=\\ ");
    reads_as("31{30{06{550403}0c{'x y#z='}}}", "CN=x y#z=");
    reads_as("31{30{06{550403}0c{'  x  '}}}", "CN=\\  x \\ ");
    reads_as("31{30{06{550403}0c{'ab,'}}}", "CN=ab\\,");
    reads_as("", "");
}

static void makes_escape_sequences_and_direction_marks_visible(void **state)
{
    (void)state;
    reads_as("31{30{06{550403}0c{1b'[2J'}}}", "CN=\\x1b[2J");
    reads_as("31{30{06{550403}0c{'a'e280ae'b'}}}", "CN=a\\u{202e}b");
    reads_as("31{30{06{550403}0c{'a'0a'O=Evil'}}}", "CN=a\\x0aO=Evil");
}

static void bounds_what_a_subject_may_hold(void **state)
{
    struct builder rdns = BUILDER_INIT;
    (void)state;
    for (int i = 0; i <= CSR_MAX_ATTRIBUTES; i++)
        builder_add_text(&rdns, "31{30{06{55040b}0c{'x'}}}");
    struct request *request = read_subject(builder_text(&rdns));
    assert_int_equal(request->attributes_count, CSR_MAX_ATTRIBUTES);
    assert_int_equal(request->problems.count, 1);
    assert_string_equal(request->problems.items[0].rule, "request.subject");
    assert_string_equal(request->problems.items[0].text, "the subject has more than 64 attributes");
    request_free(request);
    builder_clear(&rdns);
    for (int i = 0; i < CSR_MAX_ATTRIBUTES; i++)
        builder_add_text(&rdns, "31{30{06{55040b}0c{'x'}}}");
    request = read_subject(builder_text(&rdns));
    assert_int_equal(request->attributes_count, CSR_MAX_ATTRIBUTES);
    assert_int_equal(request->problems.count, 0);
    request_free(request);
    builder_clear(&rdns);
    builder_add_text(&rdns, "31{30{06{55040b}0c{'");
    for (int i = 0; i <= CSR_MAX_VALUE_LEN; i++)
        builder_add_text(&rdns, "x");
    builder_add_text(&rdns, "'}}}");
    request = read_subject(builder_text(&rdns));
    assert_int_equal(request->problems.count, 1);
    assert_string_equal(request->problems.items[0].text, "subject OU: the value is longer than 4096 bytes");
    assert_int_equal(request->attributes[0].value.len, 0);
    request_free(request);
    builder_done(&rdns);
}

/** What stands before the fault is read, and what is wrong is said. */
static void tells_names_from_what_is_none(void **state)
{
#define NO_NAME "the subject is not a Name"
#define A "31{30{06{550403}0c{'a'}}}"
    static const struct {
        const char *name;
        const char *text;
        const char *problem;
    } cases[] = {
        {A "31{}", "CN=a", NO_NAME},
        {A "31{}" A, "CN=a", NO_NAME},
        {A "30{30{06{550403}0c{'x'}}}", "CN=a", NO_NAME},
        {A "00", "CN=a", NO_NAME},
        {A "31{31{06{550403}0c{'x'}}}", "CN=a", NO_NAME},
        {A "31{30{04{550403}0c{'x'}}}", "CN=a", NO_NAME},
        {A "31{30{06{5580}0c{'x'}}}", "CN=a", NO_NAME},
        {A "31{30{06{550403}}}", "CN=a", NO_NAME},
        {A "31{30{06{550403}0c{'x'}0500}}", "CN=a", NO_NAME},
        {A "31{30{06{550403}0c{'x'}00}}", "CN=a", NO_NAME},
        {A "31{30{06{550403}0c{'x'}}00}", "CN=a,CN=x", NO_NAME},
        // A value that is wrong is empty, and named by its field, or its OID.
        {"31{30{06{550403}0c{}}}" A, "CN=,CN=a", "subject CN: the value is empty"},
        {"31{30{06{2a03}0c{ff}}}" A, "1.2.3=,CN=a", "subject 1.2.3: the value is not valid UTF-8"},
        {"31{30{06{2a03}1e{004100}}}" A, "1.2.3=,CN=a",
         "subject 1.2.3: the value has half a character at its end"},
        {"31{30{06{2a03}1e{0041d800}}}" A, "1.2.3=,CN=a",
         "subject 1.2.3: the value has a character that Unicode does not have"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct request *request = read_subject(cases[i].name);
        assert_string_equal(request->subject_text, cases[i].text);
        assert_int_equal(request->problems.count, 1);
        assert_string_equal(request->problems.items[0].rule, "request.subject");
        assert_string_equal(request->problems.items[0].source, "RFC 5280 4.1.2.4");
        assert_string_equal(request->problems.items[0].text, cases[i].problem);
        request_free(request);
        // Elsewhere than in the subject it is no name at all.
        AUTO(builder_done) struct builder name = BUILDER_INIT;
        AUTO(builder_done) struct builder text = BUILDER_INIT;
        der_assemble(cases[i].name, &name);
        assert_false(csr_describe_name(builder_bytes(&name), &text));
    }
}

static void names_elsewhere_have_the_same_bound(void **state)
{
    (void)state;
    for (size_t count = CSR_MAX_ATTRIBUTES; count <= CSR_MAX_ATTRIBUTES + 1; count++) {
        AUTO(builder_done) struct builder name = BUILDER_INIT;
        AUTO(builder_done) struct builder text = BUILDER_INIT;
        for (size_t i = 0; i < count; i++)
            der_assemble(A, &name);
        assert_int_equal(csr_describe_name(builder_bytes(&name), &text), count == CSR_MAX_ATTRIBUTES);
    }
}

static void describes_as(enum san_kind kind, const char *value, const char *text)
{
    struct builder der = BUILDER_INIT;
    struct builder out = BUILDER_INIT;
    der_assemble(value, &der);
    assert_null(csr_describe_san(kind, builder_bytes(&der), &out));
    assert_string_equal(builder_text(&out), text);
    builder_done(&der);
    builder_done(&out);
}

static void gives_every_kind_of_san_a_text(void **state)
{
    (void)state;
    describes_as(SAN_DNS, "'device-1.local'", "device-1.local");
    describes_as(SAN_EMAIL, "'a@b.example'", "a@b.example");
    describes_as(SAN_URI, "'spiffe://x/device/1'", "spiffe://x/device/1");
    describes_as(SAN_IP, "0a000001", "10.0.0.1");
    describes_as(SAN_IP, "20010db8000000000000000000000001", "2001:db8::1");
    describes_as(SAN_DIRECTORY, "30{31{30{06{550403}0c{'x'}}}31{30{06{55040a}0c{'y'}}}}", "CN=x,O=y");
    describes_as(SAN_RID, "2a0304", "1.2.3.4");
    describes_as(SAN_OTHER_NAME, "06{2b060104018237140203}a0{0c{'user@x'}}", "1.3.6.1.4.1.311.20.2.3:user@x");
    describes_as(SAN_OTHER_NAME, "06{2b06010505070804}a0{30{06{2a0304}04{00ff}}}",
                 "1.3.6.1.5.5.7.8.4:1.2.3.4:00ff");
    describes_as(SAN_OTHER_NAME, "06{2a0304}a0{30{0500}}", "1.2.3.4:#30020500");
    describes_as(SAN_OTHER_NAME, "06{2a0304}a0{0c{1b'[2J'}}", "1.2.3.4:\\x1b[2J");
    describes_as(SAN_EDI, "a1{0c{'x'}}", "#a1030c0178");
}

static void knows_the_short_names_both_ways(void **state)
{
    (void)state;
    assert_string_equal(request_field_of_oid("2.5.4.10"), "O");
    assert_string_equal(request_oid_of_field("DC"), "0.9.2342.19200300.100.1.25");
    assert_null(request_field_of_oid("1.2.3"));
    assert_null(request_oid_of_field("XX"));
    for (enum san_kind kind = SAN_OTHER_NAME; kind <= SAN_RID; kind++) {
        enum san_kind parsed = SAN_OTHER_NAME;
        assert_true(san_kind_parse(san_kind_name(kind), &parsed));
        assert_int_equal(parsed, kind);
    }
    enum san_kind untouched = SAN_URI;
    assert_false(san_kind_parse("DNS", &untouched));
    assert_int_equal(untouched, SAN_URI);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(turns_every_string_type_into_utf8),
        cmocka_unit_test(keeps_order_and_multi_valued_rdns),
        cmocka_unit_test(escapes_as_rfc_4514_says),
        cmocka_unit_test(makes_escape_sequences_and_direction_marks_visible),
        cmocka_unit_test(bounds_what_a_subject_may_hold),
        cmocka_unit_test(tells_names_from_what_is_none),
        cmocka_unit_test(names_elsewhere_have_the_same_bound),
        cmocka_unit_test(gives_every_kind_of_san_a_text),
        cmocka_unit_test(knows_the_short_names_both_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
