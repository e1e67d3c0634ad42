/* SPDX-License-Identifier: Apache-2.0 */
/* Each rule of a policy, one by one: what it lets through, what it refuses and under which rule's name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judge_case.h"

#include "base/memory.h"
#include "base/time.h"

#include <stdlib.h>
#include <string.h>

/** A policy in parts, a request, and what has to come of them. NULL parts are the plainest that load. */
struct rule_case {
    const char *subject_rules; /**< YAML of the list */
    const char *san_rules;
    const char *key;
    const char *validity;
    const char *more; /**< further lines */

    const char *subject; /**< of the request; NULL: CN=x */
    const char *sans[4];
    const char *extensions;
    const char *request_key;

    const char *rule;           /**< that refuses; NULL: allowed */
    const char *words;          /**< in the reason */
    const char *wanted_subject; /**< if it is allowed */
    const char *wanted_sans;
};

static char *policy_of(const struct rule_case *given)
{
    return memory_format(
        "policy: rules\nsubject: [%s]\n%s%s%s\nkey: {%s}\nvalidity: {%s}\n%s\n",
        given->subject_rules != NULL ? given->subject_rules : "{field: CN, match: '.*'}",
        given->san_rules != NULL ? "san: [" : "", given->san_rules != NULL ? given->san_rules : "",
        given->san_rules != NULL ? "]" : "", given->key != NULL ? given->key : "allow: [ec-p256]",
        given->validity != NULL ? given->validity : "days: 10", given->more != NULL ? given->more : "");
}

static const struct verdict *judged(const struct rule_case *given, const struct policy_issuer *issuer)
{
    AUTO(free) char *policy = policy_of(given);
    const struct verdict *verdict =
        case_judge(&(struct judge_case){.policy = policy,
                                        .subject = given->subject != NULL ? given->subject : "CN=x",
                                        .sans = given->sans[0] != NULL ? given->sans : NULL,
                                        .extensions = given->extensions,
                                        .key = given->request_key,
                                        .issuer = issuer});
    if (given->rule != NULL) {
        assert_refused(verdict, given->rule, given->words);
        return verdict;
    }
    assert_allowed(verdict);
    if (given->wanted_subject != NULL)
        assert_string_equal(subject_of(verdict), given->wanted_subject);
    if (given->wanted_sans != NULL)
        assert_string_equal(sans_of(verdict), given->wanted_sans);
    return verdict;
}

static void judge_all(const struct rule_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        (void)judged(&cases[i], NULL); // what it returns was looked at
        assert_int_equal(case_end(NULL), 0);
    }
}

#define JUDGE_ALL(cases) judge_all(cases, sizeof(cases) / sizeof((cases)[0]))

static void subject_fields_are_taken_required_matched_or_set(void **state)
{
    (void)state;
    static const struct rule_case cases[] = {
        {.subject_rules = "{field: CN, match: 'dev'}", .subject = "CN=dev", .wanted_subject = "CN=dev"},
        {.subject_rules = "{field: CN, match: 'dev'}",
         .subject = "CN=device",
         .rule = "subject.CN",
         .words = "does not match"},
        {.subject_rules = "{field: CN, match: '^dev$'}", .subject = "CN=dev", .wanted_subject = "CN=dev"},
        {.subject_rules = "{field: CN, match: '^dev$'}",
         .subject = "CN=a dev",
         .rule = "subject.CN",
         .words = "does not match"},
        {.subject_rules = "{field: CN, match: 'a|b.*'}",
         .subject = "CN=xb",
         .rule = "subject.CN",
         .words = "does not match"},
        {.subject_rules = "{field: CN, values: [a, b]}", .subject = "CN=b", .wanted_subject = "CN=b"},
        {.subject_rules = "{field: CN, values: [a, b]}",
         .subject = "CN=c",
         .rule = "subject.CN",
         .words = "\"c\""},
        {.subject_rules = "{field: CN, values: [a]}",
         .subject = "CN=b",
         .rule = "subject.CN",
         .words = "\"b\""},
        {.subject_rules = "{field: CN}", .subject = "CN=b", .wanted_subject = "CN=b"},
        {.subject_rules = "{field: CN, match: 'a', values: [b]}",
         .subject = "CN=a",
         .wanted_subject = "CN=a"},
        {.subject_rules = "{field: CN, match: 'a', values: [b]}",
         .subject = "CN=b",
         .wanted_subject = "CN=b"},
        {.subject_rules = "{field: CN, match: 'a', values: [b]}",
         .subject = "CN=c",
         .rule = "subject.CN",
         .words = "is not one of a, b"},
        {.subject_rules = "{field: CN}, {field: O, value: '{CN}', from: policy}",
         .subject = "CN=a b/c",
         .wanted_subject = "CN=a b/c,O=a b/c"},
        {.subject = "L=here,CN=x", .rule = "subject.other", .words = "L"},
        {.subject = "L=here,CN=x", .more = "other_subject: drop", .wanted_subject = "CN=x"},
        {.subject_rules = "{field: CN, match: '.*'}, {field: O, match: '.*'}",
         .rule = "subject.O",
         .words = "O"},
        {.subject_rules = "{field: CN, match: '.*'}, {field: O, match: '.*', optional: true}",
         .wanted_subject = "CN=x"},
        {.subject_rules = "{field: O, value: Acme, from: policy}, {field: CN, match: '.*'}",
         .wanted_subject = "O=Acme,CN=x"},
        {.subject = "CN=x,L=here", .rule = "subject.other", .words = "L"},
        {.subject = "CN=x,L=here", .more = "other_subject: drop", .wanted_subject = "CN=x"},
        {.subject_rules = "{field: CN, match: '.*'}, {field: OU, match: '.*', max: 2}",
         .subject = "CN=x,OU=a,OU=b",
         .wanted_subject = "CN=x,OU=a,OU=b"},
        {.subject_rules = "{field: CN, match: '.*'}, {field: OU, match: '.*'}",
         .subject = "CN=x,OU=a,OU=b",
         .rule = "subject.OU",
         .words = "OU"},
    };
    JUDGE_ALL(cases);
}

