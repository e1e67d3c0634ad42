/* SPDX-License-Identifier: Apache-2.0 */
/* A CRL in a file: in words, and held against the ledger. */
#ifndef COLDCA_INSPECT_CRL_H
#define COLDCA_INSPECT_CRL_H

#include "base/finding.h"
#include "home/home.h"

/** The lines of a CRL, PEM or DER, and what a linter finds; no home is needed. */
MUST_USE bool crl_show(const char *path, struct builder *ret_text, struct findings *ret_findings,
                       struct error *err);

/** One that the ledger has. */
struct crl_held {
    uint64_t number;
    uint64_t entries;
    int64_t next_update;
};
/**
 * Holds a CRL in a file against the ledger: by this CA's key, of a number the ledger has, with exactly the entries the records before it
 * make. Whether it is still good is for the caller to say.
 * \param path  of the home
 * \return false: ERROR_INPUT: no CRL of this CA; ERROR_LEDGER: not the ledger's
 */
MUST_USE bool crl_check(const char *path, const char *file, const struct console *console,
                        struct crl_held *ret_held, struct error *err);

#endif
