/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates made through cert/ with keys in memory, and looked at by OpenSSL: for the tests of cert/. */
#ifndef COLDCA_TESTS_CERT_MAKER_H
#define COLDCA_TESTS_CERT_MAKER_H

#include "cert/cert.h"
#include "policy/template.h"

#include <openssl/x509v3.h>

#define MAKER_NOW INT64_C(1763690000) /* 2025-11-21 */

/** A template with this subject ("CN=x,O=y", one attribute an RDN; "" for none) and key, good for 100 days. */
struct template *maker_template(const char *subject, EVP_PKEY *key);
/** The same for a CA: basicConstraints, keyCertSign and cRLSign. */
struct template *maker_ca_template(const char *subject, EVP_PKEY *key);
void maker_add_san(struct template *template, enum san_kind kind, const void *value, size_t len);

/** Signs as the token would: the signature in X.509 form. Appends. */
void maker_sign(EVP_PKEY *key, enum signature_kind kind, struct bytes tbs, struct builder *ret_signature);

/** TBS, signature, seal, verify; fails the test if one of them does. issuer NULL: self-signed. Appends. */
void maker_certificate(const struct template *template, const struct cert_issuer *issuer,
                       EVP_PKEY *issuer_key, enum signature_kind kind, struct builder *ret_der);
/** A root with this subject and its issuer form; the caller frees. */
struct cert_issuer *maker_root(const char *subject, EVP_PKEY *key, enum signature_kind kind);

/** Parsed by OpenSSL; the caller frees. */
X509 *maker_parse(struct bytes der);
/** The extension's DER value in lower-case hex, "critical," before it if it is; "" if it is not there. Lives until the next call. */
const char *maker_extension(const X509 *certificate, int nid);

#endif
