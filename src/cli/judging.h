/* SPDX-License-Identifier: Apache-2.0 */
/* What check, sign and review have in common on the command line: --policy, --set, --days, the files. */
#ifndef COLDCA_CLI_JUDGING_H
#define COLDCA_CLI_JUDGING_H

#include "cli/cli.h"
#include "plan/planning.h"

struct judging {
    const char *policy_name;
    struct option_list settings;
    unsigned days; /**< 0: the policy's own */
    bool may_reissue;
    struct policy_variable *variables;
};
void judging_done(struct judging *judging);
DEFINE_AUTO_VALUE(struct judging, judging_done);

#define JUDGING_ROWS(judging)                                                                                \
    {"policy",                                                                                               \
     'p',                                                                                                    \
     OPTION_TEXT,                                                                                            \
     "NAME",                                                                                                 \
     "the policy that decides (see `coldca policy list`)",                                                   \
     &(judging)->policy_name},                                                                               \
        {"set", 's', OPTION_LIST, "NAME=VALUE", "a variable of the policy", &(judging)->settings},           \
    {                                                                                                        \
        "days", 0, OPTION_DAYS, "N", "how long the certificates live, up to the policy's max_days",          \
            &(judging)->days                                                                                 \
    }

/** Whether something was said that an approved plan says already: --policy, --set, --days, --reissue. */
bool judging_is_said(const struct judging *judging);

/** What was parsed, for planning_open(); borrowed from judging and options. ERROR_USAGE */
MUST_USE bool judging_options(struct judging *judging, const struct options *options,
                              struct planning_options *ret_planning, struct error *err);

#endif
