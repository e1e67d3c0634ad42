/* SPDX-License-Identifier: Apache-2.0 */
/* An index that can't be used: of what kind the fault is, so that who opens it knows whether a new one helps, and what is told of it. */
#include "ledger/log.h"
#include "ledger_home.h"

#include <dlfcn.h>
#include <sys/prctl.h>
#include <sys/wait.h>

static int code; /* what SQLite says went wrong; 0: what it says itself */

/** In place of SQLite's, for what is linked with this test. */
int sqlite3_extended_errcode(sqlite3 *db)
{
    int (*own)(sqlite3 *) =
        code != 0 ? NULL : (int (*)(sqlite3 *))dlsym(RTLD_NEXT, "sqlite3_extended_errcode");
    return own == NULL ? code : own(db);
}

static int setup(void **state)
{
    struct home *home = memory_new(1, sizeof(*home));
    code = 0;
    home_init(home);
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 0, 2);
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

static void assert_not_opened(const struct home *home, enum index_mode mode, enum error_kind kind,
                              unsigned long native, const char *text)
{
    struct error err = ERROR_INIT;
    struct index *index = NULL;
    assert_false(index_open(home->fd, mode, home->vkey, &index, &err));
    assert_null(index);
    assert_string_equal(err.text, text);
    assert_int_equal(err.kind, kind);
    assert_int_equal(err.native, native);
}

static void assert_opened(const struct home *home, enum index_mode mode)
{
    struct error err = ERROR_INIT;
    struct index *index = NULL;
    assert_done(index_open(home->fd, mode, home->vkey, &index, &err), err);
    index_close(index);
}

static void what_is_not_there_or_empty_awaits_a_writer(void **state)
{
    struct home *home = *state;
    home_remove_index(home);
    assert_not_opened(home, INDEX_READ, ERROR_LEDGER, SQLITE_EMPTY, "index.sqlite was not there");
    assert_int_not_equal(faccessat(home->fd, "index.sqlite", F_OK, 0), 0); // a reader makes none
    home_write(home, "index.sqlite", bytes_of(NULL, 0));
    assert_not_opened(home, INDEX_READ, ERROR_LEDGER, SQLITE_EMPTY, "index.sqlite is empty");
    assert_opened(home, INDEX_WRITE); // who makes it
    assert_opened(home, INDEX_READ);
    home_remove_index(home);
    assert_opened(home, INDEX_WRITE);
    assert_opened(home, INDEX_READ);
}

static void what_is_no_file_is_not_read(void **state)
{
    static const char text[] = "index.sqlite is not a file";
    struct home *home = *state;
    home_remove_index(home);
    assert_int_equal(mkfifoat(home->fd, "index.sqlite", 0600), 0);
    assert_not_opened(home, INDEX_READ, ERROR_LEDGER, 0, text);
    assert_not_opened(home, INDEX_WRITE, ERROR_LEDGER, 0, text);
    assert_opened(home, INDEX_SCRATCH); // needs none
    home_remove_index(home);
    assert_int_equal(symlinkat("elsewhere", home->fd, "index.sqlite"), 0);
    assert_not_opened(home, INDEX_READ, ERROR_LEDGER, 0, text);
    assert_not_opened(home, INDEX_WRITE, ERROR_LEDGER, 0, text);
    home_remove_index(home);
}

static void what_is_of_others_is_made_anew(void **state)
{
    static const struct {
        const char *sql, *text;
        unsigned long native;
    } cases[] = {
        {"UPDATE state SET version = 4", "index.sqlite was made by an older version of coldca", SQLITE_EMPTY},
        {"UPDATE state SET version = 6", "index.sqlite is of another ledger or another version", 0},
        {"UPDATE state SET vkey = vkey || 'x', version = 4",
         "index.sqlite is of another ledger or another version", 0},
        {"DELETE FROM state", "index.sqlite is of another ledger or another version", 0},
        {"DROP TABLE state; CREATE TABLE state(id, size)",
         "index.sqlite can't be read: no such column: version", SQLITE_ERROR},
    };
    struct home *home = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        home_change_index(home, cases[i].sql);
        assert_not_opened(home, INDEX_READ, ERROR_LEDGER, cases[i].native, cases[i].text);
        assert_not_opened(home, INDEX_WRITE, ERROR_LEDGER, cases[i].native, cases[i].text);
        home_remove_index(home);
        home_open(home, LEDGER_WRITE);
        home_close(home);
    }
    home_write(home, "index.sqlite", BYTES_LITERAL("it is a letter and no database"));
    assert_not_opened(home, INDEX_READ, ERROR_LEDGER, SQLITE_NOTADB,
                      "index.sqlite can't be read: file is not a database");
    assert_not_opened(home, INDEX_WRITE, ERROR_LEDGER, SQLITE_NOTADB,
                      "index.sqlite can't be read: file is not a database");
}

static void all_of_an_index_is_removed_or_it_is_told(void **state)
{
    static const char *const names[] = {"index.sqlite", "index.sqlite-wal", "index.sqlite-shm",
                                        "index.sqlite-journal"};
    struct home *home = *state;
    struct error err = ERROR_INIT;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        home_write(home, names[i], BYTES_LITERAL("x"));
    assert_done(index_remove(home->fd, &err), err);
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        assert_int_not_equal(faccessat(home->fd, names[i], F_OK, 0), 0);
    assert_done(index_remove(home->fd, &err), err); // there was none
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        AUTO(free) char *text = memory_format("can't remove %s: Is a directory", names[i]);
        struct error told = ERROR_INIT;
        assert_int_equal(mkdirat(home->fd, names[i], 0700), 0);
        assert_false(index_remove(home->fd, &told));
        assert_string_equal(told.text, text);
        assert_int_equal(told.kind, ERROR_INPUT);
        assert_int_equal(unlinkat(home->fd, names[i], AT_REMOVEDIR), 0);
    }
}

