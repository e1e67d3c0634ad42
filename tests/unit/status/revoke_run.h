/* SPDX-License-Identifier: Apache-2.0 */
/* A home with three certificates, in which `revoke` is run, each time in a process of its own. */
#ifndef COLDCA_TESTS_REVOKE_RUN_H
#define COLDCA_TESTS_REVOKE_RUN_H

#include "apart.h"
#include "approver.h"
#include "base/file.h"
#include "base/memory.h"
#include "given.h"
#include "status/revoke.h"

static struct fake_home own;
static struct given given[3];
static struct approver ann;
static uint64_t begun; /**< records before the run */

static inline int begin(void **state)
{
    static const char *const subjects[] = {"CN=a-1", "CN=a-2", "CN=b"};
    (void)state;
    fake_home_make(&own);
    struct home *home = home_of(&own, HOME_WRITE);
    for (size_t i = 0; i < ARRAY_LEN(given); i++)
        given_issue(home, subjects[i], "p", true, &given[i]);
    begun = ledger_size(home->ledger);
    home_close(home);
    approver_make(&ann, "ann", "a");
    return 0;
}

static inline int end(void **state)
{
    (void)state;
    approver_done(&ann);
    fake_home_remove(&own);
    return 0;
}

/** Logs with the home open to write. */
static inline uint64_t log_now(const char *type, struct json *record)
{
    begun = log_to(&own, type, record) + 1;
    return begun - 1;
}

/** Revoking wants this many approvals. */
static inline void set_control(unsigned needed, bool has_emergency)
{
    struct error err = ERROR_INIT;
    AUTO(control_done) struct control control = {.seq = CONTROL_NONE, .previous = CONTROL_NONE};
    assert_true(control_add_person(&control, "ann", "approver", ann.vkey, &err));
    control.quorum[ACT_REVOKE] = needed;
    control.emergency[ACT_REVOKE] = has_emergency;
    (void)log_now(RECORD_CONTROL_SET, control_write(&control));
}

enum { COUNT, TO_DO, DONE_BEFORE, PROBLEMS };

static bool is_somebody_there; /* who could be asked, so is told */

static inline bool confirm(void *data, const char *question, bool *ret_yes, struct error *err)
{
    (void)data, (void)question, (void)err;
    *ret_yes = true;
    return true;
}

static inline bool run_revoke(const void *data, struct apart *ret, struct error *err)
{
    struct revoke_options options = *(const struct revoke_options *)data;
    AUTO(revoke_plan_done) struct revoke_plan plan = {.targets = NULL};
    struct console console = fake_console;
    console.confirm = is_somebody_there ? confirm : NULL;
    options.home = own.path;
    bool is_done = revoke_run(&options, &console, &plan, err);
    const uint64_t numbers[] = {plan.count, plan.to_do, plan.done_before, plan.problem_count};
    memcpy(ret->out.numbers, numbers, sizeof(numbers));
    memcpy(ret->plan_sha256, plan.plan_sha256, sizeof(ret->plan_sha256));
    return is_done;
}

static inline const struct apart *run_apart(struct revoke_options options)
{
    return apart_confined(run_revoke, &options);
}

/** By the serial of one. */
static inline struct revoke_options serial_of(const struct given *one)
{
    static const char *serial;
    serial = one->serial;
    return (struct revoke_options){.serials = &serial, .serial_count = 1};
}

static inline void assert_nothing_logged(void)
{
    assert_types_from(&own, begun, "");
}

static inline void put_file(const char *name, const char *text)
{
    struct error err = ERROR_INIT;
    if (!file_create(own.folder.fd, name, 0644, bytes_of_text(text), &err))
        fail_msg("%s", err.text);
}

/** All three. */
static const struct revoke_options all = {.where = "policy=p", .reason = "superseded"};

#endif
