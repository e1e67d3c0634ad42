/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates read, shown and taken for an issuer: what is there is said, and no change to its structure goes unseen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "der_faults.h"

#include "base/encode.h"
#include "base/memory.h"
#include "base/time.h"
#include "cert/cert.h"

#include <stdlib.h>
#include <string.h>

/* A CA below a root, by OpenSSL, with every extension coldca knows. */
static const char vector[] = "-----BEGIN CERTIFICATE-----\n"
                             "MIIDozCCA1WgAwIBAgIUAKGyw9Tl9gcYKTpLXG1+j5ChssMwBQYDK2VwMDAxCzAJ\n"
                             "BgNVBAYTAlVTMRIwEAYDVQQKDAlUZXN0LCBJbmMxDTALBgNVBAMMBFJvb3QwHhcN\n"
                             "MjYxMTI4MjE1NTE3WhcNMzYxMTI1MjE1NTE3WjBWMQswCQYDVQQGEwJVUzESMBAG\n"
                             "A1UECgwJVGVzdCwgSW5jMQwwCgYDVQQLDANPbmUxDTALBgNVBAsMBCtUd28xFjAU\n"
                             "BgNVBAMMDVN1YiAjMSBceFw8eT4wKjAFBgMrZXADIQC+PgM7ruOYWKa5gDIAjKqh\n"
                             "87N5j8YrwOstSZThs4OtQaOCAlkwggJVMBIGA1UdEwEB/wQIMAYBAf8CAQMwDgYD\n"
                             "VR0PAQH/BAQDAgGGMB0GA1UdDgQWBBT+QQ/ZCLQdWCnfClbyxQWPIcRIIDAfBgNV\n"
                             "HSMEGDAWgBTAyogOMr00WRFR2m5TFvAwU6DFXTCBgwYDVR0RBHwweoIKY2EuZXhh\n"
                             "bXBsZYEOY2FAZXhhbXBsZS5vcmeGE2h0dHBzOi8vY2EuZXhhbXBsZS+HBAoBAgOH\n"
                             "ECABDbgAAAAAAAAAAAAAAAGkHzAdMQswCQYDVQQGEwJVUzEOMAwGA1UECgwFT3Ro\n"
                             "ZXKgCQYCKgOgAwwBeIgDKgMEMCMGA1UdJQQcMBoGCCsGAQUFBwMBBggrBgEFBQcD\n"
                             "AgYEKgMEBTB4BgNVHR4BAf8EbjBsoDYwCYIHZXhhbXBsZTAKhwgKAAAA/wAAADAN\n"
                             "gQtleGFtcGxlLm9yZzAOhgwuZXhhbXBsZS5uZXShMjANggtiYWQuZXhhbXBsZTAh\n"
                             "pB8wHTELMAkGA1UEBhMCVVMxDjAMBgNVBAoMBU90aGVyMBUGA1UdIAQOMAwwBAYC\n"
                             "KgMwBAYCKgQwEwYDVR0hBAwwCjAIBgIqAwYCKgUwDwYDVR0kBAgwBoABAYEBATAK\n"
                             "BgNVHTYEAwIBADArBgNVHR8EJDAiMCCgHqAchhpodHRwOi8vY2EuZXhhbXBsZS9y\n"
                             "b290LmNybDAyBggrBgEFBQcBAQQmMCQwIgYIKwYBBQUHMAGGFmh0dHA6Ly9jYS5l\n"
                             "eGFtcGxlL29jc3AwDwYJKwYBBQUHMAEFBAIFADAPBgkrBgEEAYOyAwkEAgUAMAUG\n"
                             "AytlcANBAMhetliNjhTIMhr7NwxSNACNwdtsoVmg301CWZS8v2gMb/Vo4t4c3VmR\n"
                             "TsOPG2mHJOGt4rzi8LYhx3a8xjR+qAA=\n"
                             "-----END CERTIFICATE-----\n";

static struct builder der;

static int setup(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    return cert_from_file(bytes_of_text(vector), &der, NULL, &err) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    builder_done(&der);
    return 0;
}

/** What people are shown of it, but for the digest over all bytes. \return NULL: it is refused */
static char *shown(struct bytes certificate)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    if (!cert_describe(certificate, &text, &err))
        return NULL;
    char *words = builder_take_text(&text);
    char *digest = strstr(words, "\nSHA-256 ");
    assert_non_null(digest);
    memset(digest + 1, '-', strcspn(digest + 1, "\n"));
    return words;
}

