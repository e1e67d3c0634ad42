/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One call fails, of the system, of SQLite, of OpenSSL or of a token, whichever: the run tells it, or does all it promised; what was delivered
 * is in the ledger; and the same command again ends what is left, with one certificate for each request.
 */
#include "failing.h"
#include "fake_home.h"

#include "base/file.h"
#include "base/memory.h"
#include "issue/delivery.h"
#include "issue/directory.h"
#include "issue/refusals.h"
#include "issue/signing.h"
#include "records/admit.h"
#include "records/cert.h"
#include "records/session.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define REQUESTS 2 /* that a run signs; one more is refused */

static struct fake_home own;
static struct policy *policy;
static char out[96];
static unsigned asked;         /* requests so far */
static unsigned issued_of_all; /* of them, such that are to get a certificate */
static const struct issue_options options = {.command = "sign"};

static int begin(void **state)
{
    (void)state;
    fake_home_make(&own);
    fake_token_watch(NULL); // it reads files, too, and would be let down
    policy = fake_policy("");
    (void)snprintf(out, sizeof(out), "%s/out", own.folder.path);
    asked = issued_of_all = 0;
    return 0;
}

static int end(void **state)
{
    (void)state;
    policy_free(policy);
    fake_home_remove(&own);
    return 0;
}

/* ---- what fails ---- */

/* By their first letters the calls into the C library and SQLite. */
static const char *const by_system[] = {"f", "l", "m", "o", "p", "r", "s", "u", "w"};

static void fail_system(const char *names, unsigned number)
{
    failing_at(names, number);
}

static void fail_token(const char *names, unsigned number)
{
    (void)names;
    fake_token_fail_call(number);
}

struct fault {
    void (*begin)(const char *names, unsigned number);
    const char *(*stop)(void);
    const char *names;
};

/* ---- a run ---- */

static bool give(void *data, unsigned wait_ms, struct plan **ret_plan, bool *ret_is_last, struct error *err)
{
    (void)wait_ms, (void)err;
    *ret_plan = plan_hold(data);
    *ret_is_last = true;
    return true;
}

static bool leave(void *data, const struct plan *plan, struct error *err)
{
    (void)data, (void)plan, (void)err;
    return true;
}

static bool carry_out(struct plan *plan, struct output *output, bool is_batch,
                      struct issue_result *ret_result, struct error *err)
{
    const struct issue_source source = {.next = give, .finished = leave, .data = plan, .total = plan->count};
    const struct issue_options batch = {.command = "batch", .batch = "20261121T024857Z-1a2b3c"};
    return is_batch ? issue_each(own.signer, &source, output, &batch, &fake_console, ret_result, err)
                    : issue_plan(own.signer, plan, output, &options, &fake_console, ret_result, err);
}

/** Into the directory, with proofs. */
static bool sign(struct plan *plan, const struct fault *fault, unsigned number, const char **ret_failed,
                 struct issue_result *ret_result, struct error *err)
{
    AUTO(directory_close) struct directory directory = {.fd = -1};
    *ret_failed = NULL;
    *ret_result = (struct issue_result){.issued = 0};
    if (fault != NULL)
        fault->begin(fault->names, number);
    bool is_open =
        directory_open(own.home, out, &directory, err) && directory_meet_checkpoint(&directory, err);
    const char *failed = fault == NULL ? NULL : fault->stop();
    directory.output.wants_proof = true;
    if (is_open) {
        fake_plan_judge(&own, plan, policy, &directory.output);
        plan_item_refuse(&plan->items[REQUESTS], "test.rule", "no", NULL);
        plan_seal(plan);
    }
    if (fault != NULL && failed == NULL)
        fault->begin(fault->names, number);
    bool is_done = is_open && carry_out(plan, &directory.output, number % 2 == 0, ret_result, err) &&
                   directory_put_checkpoint(&directory, err);
    *ret_failed = fault == NULL || failed != NULL ? failed : fault->stop();
    return is_done;
}

static void assert_delivered(const struct plan *plan)
{
    for (size_t i = 0; i < REQUESTS; i++) {
        AUTO(free) char *pem = memory_format("%s/%s.pem", out, plan->items[i].name);
        AUTO(free) char *proof = memory_format("%s/%s.tlog-proof", out, plan->items[i].name);
        if (!file_exists(AT_FDCWD, pem) || !file_exists(AT_FDCWD, proof))
            fail_msg("%s is not there", pem);
    }
}

