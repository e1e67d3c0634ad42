/* SPDX-License-Identifier: Apache-2.0 */
/* Which certificate a file means that a person brings: one of the ledger, one from before it, another CA's; or the one of a request. */
#include "status/select.h"

#include "base/digest.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/key_value.h"
#include "base/memory.h"
#include "base/openssl_release.h"
#include "cert_maker.h"
#include "csr_maker.h"
#include "records/cert.h"
#include "small_home.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define KIND SIGNATURE_ECDSA_SHA256

static struct small_home small;
static struct status_desk desk;
static struct revoke_plan plan;
static EVP_PKEY *ca_key, *device_key;
static char path[100];

static int begin(void **state)
{
    (void)state;
    small_home_make(&small);
    ca_key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    device_key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    small.home.issuer = maker_root("CN=Root", ca_key, KIND);
    desk = (struct status_desk){.home = &small.home};
    plan = (struct revoke_plan){.targets = NULL};
    (void)snprintf(path, sizeof(path), "%s/a.file", small.folder.path);
    return 0;
}

static int end(void **state)
{
    (void)state;
    revoke_plan_done(&plan);
    cert_issuer_free(small.home.issuer);
    desk.home = NULL; // it is the test's
    status_desk_done(&desk);
    EVP_PKEY_free(ca_key), EVP_PKEY_free(device_key);
    small_home_remove(&small);
    return 0;
}

static void put(struct bytes content)
{
    struct error err = ERROR_INIT;
    (void)unlink(path); // of before
    assert_true(file_create(AT_FDCWD, path, 0644, content, &err));
}

/** Finds what these options name. */
static bool find(struct revoke_options options, struct error *err)
{
    AUTO(selection_done) struct selection selection = {.lines = BUILDER_INIT};
    error_clear(err);
    revoke_plan_done(&plan);
    return selection_read(&options, &selection, err) &&
           selection_find(&selection, &options, &desk, &plan, err);
}

