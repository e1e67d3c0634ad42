/* SPDX-License-Identifier: Apache-2.0 */
/* What a person decides reaches the plan when it is applied and not before, and never over the policy's no. */
#include "plan/decisions.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define HAS_ONE 0
#define ALLOWED 1
#define REFUSED 2
#define COUNT 3

static struct verdict yes = {.is_allowed = true};
static struct verdict no = {.is_allowed = false};

static struct plan_item items[COUNT];
static struct plan plan;
static struct decisions *decisions;

static int set_up(void **state)
{
    (void)state;
    memset(items, 0, sizeof(items));
    items[ALLOWED] = (struct plan_item){.source = "a.csr", .verdict = &yes, .action = PLAN_SIGN};
    items[HAS_ONE] = (struct plan_item){.source = "b.csr", .verdict = &yes, .action = PLAN_REPEAT};
    items[REFUSED] = (struct plan_item){.source = "c.csr", .verdict = &no, .action = PLAN_REFUSE};
    plan = (struct plan){.items = items, .count = COUNT, .policy_name = "p"};
    plan_seal(&plan);
    decisions = decisions_new(&plan);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    decisions_take_back(decisions);
    decisions_free(decisions);
    return 0;
}

static void nothing_is_changed_before_it_is_applied(void **state)
{
    uint8_t before[32];
    (void)state;
    memcpy(before, plan.sha256, sizeof(before));
    decisions_refuse(decisions, ALLOWED, "not ordered");
    decisions_skip(decisions, HAS_ONE);
    assert_int_equal(items[ALLOWED].action, PLAN_SIGN);
    assert_memory_equal(plan.sha256, before, sizeof(before));
    decisions_apply(decisions);
    assert_int_equal(items[ALLOWED].action, PLAN_REFUSE);
    assert_string_equal(items[ALLOWED].reason, "not ordered");
    assert_int_equal(items[HAS_ONE].action, PLAN_SKIP);
    assert_memory_not_equal(plan.sha256, before, sizeof(before));
    decisions_take_back(decisions);
    assert_int_equal(items[ALLOWED].action, PLAN_SIGN);
    assert_null(items[ALLOWED].reason);
    assert_int_equal(items[HAS_ONE].action, PLAN_REPEAT);
    assert_memory_equal(plan.sha256, before, sizeof(before));
}

static void what_the_policy_refused_cannot_be_approved(void **state)
{
    (void)state;
    assert_false(decisions_may_approve(decisions, REFUSED));
    assert_false(decisions_approve(decisions, REFUSED));
    assert_int_equal(decisions_made(decisions), 0);
    decisions_approve_rest(decisions, 0);
    decisions_apply(decisions);
    assert_int_equal(items[REFUSED].action, PLAN_REFUSE);
    assert_int_equal(items[ALLOWED].action, PLAN_SIGN);
    assert_int_equal(items[HAS_ONE].action, PLAN_REPEAT);
}

static void a_later_decision_counts(void **state)
{
    (void)state;
    decisions_refuse(decisions, ALLOWED, "no");
    decisions_refuse(decisions, ALLOWED, "no, really");
    assert_int_equal(decisions_made(decisions), 1);
    assert_true(decisions_approve(decisions, ALLOWED));
    decisions_apply(decisions);
    assert_int_equal(items[ALLOWED].action, PLAN_SIGN);
    assert_null(items[ALLOWED].reason);
}

static void what_is_left_to_a_person_is_counted(void **state)
{
    (void)state;
    assert_int_equal(decisions_count_approvable(decisions, 0), 2);
    assert_int_equal(decisions_count_approvable(decisions, ALLOWED), 1);
    assert_int_equal(decisions_count_approvable(decisions, COUNT), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_is_changed_before_it_is_applied, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_the_policy_refused_cannot_be_approved, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_later_decision_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_left_to_a_person_is_counted, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
