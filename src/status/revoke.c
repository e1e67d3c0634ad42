/* SPDX-License-Identifier: Apache-2.0 */
#include "status/revoke.h"

#include "base/encode.h"
#include "base/memory.h"
#include "home/certificate.h"
#include "records/types.h"
#include "status/describe.h"
#include "status/planned.h"
#include "status/recheck.h"
#include "status/select.h"

#include <string.h>

#define COMMIT_COUNT 256 /* records a write and fsync */

void revoke_plan_done(struct revoke_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        revoke_target_done(&plan->targets[i]);
    for (size_t i = 0; i < plan->problem_count; i++)
        free(plan->problems[i]);
    free(plan->targets);
    free(plan->problems);
    *plan = (struct revoke_plan){.count = 0};
}

/* ---- records ---- */

/** A target as the record it becomes. \param batch  NULL: in a plan. The caller frees */
static struct json *record_of(const struct revoke_target *target, const char *batch, const char **ret_type)
{
    char key[129];
    struct bytes serial = bytes_of(target->serial, target->serial_len);
    const char *key_hex = target->has_key_value ? hex_of(BYTES(target->key_value), key) : NULL;
    if (target->action == REVOKE_RELEASE) {
        const struct record_cert_unrevoked record = {.serial = serial, .ref = target->ref, .batch = batch};
        *ret_type = RECORD_CERT_UNREVOKED;
        return record_cert_unrevoked_write(&record);
    }
    if (target->is_key) {
        const struct record_key_revoked record = {.key_value = key_hex,
                                                  .reason = target->reason,
                                                  .revoked_at = time_now(),
                                                  .invalidity_date = target->invalidity_date,
                                                  .batch = batch};
        *ret_type = RECORD_KEY_REVOKED;
        return record_key_revoked_write(&record);
    }
    const struct record_cert_revoked record = {
        .serial = serial,
        .reason = target->reason,
        .revoked_at = time_now(),
        .invalidity_date = target->invalidity_date,
        .not_after = target->not_after,
        .ref = target->ref,
        .is_foreign = target->is_foreign,
        .key_value = key_hex,
        .subject = target->subject,
        .batch = batch,
    };
    *ret_type = RECORD_CERT_REVOKED;
    return record_cert_revoked_write(&record);
}

static bool log_target(struct status_desk *desk, const struct revoke_target *target, struct error *err)
{
    const char *type = NULL;
    struct json *record = record_of(target, desk->batch, &type);
    record_put_bounded(record, "emergency_reason", desk->emergency);
    return ledger_append(desk->home->ledger, type, record, NULL, err);
}

static bool log_all(struct status_desk *desk, const struct revoke_plan *plan, struct error *err)
{
    size_t done = 0;
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->targets[i].action == REVOKE_NOTHING)
            continue;
        if (!console_may_go_on(desk->console))
            return error_set(err, ERROR_INTERRUPTED, 0,
                             "stopped after %zu of %zu; run the same command again for the rest", done,
                             plan->to_do);
        if (!log_target(desk, &plan->targets[i], err))
            return false;
        done++;
        if (done % COMMIT_COUNT == 0 && !ledger_commit(desk->home->ledger, err))
            return false;
        if (plan->is_many)
            console_progress(desk->console, "revoking", done, plan->to_do);
    }
    return ledger_commit(desk->home->ledger, err);
}

static bool log_set(struct status_desk *desk, const struct revoke_options *options,
                    const struct selection *selection, const struct revoke_plan *plan, struct error *err)
{
    if (!plan->is_many || plan->to_do == 0)
        return true;
    const struct record_revocation_set record = {
        .batch = desk->batch,
        .count = plan->to_do,
        .where = options->where,
        .list_sha256 = options->list != NULL ? selection->sha256 : NULL,
        .skipped = plan->problem_count,
        .reason = selection->wish.reason,
    };
    return ledger_append(desk->home->ledger, RECORD_REVOCATION_SET, record_revocation_set_write(&record),
                         NULL, err);
}

/* ---- resuming a revocation of many that was stopped ---- */

/** The newest revocation.set of the same question. */
struct same_set {
    const char *where, *reason;
    const char *list; /**< its SHA-256, hex */
    char *batch;      /**< NULL: the newest is of another question, or there is none */
    uint64_t count;
    uint64_t done; /**< records of its run */
};

