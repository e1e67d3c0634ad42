/* SPDX-License-Identifier: Apache-2.0 */
/* A home in which people approved the plan of a CRL. Each run of crl_sign() confines its process, so it is a process of its own. */
#ifndef COLDCA_TESTS_CRL_PLANNED_H
#define COLDCA_TESTS_CRL_PLANNED_H

#include "approver.h"
#include "base/file.h"
#include "base/memory.h"
#include "fake_home.h"
#include "records/in_force.h"
#include "signer/memory.h"
#include "status/crl.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define FILE_MAX_LEN 65536
#define HOUR 3600

static struct fake_home own;
static struct approver ann;
static char plan_path[160], der_path[160], pem_path[160];
static struct plan_file file;
static size_t signatures; // by any key, before crl_sign()

static inline void set_control(void)
{
    struct error err = ERROR_INIT;
    bool is_set = false;
    AUTO(control_done) struct control before = {.people_count = 0};
    AUTO(control_done) struct control control = {.seq = CONTROL_NONE};
    assert_true(control_in_force(own.home->ledger, &before, &is_set, &err) && is_set);
    control.previous = before.seq;
    assert_true(control_add_person(&control, "ann", "approver", ann.vkey, &err));
    control.quorum[ACT_CRL] = 1;
    assert_true(ledger_append(own.home->ledger, RECORD_CONTROL_SET, control_write(&control), NULL, &err) &&
                ledger_commit(own.home->ledger, &err) && signer_checkpoint(own.signer, &err));
}

/** What a run is looked at for, in its own process. \return an exit code: 0 for all as it should be */
typedef int (*look_fn)(bool is_done, const struct crl_result *result, const struct error *err);

/** \param is_carried_out  the plan is; else it is written */
static inline void run_crl(bool is_carried_out, look_fn look)
{
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child > 0) {
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
        return;
    }
    struct error err = ERROR_INIT;
    struct crl_result result = {.number = 0};
    struct crl_options options = {.home = own.path};
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder note = BUILDER_INIT;
    struct plan_file brought = {.items = NULL}; // taken
    struct plan_given given = {.count = 1};
    if (is_carried_out) {
        plan_file_write(&file, &text);
        approver_approve(&ann, &file.header, file.header.not_before, &note);
        assert_true(plan_file_read(builder_bytes(&text), &brought, &err));
        given.file = &brought;
        given.approvals[0] = builder_bytes(&note);
        options.given = &given;
    } else {
        options.plan_out = plan_path;
        options.valid_for = HOUR;
    }
    bool is_done = crl_sign(&options, &fake_console, &result, &err);
    int code = look(is_done, &result, &err);
    if (code != 0)
        fprintf(stderr, "crl_sign() %s (%s); looked at: %d\n", is_done ? "succeeded" : "failed", err.text,
                code);
    _exit(code);
}

static inline int look_at_success(bool is_done, const struct crl_result *result, const struct error *err)
{
    (void)err;
    return is_done && !result->is_again ? 0 : 1;
}

static inline int begin(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    (void)state;
    approver_make(&ann, "ann", "a");
    fake_home_make(&own);
    (void)snprintf(plan_path, sizeof(plan_path), "%s/crl.plan", own.folder.path);
    (void)snprintf(der_path, sizeof(der_path), "%s/crl/crl-1.der", own.path);
    (void)snprintf(pem_path, sizeof(pem_path), "%s/crl/crl-1.pem", own.path);
    fake_home_open(&own);
    set_control();
    fake_home_close(&own);
    (void)fake_token_signatures(&signatures);
    run_crl(false, look_at_success);
    assert_true(file_read(AT_FDCWD, plan_path, FILE_MAX_LEN, &text, &err));
    assert_true(plan_file_read(builder_bytes(&text), &file, &err));
    return 0;
}

static inline int end(void **state)
{
    (void)state;
    plan_file_done(&file);
    fake_home_remove(&own);
    approver_done(&ann);
    return 0;
}

#endif
