/* SPDX-License-Identifier: Apache-2.0 */
/* What an opening tells, word for word: what it found, what it did about it, and what a person has to do. */
#include "ledger_home.h"

#include <inttypes.h>
#include <sys/wait.h>

static int setup(void **state)
{
    struct home *home = memory_new(1, sizeof(*home));
    home_init(home);
    home_open(home, LEDGER_WRITE);
    *state = home;
    return 0;
}

static int teardown(void **state)
{
    home_done(*state);
    free(*state);
    return 0;
}

/** Opens; this is told, and nothing else. */
static void assert_told(struct home *home, enum ledger_mode mode, uint64_t records, const char *text)
{
    home_open(home, mode);
    assert_int_equal(ledger_size(home->ledger), records);
    const char *notice = ledger_notice(home->ledger);
    assert_string_equal(notice == NULL ? "" : notice, text);
    assert_null(ledger_notice(home->ledger));
    home_close(home);
}

static void assert_refused_with(struct home *home, enum ledger_mode mode, const char *text)
{
    struct error err = ERROR_INIT;
    struct ledger *ledger = NULL;
    home_close(home);
    assert_false(ledger_open(home->fd, home->vkey, mode, 0, &ledger, &err));
    assert_null(ledger);
    assert_string_equal(err.text, text);
    assert_int_equal(err.kind, ERROR_LEDGER);
}

static uint64_t len_of(const struct home *home, const char *name)
{
    struct stat status;
    assert_int_equal(fstatat(home->fd, name, &status, 0), 0);
    return (uint64_t)status.st_size;
}

static void cut(struct home *home, const char *name, uint64_t len)
{
    AUTO(builder_done) struct builder whole = BUILDER_INIT;
    home_close(home);
    home_read(home, name, &whole);
    home_write(home, name, bytes_slice(builder_bytes(&whole), 0, (size_t)len));
}

static void torn_ends_are_told_with_their_place(void **state)
{
    struct home *home = *state;
    home_add_to(home, "ledger.jsonl", BYTES_LITERAL("{\"ba"));
    assert_told(home, LEDGER_READ, 0, "");
    assert_told(home, LEDGER_WRITE, 0,
                "took back the first record of ledger.jsonl, which an earlier run could not finish");
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 0, 1);
    home_checkpoint(home);
    home_add_to(home, "ledger.jsonl", BYTES_LITERAL("{\"ba"));
    AUTO(free)
    char *record = memory_format(
        "closed a record of ledger.jsonl that an earlier run could not finish, at byte %" PRIu64,
        len_of(home, "ledger.jsonl"));
    assert_told(home, LEDGER_READ, 2, "");
    assert_told(home, LEDGER_WRITE, 2, record);
    home_add_to(home, "ledger.checkpoints", BYTES_LITERAL("ca.ex"));
    AUTO(free)
    char *note = memory_format(
        "closed a record of ledger.checkpoints that an earlier run could not finish, at byte %" PRIu64,
        len_of(home, "ledger.checkpoints"));
    assert_told(home, LEDGER_READ, 2, "");
    assert_told(home, LEDGER_WRITE, 2, note);
    home_add_to(home, "ledger.checkpoints", BYTES_LITERAL(HOME_ORIGIN "\n2\n"));
    assert_told(home, LEDGER_READ, 2, "");
    assert_told(home, LEDGER_WRITE, 2,
                "closed a checkpoint of ledger.checkpoints that an earlier run could not finish");
    assert_told(home, LEDGER_WRITE, 2, "");
    home_assert_clean(home, 2);
}

