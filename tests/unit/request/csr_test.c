/* SPDX-License-Identifier: Apache-2.0 */
/* What csr_read() takes, and what it calls a problem: one sound request a feature, one broken one a rule. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "request/csr.h"
#include "three_keys.h"

#include <stdio.h>

static struct request *read_recipe(const struct csr_recipe *recipe)
{
    struct builder der = BUILDER_INIT;
    csr_make(recipe, &der);
    struct request *request = csr_read(builder_bytes(&der));
    builder_done(&der);
    return request;
}

static struct request *read_with_extensions(const char *extensions)
{
    char *attribute = csr_extension_request(extensions);
    struct request *request = read_recipe(&(struct csr_recipe){.key = keys.p256, .attributes = attribute});
    free(attribute);
    return request;
}

static void assert_sound(const struct request *request)
{
    if (request->problems.count > 0)
        fail_msg("%s: %s", request->problems.items[0].rule, request->problems.items[0].text);
    assert_true(request->has_proof_of_possession);
}

/** The request has exactly one problem, of this rule. */
static void assert_refused(const struct request *request, const char *rule)
{
    for (size_t i = 0; i < request->problems.count; i++)
        assert_string_equal(request->problems.items[i].rule, rule);
    assert_int_equal(request->problems.count, 1);
}

static void refuses(const struct csr_recipe *recipe, const char *rule)
{
    struct request *request = read_recipe(recipe);
    assert_refused(request, rule);
    request_free(request);
}

static void refuses_extensions(const char *extensions, const char *rule)
{
    struct request *request = read_with_extensions(extensions);
    assert_refused(request, rule);
    request_free(request);
}

static void reads_every_kind_of_key_and_signature(void **state)
{
    static const struct {
        const char *key;
        const char *digest;
        bool is_pss;
        const char *name;
        enum signature_kind signature;
    } cases[] = {
        {"P-256", "SHA2-256", false, "ec-p256", SIGNATURE_ECDSA_SHA256},
        {"P-256", "SHA2-512", false, "ec-p256", SIGNATURE_ECDSA_SHA512},
        {"P-384", "SHA2-384", false, "ec-p384", SIGNATURE_ECDSA_SHA384},
        {"P-521", "SHA2-512", false, "ec-p521", SIGNATURE_ECDSA_SHA512},
        {"ED25519", NULL, false, "ed25519", SIGNATURE_ED25519},
        {"RSA-2048", "SHA2-256", false, "rsa-2048", SIGNATURE_RSA_SHA256},
        {"RSA-2048", "SHA2-512", false, "rsa-2048", SIGNATURE_RSA_SHA512},
        {"RSA-3072", "SHA2-384", true, "rsa-3072", SIGNATURE_PSS_SHA384},
        {"RSA-1024", "SHA2-256", true, "rsa-1024", SIGNATURE_PSS_SHA256},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        EVP_PKEY *key = csr_key(cases[i].key);
        struct request *request = read_recipe(
            &(struct csr_recipe){.key = key, .digest = cases[i].digest, .is_pss = cases[i].is_pss});
        assert_sound(request);
        assert_string_equal(request->key_name, cases[i].name);
        assert_int_equal(request->signature_kind, cases[i].signature);
        assert_string_equal(request->subject_text, "CN=device-1");
        request_free(request);
        EVP_PKEY_free(key);
    }
}

static void reads_what_is_asked_for(void **state)
{
    (void)state;
    struct request *request =
        read_with_extensions("30{06{551d0f}0101ff04{03{0186}}}"
                             "30{06{551d25}04{30{06{2b06010505070302}06{2b06010505070301}}}}"
                             "30{06{551d13}0101ff04{30{0101ff020103}}}"
                             "30{06{551d11}04{30{82{'a.example'}87{0a000001}}}}"
                             "30{06{2a0304}04{0500}}");
    assert_sound(request);
    assert_int_equal(request->extensions_count, 5);
    assert_true(request->extensions[0].is_critical);
    assert_false(request->extensions[1].is_critical);
    assert_string_equal(request->extensions[4].oid, "1.2.3.4");
    assert_int_equal(request->extensions[4].value.len, 2);
    assert_true(request->has_key_usage && request->has_extended_key_usage && request->has_basic_constraints);
    // Octet 0x86: digitalSignature, keyCertSign, cRLSign.
    assert_int_equal(request->key_usage, 1 << 0 | 1 << 5 | 1 << 6);
    assert_int_equal(request->extended_key_usage_count, 2);
    assert_string_equal(request->extended_key_usage[0], "1.3.6.1.5.5.7.3.2");
    assert_true(request->asks_for_ca);
    assert_int_equal(request->path_len, 3);
    assert_true(request->has_san_extension);
    assert_int_equal(request->sans_count, 2);
    assert_string_equal(request->sans[0].text, "a.example");
    assert_string_equal(request->sans[1].text, "10.0.0.1");
    request_free(request);
}

