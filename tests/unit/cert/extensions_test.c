/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of every extension writer, and who refuses a finished certificate: each check of cert_verify() by itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cert_root.h"
#include "chain_maker.h"

#include "base/memory.h"
#include "base/openssl_release.h"

#include <string.h>

static void assert_extension(const struct template *template, int nid, const char *wanted)
{
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    maker_certificate(template, issuer, ca_key, SIGNATURE_ECDSA_SHA256, &der);
    AUTO(X509_free) X509 *certificate = maker_parse(builder_bytes(&der));
    assert_string_equal(maker_extension(certificate, nid), wanted);
}

static void set_texts(char ***ret_texts, size_t *ret_count, const char *first, const char *second)
{
    *ret_texts = memory_new(2, sizeof(char *));
    (*ret_texts)[0] = memory_text(first);
    (*ret_texts)[1] = memory_text(second);
    *ret_count = second != NULL ? 2 : 1;
}

#define OCSP_O "301d06082b060105050730018611687474703a2f2f6f2e6578616d706c652f"
#define OCSP_P "301d06082b060105050730018611687474703a2f2f702e6578616d706c652f"
#define ISSUERS "302306082b060105050730028617687474703a2f2f692e6578616d706c652f63612e636572"

static void ocsp_urls_and_issuer_urls(void **state)
{
    (void)state;
    AUTO(template_free) struct template *ocsp = maker_template("CN=x", key);
    AUTO(template_free) struct template *issuers = maker_template("CN=x", key);
    AUTO(template_free) struct template *both = maker_template("CN=x", key);
    AUTO(template_free) struct template *none = maker_template("CN=x", key);
    set_texts(&ocsp->ocsp_urls, &ocsp->ocsp_urls_count, "http://o.example/", NULL);
    set_texts(&issuers->issuer_urls, &issuers->issuer_urls_count, "http://i.example/ca.cer", NULL);
    set_texts(&both->ocsp_urls, &both->ocsp_urls_count, "http://o.example/", "http://p.example/");
    set_texts(&both->issuer_urls, &both->issuer_urls_count, "http://i.example/ca.cer", NULL);
    assert_extension(ocsp, NID_info_access, "301f" OCSP_O);
    assert_extension(issuers, NID_info_access, "3025" ISSUERS);
    assert_extension(both, NID_info_access, "3063" OCSP_O OCSP_P ISSUERS);
    assert_extension(none, NID_info_access, "");
}

static void crl_urls_are_one_distribution_point_each(void **state)
{
    (void)state;
    AUTO(template_free) struct template *template = maker_template("CN=x", key);
    set_texts(&template->crl_urls, &template->crl_urls_count, "http://c.example/1.crl", "ldap:///CN=x?crl");
    assert_extension(template, NID_crl_distribution_points,
                     "3036301ca01aa0188616687474703a2f2f632e6578616d706c652f312e63726c3016a014a012"
                     "86106c6461703a2f2f2f434e3d783f63726c");
}

static void certificate_policies_with_and_without_a_practice_statement(void **state)
{
    (void)state;
    AUTO(template_free) struct template *template = maker_template("CN=x", key);
    set_texts(&template->certificate_policies, &template->certificate_policies_count, "1.3.6.1.4.1.55555.1",
              "2.999.3");
    template->certificate_policy_cps = memory_new(2, sizeof(char *));
    template->certificate_policy_cps[0] = memory_text("http://p.example/cps");
    assert_extension(
        template, NID_certificate_policies,
        "3038302f06092b0601040183b203013022302006082b060105050702011614687474703a2f2f702e6578616d"
        "706c652f63707330050603883703");
}

static struct template_name subtree(enum san_kind kind, const void *value, size_t len)
{
    return (struct template_name){
        .kind = kind, .value = (uint8_t *)memory_text_of(value, len), .value_len = len};
}

static struct template *constrained(size_t permitted, size_t excluded)
{
    static const uint8_t ten[] = {10, 0, 0, 0, 255, 0, 0, 0};
    static const uint8_t all[32] = {0};
    struct template *ca = maker_ca_template("CN=Sub", key);
    ca->not_after = MAKER_NOW + 86400;
    ca->permitted = memory_new(4, sizeof(*ca->permitted));
    ca->permitted[0] = subtree(SAN_DNS, "iot.example", 11);
    ca->permitted[1] = subtree(SAN_EMAIL, ".mail.example", 13);
    ca->permitted[2] = subtree(SAN_URI, "u.example", 9);
    ca->permitted[3] = subtree(SAN_IP, ten, sizeof(ten));
    ca->excluded = memory_new(2, sizeof(*ca->excluded));
    ca->excluded[0] = subtree(SAN_DNS, "x.iot.example", 13);
    ca->excluded[1] = subtree(SAN_IP, all, sizeof(all));
    ca->permitted_count = permitted;
    ca->excluded_count = excluded;
    return ca;
}

