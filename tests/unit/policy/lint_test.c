/* SPDX-License-Identifier: Apache-2.0 */
/* What `policy check` finds: each danger in a policy that has this one and no other; and limits: on one side a policy loads, on the other not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judge_case.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/** Lines by key; one that is given stands in place of the sound one. */
static char *policy_of(const char *lines)
{
    static const char *const sound[][2] = {
        {"subject:", "subject: [{field: CN, match: '[a-z]+'}]\n"},
        {"san:", "san: [{type: dns, match: '[a-z]+\\.example'}, {type: ip, cidr: [10.0.0.0/8]}]\n"},
        {"key:", "key: {allow: [ec-p256, rsa-2048]}\n"},
        {"validity:", "validity: {days: 825}\n"},
        {"key_usage:", "key_usage: [digitalSignature]\n"},
        {"extended_key_usage:", "extended_key_usage: [clientAuth]\n"},
    };
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(free) char *padded = memory_format("\n%s", lines);
    builder_add_text(&text, "policy: lint\n");
    for (size_t i = 0; i < ARRAY_LEN(sound); i++) {
        AUTO(free) char *key = memory_format("\n%s", sound[i][0]);
        if (strstr(padded, key) == NULL)
            builder_add_text(&text, sound[i][1]);
    }
    builder_add_text(&text, lines);
    return builder_take_text(&text);
}

#define CA "ca: {path_len: 0}\nkey_usage: [keyCertSign]\n"
#define CA_OF(value) "ca: {" value "}\nkey_usage: [keyCertSign]\n"

static const struct {
    const char *lines;
    const char *rules; /**< of all findings, in order */
    const char *words;
} linted[] = {
    {"", "", ""},
    {CA, "", ""},
    {"subject: [{field: CN, values: [a]}, {field: O, value: b, from: policy}]\n", "", ""},
    {"subject: [{field: CN}]\n", "lint.open-subject ", "subject CN: anything is taken"},
    {"subject: [{field: CN, match: '.*'}]\n", "lint.open-subject ", "CN"},
    {"subject: [{field: CN, match: '[^ ]+'}]\n", "lint.open-subject ", "CN"},
    {"subject: [{field: CN, match: '\\S+'}]\n", "lint.open-subject ", "CN"},
    {"subject: [{field: CN}]\nroot: true\n" CA, "", ""},
    {"subject: [{field: CN, match: '.+'}]\nroot: true\n" CA, "lint.open-subject ", "CN"},
    {"subject: [{field: CN, match: a}, {field: O, match: b}, {field: 2.5.4.3, match: c}]\n",
     "lint.unreachable ", "subject CN: a second rule"},
    {"san: [{type: dns}]\n", "lint.open-san ", "san dns: any name"},
    {"san: [{type: dns, match: '.*'}]\n", "lint.open-san ", "dns"},
    {"san: [{type: hardware}]\n", "", ""},
    {"san: [{type: hardware}, {type: hardware, match: a}]\n", "lint.unreachable ",
     "san hardware: an earlier rule"},
    {"san: [{type: dns, match: a}, {type: ip}, {type: dns, match: b}]\n", "lint.open-san ", "ip"},
    {"san: [{type: uri}, {type: uri, values: ['urn:x']}]\n", "lint.open-san lint.unreachable ", "uri"},
    {"san: [{type: uri, value: 'urn:x', from: policy}, {type: uri, match: a}, {type: uri, value: 'urn:y', "
     "from: policy}]\n",
     "", ""},
    {"san: [{type: ip, values: [10.0.0.1]}, {type: ip, cidr: [10.0.0.0/8]}, {type: ip, match: a}]\n", "", ""},
    {"screen: {roca: false, ec_point: false}\n", "lint.screen-off lint.screen-off ", "roca is off"},
    {"screen: {rsa_min_bits: 2047}\n", "lint.weak-key ", "2047"},
    {CA_OF(""), "lint.path-length ", "without end"},
    {"root: true\n" CA_OF(""), "", ""},
    {"validity: {days: 826}\n", "lint.lifetime ", "826 days"},
    {"validity: {days: 826}\n" CA, "", ""},
    {"validity: {no_expiry: true}\n", "", ""},
    {"validity: {days: 8, past_issuer: allow}\n", "lint.past-issuer ", "outlive"},
    {"validity: {days: 8, past_issuer: clamp}\n", "", ""},
    {"extended_key_usage: [clientAuth, anyExtendedKeyUsage]\n", "lint.any-usage ", "everything"},
    {"extended_key_usage: [2.5.29.37.0]\n", "lint.any-usage ", "everything"},
    {"extended_key_usage: []\n", "lint.no-usage ", "every purpose"},
    {"extended_key_usage: []\n" CA, "", ""},
    {"key_usage: []\n", "lint.no-key-usage ", "every purpose"},
    {"name_constraints: {permitted: [{type: dns, value: .a.example}], excluded: [{type: dns, value: "
     ".b.example}, {type: uri, value: .b.example}]}\n" CA,
     "lint.dns-constraint lint.dns-constraint ", "dns \".a.example\" has a leading dot"},
    {"subject: [{field: CN, match: '[0-9.]+'}]\nsan: [{type: dns, value: '{CN}', from: policy}]\n",
     "lint.dns-address ", "{CN} may be an IP address (10.0.0.1"},
    {"subject: [{field: O, match: '[0-9.]+'}, {field: CN, match: '[a-f0-9:]+'}]\nsan: [{type: dns, value: "
     "'{cn}', from: policy}]\n",
     "lint.dns-address ", "fd00::1"},
    {"subject: [{field: CN, match: '203.*'}]\nsan: [{type: uri, match: a}, {type: dns, value: '{CN}', from: "
     "policy}]\n",
     "lint.dns-address ", "203.0.113.9"},
    {"subject: [{field: CN, values: [a, 198.51.100.1]}]\nsan: [{type: dns, value: '{CN}', from: policy}]\n",
     "lint.dns-address ", "198.51.100.1"},
    {"subject: [{field: CN, value: 10.0.0.1, from: policy}]\nsan: [{type: dns, value: '{CN}', from: "
     "policy}]\n",
     "", ""},
    {"subject: [{field: CN, match: '[0-9.]+'}]\nsan: [{type: dns, value: 'a{CN}', from: policy}]\n", "", ""},
    {"subject: [{field: CN, match: '[0-9.]+'}]\nsan: [{type: dns, value: '{CN}a', from: policy}]\n", "", ""},
    {"subject: [{field: CN, match: '[0-9.]+'}]\nsan: [{type: dns, value: '{CN}{CN}', from: policy}]\n", "",
     ""},
    {"subject: [{field: CN, match: '[0-9.]+'}]\nsan: [{type: uri, value: '{CN}', from: policy}]\n", "", ""},
    {"subject: [{field: CN, match: '[0-9.]+'}]\nsan: [{type: ip, cidr: [10.0.0.0/8]}, {type: dns, value: "
     "'{CN}', from: policy}]\n",
     "", ""},
    {"subject: [{field: CN, match: '[0-9.]+'}]\nsan: [{type: dns, value: '{CN}', from: policy}, {type: ip, "
     "value: 10.0.0.1, from: policy}]\n",
     "", ""},
    {"variables: [{name: x, match: a}, {name: y, match: '127.*'}]\nsan: [{type: dns, value: '{y}', from: "
     "policy}]\n",
     "lint.dns-address ", "127.0.0.1"},
};

