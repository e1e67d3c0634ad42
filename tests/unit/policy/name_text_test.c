/* SPDX-License-Identifier: Apache-2.0 */
/* Names and subtrees that people and policies write: to the octet what stands in a certificate, or to the letter why not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/encode.h"
#include "base/memory.h"
#include "policy/rules.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    enum san_kind kind;
    const char *text;
    bool may_be_wildcard;
    const char *hex;   /**< NULL: it is none */
    const char *words; /**< why; or the text for people, NULL: the same */
} names[] = {
    {SAN_DNS, "A.example", false, "412e6578616d706c65", NULL},
    {SAN_DNS, "*.b.example", true, "2a2e622e6578616d706c65", NULL},
    {SAN_DNS, "*.b.example", false, NULL,
     "dns \"*.b.example\" is a wildcard, which the rule does not allow (RFC 1034 3.5)"},
    {SAN_DNS, "a b", false, NULL, "dns \"a b\" holds a character that no host name has (RFC 1034 3.5)"},
    {SAN_DNS, "\x01", false, NULL, "dns \"\\x01\" holds a character that no host name has (RFC 1034 3.5)"},
    {SAN_DNS, "a@b.example", false, NULL,
     "dns \"a@b.example\" holds a character that no host name has (RFC 1034 3.5)"},
    {SAN_EMAIL, "a@b", false, "614062", NULL},
    {SAN_EMAIL, "a@*.example", true, NULL,
     "email \"a@*.example\" is not a mailbox of ASCII characters (RFC 5280 4.2.1.6)"},
    {SAN_EMAIL, "a@b_c", false, NULL,
     "email \"a@b_c\" is not a mailbox of ASCII characters (RFC 5280 4.2.1.6)"},
    {SAN_EMAIL, "a@10.0.0.1", false, NULL,
     "email \"a@10.0.0.1\" is not a mailbox of ASCII characters (RFC 5280 4.2.1.6)"},
    {SAN_EMAIL, "a.example", false, NULL,
     "email \"a.example\" is not a mailbox of ASCII characters (RFC 5280 4.2.1.6)"},
    {SAN_EMAIL, "urn:x", false, NULL,
     "email \"urn:x\" is not a mailbox of ASCII characters (RFC 5280 4.2.1.6)"},
    {SAN_URI, "urn:x", false, "75726e3a78", NULL},
    {SAN_URI, "file:///x", false, NULL, "uri \"file:///x\" is not a URI: it has no host (RFC 3986)"},
    {SAN_URI, "https://b/", false, "68747470733a2f2f622f", NULL},
    {SAN_URI, "https://10.0.0.1/", false, "68747470733a2f2f31302e302e302e312f", NULL},
    {SAN_URI, "a.example", false, NULL, "uri \"a.example\" is not a URI: it has no scheme (RFC 3986)"},
    {SAN_IP, "10.0.0.1", false, "0a000001", NULL},
    {SAN_IP, "2001:DB8::1", false, "20010db8000000000000000000000001", NULL},
    {SAN_IP, "10.0.0.1/32", false, NULL, "ip \"10.0.0.1/32\" is not an IPv4 or IPv6 address"},
    {SAN_IP, "10.0.0", false, NULL, "ip \"10.0.0\" is not an IPv4 or IPv6 address"},
    {SAN_IP, "a.example", false, NULL, "ip \"a.example\" is not an IPv4 or IPv6 address"},
    {SAN_OTHER_NAME, "a", false, NULL, "a name of the kind other can't be given as text"},
    {SAN_X400, "a", false, NULL, "a name of the kind x400 can't be given as text"},
    {SAN_DIRECTORY, "CN=a", false, NULL, "a name of the kind directory can't be given as text"},
    {SAN_EDI, "a", false, NULL, "a name of the kind edi can't be given as text"},
    {SAN_RID, "1.2.3", false, NULL, "a name of the kind rid can't be given as text"},
};

static void a_name_is_these_octets(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct error err = ERROR_INIT;
        struct template_name name = {.value = NULL};
        bool is_made = name_from_text(names[i].kind, names[i].text, names[i].may_be_wildcard, &name, &err);
        if (is_made != (names[i].hex != NULL))
            fail_msg("%s: %s", names[i].text, err.text);
        if (!is_made) {
            assert_string_equal(err.text, names[i].words);
            assert_int_equal(err.kind, ERROR_USAGE);
            continue;
        }
        char hex[129];
        assert_string_equal(hex_of(bytes_of(name.value, name.value_len), hex), names[i].hex);
        assert_string_equal(name.text, names[i].text);
        assert_int_equal(name.kind, names[i].kind);
        free(name.value);
        free(name.text);
    }
}

