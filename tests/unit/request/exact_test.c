/* SPDX-License-Identifier: Apache-2.0 */
/* What is exact DER (X.690 8, 10 and 11), and every string as UTF-8: each rule on both sides of its bound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "csr_maker.h"
#include "request/csr_parts.h"

#include <stdio.h>

static void each_rule_of_der_is_kept(void **state)
{
    static const struct {
        const char *text;
        bool is_exact;
    } cases[] = {
        {"", true},
        {"0500", true},
        {"05000500", true},
        {"050005", false},
        {"00", false},
        {"05{00}", false},
        {"01{00}", true},
        {"01{ff}", true},
        {"01{01}", false},
        {"01{}", false},
        {"01{ffff}", false},
        {"02{}", false},
        {"02{00}", true},
        {"02{80}", true},
        {"02{007f}", false},
        {"02{0080}", true},
        {"02{ff80}", false},
        {"02{ff7f}", true},
        {"02{fe80}", true},
        {"02{0100}", true},
        {"02{000080}", false},
        {"03{}", false},
        {"03{00}", true},
        {"03{01}", false},
        {"03{07}", false},
        {"03{08}", false},
        {"03{0780}", true},
        {"03{0880}", false},
        {"03{0800}", false},
        {"03{07c0}", false},
        {"03{0601}", false},
        {"03{0602}", false},
        {"03{0640}", true},
        {"03{0001}", true},
        {"03{04ff10}", true},
        {"03{04ff08}", false},
        {"03{040810}", true},
        {"06{2a}", true},
        {"06{}", false},
        {"06{80}", false},
        {"06{2a8001}", false},
        {"04{}", true},
        {"04{010101}", true}, // what is in it is its own
        {"0c{'x'}", true},
        {"80{00}", true},
        {"81{010101}", true},
        {"90{}", true}, // [16] is no SEQUENCE
        {"40{}", true},
        {"0000", false}, // BER's end
        {"10{}", false},
        {"11{}", false},
        {"30{}", true},
        {"31{}", true},
        {"30{00}", false},
        {"30{0500}", true},
        {"30{010101}", false},
        {"30{0500010101}", false},
        {"a0{0500}", true},
        {"a0{010101}", false},
        {"60{0500}", true},
        {"e0{0500}", true},
        {"23{03{0001}}", false},
        {"24{04{00}}", false},
        {"2c{0c{'x'}}", false},
        {"32{}", false},
        {"31{01ff}", false},
        {"31{02{01}02{02}}", true},
        {"31{02{02}02{02}}", true},
        {"31{02{02}02{01}}", false},
        {"31{02{02}04{}}", true},
        {"31{04{}02{02}}", false},
        {"31{02{7f}02{0080}}", true}, // the length comes first
        {"31{02{0080}02{7f}}", false},
        {"31{02{01}02{03}02{02}}", false},
        {"30{02{02}02{01}}", true}, // a SEQUENCE has its own order
        {"a0{02{02}02{01}}", true},
        {"30{31{02{02}02{01}}}", false},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(builder_done) struct builder der = BUILDER_INIT;
        der_assemble(cases[i].text, &der);
        if (csr_is_exact_der(builder_bytes(&der)) != cases[i].is_exact)
            fail_msg("%s: %d", cases[i].text, !cases[i].is_exact);
        // An extension's value is that, and not nothing.
        assert_int_equal(csr_is_extension_value(builder_bytes(&der)), cases[i].is_exact && der.len > 0);
    }
}

static void elements_in_der_order_are_told_from_others(void **state)
{
    static const struct {
        const char *text;
        bool is_ordered;
    } cases[] = {{"", true},
                 {"0500", true},
                 {"30{02{01}}30{02{02}}", true},
                 {"30{02{02}}30{02{01}}", false},
                 {"30{02{01}}30{02{01}}", true},
                 {"30{}30{0500}", true},
                 {"30{0500}30{}", false},
                 {"050005", false}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(builder_done) struct builder der = BUILDER_INIT;
        der_assemble(cases[i].text, &der);
        assert_int_equal(csr_is_ordered(builder_bytes(&der)), cases[i].is_ordered);
    }
}

static void nesting_has_a_bound(void **state)
{
    (void)state;
    for (size_t depth = 23; depth <= 26; depth++) {
        AUTO(builder_done) struct builder der = BUILDER_INIT;
        for (size_t i = depth; i > 0; i--)
            der_add_header(&der, DER_SEQUENCE, 2 * (i - 1));
        assert_int_equal(csr_is_exact_der(builder_bytes(&der)), depth <= 24);
    }
}

/* ---- strings ---- */

#define NOT_IN_TYPE "has a character that its string type does not allow (X.680 41)"
#define NOT_UNICODE "has a character that Unicode does not have"

