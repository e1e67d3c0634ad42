/* SPDX-License-Identifier: Apache-2.0 */
/* Approvals: one counts for one plan of one CA, by one person, in its window; every other byte of plan or note is refused. */
#include "records/approval.h"

#include "approver.h"
#include "base/digest.h"
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
    assert_int_equal(err.kind, ERROR_INPUT);
    if (strstr(err.text, words) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", err.text, words);
}

/** A note of this text, signed by ann, is no approval. */
static void assert_no_approval(const char *text, const char *words)
{
    struct error err = ERROR_INIT;
    struct approval approval = {.origin = NULL};
    AUTO(builder_done) struct builder note = BUILDER_INIT;
    approver_sign(&ann, bytes_of_text(text), &note);
    if (approval_read(builder_bytes(&note), &approval, &err))
        fail_msg("taken: %s", text);
    assert_string_equal(err.text, words);
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_null(approval.origin);
}

#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define FIRST "coldca approval v1\n"
#define WHEN "2027-01-15T08:00:00Z\n"

static void its_lines_are_these_and_no_others(void **state)
{
    static const char lines[] =
        "not an approval: its lines are \"coldca approval v1\", origin, plan, act and time";
    static const char *const texts[] = {
        FIRST "ca.example/root\n" DIGEST "\nissue\n",                    // one too few
        FIRST "ca.example/root\n" DIGEST "\nissue\n" WHEN "\n",          // one too many
        FIRST "ca.example/root\n" DIGEST "\nissue\n" WHEN "more\n",      // likewise
        "coldca approval v2\nca.example/root\n" DIGEST "\nissue\n" WHEN, // another version
        FIRST "ca.example/root\n" DIGEST "0\nissue\n" WHEN,              // a digest of other lengths
        FIRST "ca.example/root\n0" DIGEST "\nissue\n" WHEN,              //
        FIRST "ca.example/root\n0123456789abcdef\nissue\n" WHEN,         //
        FIRST
        "ca.example/root\n0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef\nissue\n" WHEN,
        FIRST "ca.example/root\n" DIGEST "\nburn\n" WHEN,                    // no act
        FIRST "ca.example/root\n" DIGEST "\nissue\n2027-01-15\n",            // no time
        FIRST "ca.example/root\n" DIGEST "\nissue\n2027-01-15T08:00:00Z \n", //
        "\n\n\n\n\n",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        assert_no_approval(texts[i], lines);
}

static void what_it_says_is_read(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(approval_done) struct approval approval = {.origin = NULL};
    AUTO(builder_done) struct builder note = BUILDER_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    uint8_t digest[32];
    (void)state;
    approver_approve(&bob, &header, BEGIN + 5, &note);
    assert_true(approval_read(builder_bytes(&note), &approval, &err));
    assert_string_equal(approval.name, "bob");
    assert_string_equal(approval.origin, "ca.example/root");
    assert_int_equal(approval.act, ACT_ISSUE);
    assert_int_equal(approval.time, BEGIN + 5);
    plan_header_write(&header, &text);
    digest_sha256(builder_bytes(&text), digest);
    assert_memory_equal(approval.plan_sha256, digest, sizeof(digest));
    approval_done(&approval); // and once more at the end: nothing is freed twice
    assert_null(approval.origin);
}

/** One person's, of a bounded length; a name has room. */
static void an_approval_is_one_persons_and_short(void **state)
{
    static const char text[] = FIRST "ca.example/root\n" DIGEST "\nissue\n" WHEN;
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder note = BUILDER_INIT;
    (void)state;
    approver_sign(&ann, bytes_of_text(text), &note);
    struct approval two;
    AUTO(builder_done) struct builder both = BUILDER_INIT;
    AUTO(builder_done) struct builder other = BUILDER_INIT;
    approver_sign(&bob, bytes_of_text(text), &other);
    builder_add_bytes(&both, builder_bytes(&note));
    builder_add_text(&both, strstr(builder_text(&other), "\n\n") + 2);
    assert_false(approval_read(builder_bytes(&both), &two, &err));
    assert_string_equal(err.text, "not an approval: it must have one signature, a person's");
    assert_int_equal(err.kind, ERROR_INPUT);
    for (size_t more = 0; more < 2; more++) {
        // 2048 bytes, and one more.
        AUTO(builder_done) struct builder longer = BUILDER_INIT;
        AUTO(approval_done) struct approval approval = {.origin = NULL};
        AUTO(free) char *origin = memory_new(APPROVAL_MAX_LEN, 1);
        memset(origin, 'o', APPROVAL_MAX_LEN - note.len + strlen("ca.example/root") + more);
        AUTO(free) char *whole = memory_format(FIRST "%s\n" DIGEST "\nissue\n" WHEN, origin);
        approver_sign(&ann, bytes_of_text(whole), &longer);
        assert_int_equal(longer.len, APPROVAL_MAX_LEN + more);
        error_clear(&err);
        assert_int_equal(approval_read(builder_bytes(&longer), &approval, &err), more == 0);
        if (more > 0)
            assert_string_equal(err.text, "not an approval: longer than 2048 bytes");
        // A name of 255 bytes, and of one more; whose signature it is, nobody asks yet.
        AUTO(free) char *name = memory_new(257, 1);
        AUTO(approval_done) struct approval named = {.origin = NULL};
        memset(name, 'n', 255 + more);
        char *at = strstr(builder_text(&note), "\xe2\x80\x94 ann ");
        assert_non_null(at);
        AUTO(free)
        char *by_it = memory_format("%.*s\xe2\x80\x94 %s %s", (int)(at - builder_text(&note)),
                                    builder_text(&note), name, at + strlen("\xe2\x80\x94 ann "));
        assert_int_equal(approval_read(bytes_of_text(by_it), &named, &err), more == 0);
        if (more == 0)
            assert_string_equal(named.name, name);
    }
}

/** Of another act by its own words, though the digest is the plan's: the words are what a person read. */
static void another_act_does_not_count(void **state)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder note = BUILDER_INIT;
    (void)state;
    approval_text(&header, BEGIN, &text);
    char *act = strstr(builder_text(&text), "\nissue\n");
    assert_non_null(act);
    AUTO(free)
    char *other = memory_format("%.*s\ncrl\n%s", (int)(act - builder_text(&text)), builder_text(&text),
                                act + strlen("\nissue\n"));
    approver_sign(&bob, bytes_of_text(other), &note);
    assert_refused(builder_bytes(&note), &header,
                   "it is for another act: crl instead of issue\nwhile checking the approval by bob");
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
    assert_refused(builder_bytes(&note), &header,
                   "it was not given in the plan's window, 2027-01-15T08:00:00Z to 2027-01-22T08:00:00Z\n"
                   "while checking the approval by bob");
    builder_clear(&note);
    approver_approve(&bob, &header, END + 1, &note);
    assert_refused(builder_bytes(&note), &header, "it was not given in the plan's window");
    struct error err = ERROR_INIT;
    const struct control_person *person = NULL;
    builder_clear(&note);
    approver_approve(&bob, &header, END, &note);
    assert_true(approval_check(builder_bytes(&note), &header, &control, &person, &err));
    assert_string_equal(person->name, "bob");
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
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_non_null(strstr(err.text, "needs 2 approvals, the plan has 1; can approve: bob"));
    error_clear(&err);
    assert_false(approvals_take(&approvals, builder_bytes(&again), &header, &control, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_int_equal(approvals.count, 1);
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
        cmocka_unit_test(its_lines_are_these_and_no_others),
        cmocka_unit_test(what_it_says_is_read),
        cmocka_unit_test(an_approval_is_one_persons_and_short),
        cmocka_unit_test(another_act_does_not_count),
        cmocka_unit_test(what_it_is_refused_for_is_said),
        cmocka_unit_test(a_person_counts_once),
        cmocka_unit_test(a_leaf_is_the_record_without_what_the_run_knows),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
