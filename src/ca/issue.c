#include "ca/issue.h"

#include "base/memory.h"
#include "base/time.h"
#include "ca/delivery.h"
#include "ca/group.h"
#include "ca/parallel.h"
#include "ca/session.h"
#include "ca/signers.h"

#include <stdatomic.h>
#include <string.h>

/* Groups under way: one is filled, one is signed, one is logged, and those of the delivery. */
#define ROOMS (3 + DELIVERY_GROUPS)
#define PLAN_WAIT_MS 50 /* for the next plan, before it is looked whether the person wants to stop */

/* ---- rounds ---- */

/** One group is signed; meanwhile the one after it and the one before it are logged. Earlier ones are handed out. */
struct round {
    struct run *run;
    struct delivery *delivery;
    struct group *done;    /**< signed, not logged */
    struct group *signing; /**< its bytes are durable */
    struct group *next;    /**< empty; to fill */
    struct group *spare[ROOMS];
    size_t spare_count;
    size_t issued;
    size_t repeated;
    size_t dealt_with;             /**< requests */
    atomic_int_fast64_t signed_ms; /**< when the last signature of the round was made */
    bool may_fill;
    bool are_books_kept;
    struct error err;
};

/** Only this thread uses the ledger. One commit makes the signatures of one group durable and the bytes of another. */
static bool keep_books(struct round *round, struct error *err)
{
    struct run *run = round->run;
    if (!group_log(run, round->done, err) || (round->may_fill && !group_fill(run, round->next, 0, err)) ||
        !ledger_commit(run->home->ledger, err) || !group_prove(run, round->done, err))
        return false;
    // Nothing was ready: while the token is busy, something may become so.
    return !round->may_fill || !group_is_empty(round->next) || run->is_at_end ||
           (group_fill(run, round->next, PLAN_WAIT_MS, err) && ledger_commit(run->home->ledger, err));
}

static void keep_books_or_sign(void *data, size_t index)
{
    struct round *round = data;
    if (index == 0) {
        round->are_books_kept = keep_books(round, &round->err);
        return;
    }
    group_sign(round->run, &round->signing->jobs[index - 1]);
    atomic_store(&round->signed_ms, time_monotonic_ms());
}

/** As many as the token signs in GROUP_MS. */
static void fit_group_len(struct run *run, size_t count, int64_t passed_ms)
{
    if (count < GROUP_LEN_MIN)
        return; // too few to tell
    int64_t fitting = (int64_t)count * GROUP_MS / (passed_ms > 0 ? passed_ms : 1);
    run->group_len = fitting < GROUP_LEN_MIN ? GROUP_LEN_MIN
                     : fitting < GROUP_LEN   ? (size_t)fitting
                                             : GROUP_LEN;
}

static void carry_out(struct round *round)
{
    int64_t start_ms = time_monotonic_ms();
    // A slow token is asked by more threads than there are cores; one keeps the books, and waits for the disk most of the time.
    unsigned sessions = signers_sessions(round->run->home->signers);
    unsigned threads = sessions > ca_cores() ? sessions : ca_cores();
    ca_parallel(round->signing->count + 1, threads + 1, keep_books_or_sign, round);
    fit_group_len(round->run, round->signing->count, atomic_load(&round->signed_ms) - start_ms);
    signers_tell(round->run->home->signers, round->run->console);
}

/** Counts groups that were handed out and makes them spare; there is one then, unless the delivery failed. */
static void take_back(struct round *round)
{
    struct group *group;
    while ((group = delivery_take_back(round->delivery, round->spare_count == 0)) != NULL) {
        round->issued += group->issued;
        round->repeated += group->repeated;
        round->dealt_with += group->dealt_with;
        group_clear(group);
        round->spare[round->spare_count++] = group;
    }
    ca_progress(round->run->console, "signing", round->dealt_with, round->run->source->total);
}

/** Each group goes a step on. \return false: the delivery failed */
static bool advance(struct round *round)
{
    bool is_given = delivery_give(round->delivery, round->done);
    round->done = round->signing;
    round->signing = round->next;
    if (is_given)
        take_back(round);
    if (!is_given || round->spare_count == 0)
        return false;
    round->next = round->spare[--round->spare_count];
    return true;
}

static bool is_over(const struct round *round)
{
    const struct run *run = round->run;
    bool has_more = round->may_fill && !(run->is_at_end && run->plan == NULL);
    return !has_more && group_is_empty(round->done) && group_is_empty(round->signing);
}

