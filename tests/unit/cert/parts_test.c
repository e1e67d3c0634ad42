/* SPDX-License-Identifier: Apache-2.0 */
/* A certificate taken apart: of each part, what is one and what is none; what is none is told by its name and leaves nothing behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "csr_maker.h"
#include "raw_cert.h"

#include "base/der.h"
#include "base/encode.h"
#include "base/memory.h"
#include "cert/parts.h"

#include <string.h>

#define EXTENSIONS "a3{30{" RAW_USAGE "}}"

/** A TBSCertificate with one field changed. */
struct changed {
    const char *words; /**< of the refusal; NULL: it is read */
    struct raw_cert raw;
};

static const struct changed cases[] = {
    {.words = NULL},
    {NULL, {.version = "", .extensions = ""}},
    {NULL, {.version = "a0{02{01}}", .extensions = ""}},
    {NULL, {.extensions = ""}},
    {NULL, {.serial = "02{80}"}}, // a negative one is lint's
    {"no exact DER (RFC 5280 4.1)", {.behind = "0500"}},
    {"no exact DER (RFC 5280 4.1)", {.tag = DER_SET}},
    {"version (RFC 5280 4.1.2.1)", {.version = "a0{02{00}}"}},
    {"version (RFC 5280 4.1.2.1)", {.version = "a0{02{03}}", .extensions = ""}},
    {"version (RFC 5280 4.1.2.1)", {.version = "a0{02{0102}}"}},
    {"version (RFC 5280 4.1.2.1)", {.version = "a0{02{02}0500}"}},
    {"version (RFC 5280 4.1.2.1)", {.version = "a0{0500}"}},
    {"version (RFC 5280 4.1.2.1)", {.version = "a0{}"}},
    {"serialNumber (RFC 5280 4.1.2.2)", {.serial = "02{}"}},
    {"serialNumber (RFC 5280 4.1.2.2)", {.serial = "0a{05}"}},
    {"serialNumber (RFC 5280 4.1.2.2)", {.serial = ""}},
    {"signature (RFC 5280 4.1.2.3)", {.algorithm = "31{}"}},
    {"issuer (RFC 5280 4.1.2.4)", {.issuer = "31{}"}},
    {"validity (RFC 5280 4.1.2.5)", {.validity = "31{}"}},
    {"validity (RFC 5280 4.1.2.5)", {.validity = "30{" RAW_UTC("270101000000") "}"}},
    {"validity (RFC 5280 4.1.2.5)", {.validity = "30{0500" RAW_UTC("270101000000") "}"}},
    {"validity (RFC 5280 4.1.2.5)", {.validity = "30{" RAW_UTC("270101000000") "0500}"}},
    {"validity (RFC 5280 4.1.2.5)",
     {.validity = "30{" RAW_UTC("270101000000") RAW_UTC("270101000000") "0500}"}},
    {"subject (RFC 5280 4.1.2.6)", {.subject = "31{}"}},
    {"subjectPublicKeyInfo (RFC 5280 4.1.2.7)", {.spki = "31{}"}},
    {"unique identifiers or extensions (RFC 5280 4.1.2.8, 4.1.2.9)", {.extensions = "a3{30{}}"}},
    {"unique identifiers or extensions (RFC 5280 4.1.2.8, 4.1.2.9)", {.extensions = "a3{31{" RAW_USAGE "}}"}},
    {"unique identifiers or extensions (RFC 5280 4.1.2.8, 4.1.2.9)",
     {.extensions = "a3{30{" RAW_USAGE "}0500}"}},
    {"unique identifiers or extensions (RFC 5280 4.1.2.8, 4.1.2.9)", {.extensions = EXTENSIONS "0500"}},
    {"unique identifiers or extensions (RFC 5280 4.1.2.8, 4.1.2.9)", {.extensions = "81{00}" EXTENSIONS}},
    {"unique identifiers or extensions (RFC 5280 4.1.2.8, 4.1.2.9)", {.version = ""}},
    {"unique identifiers or extensions (RFC 5280 4.1.2.8, 4.1.2.9)", {.version = "a0{02{01}}"}},
};

