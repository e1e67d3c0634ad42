/* SPDX-License-Identifier: Apache-2.0 */
/* A CRL that comes in parts: where it is none, it is refused there and by its name; and how much is held while it comes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "csr_maker.h"
#include "raw_cert.h"

#include "base/der.h"
#include "base/finding.h"
#include "base/memory.h"
#include "cert/asn1.h"
#include "cert/crl.h"

#include <stdlib.h>
#include <string.h>

#define DATES RAW_UTC("260102000000") RAW_UTC("260202000000")
#define HEAD "02{01}" RAW_ALGORITHM RAW_NAME("I") DATES
#define ENTRY "30{02{05}" RAW_UTC("260101000000") "}"
#define EXTENSIONS "a0{30{" RAW_EXTENSION("14", "02{07}") RAW_EXTENSION("23", "30{80{01}}") "}}"

#define NO_DER "not a CRL: no exact DER (RFC 5280 5.1.2)"
#define NO_FIELDS "not a CRL: its first fields (RFC 5280 5.1.2)"
#define NO_LIST "not a CRL: revokedCertificates (RFC 5280 5.1.2.6)"
#define NO_EXTENSIONS "not a CRL: crlExtensions (RFC 5280 5.1.2.7)"

static void assert_refused(bool is_taken, const struct error *err, const char *words)
{
    if (is_taken)
        fail_msg("taken: %s", words);
    assert_int_equal(err->kind, ERROR_INPUT);
    assert_string_equal(err->text, words);
}

static void what_can_not_begin_one_is_refused_at_once(void **state)
{
    static const struct {
        const char *words, *part;
    } cases[] = {
        {NO_DER, ""},
        {NO_DER, "30"},
        {NO_DER, "31{" HEAD EXTENSIONS "}"},
        {NO_DER, "3080" HEAD},
        {NO_DER, "308105" HEAD},                 // more octets than the length needs
        {NO_DER, "30820080" HEAD},               // likewise
        {NO_DER, "3082"},                        // and fewer than it says
        {NO_DER, "30890100000000000000ff" HEAD}, // more than a length has
        {NO_FIELDS, "30{0500}"},
        {NO_FIELDS, "30{02ff}"},
        {NO_FIELDS, "30{02{01}}"},
        {NO_FIELDS, "30{02{01}31{}" RAW_NAME("I") DATES "}"},
        {NO_FIELDS, "30{02{01}" RAW_ALGORITHM "31{}" DATES "}"},
        {NO_FIELDS, "30{02{01}" RAW_ALGORITHM RAW_NAME("I") "0500}"},
        {NO_FIELDS, "30{02{01}" RAW_ALGORITHM RAW_NAME("I") RAW_UTC("260101000000") "17{30}}"},
        {NO_FIELDS, "30{02{01}" RAW_ALGORITHM RAW_NAME("I") RAW_UTC("260101000000") "18{30}}"},
        {"not a CRL: version (RFC 5280 5.1.2.1)", "30{02{02}" RAW_ALGORITHM RAW_NAME("I") DATES "}"},
        {NO_LIST, "30{" HEAD "30ff}"},
        {NO_LIST, "30{" HEAD "3081ff}"},
        {NO_LIST, "30{" HEAD "}3000"}, // behind its end
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err = ERROR_INIT;
        AUTO(builder_done) struct builder part = BUILDER_INIT;
        AUTO(crl_stream_free) struct crl_stream *stream = crl_stream_new(NULL);
        print_message("%zu\n", i);
        der_assemble(cases[i].part, &part);
        AUTO(free) uint8_t *exact = memory_new(part.len + 1, 1); // behind which nothing may be read
        memcpy(exact + 1, builder_text(&part), part.len);
        bool is_taken = crl_stream_add(stream, bytes_of(exact + 1, part.len), &err);
        assert_refused(is_taken, &err, cases[i].words);
    }
}

/** Adds a text's DER in two parts, the second cut off or longer, and ends. */
static bool ended(const char *text, size_t second, int change, struct crl *ret_crl,
                  struct findings *ret_found, struct crl_stream *stream, struct error *err)
{
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    der_assemble(text, &tbs);
    struct bytes whole = builder_bytes(&tbs);
    if (change > 0)
        builder_add_u8(&tbs, 0);
    size_t first = whole.len - second;
    size_t rest = second + (size_t)(change > 0 ? 1 : 0) - (size_t)(change < 0 ? 1 : 0);
    return crl_stream_add(stream, bytes_slice(builder_bytes(&tbs), 0, first), err) &&
           crl_stream_add(stream, bytes_slice(builder_bytes(&tbs), first, rest), err) &&
           crl_stream_end(stream, ret_crl, ret_found, err);
}

