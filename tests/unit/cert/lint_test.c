/* SPDX-License-Identifier: Apache-2.0 */
/* The last look before a certificate leaves, and lint: each fault that is planted is found under its rule, and a sound one has none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cert_root.h"

#include "base/finding.h"
#include "base/memory.h"
#include "base/openssl_release.h"

#include <openssl/core_names.h>

#include <string.h>

static EVP_PKEY *weak_key;
static EVP_PKEY *compressed_key;
static X509 *ca;

static int setup(void **state)
{
    (void)root_setup(state);
    weak_key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
    compressed_key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    if (EVP_PKEY_set_utf8_string_param(compressed_key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                       "compressed") != 1)
        return -1;
    ca = maker_parse(cert_issuer_der(issuer));
    return 0;
}

static int teardown(void **state)
{
    X509_free(ca);
    EVP_PKEY_free(weak_key);
    EVP_PKEY_free(compressed_key);
    return root_teardown(state);
}

/** A certificate by OpenSSL, which writes whatever it is told to. What is NULL or 0 is sound. */
struct plant {
    const char *rule; /**< what lint has to say, and nothing else: rules; NULL: nothing */
    const char *extensions[5][2];
    const char *serial; /**< hex */
    bool has_no_subject;
    bool has_other_issuer;
    bool is_version_1;
    bool has_extension_twice;
    bool has_no_key_ids;
    bool has_weak_key;
    bool has_compressed_key;
    bool ends_before_it_starts;
    bool outlives_its_issuer;
};

#define CA_EXTENSIONS                                                                                        \
    {"basicConstraints", "critical,CA:TRUE"},                                                                \
    {                                                                                                        \
        "keyUsage", "critical,keyCertSign,cRLSign"                                                           \
    }
#define LEAF_EXTENSIONS                                                                                      \
    {                                                                                                        \
        "keyUsage", "critical,digitalSignature"                                                              \
    }

static const struct plant plants[] = {
    {.extensions = {LEAF_EXTENSIONS}},
    {.extensions = {CA_EXTENSIONS}},
    {.rule = "lint.version lint.authority-key-id", .is_version_1 = true, .has_no_key_ids = true},
    {.rule = "lint.serial-positive lint.serial-entropy", .serial = "0", .extensions = {LEAF_EXTENSIONS}},
    {.rule = "lint.serial-positive",
     .serial = "-7fffffffffffffffffffffffffffffffffffffff",
     .extensions = {LEAF_EXTENSIONS}},
    {.rule = "lint.serial-length",
     .serial = "7f00112233445566778899aabbccddeeff0011223344",
     .extensions = {LEAF_EXTENSIONS}},
    {.rule = "lint.serial-entropy", .serial = "01", .extensions = {LEAF_EXTENSIONS}},
    {.rule = "lint.serial-entropy", .serial = "01020304050607", .extensions = {LEAF_EXTENSIONS}},
    {.serial = "0102030405060708", .extensions = {LEAF_EXTENSIONS}},
    {.rule = "lint.extension-twice", .has_extension_twice = true, .extensions = {LEAF_EXTENSIONS}},
    {.rule = "lint.basic-constraints-critical",
     .extensions = {{"basicConstraints", "CA:TRUE"}, {"keyUsage", "critical,keyCertSign"}}},
    {.rule = "lint.ca-key-usage",
     .extensions = {{"basicConstraints", "critical,CA:TRUE"}, {"keyUsage", "critical,cRLSign"}}},
    {.rule = "lint.path-length",
     .extensions = {{"basicConstraints", "critical,CA:FALSE,pathlen:0"}, LEAF_EXTENSIONS}},
    {.rule = "lint.ca-subject", .has_no_subject = true, .extensions = {CA_EXTENSIONS}},
    {.rule = "lint.ca-key-id lint.authority-key-id", .has_no_key_ids = true, .extensions = {CA_EXTENSIONS}},
    {.rule = "lint.cert-sign", .extensions = {{"keyUsage", "critical,keyCertSign"}}},
    {.rule = "lint.name-constraints",
     .extensions = {LEAF_EXTENSIONS, {"nameConstraints", "critical,permitted;DNS:a.example"}}},
    {.rule = "lint.no-name", .has_no_subject = true, .extensions = {LEAF_EXTENSIONS}},
    {.rule = "lint.dns-address", .extensions = {LEAF_EXTENSIONS, {"subjectAltName", "DNS:10.0.0.5"}}},
    {.rule = "lint.dns-address",
     .extensions = {LEAF_EXTENSIONS, {"subjectAltName", "DNS:a.example,DNS:b.1"}}},
    {.extensions = {LEAF_EXTENSIONS, {"subjectAltName", "DNS:a1.example,IP:10.0.0.5,email:a@10.0.0.5"}}},
    {.rule = "lint.san-critical",
     .has_no_subject = true,
     .extensions = {LEAF_EXTENSIONS, {"subjectAltName", "DNS:a.example"}}},
    {.rule = "lint.key-usage-critical", .extensions = {{"keyUsage", "digitalSignature"}}},
    {.rule = "lint.key-encipherment", .extensions = {{"keyUsage", "critical,keyEncipherment"}}},
    {.rule = "lint.rsa-size", .has_weak_key = true, .extensions = {LEAF_EXTENSIONS}},
    {.rule = "lint.key", .has_compressed_key = true, .extensions = {LEAF_EXTENSIONS}},
    {.rule = "lint.issuer", .has_other_issuer = true, .extensions = {LEAF_EXTENSIONS}},
    {.rule = "lint.past-issuer", .outlives_its_issuer = true, .extensions = {LEAF_EXTENSIONS}},
    {.rule = "lint.authority-key-id", .has_no_key_ids = true, .extensions = {LEAF_EXTENSIONS}},
    {.rule = "lint.validity", .ends_before_it_starts = true, .extensions = {LEAF_EXTENSIONS}},
};

