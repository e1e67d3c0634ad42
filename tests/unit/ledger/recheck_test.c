/* SPDX-License-Identifier: Apache-2.0 */
/* Opened for writing, the ledger is held against what the index read of it: also its newest chain.set, without which chain.pem could be emptied. */
#include "failing.h"
#include "ledger/log.h"
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

/** A file that can't be looked at is not taken for the one that was noted. */
static void a_look_that_fails_is_told(void **state)
{
    struct home *home = *state;
    for (unsigned at = 1, is_more = 1; is_more != 0; at++) {
        struct error err = ERROR_INIT;
        home_close(home);
        failing_at("fstat", at);
        bool is_done = ledger_open(home->fd, home->vkey, LEDGER_WRITE, 0, &home->ledger, &err);
        const char *failed = failing_stop();
        is_more = failed != NULL;
        bool is_told = is_done ? ledger_notice(home->ledger) != NULL : err.kind == ERROR_INPUT;
        if (is_more && strcmp(failed, "fstat") == 0 && !is_told)
            fail_msg("%u: %s", at, is_done ? "nobody was told" : err.text);
    }
}

/* ---- a file so long that it is not read again, if it is the one that was noted ---- */

#define ALWAYS ((uint64_t)64 << 20) /* bytes that are read at every opening */

/** ledger.jsonl with this beginning, a void line that is nearly all a hole, and this length and time; the same file, or another. */
static void lay(const struct home *home, struct bytes beginning, off_t len, struct timespec time,
                bool is_same)
{
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, time};
    if (!is_same) {
        int kept =
            openat(home->fd, "ledger.jsonl", O_RDONLY | O_CLOEXEC); // so that its number is not given again
        assert_int_equal(unlinkat(home->fd, "ledger.jsonl", 0), 0);
        home_write(home, "ledger.jsonl", bytes_of(NULL, 0));
        close(kept);
    }
    AUTO(close) int fd = openat(home->fd, "ledger.jsonl", O_WRONLY | O_CLOEXEC);
    assert_int_equal(ftruncate(fd, 0), 0);
    assert_int_equal(pwrite(fd, beginning.data, beginning.len, 0), (ssize_t)beginning.len);
    assert_int_equal(pwrite(fd, "\x18\n", 2, len - 2), 2);
    assert_int_equal(futimens(fd, times), 0);
}

static void a_long_file_that_is_not_the_one_noted_is_read_again(void **state)
{
    struct home *home = *state;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder changed = BUILDER_INIT;
    struct stat status;
    home_close(home);
    home_read(home, "ledger.jsonl", &text);
    builder_add_bytes(&changed, builder_bytes(&text));
    memcpy(memmem(changed.data, changed.len, "test.note", 9), "test.nope", 9);
    const off_t len = (off_t)(text.len + ALWAYS);
    lay(home, builder_bytes(&text), len, (struct timespec){.tv_sec = 1000, .tv_nsec = 7}, true);
    home_open(home, LEDGER_WRITE);
    home_close(home);
    assert_int_equal(fstatat(home->fd, "ledger.jsonl", &status, 0), 0);
    assert_int_equal(status.st_size, len);
    static const struct {
        struct timespec time;
        bool is_same, is_refused;
    } cases[] = {
        {{.tv_sec = 1000, .tv_nsec = 7}, true, false}, // who can do that is not stopped by this
        {{.tv_sec = 1001, .tv_nsec = 7}, true, true},
        {{.tv_sec = 1000, .tv_nsec = 8}, true, true},
        {{.tv_sec = 1000, .tv_nsec = 7}, false, true},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        lay(home, builder_bytes(&changed), len, cases[i].time, cases[i].is_same);
        if (cases[i].is_refused) {
            home_refuse_to_open(home, LEDGER_WRITE, "");
            continue;
        }
        home_open(home, LEDGER_WRITE);
        home_close(home);
    }
}

static void a_file_is_short_up_to_what_is_read_always(void **state)
{
    struct home *home = *state;
    const uint64_t offset = home->ledger->state.offset;
    const uint64_t places[] = {0, ALWAYS - 1, ALWAYS, ALWAYS + 1, 2 * ALWAYS};
    assert_true(ledger_is_short(home->ledger));
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        home->ledger->state.offset = places[i];
        assert_int_equal(ledger_is_short(home->ledger), places[i] <= ALWAYS);
    }
    home->ledger->state.offset = offset;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_index_that_has_another_newest_chain_is_made_anew, setup, teardown),
        cmocka_unit_test_setup_teardown(a_chain_that_no_record_sets_is_not_believed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_long_file_that_is_not_the_one_noted_is_read_again, setup, teardown),
        cmocka_unit_test_setup_teardown(a_look_that_fails_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_is_short_up_to_what_is_read_always, setup, teardown),
        cmocka_unit_test_setup_teardown(an_old_record_that_was_changed_in_place_is_not_signed_over, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
