/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A person's key in that person's own token, beside the CA's: an approver's, a witness's (witness/key.h).
 * It does not: know the CA's token, or a home.
 */
#ifndef COLDCA_SIGNER_PERSON_H
#define COLDCA_SIGNER_PERSON_H

#include "witness/key.h"

/** For witness_key_place.tokens. Signatures are checked by whoever asked for them. */
const struct witness_tokens *signer_person_keys(void);

#endif
