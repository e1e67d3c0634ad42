/* SPDX-License-Identifier: Apache-2.0 */
/* Who ran and who approved, by a person's name; and which keys are known to be in other hands. */
#include "records/who.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/digest.h"
#include "base/encode.h"
#include "base/memory.h"
#include "records/compromised.h"
#include "records/revocation.h"
#include "small_home.h"

static struct small_home small;
static struct ledger *ledger;
static struct approver ann, bob;

static int begin(void **state)
{
    (void)state;
    small_home_make(&small);
    ledger = small.home.ledger;
    approver_make(&ann, "ann", "a"), approver_make(&bob, "bob", "b");
    return 0;
}

static int end(void **state)
{
    (void)state;
    approver_done(&ann), approver_done(&bob);
    small_home_remove(&small);
    return 0;
}

/** Logs that a plan was approved. \param number  which: they differ by it \param ret_sha256  its digest \return seq */
static uint64_t approve(uint64_t number, bool has_ann, bool has_bob, uint8_t ret_sha256[static 32])
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(json_free) struct json *notes = json_new_array();
    const struct plan_header header = {.act = ACT_REVOKE,
                                       .origin = small.key.note_key.name,
                                       .vkey = small.key.vkey,
                                       .control = number,
                                       .not_before = INT64_C(1800000000),
                                       .not_after = INT64_C(1800000100),
                                       .count = 1};
    struct record_plan_approved record = {.approvals = notes};
    plan_header_write(&header, &text);
    digest_sha256(builder_bytes(&text), ret_sha256);
    json_add_text(notes, "a letter"); // nobody's
    for (int i = 0; i < 2; i++) {
        AUTO(builder_done) struct builder note = BUILDER_INIT;
        approver_approve(i == 0 ? &bob : &ann, &header, INT64_C(1800000000), &note);
        if (i == 0 ? has_bob : has_ann)
            json_add_text(notes, builder_text(&note));
    }
    record.header = builder_text(&text);
    memcpy(record.plan_sha256, ret_sha256, 32);
    return small_home_log(&small, RECORD_PLAN_APPROVED, record_plan_approved_write(&record));
}

/** A record of a plan's first item, made by somebody. */
static uint64_t log_item(const uint8_t *plan_sha256, const char *operator_name)
{
    struct json *record = json_new_object();
    if (plan_sha256 != NULL)
        record_put_planned(record, plan_sha256, 0, NULL, 0);
    ledger_set_operator(ledger, operator_name);
    return small_home_log(&small, "test.note", record);
}

static bool did(const char *name, uint64_t seq)
{
    struct error err = ERROR_INIT;
    AUTO(who_free) struct who *who = NULL;
    AUTO(json_free) struct json *record = NULL;
    if (!who_read(ledger, name, &who, &err) || !ledger_record(ledger, seq, &record, &err))
        fail_msg("%s", err.text);
    return who_did(who, record);
}

static void a_person_did_what_he_ran_or_approved(void **state)
{
    uint8_t both[32], only_bob[32];
    (void)state;
    uint64_t plan = approve(1, true, true, both);
    uint64_t other_plan = approve(2, false, true, only_bob);
    uint64_t item = log_item(both, "eve");
    uint64_t other = log_item(only_bob, "eve");
    uint64_t plain = log_item(NULL, "ann");
    const struct {
        uint64_t seq;
        bool by_ann, by_bob, by_eve;
    } cases[] = {{plan, true, true, false},
                 {other_plan, false, true, false},
                 {item, true, true, true},
                 {other, false, true, true},
                 {plain, true, false, false}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(did("ann", cases[i].seq), cases[i].by_ann);
        assert_int_equal(did("bob", cases[i].seq), cases[i].by_bob);
        assert_int_equal(did("eve", cases[i].seq), cases[i].by_eve);
        assert_false(did("an", cases[i].seq));
    }
    // What names a plan by the way (a report) is not of it.
    struct json *report = json_new_object();
    json_put_hex(report, "plan_sha256", BYTES(both));
    ledger_set_operator(ledger, "eve");
    assert_false(did("ann", small_home_log(&small, "batch.planned", report)));
}

/** An approval of nobody knows what would hide what its person did. */
static void an_approval_of_a_plan_without_digest_is_told(void **state)
{
    uint8_t sha256[32];
    struct error err = ERROR_INIT;
    struct who *who = NULL;
    AUTO(json_free) struct json *record = NULL;
    (void)state;
    assert_true(ledger_record(ledger, approve(1, true, false, sha256), &record, &err));
    struct json *torn = json_new_object();
    json_put(torn, "approvals", json_clone(json_get(record, "approvals")));
    json_put_text(torn, "plan_sha256", "00");
    assert_int_equal(small_home_log(&small, RECORD_PLAN_APPROVED, torn), 1);
    assert_false(who_read(ledger, "ann", &who, &err));
    assert_int_equal(err.kind, ERROR_LEDGER);
    assert_string_equal(err.text, "without plan_sha256, which is a SHA-256 in hex\nwhile reading record 1");
    AUTO(who_free) struct who *another = NULL;
    error_clear(&err);
    assert_true(who_read(ledger, "bob", &another, &err)); // whom it is not of
}

static void assert_words(uint64_t seq, const char *words)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    if (!who_approved(ledger, seq, &text, &err))
        fail_msg("%s", err.text);
    assert_string_equal(builder_text(&text), words);
}

