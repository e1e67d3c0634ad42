/* SPDX-License-Identifier: Apache-2.0 */
/* What a run leaves in the ledger beside certificates: who ran it, what was refused and how often it is said, what people approved. */
#include "fake_home.h"

#include "approver.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/memory.h"
#include "issue/issue.h"
#include "plan/approved.h"
#include "records/cert.h"
#include "records/control.h"
#include "records/session.h"

#include <string.h>
#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct fake_home own;
static struct policy *policy;
static struct issue_result result;
static size_t put_count;

static bool put(struct output *output, size_t group, const struct plan_item *item, struct bytes certificate,
                struct bytes proof, struct error *err)
{
    (void)output, (void)group, (void)item, (void)certificate, (void)proof, (void)err;
    put_count++;
    return true;
}

static int begin(void **state)
{
    (void)state;
    fake_home_make(&own);
    fake_home_open(&own);
    policy = fake_policy("");
    result = (struct issue_result){.issued = 0};
    put_count = 0;
    return 0;
}

static int end(void **state)
{
    (void)state;
    policy_free(policy);
    fake_home_remove(&own);
    return 0;
}

static bool issue(struct plan *plan, const struct issue_options *options, struct error *err)
{
    struct output output = {.put = put};
    return issue_plan(own.signer, plan, &output, options, &fake_console, &result, err);
}

static void must_issue(struct plan *plan, const struct issue_options *options)
{
    struct error err = ERROR_INIT;
    if (!issue(plan, options, &err))
        fail_msg("%s", err.text);
}

static void the_session_says_who_ran_what_on_which_token(void **state)
{
    struct console console = fake_console;
    struct error err = ERROR_INIT;
    struct output output = {.put = put};
    char hex[129];
    uint8_t manifest[32] = {0xab};
    const struct issue_options options = {
        .command = "review", .is_confirmed_by_person = true, .manifest_sha256 = manifest};
    AUTO(plan_free) struct plan *plan = fake_plan(policy, 1, 1);
    (void)state;
    fake_plan_judge(&own, plan, policy, NULL);
    console.operator_name = "Ann Onymous";
    assert_true(issue_plan(own.signer, plan, &output, &options, &console, &result, &err));
    AUTO(json_free) struct json *session = fake_home_record(&own, RECORD_SESSION_OPENED, 1);
    AUTO(json_free) struct json *signing = fake_home_record(&own, "cert.signing", 1);
    assert_string_equal(json_text(session, "command"), "review");
    assert_string_equal(json_text(session, "operator"), "Ann Onymous");
    assert_string_equal(json_text(session, "batch"), json_text(signing, "batch"));
    assert_true(strlen(json_text(session, "host")) > 0);
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    json_canonical(session, &text);
    hex_of(BYTES(plan->sha256), hex);
    assert_non_null(strstr(builder_text(&text), hex));
    hex_of(BYTES(manifest), hex);
    assert_non_null(strstr(builder_text(&text), hex));
    assert_non_null(strstr(builder_text(&text), "\"" FAKE_TOKEN "\""));
    assert_non_null(strstr(builder_text(&text), "a test")); // why it was not confined
    assert_string_equal(json_text(session, "clock"), "confirmed");
}

/** The same but by nobody in particular. */
static void who_is_not_named_is_told_so_at_a_terminal(void **state)
{
    static const struct issue_options by_policy = {.command = "sign"};
    static const struct issue_options by_eye = {.command = "review", .is_confirmed_by_person = true};
    const struct issue_options *const all[] = {&by_policy, &by_eye};
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct console console = fake_console;
        struct error err = ERROR_INIT;
        struct output output = {.put = put};
        AUTO(plan_free) struct plan *plan = fake_plan(policy, 10 * i, 1);
        fake_plan_judge(&own, plan, policy, NULL);
        console.operator_name = "Ann";
        console.confirm =
            (bool (*)(void *, const char *, bool *, struct error *))(uintptr_t)1; // is not called
        size_t before = strlen(fake_console_said());
        assert_true(issue_plan(own.signer, plan, &output, all[i], &console, &result, &err));
        bool is_told = strstr(fake_console_said() + before, "the records name Ann as the operator") != NULL;
        assert_int_equal(is_told, i == 0);
    }
}

