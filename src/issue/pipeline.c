/* SPDX-License-Identifier: Apache-2.0 */
#include "issue/pipeline.h"

#include "base/memory.h"
#include "issue/delivery.h"
#include "issue/signing.h"

#include <stdlib.h>

/* Groups under way: one is filled or logged here, the others are signed and delivered. */
#define GROUPS_MAX (1 + SIGNING_GROUPS + DELIVERY_GROUPS)
#define WAIT_MS 50 /* for something to do, before it is looked whether the person wants to stop */

/**
 * The coordinator: its thread alone uses the ledger. It fills groups from the stream, logs them, has them signed, logs what was
 * signed, and has it delivered. Signing, and delivering, are done by threads of their own at the same time.
 */
struct coordinator {
    struct signer *signer;
    struct issue_stream *stream;
    const struct console *console;
    struct signing *signing;
    struct delivery *delivery;
    struct issue_group *spare[GROUPS_MAX];
    size_t spare_count;
    size_t group_len; /**< how many go together */
    bool may_fill;
    struct issue_counts counts;
};

static bool has_more(const struct coordinator *coordinator)
{
    return coordinator->stream->has_more(coordinator->stream);
}

/** Counts groups that were delivered and makes them spare; there is one then, unless the delivery failed. */
static void take_back(struct coordinator *coordinator)
{
    struct issue_group *group;
    while ((group = delivery_take_back(coordinator->delivery, coordinator->spare_count == 0)) != NULL) {
        coordinator->counts.issued += group->issued;
        coordinator->counts.repeated += group->repeated;
        coordinator->counts.dealt_with += group->dealt_with;
        group_clear(group);
        coordinator->spare[coordinator->spare_count++] = group;
    }
    if (coordinator->stream->total > 0)
        console_progress(coordinator->console, "signing", coordinator->counts.dealt_with,
                         coordinator->stream->total);
}

static bool can_fill(const struct coordinator *coordinator)
{
    return coordinator->may_fill && has_more(coordinator) &&
           signing_count(coordinator->signing) < SIGNING_GROUPS && !signing_has_failed(coordinator->signing);
}

/** The next group that was signed; NULL: there is something else to do, or to look whether there is. */
static struct issue_group *take_signed(struct coordinator *coordinator)
{
    struct issue_group *group = signing_take(coordinator->signing, can_fill(coordinator) ? 0 : WAIT_MS);
    if (group != NULL)
        coordinator->group_len = group_fitting_len(group, coordinator->group_len);
    return group;
}

/** Fills a group, if more may be under way. \param ret_group  NULL: nothing was ready, or is left */
static bool fill_next(struct coordinator *coordinator, bool may_wait, struct issue_group **ret_group,
                      struct error *err)
{
    *ret_group = NULL;
    if (!can_fill(coordinator))
        return true;
    struct issue_group *group = coordinator->spare[coordinator->spare_count - 1];
    if (!coordinator->stream->fill(coordinator->stream, group, coordinator->group_len, may_wait ? WAIT_MS : 0,
                                   err))
        return false;
    if (!group_is_empty(group)) {
        coordinator->spare_count--;
        *ret_group = group;
    }
    return true;
}

/*
 * P3 is kept by the order below. These two end the program where it is not, whichever thread is faster: the signer would only see it
 * when the token is asked before the disk is done, and the output never.
 */

static void ask_for(struct coordinator *coordinator, struct issue_group *group)
{
    if (!group_is_durable(coordinator->signer, group))
        abort();
    signing_give(coordinator->signing, group);
}

static bool hand_out(struct coordinator *coordinator, struct issue_group *group)
{
    if (!group_is_durable(coordinator->signer, group))
        abort();
    return delivery_give(coordinator->delivery, group);
}

/**
 * P3 order. One commit makes the bytes of one group durable before the token is asked for it (ask_for() hands it over only
 * then), and the signatures of another before they are delivered. What the token could not sign is delivered to nobody and abandoned.
 */
