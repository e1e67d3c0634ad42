/* What check, sign and review have in common: --policy, --set, the files, and the plan made of them. */
#ifndef COLDCA_CLI_JUDGING_H
#define COLDCA_CLI_JUDGING_H

#include "ca/inputs.h"
#include "ca/judge.h"
#include "cli/cli.h"

struct judging {
    const char *policy_name;
    struct option_list settings;
    unsigned days; /**< 0: the policy's own */
    bool may_reissue;
    struct policy *policy;
    struct policy_variable *variables;
    struct inputs inputs;
    struct readers *readers;
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

/** Loads the policy, reads the files, forks the readers. Call before the token's module is loaded. home_fd: -1 for none. */
MUST_USE bool judging_prepare(struct judging *judging, const struct options *options, int home_fd,
                              const struct ca_console *console, struct error *err);

/** The plan. home may be NULL. */
MUST_USE bool judging_plan(struct judging *judging, struct ca_home *home,
                           bool (*is_taken)(void *data, const char *name, struct bytes certificate),
                           void *data, const struct ca_console *console, struct plan **ret_plan,
                           struct error *err);

#endif
