/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must not get into a ledger is refused before it is written, and the group goes on without it: serials again, ends of what has none.
 * An index that can't be asked lets nothing pass.
 */
#include "failing.h"
#include "ledger/log.h"
#include "ledger_home.h"

static int setup(void **state)
{
    struct home *home = memory_new(1, sizeof(*home));
    home_init(home);
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 0, 2); // records 0 and 1, and their ends 2 and 3
    *state = home;
    return 0;
}

static int teardown(void **state)
{
    home_done(*state);
    free(*state);
    return 0;
}

static struct json *signing_with_serial_of(unsigned number, unsigned serial_number)
{
    struct json *fields = home_signing(number);
    uint8_t serial[32];
    home_serial(serial_number, serial);
    json_put_hex(fields, "serial", bytes_of(serial, 20));
    return fields;
}

static struct json *ending(int64_t ref)
{
    struct json *fields = home_issued(0);
    json_put_int(fields, "ref", ref);
    return fields;
}

static void assert_not_appended(struct home *home, const char *type, struct json *fields, const char *words)
{
    struct error err = ERROR_INIT;
    uint64_t seq = 99;
    assert_refused(ledger_append(home->ledger, type, fields, &seq, &err), err, ERROR_LEDGER, words);
    assert_int_equal(seq, 99);
}

/** Commits; the ledger then holds so many records, and all of them are sound. */
static void assert_goes_on(struct home *home, uint64_t records)
{
    home_commit(home);
    home_close(home);
    home_assert_clean(home, records);
    home_open(home, LEDGER_WRITE);
}

static void no_serial_is_used_again_in_a_group_or_ever(void **state)
{
    struct home *home = *state;
    assert_not_appended(home, "cert.signing", signing_with_serial_of(5, 1),
                        "record 1 has used this serial already");
    assert_int_equal(home_append(home, "cert.signing", home_signing(6)), 4);
    assert_not_appended(home, "cert.signing", signing_with_serial_of(7, 6),
                        "two records of one group are about the same serial");
    assert_not_appended(home, "cert.revoked", home_of_serial(6),
                        "two records of one group are about the same serial");
    assert_int_equal(home_append(home, "cert.signing", home_signing(8)), 5);
    assert_goes_on(home, 6);
}

static void what_is_not_issued_is_not_revoked_nor_what_is_not_revoked_released(void **state)
{
    struct home *home = *state;
    (void)home_append(home, "cert.signing", home_signing(6));
    home_commit(home);
    assert_not_appended(home, "cert.revoked", home_of_serial(6), "the serial of record 4 is not issued yet");
    assert_not_appended(home, "cert.unrevoked", home_of_serial(1), "the serial of record 1 is not revoked");
    (void)home_append(home, "cert.revoked", home_of_serial(1));
    assert_not_appended(home, "cert.unrevoked", home_of_serial(1),
                        "two records of one group are about the same serial");
    home_commit(home);
    (void)home_append(home, "cert.unrevoked", home_of_serial(1));
    assert_goes_on(home, 7);
}

static void a_certificate_ends_once(void **state)
{
    static const char *const types[] = {"cert.issued", "cert.abandoned"};
    struct home *home = *state;
    (void)home_append(home, "cert.signing", home_signing(6)); // 4
    (void)home_append(home, "cert.signing", home_signing(7)); // 5
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        assert_not_appended(home, types[i], ending(4), "4 is none"); // it is on no disk yet
        assert_not_appended(home, types[i], ending(1), "1 is none"); // has its end
        assert_not_appended(home, types[i], ending(3), "3 is none"); // was never signed
    }
    home_commit(home);
    (void)home_append(home, "cert.issued", ending(4));
    (void)home_append(home, "cert.abandoned", ending(5));
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        assert_not_appended(home, types[i], ending(4), "record 4 is ended twice in one group");
        assert_not_appended(home, types[i], ending(5), "record 5 is ended twice in one group");
    }
    assert_goes_on(home, 8);
}

static void a_clock_behind_the_newest_record_writes_nothing(void **state)
{
    struct home *home = *state;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(json_free) struct json *record = json_new_object();
    json_put_int(record, "seq", 4);
    json_put_text(record, "type", "test.note");
    json_put_text(record, "operator", "ann");
    json_put_text(record, "time", "2999-01-01T00:00:00Z");
    home_close(home);
    home_read(home, "ledger.jsonl", &text);
    json_canonical(record, &text);
    builder_add_u8(&text, '\n');
    home_write(home, "ledger.jsonl", builder_bytes(&text));
    home_open(home, LEDGER_WRITE);
    assert_int_equal(ledger_size(home->ledger), 5);
    assert_not_appended(home, "test.note", json_new_object(),
                        "but the ledger's newest record is of 2999-01-01T00:00:00Z: set the clock right");
}

static struct json *first_serial_again(void)
{
    return signing_with_serial_of(5, 0);
}

static struct json *first_serial(void)
{
    return home_of_serial(0);
}

