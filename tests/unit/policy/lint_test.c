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
     "lint.dns-constraint lint.dns-constraint ",
     "name_constraints: dns \".b.example\" has a leading dot, which some validators reject; \"b.example\" "
     "stands for all "
     "below it as well"},
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
    {"validity: {days: 36526}\n", "validity: more than 36525 days"},
    {"validity: {days: 1, max_days: 36525}\n", NULL},
    {"validity: {days: 1, max_days: 36526}\n", "validity: more than 36525 days"},
    {"validity: {days: 30, max_days: 30}\n", NULL},
    {"validity: {days: 40, backdate_minutes: 43200}\n", NULL},
    {"validity: {days: 40, backdate_minutes: 43201}\n", "validity: backdate_minutes is more than 30 days"},
    {"validity: {days: 2, backdate_minutes: 2879}\n", NULL},
    {"validity: {days: 2, backdate_minutes: 2880}\n",
     "validity: after 2 days from 2880 minutes back the certificate is over before it is issued"},
    {"validity: {no_expiry: true, backdate_minutes: 2880}\n", NULL},
    {CA_OF("path_len: 100"), NULL},
    {CA_OF("path_len: 101"), "ca: a path_len of 101 is not a limit; 0 to 100"},
    {CA_OF("rollover: true"), NULL},
    {"root: true\n" CA_OF("rollover: true"), "ca: rollover is for a certificate that the CA issues for its "
                                             "next key; a root has no issuer, leave one of the two out"},
    {"ca: {}\nkey_usage: [digitalSignature, keyCertSign]\n", NULL},
    {"ca: {}\nkey_usage: [digitalSignature, cRLSign]\n",
     "ca: needs keyCertSign in key_usage (RFC 5280 4.2.1.9)"},
    {"variables: [{name: " A60 ", match: a}]\n", NULL},
    {"variables: [{name: " A60 "g, match: a}]\n",
     "variables: \"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffg\" is not a name; at most 60 "
     "letters, digits, \"-\" and \"_\""},
    {"variables: [{name: A_z-9, match: a}, {name: b, match: a}]\n", NULL},
    {"variables: [{name: a, match: a}, {name: b, match: a}, {name: a, match: b}]\n",
     "variables: a is there twice"},
    {"variables: [{name: a, match: '[a-z]+', default: b}]\n", NULL},
    {"screen: {rsa_min_bits: 16384}\nkey: {allow: [ec-p256]}\n", NULL},
    {"screen: {rsa_min_bits: 16385}\nkey: {allow: [ec-p256]}\n",
     "screen: an rsa_min_bits of 16385; 0 (no floor) to 16384"},
    {"screen: {rsa_min_bits: 2048}\n", NULL},
    {"screen: {rsa_min_bits: 2049}\n",
     "key: rsa-2048 is below the 2049 bits of screen: rsa_min_bits; leave it out or lower that"},
    {"subject: [{field: CN, from: policy}]\n", "subject CN: from: policy needs value:"},
    {"subject: [{field: CN, from: policy, value: a, match: a}]\n",
     "subject CN: from: policy sets the value; match, values and optional are for requests"},
    {"subject: [{field: CN, from: policy, value: a, values: [a]}]\n",
     "subject CN: from: policy sets the value; match, values and optional are for requests"},
    {"subject: [{field: CN, from: policy, value: a, optional: true}]\n",
     "subject CN: from: policy sets the value; match, values and optional are for requests"},
    {"subject: [{field: CN, value: a}]\n", "subject CN: value: needs from: policy"},
    {"subject: [{field: XY, match: a}]\n", "subject: \"XY\" is neither a known field nor an OID"},
    {"subject: [{field: O, match: a}, {field: CN, value: '{O}x', from: policy}]\n", NULL},
    {"subject: [{field: O, match: a}, {field: CN, value: '{o} {2.5.4.10}', from: policy}]\n", NULL},
    {"subject: [{field: O, match: a}, {field: CN, value: '{O}{CN}', from: policy}]\n",
     "value: {CN} is neither a variable nor a subject field of an earlier rule\nwhile reading the rule for "
     "subject CN"},
    {"san: [{type: dns, from: policy}]\n", "san dns: from: policy needs value:"},
    {"san: [{type: dns, value: a.example}]\n", "san dns: value: needs from: policy"},
    {"san: [{type: dns, value: a.example, from: policy, match: a}]\n",
     "san dns: from: policy sets the name; match, values, cidr and required are for requests"},
    {"san: [{type: dns, value: a.example, from: policy, values: [a.example]}]\n",
     "san dns: from: policy sets the name; match, values, cidr and required are for requests"},
    {"san: [{type: dns, value: a.example, from: policy, required: true}]\n",
     "san dns: from: policy sets the name; match, values, cidr and required are for requests"},
    {"san: [{type: ip, value: 10.0.0.1, from: policy, cidr: [10.0.0.0/8]}]\n",
     "san ip: from: policy sets the name; match, values, cidr and required are for requests"},
    {"san: [{type: hardware, value: a, from: policy}]\n", "san hardware: only from: request"},
    {"san: [{type: dns, cidr: [10.0.0.0/8]}]\n", "san dns: cidr is for type: ip"},
    {"san: [{type: ip, wildcard: true}]\n", "san ip: wildcard is for type: dns"},
    {"san: [{type: ip, cidr: [10.0.0.0/8, 10.0.0.0/33]}]\n",
     "san ip: \"10.0.0.0/33\" is not an address/prefix"},
    {"san: [{type: dns, value: '*.a.example', from: policy}]\n",
     "dns \"*.a.example\" is a wildcard, which the rule does not allow (RFC 1034 3.5)\nwhile reading the "
     "rule for san dns"},
    {"san: [{type: dns, value: '*.a.example', from: policy, wildcard: true}]\n", NULL},
    {"san: [{type: dns, value: '{CN}.a.example', from: policy, like_request: true}, {type: uri, match: a}]\n",
     "san dns: like_request needs a rule that takes dns names from requests"},
    {"key_usage: [digitalSignature, keySign]\n",
     "key_usage: \"keySign\" is none of digitalSignature, nonRepudiation, keyEncipherment, dataEncipherment, "
     "keyAgreement, keyCertSign, cRLSign, encipherOnly, decipherOnly"},
    {"key_usage_from_request: [keySign]\n",
     "key_usage: \"keySign\" is none of digitalSignature, nonRepudiation, keyEncipherment, dataEncipherment, "
     "keyAgreement, keyCertSign, cRLSign, encipherOnly, decipherOnly"},
    {"key_usage_from_request: [keyCertSign]\n" CA,
     "key_usage_from_request: keyCertSign is never a request's to ask for"},
    {"key_usage_from_request: [keyEncipherment]\n", NULL},
    {"extended_key_usage: [clientAuth, TLS]\n",
     "extended_key_usage: \"TLS\" is neither a known usage nor an OID"},
    {"extended_key_usage_from_request: [clientAuth, TLS]\n",
     "extended_key_usage: \"TLS\" is neither a known usage nor an OID"},
    {"key_usage: [dataEncipherment]\nkey: {allow: [ec-p256]}\nextended_key_usage: []\n",
     "key_usage: no key of key: allow can have dataEncipherment; leave it out (RFC 3279 2.3.1, RFC 5480 3, "
     "RFC 8410 5)"},
    {"key_usage: [dataEncipherment]\nextended_key_usage: []\n", NULL},
    {"key_usage_from_request: [dataEncipherment]\nkey: {allow: [ec-p256, ed25519]}\n",
     "key_usage: no key of key: allow can have dataEncipherment; leave it out (RFC 3279 2.3.1, RFC 5480 3, "
     "RFC 8410 5)"},
    {"key_usage: [keyAgreement]\nkey: {allow: [ed25519]}\n",
     "key_usage: no key of key: allow can have keyAgreement; leave it out (RFC 3279 2.3.1, RFC 5480 3, RFC "
     "8410 5)"},
    {"key_usage: [encipherOnly, digitalSignature]\n",
     "encipherOnly and decipherOnly mean nothing without keyAgreement (RFC 5280 4.2.1.3)\nwhile reading "
     "key_usage"},
    {"key_usage: [decipherOnly, digitalSignature]\n",
     "encipherOnly and decipherOnly mean nothing without keyAgreement (RFC 5280 4.2.1.3)\nwhile reading "
     "key_usage"},
    {"key_usage: [encipherOnly, keyAgreement]\n", NULL},
    {"key_usage: [decipherOnly, keyAgreement]\n", NULL},
    {"key_usage: [encipherOnly, decipherOnly, keyAgreement]\n",
     "encipherOnly and decipherOnly exclude each other (RFC 5480 3)\nwhile reading key_usage"},
    {"key_usage: [keyEncipherment]\n",
     "clientAuth needs one of digitalSignature, keyAgreement, and not only keyEncipherment (RFC 5280 "
     "4.2.1.12)\nwhile reading key_usage and extended_key_usage"},
    {"key_usage: [keyEncipherment]\nkey_usage_from_request: [digitalSignature]\n",
     NULL}, // the request decides
    {"key_usage: [keyEncipherment]\nextended_key_usage: [1.3.6.1.5.5.7.3.1]\n", NULL},
    {"key_usage: [nonRepudiation]\nextended_key_usage: [codeSigning]\n",
     "codeSigning needs one of digitalSignature, and not only nonRepudiation (RFC 5280 4.2.1.12)\nwhile "
     "reading key_usage and extended_key_usage"},
    {"key_usage: [nonRepudiation]\nextended_key_usage: [emailProtection]\n", NULL},
    {"key_usage: [keyEncipherment]\nextended_key_usage: [OCSPSigning]\n",
     "OCSPSigning needs one of digitalSignature, nonRepudiation, and not only keyEncipherment (RFC 5280 "
     "4.2.1.12)\nwhile reading key_usage and extended_key_usage"},
    {"extended_key_usage: [timeStamping]\n",
     "timeStamping has to be critical: extended_key_usage_critical: true (RFC 3161 2.3)\nwhile reading "
     "key_usage and extended_key_usage"},
    {"extended_key_usage: [timeStamping]\nextended_key_usage_critical: true\n", NULL},
    {"extended_key_usage: [timeStamping, clientAuth]\nextended_key_usage_critical: true\n",
     "timeStamping has to stand alone (RFC 3161 2.3)\nwhile reading key_usage and extended_key_usage"},
    {"key_usage: [digitalSignature, nonRepudiation]\nextended_key_usage: "
     "[timeStamping]\nextended_key_usage_critical: true\n",
     NULL},
    {"key_usage: [digitalSignature, keyEncipherment]\nextended_key_usage: "
     "[timeStamping]\nextended_key_usage_critical: true\n",
     "timeStamping goes with digitalSignature and nonRepudiation only (RFC 5280 4.2.1.12)\nwhile reading "
     "key_usage and extended_key_usage"},
    {"extended_key_usage: [timeStamping]\nextended_key_usage_critical: "
     "true\nextended_key_usage_from_request: [clientAuth]\n",
     "extended_key_usage_from_request: timeStamping has to be critical and stand alone (RFC 3161 2.3)"},
    {"extended_key_usage: [timeStamping]\nextended_key_usage_critical: "
     "true\nextended_key_usage_from_request: [timeStamping]\n",
     NULL},
    {"extended_key_usage: [timeStamping]\nextended_key_usage_critical: "
     "true\nextended_key_usage_from_request: [timeStamping, clientAuth]\n",
     "extended_key_usage_from_request: timeStamping has to be critical and stand alone (RFC 3161 2.3)"},
    {"extended_key_usage: []\nextended_key_usage_critical: true\nextended_key_usage_from_request: "
     "[timeStamping, clientAuth]\n",
     NULL},
    {"extended_key_usage: []\nextended_key_usage_from_request: [timeStamping]\n",
     "extended_key_usage_from_request: timeStamping has to be critical and stand alone (RFC 3161 2.3)"},
    {"extended_key_usage_critical: true\nextended_key_usage_from_request: [timeStamping]\n",
     "extended_key_usage_from_request: timeStamping has to be critical and stand alone (RFC 3161 2.3)"},
    {"extended_key_usage: [timeStamping]\n" CA, NULL},
    {"subject: []\nkey_usage: [cRLSign]\nextended_key_usage: []\n",
     "key_usage: cRLSign needs a subject, and no rule gives one (RFC 5280 4.1.2.6)"},
    {"key_usage: [cRLSign]\nextended_key_usage: []\n", NULL},
    {"certificate_policies: [{oid: 1.2.x}]\n", "certificate_policies: \"1.2.x\" is not an OID"},
    {"certificate_policies: [{oid: 1.2.3, cps: 'not a uri'}]\n",
     "uri \"not a uri\" is not a URI: it has no scheme (RFC 3986)\nwhile reading cps of "
     "certificate_policies"},
    {"certificate_policies: [{oid: 1.2.3, cps: 'http://a.example/'}, {oid: 1.2.4}]\n", NULL},
    {"ocsp_urls: ['http://a.example/', 'x']\n",
     "uri \"x\" is not a URI: it has no scheme (RFC 3986)\nwhile reading ocsp_urls"},
    {"issuer_urls: ['x']\n",
     "uri \"x\" is not a URI: it has no scheme (RFC 3986)\nwhile reading issuer_urls"},
    {"copy_extensions: [{oid: 1.2.3, max_len: 1}, {oid: 1.2.4, max_len: 1}]\n", NULL},
    {"copy_extensions: [{oid: 1.2.3, max_len: 1}, {oid: 2.5.29.14, max_len: 1}]\n",
     "copy_extensions: 2.5.29.14 is this CA's to write; it is never copied from a request"},
    {"copy_extensions: [{oid: 1.3.6.1.5.5.7.48.1.5, max_len: 1}]\n",
     "copy_extensions: 1.3.6.1.5.5.7.48.1.5 is this CA's to write; it is never copied from a request"},
    {"name_constraints: {permitted: [{type: dns, value: a.example}], excluded: [{type: dns, value: "
     "'*.b'}]}\n" CA,
     "name constraint dns \"*.b\" is a wildcard, which the rule does not allow"},
    {"name_constraints: {excluded: [{type: dns, value: b.example}]}\n",
     "name_constraints need ca: (RFC 5280 4.2.1.10)"},
    {"name_constraints: {permitted: [{type: ip, value: 10.0.0.0/8}], excluded: [{type: dns, value: "
     "b.example}]}\n",
     "name_constraints need ca: (RFC 5280 4.2.1.10)"},
    {"name_constraints: {permitted: [{type: dns, value: b.example}, {type: ip, value: 10.0.0}]}\n" CA,
     "name constraint ip \"10.0.0\" is not an address/prefix"},
    {"name_constraints: {excluded: [{type: email, value: a@b@c}]}\n" CA,
     "name constraint email \"a@b@c\" is neither a mailbox nor its host"},
    {"name_constraints: {excluded: [{type: uri, value: 10.0.0.1}]}\n" CA,
     "name constraint uri \"10.0.0.1\" is an IP address, which belongs in a name of the type ip"},
    {"validity: {days: 1, no_expiry: true}\n", "validity: days and no_expiry contradict each other"},
    {"validity: {max_days: 3}\n", "validity: days is needed (or no_expiry: true)"},
    {"validity: {days: 2, max_days: 1}\n", "validity: max_days is less than days"},
    {"validity: {no_expiry: true}\n" CA, "validity: no_expiry is not for CAs"},
    {"root: true\n", "root: true needs ca:"},
    {"key_usage: [keyCertSign]\n", "key_usage: keyCertSign needs ca: (RFC 5280 4.2.1.3)"},
    {"key: {allow: [ec-p256, ec-p257]}\n",
     "key: \"ec-p257\" is none of ec-p256, ec-p384, ec-p521, ed25519, rsa-2048, rsa-3072, rsa-4096"},
    {"key: {allow: [rsa-1024, rsa-4096]}\nscreen: {rsa_min_bits: 1024}\n", NULL},
    {"key: {allow: [rsa-4096, rsa-2048]}\nscreen: {rsa_min_bits: 4096}\n",
     "key: rsa-2048 is below the 4096 bits of screen: rsa_min_bits; leave it out or lower that"},
    {"variables: [{name: CN, match: a}]\n",
     "variables: CN is also a subject field, so {CN} could mean either; rename it"},
    {"variables: [{name: cn, match: a}]\n",
     "variables: cn is also a subject field, so {cn} could mean either; rename it"},
    {"variables: [{name: 'a b', match: a}]\n",
     "variables: \"a b\" is not a name; at most 60 letters, digits, \"-\" and \"_\""},
    {"variables: [{name: a, match: '[a-z]', default: B}]\n",
     "variables: the default of a does not match [a-z]"},
    {"variables: [{name: a, match: a}, {name: a, match: a}]\n", "variables: a is there twice"},
    {"variables: [{name: a, match: a}]\nsubject: [{field: CN, value: '{a}{b}', from: policy}]\n",
     "value: {b} is neither a variable nor a subject field of an earlier rule\nwhile reading the rule for "
     "subject CN"},
    {"subject: [{field: CN, value: 'x{a', from: policy}]\n",
     "value: \"x{a\" has a { without a }\nwhile reading the rule for subject CN"},
    {"subject: [{field: C, values: [DE, usa]}]\n",
     "subject C: \"usa\" is not a country code of two capital letters (RFC 5280 appendix A)"},
    {"subject: [{field: C, value: usa, from: policy}]\n",
     "subject C: \"usa\" is not a country code of two capital letters (RFC 5280 appendix A)"},
    {"san: [{type: hardware, from: policy}]\n", "san hardware: from: policy needs value:"},
    {"san: [{type: hardware, value: a}]\n", "san hardware: value: needs from: policy"},
    {"san: [{type: hardware, cidr: [10.0.0.0/8]}]\n", "san hardware: cidr is for type: ip"},
    {"san: [{type: hardware, wildcard: true}]\n", "san hardware: wildcard is for type: dns"},
    {"san: [{type: hardware, like_request: true}]\n", "san hardware: like_request needs from: policy"},
    {"san: [{type: email, cidr: [10.0.0.0/8]}]\n", "san email: cidr is for type: ip"},
    {"san: [{type: email, like_request: true}]\n", "san email: like_request needs from: policy"},
    {"san: [{type: ip, cidr: [10.0.0.0/33]}]\n", "san ip: \"10.0.0.0/33\" is not an address/prefix"},
    {"san: [{type: dns, match: a}, {type: dns, value: '{CN}.example', from: policy, like_request: true}]\n",
     NULL},
    {"san: [{type: dns, value: '{CN}.example', from: policy, like_request: true}, {type: dns, match: a}]\n",
     NULL},
    {"san: [{type: uri, value: '{CN', from: policy}]\n",
     "value: \"{CN\" has a { without a }\nwhile reading the rule for san uri"},
    {"san: [{type: uri, value: 'urn:{b}', from: policy}]\n",
     "value: {b} is neither a variable nor a subject field of an earlier rule\nwhile reading the rule for "
     "san uri"},
    {"san: [{type: ip, value: 10.0.0.0/8, from: policy}]\n",
     "ip \"10.0.0.0/8\" is not an IPv4 or IPv6 address\nwhile reading the rule for san ip"},
    {"san: [{type: ip, values: [10.0.0.1, a]}]\n",
     "ip \"a\" is not an IPv4 or IPv6 address\nwhile reading values of the rule for san ip"},
    {"ocsp_urls: ['urn:']\n",
     "uri \"urn:\" is not a URI: it has nothing after its scheme (RFC 3986)\nwhile reading ocsp_urls"},
    {"crl_urls: ['http://a.example/', 'http://']\n",
     "uri \"http://\" is not a URI: it has no host (RFC 3986)\nwhile reading crl_urls"},
    {"certificate_policies: [{oid: 1.2.3}, {oid: 1.2.4, cps: 'x'}]\n",
     "uri \"x\" is not a URI: it has no scheme (RFC 3986)\nwhile reading cps of certificate_policies"},
    {"certificate_policies: [{oid: 1.2.3}, {oid: 1.2.4}, {oid: 1.2.3}]\n",
     "certificate_policies: 1.2.3 is there twice (RFC 5280 4.2.1.4)"},
    {"copy_extensions: [{oid: 1.2.3, max_len: 1}, {oid: 1.2.4, max_len: 1}, {oid: 1.2.3, max_len: 1}]\n",
     "copy_extensions: 1.2.3 is there twice"},
    {"copy_extensions: [{oid: 1.2.3, max_len: 1}, {oid: 1.x, max_len: 1}]\n",
     "copy_extensions: \"1.x\" is not an OID"},
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
        AUTO(free) char *wanted = memory_format("%s\nwhile reading the policy case.yaml", limits[i].words);
        assert_string_equal(case_load_error(policy), wanted);
    }
    assert_non_null(strstr(case_load_error("policy: 'a b'\nkey: {allow: [ec-p256]}\nvalidity: {days: 1}\n"),
                           "a name is letters"));
}

