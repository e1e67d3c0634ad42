/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The token in use: logged in, its keys found, checked (P1) and compared with the home's. What a run signs with.
 * It promises: only a home that has been confined, or was declared unconfinable, becomes a signer (signer/confine.h): no run can ask for
 * a PIN, or load a vendor's module, before it gave up what it does not need. The session record says which of the two it was.
 * signer_sign() is the CA key's only use; it demands a record of the ledger that is on the disk (P3).
 * It does not: decide what is signed, nor write what was signed: its caller is issue/logged.c.
 */
#ifndef COLDCA_SIGNER_SIGNER_H
#define COLDCA_SIGNER_SIGNER_H

#include "home/home.h"
#include "signer/confine.h"
#include "token/token.h"

struct signer;

/**
 * Opens the token ca.yaml names, asks for the PIN, finds both keys, checks their attributes (P1) and that they are this home's;
 * opens the tokens of the pool; holds what the tokens remember of the ledger against it (signer/memory.h). The parser processes were forked before: a process must not fork once a PKCS#11 module is loaded.
 * \param confined  borrowed, with its home, as long as the signer is open
 * \param console   borrowed as long as the signer is open
 * \return false: ERROR_TOKEN, it may be called again; ERROR_LEDGER: a token remembers another history
 */
MUST_USE bool signer_open(struct confined *confined, const struct console *console,
                          struct signer **ret_signer, struct error *err);
/** Tells the tokens what to remember (signer/memory.h), logs out; NULL is nothing to do; the home stays. */
void signer_close(struct signer *signer);
DEFINE_AUTO(struct signer *, signer_close);

/** What init has made of a new home, whose ca.yaml is not written yet. They are taken; confined is borrowed. */
struct signer_parts {
    struct token *token;
    struct token_key *ca_key;
    struct token_key *ledger_key;
};
struct signer *signer_of_parts(struct confined *confined, const struct signer_parts *parts);

struct home *signer_home(const struct signer *signer);
struct token *signer_token(const struct signer *signer);
const struct token_key *signer_ca_key(const struct signer *signer);
const struct token_key *signer_ledger_key(const struct signer *signer);
/** Why this process is not confined; NULL: it is. */
const char *signer_unconfined_reason(const struct signer *signer);

/* ---- what a key is used for ---- */

/** How many signatures can be under way at once. */
unsigned signer_sessions(const struct signer *signer);
/**
 * Signs with the CA key what a record of the ledger holds. Any thread; of a pool, a token that fails is dropped and another asked.
 * Called by issue/logged.c only, which scripts/lint watches.
 * \param seq        the record that holds the message; it is on the disk, else this is a bug and the process ends (P3)
 * \param ret_token  who signed, for signer_drop()
 * \return false: ERROR_TOKEN; the last token failed
 */
MUST_USE bool signer_sign(struct signer *signer, uint64_t seq, enum signature_kind kind,
                          const struct token_message *message, struct builder *ret_signature,
                          size_t *ret_token, struct error *err);
/** The longest data the CA key signs at once, on every token in use; 0: no limit, or none that is known. */
size_t signer_max_message(const struct signer *signer, enum signature_kind kind);
/** Whether the CA key signs data of this length, on every token in use; to be asked before it is logged. \return false: ERROR_TOKEN */
MUST_USE bool signer_check_message(struct signer *signer, enum signature_kind kind, size_t len,
                                   struct error *err);
/** What this token signed does not verify: it is dropped, unless it is the last. \return whether another one can be asked */
MUST_USE bool signer_drop(struct signer *signer, size_t token, const struct error *why);
/** Reports tokens that were dropped since the last call. */
void signer_report_dropped(struct signer *signer, const struct console *console);

/** Signs a checkpoint over all committed records with the ledger key. */
MUST_USE bool signer_checkpoint(struct signer *signer, struct error *err);
/** Proves that the CA key is held: signs a CertificationRequestInfo (RFC 2986 4.2), which nobody takes for a certificate. */
MUST_USE bool signer_prove_key(struct signer *signer, enum signature_kind kind, struct bytes request_info,
                               struct builder *ret_signature, struct error *err);

/* ---- tokens that are not in use yet ---- */

/** Loads a token profile (tokens/NAME.yaml) by name or path. */
MUST_USE bool signer_profile_find(const char *name, struct token_profile **ret_profile, struct error *err);

/** A token's choice with the profile it came from; the texts are borrowed. */
struct signer_choice {
    struct token_choice choice;
    struct token_profile *profile;
};
void signer_choice_done(struct signer_choice *choice);
DEFINE_AUTO_VALUE(struct signer_choice, signer_choice_done);
/**
 * \param module   NULL: the profile's
 * \param profile  name or path; NULL: softhsm2, unless a module is named
 * \param token    a label or a pkcs11: URI; NULL: the only one there is
 */
MUST_USE bool signer_choice_make(const char *module, const char *profile, const char *init_args,
                                 const char *token, struct signer_choice *ret_choice, struct error *err);

/** Logs in, if nobody is, with a PIN from the console; the words of its prompt are made here. */
MUST_USE bool signer_token_login(struct token *token, const struct console *console, struct error *err);
/** Whether a key may be used (P1); what is worth knowing goes to console. \param what  "CA", "ledger" */
MUST_USE bool signer_check_key(const struct token_key *key, bool allow_extractable, const char *what,
                               const struct console *console, struct error *err);

#endif
