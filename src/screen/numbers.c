/* SPDX-License-Identifier: Apache-2.0 */
#include "screen/numbers.h"

#include "base/memory.h"

#define MODULUS_MIN_LEN 64
#define MODULUS_MAX_LEN 2048

bool screen_is_modulus(struct bytes modulus)
{
    return modulus.len >= MODULUS_MIN_LEN && modulus.len <= MODULUS_MAX_LEN && modulus.data[0] != 0;
}

void number_read(mpz_t ret_number, struct bytes magnitude)
{
    mpz_import(ret_number, magnitude.len, 1, 1, 1, 0, magnitude.data);
}

void number_product(mpz_t ret_product, const struct bytes *moduli, size_t count)
{
    mpz_t right;
    if (count == 0) {
        mpz_set_ui(ret_product, 1);
        return;
    }
    if (count == 1) {
        number_read(ret_product, moduli[0]);
        return;
    }
    // Halves of equal length: fast multiplication wants both factors long.
    mpz_init(right);
    number_product(ret_product, moduli, count / 2);
    number_product(right, moduli + count / 2, count - count / 2);
    mpz_mul(ret_product, ret_product, right);
    mpz_clear(right);
}

void number_write(const mpz_t number, struct builder *ret_octets)
{
    size_t words = (mpz_sizeinbase(number, 2) + 63) / 64;
    uint8_t *octets = builder_reserve(ret_octets, words * 8);
    if (octets != NULL)
        (void)mpz_export(octets, NULL, -1, 8, -1, 0, number); // no number here is 0, so all words are written
}

void number_read_low_first(mpz_t ret_number, struct bytes octets)
{
    mpz_import(ret_number, octets.len / 8, -1, 8, -1, 0, octets.data);
}

static mpz_t *new_numbers(size_t count)
{
    mpz_t *numbers = memory_new(count, sizeof(*numbers));
    for (size_t i = 0; i < count; i++)
        mpz_init(numbers[i]);
    return numbers;
}

static void free_numbers(mpz_t *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        mpz_clear(numbers[i]);
    free(numbers);
}

/** A level above another, and its cofactor sums: (ab)' = a'b + ab'. Takes those of the level below. */
static mpz_t *add_level(struct number_tree *tree, mpz_t *sums)
{
    const struct number_level *below = &tree->levels[tree->height - 1];
    struct number_level *level = &tree->levels[tree->height++];
    level->count = (below->count + 1) / 2;
    level->items = new_numbers(level->count);
    mpz_t *above = new_numbers(level->count);
    for (size_t i = 0; i < level->count; i++) {
        size_t left = 2 * i;
        if (left + 1 == below->count) { // without a sibling
            mpz_set(level->items[i], below->items[left]);
            mpz_set(above[i], sums[left]);
            continue;
        }
        mpz_mul(level->items[i], below->items[left], below->items[left + 1]);
        mpz_mul(above[i], sums[left], below->items[left + 1]);
        mpz_addmul(above[i], sums[left + 1], below->items[left]);
    }
    free_numbers(sums, below->count);
    return above;
}

void number_tree_init(struct number_tree *tree, const struct bytes *moduli, size_t count)
{
    mpz_t *sums = new_numbers(count);
    tree->levels[0] = (struct number_level){.items = new_numbers(count), .count = count};
    tree->height = 1;
    for (size_t i = 0; i < count; i++) {
        number_read(tree->levels[0].items[i], moduli[i]);
        mpz_set_ui(sums[i], 1);
    }
    while (tree->levels[tree->height - 1].count > 1)
        sums = add_level(tree, sums);
    mpz_init_set(tree->cofactors, sums[0]);
    free_numbers(sums, 1);
}

void number_tree_done(struct number_tree *tree)
{
    for (size_t i = 0; i < tree->height; i++)
        free_numbers(tree->levels[i].items, tree->levels[i].count);
    if (tree->height > 0)
        mpz_clear(tree->cofactors);
    tree->height = 0;
}

/** The lowest octets of a modulus are as good as random. */
static size_t slot_of(struct bytes modulus)
{
    uint64_t low = 0;
    for (size_t i = 0; i < 8 && i < modulus.len; i++)
        low = low << 8 | modulus.data[modulus.len - 1 - i];
    return (size_t)((low * UINT64_C(0x9e3779b97f4a7c15)) >> 32);
}

void modulus_set_init(struct modulus_set *set, const struct bytes *items, size_t count)
{
    size_t slots = 16;
    while (slots < count * 2)
        slots *= 2;
    *set = (struct modulus_set){
        .items = items, .slots = memory_new(slots, sizeof(*set->slots)), .mask = slots - 1};
    for (size_t i = 0; i < count; i++) {
        size_t slot = slot_of(items[i]) & set->mask;
        while (set->slots[slot] != 0 && !bytes_equal(items[set->slots[slot] - 1], items[i]))
            slot = (slot + 1) & set->mask;
        if (set->slots[slot] == 0)
            set->slots[slot] = (uint32_t)i + 1;
    }
}

void modulus_set_done(struct modulus_set *set)
{
    free(set->slots);
    set->slots = NULL;
}

size_t modulus_set_find(const struct modulus_set *set, struct bytes modulus)
{
    for (size_t slot = slot_of(modulus) & set->mask; set->slots[slot] != 0; slot = (slot + 1) & set->mask) {
        if (bytes_equal(set->items[set->slots[slot] - 1], modulus))
            return set->slots[slot] - 1;
    }
    return SIZE_MAX;
}
