/* SPDX-License-Identifier: Apache-2.0 */
/* Shared prime factors are found over a batch and everything before it, exactly, and a store that doesn't fit is read again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bad_keys.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"
#include "folder.h"
#include "screen/factors.h"

#include <gmp.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define POOL 160
#define PRIME_BITS 256

static struct folder folder;
static mpz_t pool[POOL];

/** What stands for the ledger: a modulus a record, made of the pool's primes; its number is its label. */
struct history {
    struct bytes moduli[2048];
    size_t count;
    uint8_t salt; /**< another ledger has other hashes */
};
static struct history history;

static int set_up(void **state)
{
    (void)state;
    for (unsigned long i = 0; i < POOL; i++) {
        mpz_init(pool[i]);
        bad_prime(pool[i], PRIME_BITS, i + 1);
    }
    folder_make(&folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < POOL; i++)
        mpz_clear(pool[i]);
    folder_remove(&folder);
    return 0;
}

static int clear(void **state)
{
    (void)state;
    for (size_t i = 0; i < history.count; i++)
        free((uint8_t *)(uintptr_t)history.moduli[i].data);
    history.count = 0;
    history.salt = 0;
    (void)unlinkat(folder.fd, SCREEN_STORE_FILE, 0); // the test before may have had none
    return 0;
}

static struct bytes modulus_of(size_t p, size_t q)
{
    mpz_t product;
    struct builder octets = BUILDER_INIT;
    size_t len = 0;
    mpz_init(product);
    mpz_mul(product, pool[p], pool[q]);
    bad_octets(product, &octets);
    mpz_clear(product);
    uint8_t *data = builder_take(&octets, &len);
    return bytes_of(data, len);
}

static void give_back(struct bytes *moduli, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free((uint8_t *)(uintptr_t)moduli[i].data);
}

static void remember(size_t p, size_t q)
{
    assert_true(history.count < ARRAY_LEN(history.moduli));
    history.moduli[history.count++] = modulus_of(p, q);
}

static void record_hash(uint64_t seq, uint8_t ret_sha256[static 32])
{
    const struct bytes parts[] = {history.moduli[seq], bytes_of(&history.salt, 1)};
    digest_sha256_parts(parts, 2, ret_sha256);
}

static bool fits(void *data, uint64_t seq, const uint8_t sha256[static 32])
{
    uint8_t own[32];
    (void)data;
    if (seq >= history.count)
        return false;
    record_hash(seq, own);
    return memcmp(own, sha256, sizeof(own)) == 0;
}

static void feed(struct screen_store *store, size_t step)
{
    struct error err = ERROR_INIT;
    uint8_t sha256[32];
    while (screen_store_next(store) < history.count) {
        uint64_t next = screen_store_next(store);
        uint64_t end = next + step < history.count ? next + step : history.count;
        for (uint64_t i = next; i < end; i++)
            screen_store_add(store, i, history.moduli[i]);
        record_hash(end - 1, sha256);
        if (!screen_store_cover(store, end, sha256, &err))
            fail_msg("%s", err.text);
    }
}

static struct screen_store *open_store(bool may_write)
{
    struct error err = ERROR_INIT;
    struct screen_store *store = NULL;
    if (!screen_store_open(folder.fd, may_write, fits, NULL, &store, &err))
        fail_msg("%s", err.text);
    return store;
}

static void compare(struct screen_store *store, const struct bytes *moduli, size_t count,
                    struct screen_share *shares)
{
    struct error err = ERROR_INIT;
    if (!screen_shared(&store, store != NULL ? 1 : 0, moduli, count, NULL, 1, shares, &err))
        fail_msg("%s", err.text);
}

static void sound_moduli_share_nothing(void **state)
{
    struct bytes moduli[POOL / 2];
    struct screen_share shares[POOL / 2];
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(moduli); i++)
        moduli[i] = modulus_of(2 * i, 2 * i + 1);
    for (size_t count = 1; count <= ARRAY_LEN(moduli); count++) {
        compare(NULL, moduli, count, shares);
        for (size_t i = 0; i < count; i++)
            assert_int_equal(shares[i].count, 0);
    }
    give_back(moduli, ARRAY_LEN(moduli));
}

