/* SPDX-License-Identifier: Apache-2.0 */
/* Names of every kind on both sides of their limits; subtrees and directory names: what is inside, and what only looks like it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "policy/directory.h"
#include "policy/issuer.h"
#include "policy/rules.h"
#include "policy/subtree.h"

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

static const struct {
    enum san_kind kind;
    const char *name, *subtree;
    bool is_permitted, is_excluded;
} within[] = {
    {SAN_DNS, "a.example", "example", true, true},
    {SAN_DNS, "EXAMPLE", "example", true, true},
    {SAN_DNS, "aexample", "example", false, false},
    {SAN_DNS, "example", "a.example", false, false},
    {SAN_DNS, "a.example", ".example", true, true},
    {SAN_DNS, "example", ".example", false, false},
    {SAN_DNS, ".example", "example", false, false},
    {SAN_DNS, "anything", "", true, true},
    {SAN_DNS, "*.example", "a.example", false, true},
    {SAN_DNS, "*.example", "b.a.example", false, false},
    {SAN_DNS, "*.example", "other", false, false},
    {SAN_DNS, "*.EXAMPLE", "a.example", false, true},
    {SAN_DNS, "*.a", "x.a", false, true},
    {SAN_DNS, "*.", "x.", false, false},
    {SAN_EMAIL, "a@example", "example", true, true},
    {SAN_EMAIL, "a@b.example", "example", false, false},
    {SAN_EMAIL, "a@b.example", ".example", true, true},
    {SAN_EMAIL, "a@example", ".example", false, false},
    {SAN_EMAIL, "a@EXAMPLE", "a@example", true, true},
    {SAN_EMAIL, "A@example", "a@example", false, true},
    {SAN_EMAIL, "b@example", "a@example", false, false},
    {SAN_EMAIL, "a@b@example", "example", true, true},
    {SAN_EMAIL, "example", "example", false, false},
    {SAN_EMAIL, "a@example", "", false, true},
    {SAN_URI, "https://a.example/x", "a.example", true, true},
    {SAN_URI, "https://b.a.example/x", "a.example", false, false},
    {SAN_URI, "https://b.a.example/x", ".a.example", true, true},
    {SAN_URI, "https://a.example/x", ".a.example", false, false},
    {SAN_URI, "https://10.0.0.1/", "10.0.0.1", false, false},
    {SAN_URI, "urn:x", "x", false, false},
    {SAN_URI, "https://a.example/", "", false, true},
    {SAN_RID, "x", "x", false, false},
};

static void a_name_is_within_a_subtree_or_only_looks_like_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(within); i++) {
        struct bytes name = bytes_of_text(within[i].name);
        struct bytes subtree = bytes_of_text(within[i].subtree);
        if (subtree_permits(within[i].kind, name, subtree) != within[i].is_permitted ||
            subtree_excludes(within[i].kind, name, subtree) != within[i].is_excluded)
            fail_msg("%s, %s", within[i].name, within[i].subtree);
    }
    const uint8_t net[] = {10, 0, 0, 0, 255, 0, 0, 0};
    assert_true(subtree_permits(SAN_IP, bytes_of("\x0a\x01\x02\x03", 4), BYTES(net)));
    assert_false(subtree_permits(SAN_IP, bytes_of("\x0b\x01\x02\x03", 4), BYTES(net)));
    assert_false(subtree_permits(SAN_IP, bytes_of("\x0a\x01\x02\x03\x04\x05\x06\x07", 8), BYTES(net)));
    assert_false(subtree_permits(SAN_IP, bytes_of(NULL, 0), bytes_of(NULL, 0)));
    assert_true(subtree_is_known(SAN_DNS) && subtree_is_known(SAN_EMAIL) && subtree_is_known(SAN_URI) &&
                subtree_is_known(SAN_IP));
    assert_false(subtree_is_known(SAN_RID) || subtree_is_known(SAN_DIRECTORY) ||
                 subtree_is_known(SAN_OTHER_NAME));
}

static const struct {
    enum san_kind kind;
    const char *a, *b;
    bool is_same;
} same[] = {
    {SAN_DNS, "a.Example", "A.example", true},
    {SAN_DNS, "a.example", "b.example", false},
    {SAN_DNS, "a.example", "a.exampl", false},
    {SAN_DNS, "", "", false},
    {SAN_EMAIL, "a@Example", "a@example", true},
    {SAN_EMAIL, "A@example", "a@example", false},
    {SAN_EMAIL, "a@b", "a@c", false},
    {SAN_EMAIL, "a", "a", false},
    {SAN_URI, "https://A.example/x", "https://a.EXAMPLE/x", true},
    {SAN_URI, "https://a.example/x", "https://a.example/X", false},
    {SAN_URI, "https://u:A@a.example/", "https://u:a@a.example/", false},
    {SAN_URI, "urn:x", "urn:x", true},
    {SAN_URI, "urn:x", "urn:X", false},
    {SAN_URI, "https://a.example/x", "https://b.example/x", false},
    {SAN_URI, "https://a.example/", "https://a.example/x", false},
    {SAN_URI, "https://a.example:1", "httpsx://a.example", false},
    {SAN_URI, " ", " ", true},
    {SAN_RID, "x", "x", true},
    {SAN_RID, "x", "X", false},
};

static void names_are_one_whatever_the_case_of_their_hosts(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(same); i++) {
        if (name_is_same(same[i].kind, bytes_of_text(same[i].a), bytes_of_text(same[i].b)) !=
                same[i].is_same ||
            name_is_same(same[i].kind, bytes_of_text(same[i].b), bytes_of_text(same[i].a)) != same[i].is_same)
            fail_msg("%s, %s", same[i].a, same[i].b);
    }
}

/** "1CN=a 1O=b 2OU=c": RDN, field, value; "~" stands for a blank, a "!" before the value for a PrintableString. */
static void take_name(const char *text, struct policy_name *ret_name)
{
    AUTO(free) char *copy = memory_text(text);
    char *rest = NULL;
    *ret_name = (struct policy_name){.attributes = memory_new(4, sizeof(struct template_attribute))};
    for (char *part = strtok_r(copy, " ", &rest); part != NULL; part = strtok_r(NULL, " ", &rest)) {
        char *value = strchr(part, '=');
        *value++ = '\0';
        for (char *at = strchr(value, '~'); at != NULL; at = strchr(at, '~'))
            *at = ' ';
        bool is_printable = *value == '!';
        ret_name->attributes[ret_name->attributes_count++] =
            (struct template_attribute){.oid = memory_text(field_oid(part + 1)),
                                        .field = memory_text(part + 1),
                                        .value = memory_text(value + (is_printable ? 1 : 0)),
                                        .tag = is_printable ? 0x13 : 0x0c,
                                        .rdn = (uint32_t)(*part - '0')};
    }
}

