/* SPDX-License-Identifier: Apache-2.0 */
#include "status/govern.h"

#include "base/memory.h"
#include "home/data.h"
#include "records/in_force.h"
#include "status/planned.h"

#include <string.h>

/* ---- what is to be done ---- */

static bool add_policy(const struct home *home, const char *name, struct plan_file *file, struct error *err)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(free) char *path = NULL;
    AUTO(json_free) struct json *approved = NULL;
    AUTO(policy_free) struct policy *policy = NULL;
    struct record_policy_approved before;
    if (!home_policy_read(home->fd, name, &text, &path, err) ||
        !policy_load(builder_bytes(&text), path, &policy, err) ||
        !policy_in_force(home->ledger, policy_name(policy), &approved, err))
        return false;
    if (!record_policy_text_check(policy_name(policy), builder_bytes(&text), err))
        return false;
    if (approved != NULL && record_policy_approved_read(approved, &before, err) &&
        memcmp(before.sha256, policy_sha256(policy), sizeof(before.sha256)) == 0)
        return true; // it is, already
    struct record_policy_approved record = {.name = policy_name(policy), .text = builder_text(&text)};
    memcpy(record.sha256, policy_sha256(policy), sizeof(record.sha256));
    plan_file_add(file, NULL, RECORD_POLICY_APPROVED, record_policy_approved_write(&record));
    return true;
}

static bool add_control(const struct govern_options *options, const struct home *home, struct plan_file *file,
                        struct error *err)
{
    AUTO(control_done)
    struct control control = {.seq = CONTROL_NONE, .previous = CONTROL_NONE};
    bool is_set = false;
    if (!control_in_force(home->ledger, &control, &is_set, err))
        return false;
    uint64_t before = is_set ? control.seq : CONTROL_NONE;
    if (!options->change(options->data, &control, err))
        return false;
    control.previous = before;
    if (!control_check(&control, err))
        return false;
    plan_file_add(file, NULL, RECORD_CONTROL_SET, control_write(&control));
    return true;
}

static bool make_items(const struct govern_options *options, const struct home *home, struct plan_file *file,
                       struct error *err)
{
    if (options->act == ACT_CONTROL)
        return add_control(options, home, file, err);
    for (size_t i = 0; i < options->policies_count; i++) {
        if (!add_policy(home, options->policies[i], file, err))
            return false;
    }
    return true;
}

/* ---- an approved plan: what it holds is read as strictly as what is made here ---- */

static bool check_item(const struct json *record, struct error *err)
{
    AUTO(control_done) struct control control = {.people_count = 0};
    AUTO(policy_free) struct policy *policy = NULL;
    struct record_policy_approved approved;
    if (strcmp(json_text(record, "type"), RECORD_CONTROL_SET) == 0)
        return control_read(record, &control, err);
    if (!record_policy_approved_read(record, &approved, err) ||
        !policy_load(bytes_of_text(approved.text), "policy.yaml", &policy, err))
        return false;
    return strcmp(policy_name(policy), approved.name) == 0 ||
           error_set(err, ERROR_INPUT, 0, "its name is not that of its text");
}

static bool check_items(const struct status_desk *desk, const struct admitted *admitted, struct error *err)
{
    for (size_t i = 0; i < admitted->file.header.count; i++) {
        const struct json *record = plan_file_record(&admitted->file, i);
        uint64_t previous = 0;
        if (!check_item(record, err))
            return error_while(err, "reading item %zu of the plan", i);
        if (admitted->file.header.act == ACT_CONTROL &&
            (admitted->file.header.count != 1 || !record_number(record, "previous", &previous, err) ||
             previous != admitted->file.header.control))
            return error_set(err, ERROR_INPUT, 0,
                             "a plan of controls has one item, which follows the control in force");
    }
    (void)desk;
    return true;
}

/* ---- the run ---- */

static bool log_items(struct status_desk *desk, const struct plan_file *file, struct error *err)
{
    for (size_t i = 0; i < json_count(file->items); i++) {
        struct json *record = json_clone(plan_file_record(file, i));
        AUTO(free) char *type = memory_text(json_text(record, "type"));
        json_put_text(record, "batch", desk->batch);
        if (!ledger_append(desk->home->ledger, type, record, NULL, err))
            return false;
    }
    return true;
}

static bool carry_out(const struct govern_options *options, struct status_desk *desk,
                      const struct plan_file *file, const struct admitted *admitted, struct error *err)
{
    return status_desk_unlock(desk, options->command, err) &&
           (options->given != NULL ? planned_log(desk, admitted, err) : log_items(desk, file, err)) &&
           ledger_commit(desk->home->ledger, err) && status_desk_end(desk, err);
}

static bool decide(const struct govern_options *options, struct status_desk *desk, struct plan_file *file,
                   struct admitted *admitted, struct error *err)
{
    if (options->given != NULL)
        return planned_admit(desk, options->act, options->given, admitted, err) &&
               check_items(desk, admitted, err);
    return make_items(options, desk->home, file, err) &&
           (options->plan_out != NULL || status_desk_permits(desk, options->act, err));
}

static void say_result(const struct govern_options *options, const struct plan_file *file,
                       const struct admitted *admitted, struct govern_result *result)
{
    const struct plan_file *planned = options->given != NULL ? &admitted->file : file;
    result->is_planned = options->given != NULL || options->plan_out != NULL;
    result->done = options->plan_out != NULL ? 0 : json_count(planned->items);
    memcpy(result->plan_sha256, planned->sha256, sizeof(result->plan_sha256));
}

bool govern_run(const struct govern_options *options, const struct console *console,
                struct govern_result *ret_result, struct error *err)
{
    AUTO(status_desk_done)
    struct status_desk desk = {.console = console, .pin_source = options->pin_source, .is_due_told = true};
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    AUTO(admitted_done) struct admitted admitted = {.approvals = NULL};
    AUTO(free) char *written = planned_directory(options->plan_out);
    enum home_access access = options->plan_out != NULL ? HOME_LOOK : HOME_WRITE;
    if (!status_desk_open(&desk, options->home, access, err) || !status_desk_confine(&desk, written, err) ||
        !decide(options, &desk, &file, &admitted, err))
        return false;
    bool is_nothing = options->given == NULL && json_count(file.items) == 0;
    if (options->plan_out != NULL
            ? !planned_write(&desk, options->act, &file, options->plan_out, options->valid_for, err)
            : !is_nothing && !carry_out(options, &desk, &file, &admitted, err))
        return false;
    say_result(options, &file, &admitted, ret_result);
    return true;
}