static void what_it_says_is_shown(void **state)
{
    (void)state;
    AUTO(free) char *words = shown(builder_bytes(&der));
    assert_string_equal(
        words,
        "subject     C=US,O=Test\\, Inc,OU=One,OU=\\+Two,CN=Sub #1 \\\\x\\\\\\<y\\>\n"
        "issuer      C=US,O=Test\\, Inc,CN=Root\n"
        "serial      a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3\n"
        "valid       2026-11-28T21:55:17Z to 2036-11-25T21:55:17Z\n"
        "key         ed25519, SHA-256 deda6f5a0a916fbc8b8da106c4830e7dce94bdc71aad8cbeab1fa3f682313274\n"
        "signed with ed25519\n"
        "----------------------------------------------------------------------------\n"
        "extensions\n"
        "  basic constraints      CA, path length 3 (critical)\n"
        "  key usage              digitalSignature keyCertSign cRLSign (critical)\n"
        "  subject key id         fe410fd908b41d5829df0a56f2c5058f21c44820\n"
        "  authority key id       c0ca880e32bd34591151da6e5316f03053a0c55d\n"
        "  subject alt names      DNS:ca.example, email:ca@example.org, URI:https://ca.example/, "
        "IP:10.1.2.3, "
        "IP:2001:db8::1, DirName:C=US,O=Other, other:(9 bytes), RID:(3 bytes)\n"
        "  extended key usage     serverAuth clientAuth 1.2.3.4.5\n"
        "  name constraints       110 bytes (critical)\n"
        "  certificate policies   14 bytes\n"
        "  2.5.29.33              12 bytes\n"
        "  2.5.29.36              8 bytes\n"
        "  2.5.29.54              3 bytes\n"
        "  CRL points             36 bytes\n"
        "  authority information  38 bytes\n"
        "  OCSP no check          2 bytes\n"
        "  1.3.6.1.4.1.55555.9    2 bytes\n");
}

static void add_subtrees(const char *word, const struct template_name *names, const struct policy_name *parts,
                         size_t count, struct builder *out)
{
    for (size_t i = 0; i < count; i++) {
        builder_format(out, "%s %d %s ", word, (int)names[i].kind, names[i].text);
        encode_hex(bytes_of(names[i].value, names[i].value_len), out);
        for (size_t j = 0; j < parts[i].attributes_count; j++)
            builder_format(out, " (%s=%s)", parts[i].attributes[j].field, parts[i].attributes[j].value);
        builder_add_text(out, "\n");
    }
}

/** All that a policy is told of the issuer. \return NULL: it is no issuer */
static char *told(struct bytes certificate)
{
    struct error err = ERROR_INIT;
    AUTO(cert_issuer_free) struct cert_issuer *issuer = NULL;
    AUTO(builder_done) struct builder out = BUILDER_INIT;
    char from[TIME_TEXT_SIZE];
    char until[TIME_TEXT_SIZE];
    if (!cert_issuer_read(certificate, NULL, 0, &issuer, &err))
        return NULL;
    const struct policy_issuer *facts = cert_issuer_facts(issuer);
    builder_format(&out, "%s from %s until %s\n", facts->subject_text, time_format(facts->not_before, from),
                   time_format(facts->not_after, until));
    builder_format(&out, "CA %d, key usage %x, path length %d, key id of %zu bytes\n", facts->is_ca,
                   facts->key_usage, facts->path_len, cert_issuer_key_id(issuer).len);
    for (size_t i = 0; i < facts->extended_key_usage_count; i++)
        builder_format(&out, "usage %s\n", facts->extended_key_usage[i]);
    for (size_t i = 0; i < facts->constraints_count; i++) {
        const struct policy_constraints *own = &facts->constraints[i];
        add_subtrees("permitted", own->permitted, own->permitted_names, own->permitted_count, &out);
        add_subtrees("excluded", own->excluded, own->excluded_names, own->excluded_count, &out);
    }
    for (size_t i = 0; i < facts->policies_count; i++)
        builder_format(&out, "policy %s\n", facts->policies[i]);
    builder_format(&out, "needs a policy %d, any counts %d, every one %d, none left %d\n",
                   facts->needs_policy, facts->may_have_any_policy, facts->allows_every_policy,
                   facts->has_no_policy_left);
    builder_add_text(&out, "key ");
    encode_hex(BYTES(facts->spki_sha256), &out);
    return builder_take_text(&out);
}