static void drop_name(struct policy_name *name)
{
    struct template *template = template_new();
    template->attributes = name->attributes;
    template->attributes_count = name->attributes_count;
    template_free(template);
}

static void directory_names_are_compared_rdn_by_rdn(void **state)
{
    static const struct {
        const char *written, *above;
        bool exact, loose, exact_within, loose_within;
    } cases[] = {
        {"1CN=a", "1CN=a", true, true, true, true},
        {"1CN=a", "1CN=A", false, true, false, true},
        {"1CN=a", "1CN=!a", false, true, false, true},
        {"1CN=!a", "1CN=!a", true, true, true, true},
        {"1CN=a", "1O=a", false, false, false, false},
        {"1CN=a~b", "1CN=~a~~b~", false, true, false, true},
        {"1CN=~a", "1CN=a", false, true, false, true},
        {"1CN=a~~", "1CN=a", false, true, false, true},
        {"1CN=ab", "1CN=a~b", false, false, false, false},
        {"1CN=a", "1CN=ab", false, false, false, false},
        {"1O=a 2CN=b", "1O=a", false, false, true, true},
        {"1O=a", "1O=a 2CN=b", false, false, false, false},
        {"1O=a 1CN=b", "1O=a", false, false, false, false}, // an RDN is whole or it is not there
        {"1O=a 1CN=b", "1O=a 2CN=b", false, false, false, false},
        {"1O=a 1CN=b", "1O=a 1CN=b", true, true, true, true},
        {"1O=a 2CN=b 3OU=c", "4O=a 7CN=b", false, false, true, true},
        {"1O=a 2CN=b", "1CN=b", false, false, false, false},
        {"1O=a", "", false, false, true, true},
        {"1C=DE", "1C=!DE", true, true, true, true}, // C is always a PrintableString
        {"1C=DE", "1C=DE", false, true, false, true},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct policy_name written, above;
        take_name(cases[i].written, &written);
        take_name(cases[i].above, &above);
        struct template template = {.attributes = written.attributes,
                                    .attributes_count = written.attributes_count};
        bool is_right = directory_is_same(&template, &above, DIRECTORY_EXACT) == cases[i].exact &&
                        directory_is_same(&template, &above, DIRECTORY_LOOSE) == cases[i].loose &&
                        directory_is_within(&template, &above, DIRECTORY_EXACT) == cases[i].exact_within &&
                        directory_is_within(&template, &above, DIRECTORY_LOOSE) == cases[i].loose_within;
        drop_name(&written);
        drop_name(&above);
        if (!is_right)
            fail_msg("%s, %s", cases[i].written, cases[i].above);
    }
}

