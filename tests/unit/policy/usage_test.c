/* SPDX-License-Identifier: Apache-2.0 */
/* Key usages, purposes and dates that can't be: refused at load where the policy alone decides, else when a request is judged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judge_case.h"

#include "base/key_value.h"
#include "base/memory.h"
#include "base/openssl_release.h"
#include "policy/issuer.h"
#include "policy/usage.h"

#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

static char *policy_of(const char *key, const char *validity, const char *more)
{
    return memory_format("policy: usage\nsubject: [{field: CN, match: '.*', optional: true}]\n"
                         "san: [{type: dns, match: '.*'}]\nkey: {allow: [%s]}\nvalidity: {%s}\n%s",
                         key, validity, more);
}

static void usages_that_can_not_be_do_not_load(void **state)
{
    (void)state;
    static const struct {
        const char *key, *more, *words; /**< NULL: loads */
    } cases[] = {
        {"ec-p256", "key_usage: [keyEncipherment]\n", "keyEncipherment"},
        {"ec-p256, ed25519", "key_usage: [digitalSignature, dataEncipherment]\n", "dataEncipherment"},
        {"rsa-2048", "key_usage: [digitalSignature, keyAgreement]\n", "keyAgreement"},
        {"ed25519", "key_usage: [digitalSignature, keyAgreement]\n", "keyAgreement"},
        {"rsa-2048, ed25519", "key_usage: [digitalSignature]\nkey_usage_from_request: [keyAgreement]\n",
         "keyAgreement"},
        {"ec-p256", "key_usage: [digitalSignature, encipherOnly]\n", "without keyAgreement"},
        {"ec-p256", "key_usage: [keyAgreement, encipherOnly, decipherOnly]\n", "exclude each other"},
        {"ec-p256, rsa-2048", "key_usage: [digitalSignature, keyEncipherment, keyAgreement]\n", NULL},
        {"ec-p256", "key_usage: [keyAgreement, encipherOnly]\n", NULL},
        {"rsa-2048", "key_usage: [dataEncipherment]\nextended_key_usage: [serverAuth]\n", "serverAuth needs"},
        {"rsa-2048", "key_usage: [keyEncipherment]\nextended_key_usage: [clientAuth]\n", "clientAuth needs"},
        {"rsa-2048", "key_usage: [nonRepudiation]\nextended_key_usage: [codeSigning]\n", "codeSigning needs"},
        {"rsa-2048", "key_usage: [dataEncipherment]\nextended_key_usage: [emailProtection]\n",
         "emailProtection needs"},
        {"ec-p256", "key_usage: [keyAgreement]\nextended_key_usage: [OCSPSigning]\n", "OCSPSigning needs"},
        {"ec-p256", "key_usage: [keyAgreement]\nextended_key_usage: [1.3.6.1.5.5.7.3.9]\n",
         "OCSPSigning needs"},
        {"rsa-2048", "key_usage: [keyEncipherment]\nextended_key_usage: [serverAuth]\n", NULL},
        {"ec-p256", "extended_key_usage: [OCSPSigning]\n", NULL}, // no key usage goes with everything
        {"ec-p256", "key_usage: [digitalSignature]\nextended_key_usage: [1.2.3.4]\n", NULL},
        {"ec-p256", "key_usage: [digitalSignature]\nextended_key_usage: [timeStamping]\n",
         "has to be critical"},
        {"ec-p256",
         "key_usage: [digitalSignature]\nextended_key_usage: [timeStamping, clientAuth]\n"
         "extended_key_usage_critical: true\n",
         "stand alone"},
        {"ec-p256",
         "key_usage: [digitalSignature, keyAgreement]\nextended_key_usage: [timeStamping]\n"
         "extended_key_usage_critical: true\n",
         "only"},
        {"ec-p256",
         "key_usage: [digitalSignature]\nextended_key_usage: [timeStamping]\n"
         "extended_key_usage_critical: true\n",
         NULL},
        {"ec-p256",
         "key_usage: [digitalSignature]\nextended_key_usage: [clientAuth]\n"
         "extended_key_usage_from_request: [timeStamping]\nextended_key_usage_critical: true\n",
         "stand alone"},
        {"ec-p256",
         "key_usage: [digitalSignature]\nextended_key_usage: [timeStamping]\n"
         "extended_key_usage_from_request: [clientAuth]\nextended_key_usage_critical: true\n",
         "stand alone"},
        {"ec-p256", "key_usage: [keyCertSign]\nca: {}\nextended_key_usage: [timeStamping, clientAuth]\n",
         NULL}, // a CA
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(free) char *policy = policy_of(cases[i].key, "days: 10", cases[i].more);
        print_message("%s: %s", cases[i].key, cases[i].more);
        if (cases[i].words == NULL)
            assert_non_null(case_policy(policy));
        else if (strstr(case_load_error(policy), cases[i].words) == NULL)
            fail_msg("\"%s\" is not in \"%s\"", cases[i].words, case_load_error(policy));
    }
    assert_non_null(strstr(case_load_error("policy: usage\nkey: {allow: [ec-p256]}\nvalidity: {days: 1}\n"
                                           "key_usage: [cRLSign]\n"),
                           "cRLSign needs a subject"));
}