/** Runs with each call failing once. \return how many there are */
static unsigned fail_each(const struct fault *fault)
{
    for (unsigned number = 1;; number++) {
        struct error err = ERROR_INIT;
        struct issue_result result;
        const char *failed = NULL;
        const char *ignored = NULL;
        fake_home_open(&own);
        AUTO(plan_free) struct plan *plan = fake_plan(policy, asked, REQUESTS + 1);
        asked += REQUESTS + 1;
        issued_of_all += REQUESTS;
        bool is_done = sign(plan, fault, number, &failed, &result, &err);
        if (is_done != (err.kind == ERROR_NONE) || (failed == NULL && !is_done))
            fail_msg("call %u, %s: %s, \"%s\"", number, failed, is_done ? "done" : "not done", err.text);
        if (is_done) {
            assert_int_equal(result.issued, REQUESTS);
            assert_int_equal(result.proofs, REQUESTS);
            assert_int_equal(result.refused, 1);
            assert_int_equal(ledger_checkpoint_size(own.home->ledger), ledger_size(own.home->ledger));
            assert_delivered(plan);
        }
        assert_true(result.issued <= REQUESTS);
        size_t issued = result.issued;
        fake_home_close(&own);
        fake_home_open(&own);
        AUTO(plan_free) struct plan *again = fake_plan_again(policy, plan);
        error_clear(&err);
        if (!sign(again, NULL, 0, &ignored, &result, &err))
            fail_msg("call %u, %s; again: %s", number, failed, err.text);
        assert_true(result.repeated >= issued); // what was told is true
        assert_int_equal(result.issued + result.repeated, REQUESTS);
        assert_delivered(again);
        fake_home_close(&own);
        if (failed == NULL)
            return number - 1;
    }
}

static void assert_one_certificate_for_each(void)
{
    struct error err = ERROR_INIT;
    AUTO(ledger_report_done) struct ledger_report report;
    fake_home_open(&own);
    assert_true(ledger_verify(own.home->fd, own.home->config.ledger_vkey, NULL, &report, &err));
    if (report.findings.count > 0)
        fail_msg("%s", report.findings.items[0].text);
    assert_int_equal(report.issued, issued_of_all + 1); // and the root
    assert_int_equal(report.unfinished, 0);
    assert_int_equal(report.records_past_checkpoint, 0);
}

static void a_run_tells_what_fails_or_does_it_all(void **state)
{
    // What verifies a signature as well; EVP_DigestSign is the fake token's.
    const struct fault verifying = {.begin = fail_system, .stop = failing_stop, .names = "EVP_DigestVerify"};
    unsigned sum = fail_each(&verifying);
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(by_system); i++) {
        const struct fault fault = {.begin = fail_system, .stop = failing_stop, .names = by_system[i]};
        sum += fail_each(&fault);
    }
    assert_true(sum > 50);
    assert_one_certificate_for_each();
}

static void a_run_tells_what_a_token_fails_in(void **state)
{
    const struct fault fault = {.begin = fail_token, .stop = fake_token_stop_failing};
    (void)state;
    assert_int_equal(fail_each(&fault), 1 + REQUESTS + 1); // its name, the certificates, a checkpoint
    assert_one_certificate_for_each();
}

/** Whether it is a later one than the ledger's has to be known before anything is signed. */
static void a_checkpoint_in_the_directory_is_read_or_told(void **state)
{
    unsigned sum = 0;
    struct error err = ERROR_INIT;
    AUTO(close) int fd = -1;
    struct directory directory;
    AUTO(builder_done) struct builder note = BUILDER_INIT;
    (void)state;
    fake_home_open(&own);
    assert_true(file_open_folder(AT_FDCWD, own.folder.path, &fd, &err));
    assert_true(ledger_checkpoint_newest(own.home->ledger, &note, &err));
    assert_true(file_create(fd, "checkpoint", 0644, builder_bytes(&note), &err));
    directory_begin(&directory, own.home, fd, false);
    for (size_t i = 0; i < ARRAY_LEN(by_system); i++) {
        const char *call = by_system[i];
        for (unsigned number = 1; call != NULL; number++) {
            error_clear(&err);
            failing_at(by_system[i], number);
            bool is_met = directory_meet_checkpoint(&directory, &err);
            call = failing_stop();
            if (is_met != (call == NULL) || is_met != (err.kind == ERROR_NONE))
                fail_msg("call %u, %s: %s", number, call, is_met ? "met" : err.text);
            assert_true(is_met || strstr(err.text, "checkpoint in the output directory") != NULL);
            sum += call == NULL ? 0 : 1;
        }
    }
    assert_true(sum >= 2); // it is opened and read
    directory_end(&directory);
}

