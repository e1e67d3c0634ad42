/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger_home.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

static int setup(void **state)
{
    struct home *home = memory_new(1, sizeof(*home));
    home_init(home);
    *state = home;
    return 0;
}

static int teardown(void **state)
{
    home_done(*state);
    free(*state);
    return 0;
}

static void a_tail_torn_at_any_byte_of_the_last_group_is_closed_and_the_ledger_goes_on(void **state)
{
    struct home *home = *state;
    AUTO(builder_done) struct builder whole = BUILDER_INIT;
    AUTO(builder_done) struct builder index = BUILDER_INIT;
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 0, 2);
    home_checkpoint(home);
    home_close(home);
    home_read(home, "index.sqlite", &index);
    AUTO(builder_done) struct builder before = BUILDER_INIT;
    home_read(home, "ledger.jsonl", &before);
    home_open(home, LEDGER_WRITE);
    (void)home_append(home, "test.note", json_new_object()); // short ones: each byte is tried
    (void)home_append(home, "test.note", json_new_object());
    home_commit(home);
    home_close(home);
    home_read(home, "ledger.jsonl", &whole);
    for (size_t cut = before.len; cut <= whole.len; cut++) {
        struct bytes left = bytes_slice(builder_bytes(&whole), 0, cut);
        uint64_t records = 0;
        for (size_t i = 0; i < left.len; i++)
            records += left.data[i] == '\n' ? 1 : 0;
        bool is_torn = left.data[left.len - 1] != '\n';
        home_remove_index(home);
        home_write(home, "index.sqlite", builder_bytes(&index));
        home_write(home, "ledger.jsonl", left);
        home_open(home, LEDGER_READ); // leaves the torn end alone
        assert_int_equal(ledger_size(home->ledger), records);
        home_open(home, LEDGER_WRITE);
        assert_int_equal(ledger_size(home->ledger), records);
        if (is_torn)
            assert_non_null(strstr(ledger_notice(home->ledger), "could not finish"));
        if (records > 4)
            assert_non_null(strstr(ledger_notice(home->ledger), "index.sqlite knew 4 of"));
        assert_null(ledger_notice(home->ledger));
        (void)home_append(home, "cert.signing", home_signing(9));
        home_commit(home);
        home_checkpoint(home);
        home_close(home);
        home_assert_clean(home, records + 1);
        // The next byte cut is tried on the first checkpoint alone again.
        AUTO(builder_done) struct builder notes = BUILDER_INIT;
        home_read(home, "ledger.checkpoints", &notes);
        size_t first =
            (size_t)((char *)memmem(notes.data, notes.len, "\n\n" HOME_ORIGIN, 2 + strlen(HOME_ORIGIN)) -
                     (char *)notes.data) +
            1;
        home_write(home, "ledger.checkpoint", bytes_slice(builder_bytes(&notes), 0, first));
        home_write(home, "ledger.checkpoints", bytes_slice(builder_bytes(&notes), 0, first + 1));
    }
}

static void a_checkpoint_torn_at_any_byte_is_closed_and_the_next_one_counts(void **state)
{
    struct home *home = *state;
    AUTO(builder_done) struct builder first = BUILDER_INIT;
    AUTO(builder_done) struct builder newest = BUILDER_INIT;
    AUTO(builder_done) struct builder both = BUILDER_INIT;
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 0, 1);
    home_checkpoint(home);
    home_read(home, "ledger.checkpoints", &first);
    home_read(home, "ledger.checkpoint", &newest);
    (void)home_issue(home, 1, 1);
    home_checkpoint(home);
    home_close(home);
    home_read(home, "ledger.checkpoints", &both);
    for (size_t cut = first.len; cut <= both.len; cut++) {
        home_remove_index(home);
        home_write(home, "ledger.checkpoints", bytes_slice(builder_bytes(&both), 0, cut));
        home_write(home, "ledger.checkpoint", builder_bytes(&newest));
        home_open(home, LEDGER_WRITE);
        home_checkpoint(home);
        home_open(home, LEDGER_WRITE);
        assert_null(ledger_notice(home->ledger));
        home_close(home);
        home_assert_clean(home, 4);
    }
}