static bool is_same_text(const char *recorded, const char *asked)
{
    if (recorded == NULL || asked == NULL)
        return recorded == asked;
    return bytes_equal_text(record_bounded(asked), recorded);
}

static bool meet_set(const struct json *record, const struct ledger_entry *entry, void *data)
{
    struct same_set *set = data;
    int64_t count = 0;
    (void)entry;
    free(TAKE(set->batch));
    if (is_same_text(json_text(record, "where"), set->where) &&
        is_same_text(json_text(record, "list_sha256"), set->list) &&
        is_same_text(json_text(record, "reason"), set->reason) && json_int(record, "count", &count) &&
        json_text(record, "batch") != NULL) {
        set->batch = memory_text(json_text(record, "batch"));
        set->count = (uint64_t)count;
    }
    return true;
}

static bool count_done(const struct json *record, const struct ledger_entry *entry, void *data)
{
    const char *type = json_text(record, "type");
    (void)entry;
    if (type != NULL && (strcmp(type, RECORD_CERT_REVOKED) == 0 || strcmp(type, RECORD_CERT_UNREVOKED) == 0))
        ((struct same_set *)data)->done++;
    return true;
}

/** Whether the same command was stopped in its middle: then the count it was given is that of the whole. */
static bool find_stopped(struct status_desk *desk, const struct revoke_options *options,
                         const struct selection *selection, struct revoke_plan *plan, struct error *err)
{
    char list[129];
    const struct ledger_filter sets = {.status = -1, .type = RECORD_REVOCATION_SET};
    struct same_set set = {.where = options->where,
                           .reason = crl_reason_name(selection->wish.reason),
                           .list = options->list != NULL ? hex_of(BYTES(selection->sha256), list) : NULL};
    if (!plan->is_many || plan->to_do == plan->count)
        return true;
    bool is_read = ledger_each(desk->home->ledger, &sets, meet_set, &set, err);
    AUTO(free) char *batch = set.batch;
    const struct ledger_filter run = {.status = -1, .batch = batch};
    if (!is_read || (batch != NULL && !ledger_each(desk->home->ledger, &run, count_done, &set, err)))
        return false;
    plan->done_before = batch != NULL && set.done + plan->to_do == set.count ? set.done : 0;
    return true;
}

/* ---- the run ---- */

const char *revoke_reason_name(const struct revoke_target *target)
{
    return crl_reason_name(target->reason);
}

const char *revoke_end(const struct revoke_target *target, char buffer[static TIME_TEXT_SIZE])
{
    return target->not_after == CRL_NO_TIME ? NULL : time_format(target->not_after, buffer);
}

/** Whatever happens, what was logged gets its checkpoint. */
static bool carry_out(struct status_desk *desk, const struct revoke_options *options,
                      const struct selection *selection, const struct revoke_plan *plan, struct error *err)
{
    struct error ignored = ERROR_INIT;
    if (!status_desk_permits(desk, ACT_REVOKE, err) || !status_desk_unlock(desk, "revoke", err))
        return false;
    if (log_set(desk, options, selection, plan, err) && log_all(desk, plan, err))
        return status_desk_end(desk, err);
    if (err->kind == ERROR_INTERRUPTED && ledger_commit(desk->home->ledger, &ignored) &&
        !status_desk_end(desk, &ignored))
        console_notice(desk->console, "no checkpoint could be signed: %s", ignored.text);
    return false;
}

static bool refuse_problems(const struct revoke_options *options, const struct revoke_plan *plan,
                            struct error *err)
{
    if (plan->problem_count == 0 || options->may_skip || options->is_dry_run)
        return true;
    return error_set(
        err, ERROR_INPUT, 0,
        "%zu lines of the list can't be carried out, so nothing was revoked: fix them, or leave them "
        "out with --skip-bad",
        plan->problem_count);
}

static bool decide(struct status_desk *desk, const struct revoke_options *options,
                   const struct revoke_plan *plan, struct error *err)
{
    AUTO(builder_done) struct builder words = BUILDER_INIT;
    if (options->decide == NULL)
        return true;
    if (plan->count == 1 && !revoke_describe(desk->home, &plan->targets[0], &words, err))
        return false;
    return options->decide(options->data, plan, builder_text(&words), err);
}

