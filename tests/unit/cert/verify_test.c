/* SPDX-License-Identifier: Apache-2.0 */
/* The last look before anything leaves, check by check and call by call: one that fails, whichever, lets nothing pass. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cert_maker.h"
#include "failing.h"
#include "raw_cert.h"

#include "base/digest.h"
#include "base/memory.h"
#include "base/openssl_release.h"
#include "cert/cert.h"
#include "cert/chain.h"
#include "cert/crl.h"

#include <signal.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static EVP_PKEY *ca_key, *key, *foreign;
static struct builder ca;
static struct cert_issuer *issuer; /**< CN=I, key identifier 0102 */

static int setup(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    ca_key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    foreign = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "secp256k1");
    raw_cert(&(struct raw_cert){.subject = RAW_NAME("I"), .key = ca_key, .list = RAW_CA}, ca_key, &ca);
    return cert_issuer_read(builder_bytes(&ca), NULL, 0, &issuer, &err) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    cert_issuer_free(issuer);
    builder_done(&ca);
    EVP_PKEY_free(ca_key);
    EVP_PKEY_free(key);
    EVP_PKEY_free(foreign);
    return 0;
}

#define KEY_ID RAW_EXTENSION("23", "30{80{0102}}")
#define WRONG "the certificate is wrong: "
#define NO_SIGNATURE WRONG "its signature does not verify with the CA certificate's public key"
#define NO_KEY_ID WRONG "its authorityKeyIdentifier is not the CA's subjectKeyIdentifier (RFC 5280 4.2.1.1)"
#define NO_ISSUER WRONG "its issuer is not the CA's subject byte for byte (RFC 5280 4.1.2.4)"

struct look {
    const char *words; /**< NULL: it passes */
    struct raw_cert raw;
    bool is_own;           /**< self-signed: there is no issuer */
    bool is_signed_by_key; /**< by the leaf's */
    int change;            /**< a byte less of the TBS that was logged, or more of the certificate */
};

static void look_at(const struct look *look, struct error *err, bool *ret_passes)
{
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    raw_cert_tbs(&look->raw, &tbs);
    raw_cert(&look->raw, look->is_signed_by_key ? key : ca_key, &der);
    if (look->change > 0)
        builder_add_u8(&der, 0);
    struct bytes logged = bytes_slice(builder_bytes(&tbs), 0, tbs.len - (look->change < 0 ? 1 : 0));
    *ret_passes = cert_verify(builder_bytes(&der), logged, look->is_own ? NULL : issuer, err);
}

static void each_check_refuses_by_itself(void **state)
{
    const struct raw_cert leaf = {.key = key, .list = KEY_ID};
    const struct raw_cert root = {.key = key, .subject = RAW_NAME("I"), .list = RAW_CA};
    const struct look looks[] = {
        {NULL, leaf, .is_own = false},
        {NULL, root, .is_own = true, .is_signed_by_key = true},
        {NO_SIGNATURE, leaf, .is_signed_by_key = true},
        {NO_SIGNATURE, root, .is_own = true}, // signed by another's
        {WRONG "not a certificate: no exact DER of three parts (RFC 5280 4.1)", leaf, .change = 1},
        {WRONG "it is not over the bytes that were logged", leaf, .change = -1},
        {NO_ISSUER, {.key = key, .list = KEY_ID, .issuer = RAW_NAME("i")}, .is_own = false},
        {NO_ISSUER, leaf, .is_own = true, .is_signed_by_key = true},
        {NO_KEY_ID, {.key = key}, .is_own = false},
        {NO_KEY_ID, {.key = key, .list = RAW_EXTENSION("23", "30{80{0103}}")}, .is_own = false},
        {WRONG "not a certificate: authorityKeyIdentifier (RFC 5280 4.2.1.1)",
         {.key = key, .list = RAW_EXTENSION("23", "31{}")},
         .is_own = false},
        {WRONG "its two signature algorithms differ (RFC 5280 4.1.1.2)",
         {.key = key, .list = KEY_ID, .algorithm = "30{06{2a03}}"},
         .is_own = false},
        {WRONG "not a SubjectPublicKeyInfo (RFC 5280 4.1.2.7)",
         {.spki = "30{}", .subject = RAW_NAME("I"), .list = RAW_CA},
         .is_own = true},
        {WRONG "a key of a kind that coldca does not know",
         {.key = foreign, .subject = RAW_NAME("I"), .list = RAW_CA},
         .is_own = true},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(looks); i++) {
        struct error err = ERROR_INIT;
        bool passes = false;
        look_at(&looks[i], &err, &passes);
        print_message("%zu\n", i);
        assert_int_equal(passes, looks[i].words == NULL);
        if (passes)
            continue;
        assert_int_equal(err.kind, ERROR_TOKEN);
        assert_string_equal(err.text, looks[i].words);
    }
}