/** What coldca writes itself, or no requester may bring (RFC 5280 4.2, RFC 6960 4.2.2.2.1): whatever a policy says. */
static void what_is_the_cas_to_write_is_never_copied(void **state)
{
    static const char *const never[] = {
        "2.5.29.14", "2.5.29.15", "2.5.29.17",         "2.5.29.18",           "2.5.29.19", "2.5.29.30",
        "2.5.29.31", "2.5.29.32", "2.5.29.33",         "2.5.29.35",           "2.5.29.36", "2.5.29.37",
        "2.5.29.46", "2.5.29.54", "1.3.6.1.5.5.7.1.1", "1.3.6.1.5.5.7.48.1.5"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(never); i++) {
        AUTO(free) char *lines = memory_format("copy_extensions: [{oid: %s, max_len: 9}]\n", never[i]);
        AUTO(free) char *policy = policy_of(lines);
        AUTO(free)
        char *wanted = memory_format("copy_extensions: %s is this CA's to write; it is never copied from a "
                                     "request\nwhile reading the policy case.yaml",
                                     never[i]);
        assert_string_equal(case_load_error(policy), wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(each_danger_is_found_by_itself, case_end),
        cmocka_unit_test_teardown(a_policy_loads_up_to_the_limit_and_not_beyond, case_end),
        cmocka_unit_test(what_is_the_cas_to_write_is_never_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
