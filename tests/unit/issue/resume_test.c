/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan that people approved, and whose run was stopped: the same plan signs what was logged and has no signature, the same bytes under
 * the same records, and burns nothing; another command burns it.
 */
#include "approver.h"
#include "base/memory.h"
#include "failing.h"
#include "fake_home.h"
#include "issue/issue.h"
#include "plan/approved.h"
#include "records/in_force.h"
#include "records/verify.h"

#include <string.h>
#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define REQUESTS 40
#define WEEK INT64_C(604800)

static struct fake_home own;
static struct approver ann;
static struct plan_file file;
static struct admitted admitted;
static struct plan *plan;
static struct redraw *redraw;
static struct issue_result result;

static void write_policy(void)
{
    AUTO(free) char *folder = memory_format("%s/policies", own.path);
    AUTO(free) char *path = memory_format("%s/test.yaml", folder);
    (void)mkdir(folder, 0755); // init may have made it
    FILE *out = fopen(path, "we");
    assert_non_null(out);
    assert_true(fputs(FAKE_POLICY, out) >= 0);
    assert_int_equal(fclose(out), 0);
}

static void set_control(void)
{
    struct error err = ERROR_INIT;
    bool is_set = false;
    AUTO(control_done) struct control before = {.people_count = 0};
    AUTO(control_done) struct control control = {.seq = CONTROL_NONE};
    assert_true(control_in_force(own.home->ledger, &before, &is_set, &err) && is_set);
    control.previous = before.seq;
    assert_true(control_add_person(&control, "ann", "approver", ann.vkey, &err));
    control.quorum[ACT_ISSUE] = 1;
    assert_true(ledger_append(own.home->ledger, RECORD_CONTROL_SET, control_write(&control), NULL, &err) &&
                ledger_commit(own.home->ledger, &err));
}

static unsigned planned; /* requests of all plans */

/** What people approve: so many requests that nobody made before. */
static void make_file(unsigned count)
{
    struct error err = ERROR_INIT;
    AUTO(policy_free) struct policy *policy = fake_policy("");
    AUTO(plan_free) struct plan *judged = fake_plan(policy, planned, count);
    planned += count;
    fake_plan_judge(&own, judged, policy, NULL);
    plan_file_done(&file);
    file = (struct plan_file){.items = NULL};
    if (!plan_to_file(own.home, judged, time_now(), WEEK, &file, &err))
        fail_msg("%s", err.text);
}

static int begin(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    planned = 0;
    approver_make(&ann, "ann", "a");
    fake_home_make(&own);
    fake_home_open(&own);
    write_policy();
    set_control();
    if (!redraw_open(own.home, &redraw, &err))
        fail_msg("%s", err.text);
    make_file(REQUESTS);
    return 0;
}

static void forget(void)
{
    if (plan != NULL)
        plan_free(TAKE(plan));
    admitted_done(&admitted);
    admitted = (struct admitted){.approvals = NULL};
}

static int end(void **state)
{
    (void)state;
    forget();
    plan_file_done(&file);
    redraw_close(TAKE(redraw));
    fake_home_remove(&own);
    approver_done(&ann);
    return 0;
}

/** Takes the plan in, as the command does. \param now  the time it is */
static void take(int64_t now)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder note = BUILDER_INIT;
    AUTO(plan_file_done) struct plan_file brought = {.items = NULL};
    struct plan_given given = {.file = &brought, .count = 1};
    forget();
    plan_file_write(&file, &text);
    assert_true(plan_file_read(builder_bytes(&text), &brought, &err));
    approver_approve(&ann, &file.header, file.header.not_before, &note);
    given.approvals[0] = builder_bytes(&note);
    if (!plan_admit(own.home, &given, now, &admitted, &err) ||
        !plan_of_admitted(own.home, &admitted, redraw, NULL, now, &plan, &err))
        fail_msg("%s", err.text);
}

static bool put(struct output *output, size_t group, const struct plan_item *item, struct bytes certificate,
                struct bytes proof, struct error *err)
{
    (void)output, (void)group, (void)item, (void)certificate, (void)proof, (void)err;
    return true;
}

static bool carry_out(struct error *err)
{
    struct output output = {.put = put};
    const struct issue_options options = {.command = "sign"};
    error_clear(err);
    return issue_plan(own.signer, plan, &output, &options, &fake_console, &result, err);
}

static size_t logged_items(void)
{
    size_t count = 0;
    for (size_t i = 0; i < plan->count; i++)
        count += plan->items[i].is_logged ? 1 : 0;
    return count;
}

