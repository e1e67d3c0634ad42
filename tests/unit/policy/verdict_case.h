/* SPDX-License-Identifier: Apache-2.0 */
/* A policy, a request and the whole verdict that is due, byte for byte. Include after cmocka.h. */
#ifndef COLDCA_TESTS_VERDICT_CASE_H
#define COLDCA_TESTS_VERDICT_CASE_H

#include "judge_case.h"

/* Of policies. */
#define P(lines) "policy: p\nkey: {allow: [ec-p256, ed25519, rsa-2048]}\n" lines
#define OF_CN "subject: [{field: CN, match: '.*', optional: true}]\n"
#define TEN_DAYS "validity: {days: 10}\n"

/* Of verdicts. */
#define TAKEN "taken key: ec-p256\ntaken subject CN: device-1\n"
#define DATED "set validity: 2025-11-21T01:53:20Z to 2025-12-01T01:53:19Z\n"
#define UNUSED "set key usage: \n"
#define DATES "from 2025-11-21T01:53:20Z until 2025-12-01T01:53:19Z; as asked\n"
#define PLAIN "no check 0, hash 0, pss 0\n"

struct verdict_case {
    const char *policy;
    const char *subject;
    const char *sans[12];
    const char *key;
    const char *extensions;
    const struct policy_issuer *issuer;
    const char *value; /**< of the variable v */
    unsigned days;
    const char *wanted;
};

/** Judges them one after the other. */
static inline void judge_each(const struct verdict_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct policy_variable variable = {.name = "v", .value = cases[i].value};
        print_message("%zu: %s\n", i, cases[i].policy);
        assert_verdict(
            case_judge(&(struct judge_case){.policy = cases[i].policy,
                                            .subject = cases[i].subject,
                                            .sans = cases[i].sans[0] != NULL ? cases[i].sans : NULL,
                                            .key = cases[i].key,
                                            .extensions = cases[i].extensions,
                                            .issuer = cases[i].issuer,
                                            .variables = &variable,
                                            .variables_count = cases[i].value != NULL ? 1 : 0,
                                            .days = cases[i].days}),
            cases[i].wanted);
    }
}

#endif
