/* SPDX-License-Identifier: Apache-2.0 */
/* `screen:` in a policy: all checks are on unless it says false, what is off is linted and described. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy_change.h"

static struct policy *load(const char *screen)
{
    struct builder text = BUILDER_INIT;
    struct policy *policy = NULL;
    struct error err = ERROR_INIT;
    write_policy((const struct change[3]){{"other", screen}}, &text);
    if (!policy_load(builder_bytes(&text), "case.yaml", &policy, &err))
        fail_msg("%s", err.text);
    builder_done(&text);
    return policy;
}

static const struct {
    const char *key;
    size_t place;
} switches[] = {
    {"rsa_exponent", offsetof(struct screen_rules, rsa_exponent)},
    {"small_factors", offsetof(struct screen_rules, small_factors)},
    {"close_primes", offsetof(struct screen_rules, close_primes)},
    {"roca", offsetof(struct screen_rules, roca)},
    {"debian_weak_keys", offsetof(struct screen_rules, debian_weak_keys)},
    {"ec_point", offsetof(struct screen_rules, ec_point)},
    {"issuer_key", offsetof(struct screen_rules, issuer_key)},
    {"shared_factors", offsetof(struct screen_rules, shared_factors)},
};

static bool is_on(const struct screen_rules *rules, size_t index)
{
    return *(const bool *)((const char *)rules + switches[index].place);
}

static size_t lint_count(const struct policy *policy, const char *rule)
{
    size_t count = 0;
    struct findings findings = FINDINGS_INIT;
    policy_lint(policy, &findings);
    for (size_t i = 0; i < findings.count; i++)
        count += strcmp(findings.items[i].rule, rule) == 0 ? 1 : 0;
    findings_done(&findings);
    return count;
}

static void everything_is_on_where_nothing_is_said(void **state)
{
    struct policy *policy = load("");
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(switches); i++)
        assert_true(is_on(policy_screen(policy), i));
    assert_int_equal(policy_screen(policy)->rsa_min_bits, 2048);
    assert_int_equal(lint_count(policy, "lint.screen-off"), 0);
    assert_int_equal(lint_count(policy, "lint.weak-key"), 0);
    policy_free(policy);
}

static void each_switch_turns_off_its_check_alone(void **state)
{
    (void)state;
    for (size_t off = 0; off < ARRAY_LEN(switches); off++) {
        struct builder line = BUILDER_INIT;
        struct builder words = BUILDER_INIT;
        builder_format(&line, "screen: {%s: false}", switches[off].key);
        struct policy *policy = load(builder_text(&line));
        for (size_t i = 0; i < ARRAY_LEN(switches); i++)
            assert_int_equal(is_on(policy_screen(policy), i), i != off);
        assert_int_equal(lint_count(policy, "lint.screen-off"), 1);
        policy_describe(policy, &words);
        assert_non_null(strstr(builder_text(&words), "not checked"));
        policy_free(policy);
        builder_done(&words);
        builder_done(&line);
    }
}

static void the_floor_may_be_moved(void **state)
{
    struct policy *policy = load("screen: {rsa_min_bits: 1024}");
    (void)state;
    assert_int_equal(policy_screen(policy)->rsa_min_bits, 1024);
    assert_int_equal(lint_count(policy, "lint.weak-key"), 1);
    policy_free(policy);
}

static void a_floor_above_an_allowed_key_does_not_load(void **state)
{
    static const char *const lines[] = {"screen: {rsa_min_bits: 3072}", "screen: {rsa_min_bits: 20000}",
                                        "screen: {rsa_min_bits: -1}", "screen: {roca: maybe}",
                                        "screen: {nonsense: true}"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        struct builder text = BUILDER_INIT;
        struct policy *policy = NULL;
        struct error err = ERROR_INIT;
        write_policy((const struct change[3]){{"other", lines[i]}}, &text);
        assert_false(policy_load(builder_bytes(&text), "case.yaml", &policy, &err));
        assert_int_equal(err.kind, ERROR_INPUT);
        builder_done(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_on_where_nothing_is_said),
        cmocka_unit_test(each_switch_turns_off_its_check_alone),
        cmocka_unit_test(the_floor_may_be_moved),
        cmocka_unit_test(a_floor_above_an_allowed_key_does_not_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
