/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An OpenSSL 3 provider over token/: store loader for pkcs11: URIs, keymgmt and signature. Built in on a private library context here;
 * the same sources make the loadable module coldca-provider.so for the openssl command.
 * It promises: a private key never leaves the token; software that asks for one is refused. Wherever it stands in the list of
 * providers, what is not a token's key goes to the others.
 * It does not: decrypt, generate or import keys; there is no ENGINE.
 */
#ifndef COLDCA_PROVIDER_PROVIDER_H
#define COLDCA_PROVIDER_PROVIDER_H

#include "token/token.h"

#include <openssl/evp.h>

struct provider;

/** A library context with this provider and the default one. ERROR_TOKEN. */
MUST_USE bool provider_open(struct provider **ret_provider, struct error *err);
void provider_close(struct provider *provider);
DEFINE_AUTO(struct provider *, provider_close);
OSSL_LIB_CTX *
provider_library(struct provider *provider); /**< borrowed; digests and verification work in it too */

/** An EVP_PKEY that signs in the token. The key and its token must outlive it. The caller frees. */
MUST_USE bool provider_pkey(struct provider *provider, struct token_key *key, EVP_PKEY **ret_pkey,
                            struct error *err);

#endif