static void what_the_index_lacked_is_told_by_writers(void **state)
{
    struct home *home = *state;
    AUTO(builder_done) struct builder index = BUILDER_INIT;
    (void)home_issue(home, 0, 1);
    home_close(home);
    home_read(home, "index.sqlite", &index);
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 1, 2);
    home_close(home);
    home_remove_index(home);
    assert_told(home, LEDGER_WRITE, 6, "index.sqlite was not there: made it from the ledger's 6 records");
    home_remove_index(home);
    home_write(home, "index.sqlite", builder_bytes(&index));
    assert_told(home, LEDGER_READ, 6, "");
    assert_told(home, LEDGER_WRITE, 6,
                "index.sqlite knew 2 of the ledger's 6 records, after a crash or from another day: read the "
                "others");
    assert_told(home, LEDGER_WRITE, 6, "");
}

static void an_index_that_is_wrong_is_told_with_the_reason(void **state)
{
    static const struct {
        const char *sql, *why;
    } lies[] = {
        {"UPDATE state SET version = 4", "index.sqlite was made by an older version of coldca"},
        {"UPDATE state SET version = 6", "index.sqlite is of another ledger or another version"},
        {"UPDATE state SET vkey = 'x'", "index.sqlite is of another ledger or another version"},
        {"DELETE FROM state", "index.sqlite is of another ledger or another version"},
        {"UPDATE state SET size = -1", "index.sqlite does not say how far it has read"},
        {"UPDATE state SET offset = -1", "index.sqlite does not say how far it has read"},
        {"UPDATE state SET notes_offset = -1", "index.sqlite does not say how far it has read"},
        {"UPDATE state SET notes_last = -1", "index.sqlite does not say how far it has read"},
        {"UPDATE state SET notes_previous = -1", "index.sqlite does not say how far it has read"},
        {"DELETE FROM tiles", "index.sqlite lacks tile 0/0 of the tree"},
        {"UPDATE tiles SET hashes = substr(hashes, 1, 127)", "index.sqlite lacks tile 0/0 of the tree"},
        {"UPDATE tiles SET hashes = substr(hashes, 1, 96)", "index.sqlite lacks tile 0/0 of the tree"},
        {"UPDATE tiles SET hashes = zeroblob(128)", "index.sqlite does not fit ledger.jsonl"},
        {"UPDATE records SET offset = offset + 1 WHERE seq = 3", "index.sqlite does not fit ledger.jsonl"},
        {"DELETE FROM records WHERE seq = 3", "index.sqlite does not fit ledger.jsonl"},
        {"UPDATE records SET len = 65536 WHERE seq = 3", "index.sqlite does not fit ledger.jsonl"},
        {"UPDATE state SET offset = offset - 1", "index.sqlite does not fit ledger.jsonl"},
        {"UPDATE state SET offset = offset + 1", "index.sqlite is of another ledger"},
        {"UPDATE state SET notes_last = notes_offset", "index.sqlite does not fit ledger.checkpoints"},
    };
    struct home *home = *state;
    (void)home_issue(home, 0, 2);
    home_checkpoint(home);
    for (size_t i = 0; i < 2 * ARRAY_LEN(lies); i++) {
        const char *why = lies[i / 2].why;
        AUTO(free) char *words = memory_format("%s: read the ledger's 4 records again", why);
        home_change_index(home, lies[i / 2].sql);
        home_open(home, i % 2 == 0 ? LEDGER_WRITE : LEDGER_READ);
        const char *notice = ledger_notice(home->ledger);
        if (notice == NULL || strcmp(notice, words) != 0)
            fail_msg("%s: \"%s\"", lies[i / 2].sql, notice == NULL ? "" : notice);
        assert_null(ledger_notice(home->ledger));
        assert_int_equal(ledger_checkpoint_size(home->ledger), 4);
        home_close(home);
        home_assert_clean(home, 4);
    }
}