static void strings_become_utf8(void **state)
{
    static const struct {
        uint8_t tag;
        const char *content;
        const char *text; /* what becomes of it */
        const char *fault;
    } cases[] = {
        {DER_UTF8_STRING, "'x'c3bc", "x\xc3\xbc", NULL},
        {DER_UTF8_STRING, "ff", "", "is not valid UTF-8"},
        {DER_UTF8_STRING, "", "", "is empty"},
        {DER_UTF8_STRING, "'a'00'b'", NULL, "has a NUL character in it"},
        {DER_UTF8_STRING, "00", NULL, "has a NUL character in it"},
        {DER_IA5_STRING, "7f", "\x7f", NULL},
        {DER_IA5_STRING, "80", "", NOT_IN_TYPE},
        {DER_IA5_STRING, "'a'ff", "", NOT_IN_TYPE},
        {DER_T61_STRING, "7f80ff", "\x7f\xc2\x80\xc3\xbf", NULL},
        {DER_T61_STRING, "00", NULL, "has a NUL character in it"},
        {DER_BMP_STRING, "007f008007ff0800d7ffe000ffff",
         "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf", NULL},
        {DER_BMP_STRING, "d800", NULL, NOT_UNICODE},
        {DER_BMP_STRING, "dfff", NULL, NOT_UNICODE},
        {DER_BMP_STRING, "0041d900", NULL, NOT_UNICODE},
        {DER_BMP_STRING, "00", NULL, "has half a character at its end"},
        {DER_BMP_STRING, "004100", NULL, "has half a character at its end"},
        {DER_BMP_STRING, "", "", "is empty"},
        {DER_UNIVERSAL_STRING, "000000410000ffff000100000010ffff",
         "A\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", NULL},
        {DER_UNIVERSAL_STRING, "0001f642", "\xf0\x9f\x99\x82", NULL},
        {DER_UNIVERSAL_STRING, "00110000", NULL, NOT_UNICODE},
        {DER_UNIVERSAL_STRING, "01000041", NULL, NOT_UNICODE},
        {DER_UNIVERSAL_STRING, "0000d800", NULL, NOT_UNICODE},
        {DER_UNIVERSAL_STRING, "00000041000000", NULL, "has half a character at its end"},
        {DER_OCTET_STRING, "'x'", "", "is not a string"},
        {DER_NULL, "", "", "is not a string"},
        {0x1b, "'x'", "", "is not a string"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(builder_done) struct builder content = BUILDER_INIT;
        AUTO(builder_done) struct builder text = BUILDER_INIT;
        builder_add_text(&text, "before ");
        der_assemble(cases[i].content, &content);
        const char *fault = csr_text_of(cases[i].tag, builder_bytes(&content), &text);
        assert_int_equal(fault == NULL, cases[i].fault == NULL);
        if (fault != NULL)
            assert_string_equal(fault, cases[i].fault);
        else
            assert_string_equal(builder_text(&text) + strlen("before "), cases[i].text);
    }
}

static void each_string_type_has_its_characters(void **state)
{
    static const char printable[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 '()+,-./:=?";
    (void)state;
    for (unsigned c = 1; c < 256; c++) {
        AUTO(builder_done) struct builder text = BUILDER_INIT;
        uint8_t octet = (uint8_t)c;
        struct bytes content = bytes_of(&octet, 1);
        bool is_digit = c >= '0' && c <= '9';
        assert_int_equal(csr_text_of(DER_PRINTABLE_STRING, content, &text) == NULL,
                         strchr(printable, (int)c) != NULL);
        assert_int_equal(csr_text_of(0x12, content, &text) == NULL, is_digit || c == ' ');
        assert_int_equal(csr_text_of(0x1a, content, &text) == NULL, c >= 0x20 && c <= 0x7e);
        assert_int_equal(csr_text_of(DER_IA5_STRING, content, &text) == NULL, c < 0x80);
        assert_int_equal(csr_text_of(DER_T61_STRING, content, &text) == NULL, true);
    }
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    assert_string_equal(csr_text_of(DER_PRINTABLE_STRING, BYTES_LITERAL("\0"), &text), NOT_IN_TYPE);
}

static void strings_have_a_bound(void **state)
{
    uint8_t content[CSR_MAX_VALUE_LEN + 1];
    (void)state;
    memset(content, 'x', sizeof(content));
    for (size_t before = 0; before <= 1; before++) {
        for (size_t more = 0; more <= 1; more++) {
            AUTO(builder_done) struct builder text = BUILDER_INIT;
            builder_add(&text, content, before);
            const char *fault =
                csr_text_of(DER_IA5_STRING, bytes_of(content, CSR_MAX_VALUE_LEN + more), &text);
            assert_int_equal(fault == NULL, more == 0);
            if (fault != NULL)
                assert_string_equal(fault, "is longer than 4096 bytes");
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rule_of_der_is_kept),
        cmocka_unit_test(elements_in_der_order_are_told_from_others),
        cmocka_unit_test(nesting_has_a_bound),
        cmocka_unit_test(strings_become_utf8),
        cmocka_unit_test(each_string_type_has_its_characters),
        cmocka_unit_test(strings_have_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
