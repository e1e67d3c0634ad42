/*
 * The signer gives up what it does not need, before it handles anything foreign: files other than the home, the medium or output
 * folder, and what the token's profile says its module opens (sandbox/, Landlock). Core dumps, locked memory for
 * PINs: base/secret.h.
 */
#ifndef COLDCA_CA_CONFINE_H
#define COLDCA_CA_CONFINE_H

#include "ca/home.h"

/**
 * Confines this process for good. After the readers were forked and all folders were made, before ca_home_login() and before
 * a thread is started.
 * \param home        its token's profile is loaded here if it was not
 * \param written     a folder that answers are written to; NULL: none
 * \param pin_source  --pin-source; a file it names stays readable, a pipe or a device is opened here; NULL: none
 * \return false: ERROR_INPUT, also if there is no such PIN source; nothing may be signed. A profile that does not say what its module opens is no failure: the
 *         console is told that the signer is not confined
 */
MUST_USE bool ca_confine(struct ca_home *home, const char *written, const char *pin_source,
                         const struct ca_console *console, struct error *err);

#endif
