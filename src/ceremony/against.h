/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rehearsal held against a plan that people are asked to approve for the real day: certificate by certificate, what would be issued and what was.
 * What hangs on keys (issuer, serial number, key identifiers, signature), on the day, and on the mark is left out; all else must be the same.
 */
#ifndef COLDCA_CEREMONY_AGAINST_H
#define COLDCA_CEREMONY_AGAINST_H

#include "ceremony/site.h"

struct against_result {
    size_t same;         /**< certificates of the plan that the rehearsal issued alike */
    size_t other;        /**< of the plan or the rehearsal, that differ or have no counterpart */
    struct builder text; /**< of each other one a unified diff, or a line; escaped */
};
void against_result_done(struct against_result *result);
DEFINE_AUTO_VALUE(struct against_result, against_result_done);

/**
 * \param plan  a plan of certificates, as `coldca plan` writes it
 * \param site  the rehearsal's
 * \return false: ERROR_INPUT: it is not such a plan; ERROR_LEDGER: a home of the rehearsal can't be read
 */
MUST_USE bool ceremony_against(struct bytes plan, const struct ceremony_script *script,
                               const struct ceremony_site *site, struct against_result *ret_result,
                               struct error *err);

#endif
