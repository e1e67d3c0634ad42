/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a plan's requests were evaluated with besides its policy: the time, --days, --set. It stands beside the plan, and is not part of what is
 * approved: it reaches no further than the policy lets the command line reach, and makes no certificate another one (plan/redraw.h).
 */
#ifndef COLDCA_RECORDS_EVALUATED_H
#define COLDCA_RECORDS_EVALUATED_H

#include "policy/policy.h"
#include "records/plan_file.h"

struct evaluated {
    int64_t at;
    unsigned days; /**< 0: the policy's own */
    const struct policy_variable *variables;
    size_t variables_count;
};

/** Whether a plan's window may begin at a time, of requests that were evaluated at another: not before them, and within a day. */
bool evaluated_is_of_window(int64_t at, int64_t begins);

/** As it stands in a plan's file. The caller frees */
struct json *evaluated_write(const struct evaluated *evaluated);

/**
 * From a plan's file, held against its window and its policy.
 * \param file           lives as long as what is read
 * \param policy         the plan's
 * \param ret_variables  what ret_evaluated's variables are; the caller frees, also on failure
 * \return false: ERROR_INPUT: not there, not of the day on which the window begins, a window that coldca makes none of, or values that the policy
 *         does not take
 */
MUST_USE bool evaluated_read(const struct plan_file *file, const struct policy *policy,
                             struct evaluated *ret_evaluated, struct policy_variable **ret_variables,
                             struct error *err);

#endif
