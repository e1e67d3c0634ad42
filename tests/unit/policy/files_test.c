/* SPDX-License-Identifier: Apache-2.0 */
/* The shipped policies, and the example of the design: they load, and say who they are for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/memory.h"
#include "policy/policy.h"

#include <fcntl.h>

static struct policy *load(const char *name)
{
    struct error err = ERROR_INIT;
    struct policy *policy = NULL;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(free) char *path = memory_format("%s/policies/%s.yaml", SOURCE_FOLDER, name);
    if (!file_read(AT_FDCWD, path, 65536, &text, &err) ||
        !policy_load(builder_bytes(&text), path, &policy, &err))
        fail_msg("%s", err.text);
    return policy;
}

static const char *const names[] = {"root",       "mqtt-device", "mqtt-server", "tls-server",
                                    "tls-client", "ocsp-signer", "sub-ca"};

static void test_each_is_named_like_its_file_and_says_whom_it_is_for(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        AUTO(policy_free) struct policy *policy = load(names[i]);
        assert_string_equal(policy_name(policy), names[i]);
        assert_true(strlen(policy_description(policy)) > 20);
    }
}

static void test_none_has_anything_that_lint_would_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        AUTO(policy_free) struct policy *policy = load(names[i]);
        AUTO(findings_done) struct findings findings = FINDINGS_INIT;
        policy_lint(policy, &findings);
        if (findings.count > 0)
            fail_msg("%s: %s", names[i], findings.items[0].text);
    }
}

static void the_domain_of_devices_is_a_host_name(void **state)
{
    (void)state;
    static const char *const hosts[] = {"iot.example", "a", "a-b.c1.example", "xn--bcher-kva.example"};
    static const char *const others[] = {"a..b", ".a",  "a.", "-a.example", "a-.example", "A.example",
                                         "a_b",  "a/b", ""};
    AUTO(policy_free) struct policy *policy = load("mqtt-device");
    for (size_t i = 0; i < ARRAY_LEN(hosts) + ARRAY_LEN(others); i++) {
        bool is_host = i < ARRAY_LEN(hosts);
        struct error err = ERROR_INIT;
        struct policy_variable domain = {"domain", is_host ? hosts[i] : others[i - ARRAY_LEN(hosts)]};
        if (policy_check_variables(policy, &domain, 1, &err) != is_host)
            fail_msg("%s", domain.value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_is_named_like_its_file_and_says_whom_it_is_for),
        cmocka_unit_test(the_domain_of_devices_is_a_host_name),
        cmocka_unit_test(test_none_has_anything_that_lint_would_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
