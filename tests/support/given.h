/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates that a ledger has, made without a token: their records, and what may have become of them. For who asks about them. */
#ifndef COLDCA_TESTS_GIVEN_H
#define COLDCA_TESTS_GIVEN_H

#include "home/home.h"
#include "records/revocation.h"

struct given {
    char serial[2 * CERT_SERIAL_LEN + 1];
    uint8_t bytes[CERT_SERIAL_LEN];
    uint8_t key_value[32];
    uint64_t signing_seq, issued_seq; /**< UINT64_MAX: unfinished */
};
/** A certificate for this subject ("CN=a"), by the home's issuer, for a request whose bytes are its key_value; its run is named like it. Commits, without a checkpoint. */
void given_issue(const struct home *home, const char *subject, const char *policy, bool is_finished,
                 struct given *ret_given);
/** Two certificates of one key and request. */
void given_issue_two(const struct home *home, const char *subject, const char *policy,
                     struct given ret_given[2]);
/** Its revocation. \return seq of the record */
uint64_t given_revoke(const struct home *home, const struct given *given, enum crl_reason reason,
                      int64_t revoked_at);
/** Takes a hold back. \param ref  its cert.revoked */
void given_release(const struct home *home, const struct given *given, uint64_t ref);
/** Its serial is burned. */
void given_abandon(const struct home *home, const struct given *given);

#endif
