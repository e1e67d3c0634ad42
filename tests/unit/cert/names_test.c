/* SPDX-License-Identifier: Apache-2.0 */
/* Names, times, numbers and files as cert/ writes and reads them: each form, its limits, and what is none. */
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
#include "cert/name.h"
#include "cert/pem.h"

#include <openssl/asn1.h>
#include <openssl/objects.h>

#include <stdlib.h>
#include <string.h>

static void from_hex(const char *hex, struct builder *out)
{
    builder_clear(out);
    assert_true(*hex == '\0' || decode_hex(bytes_of_text(hex), out));
}

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
    };
    static const char *const none[] = {
        "",     "1",    "1.",   ".1",     "3.1",
        "0.40", "1.40", "1.2.", "1.2..3", "1.2.x",
        "1.02", "01.2", "1.2 ", "a.b",    "1.2.99999999999999999999",
        "1,2",
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

static void names_are_shown_so_that_no_two_look_alike(void **state)
{
    static const struct {
        uint8_t tag;
        const char *value; /**< hex */
        const char *wanted;
    } cases[] = {
        {DER_UTF8_STRING, "61", "CN=a"},
        {DER_UTF8_STRING, "", "CN="},
        {DER_UTF8_STRING, "612c4f3d62", "CN=a\\,O\\=b"},
        {DER_UTF8_STRING, "615c", "CN=a\\\\"},
        {DER_UTF8_STRING, "5c2c", "CN=\\\\\\,"},
        {DER_UTF8_STRING, "2b223c3e3b", "CN=\\+\\\"\\<\\>\\;"},
        {DER_UTF8_STRING, "2061206220", "CN=\\ a b\\ "},
        {DER_UTF8_STRING, "20", "CN=\\ "},
        {DER_UTF8_STRING, "612361", "CN=a#a"},
        {DER_UTF8_STRING, "2361", "CN=\\#a"},
        {DER_UTF8_STRING, "c3a9", "CN=\xc3\xa9"},
        {DER_T61_STRING, "e9417fff",
         "CN=\xc3\xa9"
         "A\\x7f\xc3\xbf"},
        {DER_BMP_STRING, "00e9004120ac07ff0800",
         "CN=\xc3\xa9"
         "A\xe2\x82\xac\xdf\xbf\xe0\xa0\x80"},
        {DER_UNIVERSAL_STRING, "00000041000000e9000020ac0001f600", "CN=A\xc3\xa9\xe2\x82\xac?"},
        {DER_BMP_STRING, "004100", "CN=A"},
        {DER_PRINTABLE_STRING, "4120", "CN=A\\ "},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(builder_done) struct builder value = BUILDER_INIT;
        AUTO(builder_done) struct builder name = BUILDER_INIT;
        AUTO(builder_done) struct builder text = BUILDER_INIT;
        from_hex(cases[i].value, &value);
        size_t sequence = asn1_open(&name, DER_SEQUENCE);
        size_t set = asn1_open(&name, DER_SET);
        size_t pair = asn1_open(&name, DER_SEQUENCE);
        assert_true(asn1_oid(&name, "2.5.4.3"));
        der_add(&name, cases[i].tag, builder_bytes(&value));
        asn1_close(&name, pair);
        asn1_close(&name, set);
        asn1_close(&name, sequence);
        assert_true(name_text(builder_bytes(&name), &text));
        assert_string_equal(builder_text(&text), cases[i].wanted);
    }
}

static void attributes_of_one_rdn_stay_together(void **state)
{
    // SET { CN=a, OU=b }, SET { 1.2.3=c }
    static const char hex[] = "302331143008060355040313016130080603550"
                              "40b130162310b30090602"
                              "2a03"
                              "130363"
                              "6363";
    struct policy_name parts = {.attributes = NULL};
    AUTO(builder_done) struct builder name = BUILDER_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    (void)state;
    from_hex(hex, &name);
    builder_add_text(&text, "kept ");
    assert_true(name_text(builder_bytes(&name), &text));
    assert_string_equal(builder_text(&text), "kept CN=a+OU=b,1.2.3=ccc");
    assert_true(name_parts(builder_bytes(&name), &parts));
    assert_int_equal(parts.attributes_count, 3);
    const struct {
        const char *oid, *field, *value;
        uint32_t rdn;
    } wanted[] = {{"2.5.4.3", "CN", "a", 0}, {"2.5.4.11", "OU", "b", 0}, {"1.2.3", "1.2.3", "ccc", 1}};
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(parts.attributes[i].oid, wanted[i].oid);
        assert_string_equal(parts.attributes[i].field, wanted[i].field);
        assert_string_equal(parts.attributes[i].value, wanted[i].value);
        assert_int_equal(parts.attributes[i].tag, DER_PRINTABLE_STRING);
        assert_int_equal(parts.attributes[i].rdn, wanted[i].rdn);
    }
    name_parts_free(&parts);
    assert_null(parts.attributes);
    assert_int_equal(parts.attributes_count, 0);
}

