/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Members that may be missing: of another kind they are told, not passed over as if they were not there; and all members that a record has
 * are read back.
 */
#include "records/types.h"

#include "base/builder.h"
#include "base/memory.h"
#include "records/ceremony.h"
#include "records/cert.h"
#include "records/crl.h"
#include "records/revocation.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define ONE "0100000000000000000000000000000000000000000000000000000000000000"
#define AT INT64_C(1800000000) /* 2027-01-15T08:00:00Z */

static const uint8_t one[32] = {1}, two[32] = {2};

/** Takes a record, which is right. With -1 in place of any of the members (NULL-terminated), which none of them may be, it is not. */
static void assert_kinds(const char *type, struct json *written, const char *const *members)
{
    struct error err = ERROR_INIT;
    AUTO(json_free) struct json *record = written;
    if (!record_check(type, record, &err))
        fail_msg("%s: %s", type, err.text);
    for (size_t i = 0; members[i] != NULL; i++) {
        AUTO(json_free) struct json *wrong = json_clone(record);
        AUTO(free) char *words = memory_format("without %s, which is ", members[i]);
        json_put_int(wrong, members[i], -1);
        error_clear(&err);
        if (record_check(type, wrong, &err))
            fail_msg("%s is right, and its %s is -1", type, members[i]);
        assert_int_equal(err.kind, ERROR_LEDGER);
        if (strncmp(err.text, words, strlen(words)) != 0)
            fail_msg("\"%s\" does not begin with \"%s\"", err.text, words);
    }
}

/* ---- revocations ---- */

static void a_revocation_is_read_back(void **state)
{
    static const char *const members[] = {"reason", "revoked_at", "invalidity_date", "not_after", "ref",
                                          "hold",   "foreign",    "serial",          NULL};
    static const char *const of_release[] = {"serial", "ref", NULL};
    struct error err = ERROR_INIT;
    struct record_cert_revoked read;
    struct record_cert_unrevoked read_release;
    AUTO(builder_done) struct builder room = BUILDER_INIT;
    struct record_cert_revoked record = {.serial = BYTES_LITERAL("\x0a\x0b"),
                                         .reason = CRL_CERTIFICATE_HOLD,
                                         .revoked_at = AT,
                                         .invalidity_date = AT - 1,
                                         .not_after = AT + 1,
                                         .ref = 5,
                                         .is_foreign = true,
                                         .key_value = ONE,
                                         .subject = "CN=a",
                                         .batch = "b"};
    const struct record_cert_unrevoked release = {
        .serial = BYTES_LITERAL("\x0a\x0b"), .ref = 5, .batch = "b"};
    (void)state;
    AUTO(json_free) struct json *json = record_cert_revoked_write(&record);
    builder_add_text(&room, "what was in it before");
    assert_true(record_cert_revoked_read(json, &room, &read, &err));
    assert_true(bytes_equal(read.serial, record.serial));
    assert_int_equal(read.reason, CRL_CERTIFICATE_HOLD);
    assert_int_equal(read.revoked_at, AT);
    assert_int_equal(read.invalidity_date, AT - 1);
    assert_int_equal(read.not_after, AT + 1);
    assert_int_equal(read.ref, 5);
    assert_true(read.is_hold);
    assert_true(read.is_foreign);
    assert_string_equal(read.key_value, ONE);
    assert_string_equal(read.subject, "CN=a");
    assert_string_equal(read.batch, "b");
    assert_kinds(RECORD_CERT_REVOKED, record_cert_revoked_write(&record), members);
    AUTO(json_free) struct json *released = record_cert_unrevoked_write(&release);
    assert_true(record_cert_unrevoked_read(released, &room, &read_release, &err));
    assert_true(bytes_equal(read_release.serial, release.serial));
    assert_int_equal(read_release.ref, 5);
    assert_string_equal(read_release.batch, "b");
    assert_kinds(RECORD_CERT_UNREVOKED, record_cert_unrevoked_write(&release), of_release);
}

