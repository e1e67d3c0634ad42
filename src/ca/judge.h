/*
 * From inputs to a plan: read every request in the sandbox, judge it by the policy and by the ledger, and build the exact bytes
 * that would be signed. This is the one place where a plan is made.
 */
#ifndef COLDCA_CA_JUDGE_H
#define COLDCA_CA_JUDGE_H

#include "ca/home.h"
#include "ca/plan.h"
#include "ca/seen.h"
#include "request/readers.h"

struct plan_options {
    const struct policy *policy;
    const struct policy_variable *variables;
    size_t variables_count;
    unsigned days;    /**< --days; 0: the policy's own */
    bool may_reissue; /**< --reissue: a new certificate even if the request has one */
    /** Whether something else than this certificate (empty: a new one) is where its output goes; NULL: no output is planned. */
    bool (*is_taken)(void *data, const char *name, struct bytes certificate);
    /** Whether the certificate of an earlier run is where it belongs already, so that it is not handed out again; NULL: never. */
    bool (*is_present)(void *data, const char *name, struct bytes certificate);
    void *data;        /**< of both */
    struct seen *seen; /**< what earlier plans of the same run held; NULL: this plan is all */
    int64_t now;
};

/**
 * Makes the plan.
 * \param home      NULL: verdicts only (`check` without a home)
 * \param readers   open; the PKCS#11 module must not be loaded yet
 * \param inputs    their data and names are taken; the array stays the caller's
 */
MUST_USE bool ca_plan_make(struct ca_home *home, struct readers *readers, struct plan_input *inputs,
                           size_t count, const struct plan_options *options, const struct ca_console *console,
                           struct plan **ret_plan, struct error *err);

/** The first half: reads the requests; inputs' data and names are taken; the array stays the caller's. console may be NULL. */
MUST_USE bool ca_plan_read(struct readers *readers, struct plan_input *inputs, size_t count,
                           const struct policy *policy, const struct ca_console *console,
                           struct plan **ret_plan, struct error *err);
/** The second half: judges requests that are read (also those of init and enroll). Uses nothing of home but its certificates and ledger. */
MUST_USE bool ca_plan_judge(struct ca_home *home, struct plan *plan, const struct plan_options *options,
                            struct error *err);

/** Tells a person the plan's warnings. */
void ca_plan_tell(const struct plan *plan, const struct ca_console *console);

#endif
