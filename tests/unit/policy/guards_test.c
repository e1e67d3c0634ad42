/* SPDX-License-Identifier: Apache-2.0 */
/* What the judge does not take on trust, though others have seen to it: possession, variables, every certificate of the chain, path lengths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judge_case.h"

#include "base/memory.h"

#include <stdlib.h>

#define LEAF                                                                                                 \
    "policy: leaf\nvariables: [{name: site, match: '[a-z]+', default: here}]\n"                              \
    "subject: [{field: CN, match: '.*'}]\nsan: [{type: dns, match: '.*'}]\n"                                 \
    "key: {allow: [ec-p256]}\nvalidity: {days: 10}\n"

/** A request that a reader found sound, and then one thing is not so. */
static struct verdict *judge(const struct policy *policy, bool is_proved, const struct policy_variable *site)
{
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    EVP_PKEY *key = csr_key("P-256");
    const struct csr_recipe recipe = {.key = key};
    csr_make(&recipe, &der);
    EVP_PKEY_free(key);
    struct request *request = csr_read(builder_bytes(&der));
    assert_true(request->has_proof_of_possession);
    assert_int_equal(request->problems.count, 0);
    request->has_proof_of_possession = is_proved;
    const struct policy_question question = {
        .request = request, .variables = site, .variables_count = site != NULL ? 1 : 0, .now = CASE_NOW};
    struct verdict *verdict = policy_judge(policy, &question);
    request_free(request);
    return verdict;
}

static void without_proof_of_possession_nothing_is_allowed(void **state)
{
    (void)state;
    const struct policy *policy = case_policy(LEAF);
    AUTO(verdict_free) struct verdict *proved = judge(policy, true, NULL);
    AUTO(verdict_free) struct verdict *unproved = judge(policy, false, NULL);
    assert_allowed(proved);
    assert_refused(unproved, "request.signature", "does not prove possession of the key");
    assert_false(unproved->is_allowed);
    assert_null(unproved->template);
}

static void a_variable_that_does_not_match_is_refused_by_the_judge_too(void **state)
{
    static const struct policy_variable sound = {"site", "there"};
    static const struct policy_variable wrong = {"site", "There"};
    (void)state;
    const struct policy *policy = case_policy(LEAF);
    AUTO(verdict_free) struct verdict *allowed = judge(policy, true, &sound);
    AUTO(verdict_free) struct verdict *refused = judge(policy, true, &wrong);
    assert_allowed(allowed);
    assert_refused(refused, "variables", "variable site: \"There\" does not match [a-z]+");
}

static void a_ca_below_has_a_smaller_path_length(void **state)
{
    static const struct {
        const char *ca;
        int issuer;
        const char *words; /**< NULL: allowed */
    } cases[] = {
        {"path_len: 0", -1, NULL},
        {"", -1, NULL},
        {"path_len: 0", 1, NULL},
        {"path_len: 1", 2, NULL},
        {"path_len: 1", 1, "it must be below the issuer's 1"},
        {"path_len: 2", 1, "it must be below the issuer's 1"},
        {"", 1, "it must be below the issuer's 1"},
        {"path_len: 0", 0, "no CA may be below this issuer"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char root[] = "CN=Root";
        const struct policy_issuer issuer = {.subject_text = root,
                                             .not_after = CASE_NOW + 100 * INT64_C(86400),
                                             .is_ca = true,
                                             .path_len = cases[i].issuer};
        AUTO(free)
        char *policy =
            memory_format("policy: ca\nsubject: [{field: CN, match: '.*'}]\nkey: {allow: [ec-p256]}\n"
                          "validity: {days: 10}\nca: {%s}\nkey_usage: [keyCertSign]\n",
                          cases[i].ca);
        const struct verdict *verdict = case_judge(&(struct judge_case){.policy = policy, .issuer = &issuer});
        if (cases[i].words == NULL)
            assert_allowed(verdict);
        else
            assert_refused(verdict, "ca.path_len", cases[i].words);
    }
}

/** Whichever certificate of the chain forbids a name, it is forbidden. */
static void constraints_of_every_certificate_of_the_chain_bind(void **state)
{
    static const char *const sans[] = {"dns:a.evil.example", NULL};
    (void)state;
    for (size_t forbidding = 0; forbidding < 4; forbidding++) {
        char root[] = "CN=Root", text[] = "DNS:evil.example", other_text[] = "DNS:other.example";
        uint8_t evil[] = "evil.example", other[] = "other.example";
        struct template_name names[2] = {
            {.kind = SAN_DNS, .value = other, .value_len = sizeof(other) - 1, .text = other_text},
            {.kind = SAN_DNS, .value = evil, .value_len = sizeof(evil) - 1, .text = text}};
        struct policy_name none[2] = {{.attributes = NULL}, {.attributes = NULL}};
        struct policy_constraints chain[3] = {{.permitted = NULL}, {.permitted = NULL}, {.permitted = NULL}};
        for (size_t i = 0; i < 3; i++)
            chain[i] = (struct policy_constraints){
                .excluded = names, .excluded_count = i == forbidding ? 2 : 1, .excluded_names = none};
        const struct policy_issuer issuer = {.subject_text = root,
                                             .not_after = CASE_NOW + 100 * INT64_C(86400),
                                             .is_ca = true,
                                             .path_len = -1,
                                             .constraints = chain,
                                             .constraints_count = 3};
        const struct verdict *verdict =
            case_judge(&(struct judge_case){.policy = LEAF, .sans = sans, .issuer = &issuer});
        if (forbidding == 3) // none does
            assert_allowed(verdict);
        else
            assert_refused(verdict, "name_constraints", "must not certify (DNS:evil.example)");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(without_proof_of_possession_nothing_is_allowed, case_end),
        cmocka_unit_test_teardown(a_variable_that_does_not_match_is_refused_by_the_judge_too, case_end),
        cmocka_unit_test_teardown(a_ca_below_has_a_smaller_path_length, case_end),
        cmocka_unit_test_teardown(constraints_of_every_certificate_of_the_chain_bind, case_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