/** Who may not write the home, or comes while another does, tells that it stays as it is. */
static void a_reader_that_cannot_mend_says_who_will(void **state)
{
    static const char words[] = "index.sqlite was made by an older version of coldca: read the ledger's 2 "
                                "records again (the next command that writes repairs it)";
    struct home *home = *state;
    struct ledger *reader = NULL;
    struct error err = ERROR_INIT;
    (void)home_issue(home, 0, 1);
    home_change_index(home, "UPDATE state SET version = 4");
    assert_int_equal(fchmod(home->fd, 0755), 0);
    pid_t child = fork();
    if (child == 0) {
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
            _exit(3);
        bool is_open = ledger_open(home->fd, home->vkey, LEDGER_READ, 0, &reader, &err);
        _exit(is_open && strcmp(ledger_notice(reader), words) == 0 ? 0 : 1);
    }
    int result;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_true(geteuid() != 0 || result == 0);
    home_open(home, LEDGER_WRITE);
    AUTO(close) int lock_fd = openat(home->fd, "lock", O_RDWR | O_CLOEXEC);
    home_change_index(home, "UPDATE state SET version = 4");
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    assert_int_equal(fcntl(lock_fd, F_OFD_SETLK, &whole), 0); // another is at work
    assert_told(home, LEDGER_READ, 2, words);
    whole.l_type = F_UNLCK;
    assert_int_equal(fcntl(lock_fd, F_OFD_SETLK, &whole), 0);
    if (geteuid() == 0) { // a file of root's would keep the home's owner from writing
        assert_int_equal(fchown(home->fd, 65534, 65534), 0);
        assert_told(home, LEDGER_READ, 2, words);
        assert_int_equal(fchown(home->fd, 0, 0), 0);
    }
    assert_told(home, LEDGER_WRITE, 2,
                "index.sqlite was made by an older version of coldca: read the ledger's 2 records again");
}

static void checkpoints_that_are_missing_or_behind_are_told(void **state)
{
    struct home *home = *state;
    AUTO(builder_done) struct builder index = BUILDER_INIT;
    AUTO(builder_done) struct builder before = BUILDER_INIT;
    AUTO(builder_done) struct builder after = BUILDER_INIT;
    AUTO(builder_done) struct builder made = BUILDER_INIT;
    (void)home_issue(home, 0, 1);
    home_checkpoint(home);
    home_close(home);
    home_read(home, "index.sqlite", &index);
    home_read(home, "ledger.checkpoint", &before);
    home_open(home, LEDGER_WRITE);
    (void)home_append(home, "test.note", json_new_object());
    home_commit(home);
    home_checkpoint(home);
    home_close(home);
    home_read(home, "ledger.checkpoint", &after);
    assert_int_equal(unlinkat(home->fd, "ledger.checkpoint", 0), 0);
    assert_told(
        home, LEDGER_READ, 3,
        "ledger.checkpoint was missing: the next command that writes makes it from ledger.checkpoints");
    assert_told(home, LEDGER_WRITE, 3, "ledger.checkpoint was missing: made it from ledger.checkpoints");
    home_read(home, "ledger.checkpoint", &made);
    assert_true(bytes_equal(builder_bytes(&made), builder_bytes(&after)));
    home_write(home, "ledger.checkpoint", builder_bytes(&before));
    home_remove_index(home);
    home_write(home, "index.sqlite", builder_bytes(&index));
    assert_told(home, LEDGER_READ, 3, "");
    home_open(home, LEDGER_WRITE);
    assert_string_equal(ledger_notice(home->ledger), "ledger.checkpoint was one checkpoint behind: an "
                                                     "earlier run was stopped; repaired it");
    assert_string_equal(ledger_notice(home->ledger), "index.sqlite knew 2 of the ledger's 3 records, after a "
                                                     "crash or from another day: read the others");
    assert_null(ledger_notice(home->ledger));
    home_close(home);
    assert_told(home, LEDGER_WRITE, 3, "");
    home_assert_clean(home, 3);
}

/** A run that did nothing but sign a checkpoint: the one before in its place is no crash's. */
static void the_checkpoint_before_is_told_from_one_that_a_crash_left(void **state)
{
    struct home *home = *state;
    AUTO(builder_done) struct builder before = BUILDER_INIT;
    (void)home_issue(home, 0, 1);
    home_checkpoint(home);
    (void)home_append(home, "test.note", json_new_object());
    home_commit(home);
    home_read(home, "ledger.checkpoint", &before);
    home_open(home, LEDGER_WRITE);
    home_checkpoint(home);
    home_close(home);
    home_write(home, "ledger.checkpoint", builder_bytes(&before));
    home_refuse_to_open(home, LEDGER_WRITE, "ledger.checkpoint is of 2 records and not the newest");
    home_refuse_to_open(home, LEDGER_READ, "ledger.checkpoint is of 2 records and not the newest");
}

