/* SPDX-License-Identifier: Apache-2.0 */
/* Alternative names: the text of each form, what is wrong with each malformed one, and how many there may be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "csr_maker.h"
#include "request/csr_parts.h"

/** Reads the value of a SAN extension, and puts down its names and its problems. */
static void is_read_as(const char *value, const char *result)
{
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    struct request *request = request_new();
    der_assemble(value, &der);
    csr_read_san(request, builder_bytes(&der));
    assert_true(request->has_san_extension);
    for (size_t i = 0; i < request->sans_count; i++)
        builder_format(&text, "%s:%s(%zu) ", san_kind_name(request->sans[i].kind), request->sans[i].text,
                       request->sans[i].value.len);
    for (size_t i = 0; i < request->problems.count; i++) {
        assert_string_equal(request->problems.items[i].rule, "request.san");
        assert_string_equal(request->problems.items[i].source, "RFC 5280 4.2.1.6");
        builder_format(&text, "| %s ", request->problems.items[i].text);
    }
    assert_string_equal(builder_text(&text), result);
    request_free(request);
}

struct reading_case {
    const char *value;
    const char *result;
};

static void are_read_as(const struct reading_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        is_read_as(cases[i].value, cases[i].result);
}

static void reads_lists_of_names(void **state)
{
#define NO_TAG(tag) "| the SAN extension has an element with the tag 0x" tag ", which no name has "
    static const struct reading_case cases[] = {
        {"30{82{'a'}81{'b@c'}86{'d:e'}}", "dns:a(1) email:b@c(3) uri:d:e(3) "},
        {"30{87{0a000001}88{2a03}}", "ip:10.0.0.1(4) rid:1.2.3(2) "},
        {"30{a3{0500}a5{0c{'x'}}}", "x400:#0500(2) edi:#0c0178(3) "},
        {"31{82{'a'}}", "| the SAN extension is not GeneralNames "},
        {"30{82{'a'}}0500", "| the SAN extension is not GeneralNames "},
        {"", "| the SAN extension is not GeneralNames "},
        {"30{}", "| the SAN extension has 0 names, allowed are 1 to 1024 "},
        {"30{82}", "| the SAN extension has 0 names, allowed are 1 to 1024 "},
        {"30{89{00}}", NO_TAG("89")},
        {"30{82{'a'}89{00}}", NO_TAG("89")},
        {"30{02{'a'}}", NO_TAG("02")},
        {"30{42{'a'}}", NO_TAG("42")},
        {"30{c2{'a'}}", NO_TAG("c2")},
        {"30{a1{'a'}}", NO_TAG("a1")},
        {"30{a2{'a'}}", NO_TAG("a2")},
        {"30{a6{'a'}}", NO_TAG("a6")},
        {"30{a7{0a000001}}", NO_TAG("a7")},
        {"30{a8{2a03}}", NO_TAG("a8")},
        {"30{80{06{2a03}a0{0500}}}", NO_TAG("80")},
        {"30{83{0500}}", NO_TAG("83")},
        {"30{84{30{}}}", NO_TAG("84")},
        {"30{85{0500}}", NO_TAG("85")},
        // A name that is wrong has no text; those around it are read.
        {"30{82{'a'}82{}82{'b'}}", "dns:a(1) dns:(0) dns:b(1) | SAN dns: the name is empty "},
        {"30{a4{30{31{30{06{550403}0c{'x'}}}31{}}}}",
         "directory:(16) | SAN directory: the name is not a Name "},
        {"30{81{' '}}",
         "email:(1) | SAN email: the name has a space, a control character or a character that is not "
         "ASCII "},
    };
    (void)state;
    are_read_as(cases, ARRAY_LEN(cases));
}

static void a_list_has_a_bound(void **state)
{
    (void)state;
    for (size_t count = CSR_MAX_SANS; count <= CSR_MAX_SANS + 1; count++) {
        AUTO(builder_done) struct builder names = BUILDER_INIT;
        AUTO(builder_done) struct builder value = BUILDER_INIT;
        struct request *request = request_new();
        for (size_t i = 0; i < count; i++)
            der_add(&names, DER_CONTEXT_0 + SAN_DNS, BYTES_LITERAL("a"));
        der_add(&value, DER_SEQUENCE, builder_bytes(&names));
        csr_read_san(request, builder_bytes(&value));
        assert_int_equal(request->sans_count, count == CSR_MAX_SANS ? count : 0);
        assert_int_equal(request->problems.count, count == CSR_MAX_SANS ? 0 : 1);
        request_free(request);
    }
}

#define HARDWARE "06{2b06010505070804}"

