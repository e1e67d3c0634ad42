/* SPDX-License-Identifier: Apache-2.0 */
#include "issue/session.h"

#include "base/quote.h"
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

bool session_open(struct signer *signer, const struct issue_options *options, const struct plan *only,
                  struct error *err)
{
    char host[256] = "";
    struct token_info info;
    struct record_plan plan;
    struct quoted host_text, label, serial, model;
    AUTO(free) char *operator_name = session_operator();
    (void)gethostname(host, sizeof(host) - 1); // an empty name is as good as none
    ledger_set_operator(signer_home(signer)->ledger, operator_name);
    if (!token_info(signer_token(signer), &info, err))
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
        .token_label = quoted_text(info.label, &label),
        .token_serial = quoted_text(info.serial, &serial),
        .token_model = quoted_text(info.model, &model),
    };
    return append(signer, RECORD_SESSION_OPENED, record_session_write(&record), err);
}

static bool log_refused(struct signer *signer, const struct plan_item *item, const char *batch,
                        struct error *err)
{
    const struct request *request = item->request;
    const struct record_refused record = {
        .source = item->source,
        .batch = batch,
        .input_sha256 = request != NULL ? item->input_sha256 : NULL,
        .csr_sha256 = request != NULL && request->der.len > 0 ? request->sha256 : NULL,
        .reasons = &item->verdict->findings,
        .decision = item->reason,
    };
    return append(signer, item->action == PLAN_SKIP ? RECORD_REQUEST_SKIPPED : RECORD_REQUEST_REFUSED,
                  record_refused_write(&record), err);
}

bool session_log_plan(struct signer *signer, const struct plan *plan, const char *batch, bool is_only,
                      struct error *err)
{
    const struct record_planned planned = {.batch = batch, .requests = plan->count, .plan = record_of(plan)};
    if (!is_only && !append(signer, RECORD_BATCH_PLANNED, record_planned_write(&planned), err))
        return false;
    for (size_t i = 0; i < plan->count; i++) {
        bool is_no = plan->items[i].action == PLAN_REFUSE || plan->items[i].action == PLAN_SKIP;
        if (is_no && !log_refused(signer, &plan->items[i], batch, err))
            return false;
    }
    return true;
}
