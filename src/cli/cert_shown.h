/* SPDX-License-Identifier: Apache-2.0 */
/* What `cert show` says of one certificate. */
#ifndef COLDCA_CLI_CERT_SHOWN_H
#define COLDCA_CLI_CERT_SHOWN_H

#include "base/builder.h"
#include "base/finding.h"
#include "ledger/ledger.h"

struct cert_shown {
    struct ledger_entry entry;
    struct builder der, words, pem;
    struct findings findings;
    const char *status; /**< the ledger's; NULL: no home was looked at */
    const char *state;  /**< now */
    char *revoked;      /**< NULL: it is not */
    int64_t policy_seq; /**< of the record with its policy's text; -1 */
};

void cert_shown_done(struct cert_shown *shown);
DEFINE_AUTO_VALUE(struct cert_shown, cert_shown_done);

/** On stdout: words and PEM, or JSON. */
void cert_shown_report(struct cert_shown *shown, bool wants_json);

#endif
