/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The certificates above the CA carry its constraints, and they are a file: who empties chain.pem would lift them. So the ledger has
 * their digest (chain.set, docs/ledger-format.md 1.2), and every opening compares. Files only, no token.
 * It does not: write the record; that is init's.
 */
#ifndef COLDCA_HOME_CHAIN_H
#define COLDCA_HOME_CHAIN_H

#include "home/home.h"

/** The newest chain.set of a ledger. */
struct home_chain_set {
    bool is_there;
    uint64_t seq;
    uint8_t sha256[32];
};

/** SHA-256 over the DER of the certificates above the issuer, parent first; of nothing if there are none. */
void home_chain_digest(const struct cert_issuer *issuer, uint8_t ret_sha256[static 32]);
/** The newest chain.set; the ledger is open. \return false: ERROR_LEDGER */
MUST_USE bool home_chain_noted(const struct home *home, struct home_chain_set *ret_set, struct error *err);
/**
 * Compares chain.pem with a chain.set; one that is not there fits.
 * \return false: ERROR_LEDGER, with the remedy
 */
MUST_USE bool home_chain_compare(const struct home *home, const struct home_chain_set *set,
                                 struct error *err);
/** At opening: compares with the newest; a home without one gives a warning. \return false: ERROR_LEDGER */
MUST_USE bool home_check_chain(const struct home *home, const struct console *console, struct error *err);

/** One certificate of the chain, for people. */
struct home_chain_link {
    char *subject; /**< escaped */
    int64_t not_after;
    uint8_t sha256[32];
};
/** The CA's certificate and its chain; home_chain_links_free() frees. */
MUST_USE bool home_chain_links(const struct home *home, struct home_chain_link **ret_links, size_t *ret_count,
                               struct error *err);
void home_chain_links_free(struct home_chain_link *links, size_t count);

#endif