/** From before there was a command for it. */
static void a_revocation_may_say_little(void **state)
{
    struct error err = ERROR_INIT;
    struct record_cert_revoked read;
    struct record_cert_unrevoked release;
    AUTO(builder_done) struct builder room = BUILDER_INIT;
    AUTO(json_free) struct json *json = json_new_object();
    (void)state;
    json_put_text(json, "serial", "00");
    json_put_text(json, "time", "2027-01-15T08:00:00Z");
    assert_true(record_cert_revoked_read(json, &room, &read, &err));
    assert_int_equal(read.serial.len, 1);
    assert_int_equal(read.reason, CRL_UNSPECIFIED);
    assert_int_equal(read.revoked_at, AT);
    assert_int_equal(read.invalidity_date, CRL_NO_TIME);
    assert_int_equal(read.not_after, CRL_NO_TIME);
    assert_int_equal(read.ref, RECORD_NO_SEQ);
    assert_true(read.is_hold);
    assert_false(read.is_foreign);
    assert_null(read.key_value);
    assert_true(record_cert_unrevoked_read(json, &room, &release, &err));
    assert_int_equal(release.ref, RECORD_NO_SEQ);
    static const char *const wrong[][3] = {
        {"serial", "", "without serial, which is hex"},
        {"serial", "0", "without serial, which is hex"},
        {"serial", "000a", "serial begins with a zero octet"},
        {"reason", "holiday", "reason is none of RFC 5280 5.3.1 that a certificate can have"},
        {"reason", "removeFromCRL", "reason is none of RFC 5280 5.3.1 that a certificate can have"},
        {"reason", "KeyCompromise", "reason is none of RFC 5280 5.3.1 that a certificate can have"},
    };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        AUTO(json_free) struct json *other = json_clone(json);
        json_put_text(other, wrong[i][0], wrong[i][1]);
        error_clear(&err);
        assert_false(record_cert_revoked_read(other, &room, &read, &err));
        assert_string_equal(err.text, wrong[i][2]);
        assert_int_equal(err.kind, ERROR_LEDGER);
    }
    for (unsigned i = 0; i < 2; i++) {
        AUTO(json_free) struct json *other = json_clone(json);
        json_put_bool(other, "hold", i == 0);
        json_put_text(other, "reason", i == 0 ? "superseded" : "certificateHold");
        error_clear(&err);
        assert_false(record_cert_revoked_read(other, &room, &read, &err));
        assert_string_equal(err.text, "hold and reason disagree");
        assert_int_equal(err.kind, ERROR_LEDGER);
    }
}

static void a_revoked_key_is_compromised(void **state)
{
    static const char *const members[] = {"key_value", "reason", "revoked_at", "invalidity_date", NULL};
    struct error err = ERROR_INIT;
    struct record_key_revoked record = {.key_value = ONE,
                                        .reason = CRL_KEY_COMPROMISE,
                                        .revoked_at = AT,
                                        .invalidity_date = AT - 1,
                                        .batch = "b"};
    (void)state;
    assert_kinds(RECORD_KEY_REVOKED, record_key_revoked_write(&record), members);
    record.reason = CRL_SUPERSEDED;
    AUTO(json_free) struct json *superseded = record_key_revoked_write(&record);
    assert_false(record_key_revoked_check(superseded, &err));
    assert_string_equal(err.text, "reason is not keyCompromise");
    assert_int_equal(err.kind, ERROR_LEDGER);
    json_put_text(superseded, "reason", "keyCompromise");
    json_put_text(superseded, "key_value", "00");
    assert_false(record_key_revoked_check(superseded, &err));
    assert_string_equal(err.text, "without key_value, which is a SHA-256 in hex");
    assert_int_equal(err.kind, ERROR_LEDGER);
}

/* ---- CRLs ---- */

static struct record_crl_signing crl_signing(void)
{
    struct record_crl_signing record = {.number = 8,
                                        .algorithm = BYTES_LITERAL("alg"),
                                        .this_update = AT,
                                        .next_update = AT + 1,
                                        .size = 5,
                                        .extensions = BYTES_LITERAL("ext"),
                                        .keep_expired = true,
                                        .expired_since = AT - 1,
                                        .previous = 3,
                                        .count = 4,
                                        .tbs_len = 99,
                                        .batch = "b"};
    memcpy(record.issuer_sha256, one, sizeof(one));
    memcpy(record.tbs_sha256, two, sizeof(two));
    return record;
}