/** By what `ledger verify` asks. */
static void assert_ledger(uint64_t unfinished, uint64_t abandoned, uint64_t issued)
{
    struct error err = ERROR_INIT;
    AUTO(ledger_report_done) struct ledger_report report;
    AUTO(records_checker_free) struct records_checker *checker = records_checker_new(own.home);
    const struct ledger_checks checks = records_checks(checker);
    assert_true(ledger_verify(own.home->fd, own.home->config.ledger_vkey, &checks, &report, &err));
    if (report.findings.count > 0)
        fail_msg("%s", report.findings.items[0].text);
    assert_int_equal(report.unfinished, unfinished);
    assert_int_equal(report.abandoned, abandoned);
    assert_int_equal(report.issued, issued + 1); // and the root
}

/** A run whose token fails at its tenth signature. \return how many certificates it issued */
static size_t stop(void)
{
    struct error err = ERROR_INIT;
    take(time_now());
    fake_token_set_fault(FAKE_TOKEN, 10, FAKE_FAILS);
    assert_false(carry_out(&err));
    assert_int_equal(err.kind, ERROR_TOKEN);
    fake_token_set_fault(FAKE_TOKEN, 1, FAKE_SOUND);
    assert_true(result.issued > 0 && result.issued < REQUESTS);
    AUTO(free)
    char *said = memory_format("%zu certificates of this plan are logged and have no signature yet: run "
                               "the same command before any other that writes the ledger, which would "
                               "burn their serials\n",
                               REQUESTS - result.issued);
    assert_non_null(strstr(fake_console_said(), said));
    return result.issued;
}

static void reopen(void)
{
    struct error err = ERROR_INIT;
    forget();
    redraw_close(TAKE(redraw));
    fake_home_close(&own);
    fake_home_open(&own);
    if (!redraw_open(own.home, &redraw, &err))
        fail_msg("%s", err.text);
}

static void the_same_plan_signs_what_was_logged(void **state)
{
    struct error err = ERROR_INIT;
    size_t unlogged = 0;
    size_t before = 0;
    (void)state;
    size_t issued = stop();
    assert_ledger(REQUESTS - issued, 0, issued);
    take(time_now());
    assert_int_equal(plan_count(plan, PLAN_REPEAT), issued);
    assert_int_equal(plan_count(plan, PLAN_SIGN), REQUESTS - issued);
    assert_int_equal(logged_items(), REQUESTS - issued);
    before = fake_token_count(&unlogged);
    if (!carry_out(&err))
        fail_msg("%s", err.text);
    assert_int_equal(result.issued, REQUESTS - issued);
    assert_int_equal(result.repeated, issued);
    assert_int_equal(result.abandoned, 0);
    AUTO(free)
    char *said = memory_format("%zu certificates of this plan were logged by a run that was stopped; "
                               "they are signed now, the same bytes under the same records\n",
                               REQUESTS - issued);
    assert_non_null(strstr(fake_console_said(), said));
    assert_int_equal(fake_token_count(&unlogged) - before, REQUESTS - issued);
    assert_int_equal(unlogged, 1); // init's; all else was on the disk first
    assert_ledger(0, 0, REQUESTS);
    take(time_now()); // and once more: there is nothing to sign
    assert_int_equal(plan_count(plan, PLAN_REPEAT), REQUESTS);
}

static void another_command_burns_it(void **state)
{
    struct error err = ERROR_INIT;
    size_t abandoned = 0;
    size_t left = 0;
    (void)state;
    size_t issued = stop();
    assert_true(issue_abandon_unfinished(own.home, "another run", NULL, &abandoned, &left, &err));
    assert_int_equal(abandoned, REQUESTS - issued);
    take(time_now());
    assert_int_equal(plan_count(plan, PLAN_REFUSE), REQUESTS - issued);
    assert_true(carry_out(&err));
    assert_ledger(0, REQUESTS - issued, issued);
}

static void another_plan_burns_it(void **state)
{
    struct error err = ERROR_INIT;
    size_t abandoned = 0;
    size_t left = 0;
    struct admitted other = {.file = {.sha256 = {1}}};
    (void)state;
    size_t issued = stop();
    assert_true(issue_abandon_unfinished(own.home, "another run", &admitted, &abandoned, &left, &err));
    assert_int_equal(abandoned, 0);
    assert_int_equal(left, REQUESTS - issued);
    assert_true(issue_abandon_unfinished(own.home, "another run", &other, &abandoned, &left, &err));
    assert_int_equal(abandoned, REQUESTS - issued);
    assert_int_equal(left, 0);
}

static void a_plan_whose_time_is_over_signs_nothing(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    size_t issued = stop();
    take(file.header.not_after + 1);
    assert_int_equal(plan_count(plan, PLAN_REPEAT), issued);
    assert_int_equal(plan_count(plan, PLAN_REFUSE), REQUESTS - issued);
    assert_true(carry_out(&err));
    assert_int_equal(result.abandoned, REQUESTS - issued);
    assert_ledger(0, REQUESTS - issued, issued);
}

