/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 (and the SHA-1 of key identifiers), fetched once per process. */
#ifndef COLDCA_BASE_DIGEST_H
#define COLDCA_BASE_DIGEST_H

#include "base/bytes.h"

/** SHA-256 of one run of bytes. Aborts if libcrypto has no SHA-256. */
void digest_sha256(struct bytes data, uint8_t ret_digest[static 32]);

/** SHA-256 of the concatenation of count parts (Merkle nodes, framed hashes) without copying them. */
void digest_sha256_parts(const struct bytes *parts, size_t count, uint8_t ret_digest[static 32]);

/** SHA-1, for subjectKeyIdentifier method 1 (RFC 5280 4.2.1.2) and OCSP CertIDs only. */
void digest_sha1(struct bytes data, uint8_t ret_digest[static 20]);

#endif
