/* SPDX-License-Identifier: Apache-2.0 */
/* Whole verdicts on usages, dates, CAs and extensions: all of the certificate, and what is said beside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "verdict_case.h"

#define DAY INT64_C(86400)

static struct template_attribute own_name[] = {{.oid = (char *)(uintptr_t) "2.5.4.3",
                                                .field = (char *)(uintptr_t) "CN",
                                                .value = (char *)(uintptr_t) "Root",
                                                .tag = 0x0c}};
static struct policy_name chain_names[] = {{own_name, 1}};
static uint8_t chain_keys[1][32];
static char *client_auth[] = {(char *)(uintptr_t) "1.3.6.1.5.5.7.3.2"};
static const struct policy_issuer root_issuer = {.not_before = CASE_NOW - DAY,
                                                 .not_after = CASE_NOW + 30 * DAY,
                                                 .is_ca = true,
                                                 .path_len = 1,
                                                 .chain_subjects = chain_names,
                                                 .chain_key_values = chain_keys,
                                                 .chain_count = 1};
static const struct policy_issuer expired_issuer = {.not_before = CASE_NOW - DAY,
                                                    .not_after = CASE_NOW - 1,
                                                    .is_ca = true,
                                                    .path_len = -1,
                                                    .chain_subjects = chain_names,
                                                    .chain_key_values = chain_keys,
                                                    .chain_count = 1};
static const struct policy_issuer eku_issuer = {.not_before = CASE_NOW - DAY,
                                                .not_after = CASE_NOW + 30 * DAY,
                                                .is_ca = true,
                                                .path_len = -1,
                                                .has_extended_key_usage = true,
                                                .extended_key_usage = client_auth,
                                                .extended_key_usage_count = 1,
                                                .chain_subjects = chain_names,
                                                .chain_key_values = chain_keys,
                                                .chain_count = 1};

static const struct verdict_case cases[] = {
    // What a server's missing name would only repeat, and what not.
    {.policy = P(OF_CN "san: [{type: dns, match: x}]\nextended_key_usage: [serverAuth]\n" TEN_DAYS),
     .sans = {"dns:y"},
     .wanted =
         "san.dns (policy p): san dns: \"y\" does not match x | found y | wanted x | -\n" TAKEN DATED UNUSED
         "set extended key usage: serverAuth\n"},
    {.policy = P("subject: [{field: CN, match: x}]\nextended_key_usage: [serverAuth]\n" TEN_DAYS),
     .wanted =
         "subject.CN (policy p): subject CN: \"device-1\" does not match x | found device-1 | wanted x | -\n"
         "taken key: ec-p256\n" DATED UNUSED "set extended key usage: serverAuth\n"},
    {.policy = P(OF_CN "extended_key_usage: [serverAuth]\n" TEN_DAYS),
     .key = "P-384",
     .wanted =
         "key.allow (policy p): key: ec-p384 is not one of ec-p256, ed25519, rsa-2048 | found ec-p384 | "
         "wanted "
         "ec-p256, ed25519, rsa-2048 | make a new key of one of these kinds\n"
         "san.server (RFC 9525 6.3): san: a TLS server without a name in the SAN is accepted by no client | "
         "found - | wanted - | ask for a dns name or an address\n"
         "taken subject CN: device-1\n" DATED UNUSED "set extended key usage: serverAuth\n"},
    {.policy =
         P(OF_CN "ca: {}\nkey_usage: [keyCertSign]\nextended_key_usage: [clientAuth, 1.3.6.1.5.5.7.3.2, "
                 "1.2.3, 1.2.3]\n" TEN_DAYS),
     .wanted = TAKEN DATED "set key usage: keyCertSign\n"
                           "set extended key usage: clientAuth\n"
                           "set extended key usage: 1.3.6.1.5.5.7.3.2\n"
                           "set extended key usage: 1.2.3\n"
                           "set extended key usage: 1.2.3\n"
                           "subject 0 2.5.4.3 CN 0c device-1\n" DATES "CA 1, path length -1, key usage 20\n"
                           "usage 1.3.6.1.5.5.7.3.2\n"
                           "usage 1.2.3\n" PLAIN},
    {.policy = P(OF_CN "validity: {days: 10, max_days: 20, backdate_minutes: 2880}\n"),
     .issuer = &expired_issuer,
     .days = 1,
     .wanted =
         "validity.issuer_expired (RFC 5280 6.1.3): validity: the CA, or a CA above it, ended "
         "2025-11-21T01:53:19Z; an expired CA signs nothing | found 2025-11-21T01:53:19Z | wanted - | renew "
         "the CA's certificate, or the one above it that ended\n"
         "validity.over (RFC 5280 4.1.2.5): validity: it would be over already: it ends 2025-11-21T01:53:19Z "
         "| found - | wanted - | more --days, or less backdate_minutes in the policy\n"
         "taken key: ec-p256\n"
         "taken subject CN: device-1\n"
         "set validity: 2025-11-20T01:53:20Z to 2025-11-21T01:53:19Z\n" UNUSED},
    {.policy = P(OF_CN "key_usage: [digitalSignature, keyEncipherment, keyAgreement]\n"
                       "key_usage_from_request: [nonRepudiation]\n"
                       "extended_key_usage: [clientAuth, 1.2.3]\n"
                       "extended_key_usage_from_request: [emailProtection]\n"
                       "extended_key_usage_critical: true\n" TEN_DAYS),
     .key = "ED25519",
     .extensions =
         "30{06{551d0f}0101ff04{03020640}}30{06{551d25}04{30{06{2b06010505070304}06{2b06010505070302}}}}",
     .wanted = "taken key: ed25519\n"
               "taken subject CN: device-1\n" DATED
               "dropped key usage: keyEncipherment, keyAgreement: this kind of key can't\n"
               "set key usage: digitalSignature, nonRepudiation\n"
               "taken extended key usage: emailProtection\n"
               "set extended key usage: clientAuth\n"
               "set extended key usage: 1.2.3\n"
               "subject 0 2.5.4.3 CN 0c device-1\n" DATES "CA 0, path length -1, key usage 3\n"
               "critical usage 1.3.6.1.5.5.7.3.2\n"
               "critical usage 1.2.3\n"
               "critical usage 1.3.6.1.5.5.7.3.4\n" PLAIN},
    {.policy = P(OF_CN "key_usage: [digitalSignature]\n"
                       "key_usage_from_request: [nonRepudiation]\n"
                       "extended_key_usage: [clientAuth]\n"
                       "extended_key_usage_from_request: [emailProtection]\n" TEN_DAYS),
     .extensions = "30{06{551d0f}0101ff04{03020490}}30{06{551d25}04{30{06{2b06010505070301}06{2a03}}}}",
     .wanted = "key_usage (RFC 5280 4.2.1.3): key usage: dataEncipherment is not allowed | found "
               "dataEncipherment | wanted - | -\n"
               "extended_key_usage (policy p): extended key usage: serverAuth is not allowed | found "
               "1.3.6.1.5.5.7.3.1 | wanted - | -\n"
               "extended_key_usage (policy p): extended key usage: 1.2.3 is not allowed | found 1.2.3 | "
               "wanted - | -\n" TAKEN DATED "set key usage: digitalSignature\n"
               "set extended key usage: clientAuth\n"},
    {.policy = P(OF_CN "key_usage: [digitalSignature]\n"
                       "extended_key_usage: [clientAuth]\n" TEN_DAYS),
     .extensions = "30{06{551d0f}0101ff04{03020410}}30{06{551d25}04{30{06{2b06010505070301}06{2a03}}}}",
     .wanted = "note key_usage.dropped (policy p): key usage: dataEncipherment is left out: the policy does "
               "not give it | found dataEncipherment\n"
               "note extended_key_usage.dropped (policy p): extended key usage: serverAuth is left out: the "
               "policy does not give it | found serverAuth\n"
               "note extended_key_usage.dropped (policy p): extended key usage: 1.2.3 is left out: the "
               "policy does not give it | found 1.2.3\n" TAKEN DATED "dropped key usage: dataEncipherment\n"
               "set key usage: digitalSignature\n"
               "dropped extended key usage: serverAuth\n"
               "dropped extended key usage: 1.2.3\n"
               "set extended key usage: clientAuth\n"
               "subject 0 2.5.4.3 CN 0c device-1\n" DATES "CA 0, path length -1, key usage 1\n"
               "usage 1.3.6.1.5.5.7.3.2\n" PLAIN},
    {.policy = P(OF_CN "key_usage: [keyEncipherment]\n" TEN_DAYS),
     .key = "ED25519",
     .wanted =
         "key_usage.key (RFC 5280 4.2.1.3): key usage: this kind of key (ed25519) can have none of "
         "keyEncipherment | found ed25519 | wanted - | make a key of another kind, or give the policy a "
         "usage that this one can have\n"
         "taken key: ed25519\n"
         "taken subject CN: device-1\n" DATED "dropped key usage: keyEncipherment: this kind of key can't\n"},
    {.policy = P(OF_CN "key_usage: [digitalSignature]\n"
                       "key_usage_from_request: [encipherOnly, keyAgreement]\n" TEN_DAYS),
     .extensions = "30{06{551d0f}0101ff04{03020001}}",
     .wanted = "key_usage (RFC 5280 4.2.1.3): key usage: encipherOnly and decipherOnly mean nothing without "
               "keyAgreement (RFC 5280 4.2.1.3) | found - | wanted - | ask for other usages\n" TAKEN DATED
               "set key usage: digitalSignature, encipherOnly\n"},
    {.policy = P(OF_CN "key_usage_from_request: [keyEncipherment]\n"
                       "extended_key_usage: [clientAuth]\n" TEN_DAYS),
     .key = "RSA-2048",
     .extensions = "30{06{551d0f}0101ff04{03020520}}",
     .wanted = "extended_key_usage (RFC 5280 4.2.1.12): extended key usage: clientAuth needs one of "
               "digitalSignature, keyAgreement, and not only keyEncipherment (RFC 5280 4.2.1.12) | found - | "
               "wanted - | ask for other usages\n"
               "taken key: rsa-2048\n"
               "taken subject CN: device-1\n" DATED "set key usage: keyEncipherment\n"
               "set extended key usage: clientAuth\n"},
    {.policy = P(OF_CN "san: [{type: dns, match: '.*'}]\n"
                       "extended_key_usage: [serverAuth, clientAuth, 1.2.3]\n" TEN_DAYS),
     .issuer = &eku_issuer,
     .wanted =
         "extended_key_usage.issuer (RFC 5280 4.2.1.12): extended key usage: serverAuth is outside what the "
         "issuer's certificate allows | found 1.3.6.1.5.5.7.3.1 | wanted - | use a CA that may issue for it\n"
         "extended_key_usage.issuer (RFC 5280 4.2.1.12): extended key usage: 1.2.3 is outside what the "
         "issuer's certificate allows | found 1.2.3 | wanted - | use a CA that may issue for it\n"
         "san.server (RFC 9525 6.3): san: a TLS server without a name in the SAN is accepted by no client | "
         "found - | wanted - | ask for a dns name or an address\n" TAKEN DATED UNUSED
         "set extended key usage: serverAuth\n"
         "set extended key usage: clientAuth\n"
         "set extended key usage: 1.2.3\n"},
    {.policy = P(OF_CN "ca: {path_len: 1}\n"
                       "key_usage: [keyCertSign]\n" TEN_DAYS),
     .subject = "CN=Root",
     .issuer = &root_issuer,
     .wanted = "ca.name (RFC 5280 4.1.2.6): subject: it is the name of the CA that issues it, which a CA "
               "below can't have | found - | wanted - | ask for another subject; for the CA's own next key, "
               "use a policy with rollover\n"
               "ca.path_len (RFC 5280 4.2.1.9): path length: it must be below the issuer's 1 | found - | "
               "wanted - | a smaller path_len in the policy\n"
               "taken key: ec-p256\n"
               "taken subject CN: Root\n" DATED "set key usage: keyCertSign\n"},
    {.policy = P(OF_CN "ca: {rollover: true}\n"
                       "key_usage: [keyCertSign]\n" TEN_DAYS),
     .subject = "CN=root",
     .issuer = &root_issuer,
     .wanted = "ca.rollover (RFC 5280 3.2): subject: it is not the name of the CA that issues it, whose next "
               "key this policy is for | found - | wanted - | ask for the CA's subject, spelled and encoded "
               "like it, or use a policy without rollover\n"
               "ca.path_len (RFC 5280 4.2.1.9): path length: it must be below the issuer's 1 | found - | "
               "wanted - | a smaller path_len in the policy\n"
               "taken key: ec-p256\n"
               "taken subject CN: root\n" DATED "set key usage: keyCertSign\n"},
    {.policy = P(OF_CN "key_usage: [digitalSignature]\n" TEN_DAYS),
     .subject = "CN=root",
     .issuer = &root_issuer,
     .wanted = "note subject.issuer (RFC 5280 4.1.2.6): subject: it is the name of the CA that issues it; "
               "only their key identifiers tell the two apart | found -\n"
               "taken key: ec-p256\n"
               "taken subject CN: root\n" DATED "set key usage: digitalSignature\n"
               "subject 0 2.5.4.3 CN 0c root\n" DATES "CA 0, path length -1, key usage 1\n" PLAIN},
    {.policy = P(OF_CN TEN_DAYS),
     .subject = "CN=x",
     .issuer = &expired_issuer,
     .wanted = "validity.issuer_expired (RFC 5280 6.1.3): validity: the CA, or a CA above it, ended "
               "2025-11-21T01:53:19Z; an expired CA signs nothing | found 2025-11-21T01:53:19Z | wanted - | "
               "renew the CA's certificate, or the one above it that ended\n"
               "taken key: ec-p256\n"
               "taken subject CN: x\n" DATED UNUSED},
    {.policy = P(OF_CN "validity: {no_expiry: true, past_issuer: clamp}\n"),
     .issuer = &root_issuer,
     .wanted =
         TAKEN "set validity: clamped from 9999-12-31T23:59:59Z to the issuer's end 2025-12-21T01:53:20Z\n"
               "set validity: 2025-11-21T01:53:20Z to 2025-12-21T01:53:20Z\n"
               "set key usage: \n"
               "subject 0 2.5.4.3 CN 0c device-1\n"
               "from 2025-11-21T01:53:20Z until 2025-12-21T01:53:20Z; clamped from 9999-12-31T23:59:59Z to "
               "the issuer's end 2025-12-21T01:53:20Z\n"
               "CA 0, path length -1, key usage 0\n" PLAIN},
    {.policy = P(OF_CN "validity: {no_expiry: true}\n"),
     .extensions = "30{06{551d13}04{30{01{ff}}}}",
     .wanted = "ca (RFC 5280 4.2.1.9): basic constraints: it asks to be a CA, which this policy never grants "
               "| found CA:TRUE | wanted - | leave basicConstraints out of the request\n" TAKEN
               "set validity: 2025-11-21T01:53:20Z to 9999-12-31T23:59:59Z\n"
               "set key usage: \n"
               "dropped extension: basicConstraints\n"},
    {.policy = P(OF_CN "validity: {days: 3, backdate_minutes: 2000}\n"),
     .days = 1,
     .wanted =
         "validity.over (RFC 5280 4.1.2.5): validity: it would be over already: it ends 2025-11-20T16:33:19Z "
         "| found - | wanted - | more --days, or less backdate_minutes in the policy\n" TAKEN
         "set validity: 2025-11-19T16:33:20Z to 2025-11-20T16:33:19Z\n"
         "set key usage: \n"},
    {.policy = P(OF_CN TEN_DAYS "other_extensions: drop\n"),
     .extensions =
         "30{06{551d12}04{0500}}30{06{551d1e}04{0500}}30{06{551d1f}04{0500}}30{06{551d20}04{0500}}30{06{"
         "551d23}04{0500}}30{06{2b06010505070101}04{0500}}30{06{2b06010505070118}04{0500}}30{06{"
         "2a864886f70d01090f}04{0500}}30{06{2b0601040182371402}04{0500}}30{06{2b0601040182371507}04{0500}}30{"
         "06{2b060104018237150a}04{0500}}30{06{2b0601040182371902}04{0500}}30{06{6086480186f8420101}04{0500}}"
         "30{06{6086480186f842010d}04{0500}}30{06{2a0304}04{0500}}",
     .wanted = "note extension.dropped (policy p): extension 2.5.29.18 (issuerAltName) is left out: no rule "
               "copies it | found 2.5.29.18\n"
               "note extension.dropped (policy p): extension 2.5.29.30 (nameConstraints) is left out: no "
               "rule copies it | found 2.5.29.30\n"
               "note extension.dropped (policy p): extension 2.5.29.31 (CRLDistributionPoints) is left out: "
               "no rule copies it | found 2.5.29.31\n"
               "note extension.dropped (policy p): extension 2.5.29.32 (certificatePolicies) is left out: no "
               "rule copies it | found 2.5.29.32\n"
               "note extension.dropped (policy p): extension 2.5.29.35 (authorityKeyIdentifier) is left out: "
               "no rule copies it | found 2.5.29.35\n"
               "note extension.dropped (policy p): extension 1.3.6.1.5.5.7.1.1 (authorityInfoAccess) is left "
               "out: no rule copies it | found 1.3.6.1.5.5.7.1.1\n"
               "note extension.dropped (policy p): extension 1.3.6.1.5.5.7.1.24 (TLS feature) is left out: "
               "no rule copies it | found 1.3.6.1.5.5.7.1.24\n"
               "note extension.dropped (policy p): extension 1.2.840.113549.1.9.15 (S/MIME capabilities) is "
               "left out: no rule copies it | found 1.2.840.113549.1.9.15\n"
               "note extension.dropped (policy p): extension 1.3.6.1.4.1.311.20.2 (Microsoft certificate "
               "template name) is left out: no rule copies it | found 1.3.6.1.4.1.311.20.2\n"
               "note extension.dropped (policy p): extension 1.3.6.1.4.1.311.21.7 (Microsoft certificate "
               "template) is left out: no rule copies it | found 1.3.6.1.4.1.311.21.7\n"
               "note extension.dropped (policy p): extension 1.3.6.1.4.1.311.21.10 (Microsoft application "
               "policies) is left out: no rule copies it | found 1.3.6.1.4.1.311.21.10\n"
               "note extension.dropped (policy p): extension 1.3.6.1.4.1.311.25.2 (Microsoft security "
               "identifier) is left out: no rule copies it | found 1.3.6.1.4.1.311.25.2\n"
               "note extension.dropped (policy p): extension 2.16.840.1.113730.1.1 (Netscape certificate "
               "type) is left out: no rule copies it | found 2.16.840.1.113730.1.1\n"
               "note extension.dropped (policy p): extension 2.16.840.1.113730.1.13 (Netscape comment) is "
               "left out: no rule copies it | found 2.16.840.1.113730.1.13\n"
               "note extension.dropped (policy p): extension 1.2.3.4 is left out: no rule copies it | found "
               "1.2.3.4\n" TAKEN DATED UNUSED "dropped extension: 2.5.29.18\n"
               "dropped extension: 2.5.29.30\n"
               "dropped extension: 2.5.29.31\n"
               "dropped extension: 2.5.29.32\n"
               "dropped extension: 2.5.29.35\n"
               "dropped extension: 1.3.6.1.5.5.7.1.1\n"
               "dropped extension: 1.3.6.1.5.5.7.1.24\n"
               "dropped extension: 1.2.840.113549.1.9.15\n"
               "dropped extension: 1.3.6.1.4.1.311.20.2\n"
               "dropped extension: 1.3.6.1.4.1.311.21.7\n"
               "dropped extension: 1.3.6.1.4.1.311.21.10\n"
               "dropped extension: 1.3.6.1.4.1.311.25.2\n"
               "dropped extension: 2.16.840.1.113730.1.1\n"
               "dropped extension: 2.16.840.1.113730.1.13\n"
               "dropped extension: 1.2.3.4\n"
               "subject 0 2.5.4.3 CN 0c device-1\n" DATES "CA 0, path length -1, key usage 0\n" PLAIN},
    {.policy =
         P(OF_CN TEN_DAYS
           "copy_extensions: [{oid: 1.2.3.4, max_len: 1}, {oid: 1.2.3.5, max_len: 2, critical: true}]\n"),
     .extensions = "30{06{2a0304}04{0500}}30{06{2a0305}04{0500}}",
     .wanted = "extension.max_len (policy p): extension 1.2.3.4: 2 bytes, 1 are allowed | found 1.2.3.4 | "
               "wanted - | -\n" TAKEN DATED UNUSED "taken extension: 1.2.3.5\n"},
};

static void each_verdict_is_this_one(void **state)
{
    (void)state;
    judge_each(cases, ARRAY_LEN(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(each_verdict_is_this_one, case_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
