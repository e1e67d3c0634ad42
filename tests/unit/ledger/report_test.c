/* SPDX-License-Identifier: Apache-2.0 */
/* What verifying reports, word for word: every number, every fault in the order of the records, however many there are. */
#include "ledger_home.h"

#include <inttypes.h>

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

static void verify(const struct home *home, const struct ledger_scope *scope,
                   struct ledger_report *ret_report)
{
    struct error err = ERROR_INIT;
    assert_done(ledger_verify_scope(home->fd, home->vkey, scope, ret_report, &err), err);
}

/** All findings, a line each: "RULE: TEXT". */
static void list(const struct ledger_report *report, struct builder *ret_text)
{
    for (size_t i = 0; i < report->findings.count; i++)
        builder_format(ret_text, "%s: %s\n", report->findings.items[i].rule, report->findings.items[i].text);
}

static void assert_findings(const struct home *home, const char *wanted)
{
    AUTO(ledger_report_done) struct ledger_report report = {.records = 0};
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    verify(home, &(struct ledger_scope){.checks = NULL}, &report);
    list(&report, &text);
    assert_string_equal(builder_text(&text), wanted);
}

static void assert_numbers(const struct home *home, const char *wanted)
{
    AUTO(ledger_report_done) struct ledger_report report = {.records = 0};
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    verify(home, &(struct ledger_scope){.checks = NULL}, &report);
    builder_format(
        &text,
        "%" PRIu64 " records, %" PRIu64 " void, %" PRIu64 " checkpoints, %" PRIu64 " issued, %" PRIu64
        " unfinished, %" PRIu64 " abandoned, %" PRIu64 " refused, %" PRIu64 " revoked, %" PRIu64
        " sessions, checkpoint %d of %" PRIu64 ", %" PRIu64 " past, bad %d, good %" PRIu64,
        report.records, report.voids, report.checkpoints, report.issued, report.unfinished, report.abandoned,
        report.refused, report.revoked, report.sessions, report.has_checkpoint, report.checkpoint_size,
        report.records_past_checkpoint, (int)report.first_bad_seq, report.last_good_checkpoint);
    assert_string_equal(builder_text(&text), wanted);
    assert_int_equal(report.findings.count, 0);
}

static void all_is_counted(void **state)
{
    struct home *home = *state;
    home_close(home);
    assert_numbers(home, "0 records, 0 void, 0 checkpoints, 0 issued, 0 unfinished, 0 abandoned, 0 refused, "
                         "0 revoked, 0 sessions, checkpoint 0 of 0, 0 past, bad -1, good 0");
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 0, 5); // 10 records
    for (unsigned i = 0; i < 4; i++)
        (void)home_append(home, "cert.signing", home_signing(10 + i)); // 10 to 13
    home_commit(home);
    home_checkpoint(home); // of 14
    (void)home_append(home, "cert.abandoned", home_issued(10));
    for (unsigned i = 0; i < 3; i++)
        (void)home_append(home, "cert.revoked", home_of_serial(i));
    for (unsigned i = 0; i < 6; i++)
        (void)home_append(home, "request.refused", json_new_object());
    for (unsigned i = 0; i < 7; i++)
        (void)home_append(home, "session.opened", json_new_object());
    home_commit(home);
    home_checkpoint(home); // of 31
    (void)home_append(home, "cert.unrevoked", home_of_serial(0));
    (void)home_append(home, "test.note", json_new_object());
    home_commit(home);
    assert_numbers(home, "33 records, 0 void, 2 checkpoints, 5 issued, 3 unfinished, 1 abandoned, 6 refused, "
                         "2 revoked, 7 sessions, checkpoint 1 of 31, 2 past, bad -1, good 31");
    home_add_to(home, "ledger.jsonl", BYTES_LITERAL("{\"ba\x18\n{\"b\x18\n{\"torn"));
    assert_numbers(home, "33 records, 3 void, 2 checkpoints, 5 issued, 3 unfinished, 1 abandoned, 6 refused, "
                         "2 revoked, 7 sessions, checkpoint 1 of 31, 2 past, bad -1, good 31");
    home_open(home, LEDGER_WRITE); // which makes it void
    assert_numbers(home, "33 records, 3 void, 2 checkpoints, 5 issued, 3 unfinished, 1 abandoned, 6 refused, "
                         "2 revoked, 7 sessions, checkpoint 1 of 31, 2 past, bad -1, good 31");
}