static void what_it_forbids_is_told_to_the_policy(void **state)
{
    (void)state;
    AUTO(free) char *words = told(builder_bytes(&der));
    assert_string_equal(
        words,
        "C=US,O=Test\\, Inc,OU=One,OU=\\+Two,CN=Sub #1 \\\\x\\\\\\<y\\> "
        "from 2026-11-28T21:55:17Z until 2036-11-25T21:55:17Z\n"
        "CA 1, key usage 61, path length 3, key id of 20 bytes\n"
        "usage 1.3.6.1.5.5.7.3.1\n"
        "usage 1.3.6.1.5.5.7.3.2\n"
        "usage 1.2.3.4.5\n"
        "permitted 2 DNS:example 6578616d706c65\n"
        "permitted 7 IP: 0a000000ff000000\n"
        "permitted 1 email:example.org 6578616d706c652e6f7267\n"
        "permitted 6 URI:.example.net 2e6578616d706c652e6e6574\n"
        "excluded 2 DNS:bad.example 6261642e6578616d706c65\n"
        "excluded 4 DirName:C=US,O=Other 301d310b3009060355040613025553310e300c060355040a0c054f74686572 "
        "(C=US) (O=Other)\n"
        "policy 1.2.5\n" // 1.2.3 by its other name
        "policy 1.2.4\n"
        "needs a policy 1, any counts 0, every one 0, none left 0\n"
        "key deda6f5a0a916fbc8b8da106c4830e7dce94bdc71aad8cbeab1fa3f682313274");
}

/** Faults that are no faults, or not to be seen there. */
struct excuse {
    size_t first, last; /**< elements, as der_faults.h counts them */
    int fault;          /**< enum der_fault; ANY */
};
#define ANY (-1)

static bool is_excused(const struct excuse *excuses, size_t index, enum der_fault fault)
{
    for (; excuses->last > 0; excuses++) {
        if (index >= excuses->first && index <= excuses->last &&
            (excuses->fault == ANY || excuses->fault == (int)fault))
            return true;
    }
    return false;
}

/** Each fault of its structure is refused, changes the words or is found by lint; and what is excused is not. */
static void each_fault_is_seen(char *(*say)(struct bytes certificate), const struct excuse *excuses)
{
    struct bytes sound = builder_bytes(&der);
    AUTO(free) char *sound_words = say(sound);
    size_t planted = 0;
    for (size_t i = 0; i < der_fault_places(sound); i++) {
        for (enum der_fault fault = 0; fault < DER_FAULT_COUNT; fault++) {
            AUTO(builder_done) struct builder faulty = BUILDER_INIT;
            AUTO(findings_done) struct findings found = FINDINGS_INIT;
            if (is_excused(excuses, i, fault) || !der_fault_plant(sound, fault, i, &faulty))
                continue;
            planted++;
            AUTO(free) char *words = say(builder_bytes(&faulty));
            cert_lint(builder_bytes(&faulty), NULL, &found);
            if (words != NULL && strcmp(words, sound_words) == 0 && found.count == 0)
                fail_msg("not seen: %s", der_fault_text(fault, i));
        }
    }
    assert_true(planted > 300);
}

static void no_fault_of_its_structure_is_shown_as_nothing(void **state)
{
    static const struct excuse excuses[] = {
        {11, 43, DER_RETAGGED},   // which string type it is does not change a name's words
        {61, 61, DER_LONGER},     // usages that are not set
        {85, 93, DER_RETAGGED},   // string types; what is inside an otherName
        {106, 177, DER_RETAGGED}, // inside what is shown as a number of bytes
        {180, 180, DER_LONGER},   // the signature is verified, not shown
        {180, 180, DER_BYTE_LONGER}, {180, 180, DER_SHORTER}, {0},
    };
    (void)state;
    each_fault_is_seen(shown, excuses);
}

static void no_fault_of_its_structure_changes_what_a_policy_is_told_unseen(void **state)
{
    static const struct excuse excuses[] = {
        {4, 19, ANY},             // serial, algorithm, issuer
        {20, 43, DER_RETAGGED},   // string types of the subject
        {66, 94, ANY},            // authorityKeyIdentifier, subjectAltName
        {104, 104, DER_LEFT_OUT}, // critical or not
        {125, 129, DER_RETAGGED}, // a string type
        {134, 136, DER_TWICE},    // one policy twice
        {142, 142, DER_TWICE},    // one mapping twice
        {150, 150, DER_LEFT_OUT}, // inhibitPolicyMapping
        {150, 150, DER_LONGER},   // likewise, of another number
        {150, 150, DER_BYTE_LONGER},
        {155, 177, ANY}, // what concerns this certificate only
        {180, 180, ANY}, // what is above verifies the signature
        {0},
    };
    (void)state;
    each_fault_is_seen(told, excuses);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_it_says_is_shown),
        cmocka_unit_test(what_it_forbids_is_told_to_the_policy),
        cmocka_unit_test(no_fault_of_its_structure_is_shown_as_nothing),
        cmocka_unit_test(no_fault_of_its_structure_changes_what_a_policy_is_told_unseen),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
