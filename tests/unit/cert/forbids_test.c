/* SPDX-License-Identifier: Apache-2.0 */
/* What CA certificates forbid, read from real certificates by cert_issuer_read() and applied by the judge: one refusal a kind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chain_maker.h"
#include "judge_case.h"

#include "base/memory.h"
#include "base/openssl_release.h"
#include "cert/cert.h"

#include <stdlib.h>

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

/** Root, issuing CA; what is forbidden stands in either. */
static bool read_chain(struct chain_recipe root, struct chain_recipe sub, struct cert_issuer **ret_issuer,
                       struct error *err)
{
    AUTO(builder_done) struct builder root_der = BUILDER_INIT;
    AUTO(builder_done) struct builder sub_der = BUILDER_INIT;
    root.subject = root.subject != NULL ? root.subject : "O=Test,CN=Root";
    root.key = keys[0];
    AUTO(X509_free) X509 *root_certificate = chain_make(&root);
    sub.subject = sub.subject != NULL ? sub.subject : "O=Test,CN=Sub";
    sub.key = keys[1];
    sub.issuer = root_certificate;
    sub.issuer_key = keys[0];
    AUTO(X509_free) X509 *sub_certificate = chain_make(&sub);
    chain_der(root_certificate, &root_der);
    chain_der(sub_certificate, &sub_der);
    struct bytes chain = builder_bytes(&root_der);
    return cert_issuer_read(builder_bytes(&sub_der), &chain, 1, ret_issuer, err);
}

static const char leaf[] =
    "policy: leaf\n"
    "subject: [{field: C, match: '.*', optional: true}, {field: O, match: '.*', optional: true},\n"
    "  {field: CN, match: '.*', optional: true}, {field: emailAddress, match: '.*', optional: true}]\n"
    "san: [{type: dns, match: '.*', wildcard: true}, {type: uri, match: '.*'}, {type: email, match: '.*'},\n"
    "  {type: ip, match: '.*'}]\n"
    "key: {allow: [ec-p256]}\nvalidity: {days: 10}\nkey_usage: [digitalSignature]\n"
    "extended_key_usage: [clientAuth]\n";
static const char ca[] =
    "policy: ca\nsubject: [{field: O, match: '.*', optional: true}, {field: CN, match: '.*'}]\n"
    "key: {allow: [ec-p256]}\nvalidity: {days: 10}\nca: {path_len: 1}\n"
    "key_usage: [keyCertSign]\n";
static const char rollover[] =
    "policy: rollover\nsubject: [{field: CN, match: '.*'}]\nkey: {allow: [ec-p256]}\n"
    "validity: {days: 10}\nca: {path_len: 1, rollover: true}\nkey_usage: [keyCertSign]\n";
static const char endless[] =
    "policy: endless\nsubject: [{field: CN, match: '.*'}]\nkey: {allow: [ec-p256]}\n"
    "validity: {days: 5000}\n";

#define IN(extension, text)                                                                                  \
    {                                                                                                        \
        .extensions = {{extension, text}},                                                                   \
    }
#define CONSTRAINTS(text) IN("nameConstraints", "critical," text)
/* GeneralSubtrees in DER, where openssl.cnf has no words: directoryName O=Test; otherName; registeredID 1.2.3 */
#define DIRECTORY "critical,DER:3017a0153013a411300f310d300b060355040a0c0454657374"
#define NOT_DIRECTORY "critical,DER:3017a1153013a411300f310d300b060355040a0c0454657374"
#define OTHER_NAME "critical,DER:3010a10e300ca00a06032a0304a0030c0178"
#define REGISTERED "critical,DER:3008a006300488022a03"

struct forbidden {
    struct chain_recipe recipe; /**< of the CA that forbids */
    const char *policy;         /**< NULL: leaf */
    const char *subject;
    const char *sans[2];
    const char *rule;
    const char *words;
};

