/* SPDX-License-Identifier: Apache-2.0 */
/* What a person who approves is shown: words, a line for each fact, read from what will be signed, whatever the plan's maker wrote into it. */
#include "witness/describe.h"

#include "base/builder.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/memory.h"
#include "base/openssl_release.h"
#include "cert_maker.h"
#include "records/approved.h"
#include "records/cert.h"
#include "records/crl.h"
#include "records/revocation.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const uint8_t serial[] = {0x0a, 0xb1};

static struct json *revoked(enum crl_reason reason, const char *subject)
{
    const struct record_cert_revoked record = {.serial = BYTES(serial),
                                               .reason = reason,
                                               .revoked_at = INT64_C(1800000000),
                                               .invalidity_date = INT64_C(1799990000),
                                               .not_after = INT64_C(1900000000),
                                               .ref = 4,
                                               .subject = subject};
    struct json *json = record_cert_revoked_write(&record);
    json_put_text(json, "type", RECORD_CERT_REVOKED);
    return json;
}

static void shows(struct json *json, bool is_full, const char *wanted)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    if (!describe_item(json, is_full, &text, &err))
        fail_msg("%s", err.text);
    assert_string_equal(builder_text(&text), wanted);
    json_free(json);
}

static void a_revocation_says_who_why_and_when(void **state)
{
    (void)state;
    shows(revoked(CRL_KEY_COMPROMISE, "CN=device-1"), true,
          "revoke      CN=device-1\nserial      0ab1\nreason      keyCompromise\nrevoked     "
          "2027-01-15T08:00:00Z\ninvalid     2027-01-15T05:13:20Z\nvalid until 2030-03-17T17:46:40Z\n");
    shows(revoked(CRL_KEY_COMPROMISE, "CN=device-1"), false,
          "revoke 0ab1  CN=device-1  keyCompromise  from 2027-01-15T08:00:00Z  invalid since "
          "2027-01-15T05:13:20Z\n");
    shows(revoked(CRL_CERTIFICATE_HOLD, NULL), false,
          "hold 0ab1  a subject that is not known here  certificateHold  from 2027-01-15T08:00:00Z  invalid "
          "since 2027-01-15T05:13:20Z\n");
}

static void a_text_of_two_lines_is_one(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(json_free) struct json *json = revoked(CRL_SUPERSEDED, NULL);
    (void)state;
    json_put_text(json, "subject", "CN=a\nreason      superseded\x1b[2J");
    assert_true(describe_item(json, true, &text, &err));
    size_t lines = 0;
    for (size_t i = 0; i < text.len; i++)
        lines += text.data[i] == '\n' ? 1 : 0;
    assert_int_equal(lines, 6);
    assert_null(strchr(builder_text(&text), 0x1b));
    assert_non_null(strstr(builder_text(&text), "CN=a\\x0areason      superseded\\x1b[2J\n"));
}

static void a_release_names_its_hold(void **state)
{
    const struct record_cert_unrevoked record = {.serial = BYTES(serial), .ref = 12};
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct json *json = record_cert_unrevoked_write(&record);
        json_put_text(json, "type", RECORD_CERT_UNREVOKED);
        shows(json, i == 0,
              i == 0 ? "release     0ab1\nhold        of record 12\n"
                     : "release 0ab1  from the hold of record 12\n");
    }
}

static void what_cannot_be_read_is_not_shown(void **state)
{
    static const struct {
        const char *key, *value;
    } wrong[] = {{"reason", "because"}, {"serial", "xyz"}, {"revoked_at", "yesterday"}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct error err = ERROR_INIT;
        AUTO(builder_done) struct builder text = BUILDER_INIT;
        AUTO(json_free) struct json *json = revoked(CRL_SUPERSEDED, "CN=a");
        json_put_text(json, wrong[i].key, wrong[i].value);
        assert_false(describe_item(json, true, &text, &err));
        assert_non_null(strstr(err.text, wrong[i].key));
    }
}

static void what_came_from_elsewhere_says_so(void **state)
{
    (void)state;
    struct json *json = revoked(CRL_SUPERSEDED, "CN=a");
    json_put_bool(json, "foreign", true);
    shows(json, true,
          "revoke      CN=a\nserial      0ab1\nreason      superseded\nrevoked     2027-01-15T08:00:00Z\n"
          "invalid     2027-01-15T05:13:20Z\nvalid until 2030-03-17T17:46:40Z\n"
          "issued      before this ledger: it has nothing to compare that with\n");
}

