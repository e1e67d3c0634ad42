/* SPDX-License-Identifier: Apache-2.0 */
/* Chains field by field: which certificate is no issuer, or none of a chain, is told word for word; what a sound one gives is told whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "raw_cert.h"

#include "base/digest.h"
#include "base/encode.h"
#include "base/key_value.h"
#include "base/memory.h"
#include "base/openssl_release.h"
#include "base/time.h"
#include "cert/cert.h"
#include "cert/chain.h"

#include <string.h>

#define CHAIN 3 /* issuer, middle, root */

static EVP_PKEY *keys[CHAIN];
static EVP_PKEY *foreign; /**< of a kind that coldca does not know */

static int setup(void **state)
{
    (void)state;
    for (size_t i = 0; i < CHAIN; i++)
        keys[i] = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    foreign = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "secp256k1");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < CHAIN; i++)
        EVP_PKEY_free(keys[i]);
    EVP_PKEY_free(foreign);
    return 0;
}

/** What is not said is sound: CN=0 below CN=1 below CN=2, a CA, the key of its place, signed by the one above. */
struct chain_case {
    const char *words; /**< of the refusal; NULL: it is an issuer */
    struct raw_cert raws[CHAIN];
    bool has_bad_signature[CHAIN];
};

static void make(const struct chain_case *given, struct builder ret_ders[static CHAIN])
{
    static const char *const names[] = {RAW_NAME("0"), RAW_NAME("1"), RAW_NAME("2"), RAW_NAME("2")};
    for (size_t i = 0; i < CHAIN; i++) {
        struct raw_cert raw = given->raws[i];
        raw.subject = raw.subject != NULL ? raw.subject : names[i];
        raw.issuer = raw.issuer != NULL ? raw.issuer : names[i + 1];
        raw.key = raw.key != NULL ? raw.key : keys[i];
        raw.list = raw.list != NULL ? raw.list : RAW_CA;
        raw_cert(&raw, i + 1 < CHAIN ? keys[i + 1] : keys[i], &ret_ders[i]);
        if (given->has_bad_signature[i])
            ret_ders[i].data[ret_ders[i].len - 1] ^= 1;
    }
}

/** \return NULL: it is none, and err says so */
static struct cert_issuer *read_case(const struct chain_case *given, struct error *err)
{
    struct builder ders[CHAIN] = {{.data = NULL}};
    struct cert_issuer *issuer = NULL;
    make(given, ders);
    const struct bytes above[] = {builder_bytes(&ders[1]), builder_bytes(&ders[2])};
    bool is_read = cert_issuer_read(builder_bytes(&ders[0]), above, 2, &issuer, err);
    assert_int_equal(is_read, issuer != NULL);
    for (size_t i = 0; i < CHAIN; i++)
        builder_done(&ders[i]);
    return issuer;
}

static const struct raw_cert sound = {.version = NULL};

#define LIST(text)                                                                                           \
    {                                                                                                        \
        .list = (text)                                                                                       \
    }
#define NO_SUBTREES "a certificate of the chain has damaged name constraints (RFC 5280 4.2.1.10)"
#define NO_PURPOSE "a certificate of the chain has a damaged extKeyUsage (RFC 5280 4.2.1.12)"
#define SUBTREES(value) RAW_CA RAW_CRITICAL("1e", value)
#define PURPOSES(value) RAW_CA RAW_EXTENSION("25", value)
#define WITH_PATH(len)                                                                                       \
    RAW_CRITICAL("13", "30{01{ff}02{" len "}}")                                                              \
    RAW_CRITICAL("0f", "03{0106}") RAW_EXTENSION("0e", "04{0102}")

