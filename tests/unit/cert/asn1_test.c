/* SPDX-License-Identifier: Apache-2.0 */
/* OIDs, times, numbers and lengths as cert/ writes and reads them: each form, its limits, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/encode.h"
#include "base/memory.h"
#include "base/openssl_release.h"
#include "base/time.h"
#include "cert/asn1.h"

#include <openssl/asn1.h>
#include <openssl/objects.h>

#include <string.h>

static void assert_hex(const struct builder *found, const char *wanted)
{
    AUTO(builder_done) struct builder hex = BUILDER_INIT;
    encode_hex(builder_bytes(found), &hex);
    assert_string_equal(builder_text(&hex), wanted);
}

static void oids_are_written_as_openssl_writes_them(void **state)
{
    static const char *const oids[] = {
        "0.0",
        "0.39",
        "1.0",
        "1.39.1",
        "2.0",
        "2.40",
        "2.47.127.128",
        "2.48",
        "2.999.16383.16384",
        "1.2.840.113549.1.9.14",
        "2.5.29.4294967295.18446744073709551",
        "1.2.2882303761517117439",
    };
    static const char *const none[] = {
        "",
        "1",
        "1.",
        ".1",
        "3.1",
        "0.40",
        "1.40",
        "1.2.",
        "1.2..3",
        "1.2.x",
        "1.02",
        "01.2",
        "1.2 ",
        "a.b",
        "1.2.99999999999999999999",
        "1,2",
        "1.2.2882303761517117440",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(oids); i++) {
        AUTO(builder_done) struct builder out = BUILDER_INIT;
        unsigned char *wanted = NULL;
        ASN1_OBJECT *object = OBJ_txt2obj(oids[i], 1);
        assert_non_null(object);
        int len = i2d_ASN1_OBJECT(object, &wanted);
        ASN1_OBJECT_free(object);
        if (!asn1_oid(&out, oids[i]))
            fail_msg("%s", oids[i]);
        assert_true(bytes_equal(builder_bytes(&out), bytes_of(wanted, (size_t)len)));
        OPENSSL_free(wanted);
    }
    for (size_t i = 0; i < ARRAY_LEN(none); i++) {
        AUTO(builder_done) struct builder out = BUILDER_INIT;
        if (asn1_oid(&out, none[i]))
            fail_msg("%s is an OID", none[i]);
    }
}

static void numbers_and_flags_are_written_as_openssl_writes_them(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 33; i++) {
        for (int beside = -1; beside <= 1; beside++) {
            unsigned number = (i == 32 ? 0U : 1U << i) + (unsigned)beside;
            AUTO(builder_done) struct builder out = BUILDER_INIT;
            ASN1_INTEGER *integer = ASN1_INTEGER_new();
            unsigned char *wanted = NULL;
            assert_int_equal(ASN1_INTEGER_set_uint64(integer, number), 1);
            int len = i2d_ASN1_INTEGER(integer, &wanted);
            ASN1_INTEGER_free(integer);
            asn1_small(&out, number);
            assert_true(bytes_equal(builder_bytes(&out), bytes_of(wanted, (size_t)len)));
            OPENSSL_free(wanted);
        }
    }
    for (unsigned bits = 0; bits < 0x10000; bits = bits * 5 / 4 + 1) {
        AUTO(builder_done) struct builder out = BUILDER_INIT;
        ASN1_BIT_STRING *string = ASN1_BIT_STRING_new();
        unsigned char *wanted = NULL;
        for (int i = 0; i < 16; i++)
            assert_int_equal(ASN1_BIT_STRING_set_bit(string, i, (int)(bits >> i & 1)), 1);
        int len = i2d_ASN1_BIT_STRING(string, &wanted);
        asn1_named_bits(&out, (uint16_t)bits);
        assert_true(bytes_equal(builder_bytes(&out), bytes_of(wanted, (size_t)len)));
        OPENSSL_free(wanted);
        ASN1_BIT_STRING_free(string);
    }
    AUTO(builder_done) struct builder flags = BUILDER_INIT;
    asn1_bool(&flags, true);
    asn1_bool(&flags, false);
    asn1_bit_string(&flags, bytes_of("\x05\x06", 2));
    assert_hex(&flags, "0101ff0101000303000506");
}

static void lengths_have_the_fewest_octets(void **state)
{
    static const struct {
        size_t len;
        const char *wanted;
    } cases[] = {{0, "3000"},       {127, "307f"},       {128, "308180"},      {255, "3081ff"},
                 {256, "30820100"}, {65535, "3082ffff"}, {65536, "3083010000"}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(builder_done) struct builder out = BUILDER_INIT;
        AUTO(builder_done) struct builder head = BUILDER_INIT;
        builder_add_u8(&out, 0x55); // something stands before it
        size_t mark = asn1_open(&out, DER_SEQUENCE);
        for (size_t j = 0; j < cases[i].len; j++)
            builder_add_u8(&out, (uint8_t)(j % 251));
        asn1_close(&out, mark);
        size_t head_len = strlen(cases[i].wanted) / 2;
        builder_add_bytes(&head, bytes_slice(builder_bytes(&out), 1, head_len));
        assert_hex(&head, cases[i].wanted);
        assert_int_equal(out.len, 1 + head_len + cases[i].len);
        for (size_t j = 0; j < cases[i].len; j++)
            assert_int_equal(out.data[1 + head_len + j], j % 251);
    }
}

static void what_does_not_fit_is_left_as_it_is(void **state)
{
    struct builder failed = {.has_failed = true};
    AUTO(builder_done) struct builder full = {.max_len = 1002};
    (void)state;
    asn1_close(&failed, asn1_open(&failed, DER_SEQUENCE));
    assert_null(failed.data);
    size_t mark = asn1_open(&full, DER_SEQUENCE);
    for (size_t i = 0; i < 1000; i++)
        builder_add_u8(&full, (uint8_t)(i % 251));
    assert_false(full.has_failed);
    asn1_close(&full, mark); // its length has three octets
    assert_true(full.has_failed);
    assert_int_equal(full.len, 1002);
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(full.data[2 + i], i % 251);
}

static void times_are_read_in_the_two_forms_and_no_other(void **state)
{
    static const struct {
        uint8_t tag;
        const char *text;
        const char *wanted; /**< NULL: refused */
    } cases[] = {
        {DER_UTC_TIME, "500101000000Z", "1950-01-01T00:00:00Z"},
        {DER_UTC_TIME, "491231235959Z", "2049-12-31T23:59:59Z"},
        {DER_UTC_TIME, "260228123456Z", "2026-02-28T12:34:56Z"},
        {DER_GENERALIZED_TIME, "20500101000000Z", "2050-01-01T00:00:00Z"},
        {DER_GENERALIZED_TIME, "99991231235959Z", "9999-12-31T23:59:59Z"},
        {DER_GENERALIZED_TIME, "19400101000000Z", "1940-01-01T00:00:00Z"},
        {DER_UTC_TIME, "2602281234Z", NULL},
        {DER_UTC_TIME, "260228123456", NULL},
        {DER_UTC_TIME, "260228123456+", NULL},
        {DER_UTC_TIME, "260228123456Z0", NULL},
        {DER_UTC_TIME, "20260228123456Z", NULL},
        {DER_GENERALIZED_TIME, "260228123456Z", NULL},
        {DER_GENERALIZED_TIME, "20260228123456.5Z", NULL},
        {DER_UTF8_STRING, "20260228123456Z", NULL},
        {DER_UTC_TIME, "260229000000Z", NULL},
        {DER_UTC_TIME, "x60228123456Z", NULL},
        {DER_UTC_TIME, "2x0228123456Z", NULL},
        {DER_UTC_TIME, "26x228123456Z", NULL},
        {DER_UTC_TIME, "2602x8123456Z", NULL},
        {DER_UTC_TIME, "260228x23456Z", NULL},
        {DER_UTC_TIME, "26022812x456Z", NULL},
        {DER_UTC_TIME, "2602281234x6Z", NULL},
        {DER_GENERALIZED_TIME, "x0260228123456Z", NULL},
        {DER_GENERALIZED_TIME, "20x60228123456Z", NULL},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(builder_done) struct builder der = BUILDER_INIT;
        char text[TIME_TEXT_SIZE];
        int64_t seconds = 77;
        der_add(&der, cases[i].tag, bytes_of_text(cases[i].text));
        builder_add_u8(&der, DER_NULL);
        struct bytes cursor = builder_bytes(&der);
        bool is_read = asn1_take_time(&cursor, &seconds);
        if (is_read != (cases[i].wanted != NULL))
            fail_msg("%s", cases[i].text);
        assert_int_equal(cursor.len, is_read ? 1 : der.len);
        if (is_read)
            assert_string_equal(time_format(seconds, text), cases[i].wanted);
        else
            assert_int_equal(seconds, 77);
    }
}