static void reads_decipher_only_as_bit_8(void **state)
{
    (void)state;
    struct request *request = read_with_extensions("30{06{551d0f}04{03{070880}}}");
    assert_sound(request);
    assert_int_equal(request->key_usage, 1 << 4 | 1 << 8);
    request_free(request);
}

static void notes_a_challenge_password_and_keeps_no_copy_outside_the_der(void **state)
{
    (void)state;
    struct request *request = read_recipe(&(struct csr_recipe){
        .key = keys.ed25519, .attributes = "30{06{2a864886f70d010907}31{0c{'s3cret-phrase'}}}"});
    assert_sound(request);
    assert_true(request->has_challenge_password);
    assert_int_equal(request->extensions_count, 0);
    request_free(request);
}

static void takes_unknown_attributes_without_copying_them(void **state)
{
    (void)state;
    struct request *request = read_recipe(&(struct csr_recipe){
        .key = keys.ed25519, .attributes = "30{06{2b0601040182370d0203}31{16{'6.1.7601.2'}}}"});
    assert_sound(request);
    request_free(request);
}

static void refuses_a_request_whose_signature_fails(void **state)
{
    (void)state;
    refuses(&(struct csr_recipe){.key = keys.p256, .has_bad_signature = true}, "request.signature");
    refuses(&(struct csr_recipe){.key = keys.rsa, .has_bad_signature = true}, "request.signature");
    refuses(&(struct csr_recipe){.key = keys.ed25519, .has_bad_signature = true}, "request.signature");
}

static void refuses_a_signature_of_another_kind_than_the_key(void **state)
{
    (void)state;
    refuses(&(struct csr_recipe){.key = keys.p256, .algorithm = "30{06{2a864886f70d01010b}0500}"},
            "request.signature");
}

static void refuses_broken_and_unknown_signature_algorithms(void **state)
{
    (void)state;
    refuses(&(struct csr_recipe){.key = keys.rsa, .digest = "SHA1"}, "request.signature-algorithm");
    refuses(&(struct csr_recipe){.key = keys.rsa, .digest = "MD5"}, "request.signature-algorithm");
    refuses(&(struct csr_recipe){.key = keys.p256, .digest = "SHA1"}, "request.signature-algorithm");
}

static void refuses_what_is_not_der(void **state)
{
    (void)state;
    refuses(&(struct csr_recipe){.key = keys.p256, .trailing = "00"}, "request.der");
    refuses(&(struct csr_recipe){.key = keys.p256, .trailing = "30{0500}"}, "request.der");
    // A SET OF whose members are out of order: O before CN in one RDN, and two attributes.
    refuses(&(struct csr_recipe){.key = keys.p256,
                                 .subject = "30{31{30{06{55040a}0c{'Acme'}}30{06{550403}0c{'x'}}}}"},
            "request.der");
    refuses(&(struct csr_recipe){.key = keys.p256,
                                 .attributes = "30{06{2a0304}31{0c{'longer'}}}30{06{2a0305}31{0500}}"},
            "request.der");
    // BOOLEAN 01 is BER's true.
    refuses(&(struct csr_recipe){.key = keys.p256, .attributes = "30{06{2a0304}31{010101}}"}, "request.der");
    // INTEGER with a zero too many.
    refuses(&(struct csr_recipe){.key = keys.p256, .attributes = "30{06{2a0304}31{02020001}}"},
            "request.der");
    // Constructed OCTET STRING.
    refuses(&(struct csr_recipe){.key = keys.p256, .attributes = "30{06{2a0304}31{24{040101}}}"},
            "request.der");
    // A length that is longer than it must be: 81 02 for 02.
    refuses(&(struct csr_recipe){.key = keys.p256, .attributes = "30{06{2a0304}31{0481020102}}"},
            "request.der");
}

static void refuses_garbage_and_every_cut_of_a_request(void **state)
{
    struct builder der = BUILDER_INIT;
    (void)state;
    csr_make(&(struct csr_recipe){.key = keys.ed25519}, &der);
    for (size_t len = 0; len < der.len; len++) {
        struct request *request = csr_read(bytes_of(der.data, len));
        assert_refused(request, "request.der");
        assert_false(request->has_proof_of_possession);
        request_free(request);
    }
    builder_done(&der);
    struct request *request = csr_read(BYTES_LITERAL("\x30\x80nonsense"));
    assert_refused(request, "request.der");
    request_free(request);
}

