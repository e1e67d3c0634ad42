/* SPDX-License-Identifier: Apache-2.0 */
/* What people call the algorithms that requests come with and coldca does not take; so that a refusal says more than an OID. */
#ifndef COLDCA_REQUEST_ALGORITHM_NAMES_H
#define COLDCA_REQUEST_ALGORITHM_NAMES_H

#include "base/builder.h"

/** "ECDSA with SHA-1" for "1.2.840.10045.4.1", "secp256k1" for "1.3.132.0.10"; NULL if it is not known. */
const char *algorithm_name_of_oid(const char *oid);

/** "secp256k1 (1.3.132.0.10)", or the OID alone. Appends. */
void algorithm_describe(const char *oid, struct builder *ret_text);

/** Whether a signature by this algorithm proves nothing any more: its hash is broken. */
bool algorithm_is_broken(const char *oid);

#endif
