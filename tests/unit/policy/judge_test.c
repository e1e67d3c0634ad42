/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy lets through and what not: the example of the design and the rules as a whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judge_case.h"

/* The example of docs/policy-reference.md. */
static const char device_policy[] =
    "# For: MQTT devices that log in by certificate (mosquitto, amqtt). One certificate a device.\n"
    "policy: mqtt-device\n"
    "variables:\n"
    "  - {name: domain, match: '[a-z0-9.-]+'}\n"
    "subject:\n"
    "  - {field: CN, from: request, match: '[A-Za-z0-9_-]{1,64}'}     # the device id\n"
    "  - {field: O,  from: request, values: [Acme IoT], optional: true}\n"
    "other_subject: refuse\n"
    "san:\n"
    "  - {type: uri, value: 'spiffe://{domain}/device/{CN}', from: policy}\n"
    "  - {type: dns, value: '{CN}.local', from: policy}\n"
    "other_san: refuse\n"
    "key: {allow: [ec-p256, ec-p384, ed25519, rsa-2048, rsa-3072, rsa-4096], unique: true}\n"
    "validity: {days: 365, max_days: 825, backdate_minutes: 5, past_issuer: refuse}\n"
    "key_usage: [digitalSignature]\n"
    "extended_key_usage: [clientAuth]\n";

static const struct policy_variable domain[] = {{"domain", "iot.example"}};

#define DEVICE .policy = device_policy, .variables = domain, .variables_count = 1

static void test_the_example_allows_a_device_and_sets_its_names(void **state)
{
    (void)state;
    const struct verdict *verdict =
        case_judge(&(struct judge_case){DEVICE, .subject = "CN=device-0001,O=Acme IoT"});
    assert_allowed(verdict);
    assert_string_equal(subject_of(verdict), "CN=device-0001,O=Acme IoT");
    assert_string_equal(sans_of(verdict),
                        "uri:spiffe://iot.example/device/device-0001,dns:device-0001.local");
    assert_int_equal(verdict->template->not_before, CASE_NOW - 300);
    assert_int_equal(verdict->template->not_after, CASE_NOW - 300 + 365 * INT64_C(86400) - 1);
    assert_int_equal(verdict->template->key_usage, KEY_USAGE_DIGITAL_SIGNATURE);
    assert_int_equal(verdict->template->extended_key_usage_count, 1);
    assert_string_equal(verdict->template->extended_key_usage[0], "1.3.6.1.5.5.7.3.2");
    assert_false(verdict->template->is_ca);
    assert_int_equal(verdict->template->path_len, -1);
}

static void test_all_reasons_come_at_once_in_the_words_of_the_design(void **state)
{
    (void)state;
    const struct verdict *verdict =
        case_judge(&(struct judge_case){DEVICE, .subject = "CN=printer 7", .key = "RSA-1024"});
    assert_refused(verdict, "key.allow",
                   "key: rsa-1024 is not one of ec-p256, ec-p384, ed25519, rsa-2048, rsa-3072, rsa-4096");
    assert_refused(verdict, "subject.CN", "subject CN: \"printer 7\" does not match [A-Za-z0-9_-]{1,64}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_the_example_allows_a_device_and_sets_its_names, case_end),
        cmocka_unit_test_teardown(test_all_reasons_come_at_once_in_the_words_of_the_design, case_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
