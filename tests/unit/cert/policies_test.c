/* SPDX-License-Identifier: Apache-2.0 */
/* What the certificate policies of a chain leave to those below it (RFC 5280 6.1), extension by extension; what is damaged is named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "csr_maker.h"

#include "base/memory.h"
#include "cert/policies.h"

#include <stdlib.h>
#include <string.h>

#define CHAIN_MAX 5

/** One certificate of a chain: its extensions, in der_assemble()'s language; NULL ends the chain. */
struct given {
    const char *extensions;
    bool is_self_issued;
};

struct policies_case {
    const char *left;              /**< told() */
    struct given chain[CHAIN_MAX]; /**< the issuer first */
};

#define EXTENSION(last, value) "30{06{551d" last "}04{" value "}}"
#define POLICIES(list) EXTENSION("20", "30{" list "}")
#define POLICY(arc) "30{06{2a" arc "}}" /* 1.2.arc */
#define ANY_POLICY "30{06{551d2000}}"
#define MAPPINGS(list) EXTENSION("21", "30{" list "}")
#define PAIR(from, to) "30{06{2a" from "}06{2a" to "}}"
#define CONSTRAINTS(content) EXTENSION("24", "30{" content "}")
#define EXPLICIT(number) CONSTRAINTS("80{" number "}")
#define INHIBIT_ANY(number) EXTENSION("36", "02{" number "}")
#define ROOT                                                                                                 \
    {                                                                                                        \
        "", true                                                                                             \
    }

/** What is left, in words; in refusal the error's. */
static char *told(const struct policies_case *given)
{
    struct cert_parts parts[CHAIN_MAX] = {{.is_v3 = false}};
    struct builder extensions[CHAIN_MAX] = {{.data = NULL}};
    struct policy_issuer facts = {.path_len = -1};
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder words = BUILDER_INIT;
    size_t count = 0;
    for (; count < CHAIN_MAX && given->chain[count].extensions != NULL; count++) {
        der_assemble(given->chain[count].extensions, &extensions[count]);
        parts[count].extensions = builder_bytes(&extensions[count]);
        parts[count].issuer = bytes_of("same", 4);
        parts[count].subject =
            given->chain[count].is_self_issued ? parts[count].issuer : bytes_of("other", 5);
    }
    bool is_read = policies_of_chain(parts, count, &facts, &err);
    for (size_t i = 0; i < CHAIN_MAX; i++)
        builder_done(&extensions[i]);
    if (!is_read) {
        assert_int_equal(err.kind, ERROR_INPUT);
        assert_int_equal(facts.policies_count, 0);
        return memory_text(err.text);
    }
    builder_format(&words, "%s%s%s%s:", facts.allows_every_policy ? "every one" : "these",
                   facts.may_have_any_policy ? ", any counts" : "",
                   facts.needs_policy ? ", one is needed" : "",
                   facts.has_no_policy_left ? ", none is left" : "");
    for (size_t i = 0; i < facts.policies_count; i++) {
        builder_format(&words, " %s", facts.policies[i]);
        free(facts.policies[i]);
    }
    free(facts.policies);
    return builder_take_text(&words);
}

static void assert_left(const struct policies_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        AUTO(free) char *words = told(&cases[i]);
        if (strcmp(words, cases[i].left) != 0)
            fail_msg("%zu: \"%s\", not \"%s\"", i, words, cases[i].left);
    }
}

static void a_certificate_keeps_of_the_policies_above_those_that_it_has(void **state)
{
    static const struct policies_case cases[] = {
        {"every one, any counts:", {ROOT}},
        {"every one, any counts:",
         {{POLICIES(POLICY("03")), true}}},    // a trust anchor's own are not processed
        {"these, any counts:", {{"", false}}}, // no trust anchor in sight
        {"these, any counts:", {{"", false}, ROOT}},
        {"these, any counts: 1.2.3", {{POLICIES(POLICY("03")), false}, ROOT}},
        {"these, any counts: 1.2.3 1.2.4", {{POLICIES(POLICY("03") POLICY("04")), false}, ROOT}},
        {"every one, any counts:", {{POLICIES(ANY_POLICY), false}, ROOT}},
        {"every one, any counts:", {{POLICIES(POLICY("03") ANY_POLICY), false}, ROOT}},
        {"these, any counts: 1.2.4",
         {{POLICIES(POLICY("04") POLICY("05")), false}, {POLICIES(POLICY("03") POLICY("04")), false}, ROOT}},
        {"these, any counts: 1.2.3 1.2.4",
         {{POLICIES(POLICY("04") POLICY("05") POLICY("03")), false},
          {POLICIES(POLICY("03") POLICY("04")), false},
          ROOT}},
        {"these, any counts: 1.2.3 1.2.4",
         {{POLICIES(ANY_POLICY), false}, {POLICIES(POLICY("03") POLICY("04")), false}, ROOT}},
        {"these, any counts: 1.2.3", {{POLICIES(POLICY("03")), false}, {POLICIES(ANY_POLICY), false}, ROOT}},
        {"these, any counts:", {{POLICIES(POLICY("03")), false}, {"", false}, ROOT}},
        {"these, any counts:", {{POLICIES(ANY_POLICY), false}, {"", false}, ROOT}},
        // Qualifiers stand behind a policy and are not looked at.
        {"these, any counts: 1.2.3", {{POLICIES("30{06{2a03}30{0500}}"), false}, ROOT}},
    };
    (void)state;
    assert_left(cases, ARRAY_LEN(cases));
}

