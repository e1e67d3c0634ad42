/* SPDX-License-Identifier: Apache-2.0 */
/* CRLs: bytes as RFC 5280 5 and OpenSSL have them, and lint: each fault that is planted is found under its rule, a sound one has none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cert_root.h"
#include "csr_maker.h"
#include "raw_cert.h"

#include "base/der.h"
#include "base/digest.h"
#include "base/encode.h"
#include "cert/crl.h"

#include <openssl/pem.h>

#include <string.h>

static struct crl_frame sound_frame(void)
{
    return (struct crl_frame){.issuer = issuer,
                              .kind = SIGNATURE_ECDSA_SHA256,
                              .number = 0x80,
                              .this_update = MAKER_NOW + 86400,
                              .next_update = MAKER_NOW + 10 * 86400,
                              .expired_since = CRL_NO_TIME};
}

static void make(const struct crl_frame *frame, const struct crl_entry *entries, size_t count,
                 struct builder *ret_der)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder list = BUILDER_INIT;
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    for (size_t i = 0; i < count; i++)
        crl_entry_add(&entries[i], &list);
    if (!crl_tbs(frame, builder_bytes(&list), &tbs, &err))
        fail_msg("%s", err.text);
    root_seal(builder_bytes(&tbs), ret_der);
    if (!crl_verify(builder_bytes(ret_der), builder_bytes(&tbs), issuer, &err))
        fail_msg("%s", err.text);
}

static void expect_clean(struct bytes der)
{
    AUTO(findings_done) struct findings findings = FINDINGS_INIT;
    crl_lint(der, issuer, &findings);
    if (findings.count > 0)
        fail_msg("%s: %s", findings.items[0].rule, findings.items[0].text);
}

static X509_CRL *parse(struct bytes der)
{
    const uint8_t *at = der.data;
    X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)der.len);
    assert_non_null(crl);
    assert_ptr_equal(at, der.data + der.len);
    assert_int_equal(X509_CRL_verify(crl, ca_key), 1);
    return crl;
}

static void test_empty(void **state)
{
    (void)state;
    const struct crl_frame frame = sound_frame();
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    make(&frame, NULL, 0, &der);
    X509_CRL *crl = parse(builder_bytes(&der));
    assert_int_equal(X509_CRL_get_version(crl), 1);
    assert_null(X509_CRL_get_REVOKED(crl)); // absent, not empty
    ASN1_INTEGER *number = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
    assert_int_equal(ASN1_INTEGER_get(number), 0x80);
    ASN1_INTEGER_free(number);
    X509_CRL_free(crl);
    expect_clean(builder_bytes(&der));
}

static void test_entries(void **state)
{
    (void)state;
    struct crl_frame frame = sound_frame();
    frame.expired_since = MAKER_NOW - 86400;
    const struct crl_entry entries[] = {
        {.serial = bytes_of("\x80\x01", 2), .revoked_at = MAKER_NOW, .invalidity_date = CRL_NO_TIME},
        {.serial = bytes_of("\x02", 1),
         .revoked_at = MAKER_NOW,
         .reason = CRL_KEY_COMPROMISE,
         .invalidity_date = MAKER_NOW - 5},
    };
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    make(&frame, entries, 2, &der);
    X509_CRL *crl = parse(builder_bytes(&der));
    assert_int_equal(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)), 2);
    const X509_REVOKED *first = sk_X509_REVOKED_value(X509_CRL_get_REVOKED(crl), 0);
    assert_int_equal(ASN1_INTEGER_get(X509_REVOKED_get0_serialNumber(first)), 0x8001);
    assert_int_equal(X509_REVOKED_get_ext_count(first), 0); // reason 0 is left out
    const X509_REVOKED *second = sk_X509_REVOKED_value(X509_CRL_get_REVOKED(crl), 1);
    ASN1_ENUMERATED *reason = X509_REVOKED_get_ext_d2i(second, NID_crl_reason, NULL, NULL);
    assert_int_equal(ASN1_ENUMERATED_get(reason), 1);
    ASN1_ENUMERATED_free(reason);
    ASN1_GENERALIZEDTIME *since = X509_REVOKED_get_ext_d2i(second, NID_invalidity_date, NULL, NULL);
    assert_non_null(since);
    ASN1_GENERALIZEDTIME_free(since);
    X509_CRL_free(crl);
    expect_clean(builder_bytes(&der));
    // and read again by ourselves, from PEM as well
    AUTO(builder_done) struct builder pem = BUILDER_INIT;
    AUTO(builder_done) struct builder again = BUILDER_INIT;
    struct error err = ERROR_INIT;
    encode_pem("X509 CRL", builder_bytes(&der), &pem);
    assert_true(crl_from_file(builder_bytes(&pem), &again, &err));
    assert_true(bytes_equal(builder_bytes(&again), builder_bytes(&der)));
    struct crl read;
    struct crl_facts facts;
    struct crl_read_entry entry;
    assert_true(crl_read(builder_bytes(&again), &read, &err));
    assert_true(crl_facts(&read, &facts, &err));
    assert_true(facts.has_expired_since);
    assert_int_equal(facts.expired_since, MAKER_NOW - 86400);
    assert_true(crl_next_entry(&read.entries, &entry));
    assert_true(bytes_equal(entry.entry.serial, entries[0].serial));
    assert_true(crl_next_entry(&read.entries, &entry));
    assert_int_equal(entry.entry.invalidity_date, MAKER_NOW - 5);
    assert_false(crl_next_entry(&read.entries, &entry));
}

#define RAW_GENERALIZED(text) "18{'" text "Z'}"

/** To the byte: versions, dates on both sides of 2050, serials with and without a zero octet, reasons, what is left out. */
static void test_bytes(void **state)
{
    static const struct {
        const char *wanted;
        uint64_t number;
        int64_t expired_since;
        bool has_entries;
    } cases[] = {
        {"30{02{01}" RAW_ALGORITHM RAW_NAME("I") RAW_UTC("491231235959") RAW_GENERALIZED(
             "20500101000000") "30{"
                               "30{02{05}" RAW_UTC(
                                   "491231235959") "}"
                                                   "30{02{0080}" RAW_GENERALIZED(
                                                       "20500101000000") "30{" RAW_EXTENSION("15", "0a{01}")
                                                       RAW_EXTENSION(
                                                           "18",
                                                           RAW_GENERALIZED(
                                                               "20491231235959")) "}}"
                                                                                  "30{02{7fff}" RAW_UTC(
                                                                                      "4912"
                                                                                      "3123"
                                                                                      "595"
                                                                                      "9") "30"
                                                                                           "{" RAW_EXTENSION(
                                                                                               "15",
                                                                                               "0a{0a}") "}}"
                                                                                                         "30{"
                                                                                                         "02{"
                                                                                                         "05"
                                                                                                         "}" RAW_UTC("491231235959") "30{" RAW_EXTENSION(
                                                                                                             "18",
                                                                                                             RAW_GENERALIZED(
                                                                                                                 "2050"
                                                                                                                 "0101"
                                                                                                                 "0000"
                                                                                                                 "00")) "}}"
                                                                                                                        "}a0{30{" RAW_EXTENSION(
                                                                                                                            "23",
                                                                                                                            "30{80{0102}}")
                                                                                                                            RAW_EXTENSION(
                                                                                                                                "14",
                                                                                                                                "02{0080}")
                                                                                                                                RAW_EXTENSION(
                                                                                                                                    "3c",
                                                                                                                                    RAW_GENERALIZED(
                                                                                                                                        "20491231235959")) "}}}",
         0x80, INT64_C(2524607999), true},
        {"30{02{01}" RAW_ALGORITHM RAW_NAME("I") RAW_UTC("491231235959")
             RAW_GENERALIZED("20500101000000") "a0{30{" RAW_EXTENSION("23", "30{80{0102}}")
                 RAW_EXTENSION("14", "02{0123456789abcdef}") "}}}",
         UINT64_C(0x0123456789abcdef), CRL_NO_TIME, false},
    };
    struct error err = ERROR_INIT;
    const int64_t last = INT64_C(2524607999); // of 2049
    const struct crl_entry entries[] = {
        {.serial = bytes_of("\x05", 1), .revoked_at = last, .invalidity_date = CRL_NO_TIME},
        {.serial = bytes_of("\x80", 1),
         .revoked_at = last + 1,
         .reason = CRL_KEY_COMPROMISE,
         .invalidity_date = last},
        {.serial = bytes_of("\x7f\xff", 2),
         .revoked_at = last,
         .reason = CRL_AA_COMPROMISE,
         .invalidity_date = CRL_NO_TIME},
        {.serial = bytes_of("\0\x05", 2), .revoked_at = last, .invalidity_date = last + 1},
    };
    AUTO(builder_done) struct builder ca = BUILDER_INIT;
    AUTO(builder_done) struct builder list = BUILDER_INIT;
    AUTO(cert_issuer_free) struct cert_issuer *own = NULL;
    (void)state;
    raw_cert(
        &(struct raw_cert){.subject = RAW_NAME("I"),
                           .key = ca_key,
                           .list = RAW_CA,
                           .validity = "30{" RAW_UTC("260101000000") RAW_GENERALIZED("20510101000000") "}"},
        ca_key, &ca);
    assert_true(cert_issuer_read(builder_bytes(&ca), NULL, 0, &own, &err));
    for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
        size_t before = list.len;
        crl_entry_add(&entries[i], &list);
        assert_int_equal(crl_entry_len(&entries[i]), list.len - before);
    }
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(builder_done) struct builder wanted = BUILDER_INIT;
        AUTO(builder_done) struct builder tbs = BUILDER_INIT;
        const struct crl_frame frame = {.issuer = own,
                                        .kind = SIGNATURE_ECDSA_SHA256,
                                        .number = cases[i].number,
                                        .this_update = last,
                                        .next_update = last + 1,
                                        .expired_since = cases[i].expired_since};
        der_assemble(cases[i].wanted, &wanted);
        assert_true(
            crl_tbs(&frame, cases[i].has_entries ? builder_bytes(&list) : bytes_of(NULL, 0), &tbs, &err));
        assert_true(bytes_equal(builder_bytes(&tbs), builder_bytes(&wanted)));
    }
}

