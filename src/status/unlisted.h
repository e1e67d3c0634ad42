/* SPDX-License-Identifier: Apache-2.0 */
/* What the newest CRL says of certificates by leaving them out: so much of the ledger need not be read again. status/ only. */
#ifndef COLDCA_STATUS_UNLISTED_H
#define COLDCA_STATUS_UNLISTED_H

#include "home/home.h"

#define UNLISTED_MAX 16 /* more are not asked about: reading the ledger once is as quick */

/** A certificate of this ledger. */
struct unlisted {
    struct bytes serial;
    int64_t not_after; /**< as its cert.signing says */
};

/**
 * Up to which record none of them is revoked, on hold or abandoned: the newest CRL was drawn there and has none of them. crl/ is believed
 * because ledger.jsonl has its SHA-256.
 * \param count  up to UNLISTED_MAX
 * \return 0: nothing says so
 */
uint64_t unlisted_up_to(const struct home *home, const struct unlisted *certificates, size_t count);

#endif
