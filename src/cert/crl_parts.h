/* SPDX-License-Identifier: Apache-2.0 */
/* What a CRL in memory and one that comes in parts are looked at by: what is around the entries, then entries. Used inside cert/ only. */
#ifndef COLDCA_CERT_CRL_PARTS_H
#define COLDCA_CERT_CRL_PARTS_H

#include "cert/crl.h"

/** All rules but those of entries. \return false: its extensions can't be read, which is among the findings */
MUST_USE bool crl_lint_frame(const struct crl *crl, const struct cert_issuer *issuer,
                             struct crl_facts *ret_facts, struct findings *ret_findings);

/** Entries that are looked at one after another. The first two members are the CRL's, the others zeroed. */
struct crl_entries_lint {
    int64_t this_update;
    bool is_v2;
    uint64_t count;         /**< entries seen */
    uint64_t first_removed; /**< the first one with removeFromCRL; 0: none */
    uint8_t clean[64];      /**< extensions in which nothing was found */
    size_t clean_len;
};
/** \return how many bytes of whole entries were there; what is left is a part of one, or damaged */
size_t crl_lint_entries(struct crl_entries_lint *run, struct bytes entries, struct findings *ret_findings);
/** \param is_whole  nothing was left */
void crl_lint_entries_end(const struct crl_entries_lint *run, bool is_whole, bool is_delta,
                          struct findings *ret_findings);

/** What crl_verify() demands besides the signature. \return false: ERROR_TOKEN */
MUST_USE bool crl_verify_frame(const struct crl *crl, const struct cert_issuer *issuer, struct error *err);

#endif