static void test_frame_is_checked(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    struct crl_frame frame = sound_frame();
    frame.next_update = cert_issuer_facts(issuer)->not_after + 1;
    assert_false(crl_tbs(&frame, bytes_of(NULL, 0), &tbs, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_non_null(strstr(err.text, "past the CA's end"));
    error_clear(&err);
    frame.next_update = frame.this_update;
    assert_false(crl_tbs(&frame, bytes_of(NULL, 0), &tbs, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_string_equal(err.text, "nextUpdate is not after thisUpdate (RFC 5280 5.1.2.5)");
    error_clear(&err);
    frame = sound_frame();
    frame.kind = SIGNATURE_OTHER;
    assert_false(crl_tbs(&frame, bytes_of(NULL, 0), &tbs, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_string_equal(err.text, "no signature algorithm fits the issuer's key");
    assert_int_equal(tbs.len, 0);
}

static void test_verify_refuses_what_is_changed(void **state)
{
    (void)state;
    const struct crl_frame frame = sound_frame();
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    make(&frame, NULL, 0, &der);
    struct crl crl;
    assert_true(crl_read(builder_bytes(&der), &crl, &err));
    size_t last = (size_t)(crl.tbs.data - der.data) + crl.tbs.len - 1;
    der.data[last] ^= 1; // the CRL number
    assert_false(crl_verify(builder_bytes(&der), bytes_of(NULL, 0), issuer, &err));
    assert_int_equal(err.kind, ERROR_TOKEN);
}

static void test_reasons(void **state)
{
    (void)state;
    enum crl_reason reason = CRL_UNSPECIFIED;
    assert_true(crl_reason_parse("keycompromise", &reason));
    assert_int_equal(reason, CRL_KEY_COMPROMISE);
    assert_true(crl_reason_parse("aACompromise", &reason));
    assert_int_equal(reason, CRL_AA_COMPROMISE);
    assert_false(crl_reason_parse("7", &reason));
    assert_int_equal(reason, CRL_AA_COMPROMISE);
    static const char *const names[] = {
        "unspecified",   "keyCompromise",        "cACompromise",    "affiliationChanged",
        "superseded",    "cessationOfOperation", "certificateHold", NULL,
        "removeFromCRL", "privilegeWithdrawn",   "aACompromise",    NULL};
    for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
        if (names[i] == NULL) {
            assert_null(crl_reason_name(i));
            continue;
        }
        assert_string_equal(crl_reason_name(i), names[i]);
        assert_true(crl_reason_parse(names[i], &reason));
        assert_int_equal(reason, i);
    }
}

/** Rather fewer than fit, but not many fewer. */
static void test_capacity(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    const struct crl_frame frame = sound_frame();
    for (size_t max_len = 512; max_len < 100000; max_len = max_len * 3 + 1) {
        size_t count = crl_capacity(issuer, frame.kind, max_len);
        AUTO(builder_done) struct builder list = BUILDER_INIT;
        AUTO(builder_done) struct builder tbs = BUILDER_INIT;
        uint8_t serial[20] = {0x7f};
        for (size_t i = 0; i < count + 3; i++) {
            const struct crl_entry entry = {.serial = BYTES(serial),
                                            .revoked_at = MAKER_NOW,
                                            .reason = CRL_SUPERSEDED,
                                            .invalidity_date = CRL_NO_TIME};
            if (i == count) {
                assert_true(crl_tbs(&frame, builder_bytes(&list), &tbs, &err));
                assert_true(tbs.len <= max_len);
            }
            crl_entry_add(&entry, &list);
        }
        builder_clear(&tbs);
        assert_true(crl_tbs(&frame, builder_bytes(&list), &tbs, &err));
        assert_true(tbs.len > max_len);
    }
    assert_int_equal(crl_capacity(issuer, frame.kind, 100), 0);
}

/** The length is known before an entry is written: the headers around a list say it. */
static void test_entry_len(void **state)
{
    static const int64_t times[] = {CRL_NO_TIME,         INT64_C(-62135596800), -1,
                                    INT64_C(2524607999), INT64_C(2524608000),   INT64_C(253402300799)};
    uint8_t serial[64];
    (void)state;
    for (size_t i = 0; i < 65 * ARRAY_LEN(times) * ARRAY_LEN(times) * 3; i++) {
        AUTO(builder_done) struct builder out = BUILDER_INIT;
        size_t len = i % 65;
        int64_t at = times[i / 65 % ARRAY_LEN(times)];
        memset(serial, 0xc5, sizeof(serial));
        serial[0] = (uint8_t[]){0, 0x7f, 0x80}[i % 3];
        const struct crl_entry entry = {.serial = bytes_of(serial, len),
                                        .revoked_at = at == CRL_NO_TIME ? 0 : at,
                                        .reason = i % 2 == 0 ? CRL_UNSPECIFIED : CRL_SUPERSEDED,
                                        .invalidity_date =
                                            times[i / 65 / ARRAY_LEN(times) % ARRAY_LEN(times)]};
        crl_entry_add(&entry, &out);
        assert_int_equal(crl_entry_len(&entry), out.len);
    }
}

/** The first part of a TBSCertList: up to its entries. */
static size_t front_len(struct bytes tbs)
{
    struct crl crl;
    struct error err = ERROR_INIT;
    assert_true(crl_read_tbs(tbs, &crl, &err));
    return crl.has_entries ? (size_t)(crl.entries.data - tbs.data)
                           : tbs.len - crl.extensions.len; // about: its header may be cut off or not
}

/** Feeds it in parts of a length. \return false: it was not taken */
static bool stream(struct bytes tbs, size_t first, size_t part_len, struct bytes signature,
                   struct findings *findings)
{
    struct crl crl;
    struct error err = ERROR_INIT;
    uint8_t digest[32];
    AUTO(crl_stream_free) struct crl_stream *stream = crl_stream_new(issuer);
    digest_sha256(tbs, digest);
    if (!crl_stream_add(stream, bytes_slice(tbs, 0, first), &err))
        return false;
    for (size_t at = first; at < tbs.len; at += part_len) {
        if (!crl_stream_add(stream, bytes_slice(tbs, at, part_len), &err))
            return false;
    }
    if (!crl_stream_end(stream, &crl, findings, &err))
        return false;
    crl.signature = signature;
    if (signature.len > 0 && !crl_verify_parts(&crl, BYTES(digest), issuer, &err))
        fail_msg("%s", err.text);
    digest[0] ^= 1;
    assert_false(signature.len > 0 && crl_verify_parts(&crl, BYTES(digest), issuer, &err));
    return true;
}

/** What comes in parts is read as what is there at once, wherever it is cut; what is damaged is found. */
static void test_in_parts(void **state)
{
    static const size_t part_lens[] = {1, 2, 7, 61, 4096};
    const struct crl_frame frame = sound_frame();
    uint8_t serial[20] = {0x71};
    (void)state;
    for (size_t count = 0; count < 40; count += 13) {
        struct error err = ERROR_INIT;
        AUTO(builder_done) struct builder list = BUILDER_INIT;
        AUTO(builder_done) struct builder tbs = BUILDER_INIT;
        AUTO(builder_done) struct builder signature = BUILDER_INIT;
        for (size_t i = 0; i < count; i++) {
            serial[19] = (uint8_t)i;
            crl_entry_add(&(struct crl_entry){.serial = BYTES(serial),
                                              .revoked_at = MAKER_NOW,
                                              .reason = i % 3 == 0 ? CRL_UNSPECIFIED : CRL_SUPERSEDED,
                                              .invalidity_date = i % 5 == 0 ? MAKER_NOW - 1 : CRL_NO_TIME},
                          &list);
        }
        assert_true(crl_tbs(&frame, builder_bytes(&list), &tbs, &err));
        maker_sign(ca_key, SIGNATURE_ECDSA_SHA256, builder_bytes(&tbs), &signature);
        size_t first = front_len(builder_bytes(&tbs));
        for (size_t i = 0; i < ARRAY_LEN(part_lens); i++) {
            AUTO(findings_done) struct findings findings = FINDINGS_INIT;
            assert_true(
                stream(builder_bytes(&tbs), first, part_lens[i], builder_bytes(&signature), &findings));
            assert_int_equal(findings.count, 0);
            // Cut off, and with more behind it.
            assert_false(stream(bytes_slice(builder_bytes(&tbs), 0, tbs.len - 1), first, part_lens[i],
                                bytes_of(NULL, 0), &findings));
        }
        builder_add_u8(&tbs, 0);
        AUTO(findings_done) struct findings findings = FINDINGS_INIT;
        assert_false(stream(builder_bytes(&tbs), first, 61, bytes_of(NULL, 0), &findings));
        tbs.len--;
        if (count == 0)
            continue;
        tbs.data[first + 2] ^= 0x40; // the tag of the first serial
        (void)stream(builder_bytes(&tbs), first, 61, bytes_of(NULL, 0), &findings);
        assert_true(findings_has(&findings, "lint.crl-entry"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_entry_len),
        cmocka_unit_test(test_in_parts),
        cmocka_unit_test(test_entries),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_frame_is_checked),
        cmocka_unit_test(test_verify_refuses_what_is_changed),
        cmocka_unit_test(test_reasons),
        cmocka_unit_test(test_capacity),
    };
    return cmocka_run_group_tests(tests, root_setup, root_teardown);
}