static void both_of_a_pair_are_told_of_the_other(void **state)
{
    struct bytes moduli[] = {modulus_of(0, 1), modulus_of(2, 3), modulus_of(4, 5), modulus_of(6, 3),
                             modulus_of(7, 8)};
    struct screen_share shares[5];
    (void)state;
    compare(NULL, moduli, 5, shares);
    assert_int_equal(shares[1].count, 1);
    assert_int_equal(shares[1].other, 3);
    assert_int_equal(shares[3].count, 1);
    assert_int_equal(shares[3].other, 1);
    assert_int_equal(shares[0].count + shares[2].count + shares[4].count, 0);
    give_back(moduli, 5);
}

static void a_modulus_may_share_both_its_primes(void **state)
{
    struct bytes moduli[] = {modulus_of(0, 1), modulus_of(2, 0), modulus_of(1, 3), modulus_of(9, 10)};
    struct screen_share shares[4];
    (void)state;
    compare(NULL, moduli, 4, shares);
    assert_int_equal(shares[0].count, 2);
    assert_int_equal(shares[1].count, 1);
    assert_int_equal(shares[1].other, 0);
    assert_int_equal(shares[2].other, 0);
    assert_int_equal(shares[3].count, 0);
    give_back(moduli, 4);
}

static void the_same_modulus_twice_is_one_key(void **state)
{
    struct bytes moduli[] = {modulus_of(0, 1), modulus_of(2, 3), modulus_of(0, 1), modulus_of(3, 4),
                             modulus_of(2, 3)};
    struct screen_share shares[5];
    (void)state;
    compare(NULL, moduli, 5, shares);
    assert_int_equal(shares[0].count + shares[2].count, 0);
    assert_int_equal(shares[1].other, 3);
    assert_int_equal(shares[4].other, 3);
    assert_int_equal(shares[3].other, 1);
    assert_int_equal(shares[3].count, 1);
    give_back(moduli, 5);
}

static void what_is_no_modulus_is_left_out(void **state)
{
    uint8_t zeros[128] = {0};
    struct bytes moduli[] = {bytes_of(NULL, 0), BYTES(zeros), bytes_of("short", 5), modulus_of(0, 1)};
    struct screen_share shares[4];
    (void)state;
    compare(NULL, moduli, 4, shares);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(shares[i].count, 0);
    give_back(moduli + 3, 1);
}

static void what_was_seen_before_is_named_by_its_record(void **state)
{
    struct bytes moduli[] = {modulus_of(0, 1), modulus_of(3, 40), modulus_of(41, 42)};
    struct screen_share shares[3];
    (void)state;
    remember(0, 1);
    remember(2, 3);
    remember(5, 6);
    struct screen_store *store = open_store(true);
    feed(store, 1);
    compare(store, moduli, 3, shares);
    assert_int_equal(shares[0].count, 0); // a renewal
    assert_int_equal(shares[0].same, 0);
    assert_int_equal(shares[1].count, 1);
    assert_int_equal(shares[1].label, 1);
    assert_int_equal(shares[1].other, SIZE_MAX);
    assert_int_equal(shares[2].count, 0);
    assert_int_equal(shares[2].same, SCREEN_NONE);
    screen_store_close(store);
    give_back(moduli, 3);
}

static void a_renewal_is_compared_with_the_others(void **state)
{
    struct bytes moduli[] = {modulus_of(0, 1), modulus_of(2, 3)};
    struct screen_share shares[2];
    (void)state;
    remember(0, 1);
    remember(2, 3);
    remember(1, 5); // let through while nobody looked
    struct screen_store *store = open_store(true);
    feed(store, 3);
    compare(store, moduli, 2, shares);
    assert_int_equal(shares[0].count, 1);
    assert_int_equal(shares[0].label, 2);
    assert_int_equal(shares[1].count, 0);
    screen_store_close(store);
    give_back(moduli, 2);
}

