/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A key of somebody else than the CA: a witness's, an approver's. In a PEM file, or in that person's own token
 * (whose code is signer/person.h's).
 * It does not: leave the process, or stay in memory after witness_key_close().
 */
#ifndef COLDCA_WITNESS_KEY_H
#define COLDCA_WITNESS_KEY_H

#include "base/algorithm.h"
#include "base/console.h"
#include "ledger/note.h"

struct witness_key_place;

/** How keys in people's own tokens are used; whoever has no token code has none of it. */
struct witness_tokens {
    /**
     * Logs in to the token and finds the key of a pkcs11: URI.
     * \param ret_spki  its SubjectPublicKeyInfo; appends
     * \param ret_key   the caller closes
     */
    bool (*open)(const struct witness_key_place *place, const struct console *console,
                 struct builder *ret_spki, enum key_kind *ret_kind, void **ret_key, struct error *err);
    /** Appends a signature in the form notes carry it; of a digest by SHA-256 if it is an EC key. */
    bool (*sign)(void *key, enum key_kind kind, struct bytes text, struct builder *ret_signature,
                 struct error *err);
    void (*close)(void *key);
};

/** Where a key is looked for. Borrowed. */
struct witness_key_place {
    const char *key; /**< a file, or a pkcs11: URI (RFC 7512) */
    const char *module, *model,
        *init_args;                      /**< for a URI without module-path; NULL: as signer_choice_make() */
    const struct witness_tokens *tokens; /**< for a URI; NULL: it is refused */
    bool may_ask; /**< a passphrase of an encrypted file is asked for; else such a file is refused */
};

struct witness_key;
/** Ed25519 or EC P-256: what notes are signed with. ERROR_INPUT, ERROR_TOKEN. \param console  asked for PIN or passphrase */
MUST_USE bool witness_key_open(const struct witness_key_place *place, const struct console *console,
                               struct witness_key **ret_key, struct error *err);
void witness_key_close(struct witness_key *key);
DEFINE_AUTO(struct witness_key *, witness_key_close);

enum key_kind witness_key_kind(const struct witness_key *key);
/** Its SubjectPublicKeyInfo; valid as long as the key. */
struct bytes witness_key_spki(const struct witness_key *key);
/** Appends a signature in the form notes carry it. */
MUST_USE bool witness_key_sign(const struct witness_key *key, struct bytes text,
                               struct builder *ret_signature, struct error *err);

#endif
