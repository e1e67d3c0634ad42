/* SPDX-License-Identifier: Apache-2.0 */
/* CRLs by hand, each with one fault: lint says that one, word for word, and nothing else; of what is just within a limit it says nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cert_root.h"

#include "base/encode.h"
#include "base/memory.h"
#include "cert/asn1.h"
#include "cert/crl.h"

#include <string.h>

#define OID(last) "06 03 55 1d " last
#define NUMBER "30 0a " OID("14") " 04 03 02 01 07"
#define REASON(value) "30 0a " OID("15") " 04 03 0a 01 " value
#define CRITICAL_REASON(value) "30 0d " OID("15") " 01 01 ff 04 03 0a 01 " value
#define GENERALIZED "18 0f 3230323531313230303030303030 5a" /* 20251120000000Z */
#define INVALIDITY "30 18 " OID("18") " 04 11 " GENERALIZED
#define CRITICAL_INVALIDITY "30 1b " OID("18") " 01 01 ff 04 11 " GENERALIZED

struct plant {
    const char *found;   /**< what lint has to say; "": nothing */
    const char *version; /**< NULL: 2 */
    const char *this_update;
    const char *next_update;
    const char *entries;    /**< "": none; "30 00": an empty list */
    const char *extensions; /**< beside the authorityKeyIdentifier; NULL: a number */
    const char *issuer;
    const char *algorithm;
    const char *behind; /**< all other fields */
    bool has_no_key_id, has_critical_key_id, has_other_key_id, has_no_extensions, has_other_outside;
    int64_t before, after; /**< instead of the dates: seconds from the CA's beginning, and from its end */
    bool is_bound;
};

static void add_hex(struct builder *out, const char *text)
{
    AUTO(builder_done) struct builder packed = BUILDER_INIT;
    for (; *text != '\0'; text++) {
        if (*text != ' ')
            builder_add_u8(&packed, (uint8_t)*text);
    }
    assert_true(packed.len == 0 || decode_hex(builder_bytes(&packed), out));
}

static void add_key_id(const struct plant *plant, struct builder *out)
{
    size_t extension = asn1_open(out, DER_SEQUENCE);
    add_hex(out, OID("23"));
    if (plant->has_critical_key_id)
        asn1_bool(out, true);
    size_t value = asn1_open(out, DER_OCTET_STRING);
    size_t sequence = asn1_open(out, DER_SEQUENCE);
    der_add(out, DER_CONTEXT_0, plant->has_other_key_id ? bytes_of("o", 1) : cert_issuer_key_id(issuer));
    asn1_close(out, sequence);
    asn1_close(out, value);
    asn1_close(out, extension);
}

static void add_dates(const struct plant *plant, struct builder *out)
{
    const struct policy_issuer *ca = cert_issuer_facts(issuer);
    if (plant->is_bound) {
        asn1_time(out, ca->not_before + plant->before);
        asn1_time(out, ca->not_after + plant->after);
        return;
    }
    // 251122..., 251222...
    add_hex(out, plant->this_update != NULL ? plant->this_update : "17 0d 323531313232303030303030 5a");
    add_hex(out, plant->next_update != NULL ? plant->next_update : "17 0d 323531323232303030303030 5a");
}