static void both_primes_may_be_known_from_different_records(void **state)
{
    struct bytes moduli[] = {modulus_of(0, 1)};
    struct screen_share shares[1];
    (void)state;
    remember(0, 2);
    remember(3, 4);
    remember(1, 5);
    struct screen_store *store = open_store(true);
    feed(store, 3);
    compare(store, moduli, 1, shares);
    assert_int_equal(shares[0].count, 2);
    assert_int_equal(shares[0].label, 0);
    screen_store_close(store);
    give_back(moduli, 1);
}

static size_t gcd_is_more(struct bytes a, struct bytes b)
{
    mpz_t x;
    mpz_t y;
    mpz_inits(x, y, NULL);
    mpz_import(x, a.len, 1, 1, 1, 0, a.data);
    mpz_import(y, b.len, 1, 1, 1, 0, b.data);
    mpz_gcd(x, x, y);
    size_t is_more = mpz_cmp_ui(x, 1) > 0 && !bytes_equal(a, b) ? 1 : 0;
    mpz_clears(x, y, NULL);
    return is_more;
}

static bool is_before(const struct bytes *moduli, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (bytes_equal(moduli[i], moduli[index]))
            return true;
    }
    return false;
}

/** How many different moduli of both lists share with one, pair by pair. */
static size_t shares_by_pairs(struct bytes modulus, const struct bytes *moduli, size_t count)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        found += is_before(moduli, i) ? 0 : gcd_is_more(modulus, moduli[i]);
    for (size_t i = 0; i < history.count; i++)
        found += is_before(history.moduli, i) ? 0 : gcd_is_more(modulus, history.moduli[i]);
    return found;
}

static void agrees_with_every_pair_over_many_runs(void **state)
{
    struct bytes moduli[24];
    struct screen_share shares[24];
    size_t hits = 0;
    unsigned long next = 1;
    (void)state;
    for (size_t run = 0; run < 12; run++) {
        // Each run brings a batch, part of it known; the ledger grows by some of it and some renewals.
        for (size_t i = 0; i < ARRAY_LEN(moduli); i++) {
            next = next * 6364136223846793005UL + 1442695040888963407UL;
            size_t p = (size_t)(next >> 33) % POOL;
            moduli[i] = modulus_of(p, (p + 1 + (size_t)(next >> 50) % (POOL - 1)) % POOL);
        }
        struct screen_store *store = open_store(run % 4 != 3);
        assert_false(screen_store_dropped(store));
        feed(store, 1 + run * 7);
        compare(store, moduli, ARRAY_LEN(moduli), shares);
        for (size_t i = 0; i < ARRAY_LEN(moduli); i++) {
            size_t wanted = shares_by_pairs(moduli[i], moduli, ARRAY_LEN(moduli));
            assert_int_equal(shares[i].count, wanted);
            hits += wanted > 0 ? 1 : 0;
            if (shares[i].label != SCREEN_NONE)
                assert_int_equal(gcd_is_more(moduli[i], history.moduli[shares[i].label]), 1);
            if (shares[i].other != SIZE_MAX)
                assert_int_equal(gcd_is_more(moduli[i], moduli[shares[i].other]), 1);
        }
        screen_store_close(store);
        for (size_t i = 0; i < 3; i++)
            history.moduli[history.count++] = moduli[i];
        give_back(moduli + 3, ARRAY_LEN(moduli) - 3);
    }
    assert_in_range(hits, 50, 280);
}

/** A ledger long enough for several parts: primes may repeat, moduli do now and then. */
static void remember_many(size_t count)
{
    for (size_t i = 0; i < count; i++)
        remember(i % 97, 97 + (i * i + i / 97) % 50);
}