static void a_key_that_can_have_none_of_the_usages_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *key, *usages, *refusal;
        uint16_t bits;
    } cases[] = {
        {"P-256", "keyEncipherment", "none of keyEncipherment", 0},
        {"ED25519", "keyEncipherment, keyAgreement", "none of keyEncipherment, keyAgreement", 0},
        {"RSA-2048", "keyAgreement", "none of keyAgreement", 0},
        {"P-256", "digitalSignature, keyEncipherment", NULL, KEY_USAGE_DIGITAL_SIGNATURE},
        {"RSA-2048", "digitalSignature, keyAgreement", NULL, KEY_USAGE_DIGITAL_SIGNATURE},
        {"ED25519", "digitalSignature, keyAgreement, encipherOnly", NULL, KEY_USAGE_DIGITAL_SIGNATURE},
        {"P-256", "keyAgreement, encipherOnly", NULL, KEY_USAGE_KEY_AGREEMENT | KEY_USAGE_ENCIPHER_ONLY},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(free) char *more = memory_format("key_usage: [%s]\n", cases[i].usages);
        AUTO(free) char *policy = policy_of("ec-p256, ed25519, rsa-2048", "days: 10", more);
        const struct verdict *verdict =
            case_judge(&(struct judge_case){.policy = policy, .key = cases[i].key});
        if (cases[i].refusal != NULL) {
            assert_refused(verdict, "key_usage.key", cases[i].refusal);
        } else {
            assert_allowed(verdict);
            assert_int_equal(verdict->template->key_usage, cases[i].bits);
        }
        assert_int_equal(case_end(NULL), 0);
    }
}

/* keyUsage encipherOnly; keyEncipherment; extKeyUsage clientAuth, timeStamping */
#define ASKS_ENCIPHER_ONLY "30{06{551d0f}0101ff04{03020001}}"
#define ASKS_ENCIPHERMENT "30{06{551d0f}0101ff04{03020520}}"
#define ASKS_STAMPING "30{06{551d25}04{30{06{2b06010505070308}}}}"

