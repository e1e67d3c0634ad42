/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From inputs to a plan: read every request in the sandbox, judge it by the policy and by the ledger, and build the exact bytes
 * that would be signed. This is the one place where a plan is made.
 */
#ifndef COLDCA_PLAN_JUDGE_H
#define COLDCA_PLAN_JUDGE_H

#include "home/home.h"
#include "plan/output.h"
#include "plan/plan.h"
#include "request/readers.h"

/**
 * Who judges in one run: a home's certificates and its ledger, and what this run has seen and screened so far (seen.h, screen.h), so
 * that plans of one run know of each other.
 */
struct judge;
/** \param home  borrowed; NULL: policies alone judge, there is neither issuer nor ledger */
struct judge *judge_new(const struct home *home);
void judge_free(struct judge *judge);
DEFINE_AUTO(struct judge *, judge_free);
/** Opens what lies outside of the home, for a run that judges after it was confined. ERROR_INPUT: a list is damaged. */
MUST_USE bool judge_open_lists(struct judge *judge, struct error *err);
/** From now on looks into the ledger by a handle of its own, so that another thread than the writer's can judge. */
MUST_USE bool judge_look_beside(struct judge *judge, struct error *err);
/** The certificate an earlier run has made, rebuilt from the ledger this judge looks into. */
MUST_USE bool judge_remake(const struct judge *judge, const struct ledger_entry *entry,
                           struct builder *ret_der, struct error *err);

struct plan_options {
    const struct policy *policy;
    const struct policy_variable *variables;
    size_t variables_count;
    unsigned days;         /**< --days; 0: the policy's own */
    bool verifies_again;   /**< each allowed request's signature, in this process; a CA's always is */
    bool may_reissue;      /**< --reissue: a new certificate even if the request has one */
    struct output *output; /**< where certificates will go; NULL: no output is planned */
    int64_t now;
};

/**
 * Makes the plan.
 * \param readers   open; the PKCS#11 module must not be loaded yet
 * \param inputs    their data and names are taken; the array stays the caller's
 */
MUST_USE bool plan_make(struct judge *judge, struct readers *readers, struct plan_input *inputs, size_t count,
                        const struct plan_options *options, const struct console *console,
                        struct plan **ret_plan, struct error *err);

/** The first half: reads the requests; inputs' data and names are taken; the array stays the caller's. console may be NULL. */
MUST_USE bool plan_read(struct readers *readers, struct plan_input *inputs, size_t count,
                        const struct policy *policy, const struct console *console, struct plan **ret_plan,
                        struct error *err);
/** The second half: judges requests that are read (also those of init and enroll). */
MUST_USE bool plan_judge(struct judge *judge, struct plan *plan, const struct plan_options *options,
                         struct error *err);

/** Tells a person the plan's warnings. */
void plan_tell(const struct plan *plan, const struct console *console);

#endif