/** All subtrees are freed, however few were written. */
static void constrained_free(struct template *ca)
{
    ca->permitted_count = 4;
    ca->excluded_count = 2;
    template_free(ca);
}

static void permitted_and_excluded_subtrees_of_every_kind(void **state)
{
    (void)state;
    static const struct {
        size_t permitted, excluded;
        const char *wanted;
    } cases[] = {
        {1, 0, "critical,3011a00f300d820b696f742e6578616d706c65"},
        {0, 1, "critical,3013a111300f820d782e696f742e6578616d706c65"},
        {4, 2,
         "critical,"
         "3072a039300d820b696f742e6578616d706c65300f810d2e6d61696c2e6578616d706c65300b8609752e6578616d"
         "706c65300a87080a000000ff000000a135300f820d782e696f742e6578616d706c6530228720"
         "0000000000000000000000000000000000000000000000000000000000000000"},
        {0, 0, ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct template *ca = constrained(cases[i].permitted, cases[i].excluded);
        assert_extension(ca, NID_name_constraints, cases[i].wanted);
        constrained_free(ca);
    }
}

static void extended_key_usage_is_critical_if_it_is_said(void **state)
{
    (void)state;
    AUTO(template_free) struct template *template = maker_template("CN=x", key);
    set_texts(&template->extended_key_usage, &template->extended_key_usage_count, "1.3.6.1.5.5.7.3.1",
              "2.999.1");
    assert_extension(template, NID_ext_key_usage, "300f06082b060105050703010603883701");
    template->extended_key_usage_is_critical = true;
    assert_extension(template, NID_ext_key_usage, "critical,300f06082b060105050703010603883701");
}

static void the_mark_of_an_ocsp_signer_is_a_null(void **state)
{
    (void)state;
    AUTO(template_free) struct template *template = maker_template("CN=x", key);
    assert_extension(template, NID_id_pkix_OCSP_noCheck, "");
    template->has_ocsp_no_check = true;
    assert_extension(template, NID_id_pkix_OCSP_noCheck, "0500");
}

static void names_of_every_kind(void **state)
{
    (void)state;
    static const uint8_t hardware[] = {0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x08, 0x04, 0xa0,
                                       0x0a, 0x30, 0x08, 0x06, 0x02, 0x2a, 0x03, 0x04, 0x02, 0x01, 0x02};
    static const uint8_t v4[] = {10, 0, 0, 1};
    static const uint8_t v6[16] = {[15] = 1};
    AUTO(template_free) struct template *template = maker_template("CN=x", key);
    maker_add_san(template, SAN_OTHER_NAME, hardware, sizeof(hardware));
    maker_add_san(template, SAN_EMAIL, "a@b.example", 11);
    maker_add_san(template, SAN_DNS, "c.example", 9);
    maker_add_san(template, SAN_URI, "urn:x", 5);
    maker_add_san(template, SAN_IP, v4, sizeof(v4));
    maker_add_san(template, SAN_IP, v6, sizeof(v6));
    assert_extension(
        template, NID_subject_alt_name,
        "304fa01606082b06010505070804a00a300806022a0304020102810b6140622e6578616d706c658209632e6578"
        "616d706c65860575726e3a7887040a000001871000000000000000000000000000000001");
}

static void copied_extensions_keep_their_value_and_get_the_policys_critical_flag(void **state)
{
    (void)state;
    static const uint8_t value[] = {4, 3, 1, 2, 3};
    int critical = OBJ_create("1.3.6.1.4.1.55555.7", "test7", "test 7");
    int plain = OBJ_create("1.3.6.1.4.1.55555.8", "test8", "test 8");
    AUTO(template_free) struct template *template = maker_template("CN=x", key);
    template->extensions = memory_new(2, sizeof(*template->extensions));
    template->extensions_count = 2;
    for (size_t i = 0; i < 2; i++)
        template->extensions[i] = (struct template_extension){
            .oid = memory_text(i == 0 ? "1.3.6.1.4.1.55555.7" : "1.3.6.1.4.1.55555.8"),
            .is_critical = i == 0,
            .value = (uint8_t *)memory_text_of(value, sizeof(value)),
            .value_len = sizeof(value) - i,
        };
    assert_extension(template, critical, "critical,0403010203");
    assert_extension(template, plain, "04030102"); // copied, not understood
}

/** A TBS below signing, signed by signing_key with inner, sealed as outer. */
static void finished(const struct cert_issuer *signing, EVP_PKEY *signing_key, EVP_PKEY *subject_key,
                     enum signature_kind inner, enum signature_kind outer, struct builder *ret_tbs,
                     struct builder *ret_der)
{
    struct error err = ERROR_INIT;
    uint8_t serial[CERT_SERIAL_LEN];
    AUTO(template_free) struct template *template = maker_template("CN=x", subject_key);
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    cert_serial_random(serial);
    assert_true(cert_tbs(template, signing, serial, inner, ret_tbs, &err));
    maker_sign(signing_key, inner, builder_bytes(ret_tbs), &signature);
    cert_seal(builder_bytes(ret_tbs), outer, builder_bytes(&signature), ret_der);
}

static void assert_rejected(const struct builder *der, const struct builder *tbs,
                            const struct cert_issuer *expected, const char *words)
{
    struct error err = ERROR_INIT;
    assert_false(cert_verify(builder_bytes(der), builder_bytes(tbs), expected, &err));
    assert_int_equal(err.kind, ERROR_TOKEN);
    if (strstr(err.text, words) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", words, err.text);
}

/** A CA with this name and key whose key identifier is not a hash of it. */
static struct cert_issuer *odd_ca(const char *subject)
{
    struct error err = ERROR_INIT;
    struct cert_issuer *odd = NULL;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(X509_free)
    X509 *certificate =
        chain_make(&(struct chain_recipe){.subject = subject, .key = ca_key, .subject_key_id = "0102030405"});
    chain_der(certificate, &der);
    if (!cert_issuer_read(builder_bytes(&der), NULL, 0, &odd, &err))
        fail_msg("%s", err.text);
    return odd;
}

/* In each of these the signature verifies and all else is right: only the one check stands between it and the world. */

static void another_issuer_name_is_refused_by_its_own_check(void **state)
{
    (void)state;
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(builder_done) struct builder own_tbs = BUILDER_INIT;
    AUTO(builder_done) struct builder own = BUILDER_INIT;
    AUTO(cert_issuer_free)
    struct cert_issuer *renamed = maker_root("O=Test,CN=root", ca_key, SIGNATURE_ECDSA_SHA256);
    finished(renamed, ca_key, key, SIGNATURE_ECDSA_SHA256, SIGNATURE_ECDSA_SHA256, &tbs, &der);
    assert_rejected(&der, &tbs, issuer, "its issuer is not the CA's subject byte for byte");
    // Signed by its own key, but not named as its own issuer.
    finished(issuer, ca_key, ca_key, SIGNATURE_ECDSA_SHA256, SIGNATURE_ECDSA_SHA256, &own_tbs, &own);
    assert_rejected(&own, &own_tbs, NULL, "its issuer is not the CA's subject byte for byte");
}

static void another_outer_algorithm_is_refused_by_its_own_check(void **state)
{
    (void)state;
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    finished(issuer, ca_key, key, SIGNATURE_ECDSA_SHA256, SIGNATURE_ECDSA_SHA384, &tbs, &der);
    assert_rejected(&der, &tbs, issuer, "its two signature algorithms differ");
}

static void another_authority_key_identifier_is_refused_by_its_own_check(void **state)
{
    (void)state;
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(builder_done) struct builder self_tbs = BUILDER_INIT;
    AUTO(builder_done) struct builder self = BUILDER_INIT;
    AUTO(builder_done) struct builder odd_tbs = BUILDER_INIT;
    AUTO(builder_done) struct builder odd_der = BUILDER_INIT;
    struct error err = ERROR_INIT;
    AUTO(cert_issuer_free) struct cert_issuer *odd = odd_ca("O=Test,CN=Root");
    finished(odd, ca_key, key, SIGNATURE_ECDSA_SHA256, SIGNATURE_ECDSA_SHA256, &tbs, &der);
    assert_rejected(&der, &tbs, issuer, "its authorityKeyIdentifier is not the CA's subjectKeyIdentifier");
    finished(issuer, ca_key, key, SIGNATURE_ECDSA_SHA256, SIGNATURE_ECDSA_SHA256, &self_tbs, &self);
    assert_rejected(&self, &self_tbs, odd, "its authorityKeyIdentifier is not the CA's subjectKeyIdentifier");
    // And the odd one's own is taken: the identifier is compared, not worked out.
    finished(odd, ca_key, key, SIGNATURE_ECDSA_SHA256, SIGNATURE_ECDSA_SHA256, &odd_tbs, &odd_der);
    assert_true(cert_verify(builder_bytes(&odd_der), builder_bytes(&odd_tbs), odd, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ocsp_urls_and_issuer_urls),
        cmocka_unit_test(crl_urls_are_one_distribution_point_each),
        cmocka_unit_test(certificate_policies_with_and_without_a_practice_statement),
        cmocka_unit_test(permitted_and_excluded_subtrees_of_every_kind),
        cmocka_unit_test(extended_key_usage_is_critical_if_it_is_said),
        cmocka_unit_test(the_mark_of_an_ocsp_signer_is_a_null),
        cmocka_unit_test(names_of_every_kind),
        cmocka_unit_test(copied_extensions_keep_their_value_and_get_the_policys_critical_flag),
        cmocka_unit_test(another_issuer_name_is_refused_by_its_own_check),
        cmocka_unit_test(another_outer_algorithm_is_refused_by_its_own_check),
        cmocka_unit_test(another_authority_key_identifier_is_refused_by_its_own_check),
    };
    return cmocka_run_group_tests(tests, root_setup, root_teardown);
}
