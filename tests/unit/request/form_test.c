/* SPDX-License-Identifier: Apache-2.0 */
/* The outer form of requests: what is taken as programs write it is noted, on both sides of the socket; what is refused has a name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/encode.h"
#include "base/memory.h"
#include "csr_maker.h"
#include "request/csr.h"

#include <stdlib.h>

static EVP_PKEY *p256;
static EVP_PKEY *rsa;
static EVP_PKEY *odd_rsa; /* a modulus of 1025 bits: one octet more than its encoded message has */

static int make_keys(void **state)
{
    (void)state;
    p256 = csr_key("P-256");
    rsa = csr_key("RSA-2048");
    odd_rsa = csr_key("RSA-1025");
    return 0;
}

static int free_keys(void **state)
{
    (void)state;
    EVP_PKEY_free(p256);
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(odd_rsa);
    return 0;
}

static struct request *read_recipe(const struct csr_recipe *recipe)
{
    struct builder der = BUILDER_INIT;
    csr_make(recipe, &der);
    struct request *request = csr_read(builder_bytes(&der));
    builder_done(&der);
    return request;
}

/** The request as it is after it has crossed the socket. */
static struct request *cross(const struct request *request)
{
    struct builder message = BUILDER_INIT;
    struct request *copy = NULL;
    struct error err = ERROR_INIT;
    csr_encode(request, &message);
    if (!csr_decode(builder_bytes(&message), &copy, &err))
        fail_msg("%s", err.text);
    builder_done(&message);
    return copy;
}