static bool put_one(bool is_fresh, const char *name, bool *ret_looks, struct error *err)
{
    AUTO(close) int fd = -1;
    struct directory directory;
    const struct plan_item item = {.name = (char *)(uintptr_t)name};
    assert_true(file_open_folder(AT_FDCWD, own.folder.path, &fd, err));
    directory_begin(&directory, own.home, fd, is_fresh);
    failing_at("fstatat", 1);
    bool is_put = directory.output.put(&directory.output, 0, &item, BYTES_LITERAL("a certificate"),
                                       BYTES_LITERAL(""), err);
    *ret_looks = failing_stop() != NULL;
    is_put = is_put && directory.output.flush(&directory.output, 0, err);
    directory_end(&directory);
    return is_put;
}

/** Nothing is in it, so nothing is looked for, on a medium that takes its time. */
static void a_fresh_directory_is_not_looked_at(void **state)
{
    struct error err = ERROR_INIT;
    bool looks = false;
    (void)state;
    fake_home_open(&own);
    assert_true(put_one(true, "fresh", &looks, &err));
    assert_false(looks);
    (void)put_one(false, "other", &looks, &err);
    assert_true(looks);
}

/** Who puts or flushes is told at once, and what was flushed is there. */
static void what_is_put_and_flushed_is_there_or_told(void **state)
{
    AUTO(close) int fd = -1;
    unsigned told = 0;
    (void)state;
    fake_home_open(&own);
    struct error ignored = ERROR_INIT;
    assert_true(file_open_folder(AT_FDCWD, own.folder.path, &fd, &ignored));
    for (size_t i = 0; i < 2 * ARRAY_LEN(by_system); i++) {
        bool is_more = true;
        for (unsigned number = 1; is_more; number++) {
            struct error err = ERROR_INIT;
            struct directory directory;
            AUTO(free) char *name = memory_format("put-%zu-%u", i, number);
            AUTO(free) char *file = memory_format("%s.pem", name);
            const struct plan_item item = {.name = name};
            directory_begin(&directory, own.home, fd, false);
            directory.with_chain = true;
            failing_at(i % 2 == 0 ? by_system[i / 2] : "none", number);
            bool is_put = directory.output.put(&directory.output, 0, &item, BYTES_LITERAL("a certificate"),
                                               BYTES_LITERAL("a proof"), &err);
            is_more = failing_stop() != NULL;
            assert_int_equal(is_put, err.kind == ERROR_NONE);
            if (is_put) {
                failing_at(i % 2 == 1 ? by_system[i / 2] : "none", number);
                bool is_flushed = directory.output.flush(&directory.output, 0, &err);
                is_more = failing_stop() != NULL || is_more;
                assert_int_equal(is_flushed, err.kind == ERROR_NONE);
                assert_true(!is_flushed || file_exists(fd, file));
            }
            told += err.kind == ERROR_NONE ? 0 : 1;
            directory_end(&directory);
        }
    }
    assert_true(told > 5);
}

/* ---- threads ---- */

static void fewer_threads_sign_and_none_is_told(void **state)
{
    struct error err = ERROR_INIT;
    struct signing *signing = NULL;
    (void)state;
    fake_home_open(&own);
    failing_at("pthread_create", 1);
    assert_false(signing_open(own.signer, &signing, &err));
    assert_non_null(failing_stop());
    assert_null(signing);
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_non_null(strstr(err.text, "can't start a thread"));
    failing_at("pthread_create", 2);
    assert_true(signing_open(own.signer, &signing, &err));
    assert_non_null(failing_stop());
    signing_close(signing);
}

static bool deliver(struct issue_stream *stream, struct issue_group *group, struct error *err)
{
    (void)stream, (void)group, (void)err;
    return true;
}

static void a_delivery_has_both_its_threads_or_is_none(void **state)
{
    struct issue_stream stream = {.deliver = deliver};
    struct delivery *delivery = NULL;
    (void)state;
    for (unsigned number = 1; number <= 2; number++) {
        struct error err = ERROR_INIT;
        failing_at("pthread_create", number);
        assert_false(delivery_open(&stream, 2, &delivery, &err));
        assert_non_null(failing_stop());
        assert_null(delivery);
        assert_int_equal(err.kind, ERROR_INPUT);
        assert_non_null(strstr(err.text, "can't start a thread"));
    }
}

/* ---- what an earlier run left ---- */

