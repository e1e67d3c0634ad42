/* SPDX-License-Identifier: Apache-2.0 */
/* What is not written, on each side of each limit; requests; and the parts of what was written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cert_root.h"
#include "der_faults.h"

#include "base/encode.h"
#include "base/memory.h"
#include "base/openssl_release.h"
#include "base/time.h"
#include "cert/crl.h"
#include "cert/pem.h"

#include <string.h>

/** What a template is changed in, by case. */
struct change {
    const char *words; /**< NULL: it is written */
    const char *subject;
    bool is_ca, has_no_expiry, has_no_usage, has_cert_sign, has_bad_key;
    int path_len; /**< plus one; 0: none */
    int64_t not_after;
    int first_octet; /**< of the serial, plus one */
    enum signature_kind kind;
    size_t sans; /**< names */
};

static bool write_tbs(const struct change *change, struct builder *ret_tbs, struct error *err)
{
    uint8_t serial[CERT_SERIAL_LEN] = {[0] = 0x7f, [19] = 1};
    AUTO(template_free) struct template *template = maker_template(change->subject, key);
    template->is_ca = change->is_ca;
    template->path_len = change->path_len - 1;
    template->has_no_expiry = change->has_no_expiry;
    if (change->not_after != 0)
        template->not_after = change->not_after;
    if (change->first_octet != 0)
        serial[0] = (uint8_t)(change->first_octet - 1);
    template->key_usage = change->has_cert_sign  ? KEY_USAGE_KEY_CERT_SIGN
                          : change->has_no_usage ? 0
                                                 : KEY_USAGE_DIGITAL_SIGNATURE;
    for (size_t i = 0; i < change->sans; i++)
        maker_add_san(template, SAN_DNS, "a.example", 9);
    if (change->has_bad_key)
        template->spki_len--;
    return cert_tbs(template, issuer, serial, change->kind, ret_tbs, err);
}

static void what_no_certificate_may_be_is_not_written(void **state)
{
    static const struct change changes[] = {
        {NULL, "CN=x", .sans = 0},
        {"the serial is not positive", "CN=x", .first_octet = 1},
        {"the serial is not positive", "CN=x", .first_octet = 0x80 + 1},
        {"the serial is not positive", "CN=x", .first_octet = 0xff + 1},
        {NULL, "CN=x", .first_octet = 2},
        {NULL, "CN=x", .first_octet = 0x7f + 1},
        {"notAfter is before notBefore", "CN=x", .not_after = MAKER_NOW - 1},
        {NULL, "CN=x", .not_after = MAKER_NOW},
        {"99991231235959Z is not for CAs", "CN=x", .is_ca = true, .has_cert_sign = true,
         .has_no_expiry = true},
        {NULL, "CN=x", .has_no_expiry = true},
        {"past the year 9999", "CN=x", .not_after = TIME_9999_END + 1},
        {NULL, "CN=x", .not_after = TIME_9999_END},
        {"a path length without a CA", "CN=x", .path_len = 1},
        {"a path length needs keyCertSign", "CN=x", .is_ca = true, .path_len = 1},
        {NULL, "CN=x", .is_ca = true, .has_cert_sign = true, .path_len = 1},
        {NULL, "CN=x", .is_ca = true},
        {"keyCertSign needs a CA", "CN=x", .has_cert_sign = true},
        {"a CA needs a subject", "", .is_ca = true, .has_cert_sign = true, .sans = 1},
        {NULL, "", .sans = 1},
        {"neither a subject nor a subjectAltName", "", .sans = 0},
        {"not a SubjectPublicKeyInfo", "CN=x", .has_bad_key = true},
        {"no signature algorithm fits", "CN=x", .kind = SIGNATURE_OTHER},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        struct error err = ERROR_INIT;
        struct change change = changes[i];
        AUTO(builder_done) struct builder tbs = BUILDER_INIT;
        bool has_no_kind = change.words != NULL && strstr(change.words, "algorithm") != NULL;
        change.kind = has_no_kind ? SIGNATURE_OTHER : SIGNATURE_ECDSA_SHA256;
        bool is_written = write_tbs(&change, &tbs, &err);
        if (is_written != (change.words == NULL))
            fail_msg("%zu: %s", i, is_written ? change.words : err.text);
        assert_int_equal(tbs.len > 0, is_written);
        if (!is_written && strstr(err.text, change.words) == NULL)
            fail_msg("\"%s\" lacks \"%s\"", err.text, change.words);
        assert_true(is_written || err.kind == ERROR_INPUT);
    }
}