/* Each stands in the issuer, in the middle and in the root, where the words are the same but for what they begin and end with. */
static const struct {
    const char *words; /**< "%s": which certificate */
    struct raw_cert raw;
} everywhere[] = {
    {"%s is not X.509 v3 (RFC 5280 4.1.2.1)", {.version = "", .extensions = ""}},
    {"%s is not X.509 v3 (RFC 5280 4.1.2.1)", {.version = "a0{02{01}}", .extensions = ""}},
    {"%s is not a CA: basicConstraints cA is not set (RFC 5280 4.2.1.9)",
     LIST(RAW_EXTENSION("0e", "04{0102}"))},
    {"%s is not a CA: basicConstraints cA is not set (RFC 5280 4.2.1.9)",
     LIST(RAW_CRITICAL("13", "30{}") RAW_EXTENSION("0e", "04{0102}"))},
    {"%s may not sign certificates: keyUsage has no keyCertSign (RFC 5280 4.2.1.3)",
     LIST(RAW_CRITICAL("13", "30{01{ff}}") RAW_CRITICAL("0f", "03{0102}") RAW_EXTENSION("0e", "04{0102}"))},
    {"not a certificate: basicConstraints (RFC 5280 4.2.1.9)",
     LIST(RAW_CRITICAL("13", "31{01{ff}}") RAW_EXTENSION("0e", "04{0102}"))},
    {"not a certificate: keyUsage (RFC 5280 4.2.1.3)",
     LIST(RAW_CRITICAL("13", "30{01{ff}}") RAW_CRITICAL("0f", "03{}") RAW_EXTENSION("0e", "04{0102}"))},
    {NO_PURPOSE, LIST(PURPOSES("31{06{2a03}}"))},
    {NO_PURPOSE, LIST(PURPOSES("30{06{2a03}}0500"))},
    {NO_PURPOSE, LIST(PURPOSES("30{06{2a03}04{2a03}}"))},
    {NO_PURPOSE, LIST(PURPOSES("30{06{2a03}06{8003}}"))},
    {NO_PURPOSE, LIST(PURPOSES("30{06{551d2500}0500}"))},
    {NO_SUBTREES, LIST(SUBTREES("31{a0{30{82{61}}}}"))},
    {NO_SUBTREES, LIST(SUBTREES("30{a0{30{82{61}}}}0500"))},
    {NO_SUBTREES, LIST(SUBTREES("30{a0{30{82{61}}}0500}"))},
    {NO_SUBTREES, LIST(SUBTREES("30{a105}"))},
    {NO_SUBTREES, LIST(SUBTREES("30{a005}"))},
    {NO_SUBTREES, LIST(SUBTREES("30{a0{31{82{61}}}}"))},
    {NO_SUBTREES, LIST(SUBTREES("30{a0{30{}}}"))},
    {NO_SUBTREES, LIST(SUBTREES("30{a0{30{0c{61}}}}"))},
    {NO_SUBTREES, LIST(SUBTREES("30{a0{30{89{61}}}}"))},
    {NO_SUBTREES, LIST(SUBTREES("30{a0{30{82{61}80{00}}}}"))}, // a minimum
    {NO_SUBTREES, LIST(SUBTREES("30{a0{30{a4{31{}}}}}"))},
    {NO_SUBTREES, LIST(SUBTREES("30{a1{30{82{61}}30{a4{31{}}}}}"))},
    {NO_SUBTREES, LIST(SUBTREES("30{a1{30{82{61}}}a0{30{82{61}}}}"))}, // the wrong way round
    {"a certificate of the chain has damaged certificatePolicies (RFC 5280 4.2.1.4)",
     LIST(RAW_CA RAW_EXTENSION("20", "31{}"))},
};

static void assert_told(const struct chain_case *given)
{
    struct error err = ERROR_INIT;
    struct cert_issuer *issuer = read_case(given, &err);
    if (issuer != NULL) {
        cert_issuer_free(issuer);
        fail_msg("read: %s", given->words);
    }
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_string_equal(err.text, given->words);
}

