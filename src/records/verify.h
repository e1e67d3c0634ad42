/* SPDX-License-Identifier: Apache-2.0 */
/* What `ledger verify` borrows from above: the ledger itself parses neither certificates nor most records. */
#ifndef COLDCA_RECORDS_VERIFY_H
#define COLDCA_RECORDS_VERIFY_H

#include "home/home.h"
#include "records/governed.h"
#include "records/revoked.h"

/** What the checks remember of the records before: revocations, each CRL rebuilt, controls and approvals. */
struct records_checker;
/** \param home  borrowed; its issuer is there */
struct records_checker *records_checker_new(const struct home *home);
void records_checker_free(struct records_checker *checker);
DEFINE_AUTO(struct records_checker *, records_checker_free);
/**
 * After all records were read: how many CRLs were rebuilt, equal to what was signed, and whether chain.pem is what the newest chain.set
 * among them says; without one it is.
 */
void records_checker_end(const struct records_checker *checker, const struct home *home,
                         struct ledger_report *report);

/** What the records said of who may decide, once they were read; borrowed. */
const struct governed *records_governed(const struct records_checker *checker);

/** What a crl.signing says of its CRL beside the entries. \return false: ERROR_LEDGER, members that do not fit each other or the records before */
MUST_USE bool records_crl_frame(const struct revoked *revoked, const struct cert_issuer *issuer,
                                const struct record_crl_signing *record, struct crl_frame *ret_frame,
                                struct error *err);
/**
 * Makes the bytes of a CRL again from the records that revoked holds, which are those before its crl.signing, and compares them
 * with what that record says. \return false: ERROR_LEDGER, in what they differ
 */
MUST_USE bool records_crl_rebuild(const struct revoked *revoked, const struct cert_issuer *issuer,
                                  const struct record_crl_signing *record, struct builder *ret_tbs,
                                  struct error *err);

/** For one ledger_verify(); valid as long as the checker. */
struct ledger_checks records_checks(struct records_checker *checker);

#endif
