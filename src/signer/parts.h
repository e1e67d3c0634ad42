/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this directory share. Nothing here is for others: they have signer.h and confine.h. */
#ifndef COLDCA_SIGNER_PARTS_H
#define COLDCA_SIGNER_PARTS_H

#include "signer/memory.h"
#include "signer/pool.h"
#include "signer/signer.h"

#define SIGNER_DEFAULT_PROFILE "softhsm2"

struct confined {
    struct home *home;
    struct token_profile *profile; /**< owned; NULL: ca.yaml names a module instead */
    const char *reason;            /**< why this process is not confined; NULL: it is */
};

struct signer {
    struct home *home;
    const struct confined *confined; /**< borrowed; the token looks at its profile as long as it is open */
    struct token *token;
    struct token_key *ca_key;
    struct token_key *ledger_key;
    struct signer_pool
        *pool; /**< who makes signatures: ca_key, and the keys of ca.yaml's pool; NULL until the first */
    const struct console *console; /**< of signer_open(); NULL: signer_close() tells the tokens nothing */
    bool has_crl;
    uint64_t crl_number; /**< the highest its tokens remember */
};

/** Loads the token's profile, if ca.yaml means one and there is none yet. */
MUST_USE bool confined_find_profile(struct confined *confined, struct error *err);
/** A key that asks each time is asked for one signature after the other, if the token's YAML lets it be used at all. */
MUST_USE bool signer_prepare_asking(struct token *token, const struct token_key *key,
                                    const struct console *console, struct error *err);
/** How many sessions a token is to sign in: as ca.yaml says, or as this machine can use. */
unsigned signer_sessions_wanted(const struct home *home);

#endif