static void a_crl_is_read_back(void **state)
{
    static const char *const members[] = {
        "number",        "issuer_sha256", "algorithm", "extensions", "this_update", "next_update",
        "expired_since", "keep_expired",  "size",      "count",      "tbs_len",     "tbs_sha256",
        "previous",      "rule",          "order",     "scope",      NULL};
    static const char *const of_issued[] = {"ref", "number", "signature", "sha256", NULL};
    static const char *const of_abandoned[] = {"ref", "number", "reason", NULL};
    struct error err = ERROR_INIT;
    struct record_crl_signing read;
    struct record_crl_issued read_issued;
    struct record_crl_abandoned read_abandoned;
    AUTO(builder_done) struct builder room = BUILDER_INIT;
    const struct record_crl_signing record = crl_signing();
    struct record_crl_issued issued = {.ref = 5, .number = 8, .signature = BYTES_LITERAL("sig")};
    const struct record_crl_abandoned abandoned = {.ref = 5, .number = 8, .reason = "stopped"};
    (void)state;
    memcpy(issued.sha256, one, sizeof(one));
    builder_add_text(&room, "what was in it before");
    AUTO(json_free) struct json *json = record_crl_signing_write(&record);
    assert_true(record_crl_signing_read(json, &room, &read, &err));
    assert_int_equal(read.number, 8);
    assert_memory_equal(read.issuer_sha256, one, sizeof(one));
    assert_true(bytes_equal(read.algorithm, record.algorithm));
    assert_true(bytes_equal(read.extensions, record.extensions));
    assert_int_equal(read.this_update, AT);
    assert_int_equal(read.next_update, AT + 1);
    assert_true(read.keep_expired);
    assert_int_equal(read.expired_since, AT - 1);
    assert_int_equal(read.size, 5);
    assert_int_equal(read.count, 4);
    assert_int_equal(read.previous, 3);
    assert_int_equal(read.tbs_len, 99);
    assert_memory_equal(read.tbs_sha256, two, sizeof(two));
    assert_string_equal(read.batch, "b");
    assert_kinds(RECORD_CRL_SIGNING, record_crl_signing_write(&record), members);
    AUTO(json_free) struct json *json_issued = record_crl_issued_write(&issued);
    builder_add_text(&room, "more");
    assert_true(record_crl_issued_read(json_issued, &room, &read_issued, &err));
    assert_int_equal(read_issued.ref, 5);
    assert_int_equal(read_issued.number, 8);
    assert_true(bytes_equal(read_issued.signature, issued.signature));
    assert_memory_equal(read_issued.sha256, one, sizeof(one));
    assert_kinds(RECORD_CRL_ISSUED, record_crl_issued_write(&issued), of_issued);
    AUTO(json_free) struct json *json_abandoned = record_crl_abandoned_write(&abandoned);
    assert_true(record_crl_abandoned_read(json_abandoned, &read_abandoned, &err));
    assert_int_equal(read_abandoned.ref, 5);
    assert_int_equal(read_abandoned.number, 8);
    assert_string_equal(read_abandoned.reason, "stopped");
    assert_kinds(RECORD_CRL_ABANDONED, record_crl_abandoned_write(&abandoned), of_abandoned);
}

static void a_crl_by_another_rule_is_not_made_again(void **state)
{
    static const char unknown[] = "its rule, order or scope is none that this coldca knows";
    static const char expired[] = "keep_expired needs expired_since, and goes with nothing else";
    static const struct {
        const char *member, *value, *words;
    } cases[] = {{"rule", "2", unknown},
                 {"order", "\"serial\"", unknown},
                 {"scope", "{\"shard\":1}", unknown},
                 {"scope", "[]", "without scope, which is an object"},
                 {"keep_expired", "false", expired},
                 {"expired_since", NULL, expired}};
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder room = BUILDER_INIT;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct record_crl_signing record = crl_signing();
        struct record_crl_signing read;
        AUTO(json_free) struct json *value = NULL;
        AUTO(free) char *text = memory_format("{\"a\":%s}", cases[i].value == NULL ? "0" : cases[i].value);
        if (cases[i].value == NULL)
            record.keep_expired = false; // then it is not written
        AUTO(json_free) struct json *json = record_crl_signing_write(&record);
        error_clear(&err);
        assert_true(json_parse(bytes_of_text(text), &value, &err));
        if (cases[i].value == NULL)
            json_put_bool(json, "keep_expired", true);
        else
            json_put(json, cases[i].member, json_clone(json_get(value, "a")));
        assert_false(record_crl_signing_read(json, &room, &read, &err));
        assert_string_equal(err.text, cases[i].words);
        assert_int_equal(err.kind, ERROR_LEDGER);
    }
}