static void what_no_ca_may_be_is_told_wherever_it_stands(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(everywhere); i++) {
        for (size_t place = 0; place < CHAIN; place++) {
            bool is_policy = strstr(everywhere[i].words, "certificatePolicies") != NULL;
            bool is_version = everywhere[i].raw.version != NULL;
            if ((is_policy && place == 2) || (is_version && place == 0))
                continue; // a trust anchor's policies are not processed; the issuer's key identifier is missed first
            const char *who = place == 0 ? "the CA certificate" : "a certificate of the chain";
            const char *at = strstr(everywhere[i].words, "%s");
            AUTO(free)
            char *words =
                memory_format("%s%s", at != NULL ? who : "", everywhere[i].words + (at != NULL ? 2 : 0));
            AUTO(free)
            char *whole = place == 0 || is_policy
                              ? memory_text(words)
                              : memory_format("%s\nwhile reading certificate %zu of the chain", words, place);
            struct chain_case given = {.words = whole};
            given.raws[place] = everywhere[i].raw;
            assert_told(&given);
        }
    }
}

#define IN_CHAIN(number) "\nwhile reading certificate " number " of the chain"
#define CHECKING "\nwhile checking a signature in the chain"

static void what_no_chain_may_be_is_told(void **state)
{
    static const char empty[] = "the CA certificate's subject is empty or damaged (RFC 5280 4.1.2.6)";
    const struct chain_case cases[] = {
        {empty, {{.subject = "30{}"}, sound, sound}, {false}},
        {empty, {{.subject = "30{31{}}"}, sound, sound}, {false}},
        {"the CA certificate has no subjectKeyIdentifier (RFC 5280 4.2.1.2)",
         {LIST(RAW_CRITICAL("13", "30{01{ff}}")), sound, sound},
         {false}},
        {"not a certificate: subjectKeyIdentifier (RFC 5280 4.2.1.2)",
         {LIST(RAW_CRITICAL("13", "30{01{ff}}") RAW_EXTENSION("0e", "04{}")), sound, sound},
         {false}},
        {"not a SubjectPublicKeyInfo (RFC 5280 4.1.2.7)", {{.spki = "30{}"}, sound, sound}, {false}},
        {"a key of a kind that coldca does not know", {{.key = foreign}, sound, sound}, {false}},
        {"not a certificate: serialNumber (RFC 5280 4.1.2.2)", {{.serial = ""}, sound, sound}, {false}},
        {"not a certificate: serialNumber (RFC 5280 4.1.2.2)" IN_CHAIN("1"),
         {sound, {.serial = ""}, sound},
         {false}},
        {"not a certificate: serialNumber (RFC 5280 4.1.2.2)" IN_CHAIN("2"),
         {sound, sound, {.serial = ""}},
         {false}},
        {"not a SubjectPublicKeyInfo (RFC 5280 4.1.2.7)" CHECKING IN_CHAIN("1"),
         {sound, {.spki = "30{}"}, sound},
         {false}},
        {"a key of a kind that coldca does not know" CHECKING IN_CHAIN("2"),
         {sound, sound, {.key = foreign}},
         {false}},
        {"a certificate of the chain has a damaged subject (RFC 5280 4.1.2.6)" IN_CHAIN("1"),
         {{.issuer = "30{31{}}"}, {.subject = "30{31{}}"}, sound},
         {false}},
        {"the chain is out of order: a certificate's issuer is not the next one's subject" IN_CHAIN("1"),
         {{.issuer = RAW_NAME("x")}, sound, sound},
         {false}},
        {"the chain is out of order: a certificate's issuer is not the next one's subject" IN_CHAIN("2"),
         {sound, {.issuer = RAW_NAME("x")}, sound},
         {false}},
        {"the chain is longer than its path length allows (RFC 5280 4.2.1.9)" IN_CHAIN("1"),
         {sound, LIST(WITH_PATH("00")), sound},
         {false}},
        {"the chain is longer than its path length allows (RFC 5280 4.2.1.9)" IN_CHAIN("2"),
         {sound, sound, LIST(WITH_PATH("01"))},
         {false}},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_told(&cases[i]);
}

static void each_signature_of_a_chain_is_verified(void **state)
{
    (void)state;
    for (size_t i = 0; i < CHAIN; i++) {
        struct error err = ERROR_INIT;
        struct chain_case given = {.words = NULL};
        AUTO(cert_chain_report_done) struct cert_chain_report report = {.is_complete = false};
        given.has_bad_signature[i] = true;
        AUTO(cert_issuer_free) struct cert_issuer *issuer = read_case(&given, &err);
        if (i < 2) {
            assert_null(issuer);
            assert_non_null(strstr(err.text, "the signature does not verify"));
            assert_non_null(strstr(err.text, i == 0 ? CHECKING IN_CHAIN("1") : CHECKING IN_CHAIN("2")));
            continue;
        }
        // Who signed the last one is not in the chain; that it was itself is another question.
        assert_non_null(issuer);
        cert_chain_judge(issuer, INT64_C(1780000000), &report);
        assert_false(report.is_complete);
    }
}

static void a_chain_is_complete_with_one_that_its_own_key_signed(void **state)
{
    static const struct {
        struct raw_cert root;
        bool is_complete;
    } roots[] = {
        {{.version = NULL}, true},
        {{.issuer = RAW_NAME("above")}, false},
        {{.algorithm = "30{06{2a03}}"}, false}, // by no algorithm that is known
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(roots); i++) {
        struct error err = ERROR_INIT;
        const struct chain_case given = {.raws = {sound, sound, roots[i].root}};
        AUTO(cert_chain_report_done) struct cert_chain_report report = {.is_complete = !roots[i].is_complete};
        AUTO(cert_issuer_free) struct cert_issuer *issuer = read_case(&given, &err);
        assert_non_null(issuer);
        cert_chain_judge(issuer, INT64_C(1780000000), &report);
        assert_int_equal(report.is_complete, roots[i].is_complete);
        assert_int_equal(report.faults.count + report.notices.count, 0);
    }
}

#define ENDS(year) "30{" RAW_UTC("260101000000") RAW_UTC(year "0101000000") "}"

static void a_long_chain_is_judged_to_its_end(void **state)
{
    enum { COUNT = 40 };
    struct error err = ERROR_INIT;
    struct builder ders[COUNT] = {{.data = NULL}};
    struct bytes above[COUNT];
    AUTO(cert_chain_report_done) struct cert_chain_report report = {.is_complete = false};
    AUTO(cert_issuer_free) struct cert_issuer *issuer = NULL;
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        AUTO(free) char *subject = memory_format(RAW_NAME("%zu"), i);
        AUTO(free) char *parent = memory_format(RAW_NAME("%zu"), i + 1 < COUNT ? i + 1 : i);
        raw_cert(&(struct raw_cert){.subject = subject, .issuer = parent, .key = keys[0], .list = RAW_CA},
                 keys[0], &ders[i]);
        above[i] = builder_bytes(&ders[i]);
    }
    assert_true(cert_issuer_read(above[0], above + 1, COUNT - 1, &issuer, &err));
    cert_chain_judge(issuer, INT64_C(1798761600), &report);
    for (size_t i = 0; i < COUNT; i++)
        builder_done(&ders[i]);
    assert_true(report.is_complete);
    assert_int_equal(report.faults.count, 0);
    cert_chain_report_done(&report);
    cert_chain_judge(issuer, INT64_C(1798761601), &report);
    assert_int_equal(report.faults.count, COUNT);
    assert_string_equal(report.faults.items[COUNT - 1].text, "CN=39: it ended 2027-01-01T00:00:00Z");
}

