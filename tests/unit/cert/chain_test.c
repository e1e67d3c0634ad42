/* SPDX-License-Identifier: Apache-2.0 */
/* Chains that are chains and yet no validator takes, or not every one: each fault under its rule, a sound chain without any. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chain_maker.h"
#include "judge_case.h"

#include "base/memory.h"
#include "base/openssl_release.h"
#include "cert/chain.h"

#define DAY INT64_C(86400)

static EVP_PKEY *keys[3];

static int setup(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        keys[i] = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        EVP_PKEY_free(keys[i]);
    return 0;
}

/** Root, middle and issuing CA, with what the recipes say. has_root: else the chain ends in the middle. */
static struct cert_issuer *issuer_of(const struct chain_recipe recipes[static 3], bool has_root)
{
    static const char *const subjects[] = {"C=US,O=Test,CN=Root", "C=US,O=Test,CN=Middle",
                                           "C=US,O=Test,CN=Issuing"};
    X509 *made[3] = {NULL};
    struct builder ders[3] = {0};
    struct cert_issuer *issuer = NULL;
    struct error err = ERROR_INIT;
    for (size_t i = 0; i < 3; i++) {
        struct chain_recipe recipe = recipes[i];
        recipe.key = keys[i];
        recipe.subject = recipe.subject != NULL ? recipe.subject : subjects[i];
        recipe.issuer = i > 0 ? made[i - 1] : NULL;
        recipe.issuer_key = i > 0 ? keys[i - 1] : NULL;
        made[i] = chain_make(&recipe);
        chain_der(made[i], &ders[i]);
    }
    struct bytes above[] = {builder_bytes(&ders[1]), builder_bytes(&ders[0])};
    bool is_read = cert_issuer_read(builder_bytes(&ders[2]), above, has_root ? 2 : 1, &issuer, &err);
    for (size_t i = 0; i < 3; i++) {
        X509_free(made[i]);
        builder_done(&ders[i]);
    }
    if (!is_read)
        fail_msg("%s", err.text);
    return issuer;
}

#define IN(extension, text)                                                                                  \
    {                                                                                                        \
        .extensions = {{extension, text}},                                                                   \
    }

struct chain_case {
    const char *rule; /**< NULL: nothing */
    const char *words;
    struct chain_recipe recipes[3]; /**< root, middle, issuing */
    bool is_notice;
};

/* requireExplicitPolicy 0; inhibitAnyPolicy 0; nameConstraints permitted and excluded directoryName O=Test; registeredID */
#define EXPLICIT                                                                                             \
    {                                                                                                        \
        "2.5.29.36", "critical,DER:3003800100"                                                               \
    }
#define NO_ANY                                                                                               \
    {                                                                                                        \
        "2.5.29.54", "critical,DER:020100"                                                                   \
    }
#define POLICY(oid)                                                                                          \
    {                                                                                                        \
        "certificatePolicies", oid                                                                           \
    }

