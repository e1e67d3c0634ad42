/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signer gives up what it does not need, before it handles anything foreign: files other than the home, the medium or output
 * directory, and what the token's profile says its module opens (sandbox/, Landlock). Core dumps, locked memory for
 * PINs: base/secret.h.
 *
 * A struct confined is the proof of it, and what a signer is made of (signer/signer.h); it outlives the signer.
 */
#ifndef COLDCA_SIGNER_CONFINE_H
#define COLDCA_SIGNER_CONFINE_H

#include "home/home.h"

struct token_profile;

/** A home in a process that was confined, or can't be. */
struct confined;
void confined_free(struct confined *confined);
DEFINE_AUTO(struct confined *, confined_free);

/** Where answers are written to. Borrowed. */
struct confine_written {
    const char *path; /**< the directory; NULL: none */
    const char *
        parent; /**< the one it is removed from again if nothing came into it (base/new_folder.h); NULL: it stays */
};

/**
 * Confines this process for good. After the parser processes were forked and all directories were made, before signer_open() and
 * before a thread is started.
 * \param home        borrowed as long as what comes of it lives
 * \param written     NULL: nowhere
 * \param pin_source  --pin-source; a file it names stays readable, a pipe or a device is opened here; NULL: none
 * \return false: ERROR_INPUT, also if there is no such PIN source; nothing may be signed. A profile that does not say what its module opens is not a failure: the
 *         console gets a warning that the signer is not confined
 */
MUST_USE bool signer_confine(struct home *home, const struct confine_written *written, const char *pin_source,
                             const struct console *console, struct confined **ret_confined,
                             struct error *err);
/**
 * A home whose process can't be confined.
 * \param reason  a literal: "init makes the home"; it is in the ledger
 */
struct confined *signer_declare_unconfined(struct home *home, const char *reason);
/** Gives it the token's profile, which is taken; init has found it by itself. */
void confined_set_profile(struct confined *confined, struct token_profile *profile);

#endif
