/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A CRL that was issued, rebuilt from the records before its crl.signing and the signature in its crl.issued: a run that was stopped before
 * it delivered is finished, and the CA key signs nothing. Of a plan that was carried out by the same command, else by `crl --again`.
 */
#ifndef COLDCA_STATUS_CRL_AGAIN_H
#define COLDCA_STATUS_CRL_AGAIN_H

#include "home/home.h"
#include "status/crl_made.h"

struct crl_again {
    struct crl_made *made; /**< checked; NULL: it was not met yet */
    struct crl_frame frame;
    uint64_t entries;
    uint64_t signing_seq;
    bool is_issued;
};
void crl_again_done(struct crl_again *again);
DEFINE_AUTO_VALUE(struct crl_again, crl_again_done);

/**
 * \param plan_sha256  of a plan whose crl.signing is in the ledger
 * \param folder       where the file is made
 * \param again        zeroed
 * \return false: ERROR_INPUT, its signature was never recorded, so it is over; ERROR_LEDGER, what was recorded does not fit
 */
MUST_USE bool crl_again_make(const struct home *home, const uint8_t plan_sha256[static 32], int folder,
                             struct crl_again *again, struct error *err);
/** The newest that was issued, likewise. \return false: ERROR_INPUT, there is none */
MUST_USE bool crl_again_newest(const struct home *home, int folder, struct crl_again *again,
                               struct error *err);

#endif
