/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signing a CRL: drawn from ledger.jsonl, its number and bytes' digest logged before the token is asked, the signature before it
 * leaves (promise P3, by issue_logged_one()).
 *
 *   open the home - abandon what is unfinished - log in - read the ledger - draw - log, sign, verify, log - checkpoint - files
 *
 * Of a plan that was carried out, or with `again`, the CRL is rebuilt from the ledger, and delivered again (crl_again.h).
 */
#ifndef COLDCA_STATUS_CRL_H
#define COLDCA_STATUS_CRL_H

#include "base/console.h"
#include "records/admit.h"
#include "records/revoked.h"

struct crl_options {
    const char *home;               /**< path */
    const char *pin_source;         /**< NULL */
    const char *out;                /**< a directory that gets the files as well; NULL: none */
    unsigned days;                  /**< to the next CRL; 0: as ca.yaml says */
    const struct plan_given *given; /**< carry out this plan with its approvals; NULL */
    const char *plan_out;           /**< write a plan instead of signing; NULL */
    int64_t valid_for;              /**< plan_out: seconds */
    bool again;                     /**< deliver the newest that was issued, and sign none */
    const char *emergency;          /**< why one person does what people should approve; NULL */
};

struct crl_result {
    uint8_t plan_sha256[32]; /**< with plan_out: of the plan, and name is empty */
    uint64_t number;
    uint64_t entries;
    int64_t this_update;
    int64_t next_update;
    size_t der_len;
    char name[32]; /**< of the files without their endings: "crl-7" */
    bool is_again; /**< an earlier run signed it */
};
MUST_USE bool crl_sign(const struct crl_options *options, const struct console *console,
                       struct crl_result *ret_result, struct error *err);

/** The number of a CRL that an earlier run logged and did not finish is closed: crl.abandoned. Read on, and commit, by the caller. */
struct status_desk;
MUST_USE bool crl_abandon_unfinished(struct status_desk *desk, const char *reason, struct error *err);

#endif
