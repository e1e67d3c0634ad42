/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Things that go their way together, and the steps of that way which are the same for all: signed, logged, proved. Which group takes
 * which step when is pipeline.c's.
 */
#ifndef COLDCA_ISSUE_GROUP_H
#define COLDCA_ISSUE_GROUP_H

#include "issue/logged.h"
#include "plan/plan.h"

/* One fsync covers the signatures of one group and the bytes of another. */
#define GROUP_LEN 256
/* With a token that is slow fewer go together: a run that is stopped ends soon, and what was signed is delivered soon. */
#define GROUP_MS 500
#define GROUP_LEN_MIN 16
#define GROUP_LEN_FIRST 64 /* before it is known how fast the token is */

struct issue_group {
    struct logged jobs[GROUP_LEN];
    size_t count;
    size_t number;     /**< of the groups that are delivered, in their order */
    bool wants_proofs; /**< a tlog-proof for each job */
    struct plan *plan; /**< its jobs are of; held; NULL: of none */
    bool ends_plan;    /**< the plan is carried out when this group is */
    int64_t begun_ms;  /**< time_monotonic_ms() when the first of it was signed, */
    int64_t ended_ms;  /**< and when the last was */
    /* Once it is delivered: */
    size_t issued;
    size_t repeated;
    size_t dealt_with; /**< requests of the plan, those with nothing to deliver as well */
};

/** Nothing is in it, nor does a plan end with it. */
bool group_is_empty(const struct issue_group *group);
/** Frees what it holds; it can be filled again. */
void group_clear(struct issue_group *group);
/** How many of it a token is asked for. */
size_t group_count_new(const struct issue_group *group);

/**
 * How many are to go together after a group that was signed: as many as its token signs in GROUP_MS.
 * \param before  what it was; it stays where fewer than GROUP_LEN_MIN were signed, which are too few to tell
 */
size_t group_fitting_len(const struct issue_group *group, size_t before);

/** Whether all of it is on the disk: what is to be signed, and the signatures of what was. */
bool group_is_durable(struct signer *signer, const struct issue_group *group);
/** ERROR_* of the first job that was begun and could not be signed. */
MUST_USE bool group_all_signed(const struct issue_group *group, struct error *err);
/** Adds what was signed to the ledger. The caller commits. */
MUST_USE bool group_log(struct signer *signer, struct issue_group *group, struct error *err);
/** After the commit: makes the proofs, under a checkpoint that covers the group. \param ret_proofs  is added to */
MUST_USE bool group_prove(struct signer *signer, struct issue_group *group, size_t *ret_proofs,
                          struct error *err);

#endif
