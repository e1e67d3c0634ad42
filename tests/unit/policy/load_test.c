/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy may not load with: one policy a fault. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy_change.h"

#include "base/digest.h"

static void a_sound_policy_loads(void **state)
{
    struct builder text = BUILDER_INIT;
    struct policy *policy = NULL;
    struct error err = ERROR_INIT;
    (void)state;
    write_policy((const struct change[3]){{NULL, NULL}}, &text);
    if (!policy_load(builder_bytes(&text), "case.yaml", &policy, &err))
        fail_msg("%s", err.text);
    assert_string_equal(policy_name(policy), "sound");
    policy_free(policy);
    builder_done(&text);
}

static void is_refused(const char *words, const struct change changes[static 3])
{
    struct builder text = BUILDER_INIT;
    struct policy *policy = NULL;
    struct error err = ERROR_INIT;
    write_policy(changes, &text);
    bool is_loaded = policy_load(builder_bytes(&text), "case.yaml", &policy, &err);
    builder_done(&text);
    if (is_loaded) {
        policy_free(policy);
        fail_msg("it loads: %s", changes[0].line);
    }
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_null(policy);
    if (strstr(err.text, words) == NULL || strstr(err.text, "case.yaml") == NULL)
        fail_msg("\"%s\" is not in \"%s\"", words, err.text);
}

#define REFUSED(words, ...) is_refused(words, (const struct change[3]){__VA_ARGS__})

static void a_policy_that_could_allow_nothing_does_not_load(void **state)
{
    (void)state;
    REFUSED("{domian} is neither", {"san", "san: [{type: dns, value: '{CN}.{domian}', from: policy}]"});
    REFUSED("a { without", {"san", "san: [{type: dns, value: '{CN', from: policy}]"});
    REFUSED("{O} is neither",
            {"subject", "subject: [{field: CN, value: '{O}', from: policy}, {field: O, match: a}]"});
    REFUSED("no host name has", {"san", "san: [{type: dns, value: 'a b.example', from: policy}]"});
    REFUSED("default of domain", {"variables", "variables: [{name: domain, match: '[a-z]+', default: A1}]"});
    REFUSED("there twice", {"variables", "variables: [{name: domain, match: a}, {name: domain, match: b}]"});
    REFUSED("is not a name", {"variables", "variables: [{name: 'do main', match: a}]"});
    REFUSED("also a subject field",
            {"variables", "variables: [{name: cn, match: a}, {name: domain, match: a}]"});
    REFUSED("wrong at character", {"subject", "subject: [{field: CN, match: '[a-z'}]"});
    REFUSED("max_days is less", {"validity", "validity: {days: 30, max_days: 29}"});
    REFUSED("days is needed", {"validity", "validity: {max_days: 29}"});
    REFUSED("contradict", {"validity", "validity: {days: 3, no_expiry: true}"});
}

static void a_policy_outside_the_standards_does_not_load(void **state)
{
    (void)state;
    REFUSED("keyCertSign needs ca", {"key_usage", "key_usage: [keyCertSign]"});
    REFUSED("needs keyCertSign", {"ca", "ca: {path_len: 0}"});
    REFUSED("not for CAs", {"ca", "ca: {path_len: 0}"}, {"key_usage", "key_usage: [keyCertSign]"},
            {"validity", "validity: {no_expiry: true}"});
    REFUSED("never copied", {"other", "copy_extensions: [{oid: 2.5.29.36, max_len: 10}]"});
    REFUSED("never copied", {"other", "copy_extensions: [{oid: 2.5.29.19, max_len: 10}]"});
    REFUSED("there twice",
            {"other", "copy_extensions: [{oid: 1.2.3.4, max_len: 1}, {oid: 1.2.3.4, max_len: 2}]"});
    REFUSED("RFC 5280 4.2.1.4", {"other", "certificate_policies: [{oid: 1.2.3}, {oid: 1.2.3}]"});
    REFUSED("not a URI", {"other", "crl_urls: ['crl.example/ca.crl']"});
    REFUSED("name_constraints need ca",
            {"other", "name_constraints: {permitted: [{type: dns, value: a.example}]}"});
    REFUSED("not an OID", {"other", "copy_extensions: [{oid: 1.2.x, max_len: 1}]"});
    REFUSED("is none of ec-p256", {"key", "key: {allow: [ec-p257]}"});
    REFUSED("root: true needs ca", {"other", "root: true"});
    REFUSED("unknown key \"lifetime\"", {"other", "lifetime: 3"});
}