/* ---- ceremonies ---- */

static void a_step_of_a_ceremony_is_read_back(void **state)
{
    static const char *const members[] = {"run",  "ceremony", "script_sha256", "number",  "event",      "at",
                                          "step", "attempt",  "wrong_pins",    "cut_len", "cut_sha256", NULL};
    char first[] = "first", second[] = "second";
    char *lines[] = {first, second};
    struct ceremony_digest digests[] = {{.what = "stick:a.csr"}, {.what = "page"}};
    struct ceremony_fact facts[] = {{"host", "ca1"}, {"zone", "+01:00"}};
    struct record_ceremony event = {.run = "r",
                                    .ceremony = "root",
                                    .number = 7,
                                    .event = CEREMONY_ENDED,
                                    .at = AT,
                                    .step = UINT16_MAX,
                                    .attempt = 2,
                                    .name = "n",
                                    .text = "t",
                                    .role = "o",
                                    .person = "p",
                                    .initials = "i",
                                    .exit_code = 255,
                                    .wrong_pins = 1,
                                    .lines = lines,
                                    .line_count = 2,
                                    .cut_len = 9,
                                    .digests = digests,
                                    .digest_count = 2,
                                    .facts = facts,
                                    .fact_count = 2};
    struct error err = ERROR_INIT;
    AUTO(record_ceremony_done) struct record_ceremony read = {.run = NULL};
    (void)state;
    memcpy(event.script_sha256, one, sizeof(one)), memcpy(event.cut_sha256, two, sizeof(two));
    memcpy(digests[0].sha256, two, sizeof(two)), memcpy(digests[1].sha256, one, sizeof(one));
    assert_kinds(RECORD_CEREMONY_STEP, record_ceremony_write(&event), members);
    AUTO(json_free) struct json *json = record_ceremony_write(&event);
    assert_true(record_ceremony_read(json, &read, &err));
    assert_string_equal(read.run, "r");
    assert_string_equal(read.ceremony, "root");
    assert_string_equal(read.name, "n");
    assert_string_equal(read.text, "t");
    assert_string_equal(read.role, "o");
    assert_string_equal(read.person, "p");
    assert_string_equal(read.initials, "i");
    assert_memory_equal(read.script_sha256, one, sizeof(one));
    assert_memory_equal(read.cut_sha256, two, sizeof(two));
    assert_int_equal(read.step, UINT16_MAX);
    assert_int_equal(read.exit_code, 255);
    assert_int_equal(read.line_count, 2);
    assert_int_equal(read.digest_count, 2);
    assert_int_equal(read.fact_count, 2);
    // It is written again as it was.
    AUTO(json_free) struct json *again = record_ceremony_write(&read);
    AUTO(builder_done) struct builder was = BUILDER_INIT;
    AUTO(builder_done) struct builder is = BUILDER_INIT;
    json_canonical(json, &was);
    json_canonical(again, &is);
    assert_string_equal(builder_text(&is), builder_text(&was));
    record_ceremony_done(&read); // and once more at the end: nothing is freed twice
    assert_null(read.run);
}

static void each_event_is_known_by_its_name(void **state)
{
    (void)state;
    for (int i = 0; i < CEREMONY_EVENT_COUNT; i++) {
        struct error err = ERROR_INIT;
        const struct record_ceremony event = {.run = "r", .ceremony = "c", .event = (enum ceremony_event)i};
        AUTO(record_ceremony_done) struct record_ceremony read = {.run = NULL};
        AUTO(json_free) struct json *json = record_ceremony_write(&event);
        assert_int_equal(json_get(json, "exit_code") != NULL, i == CEREMONY_ENDED);
        assert_true(record_ceremony_read(json, &read, &err));
        assert_int_equal(read.event, i);
    }
}

