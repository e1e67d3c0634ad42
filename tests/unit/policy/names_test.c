/* SPDX-License-Identifier: Apache-2.0 */
/* Names, fields, addresses and expressions on both sides of their limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "policy/rules.h"

#include <stdlib.h>
#include <string.h>

/** So many characters, with a dot behind each label of so many. */
static char *long_text(size_t len, size_t label)
{
    char *text = memory_new(len + 1, 1);
    memset(text, 'a', len);
    for (size_t i = label; label > 0 && i < len; i += label + 1)
        text[i] = '.';
    return text;
}

static void host_names_have_their_limits(void **state)
{
    static const struct {
        const char *name;
        bool may_be_wildcard;
        const char *why; /**< NULL: valid */
    } cases[] = {
        {"a", false, NULL},
        {"a-b.c0.example", false, NULL},
        {"xn--bcher-kva.example", false, NULL},
        {"XN--bcher-kva.example", false, NULL},
        {"a--b.example", false, NULL},
        {"ab-c.example", false, NULL},
        {"ab--c.example", false, "third place"},
        {"ab--.example", false, "hyphen"},
        {"", false, "is empty"},
        {".", false, "empty label"},
        {".a.example", false, "empty label"},
        {"a..example", false, "empty label"},
        {"a.example.", false, "ends with a dot"},
        {"-a.example", false, "hyphen"},
        {"a-.example", false, "hyphen"},
        {"a.-", false, "hyphen"},
        {"a_b.example", false, "a character that no host name has"},
        {"a b.example", false, "a character that no host name has"},
        {"a.b*.example", true, "a character that no host name has"},
        {"*.a.example", true, NULL},
        {"*.a.example", false, "is a wildcard, which the rule does not allow"},
        {"*.example", true, "whole top-level domain"},
        {"*.a", true, "whole top-level domain"},
        {"*.*.example", true, "a character that no host name has"},
        {"*a.example", true, "a character that no host name has"},
        {"*", true, "a character that no host name has"},
        {"*.", true, "a character that no host name has"},
        {"10.0.0.1", false, "is an IP address"},
        {"a.1", false, "ends in a number"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *why = NULL;
        bool is_valid = dns_is_valid(bytes_of_text(cases[i].name), cases[i].may_be_wildcard, &why);
        if (is_valid != (cases[i].why == NULL) || (!is_valid && strstr(why, cases[i].why) == NULL))
            fail_msg("\"%s\" %s", cases[i].name, is_valid ? "is valid" : why);
    }
    static const struct {
        size_t len, label;
        bool is_valid;
    } lens[] = {{63, 63, true}, {64, 64, false}, {253, 62, true}, {254, 62, false}, {127, 63, true}};
    for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
        const char *why = NULL;
        AUTO(free) char *name = long_text(lens[i].len, lens[i].label);
        assert_int_equal(dns_is_valid(bytes_of_text(name), false, &why), lens[i].is_valid);
    }
}

