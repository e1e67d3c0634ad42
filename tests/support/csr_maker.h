/* SPDX-License-Identifier: Apache-2.0 */
/* Certificate requests made to measure, sound and broken, for tests, seeds and benches. */
#ifndef COLDCA_TESTS_CSR_MAKER_H
#define COLDCA_TESTS_CSR_MAKER_H

#include "base/builder.h"

#include <openssl/evp.h>

/**
 * Assembles DER from text: hex octets and 'characters'; an octet before braces is a tag, its length is worked out:
 * "30{ 06{550403} 0c{'device-1'} }". Spaces don't count. Ends the test program if the text is malformed. Appends.
 */
void der_assemble(const char *text, struct builder *ret_der);

/** What to put into a request; parts that are NULL get a sound value. Parts are in der_assemble()'s language. */
struct csr_recipe {
    EVP_PKEY *key;
    const char *digest; /**< OpenSSL's name; NULL: SHA2-256, none for Ed25519 */
    bool is_pss;        /**< RSASSA-PSS with a salt as long as the digest */
    bool has_salt_len;  /**< with this one instead */
    int salt_len;
    const char *version;    /**< "02{00}" */
    const char *subject;    /**< "30{31{30{06{550403}0c{'device-1'}}}}" */
    const char *spki;       /**< instead of the key's own */
    const char *attributes; /**< content of [0]; "" by default */
    bool has_no_attributes; /**< [0] is left out */
    const char *algorithm;  /**< AlgorithmIdentifier instead of the true one */
    const char *signature;  /**< instead of the true one */
    bool has_bad_signature; /**< one bit is flipped */
    const char *trailing;   /**< after the end */
};

void csr_make(const struct csr_recipe *recipe, struct builder *ret_der);

/** New keys; the caller frees. name: "P-256", "P-384", "P-521", "secp256k1", "ED25519", "RSA-2048", ... */
EVP_PKEY *csr_key(const char *name);
/** An RSA key with another public exponent. */
EVP_PKEY *csr_rsa_key(unsigned bits, unsigned exponent);

/** An extensionRequest attribute around these extensions: csr_attribute("30{06{551d11}04{30{82{'a.example'}}}}"). The caller frees. */
char *csr_extension_request(const char *extensions);

#endif