static void below_a_policy_goes_by_its_other_names_only(void **state)
{
    static const struct policies_case cases[] = {
        {"these, any counts: 1.2.9", {{POLICIES(POLICY("03")) MAPPINGS(PAIR("03", "09")), false}, ROOT}},
        {"these, any counts: 1.2.9",
         {{POLICIES(POLICY("09")), false}, {POLICIES(POLICY("03")) MAPPINGS(PAIR("03", "09")), false}, ROOT}},
        {"these, any counts:",
         {{POLICIES(POLICY("03")), false}, {POLICIES(POLICY("03")) MAPPINGS(PAIR("03", "09")), false}, ROOT}},
        {"these, any counts: 1.2.9 1.2.10",
         {{POLICIES(POLICY("03")) MAPPINGS(PAIR("03", "09") PAIR("03", "0a")), false}, ROOT}},
        // What is not mapped keeps its name, and one that is not valid gives none.
        {"these, any counts: 1.2.9 1.2.4",
         {{POLICIES(POLICY("03") POLICY("04")) MAPPINGS(PAIR("03", "09")), false}, ROOT}},
        {"these, any counts: 1.2.3", {{POLICIES(POLICY("03")) MAPPINGS(PAIR("04", "09")), false}, ROOT}},
        // A name is not there twice, two may change theirs, and one that was just given gives no other.
        {"these, any counts: 1.2.9",
         {{POLICIES(POLICY("03") POLICY("04")) MAPPINGS(PAIR("03", "09") PAIR("04", "09")), false}, ROOT}},
        {"these, any counts: 1.2.4",
         {{POLICIES(POLICY("03") POLICY("04")) MAPPINGS(PAIR("03", "04")), false}, ROOT}},
        {"these, any counts: 1.2.4 1.2.3",
         {{POLICIES(POLICY("03") POLICY("04")) MAPPINGS(PAIR("03", "04") PAIR("04", "03")), false}, ROOT}},
        {"these, any counts: 1.2.9",
         {{POLICIES(POLICY("03")) MAPPINGS(PAIR("03", "09") PAIR("09", "0a")), false}, ROOT}},
        {"every one, any counts:", {{POLICIES(ANY_POLICY) MAPPINGS(PAIR("03", "09")), false}, ROOT}},
    };
    (void)state;
    assert_left(cases, ARRAY_LEN(cases));
}

#define OF_3 POLICIES(POLICY("03"))

static void certificates_are_counted_until_a_policy_is_needed(void **state)
{
    static const struct policies_case cases[] = {
        {"these, any counts, one is needed: 1.2.3", {{OF_3 EXPLICIT("00"), false}, ROOT}},
        {"these, any counts, one is needed: 1.2.3", {{OF_3 EXPLICIT("01"), false}, ROOT}},
        {"these, any counts: 1.2.3", {{OF_3 EXPLICIT("02"), false}, ROOT}},
        {"these, any counts, one is needed: 1.2.3", {{OF_3, false}, {OF_3 EXPLICIT("02"), false}, ROOT}},
        {"these, any counts: 1.2.3", {{OF_3, false}, {OF_3 EXPLICIT("03"), false}, ROOT}},
        // One that is self-issued does not count.
        {"these, any counts: 1.2.3", {{OF_3, true}, {OF_3 EXPLICIT("02"), false}, ROOT}},
        {"these, any counts, one is needed: 1.2.3",
         {{OF_3, false}, {OF_3, true}, {OF_3 EXPLICIT("02"), false}, ROOT}},
        {"these, any counts, one is needed: 1.2.3", {{OF_3, true}, {OF_3 EXPLICIT("01"), false}, ROOT}},
        // The smallest holds.
        {"these, any counts, one is needed: 1.2.3",
         {{OF_3 EXPLICIT("05"), false}, {OF_3 EXPLICIT("02"), false}, ROOT}},
        {"these, any counts, one is needed: 1.2.3",
         {{OF_3 EXPLICIT("01"), false}, {OF_3 EXPLICIT("05"), false}, ROOT}},
        {"these, any counts, one is needed: 1.2.3", {{OF_3 CONSTRAINTS("80{00}81{00}"), false}, ROOT}},
        {"these, any counts: 1.2.3", {{OF_3 CONSTRAINTS("81{00}"), false}, ROOT}},
        {"every one, any counts:", {{EXPLICIT("00"), true}}}, // the trust anchor's
        // Numbers of more octets.
        {"these, any counts: 1.2.3", {{OF_3 EXPLICIT("0100"), false}, ROOT}},
        {"these, any counts: 1.2.3", {{OF_3 EXPLICIT("00ff"), false}, ROOT}},
        {"these, any counts, one is needed: 1.2.3", {{OF_3 EXPLICIT("000001"), false}, ROOT}},
        {"these, any counts: 1.2.3", {{OF_3 EXPLICIT("7fffffff"), false}, ROOT}},
        {"these, any counts: 1.2.3", {{OF_3 EXPLICIT("0100000000"), false}, ROOT}},
        {"these, any counts: 1.2.3", {{OF_3 EXPLICIT("01000000000000000000"), false}, ROOT}},
        {"these, any counts, one is needed: 1.2.3", {{OF_3 EXPLICIT("0000000000000001"), false}, ROOT}},
    };
    (void)state;
    assert_left(cases, ARRAY_LEN(cases));
}