static void plant_crl(const struct plant *plant, struct builder *ret_der)
{
    AUTO(builder_done) struct builder body = BUILDER_INIT;
    size_t mark = asn1_open(&body, DER_SEQUENCE);
    add_hex(&body, plant->version != NULL ? plant->version : "02 01 01");
    if (plant->algorithm != NULL)
        add_hex(&body, plant->algorithm);
    else
        builder_add_bytes(&body, signature_algorithm_der(SIGNATURE_ECDSA_SHA256));
    if (plant->issuer != NULL)
        add_hex(&body, plant->issuer);
    else
        builder_add_bytes(&body, cert_issuer_subject(issuer));
    add_dates(plant, &body);
    add_hex(&body, plant->entries != NULL ? plant->entries : "");
    if (!plant->has_no_extensions) {
        size_t tagged = asn1_open(&body, DER_CONTEXT_CONSTRUCTED_0);
        size_t list = asn1_open(&body, DER_SEQUENCE);
        if (!plant->has_no_key_id)
            add_key_id(plant, &body);
        add_hex(&body, plant->extensions != NULL ? plant->extensions : NUMBER);
        asn1_close(&body, list);
        asn1_close(&body, tagged);
    }
    add_hex(&body, plant->behind != NULL ? plant->behind : "");
    asn1_close(&body, mark);
    // Lint does not look at the signature.
    size_t whole = asn1_open(ret_der, DER_SEQUENCE);
    builder_add_bytes(ret_der, builder_bytes(&body));
    if (plant->algorithm != NULL && !plant->has_other_outside)
        add_hex(ret_der, plant->algorithm);
    else
        builder_add_bytes(ret_der, signature_algorithm_der(SIGNATURE_ECDSA_SHA256));
    asn1_bit_string(ret_der, bytes_of("", 0));
    asn1_close(ret_der, whole);
}

#define DATE "17 0d 323531313231303030303030 5a"       /* 251121... */
#define SAME_DATE "17 0d 323531313232303030303030 5a"  /* as thisUpdate */
#define LATER_DATE "17 0d 323531313232303030303031 5a" /* a second after it */
#define ENTRY "30 12 02 01 05 " DATE
#define WITH_REASON "30 20 02 01 05 " DATE " 30 0c "
#define REMOVED WITH_REASON REASON("08")

