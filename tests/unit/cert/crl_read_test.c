/* SPDX-License-Identifier: Apache-2.0 */
/* CRLs read and shown: no change to their structure goes unseen, and what comes in parts is judged as what is there at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cert_root.h"
#include "chain_maker.h"
#include "der_faults.h"

#include "base/encode.h"
#include "base/memory.h"
#include "base/openssl_release.h"
#include "cert/asn1.h"
#include "cert/crl.h"

#include <stdlib.h>
#include <string.h>

static struct builder der;

static void make(const struct crl_frame *frame, struct builder *ret_der)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder list = BUILDER_INIT;
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    const struct crl_entry entries[] = {
        {.serial = bytes_of("\x80\x01", 2), .revoked_at = MAKER_NOW, .invalidity_date = CRL_NO_TIME},
        {.serial = bytes_of("\x02\x03", 2),
         .revoked_at = MAKER_NOW + 1,
         .reason = CRL_KEY_COMPROMISE,
         .invalidity_date = MAKER_NOW - 5},
        {.serial = bytes_of("\x04\x05", 2),
         .revoked_at = MAKER_NOW + 2,
         .reason = CRL_SUPERSEDED,
         .invalidity_date = CRL_NO_TIME},
    };
    for (size_t i = 0; i < ARRAY_LEN(entries); i++)
        crl_entry_add(&entries[i], &list);
    if (!crl_tbs(frame, builder_bytes(&list), &tbs, &err))
        fail_msg("%s", err.text);
    root_seal(builder_bytes(&tbs), ret_der);
}

static int setup(void **state)
{
    (void)root_setup(state);
    make(&(struct crl_frame){.issuer = issuer,
                             .kind = SIGNATURE_ECDSA_SHA256,
                             .number = 0x1234,
                             .this_update = MAKER_NOW + 86400,
                             .next_update = MAKER_NOW + 10 * 86400,
                             .expired_since = MAKER_NOW - 86400},
         &der);
    return 0;
}

static int teardown(void **state)
{
    builder_done(&der);
    return root_teardown(state);
}

/** What people are shown. \return NULL: it is refused */
static char *shown(struct bytes crl, size_t entries_max)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    if (!crl_describe(crl, entries_max, &text, &err))
        return NULL;
    return builder_take_text(&text);
}

#define HEAD                                                                                                 \
    "issuer: O=Test,CN=Root\n"                                                                               \
    "number: 4660\n"                                                                                         \
    "made (thisUpdate): 2025-11-22T01:53:20Z\n"                                                              \
    "good until (nextUpdate): 2025-12-01T01:53:20Z\n"                                                        \
    "signed with: ecdsa-sha256\n"                                                                            \
    "holds revoked certificates that expired since: 2025-11-20T01:53:20Z\n"                                  \
    "entries: 3\n"
#define FIRST "  8001  revoked 2025-11-21T01:53:20Z\n"
#define OTHERS                                                                                               \
    "  0203  revoked 2025-11-21T01:53:21Z, keyCompromise, invalid since 2025-11-21T01:53:15Z\n"              \
    "  0405  revoked 2025-11-21T01:53:22Z, superseded\n"

static void what_it_says_is_shown(void **state)
{
    (void)state;
    AUTO(free) char *all = shown(builder_bytes(&der), 3);
    AUTO(free) char *one = shown(builder_bytes(&der), 1);
    AUTO(free) char *none = shown(builder_bytes(&der), 0);
    assert_string_equal(all, HEAD FIRST OTHERS);
    assert_string_equal(one, HEAD FIRST "  and 2 more\n");
    assert_string_equal(none, HEAD "  and 3 more\n");
}

static void numbers_are_shown_up_to_64_bits(void **state)
{
    (void)state;
    uint64_t number = 7;
    assert_true(crl_number(bytes_of("\xff\xff\xff\xff\xff\xff\xff\xff", 8), &number));
    assert_true(number == UINT64_MAX);
    assert_true(crl_number(bytes_of("\x01\x02", 2), &number));
    assert_int_equal(number, 0x102);
    assert_false(crl_number(bytes_of("\x01\0\0\0\0\0\0\0\0", 9), &number));
    assert_int_equal(number, 0x102);
}