/** What somebody who may only read it is told: "" if he can. */
static char *told_to_a_reader(const struct home *home)
{
    int ends[2];
    char text[256] = "";
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        struct error err = ERROR_INIT;
        struct index *index = NULL;
        if (setgid(65534) != 0 || setuid(65534) != 0 || prctl(PR_SET_DUMPABLE, 1) != 0) // for /proc/self/fd
            _exit(3);
        bool is_open = index_open(home->fd, INDEX_READ, home->vkey, &index, &err);
        if (!is_open && write(ends[1], err.text, err.len) != (ssize_t)err.len)
            _exit(3);
        _exit(is_open || err.native == SQLITE_EMPTY ? 0 : 1);
    }
    int result;
    close(ends[1]);
    ssize_t len = read(ends[0], text, sizeof(text) - 1);
    close(ends[0]);
    assert_true(len >= 0);
    assert_int_equal(waitpid(child, &result, 0), child);
    if (result != 0)
        fail_msg("%d: %s", result, text);
    return memory_text(text);
}

/** What a run that died left in its log: only who writes can take it in. */
static void a_log_of_a_run_that_died_awaits_a_writer(void **state)
{
    static const char text[] = "index.sqlite awaits what a run that died left in index.sqlite-wal";
    struct home *home = *state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(fchmod(home->fd, 0755), 0);
    AUTO(free) char *without = told_to_a_reader(home);
    assert_string_equal(without, "");
    home_write(home, "index.sqlite-wal", bytes_of(NULL, 0)); // nothing is in it
    AUTO(free) char *empty = told_to_a_reader(home);
    assert_string_equal(empty, "");
    home_write(home, "index.sqlite-wal", BYTES_LITERAL("w"));
    AUTO(free) char *waiting = told_to_a_reader(home);
    assert_string_equal(waiting, text);
    assert_opened(home, INDEX_READ); // by who may write
    home_remove_index(home);
    home_open(home, LEDGER_WRITE); // one who lives
    (void)home_issue(home, 2, 1);
    assert_int_equal(fchmodat(home->fd, "lock", 0644, 0), 0); // which the reader is to see
    struct stat log;
    assert_int_equal(fstatat(home->fd, "index.sqlite-wal", &log, 0), 0);
    assert_true(log.st_size > 0);
    AUTO(free) char *beside = told_to_a_reader(home);
    assert_string_equal(beside, "");
}

/** A disk that is at fault says nothing of the ledger; all else does, and a new index may help. */
static void faults_of_the_disk_are_no_faults_of_the_ledger(void **state)
{
    static const int outside[] = {SQLITE_IOERR,
                                  SQLITE_IOERR_READ,
                                  SQLITE_IOERR_FSYNC,
                                  SQLITE_CANTOPEN,
                                  SQLITE_CANTOPEN_FULLPATH,
                                  SQLITE_READONLY,
                                  SQLITE_READONLY_DBMOVED,
                                  SQLITE_PERM,
                                  SQLITE_BUSY,
                                  SQLITE_BUSY_RECOVERY};
    static const int inside[] = {SQLITE_ERROR,      SQLITE_CORRUPT,  SQLITE_CORRUPT_VTAB, SQLITE_NOTADB,
                                 SQLITE_CONSTRAINT, SQLITE_MISMATCH, SQLITE_NOMEM,        SQLITE_PROTOCOL};
    static const int full[] = {SQLITE_FULL, SQLITE_IOERR_SHMSIZE};
    struct home *home = *state;
    struct error err = ERROR_INIT;
    struct index *index = NULL;
    struct index *scratch = NULL;
    assert_done(index_open(home->fd, INDEX_WRITE, home->vkey, &index, &err), err);
    assert_done(index_open(home->fd, INDEX_SCRATCH, home->vkey, &scratch, &err), err);
    for (size_t i = 0; i < ARRAY_LEN(outside) + ARRAY_LEN(inside); i++) {
        bool is_outside = i < ARRAY_LEN(outside);
        code = is_outside ? outside[i] : inside[i - ARRAY_LEN(outside)];
        assert_refused(index_fail(index, &err), err, is_outside ? ERROR_INPUT : ERROR_LEDGER,
                       "index.sqlite can't be read: ");
        assert_int_equal(err.native, code);
    }
    for (size_t i = 0; i < ARRAY_LEN(full); i++) {
        code = full[i];
        assert_refused(index_fail(index, &err), err, ERROR_INPUT,
                       "index.sqlite can't grow, the disk is full: free some space, then run the command");
        assert_int_equal(err.native, SQLITE_FULL);
    }
    code = SQLITE_FULL;
    assert_refused(index_fail(scratch, &err), err, ERROR_INPUT,
                   "the disk of SQLite's temporary files is full: free some space there, or name another "
                   "directory in SQLITE_TMPDIR");
    assert_int_equal(err.native, SQLITE_FULL);
    code = SQLITE_IOERR;
    assert_refused(index_fail(scratch, &err), err, ERROR_INPUT, "index.sqlite can't be read: ");
    code = 0;
    index_close(index);
    index_close(scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_not_there_or_empty_awaits_a_writer, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_no_file_is_not_read, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_of_others_is_made_anew, setup, teardown),
        cmocka_unit_test_setup_teardown(all_of_an_index_is_removed_or_it_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(faults_of_the_disk_are_no_faults_of_the_ledger, setup, teardown),
        cmocka_unit_test_setup_teardown(a_log_of_a_run_that_died_awaits_a_writer, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
