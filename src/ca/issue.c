#include "ca/issue.h"

#include "base/memory.h"
#include "ca/parallel.h"
#include "ca/session.h"
#include "ca/show.h"
#include "ca/signers.h"
#include "ledger/proof.h"

#include <inttypes.h>
#include <string.h>

/* One fsync covers the signatures of one group and the bytes of the next. */
#define GROUP_LEN 256
#define ROOMS 3         /* groups under way */
#define PLAN_WAIT_MS 50 /* for the next plan, before it is looked whether the person wants to stop */

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
    const struct issue_source *source;
    const struct issue_options *options;
    const struct ca_console *console;
    const struct plan *plan; /**< the next group is filled from it; NULL: the source is asked for one */
    size_t next_item;        /**< where the next group starts looking in the plan */
    bool is_at_end;          /**< the source has no more */
    size_t done;             /**< requests dealt with */
    struct issue_result result;
};

/** Certificates of one plan that go their way together. */
struct group {
    struct job jobs[GROUP_LEN];
    size_t count;
    bool wants_proofs;        /**< its policy and the run want them */
    const struct plan *ended; /**< the plan is carried out when this group is; NULL: more of it is to come */
};

static void group_clear(struct group *group)
{
    for (size_t i = 0; i < group->count; i++) {
        builder_done(&group->jobs[i].signature);
        builder_done(&group->jobs[i].certificate);
    }
    group->count = 0;
    group->ended = NULL;
}

/* ---- filling a group ---- */