/** Lines that are no records, among so many that are, each in the place of its number. */
static void put_bad_lines(struct home *home, const uint64_t *bad, size_t count, uint64_t records,
                          size_t width)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    size_t next = 0;
    home_close(home);
    for (uint64_t i = 0; i < records; i++) {
        if (next < count && bad[next] == i) {
            builder_add_text(&text, "[]\n");
            next++;
            continue;
        }
        builder_format(&text,
                       "{\"operator\":\"%0*d\",\"seq\":%" PRIu64
                       ",\"time\":\"2026-01-01T00:00:00Z\",\"type\":\"test.note\"}\n",
                       (int)width, 7, i);
    }
    home_write(home, "ledger.jsonl", builder_bytes(&text));
    home_remove_index(home);
}

static void faults_are_told_in_the_order_of_the_records(void **state)
{
    static const uint64_t bad[] = {0, 1, 1023, 1024, 2047, 3071, 3072, 4096, 5000, 5119};
    static const struct {
        uint64_t records;
        size_t width;
    } sizes[] = {{5120, 1}, {5121, 40}, {6000, 1500}}; // rounds end by lines, and by bytes
    struct home *home = *state;
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        AUTO(ledger_report_done) struct ledger_report report = {.records = 0};
        AUTO(builder_done) struct builder text = BUILDER_INIT;
        AUTO(builder_done) struct builder wanted = BUILDER_INIT;
        put_bad_lines(home, bad, ARRAY_LEN(bad), sizes[i].records, sizes[i].width);
        verify(home, &(struct ledger_scope){.checks = NULL}, &report);
        list(&report, &text);
        for (size_t j = 0; j < ARRAY_LEN(bad); j++)
            builder_format(&wanted, "ledger.json: record %" PRIu64 ": not a JSON object\n", bad[j]);
        assert_string_equal(builder_text(&text), builder_text(&wanted));
        assert_int_equal(report.records, sizes[i].records);
        assert_int_equal(report.first_bad_seq, 0);
    }
    AUTO(ledger_report_done) struct ledger_report report = {.records = 0};
    put_bad_lines(home, bad + 5, 2, 5120, 1);
    verify(home, &(struct ledger_scope){.checks = NULL}, &report);
    assert_int_equal(report.first_bad_seq, 3071);
}

static void too_many_faults_are_counted(void **state)
{
    struct home *home = *state;
    static const size_t counts[] = {1000, 1001, 2500};
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    for (size_t i = 0; i < 2500; i++)
        builder_add_text(&text, "[]\n");
    home_close(home);
    home_remove_index(home);
    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        AUTO(ledger_report_done) struct ledger_report report = {.records = 0};
        AUTO(free) char *rest = memory_format("and %zu findings more", counts[i] - 1000);
        home_write(home, "ledger.jsonl", bytes_slice(builder_bytes(&text), 0, 3 * counts[i]));
        verify(home, &(struct ledger_scope){.checks = NULL}, &report);
        assert_int_equal(report.records, counts[i]);
        assert_int_equal(report.first_bad_seq, 0);
        assert_int_equal(report.findings.count, counts[i] > 1000 ? 1001 : 1000);
        assert_string_equal(report.findings.items[999].text, "record 999: not a JSON object");
        if (counts[i] > 1000) {
            assert_string_equal(report.findings.items[1000].rule, "ledger.more");
            assert_string_equal(report.findings.items[1000].text, rest);
        }
    }
}

/** The tree alone: of what the records say, nothing is told; that it is they, is looked at. */
static void a_look_at_the_tree_alone_reads_no_records(void **state)
{
    struct home *home = *state;
    const struct ledger_scope scope = {.only_tree = true};
    (void)home_issue(home, 0, 2);
    home_checkpoint(home);
    uint8_t root[32];
    ledger_root(home->ledger, root);
    home_add_to(home, "ledger.jsonl", BYTES_LITERAL("[]\n{\"void\":1}\x18\n"));
    AUTO(ledger_report_done) struct ledger_report sound = {.records = 0};
    verify(home, &scope, &sound);
    assert_int_equal(sound.findings.count, 0);
    assert_int_equal(sound.records, 5);
    assert_int_equal(sound.voids, 1);
    assert_int_equal(sound.checkpoint_size, 4);
    assert_memory_not_equal(sound.root, root, 32); // it is of all five
    AUTO(builder_done) struct builder whole = BUILDER_INIT;
    AUTO(ledger_report_done) struct ledger_report wrong = {.records = 0};
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    home_read(home, "ledger.jsonl", &whole);
    *(char *)memmem(whole.data, whole.len, "CN=device-0001", 14) = 'X';
    home_write(home, "ledger.jsonl", builder_bytes(&whole));
    verify(home, &scope, &wrong);
    list(&wrong, &text);
    assert_string_equal(builder_text(&text),
                        "ledger.root: the first 4 records are not those checkpoint 1 was signed over\n");
    assert_false(wrong.has_checkpoint);
    home_remove_index(home);
}