static void what_is_not_known_has_no_line(void **state)
{
    const struct record_cert_revoked record = {.serial = BYTES(serial),
                                               .reason = CRL_CERTIFICATE_HOLD,
                                               .revoked_at = INT64_C(1800000000),
                                               .invalidity_date = CRL_NO_TIME,
                                               .not_after = CRL_NO_TIME,
                                               .ref = RECORD_NO_SEQ};
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct json *json = record_cert_revoked_write(&record);
        json_put_text(json, "type", RECORD_CERT_REVOKED);
        shows(json, i == 0,
              i == 0 ? "hold        a subject that is not known here\nserial      0ab1\n"
                       "reason      certificateHold\nrevoked     2027-01-15T08:00:00Z\n"
                     : "hold 0ab1  a subject that is not known here  certificateHold  from "
                       "2027-01-15T08:00:00Z\n");
    }
    for (int i = 0; i < 2; i++) { // from before there was a command for it
        struct json *json = json_new_object();
        json_put_hex(json, "serial", BYTES(serial));
        json_put_text(json, "type", RECORD_CERT_UNREVOKED);
        shows(json, i == 0, i == 0 ? "release     0ab1\n" : "release 0ab1\n");
    }
}

static void a_key_by_itself_is_shown_with_what_comes_of_it(void **state)
{
    static const char key[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    struct record_key_revoked record = {.key_value = key,
                                        .reason = CRL_KEY_COMPROMISE,
                                        .revoked_at = INT64_C(1800000000),
                                        .invalidity_date = CRL_NO_TIME};
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct json *json = record_key_revoked_write(&record);
        AUTO(free)
        char *wanted = memory_format("%s %s  keyCompromise  from 2027-01-15T08:00:00Z%s; no certificate of "
                                     "this ledger has it, requests with it are refused\n",
                                     i == 0 ? "revoke      key" : "revoke key", key,
                                     i == 0 ? "" : "  invalid since 2027-01-15T05:13:20Z");
        json_put_text(json, "type", RECORD_KEY_REVOKED);
        shows(json, i == 0, wanted);
        record.invalidity_date = INT64_C(1799990000);
    }
}

/** What can't be read is refused, naming what is wrong. Takes json. */
static void assert_not_shown(struct json *json, const char *words)
{
    for (int i = 0; i < 2; i++) {
        struct error err = ERROR_INIT;
        AUTO(builder_done) struct builder text = BUILDER_INIT;
        assert_false(describe_item(json, i == 0, &text, &err));
        if (strstr(err.text, words) == NULL)
            fail_msg("\"%s\" lacks \"%s\"", err.text, words);
    }
    json_free(json);
}

static void keys_and_releases_that_cannot_be_read_are_not_shown(void **state)
{
    (void)state;
    struct json *key = json_new_object();
    json_put_text(key, "type", RECORD_KEY_REVOKED);
    json_put_text(key, "key_value", "0a");
    assert_not_shown(key, "key_value");
    struct json *released = json_new_object();
    json_put_text(released, "type", RECORD_CERT_UNREVOKED);
    assert_not_shown(released, "serial");
}

/* ---- certificates ---- */

/** The item that a certificate for this subject would be; is_ca: one that may certify. */
static struct json *certificate(bool is_ca, bool has_name)
{
    struct error err = ERROR_INIT;
    uint8_t digest[32] = {3};
    const uint8_t number[CERT_SERIAL_LEN] = {0x0a};
    AUTO(EVP_PKEY_free) EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    AUTO(cert_issuer_free) struct cert_issuer *issuer = maker_root("CN=Root", key, SIGNATURE_ECDSA_SHA256);
    AUTO(template_free)
    struct template *template = is_ca ? maker_ca_template("CN=b", key) : maker_template("CN=b", key);
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    if (has_name)
        maker_add_san(template, SAN_DNS, "b.example", 9);
    if (!cert_tbs(template, issuer, number, SIGNATURE_ECDSA_SHA256, &tbs, &err))
        fail_msg("%s", err.text);
    const struct record_cert_signing record = {
        .tbs = builder_bytes(&tbs), .policy = "p", .policy_sha256 = digest, .csr_sha256 = digest};
    struct json *json = record_cert_signing_write(&record);
    json_put_text(json, "type", RECORD_CERT_SIGNING);
    return json;
}

static void a_certificate_is_what_its_bytes_say(void **state)
{
    static const char serial_text[] = "0a00000000000000000000000000000000000000";
    (void)state;
    AUTO(free)
    char *named =
        memory_format("%s  CN=b  DNS:b.example  ec-p256  until 2026-03-01T01:53:19Z\n", serial_text);
    AUTO(free)
    char *plain = memory_format("%s  CN=b  -  ec-p256  until 2026-03-01T01:53:19Z\n", serial_text);
    AUTO(free)
    char *ca =
        memory_format("%s  CN=b  -  ec-p256  until 2035-11-19T01:53:19Z  A CA CERTIFICATE\n", serial_text);
    shows(certificate(false, true), false, named);
    shows(certificate(false, false), false, plain);
    shows(certificate(true, false), false, ca);
    // What the plan says beside the bytes is not what is shown.
    struct json *lie = certificate(false, false);
    json_put_text(lie, "subject", "CN=harmless");
    json_put_text(lie, "not_after", "2025-12-01T00:00:00Z");
    json_put_text(lie, "serial", "01");
    shows(lie, false, plain);
}

