/* SPDX-License-Identifier: Apache-2.0 */
/* index.sqlite when its disk fails SQLite in the middle of a run, when others write meanwhile, and after an update. */
#include "ledger_home.h"

#include <errno.h>
#include <sqlite3.h>

/* What SQLite calls in place of pread() and open(): faults, and a moment for somebody else to write. */
static int reads_to_fail;
static void (*before_opening)(void);

static ssize_t read_or_fail(int fd, void *data, size_t len, off_t offset)
{
    bool is_page = len >= 1024; // headers are read in smaller pieces
    if (reads_to_fail == 0 || !is_page)
        return pread(fd, data, len, offset);
    reads_to_fail--;
    errno = EBADMSG; // a file system's checksum; SQLite rolls back for it, but not for EIO
    return -1;
}

static int open_later(const char *path, int flags, int mode)
{
    void (*work)(void) = before_opening;
    before_opening = NULL;
    if (work != NULL)
        work();
    return open(path, flags, mode);
}

static int set_up_all(void **state)
{
    (void)state;
    assert_int_equal(sqlite3_initialize(), SQLITE_OK);
    sqlite3_vfs *system = sqlite3_vfs_find(NULL);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(system->xSetSystemCall(system, i == 0 ? "pread" : "pread64",
                                                (sqlite3_syscall_ptr)(void (*)(void))read_or_fail),
                         SQLITE_OK);
    return system->xSetSystemCall(system, "open", (sqlite3_syscall_ptr)(void (*)(void))open_later);
}

static int setup(void **state)
{
    struct home *home = memory_new(1, sizeof(*home));
    home_init(home);
    reads_to_fail = 0;
    before_opening = NULL;
    *state = home;
    return 0;
}

static int teardown(void **state)
{
    home_done(*state);
    free(*state);
    return 0;
}

static void expect_found(struct home *home, unsigned number)
{
    struct error err = ERROR_INIT;
    uint8_t serial[32];
    bool found;
    AUTO(ledger_entry_done) struct ledger_entry entry = {.serial = NULL};
    home_serial(number, serial);
    assert_done(ledger_find_serial(home->ledger, bytes_of(serial, 20), &entry, &found, &err), err);
    assert_true(found);
}

/** 4,000 certificates, whose keys are in the large table: opening does not read that. */
static void open_with_history(struct home *home)
{
    home_open(home, LEDGER_WRITE);
    for (unsigned first = 0; first < 4000; first += 500)
        (void)home_issue(home, first, 500);
    home_change_index(home, "INSERT INTO keys SELECT * FROM fresh_keys; DELETE FROM fresh_keys");
    home_open(home, LEDGER_WRITE);
}

/** Appends until a look-up in the index has to read a page that can't be read. */
static void append_until_the_disk_fails(struct home *home, unsigned first)
{
    struct error err = ERROR_INIT;
    bool is_fine = true;
    reads_to_fail = 1;
    for (unsigned i = 0; is_fine && i < 500; i++)
        is_fine = ledger_append(home->ledger, "cert.signing", home_signing(first + i), NULL, &err);
    assert_false(is_fine);
    assert_int_equal(reads_to_fail, 0);
}

static void a_run_ends_when_sqlite_took_back_what_was_not_committed(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    struct ledger_entry *entries = NULL;
    size_t count = 0;
    open_with_history(home);
    (void)home_issue(home, 4000, 3);
    append_until_the_disk_fails(home, 5000);
    // As a run does that fails: it commits what it has, abandons what is unfinished, and makes a checkpoint.
    assert_refused(ledger_commit(home->ledger, &err), err, ERROR_INPUT, "lost what it had not committed");
    assert_refused(ledger_unfinished(home->ledger, &entries, &count, &err), err, ERROR_INPUT,
                   "run the command again");
    assert_refused(ledger_append(home->ledger, "cert.signing", home_signing(6000), NULL, &err), err,
                   ERROR_INPUT, "run the command again");
    home_open(home, LEDGER_WRITE);
    assert_int_equal(ledger_size(home->ledger), 2 * 4003);
    assert_non_null(
        strstr(ledger_notice(home->ledger), "index.sqlite knew 8000 of the ledger's 8006 records"));
    for (unsigned number = 4000; number < 4003; number++)
        expect_found(home, number);
    assert_refused(ledger_append(home->ledger, "cert.signing", home_signing(4001), NULL, &err), err,
                   ERROR_LEDGER, "has used this serial already");
}

