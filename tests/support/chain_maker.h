/* SPDX-License-Identifier: Apache-2.0 */
/* CA certificates by OpenSSL, which writes whatever it is told to: chains that are sound and chains that are not. */
#ifndef COLDCA_TESTS_CHAIN_MAKER_H
#define COLDCA_TESTS_CHAIN_MAKER_H

#include "base/builder.h"

#include <openssl/x509v3.h>

#define CHAIN_NOW INT64_C(1763690000) /* 2025-11-21 */
#define CHAIN_EXTENSIONS_MAX 6

/** What is NULL or 0 is sound: v3, cA, keyCertSign and cRLSign, key identifiers, ten years from a year before CHAIN_NOW. */
struct chain_recipe {
    const char *subject; /**< "O=Test,CN=Root", one attribute an RDN, UTF8Strings; "" for none */
    EVP_PKEY *key;
    X509 *issuer; /**< NULL: self-signed */
    EVP_PKEY *issuer_key;
    int64_t not_before;
    int64_t not_after;
    const char *basic_constraints; /**< "critical,CA:TRUE"; "" for none */
    const char *key_usage;         /**< "critical,keyCertSign,cRLSign"; "" for none */
    const char *subject_key_id;    /**< "hash" */
    /** Further ones as openssl.cnf has them; a dotted OID takes "critical,DER:3000". */
    const char *extensions[CHAIN_EXTENSIONS_MAX][2];
    bool is_version_1;
    bool has_bad_signature; /**< the last bit is flipped */
};

/** The caller frees. Fails the test if OpenSSL refuses. */
X509 *chain_make(const struct chain_recipe *recipe);
/** Its DER; appends. */
void chain_der(X509 *certificate, struct builder *ret_der);

#endif