static void where_one_is_needed_and_none_is_left_nothing_below_is_valid(void **state)
{
    static const struct policies_case cases[] = {
        {"these, any counts, one is needed, none is left:", {{EXPLICIT("00"), false}, ROOT}},
        {"these, any counts, one is needed, none is left:", {{EXPLICIT("01"), false}, ROOT}},
        {"these, any counts:", {{EXPLICIT("02"), false}, ROOT}},
        {"these, any counts, one is needed, none is left:",
         {{"", false}, {OF_3 EXPLICIT("01"), false}, ROOT}},
        {"every one, any counts, one is needed:", {{POLICIES(ANY_POLICY) EXPLICIT("00"), false}, ROOT}},
        // Nor does a policy come back below.
        {"these, any counts, one is needed, none is left:",
         {{OF_3, false}, {"", false}, {EXPLICIT("00"), false}, ROOT}},
    };
    (void)state;
    assert_left(cases, ARRAY_LEN(cases));
}

static void certificates_are_counted_until_any_policy_counts_no_more(void **state)
{
    static const struct policies_case cases[] = {
        {"these: 1.2.3", {{OF_3 INHIBIT_ANY("00"), false}, ROOT}},
        {"these, any counts: 1.2.3", {{OF_3 INHIBIT_ANY("01"), false}, ROOT}},
        {"these:", {{POLICIES(ANY_POLICY), false}, {OF_3 INHIBIT_ANY("00"), false}, ROOT}},
        {"these: 1.2.3", {{POLICIES(ANY_POLICY), false}, {OF_3 INHIBIT_ANY("01"), false}, ROOT}},
        {"these, any counts: 1.2.3", {{POLICIES(ANY_POLICY), false}, {OF_3 INHIBIT_ANY("02"), false}, ROOT}},
        // In one that is self-issued it still counts, and that one is not counted.
        {"these: 1.2.3", {{POLICIES(ANY_POLICY), true}, {OF_3 INHIBIT_ANY("00"), false}, ROOT}},
        {"these, any counts: 1.2.3", {{POLICIES(ANY_POLICY), true}, {OF_3 INHIBIT_ANY("01"), false}, ROOT}},
        {"every one:", {{POLICIES(ANY_POLICY), true}, {POLICIES(ANY_POLICY) INHIBIT_ANY("00"), false}, ROOT}},
        {"these:", {{POLICIES(ANY_POLICY), false}, {POLICIES(ANY_POLICY) INHIBIT_ANY("00"), false}, ROOT}},
        {"these: 1.2.3", {{OF_3, false}, {POLICIES(ANY_POLICY) INHIBIT_ANY("00"), false}, ROOT}},
        {"these: 1.2.3", {{OF_3 INHIBIT_ANY("05"), false}, {OF_3 INHIBIT_ANY("01"), false}, ROOT}},
        {"these: 1.2.3", {{OF_3 INHIBIT_ANY("00"), false}, {OF_3 INHIBIT_ANY("05"), false}, ROOT}},
    };
    (void)state;
    assert_left(cases, ARRAY_LEN(cases));
}

#define DAMAGED "a certificate of the chain has damaged "
#define NO_POLICIES DAMAGED "certificatePolicies (RFC 5280 4.2.1.4)"
#define NO_MAPPINGS DAMAGED "policyMappings (RFC 5280 4.2.1.5)"
#define NO_CONSTRAINTS DAMAGED "policyConstraints (RFC 5280 4.2.1.11)"
#define NO_INHIBIT DAMAGED "inhibitAnyPolicy (RFC 5280 4.2.1.14)"

