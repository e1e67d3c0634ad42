/* SPDX-License-Identifier: Apache-2.0 */
/* Which certificate is to be revoked or released, and what is known of it. status/ only; `revoke` shows them (revoke.h). */
#ifndef COLDCA_STATUS_TARGET_H
#define COLDCA_STATUS_TARGET_H

#include "status/desk.h"
#include "status/revoke.h"

/** What holds for all targets of a run. */
struct target_wish {
    enum crl_reason reason;
    int64_t invalidity_date; /**< CRL_NO_TIME: none */
    bool is_release;
    bool is_foreign;
    bool is_of_all; /**< of all that a question selects: what is not on hold stops no other's release */
};

/**
 * Finds a serial in the ledger and says what is to be done with it.
 * \param serial      magnitude
 * \param not_after   of a foreign certificate, if it is at hand; CRL_NO_TIME
 * \param ret_target  the caller frees what it holds
 * \return false: ERROR_INPUT, why it can't be revoked or released, and what to do instead
 */
MUST_USE bool target_find(struct status_desk *desk, struct bytes serial, int64_t not_after,
                          const struct target_wish *wish, struct revoke_target *ret_target,
                          struct error *err);
/**
 * A compromised key by itself, of which the ledger has no certificate that could say so.
 * \param known  since when it is known; NULL: it is not yet
 */
struct revoke_target target_of_key(const uint8_t key_value[static 32], const struct target_wish *wish,
                                   const char *known);
/** Whether it is the CA's own certificate, of a root: its CRL could not be trusted to say so (RFC 5280 6.1). */
bool target_is_root(const struct home *home, struct bytes serial);

/** A day or a time as people write it, "2026-11-21" or "2026-11-21T02:48:57Z". ERROR_USAGE. \param what  "--invalidity-date" */
MUST_USE bool target_time(const char *what, const char *text, int64_t *ret_time, struct error *err);
/** ERROR_USAGE of a date that is in the future: when a key was lost can't be. */
MUST_USE bool target_check_date(int64_t invalidity_date, struct error *err);
/** --invalidity-date: ERROR_USAGE also of the future. */
MUST_USE bool target_invalidity_date(const char *text, int64_t *ret_time, struct error *err);
/** A reason of RFC 5280 5.3.1 that a certificate can be revoked for. ERROR_USAGE */
MUST_USE bool target_reason(const char *text, enum crl_reason *ret_reason, struct error *err);

#endif
