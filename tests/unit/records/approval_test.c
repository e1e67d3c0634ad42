/* SPDX-License-Identifier: Apache-2.0 */
/* Approvals: one counts for one plan of one CA, by one person, in its window; every other byte of plan or note is refused. */
#include "records/approval.h"

#include "approver.h"
#include "base/memory.h"
#include "records/approved.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define BEGIN INT64_C(1800000000)
#define END (BEGIN + 7 * 86400)

static struct approver ann, bob;
static struct control control;
static struct plan_header header;

static int begin(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    approver_make(&ann, "ann", "a");
    approver_make(&bob, "bob", "b");
    control = (struct control){.seq = 3, .previous = CONTROL_NONE};
    assert_true(control_add_person(&control, "ann", "approver", ann.vkey, &err));
    assert_true(control_add_person(&control, "bob", "approver", bob.vkey, &err));
    assert_true(control_add_person(&control, "dan", "operator", NULL, &err));
    control.quorum[ACT_ISSUE] = 2;
    assert_true(control_check(&control, &err));
    header = (struct plan_header){.act = ACT_ISSUE,
                                  .origin = memory_text("ca.example/root"),
                                  .vkey = memory_text("ca.example/root+key"),
                                  .control = 3,
                                  .not_before = BEGIN,
                                  .not_after = END,
                                  .policy = memory_text("mqtt-device"),
                                  .policy_sha256 = {1, 2, 3},
                                  .count = 5,
                                  .root = {.bytes = {4, 5, 6}}};
    return 0;
}

static int end(void **state)
{
    (void)state;
    approver_done(&ann), approver_done(&bob);
    control_done(&control);
    plan_header_done(&header);
    return 0;
}

static void a_header_is_read_back_and_has_one_spelling(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder again = BUILDER_INIT;
    AUTO(plan_header_done) struct plan_header read = {.origin = NULL};
    (void)state;
    plan_header_write(&header, &text);
    if (!plan_header_read(builder_bytes(&text), &read, &err))
        fail_msg("%s", err.text);
    plan_header_write(&read, &again);
    assert_string_equal(builder_text(&text), builder_text(&again));
    AUTO(free) char *spaced = memory_format("%s ", builder_text(&text));
    assert_false(plan_header_read(bytes_of_text(spaced), &read, &err));
    AUTO(free) char *more = memory_format("{\"a\":1,%s", builder_text(&text) + 1);
    error_clear(&err);
    assert_false(plan_header_read(bytes_of_text(more), &read, &err));
    assert_non_null(strstr(err.text, "a member that is not known"));
}

static void no_flipped_byte_of_a_header_is_the_same_plan(void **state)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder note = BUILDER_INIT;
    (void)state;
    plan_header_write(&header, &text);
    approver_approve(&ann, &header, BEGIN + 5, &note);
    for (size_t i = 0; i < text.len; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            struct error err = ERROR_INIT;
            const struct control_person *person = NULL;
            AUTO(plan_header_done) struct plan_header read = {.origin = NULL};
            text.data[i] ^= (uint8_t)(1U << bit);
            if (plan_header_read(builder_bytes(&text), &read, &err) &&
                approval_check(builder_bytes(&note), &read, &control, &person, &err))
                fail_msg("byte %zu, bit %u: the approval counts for %s", i, bit, builder_text(&text));
            text.data[i] ^= (uint8_t)(1U << bit);
        }
    }
}

static void no_flipped_byte_of_an_approval_counts(void **state)
{
    struct error err = ERROR_INIT;
    const struct control_person *person = NULL;
    AUTO(builder_done) struct builder note = BUILDER_INIT;
    (void)state;
    approver_approve(&ann, &header, BEGIN + 5, &note);
    if (!approval_check(builder_bytes(&note), &header, &control, &person, &err))
        fail_msg("%s", err.text);
    assert_string_equal(person->name, "ann");
    for (size_t i = 0; i < note.len; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            note.data[i] ^= (uint8_t)(1U << bit);
            if (approval_check(builder_bytes(&note), &header, &control, &person, &err))
                fail_msg("byte %zu, bit %u: it counts", i, bit);
            note.data[i] ^= (uint8_t)(1U << bit);
        }
    }
}

