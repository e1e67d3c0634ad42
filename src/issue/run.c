/* SPDX-License-Identifier: Apache-2.0 */
#include "issue/run.h"

#include "records/due.h"
#include "records/session.h"

void issue_outcome_done(struct issue_outcome *outcome)
{
    if (outcome->plan != NULL)
        plan_free(outcome->plan);
    outcome->plan = NULL;
}

/** What is open while a run lasts. */
struct issue_desk {
    struct home *home;
    struct planning *planning;
    struct directory directory;
    struct output *output; /**< the directory's, or the caller's; NULL: none */
    struct confined *confined;
    struct signer *signer;
    const struct console *console;
};

static void desk_done(struct issue_desk *desk)
{
    signer_close(desk->signer);
    if (desk->confined != NULL)
        confined_free(desk->confined);
    directory_close(&desk->directory);
    if (desk->planning != NULL)
        planning_close(desk->planning);
    if (desk->home != NULL)
        home_close(desk->home);
}
DEFINE_AUTO_VALUE(struct issue_desk, desk_done);

static bool open_output(const struct issue_run_options *options, struct issue_desk *desk, struct error *err)
{
    desk->output = options->output;
    if (options->directory == NULL)
        return true;
    if (!directory_open(desk->home, options->directory, &desk->directory, err))
        return false;
    desk->output = &desk->directory.output;
    desk->directory.format = options->format;
    desk->directory.with_chain = options->with_chain;
    desk->output->wants_proof =
        !options->without_proof && policy_wants_proof(planning_policy(desk->planning));
    return true;
}

bool issue_desk_unlock(struct issue_desk *desk, struct error *err)
{
    return desk->signer != NULL || signer_open(desk->confined, desk->console, &desk->signer, err);
}

char *issue_desk_operator(const struct issue_desk *desk)
{
    return session_operator(desk->console->operator_name, desk->home->config.operator_name);
}

bool issue_desk_describe(struct issue_desk *desk, const struct plan_item *item, struct builder *ret_text,
                         struct error *err)
{
    return plan_item_describe(desk->home->ledger, item, ret_text, err);
}

/** What the plan is made of is foreign: from here on this process has nothing but what it needs, and only what a dry run needs. */
static bool prepare(const struct issue_run_options *options, struct issue_desk *desk,
                    const struct console *console, struct error *err)
{
    if (options->is_dry_run)
        return signer_confine(desk->home, NULL, NULL, console, &desk->confined, err);
    return open_output(options, desk, err) &&
           signer_confine(desk->home, options->directory, options->pin_source, console, &desk->confined,
                          err) &&
           (options->directory == NULL || directory_meet_checkpoint(&desk->directory, err));
}

/** Who decides by eye is asked whether he decides by the policy he knows. */
static bool confirm_policy(const struct issue_run_options *options, const struct issue_desk *desk,
                           const struct console *console, struct error *err)
{
    bool is_meant = false;
    if (options->decide == NULL || console->confirm == NULL || !planning_is_policy_changed(desk->planning))
        return true;
    return console->confirm(console->data, "The policy changed since it was last used. Use it as it is now?",
                            &is_meant, err) &&
           (is_meant ||
            error_set(err, ERROR_INTERRUPTED, 0, "the policy was not confirmed; nothing was signed"));
}

static bool carry_out(const struct issue_run_options *options, struct issue_desk *desk,
                      const struct console *console, struct issue_outcome *outcome, struct error *err)
{
    const struct issue_options issue = {
        .command = options->command, .may_be_again = true, .is_confirmed_by_person = options->decide != NULL};
    if (plan_count(outcome->plan, PLAN_SIGN) > 0 && !issue_is_permitted(desk->home, outcome->plan->act, err))
        return false;
    if (options->decide != NULL && !options->decide(options->data, desk, outcome->plan, err))
        return false;
    return issue_desk_unlock(desk, err) &&
           issue_plan(desk->signer, outcome->plan, desk->output, &issue, console, &outcome->result, err) &&
           (options->directory == NULL || directory_put_checkpoint(&desk->directory, err));
}

bool issue_run(const struct issue_run_options *options, const struct console *console,
               struct issue_outcome *ret_outcome, struct error *err)
{
    AUTO(desk_done) struct issue_desk desk = {.directory = {.fd = -1}, .console = console};
    if (!home_open(options->home, options->is_dry_run ? HOME_LOOK : HOME_WRITE, console, &desk.home, err))
        return false;
    due_notice(desk.home, console);
    if (!planning_open(&options->planning, desk.home, console, &desk.planning, err) ||
        !confirm_policy(options, &desk, console, err) || !prepare(options, &desk, console, err))
        return false;
    return planning_plan(desk.planning, desk.output, console, &ret_outcome->plan, err) &&
           (options->is_dry_run || carry_out(options, &desk, console, ret_outcome, err));
}
