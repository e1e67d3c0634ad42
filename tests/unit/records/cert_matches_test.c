/* SPDX-License-Identifier: Apache-2.0 */
/* A cert.signing that a plan wants signed says of itself what its TBSCertificate and the plan say: each member is compared. */
#include "records/cert.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/openssl_release.h"
#include "cert_maker.h"

static const uint8_t policy_digest[32] = {3};
static struct cert_facts facts;
static struct json *record;

static int begin(void **state)
{
    struct error err = ERROR_INIT;
    const uint8_t serial[CERT_SERIAL_LEN] = {[0] = 0x10, [19] = 1};
    AUTO(EVP_PKEY_free) EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    AUTO(cert_issuer_free) struct cert_issuer *issuer = maker_root("CN=Root", key, SIGNATURE_ECDSA_SHA256);
    AUTO(template_free) struct template *template = maker_template("CN=a", key);
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    (void)state;
    assert_true(cert_tbs(template, issuer, serial, SIGNATURE_ECDSA_SHA256, &tbs, &err));
    assert_true(cert_read_tbs(builder_bytes(&tbs), &facts, &err));
    const struct record_cert_signing signing = {.tbs = builder_bytes(&tbs),
                                                .policy = "p",
                                                .policy_sha256 = policy_digest,
                                                .csr_sha256 = policy_digest};
    record = record_cert_signing_write(&signing);
    return 0;
}

static int end(void **state)
{
    (void)state;
    json_free(record);
    cert_facts_done(&facts);
    return 0;
}

static bool matches(struct error *err)
{
    error_clear(err);
    return record_cert_signing_matches(record, "p", policy_digest, &facts, err);
}

static void what_its_bytes_say_matches(void **state)
{
    struct error err = ERROR_INIT;
    uint8_t other[32] = {4};
    (void)state;
    if (!matches(&err))
        fail_msg("%s", err.text);
    assert_false(record_cert_signing_matches(record, "q", policy_digest, &facts, &err));
    assert_false(record_cert_signing_matches(record, "p", other, &facts, &err));
}

static void each_member_that_says_something_else_is_named(void **state)
{
    static const struct {
        const char *key, *value;
    } cases[] = {{"serial", "1000000000000000000000000000000000000002"},
                 {"serial", "01"},
                 {"subject", "CN=b"},
                 {"not_after", "2026-03-01T01:53:20Z"},
                 {"spki_sha256", "0000000000000000000000000000000000000000000000000000000000000000"},
                 {"policy", "q"},
                 {"policy_sha256", "0000000000000000000000000000000000000000000000000000000000000000"},
                 {"csr_sha256", "00"}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err = ERROR_INIT;
        struct json *kept = record;
        record = json_clone(kept);
        json_put_text(record, cases[i].key, cases[i].value);
        assert_false(matches(&err));
        if (strstr(err.text, cases[i].key) == NULL)
            fail_msg("\"%s\" lacks \"%s\"", err.text, cases[i].key);
        json_put_int(record, cases[i].key, 7); // no text
        assert_false(matches(&err));
        json_free(record);
        record = kept;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_its_bytes_say_matches, begin, end),
        cmocka_unit_test_setup_teardown(each_member_that_says_something_else_is_named, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
