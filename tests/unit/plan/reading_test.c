/* SPDX-License-Identifier: Apache-2.0 */
/* From inputs to requests: in the inputs' order whoever is read first, each under its own name, what was not read with its reason. */
#include "plan/judge.h"

#include "base/digest.h"
#include "base/encode.h"
#include "base/memory.h"
#include "csr_maker.h"
#include "fake_home.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MANY 40 /* more than parser processes take at once */

static struct readers *readers;
static struct policy *policy;
static EVP_PKEY *key;

static int begin(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    if (!readers_open(2, &readers, &err))
        fail_msg("%s", err.text);
    policy = fake_policy("");
    key = csr_key("P-256");
    return 0;
}

static int end(void **state)
{
    (void)state;
    readers_close(readers);
    policy_free(policy);
    EVP_PKEY_free(key);
    return 0;
}

static void add_request(unsigned device, struct builder *ret_pem)
{
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(free) char *subject = memory_format("30{31{30{06{550403}0c{'device-%u'}}}}", device);
    const struct csr_recipe recipe = {.key = key, .subject = subject};
    csr_make(&recipe, &der);
    encode_pem("CERTIFICATE REQUEST", builder_bytes(&der), ret_pem);
}

static struct plan_input input_of(unsigned number, struct builder *data)
{
    struct plan_input input = {.source = memory_format("requests/%u.csr", number),
                               .name = memory_format("%u", number)};
    input.data = builder_take(data, &input.len);
    return input;
}

/* ---- progress ---- */

static size_t told[MANY + 1];
static size_t told_count;

static void hear(void *data, const char *what, size_t done, size_t total)
{
    (void)data;
    assert_string_equal(what, "reading");
    assert_int_equal(total, MANY);
    assert_true(told_count < ARRAY_LEN(told));
    told[told_count++] = done;
}

static void the_inputs_order_is_the_plans(void **state)
{
    struct error err = ERROR_INIT;
    struct plan_input inputs[MANY];
    uint8_t digests[MANY][32] = {{0}};
    const struct console console = {.progress = hear};
    AUTO(plan_free) struct plan *plan = NULL;
    (void)state;
    for (unsigned i = 0; i < MANY; i++) {
        AUTO(builder_done) struct builder pem = BUILDER_INIT;
        if (i % 5 != 3)
            add_request(i, &pem);
        digest_sha256(builder_bytes(&pem), digests[i]);
        inputs[i] = input_of(i, &pem);
        if (i % 5 == 3)
            inputs[i].problem = memory_text("a symbolic link");
    }
    told_count = 0;
    if (!plan_read(readers, inputs, MANY, policy, &console, &plan, &err))
        fail_msg("%s", err.text);
    assert_int_equal(plan->count, MANY);
    assert_int_equal(told_count, MANY);
    for (unsigned i = 0; i < MANY; i++) {
        const struct plan_item *item = &plan->items[i];
        AUTO(free) char *source = memory_format("requests/%u.csr", i);
        AUTO(free) char *subject = memory_format("CN=device-%u", i);
        AUTO(free) char *name = memory_format("%u", i);
        assert_int_equal(told[i], i + 1);
        assert_string_equal(item->source, source);
        assert_string_equal(item->name, name);
        assert_int_equal(item->action, PLAN_REFUSE); // nobody has judged it yet
        assert_int_equal(item->is_read, i % 5 != 3);
        assert_int_equal(item->request == NULL, i % 5 == 3);
        if (item->request == NULL)
            continue;
        assert_string_equal(item->request->subject_text, subject);
        assert_memory_equal(item->input_sha256, digests[i], 32);
        assert_null(item->verdict);
    }
    for (size_t i = 0; i < MANY; i++)
        plan_input_done(&inputs[i]);
    assert_int_equal(readers_pending(readers), 0);
}

static void assert_finding(const struct plan_item *item, const char *rule, const char *text,
                           const char *remedy)
{
    assert_null(item->request);
    assert_int_equal(item->verdict->findings.count, 1);
    const struct finding *finding = &item->verdict->findings.items[0];
    assert_string_equal(finding->rule, rule);
    assert_string_equal(finding->text, text);
    if (remedy == NULL)
        assert_null(finding->remedy);
    else
        assert_string_equal(finding->remedy, remedy);
}

static void what_was_not_read_says_why(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(plan_free) struct plan *plan = NULL;
    struct plan_input inputs[] = {
        {.source = memory_text("a.csr"), .name = memory_text("a"), .problem = memory_text("a symbolic link")},
        {.source = memory_text("b.csr"),
         .name = memory_text("b"),
         .problem = memory_text("not on the list"),
         .rule = "medium.manifest",
         .remedy = "have the list made again"},
    };
    (void)state;
    if (!plan_read(readers, inputs, ARRAY_LEN(inputs), policy, NULL, &plan, &err))
        fail_msg("%s", err.text);
    assert_int_equal(plan->count, 2);
    assert_string_equal(plan->items[0].source, "a.csr");
    assert_string_equal(plan->items[1].name, "b");
    assert_finding(&plan->items[0], "request.input", "a symbolic link", NULL);
    assert_finding(&plan->items[1], "medium.manifest", "not on the list", "have the list made again");
    for (size_t i = 0; i < ARRAY_LEN(inputs); i++)
        plan_input_done(&inputs[i]);
}

