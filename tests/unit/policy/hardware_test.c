/* SPDX-License-Identifier: Apache-2.0 */
/* Names of hardware modules (RFC 4108 5): taken in exactly one form, and by what stands behind their type; other otherNames never. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judge_case.h"

#include "base/memory.h"
#include "policy/rules.h"

#include <stdlib.h>
#include <string.h>

#define POLICY(san)                                                                                          \
    "policy: hardware\nsubject: [{field: CN, match: '.*'}]\nsan: [" san                                      \
    "]\nkey: {allow: [ec-p256]}\nvalidity: {days: 10}\n"

#define TYPE "06{2b06010505070804}"
#define MODULE "06{2b0601040183b203}"
#define TEXT "1.3.6.1.5.5.7.8.4:1.3.6.1.4.1.55555:534e31"

/** Whether one of the policy's rules takes an otherName with this DER, in der_assemble()'s language. */
static bool is_taken(const struct policy *policy, const char *der, const char *text)
{
    AUTO(builder_done) struct builder made = BUILDER_INIT;
    der_assemble(der, &made);
    // No room behind the last octet: who reads on there is seen.
    AUTO(free) uint8_t *octets = memory_new(made.len, 1);
    memcpy(octets, builder_bytes(&made).data, made.len);
    const struct request_san san = {
        .kind = SAN_OTHER_NAME, .value = bytes_of(octets, made.len), .text = text};
    return san_rule_for(policy->rules, &san) < policy->rules->san_count;
}

static void only_a_type_and_a_serial_number_are_a_hardware_name(void **state)
{
    static const char *const broken[] = {
        TYPE,
        "06{2b06010505070805}a0{30{" MODULE "04{'SN1'}}}", // another type
        "06{2b060104018237140203}a0{30{" MODULE "04{'SN1'}}}",
        "0c{2b06010505070804}a0{30{" MODULE "04{'SN1'}}}",
        TYPE "a1{30{" MODULE "04{'SN1'}}}",
        TYPE "30{" MODULE "04{'SN1'}}",
        TYPE "a0{30{" MODULE "04{'SN1'}}}0500", // something behind
        TYPE "a0{30{" MODULE "04{'SN1'}}0500}",
        TYPE "a0{30{" MODULE "04{'SN1'}0500}}",
        TYPE "a0{31{" MODULE "04{'SN1'}}}",
        TYPE "a0{" MODULE "04{'SN1'}}",
        TYPE "a0{30{04{'SN1'}}}",
        TYPE "a0{30{" MODULE "}}",
        TYPE "a0{30{" MODULE "04{}}}",
        TYPE "a0{30{" MODULE "0c{'SN1'}}}",
        TYPE "a0{30{04{'SN1'}" MODULE "}}",
        TYPE "a0{30{0c{'x'}04{'SN1'}}}",
        TYPE "a0{30{}}",
        TYPE "a0{}",
    };
    (void)state;
    const struct policy *policy = case_policy(POLICY("{type: dns, match: '.*'}, {type: hardware}"));
    assert_true(is_taken(policy, TYPE "a0{30{" MODULE "04{'SN1'}}}", TEXT));
    assert_true(is_taken(policy, TYPE "a0{30{" MODULE "04{00}}}", TEXT)); // one octet is a serial number
    for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
        if (is_taken(policy, broken[i], TEXT))
            fail_msg("%s is taken", broken[i]);
    }
}

static void its_rules_see_type_and_serial_number(void **state)
{
    static const struct {
        const char *rule;
        bool takes;
    } cases[] = {
        {"{type: hardware, match: '1\\.3\\.6\\.1\\.4\\.1\\.55555:534e31'}", true},
        {"{type: hardware, match: '534e31'}", false},
        {"{type: hardware, match: '1\\.3\\.6\\.1\\.5\\.5\\.7\\.8\\.4:.*'}", false},
        {"{type: hardware, values: ['1.3.6.1.4.1.55555:534e30', '1.3.6.1.4.1.55555:534e31']}", true},
        {"{type: hardware, values: ['1.3.6.1.4.1.55555:534e30']}", false},
        {"{type: hardware, values: ['1.3.6.1.4.1.55555:534e3']}", false},
        {"{type: dns, match: '.*'}, {type: email, match: '.*'}, {type: uri}", false},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(free) char *yaml = memory_format(POLICY("%s"), cases[i].rule);
        if (is_taken(case_policy(yaml), TYPE "a0{30{" MODULE "04{'SN1'}}}", TEXT) != cases[i].takes)
            fail_msg("%s", cases[i].rule);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(only_a_type_and_a_serial_number_are_a_hardware_name, case_end),
        cmocka_unit_test_teardown(its_rules_see_type_and_serial_number, case_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