static const struct {
    enum san_kind kind;
    const char *text;
    const char *hex;   /**< NULL: it is none */
    const char *words; /**< why */
} subtrees[] = {
    {SAN_DNS, "b.c", "622e63", NULL},
    {SAN_DNS, ".b.c", "2e622e63", NULL},
    {SAN_DNS, "*.b.c", NULL, "name constraint dns \"*.b.c\" is a wildcard, which the rule does not allow"},
    {SAN_DNS, "..b", NULL,
     "name constraint dns \"..b\" has an empty label or one of more than 63 characters"},
    {SAN_DNS, ".", NULL, "name constraint dns \".\" is empty or longer than 253 characters"},
    {SAN_DNS, "a@b", NULL, "name constraint dns \"a@b\" holds a character that no host name has"},
    {SAN_DNS, "10.0.0.1", NULL,
     "name constraint dns \"10.0.0.1\" is an IP address, which belongs in a name of the type ip"},
    {SAN_URI, "b.c", "622e63", NULL},
    {SAN_URI, ".b.c", "2e622e63", NULL},
    {SAN_URI, "1.2", NULL,
     "name constraint uri \"1.2\" ends in a number, so clients take it for an IP address"},
    {SAN_URI, "a@b", NULL, "name constraint uri \"a@b\" holds a character that no host name has"},
    {SAN_EMAIL, "b.c", "622e63", NULL},
    {SAN_EMAIL, "a@b.c", "6140622e63", NULL},
    {SAN_EMAIL, "@b.c", NULL, "name constraint email \"@b.c\" is neither a mailbox nor its host"},
    {SAN_EMAIL, "b_c", NULL, "name constraint email \"b_c\" holds a character that no host name has"},
    {SAN_IP, "10.1.2.3/8", "0a000000ff000000", NULL},
    {SAN_IP, "255.255.255.255/0", "0000000000000000", NULL},
    {SAN_IP, "10.1.2.3", "0a010203ffffffff", NULL},
    {SAN_IP, "10.1.2.3/33", NULL, "name constraint ip \"10.1.2.3/33\" is not an address/prefix"},
    {SAN_IP, "b.c", NULL, "name constraint ip \"b.c\" is not an address/prefix"},
};

static void a_subtree_is_these_octets(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(subtrees); i++) {
        struct error err = ERROR_INIT;
        struct template_name name = {.value = NULL};
        bool is_made = subtree_from_text(subtrees[i].kind, subtrees[i].text, &name, &err);
        if (is_made != (subtrees[i].hex != NULL))
            fail_msg("%s: %s", subtrees[i].text, err.text);
        if (!is_made) {
            assert_string_equal(err.text, subtrees[i].words);
            assert_int_equal(err.kind, ERROR_INPUT);
            continue;
        }
        char hex[129];
        assert_string_equal(hex_of(bytes_of(name.value, name.value_len), hex), subtrees[i].hex);
        assert_string_equal(name.text, subtrees[i].text);
        assert_int_equal(name.kind, subtrees[i].kind);
        free(name.value);
        free(name.text);
    }
}

/** Address and mask of each prefix: the first bits are the address's under ones, all others are zero. */
static void every_prefix_has_its_mask(void **state)
{
    static const struct {
        const char *address;
        uint8_t octets[16];
        size_t len;
    } given[] = {
        {"173.90.165.255", {0xad, 0x5a, 0xa5, 0xff}, 4},
        {"ad5a:a5ff:123:4567:89ab:cdef:ffff:5aa5",
         {0xad, 0x5a, 0xa5, 0xff, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xff, 0xff, 0x5a, 0xa5},
         16}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(given); i++) {
        for (size_t prefix = 0; prefix <= given[i].len * 8; prefix++) {
            struct error err = ERROR_INIT;
            struct template_name name = {.value = NULL};
            uint8_t wanted[32] = {0};
            for (size_t octet = 0; octet < given[i].len; octet++) {
                size_t ones = prefix >= octet * 8 + 8 ? 8 : prefix > octet * 8 ? prefix - octet * 8 : 0;
                wanted[given[i].len + octet] = (uint8_t)(0xff00U >> ones);
                wanted[octet] = given[i].octets[octet] & wanted[given[i].len + octet];
            }
            AUTO(free) char *text = memory_format("%s/%zu", given[i].address, prefix);
            assert_true(subtree_from_text(SAN_IP, text, &name, &err));
            assert_int_equal(name.value_len, 2 * given[i].len);
            assert_memory_equal(name.value, wanted, name.value_len);
            free(name.value);
            free(name.text);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_these_octets),
        cmocka_unit_test(a_subtree_is_these_octets),
        cmocka_unit_test(every_prefix_has_its_mask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