static void the_file_grows_in_few_parts_and_is_read_again(void **state)
{
    struct bytes moduli[] = {modulus_of(5, 6)};
    struct screen_share first[1];
    struct screen_share again[1];
    struct stat facts;
    (void)state;
    for (size_t run = 0; run < 6; run++) {
        remember_many(300);
        struct screen_store *store = open_store(true);
        assert_false(screen_store_dropped(store));
        assert_true(screen_store_next(store) == history.count - 300);
        feed(store, 300);
        compare(store, moduli, 1, first);
        screen_store_close(store);
    }
    assert_int_equal(fstatat(folder.fd, SCREEN_STORE_FILE, &facts, 0), 0);
    struct screen_store *store = open_store(false);
    assert_int_equal(screen_store_next(store), history.count);
    assert_null(screen_store_trouble(store));
    // each modulus once: remember_many() says the same 300 six times
    assert_in_range(screen_store_count(store), 250, 300);
    compare(store, moduli, 1, again);
    assert_int_equal(again[0].label, first[0].label);
    assert_int_equal(again[0].count, first[0].count);
    assert_true(again[0].count > 1);
    screen_store_close(store);
    give_back(moduli, 1);
}

static void another_ledgers_file_is_dropped(void **state)
{
    struct bytes moduli[] = {modulus_of(0, 1)};
    struct screen_share shares[1];
    (void)state;
    remember_many(300);
    struct screen_store *store = open_store(true);
    feed(store, 300);
    screen_store_close(store);
    history.salt = 1;
    store = open_store(true);
    assert_true(screen_store_dropped(store));
    assert_false(screen_store_dropped(store)); // said once
    assert_int_equal(screen_store_next(store), 0);
    feed(store, 300);
    compare(store, moduli, 1, shares);
    assert_true(shares[0].count > 0);
    screen_store_close(store);
    store = open_store(true);
    assert_int_equal(screen_store_next(store), history.count);
    screen_store_close(store);
    give_back(moduli, 1);
}

/** Compares with a store whose file is what it is; feeds it again as often as it drops something. */
static size_t count_anyway(struct bytes *modulus, bool *ret_has_dropped)
{
    struct error err = ERROR_INIT;
    struct screen_share share;
    struct screen_store *store = open_store(true);
    *ret_has_dropped = screen_store_dropped(store);
    for (int tries = 0; tries < 3; tries++) {
        feed(store, 300);
        if (screen_shared(&store, 1, modulus, 1, NULL, 1, &share, &err)) {
            *ret_has_dropped = screen_store_dropped(store) || *ret_has_dropped;
            screen_store_close(store);
            return share.count;
        }
    }
    fail_msg("%s", err.text);
    return 0;
}

static void a_damaged_or_short_file_is_made_again(void **state)
{
    struct bytes modulus = modulus_of(5, 6);
    struct error err = ERROR_INIT;
    struct builder good = BUILDER_INIT;
    bool has_dropped = false;
    (void)state;
    remember_many(300);
    size_t wanted = count_anyway(&modulus, &has_dropped);
    assert_true(wanted > 0);
    assert_false(has_dropped);
    assert_true(file_read(folder.fd, SCREEN_STORE_FILE, 1 << 20, &good, &err));
    for (size_t at = 0; at < good.len; at += at < 200 ? 7 : 1009) {
        struct bytes changed = builder_bytes(&good);
        good.data[at] ^= 0x10;
        assert_true(file_replace(folder.fd, SCREEN_STORE_FILE, 0644, changed, &err));
        good.data[at] ^= 0x10;
        assert_int_equal(count_anyway(&modulus, &has_dropped), wanted);
        assert_true(has_dropped);
        assert_true(file_replace(folder.fd, SCREEN_STORE_FILE, 0644, bytes_slice(changed, 0, at), &err));
        assert_int_equal(count_anyway(&modulus, &has_dropped), wanted);
        assert_int_equal(has_dropped, at > 0);
        assert_int_equal(count_anyway(&modulus, &has_dropped), wanted);
        assert_false(has_dropped);
    }
    builder_done(&good);
    give_back(&modulus, 1);
}

