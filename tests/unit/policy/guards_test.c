/* SPDX-License-Identifier: Apache-2.0 */
/* What the judge does not take on trust, though others have seen to it: possession, variables, every certificate of the chain, path lengths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judge_case.h"

#include "base/key_value.h"
#include "base/memory.h"
#include "base/openssl_release.h"

#include <openssl/x509.h>
#include <stdlib.h>

#define LEAF                                                                                                 \
    "policy: leaf\nvariables: [{name: site, match: '[a-z]+', default: here}]\n"                              \
    "subject: [{field: CN, match: '.*'}]\nsan: [{type: dns, match: '.*'}]\n"                                 \
    "key: {allow: [ec-p256]}\nvalidity: {days: 10}\n"

static struct request *sound_request(void)
{
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(EVP_PKEY_free) EVP_PKEY *key = csr_key("P-256");
    const struct csr_recipe recipe = {.key = key};
    csr_make(&recipe, &der);
    struct request *request = csr_read(builder_bytes(&der));
    assert_true(request->has_proof_of_possession);
    assert_int_equal(request->problems.count, 0);
    return request;
}

/** A request that a reader found sound, and then one thing is not so. */
static struct verdict *judge(const struct policy *policy, bool is_proved, const struct policy_variable *site)
{
    AUTO(request_free) struct request *request = sound_request();
    request->has_proof_of_possession = is_proved;
    const struct policy_question question = {
        .request = request, .variables = site, .variables_count = site != NULL ? 1 : 0, .now = CASE_NOW};
    return policy_judge(policy, &question);
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

/** A CA's key is no requester's: whichever of the chain's it is, unless the policy says so, and for a CA's next key always. */
static void a_key_of_the_chain_is_refused_where_it_is_looked_for(void **state)
{
    static const struct {
        const char *lines;
        bool is_refused;
    } policies[] = {
        {"", true},
        {"screen: {issuer_key: true}\n", true},
        {"screen: {issuer_key: false}\n", false},
        {"ca: {}\nkey_usage: [keyCertSign]\nscreen: {issuer_key: false}\n", false},
        {"ca: {rollover: true}\nkey_usage: [keyCertSign]\nscreen: {issuer_key: false}\n", true},
        {"ca: {rollover: true}\nkey_usage: [keyCertSign]\n", true},
    };
    (void)state;
    AUTO(EVP_PKEY_free) EVP_PKEY *key = csr_key("P-256");
    AUTO(OPENSSL_free) uint8_t *spki = NULL;
    int len = i2d_PUBKEY(key, &spki);
    struct policy_name names[3] = {{.attributes = NULL}, {.attributes = NULL}, {.attributes = NULL}};
    for (size_t i = 0; i < ARRAY_LEN(policies); i++) {
        AUTO(free)
        char *policy = memory_format("policy: keys\nsubject: [{field: CN, match: '.*', optional: true}]\n"
                                     "san: [{type: dns, match: '.*'}]\nkey: {allow: [ec-p256]}\n"
                                     "validity: {days: 10}\n%s",
                                     policies[i].lines);
        for (size_t at = 0; at < 4; at++) {
            uint8_t keys[3][32] = {{1}, {2}, {3}};
            if (at < 3)
                key_value(bytes_of(spki, (size_t)len), keys[at]);
            const struct policy_issuer issuer = {.not_after = CASE_NOW + 100 * INT64_C(86400),
                                                 .is_ca = true,
                                                 .path_len = -1,
                                                 .chain_subjects = names,
                                                 .chain_key_values = keys,
                                                 .chain_count = 3};
            const struct verdict *verdict =
                case_judge(&(struct judge_case){.policy = policy, .issuer = &issuer, .own_key = key});
            assert_int_equal(findings_has(&verdict->findings, "key.issuer"),
                             policies[i].is_refused && at < 3);
        }
        const struct verdict *alone = case_judge(&(struct judge_case){.policy = policy, .own_key = key});
        assert_allowed(alone);
    }
}

/** What a caller handed over, though no reader would have: a NUL, which some readers take for the end of a name. */
static void a_name_with_a_nul_is_taken_by_no_rule(void **state)
{
    static const struct request_san names[] = {
        {.kind = SAN_URI, .value = {(const uint8_t *)"urn:a\0b", 7}, .text = "urn:a\\x00b"},
        {.kind = SAN_EMAIL, .value = {(const uint8_t *)"a@b.example\0.c", 14}, .text = "a@b.example\\x00.c"},
        {.kind = SAN_DNS, .value = {(const uint8_t *)"a.example\0.b", 12}, .text = "a.example\\x00.b"},
    };
    (void)state;
    const struct policy *policy =
        case_policy("policy: any\nsubject: [{field: CN, match: '.*'}]\nsan: [{type: dns}, "
                    "{type: uri}, {type: email}]\nkey: {allow: [ec-p256]}\n"
                    "validity: {days: 10}\n");
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        AUTO(request_free) struct request *request = sound_request();
        request->sans = &names[i];
        request->sans_count = 1;
        const struct policy_question question = {.request = request, .now = CASE_NOW};
        AUTO(verdict_free) struct verdict *verdict = policy_judge(policy, &question);
        assert_int_equal(verdict->findings.count, 1);
        assert_string_equal(verdict->findings.items[0].source, "RFC 5280 4.2.1.6");
        assert_string_equal(verdict->findings.items[0].found, names[i].text);
    }
}