/** Three refused requests of one file, as a reader numbers them, and one of another. */
static struct plan *refused_plan(const char *first_reason, const char *second_reason)
{
    struct plan *plan = fake_plan(policy, 1, 4);
    fake_plan_judge(&own, plan, policy, NULL);
    for (size_t i = 0; i < 4; i++) {
        struct plan_item *item = &plan->items[i];
        free(item->source);
        item->source = i < 3 ? memory_format("many.csr#%zu", i + 1) : memory_text("other.csr");
        item->input_sha256[0] = i < 3 ? 1 : 2;
        plan_item_refuse(item, "test.rule", i == 1 ? second_reason : first_reason, NULL);
    }
    plan_seal(plan);
    return plan;
}

static void refusals_of_one_file_are_one_record(void **state)
{
    static const struct issue_options options = {.command = "sign"};
    int64_t count = 0;
    (void)state;
    AUTO(plan_free) struct plan *plan = refused_plan("not today", "never");
    must_issue(plan, &options);
    assert_int_equal(result.refused, 4);
    assert_int_equal(fake_home_count(&own, RECORD_REQUEST_REFUSED), 2);
    AUTO(json_free) struct json *many = fake_home_record(&own, RECORD_REQUEST_REFUSED, 2);
    AUTO(json_free) struct json *one = fake_home_record(&own, RECORD_REQUEST_REFUSED, 1);
    assert_string_equal(json_text(many, "source"), "many.csr");
    assert_true(json_int(many, "count", &count));
    assert_int_equal(count, 3);
    const struct json *reasons = json_get(many, "reasons");
    assert_int_equal(json_count(reasons), 2); // each once
    assert_string_equal(json_text_at(reasons, 0), "not today");
    assert_string_equal(json_text_at(reasons, 1), "never");
    assert_null(json_text(many, "csr_sha256"));
    assert_string_equal(json_text(one, "source"), "other.csr");
    assert_non_null(json_text(one, "csr_sha256"));
    assert_int_equal(strncmp(json_text(one, "input_sha256"), "02", 2), 0);
}

static void what_is_not_alike_is_a_record_of_its_own(void **state)
{
    static const struct issue_options options = {.command = "review"};
    (void)state;
    AUTO(plan_free) struct plan *plan = refused_plan("no", "no");
    plan->items[1].action = PLAN_SKIP;           // by a person
    plan->items[2].reason = memory_text("mine"); // likewise
    must_issue(plan, &options);
    assert_int_equal(fake_home_count(&own, RECORD_REQUEST_REFUSED), 3);
    assert_int_equal(fake_home_count(&own, RECORD_REQUEST_SKIPPED), 1);
    assert_int_equal(result.refused, 3);
    assert_int_equal(result.skipped, 1);
    AUTO(json_free) struct json *decided = fake_home_record(&own, RECORD_REQUEST_REFUSED, 2);
    assert_string_equal(json_text(decided, "decision"), "mine");
}

static void the_same_refusal_again_is_said_once_where_it_may_be_again(void **state)
{
    static const struct issue_options again = {.command = "sign", .may_be_again = true};
    static const struct issue_options always = {.command = "sign"};
    (void)state;
    AUTO(plan_free) struct plan *first = refused_plan("no", "never");
    AUTO(plan_free) struct plan *same = refused_plan("no", "never");
    AUTO(plan_free) struct plan *other = refused_plan("no", "not ever");
    AUTO(plan_free) struct plan *decided = refused_plan("no", "never");
    AUTO(plan_free) struct plan *last = refused_plan("no", "never");
    must_issue(first, &again);
    assert_int_equal(fake_home_count(&own, RECORD_REQUEST_REFUSED), 2);
    must_issue(same, &again);
    assert_int_equal(fake_home_count(&own, RECORD_REQUEST_REFUSED), 2);
    must_issue(other, &again); // one file for another reason
    assert_int_equal(fake_home_count(&own, RECORD_REQUEST_REFUSED), 3);
    decided->items[3].reason = memory_text("I said no"); // what a person decides is always said
    must_issue(decided, &again);
    assert_int_equal(fake_home_count(&own, RECORD_REQUEST_REFUSED), 4);
    must_issue(last, &always);
    assert_int_equal(fake_home_count(&own, RECORD_REQUEST_REFUSED), 6);
}

