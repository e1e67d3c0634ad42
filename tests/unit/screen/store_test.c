/* SPDX-License-Identifier: Apache-2.0 */
/* The store of moduli: when it grows by a part, and that a call that fails hides no shared factor. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/memory.h"
#include "failing.h"
#include "folder.h"
#include "screen/store.h"

#include <sys/stat.h>

#define MODULUS_LEN 64

static struct folder folder;

static int setup(void **state)
{
    (void)state;
    folder_make(&folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    folder_remove(&folder);
    return 0;
}

#define SHARING 100 /* the record whose modulus has a prime that is asked for */

/** A prime above a power of two, made once. */
static void prime_above(mpz_t ret_prime, unsigned bits)
{
    mpz_ui_pow_ui(ret_prime, 2, bits);
    mpz_nextprime(ret_prime, ret_prime);
}

/** Another number for each index; only that of SHARING has a prime that is looked for. */
static struct bytes modulus_at(size_t index, uint8_t octets[static MODULUS_LEN])
{
    memset(octets, 0xa5, MODULUS_LEN);
    octets[1] = (uint8_t)(index >> 8);
    octets[2] = (uint8_t)index;
    if (index == SHARING) {
        mpz_t p;
        mpz_t q;
        size_t count = 0;
        mpz_inits(p, q, NULL);
        prime_above(p, 255);
        prime_above(q, 256);
        mpz_mul(p, p, q);
        (void)mpz_export(octets, &count, 1, 1, 1, 0, p);
        assert_int_equal(count, MODULUS_LEN);
        mpz_clears(p, q, NULL);
    }
    return bytes_of(octets, MODULUS_LEN);
}

static bool fits(void *data, uint64_t seq, const uint8_t sha256[static 32])
{
    (void)data;
    return sha256[0] == (uint8_t)seq;
}

static struct screen_store *opened(bool may_write)
{
    struct error err = ERROR_INIT;
    struct screen_store *store = NULL;
    if (!screen_store_open(folder.fd, may_write, fits, NULL, &store, &err))
        fail_msg("%s", err.text);
    return store;
}

/** Adds moduli, one a record, and says that all records below next are in. */
static void cover(struct screen_store *store, size_t moduli, uint64_t next)
{
    struct error err = ERROR_INIT;
    uint8_t octets[MODULUS_LEN];
    uint8_t sha256[32] = {(uint8_t)(next - 1)};
    uint64_t first = screen_store_next(store);
    for (size_t i = 0; i < moduli; i++)
        screen_store_add(store, first + i, modulus_at((size_t)first + i, octets));
    if (!screen_store_cover(store, next, sha256, &err))
        fail_msg("%s", err.text);
}

static void assert_parts(const struct screen_store *store, const char *counts)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    for (size_t i = 0; i < store->parts_count; i++)
        builder_format(&text, "%llu ", (unsigned long long)store->parts[i].count);
    builder_format(&text, "and %zu", store->tail_count);
    assert_string_equal(builder_text(&text), counts);
}

static void it_grows_by_parts_of_256_and_joins_those_that_are_short(void **state)
{
    (void)state;
    struct screen_store *store = opened(true);
    cover(store, 255, 255);
    assert_parts(store, "and 255");
    assert_false(file_exists(folder.fd, SCREEN_STORE_FILE));
    cover(store, 1, 256);
    assert_parts(store, "256 and 0");
    cover(store, 256, 512); // no longer than twice as long: joined
    assert_parts(store, "512 and 0");
    cover(store, 256, 768);
    assert_parts(store, "768 and 0");
    cover(store, 256, 1024); // longer than that
    assert_parts(store, "768 256 and 0");
    cover(store, 10, 1034);
    assert_parts(store, "768 256 and 10");
    assert_int_equal(screen_store_count(store), 1034);
    assert_null(screen_store_trouble(store));
    screen_store_close(store);
    store = opened(false);
    assert_parts(store, "768 256 and 0");
    assert_int_equal(screen_store_next(store), 1024);
    assert_false(screen_store_dropped(store));
    cover(store, 300, 1324); // all joined: 768 is no longer than twice 256 and 300
    assert_parts(store, "1324 and 0");
    screen_store_close(store);
    store = opened(true);
    assert_parts(store, "768 256 and 0"); // who may not write did not
    screen_store_close(store);
}

