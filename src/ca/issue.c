#include "ca/issue.h"

#include "base/encode.h"
#include "base/memory.h"
#include "ca/parallel.h"
#include "ca/session.h"
#include "ca/show.h"
#include "ledger/proof.h"

#include <string.h>

/* One fsync covers the signatures of one group and the bytes of the next. */
#define GROUP_LEN 128

struct job {
    const struct plan_item *item;
    uint64_t signing_seq;
    uint64_t issued_seq; /**< once it is in the ledger */
    enum signature_kind kind;
    struct builder signature;
    struct builder certificate;
    bool is_done;
    struct error err;
};

struct run {
    struct ca_home *home;
    const struct plan *plan;
    const struct issue_options *options;
    const struct ca_console *console;
    const char *batch;
    size_t next_item; /**< where the next group starts looking in the plan */
    size_t done;      /**< certificates handed out */
    size_t total;
    struct issue_result result;
};

struct group {
    struct job jobs[GROUP_LEN];
    size_t count;
};

static void group_clear(struct group *group)
{
    for (size_t i = 0; i < group->count; i++) {
        builder_done(&group->jobs[i].signature);
        builder_done(&group->jobs[i].certificate);
    }
    group->count = 0;
}

static void group_free(struct group *group)
{
    group_clear(group);
    free(group);
}
DEFINE_AUTO(struct group *, group_free);

/** Puts the next certificates' bytes into the ledger's group. The caller commits. */
static bool log_signing(struct run *run, struct group *group, struct error *err)
{
    group_clear(group);
    for (; run->next_item < run->plan->count && group->count < GROUP_LEN; run->next_item++) {
        const struct plan_item *item = &run->plan->items[run->next_item];
        if (item->action != PLAN_SIGN)
            continue;
        struct job *job = &group->jobs[group->count];
        *job = (struct job){.item = item};
        if (!ca_signature_kind(run->home, item->verdict->template, &job->kind, err) ||
            !ledger_append(
                run->home->ledger, "cert.signing",
                ca_signing_record(item, run->plan->policy_name, run->plan->policy_sha256, run->batch),
                &job->signing_seq, err))
            return error_while(err, "logging what is to be signed for %s", item->source);
        group->count++;
    }
    return true;
}

/** What is done at one time: the certificates of one group are handed out while the next group is signed. */
struct signing {
    struct run *run;
    struct group *group;    /**< to sign */
    struct group *finished; /**< to hand out; its certificates are in the ledger */
    bool is_released;
    struct error release_error;
};

/** Asks the token, makes the certificate, and looks at it once more with the CA certificate's public key. */
static void sign_one(struct signing *signing, size_t index)
{
    struct job *job = &signing->group->jobs[index];
    struct bytes tbs = bytes_of(job->item->tbs, job->item->tbs_len);
    if (!token_key_sign(signing->run->home->ca_key, job->kind, tbs, &job->signature, &job->err))
        return;
    cert_seal(tbs, job->kind, builder_bytes(&job->signature), &job->certificate);
    job->is_done = cert_verify(builder_bytes(&job->certificate), tbs, signing->run->home->issuer, &job->err);
}

static bool log_issued(struct run *run, struct group *group, struct error *err)
{
    for (size_t i = 0; i < group->count; i++) {
        struct job *job = &group->jobs[i];
        if (job->is_done && !ledger_append(run->home->ledger, "cert.issued",
                                           ca_issued_record(job->signing_seq, builder_bytes(&job->signature),
                                                            builder_bytes(&job->certificate)),
                                           &job->issued_seq, err))
            return error_while(err, "logging the certificate of %s", job->item->source);
    }
    return true;
}

/** Proofs are made under a checkpoint, so one must cover the record. While a group is handed out, only its thread uses the ledger. */
static bool cover(const struct run *run, uint64_t issued_seq, struct error *err)
{
    return ledger_checkpoint_size(run->home->ledger) > issued_seq || ca_checkpoint(run->home, err) ||
           error_while(err, "signing the checkpoint the proofs are made under");
}

static bool hand_out(struct run *run, const struct plan_item *item, uint64_t issued_seq,
                     struct bytes certificate, struct error *err)
{
    AUTO(builder_done) struct builder proof = BUILDER_INIT;
    if (run->options->wants_proofs &&
        (!cover(run, issued_seq, err) || !ledger_prove(run->home->ledger, issued_seq, &proof, err)))
        return false;
    run->result.proofs += run->options->wants_proofs;
    return run->options->release(run->options->data, item, certificate, builder_bytes(&proof), err);
}

static bool flush(struct run *run, struct error *err)
{
    return run->options->flush == NULL || run->options->flush(run->options->data, err) ||
           error_while(err, "handing out certificates; they are in the ledger, run the same command again");
}

static bool release_group(struct run *run, struct group *group, struct error *err)
{
    for (size_t i = 0; i < group->count; i++) {
        struct job *job = &group->jobs[i];
        if (!job->is_done)
            continue;
        if (!hand_out(run, job->item, job->issued_seq, builder_bytes(&job->certificate), err))
            return error_while(
                err, "handing out the certificate of %s; it is in the ledger, run the same command again",
                job->item->source);
    }
    if (group->count > 0 && !flush(run, err))
        return false;
    for (size_t i = 0; i < group->count; i++) {
        if (!group->jobs[i].is_done)
            continue;
        run->result.issued++;
        ca_progress(run->console, "signing", ++run->done, run->total);
    }
    return true;
}

static bool all_signed(const struct group *group, struct error *err)
{
    for (size_t i = 0; i < group->count; i++) {
        if (!group->jobs[i].is_done) {
            *err = group->jobs[i].err;
            return error_while(err, "signing for %s", group->jobs[i].item->source);
        }
    }
    return true;
}