static const struct forbidden all[] = {
    {CONSTRAINTS("permitted;DNS:iot.example"),
     NULL,
     "CN=x",
     {"dns:a.example"},
     "name_constraints",
     "dns \"a.example\" is outside"},
    {CONSTRAINTS("excluded;DNS:iot.example"),
     NULL,
     "CN=x",
     {"dns:a.iot.example"},
     "name_constraints",
     "(DNS:iot.example)"},
    {CONSTRAINTS("excluded;DNS:a.iot.example"),
     NULL,
     "CN=x",
     {"dns:*.iot.example"},
     "name_constraints",
     "*.iot.example"},
    {CONSTRAINTS("permitted;DNS:iot.example"), NULL, "CN=a.example", {NULL}, "name_constraints", "the CN"},
    {CONSTRAINTS("permitted;IP:10.0.0.0/255.0.0.0"),
     NULL,
     "CN=x",
     {"ip:11.0.0.1"},
     "name_constraints",
     "ip \"11.0.0.1\" is outside"},
    {CONSTRAINTS("excluded;IP:10.0.0.0/255.0.0.0"),
     NULL,
     "CN=x",
     {"ip:10.0.0.1"},
     "name_constraints",
     "(IP:"},
    {CONSTRAINTS("permitted;IP:10.0.0.0/255.0.0.0"),
     NULL,
     "CN=x",
     {"ip:2001:db8::1"},
     "name_constraints",
     "ip \"2001:db8::1\" is outside"},
    {CONSTRAINTS("permitted;email:iot.example"),
     NULL,
     "CN=x",
     {"email:a@b.example"},
     "name_constraints",
     "email \"a@b.example\" is outside"},
    {CONSTRAINTS("excluded;email:b.example"),
     NULL,
     "CN=x",
     {"email:a@b.example"},
     "name_constraints",
     "(email:b.example)"},
    {CONSTRAINTS("excluded;email:b.example"),
     NULL,
     "CN=x,emailAddress=a@b.example",
     {NULL},
     "name_constraints",
     "subject emailAddress"},
    {CONSTRAINTS("permitted;URI:iot.example"),
     NULL,
     "CN=x",
     {"uri:https://a.example/"},
     "name_constraints",
     "is outside"},
    {CONSTRAINTS("excluded;URI:iot.example"),
     NULL,
     "CN=x",
     {"uri:https://iot.example/"},
     "name_constraints",
     "(URI:iot.example)"},
    {CONSTRAINTS("excluded;URI:iot.example"), NULL, "CN=x", {"uri:urn:x"}, "name_constraints", "no host"},
    {IN("2.5.29.30", DIRECTORY), NULL, "CN=x", {NULL}, "name_constraints", "outside the directory names"},
    {IN("2.5.29.30", DIRECTORY),
     NULL,
     "O=test,CN=x",
     {NULL},
     "name_constraints",
     "outside the directory names"},
    {IN("2.5.29.30", DIRECTORY),
     NULL,
     "C=US,O=Test",
     {NULL},
     "name_constraints",
     "outside the directory names"},
    {IN("2.5.29.30", NOT_DIRECTORY), NULL, "O=TEST,CN=x", {NULL}, "name_constraints", "(DirName:O=Test)"},
    {IN("2.5.29.30", OTHER_NAME), NULL, "CN=x", {NULL}, "name_constraints", "the kind other"},
    {IN("2.5.29.30", REGISTERED), NULL, "CN=x", {NULL}, "name_constraints", "the kind rid"},
    {IN("extendedKeyUsage", "serverAuth,codeSigning"),
     NULL,
     "CN=x",
     {NULL},
     "extended_key_usage.issuer",
     "clientAuth"},
    {{.basic_constraints = "critical,CA:TRUE,pathlen:1"}, ca, "CN=x", {NULL}, "ca.path_len", "path length"},
    {{.not_after = CHAIN_NOW + 86400}, NULL, "CN=x", {NULL}, "validity.past_issuer", "2025-11-22"},
    {{.not_after = CHAIN_NOW - 86400}, NULL, "CN=x", {NULL}, "validity.issuer_expired", "2025-11-20"},
    {{.subject = "CN=Above"}, ca, "CN=above", {NULL}, "ca.name", "which a CA below can't have"},
    {{.subject = "CN=Above"}, rollover, "CN=above", {NULL}, "ca.rollover", "not the name of the CA"},
    {CONSTRAINTS("excluded;IP:10.0.0.0/255.0.0.0"),
     NULL,
     "CN=10.0.0.1",
     {NULL},
     "name_constraints",
     "the CN"},
    {CONSTRAINTS("excluded;email:a@b.example"),
     NULL,
     "CN=x",
     {"email:A@b.example"},
     "name_constraints",
     "(email:a@b.example)"},
    {CONSTRAINTS("permitted;URI:iot.example"),
     NULL,
     "CN=x",
     {"uri:https://10.0.0.1/"},
     "name_constraints",
     "an address for a host"},
    {{.not_before = 0}, endless, "CN=x", {NULL}, "validity.past_issuer", "past the issuer's end"},
};