static void assert_told(const struct error *err, const char *words)
{
    AUTO(free) char *wanted = memory_format("not a certificate: %s", words);
    assert_int_equal(err->kind, ERROR_INPUT);
    assert_string_equal(err->text, wanted);
}

static void each_field_is_read_or_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err = ERROR_INIT;
        struct cert_parts parts = {.not_before = 77};
        AUTO(builder_done) struct builder tbs = BUILDER_INIT;
        print_message("%zu\n", i);
        raw_cert_tbs(&cases[i].raw, &tbs);
        assert_int_equal(parts_read_tbs(builder_bytes(&tbs), &parts, &err), cases[i].words == NULL);
        if (cases[i].words != NULL) {
            assert_told(&err, cases[i].words);
            assert_int_equal(parts.not_before, 77); // untouched
            continue;
        }
        assert_int_equal(parts.is_v3, cases[i].raw.version == NULL);
        assert_true(bytes_equal(parts.tbs, builder_bytes(&tbs)));
        assert_int_equal(parts.extensions.len > 0, cases[i].raw.extensions == NULL);
    }
}

static void assert_hex(struct bytes found, const char *text)
{
    AUTO(builder_done) struct builder wanted = BUILDER_INIT;
    der_assemble(text, &wanted);
    assert_true(bytes_equal(found, builder_bytes(&wanted)));
}

static void each_field_is_that_field(void **state)
{
    struct error err = ERROR_INIT;
    struct cert_parts parts;
    struct bytes spki;
    enum signature_kind kind = SIGNATURE_OTHER;
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    (void)state;
    raw_cert_tbs(&cases[0].raw, &tbs);
    assert_true(parts_read_tbs(builder_bytes(&tbs), &parts, &err));
    assert_hex(parts.serial, "05");
    assert_hex(parts.algorithm, RAW_ALGORITHM);
    assert_hex(parts.issuer, RAW_NAME("I"));
    assert_hex(parts.subject, RAW_NAME("S"));
    assert_hex(parts.spki, RAW_SPKI);
    assert_hex(parts.extensions, RAW_USAGE);
    assert_int_equal(parts.not_before, 1767225600);
    assert_int_equal(parts.not_after, 1767225600 + 365 * 86400);
    assert_int_equal(parts.outer_algorithm.len + parts.signature.len, 0);
    assert_true(cert_tbs_spki(builder_bytes(&tbs), &spki, &err));
    assert_hex(spki, RAW_SPKI);
    assert_true(cert_tbs_signature_kind(builder_bytes(&tbs), &kind, &err));
    assert_int_equal(kind, SIGNATURE_ECDSA_SHA256);
}