static struct json *end_of_an_ended_one(void)
{
    return ending(0);
}

static void an_index_that_cannot_be_asked_lets_nothing_pass(void **state)
{
    static const struct {
        const char *type;
        struct json *(*fields)(void);
    } cases[] = {{"cert.signing", first_serial_again},
                 {"cert.unrevoked", first_serial},
                 {"cert.issued", end_of_an_ended_one},
                 {"cert.abandoned", end_of_an_ended_one}};
    struct home *home = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        unsigned number = 0;
        for (bool is_more = true; is_more;) {
            struct error err = ERROR_INIT;
            struct json *fields = cases[i].fields();
            home_open(home, LEDGER_WRITE);
            failing_at("sqlite3_", ++number);
            bool is_taken = ledger_append(home->ledger, cases[i].type, fields, NULL, &err);
            const char *failed = failing_stop();
            is_more = failed != NULL;
            if (is_taken)
                fail_msg("%s is taken though call %u, %s, fails", cases[i].type, number,
                         is_more ? failed : "none");
            // It says of itself that it fails, and of the record only what it has found.
            assert_int_equal(err.kind, is_more ? ERROR_INPUT : ERROR_LEDGER);
        }
        assert_in_range(number, 3, 100); // the index was asked
    }
    assert_goes_on(home, 4);
}

/** Records that are written are safe, whatever becomes of the index; but nothing is built on an index that lacks them. */
static void a_commit_whose_index_fails_holds_and_is_the_last(void **state)
{
    static const char words[] = "updating the index; the ledger itself is safe, run the command again";
    struct home *home = *state;
    uint64_t records = 4;
    for (unsigned number = 1;; number++) {
        struct error err = ERROR_INIT;
        home_open(home, LEDGER_WRITE);
        (void)home_append(home, "cert.signing", home_signing(100 + number));
        failing_at("sqlite3_", number);
        home_commit(home);
        const char *failed = failing_stop();
        assert_int_equal(ledger_durable_size(home->ledger), ++records);
        if (failed == NULL) {
            assert_in_range(number, 5, 200);
            break;
        }
        if (ledger_append(home->ledger, "test.note", json_new_object(), NULL, &err) ||
            strstr(err.text, words) == NULL || err.kind != ERROR_INPUT)
            fail_msg("call %u, %s: %s", number, failed, err.text);
    }
    (void)home_append(home, "test.note", json_new_object());
    assert_goes_on(home, records + 1);
}

/** On a full disk SQLite takes back all that was begun: the group is not written, nor any other. */
static void a_group_whose_index_was_taken_back_is_not_written(void **state)
{
    static const char words[] = "index.sqlite lost what it had not committed, after an error of the disk";
    struct home *home = *state;
    struct error err = ERROR_INIT, again = ERROR_INIT;
    (void)home_append(home, "cert.signing", home_signing(6));
    assert_int_equal(sqlite3_exec(index_database(home->ledger->index), "ROLLBACK", NULL, NULL, NULL),
                     SQLITE_OK);
    assert_refused(ledger_commit(home->ledger, &err), err, ERROR_INPUT, words);
    assert_refused(ledger_append(home->ledger, "test.note", json_new_object(), NULL, &again), again,
                   ERROR_INPUT, words);
    assert_int_equal(ledger_durable_size(home->ledger), 4);
    home_open(home, LEDGER_WRITE);
    assert_int_equal(home_append(home, "cert.signing", home_signing(6)), 4);
    assert_goes_on(home, 5);
}

/** So many as are on the disk, and no fewer: the token is asked for what it counts (P3). */
static void what_is_committed_is_durable_to_the_last_record(void **state)
{
    struct home *home = *state;
    uint64_t records = 4;
    for (unsigned count = 1; count <= 130; count += 43) {
        for (unsigned i = 0; i < count; i++)
            (void)home_append(home, "test.note", json_new_object());
        assert_int_equal(ledger_durable_size(home->ledger), records);
        home_commit(home);
        records += count;
        assert_int_equal(ledger_durable_size(home->ledger), records);
        assert_int_equal(ledger_size(home->ledger), records);
    }
    assert_goes_on(home, records);
    assert_int_equal(ledger_durable_size(home->ledger), records);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_serial_is_used_again_in_a_group_or_ever, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_not_issued_is_not_revoked_nor_what_is_not_revoked_released,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_certificate_ends_once, setup, teardown),
        cmocka_unit_test_setup_teardown(an_index_that_cannot_be_asked_lets_nothing_pass, setup, teardown),
        cmocka_unit_test_setup_teardown(a_commit_whose_index_fails_holds_and_is_the_last, setup, teardown),
        cmocka_unit_test_setup_teardown(a_group_whose_index_was_taken_back_is_not_written, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_committed_is_durable_to_the_last_record, setup, teardown),
        cmocka_unit_test_setup_teardown(a_clock_behind_the_newest_record_writes_nothing, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
