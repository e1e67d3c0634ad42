/* SPDX-License-Identifier: Apache-2.0 */
#include "screen/checks.h"

#include <gmp.h>
#include <pthread.h>
#include <stdlib.h>

#define SMALL_PRIME_BOUND 65536
#define FERMAT_ROUNDS 100

/* The odd primes whose product every one of RSALib's M contains, whatever the key's size (CCS 2017, table 1: at least 39 primes). */
static const unsigned char roca_primes[] = {3,   5,   7,   11,  13,  17,  19,  23,  29,  31,  37,  41,  43,
                                            47,  53,  59,  61,  67,  71,  73,  79,  83,  89,  97,  101, 103,
                                            107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167};

/* Made once, only read afterwards; kept until the process ends. */
static mpz_t small_primes; /* their product */
static mpz_t roca_product; /* of roca_primes */
static bool is_power[sizeof(roca_primes)]
                    [168]; /* is_power[i][r]: r is a power of 65537 modulo roca_primes[i] */
static pthread_once_t tables_made = PTHREAD_ONCE_INIT;

static void make_tables(void)
{
    mpz_init(small_primes);
    mpz_primorial_ui(small_primes, SMALL_PRIME_BOUND);
    mpz_init_set_ui(roca_product, 1);
    for (size_t i = 0; i < sizeof(roca_primes); i++) {
        unsigned prime = roca_primes[i];
        mpz_mul_ui(roca_product, roca_product, prime);
        for (unsigned power = 1; !is_power[i][power]; power = power * (65537 % prime) % prime)
            is_power[i][power] = true;
    }
}

static void need_tables(void)
{
    if (pthread_once(&tables_made, make_tables) != 0)
        abort();
}

static void read_number(mpz_t number, struct bytes magnitude)
{
    mpz_init(number);
    mpz_import(number, magnitude.len, 1, 1, 1, 0, magnitude.data);
}

unsigned long screen_small_factor(struct bytes modulus)
{
    mpz_t number;
    mpz_t common;
    unsigned long factor = 0;
    need_tables();
    read_number(number, modulus);
    mpz_init(common);
    if (mpz_cmp_ui(number, 2) < 0) {
        factor = 1;
    } else {
        mpz_mod(common, small_primes, number);
        mpz_gcd(common, common, number);
        if (mpz_cmp_ui(common, 1) > 0) {
            for (factor = 2; !mpz_divisible_ui_p(common, factor);)
                factor++;
        }
    }
    mpz_clear(common);
    mpz_clear(number);
    return factor;
}

bool screen_has_close_primes(struct bytes modulus)
{
    mpz_t number;
    mpz_t root;
    mpz_t rest;
    bool is_found = false;
    read_number(number, modulus);
    mpz_init(root);
    mpz_init(rest);
    // Looks for root^2 - number = rest being a square, with root from the square root of number upwards.
    mpz_sqrtrem(root, rest, number);
    if (mpz_sgn(rest) == 0) {
        is_found = mpz_cmp_ui(number, 1) > 0;
    } else if (mpz_odd_p(number)) {
        mpz_add_ui(root, root, 1);
        mpz_mul(rest, root, root);
        mpz_sub(rest, rest, number);
        for (int round = 0; round < FERMAT_ROUNDS && !is_found; round++) {
            is_found = mpz_perfect_square_p(rest) != 0;
            mpz_addmul_ui(rest, root, 2);
            mpz_add_ui(rest, rest, 1);
            mpz_add_ui(root, root, 1);
        }
    }
    mpz_clear(rest);
    mpz_clear(root);
    mpz_clear(number);
    return is_found;
}

bool screen_is_roca(struct bytes modulus)
{
    mpz_t number;
    bool fits = true;
    need_tables();
    read_number(number, modulus);
    mpz_mod(number, number, roca_product); // a short number is faster to take apart
    for (size_t i = 0; i < sizeof(roca_primes) && fits; i++)
        fits = is_power[i][mpz_fdiv_ui(number, roca_primes[i])];
    mpz_clear(number);
    return fits;
}
