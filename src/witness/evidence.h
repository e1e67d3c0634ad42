/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What auditors and witnesses bring: certificates to look up in a proof, keys that cosign checkpoints.
 * It promises: a cosignature is checked before it is kept.
 * It does not: need this CA's token; a witness's key is its own.
 */
#ifndef COLDCA_WITNESS_EVIDENCE_H
#define COLDCA_WITNESS_EVIDENCE_H

#include "home/home.h"
#include "witness/key.h"

/** SHA-256 of the certificate in a file (PEM or DER). ERROR_INPUT. */
MUST_USE bool witness_certificate_sha256(const char *path, uint8_t ret_digest[static 32], struct error *err);

/**
 * Cosigns the newest checkpoint with a witness's Ed25519 key and keeps it.
 * \param key      a PEM file with the private key, not encrypted; or a pkcs11: URI (RFC 7512) of one in its own token,
 *                 whose module is the one it names (module-path) or else the home's
 * \param name     the witness's, a schema-less URL
 * \param now      seconds since 1970: the time the cosignature speaks of
 * \param tokens   for such a URI; NULL: it is refused
 * \param console  asked for the PIN of that token
 * \param ret_vkey the witness's verifier key
 */
MUST_USE bool witness_cosign(struct home *home, const char *key, const char *name, int64_t now,
                             const struct witness_tokens *tokens, const struct console *console,
                             struct builder *ret_vkey, struct error *err);

#endif