static void no_fault_of_its_structure_is_shown_as_nothing(void **state)
{
    (void)state;
    struct bytes sound = builder_bytes(&der);
    AUTO(free) char *sound_words = shown(sound, 3);
    size_t places = der_fault_places(sound);
    size_t planted = 0;
    for (size_t i = 0; i < places; i++) {
        for (enum der_fault fault = 0; fault < DER_FAULT_COUNT; fault++) {
            AUTO(builder_done) struct builder faulty = BUILDER_INIT;
            AUTO(findings_done) struct findings found = FINDINGS_INIT;
            bool is_signature = i == places - 1 && fault >= DER_LONGER; // which is verified, not shown
            if (is_signature || !der_fault_plant(sound, fault, i, &faulty))
                continue;
            planted++;
            AUTO(free) char *words = shown(builder_bytes(&faulty), 3);
            crl_lint(builder_bytes(&faulty), issuer, &found);
            if (words != NULL && strcmp(words, sound_words) == 0 && found.count == 0)
                fail_msg("not seen: %s", der_fault_text(fault, i));
        }
    }
    assert_true(planted > 300);
}

static int compare(const void *left, const void *right)
{
    return strcmp(((const struct finding *)left)->text, ((const struct finding *)right)->text);
}

/** What is found, a line each, whatever the order. */
static char *words_of(struct findings *found)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    if (found->count > 0)
        qsort(found->items, found->count, sizeof(*found->items), compare);
    for (size_t i = 0; i < found->count; i++)
        builder_format(&text, "%s: %s\n", found->items[i].rule, found->items[i].text);
    return builder_take_text(&text);
}

static char *judged_at_once(struct bytes tbs)
{
    struct crl crl;
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder whole = BUILDER_INIT;
    AUTO(findings_done) struct findings found = FINDINGS_INIT;
    if (!crl_read_tbs(tbs, &crl, &err)) {
        assert_int_equal(err.kind, ERROR_INPUT);
        return memory_text("refused");
    }
    der_add_header(&whole, DER_SEQUENCE, tbs.len + crl.algorithm.len + 3);
    builder_add_bytes(&whole, tbs);
    builder_add_bytes(&whole, crl.algorithm);
    der_add(&whole, DER_BIT_STRING, bytes_of("", 1)); // no signature: lint does not look at it
    crl_lint(builder_bytes(&whole), issuer, &found);
    return words_of(&found);
}

/** \param first  length of the part that holds all up to the entries */
static char *judged_in_parts(struct bytes tbs, size_t first, size_t part_len)
{
    struct crl crl;
    struct error err = ERROR_INIT;
    AUTO(findings_done) struct findings found = FINDINGS_INIT;
    AUTO(crl_stream_free) struct crl_stream *stream = crl_stream_new(issuer);
    bool is_taken = crl_stream_add(stream, bytes_slice(tbs, 0, first), &err);
    for (size_t at = first; is_taken && at < tbs.len; at += part_len)
        is_taken = crl_stream_add(stream, bytes_slice(tbs, at, part_len), &err);
    if (!is_taken || !crl_stream_end(stream, &crl, &found, &err)) {
        assert_int_equal(err.kind, ERROR_INPUT);
        return memory_text("refused");
    }
    return words_of(&found);
}

static void a_faulty_one_in_parts_is_judged_as_the_whole(void **state)
{
    static const size_t part_lens[] = {3, 19, 1000};
    struct crl crl;
    struct error err = ERROR_INIT;
    (void)state;
    assert_true(crl_read(builder_bytes(&der), &crl, &err));
    size_t before = (size_t)(crl.entries.data - crl.tbs.data);
    size_t refused = 0;
    size_t found = 0;
    for (size_t i = 0; i < der_fault_places(crl.tbs); i++) {
        for (enum der_fault fault = 0; fault < DER_FAULT_COUNT; fault++) {
            AUTO(builder_done) struct builder faulty = BUILDER_INIT;
            if (!der_fault_plant(crl.tbs, fault, i, &faulty))
                continue;
            AUTO(free) char *whole = judged_at_once(builder_bytes(&faulty));
            refused += strcmp(whole, "refused") == 0;
            found += strcmp(whole, "refused") != 0 && *whole != '\0';
            for (size_t j = 0; j < ARRAY_LEN(part_lens); j++) {
                AUTO(free) char *parts = judged_in_parts(builder_bytes(&faulty), before + 64, part_lens[j]);
                if (strcmp(whole, parts) != 0)
                    fail_msg("%s, in parts of %zu: \"%s\", at once \"%s\"", der_fault_text(fault, i),
                             part_lens[j], parts, whole);
            }
        }
    }
    assert_true(refused > 30);
    assert_true(found > 50);
}

