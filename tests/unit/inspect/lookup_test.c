/* SPDX-License-Identifier: Apache-2.0 */
/* A certificate or a key as a person names it, by number or by a file from elsewhere: which of the ledger's it is, or that it is none. */
#include "inspect/lookup.h"

#include "base/digest.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/openssl_release.h"
#include "cert_maker.h"
#include "inspect/policies.h"
#include "records/approved.h"
#include "records/cert.h"
#include "records/revocation.h"
#include "small_home.h"

#include <openssl/pem.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define POLICY_TEXT "policy: p\n"
#define KIND SIGNATURE_ECDSA_SHA256

static struct small_home small;
static EVP_PKEY *ca_key;
static char path[100];

static int begin(void **state)
{
    (void)state;
    small_home_make(&small);
    ca_key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    small.home.issuer = maker_root("CN=Root", ca_key, KIND);
    small.home.path = small.folder.path;
    (void)snprintf(path, sizeof(path), "%s/a.file", small.folder.path);
    return 0;
}

static int end(void **state)
{
    (void)state;
    if (small.home.issuer != NULL)
        cert_issuer_free(small.home.issuer);
    EVP_PKEY_free(ca_key);
    small_home_remove(&small);
    return 0;
}

/** A certificate by the CA: its TBS and signature, sealed. */
struct made {
    struct builder tbs, signature, der;
};
static void made_done(struct made *made)
{
    builder_done(&made->tbs);
    builder_done(&made->signature);
    builder_done(&made->der);
}
DEFINE_AUTO_VALUE(struct made, made_done);

/** \param number  the last byte of its serial */
static void make(uint8_t number, const char *subject, struct made *made)
{
    struct error err = ERROR_INIT;
    const uint8_t serial[CERT_SERIAL_LEN] = {[0] = 0x10, [CERT_SERIAL_LEN - 1] = number};
    AUTO(template_free) struct template *template = maker_template(subject, ca_key);
    *made = (struct made){.tbs = BUILDER_INIT};
    assert_true(cert_tbs(template, small.home.issuer, serial, KIND, &made->tbs, &err));
    maker_sign(ca_key, KIND, builder_bytes(&made->tbs), &made->signature);
    cert_seal(builder_bytes(&made->tbs), KIND, builder_bytes(&made->signature), &made->der);
}

/** \return seq of the cert.signing */
static uint64_t log_made(const struct made *made)
{
    uint8_t digest[32];
    digest_sha256(BYTES_LITERAL(POLICY_TEXT), digest);
    const struct record_cert_signing record = {
        .tbs = builder_bytes(&made->tbs), .policy = "p", .policy_sha256 = digest, .csr_sha256 = digest};
    uint64_t seq = small_home_log(&small, RECORD_CERT_SIGNING, record_cert_signing_write(&record));
    struct record_cert_issued issued = {.ref = seq, .signature = builder_bytes(&made->signature)};
    digest_sha256(builder_bytes(&made->der), issued.sha256);
    (void)small_home_log(&small, RECORD_CERT_ISSUED, record_cert_issued_write(&issued));
    return seq;
}

static void put(struct bytes content)
{
    struct error err = ERROR_INIT;
    (void)unlink(path); // of before
    assert_true(file_create(AT_FDCWD, path, 0644, content, &err));
}

/** What was found. */
struct found {
    struct builder der;
    struct ledger_entry entry;
    bool is_foreign;
};
static void found_done(struct found *found)
{
    builder_done(&found->der);
    ledger_entry_done(&found->entry);
}
DEFINE_AUTO_VALUE(struct found, found_done);

static bool find(const char *text, struct found *ret_found, struct error *err)
{
    AUTO(lookup_done) struct lookup lookup = {.serial = NULL};
    AUTO(revocations_free) struct revocations *revocations = NULL;
    error_clear(err);
    *ret_found = (struct found){.is_foreign = true};
    return lookup_read(text, &lookup, err) && revocations_load(small.home.ledger, &revocations, err) &&
           lookup_find(&lookup, &small.home, revocations, &ret_found->der, &ret_found->entry,
                       &ret_found->is_foreign, err);
}