static void host_names_follow_the_rule_and_wildcards_need_leave(void **state)
{
    (void)state;
    static const struct rule_case cases[] = {
        {.san_rules = "{type: dns, match: '[a-z]+\\.example'}",
         .sans = {"dns:a.example"},
         .wanted_sans = "dns:a.example"},
        {.san_rules = "{type: dns, match: '[a-z]+\\.example'}",
         .sans = {"dns:a.example.org"},
         .rule = "san.dns",
         .words = "a.example.org"},
        {.san_rules = "{type: dns, match: '.*'}",
         .sans = {"dns:*.a.example"},
         .rule = "san.dns",
         .words = "*.a.example"},
        {.san_rules = "{type: dns, match: '.*', wildcard: true}",
         .sans = {"dns:*.a.example"},
         .wanted_sans = "dns:*.a.example"},
        {.san_rules = "{type: dns, values: [a.example]}",
         .sans = {"dns:b.example"},
         .rule = "san.dns",
         .words = "b.example"},
        {.san_rules = "{type: dns, match: '.*', max: 1}",
         .sans = {"dns:a.example", "dns:b.example"},
         .rule = "san.max",
         .words = "1"},
        {.san_rules = "{type: dns, match: '.*', required: true}", .rule = "san.required", .words = "dns"},
        {.san_rules = "{type: dns, value: '{CN}.example', from: policy}", .wanted_sans = "dns:x.example"},
        {.san_rules = "{type: dns, value: '{CN}', from: policy}, {type: dns, match: '.*'}",
         .subject = "CN=a.example",
         .sans = {"dns:b.example", "dns:a.example"},
         .wanted_sans = "dns:a.example,dns:b.example"},
        {.san_rules = "{type: dns, value: '{CN}', from: policy}",
         .subject = "CN=not a host",
         .rule = "san.dns",
         .words = "not a host"},
        {.san_rules = "{type: dns, value: '{CN}', from: policy, optional: true}",
         .subject = "CN=not a host",
         .wanted_sans = ""},
    };
    JUDGE_ALL(cases);
}

