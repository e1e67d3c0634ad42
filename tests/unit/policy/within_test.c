/* SPDX-License-Identifier: Apache-2.0 */
/* Subtrees and directory names: what is inside, and what only looks like it; which of them some validator can't read. */
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

static const struct {
    enum san_kind kind;
    const char *name, *subtree;
    bool is_permitted, is_excluded;
} within[] = {
    {SAN_DNS, "a.example", "example", true, true},
    {SAN_DNS, "EXAMPLE", "example", true, true},
    {SAN_DNS, "aexample", "example", false, false},
    {SAN_DNS, "evil-example", "example", false, false},
    {SAN_DNS, "a.evilexample", "example", false, false},
    {SAN_DNS, "a.elpmaxe", "example", false, false},
    {SAN_DNS, "x.a", "a", true, true},
    {SAN_DNS, "x.", ".", false, false},
    {SAN_DNS, "*a.example", "b.example", false, false},
    {SAN_DNS, "*.example", "example", true, true},
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
    {SAN_EMAIL, "example", "", false, true},
    {SAN_EMAIL, "a@.", ".", false, false},
    {SAN_EMAIL, "a@xexample", "example", false, false},
    {SAN_EMAIL, "a@x.evilexample", ".example", false, false},
    {SAN_URI, "https://x.evilexample/", ".example", false, false},
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
        // No room behind the last octet: who reads on there is seen.
        size_t name_len = strlen(within[i].name), subtree_len = strlen(within[i].subtree);
        AUTO(free) uint8_t *name_octets = memory_new(name_len, 1);
        AUTO(free) uint8_t *subtree_octets = memory_new(subtree_len, 1);
        memcpy(name_octets, within[i].name, name_len);
        memcpy(subtree_octets, within[i].subtree, subtree_len);
        struct bytes name = bytes_of(name_octets, name_len);
        struct bytes subtree = bytes_of(subtree_octets, subtree_len);
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
        {SAN_DNS, " b", "is not of printable ASCII characters"},
        {SAN_DNS, " ", "is not of printable ASCII characters"},
        {SAN_EMAIL, "\"\"@c", NULL},
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
        cmocka_unit_test(a_name_is_within_a_subtree_or_only_looks_like_it),
        cmocka_unit_test(names_are_one_whatever_the_case_of_their_hosts),
        cmocka_unit_test(directory_names_are_compared_rdn_by_rdn),
        cmocka_unit_test(string_types_are_those_of_the_standard),
        cmocka_unit_test(constraints_that_some_validator_can_not_read_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
