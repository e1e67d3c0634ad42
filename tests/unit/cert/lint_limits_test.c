/* SPDX-License-Identifier: Apache-2.0 */
/* Lint on both sides of each of its limits: path lengths, dates, usages, key sizes, and extensions that are there twice among many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chain_maker.h"

#include "base/finding.h"
#include "base/memory.h"
#include "base/openssl_release.h"
#include "base/time.h"
#include "cert/cert.h"
#include "cert/chain.h"

#include <string.h>

static EVP_PKEY *ca_key;
static EVP_PKEY *key;

static int setup(void **state)
{
    (void)state;
    ca_key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    EVP_PKEY_free(ca_key);
    EVP_PKEY_free(key);
    return 0;
}

/** The rules under which lint finds something in a certificate below an issuer; "" for nothing. */
static char *linted(const char *issuer_constraints, struct chain_recipe recipe)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder issuer_der = BUILDER_INIT;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(builder_done) struct builder rules = BUILDER_INIT;
    AUTO(findings_done) struct findings found = FINDINGS_INIT;
    AUTO(cert_issuer_free) struct cert_issuer *above = NULL;
    AUTO(X509_free)
    X509 *ca = chain_make(&(struct chain_recipe){
        .subject = "CN=Above", .key = ca_key, .basic_constraints = issuer_constraints});
    recipe.subject = recipe.subject != NULL ? recipe.subject : "CN=x";
    recipe.key = recipe.key != NULL ? recipe.key : key;
    recipe.issuer = ca;
    recipe.issuer_key = ca_key;
    AUTO(X509_free) X509 *certificate = chain_make(&recipe);
    chain_der(ca, &issuer_der);
    chain_der(certificate, &der);
    if (!cert_issuer_read(builder_bytes(&issuer_der), NULL, 0, &above, &err))
        fail_msg("%s", err.text);
    cert_lint(builder_bytes(&der), above, &found);
    for (size_t i = 0; i < found.count; i++) {
        if (strcmp(found.items[i].rule, "lint.serial-entropy") != 0) // chain_make() counts
            builder_format(&rules, "%s ", found.items[i].rule);
    }
    return builder_take_text(&rules);
}

#define LEAF .basic_constraints = "", .key_usage = "critical,digitalSignature"

static void lint_looks_on_both_sides_of_each_limit(void **state)
{
    static const struct {
        const char *above;
        struct chain_recipe recipe;
        const char *rules;
    } cases[] = {
        {"critical,CA:TRUE", {.basic_constraints = "critical,CA:TRUE"}, ""},
        {"critical,CA:TRUE,pathlen:0", {LEAF}, ""},
        {"critical,CA:TRUE,pathlen:0", {.basic_constraints = "critical,CA:TRUE"}, "lint.path-length "},
        {"critical,CA:TRUE,pathlen:0",
         {.basic_constraints = "critical,CA:TRUE,pathlen:0"},
         "lint.path-length "},
        {"critical,CA:TRUE,pathlen:1", {.basic_constraints = "critical,CA:TRUE,pathlen:0"}, ""},
        {"critical,CA:TRUE,pathlen:1",
         {.basic_constraints = "critical,CA:TRUE,pathlen:1"},
         "lint.path-length "},
        {"critical,CA:TRUE,pathlen:1", {.basic_constraints = "critical,CA:TRUE"}, ""},
        {"critical,CA:TRUE",
         {.basic_constraints = "critical,CA:TRUE,pathlen:0", .key_usage = "critical,cRLSign"},
         "lint.ca-key-usage lint.path-length "},
        {"critical,CA:TRUE",
         {.basic_constraints = "critical,CA:TRUE", .key_usage = ""},
         "lint.ca-key-usage "},
        {"critical,CA:TRUE", {LEAF, .not_after = CHAIN_NOW + 3285 * INT64_C(86400)}, ""},
        {"critical,CA:TRUE", {LEAF, .not_after = CHAIN_NOW + 3285 * INT64_C(86400) + 1}, "lint.past-issuer "},
        {"critical,CA:TRUE", {LEAF, .not_before = CHAIN_NOW, .not_after = CHAIN_NOW}, ""},
        {"critical,CA:TRUE", {LEAF, .not_before = CHAIN_NOW + 1, .not_after = CHAIN_NOW}, "lint.validity "},
        {"critical,CA:TRUE", {.not_after = TIME_9999_END}, "lint.ca-no-expiry lint.past-issuer "},
        {"critical,CA:TRUE", {.basic_constraints = "", .key_usage = ""}, ""},
        {"critical,CA:TRUE", {.basic_constraints = "", .key_usage = "critical,DER:03020780"}, ""},
        {"critical,CA:TRUE",
         {.basic_constraints = "", .key_usage = "critical,DER:03020700"},
         "lint.key-usage-empty "},
        {"critical,CA:TRUE",
         {.basic_constraints = "", .key_usage = "digitalSignature"},
         "lint.key-usage-critical "},
        {"critical,CA:TRUE", {.basic_constraints = "", .key_usage = "critical,keyAgreement"}, ""},
        {"critical,CA:TRUE",
         {.basic_constraints = "", .key_usage = "critical,keyEncipherment"},
         "lint.key-encipherment "},
        {"critical,CA:TRUE", {LEAF, .subject = ""}, "lint.no-name "},
        {"critical,CA:TRUE",
         {LEAF, .subject = "", .extensions = {{"subjectAltName", "critical,DNS:a.example"}}},
         ""},
        {"critical,CA:TRUE",
         {LEAF, .subject = "", .extensions = {{"subjectAltName", "DNS:a.example"}}},
         "lint.san-critical "},
        {"critical,CA:TRUE",
         {LEAF, .extensions = {{"subjectAltName", "DNS:a.1,email:a@b.1,IP:10.0.0.1"}}},
         "lint.dns-address "},
        {"critical,CA:TRUE",
         {LEAF, .extensions = {{"1.2.3.4", "DER:0500"}, {"1.2.3.5", "DER:0500"}, {"1.2.3.4", "DER:0500"}}},
         "lint.extension-twice "},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(free) char *rules = linted(cases[i].above, cases[i].recipe);
        if (strcmp(rules, cases[i].rules) != 0)
            fail_msg("%zu: found %s, not %s", i, rules, cases[i].rules);
    }
}

