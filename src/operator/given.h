/* SPDX-License-Identifier: Apache-2.0 */
/* --plan and --approval: a plan that people approved, read from files. */
#ifndef COLDCA_OPERATOR_GIVEN_H
#define COLDCA_OPERATOR_GIVEN_H

#include "cli/cli.h"
#include "records/admit.h"

struct given {
    const char *plan; /**< --plan; NULL */
    struct option_list approvals;
    struct plan_file file;
    struct builder notes[ADMIT_APPROVALS_MAX];
    struct plan_given given;
};
void given_done(struct given *given);
DEFINE_AUTO_VALUE(struct given, given_done);

#define GIVEN_ROWS(given)                                                                                    \
    {"plan", 0, OPTION_TEXT, "FILE", "carry out this plan, which people approved", &(given)->plan},          \
    {                                                                                                        \
        "approval", 0, OPTION_LIST, "FILE", "an approval of it; repeatable", &(given)->approvals             \
    }

/** Also --plan-out and --valid-for: the act becomes a plan, for people to approve. \param out  const char **, valid  const char ** */
#define PLANNED_ROWS(given, out, valid)                                                                      \
    GIVEN_ROWS(given), {"plan-out",                                                                          \
                        0,                                                                                   \
                        OPTION_TEXT,                                                                         \
                        "FILE",                                                                              \
                        "do nothing, but write a plan of it for people to approve",                          \
                        out},                                                                                \
    {                                                                                                        \
        "valid-for", 0, OPTION_TEXT, "TIME", "how long that plan may be carried out: 7d (the default), 12h", \
            valid                                                                                            \
    }

/** Reads the files, the plan in a confined process: before anything else is opened. ERROR_USAGE: approvals without a plan; ERROR_INPUT. \param ret_given  NULL without --plan */
MUST_USE bool given_read(struct given *given, const struct plan_given **ret_given, struct error *err);

/** "7d", "12h" or "30m" in seconds. ERROR_USAGE */
MUST_USE bool given_duration(const char *text, int64_t *ret_seconds, struct error *err);

#endif
