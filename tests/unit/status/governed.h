/* SPDX-License-Identifier: Apache-2.0 */
/* A home whose controls and policies are changed, each time in a process of its own, or by a plan that ann approves. */
#ifndef COLDCA_TESTS_GOVERNED_H
#define COLDCA_TESTS_GOVERNED_H

#include "apart.h"
#include "approver.h"
#include "base/file.h"
#include "base/memory.h"
#include "status/govern.h"

static struct fake_home own;
static struct approver ann;
static uint64_t begun; /**< records before the run */
static char plan_path[128];

static inline void put_policy(const char *name, const char *text)
{
    struct error err = ERROR_INIT;
    AUTO(free) char *file = memory_format("ca/policies/%s.yaml", name);
    (void)unlinkat(own.folder.fd, file, 0); // of before
    if (!file_create(own.folder.fd, file, 0644, bytes_of_text(text), &err))
        fail_msg("%s", err.text);
}

static inline int begin(void **state)
{
    (void)state;
    fake_home_make(&own);
    approver_make(&ann, "ann", "a");
    put_policy("test", FAKE_POLICY);
    begun = size_of(&own);
    (void)snprintf(plan_path, sizeof(plan_path), "%s/a.plan", own.folder.path);
    return 0;
}

static inline int end(void **state)
{
    (void)state;
    approver_done(&ann);
    fake_home_remove(&own);
    return 0;
}

/* ---- runs ---- */

enum { DONE, IS_PLANNED };

static inline bool run_govern(const void *data, struct apart *ret, struct error *err)
{
    struct govern_options options = *(const struct govern_options *)data;
    struct govern_result result = {.done = 99};
    options.home = own.path;
    options.command = "a command";
    bool is_done = govern_run(&options, &fake_console, &result, err);
    ret->out.numbers[DONE] = result.done;
    ret->out.numbers[IS_PLANNED] = result.is_planned;
    memcpy(ret->plan_sha256, result.plan_sha256, sizeof(ret->plan_sha256));
    return is_done;
}

static inline const struct apart *govern(struct govern_options options)
{
    return apart_confined(run_govern, &options);
}

/** Ann approves; data: how many approvals of which act. */
struct wanted {
    enum act act;
    unsigned needed;
};

static inline bool change(void *data, struct control *control, struct error *err)
{
    const struct wanted *wanted = data;
    if (control_person(control, "ann") == NULL &&
        !control_add_person(control, "ann", "approver", ann.vkey, err))
        return false;
    control->quorum[wanted->act] = wanted->needed;
    return true;
}

static inline const struct apart *set_control(enum act act, unsigned needed)
{
    struct wanted wanted = {act, needed};
    return govern((struct govern_options){.act = ACT_CONTROL, .change = change, .data = &wanted});
}

static const char *const test_policy = "test";
static const struct govern_options approve_test = {
    .act = ACT_POLICY, .policies = &test_policy, .policies_count = 1};

static inline void assert_nothing_logged(void)
{
    assert_types_from(&own, begun, "");
}

/** The plan in the file with ann's approval. */
static inline const struct apart *carry_out(enum act act)
{
    AUTO(approved_file_done) struct approved_file brought;
    approver_bring(&ann, plan_path, true, &brought);
    return govern((struct govern_options){.act = act, .given = &brought.given});
}

/** Writes a plan of these items for the control in force, as if a coldca that looks less closely had made it. */
static inline void write_plan(enum act act, struct plan_file *file)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    struct home *home = home_of(&own, HOME_LOOK);
    if (!admit_new_plan(home, act, time_now(), 3600, file, &err))
        fail_msg("%s", err.text);
    home_close(home);
    plan_file_seal(file);
    plan_file_write(file, &text);
    (void)unlink(plan_path);
    assert_true(file_create(AT_FDCWD, plan_path, 0600, builder_bytes(&text), &err));
}

#endif
