/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in a certificate, rule by rule, as OpenSSL reads it. Each test has the name of its rule. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cert_root.h"

#include "base/memory.h"
#include "base/openssl_release.h"
#include "base/time.h"

#include <string.h>

static EVP_PKEY *rsa_key;

static EVP_PKEY *make_key(const char *type, const char *group)
{
    EVP_PKEY *made = group != NULL ? EVP_PKEY_Q_keygen(NULL, NULL, type, group)
                                   : EVP_PKEY_Q_keygen(NULL, NULL, type, (size_t)2048);
    assert_non_null(made);
    return made;
}

static int setup(void **state)
{
    rsa_key = make_key("RSA", NULL);
    return root_setup(state);
}

static int teardown(void **state)
{
    EVP_PKEY_free(rsa_key);
    return root_teardown(state);
}

/** The leaf of this template, issued by the test's CA. */
static X509 *issued(const struct template *template)
{
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    maker_certificate(template, issuer, ca_key, SIGNATURE_ECDSA_SHA256, &der);
    return maker_parse(builder_bytes(&der));
}

static void assert_time(const ASN1_TIME *time, int type, const char *text)
{
    assert_int_equal(ASN1_STRING_type(time), type);
    assert_int_equal(ASN1_STRING_length(time), strlen(text));
    assert_memory_equal(ASN1_STRING_get0_data(time), text, strlen(text));
}

static void dates_are_utc_time_through_2049_and_generalized_time_from_2050(void **state)
{
    (void)state;
    AUTO(template_free) struct template *template = maker_template("CN=x", key);
    assert_true(time_parse("2049-12-31T23:59:59Z", &template->not_before));
    assert_true(time_parse("2050-01-01T00:00:00Z", &template->not_after));
    AUTO(X509_free) X509 *certificate = issued(template);
    assert_time(X509_get0_notBefore(certificate), V_ASN1_UTCTIME, "491231235959Z");
    assert_time(X509_get0_notAfter(certificate), V_ASN1_GENERALIZEDTIME, "20500101000000Z");
}

static void no_end_is_written_as_99991231235959Z(void **state)
{
    (void)state;
    AUTO(template_free) struct template *template = maker_template("CN=x", key);
    template->has_no_expiry = true;
    template->not_after = TIME_9999_END;
    AUTO(X509_free) X509 *certificate = issued(template);
    assert_time(X509_get0_notAfter(certificate), V_ASN1_GENERALIZEDTIME, "99991231235959Z");
}

static void serials_are_20_octets_positive_and_never_the_same(void **state)
{
    (void)state;
    enum { COUNT = 2000 };
    static uint8_t serials[COUNT][CERT_SERIAL_LEN];
    unsigned firsts = 0;
    for (size_t i = 0; i < COUNT; i++) {
        cert_serial_random(serials[i]);
        assert_in_range(serials[i][0], 1, 0x7f);
        firsts |= serials[i][0];
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(serials[i], serials[j], CERT_SERIAL_LEN);
    }
    assert_int_equal(firsts, 0x7f); // no bit of the first octet is fixed but the sign
}