static void what_does_not_end_where_it_says_is_refused(void **state)
{
    static const struct {
        const char *words; /**< NULL: taken */
        const char *tbs;
        int change; /**< a byte less, or more */
    } cases[] = {
        {NULL, "30{" HEAD EXTENSIONS "}", 0},
        {NULL, "30{" HEAD "30{" ENTRY ENTRY "}" EXTENSIONS "}", 0},
        {NULL, "30{" HEAD "30{" ENTRY ENTRY "}}", 0},
        {NO_DER, "30{" HEAD EXTENSIONS "}", -1},
        {NO_DER, "30{" HEAD EXTENSIONS "}", 1},
        {NO_DER, "30{" HEAD "30{" ENTRY ENTRY "}" EXTENSIONS "}", -1},
        {NO_DER, "30{" HEAD "30{" ENTRY ENTRY "}" EXTENSIONS "}", 1},
        {NO_DER, "30{" HEAD "30{" ENTRY ENTRY "}}", -1},
        {NO_DER, "30{" HEAD "30{" ENTRY ENTRY "}}", 1},
        {"not a CRL: what stands behind revokedCertificates (RFC 5280 5.1.2.6)",
         "30{" HEAD "30{" ENTRY "}30{" ENTRY "}}", 0},
        {NO_EXTENSIONS, "30{" HEAD "30{" ENTRY "}0500}", 0},
        {NO_EXTENSIONS, "30{" HEAD "30{" ENTRY "}a0{31{}}}", 0},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        for (size_t second = 1; second < 3; second++) {
            struct error err = ERROR_INIT;
            struct crl crl = {.is_v2 = false};
            AUTO(findings_done) struct findings found = FINDINGS_INIT;
            AUTO(crl_stream_free) struct crl_stream *stream = crl_stream_new(NULL);
            bool is_taken = ended(cases[i].tbs, second, cases[i].change, &crl, &found, stream, &err);
            if (cases[i].words != NULL) {
                assert_refused(is_taken, &err, cases[i].words);
                assert_false(crl.is_v2); // untouched
                continue;
            }
            if (!is_taken)
                fail_msg("%zu: %s", i, err.text);
            assert_true(crl.is_v2);
            assert_int_equal(crl.has_entries, i > 0);
            assert_int_equal(crl.entries_len > 0, i > 0);
            assert_int_equal(found.count, i < 2 ? 0 : 2); // no number, no key identifier
        }
    }
    struct error err = ERROR_INIT;
    struct crl crl;
    AUTO(findings_done) struct findings found = FINDINGS_INIT;
    AUTO(crl_stream_free) struct crl_stream *nothing = crl_stream_new(NULL);
    assert_refused(crl_stream_end(nothing, &crl, &found, &err), &err, NO_DER);
}

/** A TBSCertList with an extension of so many bytes. */
static void make_back(size_t len, struct builder *out)
{
    AUTO(free) uint8_t *zeros = memory_new(len, 1);
    size_t tbs = asn1_open(out, DER_SEQUENCE);
    der_assemble(HEAD, out);
    size_t tagged = asn1_open(out, DER_CONTEXT_CONSTRUCTED_0);
    size_t list = asn1_open(out, DER_SEQUENCE);
    size_t extension = asn1_open(out, DER_SEQUENCE);
    der_assemble("06{2a03}", out);
    der_add(out, DER_OCTET_STRING, bytes_of(zeros, len));
    asn1_close(out, extension);
    asn1_close(out, list);
    asn1_close(out, tagged);
    asn1_close(out, tbs);
}

static void behind_the_entries_64_kib_are_held(void **state)
{
    (void)state;
    for (size_t more = 0; more < 2; more++) {
        for (size_t second = 0; second < 100; second += 99) {
            struct error err = ERROR_INIT;
            AUTO(builder_done) struct builder tbs = BUILDER_INIT;
            AUTO(crl_stream_free) struct crl_stream *stream = crl_stream_new(NULL);
            make_back(65536 - 20 + more, &tbs); // five headers of four octets
            bool is_taken =
                crl_stream_add(stream, bytes_slice(builder_bytes(&tbs), 0, tbs.len - second), &err) &&
                crl_stream_add(stream, bytes_slice(builder_bytes(&tbs), tbs.len - second, second), &err);
            if (more == 0)
                assert_true(is_taken);
            else
                assert_refused(is_taken, &err, NO_EXTENSIONS);
        }
    }
}

/** An entry of so many bytes, of which the last comes later. */
static bool comes_later(size_t len, struct findings *ret_found, struct error *err)
{
    struct crl crl;
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    AUTO(crl_stream_free) struct crl_stream *stream = crl_stream_new(NULL);
    // The entry has a header of four octets, the serial too, and a date of 15.
    AUTO(free) uint8_t *serial = memory_new(len - 23, 1);
    memset(serial, 1, len - 23);
    size_t mark = asn1_open(&tbs, DER_SEQUENCE);
    der_assemble(HEAD, &tbs);
    size_t list = asn1_open(&tbs, DER_SEQUENCE);
    size_t entry = asn1_open(&tbs, DER_SEQUENCE);
    der_add(&tbs, DER_INTEGER, bytes_of(serial, len - 23));
    der_assemble(RAW_UTC("260101000000"), &tbs);
    asn1_close(&tbs, entry);
    asn1_close(&tbs, list);
    der_assemble(EXTENSIONS, &tbs);
    asn1_close(&tbs, mark);
    AUTO(builder_done) struct builder extensions = BUILDER_INIT;
    der_assemble(EXTENSIONS, &extensions);
    size_t first = tbs.len - extensions.len - len;
    return crl_stream_add(stream, bytes_slice(builder_bytes(&tbs), 0, first), err) &&
           crl_stream_add(stream, bytes_slice(builder_bytes(&tbs), first, len - 1), err) &&
           crl_stream_add(stream, bytes_slice(builder_bytes(&tbs), first + len - 1, tbs.len), err) &&
           crl_stream_end(stream, &crl, ret_found, err);
}

static void of_an_entry_4_kib_are_held(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(findings_done) struct findings found = FINDINGS_INIT;
    (void)state;
    if (!comes_later(4097, &found, &err))
        fail_msg("%s", err.text);
    assert_int_equal(found.count, 1);
    assert_true(findings_has(&found, "lint.crl-serial-length"));
    assert_refused(comes_later(4098, &found, &err), &err,
                   "not a CRL: an entry is damaged (RFC 5280 5.1.2.6)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_can_not_begin_one_is_refused_at_once),
        cmocka_unit_test(what_does_not_end_where_it_says_is_refused),
        cmocka_unit_test(behind_the_entries_64_kib_are_held),
        cmocka_unit_test(of_an_entry_4_kib_are_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