static void requests_in_one_file_are_numbered(void **state)
{
    struct error err = ERROR_INIT;
    uint8_t digest[32];
    struct plan_input inputs[3];
    AUTO(plan_free) struct plan *plan = NULL;
    static const char *const sources[] = {"requests/1.csr", "requests/2.csr#1", "requests/2.csr#2",
                                          "requests/2.csr#3", "requests/3.csr"};
    static const char *const names[] = {"1", "2-1", "2-2", "2-3", "3"};
    static const char *const subjects[] = {"CN=device-10", "CN=device-20", "CN=device-21", "CN=device-22",
                                           "CN=device-30"};
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        AUTO(builder_done) struct builder pem = BUILDER_INIT;
        for (unsigned at = 0; at < (i == 1 ? 3 : 1); at++)
            add_request(10 * (i + 1) + at, &pem);
        if (i == 1)
            digest_sha256(builder_bytes(&pem), digest);
        inputs[i] = input_of(i + 1, &pem);
    }
    if (!plan_read(readers, inputs, 3, policy, NULL, &plan, &err))
        fail_msg("%s", err.text);
    assert_int_equal(plan->count, ARRAY_LEN(names));
    for (size_t i = 0; i < plan->count; i++) {
        assert_string_equal(plan->items[i].source, sources[i]);
        assert_string_equal(plan->items[i].name, names[i]);
        assert_string_equal(plan->items[i].request->subject_text, subjects[i]);
    }
    assert_memory_equal(plan->items[2].input_sha256, digest, 32); // of the file
    for (size_t i = 0; i < 3; i++)
        plan_input_done(&inputs[i]);
}

static void no_inputs_are_no_items(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(plan_free) struct plan *plan = NULL;
    (void)state;
    assert_true(plan_read(readers, NULL, 0, policy, NULL, &plan, &err));
    assert_int_equal(plan->count, 0);
    assert_string_equal(plan->policy_name, "test");
}

/* ---- what a plan says of itself ---- */

struct heard {
    struct builder text;
};

static void hear_notice(void *data, const char *text)
{
    builder_format(&((struct heard *)data)->text, "%s\n", text);
}

static void a_plan_says_what_it_was_judged_with(void **state)
{
    struct error err = ERROR_INIT;
    struct heard heard = {.text = BUILDER_INIT};
    const struct console console = {.notice = hear_notice, .data = &heard};
    const struct policy_variable variables[] = {{.name = "a", .value = "1"}, {.name = "b", .value = "2"}};
    AUTO(builder_done) struct builder pem = BUILDER_INIT;
    AUTO(builder_done) struct builder evaluated = BUILDER_INIT;
    AUTO(judge_free) struct judge *judge = judge_new(NULL);
    AUTO(plan_free) struct plan *plan = NULL;
    (void)state;
    const struct plan_options options = {
        .policy = policy, .now = 1800000000, .days = 7, .variables = variables, .variables_count = 2};
    add_request(1, &pem);
    struct plan_input input = input_of(1, &pem);
    if (!plan_make(judge, readers, &input, 1, &options, &console, &plan, &err))
        fail_msg("%s", err.text);
    assert_int_equal(plan->made_at, 1800000000);
    assert_true(plan->wants_proofs);
    json_canonical(plan->evaluated, &evaluated);
    assert_string_equal(
        builder_text(&evaluated),
        "{\"at\":\"2027-01-15T08:00:00Z\",\"days\":7,\"set\":[{\"name\":\"a\",\"value\":\"1\"},"
        "{\"name\":\"b\",\"value\":\"2\"}]}");
    assert_string_equal(builder_text(&heard.text),
                        "without a CA (-C) these were not checked: the end, the names and the purposes its "
                        "chain allows, and the keys and requests its ledger knows\n");
    assert_true(findings_has(&plan->warnings, "check.no-home"));
    builder_done(&heard.text);
    plan_input_done(&input);
}

static void a_policy_may_want_no_proofs(void **state)
{
    struct error err = ERROR_INIT;
    struct policy *without = fake_policy("proof: false\n");
    AUTO(judge_free) struct judge *judge = judge_new(NULL);
    const struct plan_options options = {.policy = without, .now = 1800000000};
    AUTO(plan_free) struct plan *plan = fake_plan(without, 1, 1);
    (void)state;
    assert_true(plan_judge(judge, plan, &options, &err));
    assert_false(plan->wants_proofs);
    policy_free(without);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(the_inputs_order_is_the_plans),       TEST(what_was_not_read_says_why),
        TEST(requests_in_one_file_are_numbered),   TEST(no_inputs_are_no_items),
        TEST(a_plan_says_what_it_was_judged_with), TEST(a_policy_may_want_no_proofs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
