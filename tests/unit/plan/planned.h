/* SPDX-License-Identifier: Apache-2.0 */
/* A sound plan of two requests as people approved it, at an open home, and what a forger can put into it. */
#ifndef COLDCA_TESTS_PLANNED_H
#define COLDCA_TESTS_PLANNED_H

#include "base/memory.h"
#include "base/time.h"
#include "csr_maker.h"
#include "fake_home.h"
#include "plan/approved.h"
#include "plan/draw.h"
#include "records/cert.h"
#include "request/csr.h"

#include <string.h>
#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define WEEK INT64_C(604800)
#define POLICY                                                                                               \
    "policy: test\n"                                                                                         \
    "variables:\n"                                                                                           \
    "  - {name: site, match: '[a-z]+', default: here}\n"                                                     \
    "subject:\n"                                                                                             \
    "  - {field: CN, match: 'device-[0-9]+'}\n"                                                              \
    "san:\n"                                                                                                 \
    "  - {type: dns, match: '[a-z0-9-]+[.]example', optional: true, max: 2}\n"                               \
    "  - {type: uri, value: 'urn:{site}', from: policy}\n"                                                   \
    "key: {allow: [ec-p256, rsa-2048], unique: true}\n"                                                      \
    "validity: {days: 90}\n"                                                                                 \
    "key_usage: [digitalSignature]\n"                                                                        \
    "extended_key_usage: [clientAuth]\n"

static struct fake_home own;
static struct policy *policy;
static struct redraw *redraw;
static int64_t now;
static struct plan_file file; /* a sound plan of two requests, until a test changes it */
static struct plan *judged;   /* what it was made of */
static EVP_PKEY *forgers_key;

static inline void write_policy(const char *text)
{
    AUTO(free) char *folder = memory_format("%s/policies", own.path);
    AUTO(free) char *path = memory_format("%s/test.yaml", folder);
    (void)mkdir(folder, 0755); // init may have made it
    FILE *out = fopen(path, "we");
    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
}

static inline struct policy_issuer *chain(void)
{
    return (struct policy_issuer *)(uintptr_t)cert_issuer_facts(own.home->issuer);
}

/** The file becomes another plan's, as it was judged. */
static inline void put_to_file(const struct plan *plan)
{
    struct error err = ERROR_INIT;
    plan_file_done(&file);
    file = (struct plan_file){.items = NULL};
    now = time_now();
    if (!plan_to_file(own.home, plan, now, WEEK, &file, &err))
        fail_msg("%s", err.text);
}

static inline int begin(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    fake_home_make(&own);
    fake_home_open(&own);
    write_policy(POLICY);
    forgers_key = csr_key("P-256");
    if (!policy_load(BYTES_LITERAL(POLICY), "test.yaml", &policy, &err) ||
        !redraw_open(own.home, &redraw, &err))
        fail_msg("%s", err.text);
    chain()->not_before -= WEEK; // older than what it issues, as CAs are
    judged = fake_plan(policy, 1, 2);
    fake_plan_judge(&own, judged, policy, NULL);
    put_to_file(judged);
    return 0;
}

static inline int end(void **state)
{
    (void)state;
    plan_file_done(&file);
    plan_free(judged);
    EVP_PKEY_free(forgers_key);
    redraw_close(redraw);
    policy_free(policy);
    fake_home_remove(&own);
    return 0;
}

static inline bool take(struct plan **ret_plan, struct error *err)
{
    plan_file_seal(&file);
    const struct admitted admitted = {.file = file};
    return plan_of_admitted(own.home, &admitted, redraw, NULL, now, ret_plan, err);
}

static inline void assert_refused(const char *words)
{
    struct error err = ERROR_INIT;
    struct plan *plan = NULL;
    if (take(&plan, &err))
        fail_msg("taken, not \"%s\"", words);
    if (strstr(err.text, words) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", err.text, words);
    assert_int_equal(err.kind, ERROR_INPUT);
}

/** What is refused by its policy names item, rule and remedy. */
static inline void assert_forged(const char *words)
{
    assert_refused(words);
    assert_refused("coldca would not have planned it: ");
    assert_refused("; make the plan anew, at this CA");
    assert_refused("reading item 0 of the plan, device-1");
}

static inline struct json *entry_of(size_t index)
{
    return (struct json *)(uintptr_t)json_at(file.items, index);
}

/** Puts bytes into the first item as a forger would: with all that is said of them, beside a request. */
static inline void forge_bytes(struct bytes tbs, const struct template *template,
                               const struct request *request)
{
    const struct record_cert_signing record = {.tbs = tbs,
                                               .template = template,
                                               .policy = file.header.policy,
                                               .policy_sha256 = file.header.policy_sha256,
                                               .csr_sha256 = request->sha256,
                                               .source = "device-1.csr"};
    struct json *json = record_cert_signing_write(&record);
    json_put_text(json, "type", RECORD_CERT_SIGNING);
    json_put_text(json, "output", "device-1");
    json_put(entry_of(0), "record", json);
    json_put_base64(entry_of(0), "request", request->der);
}

/** A certificate of a template. */
static inline void forge(const struct template *template, const struct request *request)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    if (!draw_tbs(own.home, template, judged->items[0].serial, &tbs, &err))
        fail_msg("%s", err.text);
    forge_bytes(builder_bytes(&tbs), template, request);
}

static inline struct template *template_of(size_t index)
{
    return judged->items[index].verdict->template;
}

static inline const struct request *request_of(size_t index)
{
    return judged->items[index].request;
}

#endif