static void reading_changes_nothing_in_the_home(void **state)
{
    struct bytes moduli[] = {modulus_of(5, 6)};
    struct screen_share shares[1];
    (void)state;
    remember_many(600);
    struct screen_store *store = open_store(false);
    feed(store, 100);
    compare(store, moduli, 1, shares);
    assert_true(shares[0].count > 0);
    screen_store_close(store);
    assert_false(file_exists(folder.fd, SCREEN_STORE_FILE));
    give_back(moduli, 1);
}

static void a_full_disk_costs_the_file_and_nothing_else(void **state)
{
    struct bytes modulus = modulus_of(5, 6);
    struct screen_share share;
    struct error err = ERROR_INIT;
    struct rlimit before;
    (void)state;
    remember_many(300);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    struct rlimit short_files = {.rlim_cur = 1000, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &short_files), 0);
    struct screen_store *store = open_store(true);
    feed(store, 300);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_non_null(screen_store_trouble(store));
    if (!screen_shared(&store, 1, &modulus, 1, NULL, 1, &share, &err))
        fail_msg("%s", err.text);
    assert_int_equal(share.count, shares_by_pairs(modulus, NULL, 0));
    screen_store_close(store);
    store = open_store(true); // what was written of it is cut off
    assert_true(screen_store_dropped(store));
    feed(store, 300);
    assert_null(screen_store_trouble(store));
    screen_store_close(store);
    store = open_store(false);
    assert_int_equal(screen_store_next(store), history.count);
    screen_store_close(store);
    give_back(&modulus, 1);
}

static void a_runs_own_store_is_asked_as_well(void **state)
{
    struct bytes seen[] = {modulus_of(151, 154), modulus_of(5, 6)};
    struct bytes moduli[] = {modulus_of(150, 151), modulus_of(152, 153), modulus_of(151, 154),
                             modulus_of(5, 6)};
    struct screen_share shares[4];
    struct error err = ERROR_INIT;
    (void)state;
    remember_many(300);
    struct screen_store *stores[] = {open_store(true), screen_store_new()};
    feed(stores[0], 300);
    screen_store_add(stores[1], 7, seen[0]);
    screen_store_add(stores[1], 8, seen[1]);
    if (!screen_shared(stores, 2, moduli, 4, NULL, 1, shares, &err))
        fail_msg("%s", err.text);
    assert_int_equal(shares[0].count, 2); // one of the run, one of the same batch
    assert_int_equal(shares[0].label, 7);
    assert_int_equal(shares[0].other, 2);
    assert_int_equal(shares[1].count, 0); // no record has the primes from 150 on
    assert_int_equal(shares[2].count, 1);
    assert_int_equal(shares[2].other, 0);
    assert_int_equal(shares[2].same, 7);
    assert_true(shares[3].count > 0);
    assert_true(shares[3].label < 300);
    assert_int_equal(shares[3].same, 8);
    screen_store_close(stores[0]);
    screen_store_close(stores[1]);
    give_back(moduli, 4);
    give_back(seen, 2);
}

static void a_runs_own_store_grows_by_thousands(void **state)
{
    struct bytes modulus = modulus_of(5, 6);
    struct screen_share share;
    struct error err = ERROR_INIT;
    struct screen_store *store = screen_store_new();
    (void)state;
    remember_many(2000);
    for (size_t i = 0; i < history.count; i++)
        screen_store_add(store, i, history.moduli[i]);
    for (int times = 0; times < 2; times++) {
        if (!screen_shared(&store, 1, &modulus, 1, NULL, 1, &share, &err))
            fail_msg("%s", err.text);
        assert_int_equal(share.count, shares_by_pairs(modulus, NULL, 0));
    }
    assert_true(screen_store_count(store) < 2000);
    screen_store_close(store);
    give_back(&modulus, 1);
}

