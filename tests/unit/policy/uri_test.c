/* SPDX-License-Identifier: Apache-2.0 */
/* What is a URI, and which host it has: every reader has to find the same one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judge_case.h"

#include "base/memory.h"
#include "policy/uri.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *text;
    enum uri_host kind;
    const char *host;
} sound[] = {
    {"urn:acme:x", URI_HOST_NONE, ""},
    {"mailto:a@b.example", URI_HOST_NONE, ""},
    {"a+b-c.1:x", URI_HOST_NONE, ""},
    {"https://iot.example", URI_HOST_NAME, "iot.example"},
    {"HTTPS://Iot.Example:8443/a/b;c?d=e/?f#g?h", URI_HOST_NAME, "Iot.Example"},
    {"https://iot.example:", URI_HOST_NAME, "iot.example"},
    {"https://iot.example?x", URI_HOST_NAME, "iot.example"},
    {"https://iot.example#x", URI_HOST_NAME, "iot.example"},
    {"spiffe://trust_domain/a", URI_HOST_NAME, "trust_domain"},
    {"https://user:p%40ss@iot.example/", URI_HOST_NAME, "iot.example"},
    {"https://good.example@evil.example/", URI_HOST_NAME, "evil.example"},
    {"https://good.example:x@evil.example/", URI_HOST_NAME, "evil.example"},
    {"https://10.0.0.1:443/", URI_HOST_ADDRESS, "10.0.0.1"},
    {"https://[2001:db8::1]:443/", URI_HOST_ADDRESS, "2001:db8::1"},
    {"https://[::1]", URI_HOST_ADDRESS, "::1"},
    // The first "://" is not the one that counts: only "//" right after the scheme begins an authority.
    {"https:/evil.com://iot.example", URI_HOST_NONE, ""},
    {"x:y://iot.example/", URI_HOST_NONE, ""},
    {"https:iot.example", URI_HOST_NONE, ""},
    {"https://evil.example/://iot.example", URI_HOST_NAME, "evil.example"},
    {"file:///etc/x", URI_HOST_NONE, ""},
    {"urn:%2f", URI_HOST_NONE, ""},
    {"https://b.a1/", URI_HOST_NAME, "b.a1"},
    {"https://b.1a/", URI_HOST_NAME, "b.1a"},
    {"https://b.example:65535/", URI_HOST_NAME, "b.example"},
    {"https://b.example:00080/", URI_HOST_NAME, "b.example"},
    {"x://", URI_HOST_NONE, ""},
    {"urn:%41%42x%4a", URI_HOST_NONE, ""},
    {"https://%41:b@a", URI_HOST_NAME, "a"},
    {"https://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example/", URI_HOST_NAME,
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example"},
};

static void the_host_is_where_rfc_3986_has_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(sound); i++) {
        struct uri uri = {.has_authority = false};
        const char *why = NULL;
        // No room behind the last octet: who reads on there is seen.
        size_t len = strlen(sound[i].text);
        AUTO(free) uint8_t *text = memory_new(len, 1);
        memcpy(text, sound[i].text, len);
        if (!uri_read(bytes_of(text, len), &uri, &why))
            fail_msg("%s: %s", sound[i].text, why);
        if (uri.host_kind != sound[i].kind || !bytes_equal_text(uri.host, sound[i].host))
            fail_msg("%s: host \"%.*s\" of kind %d", sound[i].text, (int)uri.host.len,
                     (const char *)uri.host.data, (int)uri.host_kind);
    }
}

static const struct {
    const char *text;
    const char *why;
} broken[] = {
    {"", "no scheme"},
    {"abc", "no scheme"},
    {":x", "no scheme"},
    {"iot.example/x", "no scheme"},
    {"://iot.example", "no scheme"},
    {"1https://iot.example", "no scheme"},
    {"ht_tp://iot.example", "no scheme"},
    {"urn:", "nothing after"},
    {"https://a..example/", "host"},
    {"https://.a.example/", "host"},
    {"https://a.example./", "host"},
    {"https://a.example.:443/", "host"},
    {"https://-a.example/", "host"},
    {"https://a-.example/", "host"},
    {"https://a%2eexample/", "host"},
    {"https://a!b.example/", "host"},
    {"https://1.2.3/", "host"},
    {"https://a.example.7/", "host"},
    {"https://999.0.0.1/", "host"},
    {"https://[::1/", "host"},
    {"https://[10.0.0.1]/", "host"},
    {"https://[fe80::1%25eth0]/", "host"},
    {"https://[v1.x]/", "host"},
    {"https://[::1]x/", "port"},
    {"https://::1/", "port"},
    {"https://a.example:x/", "port"},
    {"https://a.example:65536/", "port"},
    {"https://a.example:-1/", "port"},
    {"https://a.example:80:80/", "port"},
    {"https://u@v@a.example/", "host"},
    {"https://u%4@a.example/", "user"},
    {"https://u\\@a.example/", "user"},
    {"https://@/", "host"},
    {"https://a.example/%", "%"},
    {"https://a.example/%4", "%"},
    {"https://a.example/%4g", "%"},
    {"https://a.example/%g4", "%"},
    {"https://a.example/%41<", "%"},
    {"urn:%414%", "%"},
    {"https://!b.example/", "host"},
    {"https://[/", "host"},
    {"https://b.11/", "host"},
    {"h_:x", "no scheme"},
    {"h\x80:x", "no scheme"},
    {"https://a.!b/", "host"},
    {"https://a\x80/", "host"},
    {"urn:\x80", "character"},
    {"https://a.example/[", "character"},
    {"https://a.example/a b", "character"},
    {"https://a.example/a#b#c", "character"},
    {"https://a.example/\\x", "character"},
    {"https://a.example/\xc3\xa4", "character"},
    {"urn:a{b}", "character"},
    {"https://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example/", "host"},
};

static void a_host_has_253_characters_at_most(void **state)
{
    static const size_t lens[] = {1, 62, 252, 253, 254};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
        AUTO(free) uint8_t *host = memory_new(lens[i], 1);
        for (size_t j = 0; j < lens[i]; j++)
            host[j] = j % 62 == 61 && j + 1 < lens[i] ? '.' : 'a';
        assert_int_equal(uri_host_is_name(bytes_of(host, lens[i])), lens[i] <= 253);
    }
    assert_false(uri_host_is_name(bytes_of(NULL, 0)));
}

static void what_two_readers_could_take_for_two_things_is_none(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
        struct uri uri = {.has_authority = false};
        const char *why = NULL;
        size_t len = strlen(broken[i].text);
        AUTO(free) uint8_t *text = memory_new(len, 1);
        memcpy(text, broken[i].text, len);
        if (uri_read(bytes_of(text, len), &uri, &why))
            fail_msg("%s is taken", broken[i].text);
        if (strstr(why, broken[i].why) == NULL)
            fail_msg("%s: \"%s\"", broken[i].text, why);
    }
    static const struct bytes with_nul[] = {{(const uint8_t *)"urn:a\0b", 7},
                                            {(const uint8_t *)"https://10.0.0.1\0/", 18},
                                            {(const uint8_t *)"https://10.0.0.1\0.b/", 20},
                                            {(const uint8_t *)"https://[::1\0]/", 15},
                                            {(const uint8_t *)"https://b\0/", 11},
                                            {(const uint8_t *)"ur\0n:a", 6}};
    for (size_t i = 0; i < ARRAY_LEN(with_nul); i++)
        assert_false(uri_read(with_nul[i], &(struct uri){.has_authority = false}, &(const char *){NULL}));
}

#define POLICY(rule)                                                                                         \
    "policy: uris\nsubject: [{field: CN, match: '.*'}]\nsan: [" rule "]\n"                                   \
    "key: {allow: [ec-p256]}\nvalidity: {days: 10}\n"

static void a_broken_uri_reaches_no_certificate_by_any_way(void **state)
{
    (void)state;
    static const char *const sans[] = {"uri:https://a..example/", NULL};
    static const char *const empty_host[] = {"uri:https:///x", NULL};
    static const struct policy_variable variables[] = {{"domain", "a..b"}};
    const struct verdict *verdict =
        case_judge(&(struct judge_case){.policy = POLICY("{type: uri, match: '.*'}"), .sans = sans});
    assert_refused(verdict, "san.uri", "a..example");
    verdict =
        case_judge(&(struct judge_case){.policy = POLICY("{type: uri, match: '.*'}"), .sans = empty_host});
    assert_refused(verdict, "san.uri", "https:///x");
    verdict =
        case_judge(&(struct judge_case){.policy = "variables: [{name: domain, match: '.*'}]\n" POLICY(
                                            "{type: uri, value: 'spiffe://{domain}/{CN}', from: policy}"),
                                        .variables = variables,
                                        .variables_count = 1});
    assert_refused(verdict, "san.uri", "neither a host name nor an address");
    const char *why = case_load_error(POLICY("{type: uri, value: 'https://a..example/', from: policy}"));
    assert_non_null(strstr(why, "neither a host name nor an address"));
    why = case_load_error(POLICY("{type: uri, values: ['https://a.example/', 'https://u@v@a.example/']}"));
    assert_non_null(strstr(why, "u@v@a.example"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_host_is_where_rfc_3986_has_it),
        cmocka_unit_test(a_host_has_253_characters_at_most),
        cmocka_unit_test(what_two_readers_could_take_for_two_things_is_none),
        cmocka_unit_test_teardown(a_broken_uri_reaches_no_certificate_by_any_way, case_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
