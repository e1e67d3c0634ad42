/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prime factors that RSA keys share. Two moduli with a prime in common give both private keys away to anybody who has both
 * (Heninger and others, "Mining Your Ps and Qs", USENIX Security 2012), and neither looks bad by itself. So new moduli are
 * compared with each other and with every one seen before, by products and remainders (Bernstein, "How to find smooth parts of
 * integers", 2004) instead of pair by pair.
 *
 * What was seen before is a store: a derived file of products and moduli, each product covering a run of ledger records. It is
 * believed as far as it fits: the record each part ends with has to be the ledger's, every part carries a SHA-256, and what does
 * not fit is cut off and read from the ledger again. The store never asks the ledger itself; plan/ feeds it.
 */
#ifndef COLDCA_SCREEN_FACTORS_H
#define COLDCA_SCREEN_FACTORS_H

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/error.h"

#define SCREEN_STORE_FILE "index.rsa"

struct screen_store;

/** Whether the ledger's record of this number has this SHA-256. */
typedef bool (*screen_fits_fn)(void *data, uint64_t seq, const uint8_t sha256[static 32]);

/**
 * Opens the store of a home, or starts an empty one. What does not fit is dropped; screen_store_dropped() tells.
 * \param may_write  whether it may be brought up to date in the home; else that is done in memory
 * \param fits       asked while opening only
 * \return false: ERROR_INPUT if the file can't be read
 */
MUST_USE bool screen_store_open(int home_fd, bool may_write, screen_fits_fn fits, void *data,
                                struct screen_store **ret_store, struct error *err);
void screen_store_close(struct screen_store *store);
DEFINE_AUTO(struct screen_store *, screen_store_close);

/** Drops all that is in it, to be fed again: it was found to say what the ledger does not. */
void screen_store_forget(struct screen_store *store);
/** The number of the first ledger record that is not in it yet. */
uint64_t screen_store_next(const struct screen_store *store);
/** Whether a part was dropped since the last call because it did not fit. */
bool screen_store_dropped(struct screen_store *store);
/** Why it could not be brought up to date in the home, so that the next run has to do it again; NULL: it could. */
const char *screen_store_trouble(const struct screen_store *store);
/** How many moduli it holds, each once. */
size_t screen_store_count(const struct screen_store *store);

/**
 * Starts an empty store that is nobody's file, for what a run has seen. Nothing is ever covered in it; screen_store_add() is all it
 * wants.
 */
struct screen_store *screen_store_new(void);

/**
 * Adds a modulus; one that was added before is not there twice.
 * \param label    says whose it is: a ledger record's number; anything in a store without a file
 * \param modulus  unsigned, odd or even, 64 to 2048 octets, no leading zero; others are left out
 */
void screen_store_add(struct screen_store *store, uint64_t label, struct bytes modulus);

/**
 * All records below next_seq are in it. Writes, now and then.
 * \param sha256  of the record before next_seq
 * \return false: ERROR_INPUT, a part of the file can't be read any more
 */
MUST_USE bool screen_store_cover(struct screen_store *store, uint64_t next_seq,
                                 const uint8_t sha256[static 32], struct error *err);

#define SCREEN_NONE UINT64_MAX
#define SCREEN_COUNT_MAX 100

/** What one modulus has in common with others. */
struct screen_share {
    size_t count;   /**< other moduli it shares a factor with, given or stored; at most SCREEN_COUNT_MAX */
    uint64_t label; /**< of the first one in the store; SCREEN_NONE */
    size_t other;   /**< the first one of those given; SIZE_MAX */
    size_t first;   /**< the first equal one of those given */
    uint64_t same;  /**< label of this very modulus in the store; SCREEN_NONE: it is new */
};

/** Does work(data, i) for each i below count, on several threads if it can; thread_each() is one. */
typedef void (*screen_parallel_fn)(size_t count, unsigned threads, void (*work)(void *data, size_t index),
                                   void *data);

/**
 * Compares moduli with each other and with stores.
 * \param stores    the first that has a modulus says whose it is
 * \param moduli    as screen_store_add() wants them; others share nothing. The same one several times counts once
 * \param parallel  NULL: on this thread
 * \return false: ERROR_INPUT, a part of the store's file was not what it should be; it is dropped, so feed that store and ask again
 */
MUST_USE bool screen_shared(struct screen_store *const *stores, size_t stores_count,
                            const struct bytes *moduli, size_t count, screen_parallel_fn parallel,
                            unsigned threads, struct screen_share *ret_shares, struct error *err);

#endif
