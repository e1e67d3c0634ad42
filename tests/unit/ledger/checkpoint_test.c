/* SPDX-License-Identifier: Apache-2.0 */
/* Checkpoints that are not what they should be, in the home and from outside it: each is refused, and told word for word with what to do. */
#include "ledger_home.h"

#include <inttypes.h>

/* Three checkpoints, of 2, 3 and 4 records. */
static struct builder notes[3];
static struct builder whole; /* ledger.checkpoints */

static int setup(void **state)
{
    struct home *home = memory_new(1, sizeof(*home));
    struct error err = ERROR_INIT;
    home_init(home);
    home_open(home, LEDGER_WRITE);
    for (unsigned i = 0; i < 3; i++) {
        if (i == 0)
            (void)home_issue(home, 0, 1);
        else
            (void)home_append(home, "test.note", json_new_object());
        home_commit(home);
        home_checkpoint(home);
        assert_done(ledger_checkpoint_newest(home->ledger, &notes[i], &err), err);
    }
    home_close(home);
    home_read(home, "ledger.checkpoints", &whole);
    *state = home;
    return 0;
}

static int teardown(void **state)
{
    home_done(*state);
    free(*state);
    for (size_t i = 0; i < 3; i++)
        builder_done(&notes[i]);
    builder_done(&whole);
    return 0;
}

static void assert_opening_refused(struct home *home, const char *text)
{
    for (int mode = 0; mode < 2; mode++) {
        struct error err = ERROR_INIT;
        struct ledger *ledger = NULL;
        home_close(home);
        assert_false(
            ledger_open(home->fd, home->vkey, mode == 0 ? LEDGER_READ : LEDGER_WRITE, 0, &ledger, &err));
        assert_string_equal(err.text, text);
        assert_int_equal(err.kind, ERROR_LEDGER);
        assert_null(ledger);
    }
}

/** These notes in the place of all checkpoints, and no index that knows others. */
static void put_notes(struct home *home, const struct bytes *those, size_t count)
{
    AUTO(builder_done) struct builder all = BUILDER_INIT;
    for (size_t i = 0; i < count; i++) {
        builder_add_bytes(&all, those[i]);
        builder_add_u8(&all, '\n');
    }
    home_write(home, "ledger.checkpoints", builder_bytes(&all));
    home_remove_index(home);
}

/** What would be the checkpoint of these records, and is not: another root, or size, or by another. */
static void forge(const struct home *home, const char *what, struct builder *ret_note)
{
    uint8_t root[32] = {7};
    EVP_PKEY *other = NULL;
    char *vkey = NULL;
    home_make_key(HOME_ORIGIN, "another key", &other, &vkey);
    if (strcmp(what, "root") == 0)
        home_make_note(home->key, home->vkey, HOME_ORIGIN, 4, root, ret_note);
    else if (strcmp(what, "size") == 0)
        home_make_note(home->key, home->vkey, HOME_ORIGIN, 5, root, ret_note);
    else if (strcmp(what, "origin") == 0)
        home_make_note(home->key, home->vkey, "ca.example/other", 4, root, ret_note);
    else
        home_make_note(other, vkey, HOME_ORIGIN, 4, root, ret_note);
    EVP_PKEY_free(other);
    free(vkey);
}

#define NOT_OURS(file)                                                                                       \
    "a checkpoint in " file " does not hold: it is not signed by this ledger's key; put the right " file     \
    " back"
#define NO_NOTE(file)                                                                                        \
    "a checkpoint in " file                                                                                  \
    " does not hold: not a signed note: no empty line before its signatures; put the right " file " back"

/** The first finding of a verification. */
static void assert_found(const struct home *home, const char *finding)
{
    struct error err = ERROR_INIT;
    AUTO(ledger_report_done) struct ledger_report report = {.records = 0};
    assert_done(ledger_verify(home->fd, home->vkey, NULL, &report, &err), err);
    assert_true(report.findings.count > 0);
    AUTO(free)
    char *found = memory_format("%s: %s", report.findings.items[0].rule, report.findings.items[0].text);
    assert_string_equal(found, finding);
    assert_int_equal(report.last_good_checkpoint, 2);
    assert_int_equal(report.checkpoints, 2);
}

