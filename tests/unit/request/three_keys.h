/* SPDX-License-Identifier: Apache-2.0 */
/* A key of each kind that requests are made with, for all tests of a program. */
#ifndef COLDCA_TESTS_THREE_KEYS_H
#define COLDCA_TESTS_THREE_KEYS_H

#include "csr_maker.h"

static struct {
    EVP_PKEY *p256;
    EVP_PKEY *rsa;
    EVP_PKEY *ed25519;
} keys;

static inline int make_keys(void **state)
{
    (void)state;
    keys.p256 = csr_key("P-256");
    keys.rsa = csr_key("RSA-2048");
    keys.ed25519 = csr_key("ED25519");
    return 0;
}

static inline int free_keys(void **state)
{
    (void)state;
    EVP_PKEY_free(keys.p256);
    EVP_PKEY_free(keys.rsa);
    EVP_PKEY_free(keys.ed25519);
    return 0;
}

#endif