static void each_danger_is_found_by_itself(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(linted); i++) {
        AUTO(free) char *policy = policy_of(linted[i].lines);
        AUTO(findings_done) struct findings found = FINDINGS_INIT;
        AUTO(builder_done) struct builder rules = BUILDER_INIT;
        bool has_words = *linted[i].words == '\0';
        policy_lint(case_policy(policy), &found);
        for (size_t j = 0; j < found.count; j++) {
            builder_format(&rules, "%s ", found.items[j].rule);
            has_words = has_words || strstr(found.items[j].text, linted[i].words) != NULL;
        }
        if (strcmp(builder_text(&rules), linted[i].rules) != 0 || !has_words)
            fail_msg("%s: found %s: %s", linted[i].lines, builder_text(&rules),
                     found.count > 0 ? found.items[0].text : "");
    }
}

#define A60 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff"

static const struct {
    const char *lines;
    const char *words; /**< NULL: it loads */
} limits[] = {
    {"validity: {days: 36525}\n", NULL},
    {"validity: {days: 36526}\n", "more than 36525 days"},
    {"validity: {days: 1, max_days: 36525}\n", NULL},
    {"validity: {days: 1, max_days: 36526}\n", "more than 36525 days"},
    {"validity: {days: 30, max_days: 30}\n", NULL},
    {"validity: {days: 40, backdate_minutes: 43200}\n", NULL},
    {"validity: {days: 40, backdate_minutes: 43201}\n", "more than 30 days"},
    {"validity: {days: 2, backdate_minutes: 2879}\n", NULL},
    {"validity: {days: 2, backdate_minutes: 2880}\n", "over before it is issued"},
    {"validity: {no_expiry: true, backdate_minutes: 2880}\n", NULL},
    {CA_OF("path_len: 100"), NULL},
    {CA_OF("path_len: 101"), "is not a limit"},
    {CA_OF("rollover: true"), NULL},
    {"root: true\n" CA_OF("rollover: true"), "leave one of the two out"},
    {"ca: {}\nkey_usage: [digitalSignature, keyCertSign]\n", NULL},
    {"ca: {}\nkey_usage: [digitalSignature, cRLSign]\n", "needs keyCertSign"},
    {"variables: [{name: " A60 ", match: a}]\n", NULL},
    {"variables: [{name: " A60 "g, match: a}]\n", "is not a name"},
    {"variables: [{name: A_z-9, match: a}, {name: b, match: a}]\n", NULL},
    {"variables: [{name: a, match: a}, {name: b, match: a}, {name: a, match: b}]\n", "a is there twice"},
    {"variables: [{name: a, match: '[a-z]+', default: b}]\n", NULL},
    {"screen: {rsa_min_bits: 16384}\nkey: {allow: [ec-p256]}\n", NULL},
    {"screen: {rsa_min_bits: 16385}\nkey: {allow: [ec-p256]}\n", "16385"},
    {"screen: {rsa_min_bits: 2048}\n", NULL},
    {"screen: {rsa_min_bits: 2049}\n", "rsa-2048 is below the 2049 bits"},
    {"subject: [{field: CN, from: policy}]\n", "from: policy needs value"},
    {"subject: [{field: CN, from: policy, value: a, match: a}]\n", "are for requests"},
    {"subject: [{field: CN, from: policy, value: a, values: [a]}]\n", "are for requests"},
    {"subject: [{field: CN, from: policy, value: a, optional: true}]\n", "are for requests"},
    {"subject: [{field: CN, value: a}]\n", "needs from: policy"},
    {"subject: [{field: XY, match: a}]\n", "neither a known field nor an OID"},
    {"subject: [{field: O, match: a}, {field: CN, value: '{O}x', from: policy}]\n", NULL},
    {"subject: [{field: O, match: a}, {field: CN, value: '{o} {2.5.4.10}', from: policy}]\n", NULL},
    {"subject: [{field: O, match: a}, {field: CN, value: '{O}{CN}', from: policy}]\n", "{CN} is neither"},
    {"san: [{type: dns, from: policy}]\n", "from: policy needs value"},
    {"san: [{type: dns, value: a.example}]\n", "needs from: policy"},
    {"san: [{type: dns, value: a.example, from: policy, match: a}]\n", "are for requests"},
    {"san: [{type: dns, value: a.example, from: policy, values: [a.example]}]\n", "are for requests"},
    {"san: [{type: dns, value: a.example, from: policy, required: true}]\n", "are for requests"},
    {"san: [{type: ip, value: 10.0.0.1, from: policy, cidr: [10.0.0.0/8]}]\n", "are for requests"},
    {"san: [{type: hardware, value: a, from: policy}]\n", "only from: request"},
    {"san: [{type: dns, cidr: [10.0.0.0/8]}]\n", "cidr is for type: ip"},
    {"san: [{type: ip, wildcard: true}]\n", "wildcard is for type: dns"},
    {"san: [{type: ip, cidr: [10.0.0.0/8, 10.0.0.0/33]}]\n", "\"10.0.0.0/33\" is not an address/prefix"},
    {"san: [{type: dns, value: '*.a.example', from: policy}]\n", "is a wildcard"},
    {"san: [{type: dns, value: '*.a.example', from: policy, wildcard: true}]\n", NULL},
    {"san: [{type: dns, value: '{CN}.a.example', from: policy, like_request: true}, {type: uri, match: a}]\n",
     "like_request needs a rule"},
    {"key_usage: [digitalSignature, keySign]\n", "\"keySign\" is none of"},
    {"key_usage_from_request: [keySign]\n", "\"keySign\" is none of"},
    {"key_usage_from_request: [keyCertSign]\n" CA, "never a request's to ask for"},
    {"key_usage_from_request: [keyEncipherment]\n", NULL},
    {"extended_key_usage: [clientAuth, TLS]\n", "\"TLS\" is neither"},
    {"extended_key_usage_from_request: [clientAuth, TLS]\n", "\"TLS\" is neither"},
    {"key_usage: [dataEncipherment]\nkey: {allow: [ec-p256]}\nextended_key_usage: []\n",
     "no key of key: allow can have dataEncipherment"},
    {"key_usage: [dataEncipherment]\nextended_key_usage: []\n", NULL},
    {"key_usage_from_request: [dataEncipherment]\nkey: {allow: [ec-p256, ed25519]}\n",
     "can have dataEncipherment"},
    {"key_usage: [keyAgreement]\nkey: {allow: [ed25519]}\n", "can have keyAgreement"},
    {"key_usage: [encipherOnly, digitalSignature]\n", "nothing without keyAgreement"},
    {"key_usage: [decipherOnly, digitalSignature]\n", "nothing without keyAgreement"},
    {"key_usage: [encipherOnly, keyAgreement]\n", NULL},
    {"key_usage: [decipherOnly, keyAgreement]\n", NULL},
    {"key_usage: [encipherOnly, decipherOnly, keyAgreement]\n", "exclude each other"},
    {"key_usage: [keyEncipherment]\n", "clientAuth needs one of"},
    {"key_usage: [keyEncipherment]\nextended_key_usage: [1.3.6.1.5.5.7.3.1]\n", NULL},
    {"key_usage: [nonRepudiation]\nextended_key_usage: [codeSigning]\n", "codeSigning needs one of"},
    {"key_usage: [nonRepudiation]\nextended_key_usage: [emailProtection]\n", NULL},
    {"key_usage: [keyEncipherment]\nextended_key_usage: [OCSPSigning]\n", "OCSPSigning needs one of"},
    {"extended_key_usage: [timeStamping]\n", "has to be critical"},
    {"extended_key_usage: [timeStamping]\nextended_key_usage_critical: true\n", NULL},
    {"extended_key_usage: [timeStamping, clientAuth]\nextended_key_usage_critical: true\n", "stand alone"},
    {"key_usage: [digitalSignature, nonRepudiation]\nextended_key_usage: "
     "[timeStamping]\nextended_key_usage_critical: true\n",
     NULL},
    {"key_usage: [digitalSignature, keyEncipherment]\nextended_key_usage: "
     "[timeStamping]\nextended_key_usage_critical: true\n",
     "digitalSignature and nonRepudiation only"},
    {"extended_key_usage: [timeStamping]\nextended_key_usage_critical: "
     "true\nextended_key_usage_from_request: [clientAuth]\n",
     "timeStamping has to be critical and stand alone"},
    {"extended_key_usage: [timeStamping]\nextended_key_usage_critical: "
     "true\nextended_key_usage_from_request: [timeStamping]\n",
     NULL},
    {"extended_key_usage: []\nextended_key_usage_critical: true\nextended_key_usage_from_request: "
     "[timeStamping, clientAuth]\n",
     NULL},
    {"extended_key_usage: []\nextended_key_usage_from_request: [timeStamping]\n",
     "timeStamping has to be critical and stand alone"},
    {"extended_key_usage_critical: true\nextended_key_usage_from_request: [timeStamping]\n",
     "timeStamping has to be critical and stand alone"},
    {"extended_key_usage: [timeStamping]\n" CA, NULL},
    {"subject: []\nkey_usage: [cRLSign]\nextended_key_usage: []\n", "cRLSign needs a subject"},
    {"key_usage: [cRLSign]\nextended_key_usage: []\n", NULL},
    {"certificate_policies: [{oid: 1.2.x}]\n", "certificate_policies: \"1.2.x\" is not an OID"},
    {"certificate_policies: [{oid: 1.2.3, cps: 'not a uri'}]\n", "cps of certificate_policies"},
    {"certificate_policies: [{oid: 1.2.3, cps: 'http://a.example/'}, {oid: 1.2.4}]\n", NULL},
    {"ocsp_urls: ['http://a.example/', 'x']\n", "reading ocsp_urls"},
    {"issuer_urls: ['x']\n", "reading issuer_urls"},
    {"copy_extensions: [{oid: 1.2.3, max_len: 1}, {oid: 1.2.4, max_len: 1}]\n", NULL},
    {"copy_extensions: [{oid: 1.2.3, max_len: 1}, {oid: 2.5.29.14, max_len: 1}]\n",
     "2.5.29.14 is this CA's to write"},
    {"copy_extensions: [{oid: 1.3.6.1.5.5.7.48.1.5, max_len: 1}]\n", "is this CA's to write"},
    {"name_constraints: {permitted: [{type: dns, value: a.example}], excluded: [{type: dns, value: "
     "'*.b'}]}\n" CA,
     "name constraint"},
    {"name_constraints: {excluded: [{type: dns, value: b.example}]}\n", "name_constraints need ca:"},
};

static void a_policy_loads_up_to_the_limit_and_not_beyond(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
        AUTO(free) char *policy = policy_of(limits[i].lines);
        print_message("%s", limits[i].lines);
        if (limits[i].words == NULL) {
            assert_non_null(case_policy(policy));
            continue;
        }
        const char *why = case_load_error(policy);
        if (strstr(why, limits[i].words) == NULL)
            fail_msg("\"%s\" is not in \"%s\"", limits[i].words, why);
    }
    assert_non_null(strstr(case_load_error("policy: 'a b'\nkey: {allow: [ec-p256]}\nvalidity: {days: 1}\n"),
                           "a name is letters"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(each_danger_is_found_by_itself, case_end),
        cmocka_unit_test_teardown(a_policy_loads_up_to_the_limit_and_not_beyond, case_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