static void a_lost_broken_or_foreign_index_is_made_new_and_said_once(void **state)
{
    struct home *home = *state;
    static const char *const faults[] = {"lost", "garbage", "truncated", "foreign", "old"};
    AUTO(builder_done) struct builder old = BUILDER_INIT;
    struct home other;
    AUTO(builder_done) struct builder foreign = BUILDER_INIT;
    home_init(&other);
    home_open(&other, LEDGER_WRITE);
    (void)home_issue(&other, 50, 30);
    home_close(&other);
    home_read(&other, "index.sqlite", &foreign);
    home_done(&other);
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 0, 3);
    home_close(home);
    home_read(home, "index.sqlite", &old);
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 3, 3);
    home_checkpoint(home);
    home_close(home);
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        for (int mode = 0; mode < 2; mode++) {
            home_remove_index(home);
            if (i == 1)
                home_write(home, "index.sqlite", BYTES_LITERAL("SQLite format 3 it is not"));
            if (i == 2)
                home_write(home, "index.sqlite", bytes_slice(builder_bytes(&old), 0, 9000));
            if (i == 3)
                home_write(home, "index.sqlite", builder_bytes(&foreign));
            if (i == 4)
                home_write(home, "index.sqlite", builder_bytes(&old));
            home_open(home, mode == 0 ? LEDGER_READ : LEDGER_WRITE);
            assert_int_equal(ledger_size(home->ledger), 12);
            const char *notice = ledger_notice(home->ledger);
            if ((i < 4 || mode == 1) && (notice == NULL || strstr(notice, "12 records") == NULL))
                fail_msg("%s: \"%s\"", faults[i], notice == NULL ? "" : notice);
            struct error err = ERROR_INIT;
            uint8_t serial[32];
            bool found;
            AUTO(ledger_entry_done) struct ledger_entry entry = {.serial = NULL};
            home_serial(5, serial);
            assert_done(ledger_find_serial(home->ledger, bytes_of(serial, 20), &entry, &found, &err), err);
            assert_true(found);
            home_close(home);
            // A reader mends it too: what was told is not told again.
            home_open(home, LEDGER_READ);
            assert_null(ledger_notice(home->ledger));
            home_close(home);
        }
        home_open(home, LEDGER_WRITE);
        assert_null(ledger_notice(home->ledger));
        home_close(home);
        home_assert_clean(home, 12);
    }
}

static void an_answer_of_the_index_is_held_against_the_ledger(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder index = BUILDER_INIT;
    AUTO(ledger_entry_done) struct ledger_entry entry = {.serial = NULL};
    uint8_t serial[32], csr[32];
    bool found;
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 0, 2);
    home_close(home);
    home_read(home, "index.sqlite", &index);
    home_digest("csr", 1, csr);
    uint8_t *place = memmem(index.data, index.len, csr, sizeof(csr));
    assert_non_null(place);
    place[9] ^= 1;
    home_write(home, "index.sqlite", builder_bytes(&index));
    home_open(home, LEDGER_WRITE);
    home_serial(1, serial);
    assert_done(ledger_find_serial(home->ledger, bytes_of(serial, 20), &entry, &found, &err), err);
    assert_true(found);
    assert_memory_equal(entry.csr_sha256, csr, 32);
    assert_non_null(ledger_notice(home->ledger));
    home_close(home);
    home_assert_clean(home, 4);
}

/** A home with two checkpoints, and what its files were at the first. */
struct past {
    struct builder log, notes, newest, index;
};

static void make_past(struct home *home, struct past *ret_past)
{
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 0, 3);
    home_checkpoint(home);
    home_close(home);
    home_read(home, "ledger.jsonl", &ret_past->log);
    home_read(home, "ledger.checkpoints", &ret_past->notes);
    home_read(home, "ledger.checkpoint", &ret_past->newest);
    home_read(home, "index.sqlite", &ret_past->index);
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 3, 3);
    home_checkpoint(home);
    (void)home_issue(home, 6, 1);
    home_checkpoint(home);
    home_close(home);
}

static void past_done(struct past *past)
{
    builder_done(&past->log);
    builder_done(&past->notes);
    builder_done(&past->newest);
    builder_done(&past->index);
}
DEFINE_AUTO_VALUE(struct past, past_done);

static void a_ledger_that_was_cut_or_put_back_is_refused(void **state)
{
    struct home *home = *state;
    AUTO(past_done) struct past past = {.log = BUILDER_INIT};
    AUTO(builder_done) struct builder index = BUILDER_INIT;
    make_past(home, &past);
    home_read(home, "index.sqlite", &index);
    for (int mode = 0; mode < 2; mode++) {
        // Only the records are old: the index and the checkpoints know better.
        home_write(home, "ledger.jsonl", builder_bytes(&past.log));
        home_refuse_to_open(home, mode == 0 ? LEDGER_READ : LEDGER_WRITE,
                            "holds 6 records, but index.sqlite has read 14");
        home_remove_index(home);
        home_refuse_to_open(home, mode == 0 ? LEDGER_READ : LEDGER_WRITE,
                            "holds 6 records, but the checkpoint in ledger.checkpoints is of 12");
        home_write(home, "index.sqlite", builder_bytes(&past.index));
        home_refuse_to_open(home, mode == 0 ? LEDGER_READ : LEDGER_WRITE,
                            "holds 6 records, but the checkpoint in ledger.checkpoints is of 12");
        home_remove_index(home);
        home_write(home, "index.sqlite", builder_bytes(&index));
    }
}