static void assert_note(const struct request *request, const char *rule, const char *source,
                        const char *words)
{
    assert_int_equal(request->problems.count, 0);
    assert_true(request->has_proof_of_possession);
    assert_int_equal(request->notes.count, 1);
    assert_string_equal(request->notes.items[0].rule, rule);
    assert_string_equal(request->notes.items[0].source, source);
    if (strstr(request->notes.items[0].text, words) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", request->notes.items[0].text, words);
}

/** Sound, with one note, which the receiver finds out by itself. */
static void takes(const struct csr_recipe *recipe, const char *rule, const char *source, const char *words)
{
    struct request *request = read_recipe(recipe);
    struct request *copy = cross(request);
    assert_note(request, rule, source, words);
    assert_note(copy, rule, source, words);
    request_free(copy);
    request_free(request);
}

static void refuses(const struct csr_recipe *recipe, const char *words)
{
    struct request *request = read_recipe(recipe);
    assert_int_equal(request->problems.count, 1);
    assert_string_equal(request->problems.items[0].rule, "request.signature-algorithm");
    if (strstr(request->problems.items[0].text, words) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", request->problems.items[0].text, words);
    assert_non_null(strstr(request->problems.items[0].remedy, "SHA-256"));
    request_free(request);
}

static void what_is_written_as_it_should_be_has_no_note(void **state)
{
    (void)state;
    const struct csr_recipe recipes[] = {{.key = p256}, {.key = rsa}, {.key = rsa, .is_pss = true}};
    for (size_t i = 0; i < ARRAY_LEN(recipes); i++) {
        struct request *request = read_recipe(&recipes[i]);
        assert_int_equal(request->problems.count, 0);
        assert_int_equal(request->notes.count, 0);
        request_free(request);
    }
}

static void takes_rsa_without_null(void **state)
{
    static const char *const cases[][3] = {{"SHA2-256", "0b", "RSA with SHA-256"},
                                           {"SHA2-384", "0c", "RSA with SHA-384"},
                                           {"SHA2-512", "0d", "RSA with SHA-512"}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *algorithm = memory_format("30{06{2a864886f70d0101%s}}", cases[i][1]);
        takes(&(struct csr_recipe){.key = rsa, .digest = cases[i][0], .algorithm = algorithm},
              "request.signature-algorithm", "RFC 4055 5", cases[i][2]);
        free(algorithm);
    }
}

static void takes_ecdsa_with_null(void **state)
{
    static const char *const cases[][2] = {{"SHA2-256", "02"}, {"SHA2-384", "03"}, {"SHA2-512", "04"}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *algorithm = memory_format("30{06{2a8648ce3d0403%s}0500}", cases[i][1]);
        takes(&(struct csr_recipe){.key = p256, .digest = cases[i][0], .algorithm = algorithm},
              "request.signature-algorithm", "RFC 5758 3.2", "NULL");
        free(algorithm);
    }
}

static void takes_a_missing_attributes_field(void **state)
{
    (void)state;
    takes(&(struct csr_recipe){.key = p256, .has_no_attributes = true}, "request.attributes", "RFC 2986 4.1",
          "no attributes field");
}

static void takes_every_liberty_at_once(void **state)
{
    (void)state;
    struct request *request = read_recipe(&(struct csr_recipe){
        .key = p256, .has_no_attributes = true, .algorithm = "30{06{2a8648ce3d040302}0500}"});
    assert_int_equal(request->problems.count, 0);
    assert_int_equal(request->notes.count, 2);
    request_free(request);
}

/** Up to emLen - hLen - 2 (RFC 8017 9.1.1), emLen being an octet less than the modulus where that begins a new octet. */
static void takes_any_salt_up_to_the_maximum(void **state)
{
    static const struct {
        EVP_PKEY **key;
        const char *digest;
        int salt_len;
    } cases[] = {{&rsa, "SHA2-256", 0},     {&rsa, "SHA2-256", 20},  {&rsa, "SHA2-256", 33},
                 {&rsa, "SHA2-256", 222},   {&rsa, "SHA2-384", 206}, {&rsa, "SHA2-512", 190},
                 {&odd_rsa, "SHA2-256", 94}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *words = memory_format("a salt of %d bytes", cases[i].salt_len);
        takes(&(struct csr_recipe){.key = *cases[i].key,
                                   .digest = cases[i].digest,
                                   .is_pss = true,
                                   .has_salt_len = true,
                                   .salt_len = cases[i].salt_len},
              "request.signature-algorithm", "RFC 4055 3.1", words);
        free(words);
    }
}

#define PSS "06{2a864886f70d01010a}"
#define MGF1 "06{2a864886f70d010108}"
#define SHA1 "06{2b0e03021a}"
#define SHA256 "06{608648016503040201}"
#define SHA224 "06{608648016503040204}"

static void takes_pss_hashes_without_null(void **state)
{
    (void)state;
    takes(&(struct csr_recipe){.key = rsa,
                               .is_pss = true,
                               .algorithm = "30{" PSS "30{a0{30{" SHA256 "}}a1{30{" MGF1 "30{" SHA256
                                            "}}}a2{020120}}}"},
          "request.signature-algorithm", "RFC 4055 2.1", "without NULL");
}

/** Botan writes it, against DER but as "implementations MUST recognize" (RFC 4055 3.1). */
static void takes_a_pss_trailer_that_is_written_out(void **state)
{
    (void)state;
    takes(&(struct csr_recipe){.key = rsa,
                               .is_pss = true,
                               .algorithm = "30{" PSS "30{a0{30{" SHA256 "0500}}a1{30{" MGF1 "30{" SHA256
                                            "0500}}}a2{020120}a3{020101}}}"},
          "request.signature-algorithm", "RFC 4055 3.1", "trailer field written out");
}

/** The length that is written is the one that counts. */
static void a_salt_of_another_length_than_written_proves_nothing(void **state)
{
    (void)state;
    struct request *request = read_recipe(&(struct csr_recipe){
        .key = rsa,
        .is_pss = true,
        .algorithm = "30{" PSS "30{a0{30{" SHA256 "0500}}a1{30{" MGF1 "30{" SHA256 "0500}}}a2{020121}}}"});
    assert_false(request->has_proof_of_possession);
    assert_true(findings_has(&request->problems, "request.signature"));
    request_free(request);
}

static void names_what_it_refuses(void **state)
{
    (void)state;
    refuses(&(struct csr_recipe){.key = rsa, .digest = "SHA1"},
            "RSA with SHA-1 (1.2.840.113549.1.1.5), which is broken");
    refuses(&(struct csr_recipe){.key = rsa, .digest = "MD5"},
            "RSA with MD5 (1.2.840.113549.1.1.4), which is broken");
    refuses(&(struct csr_recipe){.key = p256, .digest = "SHA1"},
            "ECDSA with SHA-1 (1.2.840.10045.4.1), which is broken");
    refuses(&(struct csr_recipe){.key = p256, .digest = "SHA2-224"}, "ECDSA with SHA-224");
    refuses(&(struct csr_recipe){.key = rsa, .digest = "SHA3-256"}, "RSA with SHA3-256");
    refuses(&(struct csr_recipe){.key = p256, .algorithm = "30{06{2b6570}0500}"}, "RFC 8410 3");
    refuses(&(struct csr_recipe){.key = p256, .algorithm = "30{06{2a8648ce3d040302}06{2a8648ce3d030107}}"},
            "ECDSA with SHA-256 (1.2.840.10045.4.3.2) with parameters, which must be absent (RFC 5758 3.2)");
    refuses(&(struct csr_recipe){.key = rsa, .algorithm = "30{06{2a864886f70d01010b}30{}}"},
            "RSA with SHA-256 (1.2.840.113549.1.1.11) with other parameters than NULL (RFC 4055 5)");
    refuses(&(struct csr_recipe){.key = p256, .algorithm = "30{06{2a0304}}"}, "1.2.3.4");
    refuses(&(struct csr_recipe){.key = p256, .algorithm = "30{}"}, "malformed");
}

static void names_what_is_wrong_with_pss(void **state)
{
    static const char *const cases[][2] = {
        {"", "RSASSA-PSS (1.2.840.113549.1.1.10) without its parameters"},
        {"30{}", "with SHA-1, which is broken"},
        {"30{a0{30{" SHA1 "0500}}}", "with SHA-1 (1.3.14.3.2.26)"},
        {"30{a0{30{" SHA224 "0500}}}", "with SHA-224 (2.16.840.1.101.3.4.2.4)"},
        {"30{a0{30{" SHA256 "0500}}}", "with another mask than MGF1 over the hash it signs"},
        {"30{a0{30{" SHA256 "0500}}a1{30{" MGF1 "30{" SHA1 "0500}}}}", "with another mask than MGF1"},
        {"30{a0{30{" SHA256 "0500}}a1{30{" PSS "30{" SHA256 "0500}}}}", "with another mask than MGF1"},
        {"30{a0{30{" SHA256 "30{}}}a1{30{" MGF1 "30{" SHA256 "0500}}}}", "with malformed parameters"},
        {"30{a0{30{" SHA256 "}}a1{30{" MGF1 "30{" SHA256 "}}}a3{020102}}", "with malformed parameters"},
        {"30{a0{30{" SHA256 "}}a1{30{" MGF1 "30{" SHA256 "}}}a2{020180}}", "with malformed parameters"},
        {"30{a0{30{" SHA256 "}}a1{30{" MGF1 "30{" SHA256 "}}}a2{0203010000}}", "with malformed parameters"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *algorithm = memory_format("30{" PSS "%s}", cases[i][0]);
        refuses(&(struct csr_recipe){.key = rsa, .algorithm = algorithm}, cases[i][1]);
        free(algorithm);
    }
}

static void a_reader_can_not_say_another_algorithm(void **state)
{
    struct builder message = BUILDER_INIT;
    struct request *copy = NULL;
    struct error err = ERROR_INIT;
    (void)state;
    struct request *request = read_recipe(&(struct csr_recipe){.key = p256});
    request->signature_kind = SIGNATURE_ECDSA_SHA512;
    csr_encode(request, &message);
    assert_false(csr_decode(builder_bytes(&message), &copy, &err));
    assert_non_null(strstr(err.text, "another algorithm"));
    request_free(request);
    builder_done(&message);
}

/* ---- no request at all ---- */

static void names(struct bytes input, const char *words)
{
    struct request **requests = NULL;
    size_t count = 0;
    csr_read_all(input, &requests, &count);
    assert_int_equal(count, 1);
    assert_int_equal(requests[0]->problems.count, 1);
    if (strstr(requests[0]->problems.items[0].text, words) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", requests[0]->problems.items[0].text, words);
    request_free(requests[0]);
    free(requests);
}

/** Each character as `width` octets, the significant one at `at`. */
static void widen(struct bytes text, const char *mark, size_t mark_len, size_t width, size_t at,
                  struct builder *ret_wide)
{
    builder_add(ret_wide, mark, mark_len);
    for (size_t i = 0; i < text.len; i++) {
        for (size_t j = 0; j < width; j++)
            builder_add_u8(ret_wide, j == at ? text.data[i] : 0);
    }
}

static void wide_text_is_named(struct bytes pem)
{
    static const struct {
        const char *mark;
        size_t mark_len;
        size_t width;
        size_t at;
        const char *words;
    } cases[] = {{"\xff\xfe", 2, 2, 0, "UTF-16"},
                 {"\xfe\xff", 2, 2, 1, "UTF-16"},
                 {"", 0, 2, 0, "UTF-16"},
                 {"", 0, 2, 1, "UTF-16"},
                 {"\xff\xfe\0\0", 4, 4, 0, "UTF-32"},
                 {"\0\0\xfe\xff", 4, 4, 3, "UTF-32"}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(builder_done) struct builder wide = BUILDER_INIT;
        widen(pem, cases[i].mark, cases[i].mark_len, cases[i].width, cases[i].at, &wide);
        names(builder_bytes(&wide), cases[i].words);
    }
}

/** Puts something before each line. */
static void prefix(struct bytes pem, const char *text, struct builder *ret_lines)
{
    for (size_t i = 0; i < pem.len; i++) {
        if (i == 0 || pem.data[i - 1] == '\n')
            builder_add_text(ret_lines, text);
        builder_add_u8(ret_lines, pem.data[i]);
    }
}

static void names_assembled(const char *text, const char *words)
{
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    der_assemble(text, &der);
    names(builder_bytes(&der), words);
}

static void names_what_is_no_request(void **state)
{
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(builder_done) struct builder pem = BUILDER_INIT;
    AUTO(builder_done) struct builder bare = BUILDER_INIT;
    AUTO(builder_done) struct builder blanks = BUILDER_INIT;
    AUTO(builder_done) struct builder quoted_mail = BUILDER_INIT;
    AUTO(builder_done) struct builder one_dash_less = BUILDER_INIT;
    AUTO(builder_done) struct builder certificate = BUILDER_INIT;
    AUTO(builder_done) struct builder message = BUILDER_INIT;
    (void)state;
    csr_make(&(struct csr_recipe){.key = p256}, &der);
    encode_pem("CERTIFICATE REQUEST", builder_bytes(&der), &pem);
    wide_text_is_named(builder_bytes(&pem));
    encode_base64(builder_bytes(&der), &bare);
    names(builder_bytes(&bare), "bare base64");
    builder_add_text(&bare, "\r\n");
    names(builder_bytes(&bare), "bare base64");
    prefix(builder_bytes(&pem), "\t  ", &blanks);
    names(builder_bytes(&blanks), "indented");
    prefix(builder_bytes(&pem), "> ", &quoted_mail);
    names(builder_bytes(&quoted_mail), "something stands before BEGIN");
    builder_add_bytes(&one_dash_less, bytes_slice(builder_bytes(&pem), 1, pem.len));
    names(builder_bytes(&one_dash_less), "five dashes");
    // Each long enough to look like DER: a certificate begins with its version, a message with what it is (RFC 5652 3).
    builder_add_text(&certificate, "30{30{a0{020102}020105}04{");
    builder_add_text(&message, "30{06{2a864886f70d010702}a0{04{");
    for (int i = 0; i < 150; i++) {
        builder_add_text(&certificate, "00");
        builder_add_text(&message, "00");
    }
    builder_add_text(&certificate, "}}");
    builder_add_text(&message, "}}}");
    names_assembled(builder_text(&certificate), "a certificate, not");
    names_assembled(builder_text(&message), "PKCS#7");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_as_it_should_be_has_no_note),
        cmocka_unit_test(takes_rsa_without_null),
        cmocka_unit_test(takes_ecdsa_with_null),
        cmocka_unit_test(takes_a_missing_attributes_field),
        cmocka_unit_test(takes_every_liberty_at_once),
        cmocka_unit_test(takes_any_salt_up_to_the_maximum),
        cmocka_unit_test(takes_pss_hashes_without_null),
        cmocka_unit_test(takes_a_pss_trailer_that_is_written_out),
        cmocka_unit_test(a_salt_of_another_length_than_written_proves_nothing),
        cmocka_unit_test(names_what_it_refuses),
        cmocka_unit_test(names_what_is_wrong_with_pss),
        cmocka_unit_test(a_reader_can_not_say_another_algorithm),
        cmocka_unit_test(names_what_is_no_request),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
