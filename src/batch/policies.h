/* SPDX-License-Identifier: Apache-2.0 */
/* Which policy judges which request of a medium: the one its first directory is named like, else the one of the command line. */
#ifndef COLDCA_BATCH_POLICIES_H
#define COLDCA_BATCH_POLICIES_H

#include "batch/batch.h"

struct batch_policy {
    char *folder; /**< NULL: the command line's, for all other directories */
    struct policy *policy;
    struct policy_variable *variables; /**< those of the command line that it declares; texts borrowed */
    struct plan_options options;
    char *problem; /**< why it judges nothing in a batch; NULL */
    const char *rule;
    const char *remedy;
};

struct batch_policies {
    int home_fd;
    const struct batch_options *given;
    struct plan_options shared;
    char **names; /**< of all policies there are */
    size_t names_count;
    struct batch_policy **items;
    size_t count;
    struct batch_policy *fallback; /**< for requests whose directory names no policy; NULL */
};

/** \param shared  what the plans of all policies have in common; copied */
MUST_USE bool batch_policies_open(struct batch_policies *policies, int home_fd,
                                  const struct batch_options *given, const struct plan_options *shared,
                                  struct error *err);
void batch_policies_done(struct batch_policies *policies);
/** Loads the policy for a path below requests/, if it is not yet. ERROR_USAGE if there is none for it. */
MUST_USE bool batch_policies_want(struct batch_policies *policies, const char *path, struct error *err);
/** After all were loaded: every variable given is one of some policy's, and every one needed is given. ERROR_USAGE. */
MUST_USE bool batch_policies_check(const struct batch_policies *policies, struct error *err);
/** Whether a path's first directory is named like a policy that is not this one. */
bool batch_policies_is_other(const struct batch_policies *policies, const char *path, const char *name);
/** Never NULL for a path batch_policies_want() was called with. */
const struct batch_policy *batch_policy_of(const struct batch_policies *policies, const char *path);

/**
 * Tells of every policy that is not the one last used under its name; a person is asked whether it is meant.
 * Where only approved policies may be used, every one has to be, and nobody is asked.
 * \return false: ERROR_INPUT, one is not approved, or no terminal and --policy-changed-ok was not given; ERROR_INTERRUPTED, it is not
 *         meant; ERROR_USAGE, --policy-changed-ok where there are approved policies
 */
MUST_USE bool batch_policies_compare(const struct batch_policies *policies, const struct home *home,
                                     const struct console *console, struct error *err);

#endif