static void add_extension(X509 *certificate, const char *name, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, ca, certificate, NULL, NULL, 0);
    AUTO(X509_EXTENSION_free) X509_EXTENSION *extension = X509V3_EXT_nconf(NULL, &context, name, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
}

static void plant(const struct plant *wanted, struct builder *ret_der)
{
    AUTO(X509_free) X509 *certificate = X509_new();
    BIGNUM *serial = NULL;
    assert_int_equal(X509_set_version(certificate, wanted->is_version_1 ? X509_VERSION_1 : X509_VERSION_3),
                     1);
    assert_true(BN_hex2bn(&serial, wanted->serial != NULL ? wanted->serial
                                                          : "4f00112233445566778899aabbccddeeff001122") > 0);
    assert_non_null(BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(certificate)));
    BN_free(serial);
    if (!wanted->has_no_subject)
        assert_int_equal(X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                                                    (const unsigned char *)"x", -1, -1, 0),
                         1);
    assert_int_equal(X509_set_issuer_name(certificate, wanted->has_other_issuer
                                                           ? X509_get_subject_name(certificate)
                                                           : X509_get_subject_name(ca)),
                     1);
    int64_t days = wanted->ends_before_it_starts ? -1 : wanted->outlives_its_issuer ? 4000 : 100;
    assert_non_null(ASN1_TIME_set(X509_getm_notBefore(certificate), MAKER_NOW));
    assert_non_null(ASN1_TIME_set(X509_getm_notAfter(certificate), MAKER_NOW + days * 86400 - 1));
    assert_int_equal(X509_set_pubkey(certificate, wanted->has_weak_key         ? weak_key
                                                  : wanted->has_compressed_key ? compressed_key
                                                                               : key),
                     1);
    for (size_t i = 0; i < 5 && wanted->extensions[i][0] != NULL; i++)
        add_extension(certificate, wanted->extensions[i][0], wanted->extensions[i][1]);
    if (!wanted->has_no_key_ids) {
        add_extension(certificate, "subjectKeyIdentifier", "hash");
        add_extension(certificate, "authorityKeyIdentifier", "keyid:always");
    }
    if (wanted->has_extension_twice)
        add_extension(certificate, "subjectKeyIdentifier", "hash");
    assert_true(X509_sign(certificate, ca_key, EVP_sha256()) > 0);
    unsigned char *der = NULL;
    int len = i2d_X509(certificate, &der);
    assert_true(len > 0);
    builder_add(ret_der, der, (size_t)len);
    OPENSSL_free(der);
}

static void each_planted_fault_is_found_under_its_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(plants) / sizeof(plants[0]); i++) {
        AUTO(findings_done) struct findings found = {.items = NULL};
        AUTO(builder_done) struct builder der = BUILDER_INIT;
        plant(&plants[i], &der);
        cert_lint(builder_bytes(&der), issuer, &found);
        AUTO(free) char *rules = root_rules(&found);
        const char *wanted = plants[i].rule != NULL ? plants[i].rule : "";
        if (strcmp(rules, wanted) != 0)
            fail_msg("%zu: found \"%s\", not \"%s\"", i, rules, wanted);
    }
}

static void what_is_no_certificate_is_a_finding_and_not_a_crash(void **state)
{
    (void)state;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    plant(&plants[0], &der);
    struct bytes whole = builder_bytes(&der);
    for (size_t len = 0; len < whole.len; len++) {
        AUTO(findings_done) struct findings found = {.items = NULL};
        cert_lint(bytes_of(whole.data, len), issuer, &found);
        assert_true(findings_has(&found, "lint.parse"));
    }
}