static const struct plant plants[] = {
    {.found = ""},
    {.found = "", .entries = "30 22 " WITH_REASON REASON("01")},
    {.found = "lint.crl-version (RFC 5280 5.1.2.1): not a CRL of version 2\n", .version = ""},
    {.found = "lint.crl-version (RFC 5280 5.1.2.1): not a CRL of version 2\n"
              "lint.crl-version (RFC 5280 5.1.2.1): entry extensions in a CRL of version 1\n",
     .version = "",
     .entries = "30 22 " WITH_REASON REASON("01")},
    {.found = "lint.crl-version (RFC 5280 5.1.2.1): not a CRL of version 2\n",
     .version = "",
     .entries = "30 14 " ENTRY},
    {.found = "lint.crl-next-update (RFC 5280 5.1.2.5): no nextUpdate\n", .next_update = ""},
    {.found = "lint.crl-dates (RFC 5280 5.1.2.5): nextUpdate is not after thisUpdate\n",
     .next_update = SAME_DATE},
    {.found = "", .next_update = LATER_DATE},
    {.found = "lint.crl-time-form (RFC 5280 5.1.2.4): a date before 2050 is written as GeneralizedTime\n",
     .this_update = "18 0f 3230323531313232303030303030 5a"},
    {.found = "lint.crl-time-form (RFC 5280 5.1.2.4): a date before 2050 is written as GeneralizedTime\n"
              "lint.crl-past-issuer (RFC 5280 5.1.2.5): nextUpdate is past the CA's end\n",
     .next_update = "18 0f 3230343931323331323335393539 5a"}, // 20491231235959Z
    {.found = "lint.crl-past-issuer (RFC 5280 5.1.2.5): nextUpdate is past the CA's end\n",
     .next_update = "18 0f 3230353030313031303030303030 5a"}, // 20500101000000Z
    {.found = "lint.crl-before-issuer (RFC 5280 5.1.2.4): made before the CA was valid\n",
     .this_update = "18 0f 3139343931323331323335393539 5a"}, // 19491231235959Z, which UTCTime has not
    {.found = "", .is_bound = true},
    {.found = "lint.crl-before-issuer (RFC 5280 5.1.2.4): made before the CA was valid\n",
     .is_bound = true,
     .before = -1},
    {.found = "lint.crl-past-issuer (RFC 5280 5.1.2.5): nextUpdate is past the CA's end\n",
     .is_bound = true,
     .after = 1},
    {.found = "lint.crl-number (RFC 5280 5.2.3): no cRLNumber\n", .extensions = ""},
    {.found = "", .extensions = "30 1d " OID("14") " 04 16 02 14 01 00000000000000000000000000000000000000"},
    {.found = "lint.crl-key-id (RFC 5280 5.2.1): no authorityKeyIdentifier with a keyIdentifier\n",
     .has_no_key_id = true},
    {.found = "lint.crl-key-id (RFC 5280 5.2.1): authorityKeyIdentifier is not the issuer's "
              "subjectKeyIdentifier\n",
     .has_other_key_id = true},
    {.found = "lint.crl-issuer (RFC 5280 5.1.2.3): the issuer is not this CA's subject byte for byte\n",
     .issuer = "30 0c 31 0a 30 08 06 03 55 04 03 0c 01 58"},
    {.found = "lint.crl-no-issuer (RFC 5280 5.1.2.3): the issuer is empty\n"
              "lint.crl-issuer (RFC 5280 5.1.2.3): the issuer is not this CA's subject byte for byte\n",
     .issuer = "30 00"},
    {.found = "lint.crl-algorithm (RFC 5280 5.1.1.2): a signature algorithm that coldca does not know\n",
     .algorithm = "30 04 06 02 2a 03"},
    {.found = "lint.crl-algorithms (RFC 5280 5.1.1.2): the inner and the outer signature algorithm differ\n"
              "lint.crl-algorithm (RFC 5280 5.1.1.2): a signature algorithm that coldca does not know\n",
     .algorithm = "30 04 06 02 2a 03",
     .has_other_outside = true},
    // Extensions: twice, damaged, critical or not.
    {.found = "lint.crl-extension-twice (RFC 5280 5.2): an extension is there twice\n",
     .extensions = NUMBER " " NUMBER},
    {.found = "lint.crl-critical (RFC 5280 5.2.1): authorityKeyIdentifier is critical\n",
     .has_critical_key_id = true},
    {.found = "lint.crl-critical (RFC 5280 5.2.3): cRLNumber is critical\n",
     .extensions = "30 0d " OID("14") " 01 01 ff 04 03 02 01 07"},
    {.found = "lint.crl-critical (RFC 5280 5.2.6): freshestCRL is critical\n",
     .extensions = NUMBER " 30 0c " OID("2e") " 01 01 ff 04 02 30 00"},
    {.found = "", .extensions = NUMBER " 30 09 " OID("2e") " 04 02 30 00"},
    {.found = "lint.crl-critical (X.509 9.5.2.8): expiredCertsOnCRL is critical\n",
     .extensions = NUMBER " 30 1b " OID("3c") " 01 01 ff 04 11 " GENERALIZED},
    {.found = "", .extensions = NUMBER " 30 18 " OID("3c") " 04 11 " GENERALIZED},
    {.found = "lint.crl-not-critical (RFC 5280 5.2.4): deltaCRLIndicator is not critical\n",
     .extensions = NUMBER " 30 0a " OID("1b") " 04 03 02 01 01"},
    {.found = "", .extensions = NUMBER " 30 0d " OID("1b") " 01 01 ff 04 03 02 01 01"},
    {.found = "lint.crl-not-critical (RFC 5280 5.2.5): issuingDistributionPoint is not critical\n",
     .extensions = NUMBER " 30 09 " OID("1c") " 04 02 30 00"},
    {.found = "", .extensions = NUMBER " 30 0c " OID("1c") " 01 01 ff 04 02 30 00"},
    {.found = "lint.crl-extensions-empty (RFC 5280 5.1.2.7): crlExtensions is empty\n"
              "lint.crl-number (RFC 5280 5.2.3): no cRLNumber\n"
              "lint.crl-key-id (RFC 5280 5.2.1): no authorityKeyIdentifier with a keyIdentifier\n",
     .extensions = "",
     .has_no_key_id = true},
    {.found = "lint.crl-number (RFC 5280 5.2.3): no cRLNumber\n"
              "lint.crl-key-id (RFC 5280 5.2.1): no authorityKeyIdentifier with a keyIdentifier\n",
     .has_no_extensions = true},
    {.found = "lint.crl-parse (RFC 5280 5.1): not a CRL: an extension is damaged (RFC 5280 5.2)\n",
     .extensions = "30 0d " OID("14") " 01 01 00 04 03 02 01 07",
     .entries = "30 14 30 12 02 01 00 " DATE}, // whose serial is not looked at then
    {.found = "lint.crl-parse (RFC 5280 5.1): not a CRL: version (RFC 5280 5.1.2.1)\n",
     .version = "02 01 02"},
    // Entries.
    {.found = "lint.crl-empty-list (RFC 5280 5.1.2.6): revokedCertificates is there and empty\n",
     .entries = "30 00"},
    {.found = "lint.crl-entry (RFC 5280 5.1.2.6): entry 1 is damaged\n", .entries = "30 05 30 03 02 01 05"},
    {.found = "lint.crl-entry (RFC 5280 5.1.2.6): entry 2 is damaged\n",
     .entries = "30 19 " ENTRY " 30 03 02 01 05"},
    {.found = "lint.crl-serial-zero (RFC 5280 4.1.2.2): entry 2: the serial is 0\n",
     .entries = "30 28 " ENTRY " 30 12 02 01 00 " DATE},
    {.found = "", .entries = "30 27 30 25 02 14 0102030405060708091011121314151617181920 " DATE},
    {.found = "lint.crl-serial-length (RFC 5280 4.1.2.2): entry 1: the serial has 21 octets, 20 are "
              "allowed\n",
     .entries = "30 28 30 26 02 15 010203040506070809101112131415161718192021 " DATE},
    {.found = "", .entries = "30 14 30 12 02 01 05 " SAME_DATE},
    {.found = "lint.crl-future (RFC 5280 5.1.2.6): entry 1: revoked after the CRL was made\n",
     .entries = "30 14 30 12 02 01 05 " LATER_DATE},
    {.found = "lint.crl-reason-zero (RFC 5280 5.3.1): entry 1: reason unspecified is written out\n",
     .entries = "30 22 " WITH_REASON REASON("00")},
    {.found = "lint.crl-remove (RFC 5280 5.3.1): entry 1: removeFromCRL is for deltas only\n",
     .entries = "30 22 " REMOVED},
    {.found = "lint.crl-remove (RFC 5280 5.3.1): entry 2: removeFromCRL is for deltas only\n",
     .entries = "30 58 " ENTRY " " REMOVED " " REMOVED},
    {.found = "",
     .entries = "30 22 " REMOVED,
     .extensions = NUMBER " 30 0d " OID("1b") " 01 01 ff 04 03 02 01 01"},
    {.found = "lint.crl-entry-extension-twice (RFC 5280 5.3): an extension is there twice\n",
     .entries = "30 2e 30 2c 02 01 05 " DATE " 30 18 " REASON("01") REASON("01")},
    {.found = "lint.crl-critical (RFC 5280 5.3.1): reasonCode is critical\n",
     .entries = "30 25 30 23 02 01 05 " DATE " 30 0f " CRITICAL_REASON("01")},
    {.found = "lint.crl-critical (RFC 5280 5.3.2): invalidityDate is critical\n",
     .entries = "30 33 30 31 02 01 05 " DATE " 30 1d " CRITICAL_INVALIDITY},
    {.found = "", .entries = "30 30 30 2e 02 01 05 " DATE " 30 1a " INVALIDITY},
    // Each of those that have the fault is found, whatever stands between them.
    {.found = "lint.crl-critical (RFC 5280 5.3.1): reasonCode is critical\n"
              "lint.crl-critical (RFC 5280 5.3.1): reasonCode is critical\n",
     .entries = "30 81 8e " WITH_REASON REASON("01") " 30 23 02 01 05 " DATE " 30 0f " CRITICAL_REASON(
         "01") " 30 23 02 01 05 " DATE " 30 0f " CRITICAL_REASON("01") " " WITH_REASON REASON("01")},
};

