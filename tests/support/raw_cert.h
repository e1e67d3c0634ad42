/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates field by field, sound and broken, in der_assemble()'s language: what neither coldca nor OpenSSL would write. */
#ifndef COLDCA_TESTS_RAW_CERT_H
#define COLDCA_TESTS_RAW_CERT_H

#include "base/builder.h"

#include <openssl/evp.h>

#define RAW_NAME(text) "30{31{30{06{550403}0c{'" text "'}}}}" /* CN */
#define RAW_UTC(text) "17{'" text "Z'}"
#define RAW_ALGORITHM "30{06{2a8648ce3d040302}}" /* ecdsa-with-SHA256 */
/** An extension of id-ce: its last arc and its value. */
#define RAW_EXTENSION(last, value) "30{06{551d" last "}04{" value "}}"
#define RAW_CRITICAL(last, value) "30{06{551d" last "}01{ff}04{" value "}}"
/** What makes a CA: basicConstraints, keyUsage with keyCertSign and cRLSign, subjectKeyIdentifier 0102. */
#define RAW_CA RAW_CRITICAL("13", "30{01{ff}}") RAW_CRITICAL("0f", "03{0106}") RAW_EXTENSION("0e", "04{0102}")

/** NULL: as it should be. By default: v3, serial 5, issuer CN=I, all of 2026, subject CN=S, keyUsage digitalSignature. */
struct raw_cert {
    const char *version, *serial, *algorithm, *issuer, *validity, *subject;
    const char *spki;       /**< instead of the key's */
    const char *extensions; /**< all behind the key, the [3] with it */
    const char *list;       /**< or the extensions alone; the [3] is put around it */
    const char *behind;     /**< the whole TBSCertificate */
    uint8_t tag;            /**< of the whole; 0: SEQUENCE */
    EVP_PKEY *key;          /**< NULL: an SPKI that is none of a known kind */
};

#define RAW_VERSION "a0{02{02}}"
#define RAW_SERIAL "02{05}"
#define RAW_VALIDITY "30{" RAW_UTC("260101000000") RAW_UTC("270101000000") "}"
#define RAW_SPKI "30{30{06{2a03}}03{0001}}"
#define RAW_USAGE RAW_EXTENSION("0f", "03{0780}")

/** The TBSCertificate; appends. */
void raw_cert_tbs(const struct raw_cert *raw, struct builder *ret_tbs);
/** The certificate, signed with ECDSA and SHA-256; appends. */
void raw_cert(const struct raw_cert *raw, EVP_PKEY *issuer_key, struct builder *ret_der);

#endif