static void a_certificate_is_three_parts_and_nothing_else(void **state)
{
    static const struct {
        const char *behind; /**< the TBSCertificate */
        const char *after;  /**< the whole */
        bool is_one;
    } wholes[] = {
        {RAW_ALGORITHM "03{000102}", "", true},
        {RAW_ALGORITHM "03{00}", "", true},
        {RAW_ALGORITHM "03{000102}", "0500", false},
        {RAW_ALGORITHM "03{000102}0500", "", false},
        {RAW_ALGORITHM "03{010102}", "", false}, // bits that are not used
        {RAW_ALGORITHM "04{000102}", "", false},
        {RAW_ALGORITHM, "", false},
        {"31{}03{000102}", "", false},
        {"03{000102}", "", false},
        {"", "", false},
    };
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    (void)state;
    raw_cert_tbs(&cases[0].raw, &tbs);
    for (size_t i = 0; i < ARRAY_LEN(wholes); i++) {
        struct error err = ERROR_INIT;
        struct cert_parts parts = {.not_before = 77};
        AUTO(builder_done) struct builder inner = BUILDER_INIT;
        AUTO(builder_done) struct builder whole = BUILDER_INIT;
        builder_add_bytes(&inner, builder_bytes(&tbs));
        der_assemble(wholes[i].behind, &inner);
        der_add(&whole, DER_SEQUENCE, builder_bytes(&inner));
        der_assemble(wholes[i].after, &whole);
        print_message("%zu\n", i);
        assert_int_equal(parts_read(builder_bytes(&whole), &parts, &err), wholes[i].is_one);
        if (!wholes[i].is_one) {
            assert_told(&err, "no exact DER of three parts (RFC 5280 4.1)");
            assert_int_equal(parts.not_before, 77);
            continue;
        }
        assert_hex(parts.outer_algorithm, RAW_ALGORITHM);
        assert_hex(parts.signature, i == 0 ? "0102" : "");
        assert_true(bytes_equal(parts.tbs, builder_bytes(&tbs)));
    }
    // A sound frame around a damaged TBSCertificate.
    struct error err = ERROR_INIT;
    struct cert_parts parts;
    AUTO(builder_done) struct builder whole = BUILDER_INIT;
    der_assemble("30{30{" RAW_VERSION "}" RAW_ALGORITHM "03{000102}}", &whole);
    assert_false(parts_read(builder_bytes(&whole), &parts, &err));
    assert_told(&err, "serialNumber (RFC 5280 4.1.2.2)");
}

static void an_extension_is_read_or_stays_where_it_is(void **state)
{
    static const struct {
        const char *text;
        bool is_one, is_critical;
    } extensions[] = {
        {"30{06{551d0f}04{0102}}", true, false},
        {"30{06{551d0f}01{ff}04{0102}}", true, true},
        {"30{06{551d0f}01{00}04{0102}}", false, false}, // FALSE is not encoded
        {"30{06{551d0f}01{01}04{0102}}", false, false},
        {"30{06{551d0f}01{ff}01{ff}04{0102}}", false, false},
        {"30{06{551d0f}04{0102}0500}", false, false},
        {"30{06{551d0f}03{0102}}", false, false},
        {"30{06{551d0f}}", false, false},
        {"30{04{0102}}", false, false},
        {"30{}", false, false},
        {"31{06{551d0f}04{0102}}", false, false},
        {"", false, false},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(extensions); i++) {
        struct cert_extension extension = {.oid = bytes_of("kept", 4)};
        AUTO(builder_done) struct builder list = BUILDER_INIT;
        print_message("%zu\n", i);
        der_assemble(extensions[i].text, &list);
        size_t len = list.len;
        der_assemble("0500", &list);
        struct bytes cursor = builder_bytes(&list);
        assert_int_equal(parts_next_extension(&cursor, &extension), extensions[i].is_one);
        assert_int_equal(cursor.len, extensions[i].is_one ? 2 : len + 2);
        assert_int_equal(extension.is_critical, extensions[i].is_critical);
        assert_hex(extension.oid, extensions[i].is_one ? "551d0f" : "'kept'");
        if (extensions[i].is_one)
            assert_hex(extension.value, "0102");
    }
}

static void the_first_extension_of_an_arc_is_found(void **state)
{
    static const struct {
        const char *list;
        const char *value; /**< NULL: not found */
    } lists[] = {
        {"30{06{551d0f}04{01}}", "01"},
        {"30{06{551d0e}04{02}}30{06{551d0f}04{01}}30{06{551d0f}04{03}}", "01"},
        {"30{06{551d0e}04{02}}", NULL},
        {"30{06{551c0f}04{02}}30{06{2a1d0f}04{02}}30{06{551d0f01}04{02}}30{06{551d}04{02}}", NULL},
        {"30{06{551d0e}01{00}04{02}}30{06{551d0f}04{01}}", NULL}, // what is behind a damaged one
        {"", NULL},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        struct cert_extension extension = {.oid = bytes_of("kept", 4)};
        AUTO(builder_done) struct builder list = BUILDER_INIT;
        der_assemble(lists[i].list, &list);
        const struct cert_parts parts = {.extensions = builder_bytes(&list)};
        print_message("%zu\n", i);
        assert_int_equal(parts_find(&parts, 15, &extension), lists[i].value != NULL);
        assert_hex(extension.oid, lists[i].value != NULL ? "551d0f" : "'kept'");
        if (lists[i].value != NULL)
            assert_hex(extension.value, lists[i].value);
    }
}