static char *said_of(const struct plant *plant, const struct cert_issuer *by)
{
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(findings_done) struct findings found = FINDINGS_INIT;
    plant_crl(plant, &der);
    crl_lint(builder_bytes(&der), by, &found);
    return root_words(&found);
}

static void each_fault_is_said_and_nothing_else(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(plants); i++) {
        AUTO(free) char *words = said_of(&plants[i], issuer);
        if (strcmp(words, plants[i].found) != 0)
            fail_msg("%zu: \"%s\" is said, not \"%s\"", i, words, plants[i].found);
    }
}

static void without_the_ca_what_is_its_own_is_not_looked_at(void **state)
{
    (void)state;
    AUTO(free) char *other = said_of(&(struct plant){.has_other_key_id = true}, NULL);
    AUTO(free) char *early = said_of(&(struct plant){.is_bound = true, .before = -1, .after = 1}, NULL);
    assert_string_equal(other, "");
    assert_string_equal(early, "");
}

/** So many entries with the serial 0, and behind them one that is damaged if that is asked for. */
static void lint_zeros(size_t count, bool has_damage, struct findings *ret_findings)
{
    AUTO(builder_done) struct builder list = BUILDER_INIT;
    AUTO(builder_done) struct builder hex = BUILDER_INIT;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    size_t mark = asn1_open(&list, DER_SEQUENCE);
    for (size_t i = 0; i < count; i++)
        add_hex(&list, "30 12 02 01 00 " DATE);
    if (has_damage)
        add_hex(&list, "30 03 02 01 05");
    asn1_close(&list, mark);
    encode_hex(builder_bytes(&list), &hex);
    plant_crl(&(struct plant){.entries = builder_text(&hex)}, &der);
    crl_lint(builder_bytes(&der), issuer, ret_findings);
}

