/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A CA that was made has a ledger that says so: without it a thief could throw the history away and begin another. Files only; who
 * writes such a beginning anew can't sign its checkpoint.
 */
#ifndef COLDCA_HOME_CREATED_H
#define COLDCA_HOME_CREATED_H

#include "home/home.h"

/* A root's own certificate takes two records before ca.created; a completion that was stopped leaves more. It never stands beyond. */
#define HOME_FIRST_RECORDS 16

/**
 * A home with ca.pem has ca.created among its first records, of this certificate, origin and ledger key, and a checkpoint; one that
 * awaits its parent's certificate (`init --csr`) has no other record.
 * \param checkpoint_size  how many records the newest good checkpoint covers; 0: there is none
 * \return false: ERROR_LEDGER
 */
MUST_USE bool home_check_created(const struct home *home, uint64_t checkpoint_size, struct error *err);

/**
 * Before the ledger is opened for writing, which takes a torn first record back: with ca.pem there it was not left by the making of the CA,
 * and stays as it is for who looks into it. What can't be read is left to who opens the ledger.
 * \return false: ERROR_LEDGER
 */
MUST_USE bool home_check_first(const struct home *home, struct error *err);

/**
 * The newest ca.created among the first records; the ledger is open.
 * \return false: ERROR_LEDGER, there is none. The caller frees the record
 */
MUST_USE bool home_created_record(const struct home *home, struct json **ret_record, uint64_t *ret_seq,
                                  struct error *err);

#endif