static const struct chain_case cases[] = {
    {NULL, NULL, {{.key = NULL}}, false},
    {"chain.expired", "CN=Issuing: it ended 2025-11-20", {{0}, {0}, {.not_after = CHAIN_NOW - DAY}}, false},
    {"chain.expired", "CN=Middle: it ended", {{0}, {.not_after = CHAIN_NOW - DAY}, {0}}, false},
    {"chain.expired", "CN=Root: it ended", {{.not_after = CHAIN_NOW - DAY}, {0}, {0}}, false},
    {"chain.not-yet-valid",
     "CN=Middle: it begins 2025-11-22",
     {{0}, {.not_before = CHAIN_NOW + DAY}, {0}},
     false},
    {"chain.validity",
     "CN=Issuing: it ends",
     {{0}, {0}, {.not_before = CHAIN_NOW, .not_after = CHAIN_NOW - DAY}},
     false},
    {NULL, NULL, {{0}, {0}, {.not_after = CHAIN_NOW}}, false},
    {NULL, NULL, {{0}, {.not_before = CHAIN_NOW}, {0}}, false},
    {NULL, NULL, {{0}, {0}, {.not_before = CHAIN_NOW, .not_after = CHAIN_NOW}}, false},
    {"chain.critical", "1.2.3.4 is unknown", {{0}, IN("1.2.3.4", "critical,DER:0500"), {0}}, false},
    {"chain.critical", "2.5.28.15 is unknown", {{0}, IN("2.5.28.15", "critical,DER:0500"), {0}}, false},
    {"chain.critical", "1.2.29.15 is unknown", {{0}, IN("1.2.29.15", "critical,DER:0500"), {0}}, false},
    {"chain.critical", "2.5.29.15.1 is unknown", {{0}, IN("2.5.29.15.1", "critical,DER:0500"), {0}}, false},
    {"chain.critical", "2.5.29.16 is unknown", {{0}, IN("2.5.29.16", "critical,DER:0500"), {0}}, false},
    {NULL, NULL, {{0}, IN("1.2.3.4", "DER:0500"), {0}}, false},
    {"chain.extension-twice",
     "1.2.3.4 is there twice",
     {{0}, {.extensions = {{"1.2.3.4", "DER:0500"}, {"1.2.3.4", "DER:0500"}}}, {0}},
     false},
    {"chain.purposes",
     "none in common",
     {{0}, IN("extendedKeyUsage", "clientAuth"), IN("extendedKeyUsage", "serverAuth")},
     false},
    {NULL,
     NULL,
     {{0}, IN("extendedKeyUsage", "clientAuth,serverAuth"), IN("extendedKeyUsage", "serverAuth")},
     false},
    {"chain.any-usage",
     "CN=Issuing",
     {{0}, {0}, IN("extendedKeyUsage", "serverAuth,anyExtendedKeyUsage")},
     true},
    {"chain.basic-constraints", "CN=Middle", {{0}, {.basic_constraints = "CA:TRUE"}, {0}}, true},
    {"chain.key-usage", "CN=Middle", {{0}, {.key_usage = ""}, {0}}, true},
    {"chain.name-constraints",
     "CN=Middle",
     {{0}, IN("nameConstraints", "permitted;DNS:a.example"), {0}},
     true},
    // The CA's own names: its subject, the mail address in it, its SAN.
    {"chain.names",
     "CN=Issuing: below C=US,O=Test,CN=Root",
     {IN("2.5.29.30", "critical,DER:3015a1133011a40f300d310b3009060355040613025553"), {0}, {0}},
     false},
    {"chain.names",
     "outside the directory names",
     {{0}, IN("2.5.29.30", "critical,DER:3017a0153013a411300f310d300b060355040a0c0454657374"), {0}},
     false},
    {"chain.names",
     "subject emailAddress",
     {{0},
      IN("nameConstraints", "critical,excluded;email:evil.example"),
      {.subject = "CN=x,emailAddress=a@evil.example"}},
     false},
    {"chain.names",
     "dns \"DNS:ca.evil.example\"",
     {IN("nameConstraints", "critical,excluded;DNS:evil.example"),
      {0},
      IN("subjectAltName", "DNS:ca.evil.example")},
     false},
    {NULL,
     NULL,
     {IN("nameConstraints", "critical,excluded;DNS:evil.example"),
      {0},
      IN("subjectAltName", "DNS:ca.iot.example")},
     false},
    // Its own constraints are for those below it.
    {NULL,
     NULL,
     {{0},
      {0},
      {.extensions = {{"nameConstraints", "critical,excluded;DNS:evil.example"},
                      {"subjectAltName", "DNS:ca.evil.example"}}}},
     false},
    {"chain.constraint-kind",
     "the kind rid",
     {{0}, {0}, IN("2.5.29.30", "critical,DER:3008a006300488022a03")},
     false},
    // Values that validators can't read: 82 dns, 86 uri, 81 email, 87 ip.
    {"chain.constraint-value",
     "has an empty label",
     {{0}, {0}, IN("2.5.29.30", "critical,DER:300aa10830068204612e2e62")},
     false},
    {"chain.constraint-value",
     "ends in a dot",
     {{0}, {0}, IN("2.5.29.30", "critical,DER:3008a10630048202612e")},
     false},
    {"chain.constraint-value",
     "is not of printable ASCII",
     {{0}, {0}, IN("2.5.29.30", "critical,DER:3009a107300582036100ff")},
     false},
    {"chain.constraint-value",
     "is not of printable ASCII",
     {{0}, {0}, IN("2.5.29.30", "critical,DER:3008a10630048602c3bc")},
     false},
    {"chain.constraint-value",
     "is an address",
     {{0}, {0}, IN("2.5.29.30", "critical,DER:300ea10c300a860831302e302e302e31")},
     false},
    {"chain.constraint-value",
     "is neither a mailbox nor its host",
     {{0}, {0}, IN("2.5.29.30", "critical,DER:300ea10c300a810840612e6578616d70")},
     false},
    {"chain.constraint-value",
     "is not of printable ASCII",
     {{0}, {0}, IN("2.5.29.30", "critical,DER:300aa10830068104c3bc4078")},
     false},
    {"chain.constraint-value",
     "is not an address and a mask",
     {{0}, {0}, IN("2.5.29.30", "critical,DER:300aa108300687040a000000")},
     false},
    {"chain.constraint-value",
     "has a mask with gaps",
     {{0}, {0}, IN("2.5.29.30", "critical,DER:300ea10c300a87080a000000ff00ff00")},
     false},
    {"chain.constraint-value", "that are empty", {{0}, {0}, IN("2.5.29.30", "critical,DER:3000")}, false},
    {"chain.constraint-dot",
     "has a leading dot",
     {{0}, {0}, IN("2.5.29.30", "critical,DER:3009a107300582032e6162")},
     true},
    {NULL, NULL, {{0}, {0}, IN("2.5.29.30", "critical,DER:3009a107300586032e6162")}, false},
    {NULL, NULL, {{0}, {0}, IN("2.5.29.30", "critical,DER:3009a10730058103614062")}, false},
    {NULL, NULL, {{0}, {0}, IN("2.5.29.30", "critical,DER:3009a10730058203615f62")}, false},
    {NULL, NULL, {{0}, {0}, IN("2.5.29.30", "critical,DER:300ea10c300a87080a000000ff000000")}, false},
    // Policies.
    {"chain.policies", "leaves none", {{0}, {.extensions = {EXPLICIT}}, {0}}, false},
    {"chain.policies",
     "leaves none",
     {{0}, {.extensions = {EXPLICIT, POLICY("1.2.3")}}, IN("certificatePolicies", "1.2.4")},
     false},
    {"chain.policies",
     "leaves none",
     {{0}, {.extensions = {EXPLICIT, NO_ANY, POLICY("1.2.3")}}, IN("certificatePolicies", "2.5.29.32.0")},
     false},
    {NULL,
     NULL,
     {{0}, {.extensions = {EXPLICIT, POLICY("1.2.3")}}, IN("certificatePolicies", "2.5.29.32.0")},
     false},
    {NULL, NULL, {{.extensions = {EXPLICIT}}, {0}, {0}}, false}, // a trust anchor's own is not processed
    {NULL,
     NULL,
     {{0}, {.extensions = {POLICY("1.2.3")}}, {.extensions = {EXPLICIT, POLICY("1.2.3")}}},
     false},
    {"chain.policies", "leaves none", {{0}, {0}, {.extensions = {EXPLICIT, POLICY("1.2.3")}}}, false},
};