/** An index that points to no whole checkpoint is made anew: the files say what is so. */
static void an_index_that_points_beside_the_newest_checkpoint_is_made_anew(void **state)
{
    struct home *home = *state;
    (void)home_issue(home, 0, 1);
    home_checkpoint(home);
    home_change_index(home, "UPDATE state SET notes_last = notes_last + 1");
    home_open(home, LEDGER_WRITE);
    const char *notice = ledger_notice(home->ledger);
    assert_non_null(notice);
    assert_non_null(strstr(notice, "a checkpoint in ledger.checkpoints does not hold: "));
    assert_non_null(strstr(notice, ": read the ledger's 2 records again"));
    assert_int_equal(ledger_checkpoint_size(home->ledger), 2);
    home_close(home);
    assert_told(home, LEDGER_WRITE, 2, "");
    home_assert_clean(home, 2);
}

static char *damage_text(uint64_t seq, uint64_t offset, const char *why, bool is_covered)
{
    if (is_covered)
        return memory_format("ledger.jsonl is damaged at record %" PRIu64 " (byte %" PRIu64 "): %s; "
                             "`coldca ledger verify` has details, restore the file from a copy",
                             seq, offset, why);
    return memory_format("ledger.jsonl is damaged at record %" PRIu64 " (byte %" PRIu64
                         "): %s; no checkpoint covers it. If the power failed while coldca ran, nothing "
                         "from there on was delivered: keep a copy of the home, then (after `chattr -a`, "
                         "if that was set) `truncate -s %" PRIu64 " ledger.jsonl` and run the command "
                         "again. Else restore the file from a copy",
                         seq, offset, why, offset);
}

/** A record that is damaged: whether a checkpoint covers it says what can be done. */
static void damage_is_told_with_its_place_and_what_can_be_done(void **state)
{
    static const struct {
        struct bytes line;
        const char *why;
    } cases[] = {
        {BYTES_LITERAL("{\"operator\":\"a\",\"seq\":2,\"time\":\"2999-01-01T00:00:00Z\",\"type\":\"t\"}\n"),
         NULL},
        {BYTES_LITERAL("{\"operator\":\"a\",\"seq\":3,\"time\":\"2999-01-01T00:00:00Z\",\"type\":\"t\"}\n"),
         "its seq does not follow"},
        {BYTES_LITERAL("{\"operator\":\"a\",\"seq\":2,\"time\":\"1999-01-01T00:00:00Z\",\"type\":\"t\"}\n"),
         "its time is before that of the record before"},
        {BYTES_LITERAL("[]\n"), "not a JSON object"},
    };
    struct home *home = *state;
    (void)home_issue(home, 0, 1);
    home_checkpoint(home);
    home_close(home);
    uint64_t len = len_of(home, "ledger.jsonl");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(free) char *words = damage_text(2, len, cases[i].why == NULL ? "" : cases[i].why, false);
        cut(home, "ledger.jsonl", len);
        home_remove_index(home);
        home_add_to(home, "ledger.jsonl", cases[i].line);
        if (cases[i].why == NULL) {
            assert_told(home, LEDGER_READ, 3,
                        "index.sqlite was not there: read the ledger's 3 records again");
            continue;
        }
        for (int mode = 0; mode < 2; mode++)
            assert_refused_with(home, mode == 0 ? LEDGER_READ : LEDGER_WRITE, words);
    }
    // The same under a checkpoint: nobody lost power there.
    cut(home, "ledger.jsonl", len);
    home_remove_index(home);
    home_open(home, LEDGER_WRITE);
    (void)home_append(home, "test.note", json_new_object());
    home_commit(home);
    home_checkpoint(home);
    cut(home, "ledger.jsonl", len);
    home_remove_index(home);
    home_add_to(home, "ledger.jsonl", BYTES_LITERAL("[]\n"));
    AUTO(free) char *covered = damage_text(2, len, "not a JSON object", true);
    assert_refused_with(home, LEDGER_WRITE, covered);
    // What can't be read, or is gone, may have covered it.
    home_write(home, "ledger.checkpoint", BYTES_LITERAL("a letter\n"));
    assert_refused_with(home, LEDGER_WRITE, covered);
    assert_int_equal(unlinkat(home->fd, "ledger.checkpoint", 0), 0);
    assert_refused_with(home, LEDGER_WRITE, covered);
}

