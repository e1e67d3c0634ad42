/* SPDX-License-Identifier: Apache-2.0 */
/* Lint of certificates that nobody would write: each fault is said word for word, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cert_root.h"
#include "raw_cert.h"

#include "base/memory.h"
#include "base/openssl_release.h"

#include <string.h>

static struct cert_issuer *above; /**< CN=I, until the end of 2026, key identifier 0102 */

static int setup(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    (void)root_setup(state);
    raw_cert(&(struct raw_cert){.subject = RAW_NAME("I"), .key = ca_key, .list = RAW_CA}, ca_key, &der);
    return cert_issuer_read(builder_bytes(&der), NULL, 0, &above, &err) ? 0 : -1;
}

static int teardown(void **state)
{
    cert_issuer_free(above);
    return root_teardown(state);
}

#define SERIAL "02{0102030405060708}"
#define USAGE RAW_CRITICAL("0f", "03{0780}")
#define KEY_ID RAW_EXTENSION("23", "30{80{0102}}")
#define NO_KEY_ID                                                                                            \
    "lint.authority-key-id (RFC 5280 4.2.1.1): authorityKeyIdentifier is not the issuer's "                  \
    "subjectKeyIdentifier\n"
#define DOUBLE "30{06{2a03}04{0500}}"

struct lint_case {
    const char *found;
    struct raw_cert raw;
    bool has_issuer;
};

static char *said_of(const struct lint_case *given)
{
    struct raw_cert raw = given->raw;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(findings_done) struct findings found = FINDINGS_INIT;
    raw.serial = raw.serial != NULL ? raw.serial : SERIAL;
    raw.list = raw.list != NULL ? raw.list : USAGE;
    raw.key = raw.key != NULL ? raw.key : key;
    raw_cert(&raw, ca_key, &der);
    cert_lint(builder_bytes(&der), given->has_issuer ? above : NULL, &found);
    return root_words(&found);
}