static void rsa_keys_are_long_enough_from_2048_bits(void **state)
{
    (void)state;
    for (unsigned bits = 2040; bits <= 2048; bits += 8) {
        AUTO(EVP_PKEY_free) EVP_PKEY *rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits);
        AUTO(free)
        char *rules =
            linted("critical,CA:TRUE", (struct chain_recipe){.basic_constraints = "",
                                                             .key_usage = "critical,keyEncipherment",
                                                             .key = rsa});
        assert_string_equal(rules, bits < 2048 ? "lint.rsa-size " : "");
    }
}

/** A CA with so many more extensions that nobody knows, the last one like another. */
static void make_many(size_t count, size_t like, struct builder *ret_der)
{
    AUTO(X509_free) X509 *ca = chain_make(&(struct chain_recipe){.subject = "CN=Many", .key = ca_key});
    for (size_t i = 0; i < count; i++) {
        AUTO(free) char *oid = memory_format("1.2.3.%zu", i + 1 == count ? like : i);
        AUTO(X509_EXTENSION_free) X509_EXTENSION *extension = X509V3_EXT_conf(NULL, NULL, oid, "DER:0500");
        assert_non_null(extension);
        assert_int_equal(X509_add_ext(ca, extension, -1), 1);
    }
    assert_true(X509_sign(ca, ca_key, EVP_sha256()) > 0);
    chain_der(ca, ret_der);
}

static void an_extension_that_is_there_twice_is_found_among_many(void **state)
{
    (void)state;
    for (size_t count = 59; count < 64;
         count++) { // with the three of every CA up to 66, of which 64 are remembered
        for (size_t is_twice = 0; is_twice < 2; is_twice++) {
            struct error err = ERROR_INIT;
            AUTO(builder_done) struct builder der = BUILDER_INIT;
            AUTO(findings_done) struct findings found = FINDINGS_INIT;
            AUTO(cert_issuer_free) struct cert_issuer *many = NULL;
            AUTO(cert_chain_report_done) struct cert_chain_report report = {.is_complete = false};
            make_many(count, is_twice == 1 ? 3 : count, &der);
            cert_lint(builder_bytes(&der), NULL, &found);
            assert_int_equal(findings_has(&found, "lint.extension-twice"), is_twice);
            if (!cert_issuer_read(builder_bytes(&der), NULL, 0, &many, &err))
                fail_msg("%s", err.text);
            cert_chain_judge(many, CHAIN_NOW, &report);
            assert_int_equal(findings_has(&report.faults, "chain.extension-twice"), is_twice);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_extension_that_is_there_twice_is_found_among_many),
        cmocka_unit_test(lint_looks_on_both_sides_of_each_limit),
        cmocka_unit_test(rsa_keys_are_long_enough_from_2048_bits),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
