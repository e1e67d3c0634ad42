/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of the store of moduli and their bounds, and the numbers made of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/digest.h"
#include "screen/store.h"

#include <string.h>

#define MODULUS_LEN 64

/* ---- bytes ---- */

/** A header of these lengths and records, as it is read again. */
static bool reads(uint64_t first, uint64_t next, uint64_t product_len, uint64_t table_len)
{
    AUTO(builder_done) struct builder header = BUILDER_INIT;
    struct store_part part = {.first_seq = first,
                              .next_seq = next,
                              .count = 0x0102030405060708,
                              .product_len = product_len,
                              .table_len = table_len};
    struct store_part again = {.count = 0};
    memset(part.record_sha256, 1, 32);
    memset(part.product_sha256, 2, 32);
    memset(part.table_sha256, 3, 32);
    store_header(&part, &header);
    assert_int_equal(header.len, STORE_HEADER_LEN);
    if (!store_header_read(builder_bytes(&header), &again))
        return false;
    assert_memory_equal(&again, &part, sizeof(part));
    for (size_t i = 0; i < header.len; i++) {
        header.data[i] ^= 1;
        assert_false(store_header_read(builder_bytes(&header), &again));
        header.data[i] ^= 1;
    }
    assert_false(store_header_read(bytes_of(header.data, header.len - 1), &again));
    builder_add_u8(&header, 0);
    assert_false(store_header_read(builder_bytes(&header), &again));
    return true;
}

static void a_header_is_read_as_it_was_written_and_within_bounds(void **state)
{
    const uint64_t mebi = UINT64_C(1) << 20;
    (void)state;
    assert_true(reads(0, 1, 8, 0));
    assert_true(reads(UINT64_C(1) << 40, (UINT64_C(1) << 40) + 1, 64 * mebi, 128 * mebi));
    assert_false(reads(1, 1, 8, 0));
    assert_false(reads(2, 1, 8, 0));
    assert_false(reads(0, 1, 0, 0));
    assert_false(reads(0, 1, 7, 0));
    assert_false(reads(0, 1, 12, 0));
    assert_false(reads(0, 1, 64 * mebi + 8, 0));
    assert_false(reads(0, 1, 8, 128 * mebi + 1));
}

static void a_header_has_its_bytes_in_their_places(void **state)
{
    AUTO(builder_done) struct builder header = BUILDER_INIT;
    struct store_part part = {.first_seq = 1, .next_seq = 2, .count = 3, .product_len = 8, .table_len = 5};
    uint8_t wanted[STORE_HEADER_LEN] = "coldcaR1";
    (void)state;
    memset(part.record_sha256, 6, 32);
    memset(part.product_sha256, 7, 32);
    memset(part.table_sha256, 8, 32);
    wanted[15] = 1;
    wanted[23] = 2;
    wanted[31] = 3;
    wanted[39] = 8;
    wanted[47] = 5;
    memset(wanted + 48, 6, 32);
    memset(wanted + 80, 7, 32);
    memset(wanted + 112, 8, 32);
    digest_sha256(bytes_of(wanted, 144), wanted + 144);
    builder_add_text(&header, "x"); // it appends
    store_header(&part, &header);
    assert_int_equal(header.len, 1 + STORE_HEADER_LEN);
    assert_memory_equal(header.data + 1, wanted, STORE_HEADER_LEN);
}

static void a_table_holds_moduli_and_nothing_else(void **state)
{
    static const size_t lens[] = {64, 65, 255, 256, 2048};
    static const size_t none[] = {0, 1, 63, 2049};
    uint8_t data[2049];
    uint64_t label = 0;
    struct bytes modulus;
    AUTO(builder_done) struct builder table = BUILDER_INIT;
    (void)state;
    memset(data, 0xa5, sizeof(data));
    for (size_t i = 0; i < ARRAY_LEN(lens); i++)
        store_table_add(&table, UINT64_C(0x1122334455667700) + i, bytes_of(data, lens[i]));
    struct bytes rest = builder_bytes(&table);
    for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
        assert_true(store_table_take(&rest, &label, &modulus));
        assert_int_equal(label, UINT64_C(0x1122334455667700) + i);
        assert_true(bytes_equal(modulus, bytes_of(data, lens[i])));
    }
    assert_int_equal(rest.len, 0);
    assert_false(store_table_take(&rest, &label, &modulus));
    for (size_t len = 1; len < 74; len++) { // 74 are the first entry
        struct bytes cut = bytes_slice(builder_bytes(&table), 0, len);
        assert_false(store_table_take(&cut, &label, &modulus));
        assert_int_equal(cut.len, len);
    }
    for (size_t i = 0; i < ARRAY_LEN(none) + 1; i++) {
        AUTO(builder_done) struct builder wrong = BUILDER_INIT;
        bool is_zero = i == ARRAY_LEN(none);
        data[0] = is_zero ? 0 : 0xa5;
        store_table_add(&wrong, 1, bytes_of(data, is_zero ? 64 : none[i]));
        rest = builder_bytes(&wrong);
        assert_false(store_table_take(&rest, &label, &modulus));
    }
}

