/* SPDX-License-Identifier: Apache-2.0 */
/* Where ledger.jsonl is torn or void at its edges: before its first record, and for longer than anything is ever written. */
#include "ledger/lines.h"
#include "ledger_home.h"

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

static void a_first_record_that_is_torn_is_taken_back_and_written_anew(void **state)
{
    struct home *home = *state;
    AUTO(builder_done) struct builder whole = BUILDER_INIT;
    home_open(home, LEDGER_WRITE);
    (void)home_append(home, "test.note", json_new_object()); // a short one: each byte is tried
    home_commit(home);
    home_close(home);
    home_read(home, "ledger.jsonl", &whole);
    for (size_t cut = 1; cut < whole.len; cut++) {
        home_remove_index(home);
        home_write(home, "ledger.jsonl", bytes_slice(builder_bytes(&whole), 0, cut));
        home_open(home, LEDGER_READ); // leaves the torn end alone
        assert_int_equal(ledger_size(home->ledger), 0);
        home_open(home, LEDGER_WRITE);
        assert_non_null(strstr(ledger_notice(home->ledger), "took back the first record"));
        assert_null(ledger_notice(home->ledger));
        assert_int_equal(ledger_size(home->ledger), 0);
        (void)home_append(home, "cert.signing", home_signing(2));
        home_commit(home);
        home_close(home);
        home_assert_clean(home, 1);
    }
}

/** ledger.jsonl goes on with a void line of so many bytes, nearly all of them a hole. */
static void add_void(struct home *home, uint64_t len)
{
    AUTO(close) int fd = openat(home->fd, "ledger.jsonl", O_WRONLY | O_APPEND);
    struct stat status;
    assert_int_equal(fstat(fd, &status), 0);
    assert_int_equal(ftruncate(fd, status.st_size + (off_t)len - 1), 0);
    assert_int_equal(write(fd, "\x18\n", 2), 2);
}

static void a_void_line_longer_than_any_group_is_a_fault(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    struct ledger_report report = {.records = 0};
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 0, 1);
    home_checkpoint(home);
    home_close(home);
    add_void(home, LINES_LONGEST);
    home_open(home, LEDGER_WRITE);
    home_close(home);
    home_assert_clean(home, 2);
    // One byte more; and one that goes on far beyond it, of which no more is read.
    static const uint64_t lengths[] = {LINES_LONGEST + 1, LINES_LONGEST + 100000, (uint64_t)1 << 40};
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        struct stat status;
        AUTO(close) int fd = openat(home->fd, "ledger.jsonl", O_WRONLY);
        assert_int_equal(fstat(fd, &status), 0);
        home_remove_index(home);
        add_void(home, lengths[i]);
        home_refuse_to_open(home, LEDGER_WRITE, "the line is longer than a record can be");
        assert_done(ledger_verify(home->fd, home->vkey, NULL, &report, &err), err);
        assert_true(report.findings.count > 0);
        assert_string_equal(report.findings.items[0].rule, "ledger.length");
        ledger_report_done(&report);
        assert_int_equal(ftruncate(fd, status.st_size), 0);
    }
    home_remove_index(home);
    home_assert_clean(home, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_first_record_that_is_torn_is_taken_back_and_written_anew, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_void_line_longer_than_any_group_is_a_fault, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