/** A policy that loads, of the sound one's lines and these; the caller frees. */
static struct policy *loaded(const char *before, const struct change changes[static 3])
{
    struct builder text = BUILDER_INIT;
    struct policy *policy = NULL;
    struct error err = ERROR_INIT;
    builder_add_text(&text, before);
    write_policy(changes, &text);
    if (!policy_load(builder_bytes(&text), "case.yaml", &policy, &err))
        fail_msg("%s", err.text);
    uint8_t sha256[32];
    digest_sha256(builder_bytes(&text), sha256);
    assert_memory_equal(policy_sha256(policy), sha256, sizeof(sha256));
    builder_done(&text);
    return policy;
}

#define LOADED(before, ...) loaded(before, (const struct change[3]){__VA_ARGS__})

static void whom_a_policy_is_for_is_its_first_line(void **state)
{
    static const struct {
        const char *before, *wanted;
    } cases[] = {
        {"# For: devices.\n", "devices."},
        {"# For: a\n# For: b\n", "a"},
        {"#For: devices\n", "devices"},
        {"#  devices\n", "devices"},
        {"## devices # x\n", "devices # x"},
        {"# For devices\n", "For devices"},
        {"# Fox: devices\n", "Fox: devices"},
        {"# For: \n", "For: "},
        {"# For:\n", "For:"},
        {"# a\n", "a"},
        {"# \n", ""},
        {"\n# devices\n", ""},
        {" # devices\n", ""},
        {"", ""},
        {"# a\xc3\xbc \xc2\x85\n", "a\xc3\xbc \\u{85}"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(policy_free) struct policy *policy = LOADED(cases[i].before, {NULL, NULL});
        assert_string_equal(policy_description(policy), cases[i].wanted);
    }
}

static void a_policy_says_what_it_is_for(void **state)
{
    (void)state;
    AUTO(policy_free) struct policy *leaf = LOADED("", {NULL, NULL});
    assert_false(policy_is_root(leaf) || policy_is_ca(leaf) || policy_wants_unique_key(leaf) ||
                 policy_has_no_expiry(leaf));
    assert_true(policy_wants_proof(leaf));
    AUTO(policy_free)
    struct policy *root = LOADED("proof: false\nroot: true\n", {"ca", "ca: {}"},
                                 {"key_usage", "key_usage: [keyCertSign]"}, {"extended_key_usage", ""});
    assert_true(policy_is_root(root) && policy_is_ca(root));
    assert_false(policy_wants_proof(root));
    AUTO(policy_free)
    struct policy *device = LOADED("proof: true\n", {"key", "key: {allow: [ec-p256], unique: true}"},
                                   {"validity", "validity: {no_expiry: true}"});
    assert_true(policy_wants_unique_key(device) && policy_has_no_expiry(device) &&
                policy_wants_proof(device));
    assert_false(policy_is_root(device) || policy_is_ca(device));
}

static void an_expression_that_is_none_is_told_with_its_place(void **state)
{
    static const struct {
        struct change change;
        const char *words;
    } cases[] = {
        {{"subject", "subject: [{field: CN, match: '[a-z'}]"},
         "the expression \"[a-z\" is wrong at character 5: missing terminating ] for character class\n"
         "while reading the rule for subject CN\nwhile reading the policy case.yaml"},
        {{"subject", "subject: [{field: O, match: a}, {field: CN, match: 'a)b'}]"},
         "the expression \"a)b\" is wrong at character 2: unmatched closing parenthesis\n"
         "while reading the rule for subject CN\nwhile reading the policy case.yaml"},
        {{"san", "san: [{type: dns, match: 'a'}, {type: uri, match: '*'}]"},
         "the expression \"*\" is wrong at character 1: quantifier does not follow a repeatable item\n"
         "while reading the rule for san uri\nwhile reading the policy case.yaml"},
        {{"variables", "variables: [{name: domain, match: a}, {name: b, match: '('}]"},
         "the expression \"(\" is wrong at character 2: missing closing parenthesis\n"
         "while reading the variable b\nwhile reading the policy case.yaml"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct builder text = BUILDER_INIT;
        struct policy *policy = NULL;
        struct error err = ERROR_INIT;
        write_policy((const struct change[3]){cases[i].change}, &text);
        assert_false(policy_load(builder_bytes(&text), "case.yaml", &policy, &err));
        builder_done(&text);
        assert_int_equal(err.kind, ERROR_INPUT);
        assert_string_equal(err.text, cases[i].words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_policy_loads),
        cmocka_unit_test(a_policy_that_could_allow_nothing_does_not_load),
        cmocka_unit_test(a_policy_outside_the_standards_does_not_load),
        cmocka_unit_test(whom_a_policy_is_for_is_its_first_line),
        cmocka_unit_test(a_policy_says_what_it_is_for),
        cmocka_unit_test(an_expression_that_is_none_is_told_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