static void times_are_written_in_the_form_of_their_year(void **state)
{
    static const struct {
        const char *time, *wanted; /**< tag and text */
    } cases[] = {
        {"1950-01-01T00:00:00Z", "\x17"
                                 "500101000000Z"},
        {"1949-12-31T23:59:59Z", "\x18"
                                 "19491231235959Z"},
        {"2049-12-31T23:59:59Z", "\x17"
                                 "491231235959Z"},
        {"2050-01-01T00:00:00Z", "\x18"
                                 "20500101000000Z"},
        {"2026-11-29T01:02:03Z", "\x17"
                                 "261129010203Z"},
        {"9999-12-31T23:59:59Z", "\x18"
                                 "99991231235959Z"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(builder_done) struct builder out = BUILDER_INIT;
        AUTO(builder_done) struct builder wanted = BUILDER_INIT;
        int64_t seconds = 0;
        assert_true(time_parse(cases[i].time, &seconds));
        asn1_time(&out, seconds);
        der_add(&wanted, (uint8_t)cases[i].wanted[0], bytes_of_text(cases[i].wanted + 1));
        assert_true(bytes_equal(builder_bytes(&out), builder_bytes(&wanted)));
        assert_int_equal(asn1_time_len(seconds), wanted.len);
        builder_clear(&out);
        asn1_generalized_time(&out, seconds);
        assert_int_equal(out.data[0], DER_GENERALIZED_TIME);
        assert_int_equal(out.len, 17);
        assert_memory_equal(out.data + 2, cases[i].time, 4); // the year
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(oids_are_written_as_openssl_writes_them),
        cmocka_unit_test(numbers_and_flags_are_written_as_openssl_writes_them),
        cmocka_unit_test(lengths_have_the_fewest_octets),
        cmocka_unit_test(what_does_not_fit_is_left_as_it_is),
        cmocka_unit_test(times_are_read_in_the_two_forms_and_no_other),
        cmocka_unit_test(times_are_written_in_the_form_of_their_year),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