static void a_certificate_in_full_has_all_its_extensions(void **state)
{
    static const char *const facts[] = {
        "CN=b", "CN=Root", "b.example", "keyCertSign", "CA", "2025-11-21T01:53:20Z", "2035-11-19T01:53:19Z"};
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(json_free) struct json *json = certificate(true, true);
    (void)state;
    if (!describe_item(json, true, &text, &err))
        fail_msg("%s", err.text);
    for (size_t i = 0; i < ARRAY_LEN(facts); i++) {
        if (strstr(builder_text(&text), facts[i]) == NULL)
            fail_msg("\"%s\" lacks \"%s\"", builder_text(&text), facts[i]);
    }
}

static void bytes_that_are_no_certificate_are_not_shown(void **state)
{
    (void)state;
    struct json *none = certificate(false, false);
    json_put_text(none, "tbs", "!");
    assert_not_shown(none, "tbs");
    struct json *cut = certificate(false, false);
    json_put_base64(cut, "tbs", BYTES_LITERAL("\x30\x03\x02\x01\x02"));
    assert_not_shown(cut, "");
}

/** Its algorithm can be read, its names can't. */
static void names_that_cannot_be_read_are_not_shown_in_a_line(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(json_free) struct json *damaged = certificate(false, true);
    (void)state;
    assert_true(json_base64(damaged, "tbs", &tbs));
    uint8_t *names = memmem(tbs.data, tbs.len, "\x30\x0b\x82\x09", 4);
    assert_non_null(names);
    names[0] = 0x31; // a SET
    json_put_base64(damaged, "tbs", builder_bytes(&tbs));
    assert_false(describe_item(damaged, false, &text, &err));
    assert_non_null(strstr(err.text, "subjectAltName"));
    assert_int_equal(text.len, 0);
}

/* ---- CRLs, policies, controls ---- */

static struct json *crl(bool keeps)
{
    const struct record_crl_signing record = {.number = 7,
                                              .algorithm = BYTES_LITERAL("a"),
                                              .this_update = INT64_C(1800000000),
                                              .next_update = INT64_C(1802592000),
                                              .size = 20,
                                              .extensions = BYTES_LITERAL("e"),
                                              .keep_expired = keeps,
                                              .expired_since = keeps ? INT64_C(1700000000) : CRL_NO_TIME,
                                              .previous = RECORD_CRL_NONE,
                                              .count = 3,
                                              .tbs_len = 99,
                                              .tbs_sha256 = {0xab}};
    struct json *json = record_crl_signing_write(&record);
    json_put_text(json, "type", RECORD_CRL_SIGNING);
    return json;
}

static void a_crl_says_its_number_length_and_time(void **state)
{
    static const char digest[] =
        "SHA-256     ab00000000000000000000000000000000000000000000000000000000000000 (of what is signed)\n";
    (void)state;
    for (int i = 0; i < 2; i++) {
        AUTO(free)
        char *wanted = memory_format("CRL         number 7, 3 revoked\ngood        2027-01-15T08:00:00Z to "
                                     "2027-02-14T08:00:00Z%s\n%s",
                                     i == 0 ? "" : ", with certificates that have ended", digest);
        shows(crl(i == 1), true, wanted);
        if (i == 1)
            continue;
        // A record that says nothing of certificates that have ended keeps none.
        struct error err = ERROR_INIT;
        struct json *silent = NULL;
        AUTO(json_free) struct json *json = crl(false);
        AUTO(builder_done) struct builder text = BUILDER_INIT;
        json_canonical(json, &text);
        char *member = strstr(builder_text(&text), "\"keep_expired\":false,");
        assert_non_null(member);
        memset(member, ' ', strlen("\"keep_expired\":false,"));
        assert_true(json_parse(builder_bytes(&text), &silent, &err));
        shows(silent, true, wanted);
    }
}

static void a_crl_that_lacks_a_fact_is_not_shown(void **state)
{
    static const char *const facts[] = {"number",      "count",        "this_update",
                                        "next_update", "keep_expired", "tbs_sha256"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(facts); i++) {
        struct json *json = crl(true);
        json_put_text(json, facts[i], "none");
        assert_not_shown(json, facts[i]);
    }
}

