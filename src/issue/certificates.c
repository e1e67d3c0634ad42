/* SPDX-License-Identifier: Apache-2.0 */
#include "issue/certificates.h"

#include "home/certificate.h"
#include "issue/session.h"
#include "records/admit.h"
#include "records/cert.h"

/* ---- filling: the thread that keeps the ledger ---- */

static bool next_plan(struct certificates *own, unsigned wait_ms, struct error *err)
{
    if (own->is_at_end)
        return true;
    if (!own->source->next(own->source->data, wait_ms, &own->plan, &own->is_at_end, err))
        return false;
    if (own->plan == NULL)
        return true;
    // Who runs this asked before a token was opened; here stands the last guard before anything is logged.
    if (own->plan->admitted == NULL && plan_count(own->plan, PLAN_SIGN) > 0 &&
        !issue_is_permitted(signer_home(own->signer), own->plan->act, "sign", err))
        return false;
    own->next_item = 0;
    own->refused += plan_count(own->plan, PLAN_REFUSE);
    own->skipped += plan_count(own->plan, PLAN_SKIP);
    own->present += plan_count(own->plan, PLAN_PRESENT);
    if (own->plan->admitted != NULL &&
        !admitted_log(own->plan->admitted, signer_home(own->signer)->ledger, own->batch, err))
        return false;
    return session_log_plan(own->signer, own->plan, own->batch, own->has_one_plan, &own->known, err);
}

/** What people approved is logged as it is, but for what only the run knows; once. */
static bool log_planned(struct certificates *own, struct logged *job, const struct plan_item *item,
                        struct error *err)
{
    job->tbs = bytes_of(item->tbs, item->tbs_len);
    if (!cert_tbs_signature_kind(job->tbs, &job->signature_kind, err))
        return false;
    if (item->is_logged)
        return logged_resume(own->signer, job, item->earlier.signing_seq, err);
    struct json *fields = plan_file_planned(&own->plan->admitted->file, item->planned_index);
    json_put_text(fields, "batch", own->batch);
    return logged_append(own->signer, job, fields, err);
}

static bool log_signing(struct certificates *own, struct logged *job, const struct plan_item *item,
                        struct error *err)
{
    if (item->is_planned)
        return log_planned(own, job, item, err);
    const struct home *home = signer_home(own->signer);
    const struct template *template = item->verdict->template;
    const struct record_cert_signing record = {
        .tbs = bytes_of(item->tbs, item->tbs_len),
        .template = template,
        .policy = own->plan->policy_name,
        .policy_sha256 = own->plan->policy_sha256,
        .csr_sha256 = item->request->sha256,
        .input_sha256 = item->input_sha256,
        .source = item->source,
        .batch = own->batch,
    };
    job->tbs = record.tbs;
    return home_signature_kind(home, template, &job->signature_kind, err) &&
           logged_append(own->signer, job, record_cert_signing_write(&record), err);
}

/** A certificate of an earlier run is rebuilt from the ledger. */
static bool take_earlier(struct certificates *own, struct logged *job, const struct plan_item *item,
                         struct error *err)
{
    job->issued_seq = item->earlier.issued_seq;
    return home_certificate_remake(signer_home(own->signer)->ledger, &item->earlier, &job->made, err);
}

static bool fill(struct issue_stream *stream, struct issue_group *group, size_t group_len, unsigned wait_ms,
                 struct error *err)
{
    struct certificates *own = (struct certificates *)stream;
    if (own->plan == NULL && !next_plan(own, wait_ms, err))
        return false;
    if (own->plan == NULL)
        return true;
    group->plan = plan_hold(own->plan);
    group->wants_proofs = own->output->wants_proof && own->plan->wants_proofs;
    for (; own->next_item < own->plan->count && group->count < group_len; own->next_item++) {
        const struct plan_item *item = &own->plan->items[own->next_item];
        if (item->action != PLAN_SIGN && item->action != PLAN_REPEAT)
            continue;
        struct logged *job = &group->jobs[group->count];
        *job = (struct logged){.kind = &logged_certificate, .name = item->source, .item = item};
        group->count++; // it is the group's to free from here on
        if (item->action == PLAN_SIGN ? !log_signing(own, job, item, err)
                                      : !take_earlier(own, job, item, err))
            return false;
    }
    if (own->next_item == own->plan->count) {
        group->ends_plan = true;
        plan_free(TAKE(own->plan)); // the groups hold it
    }
    return true;
}

static bool has_more(const struct issue_stream *stream)
{
    const struct certificates *own = (const struct certificates *)stream;
    return own->plan != NULL || !own->is_at_end;
}

/* ---- delivering: a thread each for deliver() and flush() ---- */

static void count(struct issue_group *group)
{
    for (size_t i = 0; i < group->count; i++) {
        bool is_new = group->jobs[i].tbs.len > 0;
        group->issued += group->jobs[i].is_done && is_new;
        group->repeated += group->jobs[i].is_done && !is_new;
    }
    group->dealt_with = group->issued + group->repeated;
    if (group->ends_plan)
        group->dealt_with +=
            group->plan->count - plan_count(group->plan, PLAN_SIGN) - plan_count(group->plan, PLAN_REPEAT);
}

static bool deliver(struct issue_stream *stream, struct issue_group *group, struct error *err)
{
    struct certificates *own = (struct certificates *)stream;
    for (size_t i = 0; i < group->count; i++) {
        const struct logged *job = &group->jobs[i];
        if (job->is_done && !own->output->put(own->output, group->number, job->item,
                                              builder_bytes(&job->made), builder_bytes(&job->proof), err))
            return error_while(
                err, "delivering the certificate of %s; it is in the ledger, run the same command again",
                job->name);
    }
    count(group);
    return !group->ends_plan || own->source->finished(own->source->data, group->plan, err);
}

static bool flush(struct issue_stream *stream, const struct issue_group *group, struct error *err)
{
    struct certificates *own = (struct certificates *)stream;
    return group->count == 0 || own->output->flush == NULL ||
           own->output->flush(own->output, group->number, err) ||
           error_while(err, "delivering certificates; they are in the ledger, run the same command again");
}

void certificates_init(struct certificates *certificates, struct signer *signer,
                       const struct issue_source *source, struct output *output, const char *batch,
                       bool has_one_plan)
{
    *certificates = (struct certificates){
        .stream =
            {.fill = fill, .has_more = has_more, .deliver = deliver, .flush = flush, .total = source->total},
        .signer = signer,
        .source = source,
        .output = output,
        .batch = batch,
        .has_one_plan = has_one_plan,
    };
}

void certificates_done(struct certificates *certificates)
{
    if (certificates->plan != NULL)
        plan_free(TAKE(certificates->plan));
    refusals_done(&certificates->known);
}
