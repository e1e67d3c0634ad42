/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gives a CA that is made another chain: one that was incomplete, that was wrong, that a parent renewed, or that the ledger of an old home
 * does not have.
 * It promises: the chain is held to what init demands of one, and is in the ledger, under a checkpoint, before chain.pem is replaced. Of
 * two that a stop left apart the command, run again, makes one.
 */
#ifndef COLDCA_INIT_CHAIN_H
#define COLDCA_INIT_CHAIN_H

#include "home/home.h"

struct chain_options {
    const char *home;
    const char *file;             /**< the certificates above, parent first, root last; empty for a root */
    const char *chain_incomplete; /**< why they don't reach a root; NULL */
    const char *pin_source;       /**< NULL */
};

/**
 * \param ret_home       the home with its new chain; the caller closes it
 * \param ret_is_logged  false: the ledger had this chain already, and chain.pem alone was put back, without a token
 * \return false: ERROR_INPUT: no chain of this CA, not whole, or one that no validator takes
 */
MUST_USE bool init_chain_set(const struct chain_options *options, const struct console *console,
                             struct home **ret_home, bool *ret_is_logged, struct error *err);

#endif