static void texts_add(char ***texts, size_t *count, const char *text)
{
    *texts = memory_grow(*texts, *count + 1, sizeof(char *));
    (*texts)[(*count)++] = memory_text(text);
}

static void assert_not_written(const struct template *template, const char *words)
{
    struct error err = ERROR_INIT;
    uint8_t serial[CERT_SERIAL_LEN] = {1};
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    assert_false(cert_tbs(template, issuer, serial, SIGNATURE_ECDSA_SHA256, &tbs, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_int_equal(tbs.len, 0);
    if (strstr(err.text, words) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", err.text, words);
}

static struct template *with_extensions(size_t count, const char *first)
{
    struct template *template = maker_template("CN=x", key);
    template->extensions = memory_new(count, sizeof(*template->extensions));
    template->extensions_count = count;
    for (size_t i = 0; i < count; i++)
        template->extensions[i] =
            (struct template_extension){.oid = i == 0 ? memory_text(first) : memory_format("1.2.3.%zu", i)};
    return template;
}

/* Longer than what OIDs are shown in. */
#define LONG_ARCS ".999999999999999999.999999999999999999.999999999999999999.999999999999999999"
#define LONG_OID "1.2" LONG_ARCS LONG_ARCS

static void no_oid_is_named_and_none_is_written_twice(void **state)
{
    struct error err = ERROR_INIT;
    uint8_t serial[CERT_SERIAL_LEN] = {1};
    AUTO(template_free) struct template *usage = maker_template("CN=x", key);
    AUTO(template_free) struct template *policy = maker_template("CN=x", key);
    AUTO(template_free) struct template *subtrees = maker_template("CN=x", key);
    AUTO(template_free) struct template *copied = with_extensions(1, "1.x");
    AUTO(template_free) struct template *twice = with_extensions(1, "2.5.29.15");
    AUTO(template_free) struct template *twice_copied = with_extensions(3, "1.2.3.2");
    AUTO(template_free)
    struct template *most = with_extensions(61, "1.2.3.0"); // with keyUsage and the two key identifiers 64
    AUTO(template_free) struct template *many = with_extensions(62, "1.2.3.0");
    AUTO(template_free) struct template *no_name = maker_template("C=U_", key);
    AUTO(template_free) struct template *long_twice = with_extensions(2, LONG_OID);
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    (void)state;
    free(long_twice->extensions[1].oid);
    long_twice->extensions[1].oid = memory_text(LONG_OID);
    texts_add(&usage->extended_key_usage, &usage->extended_key_usage_count, "1.2.3");
    texts_add(&usage->extended_key_usage, &usage->extended_key_usage_count, "serverAuth");
    texts_add(&policy->certificate_policies, &policy->certificate_policies_count, "1..2");
    subtrees->excluded = memory_new(1, sizeof(*subtrees->excluded));
    subtrees->excluded[0] = (struct template_name){.kind = SAN_DNS};
    subtrees->excluded_count = 1;
    assert_not_written(usage, "extended key usage: \"serverAuth\" is not an OID");
    assert_not_written(policy, "certificate policies: \"1..2\" is not an OID");
    assert_not_written(copied, "copied extension: \"1.x\" is not an OID");
    assert_not_written(subtrees, "name constraints on a certificate that is not a CA's");
    assert_not_written(twice, "the extension 2.5.29.15 would be there twice");
    assert_not_written(twice_copied, "the extension 1.2.3.2 would be there twice");
    assert_not_written(many, "more than 64 extensions");
    assert_not_written(long_twice, "the extension ? would be there twice");
    assert_not_written(no_name, "subject C: \"U_\" is not a PrintableString");
    assert_false(cert_tbs(no_name, NULL, serial, SIGNATURE_ECDSA_SHA256, &tbs, &err)); // its own issuer
    assert_int_equal(tbs.len, 0);
    assert_true(cert_tbs(most, issuer, serial, SIGNATURE_ECDSA_SHA256, &tbs, &err));
}

static void what_does_not_fit_into_memory_is_not_written(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(template_free) struct template *huge = maker_template("CN=x", key);
    AUTO(builder_done) struct builder out = BUILDER_INIT;
    (void)state;
    maker_add_san(huge, SAN_URI, "urn:x", 5);
    huge->sans[0].value_len = SIZE_MAX / 2;
    assert_not_written(huge, "the certificate does not fit into memory");
    assert_false(cert_request_info(huge, &out, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_string_equal(err.text, "the request does not fit into memory");
    assert_int_equal(out.len, 0);
    error_clear(&err);
    assert_true(crl_sink_builder(&out, bytes_of("x", 1), &err));
    assert_false(crl_sink_builder(&out, bytes_of(NULL, SIZE_MAX / 2), &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_string_equal(err.text, "the CRL does not fit into memory");
}

/** \param sans  how many names */
static void write_request(const char *subject, size_t sans, struct builder *ret_der)
{
    struct error err = ERROR_INIT;
    AUTO(template_free) struct template *template = maker_template(subject, key);
    AUTO(builder_done) struct builder info = BUILDER_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    for (size_t i = 0; i < sans; i++)
        maker_add_san(template, SAN_DNS, "a.example", 9);
    if (!cert_request_info(template, &info, &err))
        fail_msg("%s", err.text);
    maker_sign(key, SIGNATURE_ECDSA_SHA256, builder_bytes(&info), &signature);
    cert_seal(builder_bytes(&info), SIGNATURE_ECDSA_SHA256, builder_bytes(&signature), ret_der);
}

static void a_request_is_one_to_openssl(void **state)
{
    (void)state;
    for (size_t sans = 0; sans < 3; sans++) {
        AUTO(builder_done) struct builder der = BUILDER_INIT;
        char subject[64] = "";
        write_request("C=US,CN=x", sans, &der);
        const uint8_t *at = der.data;
        AUTO(X509_REQ_free) X509_REQ *request = d2i_X509_REQ(NULL, &at, (long)der.len);
        assert_non_null(request);
        assert_ptr_equal(at, der.data + der.len);
        assert_int_equal(X509_REQ_verify(request, key), 1);
        assert_int_equal(X509_REQ_get_version(request), X509_REQ_VERSION_1);
        (void)X509_NAME_oneline(X509_REQ_get_subject_name(request), subject, sizeof(subject));
        assert_string_equal(subject, "/C=US/CN=x");
        assert_int_equal(X509_REQ_get_attr_count(request), sans > 0 ? 1 : 0);
        STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(request);
        GENERAL_NAMES *names = X509V3_get_d2i(extensions, NID_subject_alt_name, NULL, NULL);
        assert_int_equal(sans > 0 ? sk_GENERAL_NAME_num(names) : 0, sans);
        GENERAL_NAMES_free(names);
        sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    }
}

static void a_request_with_what_can_not_be_written_is_none(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(template_free) struct template *no_name = maker_template("C=U_", key);
    AUTO(template_free) struct template *no_address = maker_template("CN=x", key);
    AUTO(builder_done) struct builder info = BUILDER_INIT;
    (void)state;
    maker_add_san(no_address, SAN_IP, "12345", 5);
    assert_false(cert_request_info(no_name, &info, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_non_null(strstr(err.text, "PrintableString"));
    error_clear(&err);
    assert_false(cert_request_info(no_address, &info, &err));
    assert_non_null(strstr(err.text, "4 or 16 are needed"));
    assert_int_equal(info.len, 0);
}

/** An issued certificate: its bytes, and those that were signed. */
static void make_leaf(const char *subject, struct builder *ret_tbs, struct builder *ret_der)
{
    struct error err = ERROR_INIT;
    assert_true(write_tbs(&(struct change){.subject = subject, .kind = SIGNATURE_ECDSA_SHA256, .sans = 1},
                          ret_tbs, &err));
    root_seal(builder_bytes(ret_tbs), ret_der);
}

static void the_parts_of_a_certificate_are_those_that_were_put_in(void **state)
{
    struct error err = ERROR_INIT;
    struct bytes part, signature;
    enum signature_kind kind = SIGNATURE_OTHER;
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(cert_facts_done) struct cert_facts facts = {.serial_len = 0};
    AUTO(cert_facts_done) struct cert_facts of_tbs = {.serial_len = 0};
    AUTO(template_free) struct template *template = maker_template("CN=x", key);
    (void)state;
    make_leaf("CN=x", &tbs, &der);
    assert_true(cert_split(builder_bytes(&der), &part, &kind, &signature, &err));
    assert_true(bytes_equal(part, builder_bytes(&tbs)));
    assert_int_equal(kind, SIGNATURE_ECDSA_SHA256);
    assert_ptr_equal(signature.data + signature.len, der.data + der.len);
    assert_true(cert_tbs_spki(builder_bytes(&tbs), &part, &err));
    assert_true(bytes_equal(part, bytes_of(template->spki, template->spki_len)));
    kind = SIGNATURE_OTHER;
    assert_true(cert_tbs_signature_kind(builder_bytes(&tbs), &kind, &err));
    assert_int_equal(kind, SIGNATURE_ECDSA_SHA256);
    assert_true(cert_read(builder_bytes(&der), &facts, &err));
    assert_true(cert_read_tbs(builder_bytes(&tbs), &of_tbs, &err));
    assert_string_equal(facts.sans_text, "DNS:a.example");
    assert_string_equal(facts.key_text, "ec-p256");
    assert_string_equal(of_tbs.sans_text, facts.sans_text);
    assert_string_equal(of_tbs.issuer_text, "O=Test,CN=Root");
    assert_int_equal(facts.serial_len, CERT_SERIAL_LEN);
    assert_memory_equal(facts.serial, of_tbs.serial, CERT_SERIAL_LEN);
    assert_false(facts.is_ca);
    // And what is none has no parts.
    struct bytes cut = bytes_slice(builder_bytes(&tbs), 0, tbs.len - 1);
    assert_false(cert_tbs_spki(cut, &part, &err));
    assert_false(cert_tbs_signature_kind(cut, &kind, &err));
    assert_false(cert_split(builder_bytes(&tbs), &part, &kind, &signature, &err));
}

static void an_algorithm_that_is_no_ca_s_has_no_kind(void **state)
{
    struct error err = ERROR_INIT;
    enum signature_kind kind = SIGNATURE_RSA_SHA256;
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    (void)state;
    make_leaf("CN=x", &tbs, &der);
    struct bytes algorithm = signature_algorithm_der(SIGNATURE_ECDSA_SHA256);
    uint8_t *place = memmem(tbs.data, tbs.len, algorithm.data, algorithm.len);
    assert_non_null(place);
    place[algorithm.len - 1] = 0x7f;
    assert_false(cert_tbs_signature_kind(builder_bytes(&tbs), &kind, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_non_null(strstr(err.text, "names no signature algorithm of this CA"));
    assert_int_equal(kind, SIGNATURE_RSA_SHA256);
}

static void a_serial_has_1_to_20_octets(void **state)
{
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    static const struct {
        enum der_fault fault;
        const char *words; /**< NULL: read */
    } cases[] = {{DER_LONGER, "the serial has 21 octets, 20 are allowed"},
                 {DER_SHORTER, NULL},
                 {DER_EMPTY, "serialNumber"}};
    (void)state;
    make_leaf("CN=x", &tbs, &der);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err = ERROR_INIT;
        AUTO(builder_done) struct builder other = BUILDER_INIT;
        AUTO(cert_facts_done) struct cert_facts facts = {.serial_len = 0};
        assert_true(
            der_fault_plant(builder_bytes(&tbs), cases[i].fault, 3, &other)); // behind [0] and the version
        assert_int_equal(cert_read_tbs(builder_bytes(&other), &facts, &err), cases[i].words == NULL);
        assert_true(cases[i].words == NULL || strstr(err.text, cases[i].words) != NULL);
        assert_true(cases[i].words == NULL || err.kind == ERROR_INPUT);
        assert_int_equal(facts.serial_len, cases[i].words == NULL ? 19 : 0);
    }
}

/** The version's octet, which is among the first: 30 82 LL LL a0 03 02 01 VV. */
static uint8_t *version_of(struct builder *tbs)
{
    static const uint8_t before[] = {0xa0, 3, 2, 1};
    uint8_t *place = memmem(tbs->data, 16, before, sizeof(before));
    assert_non_null(place);
    return place + sizeof(before);
}

static void versions_are_2_and_3_where_one_is_written(void **state)
{
    (void)state;
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    make_leaf("CN=x", &tbs, &der);
    for (uint8_t version = 0; version < 5; version++) {
        struct error err = ERROR_INIT;
        struct bytes spki;
        *version_of(&tbs) = version;
        bool is_read = cert_tbs_spki(builder_bytes(&tbs), &spki, &err);
        // v1 is the default, which is not written; extensions are v3's (RFC 5280 4.1.2.9).
        assert_int_equal(is_read, version == 2);
        assert_non_null(strstr(is_read ? "extensions" : err.text,
                               version == 1 || version == 2 ? "extensions" : "version"));
    }
}

static void a_serial_is_written_with_the_fewest_octets(void **state)
{
    static const struct {
        uint8_t first, second;
        bool is_minimal;
    } cases[] = {
        {0x00, 0x7f, false}, {0x00, 0x80, true}, {0xff, 0x80, false}, {0xff, 0x7f, true}, {0x01, 0x00, true}};
    static const uint8_t before[] = {2, 20, 0x7f};
    (void)state;
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    make_leaf("CN=x", &tbs, &der);
    uint8_t *serial = memmem(der.data, 40, before, sizeof(before));
    assert_non_null(serial);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(findings_done) struct findings found = FINDINGS_INIT;
        serial[2] = cases[i].first;
        serial[3] = cases[i].second;
        cert_lint(builder_bytes(&der), NULL, &found);
        assert_int_equal(findings_has(&found, "lint.serial-minimal"), !cases[i].is_minimal);
        assert_int_equal(findings_has(&found, "lint.serial-positive"), cases[i].first == 0xff);
    }
}

static void a_file_holds_one_certificate_or_several(void **state)
{
    struct error err = ERROR_INIT;
    struct bytes rest;
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    AUTO(builder_done) struct builder one = BUILDER_INIT;
    AUTO(builder_done) struct builder two = BUILDER_INIT;
    AUTO(builder_done) struct builder file = BUILDER_INIT;
    AUTO(builder_done) struct builder out = BUILDER_INIT;
    (void)state;
    make_leaf("CN=one", &tbs, &one);
    builder_clear(&tbs);
    make_leaf("CN=two", &tbs, &two);
    // DER, one behind the other.
    builder_add_bytes(&file, builder_bytes(&one));
    builder_add_bytes(&file, builder_bytes(&two));
    builder_add_text(&out, "kept");
    assert_true(cert_from_file(builder_bytes(&file), &out, &rest, &err));
    assert_true(bytes_equal(bytes_slice(builder_bytes(&out), 4, out.len), builder_bytes(&one)));
    assert_true(bytes_equal(rest, builder_bytes(&two)));
    // PEM, with words around it.
    builder_clear(&file);
    builder_add_text(&file, "first\n");
    encode_pem("CERTIFICATE", builder_bytes(&one), &file);
    builder_add_text(&file, "second\n");
    encode_pem("CERTIFICATE", builder_bytes(&two), &file);
    builder_add_text(&file, "end\n");
    for (int i = 0; i < 2; i++) {
        struct bytes input = i == 0 ? builder_bytes(&file) : rest;
        builder_clear(&out);
        assert_true(cert_from_file(input, &out, &rest, &err));
        assert_true(bytes_equal(builder_bytes(&out), builder_bytes(i == 0 ? &one : &two)));
        assert_int_equal(rest.len > 0, i == 0); // words alone are no rest
    }
    // What is none leaves nothing behind.
    builder_clear(&file);
    encode_pem("CERTIFICATE", builder_bytes(&tbs), &file);
    builder_clear(&out);
    builder_add_text(&out, "kept");
    assert_false(cert_from_file(builder_bytes(&file), &out, NULL, &err));
    assert_string_equal(builder_text(&out), "kept");
    assert_false(cert_from_file(builder_bytes(&tbs), &out, NULL, &err));
    assert_string_equal(builder_text(&out), "kept");
    assert_false(cert_from_file(bytes_of_text("words"), &out, NULL, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_no_certificate_may_be_is_not_written),
        cmocka_unit_test(no_oid_is_named_and_none_is_written_twice),
        cmocka_unit_test(what_does_not_fit_into_memory_is_not_written),
        cmocka_unit_test(a_request_is_one_to_openssl),
        cmocka_unit_test(a_request_with_what_can_not_be_written_is_none),
        cmocka_unit_test(the_parts_of_a_certificate_are_those_that_were_put_in),
        cmocka_unit_test(an_algorithm_that_is_no_ca_s_has_no_kind),
        cmocka_unit_test(a_serial_has_1_to_20_octets),
        cmocka_unit_test(a_file_holds_one_certificate_or_several),
        cmocka_unit_test(versions_are_2_and_3_where_one_is_written),
        cmocka_unit_test(a_serial_is_written_with_the_fewest_octets),
    };
    return cmocka_run_group_tests(tests, root_setup, root_teardown);
}
