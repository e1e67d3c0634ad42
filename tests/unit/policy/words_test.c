/* SPDX-License-Identifier: Apache-2.0 */
/* A policy and a verdict in words: all of what a person reads, and all of what goes into the certificate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judge_case.h"

#include "base/file.h"
#include "base/memory.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

static char *every_key(void)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    if (!file_read(AT_FDCWD, SOURCE_FOLDER "/tests/corpus/policy/every-key.yaml", 65536, &text, &err))
        fail_msg("%s", err.text);
    return builder_take_text(&text);
}

static char *described(const char *yaml)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    policy_describe(case_policy(yaml), &text);
    return builder_take_text(&text);
}

static void a_policy_with_every_key_is_said_line_by_line(void **state)
{
    (void)state;
    AUTO(free) char *yaml = every_key();
    AUTO(free) char *words = described(yaml);
    assert_string_equal(
        words, "every-key\n"
               "for the fuzzer: every key a policy can have.\n"
               "  --set domain=...  must match [a-z0-9.-]+; otherwise iot.example\n"
               "  --set site=...  must match [A-Z]{2}[0-9]+\n"
               "  subject C            from the request, required; one of DE, AT\n"
               "  subject O            set to \"Acme {site}\"\n"
               "  subject OU           from the request, if it is there; must match [^\\p{C}]{1,64}\n"
               "  subject CN           from the request, required; must match [A-Za-z0-9_-]{1,64}\n"
               "  subject organizationIdentifier from the request, if it is there; must match (a+)+b\n"
               "  other subject fields dropped\n"
               "  san uri              set to \"spiffe://{domain}/device/{cn}\"\n"
               "  san dns              set to \"{CN}\"; held to the rules for requests\n"
               "  san dns              from the request, required; must match ([a-z0-9-]+\\.)*iot\\.example; "
               "a wildcard may lead\n"
               "  san dns              from the request, if it is there; one of localhost\n"
               "  san ip               from the request, if it is there; within 10.0.0.0/8, 2001:db8::/32\n"
               "  san email            from the request, if it is there; must match [a-z]+@iot\\.example\n"
               "  san hardware         from the request, if it is there\n"
               "  other names          dropped\n"
               "  key                  ec-p256, rsa-2048, ed25519; one key, one identity\n"
               "  key screening        RSA from 2048 bits; not checked: Debian's weak keys\n"
               "  validity             30 days, at most 90; starts 5 minutes back; past the issuer's end: "
               "clamped to it\n"
               "  CA                   yes, path length 1\n"
               "  key usage            keyCertSign, cRLSign, digitalSignature\n"
               "  extended key usage   clientAuth, 1.3.6.1.5.5.7.3.17\n"
               "  extension 1.3.6.1.4.1.55555.1 copied from the request, at most 64 bytes\n"
               "  other extensions     dropped\n");
}

static void a_policy_with_few_keys_is_said_line_by_line(void **state)
{
    (void)state;
    AUTO(free)
    char *words = described("policy: few\nroot: true\nca: {rollover: false}\nkey: {allow: [ec-p384]}\n"
                            "variables: [{name: a, match: x}, {name: b, match: y, default: y}]\n"
                            "subject: [{field: CN}]\nsan: [{type: dns, value: a.example, from: policy}, "
                            "{type: uri, match: x, values: ['urn:x', 'urn:y']}]\n"
                            "screen: {rsa_min_bits: 3072, roca: false, shared_factors: false}\n"
                            "validity: {days: 9, past_issuer: allow}\nkey_usage: [keyCertSign]\n");
    assert_string_equal(
        words, "few (for roots)\n"
               "  --set a=...  must match x\n"
               "  --set b=...  must match y; otherwise y\n"
               "  subject CN           from the request, required\n"
               "  other subject fields refused\n"
               "  san dns              set to \"a.example\"\n"
               "  san uri              from the request, if it is there; must match x; one of urn:x, urn:y\n"
               "  other names          refused\n"
               "  key                  ec-p384\n"
               "  key screening        RSA from 3072 bits; not checked: ROCA, shared factors\n"
               "  validity             9 days; starts 0 minutes back; past the issuer's end: allowed\n"
               "  CA                   yes\n"
               "  key usage            keyCertSign\n"
               "  other extensions     refused\n");
    AUTO(free)
    char *endless = described(
        "policy: endless\nkey: {allow: [ec-p384, ed25519], unique: true}\nca: {path_len: 0, rollover: true}\n"
        "validity: {days: 9, max_days: 10, past_issuer: clamp}\nkey_usage: [keyCertSign, cRLSign]\nsubject: "
        "[{field: CN}]\n");
    assert_string_equal(endless, "endless\n"
                                 "  subject CN           from the request, required\n"
                                 "  other subject fields refused\n"
                                 "  other names          refused\n"
                                 "  key                  ec-p384, ed25519; one key, one identity\n"
                                 "  key screening        RSA from 2048 bits\n"
                                 "  validity             9 days, at most 10; starts 0 minutes back; past the "
                                 "issuer's end: clamped to it\n"
                                 "  CA                   yes, path length 0\n"
                                 "  rollover             a new key under the issuing CA's own name\n"
                                 "  key usage            keyCertSign, cRLSign\n"
                                 "  other extensions     refused\n");
    AUTO(free)
    char *leaf = described(
        "policy: leaf\nkey: {allow: [ec-p384]}\nvalidity: {no_expiry: true, backdate_minutes: 7}\n");
    assert_string_equal(leaf, "leaf\n"
                              "  other subject fields refused\n"
                              "  other names          refused\n"
                              "  key                  ec-p384\n"
                              "  key screening        RSA from 2048 bits\n"
                              "  validity             no well-defined end (99991231235959Z); starts 7 "
                              "minutes back; past the issuer's end: refused\n"
                              "  key usage            \n"
                              "  other extensions     refused\n");
}

/* An extension the policy copies, one it does not, and a critical keyUsage with keyAgreement. */
#define EXTENSIONS                                                                                           \
    "30{06{2b0601040183b20301}04{0500}}30{06{2b0601040183b20302}04{0500}}30{06{551d0f}01{ff}04{03{0308}}}"   \
    "30{06{551d25}04{30{06{2b06010505070301}06{2b06010505070302}}}}30{06{551d0e}04{04{0102}}}"