static void the_issuer_is_the_subject_of_the_ca_byte_for_byte(void **state)
{
    (void)state;
    // Three string types, a multi-valued RDN: what a CA that OpenSSL made may have.
    AUTO(X509_free) X509 *ca = X509_new();
    X509_NAME *name = X509_get_subject_name(ca);
    const unsigned char bmp[] = {0, 'R', 0, 'o', 0, 'o', 0, 't'};
    assert_int_equal(
        X509_NAME_add_entry_by_txt(name, "O", V_ASN1_T61STRING, (const unsigned char *)"Old", -1, -1, 0), 1);
    assert_int_equal(
        X509_NAME_add_entry_by_txt(name, "OU", V_ASN1_PRINTABLESTRING, (const unsigned char *)"a", -1, -1, 1),
        1);
    assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", V_ASN1_BMPSTRING, bmp, sizeof(bmp), -1, 0), 1);
    assert_int_equal(X509_set_issuer_name(ca, name), 1);
    assert_int_equal(X509_set_version(ca, X509_VERSION_3), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(ca), 77), 1);
    assert_non_null(ASN1_TIME_set(X509_getm_notBefore(ca), MAKER_NOW));
    assert_non_null(ASN1_TIME_set(X509_getm_notAfter(ca), MAKER_NOW + 400 * 86400));
    assert_int_equal(X509_set_pubkey(ca, ca_key), 1);
    X509V3_CTX context;
    X509V3_set_ctx(&context, ca, ca, NULL, NULL, 0);
    const char *const extensions[][2] = {{"basicConstraints", "critical,CA:TRUE"},
                                         {"keyUsage", "critical,keyCertSign"},
                                         {"subjectKeyIdentifier", "0102030405"}};
    for (size_t i = 0; i < 3; i++) {
        AUTO(X509_EXTENSION_free)
        X509_EXTENSION *extension = X509V3_EXT_conf(NULL, &context, extensions[i][0], extensions[i][1]);
        assert_non_null(extension);
        assert_int_equal(X509_add_ext(ca, extension, -1), 1);
    }
    assert_true(X509_sign(ca, ca_key, EVP_sha256()) > 0);
    unsigned char *der = NULL;
    int len = i2d_X509(ca, &der);
    assert_true(len > 0);
    struct error err = ERROR_INIT;
    AUTO(cert_issuer_free) struct cert_issuer *odd = NULL;
    assert_true(cert_issuer_read(bytes_of(der, (size_t)len), NULL, 0, &odd, &err));
    OPENSSL_free(der);

    AUTO(template_free) struct template *template = maker_template("CN=x", key);
    AUTO(builder_done) struct builder leaf = BUILDER_INIT;
    maker_certificate(template, odd, ca_key, SIGNATURE_ECDSA_SHA256, &leaf);
    AUTO(X509_free) X509 *certificate = maker_parse(builder_bytes(&leaf));
    const unsigned char *wanted = NULL;
    const unsigned char *found = NULL;
    size_t wanted_len = 0;
    size_t found_len = 0;
    assert_int_equal(X509_NAME_get0_der(X509_get_subject_name(ca), &wanted, &wanted_len), 1);
    assert_int_equal(X509_NAME_get0_der(X509_get_issuer_name(certificate), &found, &found_len), 1);
    assert_int_equal(found_len, wanted_len);
    assert_memory_equal(found, wanted, wanted_len);
    // The authority key identifier is copied, never worked out: this CA's is not a hash of its key. No issuer and serial beside it.
    assert_string_equal(maker_extension(certificate, NID_authority_key_identifier), "300780050102030405");
}

static void the_authority_key_identifier_is_the_subject_key_identifier_of_the_ca(void **state)
{
    (void)state;
    AUTO(template_free) struct template *template = maker_template("CN=x", key);
    AUTO(X509_free) X509 *certificate = issued(template);
    AUTO(X509_free) X509 *ca = maker_parse(cert_issuer_der(issuer));
    const ASN1_OCTET_STRING *ski = X509_get0_subject_key_id(ca);
    const ASN1_OCTET_STRING *aki = X509_get0_authority_key_id(certificate);
    assert_non_null(ski);
    assert_non_null(aki);
    assert_int_equal(ASN1_OCTET_STRING_cmp(ski, aki), 0);
    assert_null(X509_get0_authority_serial(certificate));
}

static void a_root_has_its_own_name_and_no_authority_key_identifier(void **state)
{
    (void)state;
    AUTO(X509_free) X509 *root = maker_parse(cert_issuer_der(issuer));
    assert_int_equal(X509_NAME_cmp(X509_get_subject_name(root), X509_get_issuer_name(root)), 0);
    assert_int_equal(X509_NAME_entry_count(X509_get_subject_name(root)), 2);
    assert_string_equal(maker_extension(root, NID_authority_key_identifier), "");
}

