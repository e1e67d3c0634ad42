/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 (and the SHA-1 of key identifiers), fetched once per process. */
#ifndef COLDCA_BASE_DIGEST_H
#define COLDCA_BASE_DIGEST_H

#include "base/algorithm.h"
#include "base/cleanup.h"

#define DIGEST_MAX_LEN 64 /* SHA-512 */

/** SHA-256 of one run of bytes. Aborts if libcrypto has no SHA-256. */
void digest_sha256(struct bytes data, uint8_t ret_digest[static 32]);

/** SHA-256 of the concatenation of count parts (Merkle nodes, framed hashes) without copying them. */
void digest_sha256_parts(const struct bytes *parts, size_t count, uint8_t ret_digest[static 32]);

/** A digest of bytes that come part by part. */
struct digest_stream;
struct digest_stream *
digest_stream_new(enum hash_kind hash); /**< not HASH_NONE; aborts if libcrypto has none */
void digest_stream_free(struct digest_stream *stream);
DEFINE_AUTO(struct digest_stream *, digest_stream_free);
void digest_stream_add(struct digest_stream *stream, struct bytes part);
/** Once, after the last part. */
struct bytes digest_stream_end(struct digest_stream *stream, uint8_t room[static DIGEST_MAX_LEN]);

/** SHA-1, for subjectKeyIdentifier method 1 (RFC 5280 4.2.1.2) and OCSP CertIDs only. */
void digest_sha1(struct bytes data, uint8_t ret_digest[static 20]);

#endif
