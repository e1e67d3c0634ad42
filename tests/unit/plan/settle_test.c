/* SPDX-License-Identifier: Apache-2.0 */
/* Whose word counts: a parser process that lies about a request's signature is found out where it matters; what is too large is refused, with a CA and without. */
#include "plan/judge.h"

#include "base/memory.h"
#include "csr_maker.h"
#include "fake_home.h"
#include "request/csr.h"

#include <openssl/core_names.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct fake_home own;

static int begin(void **state)
{
    (void)state;
    fake_home_make(&own);
    fake_home_open(&own);
    return 0;
}

static int end(void **state)
{
    (void)state;
    fake_home_remove(&own);
    return 0;
}

static struct policy *load(const char *text)
{
    struct error err = ERROR_INIT;
    struct policy *policy = NULL;
    if (!policy_load(bytes_of_text(text), "test.yaml", &policy, &err))
        fail_msg("%s", err.text);
    return policy;
}

#define LEAF                                                                                                 \
    "policy: leaf\nsubject: [{field: CN, match: '.*'}]\nsan: [{type: dns, match: '.*'}]\n"                   \
    "key: {allow: [ec-p256]}\nvalidity: {days: 9}\nkey_usage: [digitalSignature]\n"
#define CA                                                                                                   \
    "policy: ca\nsubject: [{field: CN, match: '.*'}]\nkey: {allow: [ec-p256]}\nvalidity: {days: 9}\n"        \
    "ca: {path_len: 0}\nkey_usage: [keyCertSign]\n"

/** A request as a parser process brought it. \param is_lie  its signature is none, and the process says that it is */
static struct plan *plan_of(const struct policy *policy, bool is_lie, bool is_read, const char *extensions)
{
    struct plan *plan = plan_new(policy);
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(free) char *attribute = extensions != NULL ? csr_extension_request(extensions) : NULL;
    EVP_PKEY *key = csr_key("P-256");
    const struct csr_recipe recipe = {.key = key,
                                      .subject = "30{31{30{06{550403}0c{'someone'}}}}",
                                      .attributes = attribute,
                                      .has_bad_signature = is_lie};
    csr_make(&recipe, &der);
    EVP_PKEY_free(key);
    struct request *request = csr_read(builder_bytes(&der));
    if (is_lie) {
        assert_false(request->has_proof_of_possession);
        request->has_proof_of_possession = true;
        findings_done(&request->problems);
        request->problems = (struct findings)FINDINGS_INIT;
    }
    plan->items = memory_new(1, sizeof(*plan->items));
    plan->count = 1;
    plan->items[0] = (struct plan_item){
        .source = memory_text("a.csr"), .name = memory_text("a"), .request = request, .is_read = is_read};
    return plan;
}

static void judge(const struct home *home, struct plan *plan, const struct policy *policy,
                  bool verifies_again)
{
    struct error err = ERROR_INIT;
    AUTO(judge_free) struct judge *judge = judge_new(home);
    const struct plan_options options = {
        .policy = policy, .now = time_now(), .verifies_again = verifies_again};
    if (!plan_judge(judge, plan, &options, &err))
        fail_msg("%s", err.text);
    assert_int_equal(err.kind, ERROR_NONE); // what concerns a request is its own
}

static void a_lie_about_the_signature_is_found_where_it_matters(void **state)
{
    static const struct {
        const char *policy;
        bool is_lie, is_read, verifies_again;
        bool is_signed;
    } cases[] = {
        {LEAF, false, true, true, true}, {LEAF, true, true, true, false},
        {LEAF, true, true, false, true}, // a batch's leaf rests on two processes' word (request/readers.h)
        {CA, false, true, false, true},  {CA, true, true, false, false},
        {CA, true, true, true, false},   {LEAF, true, false, true, true}, // coldca's own
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct policy *policy = load(cases[i].policy);
        AUTO(plan_free) struct plan *plan = plan_of(policy, cases[i].is_lie, cases[i].is_read, NULL);
        judge(own.home, plan, policy, cases[i].verifies_again);
        if ((plan->items[0].action == PLAN_SIGN) != cases[i].is_signed)
            fail_msg("%zu: %s", i, plan_action_name(plan->items[0].action));
        if (!cases[i].is_signed)
            assert_true(findings_has(&plan->items[0].verdict->findings, "request.reader"));
        assert_int_equal(plan->items[0].tbs != NULL, cases[i].is_signed);
        policy_free(policy);
    }
}

/** So many names of 60 characters. */
static char *names(size_t count)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    builder_add_text(&text, "30{06{551d11}04{30{");
    for (size_t i = 0; i < count; i++)
        builder_format(&text, "82{'a%04zu.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example'}", i);
    builder_add_text(&text, "}}}");
    return builder_take_text(&text);
}