/* ---- a batch ---- */

static bool give_one(void *data, unsigned wait_ms, struct plan **ret_plan, bool *ret_is_last,
                     struct error *err)
{
    struct plan **plan = data;
    (void)wait_ms, (void)err;
    *ret_plan = *plan;
    *ret_is_last = true;
    return true;
}

static bool forget_one(void *data, const struct plan *plan, struct error *err)
{
    (void)data, (void)plan, (void)err;
    return true;
}

static void run_batch(const char *batch, bool is_resumed, const char *reason)
{
    struct error err = ERROR_INIT;
    struct output output = {.put = put};
    struct plan *plan = refused_plan("no", reason);
    plan->items[2].action = PLAN_SKIP;
    const struct issue_source source = {.next = give_one, .finished = forget_one, .data = &plan, .total = 4};
    const struct issue_options options = {.command = "batch", .batch = batch, .is_resumed = is_resumed};
    if (!issue_each(own.signer, &source, &output, &options, &fake_console, &result, &err))
        fail_msg("%s", err.text);
}

static void a_batch_that_is_resumed_does_not_repeat_its_refusals(void **state)
{
    static const char one[] = "20261121T024857Z-1a2b3c";
    static const char other[] = "20261121T024857Z-1a2b3d";
    (void)state;
    run_batch(one, false, "never");
    assert_int_equal(fake_home_count(&own, RECORD_REQUEST_REFUSED), 2);
    assert_int_equal(fake_home_count(&own, RECORD_REQUEST_SKIPPED), 1);
    run_batch(one, true, "for another reason"); // the file's refusal is there already
    assert_int_equal(fake_home_count(&own, RECORD_REQUEST_REFUSED), 2);
    assert_int_equal(fake_home_count(&own, RECORD_REQUEST_SKIPPED), 1);
    run_batch(other, true, "never");
    assert_int_equal(fake_home_count(&own, RECORD_REQUEST_REFUSED), 4);
    run_batch(one, false, "never");
    assert_int_equal(fake_home_count(&own, RECORD_REQUEST_REFUSED), 6);
    assert_int_equal(fake_home_count(&own, RECORD_BATCH_PLANNED), 4);
    AUTO(json_free) struct json *refused = fake_home_record(&own, RECORD_REQUEST_REFUSED, 1);
    assert_string_equal(json_text(refused, "batch"), one);
}

struct late {
    struct plan *plan;
    unsigned asked;
};

/** Nothing the first two times, then the plan, and at the end nothing once more. */
static bool give_late(void *data, unsigned wait_ms, struct plan **ret_plan, bool *ret_is_last,
                      struct error *err)
{
    struct late *late = data;
    (void)wait_ms, (void)err;
    late->asked++;
    if (late->asked == 3)
        *ret_plan = TAKE(late->plan);
    *ret_is_last = late->asked == 4;
    return true;
}

static void a_plan_that_comes_late_is_waited_for(void **state)
{
    struct error err = ERROR_INIT;
    struct output output = {.put = put};
    struct late late = {.plan = fake_plan(policy, 1, 1)};
    const struct issue_source source = {.next = give_late, .finished = forget_one, .data = &late, .total = 1};
    const struct issue_options options = {.command = "batch", .batch = "20261121T024857Z-1a2b3c"};
    (void)state;
    fake_plan_judge(&own, late.plan, policy, NULL);
    if (!issue_each(own.signer, &source, &output, &options, &fake_console, &result, &err))
        fail_msg("%s", err.text);
    assert_int_equal(late.asked, 4);
    assert_int_equal(result.issued, 1);
    assert_int_equal(put_count, 1);
}

/* ---- what earlier runs left ---- */

