/* SPDX-License-Identifier: Apache-2.0 */
/* A home with two certificates, in which `crl` is run, each time in a process of its own. */
#ifndef COLDCA_TESTS_CRL_RUN_H
#define COLDCA_TESTS_CRL_RUN_H

#include "apart.h"
#include "approver.h"
#include "base/file.h"
#include "base/memory.h"
#include "given.h"
#include "status/crl.h"

static struct fake_home own;
static struct approver ann;
static struct given given[2];
static uint64_t begun; /**< records before the run */
static char out[120], plan_path[120];

static inline void fill(void)
{
    struct home *home = home_of(&own, HOME_WRITE);
    for (size_t i = 0; i < ARRAY_LEN(given); i++)
        given_issue(home, "CN=a", "p", true, &given[i]);
    begun = ledger_size(home->ledger);
    home_close(home);
    (void)snprintf(out, sizeof(out), "%s/out", own.folder.path);
    (void)snprintf(plan_path, sizeof(plan_path), "%s/a.plan", own.folder.path);
}

static inline int begin(void **state)
{
    (void)state;
    fake_home_make(&own);
    approver_make(&ann, "ann", "a");
    fill();
    return 0;
}

static inline int end(void **state)
{
    (void)state;
    approver_done(&ann);
    fake_home_remove(&own);
    return 0;
}

static inline void revoke_one(const struct given *one)
{
    struct home *home = home_of(&own, HOME_WRITE);
    (void)given_revoke(home, one, CRL_SUPERSEDED, time_now());
    begun = ledger_size(home->ledger);
    home_close(home);
}

static inline uint64_t log_now(const char *type, struct json *record)
{
    begun = log_to(&own, type, record) + 1;
    return begun - 1;
}

/** CRLs want this many approvals, and are good for so many days at most; 0: any. */
static inline void set_control(unsigned needed, bool has_emergency, unsigned max_days)
{
    struct error err = ERROR_INIT;
    AUTO(control_done) struct control control = {.seq = CONTROL_NONE, .previous = CONTROL_NONE};
    assert_true(control_add_person(&control, "ann", "approver", ann.vkey, &err));
    control.quorum[ACT_CRL] = needed;
    control.emergency[ACT_CRL] = has_emergency;
    control.has_crl = max_days != 0;
    control.crl_max_days = max_days;
    (void)log_now(RECORD_CONTROL_SET, control_write(&control));
}

enum { NUMBER, ENTRIES, SECONDS, LENGTH };

static inline bool run_crl(const void *data, struct apart *ret, struct error *err)
{
    struct crl_options options = *(const struct crl_options *)data;
    struct crl_result result = {.number = 0};
    options.home = own.path;
    bool is_done = crl_sign(&options, &fake_console, &result, err);
    const uint64_t numbers[] = {result.number, result.entries,
                                (uint64_t)(result.next_update - result.this_update), result.der_len};
    memcpy(ret->out.numbers, numbers, sizeof(numbers));
    memcpy(ret->plan_sha256, result.plan_sha256, sizeof(ret->plan_sha256));
    return is_done;
}

static inline const struct apart *sign(struct crl_options options)
{
    return apart_confined(run_crl, &options);
}

/** No number was used: no record but that of the login, if there was one. */
static inline void assert_unused(void)
{
    AUTO(free) char *types = types_from(&own, begun);
    if (strcmp(types, "") != 0)
        assert_string_equal(types, "session.opened ");
    begun = size_of(&own);
}

static inline void read_crl(const char *folder, const char *name, struct builder *ret_der)
{
    struct error err = ERROR_INIT;
    AUTO(free) char *path = memory_format("%s/%s", folder, name);
    AUTO(builder_done) struct builder file = BUILDER_INIT;
    if (!file_read(AT_FDCWD, path, 1 << 20, &file, &err) ||
        !crl_from_file(builder_bytes(&file), ret_der, &err))
        fail_msg("%s", err.text);
}

#endif