static const struct lint_case cases[] = {
    {"", {.version = NULL}, false},
    // Extensions.
    {"lint.extensions (RFC 5280 4.1.2.9): an extension is damaged or FALSE is encoded (X.690 11.5)\n",
     {.list = USAGE "30{06{2a03}01{00}04{0500}}"},
     false},
    {"lint.extensions (RFC 5280 4.1.2.9): an extension is damaged or FALSE is encoded (X.690 11.5)\n",
     {.list = USAGE "05"},
     false},
    {"lint.extension-twice (RFC 5280 4.2): the extension 1.2.3 is there twice\n",
     {.list = USAGE DOUBLE DOUBLE},
     false},
    {"lint.extension-twice (RFC 5280 4.2): the extension ? is there twice\n",
     {.list = USAGE "30{06{8003}04{0500}}30{06{8003}04{0500}}"},
     false},
    {"lint.version (RFC 5280 4.1.2.1): not X.509 v3\n", {.version = "", .extensions = ""}, false},
    {"lint.parse (-): not a certificate: basicConstraints (RFC 5280 4.2.1.9)\n",
     {.list = RAW_EXTENSION("13", "31{}")},
     false},
    {"lint.parse (-): not a certificate: keyUsage (RFC 5280 4.2.1.3)\n",
     {.list = RAW_EXTENSION("0f", "03{}")},
     false},
    {"lint.parse (-): not a certificate: issuer (RFC 5280 4.1.2.4)\n", {.issuer = "31{}"}, false},
    // Algorithms and keys.
    {"lint.algorithms (RFC 5280 4.1.1.2): the inner and the outer signature algorithm differ\n"
     "lint.algorithm (RFC 5280 4.1.1.2): a signature algorithm that coldca does not know\n",
     {.algorithm = "30{06{2a03}}"},
     false},
    {"lint.algorithms (RFC 5280 4.1.1.2): the inner and the outer signature algorithm differ\n",
     {.algorithm = "30{06{2a8648ce3d040303}}"},
     false},
    {"lint.key (RFC 5280 4.1.2.7): not a SubjectPublicKeyInfo (RFC 5280 4.1.2.7)\n", {.spki = "30{}"}, false},
    {"", {.spki = RAW_SPKI}, false}, // of a kind that is not known
    {"", {.spki = RAW_SPKI, .list = RAW_CRITICAL("0f", "03{0520}")}, false},
    // The serial.
    {"lint.serial-positive (RFC 5280 4.1.2.2): the serial is not positive\n",
     {.serial = "02{8102030405060708}"},
     false},
    {"lint.serial-positive (RFC 5280 4.1.2.2): the serial is not positive\n"
     "lint.serial-entropy (CA/B BR 7.1): the serial has 1 octets; 64 random bits need at least 8\n",
     {.serial = "02{00}"},
     false},
    {"lint.serial-entropy (CA/B BR 7.1): the serial has 1 octets; 64 random bits need at least 8\n",
     {.serial = "02{01}"},
     false},
    {"lint.serial-entropy (CA/B BR 7.1): the serial has 7 octets; 64 random bits need at least 8\n",
     {.serial = "02{01020304050607}"},
     false},
    {"", {.serial = "02{0102030405060708091011121314151617181920}"}, false},
    {"lint.serial-length (RFC 5280 4.1.2.2): the serial has 21 octets, 20 are allowed\n",
     {.serial = "02{010203040506070809101112131415161718192021}"},
     false},
    {"lint.serial-minimal (X.690 8.3.2): the serial is not minimal DER\n",
     {.serial = "02{0001020304050607}"},
     false},
    {"", {.serial = "02{0081020304050607}"}, false},
    {"lint.serial-positive (RFC 5280 4.1.2.2): the serial is not positive\n"
     "lint.serial-minimal (X.690 8.3.2): the serial is not minimal DER\n",
     {.serial = "02{ff81020304050607}"},
     false},
    // Names.
    {"", {.list = USAGE RAW_EXTENSION("11", "30{82{'a.example'}81{'10.0.0.1'}82{'b.example'}}")}, false},
    {"lint.dns-address (RFC 5280 4.2.1.6): the dNSName \"10.0.0.1\" is an IP address, which belongs in an "
     "iPAddress\n",
     {.list = USAGE RAW_EXTENSION("11", "30{82{'a.example'}82{'10.0.0.1'}}")},
     false},
    {"lint.dns-address (RFC 5280 4.2.1.6): the dNSName \"a.1\" ends in a number, so clients take it for an "
     "IP "
     "address\n",
     {.list = USAGE RAW_EXTENSION("11", "30{82{'a.1'}82{'a.example'}}")},
     false},
    {"", {.list = USAGE RAW_EXTENSION("11", "31{82{'a.1'}}")}, false}, // damaged: the reader's to report
    {"lint.no-name (RFC 5280 4.1.2.6): neither subject nor subjectAltName\n", {.subject = "30{}"}, false},
    {"lint.san-critical (RFC 5280 4.2.1.6): the subject is empty and subjectAltName is not critical\n",
     {.subject = "30{}", .list = USAGE RAW_EXTENSION("11", "30{82{'a.example'}}")},
     false},
    {"", {.subject = "30{}", .list = USAGE RAW_CRITICAL("11", "30{82{'a.example'}}")}, false},
    // CAs, and what is none.
    {"", {.list = RAW_CA}, false},
    {"lint.ca-subject (RFC 5280 4.1.2.6): a CA's subject is empty\n",
     {.subject = "30{}", .list = RAW_CA},
     false},
    {"lint.ca-key-id (RFC 5280 4.2.1.2): a CA has no subjectKeyIdentifier\n",
     {.list = RAW_CRITICAL("13", "30{01{ff}}") RAW_CRITICAL("0f", "03{0106}")},
     false},
    {"lint.ca-key-usage (RFC 5280 4.2.1.3): a CA's keyUsage lacks keyCertSign\n"
     "lint.path-length (RFC 5280 4.2.1.9): a path length without keyCertSign\n",
     {.list = RAW_CRITICAL("13", "30{01{ff}02{00}}") RAW_EXTENSION("0e", "04{0102}")},
     false},
    {"lint.basic-constraints-critical (RFC 5280 4.2.1.9): a CA's basicConstraints is not critical\n",
     {.list = RAW_EXTENSION("13", "30{01{ff}}") RAW_CRITICAL("0f", "03{0106}") RAW_EXTENSION("0e", "04{01}")},
     false},
    {"", {.list = RAW_EXTENSION("13", "30{}") USAGE}, false},
    {"lint.path-length (RFC 5280 4.2.1.9): a path length without a CA\n",
     {.list = RAW_EXTENSION("13", "30{02{00}}") USAGE},
     false},
    {"lint.cert-sign (RFC 5280 4.2.1.3): keyCertSign without a CA\n",
     {.list = RAW_CRITICAL("0f", "03{0204}")},
     false},
    {"lint.name-constraints (RFC 5280 4.2.1.10): name constraints without a CA\n",
     {.list = USAGE RAW_CRITICAL("1e", "30{}")},
     false},
    {"lint.key-usage-empty (RFC 5280 4.2.1.3): keyUsage has no bit set\n",
     {.list = RAW_CRITICAL("0f", "03{0000}")},
     false},
    {"lint.key-encipherment (RFC 5480 3, RFC 8410 5): keyEncipherment on a key that can't encipher\n",
     {.list = RAW_CRITICAL("0f", "03{0520}")},
     false},
    {"lint.validity (RFC 5280 4.1.2.5): notAfter is before notBefore\n",
     {.validity = "30{" RAW_UTC("260101000001") RAW_UTC("260101000000") "}"},
     false},
    {"", {.validity = "30{" RAW_UTC("260101000000") RAW_UTC("260101000000") "}"}, false},
    // Below an issuer.
    {"", {.list = USAGE KEY_ID}, true},
    {NO_KEY_ID, {.list = USAGE}, true},
    {NO_KEY_ID, {.list = USAGE RAW_EXTENSION("23", "30{80{0103}}")}, true},
    {"lint.authority-key-id (RFC 5280 4.2.1.1): not a certificate: authorityKeyIdentifier (RFC 5280 "
     "4.2.1.1)\n",
     {.list = USAGE RAW_EXTENSION("23", "31{}")},
     true},
    {"", {.list = USAGE, .subject = RAW_NAME("I")}, true}, // self-issued: it may lack it
    {NO_KEY_ID, {.list = USAGE RAW_EXTENSION("23", "30{80{0103}}"), .subject = RAW_NAME("I")}, true},
    {"lint.issuer (RFC 5280 4.1.2.4): the issuer is not this CA's subject byte for byte\n",
     {.issuer = RAW_NAME("i")},
     true},
    {"", {.list = USAGE KEY_ID, .validity = "30{" RAW_UTC("260101000000") RAW_UTC("270101000000") "}"}, true},
    {"lint.past-issuer (RFC 5280 6.1.3): valid longer than its issuer\n",
     {.list = USAGE KEY_ID, .validity = "30{" RAW_UTC("260101000000") RAW_UTC("270101000001") "}"},
     true},
};