/** Of a CRL by the CA that these name; with another outer algorithm if that is asked for. */
static void assert_crl(const struct raw_cert *by, bool has_other_outside, const char *words)
{
    struct error err = ERROR_INIT;
    struct crl crl;
    uint8_t digest[32];
    AUTO(builder_done) struct builder own = BUILDER_INIT;
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    AUTO(cert_issuer_free) struct cert_issuer *signing = NULL;
    raw_cert(by, ca_key, &own);
    assert_true(cert_issuer_read(builder_bytes(&own), NULL, 0, &signing, &err));
    assert_true(crl_tbs(&(struct crl_frame){.issuer = signing,
                                            .kind = SIGNATURE_ECDSA_SHA256,
                                            .number = 1,
                                            .this_update = INT64_C(1780000000),
                                            .next_update = INT64_C(1780000001),
                                            .expired_since = CRL_NO_TIME},
                        bytes_of(NULL, 0), &tbs, &err));
    maker_sign(ca_key, SIGNATURE_ECDSA_SHA256, builder_bytes(&tbs), &signature);
    cert_seal(builder_bytes(&tbs), has_other_outside ? SIGNATURE_ECDSA_SHA384 : SIGNATURE_ECDSA_SHA256,
              builder_bytes(&signature), &der);
    assert_true(crl_read(builder_bytes(&der), &crl, &err));
    digest_sha256(builder_bytes(&tbs), digest);
    for (int i = 0; i < 2; i++) {
        bool passes = i == 0 ? crl_verify(builder_bytes(&der), builder_bytes(&tbs), issuer, &err)
                             : crl_verify_parts(&crl, BYTES(digest), issuer, &err);
        assert_int_equal(passes, words == NULL);
        if (words == NULL)
            continue;
        assert_int_equal(err.kind, ERROR_TOKEN);
        assert_string_equal(err.text, words);
        error_clear(&err);
    }
}

static void a_crl_in_parts_is_looked_at_like_a_whole_one(void **state)
{
    const struct raw_cert same = {.subject = RAW_NAME("I"), .key = ca_key, .list = RAW_CA};
    const struct raw_cert renamed = {
        .subject = RAW_NAME("i"), .issuer = RAW_NAME("i"), .key = ca_key, .list = RAW_CA};
    const struct raw_cert other_id = {.subject = RAW_NAME("I"),
                                      .key = ca_key,
                                      .list = RAW_CRITICAL("13", "30{01{ff}}") RAW_EXTENSION("0e", "04{03}")};
    (void)state;
    assert_crl(&same, false, NULL);
    assert_crl(&same, true, "the CRL is wrong: its two signature algorithms differ (RFC 5280 5.1.1.2)");
    assert_crl(&renamed, false,
               "the CRL is wrong: its issuer is not the CA's subject byte for byte (RFC 5280 5.1.2.3)");
    assert_crl(&other_id, false,
               "the CRL is wrong: its authorityKeyIdentifier is not the CA's subjectKeyIdentifier (RFC 5280 "
               "5.2.1)");
}

static bool has_random = true;

/** In the place of the C library's. Not among those of failing.h: whoever needs random numbers ends without them. */
ssize_t getrandom(void *data, size_t len, unsigned flags)
{
    return has_random ? syscall(SYS_getrandom, data, len, flags) : -1;
}

