/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The key and signature algorithms coldca knows, their names in policies and messages, and their
 * AlgorithmIdentifiers (RFC 3279, RFC 4055, RFC 5480, RFC 5758, RFC 8410). A table; no crypto happens here.
 */
#ifndef COLDCA_BASE_ALGORITHM_H
#define COLDCA_BASE_ALGORITHM_H

#include "base/bytes.h"

enum key_kind {
    KEY_OTHER = 0, /**< known to be a key, but none coldca signs with */
    KEY_RSA,
    KEY_EC_P256,
    KEY_EC_P384,
    KEY_EC_P521,
    KEY_ED25519,
};

enum hash_kind {
    HASH_NONE = 0, /**< Ed25519 hashes by itself */
    HASH_SHA256,
    HASH_SHA384,
    HASH_SHA512,
};

enum signature_kind {
    SIGNATURE_OTHER = 0,
    SIGNATURE_RSA_SHA256, /**< PKCS#1 v1.5, parameters NULL (RFC 4055 section 5) */
    SIGNATURE_RSA_SHA384,
    SIGNATURE_RSA_SHA512,
    SIGNATURE_PSS_SHA256, /**< RSASSA-PSS, MGF1 with the same hash, salt as long as the hash; explicit */
    SIGNATURE_PSS_SHA384,
    SIGNATURE_PSS_SHA512,
    SIGNATURE_ECDSA_SHA256, /**< parameters absent (RFC 5758 3.2) */
    SIGNATURE_ECDSA_SHA384,
    SIGNATURE_ECDSA_SHA512,
    SIGNATURE_ED25519, /**< parameters absent (RFC 8410) */
};

/** What a policy calls a kind of key: "ec-p256", "ed25519"; for RSA "rsa" (sizes: key_name()). */
const char *key_kind_name(enum key_kind kind);
/** "rsa-2048", "ec-p256", "ed25519": what policies and messages use. bits is looked at for RSA only. */
const char *key_name(enum key_kind kind, unsigned bits, char buffer[static 32]);
/** Parses key_name()'s form. \param ret_bits 0 unless RSA \return false if it names no key coldca knows */
bool key_parse(const char *name, enum key_kind *ret_kind, unsigned *ret_bits);
/** For people: "EC P-256", "RSA 2048", "Ed25519". */
const char *key_title(enum key_kind kind, unsigned bits, char buffer[static 32]);

const char *hash_name(enum hash_kind hash); /**< "sha256"; "none" */
bool hash_parse(const char *name, enum hash_kind *ret_hash);
size_t hash_len(enum hash_kind hash); /**< bytes; 0 for HASH_NONE */
/** OpenSSL's digest name, "SHA2-256"; NULL for HASH_NONE. */
const char *hash_openssl_name(enum hash_kind hash);

const char *
signature_name(enum signature_kind kind); /**< "ecdsa-sha256", "rsa-sha256", "rsa-pss-sha256", "ed25519" */
bool signature_parse(const char *name, enum signature_kind *ret_kind);
enum hash_kind signature_hash(enum signature_kind kind);
bool signature_is_pss(enum signature_kind kind);
/** Whether a key of this kind can make it (an EC key any ECDSA hash; RSA both paddings). */
bool signature_fits_key(enum signature_kind kind, enum key_kind key);
/**
 * What a key signs with if nobody says otherwise: ECDSA with the hash as long as the curve (P-521: SHA-512),
 * Ed25519, RSA PKCS#1 v1.5 with SHA-256. \param hash HASH_NONE: the default hash \param wants_pss for RSA
 */
enum signature_kind signature_for_key(enum key_kind key, enum hash_kind hash, bool wants_pss);
/** The DER of the AlgorithmIdentifier; static. Empty for SIGNATURE_OTHER. */
struct bytes signature_algorithm_der(enum signature_kind kind);
/** The kind whose AlgorithmIdentifier is exactly these bytes, else SIGNATURE_OTHER. */
enum signature_kind signature_of_der(struct bytes algorithm_identifier);

/** The DER of the SubjectPublicKeyInfo's AlgorithmIdentifier; static; empty for KEY_OTHER. */
struct bytes key_algorithm_der(enum key_kind kind);

#endif
