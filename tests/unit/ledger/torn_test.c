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

/** It is nothing that coldca wrote, and stays as it is but for the void end. */
static void what_is_longer_than_a_record_is_no_torn_one(void **state)
{
    struct home *home = *state;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder now = BUILDER_INIT;
    while (text.len < LEDGER_RECORD_MAX_LEN)
        builder_add_u8(&text, 'x');
    home_write(home, "ledger.jsonl", builder_bytes(&text));
    home_open(home, LEDGER_WRITE);
    assert_non_null(strstr(ledger_notice(home->ledger), "took back the first record"));
    home_close(home);
    home_remove_index(home);
    builder_add_u8(&text, 'x');
    home_write(home, "ledger.jsonl", builder_bytes(&text));
    home_refuse_to_open(home, LEDGER_WRITE, "is damaged at record 0 (byte 0): a void line stands before the");
    home_read(home, "ledger.jsonl", &now);
    assert_true(bytes_equal(bytes_slice(builder_bytes(&now), 0, text.len), builder_bytes(&text)));
    assert_int_equal(now.len, text.len + 2);
}

/** Cut within its first record: where there are checkpoints there were records, and what is left of them is not taken away. */
static void a_first_record_under_a_checkpoint_is_not_taken_back(void **state)
{
    struct home *home = *state;
    AUTO(builder_done) struct builder whole = BUILDER_INIT;
    AUTO(builder_done) struct builder now = BUILDER_INIT;
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 0, 1);
    home_checkpoint(home);
    home_close(home);
    home_remove_index(home);
    home_read(home, "ledger.jsonl", &whole);
    struct bytes cut = bytes_slice(builder_bytes(&whole), 0, 100);
    home_write(home, "ledger.jsonl", cut);
    home_refuse_to_open(home, LEDGER_WRITE, "is damaged at record 0 (byte 0): a void line stands before the");
    home_read(home, "ledger.jsonl", &now);
    assert_true(now.len >= cut.len && bytes_equal(bytes_slice(builder_bytes(&now), 0, cut.len), cut));
}

/** A file is as long as before with fewer records in it. */
static void a_cut_that_is_filled_up_with_void_lines_is_a_cut(void **state)
{
    struct home *home = *state;
    AUTO(builder_done) struct builder whole = BUILDER_INIT;
    AUTO(builder_done) struct builder cut = BUILDER_INIT;
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 0, 1);
    home_close(home);
    home_read(home, "ledger.jsonl", &whole);
    size_t first = (size_t)((uint8_t *)memchr(whole.data, '\n', whole.len) - whole.data) + 1;
    builder_add(&cut, whole.data, first);
    while (cut.len < whole.len + 10)
        builder_add(&cut, "\x18\n", 2);
    home_write(home, "ledger.jsonl", builder_bytes(&cut));
    for (int mode = 0; mode < 2; mode++)
        home_refuse_to_open(home, mode == 0 ? LEDGER_READ : LEDGER_WRITE,
                            "ledger.jsonl holds 1 records, but index.sqlite has read 2 of the same history");
    home_write(home, "ledger.jsonl", builder_bytes(&whole));
    home_open(home, LEDGER_WRITE);
    assert_null(ledger_notice(home->ledger));
    home_close(home);
    home_assert_clean(home, 2);
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
        cmocka_unit_test_setup_teardown(what_is_longer_than_a_record_is_no_torn_one, setup, teardown),
        cmocka_unit_test_setup_teardown(a_first_record_under_a_checkpoint_is_not_taken_back, setup, teardown),
        cmocka_unit_test_setup_teardown(a_cut_that_is_filled_up_with_void_lines_is_a_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(a_void_line_longer_than_any_group_is_a_fault, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