static void what_a_request_adds_is_looked_at_again(void **state)
{
    (void)state;
    static const struct {
        const char *more, *extensions, *rule, *words;
    } cases[] = {
        {"key_usage: [digitalSignature]\nkey_usage_from_request: [encipherOnly, keyAgreement]\n",
         ASKS_ENCIPHER_ONLY, "key_usage", "without keyAgreement"},
        {"key_usage_from_request: [keyEncipherment]\nextended_key_usage: [clientAuth]\n", ASKS_ENCIPHERMENT,
         "extended_key_usage", "clientAuth needs one of"},
        {"key_usage_from_request: [keyEncipherment]\nextended_key_usage_from_request: [timeStamping]\n"
         "extended_key_usage_critical: true\n",
         ASKS_ENCIPHERMENT ASKS_STAMPING, "extended_key_usage", "digitalSignature and nonRepudiation only"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(free) char *policy = policy_of("ec-p256, rsa-2048", "days: 10", cases[i].more);
        bool is_rsa = strstr(cases[i].more, "keyEncipherment") != NULL;
        assert_refused(case_judge(&(struct judge_case){.policy = policy,
                                                       .key = is_rsa ? "RSA-2048" : "P-256",
                                                       .extensions = cases[i].extensions}),
                       cases[i].rule, cases[i].words);
        assert_int_equal(case_end(NULL), 0);
    }
}

static void who_signs_crls_or_certificates_has_a_subject(void **state)
{
    (void)state;
    static const char *const sans[] = {"dns:a.example", NULL};
    AUTO(free) char *crl = policy_of("ec-p256", "days: 10", "key_usage: [cRLSign]\n");
    AUTO(free) char *ca = policy_of("ec-p256", "days: 10", "ca: {}\nkey_usage: [keyCertSign]\n");
    assert_refused(case_judge(&(struct judge_case){.policy = crl, .subject = "", .sans = sans}),
                   "subject.empty", "who signs CRLs");
    assert_int_equal(case_end(NULL), 0);
    assert_refused(case_judge(&(struct judge_case){.policy = ca, .subject = "", .sans = sans}),
                   "subject.empty", "a CA needs one");
    assert_int_equal(case_end(NULL), 0);
    assert_allowed(case_judge(&(struct judge_case){.policy = crl, .sans = sans}));
}

static void a_certificate_ends_in_the_future(void **state)
{
    (void)state;
    AUTO(free) char *too_short = policy_of("ec-p256", "days: 1, backdate_minutes: 1440", "");
    AUTO(free) char *enough = policy_of("ec-p256", "days: 1, backdate_minutes: 1439", "");
    AUTO(free) char *asked = policy_of("ec-p256", "days: 10, backdate_minutes: 2880", "");
    assert_non_null(strstr(case_load_error(too_short), "over before it is issued"));
    assert_allowed(case_judge(&(struct judge_case){.policy = enough}));
    assert_int_equal(case_end(NULL), 0);
    // --days 1 from two days back
    assert_refused(case_judge(&(struct judge_case){.policy = asked, .days = 1}), "validity.over",
                   "over already");
}

static void an_expired_ca_signs_nothing_under_any_policy(void **state)
{
    (void)state;
    static const char *const past[] = {"refuse", "clamp", "allow"};
    struct policy_issuer issuer = {
        .not_before = CASE_NOW - 1000000, .not_after = CASE_NOW - 1, .is_ca = true, .path_len = -1};
    for (size_t i = 0; i < ARRAY_LEN(past); i++) {
        AUTO(free) char *validity = memory_format("days: 10, past_issuer: %s", past[i]);
        AUTO(free) char *policy = policy_of("ec-p256", validity, "");
        const struct verdict *verdict = case_judge(&(struct judge_case){.policy = policy, .issuer = &issuer});
        assert_refused(verdict, "validity.issuer_expired", "ended 2025-11-21T01:53:19Z");
        assert_int_equal(verdict->findings.count, 1); // said once
        assert_int_equal(case_end(NULL), 0);
        AUTO(free) char *for_ever = memory_format("no_expiry: true, past_issuer: %s", past[i]);
        AUTO(free) char *endless = policy_of("ec-p256", for_ever, "");
        assert_refused(case_judge(&(struct judge_case){.policy = endless, .issuer = &issuer}),
                       "validity.issuer_expired", "an expired CA signs nothing");
        assert_int_equal(case_end(NULL), 0);
    }
    issuer.not_after = CASE_NOW;
    AUTO(free) char *policy = policy_of("ec-p256", "days: 10, past_issuer: allow", "");
    assert_allowed(case_judge(&(struct judge_case){.policy = policy, .issuer = &issuer}));
}

static void a_ca_does_not_get_the_name_of_one_above(void **state)
{
    (void)state;
    struct template_attribute own[] = {{.oid = (char *)(uintptr_t) "2.5.4.3",
                                        .field = (char *)(uintptr_t) "CN",
                                        .value = (char *)(uintptr_t) "Sub",
                                        .tag = 0x0c}};
    struct template_attribute root[] = {{.oid = (char *)(uintptr_t) "2.5.4.3",
                                         .field = (char *)(uintptr_t) "CN",
                                         .value = (char *)(uintptr_t) "My  Root",
                                         .tag = 0x13}};
    struct policy_name names[] = {{own, 1}, {root, 1}};
    uint8_t keys[2][32] = {{0}};
    struct policy_issuer issuer = {.not_before = CASE_NOW - 1000,
                                   .not_after = CASE_NOW + 100 * INT64_C(86400),
                                   .is_ca = true,
                                   .path_len = -1,
                                   .chain_subjects = names,
                                   .chain_key_values = keys,
                                   .chain_count = 2};
    AUTO(free) char *ca = policy_of("ec-p256", "days: 10", "ca: {path_len: 0}\nkey_usage: [keyCertSign]\n");
    AUTO(free) char *leaf = policy_of("ec-p256", "days: 10", "key_usage: [digitalSignature]\n");
    assert_refused(case_judge(&(struct judge_case){.policy = ca, .subject = "CN=sub", .issuer = &issuer}),
                   "ca.name", "the CA that issues it");
    assert_int_equal(case_end(NULL), 0);
    assert_refused(case_judge(&(struct judge_case){.policy = ca, .subject = "CN=My Root", .issuer = &issuer}),
                   "ca.name", "a CA above");
    assert_int_equal(case_end(NULL), 0);
    assert_allowed(case_judge(&(struct judge_case){.policy = ca, .subject = "CN=Sub 2", .issuer = &issuer}));
    assert_int_equal(case_end(NULL), 0);
    const struct verdict *verdict =
        case_judge(&(struct judge_case){.policy = leaf, .subject = "CN=Sub", .issuer = &issuer});
    assert_allowed(verdict);
    assert_true(has_note(verdict, "subject.issuer", "it is the name of the CA that issues it"));
    assert_int_equal(case_end(NULL), 0);
    verdict = case_judge(&(struct judge_case){.policy = leaf, .subject = "CN=Other", .issuer = &issuer});
    assert_allowed(verdict);
    assert_false(has_note(verdict, "subject.issuer", ""));
    assert_int_equal(case_end(NULL), 0);
    // For the CA's own next key, and for nothing else:
    AUTO(free)
    char *next = policy_of(
        "ec-p256", "days: 10",
        "ca: {path_len: 0, rollover: true}\nkey_usage: [keyCertSign]\nscreen: {issuer_key: false}\n");
    const struct judge_case rollover = {.policy = next, .subject = "CN=Sub", .issuer = &issuer};
    verdict = case_judge(&rollover);
    assert_allowed(verdict);
    assert_false(has_note(verdict, "subject.issuer", ""));
    assert_int_equal(case_end(NULL), 0);
    assert_refused(case_judge(&(struct judge_case){.policy = next, .subject = "CN=sub", .issuer = &issuer}),
                   "ca.rollover", "not the name of the CA that issues it");
    assert_int_equal(case_end(NULL), 0);
    assert_refused(
        case_judge(&(struct judge_case){.policy = next, .subject = "CN=My Root", .issuer = &issuer}),
        "ca.rollover", "not the name of the CA that issues it");
    assert_int_equal(case_end(NULL), 0);
    AUTO(EVP_PKEY_free) EVP_PKEY *old = csr_key("P-256");
    AUTO(OPENSSL_free) uint8_t *spki = NULL;
    int len = i2d_PUBKEY(old, &spki);
    key_value(bytes_of(spki, (size_t)len), keys[0]);
    assert_refused(case_judge(&(struct judge_case){
                       .policy = next, .subject = "CN=Sub", .issuer = &issuer, .own_key = old}),
                   "key.issuer", "the key of a CA in the chain");
    assert_int_equal(case_end(NULL), 0);
    issuer.path_len = 0; // Go, GnuTLS and pyca/cryptography count it
    assert_refused(case_judge(&rollover), "ca.path_len", "no CA may be below this issuer");
}

static void usages_are_told_by_their_names(void **state)
{
    static const struct {
        uint16_t bits;
        const char *words;
    } cases[] = {
        {0, ""},
        {1, "digitalSignature"},
        {0x100, "decipherOnly"},
        {0x180, "encipherOnly, decipherOnly"},
        {0x22, "nonRepudiation, keyCertSign"},
        {0xffff,
         "digitalSignature, nonRepudiation, keyEncipherment, dataEncipherment, keyAgreement, keyCertSign, "
         "cRLSign, encipherOnly, decipherOnly"},
    };
    static char *const names[] = {(char *)(uintptr_t) "cRLSign", (char *)(uintptr_t) "digitalSignature",
                                  (char *)(uintptr_t) "decipherOnly"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(builder_done) struct builder text = BUILDER_INIT;
        usage_words(cases[i].bits, &text);
        assert_string_equal(builder_text(&text), cases[i].words);
    }
    assert_int_equal(usage_bits(names, 3), 0x141);
    assert_int_equal(usage_bits(names, 0), 0);
    assert_int_equal(key_usage_bit("keySign"), 0);
    assert_string_equal(key_usage_name(8), "decipherOnly");
    assert_string_equal(key_usage_name(9), "unknown");
}

/** RFC 3279 2.3.1, RFC 5480 3, RFC 8410 5 with RFC 9295. */
static void each_kind_of_key_has_its_usages(void **state)
{
    static const struct {
        enum key_kind kind;
        uint16_t bits;
    } cases[] = {{KEY_RSA, 0x6f},      {KEY_EC_P256, 0x1f3}, {KEY_EC_P384, 0x1f3},
                 {KEY_EC_P521, 0x1f3}, {KEY_ED25519, 0x63},  {KEY_OTHER, 0x1ff}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(usage_bits_of_key(cases[i].kind), cases[i].bits);
}

static void a_root_is_no_rollover(void **state)
{
    (void)state;
    AUTO(free)
    char *root =
        policy_of("ec-p256", "days: 10", "root: true\nca: {rollover: true}\nkey_usage: [keyCertSign]\n");
    assert_non_null(strstr(case_load_error(root), "a root has no issuer"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(usages_that_can_not_be_do_not_load, case_end),
        cmocka_unit_test_teardown(a_key_that_can_have_none_of_the_usages_is_refused, case_end),
        cmocka_unit_test_teardown(what_a_request_adds_is_looked_at_again, case_end),
        cmocka_unit_test_teardown(who_signs_crls_or_certificates_has_a_subject, case_end),
        cmocka_unit_test_teardown(a_certificate_ends_in_the_future, case_end),
        cmocka_unit_test_teardown(an_expired_ca_signs_nothing_under_any_policy, case_end),
        cmocka_unit_test_teardown(a_ca_does_not_get_the_name_of_one_above, case_end),
        cmocka_unit_test_teardown(a_root_is_no_rollover, case_end),
        cmocka_unit_test(usages_are_told_by_their_names),
        cmocka_unit_test(each_kind_of_key_has_its_usages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