static void release_or_sign(void *data, size_t index)
{
    struct signing *signing = data;
    if (index > 0)
        sign_one(signing, index - 1);
    else
        signing->is_released = release_group(signing->run, signing->finished, &signing->release_error);
}

/** Hands out the certificates of one group and signs the next; both may be empty. Faults of signing are in the jobs. */
static bool release_and_sign(struct run *run, struct group *finished, struct group *group, struct error *err)
{
    struct signing signing = {.run = run, .group = group, .finished = finished};
    // One thread more than cores: the one that hands out waits for the medium most of the time.
    ca_parallel(group->count + 1, ca_cores() + 1, release_or_sign, &signing);
    if (!signing.is_released)
        *err = signing.release_error;
    return signing.is_released;
}

/**
 * The heart (promise P3). Before the token is asked for a group, commit() has made its bytes durable; before a certificate is
 * handed out, commit() has made its signature durable. What the token could not sign is released by nobody and abandoned.
 */
static bool issue_groups(struct run *run, struct error *err)
{
    AUTO(group_free) struct group *now = memory_new(1, sizeof(*now));
    AUTO(group_free) struct group *next = memory_new(1, sizeof(*next));
    if (!log_signing(run, next, err) || !ledger_commit(run->home->ledger, err))
        return false;
    do {
        // `next` is durable, and so are the signatures of `now`.
        if (!release_and_sign(run, now, next, err))
            return false;
        struct group *signed_group = next;
        next = now;
        now = signed_group;
        struct error signing_error = ERROR_INIT;
        bool is_signed = all_signed(now, &signing_error);
        bool may_go_on = is_signed && ca_may_go_on(run->console);
        group_clear(next);
        if (!log_issued(run, now, err) || (may_go_on && !log_signing(run, next, err)) ||
            !ledger_commit(run->home->ledger, err))
            return false;
        if (may_go_on)
            continue;
        if (!release_and_sign(run, now, next, err))
            return false;
        group_clear(now);
        if (!is_signed) {
            *err = signing_error;
            return false;
        }
        if (run->done < run->total)
            return error_set(err, ERROR_INTERRUPTED, 0,
                             "stopped after %zu of %zu certificates; run the same command again for the rest",
                             run->done, run->total);
    } while (now->count > 0);
    return true;
}

/** A certificate of an earlier run, made again from the ledger and checked again. */
static bool release_earlier(struct run *run, const struct plan_item *item, struct error *err)
{
    struct bytes rest;
    struct bytes tbs;
    AUTO(builder_done) struct builder certificate = BUILDER_INIT;
    if (!ca_certificate_of(run->home, &item->earlier, &certificate, err))
        return false;
    enum signature_kind kind = SIGNATURE_OTHER;
    if (!cert_split(builder_bytes(&certificate), &tbs, &kind, &rest, err) ||
        !cert_verify(builder_bytes(&certificate), tbs, run->home->issuer, err)) {
        err->kind = ERROR_LEDGER; // not the token's fault here: the record is damaged
        return error_while(err, "making certificate %s again from the ledger", item->earlier.serial);
    }
    if (!hand_out(run, item, item->earlier.issued_seq, builder_bytes(&certificate), err))
        return error_while(err, "handing out the certificate of %s again", item->source);
    run->result.repeated++;
    ca_progress(run->console, "signing", ++run->done, run->total);
    return true;
}

static bool issue_all(struct run *run, struct error *err)
{
    for (size_t i = 0; i < run->plan->count; i++) {
        const struct plan_item *item = &run->plan->items[i];
        if (item->action == PLAN_REPEAT && !release_earlier(run, item, err))
            return false;
    }
    return flush(run, err) && issue_groups(run, err);
}

bool ca_issue(struct ca_home *home, const struct plan *plan, const struct issue_options *options,
              const struct ca_console *console, struct issue_result *ret_result, struct error *err)
{
    char batch[SESSION_BATCH_SIZE];
    struct run run = {.home = home, .plan = plan, .options = options, .console = console, .batch = batch};
    run.total = plan_count(plan, PLAN_SIGN) + plan_count(plan, PLAN_REPEAT);
    run.result.refused = plan_count(plan, PLAN_REFUSE);
    run.result.skipped = plan_count(plan, PLAN_SKIP);
    if (!ca_clock_check(home, time_now(), err) ||
        !ca_recover(home, "an earlier run ended before the signature was recorded", &run.result.abandoned,
                    err) ||
        !session_open(home, plan, options, batch, err))
        return false;
    if (run.result.abandoned > 0)
        ca_notice(
            console,
            "%zu certificates that an earlier run left unfinished were abandoned; their serials are burned",
            run.result.abandoned);
    bool is_done = issue_all(&run, err);
    if (!is_done) {
        struct error ignored = ERROR_INIT;
        size_t abandoned = 0;
        // Best effort: if the ledger can't be written now, the next run does the same.
        if (ca_recover(home, "the run stopped before the signature was recorded", &abandoned, &ignored) &&
            ledger_checkpoint_size(home->ledger) < ledger_size(home->ledger) &&
            !ca_checkpoint(home, &ignored))
            ca_notice(console, "no checkpoint could be signed: %s", ignored.text);
        return false;
    }
    // With proofs, the last group's checkpoint covers all.
    if (ledger_checkpoint_size(home->ledger) < ledger_size(home->ledger) && !ca_checkpoint(home, err))
        return error_while(err, "signing the checkpoint; the certificates are issued and in the ledger");
    run.result.ledger_size = ledger_size(home->ledger);
    *ret_result = run.result;
    return true;
}