static void of_many_faults_the_first_hundred_are_said(void **state)
{
    (void)state;
    for (size_t count = 98; count < 102; count++) {
        for (size_t damaged = 0; damaged < 2; damaged++) {
            AUTO(findings_done) struct findings found = FINDINGS_INIT;
            lint_zeros(count, damaged == 1, &found);
            assert_int_equal(found.count, count + damaged < 100 ? count + damaged : 100);
            assert_int_equal(findings_has(&found, "lint.crl-entry"), damaged == 1 && count < 100);
        }
    }
}

#define DATES                                                                                                \
    "made (thisUpdate): 2025-11-22T00:00:00Z\ngood until (nextUpdate): 2025-12-22T00:00:00Z\n"               \
    "signed with: ecdsa-sha256\n"
#define LARGEST "ff ff ff ff ff ff ff ff"

/** What is shown; or why nothing is. \param entries  how many */
static char *shown(const struct plant *plant, size_t entries)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    plant_crl(plant, &der);
    if (crl_describe(builder_bytes(&der), entries, &text, &err))
        return builder_take_text(&text);
    assert_int_equal(err.kind, ERROR_INPUT);
    return memory_text(err.text);
}

static void what_a_crl_is_is_shown(void **state)
{
    static const struct {
        const char *words;
        struct plant plant;
    } cases[] = {
        {"issuer: O=Test,CN=Root\nnumber: 7\n" DATES "entries: 0\n", {.found = NULL}},
        {"issuer: O=Test,CN=Root\nnumber: none\n" DATES "entries: 0\n", {.extensions = ""}},
        {"issuer: O=Test,CN=Root\nnumber: 18446744073709551615\n" DATES "entries: 0\n",
         {.extensions = "30 12 " OID("14") " 04 0b 02 09 00 " LARGEST}},
        {"issuer: O=Test,CN=Root\nnumber: larger than 64 bits\n" DATES "entries: 0\n",
         {.extensions = "30 12 " OID("14") " 04 0b 02 09 01 " LARGEST}},
        {"issuer: O=Test,CN=Root\nnumber: 7\nmade (thisUpdate): 2025-11-22T00:00:00Z\n"
         "good until (nextUpdate): no end\nsigned with: ecdsa-sha256\nentries: 0\n",
         {.next_update = ""}},
        {"issuer: O=Test,CN=Root\nnumber: 7\n" DATES
         "a delta: only what changed since another CRL\nentries: 0\n",
         {.extensions = NUMBER " 30 0d " OID("1b") " 01 01 ff 04 03 02 01 01"}},
        {"issuer: O=Test,CN=Root\nnumber: 7\n" DATES
         "a part: only some of the CA's certificates\nentries: 0\n",
         {.extensions = NUMBER " 30 0c " OID("1c") " 01 01 ff 04 02 30 00"}},
        {"issuer: O=Test,CN=Root\nnumber: 7\n" DATES
         "holds revoked certificates that expired since: 2025-11-20T00:00:00Z\nentries: 0\n",
         {.extensions = NUMBER " 30 18 " OID("3c") " 04 11 " GENERALIZED}},
        {"issuer: O=Test,CN=Root\nnumber: 7\n" DATES
         "entries: 2\n  05  revoked 2025-11-21T00:00:00Z\n  and 1 more\n",
         {.entries = "30 28 " ENTRY " " ENTRY}},
        {"not a CRL: entry 2 is damaged (RFC 5280 5.1.2.6)", {.entries = "30 19 " ENTRY " 30 03 02 01 05"}},
        {"not a CRL: issuer (RFC 5280 5.1.2.3)", {.issuer = "30 02 31 00"}},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(free) char *words = shown(&cases[i].plant, 1);
        if (strcmp(words, cases[i].words) != 0)
            fail_msg("%zu: \"%s\", not \"%s\"", i, words, cases[i].words);
    }
}

