/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"
#include "base/memory.h"
#include "plan/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/** Two items: one to sign, one refused. */
static struct plan *plan_of_two(void)
{
    struct plan *plan = memory_new(1, sizeof(*plan));
    plan->policy_name = memory_text("p");
    plan->count = 2;
    plan->items = memory_new(2, sizeof(*plan->items));
    for (size_t i = 0; i < 2; i++) {
        plan->items[i].source = memory_format("r%zu.csr", i);
        plan->items[i].name = memory_format("r%zu", i);
        plan->items[i].verdict = memory_new(1, sizeof(struct verdict));
    }
    plan->items[0].action = PLAN_SIGN;
    plan->items[0].tbs = (uint8_t *)memory_text("to be signed");
    plan->items[0].tbs_len = strlen("to be signed");
    plan->items[1].action = PLAN_REFUSE;
    findings_say(&plan->items[1].verdict->findings, "key.allow", NULL, "key: too small");
    return plan;
}

static void the_hash_binds_every_decision(void **state)
{
    uint8_t first[32];
    AUTO(plan_free) struct plan *plan = plan_of_two();
    (void)state;
    plan_seal(plan);
    memcpy(first, plan->sha256, sizeof(first));
    plan_seal(plan);
    assert_memory_equal(first, plan->sha256, 32);

    plan->items[0].tbs[0] ^= 1;
    plan_seal(plan);
    assert_memory_not_equal(first, plan->sha256, 32);
    plan->items[0].tbs[0] ^= 1;

    plan->items[0].action = PLAN_SKIP;
    plan_seal(plan);
    assert_memory_not_equal(first, plan->sha256, 32);
    plan->items[0].action = PLAN_SIGN;

    plan->items[1].reason = memory_text("not today");
    plan_seal(plan);
    assert_memory_not_equal(first, plan->sha256, 32);
    free(TAKE(plan->items[1].reason));

    plan->items[0].input_sha256[31] = 1;
    plan_seal(plan);
    assert_memory_not_equal(first, plan->sha256, 32);
    plan->items[0].input_sha256[31] = 0;

    plan->policy_sha256[0] = 1;
    plan_seal(plan);
    assert_memory_not_equal(first, plan->sha256, 32);
    plan->policy_sha256[0] = 0;

    plan_seal(plan);
    assert_memory_equal(first, plan->sha256, 32);
}

static void the_hash_binds_which_certificate_is_given_again(void **state)
{
    static const enum plan_action actions[] = {PLAN_REPEAT, PLAN_PRESENT};
    AUTO(plan_free) struct plan *plan = plan_of_two();
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        uint8_t first[32];
        plan->items[0].action = actions[i];
        plan->items[0].earlier.serial = memory_text("01");
        plan_seal(plan);
        memcpy(first, plan->sha256, sizeof(first));
        plan->items[0].earlier.serial[1] = '2';
        plan_seal(plan);
        assert_memory_not_equal(first, plan->sha256, 32);
        plan->items[0].tbs[0] ^= 1; // of no account: nothing new is signed
        plan->items[0].earlier.serial[1] = '1';
        plan_seal(plan);
        assert_memory_equal(first, plan->sha256, 32);
        free(TAKE(plan->items[0].earlier.serial));
    }
}

static void reasons_come_all_at_once(void **state)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(plan_free) struct plan *plan = plan_of_two();
    (void)state;
    plan->items[1].reason = memory_text("a person said no");
    findings_say(&plan->items[1].verdict->findings, "subject.CN", NULL, "subject CN: bad");
    plan_item_reasons(&plan->items[1], &text);
    assert_string_equal(builder_text(&text), "a person said no; key: too small; subject CN: bad");
    assert_int_equal(plan_count(plan, PLAN_SIGN), 1);
    assert_int_equal(plan_count(plan, PLAN_REFUSE), 1);
    assert_int_equal(plan_count(plan, PLAN_REPEAT), 0);
}

/** People approved its digest, and nothing else. */
static void an_approved_plans_digest_stays(void **state)
{
    static const struct admitted *const admitted = (const struct admitted *)"what people approved";
    uint8_t first[32];
    AUTO(plan_free) struct plan *plan = plan_of_two();
    (void)state;
    plan_seal(plan);
    memcpy(first, plan->sha256, sizeof(first));
    plan->admitted = admitted;
    plan->items[0].action = PLAN_SKIP;
    plan_seal(plan);
    assert_memory_equal(first, plan->sha256, 32);
    plan->admitted = NULL;
    plan_seal(plan);
    assert_memory_not_equal(first, plan->sha256, 32);
}