/** Of one serial other bytes are never signed, nor is what another record holds. */
static void a_record_of_other_bytes_is_not_signed(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    (void)stop();
    take(time_now());
    struct plan_item *item = NULL;
    for (size_t i = 0; i < plan->count && item == NULL; i++)
        item = plan->items[i].is_logged ? &plan->items[i] : NULL;
    assert_non_null(item);
    struct logged job = {
        .kind = &logged_certificate, .name = "it", .tbs = bytes_of(item->tbs, item->tbs_len)};
    assert_true(logged_resume(own.signer, &job, item->earlier.signing_seq, &err));
    assert_int_equal(job.signing_seq, item->earlier.signing_seq);
    assert_false(logged_resume(own.signer, &job, item->earlier.signing_seq + 1, &err));
    assert_int_equal(err.kind, ERROR_LEDGER);
    error_clear(&err);
    assert_false(logged_resume(own.signer, &job, 0, &err));
    assert_non_null(strstr(err.text, "record 0 does not hold the bytes to be signed for it"));
    error_clear(&err);
    struct json *other = json_new_object(); // the same bytes, to be signed as something else
    uint64_t seq = 0;
    json_put_base64(other, "tbs", job.tbs);
    assert_true(ledger_append(own.home->ledger, "ocsp.signing", other, &seq, &err) &&
                ledger_commit(own.home->ledger, &err));
    assert_false(logged_resume(own.signer, &job, seq, &err));
    error_clear(&err);
    item->tbs[item->tbs_len - 1] ^= 1;
    assert_false(carry_out(&err));
    assert_int_equal(err.kind, ERROR_LEDGER);
}

static void one_that_is_left_is_told(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    make_file(2);
    take(time_now());
    fake_token_set_fault(FAKE_TOKEN, 2, FAKE_FAILS);
    assert_false(carry_out(&err));
    fake_token_set_fault(FAKE_TOKEN, 1, FAKE_SOUND);
    assert_int_equal(result.issued, 1);
    assert_non_null(
        strstr(fake_console_said(), "1 certificates of this plan are logged and have no signature yet: "));
    take(time_now());
    assert_true(carry_out(&err));
    assert_non_null(
        strstr(fake_console_said(), "1 certificates of this plan were logged by a run that was stopped"));
    size_t before = strlen(fake_console_said());
    make_file(2);
    take(time_now());
    assert_true(carry_out(&err)); // of nothing nothing is told
    assert_int_equal(strlen(fake_console_said()), before);
}

/** One call fails, of a run or of the run that goes on: the plan is carried out nevertheless, and nothing of it is burned. */
static void a_plan_is_carried_out_whatever_fails_on_the_way(void **state)
{
    static const char *const names[] = {"pread", "sqlite3_step"};
    (void)state;
    fake_token_watch(NULL); // it reads files, too, and would be let down
    plan_file_done(&file);
    planned = 0;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        bool is_more = true;
        for (unsigned number = 1; is_more; number++) {
            struct error err = ERROR_INIT;
            make_file(2);
            take(time_now());
            if (number % 2 == 1) { // the first run stops in any case
                fake_token_set_fault(FAKE_TOKEN, 2, FAKE_FAILS);
                assert_false(carry_out(&err));
                fake_token_set_fault(FAKE_TOKEN, 1, FAKE_SOUND);
                take(time_now());
            }
            failing_at(names[i], (number + 1) / 2);
            bool is_done = carry_out(&err);
            is_more = failing_stop() != NULL || number % 2 == 1;
            assert_int_equal(is_done, err.kind == ERROR_NONE);
            assert_true(is_done || is_more);
            reopen();
            take(time_now());
            if (!carry_out(&err))
                fail_msg("%s %u: %s", names[i], number, err.text);
            assert_int_equal(result.issued + result.repeated, 2);
        }
    }
    assert_ledger(0, 0, planned);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_same_plan_signs_what_was_logged, begin, end),
        cmocka_unit_test_setup_teardown(another_command_burns_it, begin, end),
        cmocka_unit_test_setup_teardown(another_plan_burns_it, begin, end),
        cmocka_unit_test_setup_teardown(a_plan_whose_time_is_over_signs_nothing, begin, end),
        cmocka_unit_test_setup_teardown(one_that_is_left_is_told, begin, end),
        cmocka_unit_test_setup_teardown(a_plan_is_carried_out_whatever_fails_on_the_way, begin, end),
        cmocka_unit_test_setup_teardown(a_record_of_other_bytes_is_not_signed, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
