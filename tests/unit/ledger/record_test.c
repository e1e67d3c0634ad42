/* SPDX-License-Identifier: Apache-2.0 */
/* One line of ledger.jsonl: all that is taken out of it, or the rule it breaks, word for word. */
#include "base/digest.h"
#include "base/encode.h"
#include "base/memory.h"
#include "ledger/record.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define TIME "\"time\":\"2026-01-02T03:04:05Z\""
#define SECONDS "1767323045"
#define A32 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A64 A32 A32
#define B64 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C64 "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"

static void put(const char *name, const struct canonical_value *value, struct builder *text)
{
    if (value->kind == CANONICAL_NONE)
        return;
    builder_format(text, " %s=%.*s", name, (int)value->spelling.len, (const char *)value->spelling.data);
    if (value->kind != CANONICAL_TEXT)
        builder_format(text, "(%d)", (int)value->kind);
}

static void put_digest(const char *name, bool has, const uint8_t digest[static 32], struct builder *text)
{
    char hex[129];
    if (has || strcmp(hex_of(bytes_of(digest, 32), hex), ZERO) != 0)
        builder_format(text, " %s%s=%s", name, has ? "" : "!", hex_of(bytes_of(digest, 32), hex));
}

/** All facts, in words. */
static void describe(const struct record_facts *facts, struct builder *text)
{
    char hex[129];
    builder_format(text, "%s(%d) %" PRIu64 " %" PRId64, record_kind_name(facts->kind), (int)facts->kind,
                   facts->seq, facts->time);
    put("type", &facts->type, text);
    put("batch", &facts->batch, text);
    if (facts->ref > 0)
        builder_format(text, " ref=%" PRIu64, facts->ref);
    if (facts->serial_len > 0)
        builder_format(text, " serial=%s", hex_of(bytes_of(facts->serial, facts->serial_len), hex));
    put("serial", &facts->serial_text, text);
    put("signature", &facts->signature, text);
    put("sha256", &facts->sha256, text);
    put("tbs", &facts->tbs, text);
    put("policy", &facts->policy, text);
    put("subject", &facts->subject, text);
    put("source", &facts->source, text);
    put("sans", &facts->sans, text);
    put("spki", &facts->spki_text, text);
    put("not_after", &facts->not_after_text, text);
    if (facts->not_after != 0)
        builder_format(text, " until %" PRId64, facts->not_after);
    put_digest("csr", facts->has_csr, facts->csr_sha256, text);
    put_digest("key", facts->has_spki, facts->spki_sha256, text);
    put_digest("rules", facts->has_policy, facts->policy_sha256, text);
}

/** What a line says, or why it is none. */
static void assert_says(const char *line, const char *wanted)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    struct record_facts facts = {.seq = 4711};
    struct record_fault fault = {.rule = "none"};
    if (record_read(bytes_of_text(line), &facts, &fault)) {
        describe(&facts, &text);
    } else {
        builder_format(&text, "%s: %s", fault.rule, fault.text);
        assert_int_equal(facts.seq, 4711); // untouched
    }
    assert_string_equal(builder_text(&text), wanted);
}

/** Record 7 of a type, with a member before its seq and some behind it, where their keys put them. */
static char *record_of(const char *type, const char *before, const char *after)
{
    bool is_late = before[0] != '\0' && before[1] > 'o'; // behind "operator"
    return memory_format("{%s\"operator\":\"a\",%s\"seq\":7,%s" TIME ",\"type\":\"%s\"}",
                         is_late ? "" : before, is_late ? before : "", after, type);
}