static bool tell_stopped(const struct round *round, struct error *err)
{
    return error_set(err, ERROR_INTERRUPTED, 0,
                     "stopped after %zu of %zu requests; run the same command again for the rest",
                     round->dealt_with, round->run->source->total);
}

/** The run ends with the error there is already; what was signed is logged, so that it need not be abandoned. */
static bool log_the_rest(struct round *round)
{
    struct error ignored = ERROR_INIT;
    return group_log(round->run, round->done, &ignored) && ledger_commit(round->run->home->ledger, &ignored);
}

/** The token failed, nothing else: what it did sign is handed out too. */
static bool hand_out_the_rest(struct round *round)
{
    struct error ignored = ERROR_INIT;
    return log_the_rest(round) && group_prove(round->run, round->done, &ignored) &&
           delivery_give(round->delivery, round->done);
}

/**
 * The heart (promise P3). Before the token is asked for a group, a commit in the round before has made its bytes durable; before a
 * certificate is handed out, a commit has made its signature durable. What the token could not sign is released by nobody and
 * abandoned.
 */
static bool run_rounds(struct round *round, struct error *err)
{
    do {
        round->may_fill = ca_may_go_on(round->run->console);
        carry_out(round);
        if (!round->are_books_kept) {
            round->done = round->signing;
            (void)log_the_rest(round); // as good as can be
            *err = round->err;
            return false;
        }
        if (!advance(round)) {
            (void)log_the_rest(round); // the delivery's error is what counts
            return false;
        }
        if (!group_all_signed(round->done, err)) {
            (void)hand_out_the_rest(round); // as good as can be
            return false;
        }
    } while (!is_over(round));
    return true;
}

static bool issue_groups(struct run *run, struct group *rooms, struct round *round, struct error *err)
{
    struct error output_err = ERROR_INIT;
    AUTO(delivery_close) struct delivery *delivery = NULL;
    if (!delivery_open(run, &delivery, err))
        return false;
    *round = (struct round){
        .run = run, .delivery = delivery, .done = &rooms[0], .signing = &rooms[1], .next = &rooms[2]};
    for (size_t i = 3; i < ROOMS; i++)
        round->spare[round->spare_count++] = &rooms[i];
    bool is_done = run_rounds(round, err);
    bool is_out = delivery_finish(delivery, &output_err);
    take_back(round);
    if (is_done && is_out)
        return (run->is_at_end && run->plan == NULL) || tell_stopped(round, err);
    if (err->kind == ERROR_NONE)
        *err = output_err;
    return false;
}

static struct issue_result result_of(const struct round *round, size_t abandoned)
{
    const struct run *run = round->run;
    return (struct issue_result){.issued = round->issued,
                                 .repeated = round->repeated,
                                 .present = run->present,
                                 .proofs = run->proofs,
                                 .refused = run->refused,
                                 .skipped = run->skipped,
                                 .abandoned = abandoned};
}

bool ca_issue_each(struct ca_home *home, const struct issue_source *source,
                   const struct issue_options *options, const struct ca_console *console,
                   struct issue_result *ret_result, struct error *err)
{
    struct run run = {
        .home = home, .source = source, .options = options, .console = console, .group_len = GROUP_LEN_FIRST};
    struct round round = {.run = &run};
    size_t abandoned = 0;
    if (!ca_clock_check(home, time_now(), err) ||
        !ca_recover(home, "an earlier run ended before the signature was recorded", &abandoned, err) ||
        !session_open(home, options, err))
        return false;
    if (abandoned > 0)
        ca_notice(
            console,
            "%zu certificates that an earlier run left unfinished were abandoned; their serials are burned",
            abandoned);
    AUTO(free) struct group *rooms = memory_new(ROOMS, sizeof(*rooms));
    bool is_done = issue_groups(&run, rooms, &round, err);
    for (size_t i = 0; i < ROOMS; i++)
        group_clear(&rooms[i]);
    *ret_result = result_of(&round, abandoned);
    if (!is_done) {
        struct error ignored = ERROR_INIT;
        size_t unfinished = 0;
        AUTO(free)
        char *reason = memory_format("the run stopped before the signature was recorded: %.*s",
                                     (int)strcspn(err->text, "\n"), err->text);
        // Best effort: if the ledger can't be written now, the next run does the same.
        if (ca_recover(home, reason, &unfinished, &ignored) &&
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