static const struct finding *find(const struct findings *findings, const char *rule, const char *words)
{
    for (size_t i = 0; i < findings->count; i++) {
        if (strcmp(findings->items[i].rule, rule) == 0 && strstr(findings->items[i].text, words) != NULL)
            return &findings->items[i];
    }
    return NULL;
}

static void each_fault_is_found_under_its_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct chain_case *given = &cases[i];
        AUTO(cert_issuer_free) struct cert_issuer *issuer = issuer_of(given->recipes, true);
        AUTO(cert_chain_report_done) struct cert_chain_report report = {.is_complete = false};
        cert_chain_judge(issuer, CHAIN_NOW, &report);
        assert_true(report.is_complete);
        const char *said = report.faults.count > 0    ? report.faults.items[0].text
                           : report.notices.count > 0 ? report.notices.items[0].text
                                                      : "nothing";
        if (given->rule == NULL && report.faults.count + report.notices.count > 0)
            fail_msg("a sound one (%zu): %s", i, said);
        if (given->rule == NULL)
            continue;
        if (find(given->is_notice ? &report.notices : &report.faults, given->rule, given->words) == NULL)
            fail_msg("%s \"%s\" (%zu) is not found; said is: %s", given->rule, given->words, i, said);
        assert_int_equal(given->is_notice ? report.faults.count : report.notices.count, 0);
        const struct findings *found = given->is_notice ? &report.notices : &report.faults;
        for (size_t j = 0; j < found->count; j++)
            assert_string_equal(found->items[j].rule, given->rule); // and nothing else
    }
}

