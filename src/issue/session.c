/* SPDX-License-Identifier: Apache-2.0 */
#include "issue/session.h"

#include "base/quote.h"
#include "records/in_force.h"
#include "records/session.h"

#include <unistd.h>

static struct record_plan record_of(const struct plan *plan)
{
    return (struct record_plan){
        .policy = plan->policy_name, .policy_sha256 = plan->policy_sha256, .plan_sha256 = plan->sha256};
}

static bool append(struct signer *signer, const char *type, struct json *fields, struct error *err)
{
    return ledger_append(signer_home(signer)->ledger, type, fields, NULL, err);
}

/** A CA from before there were controls works on as it did, and its operator is notified of them. */
static bool tell_of_controls(const struct home *home, const struct console *console, struct error *err)
{
    AUTO(control_done) struct control control = {.people_count = 0};
    bool is_set = false;
    if (!control_in_force(home->ledger, &control, &is_set, err))
        return false;
    if (!is_set)
        console_notice(console,
                       "this CA has no controls: whoever can log in decides everything; `coldca people "
                       "set FILE` says who may (docs/controls.md)");
    return true;
}

bool session_open(struct signer *signer, const struct issue_options *options, const struct plan *only,
                  const struct console *console, struct error *err)
{
    char host[256] = "";
    struct token_info info;
    struct record_plan plan;
    struct quoted host_text, label, serial, model;
    AUTO(free)
    char *operator_name = session_operator(console->operator_name, signer_home(signer)->config.operator_name);
    (void)gethostname(host, sizeof(host) - 1); // an empty name is as good as none
    ledger_set_operator(signer_home(signer)->ledger, operator_name);
    // Who decided by eye was asked with the clock.
    if (console->confirm != NULL && !options->is_confirmed_by_person)
        console_notice(console, "the records name %s as the operator; --operator names another",
                       operator_name);
    if (!tell_of_controls(signer_home(signer), console, err) || !token_info(signer_token(signer), &info, err))
        return false;
    if (only != NULL)
        plan = record_of(only);
    const struct record_session record = {
        .command = options->command,
        .batch = options->batch,
        .host = quoted_text(host, &host_text),
        .plan = only != NULL ? &plan : NULL,
        .is_clock_confirmed = options->is_confirmed_by_person,
        .unconfined = signer_unconfined_reason(signer),
        .allow_extractable = signer_home(signer)->config.allow_extractable,
        .manifest_sha256 = options->manifest_sha256,
        .token_label = quoted_text(info.label, &label),
        .token_serial = quoted_text(info.serial, &serial),
        .token_model = quoted_text(info.model, &model),
    };
    return append(signer, RECORD_SESSION_OPENED, record_session_write(&record), err);
}

bool session_log_plan(struct signer *signer, const struct plan *plan, const char *batch, bool is_only,
                      const struct refusals *known, struct error *err)
{
    const struct record_planned planned = {.batch = batch, .requests = plan->count, .plan = record_of(plan)};
    return (is_only || append(signer, RECORD_BATCH_PLANNED, record_planned_write(&planned), err)) &&
           refusals_log(signer, plan, batch, known, err);
}
