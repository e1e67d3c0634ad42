/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What openssl gets when it wants to see or write a token's private key: the key's URI and its public key as text, and a
 * refusal with a reason instead of a file. Public keys alone are written by the default provider.
 */
#include "provider/internal.h"

#include "base/openssl_release.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>

static void *encoder_new(void *provctx)
{
    return provctx; // nothing of its own
}

static void encoder_free(void *ctx)
{
    (void)ctx; // the provider's
}

static int wants_private(void *provctx, int selection)
{
    (void)provctx; // the same for all
    return (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0;
}

/** As openssl prints keys: what it is, then what can be seen of it. */
static int encode_text(void *ctx, OSSL_CORE_BIO *out, const void *keydata, const OSSL_PARAM abstract[],
                       int selection, OSSL_PASSPHRASE_CALLBACK *ask, void *ask_data)
{
    const struct provider_context *context = ctx;
    struct provider_key *key =
        (struct provider_key *)(uintptr_t)keydata; // its public key may have to be made
    AUTO(BIO_free_all) BIO *text = BIO_new(BIO_s_mem());
    char *start = NULL;
    size_t written = 0;
    (void)ask; // nothing is encrypted
    (void)ask_data;
    (void)selection;
    if (abstract != NULL || key->key == NULL || text == NULL || context->write == NULL)
        return 0;
    EVP_PKEY *half = provider_key_half(key);
    if (half == NULL ||
        BIO_printf(text, "Private key in a token: %u bit, it is not shown\nURI: %s\n", key->bits,
                   token_key_uri(key->key)) <= 0 ||
        EVP_PKEY_print_public(text, half, 0, NULL) != 1)
        return 0;
    long len = BIO_get_mem_data(text, &start);
    return len > 0 && context->write(out, start, (size_t)len, &written) == 1 && written == (size_t)len;
}

static int refuse_to_encode(void *ctx, OSSL_CORE_BIO *out, const void *keydata, const OSSL_PARAM abstract[],
                            int selection, OSSL_PASSPHRASE_CALLBACK *ask, void *ask_data)
{
    const struct provider_key *key = keydata;
    (void)out; // nothing is written
    (void)selection;
    (void)ask;
    (void)ask_data;
    if (abstract != NULL || key->key == NULL)
        return 0;
    return provider_refuse(
        ctx,
        "the private key never leaves its token, so it can't be written to a file: name it by its "
        "URI, %s, or write its public key (-pubout)",
        token_key_uri(key->key));
}

#define ENCODER_FUNCTIONS(encode)                                                                            \
    {OSSL_FUNC_ENCODER_NEWCTX, (void (*)(void))encoder_new},                                                 \
        {OSSL_FUNC_ENCODER_FREECTX, (void (*)(void))encoder_free},                                           \
        {OSSL_FUNC_ENCODER_DOES_SELECTION, (void (*)(void))wants_private},                                   \
        {OSSL_FUNC_ENCODER_ENCODE, (void (*)(void))(encode)},                                                \
    {                                                                                                        \
        0, NULL                                                                                              \
    }

static const OSSL_DISPATCH text_functions[] = {ENCODER_FUNCTIONS(encode_text)};
static const OSSL_DISPATCH refusal_functions[] = {ENCODER_FUNCTIONS(refuse_to_encode)};

/* Without an import function libcrypto never offers these the keys of other providers. */
#define ENCODERS(names)                                                                                      \
    {names, "provider=coldca,output=text", text_functions, "a key in a token, described"},                   \
        {names, "provider=coldca,output=pem,structure=PrivateKeyInfo", refusal_functions, "a refusal"},      \
        {names, "provider=coldca,output=der,structure=PrivateKeyInfo", refusal_functions, "a refusal"},      \
        {names, "provider=coldca,output=pem,structure=type-specific", refusal_functions, "a refusal"},       \
    {                                                                                                        \
        names, "provider=coldca,output=der,structure=type-specific", refusal_functions, "a refusal"          \
    }

const OSSL_ALGORITHM provider_encoders[] = {
    ENCODERS(NAMES_RSA), ENCODERS(NAMES_EC), ENCODERS(NAMES_ED25519), {NULL, NULL, NULL, NULL}};
