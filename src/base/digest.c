/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"

#include "base/memory.h"

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

struct digest_stream {
    EVP_MD_CTX *context;
    size_t len; /**< of the digest */
};

struct digest_stream *digest_stream_new(enum hash_kind hash)
{
    struct digest_stream *stream = memory_new(1, sizeof(*stream));
    EVP_MD *md = EVP_MD_fetch(NULL, hash_openssl_name(hash), "provider=default");
    stream->context = EVP_MD_CTX_new();
    stream->len = hash_len(hash);
    if (md == NULL || stream->context == NULL || EVP_DigestInit_ex2(stream->context, md, NULL) != 1)
        abort();
    EVP_MD_free(md); // the context has it now
    return stream;
}

void digest_stream_free(struct digest_stream *stream)
{
    EVP_MD_CTX_free(stream->context);
    free(stream);
}

void digest_stream_add(struct digest_stream *stream, struct bytes part)
{
    if (EVP_DigestUpdate(stream->context, part.data, part.len) != 1)
        abort();
}

struct bytes digest_stream_end(struct digest_stream *stream, uint8_t room[static DIGEST_MAX_LEN])
{
    if (EVP_DigestFinal_ex(stream->context, room, NULL) != 1)
        abort();
    return bytes_of(room, stream->len);
}