static void addresses_uris_and_mail_addresses_follow_their_rules(void **state)
{
    (void)state;
    static const struct rule_case cases[] = {
        {.san_rules = "{type: ip, cidr: ['10.0.0.0/8', '2001:db8::/32']}",
         .sans = {"ip:10.1.2.3", "ip:2001:db8::1"},
         .wanted_sans = "ip:10.1.2.3,ip:2001:db8::1"},
        {.san_rules = "{type: ip, cidr: ['10.0.0.0/8']}",
         .sans = {"ip:11.0.0.1"},
         .rule = "san.ip",
         .words = "11.0.0.1"},
        {.san_rules = "{type: ip, cidr: ['10.0.0.0/8']}",
         .sans = {"ip:2001:db8::1"},
         .rule = "san.ip",
         .words = "2001:db8::1"},
        {.san_rules = "{type: ip, match: 'fd00::5'}", .sans = {"ip:fd00::5"}, .wanted_sans = "ip:fd00::5"},
        {.san_rules = "{type: ip, match: ':5'}",
         .sans = {"ip:fd00::5"},
         .rule = "san.ip",
         .words = "fd00::5"},
        {.san_rules = "{type: uri, match: 'urn:acme:[a-z]+'}",
         .sans = {"uri:urn:acme:x"},
         .wanted_sans = "uri:urn:acme:x"},
        {.san_rules = "{type: uri, match: 'urn:acme:[a-z]+'}",
         .sans = {"uri:urn:other:x"},
         .rule = "san.uri",
         .words = "urn:other:x"},
        {.san_rules = "{type: uri, value: 'spiffe://a.example/{CN}', from: policy}",
         .wanted_sans = "uri:spiffe://a.example/x"},
        {.san_rules = "{type: uri, value: 'spiffe://a.example/{CN}', from: policy}",
         .subject = "CN=x/../y",
         .rule = "san.uri",
         .words = "x/../y"},
        {.san_rules = "{type: email, match: '.*@a\\.example'}",
         .sans = {"email:me@a.example"},
         .wanted_sans = "email:me@a.example"},
        {.san_rules = "{type: email, match: '.*@a\\.example'}",
         .sans = {"email:me@b.example"},
         .rule = "san.email",
         .words = "me@b.example"},
        {.sans = {"dns:a.example"}, .rule = "san.dns", .words = "a.example"},
        {.sans = {"dns:a.example"}, .more = "other_san: drop", .wanted_sans = ""},
        {.san_rules = "{type: dns, match: 'b'}",
         .sans = {"dns:a.example"},
         .more = "other_san: drop",
         .rule = "san.dns",
         .words = "a.example"},
    };
    JUDGE_ALL(cases);
}

static void keys_are_those_of_the_list(void **state)
{
    (void)state;
    static const struct rule_case cases[] = {
        {.key = "allow: [ec-p384]", .request_key = "P-384"},
        {.key = "allow: [ec-p384]", .rule = "key.allow", .words = "ec-p256 is not one of ec-p384"},
        {.key = "allow: [ed25519]", .request_key = "ED25519"},
        {.key = "allow: [rsa-2048]", .request_key = "RSA-2048"},
        {.key = "allow: [rsa-3072]", .request_key = "RSA-2048", .rule = "key.allow", .words = "rsa-2048"},
        {.key = "allow: [ec-p256]", .request_key = "secp256k1", .rule = "key.allow", .words = "key"},
    };
    JUDGE_ALL(cases);
}

/* keyUsage digitalSignature, keyAgreement: 2.5.29.15; extKeyUsage serverAuth: 2.5.29.37; basicConstraints CA: 2.5.29.19 */
#define ASKS_KEY_AGREEMENT "30{06{551d0f}0101ff04{03020388}}"
#define ASKS_SERVER_AUTH "30{06{551d25}04{30{06{2b06010505070301}}}}"
#define ASKS_TO_BE_A_CA "30{06{551d13}0101ff04{30{0101ff}}}"
#define ASKS_SOMETHING "30{06{2b060104018cff01}04{0403010203}}" // 1.3.6.1.4.1.212865 (an OID nobody knows)