static bool next_plan(struct run *run, unsigned wait_ms, struct error *err)
{
    if (run->is_at_end)
        return true;
    if (!run->source->next(run->source->data, wait_ms, &run->plan, &run->is_at_end, err))
        return false;
    if (run->plan == NULL)
        return true;
    run->next_item = 0;
    run->result.refused += plan_count(run->plan, PLAN_REFUSE);
    run->result.skipped += plan_count(run->plan, PLAN_SKIP);
    run->result.present += plan_count(run->plan, PLAN_PRESENT);
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

/** Takes what comes next; what is to be signed goes into the ledger's group. The caller commits. */
static bool fill_group(struct run *run, struct group *group, unsigned wait_ms, struct error *err)
{
    group_clear(group);
    if (run->plan == NULL && !next_plan(run, wait_ms, err))
        return false;
    if (run->plan == NULL)
        return true;
    group->wants_proofs = run->options->wants_proofs && run->plan->wants_proofs;
    for (; run->next_item < run->plan->count && group->count < GROUP_LEN; run->next_item++) {
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

/* ---- signing a group, handing one out ---- */

/** Asks the token, makes the certificate, and looks at it once more with the CA certificate's public key. */
static void sign_new(const struct ca_home *home, struct job *job)
{
    struct bytes tbs = bytes_of(job->item->tbs, job->item->tbs_len);
    if (!signers_sign(home->signers, job->kind, tbs, &job->signature, &job->err))
        return;
    cert_seal(tbs, job->kind, builder_bytes(&job->signature), &job->certificate);
    job->is_done = ca_check_made(builder_bytes(&job->certificate), tbs, home->issuer, &job->err);
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

static bool log_issued(struct run *run, struct group *group, struct error *err)
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

static bool hand_out(struct run *run, struct job *job, bool wants_proof, struct error *err)
{
    AUTO(builder_done) struct builder proof = BUILDER_INIT;
    if (wants_proof &&
        (!cover(run, job->issued_seq, err) || !ledger_prove(run->home->ledger, job->issued_seq, &proof, err)))
        return false;
    run->result.proofs += wants_proof;
    return run->options->release(run->options->data, job->item, builder_bytes(&job->certificate),
                                 builder_bytes(&proof), err);
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
        if (job->is_done && !hand_out(run, job, group->wants_proofs, err))
            return error_while(
                err, "handing out the certificate of %s; it is in the ledger, run the same command again",
                job->item->source);
    }
    if (group->count > 0 && !flush(run, err))
        return false;
    for (size_t i = 0; i < group->count; i++) {
        bool is_new = group->jobs[i].item->action == PLAN_SIGN;
        run->result.issued += group->jobs[i].is_done && is_new;
        run->result.repeated += group->jobs[i].is_done && !is_new;
        run->done += group->jobs[i].is_done;
    }
    if (group->ended != NULL)
        run->done +=
            group->ended->count - plan_count(group->ended, PLAN_SIGN) - plan_count(group->ended, PLAN_REPEAT);
    ca_progress(run->console, "signing", run->done, run->source->total);
    return group->ended == NULL || run->source->finished(run->source->data, TAKE(group->ended), err);
}

static bool all_signed(const struct group *group, struct error *err)
{
    for (size_t i = 0; i < group->count; i++) {
        const struct plan_item *item = group->jobs[i].item;
        if (group->jobs[i].is_done)
            continue;
        *err = group->jobs[i].err;
        return item->action == PLAN_SIGN
                   ? error_while(err, "signing for %s", item->source)
                   : error_while(err, "making certificate %s again from the ledger", item->earlier.serial);
    }
    return true;
}

/* ---- three groups at once ---- */

/** One group is signed; meanwhile the one before it is logged and handed out, and the one after it is logged. */
struct round {
    struct run *run;
    struct group *done;    /**< signed, not logged */
    struct group *signing; /**< its bytes are durable */
    struct group *next;    /**< empty; to fill */
    bool may_fill;
    bool is_fine; /**< the books were kept */
    struct error err;
};

static bool is_empty(const struct group *group)
{
    return group->count == 0 && group->ended == NULL;
}

/** Only this thread uses the ledger. One commit makes the signatures of one group durable and the bytes of another. */
static bool keep_books(struct round *round, struct error *err)
{
    struct run *run = round->run;
    if (!log_issued(run, round->done, err) || (round->may_fill && !fill_group(run, round->next, 0, err)) ||
        !ledger_commit(run->home->ledger, err) || !release_group(run, round->done, err))
        return false;
    // Nothing was ready: while the token is busy, something may become so.
    return !round->may_fill || !is_empty(round->next) || run->is_at_end ||
           (fill_group(run, round->next, PLAN_WAIT_MS, err) && ledger_commit(run->home->ledger, err));
}

static void keep_books_or_sign(void *data, size_t index)
{
    struct round *round = data;
    if (index == 0)
        round->is_fine = keep_books(round, &round->err);
    else if (round->signing->jobs[index - 1].item->action == PLAN_SIGN)
        sign_new(round->run->home, &round->signing->jobs[index - 1]);
    else
        check_earlier(round->run->home, &round->signing->jobs[index - 1]);
}

static void carry_out(struct round *round)
{
    // A slow token is asked by more threads than there are cores; one keeps the books, and waits for the disk most of the time.
    unsigned sessions = signers_sessions(round->run->home->signers);
    unsigned threads = sessions > ca_cores() ? sessions : ca_cores();
    ca_parallel(round->signing->count + 1, threads + 1, keep_books_or_sign, round);
    signers_tell(round->run->home->signers, round->run->console);
}

static bool tell_stopped(const struct run *run, struct error *err)
{
    return error_set(err, ERROR_INTERRUPTED, 0,
                     "stopped after %zu of %zu requests; run the same command again for the rest", run->done,
                     run->source->total);
}

/** What was signed is logged, and handed out if it can be; the run ends with the error there is already. */
static bool end_early(struct run *run, struct group *group, bool may_release)
{
    struct error ignored = ERROR_INIT;
    return log_issued(run, group, &ignored) && ledger_commit(run->home->ledger, &ignored) &&
           (!may_release || release_group(run, group, &ignored));
}

/**
 * The heart (promise P3). Before the token is asked for a group, a commit in the round before has made its bytes durable; before a
 * certificate is handed out, a commit has made its signature durable. What the token could not sign is released by nobody
 * and abandoned.
 */
static bool issue_groups(struct run *run, struct group *rooms, struct error *err)
{
    struct round round = {.run = run, .done = &rooms[0], .signing = &rooms[1], .next = &rooms[2]};
    do {
        group_clear(round.next);
        round.may_fill = ca_may_go_on(run->console);
        carry_out(&round);
        struct group *spare = round.done;
        round.done = round.signing;
        round.signing = round.next;
        round.next = spare;
        if (!round.is_fine) {
            // As good as can be: what is signed need not be abandoned.
            (void)end_early(run, round.done, false);
            *err = round.err;
            return false;
        }
        if (!all_signed(round.done, err)) {
            (void)end_early(run, round.done, true);
            return false;
        }
    } while (!is_empty(round.done) || !is_empty(round.signing) ||
             (round.may_fill && !(run->is_at_end && run->plan == NULL)));
    return (run->is_at_end && run->plan == NULL) || tell_stopped(run, err);
}

bool ca_issue_each(struct ca_home *home, const struct issue_source *source,
                   const struct issue_options *options, const struct ca_console *console,
                   struct issue_result *ret_result, struct error *err)
{
    struct run run = {.home = home, .source = source, .options = options, .console = console};
    if (!ca_clock_check(home, time_now(), err) ||
        !ca_recover(home, "an earlier run ended before the signature was recorded", &run.result.abandoned,
                    err) ||
        !session_open(home, options, err))
        return false;
    if (run.result.abandoned > 0)
        ca_notice(
            console,
            "%zu certificates that an earlier run left unfinished were abandoned; their serials are burned",
            run.result.abandoned);
    AUTO(free) struct group *rooms = memory_new(ROOMS, sizeof(*rooms));
    bool is_done = issue_groups(&run, rooms, err);
    for (size_t i = 0; i < ROOMS; i++)
        group_clear(&rooms[i]);
    *ret_result = run.result;
    if (!is_done) {
        struct error ignored = ERROR_INIT;
        size_t abandoned = 0;
        AUTO(free)
        char *reason = memory_format("the run stopped before the signature was recorded: %.*s",
                                     (int)strcspn(err->text, "\n"), err->text);
        // Best effort: if the ledger can't be written now, the next run does the same.
        if (ca_recover(home, reason, &abandoned, &ignored) &&
            ledger_checkpoint_size(home->ledger) < ledger_size(home->ledger) &&
            !ca_checkpoint(home, &ignored))
            ca_notice(console, "no checkpoint could be signed: %s", ignored.text);
        return false;
    }
    // With proofs, the last group's checkpoint covers all.
    if (ledger_checkpoint_size(home->ledger) < ledger_size(home->ledger) && !ca_checkpoint(home, err))
        return error_while(err, "signing the checkpoint; the certificates are issued and in the ledger");
    ret_result->ledger_size = ledger_size(home->ledger);
    return true;
}

/* ---- one plan ---- */

static bool take_plan(void *data, unsigned wait_ms, const struct plan **ret_plan, bool *ret_is_last,
                      struct error *err)
{
    (void)wait_ms, (void)err; // it is there
    const struct plan **plan = data;
    *ret_plan = TAKE(*plan);
    *ret_is_last = true;
    return true;
}

static bool leave_plan(void *data, const struct plan *plan, struct error *err)
{
    (void)data, (void)plan, (void)err; // it stays the caller's, who reports it
    return true;
}

bool ca_issue(struct ca_home *home, const struct plan *plan, const struct issue_options *options,
              const struct ca_console *console, struct issue_result *ret_result, struct error *err)
{
    char batch[SESSION_BATCH_SIZE];
    const struct plan *waiting = plan;
    const struct issue_source source = {
        .next = take_plan, .finished = leave_plan, .data = &waiting, .total = plan->count};
    struct issue_options named = *options;
    if (!session_make_batch(batch, err))
        return false;
    named.batch = batch;
    named.only = plan;
    return ca_issue_each(home, &source, &named, console, ret_result, err);
}
