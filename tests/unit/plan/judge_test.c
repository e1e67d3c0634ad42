/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What becomes of requests when a home and its ledger judge along with the policy: new bytes, the certificate it has already, a
 * refusal for a key or a name that is another's. Nothing is signed here.
 */
#include "plan/judge.h"

#include "base/digest.h"
#include "base/memory.h"
#include "csr_maker.h"
#include "fake_home.h"
#include "issue/issue.h"
#include "request/request.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct fake_home own;
static struct policy *policy;
static EVP_PKEY *keys[3];

static int begin(void **state)
{
    (void)state;
    fake_home_make(&own);
    fake_home_open(&own);
    policy = fake_policy("");
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        keys[i] = csr_key("P-256");
    return 0;
}

static int end(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        EVP_PKEY_free(keys[i]);
    policy_free(policy);
    fake_home_remove(&own);
    return 0;
}

static struct plan *plan_of(const char *name, unsigned device, size_t key)
{
    struct plan *plan = plan_new(policy);
    fake_plan_add(plan, name, device, keys[key]);
    return plan;
}

static bool take(struct output *output, size_t group, const struct plan_item *item, struct bytes certificate,
                 struct bytes proof, struct error *err)
{
    (void)output, (void)group, (void)item, (void)certificate, (void)proof, (void)err;
    return true;
}

/** Signs for device-1 with the first key. ret_csr:  the request it came from, to be asked again */
static void issue_first(void)
{
    struct error err = ERROR_INIT;
    struct issue_result result;
    struct output output = {.put = take};
    const struct issue_options options = {.command = "sign"};
    AUTO(plan_free) struct plan *plan = plan_of("device-1", 1, 0);
    fake_plan_judge(&own, plan, policy, NULL);
    if (!issue_plan(own.signer, plan, &output, &options, &fake_console, &result, &err))
        fail_msg("%s", err.text);
}