static void what_a_dead_run_left_is_told_and_counted(void **state)
{
    static const struct issue_options options = {.command = "sign"};
    struct error err = ERROR_INIT;
    (void)state;
    AUTO(plan_free) struct plan *left = fake_plan(policy, 1, 2);
    AUTO(plan_free) struct plan *plan = fake_plan(policy, 3, 1);
    fake_plan_judge(&own, left, policy, NULL);
    for (size_t i = 0; i < 2; i++) {
        const struct record_cert_signing record = {.tbs =
                                                       bytes_of(left->items[i].tbs, left->items[i].tbs_len),
                                                   .policy = "test",
                                                   .policy_sha256 = left->policy_sha256,
                                                   .csr_sha256 = left->items[i].request->sha256,
                                                   .batch = "test"};
        assert_true(ledger_append(own.home->ledger, RECORD_CERT_SIGNING, record_cert_signing_write(&record),
                                  NULL, &err));
    }
    assert_true(ledger_commit(own.home->ledger, &err));
    fake_plan_judge(&own, plan, policy, NULL);
    must_issue(plan, &options);
    assert_int_equal(result.abandoned, 2);
    assert_int_equal(result.issued, 1);
    assert_int_equal(fake_home_count(&own, RECORD_CERT_ABANDONED), 2);
    assert_non_null(
        strstr(fake_console_said(), "2 certificates that an earlier run left unfinished were abandoned"));
    AUTO(json_free) struct json *abandoned = fake_home_record(&own, RECORD_CERT_ABANDONED, 1);
    assert_string_equal(json_text(abandoned, "reason"),
                        "an earlier run ended before the signature was recorded");
    AUTO(plan_free) struct plan *next = fake_plan(policy, 4, 1);
    size_t before = strlen(fake_console_said());
    fake_plan_judge(&own, next, policy, NULL);
    must_issue(next, &options);
    assert_int_equal(result.abandoned, 0);
    assert_null(strstr(fake_console_said() + before, "abandoned"));
}

static bool is_there(struct output *output, const char *name, struct bytes certificate)
{
    (void)output, (void)name, (void)certificate;
    return true;
}

static void what_is_where_it_belongs_is_counted_and_not_put_again(void **state)
{
    static const struct issue_options options = {.command = "sign"};
    struct output there = {.put = put, .is_present = is_there};
    (void)state;
    AUTO(plan_free) struct plan *plan = fake_plan(policy, 1, 1);
    fake_plan_judge(&own, plan, policy, NULL);
    must_issue(plan, &options);
    AUTO(plan_free) struct plan *again = fake_plan_again(policy, plan);
    fake_plan_judge(&own, again, policy, &there);
    must_issue(again, &options);
    assert_int_equal(result.present, 1);
    assert_int_equal(result.issued + result.repeated, 0);
    assert_int_equal(put_count, 1);
}

static size_t ledger_key_signatures(void)
{
    size_t count = 0;
    size_t by_ledger_key = 0;
    const struct fake_signature *all = fake_token_signatures(&count);
    for (size_t i = 0; i < count; i++)
        by_ledger_key += all[i].is_of_ledger_key ? 1 : 0;
    return by_ledger_key;
}

static void a_run_ends_with_one_checkpoint_that_covers_it(void **state)
{
    static const struct issue_options options = {.command = "sign"};
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct error err = ERROR_INIT;
        struct output output = {.put = put,
                                .wants_proof = i == 1}; // proofs are made under one, which is then the last
        size_t before = ledger_key_signatures();
        AUTO(plan_free) struct plan *plan = fake_plan(policy, 10 * i, 3);
        fake_plan_judge(&own, plan, policy, NULL);
        if (!issue_plan(own.signer, plan, &output, &options, &fake_console, &result, &err))
            fail_msg("%s", err.text);
        assert_int_equal(ledger_checkpoint_size(own.home->ledger), ledger_size(own.home->ledger));
        assert_int_equal(ledger_key_signatures(), before + 1);
        assert_int_equal(result.ledger_size, ledger_size(own.home->ledger));
        assert_int_equal(result.proofs, 3 * i);
    }
}