static void each_fault_is_said_and_nothing_else(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(free) char *words = said_of(&cases[i]);
        if (strcmp(words, cases[i].found) != 0)
            fail_msg("%zu: \"%s\" is said, not \"%s\"", i, words, cases[i].found);
    }
}

static void a_path_length_below_another_is_smaller(void **state)
{
    static const struct {
        const char *above, *below; /**< pathLenConstraint; "": none */
        const char *found;
    } lens[] = {
        {"", "02{05}", ""},
        {"02{02}", "02{01}", ""},
        {"02{02}", "", ""},
        {"02{02}", "02{02}",
         "lint.path-length (RFC 5280 4.2.1.9): a path length of 2 below an issuer with 2\n"},
        {"02{02}", "02{03}",
         "lint.path-length (RFC 5280 4.2.1.9): a path length of 3 below an issuer with 2\n"},
        {"02{00}", "02{00}",
         "lint.path-length (RFC 5280 4.2.1.9): a CA below an issuer with a path length of 0\n"},
        {"02{00}", "", "lint.path-length (RFC 5280 4.2.1.9): a CA below an issuer with a path length of 0\n"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
        struct error err = ERROR_INIT;
        AUTO(builder_done) struct builder ca = BUILDER_INIT;
        AUTO(builder_done) struct builder der = BUILDER_INIT;
        AUTO(findings_done) struct findings found = FINDINGS_INIT;
        AUTO(cert_issuer_free) struct cert_issuer *own = NULL;
        AUTO(free)
        char *list = memory_format(RAW_CRITICAL("13", "30{01{ff}%s}") RAW_CRITICAL("0f", "03{0106}")
                                       RAW_EXTENSION("0e", "04{0102}") KEY_ID,
                                   lens[i].below);
        AUTO(free)
        char *list_above =
            memory_format(RAW_CRITICAL("13", "30{01{ff}%s}") RAW_EXTENSION("0e", "04{0102}"), lens[i].above);
        raw_cert(&(struct raw_cert){.subject = RAW_NAME("I"), .key = ca_key, .list = list_above}, ca_key,
                 &ca);
        assert_true(cert_issuer_read(builder_bytes(&ca), NULL, 0, &own, &err));
        raw_cert(&(struct raw_cert){.serial = SERIAL, .key = key, .list = list}, ca_key, &der);
        cert_lint(builder_bytes(&der), own, &found);
        AUTO(free) char *words = root_words(&found);
        assert_string_equal(words, lens[i].found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fault_is_said_and_nothing_else),
        cmocka_unit_test(a_path_length_below_another_is_smaller),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
