/* SPDX-License-Identifier: Apache-2.0 */
/* Moduli as numbers: products, product trees, and a set to find a modulus in. Used inside screen/ only. */
#ifndef COLDCA_SCREEN_NUMBERS_H
#define COLDCA_SCREEN_NUMBERS_H

#include "base/builder.h"

#include <gmp.h>

/** What screen_store_add() and screen_shared() take. */
bool screen_is_modulus(struct bytes modulus);

/** Reads an unsigned big-endian number; ret_number is initialised. */
void number_read(mpz_t ret_number, struct bytes magnitude);
/** The product of moduli; 1 of none; ret_product is initialised. */
void number_product(mpz_t ret_product, const struct bytes *moduli, size_t count);
/** Appends a number as octets, the lowest first, in a multiple of 8; and reads it, ret_number is initialised. */
void number_write(const mpz_t number, struct builder *ret_octets);
void number_read_low_first(mpz_t ret_number, struct bytes octets);

/** levels[0] are the moduli, each level has the products of pairs of the one below, the last one the product of all. */
struct number_tree {
    struct number_level {
        mpz_t *items;
        size_t count;
    } levels[32];
    size_t height;   /**< levels in use */
    mpz_t cofactors; /**< the sum of root / n over the moduli n: modulo n, the product of all others */
};
/** \param count  1 to 2^30 */
void number_tree_init(struct number_tree *tree, const struct bytes *moduli, size_t count);
void number_tree_done(struct number_tree *tree);
DEFINE_AUTO_VALUE(struct number_tree, number_tree_done);

/** A set of moduli; borrows the array and what it points to. */
struct modulus_set {
    const struct bytes *items;
    uint32_t *slots; /**< index + 1; 0: free */
    size_t mask;
};
/** \param count  below 2^31; of equal moduli the first is found */
void modulus_set_init(struct modulus_set *set, const struct bytes *items, size_t count);
void modulus_set_done(struct modulus_set *set);
DEFINE_AUTO_VALUE(struct modulus_set, modulus_set_done);
/** The index of an equal modulus; SIZE_MAX if there is none. */
size_t modulus_set_find(const struct modulus_set *set, struct bytes modulus);

#endif