static void judge(const struct forbidden *forbidden, bool is_above)
{
    struct error err = ERROR_INIT;
    struct chain_recipe plain = {.key = NULL};
    AUTO(cert_issuer_free) struct cert_issuer *issuer = NULL;
    print_message("%s, %s: %s\n", is_above ? "root" : "sub", forbidden->rule, forbidden->words);
    if (!read_chain(is_above ? forbidden->recipe : plain, is_above ? plain : forbidden->recipe, &issuer,
                    &err))
        fail_msg("%s", err.text);
    const struct verdict *verdict =
        case_judge(&(struct judge_case){.policy = forbidden->policy != NULL ? forbidden->policy : leaf,
                                        .subject = forbidden->subject,
                                        .sans = forbidden->sans[0] != NULL ? forbidden->sans : NULL,
                                        .issuer = cert_issuer_facts(issuer)});
    assert_refused(verdict, forbidden->rule, forbidden->words);
    assert_int_equal(verdict->findings.count, 1); // by its own kind and nothing else
    assert_int_equal(case_end(NULL), 0);
}

static void each_kind_is_refused_whether_the_issuer_or_a_ca_above_forbids_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        judge(&all[i], false);
        judge(&all[i], true);
    }
}

static void what_nothing_forbids_is_allowed(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    struct chain_recipe root = {
        .basic_constraints = "critical,CA:TRUE,pathlen:3",
        .extensions = {{"nameConstraints",
                        "critical,permitted;DNS:iot.example,permitted;IP:10.0.0.0/255.0.0.0,"
                        "permitted;email:iot.example,permitted;URI:.iot.example,"
                        "excluded;DNS:x.iot.example"},
                       {"extendedKeyUsage", "clientAuth,serverAuth"}}};
    struct chain_recipe sub = {
        .basic_constraints = "critical,CA:TRUE,pathlen:2",
        .extensions = {{"2.5.29.30", DIRECTORY}, {"extendedKeyUsage", "clientAuth,anyExtendedKeyUsage"}}};
    static const char *const sans[] = {"dns:a.iot.example", "ip:10.1.1.1", "email:a@iot.example",
                                       "uri:https://a.iot.example/", NULL};
    AUTO(cert_issuer_free) struct cert_issuer *issuer = NULL;
    if (!read_chain(root, sub, &issuer, &err))
        fail_msg("%s", err.text);
    const struct policy_issuer *facts = cert_issuer_facts(issuer);
    assert_int_equal(facts->path_len, 2);
    assert_int_equal(facts->chain_count, 2);
    assert_int_equal(facts->constraints_count, 2);
    assert_allowed(case_judge(
        &(struct judge_case){.policy = leaf, .subject = "O=Test,CN=x", .sans = sans, .issuer = facts}));
    assert_int_equal(case_end(NULL), 0);
    assert_allowed(case_judge(&(struct judge_case){.policy = ca, .subject = "O=Test,CN=x", .issuer = facts}));
}

static void usages_are_those_that_the_whole_chain_allows(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    struct chain_recipe root = IN("extendedKeyUsage", "clientAuth,codeSigning");
    struct chain_recipe sub = IN("extendedKeyUsage", "serverAuth,clientAuth");
    AUTO(cert_issuer_free) struct cert_issuer *issuer = NULL;
    assert_true(read_chain(root, sub, &issuer, &err));
    const struct policy_issuer *facts = cert_issuer_facts(issuer);
    assert_true(facts->has_extended_key_usage);
    assert_int_equal(facts->extended_key_usage_count, 1);
    assert_string_equal(facts->extended_key_usage[0], "1.3.6.1.5.5.7.3.2");
}

static void the_path_length_is_the_smallest_of_the_chain(void **state)
{
    (void)state;
    static const struct {
        const char *root, *sub;
        int wanted;
    } cases[] = {
        {"critical,CA:TRUE,pathlen:1", "critical,CA:TRUE,pathlen:5", 0},
        {"critical,CA:TRUE,pathlen:5", "critical,CA:TRUE,pathlen:1", 1},
        {"critical,CA:TRUE,pathlen:3", "critical,CA:TRUE", 2},
        {"critical,CA:TRUE", "critical,CA:TRUE", -1},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err = ERROR_INIT;
        struct chain_recipe root = {.basic_constraints = cases[i].root};
        struct chain_recipe sub = {.basic_constraints = cases[i].sub};
        AUTO(cert_issuer_free) struct cert_issuer *issuer = NULL;
        assert_true(read_chain(root, sub, &issuer, &err));
        assert_int_equal(cert_issuer_facts(issuer)->path_len, cases[i].wanted);
    }
}

