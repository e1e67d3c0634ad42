/* SPDX-License-Identifier: Apache-2.0 */
/* Who approves is told what a plan's policy would not give, on a machine that has the plan alone; of a plan that coldca made there is nothing to tell. */
#include "witness/by_policy.h"

#include "base/memory.h"
#include "base/time.h"
#include "failing.h"
#include "fake_home.h"
#include "plan/approved.h"
#include "plan/draw.h"
#include "records/cert.h"
#include "witness/approve.h"

#include <string.h>
#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define WEEK INT64_C(604800)
#define HOUR INT64_C(3600)

#define ENDLESS                                                                                              \
    "policy: test\n"                                                                                         \
    "subject: [{field: CN, match: 'device-[0-9]+'}]\n"                                                       \
    "other_san: refuse\n"                                                                                    \
    "key: {allow: [ec-p256]}\n"                                                                              \
    "key_usage: [digitalSignature]\n"                                                                        \
    "extended_key_usage: [clientAuth]\n"
#define DATED_BACK ENDLESS "validity: {days: 90, backdate_minutes: 60}\n"

static struct fake_home own;
static struct policy *policy;
static struct plan *planned;
static struct plan_file file;

/** A plan of two certificates by this policy. */
static void make_plan(const char *text)
{
    struct error err = ERROR_INIT;
    AUTO(free) char *path = memory_format("%s/policies/test.yaml", own.path);
    plan_file_done(&file);
    if (planned != NULL)
        plan_free(planned);
    if (policy != NULL)
        policy_free(policy);
    FILE *out = fopen(path, "we");
    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
    if (!policy_load(bytes_of_text(text), "test.yaml", &policy, &err))
        fail_msg("%s", err.text);
    planned = fake_plan(policy, 1, 2);
    fake_plan_judge(&own, planned, policy, NULL);
    if (!plan_to_file(own.home, planned, time_now(), WEEK, &file, &err))
        fail_msg("%s", err.text);
}

