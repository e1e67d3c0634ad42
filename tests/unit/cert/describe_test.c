/* SPDX-License-Identifier: Apache-2.0 */
/* A certificate in words, extension by extension, damaged ones too; and what has no words, because it is no certificate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "raw_cert.h"

#include "base/memory.h"
#include "base/openssl_release.h"
#include "cert/cert.h"

#include <stdlib.h>
#include <string.h>

static EVP_PKEY *key;

static int setup(void **state)
{
    (void)state;
    key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    EVP_PKEY_free(key);
    return 0;
}

/** In words; or why not. */
static char *shown(const struct raw_cert *raw)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    raw_cert(raw, key, &der);
    if (cert_describe(builder_bytes(&der), &text, &err))
        return builder_take_text(&text);
    assert_int_equal(err.kind, ERROR_INPUT);
    return memory_text(err.text);
}

static void each_extension_is_shown_or_said_to_be_damaged(void **state)
{
    static const struct {
        const char *words, *list;
    } cases[] = {
        {"  subject key id         0102\n", RAW_EXTENSION("0e", "04{0102}")},
        {"  subject key id          (damaged)\n", RAW_EXTENSION("0e", "04{}")},
        {"  authority key id       0102\n", RAW_EXTENSION("23", "30{80{0102}}")},
        {"  authority key id        (damaged)\n", RAW_EXTENSION("23", "31{}")},
        {"  key usage              digitalSignature nonRepudiation keyEncipherment dataEncipherment "
         "keyAgreement "
         "keyCertSign cRLSign encipherOnly decipherOnly (critical)\n",
         RAW_CRITICAL("0f", "03{07ff80}")},
        {"  key usage             \n", RAW_EXTENSION("0f", "03{0700}")},
        {"  key usage             \n", RAW_EXTENSION("0f", "03{}")},
        {"  basic constraints      CA\n", RAW_EXTENSION("13", "30{01{ff}}")},
        {"  basic constraints      CA, path length 0 (critical)\n", RAW_CRITICAL("13", "30{01{ff}02{00}}")},
        {"  basic constraints      no CA\n", RAW_EXTENSION("13", "30{}")},
        {"  extended key usage     serverAuth 1.2.3\n",
         RAW_EXTENSION("25", "30{06{2b06010505070301}06{2a03}}")},
        {"  extended key usage     (damaged)\n", RAW_EXTENSION("25", "31{06{2a03}}")},
        {"  extended key usage     (damaged)\n", RAW_EXTENSION("25", "30{06{2a03}}0500")},
        {"  extended key usage     1.2.3 (damaged)\n", RAW_EXTENSION("25", "30{06{2a03}06{8003}}")},
        {"  extended key usage     1.2.3 (damaged)\n", RAW_EXTENSION("25", "30{06{2a03}04{2a03}}")},
        {"  subject alt names      DNS:a\n", RAW_EXTENSION("11", "30{82{'a'}}")},
        {"  name constraints       2 bytes\n", RAW_EXTENSION("1e", "30{}")},
        {"  CRL points             2 bytes\n", RAW_EXTENSION("1f", "30{}")},
        {"  certificate policies   2 bytes\n", RAW_EXTENSION("20", "30{}")},
        {"  2.5.29.38              2 bytes\n", RAW_EXTENSION("26", "30{}")},
        {"  2.5.29.0               2 bytes\n", RAW_EXTENSION("00", "30{}")},
        {"  2.5.29.18              2 bytes\n", RAW_EXTENSION("12", "30{}")},
        // Of another arc, whatever they end in.
        {"  2.5.28.14              2 bytes\n", "30{06{551c0e}04{0400}}"},
        {"  1.2.29.14              2 bytes\n", "30{06{2a1d0e}04{0400}}"},
        {"  2.5.29.14.1            2 bytes\n", "30{06{551d0e01}04{0400}}"},
        {"  authority information  2 bytes\n", "30{06{2b06010505070101}04{0400}}"},
        {"  OCSP no check          2 bytes\n", "30{06{2b0601050507300105}04{0500}}"},
        {"  damaged OID            2 bytes\n", "30{06{8003}04{0500}}"},
        {"  subject key id         0102\n  the rest of the extensions is damaged\n",
         RAW_EXTENSION("0e", "04{0102}") "30{06{551d0f}01{00}04{03{0780}}}"},
        {"  the rest of the extensions is damaged\n", "05"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(free) char *words = shown(&(struct raw_cert){.list = cases[i].list, .key = key});
        const char *from = strstr(words, "\nextensions\n");
        if (from == NULL || strcmp(from + 12, cases[i].words) != 0)
            fail_msg("%zu: \"%s\", not \"%s\"", i, from != NULL ? from + 12 : words, cases[i].words);
    }
}

static void what_it_is_is_shown_before_its_extensions(void **state)
{
    static const struct {
        const char *words;
        struct raw_cert raw;
    } cases[] = {
        {"subject     CN=S\nissuer      CN=I\nserial      05\n"
         "valid       2026-01-01T00:00:00Z to 2027-01-01T00:00:00Z\nkey         ",
         {.version = NULL}},
        {"subject     (empty)\nissuer      CN=I\nserial      80\n",
         {.subject = "30{}", .serial = "02{0080}"}},
        {"subject     CN=S\nissuer      \nserial      00\n", {.issuer = "30{}", .serial = "02{00}"}},
        {"not a certificate: serialNumber (RFC 5280 4.1.2.2)", {.serial = ""}},
        {"the serial has 21 octets, 20 are allowed (RFC 5280 4.1.2.2)",
         {.serial = "02{010203040506070809101112131415161718192021}"}},
        {"not a certificate: subject or issuer (RFC 5280 4.1.2.4)", {.issuer = "30{31{}}"}},
        {"not a certificate: subject or issuer (RFC 5280 4.1.2.4)", {.subject = "30{31{}}"}},
        {"not a certificate: subjectAltName (RFC 5280 4.2.1.6)", {.list = RAW_EXTENSION("11", "31{82{61}}")}},
        {"not a certificate: subjectAltName (RFC 5280 4.2.1.6)",
         {.list = RAW_EXTENSION("11", "30{82{61}}0500")}},
        {"not a certificate: subjectAltName (RFC 5280 4.2.1.6)", {.list = RAW_EXTENSION("11", "30{0c{61}}")}},
        {"not a certificate: basicConstraints (RFC 5280 4.2.1.9)", {.list = RAW_EXTENSION("13", "31{}")}},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(free) char *words = shown(&cases[i].raw);
        if (strncmp(words, cases[i].words, strlen(cases[i].words)) != 0)
            fail_msg("%zu: \"%s\", not \"%s\"", i, words, cases[i].words);
    }
}

static void a_key_of_another_kind_is_shown_for_what_it_is(void **state)
{
    (void)state;
    AUTO(free) char *damaged = shown(&(struct raw_cert){.spki = "30{}"});
    AUTO(free) char *other = shown(&(struct raw_cert){.key = NULL});
    AUTO(free) char *unknown = shown(&(struct raw_cert){.key = key, .algorithm = "30{06{2a03}}"});
    AUTO(free) char *known = shown(&(struct raw_cert){.key = key});
    assert_non_null(strstr(damaged, "\nkey         damaged, SHA-256 "));
    assert_non_null(strstr(other, "\nkey         other, SHA-256 "));
    assert_non_null(strstr(unknown, "\nkey         ec-p256, SHA-256 "));
    assert_non_null(strstr(unknown, "\nsigned with other\nSHA-256     "));
    assert_non_null(strstr(known, "\nsigned with ecdsa-sha256\nSHA-256     "));
}

/** An empty signature is none, so that there is no certificate yet to have a digest. */
static void what_is_not_signed_has_no_digest(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    (void)state;
    raw_cert_tbs(&(struct raw_cert){.key = key}, &tbs);
    cert_seal(builder_bytes(&tbs), SIGNATURE_ECDSA_SHA256, bytes_of(NULL, 0), &der);
    assert_true(cert_describe(builder_bytes(&der), &text, &err));
    assert_non_null(strstr(builder_text(&text), "\nsigned with ecdsa-sha256\nextensions\n"));
}

static void facts_are_those_of_the_certificate_and_of_its_tbs(void **state)
{
    struct error err = ERROR_INIT;
    const struct raw_cert raw = {
        .key = key, .list = RAW_CRITICAL("13", "30{01{ff}}") RAW_EXTENSION("11", "30{82{'a'}87{0a010203}}")};
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    (void)state;
    raw_cert_tbs(&raw, &tbs);
    raw_cert(&raw, key, &der);
    for (int i = 0; i < 2; i++) {
        AUTO(cert_facts_done) struct cert_facts facts = {.serial_len = 0};
        assert_true(i == 0 ? cert_read(builder_bytes(&der), &facts, &err)
                           : cert_read_tbs(builder_bytes(&tbs), &facts, &err));
        assert_int_equal(facts.serial_len, 1);
        assert_int_equal(facts.serial[0], 5);
        assert_int_equal(facts.not_before, INT64_C(1767225600));
        assert_int_equal(facts.not_after, INT64_C(1767225600) + 365 * 86400);
        assert_string_equal(facts.subject_text, "CN=S");
        assert_string_equal(facts.issuer_text, "CN=I");
        assert_string_equal(facts.sans_text, "DNS:a, IP:10.1.2.3");
        assert_string_equal(facts.key_text, "ec-p256");
        assert_true(facts.is_ca);
        cert_facts_done(&facts);
        assert_null(facts.subject_text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_extension_is_shown_or_said_to_be_damaged),
        cmocka_unit_test(what_it_is_is_shown_before_its_extensions),
        cmocka_unit_test(a_key_of_another_kind_is_shown_for_what_it_is),
        cmocka_unit_test(what_is_not_signed_has_no_digest),
        cmocka_unit_test(facts_are_those_of_the_certificate_and_of_its_tbs),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
