/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CRL of a plan that was signed is delivered again by the same command, byte for byte, and no key signs for it; one whose signature
 * was never recorded is over. Each run of crl_sign() confines its process, so it is a process of its own.
 */
#include "status/crl_again.h"

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

static void set_control(void)
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
static void run_crl(bool is_carried_out, look_fn look)
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

static int look_at_success(bool is_done, const struct crl_result *result, const struct error *err)
{
    (void)err;
    return is_done && !result->is_again ? 0 : 1;
}

static int begin(void **state)
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

static int end(void **state)
{
    (void)state;
    plan_file_done(&file);
    fake_home_remove(&own);
    approver_done(&ann);
    return 0;
}

static int look_at_again(bool is_done, const struct crl_result *result, const struct error *err)
{
    size_t count = 0;
    (void)err;
    if (!is_done || !result->is_again || result->number != 1 || strcmp(result->name, "crl-1") != 0)
        return 1;
    if (strcmp(fake_console_said(), "this plan was carried out before; its CRL 1 is delivered again\n") != 0)
        return 2;
    (void)fake_token_signatures(&count);
    if (count != signatures)
        return 3;
    // Its token, as its parent's, had not been told of the number: it is before the CRL leaves again.
    uint64_t number = 0;
    fake_home_open(&own);
    return signer_remembered_crl(own.signer, &number) && number == 1 ? 0 : 4;
}

static void the_same_command_delivers_it_again(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(builder_done) struct builder pem = BUILDER_INIT;
    AUTO(builder_done) struct builder der_again = BUILDER_INIT;
    AUTO(builder_done) struct builder pem_again = BUILDER_INIT;
    (void)state;
    run_crl(true, look_at_success);
    AUTO(free) char *types = fake_home_types(&own);
    assert_non_null(strstr(types, "plan.approved crl.signing crl.issued "));
    assert_true(file_read(AT_FDCWD, der_path, FILE_MAX_LEN, &der, &err));
    assert_true(file_read(AT_FDCWD, pem_path, FILE_MAX_LEN, &pem, &err));
    assert_true(unlink(der_path) == 0 && unlink(pem_path) == 0);
    run_crl(true, look_at_again);
    assert_true(file_read(AT_FDCWD, der_path, FILE_MAX_LEN, &der_again, &err));
    assert_true(file_read(AT_FDCWD, pem_path, FILE_MAX_LEN, &pem_again, &err));
    assert_true(bytes_equal(builder_bytes(&der), builder_bytes(&der_again)));
    assert_true(bytes_equal(builder_bytes(&pem), builder_bytes(&pem_again)));
    AUTO(free) char *after = fake_home_types(&own);
    assert_string_equal(after, types);
}

static int look_at_second(bool is_done, const struct crl_result *result, const struct error *err)
{
    (void)err;
    return is_done && !result->is_again && result->number == 2 ? 0 : 1;
}

/** Two plans were carried out since: each command delivers its own. */
static void the_command_of_an_older_plan_delivers_its_own(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(builder_done) struct builder der_again = BUILDER_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    struct plan_file first = file;
    (void)state;
    run_crl(true, look_at_success);
    assert_true(file_read(AT_FDCWD, der_path, FILE_MAX_LEN, &der, &err));
    assert_int_equal(unlink(plan_path), 0);
    run_crl(false, look_at_success);
    assert_true(file_read(AT_FDCWD, plan_path, FILE_MAX_LEN, &text, &err));
    assert_true(plan_file_read(builder_bytes(&text), &file, &err));
    run_crl(true, look_at_second);
    plan_file_done(&file);
    file = first;
    assert_true(unlink(der_path) == 0 && unlink(pem_path) == 0);
    run_crl(true, look_at_again);
    assert_true(file_read(AT_FDCWD, der_path, FILE_MAX_LEN, &der_again, &err));
    assert_true(bytes_equal(builder_bytes(&der), builder_bytes(&der_again)));
}

