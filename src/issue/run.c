/* SPDX-License-Identifier: Apache-2.0 */
#include "issue/run.h"

#include "base/file.h"
#include "base/memory.h"
#include "records/due.h"
#include "records/in_force.h"
#include "records/session.h"

void issue_outcome_done(struct issue_outcome *outcome)
{
    if (outcome->plan != NULL)
        plan_free(outcome->plan);
    outcome->plan = NULL;
    plan_file_done(&outcome->file);
    admitted_done(&outcome->admitted);
}

/** What is open while a run lasts. */
struct issue_desk {
    struct home *home;
    struct planning *planning; /**< NULL: the plan is there, and approved */
    struct redraw *redraw;     /**< of an approved plan; else NULL */
    char *written;             /**< the directory of options->plan_out; NULL */
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
    if (desk->redraw != NULL)
        redraw_close(desk->redraw);
    free(desk->written);
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
        !options->without_proof && (desk->planning == NULL || // then the plan says whether its policy does
                                    policy_wants_proof(planning_policy(desk->planning)));
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
    if (options->is_dry_run) {
        const struct confine_written plan = {.path = desk->written};
        return signer_confine(desk->home, &plan, NULL, console, &desk->confined, err);
    }
    if (!open_output(options, desk, err))
        return false;
    AUTO(free) char *parent = new_folder_parent(&desk->directory.own);
    const struct confine_written answers = {.path = options->directory, .parent = parent};
    return signer_confine(desk->home, &answers, options->pin_source, console, &desk->confined, err) &&
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
    if (outcome->plan->admitted == NULL && plan_count(outcome->plan, PLAN_SIGN) > 0 &&
        !issue_is_permitted(desk->home, outcome->plan->act, options->command, err))
        return false;
    if (options->decide != NULL && !options->decide(options->data, desk, outcome->plan, err))
        return false;
    return issue_desk_unlock(desk, err) &&
           issue_plan(desk->signer, outcome->plan, desk->output, &issue, console, &outcome->result, err) &&
           (options->directory == NULL || directory_put_checkpoint(&desk->directory, err));
}

/** What decides is opened before this process is confined: a policy, or a plan that people approved. */
static bool begin(const struct issue_run_options *options, struct issue_desk *desk,
                  const struct console *console, struct error *err)
{
    if (options->plan_out != NULL) {
        size_t len = (size_t)(file_name_of(options->plan_out) - options->plan_out);
        desk->written = len == 0 ? memory_text(".") : memory_text_of(options->plan_out, len);
    }
    struct planning_options planning = options->planning;
    planning.takes_media = options->plan_out != NULL;
    if (options->given != NULL)
        return redraw_open(desk->home, &desk->redraw, err);
    return planning_open(&planning, desk->home, console, &desk->planning, err) &&
           confirm_policy(options, desk, console, err);
}

static bool make_plan(const struct issue_run_options *options, struct issue_desk *desk,
                      const struct console *console, struct issue_outcome *outcome, struct error *err)
{
    int64_t now = time_now();
    if (options->given == NULL)
        return planning_plan(desk->planning, desk->output, console, &outcome->plan, err);
    return plan_admit(desk->home, options->given, now, &outcome->admitted, err) &&
           plan_of_admitted(desk->home, &outcome->admitted, desk->redraw, desk->output, now, &outcome->plan,
                            err);
}

static bool write_plan(const struct issue_run_options *options, struct issue_desk *desk,
                       struct issue_outcome *outcome, struct error *err)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    if (options->decide != NULL && !options->decide(options->data, desk, outcome->plan, err))
        return false;
    if (!plan_to_file(desk->home, outcome->plan, time_now(), options->valid_for, &outcome->file, err))
        return false;
    plan_file_write(&outcome->file, &text);
    return file_create_over_rest(options->plan_out, 0644, builder_bytes(&text), err);
}

bool issue_run(const struct issue_run_options *options, const struct console *console,
               struct issue_outcome *ret_outcome, struct error *err)
{
    AUTO(desk_done) struct issue_desk desk = {.directory = {.fd = -1}, .console = console};
    if (!home_open(options->home, options->is_dry_run ? HOME_LOOK : HOME_WRITE, console, &desk.home, err))
        return false;
    due_notice(desk.home, console);
    if (!options->is_dry_run &&
        !control_permits_extractable(desk.home->ledger, desk.home->config.allow_extractable, err))
        return false;
    if (!begin(options, &desk, console, err) || !prepare(options, &desk, console, err) ||
        !make_plan(options, &desk, console, ret_outcome, err))
        return false;
    if (options->plan_out != NULL)
        return write_plan(options, &desk, ret_outcome, err);
    return options->is_dry_run || carry_out(options, &desk, console, ret_outcome, err);
}
