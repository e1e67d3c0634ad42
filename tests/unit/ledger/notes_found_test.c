/* SPDX-License-Identifier: Apache-2.0 */
/* Checkpoints that are none, are another's, or do not fit: all that verifying says of them, with its rule, and what it takes from the good. */
#include "ledger_home.h"

static struct builder first, second, third; /* notes of 2, 4 and again 4 records */
static uint8_t roots[2][32];

static int setup(void **state)
{
    struct home *home = memory_new(1, sizeof(*home));
    struct error err = ERROR_INIT;
    struct builder *const notes[] = {&first, &second, &third};
    home_init(home);
    home_open(home, LEDGER_WRITE);
    for (unsigned i = 0; i < 3; i++) {
        if (i < 2) {
            (void)home_issue(home, i, 1);
            ledger_root(home->ledger, roots[i]);
        }
        home_checkpoint(home);
        assert_done(ledger_checkpoint_newest(home->ledger, notes[i], &err), err);
    }
    home_close(home);
    *state = home;
    return 0;
}

static int teardown(void **state)
{
    struct builder *const all[] = {&first, &second, &third};
    home_done(*state);
    free(*state);
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        builder_done(all[i]);
    return 0;
}

/** What is found, a line each, and what of the checkpoints counts. */
static void assert_found(const struct home *home, const char *findings, const char *counts)
{
    struct error err = ERROR_INIT;
    AUTO(ledger_report_done) struct ledger_report report = {.records = 0};
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    assert_done(ledger_verify(home->fd, home->vkey, NULL, &report, &err), err);
    for (size_t i = 0; i < report.findings.count; i++)
        builder_format(&text, "%s: %s\n", report.findings.items[i].rule, report.findings.items[i].text);
    assert_string_equal(builder_text(&text), findings);
    builder_clear(&text);
    builder_format(&text, "%u, %s of %u, good %u, past %u", (unsigned)report.checkpoints,
                   report.has_checkpoint ? "one" : "none", (unsigned)report.checkpoint_size,
                   (unsigned)report.last_good_checkpoint, (unsigned)report.records_past_checkpoint);
    assert_string_equal(builder_text(&text), counts);
}

/** These notes, one after another, and this one as the newest; no index. */
static void put_notes(const struct home *home, const struct builder *const *notes, size_t count,
                      const struct builder *newest)
{
    AUTO(builder_done) struct builder all = BUILDER_INIT;
    for (size_t i = 0; i < count; i++) {
        builder_add_bytes(&all, builder_bytes(notes[i]));
        builder_add_u8(&all, '\n');
    }
    home_remove_index(home);
    home_write(home, "ledger.checkpoints", builder_bytes(&all));
    home_write(home, "ledger.checkpoint", builder_bytes(newest));
}

static void several_of_one_size_are_sound(void **state)
{
    const struct builder *const notes[] = {&first, &second, &third, &second};
    assert_found(*state, "", "3, one of 4, good 4, past 0");
    put_notes(*state, notes, 4, &second);
    assert_found(*state, "", "4, one of 4, good 4, past 0");
    put_notes(*state, notes, 1, &first);
    assert_found(*state, "", "1, one of 2, good 2, past 2");
}

/** A note over so many records with this root, by whomever. */
static void forge(struct home *home, EVP_PKEY *key, const char *vkey, const char *origin, uint64_t size,
                  const uint8_t root[static 32], struct builder *ret_note)
{
    builder_clear(ret_note);
    home_make_note(key == NULL ? home->key : key, vkey == NULL ? home->vkey : vkey, origin, size, root,
                   ret_note);
}

#define NOT_OURS "ledger.checkpoint: checkpoint 2 of ledger.checkpoints is not by this ledger's key\n"

static void one_that_is_anothers_is_told(void **state)
{
    struct home *home = *state;
    AUTO(builder_done) struct builder forged = BUILDER_INIT;
    AUTO(EVP_PKEY_free) EVP_PKEY *key = NULL;
    AUTO(free) char *vkey = NULL;
    const struct builder *const notes[] = {&first, &forged, &second};
    home_make_key(HOME_ORIGIN, "another key", &key, &vkey);
    forge(home, NULL, NULL, "ca.example/another", 4, roots[1], &forged); // ours, over another's records
    put_notes(home, notes, 3, &second);
    assert_found(home, NOT_OURS, "3, one of 4, good 4, past 0");
    forge(home, key, vkey, HOME_ORIGIN, 4, roots[1], &forged);
    put_notes(home, notes, 3, &second);
    assert_found(home, NOT_OURS, "3, one of 4, good 4, past 0");
    put_notes(home, notes, 2, &forged); // the last of them is the newest all the same
    assert_found(home, NOT_OURS, "2, one of 2, good 2, past 2");
}

