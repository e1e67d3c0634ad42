/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The token's memory: the newest checkpoint of a ledger, kept on the token as a private data object, so that a home that was put
 * back from an old copy, or whose history was rewritten, is found before anything is signed (docs/ledger-format.md 5).
 *
 * It is written to the token when a run is over and its checkpoint is on the disk, so after a crash the ledger is ahead of it, and that
 * is not a fault; a memory that is ahead of the ledger is. Who has the PIN can change it: it stands against a thief of files.
 */
#ifndef COLDCA_SIGNER_MEMORY_H
#define COLDCA_SIGNER_MEMORY_H

#include "base/time.h"
#include "signer/signer.h"

/** What one token remembers of one ledger. */
struct remembered {
    char *origin;
    char *vkey;    /**< the ledger public key; it holds the origin, too (C2SP signed-note) */
    uint64_t size; /**< records under the checkpoint */
    uint8_t root[32];
    int64_t time;        /**< when it was written; seconds since 1970 */
    bool has_crl;        /**< a CRL was signed */
    uint64_t crl_number; /**< the highest CRLNumber (RFC 5280 5.2.3) that may have left */
};
void remembered_done(struct remembered *remembered);
DEFINE_AUTO_VALUE(struct remembered, remembered_done);

/**
 * The newest memory of a ledger; of two that a kill left the larger counts.
 * \param vkey       NULL: of any ledger of that origin
 * \param ret_found  false: none, or the token keeps no data (token_remembers())
 */
MUST_USE bool remembered_find(struct token *token, const char *origin, const char *vkey,
                              struct remembered *ret_remembered, bool *ret_found, struct error *err);
/** Keeps it on the token, then removes what it replaces: memories of the same ledger that are not larger. */
MUST_USE bool remembered_keep(struct token *token, const struct remembered *remembered, struct error *err);

/** What a home's tokens remember of its ledger, for who signs nothing. */
struct recalled {
    struct remembered *items;
    char **tokens; /**< whose each is; escaped */
    size_t count;
    size_t asked;     /**< tokens that were logged in to */
    size_t forgetful; /**< of these, such that keep no data (`remembers: false`) */
};
void recalled_done(struct recalled *recalled);
DEFINE_AUTO_VALUE(struct recalled, recalled_done);
/** Logs in to the token and the pool of ca.yaml and asks each. The home's ledger need not be open. */
MUST_USE bool signer_recall(struct confined *confined, const struct console *console,
                            struct recalled *ret_recalled, struct error *err);

/* ---- of a signer's tokens ---- */

/**
 * Compares all its tokens' memories with the ledger; by signer_open().
 * \return false: ERROR_LEDGER: a token remembers more than the ledger holds, or another history
 */
MUST_USE bool signer_compare_memory(struct signer *signer, struct error *err);
/**
 * Tells all tokens of the newest checkpoint, which is on the disk; signer_close() does it after a run. One that can't keep it is reported
 * of on the console and is behind then, which proves nothing.
 */
void signer_remember(struct signer *signer, const struct console *console);
/**
 * Tells all tokens of the number of a CRL that is about to leave; before it does.
 * \return false: ERROR_TOKEN, the CRL must not leave
 */
MUST_USE bool signer_remember_crl(struct signer *signer, uint64_t number, struct error *err);
/** The highest CRLNumber any of its tokens remembers. \return whether there is one */
bool signer_remembered_crl(const struct signer *signer, uint64_t *ret_number);

#endif
