/* SPDX-License-Identifier: Apache-2.0 */
/* When the next CRL is to be made, and which plan is to be run again: what `status` and `crl --due` say, and every run that has a person before it. */
#ifndef COLDCA_RECORDS_DUE_H
#define COLDCA_RECORDS_DUE_H

#include "home/home.h"

enum due_state {
    DUE_NOTHING,
    DUE_SOON, /**< is to be made: its day comes within the time asked about, or certificates wait for it */
    DUE_OVER, /**< the newest one is not good any more */
};

struct due {
    enum due_state state;
    bool has_crl;
    uint64_t number; /**< of the newest CRL */
    int64_t this_update, next_update;
    int64_t next_at;  /**< when the next is to be made: nextUpdate without ca.yaml's overlap */
    uint64_t waiting; /**< records since it was drawn that change the list */
    char *words;      /**< one line: what is so, and what to do */
    uint64_t
        unfinished; /**< certificates of approved plans that a run logged and did not finish: any other command burns them */
};
void due_done(struct due *due);
DEFINE_AUTO_VALUE(struct due, due_done);

/**
 * Looks at the newest CRL of the ledger, and what was revoked since.
 * \param within  seconds: what is due by then counts
 */
MUST_USE bool due_find(const struct home *home, int64_t now, int64_t within, struct due *ret_due,
                       struct error *err);
/** Tells a person, if one is there (console->confirm), of a CRL that is due. What can't be read is said elsewhere. */
void due_notice(const struct home *home, const struct console *console);

#endif