static void an_empty_subject_makes_the_names_critical(void **state)
{
    (void)state;
    AUTO(template_free) struct template *nameless = maker_template("", key);
    AUTO(template_free) struct template *named = maker_template("CN=x", key);
    maker_add_san(nameless, SAN_DNS, "a.example", 9);
    maker_add_san(named, SAN_DNS, "a.example", 9);
    AUTO(X509_free) X509 *first = issued(nameless);
    AUTO(X509_free) X509 *second = issued(named);
    assert_string_equal(maker_extension(first, NID_subject_alt_name), "critical,300b8209612e6578616d706c65");
    assert_string_equal(maker_extension(second, NID_subject_alt_name), "300b8209612e6578616d706c65");
}

static void addresses_have_4_or_16_octets(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    uint8_t serial[CERT_SERIAL_LEN];
    cert_serial_random(serial);
    for (size_t len = 0; len <= 17; len++) {
        AUTO(template_free) struct template *template = maker_template("CN=x", key);
        AUTO(builder_done) struct builder tbs = BUILDER_INIT;
        maker_add_san(template, SAN_IP, "0123456789abcdefg", len);
        assert_int_equal(cert_tbs(template, issuer, serial, SIGNATURE_ECDSA_SHA256, &tbs, &err),
                         len == 4 || len == 16);
        error_clear(&err);
    }
}

static void the_country_is_a_printable_string_and_the_mail_address_ia5(void **state)
{
    (void)state;
    AUTO(template_free)
    struct template *template = maker_template("C=US,O=Caf\xc3\xa9,emailAddress=a@b.example", key);
    AUTO(X509_free) X509 *certificate = issued(template);
    const X509_NAME *name = X509_get_subject_name(certificate);
    const int wanted[] = {V_ASN1_PRINTABLESTRING, V_ASN1_UTF8STRING, V_ASN1_IA5STRING};
    assert_int_equal(X509_NAME_entry_count(name), 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(ASN1_STRING_type(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, i))), wanted[i]);
}

static void basic_constraints_are_critical_on_cas_and_absent_elsewhere(void **state)
{
    (void)state;
    AUTO(template_free) struct template *ca = maker_ca_template("CN=Sub", key);
    AUTO(template_free) struct template *bounded = maker_ca_template("CN=Sub", key);
    AUTO(template_free) struct template *leaf = maker_template("CN=x", key);
    ca->not_after = bounded->not_after = leaf->not_after;
    bounded->path_len = 0;
    AUTO(X509_free) X509 *first = issued(ca);
    AUTO(X509_free) X509 *second = issued(bounded);
    AUTO(X509_free) X509 *third = issued(leaf);
    assert_string_equal(maker_extension(first, NID_basic_constraints), "critical,30030101ff");
    assert_string_equal(maker_extension(second, NID_basic_constraints), "critical,30060101ff020100");
    assert_string_equal(maker_extension(third, NID_basic_constraints), "");
}