static void who_stops_before_anything_is_told_so(void **state)
{
    struct error err = ERROR_INIT;
    struct output output = {.put = put};
    AUTO(plan_free) struct plan *plan = fake_plan(policy, 1, 1);
    struct plan *waiting = plan;
    const struct issue_source source = {.next = give_one, .finished = forget_one, .data = &waiting};
    const struct issue_options options = {.command = "batch", .batch = "20261121T024857Z-1a2b3c"};
    (void)state;
    fake_plan_judge(&own, plan, policy, NULL);
    fake_console_stops_after(0);
    assert_false(issue_each(own.signer, &source, &output, &options, &fake_console, &result, &err));
    assert_int_equal(err.kind, ERROR_INTERRUPTED);
    assert_string_equal(err.text, "stopped before anything was signed; run the same command again");
    assert_int_equal(put_count, 0);
}

/* ---- what is told meanwhile ---- */

static size_t last_done, last_total, told_count;

static void progress(void *data, const char *what, size_t done, size_t total)
{
    (void)data;
    assert_string_equal(what, "signing");
    assert_true(done >= last_done && done <= total);
    last_done = done;
    last_total = total;
    told_count++;
}

static void progress_counts_every_request_up_to_the_last(void **state)
{
    static const struct issue_options options = {.command = "sign"};
    struct error err = ERROR_INIT;
    struct output output = {.put = put};
    struct console console = fake_console;
    (void)state;
    AUTO(plan_free) struct plan *plan = fake_plan(policy, 1, 9);
    fake_plan_judge(&own, plan, policy, NULL);
    plan_item_refuse(&plan->items[0], "test.rule", "no", NULL);
    plan->items[4].action = PLAN_SKIP;
    plan_item_refuse(&plan->items[8], "test.rule", "no", NULL);
    plan_seal(plan);
    last_done = told_count = 0;
    console.progress = progress;
    if (!issue_plan(own.signer, plan, &output, &options, &console, &result, &err))
        fail_msg("%s", err.text);
    assert_int_equal(result.issued, 6);
    assert_int_equal(last_done, 9);
    assert_int_equal(last_total, 9);
    // A source that does not know how many there will be tells nothing.
    struct plan *late = fake_plan(policy, 100, 1);
    const struct issue_source source = {.next = give_one, .finished = forget_one, .data = &late};
    const struct issue_options batch = {.command = "batch", .batch = "20261121T024857Z-1a2b3c"};
    fake_plan_judge(&own, late, policy, NULL);
    told_count = 0;
    assert_true(issue_each(own.signer, &source, &output, &batch, &console, &result, &err));
    assert_int_equal(told_count, 0);
}

/* ---- where people have to approve ---- */

static struct approver ann;

static int begin_governed(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(control_done) struct control control = {.seq = CONTROL_NONE, .previous = CONTROL_NONE};
    (void)begin(state);
    approver_make(&ann, "ann", "a");
    assert_true(control_add_person(&control, "ann", "approver", ann.vkey, &err));
    control.quorum[ACT_ISSUE] = 1;
    if (!ledger_append(own.home->ledger, RECORD_CONTROL_SET, control_write(&control), NULL, &err) ||
        !ledger_commit(own.home->ledger, &err))
        fail_msg("%s", err.text);
    return 0;
}

static int end_governed(void **state)
{
    approver_done(&ann);
    return end(state);
}

