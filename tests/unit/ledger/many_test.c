/* SPDX-License-Identifier: Apache-2.0 */
/* A ledger of more records than go into one transaction of its index, and than a tile of its tree has. */
#include "failing.h"
#include "ledger_home.h"

#define RECORDS 16400 /* more than 16384 */

static int setup(void **state)
{
    struct home *home = memory_new(1, sizeof(*home));
    home_init(home);
    home_open(home, LEDGER_WRITE);
    for (unsigned i = 0; i < RECORDS; i++)
        (void)home_append(home, "test.note", json_new_object());
    home_commit(home);
    home_checkpoint(home);
    home_close(home);
    *state = home;
    return 0;
}

static int teardown(void **state)
{
    home_done(*state);
    free(*state);
    return 0;
}

/** What could not be read to its end is not taken for all there is. */
static void an_index_is_of_all_records_or_it_is_told(void **state)
{
    struct home *home = *state;
    unsigned number = 0;
    for (bool is_more = true; is_more;) {
        struct error err = ERROR_INIT;
        uint64_t records = 0;
        failing_at("sqlite3_exec", ++number);
        bool is_done = ledger_index_rebuild(home->fd, home->vkey, &records, &err);
        is_more = failing_stop() != NULL;
        if (is_done != (err.kind == ERROR_NONE) || (is_done && records != RECORDS))
            fail_msg("call %u: %d records, \"%s\"", number, (int)records, err.text);
        assert_true(is_done || (is_more && err.kind == ERROR_INPUT));
    }
    assert_in_range(number, 6, 60);
    home_open(home, LEDGER_WRITE);
    assert_int_equal(home_append(home, "test.note", json_new_object()), RECORDS);
    home_commit(home);
    home_close(home);
    home_assert_clean(home, RECORDS + 1);
}

/** Cut to so many whole records that the tree has whole tiles of them. */
static void a_long_ledger_that_was_cut_is_known_by_its_index(void **state)
{
    struct home *home = *state;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    home_read(home, "ledger.jsonl", &text);
    size_t len = 0;
    for (unsigned i = 0; i < 700; i++)
        len += (size_t)((const uint8_t *)memchr(text.data + len, '\n', text.len - len) - text.data) - len + 1;
    home_write(home, "ledger.jsonl", bytes_slice(builder_bytes(&text), 0, len));
    for (int mode = 0; mode < 2; mode++)
        home_refuse_to_open(home, mode == 0 ? LEDGER_READ : LEDGER_WRITE,
                            "ledger.jsonl holds 700 records, but index.sqlite has read 16401 of the same "
                            "history: the ledger was cut or an old copy restored; put the newer");
    home_write(home, "ledger.jsonl", builder_bytes(&text));
    home_open(home, LEDGER_WRITE);
    assert_int_equal(ledger_size(home->ledger), RECORDS + 1);
    assert_null(ledger_notice(home->ledger));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_index_is_of_all_records_or_it_is_told),
        cmocka_unit_test(a_long_ledger_that_was_cut_is_known_by_its_index),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
