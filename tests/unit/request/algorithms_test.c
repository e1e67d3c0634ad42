/* SPDX-License-Identifier: Apache-2.0 */
/* Algorithms that requests are signed with: which are taken, how they are noted, and why the others are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "csr_maker.h"
#include "request/algorithm_names.h"
#include "request/csr_form.h"

#define PSS "06{2a864886f70d01010a}"
#define MGF1 "06{2a864886f70d010108}"
#define SHA1 "06{2b0e03021a}"
#define SHA256 "06{608648016503040201}"
#define SHA384 "06{608648016503040202}"
#define SHA512 "06{608648016503040203}"
#define SHA224 "06{608648016503040204}"

#define HASHES(hash) "a0{30{" hash "0500}}a1{30{" MGF1 "30{" hash "0500}}}"
#define PSS_OF(parameters) "30{" PSS "30{" parameters "}}"

/** A kind that is taken, with the length of its salt; and the note, if there is one. */
static void what_is_taken(void **state)
{
    static const struct {
        const char *algorithm;
        enum signature_kind kind;
        size_t salt_len;
        const char *note;
        const char *source;
    } cases[] = {
        {"30{06{2a864886f70d01010b}0500}", SIGNATURE_RSA_SHA256, 32, "", NULL},
        {"30{06{2a864886f70d01010d}0500}", SIGNATURE_RSA_SHA512, 64, "", NULL},
        {"30{06{2a864886f70d01010b}}", SIGNATURE_RSA_SHA256, 32,
         "RSA with SHA-256 is written without its NULL parameters (RFC 4055 5)", "RFC 4055 5"},
        {"30{06{2a864886f70d01010c}}", SIGNATURE_RSA_SHA384, 48,
         "RSA with SHA-384 is written without its NULL parameters (RFC 4055 5)", "RFC 4055 5"},
        {"30{06{2a8648ce3d040302}}", SIGNATURE_ECDSA_SHA256, 32, "", NULL},
        {"30{06{2a8648ce3d040304}0500}", SIGNATURE_ECDSA_SHA512, 64,
         "ECDSA with SHA-512 is written with NULL parameters; there should be none (RFC 5758 3.2)",
         "RFC 5758 3.2"},
        {"30{06{2b6570}}", SIGNATURE_ED25519, 0, "", NULL},
        {PSS_OF(HASHES(SHA256) "a2{020120}"), SIGNATURE_PSS_SHA256, 32, "", NULL},
        {PSS_OF(HASHES(SHA384) "a2{020130}"), SIGNATURE_PSS_SHA384, 48, "", NULL},
        {PSS_OF(HASHES(SHA512) "a2{020140}"), SIGNATURE_PSS_SHA512, 64, "", NULL},
        {PSS_OF(HASHES(SHA256)), SIGNATURE_PSS_SHA256, 20,
         "RSASSA-PSS with a salt of 20 bytes (usual: 32, as long as the hash)", "RFC 4055 3.1"},
        {PSS_OF(HASHES(SHA384) "a2{020100}"), SIGNATURE_PSS_SHA384, 0,
         "RSASSA-PSS with a salt of 0 bytes (usual: 48, as long as the hash)", "RFC 4055 3.1"},
        {PSS_OF(HASHES(SHA512) "a2{02020102}"), SIGNATURE_PSS_SHA512, 258,
         "RSASSA-PSS with a salt of 258 bytes (usual: 64, as long as the hash)", "RFC 4055 3.1"},
        {PSS_OF(HASHES(SHA256) "a2{020120}a3{020101}"), SIGNATURE_PSS_SHA256, 32,
         "RSASSA-PSS, its trailer field written out", "RFC 4055 3.1"},
        {PSS_OF("a0{30{" SHA256 "}}a1{30{" MGF1 "30{" SHA256 "}}}a2{020120}"), SIGNATURE_PSS_SHA256, 32,
         "RSASSA-PSS, its hashes written without NULL", "RFC 4055 2.1"},
        {PSS_OF("a0{30{" SHA256 "0500}}a1{30{" MGF1 "30{" SHA256 "}}}a2{020120}"), SIGNATURE_PSS_SHA256, 32,
         "RSASSA-PSS, its hashes written without NULL", "RFC 4055 2.1"},
        {PSS_OF("a0{30{" SHA256 "}}a1{30{" MGF1 "30{" SHA256 "0500}}}a2{020120}"), SIGNATURE_PSS_SHA256, 32,
         "RSASSA-PSS, its hashes written without NULL", "RFC 4055 2.1"},
        {PSS_OF("a0{30{" SHA256 "}}a1{30{" MGF1 "30{" SHA256 "}}}a2{020120}a3{020101}"), SIGNATURE_PSS_SHA256,
         32, "RSASSA-PSS, its hashes written without NULL, its trailer field written out", "RFC 4055 3.1"},
        {PSS_OF("a0{30{" SHA256 "}}a1{30{" MGF1 "30{" SHA256 "}}}"), SIGNATURE_PSS_SHA256, 20,
         "RSASSA-PSS with a salt of 20 bytes (usual: 32, as long as the hash), its hashes written without "
         "NULL",
         "RFC 4055 3.1"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(builder_done) struct builder der = BUILDER_INIT;
        struct csr_signature signature;
        der_assemble(cases[i].algorithm, &der);
        csr_read_signature(builder_bytes(&der), &signature);
        assert_string_equal(signature.fault, "");
        assert_int_equal(signature.kind, cases[i].kind);
        if (signature_is_pss(signature.kind))
            assert_int_equal(signature.salt_len, cases[i].salt_len);
        assert_string_equal(signature.note, cases[i].note);
        if (cases[i].source != NULL)
            assert_string_equal(signature.source, cases[i].source);
    }
}

static void what_is_not_taken(void **state)
{
#define NAMED "RSASSA-PSS (1.2.840.113549.1.1.10)"
#define BAD_FORM NAMED " with malformed parameters (RFC 4055 3.1)"
#define BAD_MASK NAMED " with another mask than MGF1 over the hash it signs"
    static const char *const cases[][2] = {
        {"", "malformed"},
        {"30{}", "malformed"},
        {"31{06{2b6570}}", "malformed"},
        {"30{04{2b6570}}", "malformed"},
        {"30{06{2b80}}", "malformed"},
        {"30{06{2a03}}", "1.2.3"},
        {"30{06{2a864886f70d010105}0500}", "RSA with SHA-1 (1.2.840.113549.1.1.5), which is broken"},
        {"30{06{2a864886f70d01010e}0500}", "RSA with SHA-224 (1.2.840.113549.1.1.14)"},
        {"30{06{2b6570}0500}", "Ed25519 (1.3.101.112) with parameters, which must be absent (RFC 8410 3)"},
        {"30{06{2a864886f70d01010b}05000500}",
         "RSA with SHA-256 (1.2.840.113549.1.1.11) with other parameters than NULL (RFC 4055 5)"},
        {"30{06{2a864886f70d01010b}0400}",
         "RSA with SHA-256 (1.2.840.113549.1.1.11) with other parameters than NULL (RFC 4055 5)"},
        {"30{06{2a8648ce3d040302}0400}",
         "ECDSA with SHA-256 (1.2.840.10045.4.3.2) with parameters, which must be absent (RFC 5758 3.2)"},
        {"30{06{2a8648ce3d040302}05{00}}",
         "ECDSA with SHA-256 (1.2.840.10045.4.3.2) with parameters, which must be absent (RFC 5758 3.2)"},
        {"30{06{2a8648ce3d040302}05000500}",
         "ECDSA with SHA-256 (1.2.840.10045.4.3.2) with parameters, which must be absent (RFC 5758 3.2)"},
        {"30{" PSS "}", NAMED " without its parameters (RFC 4055 3.1)"},
        {"30{" PSS "0500}", NAMED " without its parameters (RFC 4055 3.1)"},
        {"30{" PSS "30{" HASHES(SHA256) "}0500}", NAMED " without its parameters (RFC 4055 3.1)"},
        {PSS_OF(""), NAMED " with SHA-1, which is broken"},
        {PSS_OF("a1{30{" MGF1 "30{" SHA256 "0500}}}"), NAMED " with SHA-1, which is broken"},
        {PSS_OF("a0{}"), BAD_FORM},
        {PSS_OF("a0{30{" SHA256 "0500}0500}a1{30{" MGF1 "30{" SHA256 "0500}}}"), BAD_FORM},
        {PSS_OF(HASHES(SHA1)), NAMED " with SHA-1 (1.3.14.3.2.26)"},
        {PSS_OF(HASHES(SHA224)), NAMED " with SHA-224 (2.16.840.1.101.3.4.2.4)"},
        {PSS_OF("a0{30{" SHA256 "0500}}"), BAD_MASK},
        {PSS_OF("a0{30{" SHA256 "0500}}a1{}"), BAD_MASK},
        {PSS_OF("a0{30{" SHA256 "0500}}a1{30{" PSS "30{" SHA256 "0500}}}"), BAD_MASK},
        {PSS_OF("a0{30{" SHA256 "0500}}a1{30{" MGF1 "}}"), BAD_MASK},
        {PSS_OF("a0{30{" SHA256 "0500}}a1{30{" MGF1 "30{" SHA384 "0500}}}"), BAD_MASK},
        {PSS_OF("a0{30{" SHA256 "0500}}a1{30{" MGF1 "30{" SHA256 "0500}0500}}"), BAD_MASK},
        {PSS_OF("a0{30{" SHA256 "0500}}a1{30{" MGF1 "30{" SHA256 "0500}}0500}"), BAD_MASK},
        {PSS_OF("a0{30{" SHA256 "0400}}a1{30{" MGF1 "30{" SHA256 "0500}}}"), BAD_FORM},
        {PSS_OF("a0{30{" SHA256 "0500}}a1{30{" MGF1 "30{" SHA256 "0400}}}"), BAD_FORM},
        {PSS_OF(HASHES(SHA256) "a2{}"), BAD_FORM},
        {PSS_OF(HASHES(SHA256) "a2{020180}"), BAD_FORM},
        {PSS_OF(HASHES(SHA256) "a2{040120}"), BAD_FORM},
        {PSS_OF(HASHES(SHA256) "a2{0201200500}"), BAD_FORM},
        {PSS_OF(HASHES(SHA256) "a2{0203010000}"), BAD_FORM},
        {PSS_OF(HASHES(SHA256) "a3{}"), BAD_FORM},
        {PSS_OF(HASHES(SHA256) "a3{020102}"), BAD_FORM},
        {PSS_OF(HASHES(SHA256) "a3{02020101}"), BAD_FORM},
        {PSS_OF(HASHES(SHA256) "a3{0201010500}"), BAD_FORM},
        {PSS_OF(HASHES(SHA256) "a2{020120}a2{020120}"), BAD_FORM},
        {PSS_OF(HASHES(SHA256) "a2{020120}0500"), BAD_FORM},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(builder_done) struct builder der = BUILDER_INIT;
        struct csr_signature signature;
        der_assemble(cases[i][0], &der);
        csr_read_signature(builder_bytes(&der), &signature);
        assert_int_equal(signature.kind, SIGNATURE_OTHER);
        assert_string_equal(signature.fault, cases[i][1]);
        assert_string_equal(signature.note, "");
    }
}

static void outlines_have_one_form(void **state)
{
#define END "30{06{2b6570}}03{00aabb}"
    static const struct {
        const char *text;
        bool is_outline;
        bool has_attributes;
        size_t trailing;
    } cases[] = {
        {"30{30{020100 30{0500} 30{} a0{0500}}" END "}", true, true, 0},
        {"30{30{020100 30{0500} 30{} a0{}}" END "}", true, true, 0},
        {"30{30{020100 30{0500} 30{}}" END "}", true, false, 0},
        {"30{30{020100 30{0500} 30{}}" END "}0500", true, false, 2},
        {"30{30{020100 30{0500} 30{}}" END "0500}", false, false, 0},
        {"30{30{020100 30{0500} 30{} a1{0500}}" END "}", false, false, 0},
        {"30{30{020100 30{0500} 30{} a0{0500}0500}" END "}", false, false, 0},
        {"30{30{020100 31{0500} 30{} a0{0500}}" END "}", false, false, 0},
        {"30{30{020100 30{0500} 31{} a0{0500}}" END "}", false, false, 0},
        {"30{30{030100 30{0500} 30{} a0{0500}}" END "}", false, false, 0},
        {"30{31{020100 30{0500} 30{} a0{0500}}" END "}", false, false, 0},
        {"31{30{020100 30{0500} 30{} a0{0500}}" END "}", false, false, 0},
        {"30{30{020100 30{0500} 30{}00}" END "}", false, false, 0},
        {"30{30{020100 30{0500}}" END "}", false, false, 0},
        {"30{30{020100}" END "}", false, false, 0},
        {"30{30{}" END "}", false, false, 0},
        {"30{30{020100 30{0500} 30{} a0{0500}}31{06{2b6570}}03{00aabb}}", false, false, 0},
        {"30{30{020100 30{0500} 30{} a0{0500}}30{06{2b6570}}04{00aabb}}", false, false, 0},
        {"30{30{020100 30{0500} 30{} a0{0500}}30{06{2b6570}}03{01aabb}}", false, false, 0},
        {"30{30{020100 30{0500} 30{} a0{0500}}30{06{2b6570}}}", false, false, 0},
        {"", false, false, 0},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(builder_done) struct builder der = BUILDER_INIT;
        struct csr_outline outline = {.trailing = 0};
        der_assemble(cases[i].text, &der);
        if (csr_take_outline(builder_bytes(&der), &outline) != cases[i].is_outline)
            fail_msg("%s", cases[i].text);
        if (!cases[i].is_outline)
            continue;
        assert_int_equal(outline.has_attributes, cases[i].has_attributes);
        assert_int_equal(outline.trailing, cases[i].trailing);
        assert_true(bytes_equal(outline.version, BYTES_LITERAL("\0")));
        assert_true(bytes_equal(outline.subject, BYTES_LITERAL("\x30\2\5\0")));
        assert_true(bytes_equal(outline.name, BYTES_LITERAL("\5\0")));
        assert_true(bytes_equal(outline.spki, BYTES_LITERAL("\x30\0")));
        assert_true(bytes_equal(outline.algorithm, BYTES_LITERAL("\x30\5\6\3\x2b\x65\x70")));
        assert_true(bytes_equal(outline.signature, BYTES_LITERAL("\xaa\xbb")));
        assert_ptr_equal(outline.info.data, der.data + 2);
        assert_int_equal(outline.info.len, der.len - outline.trailing - 2 - 7 - 5);
    }
}

static void names_know_what_is_broken(void **state)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    (void)state;
    assert_string_equal(algorithm_name_of_oid("1.2.840.113549.1.1.2"), "RSA with MD2");
    assert_string_equal(algorithm_name_of_oid("2.16.840.1.101.3.4.2.4"), "SHA-224");
    assert_null(algorithm_name_of_oid("1.2.3"));
    assert_true(algorithm_is_broken("1.2.840.113549.1.1.2"));
    assert_false(algorithm_is_broken("2.16.840.1.101.3.4.2.4"));
    assert_false(algorithm_is_broken("1.2.3"));
    algorithm_describe("1.3.101.112", &text);
    builder_add_text(&text, ", ");
    algorithm_describe("1.2.3", &text);
    assert_string_equal(builder_text(&text), "Ed25519 (1.3.101.112), 1.2.3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_taken),
        cmocka_unit_test(what_is_not_taken),
        cmocka_unit_test(outlines_have_one_form),
        cmocka_unit_test(names_know_what_is_broken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
