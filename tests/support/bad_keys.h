/* SPDX-License-Identifier: Apache-2.0 */
/* RSA keys that are bad on purpose, with their private halves, so that requests for them prove possession. The same on every run. */
#ifndef COLDCA_TESTS_BAD_KEYS_H
#define COLDCA_TESTS_BAD_KEYS_H

#include "base/builder.h"

#include <gmp.h>
#include <openssl/evp.h>

/** A prime of bits bits, its two topmost set; each seed gives another one. */
void bad_prime(mpz_t ret_prime, unsigned bits, unsigned long seed);

/** The next prime above another one, for pairs that Fermat finds. */
void bad_close_prime(mpz_t ret_prime, const mpz_t prime);

/** A prime as RSALib makes it, k * M + (65537^a mod M), for moduli of twice as many bits: 512, 1024 or 2048. */
void bad_roca_prime(mpz_t ret_prime, unsigned bits, unsigned long seed);

/** A key of these two primes; the caller frees. */
EVP_PKEY *bad_rsa_key(const mpz_t p, const mpz_t q, unsigned long exponent);

/** The number in octets, without leading zeros; appends. */
void bad_octets(const mpz_t number, struct builder *ret_octets);

#endif
