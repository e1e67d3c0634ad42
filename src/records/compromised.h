/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys that are known to be in other hands: of a certificate that was revoked for keyCompromise, or revoked by themselves (key.revoked).
 * By their value (base/key_value.h), so that a key is known in whatever way it is written.
 */
#ifndef COLDCA_RECORDS_COMPROMISED_H
#define COLDCA_RECORDS_COMPROMISED_H

#include "base/cleanup.h"
#include "ledger/ledger.h"

struct compromised_keys;
/** All of the ledger as it is now. */
MUST_USE bool compromised_keys_load(struct ledger *ledger, struct compromised_keys **ret_keys,
                                    struct error *err);
void compromised_keys_free(struct compromised_keys *keys);
DEFINE_AUTO(struct compromised_keys *, compromised_keys_free);

/** "certificate 35b7... with this key was revoked for keyCompromise"; NULL: it is not known. Borrowed. */
const char *compromised_keys_find(const struct compromised_keys *keys, const uint8_t key_value[static 32]);

#endif