static void a_look_up_that_fails_makes_the_index_anew(void **state)
{
    struct home *home = *state;
    open_with_history(home);
    (void)home_issue(home, 4000, 3);
    reads_to_fail = 1;
    for (unsigned number = 0; reads_to_fail > 0; number += 7)
        expect_found(home, number);
    for (unsigned number = 4000; number < 4003; number++)
        expect_found(home, number);
    (void)home_issue(home, 4003, 1);
    home_open(home, LEDGER_READ);
    expect_found(home, 4003);
    expect_found(home, 4000);
}

static void a_writer_whose_index_could_not_be_made_anew_writes_no_more(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    uint8_t serial[32];
    bool found;
    AUTO(ledger_entry_done) struct ledger_entry entry = {.serial = NULL};
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 0, 500);
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 500, 3);
    AUTO(builder_done) struct builder whole = BUILDER_INIT;
    home_read(home, "ledger.jsonl", &whole);
    AUTO(builder_done) struct builder damaged = BUILDER_INIT;
    builder_add_bytes(&damaged, builder_bytes(&whole));
    memcpy(damaged.data + damaged.len / 2, "\n?\n", 3);
    home_write(home, "ledger.jsonl", builder_bytes(&damaged));
    reads_to_fail = 1;
    home_serial(77, serial);
    assert_refused(ledger_find_serial(home->ledger, bytes_of(serial, 20), &entry, &found, &err), err,
                   ERROR_LEDGER, "is damaged");
    assert_refused(ledger_append(home->ledger, "cert.signing", home_signing(600), NULL, &err), err,
                   ERROR_LEDGER, "is damaged");
    home_close(home);
    home_write(home, "ledger.jsonl", builder_bytes(&whole));
    home_open(home, LEDGER_WRITE);
    assert_int_equal(ledger_size(home->ledger), 2 * 503);
    expect_found(home, 502);
}

/* ---- somebody writes while a reader opens ---- */

static struct home *written_meanwhile;
static unsigned checkpoints_meanwhile;

static void write_meanwhile(void)
{
    for (unsigned i = 0; i < checkpoints_meanwhile; i++) {
        (void)home_issue(written_meanwhile, (unsigned)ledger_size(written_meanwhile->ledger), 1);
        home_checkpoint(written_meanwhile);
    }
}

static void a_reader_takes_checkpoints_made_while_it_opens_for_no_swap(void **state)
{
    struct home *home = *state;
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 0, 3);
    home_checkpoint(home);
    home_open(home, LEDGER_WRITE);
    written_meanwhile = home;
    for (checkpoints_meanwhile = 0; checkpoints_meanwhile < 4; checkpoints_meanwhile++) {
        struct error err = ERROR_INIT;
        AUTO(ledger_close) struct ledger *reader = NULL;
        before_opening = write_meanwhile;
        assert_done(ledger_open(home->fd, home->vkey, LEDGER_READ, 0, &reader, &err), err);
        assert_null(before_opening);
    }
}

/* ---- after an update ---- */

static void an_index_of_an_older_version_is_no_fault_and_made_anew(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    AUTO(ledger_report_done) struct ledger_report report = {.records = 0};
    const struct ledger_checks no_checks = {.certificate = NULL};
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 0, 3);
    home_checkpoint(home);
    home_change_index(home, "UPDATE state SET version = version - 1");
    assert_done(ledger_verify(home->fd, home->vkey, &no_checks, &report, &err), err);
    assert_int_equal(report.findings.count, 0);
    home_open(home, LEDGER_WRITE);
    assert_non_null(strstr(ledger_notice(home->ledger),
                           "made by an older version of coldca: read the ledger's 6 records"));
    expect_found(home, 2);
}

static void an_index_that_lacks_a_table_is_told_by_verify(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    AUTO(ledger_report_done) struct ledger_report report = {.records = 0};
    const struct ledger_checks no_checks = {.certificate = NULL};
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 0, 3);
    home_change_index(home, "DROP TABLE keys");
    assert_done(ledger_verify(home->fd, home->vkey, &no_checks, &report, &err), err);
    assert_int_equal(report.findings.count, 1);
    assert_non_null(strstr(report.findings.items[0].text, "no such table"));
    assert_non_null(strstr(report.findings.items[0].text, "run `coldca ledger index --rebuild`"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_run_ends_when_sqlite_took_back_what_was_not_committed, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_look_up_that_fails_makes_the_index_anew, setup, teardown),
        cmocka_unit_test_setup_teardown(a_writer_whose_index_could_not_be_made_anew_writes_no_more, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_reader_takes_checkpoints_made_while_it_opens_for_no_swap, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_index_that_lacks_a_table_is_told_by_verify, setup, teardown),
        cmocka_unit_test_setup_teardown(an_index_of_an_older_version_is_no_fault_and_made_anew, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, set_up_all, NULL);
}
