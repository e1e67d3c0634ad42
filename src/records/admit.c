/* SPDX-License-Identifier: Apache-2.0 */
#include "records/admit.h"

#include "base/memory.h"
#include "base/quote.h"
#include "base/time.h"
#include "records/in_force.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void admitted_done(struct admitted *admitted)
{
    plan_file_done(&admitted->file);
    if (admitted->approvals != NULL)
        json_free(admitted->approvals);
    admitted->approvals = NULL;
    free(TAKE(admitted->done));
}

static bool is_for_this_ca(const struct home *home, const struct plan_header *header, struct error *err)
{
    if (strcmp(header->origin, home->config.origin) == 0 &&
        strcmp(header->vkey, home->config.ledger_vkey) == 0)
        return true;
    return error_set(err, ERROR_INPUT, 0, "the plan is for another CA, %s; this is %s",
                     quoted_text(header->origin, &(struct quoted){0}), home->config.origin);
}

static bool is_for_now(const struct plan_header *header, const struct control *control, int64_t now,
                       struct error *err)
{
    char begin[TIME_TEXT_SIZE];
    char end[TIME_TEXT_SIZE];
    if (header->control != control->seq)
        return error_set(err, ERROR_INPUT, 0,
                         "the plan was made under the control of record %" PRIu64
                         ", the controls changed since (record %" PRIu64
                         "): make it anew, and have it approved",
                         header->control, control->seq);
    return (now >= header->not_before && now <= header->not_after) ||
           error_set(err, ERROR_INPUT, 0,
                     "the plan may be carried out from %s to %s only: make it anew, and have it approved",
                     time_format(header->not_before, begin), time_format(header->not_after, end));
}

static bool take_approvals(const struct plan_given *given, const struct control *control,
                           struct admitted *admitted, struct error *err)
{
    struct approvals approvals = {.count = 0};
    for (size_t i = 0; i < given->count; i++) {
        if (!approvals_take(&approvals, given->approvals[i], &admitted->file.header, control, err))
            return false;
        AUTO(builder_done) struct builder note = BUILDER_INIT;
        builder_add_bytes(&note, given->approvals[i]);
        json_add_text(admitted->approvals, builder_text(&note));
    }
    if (!approvals_suffice(&approvals, &admitted->file.header, control, err))
        return false;
    return approvals.count > 0 ||
           error_set(err, ERROR_INPUT, 0,
                     "a plan is carried out with at least one --approval; without approvals run the command "
                     "itself");
}

static bool see_done(const struct json *record, const struct ledger_entry *entry, void *data)
{
    struct admitted *admitted = data;
    AUTO(builder_done) struct builder plan = BUILDER_INIT;
    int64_t index = -1;
    (void)entry;
    if (json_int(record, "plan_index", &index) && json_hex(record, "plan_sha256", &plan) &&
        bytes_equal(builder_bytes(&plan), BYTES(admitted->file.sha256)) && index >= 0 &&
        (uint64_t)index < admitted->file.header.count)
        admitted->done[index] = true;
    return true;
}

/** What of it the ledger has: an item is done once, whatever was undone since. */
static bool find_done(struct ledger *ledger, uint64_t seq, struct admitted *admitted, struct error *err)
{
    const struct ledger_filter since = {.status = -1, .from_seq = seq};
    admitted->done = memory_new(admitted->file.header.count, sizeof(*admitted->done));
    return !admitted->is_taken || ledger_each(ledger, &since, see_done, admitted, err);
}

/** Whether the control in force is what this very plan made: a run that was stopped behind it is finished by the same command. */
static bool is_its_own(struct ledger *ledger, const struct control *control, const struct admitted *admitted)
{
    struct error ignored = ERROR_INIT; // what can't be read is not its own
    AUTO(json_free) struct json *record = NULL;
    AUTO(builder_done) struct builder plan = BUILDER_INIT;
    return ledger_record(ledger, control->seq, &record, &ignored) && json_hex(record, "plan_sha256", &plan) &&
           bytes_equal(builder_bytes(&plan), BYTES(admitted->file.sha256));
}

/**
 * Whether all of it is in the ledger: nothing is recorded any more, only finished and delivered, so time and controls have no say. A
 * plan of controls is finished while they are in force.
 */
static bool is_recorded(struct ledger *ledger, const struct control *control, const struct admitted *admitted)
{
    for (uint64_t i = 0; i < admitted->file.header.count; i++) {
        if (!admitted->done[i])
            return false;
    }
    return admitted->file.header.act != ACT_CONTROL || is_its_own(ledger, control, admitted);
}

static bool no_controls(struct error *err)
{
    return error_set(err, ERROR_INPUT, 0,
                     "this CA has no controls, so nobody's approval counts: set them first "
                     "(docs/controls.md)");
}

static bool admit(const struct home *home, const struct plan_given *given, int64_t now,
                  struct admitted *admitted, struct error *err)
{
    AUTO(control_done) struct control control = {.people_count = 0};
    struct error why = ERROR_INIT;
    bool is_set = false;
    uint64_t seq = 0;
    admitted->file = *given->file;
    *given->file = (struct plan_file){.items = NULL}; // it is admitted's to free
    if (!is_for_this_ca(home, &admitted->file.header, err) ||
        !control_in_force(home->ledger, &control, &is_set, err))
        return false;
    if (!is_set)
        return no_controls(err);
    admitted->approvals = json_new_array();
    if (!plan_is_taken(home->ledger, admitted->file.sha256, &admitted->is_taken, &seq, err) ||
        !find_done(home->ledger, seq, admitted, err))
        return false;
    admitted->is_over = !is_for_now(&admitted->file.header, &control, now, &why);
    if (admitted->is_over && !is_recorded(home->ledger, &control, admitted)) {
        *err = why;
        return false;
    }
    return admitted->is_taken || take_approvals(given, &control, admitted, err);
}

bool plan_admit(const struct home *home, const struct plan_given *given, int64_t now,
                struct admitted *ret_admitted, struct error *err)
{
    AUTO(admitted_done) struct admitted admitted = {.approvals = NULL};
    if (!admit(home, given, now, &admitted, err))
        return false;
    *ret_admitted = admitted;
    admitted = (struct admitted){.approvals = NULL};
    return true;
}

bool admit_new_plan(const struct home *home, enum act act, int64_t now, int64_t valid_for,
                    struct plan_file *file, struct error *err)
{
    AUTO(control_done) struct control control = {.people_count = 0};
    bool is_set = false;
    if (!control_in_force(home->ledger, &control, &is_set, err))
        return false;
    if (!is_set)
        return no_controls(err);
    file->header = (struct plan_header){.act = act,
                                        .origin = memory_text(home->config.origin),
                                        .vkey = memory_text(home->config.ledger_vkey),
                                        .control = control.seq,
                                        .not_before = now,
                                        .not_after = now + valid_for};
    for (size_t i = 0; i < control.people_count; i++)
        plan_file_add_person(file, control.people[i].name, control.people[i].key);
    return true;
}

bool admitted_log(const struct admitted *admitted, struct ledger *ledger, const char *batch,
                  struct error *err)
{
    AUTO(builder_done) struct builder header = BUILDER_INIT;
    if (admitted->is_taken)
        return true;
    plan_header_write(&admitted->file.header, &header);
    struct record_plan_approved record = {
        .header = builder_text(&header), .approvals = admitted->approvals, .batch = batch};
    memcpy(record.plan_sha256, admitted->file.sha256, sizeof(record.plan_sha256));
    return ledger_append(ledger, RECORD_PLAN_APPROVED, record_plan_approved_write(&record), NULL, err);
}
