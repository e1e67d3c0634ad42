/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of two threads, kept in one list. Built with ThreadSanitizer, which ends the program with 66 if it sees a race. */
#include "token/internal.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Which step is next; relaxed, so that it puts the steps in order and hides no race between them. */
static atomic_int step;

static void wait_for(int wanted)
{
    while (atomic_load_explicit(&step, memory_order_relaxed) != wanted)
        (void)sched_yield(); // always succeeds on Linux
}

static void go_on(int next)
{
    atomic_store_explicit(&step, next, memory_order_relaxed);
}

static void *call_meanwhile(void *unused)
{
    struct watched call;
    wait_for(1);
    watch_begin(&call, 60, "the other call");
    go_on(2);
    wait_for(3);
    watch_end(&call);
    return unused;
}

static void test_a_call_ends_while_another_threads_is_beside_it_in_the_list(void **state)
{
    pthread_t other;
    struct watched call;
    (void)state; // cmocka's form
    assert_int_equal(pthread_create(&other, NULL, call_meanwhile, NULL), 0);
    watch_begin(&call, 60, "a call");
    go_on(1);
    wait_for(2);
    watch_end(&call);
    go_on(3);
    assert_int_equal(pthread_join(other, NULL), 0);
    assert_true(token_end_calls(NULL)); // none is under way
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_call_ends_while_another_threads_is_beside_it_in_the_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