static void key_usage_is_critical_and_has_no_trailing_zero_bits(void **state)
{
    (void)state;
    static const struct {
        uint16_t usage;
        const char *value;
    } cases[] = {
        {KEY_USAGE_DIGITAL_SIGNATURE, "critical,03020780"},
        {KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_NON_REPUDIATION, "critical,030206c0"},
        {KEY_USAGE_KEY_AGREEMENT | KEY_USAGE_DECIPHER_ONLY, "critical,0303070880"},
        {0, ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(template_free) struct template *template = maker_template("CN=x", key);
        template->key_usage = cases[i].usage;
        AUTO(X509_free) X509 *certificate = issued(template);
        assert_string_equal(maker_extension(certificate, NID_key_usage), cases[i].value);
    }
}

static void name_constraints_are_critical(void **state)
{
    (void)state;
    AUTO(template_free) struct template *ca = maker_ca_template("CN=Sub", key);
    ca->not_after = MAKER_NOW + 86400;
    ca->permitted = memory_new(1, sizeof(*ca->permitted));
    ca->permitted_count = 1;
    ca->permitted[0] = (struct template_name){.kind = SAN_DNS,
                                              .value = (uint8_t *)memory_text("iot.example"),
                                              .value_len = 11,
                                              .text = memory_text("iot.example")};
    AUTO(X509_free) X509 *certificate = issued(ca);
    assert_string_equal(maker_extension(certificate, NID_name_constraints),
                        "critical,3011a00f300d820b696f742e6578616d706c65");
}

/** The AlgorithmIdentifier, in hex, inside and outside, which have to be the same. */
static void assert_algorithm(EVP_PKEY *signer, enum signature_kind kind, const char *wanted)
{
    AUTO(cert_issuer_free) struct cert_issuer *signing = maker_root("CN=Root", signer, kind);
    AUTO(X509_free) X509 *certificate = maker_parse(cert_issuer_der(signing));
    const X509_ALGOR *outer = NULL;
    X509_get0_signature(NULL, &outer, certificate);
    assert_int_equal(X509_ALGOR_cmp(outer, X509_get0_tbs_sigalg(certificate)), 0);
    unsigned char *der = NULL;
    int len = i2d_X509_ALGOR(outer, &der);
    char text[1024] = "";
    for (int i = 0; i < len; i++)
        (void)snprintf(text + 2 * i, 3, "%02x", der[i]);
    OPENSSL_free(der);
    assert_string_equal(text, wanted);
    assert_int_equal(X509_verify(certificate, signer), 1);
}

static void algorithms_have_the_parameters_their_standards_ask_for(void **state)
{
    (void)state;
    AUTO(EVP_PKEY_free) EVP_PKEY *ed25519 = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    AUTO(EVP_PKEY_free) EVP_PKEY *p384 = make_key("EC", "P-384");
    assert_algorithm(ca_key, SIGNATURE_ECDSA_SHA256, "300a06082a8648ce3d040302");
    assert_algorithm(p384, SIGNATURE_ECDSA_SHA384, "300a06082a8648ce3d040303");
    assert_algorithm(ed25519, SIGNATURE_ED25519, "300506032b6570");
    assert_algorithm(rsa_key, SIGNATURE_RSA_SHA256, "300d06092a864886f70d01010b0500");
    assert_algorithm(rsa_key, SIGNATURE_PSS_SHA256,
                     "304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70"
                     "d010108300d0609"
                     "6086480165030402010500a203020120");
}

static void every_certificate_is_version_3_without_unique_ids_and_has_no_extension_twice(void **state)
{
    (void)state;
    AUTO(template_free) struct template *template = maker_template("CN=x", rsa_key);
    maker_add_san(template, SAN_URI, "urn:x", 5);
    AUTO(X509_free) X509 *certificate = issued(template);
    const ASN1_BIT_STRING *first = NULL;
    const ASN1_BIT_STRING *second = NULL;
    assert_int_equal(X509_get_version(certificate), X509_VERSION_3);
    X509_get0_uids(certificate, &first, &second);
    assert_null(first);
    assert_null(second);
    for (int i = 0; i < X509_get_ext_count(certificate); i++) {
        const ASN1_OBJECT *oid = X509_EXTENSION_get_object(X509_get_ext(certificate, i));
        assert_int_equal(X509_get_ext_by_OBJ(certificate, oid, i), -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_are_utc_time_through_2049_and_generalized_time_from_2050),
        cmocka_unit_test(no_end_is_written_as_99991231235959Z),
        cmocka_unit_test(serials_are_20_octets_positive_and_never_the_same),
        cmocka_unit_test(the_issuer_is_the_subject_of_the_ca_byte_for_byte),
        cmocka_unit_test(the_authority_key_identifier_is_the_subject_key_identifier_of_the_ca),
        cmocka_unit_test(a_root_has_its_own_name_and_no_authority_key_identifier),
        cmocka_unit_test(an_empty_subject_makes_the_names_critical),
        cmocka_unit_test(addresses_have_4_or_16_octets),
        cmocka_unit_test(the_country_is_a_printable_string_and_the_mail_address_ia5),
        cmocka_unit_test(basic_constraints_are_critical_on_cas_and_absent_elsewhere),
        cmocka_unit_test(key_usage_is_critical_and_has_no_trailing_zero_bits),
        cmocka_unit_test(name_constraints_are_critical),
        cmocka_unit_test(algorithms_have_the_parameters_their_standards_ask_for),
        cmocka_unit_test(every_certificate_is_version_3_without_unique_ids_and_has_no_extension_twice),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
