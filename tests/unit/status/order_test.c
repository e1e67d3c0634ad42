/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Promise P3 for revocation: a CRL's number and digest are on the disk before the token is asked, its signature and a checkpoint
 * before a file exists, the token's memory before it leaves; a number that was logged is never signed again. crl_sign() confines its
 * process for good, so each run is a process of its own, as it is in real life.
 */
#include "status/crl.h"

#include "base/file.h"
#include "base/memory.h"
#include "fake_home.h"
#include "records/crl.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct fake_home own;
static char crl_path[160];
static char *by_init; // the types of its records
static size_t init_count;

static int begin(void **state)
{
    (void)state;
    fake_home_make(&own);
    by_init = fake_home_types(&own);
    init_count = 0;
    for (const char *at = by_init; (at = strchr(at, ' ')) != NULL; at++)
        init_count++;
    (void)snprintf(crl_path, sizeof(crl_path), "%s/crl/crl-1.der", own.path);
    return 0;
}

static int end(void **state)
{
    (void)state;
    free(TAKE(by_init));
    fake_home_remove(&own);
    return 0;
}

/** Whether these records came after init's, and no others. */
static bool ledger_got(const char *types)
{
    AUTO(free) char *found = fake_home_types(&own);
    return strcmp(found + strlen(by_init), types) == 0;
}

/** What a run is looked at for, in its own process; says what is wrong. \return an exit code: 0 for all as it should be */
typedef int (*look_fn)(bool is_done, const struct error *err);

static int run_crl(look_fn look)
{
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct error err = ERROR_INIT;
        struct crl_result result = {.number = 0};
        const struct crl_options options = {.home = own.path};
        bool is_done = crl_sign(&options, &fake_console, &result, &err);
        int code = look(is_done, &err);
        if (code != 0)
            fprintf(stderr, "crl_sign() %s (%s); looked at: %d\n", is_done ? "succeeded" : "failed", err.text,
                    code);
        _exit(code);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 100;
}

/** Signatures by the CA key beyond init's two. */
static size_t asked(size_t *ret_unlogged)
{
    return fake_token_count(ret_unlogged) - 2;
}

static int look_at_order(bool is_done, const struct error *err)
{
    size_t unlogged = 0;
    size_t count = 0;
    (void)err;
    if (!is_done || asked(&unlogged) != 1)
        return 1;
    const struct fake_signature *signatures = fake_token_signatures(&count);
    // The last two: the CRL by the CA key, then the checkpoint over it by the ledger key.
    if (count < 2 || signatures[count - 2].is_of_ledger_key || !signatures[count - 1].is_of_ledger_key)
        return 2;
    // init's records, session.opened and crl.signing when the CA key was asked; crl.issued when the ledger's was.
    if (signatures[count - 2].lines != init_count + 2 || signatures[count - 1].lines != init_count + 3)
        return 3;
    return ledger_got("session.opened crl.signing crl.issued ") ? 0 : 4;
}

static void a_crl_is_logged_signed_logged_delivered(void **state)
{
    (void)state;
    assert_int_equal(run_crl(look_at_order), 0);
    assert_true(file_exists(AT_FDCWD, crl_path));
}

static int look_at_failure(bool is_done, const struct error *err)
{
    if (is_done || err->kind != ERROR_TOKEN || strstr(err->text, "signing CRL 1") == NULL)
        return 1;
    return ledger_got("session.opened crl.signing crl.abandoned ") ? 0 : 2;
}

static int look_at_second(bool is_done, const struct error *err)
{
    (void)err;
    return is_done && fake_home_logged(&own, "\"number\":2") ? 0 : 1;
}

static void a_token_that_fails_burns_the_number(void **state)
{
    (void)state;
    fake_token_set_fault(FAKE_TOKEN, 1, FAKE_FAILS);
    assert_int_equal(run_crl(look_at_failure), 0);
    assert_false(file_exists(AT_FDCWD, crl_path));
    fake_token_set_fault(FAKE_TOKEN, 1, FAKE_SOUND);
    assert_int_equal(run_crl(look_at_second), 0);
    assert_false(file_exists(AT_FDCWD, crl_path)); // it is crl-2 that left
}

static int look_at_wrong(bool is_done, const struct error *err)
{
    return !is_done && err->kind == ERROR_TOKEN && strstr(err->text, "do not use this token") != NULL ? 0 : 1;
}

static void what_does_not_verify_does_not_leave(void **state)
{
    (void)state;
    fake_token_set_fault(FAKE_TOKEN, 1, FAKE_SIGNS_WRONGLY);
    assert_int_equal(run_crl(look_at_wrong), 0);
    assert_false(file_exists(AT_FDCWD, crl_path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_crl_is_logged_signed_logged_delivered, begin, end),
        cmocka_unit_test_setup_teardown(a_token_that_fails_burns_the_number, begin, end),
        cmocka_unit_test_setup_teardown(what_does_not_verify_does_not_leave, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