/** Moduli of many small primes, each prime used once: cheap to make by thousands. */
static struct bytes *cheap_moduli(size_t count, const uint8_t *sieve, size_t bound, size_t *next)
{
    struct bytes *moduli = memory_new(count, sizeof(*moduli));
    mpz_t product;
    mpz_init(product);
    for (size_t i = 0; i < count; i++) {
        struct builder octets = BUILDER_INIT;
        size_t len = 0;
        mpz_set_ui(product, 1);
        for (; mpz_sizeinbase(product, 2) <= 512; (*next)++) {
            assert_true(*next < bound);
            if (sieve[*next] == 0)
                mpz_mul_ui(product, product, *next);
        }
        bad_octets(product, &octets);
        uint8_t *data = builder_take(&octets, &len);
        moduli[i] = bytes_of(data, len);
    }
    mpz_clear(product);
    return moduli;
}

static void batches_of_several_blocks_are_compared_across_them(void **state)
{
    enum { COUNT = 9000, BOUND = 5000000 };
    uint8_t *sieve = memory_new(BOUND, 1);
    struct screen_share *shares = memory_new(COUNT, sizeof(*shares));
    size_t next = 3;
    struct error err = ERROR_INIT;
    (void)state;
    for (size_t i = 2; i * i < BOUND; i++) {
        for (size_t j = i * i; sieve[i] == 0 && j < BOUND; j += i)
            sieve[j] = 1;
    }
    struct bytes *moduli = cheap_moduli(COUNT, sieve, BOUND, &next);
    // The last one gets a prime of the first one.
    mpz_t last;
    struct builder octets = BUILDER_INIT;
    mpz_init(last);
    mpz_import(last, moduli[COUNT - 1].len, 1, 1, 1, 0, moduli[COUNT - 1].data);
    mpz_mul_ui(last, last, 5);
    bad_octets(last, &octets);
    mpz_clear(last);
    free((uint8_t *)(uintptr_t)moduli[COUNT - 1].data);
    moduli[COUNT - 1].data = builder_take(&octets, &moduli[COUNT - 1].len);
    if (!screen_shared(NULL, 0, moduli, COUNT, NULL, 1, shares, &err))
        fail_msg("%s", err.text);
    for (size_t i = 1; i < COUNT - 1; i++) {
        if (shares[i].count > 0)
            fail_msg("modulus %zu shares with %zu", i, shares[i].other);
    }
    assert_int_equal(shares[0].other, COUNT - 1);
    assert_int_equal(shares[COUNT - 1].other, 0);
    give_back(moduli, COUNT);
    free(moduli);
    free(shares);
    free(sieve);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_moduli_share_nothing),
        cmocka_unit_test(both_of_a_pair_are_told_of_the_other),
        cmocka_unit_test(a_modulus_may_share_both_its_primes),
        cmocka_unit_test(the_same_modulus_twice_is_one_key),
        cmocka_unit_test(what_is_no_modulus_is_left_out),
        cmocka_unit_test_setup_teardown(what_was_seen_before_is_named_by_its_record, clear, clear),
        cmocka_unit_test_setup_teardown(a_renewal_is_compared_with_the_others, clear, clear),
        cmocka_unit_test_setup_teardown(both_primes_may_be_known_from_different_records, clear, clear),
        cmocka_unit_test_setup_teardown(agrees_with_every_pair_over_many_runs, clear, clear),
        cmocka_unit_test_setup_teardown(the_file_grows_in_few_parts_and_is_read_again, clear, clear),
        cmocka_unit_test_setup_teardown(another_ledgers_file_is_dropped, clear, clear),
        cmocka_unit_test_setup_teardown(a_damaged_or_short_file_is_made_again, clear, clear),
        cmocka_unit_test_setup_teardown(reading_changes_nothing_in_the_home, clear, clear),
        cmocka_unit_test_setup_teardown(a_full_disk_costs_the_file_and_nothing_else, clear, clear),
        cmocka_unit_test_setup_teardown(a_runs_own_store_is_asked_as_well, clear, clear),
        cmocka_unit_test_setup_teardown(a_runs_own_store_grows_by_thousands, clear, clear),
        cmocka_unit_test(batches_of_several_blocks_are_compared_across_them),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