static void what_does_not_fit_into_a_record_is_refused(void **state)
{
    static const struct {
        size_t count;
        bool is_allowed;
    } cases[] = {{300, true}, {380, true}, {400, false}, {1000, false}};
    struct policy *policy = load(LEAF);
    (void)state;
    for (size_t i = 0; i < 2 * ARRAY_LEN(cases); i++) {
        bool has_home = i % 2 == 0;
        AUTO(free) char *extensions = names(cases[i / 2].count);
        AUTO(plan_free) struct plan *plan = plan_of(policy, false, true, extensions);
        judge(has_home ? own.home : NULL, plan, policy, false);
        const struct plan_item *item = &plan->items[0];
        if (cases[i / 2].is_allowed) {
            if (item->action != (has_home ? PLAN_SIGN : PLAN_ALLOW))
                fail_msg("%zu names: %s", cases[i / 2].count, item->verdict->findings.items[0].text);
            continue;
        }
        assert_int_equal(item->action, PLAN_REFUSE);
        assert_true(findings_has(&item->verdict->findings, "template.size"));
        assert_non_null(
            strstr(item->verdict->findings.items[0].text, "a ledger record holds 24576 and 4096"));
        assert_null(item->tbs);
    }
    policy_free(policy);
}

/** Adds a request of this key, its point as it is said. */
static void add_of_key(struct plan *plan, const char *name, EVP_PKEY *key)
{
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    const struct csr_recipe recipe = {.key = key, .subject = "30{31{30{06{550403}0c{'someone'}}}}"};
    csr_make(&recipe, &der);
    plan->items = memory_grow(plan->items, plan->count + 1, sizeof(*plan->items));
    plan->items[plan->count++] = (struct plan_item){.source = memory_format("%s.csr", name),
                                                    .name = memory_text(name),
                                                    .request = csr_read(builder_bytes(&der))};
}

static void a_copied_key_is_told_however_it_is_written(void **state)
{
    struct policy *policy =
        load("policy: leaf\nsubject: [{field: CN, match: '.*'}]\nkey: {allow: [ec-p256], unique: true}\n"
             "validity: {days: 9}\nkey_usage: [digitalSignature]\n");
    EVP_PKEY *key = csr_key("P-256");
    EVP_PKEY *other = csr_key("P-256");
    (void)state;
    for (int is_proved = 0; is_proved < 2; is_proved++) {
        AUTO(plan_free) struct plan *plan = plan_new(policy);
        AUTO(builder_done) struct builder reasons = BUILDER_INIT;
        AUTO(builder_done) struct builder other_reasons = BUILDER_INIT;
        assert_int_equal(
            EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "uncompressed"),
            1);
        assert_int_equal(
            EVP_PKEY_set_utf8_string_param(other, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "compressed"),
            1);
        add_of_key(plan, "a", key);
        assert_int_equal(
            EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "compressed"), 1);
        add_of_key(plan, "b", key);
        add_of_key(plan, "c", other);
        plan->items[1].request->has_proof_of_possession = is_proved == 1;
        judge(own.home, plan, policy, false);
        assert_int_equal(plan->items[0].action, PLAN_SIGN);
        assert_int_equal(plan->items[1].action, PLAN_REFUSE);
        plan_item_reasons(&plan->items[1], &reasons);
        plan_item_reasons(&plan->items[2], &other_reasons);
        // Without a proof anybody could find out which keys there are.
        assert_int_equal(strstr(builder_text(&reasons), "the same key as in a.csr") != NULL, is_proved);
        assert_true(findings_has(&plan->items[2].verdict->findings, "key.encoding"));
        assert_int_equal(plan->items[2].verdict->findings.count, 1); // it is said once
        assert_null(strstr(builder_text(&other_reasons), "the same key"));
    }
    EVP_PKEY_free(key);
    EVP_PKEY_free(other);
    policy_free(policy);
}

/** What a request alone can bring about: each extension is one that the policy copies, and they are more than a certificate gets. */
static void a_template_that_can_be_no_certificate_is_refused_with_a_ca_and_without(void **state)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder extensions = BUILDER_INIT;
    (void)state;
    builder_add_text(&text, "policy: leaf\nsubject: [{field: CN, match: '.*'}]\nkey: {allow: [ec-p256]}\n"
                            "validity: {days: 9}\nkey_usage: [digitalSignature]\nextended_key_usage: "
                            "[clientAuth]\ncopy_extensions:\n");
    for (unsigned i = 1; i < 64; i++) {
        builder_format(&text, "- {oid: 1.2.%u, max_len: 9}\n", i);
        builder_format(&extensions, "30{06{2a%02x}04{0500}}", i);
    }
    struct policy *policy = load(builder_text(&text));
    for (int i = 0; i < 2; i++) {
        AUTO(plan_free) struct plan *plan = plan_of(policy, false, true, builder_text(&extensions));
        judge(i == 0 ? own.home : NULL, plan, policy, false);
        const struct findings *findings = &plan->items[0].verdict->findings;
        assert_int_equal(plan->items[0].action, PLAN_REFUSE);
        assert_null(plan->items[0].tbs);
        assert_int_equal(findings->count, 1);
        assert_string_equal(findings->items[0].rule, "template");
        assert_string_equal(findings->items[0].text, "more than 64 extensions");
    }
    policy_free(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_copied_key_is_told_however_it_is_written, begin, end),
        cmocka_unit_test_setup_teardown(a_lie_about_the_signature_is_found_where_it_matters, begin, end),
        cmocka_unit_test_setup_teardown(what_does_not_fit_into_a_record_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(
            a_template_that_can_be_no_certificate_is_refused_with_a_ca_and_without, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