static void string_types_are_those_of_the_standard(void **state)
{
    static const struct {
        const char *field, *value;
        uint8_t asked, wanted;
    } cases[] = {
        {"CN", "a", 0x13, 0x13},       {"CN", "a", 0x0c, 0x0c}, {"CN", "a", 0, 0x0c},
        {"CN", "a_b", 0x13, 0x0c},     {"C", "DE", 0x0c, 0x13}, {"serialNumber", "1", 0x0c, 0x13},
        {"dnQualifier", "1", 0, 0x13}, {"DC", "a", 0x0c, 0x16}, {"emailAddress", "a@b", 0x13, 0x16},
        {"CN", "a", 0x1e, 0x0c},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct template_attribute attribute = {.oid = (char *)(uintptr_t)field_oid(cases[i].field),
                                                     .value = (char *)(uintptr_t)cases[i].value,
                                                     .tag = cases[i].asked};
        assert_int_equal(template_attribute_tag(&attribute), cases[i].wanted);
    }
    assert_true(text_is_printable("AZaz09 '()+,-./:=?"));
    static const char *const none[] = {"@", "[", "`", "{", ";", "*", "_", "&", "\xc3\xbc"};
    for (size_t i = 0; i < ARRAY_LEN(none); i++)
        assert_false(text_is_printable(none[i]));
}

