/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run of `revoke`, `crl` or `policy approve` has open: the home, this process confined, the signer. status/ only.
 *
 *   desk_open - (what is foreign is parsed, a person decides) - desk_unlock - ... - desk_end
 */
#ifndef COLDCA_STATUS_DESK_H
#define COLDCA_STATUS_DESK_H

#include "records/in_force.h"
#include "records/revoked.h"
#include "records/session.h"
#include "signer/signer.h"

struct status_desk {
    struct home *home;
    struct confined *confined;
    struct signer *signer;    /**< NULL until desk_unlock() */
    struct ledger_scan *scan; /**< NULL until desk_read() */
    struct revoked *revoked;  /**< what the records say; NULL until desk_read() */
    const struct console *console;
    const char *pin_source; /**< NULL */
    const char *emergency;  /**< why one person does what people should approve; NULL: it is none */
    bool asks_index;  /**< a long ledger is read only if its index says that it matters; else it always is */
    bool is_due_told; /**< a person is warned of a CRL that is due; `crl` makes it anyway */
    char batch[SESSION_BATCH_SIZE];
};
void status_desk_done(struct status_desk *desk);
DEFINE_AUTO_VALUE(struct status_desk, status_desk_done);

/**
 * Opens the home; of a home to write in, what an earlier run left unfinished is abandoned.
 * \param desk  zeroed but for console and pin_source
 */
MUST_USE bool status_desk_open(struct status_desk *desk, const char *path, enum home_access access,
                               struct error *err);
/** Confines this process. \param written  a directory that is written to besides the home; NULL: none */
MUST_USE bool status_desk_confine(struct status_desk *desk, const char *written, struct error *err);
/** The same, to a directory that may have been made for it. */
MUST_USE bool status_desk_confine_to(struct status_desk *desk, const struct confine_written *written,
                                     struct error *err);
/** Whether whoever logs in may do this: no approvals are needed, or it is an emergency the control knows. ERROR_INPUT, with the remedy */
MUST_USE bool status_desk_permits(const struct status_desk *desk, enum act act, struct error *err);
/** Reads ledger.jsonl up to its newest record; again: what was added since. */
MUST_USE bool status_desk_read(struct status_desk *desk, struct error *err);
/** Logs in, and commits session.opened. */
MUST_USE bool status_desk_unlock(struct status_desk *desk, const char *command, struct error *err);
/** A checkpoint over all that was committed. */
MUST_USE bool status_desk_end(struct status_desk *desk, struct error *err);

#endif
