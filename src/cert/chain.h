/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A CA's chain as validators will look at it: from the CA's certificate up to a self-signed one. cert_issuer_read() refuses what does
 * not link at all; this says what is a chain and yet will not be taken, or not by everybody. Has no clock and no files.
 */
#ifndef COLDCA_CERT_CHAIN_H
#define COLDCA_CERT_CHAIN_H

#include "base/finding.h"
#include "cert/cert.h"

struct cert_chain_report {
    bool is_complete; /**< it ends in a self-signed certificate whose signature verifies */
    struct findings
        faults; /**< rules "chain.*": no certificate below will be accepted, or coldca can issue none */
    struct findings notices; /**< likewise: what some validators reject, or what is probably not meant */
};
void cert_chain_report_done(struct cert_chain_report *report);
DEFINE_AUTO_VALUE(struct cert_chain_report, cert_chain_report_done);

/** Looks at the issuer's certificate and all above it. now is when the chain is to be used. */
void cert_chain_judge(const struct cert_issuer *issuer, int64_t now, struct cert_chain_report *ret_report);

#endif