static void usages_come_from_the_request_only_within_the_list(void **state)
{
    (void)state;
    static const struct {
        struct rule_case given;
        unsigned usage;
        size_t extended;
    } cases[] = {
        {{.more = "key_usage: [digitalSignature]", .extensions = ASKS_KEY_AGREEMENT},
         KEY_USAGE_DIGITAL_SIGNATURE,
         0},
        {{.more = "key_usage: [digitalSignature]\nkey_usage_from_request: [keyAgreement]",
          .extensions = ASKS_KEY_AGREEMENT},
         KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_KEY_AGREEMENT,
         0},
        {{.more = "key_usage: [digitalSignature, keyEncipherment]", .key = "allow: [ec-p256, rsa-2048]"},
         KEY_USAGE_DIGITAL_SIGNATURE,
         0}, // an EC key enciphers nothing
        {{.more = "key_usage: [digitalSignature, keyEncipherment]",
          .key = "allow: [rsa-2048]",
          .request_key = "RSA-2048"},
         KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_KEY_ENCIPHERMENT,
         0},
        {{.more = "key_usage: [digitalSignature]\nextended_key_usage: [clientAuth]",
          .extensions = ASKS_SERVER_AUTH},
         KEY_USAGE_DIGITAL_SIGNATURE,
         1},
        {{.more = "key_usage: [digitalSignature]\nextended_key_usage: "
                  "[clientAuth]\nextended_key_usage_from_request: [serverAuth]",
          .san_rules = "{type: dns, match: '.*'}",
          .sans = {"dns:a.example"},
          .extensions = ASKS_SERVER_AUTH},
         KEY_USAGE_DIGITAL_SIGNATURE,
         2},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct verdict *verdict = judged(&cases[i].given, NULL);
        assert_int_equal(verdict->template->key_usage, cases[i].usage);
        assert_int_equal(verdict->template->extended_key_usage_count, cases[i].extended);
        assert_int_equal(case_end(NULL), 0);
    }
    static const struct rule_case beyond[] = {
        {.more = "key_usage: [digitalSignature]\nkey_usage_from_request: [nonRepudiation]",
         .extensions = ASKS_KEY_AGREEMENT,
         .rule = "key_usage",
         .words = "keyAgreement"},
        {.more = "key_usage: [digitalSignature]\nextended_key_usage_from_request: [clientAuth]",
         .extensions = ASKS_SERVER_AUTH,
         .rule = "extended_key_usage",
         .words = "serverAuth"},
        {.more = "key_usage: [digitalSignature]",
         .extensions = ASKS_TO_BE_A_CA,
         .rule = "ca",
         .words = "asks to be a CA"},
    };
    JUDGE_ALL(beyond);
}

static void extensions_are_copied_by_name_with_the_policys_criticality(void **state)
{
    (void)state;
    static const char copies[] = "copy_extensions: [{oid: 1.3.6.1.4.1.212865, critical: true, max_len: 8}]";
    static const struct rule_case refused[] = {
        {.extensions = ASKS_SOMETHING, .rule = "extension", .words = "1.3.6.1.4.1.212865"},
        {.extensions = ASKS_SOMETHING,
         .more = "copy_extensions: [{oid: 1.3.6.1.4.1.212865, max_len: 4}]",
         .rule = "extension.max_len",
         .words = "4"},
    };
    JUDGE_ALL(refused);
    const struct verdict *verdict =
        judged(&(struct rule_case){.extensions = ASKS_SOMETHING, .more = copies}, NULL);
    assert_int_equal(verdict->template->extensions_count, 1);
    assert_true(verdict->template->extensions[0].is_critical);
    assert_int_equal(verdict->template->extensions[0].value_len, 5);
    assert_int_equal(case_end(NULL), 0);
    verdict =
        judged(&(struct rule_case){.extensions = ASKS_SOMETHING, .more = "other_extensions: drop"}, NULL);
    assert_int_equal(verdict->template->extensions_count, 0);
}

static void the_issuers_end_is_refused_clamped_or_passed_as_the_policy_says(void **state)
{
    (void)state;
    struct policy_issuer issuer = {.subject_text = (char *)(uintptr_t) "CN=Root",
                                   .not_before = CASE_NOW - 86400,
                                   .not_after = CASE_NOW + 86400,
                                   .is_ca = true,
                                   .path_len = -1};
    (void)judged(&(struct rule_case){.validity = "days: 10",
                                     .rule = "validity.past_issuer",
                                     .words = "past the issuer's end"},
                 &issuer);
    assert_int_equal(case_end(NULL), 0);
    const struct verdict *verdict =
        judged(&(struct rule_case){.validity = "days: 10, past_issuer: clamp"}, &issuer);
    assert_int_equal(verdict->template->not_after, issuer.not_after);
    assert_non_null(verdict->template->validity_note);
    assert_int_equal(case_end(NULL), 0);
    verdict = judged(&(struct rule_case){.validity = "days: 10, past_issuer: allow"}, &issuer);
    assert_int_equal(verdict->template->not_after, CASE_NOW + 10 * INT64_C(86400) - 1);
    assert_non_null(verdict->template->validity_note);
    assert_int_equal(case_end(NULL), 0);
    verdict = judged(&(struct rule_case){.validity = "no_expiry: true, past_issuer: allow"}, &issuer);
    assert_true(verdict->template->has_no_expiry);
    assert_int_equal(verdict->template->not_after, TIME_9999_END);
    assert_int_equal(case_end(NULL), 0);
    // Backdating goes no further than the issuer's own start.
    verdict = judged(&(struct rule_case){.validity = "days: 2, backdate_minutes: 2000, past_issuer: clamp"},
                     &issuer);
    assert_int_equal(verdict->template->not_before, issuer.not_before);
}