static void void_lines_are_void_but_not_anywhere(void **state)
{
    struct home *home = *state;
    (void)home_append(home, "test.note", json_new_object());
    home_commit(home);
    // Torn while they were written: the one that was next, or what nobody can tell.
    home_add_to(home, "ledger.jsonl",
                BYTES_LITERAL("{\"seq\":1}\x18\n{\"se\x18\n\x18\n{\"seq\":\"2\"}\x18\x18\n"));
    assert_findings(home, "");
    home_add_to(home, "ledger.jsonl", BYTES_LITERAL("{\"seq\":2}\x18\x18\n{\"seq\":0}\x18\n"));
    assert_findings(home,
                    "ledger.void: record 1: the void line before it holds record 2, which was not next\n"
                    "ledger.void: record 1: the void line before it holds record 0, which was not next\n");
    home_write(home, "ledger.jsonl", BYTES_LITERAL("{\"seq\":0}\x18\n"));
    home_remove_index(home);
    assert_findings(home, "ledger.void: record 0: a void line stands before it, where no crash leaves one\n");
    home_write(home, "ledger.jsonl", bytes_of(NULL, 0));
}

/** What is longer than any note can't be read as one: wherever it stands, that is told and no report made. */
static void a_note_that_does_not_end_is_told_wherever_it_stands(void **state)
{
    static const char words[] = "ledger.checkpoints has a note of more than 65536 bytes";
    struct home *home = *state;
    AUTO(builder_done) struct builder whole = BUILDER_INIT;
    AUTO(builder_done) struct builder records = BUILDER_INIT;
    AUTO(builder_done) struct builder line = BUILDER_INIT;
    for (int i = 0; i < 2; i++) {
        (void)home_append(home, "test.note", json_new_object());
        home_commit(home);
        home_checkpoint(home);
    }
    home_close(home);
    while (line.len < NOTE_MAX_LEN)
        builder_add_text(&line, "x\n");
    home_read(home, "ledger.checkpoints", &whole);
    home_read(home, "ledger.jsonl", &records);
    size_t second =
        (size_t)((char *)memmem(whole.data, whole.len, "\n\n" HOME_ORIGIN, 2 + strlen(HOME_ORIGIN)) -
                 (char *)whole.data) +
        2;
    const size_t places[] = {0, second, whole.len, whole.len};
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        struct error err = ERROR_INIT;
        AUTO(ledger_report_done) struct ledger_report report = {.records = 0};
        home_remove_index(home);
        home_write(home, "ledger.checkpoints", bytes_slice(builder_bytes(&whole), 0, places[i]));
        home_add_to(home, "ledger.checkpoints", builder_bytes(&line));
        home_add_to(home, "ledger.checkpoints", BYTES_LITERAL("x\n"));
        if (i == 3) // the checkpoint before it is of a record that is not there
            home_write(
                home, "ledger.jsonl",
                bytes_slice(builder_bytes(&records), 0,
                            (size_t)((uint8_t *)memchr(records.data, '\n', records.len) - records.data) + 1));
        assert_refused(ledger_verify(home->fd, home->vkey, NULL, &report, &err), err, ERROR_LEDGER, words);
        assert_int_equal(report.findings.count, 0);
        if (i < 3)
            home_refuse_to_open(home, LEDGER_WRITE, words);
    }
    home_remove_index(home);
}

/* ---- the index ---- */

#define REBUILD ": run `coldca ledger index --rebuild`\n"

