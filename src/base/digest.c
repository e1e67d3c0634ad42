/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>

static EVP_MD *sha256;
static EVP_MD *sha1;
static pthread_once_t fetched = PTHREAD_ONCE_INIT;
static pthread_key_t context_key;

static void free_context(void *context)
{
    EVP_MD_CTX_free(context);
}

static void fetch(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
    if (sha256 == NULL || sha1 == NULL || pthread_key_create(&context_key, free_context) != 0)
        abort();
}

/** One context a thread: making one costs as much as hashing a record. */
static EVP_MD_CTX *context_of_thread(void)
{
    if (pthread_once(&fetched, fetch) != 0)
        abort();
    EVP_MD_CTX *context = pthread_getspecific(context_key);
    if (context == NULL) {
        context = EVP_MD_CTX_new();
        if (context == NULL || pthread_setspecific(context_key, context) != 0)
            abort();
    }
    return context;
}

static void run(EVP_MD **md, const struct bytes *parts, size_t count, uint8_t *ret_digest)
{
    EVP_MD_CTX *context = context_of_thread();
    int ok = EVP_DigestInit_ex2(context, *md, NULL);
    for (size_t i = 0; ok == 1 && i < count; i++)
        ok = EVP_DigestUpdate(context, parts[i].data, parts[i].len);
    if (ok != 1 || EVP_DigestFinal_ex(context, ret_digest, NULL) != 1)
        abort();
}

void digest_sha256(struct bytes data, uint8_t ret_digest[static 32])
{
    run(&sha256, &data, 1, ret_digest);
}

void digest_sha256_parts(const struct bytes *parts, size_t count, uint8_t ret_digest[static 32])
{
    run(&sha256, parts, count, ret_digest);
}

void digest_sha1(struct bytes data, uint8_t ret_digest[static 20])
{
    run(&sha1, &data, 1, ret_digest);
}