static void mailboxes_have_their_limits(void **state)
{
    static const char *const valid[] = {"a", "a.b", "!#$%&'*+-/=?^_`{|}~", "A.0"};
    static const char *const none[] = {"",
                                       ".a",
                                       "a.",
                                       "a..b",
                                       "a b",
                                       "a@b",
                                       "a(b",
                                       "\xc3\xbc",
                                       "\"a\"",
                                       ("a\x7f"
                                        "b"),
                                       "a,b"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(valid); i++) {
        if (!mailbox_local_is_valid(bytes_of_text(valid[i])))
            fail_msg("%s", valid[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(none); i++) {
        if (mailbox_local_is_valid(bytes_of_text(none[i])))
            fail_msg("%s is valid", none[i]);
    }
    assert_false(mailbox_local_is_valid(bytes_of("a\0b", 3)));
    for (size_t len = 63; len <= 65; len++) {
        AUTO(free) char *local = long_text(len, 0);
        assert_int_equal(mailbox_local_is_valid(bytes_of_text(local)), len <= 64);
    }
}

static void oids_have_their_limits(void **state)
{
    static const char *const valid[] = {"0.0",          "0.39",           "1.39",      "2.0",    "2.40",
                                        "2.2147483567", "1.2.2147483647", "2.5.29.17", "1.0.10", "2.999.3"};
    static const char *const none[] = {
        "",     "1",    "3.0",  "0.40", "1.40",         "2.2147483568", "1.2.2147483648",
        "1.2.", ".1.2", "1..2", "1.02", "01.2",         "1.2x",         "1.2.99999999999999999999",
        "-1.2", "1.-2", "1.2 ", " 1.2", "2.2147483647", "1x2",          "1.2x3",
        "1 2",  "1.2/3"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(valid); i++) {
        if (!is_dotted_oid(valid[i]))
            fail_msg("%s", valid[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(none); i++) {
        if (is_dotted_oid(none[i]))
            fail_msg("%s is an OID", none[i]);
    }
    assert_string_equal(usage_oid("OCSPSigning"), "1.3.6.1.5.5.7.3.9");
    assert_string_equal(usage_oid("1.2.3"), "1.2.3");
    assert_null(usage_oid("ocspSigning"));
    assert_string_equal(extended_key_usage_name("2.5.29.37.0"), "anyExtendedKeyUsage");
    assert_string_equal(extended_key_usage_name("1.2.3"), "1.2.3");
    assert_string_equal(field_oid("DC"), "0.9.2342.19200300.100.1.25");
    assert_string_equal(field_oid("1.2.3"), "1.2.3");
    assert_null(field_oid("cn"));
    assert_string_equal(field_name("1.2.840.113549.1.9.1"), "emailAddress");
    assert_string_equal(field_name("1.2.3"), "1.2.3");
}

static void fields_have_their_limits(void **state)
{
    static const struct {
        const char *field;
        size_t bound; /**< RFC 5280 appendix A */
    } bounds[] = {{"CN", 64},           {"O", 64},          {"OU", 64}, {"L", 128},
                  {"serialNumber", 64}, {"pseudonym", 128}, {"DC", 63}, {"emailAddress", 255},
                  {"GN", 32768},        {"1.2.3", 32768}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bounds); i++) {
        for (size_t len = bounds[i].bound; len <= bounds[i].bound + 1; len++) {
            struct field_fault fault;
            AUTO(free) char *value = long_text(len, 0);
            bool is_sound = field_value_check(bounds[i].field, bytes_of_text(value), &fault);
            if (is_sound != (len == bounds[i].bound))
                fail_msg("%s of %zu characters", bounds[i].field, len);
        }
    }
    static const struct {
        const char *field, *value;
        const char *words; /**< NULL: sound */
    } cases[] = {
        {"CN", "a", NULL},
        {"CN", "", "is empty"},
        {"CN", "a\x1f", "control character"},
        {"CN", "a ", NULL},
        {"CN", "\x7f", "control character"},
        {"CN", "a\xc2\x85", "control character"},
        {"CN", "\xc2\x80 a", "control character"},
        {"CN", "a\xc2", NULL},
        {"CN", "a\xc2\x9f", "control character"},
        {"CN", "a\xc2\xa0", NULL},
        {"C", "DE", NULL},
        {"C", "AZ", NULL},
        {"C", "ZA", NULL},
        {"C", "D", "two capital letters"},
        {"C", "DEU", "two capital letters"},
        {"C", "de", "two capital letters"},
        {"C", "D[", "two capital letters"},
        {"C", "@D", "two capital letters"},
        {"C", "[D", "two capital letters"},
        {"C", "D@", "two capital letters"},
        {"serialNumber", "AZaz09 '()+,-./:=?", NULL},
        {"serialNumber", "a_b", "string type"},
        {"serialNumber", "a;b", "string type"},
        {"serialNumber", "_a", "string type"},
        {"serialNumber", "a*", "string type"},
        {"DC", "\x80", "string type"},
        {"DC", "a\x7e", NULL},
        {"serialNumber", "\xc3\xbc", "string type"},
        {"dnQualifier", "a*b", "string type"},
        {"DC", "a_b", NULL},
        {"DC", "\xc3\xbc", "string type"},
        {"emailAddress", "\xc3\xbc@x", "string type"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct field_fault fault = {.text = ""};
        // No room behind the last octet: who reads on there is seen.
        size_t len = strlen(cases[i].value);
        AUTO(free) uint8_t *value = memory_new(len, 1);
        memcpy(value, cases[i].value, len);
        bool is_sound = field_value_check(cases[i].field, bytes_of(value, len), &fault);
        if (is_sound != (cases[i].words == NULL) || (!is_sound && strstr(fault.text, cases[i].words) == NULL))
            fail_msg("%s \"%s\": %s", cases[i].field, cases[i].value, fault.text);
        assert_true(is_sound || fault.source != NULL);
    }
    // The bound is of characters, not of octets.
    struct field_fault fault;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    for (size_t i = 0; i < 64; i++)
        builder_add_text(&text, "\xc3\xbc");
    assert_true(field_value_check("CN", builder_bytes(&text), &fault));
    builder_add_text(&text, "\xc3\xbc");
    assert_false(field_value_check("CN", builder_bytes(&text), &fault));
}

static void an_address_is_inside_by_its_first_bits(void **state)
{
    static const struct {
        const char *cidr;
        size_t len;
        uint8_t address[16];
        bool is_inside;
    } cases[] = {
        {"10.0.0.0/8", 4, {10, 255, 255, 255}, true},
        {"10.0.0.0/8", 4, {11}, false},
        {"10.0.0.0/8", 4, {138}, false},
        {"10.128.0.0/9", 4, {10, 128}, true},
        {"10.128.0.0/9", 4, {10, 127, 255, 255}, false},
        {"10.0.0.1", 4, {10, 0, 0, 1}, true},
        {"10.0.0.1", 4, {10, 0, 0, 0}, false},
        {"10.0.0.1/32", 4, {10, 0, 0, 1}, true},
        {"10.0.0.0/31", 4, {10, 0, 0, 1}, true},
        {"0.0.0.0/0", 4, {255, 255, 255, 255}, true},
        {"::/0", 4, {10}, false},
        {"0.0.0.0/0", 16, {0}, false},
        {"2001:db8::/32", 16, {0x20, 0x01, 0x0d, 0xb8, 0xff}, true},
        {"2001:db8::/32", 16, {0x20, 0x01, 0x0d, 0xb9}, false},
        {"::1", 16, {[15] = 1}, true},
        {"::1/127", 16, {[15] = 0}, true},
        {"::1", 16, {[15] = 0}, false},
        {"10.0.0.0/33", 4, {10}, false},
        {"::/129", 16, {0}, false},
        {"10.0.0.0/", 4, {10}, false},
        {"10.0.0.0/ 8", 4, {10}, false},
        {"10.0.0.0/8x", 4, {10}, false},
        {"10.0.0.0/-1", 4, {10}, false},
        {"10.0.0/8", 4, {10}, false},
        {"", 4, {0}, false},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        if (cidr_holds(cases[i].cidr, bytes_of(cases[i].address, cases[i].len)) != cases[i].is_inside)
            fail_msg("%s (%zu)", cases[i].cidr, i);
    }
    struct cidr cidr;
    AUTO(free) char *long_one = long_text(64, 0);
    assert_false(cidr_parse(long_one, &cidr));
    assert_true(cidr_parse("2001:0db8:0000:0000:0000:0000:192.168.100.200/128", &cidr));
    assert_int_equal(cidr.len, 16);
    assert_int_equal(cidr.prefix, 128);
    assert_int_equal(cidr.address[15], 200);
}

static void an_expression_meets_the_whole_text(void **state)
{
    static const struct {
        const char *expression, *text;
        bool fits;
    } cases[] = {
        {"", "", true},
        {".*", "", true},
        {".+", "", false},
        {"a*", "b", false},
        {"a|ab", "ab", true},
        {"^a$", "a", true},
        {"a$", "a\n", false},
        {"a.b", "a\nb", false},
        {"[a-z]", "A", false},
        {".", "\xc3\xbc", true},
        {"a", "ba", false},
        {"a", "ab", false},
        {"(a+)+b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac", false},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err = ERROR_INIT;
        struct pattern *pattern = NULL;
        assert_true(pattern_new(cases[i].expression, &pattern, &err));
        bool fits = pattern_fits(pattern, bytes_of_text(cases[i].text));
        bool fits_nothing = pattern_fits(pattern, bytes_of(NULL, 0));
        bool fits_broken = pattern_fits(pattern, bytes_of_text("\xff"));
        bool fits_empty = pattern_fits(pattern, bytes_of_text(""));
        pattern_free(pattern);
        if (fits != cases[i].fits)
            fail_msg("%s, \"%s\"", cases[i].expression, cases[i].text);
        assert_int_equal(fits_nothing, fits_empty);
        assert_false(fits_broken);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(host_names_have_their_limits),
        cmocka_unit_test(mailboxes_have_their_limits),
        cmocka_unit_test(oids_have_their_limits),
        cmocka_unit_test(fields_have_their_limits),
        cmocka_unit_test(an_address_is_inside_by_its_first_bits),
        cmocka_unit_test(an_expression_meets_the_whole_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
