/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What tells one public key from another, whichever way it is written. A point on a curve has three encodings (SEC 1 2.3.3), an RSA
 * key with and without NULL is the same key; a SHA-256 over a SubjectPublicKeyInfo takes them for several. So keys are compared
 * by their plain form: the point uncompressed, RSA as rsaEncryption with NULL. It judges no key; public_key.h does.
 *
 * Explicit curve parameters are not brought to a named curve: such a key is refused wherever it is met (RFC 5480 2.1.1).
 */
#ifndef COLDCA_BASE_KEY_VALUE_H
#define COLDCA_BASE_KEY_VALUE_H

#include "base/builder.h"

/** The plain form of a SubjectPublicKeyInfo; one that has none (a kind coldca does not know, damaged) stays as it is. Appends. */
void key_plain(struct bytes spki, struct builder *ret_spki);

/** SHA-256 of the plain form; of a key that is written plainly, the SHA-256 of its bytes. */
void key_value(struct bytes spki, uint8_t ret_sha256[static 32]);

/** Whether two SubjectPublicKeyInfos hold the same key. */
bool key_is_same(struct bytes a, struct bytes b);

/** The SubjectPublicKeyInfo of a TBSCertificate (RFC 5280 4.1), a view. \return false: there is none */
MUST_USE bool key_of_tbs(struct bytes tbs, struct bytes *ret_spki);

/** Loads all that key_value() would load when it first meets a point on a curve: for a process that can't later. */
void key_value_warm_up(void);

#endif
