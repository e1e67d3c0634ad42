/* SPDX-License-Identifier: Apache-2.0 */
/* Certificate policies that the chain above demands (RFC 5280 6.1): without one that is valid all the way down nothing is issued. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judge_case.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

#define ANY "2.5.29.32.0"

struct demand {
    const char *above[3]; /**< what is still valid */
    const char *written;  /**< certificate_policies of the policy */
    const char *words;    /**< NULL: allowed */
    bool may_have_any;    /**< anyPolicy counts */
    bool allows_every;    /**< whichever is valid */
    bool has_no_left;     /**< nothing can be valid */
    bool demands_nothing;
};

static const struct demand demands[] = {
    {{"1.2.3", "1.2.4"}, "", "one of 1.2.3, 1.2.4", true, false, false, false},
    {{"1.2.3", "1.2.4"}, "{oid: 1.2.3}", NULL, false, false, false, false},
    {{"1.2.3", "1.2.4"}, "{oid: 1.2.4}", NULL, false, false, false, false},
    {{"1.2.3", "1.2.4"}, "{oid: 1.2.9}, {oid: 1.2.4}", NULL, false, false, false, false},
    {{"1.2.3", "1.2.4"}, "{oid: 1.2.3}, {oid: 1.2.9}", NULL, false, false, false, false},
    {{"1.2.3", "1.2.4"}, "{oid: 1.2.9}, {oid: 1.2.3.4}", "one of 1.2.3, 1.2.4", false, false, false, false},
    {{"1.2.3"}, "{oid: 1.2}", "one of 1.2.3", true, false, false, false},
    {{"1.2.3"}, "{oid: " ANY "}", NULL, true, false, false, false},
    {{"1.2.3"}, "{oid: " ANY "}", "one of 1.2.3", false, false, false, false},
    {{"1.2.3"}, "{oid: " ANY "}", "one of 1.2.3", true, false, true, false},
    {{NULL}, "", "one, and any will do", true, true, false, false},
    {{NULL}, "{oid: 1.2.9}", NULL, false, true, false, false},
    {{NULL}, "{oid: " ANY "}", "one, and any will do", false, true, false, false},
    {{NULL}, "{oid: " ANY "}", NULL, true, true, false, false},
    {{NULL}, "{oid: " ANY "}, {oid: 1.2.9}", NULL, false, true, false, false},
    {{NULL}, "", "one, and leaves none", false, false, true, false},
    {{NULL}, "{oid: 1.2.9}, {oid: " ANY "}", "one, and leaves none", true, false, true, false},
    {{NULL}, "", NULL, false, false, true, true},
    {{"1.2.3"}, "{oid: 1.2.9}", NULL, false, false, false, true},
};

static char *policy_with(const char *policies)
{
    return memory_format("policy: demanded\nsubject: [{field: CN, match: '.*'}]\nkey: {allow: [ec-p256]}\n"
                         "validity: {days: 10}\ncertificate_policies: [%s]\n",
                         policies);
}

static void what_the_chain_demands_is_there_or_nothing_is_issued(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(demands); i++) {
        const struct demand *demand = &demands[i];
        size_t count = 0;
        while (demand->above[count] != NULL)
            count++;
        // No room behind the last: who reads on there is seen.
        AUTO(free) char **above = memory_new(count, sizeof(*above));
        for (size_t j = 0; j < count; j++)
            above[j] = (char *)(uintptr_t)demand->above[j];
        const struct policy_issuer issuer = {.not_after = CASE_NOW + 400 * INT64_C(86400),
                                             .is_ca = true,
                                             .path_len = -1,
                                             .needs_policy = !demand->demands_nothing,
                                             .may_have_any_policy = demand->may_have_any,
                                             .allows_every_policy = demand->allows_every,
                                             .has_no_policy_left = demand->has_no_left,
                                             .policies = above,
                                             .policies_count = count};
        AUTO(free) char *policy = policy_with(demand->written);
        const struct verdict *verdict = case_judge(&(struct judge_case){.policy = policy, .issuer = &issuer});
        print_message("%zu: %s\n", i, demand->written);
        if (demand->words == NULL) {
            assert_allowed(verdict);
            assert_int_equal(case_end(NULL), 0);
            continue;
        }
        AUTO(free)
        char *wanted = memory_format("certificate policies: the CA's chain demands %s", demand->words);
        assert_int_equal(verdict->findings.count, 1);
        const struct finding *finding = &verdict->findings.items[0];
        assert_string_equal(finding->rule, "certificate_policies.issuer");
        assert_string_equal(finding->source, "RFC 5280 6.1.5");
        assert_string_equal(finding->text, wanted);
        assert_string_equal(finding->wanted, count == 2 ? "1.2.3, 1.2.4" : count == 1 ? "1.2.3" : "");
        assert_int_equal(case_end(NULL), 0);
    }
}

static void a_self_signed_certificate_has_nobody_who_demands(void **state)
{
    (void)state;
    AUTO(free) char *policy = policy_with("");
    assert_allowed(case_judge(&(struct judge_case){.policy = policy}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(what_the_chain_demands_is_there_or_nothing_is_issued, case_end),
        cmocka_unit_test_teardown(a_self_signed_certificate_has_nobody_who_demands, case_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