static void assert_refused(struct bytes note, const struct plan_header *plan, const char *words)
{
    struct error err = ERROR_INIT;
    const struct control_person *person = NULL;
    if (approval_check(note, plan, &control, &person, &err))
        fail_msg("taken, not \"%s\"", words);
    if (strstr(err.text, words) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", err.text, words);
}

static void what_it_is_refused_for_is_said(void **state)
{
    struct approver stranger, other_bob, dan;
    AUTO(builder_done) struct builder note = BUILDER_INIT;
    struct plan_header other = header;
    (void)state;
    approver_make(&stranger, "zoe", "z");
    approver_make(&other_bob, "bob", "z");
    approver_make(&dan, "dan", "d");
    approver_approve(&stranger, &header, BEGIN, &note);
    assert_refused(builder_bytes(&note), &header, "nobody of the control in force");
    builder_clear(&note);
    approver_approve(&dan, &header, BEGIN, &note);
    assert_refused(builder_bytes(&note), &header, "no approver's key");
    builder_clear(&note);
    approver_approve(&other_bob, &header, BEGIN, &note);
    assert_refused(builder_bytes(&note), &header, "signed by another key");
    builder_clear(&note);
    approver_approve(&bob, &header, BEGIN - 1, &note);
    assert_refused(builder_bytes(&note), &header, "window");
    builder_clear(&note);
    approver_approve(&bob, &header, END + 1, &note);
    assert_refused(builder_bytes(&note), &header, "window");
    builder_clear(&note);
    approver_approve(&bob, &header, BEGIN, &note);
    other.count = 6;
    assert_refused(builder_bytes(&note), &other, "another plan");
    other.origin = (char *)(uintptr_t) "ca.example/other";
    assert_refused(builder_bytes(&note), &other, "another CA");
    assert_refused(BYTES_LITERAL("coldca approval v1\n"), &header, "not a signed note");
    approver_done(&stranger), approver_done(&other_bob), approver_done(&dan);
}

static void a_person_counts_once(void **state)
{
    struct error err = ERROR_INIT;
    struct approvals approvals = {.count = 0};
    AUTO(builder_done) struct builder first = BUILDER_INIT;
    AUTO(builder_done) struct builder again = BUILDER_INIT;
    AUTO(builder_done) struct builder second = BUILDER_INIT;
    (void)state;
    approver_approve(&ann, &header, BEGIN, &first);
    approver_approve(&ann, &header, BEGIN + 1, &again);
    approver_approve(&bob, &header, BEGIN + 1, &second);
    assert_true(approvals_take(&approvals, builder_bytes(&first), &header, &control, &err));
    assert_false(approvals_suffice(&approvals, &header, &control, &err));
    assert_non_null(strstr(err.text, "needs 2 approvals, the plan has 1; can approve: bob"));
    error_clear(&err);
    assert_false(approvals_take(&approvals, builder_bytes(&again), &header, &control, &err));
    assert_non_null(strstr(err.text, "ann approved it twice"));
    assert_true(approvals_take(&approvals, builder_bytes(&second), &header, &control, &err));
    assert_true(approvals_suffice(&approvals, &header, &control, &err));
}

/** What the run knows is not of the item; all else is. */
static void a_leaf_is_the_record_without_what_the_run_knows(void **state)
{
    struct tree_hash item, record, other, path[1] = {{.bytes = {9}}};
    AUTO(json_free) struct json *json = json_new_object();
    (void)state;
    json_put_text(json, "serial", "01");
    json_put_int(json, "size", 5);
    plan_item_leaf(json, "cert.signing", &item);
    json_put_int(json, "seq", 7);
    json_put_text(json, "time", "2027-01-01T00:00:00Z");
    json_put_text(json, "type", "cert.signing");
    json_put_text(json, "operator", "op");
    json_put_text(json, "batch", "b");
    record_put_planned(json, header.policy_sha256, 0, path, 1);
    plan_item_leaf(json, "cert.signing", &record);
    assert_memory_equal(item.bytes, record.bytes, TREE_HASH_LEN);
    json_put_int(json, "size", 6);
    plan_item_leaf(json, "cert.signing", &other);
    assert_memory_not_equal(item.bytes, other.bytes, TREE_HASH_LEN);
    plan_item_leaf(json, "crl.signing", &item);
    json_put_int(json, "size", 7);
    plan_item_leaf(json, "crl.signing", &other); // follows from its seq
    assert_memory_equal(item.bytes, other.bytes, TREE_HASH_LEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_is_read_back_and_has_one_spelling),
        cmocka_unit_test(no_flipped_byte_of_a_header_is_the_same_plan),
        cmocka_unit_test(no_flipped_byte_of_an_approval_counts),
        cmocka_unit_test(what_it_is_refused_for_is_said),
        cmocka_unit_test(a_person_counts_once),
        cmocka_unit_test(a_leaf_is_the_record_without_what_the_run_knows),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
