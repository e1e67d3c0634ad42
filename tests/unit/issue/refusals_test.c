/* SPDX-License-Identifier: Apache-2.0 */
/* Refusals in the ledger: one record for what came in one file, with the reasons, and none that the newest records have already. */
#include "fake_home.h"

#include "base/memory.h"
#include "issue/issue.h"
#include "records/session.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct fake_home own;
static struct policy *policy;

static int begin(void **state)
{
    (void)state;
    fake_home_make(&own);
    fake_home_open(&own);
    policy = fake_policy("");
    return 0;
}

static int end(void **state)
{
    (void)state;
    policy_free(policy);
    fake_home_remove(&own);
    return 0;
}

static void must_issue(struct plan *plan, const struct issue_options *options)
{
    struct error err = ERROR_INIT;
    struct issue_result result;
    struct output output = {.put = NULL}; // nothing is issued here
    plan_seal(plan);
    if (!issue_plan(own.signer, plan, &output, options, &fake_console, &result, &err))
        fail_msg("%s", err.text);
}

/** A plan of refusals from these sources, all of the same bytes. */
static struct plan *plan_from(const char *const sources[], size_t count)
{
    struct plan *plan = fake_plan(policy, 1, (unsigned)count);
    fake_plan_judge(&own, plan, policy, NULL);
    for (size_t i = 0; i < count; i++) {
        free(plan->items[i].source);
        plan->items[i].source = memory_text(sources[i]);
        plan_item_refuse(&plan->items[i], "test.rule", "no", NULL);
    }
    return plan;
}

/** However many there are, in whatever order, and wherever one that a person decided stands between them. */
static void each_of_many_refusals_is_known_again(void **state)
{
    static const struct issue_options again = {.command = "sign", .may_be_again = true};
    static const char *const names[] = {"m.csr", "c.csr", "z.csr", "a.csr", "k.csr", "b.csr"};
    size_t first = 0;
    (void)state;
    for (unsigned run = 0; run < 2; run++) {
        AUTO(plan_free) struct plan *plan = plan_from(names, ARRAY_LEN(names));
        for (size_t i = 0; i < plan->count; i++)
            plan->items[i].input_sha256[0] = (uint8_t)i;
        if (run == 0)
            plan->items[0].reason = memory_text("I said no");
        plan_seal(plan);
        must_issue(plan, &again);
        if (run == 0)
            first = fake_home_count(&own, RECORD_REQUEST_REFUSED);
    }
    assert_int_equal(first, ARRAY_LEN(names));
    assert_int_equal(fake_home_count(&own, RECORD_REQUEST_REFUSED),
                     first + 1); // what a person decided is not known of
}

/** The same name and reason, and another file. */
static void a_file_that_changed_is_refused_anew(void **state)
{
    static const struct issue_options again = {.command = "sign", .may_be_again = true};
    static const char *const sources[] = {"a.csr"};
    (void)state;
    for (unsigned i = 1; i <= 2; i++) {
        AUTO(plan_free) struct plan *plan = plan_from(sources, 1);
        plan->items[0].input_sha256[31] ^= (uint8_t)i;
        must_issue(plan, &again);
        assert_int_equal(fake_home_count(&own, RECORD_REQUEST_REFUSED), i);
    }
}

/** Sources of the newest records of refusals, the oldest first. */
static void assert_refused(const char *const sources[], unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        AUTO(json_free) struct json *record = fake_home_record(&own, RECORD_REQUEST_REFUSED, count - i);
        assert_string_equal(json_text(record, "source"), sources[i]);
    }
}

