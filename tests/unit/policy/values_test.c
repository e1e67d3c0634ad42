/* SPDX-License-Identifier: Apache-2.0 */
/* Values that a policy spells out: compared as what they are, and nonsense does not load. Fields by OID are the fields. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judge_case.h"

#include "base/memory.h"

#include <stdlib.h>

#define TAIL "key: {allow: [ec-p256]}\nvalidity: {days: 10}\nkey_usage: [digitalSignature]\n"
#define ANY_CN "{field: CN, match: '.*', optional: true}"

static char *policy_of(const char *subject, const char *san, const char *more)
{
    return memory_format("policy: values\nsubject: [%s]\nsan: [%s]\n" TAIL "%s", subject, san, more);
}

static void nonsense_values_do_not_load(void **state)
{
    (void)state;
    static const struct {
        const char *subject, *san, *more, *words;
    } cases[] = {
        {ANY_CN, "{type: ip, values: ['not an address']}", "", "not an address"},
        {ANY_CN, "{type: ip, values: [10.0.0.0/8]}", "", "10.0.0.0/8"},
        {ANY_CN, "{type: dns, values: [a_b..c]}", "", "a_b..c"},
        {ANY_CN, "{type: dns, values: ['*.a.example']}", "", "wildcard"},
        {ANY_CN, "{type: email, values: ['a..b@c.example']}", "", "a..b@c.example"},
        {ANY_CN, "{type: email, values: ['a..b@']}", "", "a..b@"},
        {ANY_CN, "{type: email, value: '.a@c.example', from: policy}", "", ".a@c.example"},
        {ANY_CN, "{type: uri, values: ['https://a b/']}", "", "https://a b/"},
        {"{field: C, values: [USA]}", "", "", "two capital letters"},
        {"{field: C, value: us, from: policy}", "", "", "two capital letters"},
        {"{field: 2.5.4.6, values: [USA]}", "", "", "two capital letters"},
        {"{field: serialNumber, value: 'a_b', from: policy}", "", "", "string type"},
        {"{field: 1.2.840.113549.1.9.1, values: ['m\xc3\xbc@x.example']}", "", "", "string type"},
        {"{field: 1.40.3, match: x}", "", "", "1.40.3"},
        {"{field: 3.1.3, match: x}", "", "", "3.1.3"},
        {"{field: 1.3.2147483648, match: x}", "", "", "1.3.2147483648"},
        {ANY_CN, "", "extended_key_usage: [1.40.3]\n", "1.40.3"},
        {ANY_CN, "", "copy_extensions: [{oid: 0.40.3, max_len: 3}]\n", "0.40.3"},
        {ANY_CN, "", "certificate_policies: [{oid: 1.2.99999999999999999999}]\n", "is not an OID"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(free) char *policy = policy_of(cases[i].subject, cases[i].san, cases[i].more);
        const char *why = case_load_error(policy);
        if (strstr(why, cases[i].words) == NULL)
            fail_msg("\"%s\" is not in \"%s\"", cases[i].words, why);
    }
    AUTO(free) char *sound = policy_of("{field: 2.999.3, match: x}", "", "");
    assert_non_null(case_policy(sound));
}

static void nonsense_constraints_do_not_load(void **state)
{
    (void)state;
    static const struct {
        const char *type, *value;
        bool is_sound;
    } cases[] = {
        {"email", "@iot.example", false},   {"email", "\xc3\xbc@x.example", false},
        {"email", "a..b@x.example", false}, {"email", "a@", false},
        {"email", "a@@x.example", false},   {"email", "a@10.0.0.1", false},
        {"uri", "10.0.0.1", false},         {"uri", "https://x.example", false},
        {"uri", "x.example:443", false},    {"dns", "10.0.0.1", false},
        {"dns", "*.x.example", false},      {"dns", "..x.example", false},
        {"dns", "x.example.", false},       {"ip", "10.0.0.0/33", false},
        {"ip", "x.example", false},         {"email", "iot.example", true},
        {"email", ".iot.example", true},    {"email", "o+x@iot.example", true},
        {"uri", ".iot.example", true},      {"dns", "iot.example", true},
        {"dns", ".iot.example", true},      {"ip", "10.1.2.3/8", true},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(free)
        char *policy = memory_format("policy: ca\nsubject: [" ANY_CN "]\nkey: {allow: [ec-p256]}\n"
                                     "validity: {days: 10}\nca: {}\nkey_usage: [keyCertSign]\n"
                                     "name_constraints: {permitted: [{type: %s, value: '%s'}]}\n",
                                     cases[i].type, cases[i].value);
        if (cases[i].is_sound)
            assert_non_null(case_policy(policy));
        else
            assert_non_null(strstr(case_load_error(policy), "name constraint"));
    }
}

static void a_dns_constraint_with_a_leading_dot_is_found(void **state)
{
    (void)state;
    static const char text[] =
        "policy: ca\nsubject: [" ANY_CN "]\nkey: {allow: [ec-p256]}\nvalidity: {days: 10}\n"
        "ca: {path_len: 0}\nkey_usage: [keyCertSign]\nname_constraints:\n"
        "  permitted: [{type: dns, value: a.example}, {type: uri, value: .a.example}]\n"
        "  excluded: [{type: dns, value: .x.a.example}]\n";
    AUTO(findings_done) struct findings findings = FINDINGS_INIT;
    policy_lint(case_policy(text), &findings);
    size_t found = 0;
    for (size_t i = 0; i < findings.count; i++)
        found += strcmp(findings.items[i].rule, "lint.dns-constraint") == 0 ? 1 : 0;
    assert_int_equal(found, 1);
}

static void names_are_compared_as_what_they_are(void **state)
{
    (void)state;
    static const struct {
        const char *rule, *sans[4], *wanted;
    } cases[] = {
        {"{type: dns, values: [A.Example]}", {"dns:a.eXample"}, "dns:a.eXample"},
        {"{type: ip, values: ['2001:DB8:0::0001']}", {"ip:2001:db8::1"}, "ip:2001:db8::1"},
        {"{type: email, values: ['me@A.example']}", {"email:me@a.Example"}, "email:me@a.Example"},
        {"{type: uri, values: ['https://A.example/X']}",
         {"uri:https://a.example/X"},
         "uri:https://a.example/X"},
        {"{type: dns, match: '.*'}", {"dns:a.example", "dns:A.EXAMPLE"}, "dns:a.example"},
        {"{type: email, match: '.*'}", {"email:me@a.example", "email:me@A.EXAMPLE"}, "email:me@a.example"},
        {"{type: email, match: '.*'}",
         {"email:me@a.example", "email:Me@a.example"},
         "email:me@a.example,email:Me@a.example"},
        {"{type: uri, match: '.*'}",
         {"uri:https://a.example/x", "uri:https://A.example/x", "uri:https://A.example/X"},
         "uri:https://a.example/x,uri:https://A.example/X"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(free) char *policy = policy_of(ANY_CN, cases[i].rule, "");
        const struct verdict *verdict =
            case_judge(&(struct judge_case){.policy = policy, .sans = cases[i].sans});
        assert_allowed(verdict);
        assert_string_equal(sans_of(verdict), cases[i].wanted);
        assert_int_equal(case_end(NULL), 0);
    }
    AUTO(free) char *policy = policy_of(ANY_CN, "{type: email, values: ['me@a.example']}", "");
    assert_refused(case_judge(&(struct judge_case){.policy = policy,
                                                   .sans = (const char *[]){"email:Me@a.example", NULL}}),
                   "san.email", "Me@a.example");
}

static void a_field_by_oid_is_the_field(void **state)
{
    (void)state;
    static const struct {
        const char *rule, *subject, *refusal, *words;
    } cases[] = {
        {"{field: 2.5.4.6, match: '.*'}", "C=usa", "subject.C", "two capital letters"},
        {"{field: 2.5.4.3, match: '.*'}",
         "CN=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "subject.CN",
         "longer than 64"},
        {"{field: 2.5.4.5, match: '.*'}", "serialNumber=a_b", "subject.serialNumber", "string type"},
        {"{field: 1.2.840.113549.1.9.1, match: 'a'}", "emailAddress=b", "subject.emailAddress",
         "does not match"},
        {"{field: 2.5.4.3, match: 'x'}", "CN=x", NULL, "CN=x"},
        // What has no bound of its own, or X.520's: no longer X.400's few characters.
        {"{field: GN, match: '.*'}", "GN=Maximiliana-Bernadette", NULL, "GN=Maximiliana-Bernadette"},
        {"{field: initials, match: '.*'}", "initials=ABCDEFG", NULL, "initials=ABCDEFG"},
        {"{field: generationQualifier, match: '.*'}", "generationQualifier=Junior", NULL,
         "generationQualifier=Junior"},
        {"{field: SN, match: '.*'}", "SN=Wolfeschlegelsteinhausenbergerdorff-Mueller-Luedenscheid", NULL,
         "SN=Wolfeschlegelsteinhausenbergerdorff-Mueller-Luedenscheid"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(free) char *policy = policy_of(cases[i].rule, "", "");
        const struct verdict *verdict =
            case_judge(&(struct judge_case){.policy = policy, .subject = cases[i].subject});
        if (cases[i].refusal != NULL) {
            assert_refused(verdict, cases[i].refusal, cases[i].words);
        } else {
            assert_allowed(verdict);
            assert_string_equal(subject_of(verdict), cases[i].words);
        }
        assert_int_equal(case_end(NULL), 0);
    }
}

static void an_unknown_field_has_a_bound(void **state)
{
    (void)state;
    struct builder subject = BUILDER_INIT;
    builder_add_text(&subject, "2.5.4.41="); // name: ub-name
    for (size_t i = 0; i < 32769; i++)
        builder_add_text(&subject, "a");
    AUTO(free) char *policy = policy_of("{field: 2.5.4.41, match: '(?s).*'}", "", "");
    AUTO(free) char *text = builder_take_text(&subject);
    assert_refused(case_judge(&(struct judge_case){.policy = policy, .subject = text}), "subject.2.5.4.41",
                   "longer than 32768");
}

static void a_field_by_oid_fills_names_under_either_name(void **state)
{
    (void)state;
    static const char *const values[] = {"{CN}.example", "{cn}.example", "{2.5.4.3}.example"};
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        AUTO(free) char *rule = memory_format("{type: dns, value: '%s', from: policy}", values[i]);
        AUTO(free) char *policy = policy_of("{field: 2.5.4.3, match: '.*'}", rule, "");
        const struct verdict *verdict = case_judge(&(struct judge_case){.policy = policy, .subject = "CN=x"});
        assert_allowed(verdict);
        assert_string_equal(sans_of(verdict), "dns:x.example");
        assert_int_equal(case_end(NULL), 0);
    }
}

static void a_tls_server_has_a_name_in_its_san(void **state)
{
    (void)state;
    AUTO(free)
    char *policy = policy_of(ANY_CN ", {field: O, match: '.*', optional: true}",
                             "{type: dns, value: '{CN}', from: policy, optional: true}, "
                             "{type: uri, match: '.*'}",
                             "extended_key_usage: [serverAuth]\n");
    static const char *const subjects[] = {"O=x", "CN=a..b", "CN=not a host"};
    for (size_t i = 0; i < ARRAY_LEN(subjects); i++) {
        assert_refused(case_judge(&(struct judge_case){.policy = policy, .subject = subjects[i]}),
                       "san.server", "TLS server");
        assert_int_equal(case_end(NULL), 0);
    }
    assert_allowed(case_judge(&(struct judge_case){.policy = policy, .subject = "CN=a.b"}));
    assert_int_equal(case_end(NULL), 0);
    AUTO(free) char *client = policy_of(ANY_CN, "", "extended_key_usage: [clientAuth]\n");
    assert_allowed(case_judge(&(struct judge_case){.policy = client, .subject = "CN=a..b"}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(nonsense_values_do_not_load, case_end),
        cmocka_unit_test_teardown(nonsense_constraints_do_not_load, case_end),
        cmocka_unit_test_teardown(a_dns_constraint_with_a_leading_dot_is_found, case_end),
        cmocka_unit_test_teardown(names_are_compared_as_what_they_are, case_end),
        cmocka_unit_test_teardown(a_field_by_oid_is_the_field, case_end),
        cmocka_unit_test_teardown(an_unknown_field_has_a_bound, case_end),
        cmocka_unit_test_teardown(a_field_by_oid_fills_names_under_either_name, case_end),
        cmocka_unit_test_teardown(a_tls_server_has_a_name_in_its_san, case_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