static void refuses_a_changed_bit_anywhere(void **state)
{
    struct builder der = BUILDER_INIT;
    (void)state;
    csr_make(&(struct csr_recipe){.key = keys.ed25519}, &der);
    for (size_t bit = 0; bit < der.len * 8; bit++) {
        der.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
        struct request *request = csr_read(builder_bytes(&der));
        assert_true(request->problems.count > 0);
        assert_false(request->has_proof_of_possession && request->problems.count == 0);
        request_free(request);
        der.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    builder_done(&der);
}

static void refuses_another_version(void **state)
{
    (void)state;
    refuses(&(struct csr_recipe){.key = keys.p256, .version = "02{01}"}, "request.version");
    refuses(&(struct csr_recipe){.key = keys.p256, .version = "02{0100}"}, "request.version");
}

static void refuses_a_second_way_to_ask_for_extensions(void **state)
{
    (void)state;
#define ASK(value) "30{06{2a864886f70d01090e}31{" value "}}"
#define SAN_A "30{30{06{551d11}04{30{82{'a.example'}}}}}"
#define SAN_B "30{30{06{551d11}04{30{82{'b.example'}}}}}"
    refuses(&(struct csr_recipe){.key = keys.p256, .attributes = ASK(SAN_A) ASK(SAN_B)},
            "request.attributes");
    refuses(&(struct csr_recipe){.key = keys.p256, .attributes = ASK(SAN_A SAN_B)},
            "request.extension-request");
    refuses(
        &(struct csr_recipe){.key = keys.p256, .attributes = "30{06{2b0601040182370201 0e}31{" SAN_A "}}"},
        "request.extension-request");
    refuses(&(struct csr_recipe){.key = keys.p256, .attributes = "30{06{2a864886f70d01090e}31{}}"},
            "request.attributes");
}

/** Nobody may have to understand it; whether it is dropped or copied is the policy's to say. */
static void says_whether_an_unknown_extension_is_der(void **state)
{
    (void)state;
    char *attribute = csr_extension_request("30{06{2a0304}04{30}}30{06{2a0305}04{}}30{06{2a0306}04{3000}}");
    struct request *request = read_recipe(&(struct csr_recipe){.key = keys.p256, .attributes = attribute});
    free(attribute);
    assert_sound(request);
    assert_int_equal(request->extensions_count, 3);
    assert_false(request->extensions[0].is_der);
    assert_false(request->extensions[1].is_der);
    assert_true(request->extensions[2].is_der);
    request_free(request);
}

static void refuses_malformed_extensions(void **state)
{
    (void)state;
    refuses_extensions("30{06{2a0304}04{0500}}30{06{2a0304}04{0500}}", "request.extension"); // twice
    refuses_extensions("", "request.extension-request");                                     // none
    refuses_extensions("30{06{2a0304}01010004{0500}}", "request.extension-request"); // FALSE is not encoded
    refuses_extensions("30{06{2a0304}04{0500}0500}", "request.extension-request");
    refuses_extensions("30{06{551d0f}04{30}}", "request.key-usage"); // the value is not DER
    refuses_extensions("30{06{551d0f}04{}}", "request.key-usage");
    // A name whose value is BER (a constructed string) reads like any other, but is not DER.
    refuses_extensions("30{06{551d11}04{30{a0{06{2a0304}a0{2c{0c{'x'}}}}}}}", "request.extension");
}

static void refuses_malformed_key_usages(void **state)
{
    (void)state;
    refuses_extensions("30{06{551d0f}04{03{0080}}}", "request.key-usage");      // trailing zero bits
    refuses_extensions("30{06{551d0f}04{03{00}}}", "request.key-usage");        // no bit
    refuses_extensions("30{06{551d0f}04{03{060840}}}", "request.key-usage");    // a tenth bit
    refuses_extensions("30{06{551d0f}04{03{0780}0500}}", "request.key-usage");  // something follows
    refuses_extensions("30{06{551d25}04{30{}}}", "request.extended-key-usage"); // none
    refuses_extensions("30{06{551d25}04{30{0500}}}", "request.extended-key-usage");
}

static void refuses_malformed_basic_constraints(void **state)
{
    (void)state;
    refuses_extensions("30{06{551d13}04{30{010100}}}", "request.basic-constraints"); // FALSE is not encoded
    refuses_extensions("30{06{551d13}04{30{020100}}}", "request.basic-constraints"); // a length without a CA
    refuses_extensions("30{06{551d13}04{30{0101ff0201ff}}}", "request.basic-constraints");   // negative
    refuses_extensions("30{06{551d13}04{30{0101ff02020100}}}", "request.basic-constraints"); // 256
}

static void refuses_malformed_sans(void **state)
{
    (void)state;
    refuses_extensions("30{06{551d11}04{30{}}}", "request.san");
    refuses_extensions("30{06{551d11}04{30{82{'a'00'b'}}}}", "request.san");
    refuses_extensions("30{06{551d11}04{30{82{}}}}", "request.san");
    refuses_extensions("30{06{551d11}04{30{82{c3bc}}}}", "request.san");
    refuses_extensions("30{06{551d11}04{30{86{'spiffe://a b'}}}}", "request.san");
    refuses_extensions("30{06{551d11}04{30{87{0a0000}}}}", "request.san");
    refuses_extensions("30{06{551d11}04{30{89{00}}}}", "request.san");
    refuses_extensions("30{06{551d11}04{30{a2{0c{'a'}}}}}", "request.san");
    refuses_extensions("30{06{551d11}04{30{a0{06{2a0304}0c{'a'}}}}}", "request.san");
    refuses_extensions("30{06{551d11}04{30{a4{0c{'a'}}}}}", "request.san");
    refuses_extensions("30{06{551d11}04{30{88{80}}}}", "request.san");
}

static void refuses_malformed_subjects(void **state)
{
    (void)state;
    refuses(&(struct csr_recipe){.key = keys.p256, .subject = "30{31{}}"}, "request.subject");
    refuses(&(struct csr_recipe){.key = keys.p256, .subject = "30{30{06{550403}0c{'x'}}}"},
            "request.subject");
    refuses(&(struct csr_recipe){.key = keys.p256, .subject = "30{31{30{06{550403}0c{'a'00'b'}}}}"},
            "request.subject");
    refuses(&(struct csr_recipe){.key = keys.p256, .subject = "30{31{30{06{550403}0c{}}}}"},
            "request.subject");
    refuses(&(struct csr_recipe){.key = keys.p256, .subject = "30{31{30{06{550403}0c{ff}}}}"},
            "request.subject");
    refuses(&(struct csr_recipe){.key = keys.p256, .subject = "30{31{30{06{550403}13{'a*b'}}}}"},
            "request.subject");
    refuses(&(struct csr_recipe){.key = keys.p256, .subject = "30{31{30{06{550403}1e{d800}}}}"},
            "request.subject");
    refuses(&(struct csr_recipe){.key = keys.p256, .subject = "30{31{30{06{550403}0500}}}"},
            "request.subject");
}

static void collects_every_problem_at_once(void **state)
{
    char *attribute = csr_extension_request("30{06{551d11}04{30{87{0a}}}}");
    (void)state;
    struct request *request = read_recipe(&(struct csr_recipe){.key = keys.rsa,
                                                               .digest = "SHA1",
                                                               .version = "02{02}",
                                                               .subject = "30{31{30{06{550403}0c{00}}}}",
                                                               .attributes = attribute,
                                                               .trailing = "00"});
    static const char *const rules[] = {"request.version", "request.der", "request.subject", "request.san",
                                        "request.signature-algorithm"};
    for (size_t i = 0; i < ARRAY_LEN(rules); i++)
        assert_true(findings_has(&request->problems, rules[i]));
    assert_int_equal(request->problems.count, ARRAY_LEN(rules));
    request_free(request);
    free(attribute);
}

static void refuses_more_than_64_kib_unread(void **state)
{
    uint8_t *large = memory_new(REQUEST_MAX_FILE_LEN + 1, 1);
    (void)state;
    struct request *request = csr_read(bytes_of(large, REQUEST_MAX_FILE_LEN + 1));
    assert_refused(request, "request.size");
    assert_int_equal(request->der.len, 0);
    request_free(request);
    free(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_kind_of_key_and_signature),
        cmocka_unit_test(reads_what_is_asked_for),
        cmocka_unit_test(reads_decipher_only_as_bit_8),
        cmocka_unit_test(notes_a_challenge_password_and_keeps_no_copy_outside_the_der),
        cmocka_unit_test(takes_unknown_attributes_without_copying_them),
        cmocka_unit_test(refuses_a_request_whose_signature_fails),
        cmocka_unit_test(refuses_a_signature_of_another_kind_than_the_key),
        cmocka_unit_test(refuses_broken_and_unknown_signature_algorithms),
        cmocka_unit_test(refuses_what_is_not_der),
        cmocka_unit_test(refuses_garbage_and_every_cut_of_a_request),
        cmocka_unit_test(refuses_a_changed_bit_anywhere),
        cmocka_unit_test(refuses_another_version),
        cmocka_unit_test(refuses_a_second_way_to_ask_for_extensions),
        cmocka_unit_test(says_whether_an_unknown_extension_is_der),
        cmocka_unit_test(refuses_malformed_extensions),
        cmocka_unit_test(refuses_malformed_key_usages),
        cmocka_unit_test(refuses_malformed_basic_constraints),
        cmocka_unit_test(refuses_malformed_sans),
        cmocka_unit_test(refuses_malformed_subjects),
        cmocka_unit_test(collects_every_problem_at_once),
        cmocka_unit_test(refuses_more_than_64_kib_unread),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
