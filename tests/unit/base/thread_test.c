/* SPDX-License-Identifier: Apache-2.0 */
#include "base/thread.h"

#include <stdatomic.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static atomic_uint visits[10000];

static void visit(void *data, size_t index)
{
    (void)data;
    atomic_fetch_add(&visits[index], 1);
}

static void every_index_is_visited_once(void **state)
{
    (void)state;
    for (unsigned threads = 0; threads < 5; threads++) {
        for (size_t i = 0; i < 10000; i++)
            visits[i] = 0;
        thread_each(10000, threads, visit, NULL);
        for (size_t i = 0; i < 10000; i++)
            assert_int_equal(visits[i], 1);
    }
}

static void nothing_to_do_is_done(void **state)
{
    (void)state;
    visits[0] = 0;
    thread_each(0, 4, visit, NULL);
    assert_int_equal(visits[0], 0);
    assert_true(thread_cores() >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_index_is_visited_once),
        cmocka_unit_test(nothing_to_do_is_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