static void a_long_ledger_of_few_keys_is_not_read_again_for_ever(void **state)
{
    (void)state;
    struct screen_store *store = opened(true);
    cover(store, 1, 16383);
    assert_parts(store, "and 1");
    cover(store, 0, 16384);
    assert_parts(store, "1 and 0");
    assert_int_equal(screen_store_next(store), 16384);
    cover(store, 0, 16384); // again, and before
    cover(store, 0, 100);
    assert_int_equal(screen_store_next(store), 16384);
    screen_store_close(store);
    store = opened(true);
    assert_int_equal(screen_store_next(store), 16384);
    screen_store_close(store);
}

/** Whichever of those that are added it is: the first, one between, the last, or one that is added twice. */
static void what_a_part_has_is_not_kept_again(void **state)
{
    static const size_t places[] = {0, 5, 9};
    uint8_t octets[MODULUS_LEN];
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        const uint8_t sha256[32] = {0};
        struct error err = ERROR_INIT;
        struct screen_store *store = opened(false);
        cover(store, 256, 256);
        for (size_t j = 0; j < 10; j++)
            screen_store_add(store, 300 + j, modulus_at(j == places[i] ? 17 : 300 + j, octets));
        screen_store_add(store, 400, modulus_at(304, octets));
        assert_true(screen_store_cover(store, 256 + 16384, sha256, &err));
        assert_parts(store, "256 9 and 0");
        screen_store_close(store);
    }
}

static void what_is_forgotten_is_not_there(void **state)
{
    (void)state;
    for (int may_write = 0; may_write <= 1; may_write++) {
        struct screen_store *store = opened(may_write == 1);
        cover(store, 256, 256);
        cover(store, 10, 266);
        screen_store_forget(store);
        assert_parts(store, "and 0");
        assert_int_equal(screen_store_next(store), 0);
        assert_int_equal(screen_store_count(store), 0);
        assert_true(screen_store_dropped(store));
        cover(store, 300, 300);
        assert_parts(store, "300 and 0");
        screen_store_close(store);
    }
}

/* ---- failing ---- */

/** Opens, feeds and asks as plan/ does: what is dropped is fed once more. \return false: told */
static bool ask(struct screen_share *ret_share, struct error *err)
{
    uint8_t octets[MODULUS_LEN];
    uint8_t mine[2 * MODULUS_LEN];
    AUTO(screen_store_close) struct screen_store *store = NULL;
    mpz_t number;
    if (!screen_store_open(folder.fd, true, fits, NULL, &store, err))
        return false;
    // A prime of that record and one of nobody's.
    mpz_t other;
    mpz_inits(number, other, NULL);
    prime_above(number, 255);
    prime_above(other, 300);
    mpz_mul(number, number, other);
    size_t len = 0;
    (void)mpz_export(mine, &len, 1, 1, 1, 0, number);
    mpz_clears(number, other, NULL);
    const struct bytes modulus = bytes_of(mine, len);
    for (int tries = 0; tries < 2; tries++) {
        error_clear(err);
        bool is_covered = true;
        while (is_covered && screen_store_next(store) < 300) {
            uint64_t first = screen_store_next(store);
            uint8_t sha256[32] = {(uint8_t)299};
            for (uint64_t i = first; i < 300; i++)
                screen_store_add(store, i, modulus_at((size_t)i, octets));
            is_covered = screen_store_cover(store, 300, sha256, err);
        }
        struct screen_store *stores[] = {store};
        if (is_covered && screen_shared(stores, 1, &modulus, 1, NULL, 1, ret_share, err))
            return true;
    }
    return false;
}

