/* SPDX-License-Identifier: Apache-2.0 */
/* All that is said of each modulus of a batch: with how many it shares, with whom first, which of the batch it equals, and who had it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bad_keys.h"
#include "base/memory.h"
#include "screen/factors.h"

#include <inttypes.h>

#define POOL 120
#define BATCH_MAX 120

static mpz_t pool[POOL];

static int set_up(void **state)
{
    (void)state;
    for (unsigned long i = 0; i < POOL; i++) {
        mpz_init(pool[i]);
        bad_prime(pool[i], 256, i + 1);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < POOL; i++)
        mpz_clear(pool[i]);
    return 0;
}

struct batch {
    struct bytes moduli[BATCH_MAX];
    uint8_t octets[BATCH_MAX][64];
    size_t count;
};

/** Of these two primes; p = q: something that is no modulus. */
static void add(struct batch *batch, size_t p, size_t q)
{
    mpz_t product;
    size_t len = 0;
    uint8_t *octets = batch->octets[batch->count];
    mpz_init(product);
    mpz_mul(product, pool[p], pool[q]);
    (void)mpz_export(octets, &len, 1, 1, 1, 0, product);
    assert_int_equal(len, 64);
    mpz_clear(product);
    batch->moduli[batch->count++] = bytes_of(octets, p == q ? 63 : 64);
}

/** In reverse, and on as many threads as it is told. */
static unsigned threads_asked;
static size_t work_done;
static void in_reverse(size_t count, unsigned threads, void (*work)(void *data, size_t index), void *data)
{
    threads_asked = threads;
    work_done += count;
    while (count > 0)
        work(data, --count);
}

static void assert_shares(struct screen_store *const *stores, size_t stores_count, const struct batch *batch,
                          const char *wanted)
{
    for (int is_parallel = 0; is_parallel <= 1; is_parallel++) {
        struct error err = ERROR_INIT;
        struct screen_share shares[BATCH_MAX];
        AUTO(builder_done) struct builder text = BUILDER_INIT;
        threads_asked = 0;
        work_done = 0;
        if (!screen_shared(stores, stores_count, batch->moduli, batch->count, is_parallel ? in_reverse : NULL,
                           7, shares, &err))
            fail_msg("%s", err.text);
        assert_int_equal(threads_asked, is_parallel ? 7 : 0);
        assert_int_equal(work_done > 0, is_parallel);
        for (size_t i = 0; i < batch->count; i++) {
            builder_format(&text, "%zu", shares[i].count);
            if (shares[i].label != SCREEN_NONE)
                builder_format(&text, " label %" PRIu64, shares[i].label);
            if (shares[i].other != SIZE_MAX)
                builder_format(&text, " other %zu", shares[i].other);
            if (shares[i].first != i)
                builder_format(&text, " first %zu", shares[i].first);
            if (shares[i].same != SCREEN_NONE)
                builder_format(&text, " same %" PRIu64, shares[i].same);
            builder_add_text(&text, "\n");
        }
        assert_string_equal(builder_text(&text), wanted);
    }
}

static void all_is_said_of_each_of_a_batch(void **state)
{
    struct batch batch = {.count = 0};
    (void)state;
    add(&batch, 9, 9);  // 0: none
    add(&batch, 0, 1);  // 1
    add(&batch, 2, 3);  // 2
    add(&batch, 0, 1);  // 3: as 1
    add(&batch, 3, 4);  // 4: shares with 2
    add(&batch, 4, 5);  // 5: shares with 4
    add(&batch, 2, 3);  // 6: as 2
    add(&batch, 10, 1); // 7: shares with 1
    add(&batch, 6, 7);  // 8
    add(&batch, 9, 9);  // 9: none
    assert_shares(NULL, 0, &batch,
                  "0\n1 other 7\n1 other 4\n1 other 7 first 1\n2 other 2\n1 other 4\n1 other 4 first 2\n"
                  "1 other 1\n0\n0\n");
    batch.count = 1;
    struct screen_share share;
    struct error err = ERROR_INIT;
    assert_true(screen_shared(NULL, 0, batch.moduli, 1, NULL, 1, &share, &err));
    assert_int_equal(share.count, 0);
    assert_int_equal(share.first, 0);
    assert_true(share.label == SCREEN_NONE && share.other == SIZE_MAX && share.same == SCREEN_NONE);
    assert_true(screen_shared(NULL, 0, batch.moduli, 0, NULL, 1, &share, &err));
}

