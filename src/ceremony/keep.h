/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the journal into the ledger: as soon as the home that keeps a ceremony's records has its certificate, each event is a ceremony.step
 * of it. The next command that opens the token signs a checkpoint over them.
 */
#ifndef COLDCA_CEREMONY_KEEP_H
#define COLDCA_CEREMONY_KEEP_H

#include "ceremony/journal.h"

struct keep {
    const char *home;          /**< path; borrowed */
    const char *operator_name; /**< for the records; NULL: as the home says */
    size_t kept;               /**< how many events are in the ledger */
    bool is_known;             /**< kept is: the ledger was read */
};

/**
 * Appends the events of a journal that are not in the ledger yet; nothing if there is no such home yet.
 * \return false: why the ledger can't be opened or written; the journal has them, and the next call tries again
 */
MUST_USE bool keep_events(struct keep *keep, const struct journal *journal, struct error *err);

#endif
