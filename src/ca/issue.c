#include "ca/issue.h"

#include "base/memory.h"
#include "ca/delivery.h"
#include "ca/group.h"
#include "ca/session.h"
#include "ca/signers.h"
#include "ca/signing.h"

#include <string.h>

/* Groups under way: one is filled or logged here, the others are signed and handed out. */
#define ROOMS (1 + SIGNING_GROUPS + DELIVERY_GROUPS)
#define WAIT_MS 50 /* for something to do, before it is looked whether the person wants to stop */

/* ---- the books ---- */

/**
 * Who keeps the books: this thread fills groups from the plans, logs them, has them signed, logs what was signed, and has it handed
 * out. Signing, and handing out, are done by threads of their own at the same time.
 */
struct books {
    struct run *run;
    struct signing *signing;
    struct delivery *delivery;
    struct group *spare[ROOMS];
    size_t spare_count;
    bool may_fill;
    size_t issued;
    size_t repeated;
    size_t dealt_with; /**< requests */
};

static bool has_more(const struct run *run)
{
    return run->plan != NULL || !run->is_at_end;
}

/** As many as the token signs in GROUP_MS. */
static void fit_group_len(struct run *run, const struct group *group)
{
    size_t count = 0;
    for (size_t i = 0; i < group->count; i++)
        count += group->jobs[i].item->action == PLAN_SIGN;
    if (count < GROUP_LEN_MIN)
        return; // too few to tell
    int64_t passed_ms = group->ended_ms - group->begun_ms;
    int64_t fitting = (int64_t)count * GROUP_MS / (passed_ms > 0 ? passed_ms : 1);
    run->group_len = fitting < GROUP_LEN_MIN ? GROUP_LEN_MIN
                     : fitting < GROUP_LEN   ? (size_t)fitting
                                             : GROUP_LEN;
}

/** Counts groups that were handed out and makes them spare; there is one then, unless the delivery failed. */
static void take_back(struct books *books)
{
    struct group *group;
    while ((group = delivery_take_back(books->delivery, books->spare_count == 0)) != NULL) {
        books->issued += group->issued;
        books->repeated += group->repeated;
        books->dealt_with += group->dealt_with;
        group_clear(group);
        books->spare[books->spare_count++] = group;
    }
    ca_progress(books->run->console, "signing", books->dealt_with, books->run->source->total);
}

static bool can_fill(const struct books *books)
{
    return books->may_fill && has_more(books->run) && signing_count(books->signing) < SIGNING_GROUPS &&
           !signing_has_failed(books->signing);
}

/** The next group that was signed; NULL: there is something else to do, or to look whether there is. */
static struct group *take_signed(struct books *books)
{
    struct group *group = signing_take(books->signing, can_fill(books) ? 0 : WAIT_MS);
    if (group != NULL)
        fit_group_len(books->run, group);
    return group;
}

/** Fills a group, if more may be under way. \param ret_group  NULL: nothing was ready, or is left */
static bool fill_next(struct books *books, bool may_wait, struct group **ret_group, struct error *err)
{
    *ret_group = NULL;
    if (!can_fill(books))
        return true;
    struct group *group = books->spare[books->spare_count - 1];
    if (!group_fill(books->run, group, may_wait ? WAIT_MS : 0, err))
        return false;
    if (!group_is_empty(group)) {
        books->spare_count--;
        *ret_group = group;
    }
    return true;
}

/**
 * The heart (promise P3). One commit makes the bytes of one group durable before the token is asked for it, and the signatures of
 * another before they are handed out. What the token could not sign is released by nobody and abandoned.
 */
static bool keep_books(struct books *books, struct error *err)
{
    struct error ignored = ERROR_INIT;
    struct group *filled = NULL;
    struct group *done = take_signed(books);
    if (done == NULL && signing_has_failed(books->signing))
        return false; // end_early() finds out why
    if (done != NULL && !group_log(books->run, done, err))
        return false;
    // If there is no next group, for whatever reason, this one goes its way nevertheless.
    bool is_filled = fill_next(books, done == NULL, &filled, err);
    struct error *told = is_filled ? err : &ignored;
    if (!ledger_commit(books->run->home->ledger, told))
        return false;
    if (filled != NULL)
        signing_give(books->signing, filled);
    return (done == NULL || (group_prove(books->run, done, told) && delivery_give(books->delivery, done))) &&
           is_filled;
}

static bool is_over(const struct books *books)
{
    return (!books->may_fill || !has_more(books->run)) && signing_count(books->signing) == 0;
}

static bool tell_stopped(const struct books *books, struct error *err)
{
    return error_set(err, ERROR_INTERRUPTED, 0,
                     "stopped after %zu of %zu requests; run the same command again for the rest",
                     books->dealt_with, books->run->source->total);
}

/**
 * The run ends. What was signed is logged, so that it need not be abandoned, and handed out if it can be.
 * \param err  stays what it is; none: it is set to what the token said
 */
static void end_early(struct books *books, struct error *err)
{
    struct group *group;
    struct run *run = books->run;
    struct error ignored = ERROR_INIT; // as good as can be
    bool is_told = err->kind != ERROR_NONE;
    signing_stop(books->signing);
    bool is_logged = ledger_commit(run->home->ledger, &ignored); // also what was logged when it failed
    bool is_given = is_logged;
    while ((group = signing_take(books->signing, 0)) != NULL) {
        is_told = is_told || !group_all_signed(group, err);
        is_logged =
            is_logged && group_log(run, group, &ignored) && ledger_commit(run->home->ledger, &ignored);
        is_given = is_given && is_logged && group_prove(run, group, &ignored) &&
                   delivery_give(books->delivery, group);
    }
    signers_tell(run->home->signers, run->console);
}

static bool run_books(struct books *books, struct error *err)
{
    do {
        books->may_fill = ca_may_go_on(books->run->console);
        take_back(books);
        if (books->spare_count == 0 || !keep_books(books, err)) {
            end_early(books, err);
            return false;
        }
        signers_tell(books->run->home->signers, books->run->console);
    } while (!is_over(books));
    return true;
}

static bool issue_groups(struct run *run, struct group *rooms, struct books *books, struct error *err)
{
    struct error output_err = ERROR_INIT;
    AUTO(signing_close) struct signing *signing = NULL;
    AUTO(delivery_close) struct delivery *delivery = NULL;
    if (!signing_open(run, &signing, err) || !delivery_open(run, ROOMS, &delivery, err))
        return false;
    *books = (struct books){.run = run, .signing = signing, .delivery = delivery};
    for (size_t i = 0; i < ROOMS; i++)
        books->spare[books->spare_count++] = &rooms[i];
    bool is_done = run_books(books, err);
    bool is_out = delivery_finish(delivery, &output_err);
    take_back(books);
    if (is_done && is_out)
        return !has_more(run) || tell_stopped(books, err);
    if (err->kind == ERROR_NONE)
        *err = output_err;
    return false;
}

static struct issue_result result_of(const struct books *books, size_t abandoned)
{
    const struct run *run = books->run;
    return (struct issue_result){.issued = books->issued,
                                 .repeated = books->repeated,
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
    struct books books = {.run = &run};
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
    bool is_done = issue_groups(&run, rooms, &books, err);
    for (size_t i = 0; i < ROOMS; i++)
        group_clear(&rooms[i]);
    *ret_result = result_of(&books, abandoned);
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
