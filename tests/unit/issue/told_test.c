/* SPDX-License-Identifier: Apache-2.0 */
/* What the person at a run is told, and what not: of controls, of checkpoints, of what goes on, and of tokens that failed. */
#include "fake_home.h"

#include "base/digest.h"
#include "base/encode.h"
#include "base/memory.h"
#include "issue/directory.h"
#include "issue/issue.h"
#include "records/cert.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct fake_home own;
static struct policy *policy;
static struct issue_result result;
static unsigned asked;
static size_t put_count;
static size_t unproved;
static const struct issue_options options = {.command = "sign"};

static bool put(struct output *output, size_t number, const struct plan_item *item, struct bytes certificate,
                struct bytes proof, struct error *err)
{
    uint8_t digest[32];
    char hex[129];
    (void)output, (void)number, (void)item, (void)err;
    digest_sha256(certificate, digest);
    assert_true(fake_home_logged(&own, hex_of(BYTES(digest), hex)));
    unproved += proof.len == 0 ? 1 : 0;
    put_count++;
    return true;
}

static int begin(void **state)
{
    (void)state;
    fake_home_make(&own);
    policy = fake_policy("");
    asked = 0;
    put_count = unproved = 0;
    return 0;
}

static int end(void **state)
{
    (void)state;
    policy_free(policy);
    fake_home_remove(&own);
    return 0;
}

static bool issue(unsigned count, const struct console *console, struct error *err)
{
    struct output output = {.put = put, .wants_proof = true};
    AUTO(plan_free) struct plan *plan = fake_plan(policy, asked, count);
    asked += count;
    fake_plan_judge(&own, plan, policy, NULL);
    return issue_plan(own.signer, plan, &output, &options, console, &result, err);
}

static bool is_said(const char *words)
{
    return strstr(fake_console_said(), words) != NULL;
}

static const char no_controls[] =
    "this CA has no controls: whoever can log in decides everything; `coldca people "
    "set FILE` says who may (docs/controls.md)\n";

static void a_ca_without_controls_is_told_so(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(free) char *path = memory_format("%s/bare", own.folder.path);
    (void)state;
    fake_home_open(&own);
    assert_true(issue(1, &fake_console, &err));
    assert_false(is_said("no controls"));
    // As one was before there were any: a ledger without the record that init writes.
    struct ledger *with = own.home->ledger;
    assert_int_equal(mkdir(path, 0700), 0);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (!ledger_create(fd, &err) ||
        !ledger_open(fd, own.home->config.ledger_vkey, LEDGER_WRITE, 0, &own.home->ledger, &err))
        fail_msg("%s", err.text);
    struct output output = {.put = NULL};
    struct directory directory;
    directory_begin(&directory, own.home, fd, false);
    assert_false(directory_put_checkpoint(&directory, &err)); // there is none yet
    directory_end(&directory);
    error_clear(&err);
    AUTO(plan_free) struct plan *plan = fake_plan(policy, asked, 1);
    fake_plan_judge(&own, plan, policy, NULL);
    plan_item_refuse(&plan->items[0], "test.rule", "no", NULL);
    plan_seal(plan);
    if (!issue_plan(own.signer, plan, &output, &options, &fake_console, &result, &err))
        fail_msg("%s", err.text);
    assert_true(is_said(no_controls));
    ledger_close(own.home->ledger);
    own.home->ledger = with;
    (void)close(fd);
}

static void a_run_that_fails_still_makes_a_checkpoint_and_says_if_it_can_not(void **state)
{
    (void)state;
    for (unsigned number = 1; number <= 2; number++) {
        struct error err = ERROR_INIT;
        fake_home_open(&own);
        fake_token_set_fault(FAKE_TOKEN, 1, FAKE_FAILS);
        uint64_t before = ledger_checkpoint_size(own.home->ledger);
        if (number == 2)
            fake_token_fail_from(2); // what the session says of it is the first
        assert_false(issue(1, &fake_console, &err));
        (void)fake_token_stop_failing();
        fake_token_set_fault(FAKE_TOKEN, 1, FAKE_SOUND);
        assert_int_equal(err.kind, ERROR_TOKEN);
        assert_true(ledger_checkpoint_size(own.home->ledger) ==
                    (number == 1 ? ledger_size(own.home->ledger) : before));
        assert_int_equal(is_said("no checkpoint could be signed: " FAKE_CALL_FAILED "\n"), number == 2);
        assert_false(is_said("certificates of this plan are logged")); // nothing people approved
        assert_false(is_said("were abandoned"));
        fake_home_close(&own);
    }
}

static void a_run_whose_last_checkpoint_fails_says_that_all_is_issued(void **state)
{
    struct error err = ERROR_INIT;
    struct output output = {.put = put};
    (void)state;
    fake_home_open(&own);
    AUTO(plan_free) struct plan *plan = fake_plan(policy, asked, 1);
    fake_plan_judge(&own, plan, policy, NULL);
    fake_token_fail_from(3);
    assert_false(issue_plan(own.signer, plan, &output, &options, &fake_console, &result, &err));
    (void)fake_token_stop_failing();
    assert_int_equal(err.kind, ERROR_TOKEN);
    assert_non_null(
        strstr(err.text, "signing the checkpoint; the certificates are issued and in the ledger"));
    assert_int_equal(result.issued, 1);
    assert_int_equal(put_count, 1);
}

/* ---- what was left ---- */

