/* SPDX-License-Identifier: Apache-2.0 */
/* Opened for writing, the ledger is held against what the index read of it: also its newest chain.set, without which chain.pem could be emptied. */
#include "ledger_home.h"

static int setup(void **state)
{
    static const char *const types[] = {"chain.set", "test.note", "chain.set", "test.note"};
    struct home *home = memory_new(1, sizeof(*home));
    home_init(home);
    home_open(home, LEDGER_WRITE);
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        (void)home_append(home, types[i], json_new_object());
    home_commit(home);
    home_checkpoint(home);
    *state = home;
    return 0;
}

static int teardown(void **state)
{
    home_done(*state);
    free(*state);
    return 0;
}

static void an_index_that_has_another_newest_chain_is_made_anew(void **state)
{
    static const char *const lies[] = {"UPDATE records SET type = 'test.note' WHERE seq = 2",
                                       "UPDATE records SET type = 'test.note' WHERE type = 'chain.set'",
                                       "UPDATE records SET type = 'chain.set' WHERE seq = 3"};
    struct home *home = *state;
    for (size_t i = 0; i < ARRAY_LEN(lies); i++) {
        struct error err = ERROR_INIT;
        uint64_t seq = 99;
        bool is_found = false;
        home_change_index(home, lies[i]);
        home_open(home, LEDGER_WRITE);
        assert_non_null(ledger_notice(home->ledger));
        assert_done(ledger_newest_chain(home->ledger, &seq, &is_found, &err), err);
        assert_true(is_found);
        assert_int_equal(seq, 2);
        home_open(home, LEDGER_WRITE);
        assert_null(ledger_notice(home->ledger)); // it is whole now
    }
}

static void a_chain_that_no_record_sets_is_not_believed(void **state)
{
    struct home home;
    struct error err = ERROR_INIT;
    uint64_t seq = 99;
    bool is_found = true;
    (void)state;
    home_init(&home);
    home_open(&home, LEDGER_WRITE);
    (void)home_append(&home, "test.note", json_new_object());
    home_commit(&home);
    home_change_index(&home, "UPDATE records SET type = 'chain.set' WHERE seq = 0");
    home_open(&home, LEDGER_WRITE);
    assert_done(ledger_newest_chain(home.ledger, &seq, &is_found, &err), err);
    assert_false(is_found);
    home_done(&home);
}

static void an_old_record_that_was_changed_in_place_is_not_signed_over(void **state)
{
    struct home *home = *state;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    home_close(home);
    home_read(home, "ledger.jsonl", &text);
    char *place = strstr(builder_text(&text), "test.note");
    assert_non_null(place);
    memcpy(place, "test.nope", 9); // of the same length, and the index stays
    home_write(home, "ledger.jsonl", builder_bytes(&text));
    home_refuse_to_open(home, LEDGER_WRITE, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_index_that_has_another_newest_chain_is_made_anew, setup, teardown),
        cmocka_unit_test_setup_teardown(a_chain_that_no_record_sets_is_not_believed, setup, teardown),
        cmocka_unit_test_setup_teardown(an_old_record_that_was_changed_in_place_is_not_signed_over, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
