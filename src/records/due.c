/* SPDX-License-Identifier: Apache-2.0 */
#include "records/due.h"

#include "base/memory.h"
#include "base/time.h"
#include "records/cert.h"
#include "records/newest_crl.h"
#include "records/revocation.h"

#include <inttypes.h>

#define NOTICE_WITHIN (7 * TIME_DAY_SECONDS)

void due_done(struct due *due)
{
    free(due->words);
    *due = (struct due){.state = DUE_NOTHING};
}

static bool count_one(const struct json *record, const struct ledger_entry *entry, void *data)
{
    uint64_t *count = data;
    (void)record, (void)entry; // that it is there is enough
    (*count)++;
    return true;
}

static bool count_waiting(struct ledger *ledger, uint64_t size, uint64_t *ret_count, struct error *err)
{
    static const char *const types[] = {RECORD_CERT_REVOKED, RECORD_CERT_UNREVOKED, RECORD_CERT_ABANDONED};
    *ret_count = 0;
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        const struct ledger_filter filter = {.type = types[i], .status = -1, .from_seq = size};
        if (!ledger_each(ledger, &filter, count_one, ret_count, err))
            return false;
    }
    return true;
}

static char *waiting_words(const struct due *due)
{
    return due->waiting == 0
               ? memory_text("")
               : memory_format(", %" PRIu64 " revocations and releases are on none yet", due->waiting);
}

static void decide(const struct home *home, int64_t now, int64_t within, struct due *due)
{
    char until[TIME_TEXT_SIZE];
    char next[TIME_TEXT_SIZE];
    AUTO(free) char *waiting = waiting_words(due);
    if (!due->has_crl) {
        due->state = due->waiting > 0 ? DUE_SOON : DUE_NOTHING;
        due->words = due->waiting > 0 ? memory_format("no CRL was ever made%s: run `coldca crl`", waiting)
                                      : memory_text("no CRL was ever made, and nothing is revoked");
        return;
    }
    due->next_at = due->next_update - home->config.crl.overlap_hours * INT64_C(3600);
    if (due->next_at < due->this_update)
        due->next_at = due->next_update;
    (void)time_format(due->next_update, until), (void)time_format(due->next_at, next);
    if (now > due->next_update) {
        due->state = DUE_OVER;
        due->words = memory_format("CRL %" PRIu64
                                   " is not good any more since %s%s: run `coldca crl` and carry it out",
                                   due->number, until, waiting);
        return;
    }
    due->state = due->waiting > 0 || now + within >= due->next_at ? DUE_SOON : DUE_NOTHING;
    due->words =
        due->state == DUE_NOTHING
            ? memory_format("CRL %" PRIu64 " is good until %s, the next is due on %s", due->number, until,
                            next)
            : memory_format("CRL %" PRIu64 " is good until %s, the next is due on %s%s: run `coldca crl`",
                            due->number, until, next, waiting);
}

/** Those of no plan are nobody's to finish: the next run closes them. */
static bool count_unfinished(struct ledger *ledger, uint64_t *ret_count, struct error *err)
{
    struct ledger_entry *entries = NULL;
    size_t count = 0;
    bool is_fine = ledger_unfinished(ledger, &entries, &count, err);
    for (size_t i = 0; i < count; i++) {
        AUTO(json_free) struct json *record = NULL;
        is_fine = is_fine && ledger_record(ledger, entries[i].signing_seq, &record, err);
        *ret_count += is_fine && json_text(record, "plan_sha256") != NULL ? 1 : 0;
        ledger_entry_done(&entries[i]);
    }
    free(entries);
    return is_fine;
}

bool due_find(const struct home *home, int64_t now, int64_t within, struct due *ret_due, struct error *err)
{
    struct newest_crl newest;
    AUTO(due_done) struct due due = {.state = DUE_NOTHING};
    if (!newest_crl_find(home->ledger, &newest, err) ||
        !count_waiting(home->ledger, newest.size, &due.waiting, err) ||
        !count_unfinished(home->ledger, &due.unfinished, err))
        return error_while(err, "looking when the next CRL is due");
    due.has_crl = newest.has;
    due.number = newest.number;
    due.this_update = newest.this_update;
    due.next_update = newest.next_update;
    decide(home, now, within, &due);
    *ret_due = due;
    due.words = NULL; // ret_due owns them now
    return true;
}

void due_notice(const struct home *home, const struct console *console)
{
    struct error ignored = ERROR_INIT;
    AUTO(due_done) struct due due = {.state = DUE_NOTHING};
    if (console->confirm != NULL && due_find(home, time_now(), NOTICE_WITHIN, &due, &ignored) &&
        due.state != DUE_NOTHING)
        console_notice(console, "%s", due.words);
}
