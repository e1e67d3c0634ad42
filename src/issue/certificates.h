/* SPDX-License-Identifier: Apache-2.0 */
/* The stream (pipeline.h) of certificates: filled from plans, delivered to an output. issue/ only. */
#ifndef COLDCA_ISSUE_CERTIFICATES_H
#define COLDCA_ISSUE_CERTIFICATES_H

#include "issue/refusals.h"

struct certificates {
    struct issue_stream stream;
    struct signer *signer;
    const struct issue_source *source;
    struct output *output;
    const char *batch; /**< the run's id */
    bool has_one_plan; /**< it is in session.opened already */
    /* the thread that keeps the ledger: */
    struct plan *plan;     /**< the next group is filled from it; held; NULL: the source is asked for one */
    size_t next_item;      /**< where the next group starts looking in the plan */
    bool is_at_end;        /**< the source has no more */
    struct refusals known; /**< what an earlier run of the batch logged */
    size_t refused;
    size_t skipped;
    size_t present;
};

/** All is borrowed. */
void certificates_init(struct certificates *certificates, struct signer *signer,
                       const struct issue_source *source, struct output *output, const char *batch,
                       bool has_one_plan);
void certificates_done(struct certificates *certificates);
DEFINE_AUTO_VALUE(struct certificates, certificates_done);

#endif