/** The reader has said why: a key that it could not make out is not refused once more for its kind. */
static void a_key_that_is_none_is_refused_once(void **state)
{
    static const struct finding unread = {.rule = (char *)(uintptr_t) "key.encoding",
                                          .text = (char *)(uintptr_t) "it is none"};
    static const struct finding no_key = {.rule = (char *)(uintptr_t) "request.key",
                                          .text = (char *)(uintptr_t) "there is none"};
    (void)state;
    const struct policy *policy =
        case_policy("policy: other\nsubject: [{field: CN, match: '.*'}]\nkey: {allow: [ec-p384]}\n"
                    "validity: {days: 10}\n");
    for (size_t i = 0; i < 3; i++) {
        AUTO(request_free) struct request *request = sound_request();
        if (i > 0)
            findings_add(&request->problems, i == 1 ? &unread : &no_key);
        if (i == 2)
            request->spki = bytes_of(NULL, 0);
        const struct policy_question question = {.request = request, .now = CASE_NOW};
        AUTO(verdict_free) struct verdict *verdict = policy_judge(policy, &question);
        assert_int_equal(verdict->findings.count, 1);
        assert_string_equal(verdict->findings.items[0].rule, i == 0   ? "key.allow"
                                                             : i == 1 ? "key.encoding"
                                                                      : "request.key");
        assert_false(has_decision(verdict, DECISION_TAKEN, "key", ""));
    }
}

static void what_can_be_made_out_of_a_broken_request_is_judged(void **state)
{
    static const struct finding broken = {.rule = (char *)(uintptr_t) "request.broken",
                                          .text = (char *)(uintptr_t) "it is broken"};
    static const char *const wanted[] = {"request.broken key.allow subject.CN ", "request.broken subject.CN ",
                                         "request.broken key.allow subject.CN ", "request.broken "};
    (void)state;
    const struct policy *policy =
        case_policy("policy: other\nsubject: [{field: CN, values: [other]}]\nkey: {allow: [ec-p384]}\n"
                    "validity: {days: 10}\n");
    for (size_t i = 0; i < 4; i++) {
        AUTO(request_free) struct request *request = sound_request();
        AUTO(builder_done) struct builder rules = BUILDER_INIT;
        findings_add(&request->problems, &broken);
        if ((i & 1) != 0)
            request->spki = bytes_of(NULL, 0);
        if ((i & 2) != 0)
            request->subject = bytes_of(NULL, 0);
        const struct policy_question question = {.request = request, .now = CASE_NOW};
        AUTO(verdict_free) struct verdict *verdict = policy_judge(policy, &question);
        for (size_t j = 0; j < verdict->findings.count; j++)
            builder_format(&rules, "%s ", verdict->findings.items[j].rule);
        assert_string_equal(builder_text(&rules), wanted[i]);
    }
}

static void a_challenge_password_is_dropped_and_not_shown(void **state)
{
    (void)state;
    const struct policy *policy = case_policy(LEAF);
    AUTO(request_free) struct request *request = sound_request();
    const struct policy_question question = {.request = request, .now = CASE_NOW};
    AUTO(verdict_free) struct verdict *without = policy_judge(policy, &question);
    request->has_challenge_password = true;
    AUTO(verdict_free) struct verdict *with = policy_judge(policy, &question);
    assert_allowed(with);
    assert_true(has_decision(with, DECISION_DROPPED, "challengePassword", "(not shown)"));
    assert_int_equal(with->decisions_count, without->decisions_count + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(without_proof_of_possession_nothing_is_allowed, case_end),
        cmocka_unit_test_teardown(a_variable_that_does_not_match_is_refused_by_the_judge_too, case_end),
        cmocka_unit_test_teardown(a_ca_below_has_a_smaller_path_length, case_end),
        cmocka_unit_test_teardown(constraints_of_every_certificate_of_the_chain_bind, case_end),
        cmocka_unit_test_teardown(a_key_of_the_chain_is_refused_where_it_is_looked_for, case_end),
        cmocka_unit_test_teardown(a_name_with_a_nul_is_taken_by_no_rule, case_end),
        cmocka_unit_test_teardown(a_key_that_is_none_is_refused_once, case_end),
        cmocka_unit_test_teardown(what_can_be_made_out_of_a_broken_request_is_judged, case_end),
        cmocka_unit_test_teardown(a_challenge_password_is_dropped_and_not_shown, case_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
