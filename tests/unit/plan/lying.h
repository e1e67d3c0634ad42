/* SPDX-License-Identifier: Apache-2.0 */
/* Parser processes that lie: to them each request's signature is good. A test that includes this calls liars_prepare() once. */
#ifndef COLDCA_TESTS_LYING_H
#define COLDCA_TESTS_LYING_H

#include <dlfcn.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdbool.h>

static bool makes_liars; /* of the processes that are forked */
static bool is_liar;

static void become_liar(void)
{
    is_liar = makes_liars;
}

static inline bool liars_prepare(void)
{
    return pthread_atfork(NULL, NULL, become_liar) == 0;
}

int EVP_DigestVerify(EVP_MD_CTX *context, const unsigned char *signature, size_t signature_len,
                     const unsigned char *data, size_t len)
{
    __typeof__(&EVP_DigestVerify) next = (__typeof__(&EVP_DigestVerify))dlsym(RTLD_NEXT, "EVP_DigestVerify");
    if (is_liar && len > 100) // a request's: what a process warms up with is short
        return 1;
    return next(context, signature, signature_len, data, len);
}

#endif
