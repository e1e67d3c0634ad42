/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/internal.h"

#include "base/openssl_release.h"

#include <openssl/params.h>
#include <openssl/provider.h>

struct provider {
    OSSL_LIB_CTX *library;
    OSSL_PROVIDER *ours;
    OSSL_PROVIDER *standard;
};

bool provider_open(struct provider **ret_provider, struct error *err)
{
    AUTO(provider_close) struct provider *provider = memory_new(1, sizeof(*provider));
    provider->library = OSSL_LIB_CTX_new();
    if (provider->library == NULL ||
        OSSL_PROVIDER_add_builtin(provider->library, "coldca", provider_init_built_in) != 1 ||
        (provider->standard = OSSL_PROVIDER_load(provider->library, "default")) == NULL ||
        (provider->ours = OSSL_PROVIDER_load(provider->library, "coldca")) == NULL)
        return error_openssl(err, ERROR_TOKEN, "the OpenSSL provider for token keys can't be started");
    *ret_provider = TAKE(provider);
    return true;
}

void provider_close(struct provider *provider)
{
    if (provider->ours != NULL)
        (void)OSSL_PROVIDER_unload(provider->ours); // the library context goes next
    if (provider->standard != NULL)
        (void)OSSL_PROVIDER_unload(provider->standard); // likewise
    OSSL_LIB_CTX_free(provider->library);
    free(provider);
}

OSSL_LIB_CTX *provider_library(struct provider *provider)
{
    return provider->library;
}

bool provider_pkey(struct provider *provider, struct token_key *key, EVP_PKEY **ret_pkey, struct error *err)
{
    const char *name = provider_family_name(provider_key_family(token_key_kind(key)));
    EVP_PKEY *pkey = NULL;
    // keymgmt's import copies the address out of this variable; the key itself stays where it is.
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(PARAM_TOKEN_KEY, &key, sizeof(struct token_key *)),
        OSSL_PARAM_construct_end(),
    };
    AUTO(EVP_PKEY_CTX_free)
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(provider->library, name, "provider=coldca");
    if (context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_KEYPAIR, params) != 1)
        return error_openssl(err, ERROR_TOKEN, "OpenSSL rejected the key %s", token_key_uri(key));
    *ret_pkey = pkey;
    return true;
}