static void each_checkpoint_of_the_file_is_this_ledgers(void **state)
{
    static const struct {
        const char *what, *text, *finding;
    } cases[] = {
        {"root",
         "the first 4 records of ledger.jsonl are not those the checkpoint in ledger.checkpoints was "
         "signed over: one of the two was changed; `coldca ledger verify` shows where",
         "ledger.root: the first 4 records are not those checkpoint 2 was signed over"},
        {"size",
         "ledger.jsonl holds 4 records, but the checkpoint in ledger.checkpoints is of 5: the ledger "
         "was cut or an old copy restored; put the newer ledger.jsonl back",
         "ledger.rollback: checkpoint 2 is of 5 records, but ledger.jsonl holds 4"},
        {"origin", NOT_OURS("ledger.checkpoints"),
         "ledger.checkpoint: checkpoint 2 of ledger.checkpoints is not by this ledger's key"},
        {"key", NOT_OURS("ledger.checkpoints"),
         "ledger.checkpoint: checkpoint 2 of ledger.checkpoints is not by this ledger's key"},
    };
    struct home *home = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(builder_done) struct builder forged = BUILDER_INIT;
        forge(home, cases[i].what, &forged);
        const struct bytes those[] = {builder_bytes(&notes[0]), builder_bytes(&forged)};
        put_notes(home, those, 2);
        assert_opening_refused(home, cases[i].text);
        assert_found(home, cases[i].finding);
    }
    const struct bytes letter[] = {builder_bytes(&notes[0]), BYTES_LITERAL("a letter\n\xe2\x80\x94 ann\n")};
    put_notes(home, letter, 2);
    assert_opening_refused(home, NO_NOTE("ledger.checkpoints"));
    assert_found(home,
                 "ledger.checkpoint: checkpoint 2 of ledger.checkpoints: not a signed note: no empty line "
                 "before its signatures");
    const struct bytes backwards[] = {builder_bytes(&notes[1]), builder_bytes(&notes[0]),
                                      builder_bytes(&notes[2])};
    put_notes(home, backwards, 3);
    assert_opening_refused(home,
                           "ledger.checkpoints has a checkpoint of 2 records after one of 3: it was put "
                           "together from parts; restore it from a copy");
    // The same one again is no step back.
    const struct bytes again[] = {builder_bytes(&notes[0]), builder_bytes(&notes[2]),
                                  builder_bytes(&notes[2])};
    put_notes(home, again, 3);
    home_open(home, LEDGER_WRITE);
    assert_int_equal(ledger_checkpoint_size(home->ledger), 4);
    home_close(home);
    home_assert_clean(home, 4);
}

#define SWAPPED(size, newest)                                                                                \
    "ledger.checkpoint is of " size " records and not the newest of ledger.checkpoints, which is of " newest \
    ": one of the two was swapped; put the right one back"

static void the_newest_checkpoint_is_the_newest(void **state)
{
    static const struct {
        const char *what, *text;
    } cases[] = {
        {"root", "the first 4 records of ledger.jsonl are not those the checkpoint in ledger.checkpoint was "
                 "signed over: one of the two was changed; `coldca ledger verify` shows where"},
        {"size", "ledger.jsonl holds 4 records, but the checkpoint in ledger.checkpoint is of 5: the ledger "
                 "was cut or an old copy restored; put the newer ledger.jsonl back"},
        {"origin", NOT_OURS("ledger.checkpoint")},
        {"key", NOT_OURS("ledger.checkpoint")},
    };
    struct home *home = *state;
    for (size_t i = 0; i < 2 * ARRAY_LEN(cases); i++) {
        AUTO(builder_done) struct builder forged = BUILDER_INIT;
        if (i % 2 == 1)
            home_remove_index(home); // which knows no better
        forge(home, cases[i / 2].what, &forged);
        home_write(home, "ledger.checkpoint", builder_bytes(&forged));
        assert_opening_refused(home, cases[i / 2].text);
        home_write(home, "ledger.checkpoint", builder_bytes(&notes[2]));
        home_open(home, LEDGER_WRITE);
        home_close(home);
    }
    home_write(home, "ledger.checkpoint", BYTES_LITERAL("a letter\n"));
    assert_opening_refused(home, NO_NOTE("ledger.checkpoint"));
    // Two behind: no crash leaves that, whether the index has read the others or not.
    home_write(home, "ledger.checkpoint", builder_bytes(&notes[0]));
    assert_opening_refused(home, SWAPPED("2", "4"));
    home_remove_index(home);
    assert_opening_refused(home, SWAPPED("2", "4"));
    // One behind: none that the index has read.
    home_write(home, "ledger.checkpoint", builder_bytes(&notes[2]));
    home_open(home, LEDGER_WRITE);
    home_close(home);
    home_write(home, "ledger.checkpoint", builder_bytes(&notes[1]));
    assert_opening_refused(home, SWAPPED("3", "4"));
    // More than ledger.checkpoints knows of, and anything where that knows of none.
    home_write(home, "ledger.checkpoint", builder_bytes(&notes[2]));
    const struct bytes first[] = {builder_bytes(&notes[0])};
    put_notes(home, first, 1);
    assert_opening_refused(home, SWAPPED("4", "2"));
    put_notes(home, first, 0);
    assert_opening_refused(home, SWAPPED("4", "0"));
}

