/* SPDX-License-Identifier: Apache-2.0 */
/* Where the files of a CRL go, and that none is overwritten: NAME.der and NAME.pem in the home's crl/, and in --out. */
#ifndef COLDCA_STATUS_CRL_FILES_H
#define COLDCA_STATUS_CRL_FILES_H

#include "issue/directory.h"
#include "status/crl_made.h"

struct crl_places {
    int home_fd;                /**< crl/ in the home */
    struct new_folder home_own; /**< as out's: what was made and stays empty is removed again */
    struct directory out;
    bool has_out;
};
void crl_places_done(struct crl_places *places);
DEFINE_AUTO_VALUE(struct crl_places, crl_places_done);

/**
 * Opens both, and makes them if they are not there.
 * \param out     a directory that gets the files as well; NULL: none
 * \param places  home_fd and out.fd are -1
 * \return false: ERROR_INPUT
 */
MUST_USE bool crl_places_open(const struct home *home, const char *out, struct crl_places *places,
                              struct error *err);
/**
 * No file of this name may be there: one in the home says that the ledger has forgotten a CRL that left.
 * \return false: ERROR_LEDGER for one in the home, ERROR_INPUT for one in --out
 */
MUST_USE bool crl_places_check(const struct crl_places *places, const char *name, struct error *err);
/**
 * Writes the files, durably, and the checkpoint into --out; those that are there already stay.
 * \param again  what delivers it if this can't: "run ..."
 * \return false: ERROR_INPUT, it could not; the CRL is in the ledger all the same
 */
MUST_USE bool crl_places_deliver(const struct crl_places *places, const char *name,
                                 const struct crl_made *made, const char *again, struct error *err);

#endif
