/* SPDX-License-Identifier: Apache-2.0 */
/* A home of nothing but a configuration and an open ledger, for what asks the ledger and no token. */
#ifndef COLDCA_TESTS_SMALL_HOME_H
#define COLDCA_TESTS_SMALL_HOME_H

#include "approver.h"
#include "folder.h"
#include "home/home.h"

#define SMALL_HOME_ORIGIN "ca.example/root"

struct small_home {
    struct folder folder;
    struct approver key; /**< the ledger's */
    struct home home;
};
/** An empty ledger; fails the test if it can't be made. */
void small_home_make(struct small_home *small);
void small_home_remove(struct small_home *small);
/** Appends a record of these members (taken) and commits it. \return its seq */
uint64_t small_home_log(struct small_home *small, const char *type, struct json *members);
/** A made-up cert.signing, unfinished. \param policy_text  whose digest it has \return its seq */
uint64_t small_home_sign(struct small_home *small, const char *serial, const char *policy,
                         const char *policy_text);

/**
 * A made-up CRL: its crl.signing, drawn from all that is there, and its crl.issued.
 * \param der  whose SHA-256 it has
 */
void small_home_issue_crl(struct small_home *small, uint64_t number, int64_t this_update, int64_t next_update,
                          struct bytes der);

#endif