static void the_first_store_that_has_it_says_whose_it_is(void **state)
{
    struct batch batch = {.count = 0};
    struct batch seen = {.count = 0};
    struct screen_store *stores[] = {screen_store_new(), screen_store_new()};
    (void)state;
    add(&seen, 0, 1);
    add(&seen, 2, 3);
    add(&seen, 5, 6);
    add(&seen, 20, 21);
    screen_store_add(stores[0], 10, seen.moduli[0]);
    screen_store_add(stores[0], 11, seen.moduli[1]);
    screen_store_add(stores[1], 20, seen.moduli[1]);
    screen_store_add(stores[1], 21, seen.moduli[2]);
    screen_store_add(stores[1], 22, seen.moduli[3]);
    add(&batch, 2, 3);   // both have it
    add(&batch, 5, 6);   // the second has it
    add(&batch, 0, 6);   // shares with one of each, and one of the batch
    add(&batch, 3, 7);   // shares with one that both have: of each one, and of the batch one
    add(&batch, 30, 31); // nobody's
    add(&batch, 21, 20); // the same product
    assert_shares(
        stores, 2, &batch,
        "1 other 3 same 11\n1 other 2 same 21\n3 label 10 other 1\n3 label 11 other 0\n0\n0 same 22\n");
    assert_int_equal(screen_store_count(stores[0]), 2);
    assert_int_equal(screen_store_count(stores[1]), 3);
    screen_store_close(stores[0]);
    screen_store_close(stores[1]);
}

/** A hundred are enough to know. */
static void no_more_than_a_hundred_are_counted(void **state)
{
    (void)state;
    for (size_t others = 98; others <= 102; others++) {
        struct batch batch = {.count = 0};
        struct error err = ERROR_INIT;
        struct screen_share shares[BATCH_MAX];
        for (size_t i = 0; i <= others; i++)
            add(&batch, 0, i + 1);
        assert_true(screen_shared(NULL, 0, batch.moduli, batch.count, NULL, 1, shares, &err));
        for (size_t i = 0; i < batch.count; i++) {
            assert_int_equal(shares[i].count, others < 100 ? others : 100);
            assert_int_equal(shares[i].other, i == 0 ? 1 : 0);
        }
        // The same of a store's.
        struct screen_store *store = screen_store_new();
        for (size_t i = 1; i <= others; i++)
            screen_store_add(store, i, batch.moduli[i]);
        batch.count = 1;
        assert_true(screen_shared(&store, 1, batch.moduli, 1, NULL, 1, shares, &err));
        assert_int_equal(shares[0].count, others < 100 ? others : 100);
        assert_int_equal(shares[0].label, 1);
        screen_store_close(store);
    }
}

/** Around each power of two, where trees of products change their form; the first and the last share. */
static void batches_of_every_size_are_compared_whole(void **state)
{
    (void)state;
    for (size_t count = 2; count <= 36; count++) {
        struct batch batch = {.count = 0};
        struct error err = ERROR_INIT;
        struct screen_share shares[BATCH_MAX];
        for (size_t i = 0; i < count; i++)
            add(&batch, 2 * i, i + 1 == count ? 1 : 2 * i + 1);
        assert_true(screen_shared(NULL, 0, batch.moduli, count, in_reverse, 2, shares, &err));
        for (size_t i = 0; i < count; i++) {
            bool is_sharing = i == 0 || i + 1 == count;
            assert_int_equal(shares[i].count, is_sharing ? 1 : 0);
            assert_int_equal(shares[i].other, !is_sharing ? SIZE_MAX : i == 0 ? count - 1 : 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_is_said_of_each_of_a_batch),
        cmocka_unit_test(the_first_store_that_has_it_says_whose_it_is),
        cmocka_unit_test(no_more_than_a_hundred_are_counted),
        cmocka_unit_test(batches_of_every_size_are_compared_whole),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
