/* SPDX-License-Identifier: Apache-2.0 */
/* Plans for RSA keys of a few primes, at a home with an open ledger: what two keys have in common is known to the test. */
#ifndef COLDCA_TESTS_RSA_PLANS_H
#define COLDCA_TESTS_RSA_PLANS_H

#include "bad_keys.h"
#include "base/memory.h"
#include "fake_home.h"
#include "issue/issue.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define POLICY                                                                                               \
    "policy: test\n"                                                                                         \
    "subject:\n"                                                                                             \
    "  - {field: CN, match: 'device-[0-9]+'}\n"                                                              \
    "other_subject: refuse\n"                                                                                \
    "other_san: refuse\n"                                                                                    \
    "key: {allow: [rsa-2048, ec-p256]}\n"                                                                    \
    "validity: {days: 90}\n"                                                                                 \
    "key_usage: [digitalSignature]\n"                                                                        \
    "extended_key_usage: [clientAuth]\n"

enum { PRIMES = 4 };

static mpz_t primes[PRIMES];
static struct fake_home own;
static struct policy *policy;

static inline struct policy *load(const char *more)
{
    struct error err = ERROR_INIT;
    struct policy *loaded = NULL;
    AUTO(free) char *text = memory_format("%s%s", POLICY, more);
    if (!policy_load(bytes_of_text(text), "test.yaml", &loaded, &err))
        fail_msg("%s", err.text);
    return loaded;
}

static inline int make_primes(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PRIMES; i++) {
        mpz_init(primes[i]);
        bad_prime(primes[i], 1024, i + 1);
    }
    return 0;
}

static inline int forget_primes(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PRIMES; i++)
        mpz_clear(primes[i]);
    return 0;
}

static inline int begin(void **state)
{
    (void)state;
    fake_home_make(&own);
    fake_home_open(&own);
    policy = load("");
    return 0;
}

static inline int end(void **state)
{
    (void)state;
    policy_free(policy);
    fake_home_remove(&own);
    return 0;
}

/** A request of device-N for the key of two primes. */
static inline void add(struct plan *plan, unsigned device, unsigned p, unsigned q, unsigned long exponent)
{
    AUTO(free) char *name = memory_format("device-%u", device);
    EVP_PKEY *key = bad_rsa_key(primes[p], primes[q], exponent);
    fake_plan_add(plan, name, device, key);
    EVP_PKEY_free(key);
}

static inline struct plan *plan_of(unsigned device, unsigned p, unsigned q)
{
    struct plan *plan = plan_new(policy);
    add(plan, device, p, q, 65537);
    return plan;
}

static inline bool take(struct output *output, size_t group, const struct plan_item *item,
                        struct bytes certificate, struct bytes proof, struct error *err)
{
    (void)output, (void)group, (void)item, (void)certificate, (void)proof, (void)err;
    return true;
}

static inline void issue(struct plan *plan)
{
    struct error err = ERROR_INIT;
    struct issue_result result;
    struct output output = {.put = take};
    const struct issue_options options = {.command = "sign"};
    if (!issue_plan(own.signer, plan, &output, &options, &fake_console, &result, &err))
        fail_msg("%s", err.text);
}

/** device-1 gets a certificate for primes 0 and 1. \param ret_serial  bytes of it; may be NULL */
static inline void issue_first(struct builder *ret_serial)
{
    AUTO(plan_free) struct plan *plan = plan_of(1, 0, 1);
    fake_plan_judge(&own, plan, policy, NULL);
    assert_int_equal(plan->items[0].action, PLAN_SIGN);
    if (ret_serial != NULL)
        builder_add(ret_serial, plan->items[0].serial, CERT_SERIAL_LEN);
    issue(plan);
}

static inline const struct finding *shared_finding(const struct plan *plan, size_t index)
{
    const struct findings *findings = &plan->items[index].verdict->findings;
    assert_int_equal(plan->items[index].action, PLAN_REFUSE);
    for (size_t i = 0; i < findings->count; i++) {
        if (strcmp(findings->items[i].rule, "key.shared-factor") == 0)
            return &findings->items[i];
    }
    fail_msg("no key.shared-factor, but %s", findings->count == 0 ? "nothing" : findings->items[0].text);
    return NULL;
}

static inline void assert_words(const char *text, const char *words)
{
    if (text == NULL || strstr(text, words) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", text == NULL ? "" : text, words);
}

#endif