static void the_key_of_a_ca_above_is_no_requesters(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    struct chain_recipe plain = {.key = NULL};
    AUTO(cert_issuer_free) struct cert_issuer *issuer = NULL;
    assert_true(read_chain(plain, plain, &issuer, &err));
    for (size_t i = 0; i < 2; i++) {
        assert_refused(case_judge(&(struct judge_case){
                           .policy = leaf, .own_key = keys[i], .issuer = cert_issuer_facts(issuer)}),
                       "key.issuer", "the key of a CA in the chain");
        assert_int_equal(case_end(NULL), 0);
    }
    assert_allowed(case_judge(
        &(struct judge_case){.policy = leaf, .own_key = keys[2], .issuer = cert_issuer_facts(issuer)}));
}

/* What is not an issuer, or no chain: recipes of root and sub, and the words. */
static const struct {
    struct chain_recipe root, sub;
    const char *words;
} no_issuers[] = {
    {{.is_version_1 = true}, {.key = NULL}, "certificate of the chain is not X.509 v3"},
    {{.key = NULL}, {.basic_constraints = "CA:FALSE"}, "cA is not set"},
    {{.basic_constraints = ""}, {.key = NULL}, "certificate of the chain is not a CA"},
    {{.key = NULL}, {.key_usage = "cRLSign"}, "no keyCertSign"},
    {{.key_usage = "digitalSignature"}, {.key = NULL}, "no keyCertSign"},
    {{.key = NULL}, {.subject_key_id = ""}, "subjectKeyIdentifier"},
    {{.key = NULL}, {.subject = ""}, "empty or damaged"},
    {{.basic_constraints = "critical,CA:TRUE,pathlen:0"}, {.key = NULL}, "longer than its path length"},
    {{.key = NULL}, {.has_bad_signature = true}, "checking a signature in the chain"},
    {{.key = NULL}, IN("2.5.29.30", "critical,DER:3003a00100"), "damaged name constraints"},
    {{.key = NULL}, IN("2.5.29.30", "critical,DER:3009a00530038201610500"), "damaged name constraints"},
    {IN("2.5.29.30", "critical,DER:300aa0083006820161800101"),
     {.key = NULL},
     "damaged name constraints"}, // a minimum
    {{.key = NULL}, IN("2.5.29.37", "DER:30020500"), "damaged extKeyUsage"},
    {IN("2.5.29.37", "DER:300c06082b060105050703010500"), {.key = NULL}, "damaged extKeyUsage"},
};

static void what_is_no_issuer_or_no_chain_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(no_issuers); i++) {
        struct error err = ERROR_INIT;
        struct cert_issuer *issuer = NULL;
        if (read_chain(no_issuers[i].root, no_issuers[i].sub, &issuer, &err))
            fail_msg("read: %s", no_issuers[i].words);
        assert_int_equal(err.kind, ERROR_INPUT);
        if (strstr(err.text, no_issuers[i].words) == NULL)
            fail_msg("\"%s\" is not in \"%s\"", no_issuers[i].words, err.text);
    }
}

static void a_chain_in_the_wrong_order_is_named(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(builder_done) struct builder other_der = BUILDER_INIT;
    AUTO(X509_free) X509 *one = chain_make(&(struct chain_recipe){.subject = "CN=One", .key = keys[0]});
    AUTO(X509_free) X509 *two = chain_make(&(struct chain_recipe){.subject = "CN=Two", .key = keys[1]});
    AUTO(cert_issuer_free) struct cert_issuer *issuer = NULL;
    chain_der(one, &der);
    chain_der(two, &other_der);
    struct bytes chain = builder_bytes(&other_der);
    assert_false(cert_issuer_read(builder_bytes(&der), &chain, 1, &issuer, &err));
    assert_non_null(strstr(err.text, "out of order"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(each_kind_is_refused_whether_the_issuer_or_a_ca_above_forbids_it, case_end),
        cmocka_unit_test_teardown(what_nothing_forbids_is_allowed, case_end),
        cmocka_unit_test(usages_are_those_that_the_whole_chain_allows),
        cmocka_unit_test(the_path_length_is_the_smallest_of_the_chain),
        cmocka_unit_test_teardown(the_key_of_a_ca_above_is_no_requesters, case_end),
        cmocka_unit_test(what_is_no_issuer_or_no_chain_is_named),
        cmocka_unit_test(a_chain_in_the_wrong_order_is_named),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