static void what_coldca_makes_has_nothing_against_it(void **state)
{
    (void)state;
    AUTO(template_free) struct template *leaf = maker_template("C=US,CN=x", key);
    AUTO(template_free) struct template *sub = maker_ca_template("CN=Sub", key);
    AUTO(findings_done) struct findings found = {.items = NULL};
    AUTO(builder_done) struct builder first = BUILDER_INIT;
    AUTO(builder_done) struct builder second = BUILDER_INIT;
    sub->not_after = leaf->not_after;
    maker_certificate(leaf, issuer, ca_key, SIGNATURE_ECDSA_SHA256, &first);
    maker_certificate(sub, issuer, ca_key, SIGNATURE_ECDSA_SHA256, &second);
    cert_lint(builder_bytes(&first), issuer, &found);
    cert_lint(builder_bytes(&second), issuer, &found);
    cert_lint(cert_issuer_der(issuer), NULL, &found);
    if (found.count > 0)
        fail_msg("%s: %s", found.items[0].rule, found.items[0].text);
}

/** Seals tbs with a signature over signed_bytes by signer, and has cert_verify() hold it against wanted. */
/** \param words  of the one check that refuses it; NULL: it passes */
static void check_seal(struct bytes tbs, EVP_PKEY *signer, struct bytes signed_bytes, struct bytes wanted,
                       bool has_flipped_bit, const char *words)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    maker_sign(signer, SIGNATURE_ECDSA_SHA256, signed_bytes, &signature);
    if (has_flipped_bit)
        signature.data[signature.len - 1] ^= 1;
    cert_seal(tbs, SIGNATURE_ECDSA_SHA256, builder_bytes(&signature), &der);
    assert_int_equal(cert_verify(builder_bytes(&der), wanted, issuer, &err), words == NULL);
    if (words == NULL)
        return;
    assert_int_equal(err.kind, ERROR_TOKEN);
    if (strstr(err.text, words) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", err.text, words);
}

static void only_the_right_signature_over_the_logged_bytes_leaves(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    uint8_t serial[CERT_SERIAL_LEN];
    AUTO(template_free) struct template *template = maker_template("CN=x", key);
    AUTO(template_free) struct template *other = maker_template("CN=y", key);
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    AUTO(builder_done) struct builder other_tbs = BUILDER_INIT;
    AUTO(builder_done) struct builder rootless = BUILDER_INIT;
    cert_serial_random(serial);
    assert_true(cert_tbs(template, issuer, serial, SIGNATURE_ECDSA_SHA256, &tbs, &err));
    assert_true(cert_tbs(other, issuer, serial, SIGNATURE_ECDSA_SHA256, &other_tbs, &err));
    assert_true(cert_tbs(template, NULL, serial, SIGNATURE_ECDSA_SHA256, &rootless, &err));
    struct bytes good = builder_bytes(&tbs);
    const char *const no_match = "does not verify with the CA certificate's public key";
    check_seal(good, ca_key, good, good, false, NULL);
    check_seal(good, ca_key, good, good, true, no_match); // a bit flipped
    check_seal(good, key, good, good, false, no_match);   // another key
    check_seal(good, ca_key, builder_bytes(&other_tbs), good, false, no_match);
    struct bytes other_good = builder_bytes(&other_tbs);
    check_seal(other_good, ca_key, other_good, good, false, "not over the bytes that were logged");
    struct bytes own_name = builder_bytes(&rootless);
    check_seal(own_name, ca_key, own_name, own_name, false, "its issuer is not the CA's subject");
}

static void inner_and_outer_algorithm_have_to_agree(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    uint8_t serial[CERT_SERIAL_LEN];
    AUTO(template_free) struct template *template = maker_template("CN=x", key);
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(findings_done) struct findings found = {.items = NULL};
    cert_serial_random(serial);
    assert_true(cert_tbs(template, issuer, serial, SIGNATURE_ECDSA_SHA256, &tbs, &err));
    maker_sign(ca_key, SIGNATURE_ECDSA_SHA384, builder_bytes(&tbs), &signature);
    cert_seal(builder_bytes(&tbs), SIGNATURE_ECDSA_SHA384, builder_bytes(&signature), &der);
    assert_false(cert_verify(builder_bytes(&der), builder_bytes(&tbs), issuer, &err));
    cert_lint(builder_bytes(&der), issuer, &found);
    assert_true(findings_has(&found, "lint.algorithms"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_planted_fault_is_found_under_its_rule),
        cmocka_unit_test(what_is_no_certificate_is_a_finding_and_not_a_crash),
        cmocka_unit_test(what_coldca_makes_has_nothing_against_it),
        cmocka_unit_test(only_the_right_signature_over_the_logged_bytes_leaves),
        cmocka_unit_test(inner_and_outer_algorithm_have_to_agree),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