static void one_certificate_that_was_left_is_told_and_none_is_not(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(plan_free) struct plan *plan = fake_plan(policy, 1000, 1);
    (void)state;
    fake_home_open(&own);
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
    assert_true(issue(1, &fake_console, &err));
    assert_int_equal(result.abandoned, 1);
    assert_true(is_said("1 certificates that an earlier run left unfinished were abandoned"));
    size_t before = strlen(fake_console_said());
    assert_true(issue(1, &fake_console, &err));
    assert_int_equal(result.abandoned, 0);
    assert_int_equal(strlen(fake_console_said()), before);
}

static int64_t clock_is_behind; /* seconds */

/** The C library's, for all of this program. */
time_t time(time_t *ret_now)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    time_t told = now.tv_sec - (time_t)clock_is_behind;
    if (ret_now != NULL)
        *ret_now = told;
    return told;
}

static void a_clock_that_is_wrong_ends_a_run(void **state)
{
    struct error err = ERROR_INIT;
    struct output output = {.put = put};
    AUTO(plan_free) struct plan *plan = fake_plan(policy, asked, 1);
    (void)state;
    fake_home_open(&own);
    fake_plan_judge(&own, plan, policy, NULL);
    uint64_t before = ledger_size(own.home->ledger);
    clock_is_behind = INT64_C(3600);
    bool is_done = issue_plan(own.signer, plan, &output, &options, &fake_console, &result, &err);
    assert_false(is_done);
    assert_non_null(strstr(err.text, "clock"));
    assert_int_equal(ledger_size(own.home->ledger), before);
    error_clear(&err);
    clock_is_behind = INT64_C(-255000000000); // the year 10050, which no batch can be named after
    is_done = issue_plan(own.signer, plan, &output, &options, &fake_console, &result, &err);
    clock_is_behind = 0;
    assert_false(is_done);
    assert_non_null(strstr(err.text, "set the clock"));
    assert_int_equal(put_count, 0);
    assert_int_equal(ledger_size(own.home->ledger), before);
}

/* ---- how far it is ---- */

static size_t last_done, last_total;

static void progress(void *data, const char *what, size_t done, size_t total)
{
    (void)data, (void)what;
    last_done = done;
    last_total = total;
}

static void a_run_of_one_is_shown_as_well(void **state)
{
    struct error err = ERROR_INIT;
    struct console console = fake_console;
    (void)state;
    console.progress = progress;
    fake_home_open(&own);
    assert_true(issue(1, &console, &err));
    assert_int_equal(last_done, 1);
    assert_int_equal(last_total, 1);
}

/* ---- tokens that fail ---- */

static void what_was_signed_before_a_token_failed_has_its_proofs(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    fake_home_open(&own);
    fake_token_set_fault(FAKE_TOKEN, 20, FAKE_FAILS);
    assert_false(issue(40, &fake_console, &err));
    assert_int_equal(err.kind, ERROR_TOKEN);
    assert_int_equal(put_count, 19);
    assert_int_equal(result.issued, 19);
    assert_int_equal(result.proofs, 19);
    assert_int_equal(unproved, 0);
}

static void what_one_token_signed_wrongly_another_signs(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    fake_home_open_pool(&own);
    assert_true(signer_open(own.confined, &fake_console, &own.signer, &err));
    fake_token_set_fault(FAKE_TOKEN, 1, FAKE_SIGNS_WRONGLY);
    fake_token_set_fault("third", 1, FAKE_SIGNS_WRONGLY);
    if (!issue(20, &fake_console, &err))
        fail_msg("%s", err.text);
    assert_int_equal(result.issued, 20);
    assert_int_equal(put_count, 20);
    assert_true(is_said("the token fake failed and was removed from the pool; continuing with the others: "));
    assert_true(
        is_said("the token third failed and was removed from the pool; continuing with the others: "));
    AUTO(ledger_report_done) struct ledger_report report;
    assert_true(ledger_verify(own.home->fd, own.home->config.ledger_vkey, NULL, &report, &err));
    assert_int_equal(report.findings.count, 0);
    assert_int_equal(report.issued, 21);
}

static void tokens_that_ended_a_run_are_told(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    fake_home_open_pool(&own);
    assert_true(signer_open(own.confined, &fake_console, &own.signer, &err));
    fake_token_set_fault(FAKE_TOKEN, 1, FAKE_FAILS);
    fake_token_set_fault("second", 1, FAKE_FAILS);
    fake_token_set_fault("third", 1, FAKE_FAILS);
    assert_false(issue(1, &fake_console, &err));
    assert_int_equal(err.kind, ERROR_TOKEN);
    assert_int_equal(is_said("the token fake failed") + is_said("the token second failed") +
                         is_said("the token third failed"),
                     2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_ca_without_controls_is_told_so, begin, end),
        cmocka_unit_test_setup_teardown(a_run_that_fails_still_makes_a_checkpoint_and_says_if_it_can_not,
                                        begin, end),
        cmocka_unit_test_setup_teardown(a_run_whose_last_checkpoint_fails_says_that_all_is_issued, begin,
                                        end),
        cmocka_unit_test_setup_teardown(one_certificate_that_was_left_is_told_and_none_is_not, begin, end),
        cmocka_unit_test_setup_teardown(a_clock_that_is_wrong_ends_a_run, begin, end),
        cmocka_unit_test_setup_teardown(a_run_of_one_is_shown_as_well, begin, end),
        cmocka_unit_test_setup_teardown(what_was_signed_before_a_token_failed_has_its_proofs, begin, end),
        cmocka_unit_test_setup_teardown(tokens_that_ended_a_run_are_told, begin, end),
        cmocka_unit_test_setup_teardown(what_one_token_signed_wrongly_another_signs, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
