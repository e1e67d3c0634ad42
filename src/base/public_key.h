/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Public keys from SubjectPublicKeyInfo, without OpenSSL's decoder machinery (98 us a key, design: "Speed"):
 * the AlgorithmIdentifier is compared with algorithm.h's table, the key is made from the raw point or modulus.
 * Verification always happens in software, in OpenSSL's default provider.
 */
#ifndef COLDCA_BASE_PUBLIC_KEY_H
#define COLDCA_BASE_PUBLIC_KEY_H

#include "base/algorithm.h"
#include "base/cleanup.h"
#include "base/error.h"

#include <openssl/evp.h>

/** The parts of a SubjectPublicKeyInfo; views into the DER it was read from. */
struct public_key_facts {
    enum key_kind kind;
    unsigned bits;           /**< RSA: of the modulus; EC: of the field; Ed25519: 256; KEY_OTHER: 0 */
    struct bytes spki;       /**< the whole SubjectPublicKeyInfo */
    struct bytes bit_string; /**< content of the BIT STRING without the unused-bits octet */
    struct bytes algorithm;  /**< DER of the AlgorithmIdentifier */
    struct bytes modulus;    /**< RSA only: unsigned, no leading zero */
    struct bytes exponent;   /**< RSA only: likewise */
    bool is_compressed;      /**< EC only: the point is written as x and the parity of y */
};

struct public_key;

/**
 * Takes a SubjectPublicKeyInfo apart (RFC 5280 4.1.2.7). Exact DER only; EC keys by named curve only (explicit
 * parameters are refused), points uncompressed or compressed, not hybrid. Does not check that a point is on its curve;
 * public_key_new() does. A kind coldca does not know is not an error: kind is KEY_OTHER.
 */
MUST_USE bool public_key_read(struct bytes spki, struct public_key_facts *ret_facts, struct error *err);

/**
 * Whether everybody can read a certificate with this key: no compressed point (Go and Java can't). For keys that go into a
 * certificate; one that is in a certificate already is used as it is. \return false: ERROR_INPUT, with the reason
 */
MUST_USE bool public_key_is_portable(const struct public_key_facts *facts, struct error *err);

/** A key ready to verify with. ERROR_INPUT if the point is not on the curve or the kind is KEY_OTHER. */
MUST_USE bool public_key_new(const struct public_key_facts *facts, struct public_key **ret_key,
                             struct error *err);
void public_key_free(struct public_key *key);
DEFINE_AUTO(struct public_key *, public_key_free);

/** Borrowed; default provider; public key only. */
EVP_PKEY *public_key_pkey(const struct public_key *key);

/**
 * Gets a key ready for many signatures of one kind, which saves 4 us of each: what is the same for all of them is done once.
 * Before the key is handed to other threads. Does nothing if the kind does not fit the key.
 */
void public_key_prepare(struct public_key *key, enum signature_kind kind);

/**
 * Verifies a signature in the form X.509 carries it (ECDSA as DER). The same key may be used by several threads.
 * \return false: ERROR_INPUT, "signature does not verify", or kind does not fit the key
 */
MUST_USE bool public_key_verify(const struct public_key *key, enum signature_kind kind, struct bytes data,
                                struct bytes signature, struct error *err);

/** The same of data whose digest (of kind's hash) is known; not for Ed25519, which signs the data itself. */
MUST_USE bool public_key_verify_digest(const struct public_key *key, enum signature_kind kind,
                                       struct bytes digest, struct bytes signature, struct error *err);

/** The same for an RSASSA-PSS signature with a salt of this many bytes; public_key_verify() wants one as long as the hash. */
MUST_USE bool public_key_verify_salted(const struct public_key *key, enum signature_kind kind,
                                       size_t salt_len, struct bytes data, struct bytes signature,
                                       struct error *err);

#endif
