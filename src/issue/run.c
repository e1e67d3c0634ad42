#include "issue/run.h"

void issue_outcome_done(struct issue_outcome *outcome)
{
    if (outcome->plan != NULL)
        plan_free(outcome->plan);
    outcome->plan = NULL;
}

/** What is open while a run lasts. */
struct run {
    struct home *home;
    struct planning *planning;
    struct directory directory;
    struct output *output; /**< the directory's, or the caller's; NULL: none */
    struct confined *confined;
    struct signer *signer;
};

static void run_done(struct run *run)
{
    signer_close(run->signer);
    if (run->confined != NULL)
        confined_free(run->confined);
    directory_close(&run->directory);
    if (run->planning != NULL)
        planning_close(run->planning);
    if (run->home != NULL)
        home_close(run->home);
}
DEFINE_AUTO_VALUE(struct run, run_done);

static bool open_output(const struct issue_run_options *options, struct run *run, struct error *err)
{
    run->output = options->output;
    if (options->directory == NULL)
        return true;
    if (!directory_open(run->home, options->directory, &run->directory, err))
        return false;
    run->output = &run->directory.output;
    run->directory.format = options->format;
    run->directory.with_chain = options->with_chain;
    run->output->wants_proof = !options->without_proof && policy_wants_proof(planning_policy(run->planning));
    return true;
}

/** What the plan is made of is foreign: from here on this process has nothing but what it needs. */
static bool prepare_to_sign(const struct issue_run_options *options, struct run *run,
                            const struct console *console, struct error *err)
{
    return open_output(options, run, err) &&
           signer_confine(run->home, options->directory, options->pin_source, console, &run->confined, err) &&
           (options->directory == NULL || directory_meet_checkpoint(&run->directory, err));
}

static bool carry_out(const struct issue_run_options *options, struct run *run, const struct console *console,
                      struct issue_outcome *outcome, struct error *err)
{
    const struct issue_options issue = {.command = options->command,
                                        .is_confirmed_by_person = options->decide != NULL};
    if (options->decide != NULL && !options->decide(options->data, outcome->plan, err))
        return false;
    return signer_open(TAKE(run->confined), console, &run->signer, err) &&
           issue_plan(run->signer, outcome->plan, run->output, &issue, console, &outcome->result, err) &&
           (options->directory == NULL || directory_put_checkpoint(&run->directory, err));
}

bool issue_run(const struct issue_run_options *options, const struct console *console,
               struct issue_outcome *ret_outcome, struct error *err)
{
    AUTO(run_done) struct run run = {.directory = {.fd = -1}};
    if (!home_open(options->home, options->is_dry_run ? HOME_LOOK : HOME_WRITE, console, &run.home, err) ||
        !planning_open(&options->planning, run.home, console, &run.planning, err) ||
        (!options->is_dry_run && !prepare_to_sign(options, &run, console, err)))
        return false;
    return planning_plan(run.planning, run.output, console, &ret_outcome->plan, err) &&
           (options->is_dry_run || carry_out(options, &run, console, ret_outcome, err));
}