static void a_chain_that_ends_below_a_root_is_incomplete(void **state)
{
    (void)state;
    static const struct chain_recipe sound[3] = {{.key = NULL}};
    AUTO(cert_issuer_free) struct cert_issuer *issuer = issuer_of(sound, false);
    AUTO(cert_chain_report_done) struct cert_chain_report report = {.is_complete = true};
    cert_chain_judge(issuer, CHAIN_NOW, &report);
    assert_false(report.is_complete);
    assert_int_equal(report.faults.count, 0);
}

static const char no_policies[] =
    "policy: leaf\nsubject: [{field: CN, match: '.*'}]\nkey: {allow: [ec-p256]}\n"
    "validity: {days: 10}\n";
static const char with_policies[] =
    "policy: leaf\nsubject: [{field: CN, match: '.*'}]\nkey: {allow: [ec-p256]}\n"
    "validity: {days: 10}\ncertificate_policies: [{oid: 1.2.3}]\n";
static const char any_policy[] =
    "policy: leaf\nsubject: [{field: CN, match: '.*'}]\nkey: {allow: [ec-p256]}\n"
    "validity: {days: 10}\ncertificate_policies: [{oid: 2.5.29.32.0}]\n";

static void a_demanded_policy_has_to_come_from_the_policy_file(void **state)
{
    (void)state;
    static const struct {
        struct chain_recipe middle, issuing;
        const char *policy;
        const char *words; /**< NULL: allowed */
    } judged[] = {
        {{.extensions = {EXPLICIT, POLICY("1.2.3")}},
         IN("certificatePolicies", "1.2.3,1.2.4"),
         no_policies,
         "demands one of 1.2.3"},
        {{.extensions = {EXPLICIT, POLICY("1.2.3")}},
         IN("certificatePolicies", "1.2.3,1.2.4"),
         with_policies,
         NULL},
        {{.extensions = {EXPLICIT, POLICY("1.2.4")}},
         IN("certificatePolicies", "1.2.3,1.2.4"),
         with_policies,
         "demands one of 1.2.4"},
        {{.extensions = {EXPLICIT, POLICY("2.5.29.32.0")}},
         IN("certificatePolicies", "2.5.29.32.0"),
         no_policies,
         "any will do"},
        {{.extensions = {EXPLICIT, POLICY("2.5.29.32.0")}},
         IN("certificatePolicies", "2.5.29.32.0"),
         with_policies,
         NULL},
        {{.extensions = {EXPLICIT, POLICY("1.2.3")}}, IN("certificatePolicies", "1.2.3"), any_policy, NULL},
        {{.extensions = {EXPLICIT, POLICY("1.2.3")}},
         {.extensions = {POLICY("1.2.3"), NO_ANY}},
         any_policy,
         "demands one of 1.2.3"},
        {{.extensions = {POLICY("1.2.3")}}, {0}, no_policies, NULL}, // nothing is demanded
        {{0},
         {.extensions = {{"2.5.29.36", "critical,DER:3003800101"}, POLICY("1.2.3")}},
         no_policies,
         "demands"},
        {{0}, {.extensions = {{"2.5.29.36", "critical,DER:3003800102"}, POLICY("1.2.3")}}, no_policies, NULL},
        // 1.2.9 above is called 1.2.3 below
        {{.extensions = {EXPLICIT, POLICY("1.2.9"), {"2.5.29.33", "critical,DER:300a300806022a0906022a03"}}},
         IN("certificatePolicies", "1.2.3"),
         with_policies,
         NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(judged); i++) {
        const struct chain_recipe recipes[3] = {{.key = NULL}, judged[i].middle, judged[i].issuing};
        AUTO(cert_issuer_free) struct cert_issuer *issuer = issuer_of(recipes, true);
        const struct verdict *verdict =
            case_judge(&(struct judge_case){.policy = judged[i].policy, .issuer = cert_issuer_facts(issuer)});
        print_message("%zu\n", i);
        if (judged[i].words != NULL)
            assert_refused(verdict, "certificate_policies.issuer", judged[i].words);
        else
            assert_allowed(verdict);
        assert_int_equal(case_end(NULL), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fault_is_found_under_its_rule),
        cmocka_unit_test(a_chain_that_ends_below_a_root_is_incomplete),
        cmocka_unit_test_teardown(a_demanded_policy_has_to_come_from_the_policy_file, case_end),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