static void assert_refused(const char *text, enum error_kind kind, const char *words)
{
    struct error err = ERROR_INIT;
    AUTO(found_done) struct found found;
    assert_false(find(text, &found, &err));
    if (strstr(err.text, words) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", err.text, words);
    assert_int_equal(err.kind, kind);
}

static const char serial_1[] = "1000000000000000000000000000000000000001";

static void what_the_ledger_has_is_found_by_serial_and_by_file(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(made_done) struct made made;
    AUTO(builder_done) struct builder pem = BUILDER_INIT;
    (void)state;
    make(1, "CN=a", &made);
    uint64_t seq = log_made(&made);
    encode_pem("CERTIFICATE", builder_bytes(&made.der), &pem);
    put(builder_bytes(&pem));
    const char *const ways[] = {serial_1, path};
    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        AUTO(found_done) struct found found;
        if (!find(ways[i], &found, &err))
            fail_msg("%s", err.text);
        assert_true(bytes_equal(builder_bytes(&found.der), builder_bytes(&made.der)));
        assert_false(found.is_foreign);
        assert_string_equal(found.entry.serial, serial_1);
        assert_int_equal(found.entry.signing_seq, seq);
        assert_string_equal(found.entry.subject, "CN=a");
    }
}

static void what_only_the_key_knows_is_from_before_the_ledger(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(made_done) struct made made;
    (void)state;
    make(1, "CN=old", &made);
    put(builder_bytes(&made.der));
    for (int i = 0; i < 2; i++) {
        AUTO(found_done) struct found found;
        if (!find(path, &found, &err))
            fail_msg("%s", err.text);
        assert_true(found.is_foreign);
        assert_true(bytes_equal(builder_bytes(&found.der), builder_bytes(&made.der)));
        assert_string_equal(found.entry.serial, serial_1);
        assert_string_equal(found.entry.subject, "CN=old");
        assert_int_equal(found.entry.status, i == 0 ? LEDGER_ISSUED : LEDGER_REVOKED);
        assert_int_equal(found.entry.not_after, MAKER_NOW + 100 * INT64_C(86400) - 1);
        assert_int_equal(found.entry.signing_seq, UINT64_MAX);
        assert_int_equal(found.entry.issued_seq, UINT64_MAX);
        const uint8_t serial[CERT_SERIAL_LEN] = {[0] = 0x10, [CERT_SERIAL_LEN - 1] = 1};
        const struct record_cert_revoked record = {.serial = BYTES(serial),
                                                   .reason = CRL_SUPERSEDED,
                                                   .revoked_at = MAKER_NOW,
                                                   .invalidity_date = CRL_NO_TIME,
                                                   .not_after = CRL_NO_TIME,
                                                   .ref = RECORD_NO_SEQ,
                                                   .is_foreign = true};
        (void)small_home_log(&small, RECORD_CERT_REVOKED, record_cert_revoked_write(&record));
    }
    // The CA's own certificate is no stranger's.
    put(cert_issuer_der(small.home.issuer));
    AUTO(found_done) struct found own;
    assert_true(find(path, &own, &err));
    assert_string_equal(own.entry.subject, "CN=Root");
}

static void another_certificate_of_a_serial_of_the_ledger_is_told(void **state)
{
    AUTO(made_done) struct made made;
    AUTO(made_done) struct made other;
    (void)state;
    make(1, "CN=a", &made);
    make(1, "CN=b", &other);
    (void)log_made(&made);
    put(builder_bytes(&other.der));
    assert_refused(path, ERROR_LEDGER,
                   "the CA's key signed this certificate, and another one of the same serial "
                   "1000000000000000000000000000000000000001, which is the ledger's");
}

static void what_is_another_issuers_or_no_certificate_is_refused(void **state)
{
    AUTO(made_done) struct made made;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    (void)state;
    make(1, "CN=a", &made);
    AUTO(EVP_PKEY_free) EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    AUTO(cert_issuer_free) struct cert_issuer *other = maker_root("CN=Other", key, KIND);
    AUTO(template_free) struct template *template = maker_template("CN=a", key);
    maker_certificate(template, other, key, KIND, &der);
    put(builder_bytes(&der));
    assert_refused(path, ERROR_INPUT, "looking for the file's certificate in the ledger");
    put(BYTES_LITERAL("a letter"));
    assert_refused(path, ERROR_INPUT, "");
    assert_refused("0abc", ERROR_INPUT, "no certificate with serial 0abc in the ledger");
    assert_refused("no such file", ERROR_USAGE,
                   "\"no such file\" is neither a serial number in hex nor a file");
    put(builder_bytes(&made.der));
    cert_issuer_free(TAKE(small.home.issuer)); // a CA that has no certificate yet
    assert_refused(path, ERROR_INPUT, "awaits its parent's certificate and issued none");
}