static void each_form_has_a_text_or_a_fault(void **state)
{
#define NO_OTHER "is not an otherName"
#define ODD "has a space, a control character or a character that is not ASCII"
    static const struct {
        enum san_kind kind;
        const char *value;
        const char *text; /* NULL: there is a fault */
        const char *fault;
    } cases[] = {
        {SAN_DNS, "", NULL, "is empty"},
        {SAN_DNS, "'!~'", "!~", NULL},
        {SAN_DNS, "'a'20", NULL, ODD},
        {SAN_DNS, "1f", NULL, ODD},
        {SAN_DNS, "7f", NULL, ODD},
        {SAN_DNS, "80", NULL, ODD},
        {SAN_URI, "'a'00", NULL, "has a NUL character in it"},
        {SAN_EMAIL, "'a\\b'", "a\\\\b", NULL},
        {SAN_IP, "0a0000", NULL, "is neither 4 nor 16 octets long"},
        {SAN_IP, "0a00000001", NULL, "is neither 4 nor 16 octets long"},
        {SAN_IP, "", NULL, "is neither 4 nor 16 octets long"},
        {SAN_IP, "00000000000000000000000000000001", "::1", NULL},
        {SAN_IP, "000000000000000000000000000001", NULL, "is neither 4 nor 16 octets long"},
        {SAN_IP, "ffffffff", "255.255.255.255", NULL},
        {SAN_RID, "2a0304", "1.2.3.4", NULL},
        {SAN_RID, "", NULL, "is not an object identifier"},
        {SAN_RID, "2a80", NULL, "is not an object identifier"},
        {SAN_DIRECTORY, "30{}", NULL, "is empty"},
        {SAN_DIRECTORY, "30{31{30{06{550403}0c{'x'}}}}0500", NULL, "is not a Name"},
        {SAN_DIRECTORY, "31{31{30{06{550403}0c{'x'}}}}", NULL, "is not a Name"},
        {SAN_DIRECTORY, "30{31{30{06{550403}0c{}}}}", NULL, "is not a Name"},
        {SAN_DIRECTORY, "30{31{30{06{550403}0c{'x'}}30{06{2a03}0c{'y'}}}31{30{06{55040a}0c{'z'}}}}",
         "CN=x+1.2.3=y,O=z", NULL},
        {SAN_OTHER_NAME, "06{2a03}a0{0c{'x'}}", "1.2.3:x", NULL},
        {SAN_OTHER_NAME, "06{2a03}a0{0500}", "1.2.3:#0500", NULL},
        {SAN_OTHER_NAME, "06{2a03}a0{0c{}}", "1.2.3:#0c00", NULL},
        {SAN_OTHER_NAME, "06{2a03}a0{}", NULL, NO_OTHER},
        {SAN_OTHER_NAME, "06{2a03}a0{0c{'x'}0500}", NULL, NO_OTHER},
        {SAN_OTHER_NAME, "06{2a03}a0{0c{'x'}}0500", NULL, NO_OTHER},
        {SAN_OTHER_NAME, "06{2a03}a1{0c{'x'}}", NULL, NO_OTHER},
        {SAN_OTHER_NAME, "06{2a03}", NULL, NO_OTHER},
        {SAN_OTHER_NAME, "06{2a80}a0{0c{'x'}}", NULL, NO_OTHER},
        {SAN_OTHER_NAME, "04{2a03}a0{0c{'x'}}", NULL, NO_OTHER},
        {SAN_OTHER_NAME, "", NULL, NO_OTHER},
        {SAN_OTHER_NAME, HARDWARE "a0{30{06{2a03}04{00ff}}}", "1.3.6.1.5.5.7.8.4:1.2.3:00ff", NULL},
        {SAN_OTHER_NAME, HARDWARE "a0{30{06{2a03}04{}}}", "1.3.6.1.5.5.7.8.4:1.2.3:", NULL},
        // What is no HardwareModuleName is shown as its octets.
        {SAN_OTHER_NAME, HARDWARE "a0{30{06{2a03}04{01}0500}}", "1.3.6.1.5.5.7.8.4:#300906022a030401010500",
         NULL},
        {SAN_OTHER_NAME, HARDWARE "a0{30{06{2a03}0c{'x'}}}", "1.3.6.1.5.5.7.8.4:#300706022a030c0178", NULL},
        {SAN_OTHER_NAME, HARDWARE "a0{30{06{2a80}04{01}}}", "1.3.6.1.5.5.7.8.4:#300706022a80040101", NULL},
        {SAN_OTHER_NAME, HARDWARE "a0{30{04{01}}}", "1.3.6.1.5.5.7.8.4:#3003040101", NULL},
        {SAN_OTHER_NAME, HARDWARE "a0{31{06{2a03}04{01}}}", "1.3.6.1.5.5.7.8.4:#310706022a03040101", NULL},
        {SAN_OTHER_NAME, HARDWARE "a0{30{06{2a03}04{01}}0500}", NULL, NO_OTHER},
        {SAN_X400, "", "#", NULL},
        {SAN_EDI, "00ff", "#00ff", NULL},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(builder_done) struct builder der = BUILDER_INIT;
        AUTO(builder_done) struct builder text = BUILDER_INIT;
        der_assemble(cases[i].value, &der);
        const char *fault = csr_describe_san(cases[i].kind, builder_bytes(&der), &text);
        if (cases[i].text != NULL) {
            assert_null(fault);
            assert_string_equal(builder_text(&text), cases[i].text);
        } else {
            assert_non_null(fault);
            assert_string_equal(fault, cases[i].fault);
        }
    }
}

static void long_values_are_cut_where_they_are_shown(void **state)
{
    uint8_t value[65];
    (void)state;
    memset(value, 0xab, sizeof(value));
    for (size_t len = 64; len <= 65; len++) {
        AUTO(builder_done) struct builder text = BUILDER_INIT;
        assert_null(csr_describe_san(SAN_EDI, bytes_of(value, len), &text));
        assert_int_equal(text.len, len == 64 ? 1 + 128 : 1 + 128 + 3);
        assert_int_equal(strstr(builder_text(&text), "...") != NULL, len == 65);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_lists_of_names),
        cmocka_unit_test(a_list_has_a_bound),
        cmocka_unit_test(each_form_has_a_text_or_a_fault),
        cmocka_unit_test(long_values_are_cut_where_they_are_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
