/* SPDX-License-Identifier: Apache-2.0 */
#include "bad_keys.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <stdlib.h>

static void random_number(mpz_t ret_number, unsigned bits, unsigned long seed)
{
    gmp_randstate_t state;
    gmp_randinit_default(state);
    gmp_randseed_ui(state, seed * 65536 + bits);
    mpz_urandomb(ret_number, state, bits);
    gmp_randclear(state);
}

void bad_prime(mpz_t ret_prime, unsigned bits, unsigned long seed)
{
    random_number(ret_prime, bits, seed);
    mpz_setbit(ret_prime, bits - 1);
    mpz_setbit(ret_prime, bits - 2);
    mpz_nextprime(ret_prime, ret_prime);
}

void bad_close_prime(mpz_t ret_prime, const mpz_t prime)
{
    mpz_nextprime(ret_prime, prime);
}

void bad_roca_prime(mpz_t ret_prime, unsigned bits, unsigned long seed)
{
    // How many of the first primes M is made of, by the modulus' size (Nemec and others, ACM CCS 2017, table 1).
    unsigned primes = bits <= 256 ? 39 : bits <= 512 ? 71 : 126;
    mpz_t m;
    mpz_t prime;
    mpz_t power;
    mpz_t k;
    mpz_init_set_ui(m, 1);
    mpz_init_set_ui(prime, 1);
    mpz_inits(power, k, NULL);
    for (unsigned i = 0; i < primes; i++) {
        mpz_nextprime(prime, prime);
        mpz_mul(m, m, prime);
    }
    random_number(power, 60, seed);
    mpz_set_ui(prime, 65537);
    mpz_powm(power, prime, power, m);
    // The smallest k with which the prime has its two topmost bits, then upwards.
    mpz_set_ui(k, 3);
    mpz_mul_2exp(k, k, bits - 2);
    mpz_fdiv_q(k, k, m);
    do {
        mpz_add_ui(k, k, 1);
        mpz_mul(ret_prime, k, m);
        mpz_add(ret_prime, ret_prime, power);
    } while (mpz_probab_prime_p(ret_prime, 25) == 0);
    mpz_clears(m, prime, power, k, NULL);
}

void bad_octets(const mpz_t number, struct builder *ret_octets)
{
    uint8_t *octets = builder_reserve(ret_octets, (mpz_sizeinbase(number, 2) + 7) / 8);
    if (octets == NULL)
        abort();
    (void)mpz_export(octets, NULL, 1, 1, 1, 0, number);
}

static void push(OSSL_PARAM_BLD *parameters, const char *name, const mpz_t number, BIGNUM **ret_keeper)
{
    AUTO(builder_done) struct builder octets = BUILDER_INIT;
    bad_octets(number, &octets);
    *ret_keeper = BN_bin2bn(octets.data, (int)octets.len, NULL);
    if (*ret_keeper == NULL || OSSL_PARAM_BLD_push_BN(parameters, name, *ret_keeper) != 1)
        abort();
}

EVP_PKEY *bad_rsa_key(const mpz_t p, const mpz_t q, unsigned long exponent)
{
    EVP_PKEY *key = NULL;
    BIGNUM *keepers[3];
    mpz_t modulus;
    mpz_t e;
    mpz_t d;
    mpz_t q_less;
    mpz_inits(modulus, d, q_less, NULL);
    mpz_init_set_ui(e, exponent);
    mpz_sub_ui(d, p, 1);
    mpz_sub_ui(q_less, q, 1);
    mpz_lcm(d, d, q_less);
    if (mpz_invert(d, e, d) == 0)
        abort(); // the exponent does not fit these primes
    mpz_mul(modulus, p, q);
    OSSL_PARAM_BLD *parameters = OSSL_PARAM_BLD_new();
    push(parameters, OSSL_PKEY_PARAM_RSA_N, modulus, &keepers[0]);
    push(parameters, OSSL_PKEY_PARAM_RSA_E, e, &keepers[1]);
    push(parameters, OSSL_PKEY_PARAM_RSA_D, d, &keepers[2]);
    OSSL_PARAM *list = OSSL_PARAM_BLD_to_param(parameters);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    if (EVP_PKEY_fromdata_init(context) != 1 || EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR, list) != 1)
        abort();
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(list);
    OSSL_PARAM_BLD_free(parameters);
    for (size_t i = 0; i < 3; i++)
        BN_free(keepers[i]);
    mpz_clears(modulus, e, d, q_less, NULL);
    return key;
}
