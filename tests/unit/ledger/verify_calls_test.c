/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verifying, with a statement of SQLite's that fails: one of the history it makes for itself ends it, with an error and no report; one of
 * index.sqlite is an error, too, or said of the index. Neither is ever taken for a fault of the ledger, or for none of the index.
 */
#include "failing.h"
#include "ledger_home.h"

#define RECORDS 8

static int setup(void **state)
{
    struct home *home = memory_new(1, sizeof(*home));
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

/** What becomes of it: '!' an error, 'i' a finding about the index, '.' nothing found. \return false: no call failed */
static bool verify(const struct home *home, enum failing_databases databases, unsigned at, char *ret_result)
{
    struct error err = ERROR_INIT;
    AUTO(ledger_report_done) struct ledger_report report = {.records = 0};
    const struct ledger_checks checks = {.in_order = follows};
    failing_at("sqlite3_", at);
    failing_in(databases);
    bool is_done = ledger_verify(home->fd, home->vkey, &checks, &report, &err);
    bool was_hit = failing_stop() != NULL;
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

/** The results of all calls failing in turn. */
static void verify_each(const struct home *home, enum failing_databases databases,
                        struct builder *ret_results)
{
    char result;
    for (unsigned at = 1; verify(home, databases, at, &result); at++) {
        assert_true(at < 500);
        builder_add_u8(ret_results, (uint8_t)result);
    }
    assert_int_equal(result, '.');
}

static void a_history_that_cannot_be_made_is_an_error(void **state)
{
    AUTO(builder_done) struct builder results = BUILDER_INIT;
    verify_each(*state, FAILING_PRIVATE, &results);
    assert_in_range(results.len, 50, 499);
    assert_int_equal(strspn(builder_text(&results), "!"), results.len);
}

static void an_index_that_cannot_be_read_is_told(void **state)
{
    AUTO(builder_done) struct builder results = BUILDER_INIT;
    verify_each(*state, FAILING_STORED, &results);
    // It is opened as it lies where it can't be as it should be; and nothing is said of it before it is known to be this ledger's.
    const char *text = builder_text(&results);
    size_t tried = strspn(text, ".");
    size_t errors = strspn(text + tried, "!");
    assert_in_range(tried, 0, 3);
    assert_in_range(errors, 1, 6);
    assert_int_equal(strspn(text + tried + errors, "i"), results.len - tried - errors);
    assert_in_range(results.len - tried - errors, 20, 499);
}

static void a_tile_that_cannot_be_kept_is_an_error(void **state)
{
    struct home *home = *state;
    unsigned at = 1;
    home_open(home, LEDGER_WRITE);
    for (unsigned i = RECORDS; i < 300; i++)
        (void)home_append(home, "test.note", json_new_object());
    home_commit(home);
    home_close(home);
    for (bool is_more = true; is_more; at++) {
        struct error err = ERROR_INIT;
        AUTO(ledger_report_done) struct ledger_report report = {.records = 0};
        failing_at("sqlite3_bind_blob", at); // of certificates and tiles alone
        failing_in(FAILING_PRIVATE);
        bool is_done = ledger_verify(home->fd, home->vkey, NULL, &report, &err);
        is_more = failing_stop() != NULL;
        assert_int_equal(is_done, !is_more);
    }
    assert_in_range(at, 10, 40);
}

/** None of the files is done without, in part or wholly. */
static void a_file_that_cannot_be_read_is_an_error(void **state)
{
    static const char *const names[] = {"open", "read", "pread"};
    const struct home *home = *state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        unsigned at = 1;
        for (bool is_more = true; is_more; at++) {
            struct error err = ERROR_INIT;
            AUTO(ledger_report_done) struct ledger_report report = {.records = 0};
            failing_at(names[i], at);
            bool is_done = ledger_verify(home->fd, home->vkey, NULL, &report, &err);
            is_more = failing_stop() != NULL;
            if (is_done == is_more || (!is_done && err.kind != ERROR_INPUT))
                fail_msg("%s, %u: %s", names[i], at, is_done ? "done" : err.text);
        }
        assert_true(at > 2);
    }
}

static bool is_certificate(void *data, struct bytes tbs, struct bytes signature,
                           const uint8_t sha256[static 32], struct findings *ret_findings)
{
    (void)data, (void)signature, (void)sha256, (void)ret_findings;
    assert_int_equal(memcmp(tbs.data, "CN=device-", 10), 0);
    return true;
}

static void bytes_that_cannot_be_read_again_are_no_certificate(void **state)
{
    struct home *home = *state;
    const struct ledger_checks checks = {.certificate = is_certificate};
    unsigned told = 0;
    home_open(home, LEDGER_WRITE);
    for (unsigned i = RECORDS; i < 1500; i++) // more than is held at once
        (void)home_append(home, "test.note", json_new_object());
    home_commit(home);
    (void)home_append(home, "cert.issued", home_issued(RECORDS - 1));
    home_commit(home);
    home_close(home);
    for (unsigned at = 1, is_more = 1; is_more != 0; at++) {
        struct error err = ERROR_INIT;
        AUTO(ledger_report_done) struct ledger_report report = {.records = 0};
        failing_at("pread", at);
        bool is_done = ledger_verify(home->fd, home->vkey, &checks, &report, &err);
        is_more = failing_stop() != NULL;
        for (size_t i = 0; i < report.findings.count; i++, told++)
            assert_string_equal(report.findings.items[i].text,
                                "record 1500: the tbs of record 7 can't be read");
        assert_true(is_done || err.kind == ERROR_INPUT);
        assert_true(is_more || (is_done && report.findings.count == 0));
    }
    assert_int_equal(told, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_history_that_cannot_be_made_is_an_error, setup, teardown),
        cmocka_unit_test_setup_teardown(a_tile_that_cannot_be_kept_is_an_error, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_that_cannot_be_read_is_an_error, setup, teardown),
        cmocka_unit_test_setup_teardown(bytes_that_cannot_be_read_again_are_no_certificate, setup, teardown),
        cmocka_unit_test_setup_teardown(an_index_that_cannot_be_read_is_told, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