/** An OID that is longer in words than OIDs are. */
#define LONG_ARC "ffffffffffffffff7f"
#define LONG_OID                                                                                             \
    "06{2a" LONG_ARC LONG_ARC LONG_ARC LONG_ARC LONG_ARC LONG_ARC LONG_ARC LONG_ARC LONG_ARC LONG_ARC "}"

static void what_is_damaged_is_named_wherever_it_stands(void **state)
{
    static const struct {
        const char *words, *extension;
    } damaged[] = {
        {NO_POLICIES, EXTENSION("20", "31{" POLICY("03") "}")},
        {NO_POLICIES, EXTENSION("20", "30{" POLICY("03") "}0500")},
        {NO_POLICIES, POLICIES("31{06{2a03}}")},
        {NO_POLICIES, POLICIES("30{04{2a03}}")},
        {NO_POLICIES, POLICIES("30{06{8003}}")},
        {NO_POLICIES, POLICIES("30{" LONG_OID "}")},
        {NO_POLICIES, POLICIES("30{06{2a03}31{}}")},
        {NO_POLICIES, POLICIES("30{06{2a03}30{}0500}")},
        {NO_POLICIES, POLICIES(POLICY("03") "0500")},
        {NO_MAPPINGS, EXTENSION("21", "31{" PAIR("03", "04") "}")},
        {NO_MAPPINGS, EXTENSION("21", "30{" PAIR("03", "04") "}0500")},
        {NO_MAPPINGS, MAPPINGS("31{06{2a03}06{2a04}}")},
        {NO_MAPPINGS, MAPPINGS("30{04{2a03}06{2a04}}")},
        {NO_MAPPINGS, MAPPINGS("30{06{2a03}04{2a04}}")},
        {NO_MAPPINGS, MAPPINGS("30{06{2a03}}")},
        {NO_MAPPINGS, MAPPINGS("30{06{2a03}06{2a04}0500}")},
        {NO_MAPPINGS, MAPPINGS("30{06{8003}06{2a04}}")},
        {NO_MAPPINGS, MAPPINGS("30{06{2a03}06{8004}}")},
        {NO_MAPPINGS, MAPPINGS(PAIR("03", "04") "0500")},
        {NO_MAPPINGS, MAPPINGS("30{06{551d2000}06{2a04}}")}, // anyPolicy has no other name, and is none
        {NO_MAPPINGS, MAPPINGS("30{06{2a03}06{551d2000}}")},
        {NO_CONSTRAINTS, EXTENSION("24", "31{80{00}}")},
        {NO_CONSTRAINTS, EXTENSION("24", "30{80{00}}0500")},
        {NO_CONSTRAINTS, CONSTRAINTS("80{}")},
        {NO_CONSTRAINTS, CONSTRAINTS("80{80}")},
        {NO_CONSTRAINTS, CONSTRAINTS("80{ff00}")},
        {NO_CONSTRAINTS, CONSTRAINTS("8005")},
        {NO_CONSTRAINTS, CONSTRAINTS("80{00}81{}")},
        {NO_CONSTRAINTS, CONSTRAINTS("80{00}81{ff}")},
        {NO_CONSTRAINTS, CONSTRAINTS("80{00}8105")},
        {NO_CONSTRAINTS, CONSTRAINTS("80{00}81{00}0500")},
        {NO_CONSTRAINTS, CONSTRAINTS("81{00}80{00}")},
        {NO_INHIBIT, EXTENSION("36", "04{00}")},
        {NO_INHIBIT, EXTENSION("36", "02{00}0500")},
        {NO_INHIBIT, INHIBIT_ANY("")},
        {NO_INHIBIT, INHIBIT_ANY("80")},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(damaged); i++) {
        const struct policies_case cases[] = {
            {damaged[i].words, {{damaged[i].extension, false}, ROOT}},
            {damaged[i].words, {{OF_3, false}, {damaged[i].extension, false}, ROOT}},
            {damaged[i].words, {{damaged[i].extension, false}, {OF_3, false}, ROOT}},
            {"these, any counts: 1.2.3", {{OF_3, false}, {damaged[i].extension, true}}}, // the trust anchor's
        };
        print_message("%s\n", damaged[i].extension);
        assert_left(cases, ARRAY_LEN(cases));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_certificate_keeps_of_the_policies_above_those_that_it_has),
        cmocka_unit_test(below_a_policy_goes_by_its_other_names_only),
        cmocka_unit_test(certificates_are_counted_until_a_policy_is_needed),
        cmocka_unit_test(where_one_is_needed_and_none_is_left_nothing_below_is_valid),
        cmocka_unit_test(certificates_are_counted_until_any_policy_counts_no_more),
        cmocka_unit_test(what_is_damaged_is_named_wherever_it_stands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
