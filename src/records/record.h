/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Record types of the ledger (docs/ledger-format.md): for each one struct, one function that writes its fields and one that reads
 * them back and checks them. A file a family; the table of all types is types.c, `ledger verify` asks it (verify.h).
 * It promises: what is written is read back equal, and fits a record.
 * It does not: append, sign, or decide.
 */
#ifndef COLDCA_RECORDS_RECORD_H
#define COLDCA_RECORDS_RECORD_H

#include "base/error.h"
#include "base/json.h"

/** Text for people, cut to what a record holds of it; a view. */
struct bytes record_bounded(const char *text);
/** Puts text for people, cut like this; NULL puts nothing. */
void record_put_bounded(struct json *object, const char *key, const char *text);

/* Reading back. Each: false and ERROR_LEDGER naming the member if it is absent or not of its kind. Texts are borrowed from record. */
MUST_USE bool record_text(const struct json *record, const char *key, const char **ret_text,
                          struct error *err);
MUST_USE bool record_number(const struct json *record, const char *key, uint64_t *ret_number,
                            struct error *err);
MUST_USE bool record_digest(const struct json *record, const char *key, uint8_t ret_digest[static 32],
                            struct error *err);
MUST_USE bool record_bytes(const struct json *record, const char *key, struct builder *ret_bytes,
                           struct error *err);
/** true or false; absent if the member is not there. */
MUST_USE bool record_flag(const struct json *record, const char *key, bool absent, bool *ret_flag,
                          struct error *err);
/** A time as the ledger writes it; absent if the member is not there. */
MUST_USE bool record_time(const struct json *record, const char *key, int64_t absent, int64_t *ret_time,
                          struct error *err);
MUST_USE bool record_time_needed(const struct json *record, const char *key, int64_t *ret_time,
                                 struct error *err);

#endif