static void what_is_no_name_is_read_by_neither_reader(void **state)
{
    static const char *const none[] = {
        "",
        "3100",     // no SEQUENCE
        "30020500", // no RDN
        "30023100", // an empty RDN
        "300d310b300906035504031302"
        "6100"
        "00", // more behind it
        "300c310a30080603550403130161"
        "00", // likewise
        "300a310830060603550403"
        "05",                               // no value
        "300e310c300a06035504031301610500", // two values
        "300c310a3008040355040313"
        "0161", // no OID
        "300c310a310806035504031301"
        "61",                         // no SEQUENCE
        "300b3109300706028001130161", // an OID that is not minimal
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(none); i++) {
        struct policy_name parts = {.attributes_count = 5};
        AUTO(builder_done) struct builder name = BUILDER_INIT;
        AUTO(builder_done) struct builder text = BUILDER_INIT;
        from_hex(none[i], &name);
        if (name_text(builder_bytes(&name), &text) || name_parts(builder_bytes(&name), &parts))
            fail_msg("%s is a name", none[i]);
        assert_int_equal(parts.attributes_count, 5);
    }
}

static void general_names_in_words(void **state)
{
    static const struct {
        const char *hex;
        const char *wanted; /**< NULL: none */
    } cases[] = {
        {"", ""},
        {"8201618102"
         "6240"
         "8603757267",
         "DNS:a, email:b@, URI:urg"},
        {"87040a0102038710"
         "20010db8000000000000000000000001",
         "IP:10.1.2.3, IP:2001:db8::1"},
        {"87030a0102", "IP:"},
        {"8202610a", "DNS:a\\x0a"},
        {"a0020500a300a500880100", "other:(2 bytes), x400:(0 bytes), edi:(0 bytes), RID:(1 bytes)"},
        {"a4023000", "DirName:"},
        {"8900", NULL},
        {"8900820161", NULL},
        {"0c0161", NULL},
        {"8202", NULL},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(builder_done) struct builder names = BUILDER_INIT;
        AUTO(builder_done) struct builder text = BUILDER_INIT;
        from_hex(cases[i].hex, &names);
        bool is_read = name_general_text(builder_bytes(&names), &text);
        assert_int_equal(is_read, cases[i].wanted != NULL);
        if (is_read)
            assert_string_equal(builder_text(&text), cases[i].wanted);
    }
}

/** A template with these attributes: field's OID, value, RDN. */
struct given {
    const char *oid;
    const char *value;
    uint32_t rdn;
};

static bool write_name(const struct given *given, size_t count, struct builder *out, struct error *err)
{
    AUTO(template_free) struct template *template = template_new();
    template->attributes = memory_new(count, sizeof(*template->attributes));
    template->attributes_count = count;
    for (size_t i = 0; i < count; i++)
        template->attributes[i] = (struct template_attribute){.oid = memory_text(given[i].oid),
                                                              .field = memory_text("f"),
                                                              .value = memory_text(given[i].value),
                                                              .rdn = given[i].rdn};
    return name_add(template, out, err);
}

static void members_of_an_rdn_are_written_in_the_order_of_their_bytes(void **state)
{
    static const struct given given[] = {{"2.5.4.11", "b", 1},
                                         {"2.5.4.11", "ab", 1},
                                         {"2.5.4.11", "a", 1},
                                         {"2.5.4.3", "z", 1},
                                         {"2.5.4.6", "US", 2}};
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder out = BUILDER_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    (void)state;
    assert_true(write_name(given, 5, &out, &err));
    assert_true(name_text(builder_bytes(&out), &text));
    assert_string_equal(builder_text(&text), "CN=z+OU=a+OU=b+OU=ab,C=US"); // a shorter one first (X.690 11.6)
}

static void an_rdn_has_at_most_16_members(void **state)
{
    struct given given[17];
    (void)state;
    for (size_t i = 0; i < 17; i++)
        given[i] = (struct given){"2.5.4.11",
                                  (const char *const[]){"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k",
                                                        "l", "m", "n", "o", "p", "q"}[i],
                                  0};
    for (size_t count = 15; count <= 17; count++) {
        struct error err = ERROR_INIT;
        AUTO(builder_done) struct builder out = BUILDER_INIT;
        assert_int_equal(write_name(given, count, &out, &err), count <= 16);
        assert_true(count <= 16 || strstr(err.text, "more than 16 attributes in one RDN") != NULL);
        assert_true(count <= 16 || err.kind == ERROR_INPUT);
    }
}

