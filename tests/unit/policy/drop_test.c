/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked for and left out: dropped where the policy says so, noted in the verdict, and never looked into. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judge_case.h"

#include "base/memory.h"

#include <stdlib.h>

/* In der_assemble()'s language: otherNames of a user's principal name (Microsoft's) and of a hardware module (RFC 4108 5). */
#define UPN "a0{06{2b060104018237140203}a0{0c{'me@corp.example'}}}"
#define HARDWARE "a0{06{2b06010505070804}a0{30{06{2b0601040183b203}04{'SN1'}}}}"
#define BROKEN_HARDWARE "a0{06{2b06010505070804}a0{0c{'SN1'}}}"
#define SAN(names) "30{06{551d11}04{30{" names "}}}"

#define POLICY(lines)                                                                                        \
    "policy: drop\nsubject: [{field: CN, match: '.*'}]\nkey: {allow: [ec-p256]}\nvalidity: {days: "          \
    "10}\n" lines

static void a_upn_is_dropped_beside_a_hardware_rule(void **state)
{
    (void)state;
    static const char policy[] = POLICY("san: [{type: hardware, required: true}]\nother_san: drop\n");
    const struct verdict *verdict =
        case_judge(&(struct judge_case){.policy = policy, .extensions = SAN(HARDWARE UPN)});
    assert_allowed(verdict);
    assert_int_equal(verdict->template->sans_count, 1);
    assert_true(has_decision(verdict, DECISION_DROPPED, "san other", "me@corp.example"));
    assert_true(has_note(verdict, "san.dropped", "me@corp.example"));

    verdict = case_judge(&(struct judge_case){.policy = policy, .extensions = SAN(UPN)});
    assert_refused(verdict, "san.required", "hardware");
    // A module's name that is none is not of another type: the rule is for it, and refuses it.
    verdict = case_judge(&(struct judge_case){.policy = policy, .extensions = SAN(HARDWARE BROKEN_HARDWARE)});
    assert_false(verdict->is_allowed);
    verdict = case_judge(&(struct judge_case){.policy = POLICY("san: [{type: hardware, match: '.*'}]\n"),
                                              .extensions = SAN(HARDWARE UPN)});
    assert_refused(verdict, "san.other",
                   "is not allowed by any rule"); // no "does not match" of a rule for other names
}

#define NOT_DER "30{06{2b060104018cff01}04{'no DER'}}" // 1.3.6.1.4.1.212865
#define EMPTY "30{06{2b060104018cff01}04{}}"
#define ODD_KEY_ID "30{06{551d0e}04{'no DER'}}"
#define CAPABILITIES "30{06{2a864886f70d01090f}04{30{30{06{2a864886f70d0307}}}}}"

static void a_dropped_extension_is_not_looked_into(void **state)
{
    (void)state;
    static const char *const values[] = {NOT_DER, EMPTY};
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        const struct verdict *verdict = case_judge(
            &(struct judge_case){.policy = POLICY("other_extensions: drop\n"), .extensions = values[i]});
        assert_allowed(verdict);
        assert_int_equal(verdict->template->extensions_count, 0);
        assert_true(has_note(verdict, "extension.dropped", "1.3.6.1.4.1.212865"));

        verdict = case_judge(&(struct judge_case){
            .policy = POLICY("copy_extensions: [{oid: 1.3.6.1.4.1.212865, max_len: 9}]\n"),
            .extensions = values[i]});
        assert_refused(verdict, "extension.der", "is not DER");
    }
    // The key identifier is the CA's to write, whatever the policy says.
    assert_allowed(case_judge(&(struct judge_case){.policy = POLICY(""), .extensions = ODD_KEY_ID}));
    // What is understood is taken apart, so it has to be sound.
    assert_refused(case_judge(&(struct judge_case){.policy = POLICY("other_extensions: drop\n"),
                                                   .extensions = "30{06{551d0f}04{'no DER'}}"}),
                   "request.key-usage", "malformed");
}

static void what_was_asked_for_and_is_left_out_is_noted(void **state)
{
    (void)state;
    const struct verdict *verdict = case_judge(&(struct judge_case){
        .policy = POLICY("other_extensions: drop\nother_subject: drop\nother_san: drop\n"
                         "key_usage: [digitalSignature]\nextended_key_usage: [clientAuth]\n"),
        .subject = "CN=x,L=Redmond",
        .sans = (const char *const[]){"dns:a.example", NULL},
        .extensions = CAPABILITIES "30{06{551d0f}0101ff04{030204f0}}"
                                   "30{06{551d25}04{30{06{2b06010505070301}06{2b06010505070302}}}}"
                                   "30{06{551d13}04{30{}}}" ODD_KEY_ID});
    assert_allowed(verdict);
    assert_true(has_note(verdict, "extension.dropped", "1.2.840.113549.1.9.15 (S/MIME capabilities)"));
    assert_true(has_note(verdict, "subject.dropped", "L: \"Redmond\""));
    assert_true(has_note(verdict, "san.dropped", "dns \"a.example\""));
    assert_true(has_note(verdict, "key_usage.dropped", "nonRepudiation, keyEncipherment, dataEncipherment"));
    assert_true(has_note(verdict, "extended_key_usage.dropped", "serverAuth"));
    assert_int_equal(verdict->notes.count,
                     5); // nothing of what every CA writes itself: basicConstraints, the key identifier
}

static void too_many_names_are_said_once(void **state)
{
    (void)state;
    size_t said = 0;
    const struct verdict *verdict = case_judge(
        &(struct judge_case){.policy = POLICY("san: [{type: dns, match: '.*', max: 2}]\n"),
                             .sans = (const char *const[]){"dns:a.example", "dns:b.example", "dns:c.example",
                                                           "dns:d.example", "dns:e.example", NULL}});
    assert_refused(verdict, "san.max", "more than 2 names");
    for (size_t i = 0; i < verdict->findings.count; i++)
        said += strcmp(verdict->findings.items[i].rule, "san.max") == 0 ? 1 : 0;
    assert_int_equal(said, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_upn_is_dropped_beside_a_hardware_rule, case_end),
        cmocka_unit_test_teardown(a_dropped_extension_is_not_looked_into, case_end),
        cmocka_unit_test_teardown(what_was_asked_for_and_is_left_out_is_noted, case_end),
        cmocka_unit_test_teardown(too_many_names_are_said_once, case_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
