/* SPDX-License-Identifier: Apache-2.0 */
/* Who approves is told what a plan's policy would not give, on a machine that has the plan alone; of a plan that coldca made there is nothing to tell. */
#include "witness/by_policy.h"

#include "base/memory.h"
#include "base/time.h"
#include "fake_home.h"
#include "plan/approved.h"
#include "plan/draw.h"
#include "records/cert.h"

#include <string.h>
#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define WEEK INT64_C(604800)

static struct fake_home own;
static struct policy *policy;
static struct plan *planned;
static struct plan_file file;

static int begin(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    fake_home_make(&own);
    fake_home_open(&own);
    AUTO(free) char *folder = memory_format("%s/policies", own.path);
    AUTO(free) char *path = memory_format("%s/test.yaml", folder);
    (void)mkdir(folder, 0755); // init may have made it
    FILE *out = fopen(path, "we");
    assert_non_null(out);
    assert_true(fputs(FAKE_POLICY, out) >= 0);
    assert_int_equal(fclose(out), 0);
    policy = fake_policy("");
    planned = fake_plan(policy, 1, 2);
    fake_plan_judge(&own, planned, policy, NULL);
    if (!plan_to_file(own.home, planned, time_now(), WEEK, &file, &err))
        fail_msg("%s", err.text);
    return 0;
}

static int end(void **state)
{
    (void)state;
    plan_file_done(&file);
    plan_free(planned);
    policy_free(policy);
    fake_home_remove(&own);
    return 0;
}

/** What is said of the plan's items, with how many are doubted. */
static size_t look(struct builder *ret_text)
{
    AUTO(by_policy_close) struct by_policy *by_policy = NULL;
    by_policy_open(&file, &by_policy, ret_text);
    assert_non_null(by_policy);
    for (size_t i = 0; i < file.header.count; i++)
        by_policy_describe(by_policy, i, ret_text);
    return by_policy_doubts(by_policy);
}

static void assert_doubted(size_t count, const char *words)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    assert_int_equal(look(&text), count);
    if (strstr(builder_text(&text), words) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", builder_text(&text), words);
    assert_int_equal(strncmp(builder_text(&text), "BEWARE      its policy does not give it: ", 41), 0);
}

/** The first certificate becomes what its template says by now. */
static void forge(void)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    if (!draw_tbs(own.home, planned->items[0].verdict->template, planned->items[0].serial, &tbs, &err))
        fail_msg("%s", err.text);
    json_put_base64((struct json *)(uintptr_t)plan_file_record(&file, 0), "tbs", builder_bytes(&tbs));
}

static void of_what_coldca_planned_nothing_is_said(void **state)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    (void)state;
    assert_int_equal(look(&text), 0);
    assert_string_equal(builder_text(&text), "");
}

/** The CA's end cuts it short; the approver's machine does not know the CA. */
static void a_shorter_life_is_the_chains_business(void **state)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    (void)state;
    planned->items[0].verdict->template->not_after -= WEEK;
    forge();
    assert_int_equal(look(&text), 0);
    // Where a policy dates back past the CA's beginning, its days are counted from there.
    char at[TIME_TEXT_SIZE];
    json_put_text(file.evaluated, "at", time_format(planned->made_at, at));
    planned->items[0].verdict->template->not_after += WEEK;
    forge();
    assert_int_equal(look(&text), 0);
}

static void what_its_policy_does_not_give_is_said(void **state)
{
    struct template *template = planned->items[0].verdict->template;
    (void)state;
    template->not_after += 1;
    forge();
    assert_doubted(1, "it says \"valid ");
    template->not_after -= 1;
    template->key_usage |= KEY_USAGE_KEY_AGREEMENT;
    forge();
    assert_doubted(1, "digitalSignature keyAgreement (critical)\", not \"  key usage");
}

static void a_request_that_is_not_there_or_not_allowed_is_said(void **state)
{
    (void)state;
    json_put_null((struct json *)(uintptr_t)json_at(file.items, 1), "request");
    assert_doubted(1, "its request is not in the plan (plan.request)");
    free(file.policy_text);
    file.policy_text = memory_text("policy: test\nsubject:\n  - {field: CN, match: 'gate-[0-9]+'}\n"
                                   "key: {allow: [ec-p256]}\nvalidity: {days: 90}\n"
                                   "key_usage: [digitalSignature]\n");
    assert_doubted(2, "subject CN");
}

static void a_policy_that_cant_be_used_doubts_all(void **state)
{
    (void)state;
    json_free(file.evaluated);
    file.evaluated = NULL;
    assert_doubted(2, "nobody can say, see above");
    free(file.policy_text);
    file.policy_text = memory_text("policy: [");
    assert_doubted(2, "nobody can say, see above");
    free(file.policy_text);
    file.policy_text = memory_format("%s", "policy: another\nsubject:\n  - {field: CN, match: '.+'}\n"
                                           "key: {allow: [ec-p256]}\nvalidity: {days: 9}\n");
    assert_doubted(2, "its policy's text is of another name");
}

static void a_plan_without_certificates_has_no_policy(void **state)
{
    struct by_policy *by_policy = NULL;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    const struct plan_file none = {.items = NULL};
    (void)state;
    by_policy_open(&none, &by_policy, &text);
    assert_null(by_policy);
    assert_int_equal(text.len, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(of_what_coldca_planned_nothing_is_said),
        TEST(a_shorter_life_is_the_chains_business),
        TEST(what_its_policy_does_not_give_is_said),
        TEST(a_request_that_is_not_there_or_not_allowed_is_said),
        TEST(a_policy_that_cant_be_used_doubts_all),
        TEST(a_plan_without_certificates_has_no_policy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
