/* SPDX-License-Identifier: Apache-2.0 */
/* The newest CRL of the ledger, found quickly: where its records lie is the index's word, what they say is ledger.jsonl's. */
#ifndef COLDCA_RECORDS_NEWEST_CRL_H
#define COLDCA_RECORDS_NEWEST_CRL_H

#include "ledger/ledger.h"

struct newest_crl {
    bool has; /**< false: none was ever issued; the rest is zero */
    uint64_t number;
    uint64_t size; /**< drawn from records 0 to size - 1 */
    int64_t this_update, next_update;
    uint8_t sha256[32]; /**< of its DER */
};

/** ERROR_LEDGER also if its two records are not of one CRL. */
MUST_USE bool newest_crl_find(struct ledger *ledger, struct newest_crl *ret_crl, struct error *err);

#endif