/** Of its JSON, member by member. */
static void the_digest_is_of_what_the_plan_says(void **state)
{
    AUTO(plan_free) struct plan *plan = plan_of_two();
    uint8_t wanted[32];
    static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";
    (void)state;
    plan_seal(plan);
    AUTO(free)
    char *text = memory_format(
        "{\"items\":[{\"action\":\"sign\",\"input_sha256\":\"%s\",\"reasons\":\"\",\"source\":\"r0.csr\","
        "\"tbs\":\"dG8gYmUgc2lnbmVk\"},{\"action\":\"refused\",\"input_sha256\":\"%s\",\"reasons\":\"key: "
        "too "
        "small\",\"source\":\"r1.csr\"}],\"policy\":\"p\",\"policy_sha256\":\"%s\"}",
        zeros, zeros, zeros);
    digest_sha256(bytes_of_text(text), wanted);
    assert_memory_equal(plan->sha256, wanted, 32);
}

static void a_plan_lives_as_long_as_somebody_holds_it(void **state)
{
    struct plan *plan = plan_new_of("p", (const uint8_t[32]){7}, ACT_ISSUE_CA);
    (void)state;
    assert_ptr_equal(plan_hold(plan), plan);
    plan_free(plan);
    assert_string_equal(plan->policy_name, "p"); // or AddressSanitizer says so
    assert_int_equal(plan->policy_sha256[0], 7);
    assert_int_equal(plan->act, ACT_ISSUE_CA);
    plan_free(plan);
}

static void an_rsa_key_is_found_wherever_it_is(void **state)
{
    struct request requests[2] = {{.key_kind = KEY_EC_P256}, {.key_kind = KEY_ED25519}};
    AUTO(plan_free) struct plan *plan = plan_of_two();
    (void)state;
    assert_false(plan_has_rsa_key(plan));
    plan->items[1].request = &requests[1];
    assert_false(plan_has_rsa_key(plan));
    plan->items[0].request = &requests[0];
    assert_false(plan_has_rsa_key(plan));
    requests[1].key_kind = KEY_RSA;
    assert_true(plan_has_rsa_key(plan));
    plan->items[0].request = plan->items[1].request = NULL;
}

static void a_refusal_says_why_and_what_to_do(void **state)
{
    struct plan_item item = {.action = PLAN_SIGN};
    (void)state;
    plan_item_refuse(&item, "a.rule", "a reason", NULL);
    item.verdict->is_allowed = true;
    plan_item_refuse(&item, "b.rule", "another", "do something");
    assert_int_equal(item.action, PLAN_REFUSE);
    assert_false(item.verdict->is_allowed);
    assert_int_equal(item.verdict->findings.count, 2);
    assert_string_equal(item.verdict->findings.items[0].rule, "a.rule");
    assert_null(item.verdict->findings.items[0].remedy);
    assert_string_equal(item.verdict->findings.items[1].text, "another");
    assert_string_equal(item.verdict->findings.items[1].remedy, "do something");
    verdict_free(item.verdict);
}

static void actions_have_names(void **state)
{
    static const char *const names[] = {"sign", "refused", "repeat", "present", "skipped", "allowed"};
    (void)state;
    for (int action = PLAN_SIGN; action <= PLAN_ALLOW; action++)
        assert_string_equal(plan_action_name((enum plan_action)action), names[action]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hash_binds_every_decision),
        cmocka_unit_test(the_hash_binds_which_certificate_is_given_again),
        cmocka_unit_test(reasons_come_all_at_once),
        cmocka_unit_test(an_approved_plans_digest_stays),
        cmocka_unit_test(the_digest_is_of_what_the_plan_says),
        cmocka_unit_test(a_plan_lives_as_long_as_somebody_holds_it),
        cmocka_unit_test(an_rsa_key_is_found_wherever_it_is),
        cmocka_unit_test(a_refusal_says_why_and_what_to_do),
        cmocka_unit_test(actions_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