static void the_earliest_end_of_the_chain_is_the_issuers(void **state)
{
    static const struct {
        const char *ends[CHAIN];
        const char *wanted;
    } cases[] = {
        {{ENDS("30"), ENDS("31"), ENDS("32")}, "2030-01-01T00:00:00Z"},
        {{ENDS("31"), ENDS("30"), ENDS("32")}, "2030-01-01T00:00:00Z"},
        {{ENDS("32"), ENDS("31"), ENDS("30")}, "2030-01-01T00:00:00Z"},
        {{ENDS("32"), ENDS("30"), ENDS("31")}, "2030-01-01T00:00:00Z"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err = ERROR_INIT;
        char text[TIME_TEXT_SIZE];
        struct chain_case given = {.words = NULL};
        for (size_t j = 0; j < CHAIN; j++)
            given.raws[j].validity = cases[i].ends[j];
        AUTO(cert_issuer_free) struct cert_issuer *issuer = read_case(&given, &err);
        assert_non_null(issuer);
        assert_string_equal(time_format(cert_issuer_facts(issuer)->not_after, text), cases[i].wanted);
        assert_string_equal(time_format(cert_issuer_facts(issuer)->not_before, text), "2026-01-01T00:00:00Z");
    }
}

static void how_many_cas_may_follow_is_counted_from_each(void **state)
{
    static const struct {
        const char *lists[CHAIN];
        int wanted;
    } cases[] = {
        {{RAW_CA, RAW_CA, RAW_CA}, -1},
        {{WITH_PATH("00"), RAW_CA, RAW_CA}, 0},
        {{WITH_PATH("04"), RAW_CA, RAW_CA}, 4},
        {{RAW_CA, WITH_PATH("01"), RAW_CA}, 0},
        {{RAW_CA, RAW_CA, WITH_PATH("02")}, 0},
        {{RAW_CA, RAW_CA, WITH_PATH("03")}, 1},
        {{WITH_PATH("02"), WITH_PATH("02"), WITH_PATH("05")}, 1},
        {{WITH_PATH("02"), WITH_PATH("05"), WITH_PATH("03")}, 1},
        {{WITH_PATH("00"), WITH_PATH("05"), WITH_PATH("05")}, 0},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err = ERROR_INIT;
        struct chain_case given = {.words = NULL};
        for (size_t j = 0; j < CHAIN; j++)
            given.raws[j].list = cases[i].lists[j];
        AUTO(cert_issuer_free) struct cert_issuer *issuer = read_case(&given, &err);
        assert_non_null(issuer);
        assert_int_equal(cert_issuer_facts(issuer)->path_len, cases[i].wanted);
    }
}

#define A "06{2a03}"
#define B "06{2a04}"
#define C "06{2a05}"
#define ANY "06{551d2500}"

static void purposes_are_those_that_every_certificate_has(void **state)
{
    static const struct {
        const char *purposes[CHAIN]; /**< NULL: all */
        const char *wanted;          /**< NULL: all */
    } cases[] = {
        {{NULL, NULL, NULL}, NULL},
        {{PURPOSES("30{" A B "}"), NULL, NULL}, " 1.2.3 1.2.4"},
        {{NULL, PURPOSES("30{" A B "}"), NULL}, " 1.2.3 1.2.4"},
        {{NULL, NULL, PURPOSES("30{" B A "}")}, " 1.2.4 1.2.3"},
        {{PURPOSES("30{" A B C "}"), PURPOSES("30{" C A "}"), NULL}, " 1.2.3 1.2.5"},
        {{PURPOSES("30{" A B C "}"), PURPOSES("30{" C A "}"), PURPOSES("30{" B C "}")}, " 1.2.5"},
        {{PURPOSES("30{" A "}"), PURPOSES("30{" B "}"), NULL}, ""},
        {{PURPOSES("30{" A "}"), PURPOSES("30{" B ANY "}"), NULL}, " 1.2.3"},
        {{PURPOSES("30{" ANY "}"), PURPOSES("30{" B "}"), NULL}, " 1.2.4"},
        {{PURPOSES("30{" A ANY "}"), NULL, NULL}, NULL},
        {{PURPOSES("30{}"), NULL, NULL}, ""},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err = ERROR_INIT;
        struct chain_case given = {.words = NULL};
        AUTO(builder_done) struct builder words = BUILDER_INIT;
        for (size_t j = 0; j < CHAIN; j++)
            given.raws[j].list = cases[i].purposes[j];
        AUTO(cert_issuer_free) struct cert_issuer *issuer = read_case(&given, &err);
        assert_non_null(issuer);
        const struct policy_issuer *facts = cert_issuer_facts(issuer);
        assert_int_equal(facts->has_extended_key_usage, cases[i].wanted != NULL);
        for (size_t j = 0; j < facts->extended_key_usage_count; j++)
            builder_format(&words, " %s", facts->extended_key_usage[j]);
        assert_string_equal(builder_text(&words), cases[i].wanted != NULL ? cases[i].wanted : "");
    }
}

static void what_the_issuer_is_is_said_of_it_and_not_of_those_above(void **state)
{
    struct error err = ERROR_INIT;
    struct chain_case given = {.words = NULL};
    struct builder ders[CHAIN] = {{.data = NULL}};
    uint8_t wanted[32];
    (void)state;
    given.raws[0].list = RAW_CRITICAL("13", "30{01{ff}}") RAW_CRITICAL("0f", "03{0204}") // keyCertSign alone
        RAW_EXTENSION("0e", "04{0909}");
    AUTO(cert_issuer_free) struct cert_issuer *issuer = read_case(&given, &err);
    assert_non_null(issuer);
    const struct policy_issuer *facts = cert_issuer_facts(issuer);
    assert_string_equal(facts->subject_text, "CN=0");
    assert_true(facts->is_ca);
    assert_int_equal(facts->key_usage, KEY_USAGE_KEY_CERT_SIGN);
    assert_int_equal(facts->key_kind, KEY_EC_P256);
    assert_int_equal(facts->key_bits, 256);
    digest_sha256(cert_issuer_spki(issuer), wanted);
    assert_memory_equal(facts->spki_sha256, wanted, 32);
    assert_true(bytes_equal(cert_issuer_key_id(issuer), bytes_of("\x09\x09", 2)));
    assert_int_equal(facts->constraints_count, 0);
    assert_int_equal(facts->chain_count, CHAIN);
    assert_int_equal(cert_issuer_above_count(issuer), 2);
    for (size_t i = 0; i < CHAIN; i++) {
        struct bytes der = i == 0 ? cert_issuer_der(issuer) : cert_issuer_above(issuer, i - 1);
        AUTO(cert_facts_done) struct cert_facts own = {.serial_len = 0};
        AUTO(free) char *name = memory_format("CN=%zu", i);
        struct bytes tbs, spki, signature;
        enum signature_kind kind;
        assert_true(cert_read(der, &own, &err));
        assert_string_equal(own.subject_text, name);
        assert_true(cert_split(der, &tbs, &kind, &signature, &err));
        assert_true(cert_tbs_spki(tbs, &spki, &err));
        key_value(spki, wanted);
        assert_memory_equal(facts->chain_key_values[i], wanted, 32);
        assert_int_equal(facts->chain_subjects[i].attributes_count, 1);
        assert_string_equal(facts->chain_subjects[i].attributes[0].value, name + 3);
    }
    for (size_t i = 0; i < CHAIN; i++)
        builder_done(&ders[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_no_ca_may_be_is_told_wherever_it_stands),
        cmocka_unit_test(what_no_chain_may_be_is_told),
        cmocka_unit_test(each_signature_of_a_chain_is_verified),
        cmocka_unit_test(a_chain_is_complete_with_one_that_its_own_key_signed),
        cmocka_unit_test(a_long_chain_is_judged_to_its_end),
        cmocka_unit_test(the_earliest_end_of_the_chain_is_the_issuers),
        cmocka_unit_test(how_many_cas_may_follow_is_counted_from_each),
        cmocka_unit_test(purposes_are_those_that_every_certificate_has),
        cmocka_unit_test(what_the_issuer_is_is_said_of_it_and_not_of_those_above),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