static void only_requests_of_one_file_and_that_were_read_are_one_record(void **state)
{
    static const struct issue_options options = {.command = "sign"};
    static const char *const sources[] = {"a.csr#1", "a.csr#2", "b.csr#1", "b.csrx#2", "c.csr#1",
                                          "c.csr#2", "d.csr#1", "d.csr#2", "d.csr#3"};
    static const char *const wanted[] = {"a.csr",   "b.csr#1", "b.csrx#2", "c.csr#1",
                                         "c.csr#2", "d.csr#1", "d.csr#2",  "d.csr#3"};
    (void)state;
    AUTO(plan_free) struct plan *plan = plan_from(sources, ARRAY_LEN(sources));
    plan->items[5].input_sha256[31] ^= 1; // the file changed in between
    for (size_t i = 6; i < 9; i += 2) {   // these could not be read
        request_free(plan->items[i].request);
        plan->items[i].request = NULL;
    }
    must_issue(plan, &options);
    assert_int_equal(fake_home_count(&own, RECORD_REQUEST_REFUSED), ARRAY_LEN(wanted));
    assert_refused(wanted, ARRAY_LEN(wanted));
    AUTO(json_free) struct json *unread = fake_home_record(&own, RECORD_REQUEST_REFUSED, 1);
    AUTO(json_free) struct json *single = fake_home_record(&own, RECORD_REQUEST_REFUSED, 2);
    AUTO(json_free) struct json *two = fake_home_record(&own, RECORD_REQUEST_REFUSED, 8);
    int64_t count = 0;
    assert_null(json_text(unread, "input_sha256"));
    assert_null(json_text(unread, "csr_sha256"));
    assert_non_null(json_text(single, "input_sha256"));
    assert_non_null(json_text(single, "csr_sha256"));
    assert_true(json_int(two, "count", &count));
    assert_int_equal(count, 2);
    assert_null(json_text(two, "csr_sha256"));
}

static void a_record_names_as_many_reasons_as_it_may_and_says_if_there_are_more(void **state)
{
    static const struct issue_options options = {.command = "sign"};
    static const char *const sources[] = {"a.csr#1", "a.csr#2"};
    (void)state;
    for (size_t more = 0; more < 3; more++) {
        AUTO(plan_free) struct plan *plan = plan_from(sources, 2);
        for (size_t i = 1; i < RECORD_REASONS_MAX + more; i++) {
            AUTO(free) char *reason = memory_format("reason %zu", i);
            plan_item_refuse(&plan->items[i % 2], "test.rule", reason, NULL);
        }
        must_issue(plan, &options);
        AUTO(json_free) struct json *record = fake_home_record(&own, RECORD_REQUEST_REFUSED, 1);
        const struct json *reasons = json_get(record, "reasons");
        assert_int_equal(json_count(reasons), RECORD_REASONS_MAX + (more > 0 ? 1 : 0));
        const char *last = json_text_at(reasons, json_count(reasons) - 1);
        assert_int_equal(strcmp(last, "and more") == 0, more > 0);
    }
}

/** It is looked for among the newest records only, and there always. */
static void a_refusal_of_long_ago_is_said_again(void **state)
{
    static const struct issue_options again = {.command = "sign", .may_be_again = true};
    static const char *const sources[] = {"a.csr"};
    struct error err = ERROR_INIT;
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        AUTO(plan_free) struct plan *plan = plan_from(sources, 1);
        must_issue(plan, &again);
        assert_int_equal(fake_home_count(&own, RECORD_REQUEST_REFUSED), i == 0 ? 1 : 2);
        for (unsigned j = 0; i == 0 && j < 4100; j++)
            assert_true(ledger_append(own.home->ledger, "test.note", json_new_object(), NULL, &err));
        assert_true(ledger_commit(own.home->ledger, &err));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_of_many_refusals_is_known_again, begin, end),
        cmocka_unit_test_setup_teardown(a_file_that_changed_is_refused_anew, begin, end),
        cmocka_unit_test_setup_teardown(only_requests_of_one_file_and_that_were_read_are_one_record, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_record_names_as_many_reasons_as_it_may_and_says_if_there_are_more,
                                        begin, end),
        cmocka_unit_test_setup_teardown(a_refusal_of_long_ago_is_said_again, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