static int look_at_failure(bool is_done, const struct crl_result *result, const struct error *err)
{
    (void)result;
    return !is_done && err->kind == ERROR_TOKEN ? 0 : 1;
}

static int look_at_end(bool is_done, const struct crl_result *result, const struct error *err)
{
    (void)result;
    return !is_done && err->kind == ERROR_INPUT &&
                   strcmp(err->text,
                          "the plan was carried out before, but a run stopped between logging CRL 1 "
                          "and recording its signature: whether the token signed it nobody knows, "
                          "so its number is never used again; plan it anew, and have it approved") == 0
               ? 0
               : 1;
}

static void one_whose_signature_was_not_recorded_is_over(void **state)
{
    (void)state;
    fake_token_set_fault(FAKE_TOKEN, 1, FAKE_FAILS);
    run_crl(true, look_at_failure);
    fake_token_set_fault(FAKE_TOKEN, 1, FAKE_SOUND);
    AUTO(free) char *types = fake_home_types(&own);
    assert_non_null(strstr(types, "crl.signing crl.abandoned "));
    run_crl(true, look_at_end);
    assert_false(file_exists(AT_FDCWD, der_path));
}

/** Logs the plan's crl.signing, and a crl.issued of a signature that is none. \param shift  added to its next_update, seconds */
static bool make_of(int64_t shift, bool is_issued, struct error *err)
{
    char shifted[TIME_TEXT_SIZE];
    int64_t next_update = 0;
    static const uint8_t signature[70];
    AUTO(crl_again_done) struct crl_again again = {.made = NULL};
    struct record_crl_issued issued = {.number = 1, .signature = BYTES(signature)};
    struct json *signing = plan_file_planned(&file, 0);
    fake_home_open(&own);
    struct ledger *ledger = own.home->ledger;
    json_put_int(signing, "size", (int64_t)ledger_size(ledger));
    assert_true(time_parse(json_text(signing, "next_update"), &next_update));
    json_put_text(signing, "next_update", time_format(next_update + shift, shifted));
    assert_true(ledger_append(ledger, RECORD_CRL_SIGNING, signing, &issued.ref, err));
    if (is_issued)
        assert_true(ledger_append(ledger, RECORD_CRL_ISSUED, record_crl_issued_write(&issued), NULL, err));
    assert_true(ledger_commit(ledger, err));
    bool is_made = crl_again_make(own.home, file.sha256, own.folder.fd, &again, err);
    crl_again_done(&again);
    again.made = NULL;
    fake_home_close(&own);
    return is_made;
}

static void what_the_records_do_not_make_is_not_delivered(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    assert_false(make_of(0, true, &err));
    assert_int_equal(err.kind, ERROR_LEDGER);
    assert_string_equal(err.text,
                        "CRL 1 with the signature of its record is not what was issued; run `coldca "
                        "ledger verify`");
}

static void a_list_that_was_not_signed_is_not_delivered(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    assert_false(make_of(-1, true, &err));
    assert_int_equal(err.kind, ERROR_LEDGER);
    assert_non_null(strstr(err.text, "it is another than was signed"));
    assert_non_null(strstr(err.text, "rebuilding CRL 1"));
}

static void one_that_is_unfinished_is_over(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    assert_false(make_of(0, false, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_non_null(strstr(err.text, "its number is never used again; plan it anew"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_same_command_delivers_it_again, begin, end),
        cmocka_unit_test_setup_teardown(the_command_of_an_older_plan_delivers_its_own, begin, end),
        cmocka_unit_test_setup_teardown(one_whose_signature_was_not_recorded_is_over, begin, end),
        cmocka_unit_test_setup_teardown(what_the_records_do_not_make_is_not_delivered, begin, end),
        cmocka_unit_test_setup_teardown(a_list_that_was_not_signed_is_not_delivered, begin, end),
        cmocka_unit_test_setup_teardown(one_that_is_unfinished_is_over, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
