/* SPDX-License-Identifier: Apache-2.0 */
/* A policy, a request and what comes of them, for the tests of policy/. Requests go through the real reader. */
#ifndef COLDCA_TESTS_JUDGE_CASE_H
#define COLDCA_TESTS_JUDGE_CASE_H

#include "csr_maker.h"
#include "policy/policy.h"
#include "request/csr.h"

#define CASE_NOW INT64_C(1763690000) /* 2025-11-21 */

/** What is asked, in der_assemble()'s language; NULL parts are sound and empty. */
struct judge_case {
    const char *policy;      /**< YAML */
    const char *subject;     /**< "CN=x,O=y" as people type it; NULL: CN=device-1 */
    const char *const *sans; /**< "dns:a.example", ...; NULL-terminated; may be NULL */
    const char *extensions;  /**< further ones in der_assemble()'s language */
    const char *key;         /**< csr_key()'s name; NULL: P-256 */
    EVP_PKEY *own_key;       /**< instead of a new one; stays the caller's */
    const struct policy_issuer *issuer;
    const struct policy_variable *variables;
    size_t variables_count;
    int64_t now;   /**< 0: CASE_NOW */
    unsigned days; /**< --days; 0: none */
};

/** Judges; the verdict and all behind it lives until case_end(). */
const struct verdict *case_judge(const struct judge_case *given);
/** The policy alone, which must load; lives until case_end(). */
struct policy *case_policy(const char *yaml);
/** Frees what the case made; a cmocka teardown. */
int case_end(void **state);
/** What policy_load() says of a policy that must not load; lives until the next call. */
const char *case_load_error(const char *yaml);

/** Fails the test unless the verdict is a refusal with a finding of this rule whose text has these words. */
void assert_refused(const struct verdict *verdict, const char *rule, const char *words);
/** Fails the test unless it is allowed; says the first reason. */
void assert_allowed(const struct verdict *verdict);
/** Whether there is a decision of this kind about this field with these words in its value. */
bool has_decision(const struct verdict *verdict, enum decision_kind kind, const char *field,
                  const char *words);
/** Whether there is a note of this rule with these words in its text. */
bool has_note(const struct verdict *verdict, const char *rule, const char *words);
/** "dns:a.example,uri:x" of the template, in order; lives until the next call. */
const char *sans_of(const struct verdict *verdict);
/** "CN=x,O=y" of the template; lives until the next call. */
const char *subject_of(const struct verdict *verdict);
/**
 * The whole verdict, a line a fact: findings with what was found, wanted and is to be done, notes, decisions, and all of the template if there
 * is one. The caller frees.
 */
char *verdict_text(const struct verdict *verdict);
/** Fails the test unless that is the verdict's text; says the first line that is another. */
void assert_verdict(const struct verdict *verdict, const char *wanted);

#endif