static bool advance(struct coordinator *coordinator, struct error *err)
{
    struct error ignored = ERROR_INIT;
    struct signer *signer = coordinator->signer;
    struct issue_group *filled = NULL;
    struct issue_group *done = take_signed(coordinator);
    if (done == NULL && signing_has_failed(coordinator->signing))
        return false; // end_early() finds out why
    if (done != NULL && !group_log(signer, done, err))
        return false;
    // If there is no next group, for whatever reason, this one goes its way nevertheless.
    bool is_filled = fill_next(coordinator, done == NULL, &filled, err);
    struct error *reported = is_filled ? err : &ignored;
    if (!ledger_commit(signer_home(signer)->ledger, reported))
        return false;
    if (filled != NULL)
        ask_for(coordinator, filled);
    return (done == NULL || (group_prove(signer, done, &coordinator->counts.proofs, reported) &&
                             hand_out(coordinator, done))) &&
           is_filled;
}

static bool is_over(const struct coordinator *coordinator)
{
    return (!coordinator->may_fill || !has_more(coordinator)) && signing_count(coordinator->signing) == 0;
}

static bool report_stopped(const struct coordinator *coordinator, struct error *err)
{
    if (coordinator->stream->total == 0)
        return error_set(err, ERROR_INTERRUPTED, 0,
                         "stopped before anything was signed; run the same command again");
    return error_set(err, ERROR_INTERRUPTED, 0,
                     "stopped after %zu of %zu requests; run the same command again for the rest",
                     coordinator->counts.dealt_with, coordinator->stream->total);
}

/**
 * The run ends. What was signed is logged, so that it need not be abandoned, and delivered if it can be.
 * \param err  stays what it is; none: it is set to what the token said
 */
static void end_early(struct coordinator *coordinator, struct error *err)
{
    struct issue_group *group;
    struct signer *signer = coordinator->signer;
    struct ledger *ledger = signer_home(signer)->ledger;
    struct error ignored = ERROR_INIT; // as good as can be
    bool is_reported = err->kind != ERROR_NONE;
    signing_stop(coordinator->signing);
    bool is_logged = ledger_commit(ledger, &ignored); // also what was logged when it failed
    bool is_given = is_logged;
    while ((group = signing_take(coordinator->signing, 0)) != NULL) {
        is_reported = is_reported || !group_all_signed(group, err);
        is_logged = is_logged && group_log(signer, group, &ignored) && ledger_commit(ledger, &ignored);
        is_given = is_given && is_logged &&
                   group_prove(signer, group, &coordinator->counts.proofs, &ignored) &&
                   hand_out(coordinator, group);
    }
    signer_report_dropped(signer, coordinator->console);
}

static bool coordinate(struct coordinator *coordinator, struct error *err)
{
    do {
        coordinator->may_fill = console_may_go_on(coordinator->console);
        take_back(coordinator);
        if (coordinator->spare_count == 0 || !advance(coordinator, err)) {
            end_early(coordinator, err);
            return false;
        }
        signer_report_dropped(coordinator->signer, coordinator->console);
    } while (!is_over(coordinator));
    return true;
}

static bool run(struct coordinator *coordinator, struct issue_group *groups, struct error *err)
{
    struct error output_err = ERROR_INIT;
    AUTO(signing_close) struct signing *signing = NULL;
    AUTO(delivery_close) struct delivery *delivery = NULL;
    if (!signing_open(coordinator->signer, &signing, err) ||
        !delivery_open(coordinator->stream, GROUPS_MAX, &delivery, err))
        return false;
    coordinator->signing = signing;
    coordinator->delivery = delivery;
    for (size_t i = 0; i < GROUPS_MAX; i++)
        coordinator->spare[coordinator->spare_count++] = &groups[i];
    bool is_done = coordinate(coordinator, err);
    bool is_out = delivery_finish(delivery, &output_err);
    take_back(coordinator);
    if (is_done && is_out)
        return !has_more(coordinator) || report_stopped(coordinator, err);
    if (err->kind == ERROR_NONE)
        *err = output_err;
    return false;
}

bool issue_logged(struct signer *signer, struct issue_stream *stream, const struct console *console,
                  struct issue_counts *ret_counts, struct error *err)
{
    struct coordinator coordinator = {
        .signer = signer, .stream = stream, .console = console, .group_len = GROUP_LEN_FIRST};
    AUTO(free) struct issue_group *groups = memory_new(GROUPS_MAX, sizeof(*groups));
    bool is_done = run(&coordinator, groups, err);
    for (size_t i = 0; i < GROUPS_MAX; i++)
        group_clear(&groups[i]);
    *ret_counts = coordinator.counts;
    return is_done;
}