static void assert_refused(const struct plan *plan, size_t index, const char *rule, const char *words)
{
    const struct plan_item *item = &plan->items[index];
    assert_int_equal(item->action, PLAN_REFUSE);
    if (!findings_has(&item->verdict->findings, rule))
        fail_msg("not refused for %s: %s", rule, item->verdict->findings.items[0].text);
    AUTO(builder_done) struct builder reasons = BUILDER_INIT;
    plan_item_reasons(item, &reasons);
    if (strstr(builder_text(&reasons), words) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", builder_text(&reasons), words);
}

static void an_allowed_request_has_the_bytes_to_sign(void **state)
{
    struct error err = ERROR_INIT;
    uint8_t digest[32];
    AUTO(cert_facts_done) struct cert_facts facts = {.serial_len = 0};
    (void)state;
    AUTO(plan_free) struct plan *plan = plan_of("device-1", 1, 0);
    fake_plan_judge(&own, plan, policy, NULL);
    const struct plan_item *item = &plan->items[0];
    assert_int_equal(item->action, PLAN_SIGN);
    assert_true(cert_read_tbs(bytes_of(item->tbs, item->tbs_len), &facts, &err));
    assert_string_equal(facts.subject_text, "CN=device-1");
    assert_memory_equal(facts.serial, item->serial, CERT_SERIAL_LEN);
    digest_sha256(bytes_of(item->tbs, item->tbs_len), digest);
    assert_memory_equal(digest, item->tbs_sha256, sizeof(digest));
    assert_int_equal(ledger_size(own.home->ledger), 5); // judging writes nothing
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    assert_true(plan_item_describe(own.home->ledger, item, &text, &err));
    assert_non_null(strstr(builder_text(&text), "device-1"));
}

static void what_the_policy_does_not_allow_has_none(void **state)
{
    (void)state;
    AUTO(plan_free) struct plan *plan = plan_new(policy);
    EVP_PKEY *other = csr_key("P-384");
    fake_plan_add(plan, "device-1", 1, other);
    EVP_PKEY_free(other);
    fake_plan_judge(&own, plan, policy, NULL);
    assert_refused(plan, 0, "key.allow", "ec-p384");
    assert_null(plan->items[0].tbs);
}

static void the_same_key_twice_in_a_plan_is_refused(void **state)
{
    (void)state;
    AUTO(plan_free) struct plan *plan = plan_of("device-1", 1, 0);
    fake_plan_add(plan, "device-2", 2, keys[0]);
    fake_plan_add(plan, "device-3", 3, keys[1]);
    fake_plan_judge(&own, plan, policy, NULL);
    assert_int_equal(plan->items[0].action, PLAN_SIGN);
    assert_refused(plan, 1, "key.unique", "the same key as in device-1.csr");
    assert_int_equal(plan->items[2].action, PLAN_SIGN);
}

static void plans_of_one_judge_know_of_each_other(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(judge_free) struct judge *judge = judge_new(own.home);
    const struct plan_options options = {.policy = policy, .now = time_now()};
    AUTO(plan_free) struct plan *first = plan_of("device-1", 1, 0);
    AUTO(plan_free) struct plan *second = plan_of("device-2", 2, 0);
    (void)state;
    assert_true(judge_look_beside(judge, &err));
    assert_true(plan_judge(judge, first, &options, &err));
    assert_true(plan_judge(judge, second, &options, &err));
    assert_refused(second, 0, "key.unique", "device-1.csr");
}

static void a_key_the_ledger_knows_for_another_subject_is_refused(void **state)
{
    (void)state;
    issue_first();
    AUTO(plan_free) struct plan *plan = plan_of("device-2", 2, 0);
    fake_plan_judge(&own, plan, policy, NULL);
    assert_refused(plan, 0, "key.unique", "for CN=device-1 has this key");
}

static void a_renewal_with_the_same_key_and_subject_is_allowed(void **state)
{
    (void)state;
    issue_first();
    AUTO(plan_free)
    struct plan *plan = plan_of("device-1", 1, 0); // ECDSA: another signature, another request
    fake_plan_judge(&own, plan, policy, NULL);
    assert_int_equal(plan->items[0].action, PLAN_SIGN);
}

/* ---- the output has a word, too ---- */

static bool is_there(struct output *output, const char *name, struct bytes certificate)
{
    (void)output, (void)certificate;
    return strcmp(name, "device-2") == 0;
}

static void a_name_that_is_taken_is_refused(void **state)
{
    struct output output = {.is_taken = is_there};
    (void)state;
    AUTO(plan_free) struct plan *plan = plan_of("device-1", 1, 0);
    fake_plan_add(plan, "device-2", 2, keys[1]);
    fake_plan_judge(&own, plan, policy, &output);
    assert_int_equal(plan->items[0].action, PLAN_SIGN);
    assert_refused(plan, 1, "output.exists", "holds another device-2 already");
}

/** A copy of the whole plan's requests, asked again after they were signed. */
static struct plan *issued_and_asked_again(void)
{
    struct error err = ERROR_INIT;
    struct issue_result result;
    struct output output = {.put = take};
    const struct issue_options options = {.command = "sign"};
    struct plan *again = plan_new(policy);
    AUTO(plan_free) struct plan *plan = plan_of("device-2", 2, 1);
    fake_plan_judge(&own, plan, policy, NULL);
    assert_true(issue_plan(own.signer, plan, &output, &options, &fake_console, &result, &err));
    again->items = memory_new(1, sizeof(*again->items));
    again->count = 1;
    again->items[0] = (struct plan_item){.source = memory_text("device-2.csr"),
                                         .name = memory_text("device-2"),
                                         .request = TAKE(plan->items[0].request)};
    return again;
}

static void a_request_that_has_its_certificate_gets_that_one(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    AUTO(plan_free) struct plan *plan = issued_and_asked_again();
    fake_plan_judge(&own, plan, policy, NULL);
    assert_int_equal(plan->items[0].action, PLAN_REPEAT);
    assert_null(plan->items[0].tbs);
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    assert_true(plan_item_describe(own.home->ledger, &plan->items[0], &text, &err));
    assert_non_null(strstr(builder_text(&text), "device-2"));
    AUTO(json_free) struct json *json = plan_item_json(&plan->items[0]);
    assert_string_equal(json_text(json, "action"), "repeat");
    assert_string_equal(json_text(json, "serial"), plan->items[0].earlier.serial);
}

static void one_that_lies_where_it_belongs_is_present(void **state)
{
    struct output output = {.is_present = is_there};
    (void)state;
    AUTO(plan_free) struct plan *plan = issued_and_asked_again();
    fake_plan_judge(&own, plan, policy, &output);
    assert_int_equal(plan->items[0].action, PLAN_PRESENT);
}

static void an_earlier_one_is_not_put_over_another_file(void **state)
{
    struct output output = {.is_taken = is_there};
    (void)state;
    AUTO(plan_free) struct plan *plan = issued_and_asked_again();
    fake_plan_judge(&own, plan, policy, &output);
    assert_refused(plan, 0, "output.exists", "holds another device-2 already");
}

static void reissue_and_other_days_ask_for_a_new_one(void **state)
{
    struct error err = ERROR_INIT;
    struct plan_options options = {.policy = policy, .may_reissue = true, .now = time_now()};
    (void)state;
    for (int i = 0; i < 2; i++) {
        AUTO(plan_free) struct plan *plan = issued_and_asked_again();
        AUTO(judge_free) struct judge *judge = judge_new(own.home);
        if (!plan_judge(judge, plan, &options, &err))
            fail_msg("%s", err.text);
        assert_int_equal(plan->items[0].action, PLAN_SIGN);
        options.may_reissue = false;
        options.days = 30;
    }
}

static void an_expired_one_is_not_delivered_again(void **state)
{
    struct error err = ERROR_INIT;
    struct plan_options options = {.policy = policy};
    (void)state;
    AUTO(plan_free) struct plan *first = issued_and_asked_again();
    AUTO(judge_free) struct judge *judge = judge_new(own.home);
    options.now = time_now() + 89 * TIME_DAY_SECONDS; // it has 90
    if (!plan_judge(judge, first, &options, &err))
        fail_msg("%s", err.text);
    assert_int_equal(first->items[0].action, PLAN_REPEAT);
    AUTO(plan_free) struct plan *later = plan_new(policy);
    later->items = memory_new(1, sizeof(*later->items));
    later->count = 1;
    later->items[0] = (struct plan_item){.source = memory_text("device-2.csr"),
                                         .name = memory_text("device-2"),
                                         .request = TAKE(first->items[0].request)};
    AUTO(judge_free) struct judge *later_judge = judge_new(own.home);
    options.now = time_now() + 91 * TIME_DAY_SECONDS;
    if (!plan_judge(later_judge, later, &options, &err))
        fail_msg("%s", err.text);
    assert_int_equal(later->items[0].action, PLAN_SIGN);
}

static void other_settings_ask_for_a_new_one(void **state)
{
    struct error err = ERROR_INIT;
    struct issue_result result;
    struct output output = {.put = take};
    const struct issue_options sign = {.command = "sign"};
    struct policy_variable site = {.name = "site", .value = "berlin"};
    const char text[] = "policy: test\n"
                        "variables:\n"
                        "  - {name: site, match: '[a-z]+'}\n"
                        "subject:\n"
                        "  - {field: CN, match: 'device-[0-9]+'}\n"
                        "san:\n"
                        "  - {type: dns, value: '{CN}.{site}.example', from: policy}\n"
                        "other_subject: refuse\n"
                        "other_san: refuse\n"
                        "key: {allow: [ec-p256], unique: true}\n"
                        "validity: {days: 90}\n"
                        "key_usage: [digitalSignature]\n"
                        "extended_key_usage: [clientAuth]\n";
    AUTO(policy_free) struct policy *of_sites = NULL;
    (void)state;
    if (!policy_load(bytes_of_text(text), "test.yaml", &of_sites, &err))
        fail_msg("%s", err.text);
    struct plan_options options = {
        .policy = of_sites, .variables = &site, .variables_count = 1, .now = time_now()};
    AUTO(plan_free) struct plan *plan = plan_new(of_sites);
    fake_plan_add(plan, "device-2", 2, keys[1]);
    AUTO(judge_free) struct judge *judge = judge_new(own.home);
    if (!plan_judge(judge, plan, &options, &err) ||
        !issue_plan(own.signer, plan, &output, &sign, &fake_console, &result, &err))
        fail_msg("%s", err.text);
    // The same request again: here, and there.
    static const char *const sites[] = {"berlin", "bremen"};
    static const enum plan_action actions[] = {PLAN_REPEAT, PLAN_SIGN};
    struct request *request = TAKE(plan->items[0].request);
    for (size_t i = 0; i < ARRAY_LEN(sites); i++) {
        AUTO(plan_free) struct plan *again = plan_new(of_sites);
        AUTO(judge_free) struct judge *next = judge_new(own.home);
        again->items = memory_new(1, sizeof(*again->items));
        again->count = 1;
        again->items[0] = (struct plan_item){
            .source = memory_text("device-2.csr"), .name = memory_text("device-2"), .request = request};
        site.value = sites[i];
        if (!plan_judge(next, again, &options, &err))
            fail_msg("%s", err.text);
        assert_int_equal(again->items[0].action, actions[i]);
        request = TAKE(again->items[0].request);
    }
    request_free(request);
}

static void without_a_home_only_the_policy_judges(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(judge_free) struct judge *judge = judge_new(NULL);
    const struct plan_options options = {.policy = policy, .now = time_now()};
    (void)state;
    AUTO(plan_free) struct plan *plan = plan_of("device-1", 1, 0);
    assert_true(plan_judge(judge, plan, &options, &err));
    assert_int_equal(plan->items[0].action, PLAN_ALLOW);
    assert_null(plan->items[0].tbs);
}

static void the_seal_covers_bytes_and_verdicts(void **state)
{
    uint8_t before[32];
    (void)state;
    AUTO(plan_free) struct plan *plan = plan_of("device-1", 1, 0);
    fake_plan_judge(&own, plan, policy, NULL);
    memcpy(before, plan->sha256, sizeof(before));
    plan_seal(plan);
    assert_memory_equal(before, plan->sha256, sizeof(before));
    plan->items[0].tbs[plan->items[0].tbs_len - 1] ^= 1;
    plan_seal(plan);
    assert_memory_not_equal(before, plan->sha256, sizeof(before));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_allowed_request_has_the_bytes_to_sign, begin, end),
        cmocka_unit_test_setup_teardown(what_the_policy_does_not_allow_has_none, begin, end),
        cmocka_unit_test_setup_teardown(the_same_key_twice_in_a_plan_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(plans_of_one_judge_know_of_each_other, begin, end),
        cmocka_unit_test_setup_teardown(a_key_the_ledger_knows_for_another_subject_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(a_renewal_with_the_same_key_and_subject_is_allowed, begin, end),
        cmocka_unit_test_setup_teardown(a_name_that_is_taken_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(a_request_that_has_its_certificate_gets_that_one, begin, end),
        cmocka_unit_test_setup_teardown(one_that_lies_where_it_belongs_is_present, begin, end),
        cmocka_unit_test_setup_teardown(an_earlier_one_is_not_put_over_another_file, begin, end),
        cmocka_unit_test_setup_teardown(reissue_and_other_days_ask_for_a_new_one, begin, end),
        cmocka_unit_test_setup_teardown(an_expired_one_is_not_delivered_again, begin, end),
        cmocka_unit_test_setup_teardown(other_settings_ask_for_a_new_one, begin, end),
        cmocka_unit_test_setup_teardown(without_a_home_only_the_policy_judges, begin, end),
        cmocka_unit_test_setup_teardown(the_seal_covers_bytes_and_verdicts, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
