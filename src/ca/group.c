#include "ca/group.h"

#include "ca/session.h"
#include "ca/show.h"
#include "ca/signers.h"
#include "ledger/proof.h"

bool group_is_empty(const struct group *group)
{
    return group->count == 0 && group->ended == NULL;
}

void group_clear(struct group *group)
{
    for (size_t i = 0; i < group->count; i++) {
        builder_done(&group->jobs[i].signature);
        builder_done(&group->jobs[i].certificate);
        builder_done(&group->jobs[i].proof);
    }
    group->count = 0;
    group->ended = NULL;
    group->issued = group->repeated = group->dealt_with = 0;
}

/* ---- filling ---- */

static bool next_plan(struct run *run, unsigned wait_ms, struct error *err)
{
    if (run->is_at_end)
        return true;
    if (!run->source->next(run->source->data, wait_ms, &run->plan, &run->is_at_end, err))
        return false;
    if (run->plan == NULL)
        return true;
    run->next_item = 0;
    run->refused += plan_count(run->plan, PLAN_REFUSE);
    run->skipped += plan_count(run->plan, PLAN_SKIP);
    run->present += plan_count(run->plan, PLAN_PRESENT);
    return session_log_plan(run->home, run->plan, run->options, err);
}

static bool log_signing(struct run *run, struct job *job, struct error *err)
{
    return (ca_signature_kind(run->home, job->item->verdict->template, &job->kind, err) &&
            ledger_append(run->home->ledger, "cert.signing",
                          ca_signing_record(job->item, run->plan->policy_name, run->plan->policy_sha256,
                                            run->options->batch),
                          &job->signing_seq, err)) ||
           error_while(err, "logging what is to be signed for %s", job->item->source);
}

/** A certificate of an earlier run is made again from the ledger. */
static bool take_earlier(struct run *run, struct job *job, struct error *err)
{
    job->issued_seq = job->item->earlier.issued_seq;
    return ca_certificate_of(run->home, &job->item->earlier, &job->certificate, err);
}

bool group_fill(struct run *run, struct group *group, unsigned wait_ms, struct error *err)
{
    group_clear(group);
    if (run->plan == NULL && !next_plan(run, wait_ms, err))
        return false;
    if (run->plan == NULL)
        return true;
    group->wants_proofs = run->options->wants_proofs && run->plan->wants_proofs;
    for (; run->next_item < run->plan->count && group->count < run->group_len; run->next_item++) {
        const struct plan_item *item = &run->plan->items[run->next_item];
        if (item->action != PLAN_SIGN && item->action != PLAN_REPEAT)
            continue;
        struct job *job = &group->jobs[group->count];
        *job = (struct job){.item = item};
        if (item->action == PLAN_SIGN ? !log_signing(run, job, err) : !take_earlier(run, job, err))
            return false;
        group->count++;
    }
    if (run->next_item == run->plan->count)
        group->ended = TAKE(run->plan);
    return true;
}

/* ---- signing ---- */

/** Asks a token, makes the certificate, and looks at it once more with the CA certificate's public key. */
static void sign_new(const struct ca_home *home, struct job *job)
{
    size_t token = 0;
    struct bytes tbs = bytes_of(job->item->tbs, job->item->tbs_len);
    while (signers_sign(home->signers, job->kind, tbs, &job->signature, &token, &job->err)) {
        cert_seal(tbs, job->kind, builder_bytes(&job->signature), &job->certificate);
        job->is_done = ca_check_made(builder_bytes(&job->certificate), tbs, home->issuer, &job->err);
        if (job->is_done || !signers_drop(home->signers, token, &job->err))
            return;
        builder_clear(&job->signature);
        builder_clear(&job->certificate);
        error_clear(&job->err);
    }
}