static void a_policy_is_shown_whole(void **state)
{
    static const char text[] = "policy: device\nkey: {allow: [ec-p256]} # \x1b[8m\n";
    char hex[129];
    struct record_policy_approved record = {.name = "device", .text = text};
    (void)state;
    digest_sha256(bytes_of_text(text), record.sha256);
    struct json *json = record_policy_approved_write(&record);
    json_put_text(json, "type", RECORD_POLICY_APPROVED);
    AUTO(free)
    char *wanted =
        memory_format("policy      device\nSHA-256     %s\npolicy: device\nkey: {allow: [ec-p256]} "
                      "# \\x1b[8m\n",
                      hex_of(BYTES(record.sha256), hex));
    shows(json, true, wanted);
    struct json *other = record_policy_approved_write(&record);
    json_put_text(other, "type", RECORD_POLICY_APPROVED);
    json_put_text(other, "text", "policy: another\n"); // the digest is of what was shown
    assert_not_shown(other, "its digest is not that of its text");
}

#define ANN "ann+e5e1f321+AerhyHk7VZfEs/SQ52rDEXLEOWkPjuFBQruFGmH5pJ8O"
#define BOB "bob+825e478e+AWJ/F9iT5Wl6S6Igi8gLApLn9Y2BIOs1PBtVQp25xrGW"

static struct json *control(bool is_strict)
{
    struct error err = ERROR_INIT;
    AUTO(control_done) struct control control = {.seq = CONTROL_NONE, .previous = CONTROL_NONE};
    assert_true(control_add_person(&control, "ann", "approver", ANN, &err));
    assert_true(control_add_person(&control, "bob", "operator", BOB, &err));
    assert_true(control_add_person(&control, "dan", "auditor", NULL, &err));
    control.quorum[ACT_ISSUE_CA] = 2;
    control.quorum[ACT_REVOKE] = 1;
    control.emergency[ACT_REVOKE] = true;
    control.quorum[ACT_CONTROL] = is_strict ? 2 : 0;
    control.only_approved_policies = control.forbids_extractable = control.requires_manifest = is_strict;
    control.has_crl = true;
    control.crl_max_days = 40;
    control.crl_keep_expired = is_strict;
    struct json *json = control_write(&control);
    json_put_text(json, "type", RECORD_CONTROL_SET);
    return json;
}

static void a_control_says_who_and_how_many(void **state)
{
    static const char people[] = "people      ann, approver  " ANN "\n            bob, operator  " BOB
                                 "\n            dan, auditor  without a key\n"
                                 "quorum      issuing certificates: whoever can log in\n"
                                 "            issuing CA certificates: 2\n"
                                 "            revoking: 1, or one person in an emergency\n"
                                 "            signing CRLs: whoever can log in\n";
    AUTO(free)
    char *loose =
        memory_format("%s            changing the controls: whoever can log in\n"
                      "            approving policies: whoever can log in\n"
                      "policies    any\n"
                      "CRLs        good for at most 40 days, certificates that have ended leave it\n",
                      people);
    AUTO(free)
    char *strict =
        memory_format("%s            changing the controls: 2\n"
                      "            approving policies: whoever can log in\n"
                      "policies    approved ones only\n"
                      "keys        only such as can't leave their token, whatever ca.yaml says\n"
                      "media       only with a signed list of their requests, whatever ca.yaml says\n"
                      "CRLs        good for at most 40 days, certificates that have ended stay on it\n",
                      people);
    (void)state;
    shows(control(false), true, loose);
    shows(control(true), true, strict);
    struct json *unmet = control(true);
    json_put_text(unmet, "people", "all");
    assert_not_shown(unmet, "people");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_revocation_says_who_why_and_when),
        cmocka_unit_test(a_text_of_two_lines_is_one),
        cmocka_unit_test(a_release_names_its_hold),
        cmocka_unit_test(what_cannot_be_read_is_not_shown),
        cmocka_unit_test(what_came_from_elsewhere_says_so),
        cmocka_unit_test(what_is_not_known_has_no_line),
        cmocka_unit_test(a_key_by_itself_is_shown_with_what_comes_of_it),
        cmocka_unit_test(keys_and_releases_that_cannot_be_read_are_not_shown),
        cmocka_unit_test(a_certificate_is_what_its_bytes_say),
        cmocka_unit_test(a_certificate_in_full_has_all_its_extensions),
        cmocka_unit_test(bytes_that_are_no_certificate_are_not_shown),
        cmocka_unit_test(names_that_cannot_be_read_are_not_shown_in_a_line),
        cmocka_unit_test(a_crl_says_its_number_length_and_time),
        cmocka_unit_test(a_crl_that_lacks_a_fact_is_not_shown),
        cmocka_unit_test(a_policy_is_shown_whole),
        cmocka_unit_test(a_control_says_who_and_how_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
