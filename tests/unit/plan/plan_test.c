/* SPDX-License-Identifier: Apache-2.0 */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hash_binds_every_decision),
        cmocka_unit_test(the_hash_binds_which_certificate_is_given_again),
        cmocka_unit_test(reasons_come_all_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