#define DAMAGED "not a CRL: an extension is damaged (RFC 5280 5.2)"
#define NO_EXTENSIONS "not a CRL: crlExtensions (RFC 5280 5.1.2.7)"
#define NO_ENTRY "not a CRL: entry 1 is damaged (RFC 5280 5.1.2.6)"

static void what_is_no_crl_is_told_by_its_field(void **state)
{
    static const struct {
        const char *words;
        struct plant plant;
    } cases[] = {
        {"not a CRL: version (RFC 5280 5.1.2.1)", {.version = "02 01 00"}},
        {"not a CRL: version (RFC 5280 5.1.2.1)", {.version = "02 02 01 01"}},
        {"not a CRL: version (RFC 5280 5.1.2.1)", {.version = "02 01 ff"}},
        {"not a CRL: signature (RFC 5280 5.1.2.2)", {.version = "05 00"}},
        {"not a CRL: signature (RFC 5280 5.1.2.2)", {.algorithm = "31 00", .has_other_outside = true}},
        {"not a CRL: issuer (RFC 5280 5.1.2.3)", {.issuer = "31 00"}},
        {"not a CRL: thisUpdate or nextUpdate (RFC 5280 5.1.2.4, 5.1.2.5)", {.this_update = "05 00"}},
        {"not a CRL: thisUpdate or nextUpdate (RFC 5280 5.1.2.4, 5.1.2.5)", {.next_update = "17 01 30"}},
        {"not a CRL: thisUpdate or nextUpdate (RFC 5280 5.1.2.4, 5.1.2.5)", {.next_update = "18 01 30"}},
        {"not a CRL: revokedCertificates (RFC 5280 5.1.2.6)",
         {.entries = "30 ff", .has_no_extensions = true}},
        {NO_EXTENSIONS, {.behind = "05 00"}},
        {NO_EXTENSIONS, {.has_no_extensions = true, .behind = "a1 02 30 00"}},
        {NO_EXTENSIONS, {.has_no_extensions = true, .behind = "a0 02 31 00"}},
        {NO_EXTENSIONS, {.has_no_extensions = true, .behind = "a0 04 30 00 05 00"}},
        {DAMAGED, {.extensions = "30 0a " OID("14") " 04 03 02 01 ff"}},
        {DAMAGED, {.extensions = "30 0c " OID("14") " 04 05 02 01 07 05 00"}},
        {DAMAGED,
         {.extensions = "30 1e " OID("14") " 04 17 02 15 01 0000000000000000000000000000000000000000"}},
        {DAMAGED, {.has_no_key_id = true, .extensions = "30 0b " OID("23") " 04 04 31 02 80 00"}},
        {DAMAGED, {.extensions = NUMBER " 30 16 " OID("3c") " 04 0f 17 0d 323531313230303030303030 5a"}},
        {DAMAGED, {.extensions = NUMBER " 30 1a " OID("3c") " 04 13 " GENERALIZED " 05 00"}},
        {DAMAGED, {.extensions = NUMBER " 05 00"}},
        {NO_ENTRY, {.entries = "30 14 30 12 02 01 ff " DATE}},
        {NO_ENTRY, {.entries = "30 14 31 12 02 01 05 " DATE}},
        {NO_ENTRY, {.entries = "30 16 30 14 02 01 05 " DATE " 05 00"}},
        {NO_ENTRY, {.entries = "30 16 30 14 02 01 05 " DATE " 30 00"}},
        {NO_ENTRY, {.entries = "30 24 30 22 02 01 05 " DATE " 30 0c " REASON("01") " 05 00"}},
        {NO_ENTRY, {.entries = "30 22 " WITH_REASON REASON("07")}},
        {NO_ENTRY, {.entries = "30 22 " WITH_REASON REASON("0b")}},
        {NO_ENTRY, {.entries = "30 22 " WITH_REASON "30 0a " OID("15") " 04 03 02 01 01"}},
        {NO_ENTRY, {.entries = "30 22 " WITH_REASON "30 0a " OID("15") " 04 03 0a 02 01"}},
        {NO_ENTRY, {.entries = "30 23 30 21 02 01 05 " DATE " 30 0d 30 0b " OID("15") " 04 04 0a 02 00 01"}},
        {NO_ENTRY, {.entries = "30 2e 30 2c 02 01 05 " DATE " 30 18 30 16 " OID("18") " 04 0f " DATE}},
        {NO_ENTRY,
         {.entries = "30 32 30 30 02 01 05 " DATE " 30 1c 30 1a " OID("18") " 04 13 " GENERALIZED " 05 00"}},
        {NO_ENTRY, {.entries = "30 24 30 22 02 01 05 " DATE " 30 0e " REASON("01") " 05 00"}},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(free) char *words = shown(&cases[i].plant, 9);
        if (strcmp(words, cases[i].words) != 0)
            fail_msg("%zu: \"%s\", not \"%s\"", i, words, cases[i].words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fault_is_said_and_nothing_else),
        cmocka_unit_test(without_the_ca_what_is_its_own_is_not_looked_at),
        cmocka_unit_test(what_a_crl_is_is_shown),
        cmocka_unit_test(what_is_no_crl_is_told_by_its_field),
        cmocka_unit_test(of_many_faults_the_first_hundred_are_said),
    };
    return cmocka_run_group_tests(tests, root_setup, root_teardown);
}