static void assert_refused(struct revoke_options options, const char *words)
{
    struct error err = ERROR_INIT;
    assert_false(find(options, &err));
    if (strstr(err.text, words) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", err.text, words);
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_int_equal(plan.count, 0);
}

/** A certificate for the device by an issuer; PEM. Appends. */
static void certificate(const struct cert_issuer *issuer, EVP_PKEY *key, struct builder *ret_pem)
{
    AUTO(template_free) struct template *template = maker_template("CN=device", device_key);
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    maker_certificate(template, issuer, key, KIND, &der);
    encode_pem("CERTIFICATE", builder_bytes(&der), ret_pem);
}

static void a_certificate_from_before_the_ledger_is_known_by_its_file(void **state)
{
    struct error err = ERROR_INIT;
    uint8_t value[32];
    unsigned char *spki = NULL;
    AUTO(builder_done) struct builder pem = BUILDER_INIT;
    (void)state;
    certificate(small.home.issuer, ca_key, &pem);
    put(builder_bytes(&pem));
    assert_refused((struct revoke_options){.certificate = path}, "in the ledger: check it");
    const struct revoke_options foreign = {
        .certificate = path, .is_foreign = true, .reason = "keyCompromise"};
    if (!find(foreign, &err))
        fail_msg("%s", err.text);
    assert_int_equal(plan.count, 1);
    const struct revoke_target *target = &plan.targets[0];
    assert_int_equal(target->action, REVOKE_REVOKE);
    assert_true(target->is_foreign);
    assert_string_equal(target->subject, "CN=device");
    assert_int_equal(target->not_after, MAKER_NOW + 100 * INT64_C(86400) - 1);
    assert_int_equal(target->reason, CRL_KEY_COMPROMISE);
    // Its key is compromised with it, so its value goes into the record.
    int len = i2d_PUBKEY(device_key, &spki);
    key_value(bytes_of(spki, (size_t)len), value);
    OPENSSL_free(spki);
    assert_true(target->has_key_value);
    assert_memory_equal(target->key_value, value, sizeof(value));
}

static void another_issuers_certificate_is_not_ours_to_revoke(void **state)
{
    AUTO(EVP_PKEY_free) EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    AUTO(cert_issuer_free) struct cert_issuer *other = maker_root("CN=Other", key, KIND);
    AUTO(cert_issuer_free) struct cert_issuer *namesake = maker_root("CN=Root", key, KIND);
    AUTO(builder_done) struct builder pem = BUILDER_INIT;
    AUTO(builder_done) struct builder same = BUILDER_INIT;
    const struct revoke_options options = {.certificate = path, .is_foreign = true};
    (void)state;
    certificate(other, key, &pem);
    put(builder_bytes(&pem));
    assert_refused(options, "this certificate is by another issuer (CN=Other): only that CA can revoke it");
    certificate(namesake, key, &same); // the name is nothing, the key counts
    put(builder_bytes(&same));
    assert_refused(options, "this certificate is by another issuer (CN=Root)");
}

static void a_roots_own_certificate_is_not_taken_back(void **state)
{
    (void)state;
    put(cert_issuer_der(small.home.issuer));
    assert_refused((struct revoke_options){.certificate = path, .is_foreign = true},
                   "is this CA's own certificate: no CRL of its own can take it back");
}

/** Logs a certificate that was issued for a request. \param csr  its DER \param ret_seq  of the cert.issued */
static void issue(uint8_t number, struct bytes csr, uint64_t *ret_seq)
{
    struct error err = ERROR_INIT;
    uint8_t digest[32], policy[32] = {1};
    const uint8_t serial[CERT_SERIAL_LEN] = {[0] = 0x10, [CERT_SERIAL_LEN - 1] = number};
    AUTO(template_free) struct template *template = maker_template("CN=device", device_key);
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    assert_true(cert_tbs(template, small.home.issuer, serial, KIND, &tbs, &err));
    maker_sign(ca_key, KIND, builder_bytes(&tbs), &signature);
    digest_sha256(csr, digest);
    const struct record_cert_signing record = {
        .tbs = builder_bytes(&tbs), .policy = "p", .policy_sha256 = policy, .csr_sha256 = digest};
    const struct record_cert_issued issued = {
        .ref = small_home_log(&small, RECORD_CERT_SIGNING, record_cert_signing_write(&record)),
        .signature = builder_bytes(&signature)};
    *ret_seq = small_home_log(&small, RECORD_CERT_ISSUED, record_cert_issued_write(&issued));
}

static void the_certificates_of_a_request_are_found_by_its_bytes(void **state)
{
    struct error err = ERROR_INIT;
    uint64_t first = 0, second = 0, other_seq = 0;
    AUTO(builder_done) struct builder csr = BUILDER_INIT;
    AUTO(builder_done) struct builder other = BUILDER_INIT;
    AUTO(builder_done) struct builder pem = BUILDER_INIT;
    const struct revoke_options options = {.request = path, .reason = "superseded"};
    (void)state;
    csr_make(&(struct csr_recipe){.key = device_key}, &csr);
    csr_make(&(struct csr_recipe){.key = device_key, .subject = "30{31{30{06{550403}0c{'other'}}}}"}, &other);
    encode_pem("CERTIFICATE REQUEST", builder_bytes(&csr), &pem);
    put(builder_bytes(&pem));
    assert_refused(options, "no certificate of the ledger was issued for this request");
    issue(1, builder_bytes(&csr), &first);
    issue(2, builder_bytes(&other), &other_seq);
    issue(3, builder_bytes(&csr), &second);
    if (!find(options, &err))
        fail_msg("%s", err.text);
    assert_int_equal(plan.count, 2);
    assert_int_equal(plan.targets[0].ref, first);
    assert_int_equal(plan.targets[1].ref, second);
    assert_false(plan.is_many);
    put(builder_bytes(&other)); // of which there is one
    if (!find(options, &err))
        fail_msg("%s", err.text);
    assert_int_equal(plan.count, 1);
    assert_int_equal(plan.targets[0].ref, other_seq);
    put(builder_bytes(&pem));
    // The key is that of all three.
    if (!find((struct revoke_options){.key = path, .reason = "superseded"}, &err))
        fail_msg("%s", err.text);
    assert_int_equal(plan.count, 3);
    assert_int_equal(plan.targets[1].ref, other_seq);
}

static void a_certificate_of_the_ledger_is_found_by_its_file(void **state)
{
    struct error err = ERROR_INIT;
    uint64_t seq = 0;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    AUTO(ledger_entry_done) struct ledger_entry entry = {.serial = NULL};
    bool is_found = false;
    const uint8_t serial[CERT_SERIAL_LEN] = {[0] = 0x10, [CERT_SERIAL_LEN - 1] = 1};
    (void)state;
    issue(1, BYTES_LITERAL("a request"), &seq);
    assert_true(ledger_find_serial(small.home.ledger, BYTES(serial), &entry, &is_found, &err) && is_found);
    assert_true(ledger_certificate_parts(small.home.ledger, &entry, &tbs, &signature, &err));
    cert_seal(builder_bytes(&tbs), KIND, builder_bytes(&signature), &der);
    put(builder_bytes(&der));
    if (!find((struct revoke_options){.certificate = path}, &err))
        fail_msg("%s", err.text);
    assert_int_equal(plan.count, 1);
    assert_int_equal(plan.targets[0].ref, seq);
    assert_string_equal(plan.targets[0].subject, "CN=device");
    assert_refused((struct revoke_options){.certificate = path, .is_foreign = true},
                   "is in the ledger: leave --foreign out");
    put(BYTES_LITERAL("a letter"));
    assert_refused((struct revoke_options){.certificate = path}, "a.file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_certificate_from_before_the_ledger_is_known_by_its_file, begin,
                                        end),
        cmocka_unit_test_setup_teardown(another_issuers_certificate_is_not_ours_to_revoke, begin, end),
        cmocka_unit_test_setup_teardown(a_roots_own_certificate_is_not_taken_back, begin, end),
        cmocka_unit_test_setup_teardown(the_certificates_of_a_request_are_found_by_its_bytes, begin, end),
        cmocka_unit_test_setup_teardown(a_certificate_of_the_ledger_is_found_by_its_file, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
