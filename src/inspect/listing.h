/* SPDX-License-Identifier: Apache-2.0 */
/* What is so of a certificate now: what `cert list` and `cert show` say beyond the ledger's own states. */
#ifndef COLDCA_INSPECT_LISTING_H
#define COLDCA_INSPECT_LISTING_H

#include "home/home.h"

enum listing_state {
    LISTING_UNFINISHED,
    LISTING_VALID,
    LISTING_EXPIRED,
    LISTING_REVOKED,
    LISTING_HOLD,
    LISTING_BURNED,
};
/** "valid", "hold" ... */
const char *listing_state_name(enum listing_state state);
/** \param ret_state  also by the ledger's names: "issued" (*ret_is_any_issued: valid or expired), "abandoned" \return false: ERROR_USAGE */
MUST_USE bool listing_state_parse(const char *name, enum listing_state *ret_state, bool *ret_is_any_issued,
                                  struct error *err);

/** The newest revocation of each serial. */
struct revocations;
MUST_USE bool revocations_load(struct ledger *ledger, struct revocations **ret_revocations,
                               struct error *err);
void revocations_free(struct revocations *revocations);
DEFINE_AUTO(struct revocations *, revocations_free);

/** Whether a serial is revoked or on hold; for those of which the ledger has no entry. */
bool revocations_has(const struct revocations *revocations, const char *serial);
/** A certificate's state at a time. */
enum listing_state listing_state_of(const struct ledger_entry *entry, const struct revocations *revocations,
                                    int64_t now);
/** "2026-11-28T12:19:49Z, keyCompromise"; NULL: it was never revoked. Borrowed. */
const char *revocations_words(const struct revocations *revocations, const char *serial);

#endif