static void swapped_or_missing_checkpoints_are_found(void **state)
{
    struct home *home = *state;
    AUTO(past_done) struct past past = {.log = BUILDER_INIT};
    AUTO(builder_done) struct builder notes = BUILDER_INIT;
    AUTO(builder_done) struct builder newest = BUILDER_INIT;
    AUTO(builder_done) struct builder before = BUILDER_INIT;
    make_past(home, &past);
    home_read(home, "ledger.checkpoints", &notes);
    home_read(home, "ledger.checkpoint", &newest);
    home_write(home, "ledger.checkpoint", builder_bytes(&past.newest));
    home_refuse_to_open(home, LEDGER_WRITE, "is of 6 records and not the newest");
    home_refuse_to_open(home, LEDGER_READ, "is of 6 records and not the newest");
    home_write(home, "ledger.checkpoint", builder_bytes(&newest));
    home_write(home, "ledger.checkpoints", builder_bytes(&past.notes));
    home_refuse_to_open(home, LEDGER_WRITE, "checkpoints were cut off");
    home_remove_index(home);
    home_refuse_to_open(home, LEDGER_WRITE, "not the newest of ledger.checkpoints");
    home_write(home, "ledger.checkpoints", builder_bytes(&notes));
    home_remove_index(home);
    // One checkpoint behind is what a crash leaves, but only if the index had not seen the newer one yet.
    home_open(home, LEDGER_WRITE);
    home_read(home, "ledger.checkpoint", &before);
    (void)home_issue(home, 7, 1);
    home_checkpoint(home);
    home_close(home);
    home_write(home, "ledger.checkpoint", builder_bytes(&before));
    home_refuse_to_open(home, LEDGER_WRITE, "is of 14 records and not the newest");
    home_refuse_to_open(home, LEDGER_READ, "is of 14 records and not the newest");
    home_remove_index(home);
    home_open(home, LEDGER_WRITE);
    assert_non_null(strstr(ledger_notice(home->ledger), "was one checkpoint behind"));
    home_close(home);
    assert_int_equal(unlinkat(home->fd, "ledger.checkpoint", 0), 0);
    home_open(home, LEDGER_WRITE);
    home_close(home);
    home_assert_clean(home, 16);
}

static void a_changed_record_under_a_checkpoint_is_found_when_the_index_is_gone(void **state)
{
    struct home *home = *state;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 0, 3);
    home_checkpoint(home);
    home_close(home);
    home_read(home, "ledger.jsonl", &text);
    strstr(builder_text(&text), "CN=device-0001")[3] = 'D';
    home_write(home, "ledger.jsonl", builder_bytes(&text));
    home_remove_index(home);
    home_refuse_to_open(home, LEDGER_WRITE, "are not those the checkpoint");
}

static void a_later_checkpoint_met_elsewhere_shows_a_restored_home(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    AUTO(past_done) struct past past = {.log = BUILDER_INIT};
    AUTO(builder_done) struct builder newest = BUILDER_INIT;
    AUTO(builder_done) struct builder log = BUILDER_INIT;
    bool is_ours;
    make_past(home, &past);
    home_read(home, "ledger.jsonl", &log);
    home_read(home, "ledger.checkpoint", &newest);
    home_open(home, LEDGER_READ);
    assert_done(ledger_checkpoint_meet(home->ledger, builder_bytes(&past.newest), &is_ours, &err), err);
    assert_true(is_ours);
    home_close(home);
    // The whole home is put back: nothing in it disagrees, only the medium knows.
    home_remove_index(home);
    home_write(home, "ledger.jsonl", builder_bytes(&past.log));
    home_write(home, "ledger.checkpoints", builder_bytes(&past.notes));
    home_write(home, "ledger.checkpoint", builder_bytes(&past.newest));
    home_write(home, "index.sqlite", builder_bytes(&past.index));
    home_open(home, LEDGER_WRITE);
    assert_refused(ledger_checkpoint_meet(home->ledger, builder_bytes(&newest), &is_ours, &err), err,
                   ERROR_LEDGER, "is of 14");
    home_close(home);
    // The records are all there, the newest checkpoints are not.
    home_remove_index(home);
    home_write(home, "ledger.jsonl", builder_bytes(&log));
    home_open(home, LEDGER_WRITE);
    assert_refused(ledger_checkpoint_meet(home->ledger, builder_bytes(&newest), &is_ours, &err), err,
                   ERROR_LEDGER, "checkpoints were cut off");
    newest.data[newest.len - 5] ^= 1; // a forged one is no evidence
    assert_done(ledger_checkpoint_meet(home->ledger, builder_bytes(&newest), &is_ours, &err), err);
    assert_false(is_ours);
    assert_done(ledger_checkpoint_meet(home->ledger, BYTES_LITERAL("holiday photos"), &is_ours, &err), err);
    assert_false(is_ours);
}