/** So many extensions that nobody knows, the last one like another. */
static void lint_many(size_t count, size_t like, struct findings *ret_findings)
{
    struct crl crl;
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder body = BUILDER_INIT;
    AUTO(builder_done) struct builder whole = BUILDER_INIT;
    assert_true(crl_read(builder_bytes(&der), &crl, &err));
    size_t tbs = asn1_open(&body, DER_SEQUENCE);
    asn1_small(&body, 1);
    builder_add_bytes(&body, crl.algorithm);
    builder_add_bytes(&body, crl.issuer);
    asn1_time(&body, crl.this_update);
    asn1_time(&body, crl.next_update);
    size_t tagged = asn1_open(&body, DER_CONTEXT_CONSTRUCTED_0);
    size_t list = asn1_open(&body, DER_SEQUENCE);
    for (size_t i = 0; i < count; i++) {
        size_t extension = asn1_open(&body, DER_SEQUENCE);
        AUTO(free) char *oid = memory_format("1.2.3.%zu", i + 1 == count ? like : i);
        assert_true(asn1_oid(&body, oid));
        der_add(&body, DER_OCTET_STRING, bytes_of("\x05\x00", 2));
        asn1_close(&body, extension);
    }
    asn1_close(&body, list);
    asn1_close(&body, tagged);
    asn1_close(&body, tbs);
    root_seal(builder_bytes(&body), &whole);
    crl_lint(builder_bytes(&whole), issuer, ret_findings);
}

static void an_extension_that_is_there_twice_is_found_among_many(void **state)
{
    (void)state;
    for (size_t count = 30; count < 36; count++) {
        AUTO(findings_done) struct findings twice = FINDINGS_INIT;
        AUTO(findings_done) struct findings once = FINDINGS_INIT;
        lint_many(count, 28, &twice);
        lint_many(count, count, &once);
        assert_true(findings_has(&twice, "lint.crl-extension-twice"));
        assert_false(findings_has(&once, "lint.crl-extension-twice"));
    }
}

/* ---- the last look before a CRL leaves: each check by itself, all else is right ---- */

static void frame_tbs(const struct cert_issuer *signing, uint64_t number, struct builder *ret_tbs)
{
    struct error err = ERROR_INIT;
    const struct crl_frame frame = {.issuer = signing,
                                    .kind = SIGNATURE_ECDSA_SHA256,
                                    .number = number,
                                    .this_update = MAKER_NOW + 86400,
                                    .next_update = MAKER_NOW + 10 * 86400,
                                    .expired_since = CRL_NO_TIME};
    if (!crl_tbs(&frame, bytes_of(NULL, 0), ret_tbs, &err))
        fail_msg("%s", err.text);
}