static void a_ca_below_keeps_to_the_path_length_and_purposes_of_the_issuer(void **state)
{
    (void)state;
    char *purposes[] = {(char *)(uintptr_t) "1.3.6.1.5.5.7.3.2"};
    struct policy_issuer issuer = {.subject_text = (char *)(uintptr_t) "CN=Root",
                                   .not_before = CASE_NOW - 86400,
                                   .not_after = CASE_NOW + 400 * INT64_C(86400),
                                   .is_ca = true,
                                   .path_len = 1};
    static const char ca[] = "ca: {path_len: 0}\nkey_usage: [keyCertSign, cRLSign]";
    const struct verdict *verdict = judged(&(struct rule_case){.more = ca}, &issuer);
    assert_true(verdict->template->is_ca);
    assert_int_equal(verdict->template->path_len, 0);
    assert_int_equal(case_end(NULL), 0);
    issuer.path_len = 0;
    (void)judged(&(struct rule_case){.more = ca, .rule = "ca.path_len", .words = "no CA may be below"},
                 &issuer);
    assert_int_equal(case_end(NULL), 0);
    issuer.has_extended_key_usage = true;
    issuer.extended_key_usage = purposes;
    issuer.extended_key_usage_count = 1;
    (void)judged(
        &(struct rule_case){.more = "key_usage: [digitalSignature]\nextended_key_usage: [clientAuth]"},
        &issuer);
    assert_int_equal(case_end(NULL), 0);
    (void)judged(
        &(struct rule_case){.more = "key_usage: [digitalSignature]\nextended_key_usage: [serverAuth]",
                            .rule = "extended_key_usage.issuer",
                            .words = "serverAuth"},
        &issuer);
}

static void the_name_constraints_of_the_chain_bind_what_is_issued(void **state)
{
    (void)state;
    struct template_name inside = {.kind = SAN_DNS,
                                   .value = (uint8_t *)(uintptr_t) "iot.example",
                                   .value_len = 11,
                                   .text = (char *)(uintptr_t) "iot.example"};
    struct template_name outside = {.kind = SAN_DNS,
                                    .value = (uint8_t *)(uintptr_t) "secret.iot.example",
                                    .value_len = 18,
                                    .text = (char *)(uintptr_t) "secret.iot.example"};
    struct policy_constraints constraints = {
        .permitted = &inside, .permitted_count = 1, .excluded = &outside, .excluded_count = 1};
    struct policy_issuer issuer = {.subject_text = (char *)(uintptr_t) "CN=Root",
                                   .not_before = CASE_NOW - 86400,
                                   .not_after = CASE_NOW + 400 * INT64_C(86400),
                                   .is_ca = true,
                                   .path_len = -1,
                                   .constraints = &constraints,
                                   .constraints_count = 1};
    static const char any[] = "{type: dns, match: '.*'}";
    (void)judged(&(struct rule_case){.san_rules = any,
                                     .sans = {"dns:a.iot.example"},
                                     .wanted_sans = "dns:a.iot.example"},
                 &issuer);
    assert_int_equal(case_end(NULL), 0);
    (void)judged(&(struct rule_case){.san_rules = any,
                                     .sans = {"dns:a.other.example"},
                                     .rule = "name_constraints",
                                     .words = "a.other.example"},
                 &issuer);
    assert_int_equal(case_end(NULL), 0);
    (void)judged(&(struct rule_case){.san_rules = any,
                                     .sans = {"dns:a.secret.iot.example"},
                                     .rule = "name_constraints",
                                     .words = "a.secret.iot.example"},
                 &issuer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(subject_fields_are_taken_required_matched_or_set, case_end),
        cmocka_unit_test_teardown(host_names_follow_the_rule_and_wildcards_need_leave, case_end),
        cmocka_unit_test_teardown(addresses_uris_and_mail_addresses_follow_their_rules, case_end),
        cmocka_unit_test_teardown(keys_are_those_of_the_list, case_end),
        cmocka_unit_test_teardown(usages_come_from_the_request_only_within_the_list, case_end),
        cmocka_unit_test_teardown(extensions_are_copied_by_name_with_the_policys_criticality, case_end),
        cmocka_unit_test_teardown(the_issuers_end_is_refused_clamped_or_passed_as_the_policy_says, case_end),
        cmocka_unit_test_teardown(a_ca_below_keeps_to_the_path_length_and_purposes_of_the_issuer, case_end),
        cmocka_unit_test_teardown(the_name_constraints_of_the_chain_bind_what_is_issued, case_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