static void a_void_line_before_all_records_is_damage(void **state)
{
    struct home *home = *state;
    home_close(home);
    home_write(home, "ledger.jsonl", BYTES_LITERAL("x\x18\n"));
    home_remove_index(home);
    AUTO(free) char *words = damage_text(0, 0, "a void line stands before the first record", true);
    assert_refused_with(home, LEDGER_WRITE, words);
    assert_refused_with(home, LEDGER_READ, words);
    home_write(home, "ledger.jsonl", bytes_of(NULL, 0));
}

/* More of these, and of other files that were cut or put back: recover_test. */
static void what_was_cut_is_told_with_what_is_left(void **state)
{
    static const char notes_cut[] =
        "ledger.checkpoints holds %" PRIu64 " bytes, but index.sqlite has read %" PRIu64
        ": checkpoints were cut off; put the newer ledger.checkpoints back";
    struct home *home = *state;
    (void)home_issue(home, 0, 1);
    home_checkpoint(home);
    home_close(home);
    uint64_t first = len_of(home, "ledger.checkpoints");
    uint64_t records = len_of(home, "ledger.jsonl");
    home_open(home, LEDGER_WRITE);
    (void)home_append(home, "test.note", json_new_object());
    home_commit(home);
    home_checkpoint(home);
    home_close(home);
    AUTO(builder_done) struct builder notes = BUILDER_INIT;
    home_read(home, "ledger.checkpoints", &notes);
    uint64_t both = len_of(home, "ledger.checkpoints");
    AUTO(free) char *words = memory_format(notes_cut, first, both);
    cut(home, "ledger.checkpoints", first);
    for (int mode = 0; mode < 2; mode++)
        assert_refused_with(home, mode == 0 ? LEDGER_READ : LEDGER_WRITE, words);
    home_write(home, "ledger.checkpoints", builder_bytes(&notes));
    cut(home, "ledger.jsonl", records);
    for (int mode = 0; mode < 2; mode++)
        assert_refused_with(home, mode == 0 ? LEDGER_READ : LEDGER_WRITE,
                            "ledger.jsonl holds 2 records, but index.sqlite has read 3 of the same history: "
                            "the ledger was cut or an old copy restored; put the newer ledger.jsonl back");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(torn_ends_are_told_with_their_place, setup, teardown),
        cmocka_unit_test_setup_teardown(what_the_index_lacked_is_told_by_writers, setup, teardown),
        cmocka_unit_test_setup_teardown(an_index_that_is_wrong_is_told_with_the_reason, setup, teardown),
        cmocka_unit_test_setup_teardown(a_reader_that_cannot_mend_says_who_will, setup, teardown),
        cmocka_unit_test_setup_teardown(checkpoints_that_are_missing_or_behind_are_told, setup, teardown),
        cmocka_unit_test_setup_teardown(the_checkpoint_before_is_told_from_one_that_a_crash_left, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_index_that_points_beside_the_newest_checkpoint_is_made_anew, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(damage_is_told_with_its_place_and_what_can_be_done, setup, teardown),
        cmocka_unit_test_setup_teardown(a_void_line_before_all_records_is_damage, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_cut_is_told_with_what_is_left, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