/** \return what ledger_checkpoint_meet() says of it, "" for ours, "no" for not ours; the caller frees */
static char *meet(struct home *home, struct bytes note)
{
    struct error err = ERROR_INIT;
    bool is_ours = false;
    bool is_met = ledger_checkpoint_meet(home->ledger, note, &is_ours, &err);
    assert_true(is_met || (err.kind == ERROR_LEDGER && !is_ours));
    return memory_text(!is_met ? err.text : is_ours ? "" : "no");
}

static void assert_met(struct home *home, struct bytes note, const char *text)
{
    AUTO(free) char *said = meet(home, note);
    assert_string_equal(said, text);
}

static void a_checkpoint_from_outside_is_held_against_all(void **state)
{
    static const struct {
        const char *what, *text;
    } cases[] = {
        {"root", "the first 4 records of ledger.jsonl are not those a checkpoint that left this home was "
                 "signed over: one of the two was changed; `coldca ledger verify` shows where"},
        {"size", "ledger.jsonl holds 4 records, but a checkpoint that left this home is of 5: the ledger was "
                 "cut or an old copy restored; put the newer copy of the home back"},
        {"origin", "no"},
        {"key", "no"},
    };
    struct home *home = *state;
    home_open(home, LEDGER_WRITE);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(builder_done) struct builder forged = BUILDER_INIT;
        forge(home, cases[i].what, &forged);
        assert_met(home, builder_bytes(&forged), cases[i].text);
    }
    for (size_t i = 0; i < 3; i++)
        assert_met(home, builder_bytes(&notes[i]), "");
    assert_met(home, BYTES_LITERAL("a letter\n\n\xe2\x80\x94 ann AAAAAAA=\n"), "no");
    // All records are there, its checkpoint is not.
    home_close(home);
    const struct bytes first[] = {builder_bytes(&notes[0])};
    put_notes(home, first, 1);
    home_write(home, "ledger.checkpoint", builder_bytes(&notes[0]));
    home_open(home, LEDGER_READ);
    assert_met(home, builder_bytes(&notes[0]), "");
    assert_met(home, builder_bytes(&notes[1]),
               "the newest checkpoint of ledger.checkpoints is of 2 records, but a checkpoint that left this "
               "home is of 3: checkpoints were cut off; put the newer ledger.checkpoints back");
}

static void a_signature_that_does_not_verify_makes_no_checkpoint(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder after = BUILDER_INIT;
    uint8_t signature[64];
    home_open(home, LEDGER_WRITE);
    assert_done(ledger_checkpoint_text(home->ledger, &text, &err), err);
    home_sign_with(home->key, builder_bytes(&text), signature);
    signature[3] ^= 1;
    assert_false(ledger_checkpoint_add(home->ledger, builder_bytes(&text), BYTES(signature), &err));
    assert_int_equal(err.kind, ERROR_TOKEN);
    assert_string_equal(err.text, "the token's signature on the checkpoint does not verify with the ledger's "
                                  "key; do not use this token");
    home_close(home);
    home_read(home, "ledger.checkpoints", &after);
    assert_true(bytes_equal(builder_bytes(&after), builder_bytes(&whole)));
}

static void a_ledger_without_a_checkpoint_says_so(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    struct error facts_err = ERROR_INIT;
    AUTO(builder_done) struct builder note = BUILDER_INIT;
    uint8_t root[32];
    uint64_t size = 9;
    put_notes(home, NULL, 0);
    assert_int_equal(unlinkat(home->fd, "ledger.checkpoint", 0), 0);
    home_open(home, LEDGER_WRITE);
    assert_int_equal(ledger_checkpoint_size(home->ledger), 0);
    assert_null(strstr(ledger_notice(home->ledger), "checkpoint"));
    assert_false(ledger_checkpoint_newest(home->ledger, &note, &err));
    assert_string_equal(err.text, "the ledger has no checkpoint yet: a run that signs ends with one");
    assert_int_equal(err.kind, ERROR_LEDGER);
    assert_false(ledger_checkpoint_facts(home->ledger, &size, root, &facts_err));
    assert_int_equal(facts_err.kind, ERROR_LEDGER);
    assert_int_equal(size, 9);
    home_checkpoint(home);
    assert_int_equal(ledger_checkpoint_size(home->ledger), 4);
    assert_done(ledger_checkpoint_newest(home->ledger, &note, &err), err);
    assert_true(bytes_equal(builder_bytes(&note), builder_bytes(&notes[2])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_checkpoint_of_the_file_is_this_ledgers, setup, teardown),
        cmocka_unit_test_setup_teardown(the_newest_checkpoint_is_the_newest, setup, teardown),
        cmocka_unit_test_setup_teardown(a_checkpoint_from_outside_is_held_against_all, setup, teardown),
        cmocka_unit_test_setup_teardown(a_signature_that_does_not_verify_makes_no_checkpoint, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_ledger_without_a_checkpoint_says_so, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