static void a_verdict_of_a_policy_with_every_key_is_this_certificate(void **state)
{
    (void)state;
    static const char *const sans[] = {"dns:a.iot.example",   "dns:localhost", "ip:10.1.2.3",
                                       "email:a@iot.example", "uri:urn:x",     NULL};
    const struct policy_variable site = {.name = "site", .value = "AB12"};
    AUTO(free) char *yaml = every_key();
    const struct verdict *verdict =
        case_judge(&(struct judge_case){.policy = yaml,
                                        .subject = "C=DE,OU=one,OU=two,CN=localhost,L=here",
                                        .sans = sans,
                                        .extensions = EXTENSIONS,
                                        .variables = &site,
                                        .variables_count = 1});
    assert_allowed(verdict);
    assert_verdict(
        verdict,
        "note subject.dropped (policy every-key): subject L: \"here\" is left out: no rule takes it | found "
        "here\n"
        "note san.dropped (policy every-key): san uri \"urn:x\" is left out: no rule takes names of this "
        "type | found urn:x\n"
        "note extension.dropped (policy every-key): extension 1.3.6.1.4.1.55555.2 is left out: no rule "
        "copies it | found 1.3.6.1.4.1.55555.2\n"
        "taken key: ec-p256\n"
        "taken subject C: DE\n"
        "set subject O: Acme AB12\n"
        "taken subject OU: one\n"
        "taken subject OU: two\n"
        "taken subject CN: localhost\n"
        "dropped subject L: here\n"
        "added san uri: spiffe://iot.example/device/localhost\n"
        "added san dns: localhost\n"
        "taken san dns: a.iot.example\n"
        "taken san ip: 10.1.2.3\n"
        "taken san email: a@iot.example\n"
        "dropped san uri: urn:x\n"
        "set validity: 2025-11-21T01:48:20Z to 2025-12-21T01:48:19Z\n"
        "set key usage: digitalSignature, keyAgreement, keyCertSign, cRLSign\n"
        "taken extended key usage: serverAuth\n"
        "set extended key usage: clientAuth\n"
        "set extended key usage: 1.3.6.1.5.5.7.3.17\n"
        "taken extension: 1.3.6.1.4.1.55555.1\n"
        "dropped extension: 1.3.6.1.4.1.55555.2\n"
        "dropped extension: subjectKeyIdentifier\n"
        "subject 0 2.5.4.6 C 13 DE\n"
        "subject 1 2.5.4.10 O 0c Acme AB12\n"
        "subject 2 2.5.4.11 OU 0c one\n"
        "subject 3 2.5.4.11 OU 0c two\n"
        "subject 4 2.5.4.3 CN 0c localhost\n"
        "san uri spiffe://iot.example/device/localhost = "
        "7370696666653a2f2f696f742e6578616d706c652f6465766963652f6c6f63616c686f7374\n"
        "san dns localhost = 6c6f63616c686f7374\n"
        "san dns a.iot.example = 612e696f742e6578616d706c65\n"
        "san ip 10.1.2.3 = 0a010203\n"
        "san email a@iot.example = 6140696f742e6578616d706c65\n"
        "from 2025-11-21T01:48:20Z until 2025-12-21T01:48:19Z; as asked\n"
        "CA 1, path length 1, key usage 71\n"
        "usage 1.3.6.1.5.5.7.3.2\n"
        "usage 1.3.6.1.5.5.7.3.17\n"
        "usage 1.3.6.1.5.5.7.3.1\n"
        "permitted dns .iot.example = 2e696f742e6578616d706c65\n"
        "permitted ip 10.0.0.0/8 = 0a000000ff000000\n"
        "excluded email iot.example = 696f742e6578616d706c65\n"
        "excluded uri .iot.example = 2e696f742e6578616d706c65\n"
        "policy 2.23.140.1.2.1 http://iot.example/cps\n"
        "ocsp http://ocsp.iot.example/\n"
        "issuers http://iot.example/ca.cer\n"
        "crl http://iot.example/ca.crl\n"
        "extension 1.3.6.1.4.1.55555.1 (critical) 0500\n"
        "no check 1, hash 2, pss 1\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_policy_with_every_key_is_said_line_by_line, case_end),
        cmocka_unit_test_teardown(a_policy_with_few_keys_is_said_line_by_line, case_end),
        cmocka_unit_test_teardown(a_verdict_of_a_policy_with_every_key_is_this_certificate, case_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