static void a_step_that_is_wrong_is_told(void **state)
{
    static const char no_code[] = "without exit_code, which is a number from -1 to 255";
    static const struct {
        const char *members, *words;
    } cases[] = {
        {"\"event\":\"ended\",\"exit_code\":256", no_code},
        {"\"event\":\"ended\",\"exit_code\":-2", no_code},
        {"\"event\":\"ended\",\"exit_code\":\"0\"", no_code},
        {"\"event\":\"ended\",\"exit_code\":0,\"wrong_pins\":65536", "its wrong_pins is too large"},
        {"\"event\":\"note\",\"step\":65536", "its step is too large"},
        {"\"event\":\"note\",\"attempt\":65536", "its attempt is too large"},
        {"\"event\":\"danced\"", "its event is none of docs/ledger-format.md 11"},
        {"\"event\":\"note\",\"lines\":[\"a\",1]", "without lines, which is a list of texts"},
        {"\"event\":\"note\",\"digests\":[{\"sha256\":\"" ONE "\"}]",
         "without what, which is a text\nwhile reading digests"},
        {"\"event\":\"note\",\"digests\":[{\"what\":\"a\"}]",
         "without sha256, which is a SHA-256 in hex\nwhile reading digests"},
        {"\"event\":\"note\",\"facts\":[{\"value\":\"a\"}]",
         "without name, which is a text\nwhile reading facts"},
        {"\"event\":\"note\",\"facts\":[{\"name\":\"a\"}]",
         "without value, which is a text\nwhile reading facts"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err = ERROR_INIT;
        AUTO(json_free) struct json *json = NULL;
        struct record_ceremony read = {.run = NULL};
        AUTO(free)
        char *text = memory_format("{\"run\":\"r\",\"ceremony\":\"c\",\"script_sha256\":\"" ONE
                                   "\",\"number\":0,\"at\":\"2026-11-28T00:00:00Z\",%s}",
                                   cases[i].members);
        assert_true(json_parse(bytes_of_text(text), &json, &err));
        assert_false(record_ceremony_read(json, &read, &err));
        assert_string_equal(err.text, cases[i].words);
        assert_int_equal(err.kind, ERROR_LEDGER);
        assert_null(read.run);
    }
}

/* ---- members of any record ---- */

static void what_is_not_there_is_what_the_reader_says(void **state)
{
    struct error err = ERROR_INIT;
    bool flag = false;
    int64_t time = 1;
    AUTO(json_free) struct json *json = json_new_object();
    (void)state;
    json_put_bool(json, "no", false), json_put_bool(json, "yes", true);
    json_put_text(json, "at", "2027-01-15T08:00:00Z"), json_put_text(json, "soon", "soon");
    assert_true(record_flag(json, "none", true, &flag, &err) && flag);
    assert_true(record_flag(json, "none", false, &flag, &err) && !flag);
    assert_true(record_flag(json, "yes", false, &flag, &err) && flag);
    assert_true(record_flag(json, "no", true, &flag, &err) && !flag);
    assert_false(record_flag(json, "at", true, &flag, &err));
    assert_string_equal(err.text, "without at, which is true or false");
    assert_int_equal(err.kind, ERROR_LEDGER);
    assert_true(record_time(json, "none", 77, &time, &err));
    assert_int_equal(time, 77);
    assert_true(record_time(json, "at", 77, &time, &err));
    assert_int_equal(time, AT);
    assert_false(record_time(json, "yes", 77, &time, &err));
    assert_string_equal(err.text, "without yes, which is a time");
    assert_false(record_time(json, "soon", 77, &time, &err));
    assert_false(record_time_needed(json, "none", &time, &err));
    assert_string_equal(err.text, "without none, which is a time");
    assert_int_equal(err.kind, ERROR_LEDGER);
}

static void text_for_people_has_a_length_that_fits(void **state)
{
    char text[1100];
    (void)state;
    for (size_t len = 1022; len < 1027; len++) {
        memset(text, 'a', len);
        text[len] = '\0';
        assert_int_equal(record_bounded(text).len, len > 1024 ? 1024 : len);
    }
    memset(text, 0x80, 1030); // continues what never began
    text[1030] = '\0';
    assert_int_equal(record_bounded(text).len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_revocation_is_read_back),
        cmocka_unit_test(a_revocation_may_say_little),
        cmocka_unit_test(a_revoked_key_is_compromised),
        cmocka_unit_test(a_crl_is_read_back),
        cmocka_unit_test(a_crl_by_another_rule_is_not_made_again),
        cmocka_unit_test(a_step_of_a_ceremony_is_read_back),
        cmocka_unit_test(each_event_is_known_by_its_name),
        cmocka_unit_test(a_step_that_is_wrong_is_told),
        cmocka_unit_test(what_is_not_there_is_what_the_reader_says),
        cmocka_unit_test(text_for_people_has_a_length_that_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