static int begin(void **state)
{
    (void)state;
    fake_home_make(&own);
    fake_home_open(&own);
    AUTO(free) char *folder = memory_format("%s/policies", own.path);
    (void)mkdir(folder, 0755); // init may have made it
    policy = NULL;
    planned = NULL;
    file = (struct plan_file){.items = NULL};
    make_plan(FAKE_POLICY);
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

static void set_tbs(struct bytes tbs)
{
    json_put_base64((struct json *)(uintptr_t)plan_file_record(&file, 0), "tbs", tbs);
}

/** What the first certificate's template says by now. */
static void draw(struct builder *ret_tbs)
{
    struct error err = ERROR_INIT;
    if (!draw_tbs(own.home, planned->items[0].verdict->template, planned->items[0].serial, ret_tbs, &err))
        fail_msg("%s", err.text);
}

/** The first certificate becomes that. */
static void forge(void)
{
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    draw(&tbs);
    set_tbs(builder_bytes(&tbs));
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

/** Where a policy dates back, and ends, as a chain's dates allow; and no further. */
static void dates_are_the_chains_as_far_as_they_narrow(void **state)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    (void)state;
    make_plan(DATED_BACK);
    assert_int_equal(look(&text), 0); // from the CA's beginning, just now
    struct template *template = planned->items[0].verdict->template;
    template->not_before = planned->made_at;
    template->not_after = planned->made_at + 90 * INT64_C(86400) - 1;
    forge();
    assert_int_equal(look(&text), 0);
    template->not_after++; // days are counted from the chain's beginning
    forge();
    assert_doubted(1, "it says \"valid ");
    template->not_after--;
    template->not_before++;
    template->not_after++;
    forge();
    assert_doubted(1, "it says \"valid ");
    template->not_before -= 2 * HOUR;
    template->not_after -= 2 * HOUR;
    forge();
    assert_doubted(1, "it says \"valid ");
    template->not_before = template->not_after = planned->made_at;
    forge();
    assert_int_equal(look(&text), 0); // the CA's last second
    assert_string_equal(builder_text(&text), "");
}

static void one_that_ends_before_it_begins_is_said(void **state)
{
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    (void)state;
    draw(&tbs);
    uint8_t *begin_at = memmem(tbs.data, tbs.len, "\x17\x0d", 2);
    assert_non_null(begin_at);
    memcpy(begin_at + 17, "20", 2); // the year it ends
    set_tbs(builder_bytes(&tbs));
    assert_doubted(1, "it says \"valid ");
}

static void one_without_an_end_may_end_with_its_ca(void **state)
{
    static const char *const kinds[] = {"clamp", "allow"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        AUTO(builder_done) struct builder text = BUILDER_INIT;
        AUTO(free)
        char *rules = memory_format(ENDLESS "validity: {no_expiry: true, past_issuer: %s}\n", kinds[i]);
        make_plan(rules);
        assert_int_equal(look(&text), 0);
        assert_string_equal(builder_text(&text), "");
    }
}

static void bytes_that_coldca_never_makes_are_said(void **state)
{
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    (void)state;
    draw(&tbs);
    uint8_t *serial = memmem(tbs.data, tbs.len, "\x02\x14", 2);
    assert_true(serial != NULL && tbs.data[1] == 0x82); // of two bytes of length
    serial[1]--;
    memmove(serial + 2, serial + 3, tbs.len - (size_t)(serial + 3 - tbs.data));
    tbs.len--;
    tbs.data[2] = (uint8_t)((tbs.len - 4) >> 8);
    tbs.data[3] = (uint8_t)(tbs.len - 4);
    set_tbs(builder_bytes(&tbs));
    assert_doubted(1, "give it: its serial is not one of coldca's\n");
    set_tbs(BYTES_LITERAL("\x30\x00"));
    assert_doubted(1, "");
    json_put_text((struct json *)(uintptr_t)plan_file_record(&file, 0), "tbs", "!");
    assert_doubted(1, "tbs");
}

/** How many lines begin so. */
static size_t warnings(struct builder *text)
{
    size_t count = 0;
    for (const char *at = builder_text(text); (at = strstr(at, "BEWARE      ")) != NULL; at++)
        count++;
    return count;
}

static void whichever_call_fails_what_is_forged_is_said(void **state)
{
    (void)state;
    for (int is_forged = 0; is_forged < 2; is_forged++) {
        const char *failed = NULL;
        unsigned number = 0;
        planned->items[0].verdict->template->not_after += is_forged;
        forge();
        do {
            AUTO(builder_done) struct builder text = BUILDER_INIT;
            failing_at("", ++number);
            size_t doubts = look(&text);
            failed = failing_stop();
            assert_in_range(doubts, is_forged, failed == NULL ? is_forged : 2);
            assert_int_equal(warnings(&text), doubts);
        } while (failed != NULL);
        assert_in_range(number, 3, 200);
    }
}

static void the_whole_says_how_many_are_doubted(void **state)
{
    static const char words[] =
        "\nBEWARE      1 of 2 are not what the plan's policy gives: coldca did not make "
        "this plan as it is, and will not sign it\n";
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder sound = BUILDER_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    (void)state;
    assert_true(approve_describe(&file, &sound, &err));
    assert_int_equal(warnings(&sound), 0);
    planned->items[0].verdict->template->not_after++;
    forge();
    assert_true(approve_describe(&file, &text, &err));
    assert_int_equal(warnings(&text), 2); // at the item, and at the end
    assert_string_equal(builder_text(&text) + text.len - strlen(words), words);
    // At its item, not at the other.
    const char *second = strstr(builder_text(&text), "\nitem 1\n");
    const char *first = strstr(builder_text(&text), "BEWARE      its policy does not give it: it says ");
    assert_true(first != NULL && second != NULL && first < second);
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
    assert_doubted(2, "BEWARE      its policy does not give it: its policy's text is of another name\n"
                      "BEWARE      its policy does not give it: nobody can say, see above\n"
                      "BEWARE      its policy does not give it: nobody can say, see above\n");
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
        TEST(dates_are_the_chains_as_far_as_they_narrow),
        TEST(one_that_ends_before_it_begins_is_said),
        TEST(one_without_an_end_may_end_with_its_ca),
        TEST(bytes_that_coldca_never_makes_are_said),
        TEST(whichever_call_fails_what_is_forged_is_said),
        TEST(the_whole_says_how_many_are_doubted),
        TEST(a_request_that_is_not_there_or_not_allowed_is_said),
        TEST(a_policy_that_cant_be_used_doubts_all),
        TEST(a_plan_without_certificates_has_no_policy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