/** \param logged  the bytes it must be over; empty: any  \param words  NULL: it is taken */
static void looked_at(struct bytes crl, struct bytes logged, const char *words)
{
    struct error err = ERROR_INIT;
    if (crl_verify(crl, logged, issuer, &err) != (words == NULL))
        fail_msg("%s", words == NULL ? err.text : words);
    if (words == NULL)
        return;
    assert_int_equal(err.kind, ERROR_TOKEN);
    if (strstr(err.text, words) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", err.text, words);
}

static void only_the_crl_that_was_logged_leaves(void **state)
{
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    AUTO(builder_done) struct builder other_tbs = BUILDER_INIT;
    AUTO(builder_done) struct builder whole = BUILDER_INIT;
    (void)state;
    frame_tbs(issuer, 7, &tbs);
    frame_tbs(issuer, 8, &other_tbs);
    root_seal(builder_bytes(&tbs), &whole);
    looked_at(builder_bytes(&whole), builder_bytes(&tbs), NULL);
    looked_at(builder_bytes(&whole), bytes_of(NULL, 0), NULL);
    looked_at(builder_bytes(&whole), builder_bytes(&other_tbs), "it is not over the bytes that were logged");
    looked_at(bytes_slice(builder_bytes(&whole), 0, whole.len - 1), builder_bytes(&tbs), "no exact DER");
    whole.data[whole.len - 1] ^= 1;
    looked_at(builder_bytes(&whole), builder_bytes(&tbs), "its signature does not verify");
}

static void another_cas_crl_is_refused_by_its_own_check(void **state)
{
    static const struct {
        const char *subject, *key_id, *words;
    } cases[] = {
        {"O=Test,CN=root", NULL, "its issuer is not the CA's subject byte for byte"},
        {"O=Test,CN=Root", "0102030405", "its authorityKeyIdentifier is not the CA's subjectKeyIdentifier"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err = ERROR_INIT;
        AUTO(builder_done) struct builder ca = BUILDER_INIT;
        AUTO(builder_done) struct builder tbs = BUILDER_INIT;
        AUTO(builder_done) struct builder whole = BUILDER_INIT;
        AUTO(cert_issuer_free) struct cert_issuer *other = NULL;
        AUTO(X509_free)
        X509 *certificate = chain_make(&(struct chain_recipe){
            .subject = cases[i].subject, .key = ca_key, .subject_key_id = cases[i].key_id});
        chain_der(certificate, &ca);
        assert_true(cert_issuer_read(builder_bytes(&ca), NULL, 0, &other, &err));
        frame_tbs(other, 7, &tbs);
        root_seal(builder_bytes(&tbs), &whole);
        looked_at(builder_bytes(&whole), builder_bytes(&tbs), cases[i].words);
    }
    // And one whose two algorithms differ.
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    AUTO(builder_done) struct builder whole = BUILDER_INIT;
    frame_tbs(issuer, 7, &tbs);
    maker_sign(ca_key, SIGNATURE_ECDSA_SHA256, builder_bytes(&tbs), &signature);
    cert_seal(builder_bytes(&tbs), SIGNATURE_ECDSA_SHA384, builder_bytes(&signature), &whole);
    looked_at(builder_bytes(&whole), builder_bytes(&tbs), "its two signature algorithms differ");
}

static void a_ca_that_may_not_sign_crls_makes_none(void **state)
{
    static const struct {
        const char *usage;
        bool may;
    } cases[] = {{"critical,keyCertSign", false}, {"critical,keyCertSign,cRLSign", true}, {"", true}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err = ERROR_INIT;
        AUTO(builder_done) struct builder ca = BUILDER_INIT;
        AUTO(builder_done) struct builder tbs = BUILDER_INIT;
        AUTO(findings_done) struct findings found = FINDINGS_INIT;
        AUTO(cert_issuer_free) struct cert_issuer *own = NULL;
        AUTO(X509_free)
        X509 *certificate = chain_make(
            &(struct chain_recipe){.subject = "O=Test,CN=Root", .key = ca_key, .key_usage = cases[i].usage});
        chain_der(certificate, &ca);
        assert_true(cert_issuer_read(builder_bytes(&ca), NULL, 0, &own, &err));
        const struct crl_frame frame = {.issuer = own,
                                        .kind = SIGNATURE_ECDSA_SHA256,
                                        .number = 1,
                                        .this_update = MAKER_NOW,
                                        .next_update = MAKER_NOW + 1,
                                        .expired_since = CRL_NO_TIME};
        assert_int_equal(crl_tbs(&frame, bytes_of(NULL, 0), &tbs, &err), cases[i].may);
        assert_true(cases[i].may || strstr(err.text, "its keyUsage has no cRLSign") != NULL);
        crl_lint(builder_bytes(&der), own, &found);
        assert_int_equal(findings_has(&found, "lint.crl-sign"), !cases[i].may);
    }
}

static void a_crl_is_good_up_to_the_cas_end(void **state)
{
    int64_t until = cert_issuer_facts(issuer)->not_after;
    (void)state;
    for (int64_t late = 0; late < 2; late++) {
        struct error err = ERROR_INIT;
        AUTO(builder_done) struct builder tbs = BUILDER_INIT;
        const struct crl_frame frame = {.issuer = issuer,
                                        .kind = SIGNATURE_ECDSA_SHA256,
                                        .number = 1,
                                        .this_update = until - 1,
                                        .next_update = until + late,
                                        .expired_since = CRL_NO_TIME};
        assert_int_equal(crl_tbs(&frame, bytes_of(NULL, 0), &tbs, &err), late == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_it_says_is_shown),
        cmocka_unit_test(numbers_are_shown_up_to_64_bits),
        cmocka_unit_test(no_fault_of_its_structure_is_shown_as_nothing),
        cmocka_unit_test(a_faulty_one_in_parts_is_judged_as_the_whole),
        cmocka_unit_test(an_extension_that_is_there_twice_is_found_among_many),
        cmocka_unit_test(only_the_crl_that_was_logged_leaves),
        cmocka_unit_test(another_cas_crl_is_refused_by_its_own_check),
        cmocka_unit_test(a_ca_that_may_not_sign_crls_makes_none),
        cmocka_unit_test(a_crl_is_good_up_to_the_cas_end),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
