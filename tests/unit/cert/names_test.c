/* SPDX-License-Identifier: Apache-2.0 */
/* Names and files as cert/ writes and reads them: each form, its limits, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/encode.h"
#include "base/memory.h"
#include "cert/asn1.h"
#include "cert/name.h"
#include "cert/pem.h"

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
