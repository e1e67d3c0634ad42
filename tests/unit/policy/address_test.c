/* SPDX-License-Identifier: Apache-2.0 */
/* IP addresses where host names were meant: a name of the type ip where a rule takes it, else refused; never a dNSName. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judge_case.h"

#include "base/memory.h"

#include <stdlib.h>

#define POLICY(san)                                                                                          \
    "policy: server\nsubject: [{field: CN, match: '[^\\p{C}]{1,64}'}]\nsan:\n" san                           \
    "key: {allow: [ec-p256]}\nvalidity: {days: 10}\n"
#define DNS_OF_CN "  - {type: dns, value: '{CN}', from: policy}\n"
#define OPTIONAL_DNS_OF_CN "  - {type: dns, value: '{CN}', from: policy, optional: true}\n"
#define ANY_DNS "  - {type: dns, match: '.*', wildcard: true}\n"
#define PRIVATE_IP "  - {type: ip, cidr: ['10.0.0.0/8', 'fc00::/7']}\n"

static const char *remedy_of(const struct verdict *verdict, const char *rule)
{
    for (size_t i = 0; i < verdict->findings.count; i++) {
        if (strcmp(verdict->findings.items[i].rule, rule) == 0)
            return verdict->findings.items[i].remedy == NULL ? "" : verdict->findings.items[i].remedy;
    }
    return "";
}

static void an_address_in_the_policys_dns_rule_becomes_an_ip_name(void **state)
{
    static const struct {
        const char *policy;
        const char *subject;
        const char *sans;
    } cases[] = {
        {POLICY(DNS_OF_CN PRIVATE_IP), "CN=10.3.0.11", "ip:10.3.0.11"},
        {POLICY(OPTIONAL_DNS_OF_CN ANY_DNS PRIVATE_IP), "CN=10.3.0.11", "ip:10.3.0.11"},
        {POLICY(DNS_OF_CN PRIVATE_IP), "CN=FD00:0::5", "ip:fd00::5"},
        {POLICY(DNS_OF_CN "  - {type: ip, values: ['fd00::5']}\n"), "CN=fd00:0:0::5", "ip:fd00::5"},
        {POLICY(DNS_OF_CN "  - {type: ip, match: '192\\.168\\..*'}\n"), "CN=192.168.4.1", "ip:192.168.4.1"},
        {POLICY(DNS_OF_CN "  - {type: ip, value: '{CN}', from: policy, optional: true}\n"), "CN=203.0.113.9",
         "ip:203.0.113.9"},
        {POLICY(DNS_OF_CN "  - {type: ip, value: '{CN}', from: policy, optional: true}\n"), "CN=a.example",
         "dns:a.example"},
        {POLICY(DNS_OF_CN "  - {type: ip, cidr: ['10.0.0.0/8'], required: true, max: 1}\n"), "CN=10.3.0.11",
         "ip:10.3.0.11"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct verdict *verdict =
            case_judge(&(struct judge_case){.policy = cases[i].policy, .subject = cases[i].subject});
        assert_allowed(verdict);
        assert_string_equal(sans_of(verdict), cases[i].sans);
    }
    const struct verdict *verdict =
        case_judge(&(struct judge_case){.policy = POLICY(DNS_OF_CN PRIVATE_IP),
                                        .subject = "CN=10.3.0.11",
                                        .sans = (const char *const[]){"ip:10.3.0.11", "ip:10.3.0.12", NULL}});
    assert_allowed(verdict);
    assert_string_equal(sans_of(verdict), "ip:10.3.0.11,ip:10.3.0.12");
}

static void an_address_that_no_ip_rule_takes_is_refused_with_what_mends_it(void **state)
{
    static const struct {
        const char *policy;
        const char *subject;
        const char *words;
        const char *remedy;
    } cases[] = {
        {POLICY(DNS_OF_CN), "CN=10.3.0.11",
         "\"10.3.0.11\" is an IP address, and no ip rule takes it; use a host name, or add",
         "add {type: ip, cidr: ['10.3.0.11/32']}"},
        {POLICY(OPTIONAL_DNS_OF_CN), "CN=10.3.0.11", "\"10.3.0.11\" is an IP address", "{type: ip"},
        {POLICY(DNS_OF_CN PRIVATE_IP), "CN=203.0.113.9", "\"203.0.113.9\" is an IP address",
         "add '203.0.113.9/32' to cidr"},
        {POLICY(DNS_OF_CN PRIVATE_IP), "CN=2001:db8::1", "\"2001:db8::1\" is an IP address",
         "2001:db8::1/128"},
        {POLICY(DNS_OF_CN PRIVATE_IP), "CN=[fd00::5]", "not an IPv4 or IPv6 address", "without brackets"},
        {POLICY(DNS_OF_CN PRIVATE_IP), "CN=10.1", "ends in a number", ""},
        {POLICY(DNS_OF_CN PRIVATE_IP), "CN=host.0x7f", "ends in a number", ""},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct verdict *verdict =
            case_judge(&(struct judge_case){.policy = cases[i].policy, .subject = cases[i].subject});
        assert_refused(verdict, "san.dns", cases[i].words);
        if (strstr(remedy_of(verdict, "san.dns"), cases[i].remedy) == NULL)
            fail_msg("the remedy is: %s", remedy_of(verdict, "san.dns"));
    }
    // A number that is not an address is what `optional` is for: the id of a device that has no host name.
    const struct verdict *verdict =
        case_judge(&(struct judge_case){.policy = POLICY(OPTIONAL_DNS_OF_CN), .subject = "CN=00012345"});
    assert_allowed(verdict);
    assert_string_equal(sans_of(verdict), "");
}

static void an_address_among_a_requests_dns_names_is_refused(void **state)
{
    static const struct {
        const char *san;
        const char *remedy;
    } cases[] = {
        {"dns:10.0.0.5", "--san ip:10.0.0.5 (openssl: IP:10.0.0.5)"},
        {"dns:203.0.113.9", "IP:203.0.113.9"},
        {"dns:fd00::5", "IP:fd00::5"},
        {"dns:1.2.3.4.5", "last label has a letter"},
        {"dns:*.10", "last label has a letter"},
        {"dns:0x7f000001", "last label has a letter"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct verdict *verdict =
            case_judge(&(struct judge_case){.policy = POLICY(ANY_DNS PRIVATE_IP "other_san: drop\n"),
                                            .subject = "CN=a",
                                            .sans = (const char *const[]){cases[i].san, NULL}});
        assert_refused(verdict, "san.dns", cases[i].san + strlen("dns:"));
        if (strstr(remedy_of(verdict, "san.dns"), cases[i].remedy) == NULL)
            fail_msg("the remedy is: %s", remedy_of(verdict, "san.dns"));
    }
}

static void other_names_with_hosts_take_no_address_either(void **state)
{
    struct error err = ERROR_INIT;
    struct template *template = template_new();
    (void)state;
    assert_false(template_parse_san("dns:10.0.0.5", template, &err));
    assert_non_null(strstr(err.text, "write ip:10.0.0.5"));
    error_clear(&err);
    assert_false(template_parse_san("email:root@10.0.0.5", template, &err));
    assert_int_equal(template->sans_count, 0);
    template_free(template);
    assert_non_null(strstr(case_load_error(POLICY("  - {type: dns, value: 10.0.0.5, from: policy}\n")),
                           "is an IP address"));
}

static void a_request_made_for_a_policy_asks_for_the_ip_name(void **state)
{
    struct error err = ERROR_INIT;
    struct policy_shape shape = {.template = NULL};
    (void)state;
    struct policy *policy = case_policy(POLICY(DNS_OF_CN PRIVATE_IP));
    const struct policy_wish wish = {.cn = "10.3.0.11"};
    assert_true(policy_shape(policy, &wish, &shape, &err));
    assert_int_equal(shape.template->sans_count, 1);
    assert_int_equal(shape.template->sans[0].kind, SAN_IP);
    policy_shape_done(&shape);
    const struct policy_wish outside = {.cn = "203.0.113.9"};
    assert_true(policy_shape(policy, &outside, &shape, &err));
    assert_int_equal(shape.template->sans_count, 0); // judging says why
    policy_shape_done(&shape);
}

static bool lint_says(const char *yaml)
{
    struct findings findings = FINDINGS_INIT;
    policy_lint(case_policy(yaml), &findings);
    bool is_said = findings_has(&findings, "lint.dns-address");
    findings_done(&findings);
    return is_said;
}

static void lint_tells_a_policy_that_will_meet_addresses(void **state)
{
    (void)state;
    assert_true(lint_says(POLICY(DNS_OF_CN)));
    assert_true(lint_says(POLICY(OPTIONAL_DNS_OF_CN ANY_DNS)));
    assert_false(lint_says(POLICY(DNS_OF_CN PRIVATE_IP)));
    assert_false(lint_says(POLICY("  - {type: dns, value: '{CN}.local', from: policy}\n")));
    assert_true(lint_says("policy: p\nvariables: [{name: host, match: '[a-z0-9.]+'}]\n"
                          "san: [{type: dns, value: '{host}', from: policy}]\n"
                          "key: {allow: [ec-p256]}\nvalidity: {days: 10}\n"));
    assert_true(lint_says("policy: p\nsubject: [{field: CN, values: [a.example, 198.51.100.7]}]\n"
                          "san: [{type: dns, value: '{cn}', from: policy}]\n"
                          "key: {allow: [ec-p256]}\nvalidity: {days: 10}\n"));
    assert_false(lint_says("policy: p\nsubject: [{field: CN, match: '[a-z]+\\.example'}]\n"
                           "san: [{type: dns, value: '{CN}', from: policy}]\n"
                           "key: {allow: [ec-p256]}\nvalidity: {days: 10}\n"));
}

#define LIKE_REQUEST "  - {type: dns, value: '{CN}', from: policy, optional: true, like_request: true}\n"

static void a_name_like_a_requests_is_held_to_the_rules_for_requests(void **state)
{
    static const char own[] =
        POLICY(LIKE_REQUEST "  - {type: dns, match: '(\\*\\.)?([a-z]+\\.)*iot\\.example', wildcard: true}\n");
    static const char plain[] = POLICY(LIKE_REQUEST "  - {type: dns, match: '([a-z]+\\.)*iot\\.example'}\n");
    (void)state;
    const struct verdict *verdict =
        case_judge(&(struct judge_case){.policy = own, .subject = "CN=*.iot.example"});
    assert_allowed(verdict);
    assert_string_equal(sans_of(verdict), "dns:*.iot.example");
    verdict = case_judge(&(struct judge_case){.policy = plain, .subject = "CN=www.iot.example"});
    assert_allowed(verdict);
    assert_string_equal(sans_of(verdict), "dns:www.iot.example");
    assert_refused(case_judge(&(struct judge_case){.policy = plain, .subject = "CN=*.iot.example"}),
                   "san.dns", "is a wildcard no rule allows");
    assert_refused(case_judge(&(struct judge_case){.policy = own, .subject = "CN=www.other.example"}),
                   "san.dns", "\"www.other.example\" does not match");
    verdict = case_judge(&(struct judge_case){.policy = own, .subject = "CN=a printer"});
    assert_allowed(verdict); // no host name at all: optional
    assert_non_null(strstr(case_load_error(POLICY(LIKE_REQUEST PRIVATE_IP)), "like_request needs a rule"));
    assert_non_null(strstr(case_load_error(POLICY("  - {type: dns, match: a, like_request: true}\n")),
                           "like_request needs from: policy"));
}

/** It is one of the names the rule takes: it counts for `required` and for `max`. */
static void an_address_that_was_made_counts_for_the_rule_that_takes_it(void **state)
{
    static const char *const more[] = {"ip:10.0.0.2", NULL};
    static const char bounded[] =
        POLICY(DNS_OF_CN "  - {type: ip, cidr: ['10.0.0.0/8'], required: true, max: 1}\n");
    (void)state;
    assert_allowed(case_judge(&(struct judge_case){.policy = bounded, .subject = "CN=10.0.0.1"}));
    assert_refused(
        case_judge(&(struct judge_case){.policy = bounded, .subject = "CN=10.0.0.1", .sans = more}),
        "san.max", "more than 1 names");
    assert_refused(case_judge(&(struct judge_case){.policy = bounded, .subject = "CN=www.iot.example"}),
                   "san.required", "ip");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(an_address_in_the_policys_dns_rule_becomes_an_ip_name, case_end),
        cmocka_unit_test_teardown(an_address_that_no_ip_rule_takes_is_refused_with_what_mends_it, case_end),
        cmocka_unit_test_teardown(an_address_among_a_requests_dns_names_is_refused, case_end),
        cmocka_unit_test_teardown(other_names_with_hosts_take_no_address_either, case_end),
        cmocka_unit_test_teardown(a_request_made_for_a_policy_asks_for_the_ip_name, case_end),
        cmocka_unit_test_teardown(an_address_that_was_made_counts_for_the_rule_that_takes_it, case_end),
        cmocka_unit_test_teardown(lint_tells_a_policy_that_will_meet_addresses, case_end),
        cmocka_unit_test_teardown(a_name_like_a_requests_is_held_to_the_rules_for_requests, case_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