static void constraints_that_some_validator_can_not_read_are_named(void **state)
{
    static const struct {
        enum san_kind kind;
        const char *value;
        const char *fault; /**< NULL: none */
    } cases[] = {
        {SAN_DNS, "", NULL},
        {SAN_EMAIL, "", NULL},
        {SAN_URI, "", NULL},
        {SAN_DNS, "a.example", NULL},
        {SAN_DNS, ".a.example", NULL},
        {SAN_DNS, "a_b!", NULL}, // whatever is printable
        {SAN_DNS, "a..b", "has an empty label"},
        {SAN_DNS, "..b", "has an empty label"},
        {SAN_DNS, "a.", "ends in a dot"},
        {SAN_DNS, ".", NULL},
        {SAN_DNS, "a b", "is not of printable ASCII characters"},
        {SAN_DNS, "a\x7f", "is not of printable ASCII characters"},
        {SAN_DNS, "a~", NULL},
        {SAN_DNS, "10.0.0.1", NULL}, // an address as a host is URIs' trouble
        {SAN_URI, "10.0.0.1", "is an address, where a host is wanted"},
        {SAN_URI, "2001:db8::1", "is an address, where a host is wanted"},
        {SAN_URI, ".10.0.0.1", "is an address, where a host is wanted"},
        {SAN_URI, "10.0.0.1/8", NULL},
        {SAN_URI, "a..b", "has an empty label"},
        {SAN_URI, "a.example", NULL},
        {SAN_EMAIL, "a.example", NULL},
        {SAN_EMAIL, ".a.example", NULL},
        {SAN_EMAIL, "a@b.example", NULL},
        {SAN_EMAIL, "a@", "is neither a mailbox nor its host"},
        {SAN_EMAIL, "@b", "is neither a mailbox nor its host"},
        {SAN_EMAIL, "a..b@c", "is neither a mailbox nor its host"},
        {SAN_EMAIL, "\"a b\"@c", "is not of printable ASCII characters"},
        {SAN_EMAIL, "\"a\"@c", NULL},
        {SAN_EMAIL, "\"@c", "is neither a mailbox nor its host"},
        {SAN_EMAIL, "a@b..c", "has an empty label"},
        {SAN_EMAIL, "a@b.", "ends in a dot"},
        {SAN_RID, "a..b", NULL},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct template_name name = {.kind = cases[i].kind,
                                           .value = (uint8_t *)(uintptr_t)cases[i].value,
                                           .value_len = strlen(cases[i].value)};
        const char *fault = policy_constraint_fault(&name);
        if ((fault == NULL) != (cases[i].fault == NULL) ||
            (fault != NULL && strcmp(fault, cases[i].fault) != 0))
            fail_msg("\"%s\" %s", cases[i].value, fault != NULL ? fault : "is sound");
    }
    static const struct {
        size_t len;
        uint8_t octets[33];
        const char *fault;
    } addresses[] = {
        {8, {10, 0, 0, 0, 255, 0, 0, 0}, NULL},
        {8, {0}, NULL},
        {8, {1, 2, 3, 4, 255, 255, 255, 255}, NULL},
        {8, {10, 0, 0, 0, 255, 0, 255, 0}, "has a mask with gaps"},
        {8, {10, 0, 0, 0, 127, 0, 0, 0}, "has a mask with gaps"},
        {8, {10, 0, 0, 0, 255, 255, 255, 253}, "has a mask with gaps"},
        {8, {10, 0, 0, 0, 255, 128, 0, 0}, NULL},
        {32, {[16] = 255, [17] = 254}, NULL},
        {32, {[31] = 1}, "has a mask with gaps"},
        {4, {10, 0, 0, 1}, "is not an address and a mask"},
        {16, {1}, "is not an address and a mask"},
        {33, {0}, "is not an address and a mask"},
        {0, {0}, "is not an address and a mask"},
    };
    for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
        // No room behind the last octet: who reads on there is seen.
        AUTO(free) uint8_t *octets = memory_new(addresses[i].len, 1);
        memcpy(octets, addresses[i].octets, addresses[i].len);
        const struct template_name name = {.kind = SAN_IP, .value = octets, .value_len = addresses[i].len};
        const char *fault = policy_constraint_fault(&name);
        if ((fault == NULL) != (addresses[i].fault == NULL) ||
            (fault != NULL && strcmp(fault, addresses[i].fault) != 0))
            fail_msg("%zu: %s", i, fault != NULL ? fault : "is sound");
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
        cmocka_unit_test(a_name_is_within_a_subtree_or_only_looks_like_it),
        cmocka_unit_test(names_are_one_whatever_the_case_of_their_hosts),
        cmocka_unit_test(directory_names_are_compared_rdn_by_rdn),
        cmocka_unit_test(string_types_are_those_of_the_standard),
        cmocka_unit_test(constraints_that_some_validator_can_not_read_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