static void a_run_without_room_says_so_and_the_next_one_goes_on(void **state)
{
    struct home *home = *state;
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 0, 2);
    home_close(home);
    struct stat status;
    assert_int_equal(fstatat(home->fd, "ledger.jsonl", &status, 0), 0);
    pid_t child = fork();
    if (child == 0) {
        // In a process of its own: the limit stays with it.
        struct error err = ERROR_INIT;
        struct rlimit limit = {(rlim_t)status.st_size + 1000, (rlim_t)status.st_size + 1000};
        bool holds = ledger_open(home->fd, home->vkey, LEDGER_WRITE, 0, &home->ledger, &err);
        (void)signal(SIGXFSZ, SIG_IGN);
        holds = holds && setrlimit(RLIMIT_FSIZE, &limit) == 0;
        for (unsigned i = 10; i < 14; i++)
            holds = holds && ledger_append(home->ledger, "cert.signing", home_signing(i), NULL, &err);
        holds = holds && !ledger_commit(home->ledger, &err) && err.kind == ERROR_INPUT && err.native == EFBIG;
        holds = holds && !ledger_append(home->ledger, "cert.signing", home_signing(20), NULL, &err);
        _exit(holds && strstr(err.text, "what was committed before is safe") != NULL ? 0 : 1);
    }
    int result;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_int_equal(result, 0);
    home_open(home, LEDGER_WRITE);
    assert_non_null(strstr(ledger_notice(home->ledger), "could not finish"));
    uint64_t size = ledger_size(home->ledger);
    assert_in_range(size, 4, 7);
    (void)home_append(home, "cert.signing", home_signing(30));
    home_commit(home);
    home_close(home);
    home_assert_clean(home, size + 1);
}

static void a_reader_needs_no_right_to_write(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder index = BUILDER_INIT;
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 0, 2);
    home_close(home);
    home_read(home, "index.sqlite", &index);
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 2, 2);
    home_checkpoint(home);
    home_close(home);
    home_write(home, "index.sqlite", builder_bytes(&index)); // stale as well
    assert_int_equal(fchmod(home->fd, 0555), 0);
    pid_t child = fork();
    if (child == 0) {
        struct ledger *ledger = NULL;
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
            _exit(3);
        bool refused = !ledger_open(home->fd, home->vkey, LEDGER_WRITE, 0, &ledger, &err);
        bool opened = ledger_open(home->fd, home->vkey, LEDGER_READ, 0, &ledger, &err);
        if (!opened)
            (void)fprintf(stderr, "%s\n", err.text);
        _exit(refused && opened && ledger_size(ledger) == 8 ? 0 : 1);
    }
    int result;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_int_equal(fchmod(home->fd, 0755), 0);
    assert_int_equal(result, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_tail_torn_at_any_byte_of_the_last_group_is_closed_and_the_ledger_goes_on, setup, teardown),
        cmocka_unit_test_setup_teardown(a_checkpoint_torn_at_any_byte_is_closed_and_the_next_one_counts,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_lost_broken_or_foreign_index_is_made_new_and_said_once, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_answer_of_the_index_is_held_against_the_ledger, setup, teardown),
        cmocka_unit_test_setup_teardown(a_ledger_that_was_cut_or_put_back_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(swapped_or_missing_checkpoints_are_found, setup, teardown),
        cmocka_unit_test_setup_teardown(a_changed_record_under_a_checkpoint_is_found_when_the_index_is_gone,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_later_checkpoint_met_elsewhere_shows_a_restored_home, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_run_without_room_says_so_and_the_next_one_goes_on, setup, teardown),
        cmocka_unit_test_setup_teardown(a_reader_needs_no_right_to_write, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
