/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verifying, with a statement of SQLite's that fails: one of the history it makes for itself ends it, with an error and no report; one of
 * index.sqlite is an error, too, or said of the index. Neither is ever taken for a fault of the ledger, or for none of the index.
 */
#include "ledger_home.h"

#include <dlfcn.h>

#define NEVER 1000000
#define RECORDS 8

static bool is_of_scratch; /* which database's statements count */
static unsigned left;      /* until one fails */
static bool has_failed;    /* just now: SQLite tells why */

static bool fails(sqlite3 *db)
{
    const char *file = sqlite3_db_filename(db, "main");
    has_failed = false;
    if (left == NEVER || (file == NULL || *file == '\0') != is_of_scratch || --left > 0)
        return false;
    left = NEVER;
    has_failed = true;
    return true;
}

/* In place of SQLite's, for what is linked with this test. */

int sqlite3_step(sqlite3_stmt *statement)
{
    static __typeof__(&sqlite3_step) next;
    if (next == NULL)
        next = (__typeof__(&sqlite3_step))dlsym(RTLD_NEXT, "sqlite3_step");
    return fails(sqlite3_db_handle(statement)) ? SQLITE_IOERR : next(statement);
}

int sqlite3_prepare_v3(sqlite3 *db, const char *sql, int len, unsigned flags, sqlite3_stmt **ret_statement,
                       const char **ret_rest)
{
    static __typeof__(&sqlite3_prepare_v3) next;
    if (next == NULL)
        next = (__typeof__(&sqlite3_prepare_v3))dlsym(RTLD_NEXT, "sqlite3_prepare_v3");
    return fails(db) ? SQLITE_IOERR : next(db, sql, len, flags, ret_statement, ret_rest);
}

int sqlite3_extended_errcode(sqlite3 *db)
{
    static __typeof__(&sqlite3_extended_errcode) next;
    if (next == NULL)
        next = (__typeof__(&sqlite3_extended_errcode))dlsym(RTLD_NEXT, "sqlite3_extended_errcode");
    return has_failed ? SQLITE_IOERR_READ : next(db);
}

static int setup(void **state)
{
    struct home *home = memory_new(1, sizeof(*home));
    left = NEVER;
    home_init(home);
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 0, 3);
    (void)home_append(home, "cert.revoked", home_of_serial(0));
    (void)home_append(home, "cert.signing", home_signing(50));
    home_commit(home);
    home_checkpoint(home);
    home_close(home);
    *state = home;
    return 0;
}

static int teardown(void **state)
{
    left = NEVER;
    home_done(*state);
    free(*state);
    return 0;
}

static bool follows(void *data, uint64_t seq, struct bytes text, const struct ledger_entry *certificate,
                    struct findings *ret_findings)
{
    (void)data, (void)text, (void)ret_findings;
    assert_true((certificate != NULL) == (seq == 6)); // the revoked one
    return true;
}

/** What becomes of it: '!' an error, 'i' a finding about the index, '.' nothing found. \return false: no statement failed */
static bool verify(const struct home *home, unsigned at, char *ret_result)
{
    struct error err = ERROR_INIT;
    AUTO(ledger_report_done) struct ledger_report report = {.records = 0};
    const struct ledger_checks checks = {.in_order = follows};
    left = at;
    bool is_done = ledger_verify(home->fd, home->vkey, &checks, &report, &err);
    bool was_hit = left == NEVER;
    left = NEVER;
    has_failed = false;
    if (!is_done) {
        assert_int_equal(err.kind, ERROR_INPUT);
        assert_non_null(strstr(err.text, "index.sqlite can't be read: "));
        assert_non_null(strstr(err.text, "\nwhile verifying the ledger"));
        assert_int_equal(report.records, 0);
        *ret_result = '!';
        return was_hit;
    }
    assert_int_equal(report.records, RECORDS);
    assert_int_equal(report.issued, 3);
    assert_int_equal(report.revoked, 1);
    assert_int_equal(report.unfinished, 1);
    assert_int_equal(report.first_bad_seq, -1);
    for (size_t i = 0; i < report.findings.count; i++) {
        assert_string_equal(report.findings.items[i].rule, "ledger.index");
        assert_non_null(strstr(report.findings.items[i].text, ": run `coldca ledger index --rebuild`"));
    }
    assert_true(report.findings.count < 2);
    *ret_result = report.findings.count > 0 ? 'i' : '.';
    return was_hit;
}

/** The results of all statements failing in turn. */
static void verify_each(const struct home *home, struct builder *ret_results)
{
    char result;
    for (unsigned at = 1; verify(home, at, &result); at++) {
        assert_true(at < 500);
        builder_add_u8(ret_results, (uint8_t)result);
    }
    assert_int_equal(result, '.');
}

static void a_history_that_cannot_be_made_is_an_error(void **state)
{
    AUTO(builder_done) struct builder results = BUILDER_INIT;
    is_of_scratch = true;
    verify_each(*state, &results);
    assert_in_range(results.len, 50, 499);
    assert_int_equal(strspn(builder_text(&results), "!"), results.len);
}

static void an_index_that_cannot_be_read_is_told(void **state)
{
    AUTO(builder_done) struct builder results = BUILDER_INIT;
    is_of_scratch = false;
    verify_each(*state, &results);
    // Whether it is this ledger's is asked first, and nothing is said of it while that is not known.
    size_t errors = strspn(builder_text(&results), "!");
    assert_in_range(errors, 1, 6);
    assert_int_equal(strspn(builder_text(&results) + errors, "i"), results.len - errors);
    assert_in_range(results.len - errors, 20, 499);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_history_that_cannot_be_made_is_an_error, setup, teardown),
        cmocka_unit_test_setup_teardown(an_index_that_cannot_be_read_is_told, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
