/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what an operator names to a plan: the policy, its variables, files and directories, the parser processes. check, sign and
 * review plan by it; batch has a stream of its own (batch/stream.h).
 */
#ifndef COLDCA_PLAN_PLANNING_H
#define COLDCA_PLAN_PLANNING_H

#include "plan/judge.h"

/** All borrowed as long as the planning lives. */
struct planning_options {
    const char *policy; /**< name or path */
    const struct policy_variable *variables;
    size_t variables_count;
    unsigned days;    /**< 0: the policy's own */
    bool may_reissue; /**< a new certificate even if the request has one */
    bool takes_media; /**< a directory that holds requests/ is read as a batch reads it; needs a home */
    const char *const *paths; /**< files, directories, "-" */
    size_t paths_count;
};

struct planning;
/**
 * Loads the policy, reads the files, forks the parser processes; before the token's module is loaded and before this process is
 * confined.
 * \param home  whose policies count first, whose issuer and ledger judge; borrowed; NULL: none
 * \return false: ERROR_USAGE, ERROR_INPUT
 */
MUST_USE bool planning_open(const struct planning_options *options, const struct home *home,
                            const struct console *console, struct planning **ret_planning, struct error *err);
void planning_close(struct planning *planning);
DEFINE_AUTO(struct planning *, planning_close);

/** Whether it is another policy than the one last used under its name; the console has been warned. */
bool planning_is_policy_changed(const struct planning *planning);
const struct policy *planning_policy(const struct planning *planning);
/** Makes the plan; once. \param output  where certificates will go; NULL: nowhere is looked */
MUST_USE bool planning_plan(struct planning *planning, struct output *output, const struct console *console,
                            struct plan **ret_plan, struct error *err);

#endif
