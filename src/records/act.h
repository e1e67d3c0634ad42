/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of act that a control governs, and which record carries one out (docs/ledger-format.md 10). */
#ifndef COLDCA_RECORDS_ACT_H
#define COLDCA_RECORDS_ACT_H

#include "base/bytes.h"

enum act {
    ACT_ISSUE,    /**< cert.signing of a certificate that may certify nobody */
    ACT_ISSUE_CA, /**< cert.signing of a CA certificate */
    ACT_REVOKE,   /**< cert.revoked, cert.unrevoked, key.revoked */
    ACT_CRL,      /**< crl.signing */
    ACT_CONTROL,  /**< control.set */
    ACT_POLICY,   /**< policy.approved */
    ACT_COUNT,
};

/** "issue", "issue_ca", "revoke", "crl", "control", "policy". */
const char *act_name(enum act act);
/** \return false: not an act */
bool act_parse(const char *name, enum act *ret_act);
/** For people: "issuing certificates", "revoking". */
const char *act_words(enum act act);

#endif
