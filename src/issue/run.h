/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run of `sign` or `review`, from the home's path to the certificates in their place: the order of steps, which stands here and
 * nowhere else for runs over named files (batch/batch.h for media).
 *
 *   open the home - plan's inputs, policy, parser processes - output directory - confine - checkpoint in the output -
 *   judge - decide - log in (at the desk, or now) - carry out - checkpoint into the output
 */
#ifndef COLDCA_ISSUE_RUN_H
#define COLDCA_ISSUE_RUN_H

#include "issue/directory.h"
#include "plan/approved.h"
#include "plan/planning.h"

struct issue_desk;

struct issue_run_options {
    const char *command;    /**< for the session record: "sign", "review" */
    const char *home;       /**< path */
    const char *pin_source; /**< --pin-source; NULL */
    const char *directory;  /**< where certificates go; NULL: output */
    struct output *output;  /**< if there is no directory; NULL and no directory: is_dry_run */
    enum directory_format format;
    bool with_chain;
    bool without_proof;
    const struct plan_given *given; /**< carry out this plan with its approvals, instead of planning; NULL */
    const char *plan_out; /**< is_dry_run: the plan goes to this new file, for people to approve; NULL */
    int64_t valid_for;    /**< plan_out: seconds from now on that it may be carried out */
    bool is_dry_run;      /**< the plan is made, nothing is signed, no token is needed */
    struct planning_options planning;
    /**
     * A person's word on the plan before it is carried out, or written to plan_out; NULL: the policy's verdicts stand. Confirms the clock, too (P8).
     * \param desk  what the person may want of the run meanwhile
     * \return false: ERROR_INTERRUPTED; nothing is signed
     */
    bool (*decide)(void *data, struct issue_desk *desk, struct plan *plan, struct error *err);
    void *data;
};
/** Logs in to the token, if nobody is; after a failure it may be called again, so that no decision is lost by a wrong PIN. */
MUST_USE bool issue_desk_unlock(struct issue_desk *desk, struct error *err);
/** The lines of the certificate an item has already, or would become; appends. */
MUST_USE bool issue_desk_describe(struct issue_desk *desk, const struct plan_item *item,
                                  struct builder *ret_text, struct error *err);

/** Whom the records will name; the caller frees. */
char *issue_desk_operator(const struct issue_desk *desk);

/** What a run came to. */
struct issue_outcome {
    struct plan *plan;          /**< as decided; NULL if it came to none */
    struct plan_file file;      /**< plan_out: what was written */
    struct admitted admitted;   /**< given: what was carried out */
    struct issue_result result; /**< zero after a dry run */
};
void issue_outcome_done(struct issue_outcome *outcome);
DEFINE_AUTO_VALUE(struct issue_outcome, issue_outcome_done);

/** \param ret_outcome  says how far it came also on failure */
MUST_USE bool issue_run(const struct issue_run_options *options, const struct console *console,
                        struct issue_outcome *ret_outcome, struct error *err);

#endif