static void a_key_is_named_by_its_digest_or_a_file(void **state)
{
    static const char hex[] = "0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef";
    struct error err = ERROR_INIT;
    uint8_t digest[32];
    struct ledger_entry entry = {.key_value = {1}, .spki_sha256 = {2}};
    AUTO(made_done) struct made made;
    (void)state;
    assert_true(lookup_key(hex, digest, &err));
    assert_memory_equal(digest, "\x01\x23\x45\x67\x89\xab\xcd\xef", 8);
    assert_false(lookup_has_key(&entry, digest));
    memcpy(entry.key_value, digest, 32);
    assert_true(lookup_has_key(&entry, digest));
    entry.key_value[31] ^= 1;
    memcpy(entry.spki_sha256, digest, 32);
    assert_true(lookup_has_key(&entry, digest)); // as it is written
    entry.spki_sha256[31] ^= 1;
    assert_false(lookup_has_key(&entry, digest));
    // One digit is wrong, or one byte is missing.
    assert_false(
        lookup_key("x123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef", digest, &err));
    assert_int_equal(err.kind, ERROR_USAGE);
    assert_false(lookup_key("0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcd", digest, &err));
    assert_non_null(strstr(err.text, "is neither a file nor the SHA-256 of a public key in hex"));
    make(1, "CN=a", &made);
    uint64_t seq = log_made(&made);
    put(builder_bytes(&made.der));
    assert_true(lookup_key(path, digest, &err));
    AUTO(found_done) struct found found;
    assert_true(find(serial_1, &found, &err));
    assert_int_equal(found.entry.signing_seq, seq);
    assert_memory_equal(found.entry.key_value, digest, 32);
    put(BYTES_LITERAL("a letter"));
    error_clear(&err);
    assert_false(lookup_key(path, digest, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
}

/* ---- by which text it was signed ---- */

static void assert_text_of(const struct ledger_entry *entry, const char *words, int64_t wanted)
{
    struct error err = ERROR_INIT;
    int64_t seq = 0;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    assert_true(policy_record_of(small.home.ledger, entry, &text, &seq, &err));
    assert_string_equal(builder_text(&text), words);
    assert_int_equal(seq, wanted);
}

static void the_text_of_a_policy_is_found_if_the_ledger_has_it(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(made_done) struct made made;
    AUTO(found_done) struct found found;
    (void)state;
    make(1, "CN=a", &made);
    (void)log_made(&made);
    assert_true(find(serial_1, &found, &err));
    assert_text_of(&found.entry, "policy: p, whose text the ledger does not have\n", -1);
    struct record_policy_approved record = {.name = "p", .text = POLICY_TEXT};
    digest_sha256(BYTES_LITERAL(POLICY_TEXT), record.sha256);
    uint64_t seq = small_home_log(&small, RECORD_POLICY_APPROVED, record_policy_approved_write(&record));
    AUTO(free) char *words = memory_format("policy: p, whose text is record %u\n", (unsigned)seq);
    assert_text_of(&found.entry, words, (int64_t)seq);
    found.entry.signing_seq = UINT64_MAX; // from before this ledger
    assert_text_of(&found.entry, "", -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_the_ledger_has_is_found_by_serial_and_by_file, begin, end),
        cmocka_unit_test_setup_teardown(what_only_the_key_knows_is_from_before_the_ledger, begin, end),
        cmocka_unit_test_setup_teardown(another_certificate_of_a_serial_of_the_ledger_is_told, begin, end),
        cmocka_unit_test_setup_teardown(what_is_another_issuers_or_no_certificate_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(a_key_is_named_by_its_digest_or_a_file, begin, end),
        cmocka_unit_test_setup_teardown(the_text_of_a_policy_is_found_if_the_ledger_has_it, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