static void the_first_64_oids_are_remembered(void **state)
{
    struct parts_seen seen = {.count = 0};
    uint8_t oids[70][2];
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(oids); i++) {
        oids[i][0] = 0x2a;
        oids[i][1] = (uint8_t)i;
        assert_false(parts_is_repeated(&seen, BYTES(oids[i])));
    }
    for (size_t i = 0; i < ARRAY_LEN(oids); i++) {
        const uint8_t same[] = {0x2a, (uint8_t)i};
        assert_int_equal(parts_is_repeated(&seen, BYTES(same)), i < 64);
    }
}

#define SUBJECT_KEY_ID "551d0e"
#define KEY_USAGE "551d0f"
#define BASIC_CONSTRAINTS "551d13"
#define AUTHORITY_KEY_ID "551d23"

/** Of one extension, in words: what it says, or why it can't be read. */
static char *said(const char *oid, const char *value)
{
    struct error err = ERROR_INIT;
    bool is_ca = true, has = true;
    int path_len = 77;
    uint16_t bits = 77;
    struct bytes id = bytes_of("kept", 4);
    AUTO(free) char *text = memory_format("30{06{%s}04{%s}}", oid, value);
    AUTO(builder_done) struct builder list = BUILDER_INIT;
    der_assemble(*value == '\0' ? "" : text, &list); // not there
    const struct cert_parts parts = {.extensions = builder_bytes(&list)};
    bool is_read = true;
    AUTO(builder_done) struct builder words = BUILDER_INIT;
    if (strcmp(oid, BASIC_CONSTRAINTS) == 0) {
        is_read = parts_basic_constraints(&parts, &is_ca, &path_len, &err);
        builder_format(&words, "%s %d", is_ca ? "CA" : "no CA", path_len);
    } else if (strcmp(oid, KEY_USAGE) == 0) {
        is_read = parts_key_usage(&parts, &has, &bits, &err);
        builder_format(&words, "%s %03x", has ? "has" : "has none", bits);
    } else {
        is_read = strcmp(oid, SUBJECT_KEY_ID) == 0 ? parts_subject_key_id(&parts, &id, &err)
                                                   : parts_authority_key_id(&parts, &id, &err);
        encode_hex(id, &words);
    }
    if (is_read)
        return builder_take_text(&words);
    assert_int_equal(err.kind, ERROR_INPUT);
    return memory_text(err.text);
}

#define BASIC BASIC_CONSTRAINTS, "not a certificate: basicConstraints (RFC 5280 4.2.1.9)"
#define BASIC_CA BASIC_CONSTRAINTS, "not a certificate: basicConstraints cA (RFC 5280 4.2.1.9)"
#define BASIC_LEN                                                                                            \
    BASIC_CONSTRAINTS, "not a certificate: basicConstraints pathLenConstraint (RFC 5280 4.2.1.9)"
#define USAGE KEY_USAGE, "not a certificate: keyUsage (RFC 5280 4.2.1.3)"
#define OWN_ID SUBJECT_KEY_ID, "not a certificate: subjectKeyIdentifier (RFC 5280 4.2.1.2)"
#define ISSUERS_ID AUTHORITY_KEY_ID, "not a certificate: authorityKeyIdentifier (RFC 5280 4.2.1.1)"

