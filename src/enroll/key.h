/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys in software, for the requester's side only (`coldca request`): a device or a server has no token of the CA. A CA's key is
 * never made here.
 */
#ifndef COLDCA_ENROLL_KEY_H
#define COLDCA_ENROLL_KEY_H

#include "base/algorithm.h"
#include "base/builder.h"
#include "base/openssl_release.h"
#include "base/secret.h"

/** Iterations of PBKDF2-HMAC-SHA256 over a passphrase (OWASP Password Storage Cheat Sheet, 2023). */
#define ENROLL_KEY_ITERATIONS 600000

/** \param bits  looked at for RSA only \return false: ERROR_USAGE if no such key can be made */
MUST_USE bool enroll_key_make(enum key_kind kind, unsigned bits, EVP_PKEY **ret_key, struct error *err);

/** Whether a PEM file's key is encrypted, so that a passphrase is needed. */
bool enroll_key_is_encrypted(struct bytes pem);

/**
 * Reads a private key in PEM: PKCS#8, encrypted or not, or the older forms of one kind each.
 * \param passphrase  NULL: none; then an encrypted key is ERROR_USAGE
 * \return false: ERROR_INPUT if it is not a key or the passphrase is wrong
 */
MUST_USE bool enroll_key_read(struct bytes pem, const char *file, const struct secret *passphrase,
                              EVP_PKEY **ret_key, struct error *err);

/**
 * The key as PKCS#8 in PEM (RFC 5958); with a passphrase encrypted: PBES2 (RFC 8018 6.2), AES-256-CBC, PBKDF2-HMAC-SHA256.
 * \param ret_pem  memory that is wiped when freed
 */
MUST_USE bool enroll_key_write(const EVP_PKEY *key, const struct secret *passphrase, BIO **ret_pem,
                               struct error *err);

/** Appends the DER of its SubjectPublicKeyInfo. */
MUST_USE bool enroll_key_public(const EVP_PKEY *key, struct builder *ret_spki, struct error *err);

/** Signs in X.509's form with what the key signs with by default. */
MUST_USE bool enroll_key_sign(EVP_PKEY *key, struct bytes data, enum signature_kind *ret_kind,
                              struct builder *ret_signature, struct error *err);

#endif
