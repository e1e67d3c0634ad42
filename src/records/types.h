/* SPDX-License-Identifier: Apache-2.0 */
/* The table of record types: what `ledger verify` asks of each record by itself, whatever else is in the ledger. */
#ifndef COLDCA_RECORDS_TYPES_H
#define COLDCA_RECORDS_TYPES_H

#include "records/record.h"

/**
 * Reads a record as its type demands.
 * \return false: ERROR_LEDGER, saying what is wrong with it; a type that is not in the table is right (docs/ledger-format.md 1)
 */
MUST_USE bool record_check(const char *type, const struct json *record, struct error *err);

#endif
