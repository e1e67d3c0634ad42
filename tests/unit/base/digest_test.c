/* SPDX-License-Identifier: Apache-2.0 */
/* Digests: FIPS 180-4's examples, parts that hash like the whole, and threads that do not disturb each other. */
#include "base/digest.h"
#include "base/encode.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void the_published_examples_hold(void **state)
{
    uint8_t sha256[32];
    uint8_t sha1[20];
    char hex[129];
    (void)state;
    digest_sha256(BYTES_LITERAL("abc"), sha256);
    assert_string_equal(hex_of(BYTES(sha256), hex),
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    digest_sha256(bytes_of(NULL, 0), sha256);
    assert_string_equal(hex_of(BYTES(sha256), hex),
                        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    digest_sha1(BYTES_LITERAL("abc"), sha1);
    assert_string_equal(hex_of(BYTES(sha1), hex), "a9993e364706816aba3e25717850c26c9cd0d89d");
}

static void parts_hash_like_the_whole(void **state)
{
    uint8_t whole[32];
    uint8_t in_parts[32];
    const struct bytes parts[] = {BYTES_LITERAL("a"), bytes_of(NULL, 0), BYTES_LITERAL("bc")};
    (void)state;
    digest_sha256(BYTES_LITERAL("abc"), whole);
    digest_sha256_parts(parts, ARRAY_LEN(parts), in_parts);
    assert_memory_equal(whole, in_parts, 32);
    digest_sha256(bytes_of(NULL, 0), whole);
    digest_sha256_parts(NULL, 0, in_parts);
    assert_memory_equal(whole, in_parts, 32);
}

static void *hash_many(void *data)
{
    const uint8_t *seed = data;
    uint8_t digest[32] = {*seed};
    uint8_t *result = malloc(32);
    for (int i = 0; i < 20000; i++)
        digest_sha256(BYTES(digest), digest);
    if (result != NULL)
        memcpy(result, digest, 32);
    return result;
}

static void threads_do_not_disturb_each_other(void **state)
{
    pthread_t threads[4];
    uint8_t seeds[4] = {1, 2, 1, 2};
    void *results[4];
    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hash_many, &seeds[i]), 0);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], &results[i]), 0);
        assert_non_null(results[i]);
    }
    assert_memory_equal(results[0], results[2], 32);
    assert_memory_equal(results[1], results[3], 32);
    assert_memory_not_equal(results[0], results[1], 32);
    for (size_t i = 0; i < 4; i++)
        free(results[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_examples_hold),
        cmocka_unit_test(parts_hash_like_the_whole),
        cmocka_unit_test(threads_do_not_disturb_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