static void a_call_that_fails_hides_no_shared_factor(void **state)
{
    (void)state;
    for (int is_stored = 0; is_stored <= 1; is_stored++) {
        const char *failed = "none";
        unsigned number = 0;
        while (failed != NULL) {
            struct error err = ERROR_INIT;
            struct screen_share share = {.count = 0};
            (void)unlinkat(folder.fd, SCREEN_STORE_FILE, 0);
            if (is_stored)
                assert_true(ask(&share, &err));
            share = (struct screen_share){.count = 0};
            failing_at("", ++number);
            bool is_done = ask(&share, &err);
            failed = failing_stop();
            assert_true(failed != NULL || is_done);
            if (!is_done && err.kind != ERROR_INPUT)
                fail_msg("call %u, %s: not told", number, failed);
            if (is_done && (share.count != 1 || share.label != SHARING))
                fail_msg("call %u, %s: shares with %zu, label %llu", number, failed == NULL ? "none" : failed,
                         share.count, (unsigned long long)share.label);
            // What is left behind is made good by the next run.
            share = (struct screen_share){.count = 0};
            error_clear(&err);
            if (!ask(&share, &err) || share.count != 1 || share.label != SHARING)
                fail_msg("call %u, %s: the next run: %s", number, failed == NULL ? "none" : failed, err.text);
        }
        assert_in_range(number, is_stored ? 5 : 6, 60);
    }
}

static void what_can_not_be_written_is_trouble_and_no_more(void **state)
{
    static const char *const calls[] = {"ftruncate", "lseek", "write"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
        for (unsigned number = 1; number <= (i == 2 ? 2 : 1); number++) {
            (void)unlinkat(folder.fd, SCREEN_STORE_FILE, 0);
            struct screen_store *store = opened(true);
            failing_at(calls[i], number);
            cover(store, 256, 256);
            assert_non_null(failing_stop());
            assert_non_null(screen_store_trouble(store));
            assert_string_equal(screen_store_trouble(store), "can't write index.rsa: Input/output error");
            assert_parts(store, "256 and 0");
            cover(store, 256, 512);
            assert_parts(store, "512 and 0");
            screen_store_close(store);
            store = opened(true); // the rest is dropped
            assert_int_equal(screen_store_next(store), 0);
            screen_store_close(store);
        }
    }
}

/** A program may be started without stdin: what is opened then is descriptor 0, and one as any other. */
static void any_descriptor_will_do(void **state)
{
    const char *zero = "none";
    int kept = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 10);
    (void)state;
    for (unsigned number = 1; zero != NULL; number++) {
        (void)unlinkat(folder.fd, SCREEN_STORE_FILE, 0);
        failing_at("openat", number);
        failing_opens_zero();
        struct screen_store *store = opened(true);
        cover(store, 256, 256);
        screen_store_close(store);
        store = opened(true);
        cover(store, 256, 512);
        zero = failing_stop();
        assert_parts(store, "512 and 0");
        screen_store_close(store);
        bool is_closed = fcntl(STDIN_FILENO, F_GETFD) < 0;
        assert_int_equal(dup2(kept, STDIN_FILENO), STDIN_FILENO);
        assert_int_equal(is_closed, zero != NULL);
    }
    assert_int_equal(close(kept), 0);
}

static void what_is_no_file_is_told(void **state)
{
    struct screen_store *store = NULL;
    struct error err = ERROR_INIT;
    (void)state;
    assert_int_equal(mkdirat(folder.fd, SCREEN_STORE_FILE, 0755), 0);
    assert_false(screen_store_open(folder.fd, false, fits, NULL, &store, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_string_equal(err.text, "index.rsa is not a file; remove it");
    assert_int_equal(unlinkat(folder.fd, SCREEN_STORE_FILE, AT_REMOVEDIR), 0);
    assert_int_equal(symlinkat("x", folder.fd, SCREEN_STORE_FILE), 0);
    assert_false(screen_store_open(folder.fd, true, fits, NULL, &store, &err));
    assert_string_equal(err.text,
                        "can't open index.rsa; it is rebuilt if it is not there, so it may be removed: Too "
                        "many levels of symbolic links");
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(it_grows_by_parts_of_256_and_joins_those_that_are_short),
        IN_FOLDER(a_long_ledger_of_few_keys_is_not_read_again_for_ever),
        IN_FOLDER(what_a_part_has_is_not_kept_again),
        IN_FOLDER(what_is_forgotten_is_not_there),
        IN_FOLDER(a_call_that_fails_hides_no_shared_factor),
        IN_FOLDER(what_can_not_be_written_is_trouble_and_no_more),
        IN_FOLDER(any_descriptor_will_do),
        IN_FOLDER(what_is_no_file_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
