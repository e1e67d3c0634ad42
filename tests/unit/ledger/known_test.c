/* SPDX-License-Identifier: Apache-2.0 */
/* A ledger against what others remember of it (a token, an auditor): a history that was cut, put back or rewritten whole is found. */
#include "ledger_home.h"

#define GROUP 2 /* certificates a checkpoint, of two records each */

static uint8_t roots[3][32]; /* at 4, 8 and 12 records; the last without a checkpoint */
static struct builder notes[2];

static int setup(void **state)
{
    struct error err = ERROR_INIT;
    struct home *home = memory_new(1, sizeof(*home));
    home_init(home);
    home_open(home, LEDGER_WRITE);
    for (unsigned i = 0; i < 3; i++) {
        (void)home_issue(home, GROUP * i, GROUP);
        ledger_root(home->ledger, roots[i]);
        if (i == 2)
            break;
        home_checkpoint(home);
        assert_done(ledger_checkpoint_newest(home->ledger, &notes[i], &err), err);
    }
    *state = home;
    return 0;
}

static int teardown(void **state)
{
    home_done(*state);
    free(*state);
    builder_done(&notes[0]);
    builder_done(&notes[1]);
    return 0;
}

/** The first finding of a verification within this scope; "" for none. The caller frees. */
static char *finding_of(const struct home *home, const struct ledger_scope *scope)
{
    struct error err = ERROR_INIT;
    AUTO(ledger_report_done) struct ledger_report report = {.records = 0};
    assert_done(ledger_verify_scope(home->fd, home->vkey, scope, &report, &err), err);
    if (report.findings.count > 0)
        assert_string_equal(report.findings.items[0].rule, "ledger.rollback");
    assert_true(report.findings.count < 2);
    return memory_text(report.findings.count == 0 ? "" : report.findings.items[0].text);
}

static void assert_known(const struct home *home, uint64_t size, const uint8_t root[static 32],
                         const char *words)
{
    for (int i = 0; i < 2; i++) {
        struct ledger_known known[2] = {{.who = "the token fits", .size = 4},
                                        {.who = "the token t", .size = size}};
        memcpy(known[0].root, roots[0], 32);
        memcpy(known[1].root, root, 32);
        const struct ledger_scope scope = {.known = known, .known_count = 2, .only_tree = i == 1};
        AUTO(free) char *found = finding_of(home, &scope);
        assert_string_equal(found, words);
    }
}

static void what_a_token_remembers_is_there_and_the_same(void **state)
{
    const struct home *home = *state;
    assert_known(home, 4, roots[0], "");
    assert_known(home, 8, roots[1], "");
}

static void another_history_of_that_length_is_found(void **state)
{
    const struct home *home = *state;
    assert_known(home, 4, roots[1], "the first 4 records are not those the token t remembers");
    assert_known(home, 8, roots[0], "the first 8 records are not those the token t remembers");
    uint8_t other[32];
    memcpy(other, roots[1], sizeof(other));
    other[31] ^= 1;
    assert_known(home, 8, other, "the first 8 records are not those the token t remembers");
}

static void records_that_are_gone_are_missed(void **state)
{
    assert_known(*state, 13, roots[2], "the token t remembers 13 records, but ledger.jsonl holds 12");
}

static void checkpoints_that_are_gone_are_missed(void **state)
{
    assert_known(
        *state, 12, roots[2],
        "the token t remembers a checkpoint of 12 records, but the newest of ledger.checkpoints is of 8: "
        "checkpoints were cut off");
}

static char *since(const struct home *home, struct bytes note)
{
    const struct ledger_scope scope = {.since = note};
    return finding_of(home, &scope);
}

static void a_checkpoint_that_an_auditor_kept_is_held_against_it(void **state)
{
    struct home *home = *state;
    AUTO(free) char *first = since(home, builder_bytes(&notes[0]));
    AUTO(free) char *second = since(home, builder_bytes(&notes[1]));
    assert_string_equal(first, "");
    assert_string_equal(second, "");
    // Another ledger by the same key.
    struct home other;
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder note = BUILDER_INIT;
    AUTO(builder_done) struct builder later = BUILDER_INIT;
    home_init(&other);
    home_open(&other, LEDGER_WRITE);
    (void)home_issue(&other, 50, GROUP);
    home_checkpoint(&other);
    assert_done(ledger_checkpoint_newest(other.ledger, &note, &err), err);
    (void)home_issue(&other, 60, 10);
    home_checkpoint(&other);
    assert_done(ledger_checkpoint_newest(other.ledger, &later, &err), err);
    home_done(&other);
    AUTO(free) char *rewritten = since(home, builder_bytes(&note));
    AUTO(free) char *cut = since(home, builder_bytes(&later));
    assert_string_equal(rewritten, "the first 4 records are not those the kept checkpoint was signed over");
    assert_string_equal(cut, "the kept checkpoint is of 24 records, but ledger.jsonl holds 12");
    // What is no checkpoint of this ledger proves nothing.
    AUTO(ledger_report_done) struct ledger_report report = {.records = 0};
    const struct ledger_scope scope = {.since = BYTES_LITERAL("a letter\n")};
    assert_refused(ledger_verify_scope(home->fd, home->vkey, &scope, &report, &err), err, ERROR_INPUT, "");
}

static void only_the_ledgers_own_text_becomes_a_checkpoint(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    uint8_t signature[64];
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder before = BUILDER_INIT;
    AUTO(builder_done) struct builder after = BUILDER_INIT;
    assert_done(ledger_checkpoint_text(home->ledger, &text, &err), err);
    assert_done(ledger_checkpoint_newest(home->ledger, &before, &err), err);
    (void)home_issue(home, 90, 1); // now the text is an old one
    home_sign_with(home->key, builder_bytes(&text), signature);
    assert_refused(ledger_checkpoint_add(home->ledger, builder_bytes(&text), BYTES(signature), &err), err,
                   ERROR_LEDGER, "the text signed is not the checkpoint of the ledger's records");
    assert_done(ledger_checkpoint_newest(home->ledger, &after, &err), err);
    assert_true(bytes_equal(builder_bytes(&before), builder_bytes(&after)));
    assert_int_equal(ledger_checkpoint_size(home->ledger), 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_a_token_remembers_is_there_and_the_same, setup, teardown),
        cmocka_unit_test_setup_teardown(another_history_of_that_length_is_found, setup, teardown),
        cmocka_unit_test_setup_teardown(records_that_are_gone_are_missed, setup, teardown),
        cmocka_unit_test_setup_teardown(checkpoints_that_are_gone_are_missed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_checkpoint_that_an_auditor_kept_is_held_against_it, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(only_the_ledgers_own_text_becomes_a_checkpoint, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