static bool write_plan(struct status_desk *desk, const struct revoke_options *options,
                       struct revoke_plan *plan, struct error *err)
{
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    for (size_t i = 0; i < plan->count; i++) {
        const char *type = NULL;
        if (plan->targets[i].action == REVOKE_NOTHING)
            continue;
        struct json *record = record_of(&plan->targets[i], NULL, &type);
        plan_file_add(&file, NULL, type, record);
    }
    if (!planned_write(desk, ACT_REVOKE, &file, options->plan_out, options->valid_for, err))
        return false;
    memcpy(plan->plan_sha256, file.sha256, sizeof(plan->plan_sha256));
    return true;
}

/* ---- a plan that people approved ---- */

/**
 * Holds the items against the records, as if they were logged now: what can't follow is found before anything is. The desk is not to be
 * asked who is revoked any more.
 */
static bool try_items(struct status_desk *desk, const struct admitted *admitted, struct error *err)
{
    for (size_t i = 0; i < admitted->file.header.count; i++) {
        const struct json *record = plan_file_record(&admitted->file, i);
        AUTO(builder_done) struct builder text = BUILDER_INIT;
        if (admitted->done[i])
            continue;
        json_canonical(record, &text);
        if (!record_check(json_text(record, "type"), record, err) ||
            !revoked_take(desk->revoked, ledger_size(desk->home->ledger), builder_bytes(&text), err)) {
            err->kind = ERROR_INPUT;
            return error_while(err, "looking at item %zu of the plan: make it anew, and have it approved", i);
        }
    }
    return true;
}

bool revoke_planned(const struct revoke_options *options, const struct console *console, uint64_t *ret_done,
                    struct error *err)
{
    AUTO(status_desk_done)
    struct status_desk desk = {.console = console, .pin_source = options->pin_source, .is_due_told = true};
    AUTO(admitted_done) struct admitted admitted = {.approvals = NULL};
    if (!status_desk_open(&desk, options->home, HOME_WRITE, err) || !status_desk_confine(&desk, NULL, err) ||
        !status_desk_read(&desk, err) || !planned_admit(&desk, ACT_REVOKE, options->given, &admitted, err) ||
        !try_items(&desk, &admitted, err))
        return false;
    *ret_done = admitted.file.header.count;
    return status_desk_unlock(&desk, "revoke", err) && planned_log(&desk, &admitted, err) &&
           ledger_commit(desk.home->ledger, err) && status_desk_end(&desk, err);
}

bool revoke_run(const struct revoke_options *options, const struct console *console,
                struct revoke_plan *ret_plan, struct error *err)
{
    AUTO(status_desk_done)
    struct status_desk desk = {.console = console,
                               .pin_source = options->pin_source,
                               .emergency = options->emergency,
                               .is_due_told = true};
    AUTO(free) char *written = planned_directory(options->plan_out);
    AUTO(selection_done) struct selection selection = {.lines = BUILDER_INIT};
    enum home_access access = options->is_dry_run || options->plan_out != NULL ? HOME_LOOK : HOME_WRITE;
    if (!selection_read(options, &selection, err) || !status_desk_open(&desk, options->home, access, err) ||
        !status_desk_confine(&desk, written, err) ||
        !selection_find(&selection, options, &desk, ret_plan, err) || !targets_recheck(&desk, ret_plan, err))
        return false;
    ret_plan->is_release = options->is_release;
    for (size_t i = 0; i < ret_plan->count; i++)
        ret_plan->to_do += ret_plan->targets[i].action == REVOKE_NOTHING ? 0 : 1;
    if (!refuse_problems(options, ret_plan, err) ||
        !find_stopped(&desk, options, &selection, ret_plan, err) || !decide(&desk, options, ret_plan, err))
        return false;
    if (options->is_dry_run)
        return true;
    if (options->plan_out != NULL)
        return write_plan(&desk, options, ret_plan, err);
    // A run that was stopped may have logged all of it, but not signed the checkpoint that is promised.
    const struct ledger *ledger = desk.home->ledger;
    return (ret_plan->to_do == 0 && ledger_checkpoint_size(ledger) == ledger_size(ledger)) ||
           carry_out(&desk, options, &selection, ret_plan, err);
}