static void without_approvals_nothing_is_logged_and_the_token_not_asked(void **state)
{
    static const struct issue_options options = {.command = "sign"};
    struct error err = ERROR_INIT;
    size_t ignored = 0;
    (void)state;
    AUTO(plan_free) struct plan *plan = fake_plan(policy, 1, 1);
    fake_plan_judge(&own, plan, policy, NULL);
    size_t asked = fake_token_count(&ignored);
    assert_false(issue_is_permitted(own.home, ACT_ISSUE, "batch", &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_non_null(strstr(err.text, "then `coldca batch --plan FILE --approval FILE`"));
    error_clear(&err);
    assert_true(
        issue_is_permitted(own.home, ACT_ISSUE_CA, "sign", &err)); // of which no control says anything
    assert_false(issue(plan, &options, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_non_null(strstr(err.text, "then `coldca sign --plan FILE --approval FILE`"));
    assert_int_equal(fake_home_count(&own, "cert.signing"), 1); // the root's
    assert_int_equal(fake_token_count(&ignored), asked);
    assert_int_equal(put_count, 0);
    // What signs nothing needs nobody's approval.
    AUTO(plan_free) struct plan *refused = refused_plan("no", "never");
    error_clear(&err);
    if (!issue(refused, &options, &err))
        fail_msg("%s", err.text);
    assert_int_equal(result.refused, 4);
}

static void write_policy(void)
{
    AUTO(free) char *folder = memory_format("%s/policies", own.path);
    AUTO(free) char *path = memory_format("%s/test.yaml", folder);
    (void)mkdir(folder, 0755); // init may have made it
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(FAKE_POLICY, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void what_people_approved_is_logged_as_they_saw_it(void **state)
{
    static const struct issue_options options = {.command = "sign"};
    struct error err = ERROR_INIT;
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    (void)state;
    write_policy();
    AUTO(plan_free) struct plan *plan = fake_plan(policy, 1, 2);
    fake_plan_judge(&own, plan, policy, NULL);
    if (!plan_to_file(own.home, plan, time_now(), 3600, &file, &err))
        fail_msg("%s", err.text);
    struct json *approvals = json_new_array();
    const struct admitted admitted = {.file = file, .approvals = approvals};
    AUTO(redraw_close) struct redraw *redraw = NULL;
    AUTO(plan_free) struct plan *planned = NULL;
    if (!redraw_open(own.home, &redraw, &err) ||
        !plan_of_admitted(own.home, &admitted, redraw, NULL, time_now(), &planned, &err))
        fail_msg("%s", err.text);
    must_issue(planned, &options);
    assert_int_equal(result.issued, 2);
    assert_int_equal(put_count, 2);
    AUTO(json_free) struct json *signing = fake_home_record(&own, "cert.signing", 1);
    AUTO(json_free) struct json *session = fake_home_record(&own, RECORD_SESSION_OPENED, 1);
    const struct json *seen = plan_file_record(&file, 1);
    assert_string_equal(json_text(signing, "tbs"), json_text(seen, "tbs"));
    assert_string_equal(json_text(signing, "csr_sha256"), json_text(seen, "csr_sha256"));
    assert_string_equal(json_text(signing, "batch"), json_text(session, "batch"));
    json_free(approvals);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_session_says_who_ran_what_on_which_token, begin, end),
        cmocka_unit_test_setup_teardown(who_is_not_named_is_told_so_at_a_terminal, begin, end),
        cmocka_unit_test_setup_teardown(refusals_of_one_file_are_one_record, begin, end),
        cmocka_unit_test_setup_teardown(what_is_not_alike_is_a_record_of_its_own, begin, end),
        cmocka_unit_test_setup_teardown(the_same_refusal_again_is_said_once_where_it_may_be_again, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_batch_that_is_resumed_does_not_repeat_its_refusals, begin, end),
        cmocka_unit_test_setup_teardown(a_plan_that_comes_late_is_waited_for, begin, end),
        cmocka_unit_test_setup_teardown(what_a_dead_run_left_is_told_and_counted, begin, end),
        cmocka_unit_test_setup_teardown(what_is_where_it_belongs_is_counted_and_not_put_again, begin, end),
        cmocka_unit_test_setup_teardown(who_stops_before_anything_is_told_so, begin, end),
        cmocka_unit_test_setup_teardown(progress_counts_every_request_up_to_the_last, begin, end),
        cmocka_unit_test_setup_teardown(a_run_ends_with_one_checkpoint_that_covers_it, begin, end),
        cmocka_unit_test_setup_teardown(without_approvals_nothing_is_logged_and_the_token_not_asked,
                                        begin_governed, end_governed),
        cmocka_unit_test_setup_teardown(what_people_approved_is_logged_as_they_saw_it, begin_governed,
                                        end_governed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
