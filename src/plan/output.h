/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where certificates go: a directory (issue/directory.h), stdout, a medium (batch/). Planning asks what is there; issuing puts what
 * was issued, in groups that become durable together.
 *
 * An output promises that what flush() returned for is durable (P5), and never replaces a different file. It does not decide, and it
 * gets no certificate that is not in the ledger (P3). An implementation embeds this struct as its first member.
 */
#ifndef COLDCA_PLAN_OUTPUT_H
#define COLDCA_PLAN_OUTPUT_H

#include "plan/plan.h"

struct output {
    /** A C2SP tlog-proof goes with each certificate: a checkpoint is signed for each group then. */
    bool wants_proof;
    /** Whether something other than this certificate (empty: any) is at its name; NULL: never. */
    bool (*is_taken)(struct output *output, const char *name, struct bytes certificate);
    /** Whether the certificate of an earlier run is where it belongs already, so that it is not delivered again; NULL: never. */
    bool (*is_present)(struct output *output, const char *name, struct bytes certificate);
    /**
     * Takes one certificate, with its proof (empty if none is wanted); nothing need be durable before flush() returns.
     * \param group  what is flushed together; groups come in their order, 0, 1, ..., by one thread
     */
    bool (*put)(struct output *output, size_t group, const struct plan_item *item, struct bytes certificate,
                struct bytes proof, struct error *err);
    /**
     * Makes a group durable; NULL: put() does it. Groups are flushed in their order by another thread, while the next are put: at
     * most ISSUE_UNFLUSHED_MAX are begun and not flushed. Neither thread may use the ledger.
     */
    bool (*flush)(struct output *output, size_t group, struct error *err);
};

#endif