/* ---- numbers ---- */

static void products_are_those_of_all(void **state)
{
    uint8_t octets[9][MODULUS_LEN];
    struct bytes moduli[9];
    (void)state;
    for (size_t i = 0; i < 9; i++) {
        memset(octets[i], (int)(0xf1 + i), MODULUS_LEN); // their products fill all words
        octets[i][MODULUS_LEN - 1] = (uint8_t)(2 * i + 1);
        moduli[i] = BYTES(octets[i]);
    }
    for (size_t count = 0; count <= 9; count++) {
        mpz_t wanted;
        mpz_t number;
        mpz_t other;
        mpz_inits(wanted, number, other, NULL);
        mpz_set_ui(wanted, 1);
        for (size_t i = 0; i < count; i++) {
            number_read(other, moduli[i]);
            mpz_mul(wanted, wanted, other);
        }
        number_product(number, moduli, count);
        assert_int_equal(mpz_cmp(number, wanted), 0);
        AUTO(builder_done) struct builder written = BUILDER_INIT;
        number_write(wanted, &written);
        assert_int_equal(written.len, count == 0 ? 8 : count * MODULUS_LEN);
        number_read_low_first(number, builder_bytes(&written));
        assert_int_equal(mpz_cmp(number, wanted), 0);
        if (count > 0) {
            struct number_tree tree = {.height = 0};
            number_tree_init(&tree, moduli, count);
            assert_int_equal(tree.levels[0].count, count);
            assert_int_equal(tree.levels[tree.height - 1].count, 1);
            assert_int_equal(mpz_cmp(tree.levels[tree.height - 1].items[0], wanted), 0);
            for (size_t i = 0; i < count; i++) { // modulo each, the product of the others
                number_read(other, moduli[i]);
                mpz_divexact(number, wanted, other);
                mpz_sub(number, tree.cofactors, number);
                assert_true(mpz_divisible_p(number, other));
            }
            number_tree_done(&tree);
            assert_int_equal(tree.height, 0);
        }
        mpz_clears(wanted, number, other, NULL);
    }
}

static void a_number_has_as_many_words_as_it_needs(void **state)
{
    (void)state;
    for (unsigned bits = 1; bits <= 257; bits++) {
        mpz_t number;
        mpz_t again;
        AUTO(builder_done) struct builder octets = BUILDER_INIT;
        mpz_inits(number, again, NULL);
        mpz_setbit(number, bits - 1);
        number_write(number, &octets);
        assert_int_equal(octets.len, (bits + 63) / 64 * 8);
        number_read_low_first(again, builder_bytes(&octets));
        assert_int_equal(mpz_cmp(again, number), 0);
        mpz_clears(number, again, NULL);
    }
}

static void a_set_finds_the_first_of_equal_ones(void **state)
{
    enum { COUNT = 100 };
    uint8_t octets[COUNT + 1][MODULUS_LEN];
    struct bytes moduli[COUNT + 1];
    (void)state;
    for (size_t i = 0; i <= COUNT; i++) { // of all the last octets are the same
        memset(octets[i], 0x77, MODULUS_LEN);
        octets[i][0] = (uint8_t)(1 + i / 2);
        moduli[i] = BYTES(octets[i]);
    }
    for (size_t count = 0; count <= COUNT; count++) {
        struct modulus_set set;
        modulus_set_init(&set, moduli, count);
        for (size_t i = 0; i <= COUNT; i++)
            assert_int_equal(modulus_set_find(&set, moduli[i]), i / 2 * 2 < count ? i / 2 * 2 : SIZE_MAX);
        modulus_set_done(&set);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_is_read_as_it_was_written_and_within_bounds),
        cmocka_unit_test(a_header_has_its_bytes_in_their_places),
        cmocka_unit_test(a_table_holds_moduli_and_nothing_else),
        cmocka_unit_test(products_are_those_of_all),
        cmocka_unit_test(a_number_has_as_many_words_as_it_needs),
        cmocka_unit_test(a_set_finds_the_first_of_equal_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