/** A serial that is not random is none: there is no going on. */
static void without_random_numbers_the_program_ends(void **state)
{
    int status = 0;
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        uint8_t serial[CERT_SERIAL_LEN];
        has_random = false;
        cert_serial_random(serial);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

typedef bool looking(const struct bytes *data, struct error *err);

static bool look_at_leaf(const struct bytes *data, struct error *err)
{
    return cert_verify(data[0], data[1], issuer, err);
}

static bool look_at_root(const struct bytes *data, struct error *err)
{
    return cert_verify(data[0], data[1], NULL, err);
}

static bool look_at_crl(const struct bytes *data, struct error *err)
{
    return crl_verify(data[0], data[1], issuer, err);
}

static bool look_at_parts(const struct bytes *data, struct error *err)
{
    struct crl crl;
    uint8_t digest[32];
    digest_sha256(data[1], digest);
    return crl_read(data[0], &crl, err) && crl_verify_parts(&crl, BYTES(digest), issuer, err);
}

/** \return how many calls can fail */
static unsigned fail_each(looking *look, const struct builder *der, const struct builder *tbs)
{
    const struct bytes data[] = {builder_bytes(der), builder_bytes(tbs)};
    for (unsigned number = 1;; number++) {
        struct error err = ERROR_INIT;
        failing_at("", number);
        bool passes = look(data, &err);
        const char *failed = failing_stop();
        if (failed == NULL) {
            assert_true(passes);
            return number - 1;
        }
        if (passes)
            fail_msg("%s fails, and it passes", failed);
        assert_int_equal(err.kind, ERROR_TOKEN);
    }
}

static void a_call_that_fails_lets_nothing_pass(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(builder_done) struct builder root_tbs = BUILDER_INIT;
    AUTO(builder_done) struct builder crl_tbs_der = BUILDER_INIT;
    AUTO(builder_done) struct builder crl_der = BUILDER_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    const struct raw_cert leaf = {.key = key, .list = KEY_ID};
    const struct raw_cert root = {.subject = RAW_NAME("I"), .key = ca_key, .list = RAW_CA};
    (void)state;
    raw_cert_tbs(&leaf, &tbs);
    raw_cert(&leaf, ca_key, &der);
    raw_cert_tbs(&root, &root_tbs);
    assert_true(crl_tbs(&(struct crl_frame){.issuer = issuer,
                                            .kind = SIGNATURE_ECDSA_SHA256,
                                            .number = 1,
                                            .this_update = INT64_C(1780000000),
                                            .next_update = INT64_C(1780000001),
                                            .expired_since = CRL_NO_TIME},
                        bytes_of(NULL, 0), &crl_tbs_der, &err));
    maker_sign(ca_key, SIGNATURE_ECDSA_SHA256, builder_bytes(&crl_tbs_der), &signature);
    cert_seal(builder_bytes(&crl_tbs_der), SIGNATURE_ECDSA_SHA256, builder_bytes(&signature), &crl_der);
    assert_in_range(fail_each(look_at_leaf, &der, &tbs), 2, 20); // a context, a verification
    assert_in_range(fail_each(look_at_root, &ca, &root_tbs), 3, 20);
    assert_in_range(fail_each(look_at_crl, &crl_der, &crl_tbs_der), 2, 20);
    (void)fail_each(look_at_parts, &crl_der, &crl_tbs_der);
}

static void a_call_that_fails_makes_no_chain_whole(void **state)
{
    const struct raw_cert sub = {.subject = RAW_NAME("sub"), .key = key, .list = RAW_CA KEY_ID};
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    const char *failed = "";
    (void)state;
    raw_cert(&sub, ca_key, &der);
    const struct bytes above = builder_bytes(&ca);
    for (unsigned number = 1; failed != NULL; number++) {
        struct error err = ERROR_INIT;
        struct cert_issuer *read = NULL;
        failing_at("", number);
        bool is_read = cert_issuer_read(builder_bytes(&der), &above, 1, &read, &err);
        failed = failing_stop();
        assert_int_equal(is_read, read != NULL);
        assert_true(failed != NULL || is_read);
        if (!is_read)
            assert_int_equal(err.kind, ERROR_INPUT);
        else // a key that could not be prepared verifies all the same
            cert_issuer_free(read);
    }
    struct error err = ERROR_INIT;
    AUTO(cert_issuer_free) struct cert_issuer *chain = NULL;
    assert_true(cert_issuer_read(builder_bytes(&der), &above, 1, &chain, &err));
    failed = "";
    for (unsigned number = 1; failed != NULL; number++) {
        AUTO(cert_chain_report_done) struct cert_chain_report report = {.is_complete = false};
        failing_at("", number);
        cert_chain_judge(chain, INT64_C(1780000000), &report);
        failed = failing_stop();
        assert_int_equal(report.is_complete, failed == NULL);
        assert_true(failed == NULL || number < 20);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_check_refuses_by_itself),
        cmocka_unit_test(a_crl_in_parts_is_looked_at_like_a_whole_one),
        cmocka_unit_test(without_random_numbers_the_program_ends),
        cmocka_unit_test(a_call_that_fails_lets_nothing_pass),
        cmocka_unit_test(a_call_that_fails_makes_no_chain_whole),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
