/* SPDX-License-Identifier: Apache-2.0 */
/* A cert.signing that a plan wants signed says of itself what its TBSCertificate and the plan say: each member is compared. */
#include "records/cert.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/encode.h"
#include "base/memory.h"
#include "base/openssl_release.h"
#include "base/time.h"
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

static void add_name(struct template *template, const char *text)
{
    maker_add_san(template, SAN_DNS, text, strlen(text));
    char **kept = &template->sans[template->sans_count - 1].text;
    free(*kept);
    *kept = memory_text(text);
}

/** All that the record says, in the order of its names. */
static void it_is_spelled_so(void **state)
{
    static const uint8_t csr[32] = {5}, input[32] = {6};
    char serial[129], spki[129], policy[129], csr_hex[129], input_hex[129], not_after[TIME_TEXT_SIZE];
    AUTO(EVP_PKEY_free) EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    AUTO(template_free) struct template *template = maker_template("CN=a", key);
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    AUTO(builder_done) struct builder base64 = BUILDER_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    (void)state;
    assert_true(json_base64(record, "tbs", &tbs));
    encode_base64(builder_bytes(&tbs), &base64);
    add_name(template, "a.example");
    add_name(template, "b.example");
    template->validity_note = memory_text("cut");
    const struct record_cert_signing signing = {.tbs = builder_bytes(&tbs),
                                                .template = template,
                                                .policy = "p",
                                                .policy_sha256 = policy_digest,
                                                .csr_sha256 = csr,
                                                .input_sha256 = input,
                                                .source = "a.csr",
                                                .batch = "b"};
    AUTO(json_free) struct json *whole = record_cert_signing_write(&signing);
    AUTO(free)
    char *wanted = memory_format(
        "{\"batch\":\"b\",\"csr_sha256\":\"%s\",\"input_sha256\":\"%s\",\"not_after\":\"%s\",\"policy\":"
        "\"p\","
        "\"policy_sha256\":\"%s\",\"sans\":[\"dns:a.example\",\"dns:b.example\"],\"serial\":\"%s\","
        "\"source\":\"a.csr\","
        "\"spki_sha256\":\"%s\",\"subject\":\"CN=a\",\"tbs\":\"%s\",\"validity_note\":\"cut\"}",
        hex_of(BYTES(csr), csr_hex), hex_of(BYTES(input), input_hex), time_format(facts.not_after, not_after),
        hex_of(BYTES(policy_digest), policy), hex_of(bytes_of(facts.serial, facts.serial_len), serial),
        hex_of(BYTES(facts.spki_sha256), spki), builder_text(&base64));
    json_canonical(whole, &text);
    assert_string_equal(builder_text(&text), wanted);
    // What there is nothing of is not there.
    static const char *const optional[] = {"batch", "input_sha256", "sans", "source", "validity_note"};
    for (size_t i = 0; i < ARRAY_LEN(optional); i++)
        assert_null(json_get(record, optional[i]));
}

/** Of many names there are so many as fit, and a sign that there are more. */
static void many_names_are_cut(void **state)
{
    AUTO(EVP_PKEY_free) EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    char name[125];
    (void)state;
    assert_true(json_base64(record, "tbs", &tbs));
    memset(name, 'a', 124);
    name[124] = '\0'; // and "dns:" before it: 124 + 4 = 128, of which 64 are 8192
    for (unsigned more = 0; more < 3; more++) {
        AUTO(template_free) struct template *template = maker_template("CN=a", key);
        for (unsigned i = 0; i < 64; i++)
            add_name(template, name);
        for (unsigned i = 0; i < more; i++)
            add_name(template, "b");
        const struct record_cert_signing signing = {.tbs = builder_bytes(&tbs),
                                                    .template = template,
                                                    .policy = "p",
                                                    .policy_sha256 = policy_digest,
                                                    .csr_sha256 = policy_digest};
        AUTO(json_free) struct json *whole = record_cert_signing_write(&signing);
        const struct json *sans = json_get(whole, "sans");
        assert_int_equal(json_count(sans), more == 0 ? 64 : 65);
        assert_int_equal(strlen(json_text_at(sans, 63)), 128);
        if (more > 0)
            assert_string_equal(json_text_at(sans, 64), "...");
    }
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
        cmocka_unit_test_setup_teardown(it_is_spelled_so, begin, end),
        cmocka_unit_test_setup_teardown(many_names_are_cut, begin, end),
        cmocka_unit_test_setup_teardown(what_its_bytes_say_matches, begin, end),
        cmocka_unit_test_setup_teardown(each_member_that_says_something_else_is_named, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