static void who_approved_stands_in_a_line(void **state)
{
    uint8_t both[32], only_bob[32];
    static const uint8_t nobody[32] = {9};
    (void)state;
    (void)log_item(NULL, "eve"); // so that numbers are not zero
    uint64_t plan = approve(1, true, true, both);
    (void)approve(2, false, true, only_bob);
    AUTO(free) char *two = memory_format("approved: bob, ann (record %u)\n", (unsigned)plan);
    AUTO(free) char *one = memory_format("approved: bob (record %u)\n", (unsigned)plan + 1);
    assert_words(log_item(both, "eve"), two);
    assert_words(log_item(only_bob, "eve"), one);
    assert_words(log_item(nobody, "eve"), "approved: by nobody, its plan is not in the ledger\n");
    assert_words(log_item(NULL, "eve"), "");
}

/* ---- keys in other hands ---- */

static void log_revoked(enum crl_reason reason, uint8_t key)
{
    char hex[129];
    const uint8_t value[32] = {key};
    const uint8_t serial[] = {0x0a, key};
    const struct record_cert_revoked record = {.serial = BYTES(serial),
                                               .reason = reason,
                                               .revoked_at = INT64_C(1800000000),
                                               .invalidity_date = CRL_NO_TIME,
                                               .not_after = CRL_NO_TIME,
                                               .ref = RECORD_NO_SEQ,
                                               .key_value = key == 0 ? NULL : hex_of(BYTES(value), hex)};
    (void)small_home_log(&small, RECORD_CERT_REVOKED, record_cert_revoked_write(&record));
}

static void a_key_is_known_by_a_certificate_or_by_itself(void **state)
{
    struct error err = ERROR_INIT;
    char hex[129];
    AUTO(compromised_keys_free) struct compromised_keys *none = NULL;
    AUTO(compromised_keys_free) struct compromised_keys *keys = NULL;
    (void)state;
    assert_true(compromised_keys_load(ledger, &none, &err));
    assert_null(compromised_keys_find(none, (const uint8_t[32]){1}));
    // More than the first room for them, not in their order.
    for (unsigned i = 0; i < 40; i++)
        log_revoked(CRL_KEY_COMPROMISE, (uint8_t)(1 + i * 7 % 40));
    log_revoked(CRL_KEY_COMPROMISE, 0); // of a key nobody knows
    log_revoked(CRL_SUPERSEDED, 100);
    log_revoked(CRL_CERTIFICATE_HOLD, 101);
    log_revoked(CRL_CA_COMPROMISE, 102);
    const uint8_t value[32] = {200};
    const struct record_key_revoked record = {.key_value = hex_of(BYTES(value), hex),
                                              .reason = CRL_KEY_COMPROMISE,
                                              .revoked_at = INT64_C(1800000000),
                                              .invalidity_date = CRL_NO_TIME};
    (void)small_home_log(&small, RECORD_KEY_REVOKED, record_key_revoked_write(&record));
    assert_true(compromised_keys_load(ledger, &keys, &err));
    for (uint8_t i = 1; i <= 40; i++) {
        AUTO(free)
        char *words = memory_format("certificate 0a%02x with this key was revoked for keyCompromise", i);
        assert_string_equal(compromised_keys_find(keys, (const uint8_t[32]){i}), words);
    }
    assert_string_equal(compromised_keys_find(keys, value),
                        "this key was revoked for keyCompromise on 2027-01-15T08:00:00Z");
    static const uint8_t unknown[] = {0, 41, 100, 101, 102, 199, 201};
    for (size_t i = 0; i < ARRAY_LEN(unknown); i++)
        assert_null(compromised_keys_find(keys, (const uint8_t[32]){unknown[i]}));
}

static void log_key(const char *key_value, const char *reason)
{
    struct json *json = json_new_object();
    json_put_text(json, "key_value", key_value);
    json_put_text(json, "reason", reason);
    (void)small_home_log(&small, RECORD_KEY_REVOKED, json);
}

/** What can't be a key's value is nobody's; a day that is not known is said. */
static void a_key_of_an_odd_record_is_known_if_it_can_be(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(compromised_keys_free) struct compromised_keys *keys = NULL;
    static const uint8_t five[32] = {5};
    char hex[129];
    (void)state;
    log_key("00", "keyCompromise");
    log_key("no hex", "keyCompromise");
    log_key(NULL, "keyCompromise");
    (void)hex_of(BYTES(five), hex);
    log_key(hex, NULL);
    log_key(hex, "superseded");
    assert_true(compromised_keys_load(ledger, &keys, &err));
    assert_null(compromised_keys_find(keys, five));
    AUTO(compromised_keys_free) struct compromised_keys *more = NULL;
    log_key(hex, "keyCompromise");
    assert_true(compromised_keys_load(ledger, &more, &err));
    assert_string_equal(compromised_keys_find(more, five),
                        "this key was revoked for keyCompromise on an unknown day");
    assert_null(compromised_keys_find(more, (const uint8_t[32]){0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_person_did_what_he_ran_or_approved, begin, end),
        cmocka_unit_test_setup_teardown(an_approval_of_a_plan_without_digest_is_told, begin, end),
        cmocka_unit_test_setup_teardown(who_approved_stands_in_a_line, begin, end),
        cmocka_unit_test_setup_teardown(a_key_of_an_odd_record_is_known_if_it_can_be, begin, end),
        cmocka_unit_test_setup_teardown(a_key_is_known_by_a_certificate_or_by_itself, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