static void check_earlier(const struct ca_home *home, struct job *job)
{
    struct bytes tbs;
    struct bytes signature;
    struct bytes certificate = builder_bytes(&job->certificate);
    enum signature_kind kind = SIGNATURE_OTHER;
    job->is_done = cert_split(certificate, &tbs, &kind, &signature, &job->err) &&
                   cert_verify(certificate, tbs, home->issuer, &job->err);
    if (!job->is_done)
        job->err.kind = ERROR_LEDGER; // not the token's fault here: the record is damaged
}

void group_sign(const struct run *run, struct job *job)
{
    job->is_begun = true;
    if (job->item->action == PLAN_SIGN)
        sign_new(run->home, job);
    else
        check_earlier(run->home, job);
}

bool group_all_signed(const struct group *group, struct error *err)
{
    for (size_t i = 0; i < group->count; i++) {
        const struct plan_item *item = group->jobs[i].item;
        if (group->jobs[i].is_done || !group->jobs[i].is_begun)
            continue;
        *err = group->jobs[i].err;
        return item->action == PLAN_SIGN
                   ? error_while(err, "signing for %s", item->source)
                   : error_while(err, "making certificate %s again from the ledger", item->earlier.serial);
    }
    return true;
}

/* ---- logging ---- */

bool group_log(struct run *run, struct group *group, struct error *err)
{
    for (size_t i = 0; i < group->count; i++) {
        struct job *job = &group->jobs[i];
        if (job->is_done && job->item->action == PLAN_SIGN &&
            !ledger_append(run->home->ledger, "cert.issued",
                           ca_issued_record(job->signing_seq, builder_bytes(&job->signature),
                                            builder_bytes(&job->certificate)),
                           &job->issued_seq, err))
            return error_while(err, "logging the certificate of %s", job->item->source);
    }
    return true;
}

/** Proofs are made under a checkpoint, so one must cover the record. */
static bool cover(const struct run *run, uint64_t issued_seq, struct error *err)
{
    return ledger_checkpoint_size(run->home->ledger) > issued_seq || ca_checkpoint(run->home, err) ||
           error_while(err, "signing the checkpoint the proofs are made under");
}

bool group_prove(struct run *run, struct group *group, struct error *err)
{
    for (size_t i = 0; group->wants_proofs && i < group->count; i++) {
        struct job *job = &group->jobs[i];
        if (!job->is_done)
            continue;
        if (!cover(run, job->issued_seq, err) ||
            !ledger_prove(run->home->ledger, job->issued_seq, &job->proof, err))
            return error_while(
                err, "proving the certificate of %s; it is in the ledger, run the same command again",
                job->item->source);
        run->proofs++;
    }
    return true;
}

/* ---- handing out ---- */

/** While its items are there: the plan may go with finished(). */
static void count(struct group *group)
{
    for (size_t i = 0; i < group->count; i++) {
        bool is_new = group->jobs[i].item->action == PLAN_SIGN;
        group->issued += group->jobs[i].is_done && is_new;
        group->repeated += group->jobs[i].is_done && !is_new;
    }
    group->dealt_with = group->issued + group->repeated;
    if (group->ended != NULL)
        group->dealt_with +=
            group->ended->count - plan_count(group->ended, PLAN_SIGN) - plan_count(group->ended, PLAN_REPEAT);
}

bool group_release(const struct run *run, struct group *group, struct error *err)
{
    for (size_t i = 0; i < group->count; i++) {
        const struct job *job = &group->jobs[i];
        if (job->is_done &&
            !run->options->release(run->options->data, group->number, job->item,
                                   builder_bytes(&job->certificate), builder_bytes(&job->proof), err))
            return error_while(
                err, "handing out the certificate of %s; it is in the ledger, run the same command again",
                job->item->source);
    }
    count(group);
    return group->ended == NULL || run->source->finished(run->source->data, TAKE(group->ended), err);
}

bool group_flush(const struct run *run, const struct group *group, struct error *err)
{
    return group->count == 0 || run->options->flush == NULL ||
           run->options->flush(run->options->data, group->number, err) ||
           error_while(err, "handing out certificates; they are in the ledger, run the same command again");
}