/** Logs a certificate that nobody signs. */
static void leave_one(void)
{
    struct error err = ERROR_INIT;
    AUTO(plan_free) struct plan *plan = fake_plan(policy, asked++, 1);
    fake_plan_judge(&own, plan, policy, NULL);
    const struct plan_item *item = &plan->items[0];
    const struct record_cert_signing record = {.tbs = bytes_of(item->tbs, item->tbs_len),
                                               .policy = "test",
                                               .policy_sha256 = plan->policy_sha256,
                                               .csr_sha256 = item->request->sha256,
                                               .batch = "test"};
    assert_true(ledger_append(own.home->ledger, RECORD_CERT_SIGNING, record_cert_signing_write(&record), NULL,
                              &err) &&
                ledger_commit(own.home->ledger, &err));
}

static void what_was_left_is_closed_or_told(void **state)
{
    bool is_more = true;
    const struct admitted other = {.file = {.sha256 = {1}}}; // its record has to be read to know
    (void)state;
    for (unsigned number = 1; is_more; number++) {
        struct error err = ERROR_INIT;
        size_t abandoned = 77;
        size_t left = 77;
        fake_home_open(&own);
        leave_one();
        failing_at("", number);
        bool is_done = issue_abandon_unfinished(own.home, "a test", number % 2 == 0 ? NULL : &other,
                                                &abandoned, &left, &err);
        is_more = failing_stop() != NULL || number % 2 == 0;
        assert_int_equal(is_done, err.kind == ERROR_NONE);
        if (is_done) {
            assert_int_equal(abandoned, 1);
            assert_int_equal(left, 0);
        } else {
            assert_true(err.kind == ERROR_LEDGER || err.kind == ERROR_INPUT);
            assert_non_null(strstr(err.text, "closing the certificates that an earlier run left unfinished"));
            assert_true(abandoned == 77 && left == 77);
        }
        fake_home_close(&own);
        fake_home_open(&own);
        error_clear(&err);
        assert_true(issue_abandon_unfinished(own.home, "a test", NULL, &abandoned, &left, &err));
        assert_true(abandoned <= (is_done ? 0 : 1));
        fake_home_close(&own);
    }
}

/* ---- what earlier runs refused ---- */

static void what_was_refused_is_known_or_told(void **state)
{
    bool is_more = true;
    struct error err = ERROR_INIT;
    struct issue_result result;
    struct output output = {.put = NULL};
    (void)state;
    fake_home_open(&own);
    AUTO(plan_free) struct plan *plan = fake_plan(policy, 1, 3);
    fake_plan_judge(&own, plan, policy, NULL);
    for (size_t i = 0; i < plan->count; i++)
        plan_item_refuse(&plan->items[i], "test.rule", "no", NULL);
    plan_seal(plan);
    assert_true(issue_plan(own.signer, plan, &output, &options, &fake_console, &result, &err));
    fake_home_close(&own);
    for (unsigned number = 1; is_more; number++) {
        AUTO(refusals_done) struct refusals refusals = {.known = NULL};
        fake_home_open(&own); // so that nothing is in a cache
        failing_at("", number);
        bool is_done = refusals_load_recent(own.home->ledger, &refusals, &err);
        is_more = failing_stop() != NULL;
        assert_true(is_done ? refusals.count == 3 : err.kind != ERROR_NONE);
        assert_true(is_done || is_more);
        fake_home_close(&own);
    }
}

static void whether_people_have_to_approve_is_known_or_told(void **state)
{
    bool is_more = true;
    (void)state;
    for (unsigned number = 1; is_more; number++) {
        struct error err = ERROR_INIT;
        fake_home_open(&own);
        failing_at("", number);
        bool is_permitted = issue_is_permitted(own.home, ACT_ISSUE, "sign", &err);
        is_more = failing_stop() != NULL;
        assert_int_equal(is_permitted, err.kind == ERROR_NONE);
        assert_true(is_permitted || is_more); // init's control lets everybody
        fake_home_close(&own);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_run_tells_what_fails_or_does_it_all, begin, end),
        cmocka_unit_test_setup_teardown(a_run_tells_what_a_token_fails_in, begin, end),
        cmocka_unit_test_setup_teardown(a_checkpoint_in_the_directory_is_read_or_told, begin, end),
        cmocka_unit_test_setup_teardown(a_fresh_directory_is_not_looked_at, begin, end),
        cmocka_unit_test_setup_teardown(what_is_put_and_flushed_is_there_or_told, begin, end),
        cmocka_unit_test_setup_teardown(fewer_threads_sign_and_none_is_told, begin, end),
        cmocka_unit_test_setup_teardown(a_delivery_has_both_its_threads_or_is_none, begin, end),
        cmocka_unit_test_setup_teardown(what_was_left_is_closed_or_told, begin, end),
        cmocka_unit_test_setup_teardown(what_was_refused_is_known_or_told, begin, end),
        cmocka_unit_test_setup_teardown(whether_people_have_to_approve_is_known_or_told, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
