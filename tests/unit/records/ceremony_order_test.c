/* SPDX-License-Identifier: Apache-2.0 */
/* The events of a ceremony follow on one another: none is missing, doubled, of another script, or after the last. */
#include "records/ceremony_order.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool take(struct ceremony_order *order, const char *run, uint64_t number, enum ceremony_event event,
                 uint8_t script, struct findings *findings)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    struct record_ceremony record = {.run = run, .ceremony = "root", .number = number, .event = event};
    record.script_sha256[0] = script;
    AUTO(json_free) struct json *json = record_ceremony_write(&record);
    json_put_int(json, "seq", 1);
    json_put_text(json, "type", RECORD_CEREMONY_STEP);
    json_canonical(json, &text);
    return ceremony_order_take(order, builder_bytes(&text), findings);
}

static void two_ceremonies_may_be_under_way(void **state)
{
    AUTO(ceremony_order_free) struct ceremony_order *order = ceremony_order_new();
    struct findings findings = {.count = 0};
    (void)state;
    assert_true(take(order, "a", 0, CEREMONY_BEGUN, 1, &findings));
    assert_true(take(order, "b", 0, CEREMONY_BEGUN, 2, &findings));
    assert_true(take(order, "a", 1, CEREMONY_NOTE, 1, &findings));
    assert_true(take(order, "b", 1, CEREMONY_CLOSED, 2, &findings));
    assert_true(take(order, "a", 2, CEREMONY_CLOSED, 1, &findings));
    assert_true(
        ceremony_order_take(order, BYTES_LITERAL("{\"seq\":1,\"type\":\"session.opened\"}"), &findings));
    assert_int_equal(findings.count, 0);
}

static void assert_wrong(uint64_t number, enum ceremony_event event, uint8_t script, bool is_closed,
                         const char *words)
{
    AUTO(ceremony_order_free) struct ceremony_order *order = ceremony_order_new();
    struct findings findings = {.count = 0};
    assert_true(take(order, "a", 0, CEREMONY_BEGUN, 1, &findings));
    assert_true(!is_closed || take(order, "a", 1, CEREMONY_CLOSED, 1, &findings));
    assert_false(take(order, "a", number, event, script, &findings));
    assert_int_equal(findings.count, 1);
    if (strstr(findings.items[0].text, words) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", findings.items[0].text, words);
    findings_done(&findings);
}

static void what_does_not_follow_is_found(void **state)
{
    (void)state;
    assert_wrong(2, CEREMONY_NOTE, 1, false, "events before it are missing");
    assert_wrong(0, CEREMONY_BEGUN, 1, false, "there is one of this number already");
    assert_wrong(1, CEREMONY_BEGUN, 1, false, "begins with the event begun");
    assert_wrong(1, CEREMONY_NOTE, 2, false, "by another script");
    assert_wrong(2, CEREMONY_NOTE, 1, true, "follows the event that closed");
}

static void the_first_is_the_beginning(void **state)
{
    AUTO(ceremony_order_free) struct ceremony_order *order = ceremony_order_new();
    struct findings findings = {.count = 0};
    (void)state;
    assert_false(take(order, "a", 0, CEREMONY_NOTE, 1, &findings));
    assert_false(take(order, "b", 5, CEREMONY_NOTE, 1, &findings));
    findings_done(&findings);
}

/** What a gap is, is said once: behind it events are counted on. */
static void a_gap_is_said_once(void **state)
{
    AUTO(ceremony_order_free) struct ceremony_order *order = ceremony_order_new();
    AUTO(findings_done) struct findings findings = {.count = 0};
    (void)state;
    assert_true(take(order, "a", 0, CEREMONY_BEGUN, 1, &findings));
    assert_false(take(order, "a", 4, CEREMONY_NOTE, 1, &findings));
    assert_true(take(order, "a", 5, CEREMONY_NOTE, 1, &findings));
    assert_false(take(order, "a", 5, CEREMONY_NOTE, 1, &findings));
    assert_true(take(order, "a", 6, CEREMONY_CLOSED, 1, &findings));
    assert_false(take(order, "a", 7, CEREMONY_CLOSED, 1, &findings));
    assert_false(take(order, "a", 8, CEREMONY_NOTE, 1, &findings));
    assert_true(take(order, "b", 0, CEREMONY_BEGUN, 1, &findings)); // another's
    static const char *const texts[] = {
        "event 4 of the ceremony a: events before it are missing",
        "event 5 of the ceremony a: there is one of this number already",
        "event 7 of the ceremony a: it follows the event that closed the ceremony",
        "event 8 of the ceremony a: it follows the event that closed the ceremony",
    };
    assert_int_equal(findings.count, ARRAY_LEN(texts));
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        assert_string_equal(findings.items[i].text, texts[i]);
        assert_string_equal(findings.items[i].rule, "ledger.ceremony");
    }
}

/** One that can't be read is told by its type's check, and is no event of any ceremony. */
static void what_is_no_event_counts_not(void **state)
{
    AUTO(ceremony_order_free) struct ceremony_order *order = ceremony_order_new();
    AUTO(findings_done) struct findings findings = {.count = 0};
    (void)state;
    assert_true(take(order, "a", 0, CEREMONY_BEGUN, 1, &findings));
    assert_true(ceremony_order_take(
        order, BYTES_LITERAL("{\"number\":1,\"run\":\"a\",\"type\":\"ceremony.step\"}"), &findings));
    assert_true(ceremony_order_take(order, BYTES_LITERAL("{\"type\":\"ceremony.step\""), &findings));
    assert_true(take(order, "a", 1, CEREMONY_NOTE, 1, &findings));
    assert_int_equal(findings.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_ceremonies_may_be_under_way), cmocka_unit_test(what_does_not_follow_is_found),
        cmocka_unit_test(the_first_is_the_beginning),      cmocka_unit_test(a_gap_is_said_once),
        cmocka_unit_test(what_is_no_event_counts_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
