/* SPDX-License-Identifier: Apache-2.0 */
/* What `ledger verify` borrows from above: the ledger itself parses neither certificates nor most records. */
#ifndef COLDCA_RECORDS_VERIFY_H
#define COLDCA_RECORDS_VERIFY_H

#include "home/home.h"

/** Checks of single records, for ledger_verify(). data of the checks is the home's issuer, which is borrowed. */
struct ledger_checks records_checks(const struct home *home);

#endif