static void one_that_is_none_is_told(void **state)
{
    struct home *home = *state;
    AUTO(builder_done) struct builder letter = BUILDER_INIT;
    const struct builder *const notes[] = {&letter, &first, &second};
    builder_add_text(&letter, "a letter\n\n\xe2\x80\x94 ann AAAA\n");
    put_notes(home, notes, 3, &second);
    struct error err = ERROR_INIT;
    AUTO(ledger_report_done) struct ledger_report report = {.records = 0};
    assert_done(ledger_verify(home->fd, home->vkey, NULL, &report, &err), err);
    assert_int_equal(report.findings.count, 1);
    assert_string_equal(report.findings.items[0].rule, "ledger.checkpoint");
    assert_int_equal(strncmp(report.findings.items[0].text, "checkpoint 1 of ledger.checkpoints: ", 36), 0);
    assert_int_equal(report.checkpoint_size, 4);
}

static void one_over_other_records_is_told(void **state)
{
    struct home *home = *state;
    AUTO(builder_done) struct builder forged = BUILDER_INIT;
    const struct builder *const alone[] = {&forged};
    const struct builder *const between[] = {&first, &forged, &second};
    const struct builder *const late[] = {&second, &first, &third};
    forge(home, NULL, NULL, HOME_ORIGIN, 4, roots[0], &forged);
    put_notes(home, alone, 1, &forged);
    assert_found(home, "ledger.root: the first 4 records are not those checkpoint 1 was signed over\n",
                 "1, none of 0, good 0, past 4");
    put_notes(home, between, 3, &second);
    assert_found(home, "ledger.root: the first 4 records are not those checkpoint 2 was signed over\n",
                 "3, one of 4, good 4, past 0");
    forge(home, NULL, NULL, HOME_ORIGIN, 3, roots[1], &forged);
    put_notes(home, between, 3, &second);
    assert_found(home, "ledger.root: the first 3 records are not those checkpoint 2 was signed over\n",
                 "3, one of 4, good 4, past 0");
    put_notes(home, late, 3, &third);
    assert_found(home,
                 "ledger.checkpoint: checkpoint 2 of ledger.checkpoints is of 2 records, after one of 4\n",
                 "3, one of 4, good 4, past 0");
}

static void one_of_more_records_than_there_are_is_told(void **state)
{
    struct home *home = *state;
    AUTO(builder_done) struct builder fifth = BUILDER_INIT;
    AUTO(builder_done) struct builder sixth = BUILDER_INIT;
    const struct builder *const notes[] = {&first, &second, &fifth, &sixth};
    forge(home, NULL, NULL, HOME_ORIGIN, 5, roots[0], &fifth);
    forge(home, NULL, NULL, HOME_ORIGIN, 6, roots[0], &sixth);
    put_notes(home, notes, 4, &sixth);
    assert_found(home,
                 "ledger.rollback: checkpoint 3 is of 5 records, but ledger.jsonl holds 4\n"
                 "ledger.rollback: checkpoint 4 is of 6 records, but ledger.jsonl holds 4\n",
                 "4, one of 4, good 4, past 0");
}

static void the_newest_file_is_the_last_of_them(void **state)
{
    static const char is_not[] =
        "ledger.checkpoint: ledger.checkpoint is not the newest checkpoint of ledger.checkpoints\n";
    static const char is_missing[] = "ledger.checkpoint: ledger.checkpoint is missing\n";
    struct home *home = *state;
    AUTO(builder_done) struct builder nothing = BUILDER_INIT;
    AUTO(builder_done) struct builder longer = BUILDER_INIT;
    const struct builder *const notes[] = {&first, &second};
    const struct builder *const three[] = {&first, &first, &second};
    builder_add_bytes(&longer, builder_bytes(&second));
    builder_add_u8(&longer, '\n');
    put_notes(home, notes, 2, &second);
    assert_found(home, "", "2, one of 4, good 4, past 0");
    put_notes(home, notes, 2, &longer);
    assert_found(home, is_not, "2, one of 4, good 4, past 0");
    put_notes(home, notes, 2, &first); // as a crash between the two files leaves it
    assert_found(home, "", "2, one of 4, good 4, past 0");
    put_notes(home, three, 3, &first);
    assert_found(home, "", "3, one of 4, good 4, past 0");
    for (size_t count = 1; count < 3; count++) {
        const char *counts = count == 1 ? "1, one of 2, good 2, past 2" : "2, one of 4, good 4, past 0";
        put_notes(home, notes, count, &nothing); // emptied: no crash does that
        assert_found(home, is_not, counts);
        assert_int_equal(unlinkat(home->fd, "ledger.checkpoint", 0), 0);
        assert_found(home, is_missing, counts);
    }
    put_notes(home, notes, 0, &nothing);
    assert_found(home, "", "0, none of 0, good 0, past 4");
    assert_int_equal(unlinkat(home->fd, "ledger.checkpoint", 0), 0);
    assert_found(home, "", "0, none of 0, good 0, past 4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(several_of_one_size_are_sound, setup, teardown),
        cmocka_unit_test_setup_teardown(one_that_is_anothers_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(one_that_is_none_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(one_over_other_records_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(one_of_more_records_than_there_are_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(the_newest_file_is_the_last_of_them, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