static void an_index_that_says_other_things_is_told_with_the_first_of_them(void **state)
{
    static const struct {
        const char *sql, *findings;
    } lies[] = {
        {"UPDATE records SET time = time + 1 WHERE seq >= 3",
         "ledger.index: index.sqlite says other things of record 3 than the ledger" REBUILD},
        {"UPDATE records SET batch = NULL WHERE seq = 1",
         "ledger.index: index.sqlite says other things of record 1 than the ledger" REBUILD},
        {"UPDATE records SET batch = '' WHERE batch IS NULL",
         "ledger.index: index.sqlite says other things of record 2 than the ledger" REBUILD},
        {"UPDATE records SET seq = 9 WHERE seq = 3",
         "ledger.index: index.sqlite says other things of record 3 than the ledger" REBUILD},
        {"DELETE FROM records WHERE seq = 3",
         "ledger.index: index.sqlite says other things of record 3 than the ledger" REBUILD},
        {"INSERT INTO records VALUES(4, 1, 1, 1, 'x', NULL)",
         "ledger.index: index.sqlite says other things of record -1 than the ledger" REBUILD},
        {"UPDATE certificates SET status = 3 WHERE signing_seq = 1",
         "ledger.index: index.sqlite says other things of the certificate of record 1 than the "
         "ledger" REBUILD},
        {"DELETE FROM certificates",
         "ledger.index: index.sqlite says other things of the certificate of record 0 than the "
         "ledger" REBUILD},
        {"UPDATE tiles SET hashes = zeroblob(length(hashes))",
         "ledger.index: index.sqlite says other things of tile 0 than the ledger" REBUILD},
        {"UPDATE tiles SET hashes = hashes || zeroblob(32)",
         "ledger.index: index.sqlite says other things of tile 0 than the ledger" REBUILD},
        {"DELETE FROM keys; DELETE FROM fresh_keys",
         "ledger.index: index.sqlite does not find the certificate of record 0" REBUILD},
        {"DROP TABLE fresh_keys",
         "ledger.index: index.sqlite can't be read: no such table: fresh_keys" REBUILD},
        {"DROP TABLE keys", "ledger.index: index.sqlite can't be read: no such table: keys" REBUILD},
        {"DROP TABLE certificates",
         "ledger.index: index.sqlite says other things of the certificate of record -1 than the "
         "ledger" REBUILD},
        {"UPDATE state SET size = 5; UPDATE tiles SET hashes = hashes || zeroblob(32)",
         "ledger.rollback: index.sqlite has read 5 records, but ledger.jsonl holds 4\n"},
        {"UPDATE state SET notes_offset = 9999",
         "ledger.rollback: index.sqlite has read 9999 bytes of ledger.checkpoints, which holds 188: "
         "checkpoints were cut off\n"},
        {"UPDATE state SET vkey = 'x'",
         "ledger.index: index.sqlite is of another ledger or another version" REBUILD},
        {"UPDATE state SET size = -1", "ledger.index: index.sqlite does not say how far it has read" REBUILD},
        // Behind is no fault, nor is what an older version made.
        {"UPDATE state SET size = 3", ""},
        {"UPDATE state SET version = 4", ""},
    };
    struct home *home = *state;
    AUTO(builder_done) struct builder index = BUILDER_INIT;
    (void)home_issue(home, 0, 2);
    home_checkpoint(home);
    home_close(home);
    home_read(home, "index.sqlite", &index);
    for (size_t i = 0; i < ARRAY_LEN(lies); i++) {
        AUTO(ledger_report_done) struct ledger_report report = {.records = 0};
        AUTO(builder_done) struct builder text = BUILDER_INIT;
        home_remove_index(home);
        home_write(home, "index.sqlite", builder_bytes(&index));
        home_change_index(home, lies[i].sql);
        verify(home, &(struct ledger_scope){.checks = NULL}, &report);
        list(&report, &text);
        if (strcmp(builder_text(&text), lies[i].findings) != 0)
            fail_msg("%s: \"%s\"", lies[i].sql, builder_text(&text));
        AUTO(ledger_report_done) struct ledger_report tree = {.records = 0};
        verify(home, &(struct ledger_scope){.only_tree = true}, &tree);
        assert_int_equal(tree.findings.count, 0);
    }
}

static void a_newest_checkpoint_that_no_crash_left_behind_is_told(void **state)
{
    struct home *home = *state;
    AUTO(builder_done) struct builder before = BUILDER_INIT;
    (void)home_issue(home, 0, 1);
    home_checkpoint(home);
    home_close(home);
    home_read(home, "ledger.checkpoint", &before);
    home_open(home, LEDGER_WRITE);
    (void)home_append(home, "test.note", json_new_object());
    home_commit(home);
    home_checkpoint(home);
    home_close(home);
    home_write(home, "ledger.checkpoint", builder_bytes(&before));
    assert_findings(home, "ledger.checkpoint: ledger.checkpoint is the checkpoint before the newest of "
                          "ledger.checkpoints, which index.sqlite has read: it was swapped\n");
    home_remove_index(home);
    assert_findings(home, ""); // an earlier run may have been stopped
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_is_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(faults_are_told_in_the_order_of_the_records, setup, teardown),
        cmocka_unit_test_setup_teardown(too_many_faults_are_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(a_look_at_the_tree_alone_reads_no_records, setup, teardown),
        cmocka_unit_test_setup_teardown(void_lines_are_void_but_not_anywhere, setup, teardown),
        cmocka_unit_test_setup_teardown(a_note_that_does_not_end_is_told_wherever_it_stands, setup, teardown),
        cmocka_unit_test_setup_teardown(an_index_that_says_other_things_is_told_with_the_first_of_them, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_newest_checkpoint_that_no_crash_left_behind_is_told, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