static void a_value_that_its_string_type_has_not_is_named(void **state)
{
    static const struct {
        struct given given;
        const char *words; /**< NULL: written */
    } cases[] = {
        {{"2.5.4.3", "", 0}, "is empty or no UTF-8"},
        {{"2.5.4.3", "\xff", 0}, "is empty or no UTF-8"},
        {{"2.5.4.6", "U_", 0}, "is not a PrintableString"},
        {{"2.5.4.6", "US", 0}, NULL},
        {{"1.2.840.113549.1.9.1", "a@\xc3\xa9", 0}, "is not an IA5String"},
        {{"1.2.840.113549.1.9.1", "a@b\x7f", 0}, NULL},
        {{"2.5.4.3", "\xc3\xa9", 0}, NULL},
        {{"2.x", "a", 0}, "2.x is not an OID"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err = ERROR_INIT;
        AUTO(builder_done) struct builder out = BUILDER_INIT;
        assert_int_equal(write_name(&cases[i].given, 1, &out, &err), cases[i].words == NULL);
        assert_true(cases[i].words == NULL || strstr(err.text, cases[i].words) != NULL);
        assert_true(cases[i].words == NULL || err.kind == ERROR_INPUT);
    }
}

static void names_are_written_with_the_tag_of_their_kind(void **state)
{
    static const uint8_t tags[] = {0xa0, 0x81, 0x82, 0xa3, 0xa4, 0xa5, 0x86, 0x87, 0x88};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(tags); i++) {
        AUTO(builder_done) struct builder out = BUILDER_INIT;
        const uint8_t wanted[] = {tags[i], 1, 'x'};
        name_add_general(&out, (enum san_kind)i, bytes_of("x", 1));
        assert_true(bytes_equal(builder_bytes(&out), BYTES(wanted)));
    }
}

static void a_pem_block_is_found_among_other_text(void **state)
{
    static const struct {
        const char *text;
        const char *der;  /**< hex; NULL: refused */
        const char *rest; /**< or the words of the refusal */
    } cases[] = {
        {"-----BEGIN X-----\nAQID\n-----END X-----\n", "010203", "\n"},
        {"before\n-----BEGIN Y-----\nBAUG\n-----END Y-----\n-----BEGIN X-----\nAQ\r\nI\tD \n-----END "
         "X-----rest",
         "010203", "rest"},
        {"-----BEGIN X-----\n-----END X-----", NULL, "not base64"},
        {"-----BEGIN X-----\nA\n-----END X-----", NULL, "not base64"},
        {"-----BEGIN X-----\nAQ?D\n-----END X-----", NULL, "not base64"},
        {"-----BEGIN X-----AQ==-----END X-----", "01", ""},
        {"-----BEGIN X-----\nAQID\n-----END Y-----", NULL, "neither a PEM block X nor DER"},
        {"-----END X-----\n-----BEGIN X-----\nAQID\n", NULL, "neither a PEM block X nor DER"},
        {"", NULL, "neither a PEM block X nor DER"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err = ERROR_INIT;
        struct bytes rest = bytes_of("untouched", 9);
        AUTO(builder_done) struct builder der = BUILDER_INIT;
        bool is_read = pem_take("X", bytes_of_text(cases[i].text), &der, &rest, &err);
        if (is_read != (cases[i].der != NULL))
            fail_msg("%s", cases[i].text);
        if (!is_read) {
            assert_int_equal(err.kind, ERROR_INPUT);
            assert_non_null(strstr(err.text, cases[i].rest));
            assert_int_equal(rest.len, 9);
            continue;
        }
        assert_hex(&der, cases[i].der);
        assert_true(bytes_equal(rest, bytes_of_text(cases[i].rest)));
    }
    struct error err = ERROR_INIT;
    struct bytes rest;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    assert_false(pem_take("X", bytes_of("-----BEGIN X-----AQ\0ID-----END X-----", 37), &der, &rest, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(oids_are_written_as_openssl_writes_them),
        cmocka_unit_test(numbers_and_flags_are_written_as_openssl_writes_them),
        cmocka_unit_test(lengths_have_the_fewest_octets),
        cmocka_unit_test(times_are_read_in_the_two_forms_and_no_other),
        cmocka_unit_test(times_are_written_in_the_form_of_their_year),
        cmocka_unit_test(names_are_shown_so_that_no_two_look_alike),
        cmocka_unit_test(attributes_of_one_rdn_stay_together),
        cmocka_unit_test(what_is_no_name_is_read_by_neither_reader),
        cmocka_unit_test(general_names_in_words),
        cmocka_unit_test(members_of_an_rdn_are_written_in_the_order_of_their_bytes),
        cmocka_unit_test(an_rdn_has_at_most_16_members),
        cmocka_unit_test(a_value_that_its_string_type_has_not_is_named),
        cmocka_unit_test(names_are_written_with_the_tag_of_their_kind),
        cmocka_unit_test(a_pem_block_is_found_among_other_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