static void each_kind_has_its_name(void **state)
{
    static const struct {
        const char *type, *before, *after, *wanted;
    } cases[] = {
        {"t", "", "", "record(0) 7 " SECONDS " type=t"},
        {"cert.signings", "", "", "record(0) 7 " SECONDS " type=cert.signings"},
        {"request.refused", "", "", "request.refused(6) 7 " SECONDS " type=request.refused"},
        {"session.opened", "\"batch\":\"b\",", "",
         "session.opened(7) 7 " SECONDS " type=session.opened batch=b"},
        {"session.opened", "\"batch\":7,", "", "session.opened(7) 7 " SECONDS " type=session.opened"},
        {"session.opened", "\"batch\":\"\\u0000\",", "",
         "session.opened(7) 7 " SECONDS " type=session.opened"},
        {"cert.signing", "", "\"serial\":\"1a\",",
         "cert.signing(1) 7 " SECONDS " type=cert.signing serial=1a serial=1a"},
        {"cert.issued", "\"ref\":6,", "", "cert.issued(2) 7 " SECONDS " type=cert.issued ref=6"},
        {"cert.issued", "\"ref\":0,", "", "cert.issued(2) 7 " SECONDS " type=cert.issued"},
        {"cert.issued", "\"ref\":1,", "\"sha256\":\"x\",\"signature\":\"y\",",
         "cert.issued(2) 7 " SECONDS " type=cert.issued ref=1 signature=y sha256=x"},
        {"cert.issued", "\"ref\":1,", "\"sha256\":1,\"signature\":[],",
         "cert.issued(2) 7 " SECONDS " type=cert.issued ref=1"},
        {"cert.abandoned", "\"ref\":2,", "", "cert.abandoned(3) 7 " SECONDS " type=cert.abandoned ref=2"},
        {"cert.revoked", "", "\"serial\":\"00ff\",",
         "cert.revoked(4) 7 " SECONDS " type=cert.revoked serial=00ff serial=00ff"},
        {"cert.unrevoked", "", "\"serial\":\"" A64 A64 "\",",
         "cert.unrevoked(5) 7 " SECONDS " type=cert.unrevoked serial=" A64 A64 " serial=" A64 A64},
        // What the kind needs.
        {"cert.signing", "", "", "ledger.fields: cert.signing without a serial in hex"},
        {"cert.signing", "", "\"serial\":\"\",", "ledger.fields: cert.signing without a serial in hex"},
        {"cert.signing", "", "\"serial\":\"1\",", "ledger.fields: cert.signing without a serial in hex"},
        {"cert.signing", "", "\"serial\":\"1a1\",", "ledger.fields: cert.signing without a serial in hex"},
        {"cert.signing", "", "\"serial\":1010,", "ledger.fields: cert.signing without a serial in hex"},
        {"cert.signing", "", "\"serial\":\"1g\",", "ledger.fields: cert.signing without a serial in hex"},
        {"cert.revoked", "", "", "ledger.fields: cert.revoked without a serial in hex"},
        {"cert.unrevoked", "", "\"serial\":\"" A64 A64 "aa\",",
         "ledger.fields: cert.unrevoked without a serial in hex"},
        {"cert.issued", "", "", "ledger.fields: cert.issued without the ref of an earlier record"},
        {"cert.issued", "\"ref\":7,", "", "ledger.fields: cert.issued without the ref of an earlier record"},
        {"cert.issued", "\"ref\":-1,", "", "ledger.fields: cert.issued without the ref of an earlier record"},
        {"cert.issued", "\"ref\":\"1\",", "",
         "ledger.fields: cert.issued without the ref of an earlier record"},
        {"cert.issued", "\"ref\":true,", "",
         "ledger.fields: cert.issued without the ref of an earlier record"},
        {"cert.abandoned", "\"ref\":8,", "",
         "ledger.fields: cert.abandoned without the ref of an earlier record"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(free) char *line = record_of(cases[i].type, cases[i].before, cases[i].after);
        assert_says(line, cases[i].wanted);
    }
}

static void all_that_a_signing_says_is_taken(void **state)
{
    (void)state;
    assert_says(
        "{\"batch\":\"m\",\"csr_sha256\":\"" A64 "\",\"not_after\":\"2030-01-01T00:00:00Z\",\"operator\":"
        "\"a\",\"policy\":\"p\",\"policy_sha256\":\"" C64 "\",\"ref\":3,\"sans\":[\"dns:x\"],\"seq\":0,"
        "\"serial\":\"1a2b\",\"sha256\":\"q\",\"signature\":\"s\",\"source\":\"f\",\"spki_sha256\":\"" B64
        "\",\"subject\":\"CN=x\",\"tbs\":\"dGJz\"," TIME ",\"type\":\"cert.signing\"}",
        "cert.signing(1) 0 " SECONDS " type=cert.signing batch=m serial=1a2b serial=1a2b tbs=dGJz "
        "policy=p subject=CN=x source=f sans=[\"dns:x\"](2) spki=" B64
        " not_after=2030-01-01T00:00:00Z until 1893456000 csr=" A64 " key=" B64 " rules=" C64);
    // What is no text is none; a digest or a time that is there must be one.
    static const struct {
        const char *before, *after, *wanted;
    } cases[] = {
        {"\"not_after\":7,", "", ""},
        {"\"not_after\":\"\\u0000030-01-01T00:00:00Z\",", "", ""},
        {"", "\"source\":[],\"subject\":7,\"tbs\":true,", ""},
        {"", "\"source\":\"\\u0000\",\"subject\":\"\\u0000\",\"tbs\":\"\\u0000\",", ""},
        {"\"csr_sha256\":\"" ZERO "\",", "", " csr=" ZERO},
        {"", "\"spki_sha256\":\"" B64 "\",", " spki=" B64 " key=" B64},
        {"\"not_after\":\"2030-01-01T00:00:00\",", "", NULL},
        {"\"not_after\":\"2030-01-01T00:00:00Zx\",", "", NULL},
        {"\"not_after\":\"\",", "", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(free) char *after = memory_format("\"serial\":\"1a\",%s", cases[i].after);
        AUTO(free) char *line = record_of("cert.signing", cases[i].before, after);
        AUTO(free)
        char *wanted = memory_format("cert.signing(1) 7 " SECONDS " type=cert.signing serial=1a serial=1a%s",
                                     cases[i].wanted);
        assert_says(line,
                    cases[i].wanted == NULL ? "ledger.fields: not_after is not RFC 3339 in UTC" : wanted);
    }
}

static void a_digest_is_64_hex_digits(void **state)
{
    static const char *const keys[] = {"csr_sha256", "policy_sha256", "spki_sha256"};
    static const char *const digests[] = {"\"\"", "7", "\"" A32 "\"", "\"" A64 "aa\"", "\"" A64 "a\"", "[]"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        for (size_t j = 0; j < ARRAY_LEN(digests); j++) {
            bool is_last = strcmp(keys[i], "spki_sha256") == 0;
            AUTO(free) char *member = memory_format("\"%s\":%s,", keys[i], digests[j]);
            AUTO(free) char *after = memory_format("\"serial\":\"1a\",%s", is_last ? member : "");
            AUTO(free) char *line = record_of("cert.signing", is_last ? "" : member, after);
            AUTO(free) char *wanted = memory_format("ledger.fields: %s is not 64 hex digits", keys[i]);
            assert_says(line, wanted);
        }
    }
}

static void every_record_has_seq_time_type_and_operator(void **state)
{
    static const char no_seq[] = "ledger.fields: no seq, or it is not a number from 0 up";
    static const char no_time[] = "ledger.fields: no time, or it is not RFC 3339 in UTC with seconds";
    static const struct {
        const char *line, *wanted;
    } cases[] = {
        {"{\"operator\":\"\",\"seq\":0," TIME ",\"type\":\"t\"}", "record(0) 0 " SECONDS " type=t"},
        {"{\"operator\":\"a\",\"seq\":1," TIME ",\"type\":\"t\"}", "record(0) 1 " SECONDS " type=t"},
        {"{\"operator\":\"a\",\"seq\":-1," TIME ",\"type\":\"t\"}", no_seq},
        {"{\"operator\":\"a\",\"seq\":\"1\"," TIME ",\"type\":\"t\"}", no_seq},
        {"{\"operator\":\"a\",\"seq\":true," TIME ",\"type\":\"t\"}", no_seq},
        {"{\"operator\":\"a\"," TIME ",\"type\":\"t\"}", no_seq},
        {"{\"operator\":\"a\",\"seq\":1,\"type\":\"t\"}", no_time},
        {"{\"operator\":\"a\",\"seq\":1,\"time\":20260102030405000000,\"type\":\"t\"}", NULL},
        {"{\"operator\":\"a\",\"seq\":1,\"time\":1767323045,\"type\":\"t\"}", no_time},
        {"{\"operator\":\"a\",\"seq\":1,\"time\":\"\\u0000026-01-02T03:04Z\",\"type\":\"t\"}", no_time},
        {"{\"operator\":\"a\",\"seq\":1,\"time\":\"2026-01-02T03:04:05Zx\",\"type\":\"t\"}", no_time},
        {"{\"operator\":\"a\",\"seq\":1,\"time\":\"2026-01-02T03:04:05\",\"type\":\"t\"}", no_time},
        {"{\"operator\":\"a\",\"seq\":1,\"time\":\"2026-01-02T03:04:05x\",\"type\":\"t\"}", no_time},
        {"{\"operator\":\"a\",\"seq\":1," TIME "}", "ledger.fields: no type"},
        {"{\"operator\":\"a\",\"seq\":1," TIME ",\"type\":\"\"}", "ledger.fields: no type"},
        {"{\"operator\":\"a\",\"seq\":1," TIME ",\"type\":7}", "ledger.fields: no type"},
        {"{\"operator\":\"a\",\"seq\":1," TIME ",\"type\":\"\\u0000\"}", "ledger.fields: no type"},
        {"{\"seq\":1," TIME ",\"type\":\"t\"}", "ledger.fields: no operator"},
        {"{\"operator\":7,\"seq\":1," TIME ",\"type\":\"t\"}", "ledger.fields: no operator"},
        {"{\"operator\":\"\\u0000\",\"seq\":1," TIME ",\"type\":\"t\"}", "ledger.fields: no operator"},
        {"[]", "ledger.json: not a JSON object"},
        {"7", "ledger.json: not a JSON object"},
        {"{}", no_seq},
        {"{ }", "ledger.canonical: not in canonical form (RFC 8785)"},
        {"{\"seq\":1,\"operator\":\"a\"," TIME ",\"type\":\"t\"}",
         "ledger.canonical: not in canonical form (RFC 8785)"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct record_facts facts;
        struct record_fault fault;
        if (cases[i].wanted != NULL)
            assert_says(cases[i].line, cases[i].wanted);
        else
            assert_false(record_read(bytes_of_text(cases[i].line), &facts, &fault));
    }
}

/** How record_parse() and record_read() refuse a line. */
static void a_line_that_is_no_object_is_told_alike_by_both(void **state)
{
    static const struct {
        const char *line, *rule, *words;
    } cases[] = {{"{", "ledger.json", "not JSON: "},
                 {"", "ledger.json", "not JSON"},
                 {"[1]", "ledger.json", "not a JSON object"},
                 {"{\"b\":1,\"a\":2}", "ledger.canonical", "not in canonical form (RFC 8785)"},
                 {"{\"a\":1} ", "ledger.canonical", "not in canonical form (RFC 8785)"}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct record_fault parse = {.rule = "none"}, read = {.rule = "none"};
        struct record_facts facts;
        struct json *record = NULL;
        assert_false(record_parse(bytes_of_text(cases[i].line), &record, &parse));
        assert_null(record);
        assert_false(record_read(bytes_of_text(cases[i].line), &facts, &read));
        assert_string_equal(parse.rule, cases[i].rule);
        assert_string_equal(read.rule, cases[i].rule);
        assert_string_equal(parse.text, read.text);
        assert_non_null(strstr(parse.text, cases[i].words));
    }
    struct record_fault fault;
    AUTO(json_free) struct json *record = NULL;
    int64_t value = 0;
    assert_true(record_parse(BYTES_LITERAL("{\"a\":5}"), &record, &fault));
    assert_true(json_int(record, "a", &value));
    assert_int_equal(value, 5);
}

/** Of the certificate's own key where there is a certificate, else what the record says of it. */
static void the_key_is_that_of_the_tbs(void **state)
{
    static const uint8_t tbs[] = {0x30, 0x10, 0x02, 0x01, 0x01, 0x30, 0x00, 0x30, 0x00,
                                  0x30, 0x00, 0x30, 0x00, 0x30, 0x03, 0x02, 0x01, 0x05};
    AUTO(builder_done) struct builder base64 = BUILDER_INIT;
    uint8_t stated[32], own[32];
    (void)state;
    memset(stated, 0xbb, sizeof(stated));
    digest_sha256(bytes_of(tbs + 13, 5), own);
    encode_base64(BYTES(tbs), &base64);
    AUTO(free) char *whole = memory_format("\"tbs\":\"%s\",", builder_text(&base64));
    AUTO(free) char *cut = memory_format("\"tbs\":\"%.8s\",", builder_text(&base64));
    AUTO(free) char *spoilt = memory_format("\"tbs\":\"%s!\",", builder_text(&base64));
    const char *const cases[] = {whole, "", cut, spoilt, "\"tbs\":1234,"};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(free) char *after = memory_format("\"serial\":\"1a\",\"spki_sha256\":\"" B64 "\",%s", cases[i]);
        AUTO(free) char *line = record_of("cert.signing", "", after);
        struct record_facts facts;
        struct record_fault fault;
        uint8_t value[32] = {0};
        if (!record_read(bytes_of_text(line), &facts, &fault))
            fail_msg("%s", fault.text);
        record_key_value(&facts, value);
        assert_memory_equal(value, i == 0 ? own : stated, 32);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_has_its_name),
        cmocka_unit_test(all_that_a_signing_says_is_taken),
        cmocka_unit_test(a_digest_is_64_hex_digits),
        cmocka_unit_test(every_record_has_seq_time_type_and_operator),
        cmocka_unit_test(a_line_that_is_no_object_is_told_alike_by_both),
        cmocka_unit_test(the_key_is_that_of_the_tbs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