static void what_an_extension_says_is_read_to_its_end(void **state)
{
    static const struct {
        const char *oid, *wanted, *value;
    } extensions[] = {
        {BASIC_CONSTRAINTS, "no CA -1", ""},
        {BASIC_CONSTRAINTS, "no CA -1", "30{}"},
        {BASIC_CONSTRAINTS, "no CA -1", "30{01{00}}"},
        {BASIC_CONSTRAINTS, "CA -1", "30{01{ff}}"},
        {BASIC_CONSTRAINTS, "CA 0", "30{01{ff}02{00}}"},
        {BASIC_CONSTRAINTS, "CA 3", "30{01{ff}02{03}}"},
        {BASIC_CONSTRAINTS, "CA 255", "30{01{ff}02{00ff}}"},
        {BASIC_CONSTRAINTS, "no CA 3", "30{02{03}}"},
        {BASIC, "31{}"},
        {BASIC, "30{}0500"},
        {BASIC, "30{01{ff}}0500"},
        {BASIC_CA, "30{01{05}}"},
        {BASIC_CA, "30{01{}}"},
        {BASIC_LEN, "30{01{ff}02{0100}}"},
        {BASIC_LEN, "30{01{ff}02{ff}}"},
        {BASIC_LEN, "30{01{ff}04{03}}"},
        {BASIC_LEN, "30{01{ff}02{03}0500}"},
        {KEY_USAGE, "has none 000", ""},
        {KEY_USAGE, "has 001", "03{0780}"},
        {KEY_USAGE, "has 100", "03{070080}"},
        {KEY_USAGE, "has 1ff", "03{07ff80}"},
        {KEY_USAGE, "has 000", "03{0000}"},
        {KEY_USAGE, "has 020", "03{0204}"},
        {USAGE, "03{00}"},
        {USAGE, "03{}"},
        {USAGE, "03{0001020304}"},
        {USAGE, "03{00010203}"},
        {USAGE, "03{0800}"},
        {USAGE, "04{0780}"},
        {USAGE, "03{0780}0500"},
        {SUBJECT_KEY_ID, "", ""},
        {SUBJECT_KEY_ID, "0102", "04{0102}"},
        {OWN_ID, "04{}"},
        {OWN_ID, "04{0102}0500"},
        {OWN_ID, "03{0102}"},
        {AUTHORITY_KEY_ID, "", ""},
        {AUTHORITY_KEY_ID, "", "30{}"},
        {AUTHORITY_KEY_ID, "0102", "30{80{0102}}"},
        {AUTHORITY_KEY_ID, "0102", "30{80{0102}a1{8200}82{05}}"},
        {AUTHORITY_KEY_ID, "", "30{a1{8200}82{05}}"},
        {AUTHORITY_KEY_ID, "01", "30{80{01}82{05}}"},
        {ISSUERS_ID, "31{80{0102}}"},
        {ISSUERS_ID, "30{80{0102}}0500"},
        {ISSUERS_ID, "30{80{0102}0500}"},
        {ISSUERS_ID, "30{80{0102}80{03}}"},
        {ISSUERS_ID, "30{82{05}a1{8200}}"},
        {ISSUERS_ID, "30{a0{0102}}"},
        {ISSUERS_ID, "30{8005}"},
        {ISSUERS_ID, "30{80{01}a105}"},
        {ISSUERS_ID, "30{80{01}8205}"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(extensions); i++) {
        AUTO(free) char *words = said(extensions[i].oid, extensions[i].value);
        if (strcmp(words, extensions[i].wanted) != 0)
            fail_msg("%s: \"%s\", not \"%s\"", extensions[i].value, words, extensions[i].wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_field_is_read_or_named),
        cmocka_unit_test(each_field_is_that_field),
        cmocka_unit_test(a_certificate_is_three_parts_and_nothing_else),
        cmocka_unit_test(an_extension_is_read_or_stays_where_it_is),
        cmocka_unit_test(the_first_extension_of_an_arc_is_found),
        cmocka_unit_test(the_first_64_oids_are_remembered),
        cmocka_unit_test(what_an_extension_says_is_read_to_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
