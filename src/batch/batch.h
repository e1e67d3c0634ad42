/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `coldca batch`: a removable medium from end to end. Requests below requests/ are read, evaluated and signed as a stream; the
 * results, a report and its checksums go to issued/BATCH-ID/.
 * It promises: pulled, full or killed, the same command resumes where it stopped (P5); nothing outside the medium is touched (P6).
 * It does not: decide (policy/), sign (issue/), or mount anything.
 */
#ifndef COLDCA_BATCH_BATCH_H
#define COLDCA_BATCH_BATCH_H

#include "issue/issue.h"
#include "plan/judge.h"
#include "records/admit.h"
#include "records/session.h"

struct batch_options {
    const char *home;       /**< path */
    const char *medium;     /**< path of the directory it is mounted at */
    const char *policy;     /**< for requests whose first directory names none; NULL: there are no others */
    const char *pin_source; /**< --pin-source; NULL */
    const struct plan_given
        *given; /**< do what of this plan is on the medium, instead of judging; then no policy; NULL */
    const struct policy_variable *variables;
    size_t variables_count;
    bool without_proofs;
    bool policy_changed_ok; /**< a policy that is not the one last used is only reported */
    /** Draws text as an SVG image of a QR code, for the report. */
    bool (*draw_qr)(struct bytes text, struct builder *ret_svg, struct error *err);
};

struct batch_result {
    struct issue_result issue;
    size_t requests;             /**< on the medium */
    char id[SESSION_BATCH_SIZE]; /**< the batch */
    size_t missing;              /**< that the medium's manifest lists and nobody found */
    bool is_resumed;             /**< an earlier run of this batch was resumed */
    bool has_answers;            /**< issued/ID/ was written; false: there was nothing to do */
    size_t private_keys;         /**< files on the medium that hold one; a warning named them */
    size_t absent;               /**< of the plan, without a request on the medium: not made */
    size_t
        of_other_policies; /**< requests that the plan, of one policy, has nothing to do with: left alone */
    uint64_t other_files;  /**< below requests/ that are not requests, left alone */
};

/**
 * Does the work, from the home's path to the report: the order of its steps is here.
 *
 *   open the home - lists, medium, manifest, policies, parser processes - confine - log in - stream of plans, carried out - report
 *   with a plan: open the home - medium, manifest - confine - the plan held against the medium - log in - carried out - report
 *
 * \param ret_result  says how far it came also on failure
 */
MUST_USE bool batch_run(const struct batch_options *options, const struct console *console,
                        struct batch_result *ret_result, struct error *err);

#endif
