/* SPDX-License-Identifier: Apache-2.0 */
#include "base/key_value.h"
#include "ledger_home.h"

#include <sqlite3.h>
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

static void what_was_committed_is_there_after_reopening(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    uint8_t before[32], after[32];
    AUTO(json_free) struct json *record = NULL;
    home_open(home, LEDGER_WRITE);
    ledger_set_operator(home->ledger, "ada");
    (void)home_issue(home, 0, 3);
    ledger_root(home->ledger, before);
    home_open(home, LEDGER_READ);
    ledger_root(home->ledger, after);
    assert_int_equal(ledger_size(home->ledger), 6);
    assert_memory_equal(before, after, 32);
    assert_done(ledger_record(home->ledger, 4, &record, &err), err);
    assert_string_equal(json_text(record, "type"), "cert.issued");
    assert_string_equal(json_text(record, "operator"), "ada");
    assert_null(ledger_notice(home->ledger));
    assert_refused(ledger_record(home->ledger, 6, &record, &err), err, ERROR_LEDGER, "no record 6");
}

static void a_group_that_was_not_committed_does_not_count(void **state)
{
    struct home *home = *state;
    home_open(home, LEDGER_WRITE);
    (void)home_append(home, "cert.signing", home_signing(1));
    home_open(home, LEDGER_READ);
    assert_int_equal(ledger_size(home->ledger), 0);
}

static void the_ledger_is_never_made_anew(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    assert_refused(ledger_create(home->fd, &err), err, ERROR_LEDGER, "already exists");
}

static void certificates_are_found_by_serial_request_and_key(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    uint8_t digest[32], policy[32];
    bool found;
    AUTO(ledger_entry_done) struct ledger_entry entry = {.serial = NULL};
    AUTO(ledger_entry_done) struct ledger_entry other = {.serial = NULL};
    AUTO(ledger_entry_done) struct ledger_entry third = {.serial = NULL};
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 0, 4);
    home_serial(2, digest);
    assert_done(ledger_find_serial(home->ledger, bytes_of(digest, 20), &entry, &found, &err), err);
    assert_true(found);
    assert_int_equal(entry.status, LEDGER_ISSUED);
    assert_int_equal(entry.signing_seq, 2);
    assert_int_equal(entry.issued_seq, 6);
    assert_string_equal(entry.subject, "CN=device-0002");
    assert_done(ledger_certificate_parts(home->ledger, &entry, &tbs, &signature, &err), err);
    assert_string_equal(builder_text(&tbs), "CN=device-0002");
    assert_string_equal(builder_text(&signature), "a signature");
    home_digest("csr", 3, digest);
    home_digest("policy", 0, policy);
    assert_done(ledger_find_request(home->ledger, digest, "mqtt-device", policy, &other, &found, &err), err);
    assert_true(found);
    assert_int_equal(other.signing_seq, 3);
    assert_done(ledger_find_request(home->ledger, digest, "other", policy, &third, &found, &err), err);
    assert_false(found);
    home_digest("spki", 1, digest);
    assert_done(ledger_find_key(home->ledger, digest, "CN=device-0001", &third, &found, &err), err);
    assert_false(found);
    assert_done(ledger_find_key(home->ledger, digest, "CN=impostor", &third, &found, &err), err);
    assert_true(found);
    assert_int_equal(third.signing_seq, 1);
}

static void expect_key(struct home *home, const uint8_t value[static 32], const uint8_t as_written[static 32])
{
    struct error err = ERROR_INIT;
    bool found;
    AUTO(ledger_entry_done) struct ledger_entry entry = {.serial = NULL};
    AUTO(ledger_entry_done) struct ledger_entry none = {.serial = NULL};
    assert_done(ledger_find_key(home->ledger, value, "CN=impostor", &entry, &found, &err), err);
    assert_true(found);
    assert_int_equal(entry.signing_seq, 0);
    assert_memory_equal(entry.spki_sha256, as_written, 32);
    assert_memory_equal(entry.key_value, value, 32);
    assert_done(ledger_find_key(home->ledger, as_written, NULL, &none, &found, &err), err);
    assert_false(found);
}

/** An older coldca took points compressed; the record's digest is of the key as it was written. */
static void a_key_is_found_however_its_certificate_writes_it(void **state)
{
    // A TBSCertificate up to its key, the base point of P-256 compressed.
    static const char tbs_hex[] = "30460201053000300030003000"
                                  "30393013"
                                  "06072a8648ce3d020106082a8648ce3d030107032200"
                                  "036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296";
    struct home *home = *state;
    uint8_t as_written[32], value[32];
    struct bytes spki;
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    assert_true(decode_hex(bytes_of_text(tbs_hex), &tbs));
    assert_true(key_of_tbs(builder_bytes(&tbs), &spki));
    digest_sha256(spki, as_written);
    key_value(spki, value);
    assert_memory_not_equal(as_written, value, 32);
    home_open(home, LEDGER_WRITE);
    struct json *fields = home_signing(3);
    json_put_hex(fields, "spki_sha256", BYTES(as_written));
    json_put_base64(fields, "tbs", builder_bytes(&tbs));
    (void)home_append(home, "cert.signing", fields);
    (void)home_issue(home, 4, 2);
    expect_key(home, value, as_written);
    assert_null(ledger_notice(home->ledger)); // the answer fitted the ledger
    home_close(home);
    home_remove_index(home);
    home_open(home, LEDGER_WRITE);
    expect_key(home, value, as_written); // from an index made of the ledger
}

static void a_signing_without_its_end_is_unfinished_until_abandoned(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    struct ledger_entry *entries = NULL;
    size_t count = 0;
    home_open(home, LEDGER_WRITE);
    (void)home_append(home, "cert.signing", home_signing(7));
    home_commit(home);
    home_open(home, LEDGER_WRITE);
    assert_done(ledger_unfinished(home->ledger, &entries, &count, &err), err);
    assert_int_equal(count, 1);
    assert_int_equal(entries[0].signing_seq, 0);
    assert_int_equal(entries[0].status, LEDGER_UNFINISHED);
    ledger_entry_done(&entries[0]);
    free(entries);
    struct json *fields = json_new_object();
    json_put_int(fields, "ref", 0);
    json_put_text(fields, "reason", "the run ended");
    (void)home_append(home, "cert.abandoned", fields);
    home_commit(home);
    assert_done(ledger_unfinished(home->ledger, &entries, &count, &err), err);
    assert_int_equal(count, 0);
    free(entries);
    // Burned: its serial stays used, and it can't be ended again.
    assert_refused(ledger_append(home->ledger, "cert.signing", home_signing(7), NULL, &err), err,
                   ERROR_LEDGER, "used this serial");
    assert_refused(ledger_append(home->ledger, "cert.issued", home_issued(0), NULL, &err), err, ERROR_LEDGER,
                   "unfinished");
}

static void revoking_and_taking_it_back_changes_the_status(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    uint8_t serial[32];
    bool found;
    static const char *const types[] = {"cert.revoked", "cert.unrevoked"};
    static const enum ledger_status wanted[] = {LEDGER_REVOKED, LEDGER_ISSUED};
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 0, 1);
    home_serial(0, serial);
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        AUTO(ledger_entry_done) struct ledger_entry entry = {.serial = NULL};
        struct json *fields = json_new_object();
        json_put_hex(fields, "serial", bytes_of(serial, 20));
        (void)home_append(home, types[i], fields);
        home_commit(home);
        assert_done(ledger_find_serial(home->ledger, bytes_of(serial, 20), &entry, &found, &err), err);
        assert_true(found);
        assert_int_equal(entry.status, wanted[i]);
    }
    struct json *again = json_new_object();
    json_put_hex(again, "serial", bytes_of(serial, 20));
    assert_refused(ledger_append(home->ledger, "cert.unrevoked", again, NULL, &err), err, ERROR_LEDGER,
                   "is not revoked");
}

static void a_record_that_is_too_long_is_refused_and_the_group_goes_on(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    AUTO(free) char *text = memory_new(LEDGER_RECORD_MAX_LEN + 1, 1);
    struct json *fields = json_new_object();
    home_open(home, LEDGER_WRITE);
    memset(text, 'x', LEDGER_RECORD_MAX_LEN);
    json_put_text(fields, "answer", text);
    assert_refused(ledger_append(home->ledger, "ceremony.step", fields, NULL, &err), err, ERROR_LEDGER,
                   "longer than");
    (void)home_issue(home, 0, 1);
    home_open(home, LEDGER_READ);
    assert_int_equal(ledger_size(home->ledger), 2);
}

static void a_second_writer_is_told_who_has_the_home(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    struct ledger *second = NULL;
    AUTO(free) char *holder = memory_format("process %ld", (long)getpid());
    home_open(home, LEDGER_WRITE);
    assert_refused(ledger_open(home->fd, home->vkey, LEDGER_WRITE, 30, &second, &err), err, ERROR_LEDGER,
                   holder);
    assert_done(ledger_open(home->fd, home->vkey, LEDGER_READ, 0, &second, &err), err);
    ledger_close(second);
}

static void a_checkpoint_needs_the_ledger_keys_signature(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder note = BUILDER_INIT;
    uint8_t signature[64] = {0};
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 0, 2);
    assert_refused(ledger_checkpoint_newest(home->ledger, &note, &err), err, ERROR_LEDGER,
                   "no checkpoint yet");
    assert_done(ledger_checkpoint_text(home->ledger, &text, &err), err);
    assert_refused(ledger_checkpoint_add(home->ledger, builder_bytes(&text), BYTES(signature), &err), err,
                   ERROR_TOKEN, "does not verify");
    home_checkpoint(home);
    (void)home_issue(home, 2, 1);
    home_checkpoint(home);
    home_open(home, LEDGER_READ);
    assert_done(ledger_checkpoint_newest(home->ledger, &note, &err), err);
    assert_non_null(strstr(builder_text(&note), HOME_ORIGIN "\n6\n"));
}

/** What index.sqlite answers, as text; the caller frees. */
static char *answer_of(const struct home *home, const char *sql)
{
    AUTO(free) char *place = memory_format("%s/index.sqlite", home->path);
    sqlite3 *db = NULL;
    sqlite3_stmt *select = NULL;
    assert_int_equal(sqlite3_open(place, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &select, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(select), SQLITE_ROW);
    char *answer = memory_text((const char *)sqlite3_column_text(select, 0));
    assert_int_equal(sqlite3_finalize(select), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return answer;
}

/** What the index finds certificates by, and which. */
static char *keys_of(struct home *home)
{
    home_close(home);
    return answer_of(home,
                     "SELECT (SELECT group_concat(sql) FROM sqlite_master WHERE type = 'index') || "
                     "(SELECT group_concat(key || ':' || signing_seq) FROM (SELECT * FROM keys UNION ALL"
                     " SELECT * FROM fresh_keys ORDER BY 1, 2))");
}

static void an_index_that_was_made_new_is_as_fit_for_look_ups_as_one_that_grew(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    uint64_t records;
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 0, 3);
    AUTO(free) char *grown = keys_of(home);
    assert_done(ledger_index_rebuild(home->fd, home->vkey, &records, &err), err);
    AUTO(free) char *rebuilt = keys_of(home);
    home_remove_index(home);
    home_open(home, LEDGER_WRITE);
    AUTO(free) char *made = keys_of(home);
    size_t keys = 0;
    for (const char *at = strchr(grown, ':'); at != NULL; at = strchr(at + 1, ':'))
        keys++;
    assert_int_equal(keys, 3 * 3);
    assert_string_equal(rebuilt, grown);
    assert_string_equal(made, grown);
}

/** Whether SQLite can take all of the index's write-ahead log into index.sqlite, which an old reader keeps it from. */
static bool log_can_be_emptied(const struct home *home)
{
    AUTO(free) char *place = memory_format("%s/index.sqlite", home->path);
    sqlite3 *db = NULL;
    int frames = 0, taken = 0;
    assert_int_equal(sqlite3_open(place, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "SELECT size FROM state", NULL, NULL, NULL),
                     SQLITE_OK); // finds the log
    int result = sqlite3_wal_checkpoint_v2(db, "main", SQLITE_CHECKPOINT_TRUNCATE, &frames, &taken);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_true(result == SQLITE_OK || result == SQLITE_BUSY);
    assert_true(frames >= 0);
    return result == SQLITE_OK;
}

static bool is_found(struct ledger *ledger, unsigned number)
{
    struct error err = ERROR_INIT;
    uint8_t digest[32], policy[32];
    bool found, found_key;
    AUTO(ledger_entry_done) struct ledger_entry entry = {.serial = NULL};
    AUTO(ledger_entry_done) struct ledger_entry other = {.serial = NULL};
    home_digest("csr", number, digest);
    home_digest("policy", 0, policy);
    assert_done(ledger_find_request(ledger, digest, "mqtt-device", policy, &entry, &found, &err), err);
    home_digest("spki", number, digest);
    assert_done(ledger_find_key(ledger, digest, "CN=impostor", &other, &found_key, &err), err);
    assert_int_equal(found, found_key);
    return found;
}

static void a_reader_beside_the_writer_sees_what_was_there_and_holds_nothing_up(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    AUTO(ledger_close) struct ledger *beside = NULL;
    AUTO(ledger_close) struct ledger *later = NULL;
    AUTO(ledger_close) struct ledger *still = NULL;
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 0, 2);
    assert_done(ledger_open_beside(home->ledger, &beside, &err), err);
    (void)home_issue(home, 2, 2);
    assert_done(ledger_open_beside(home->ledger, &later, &err), err);
    assert_true(is_found(beside, 1));
    assert_false(is_found(beside, 2));
    assert_int_equal(ledger_size(beside), 4);
    assert_true(is_found(later, 2));
    assert_true(log_can_be_emptied(home));
    // Any other reader keeps its moment, and so the log.
    assert_done(ledger_open(home->fd, home->vkey, LEDGER_READ, 0, &still, &err), err);
    (void)home_issue(home, 4, 2);
    ledger_close(TAKE(later));
    assert_done(ledger_open_beside(home->ledger, &later, &err), err);
    assert_false(log_can_be_emptied(home));
    assert_true(is_found(later, 5));
}

static int64_t count_of(const struct home *home, const char *sql)
{
    AUTO(free) char *answer = answer_of(home, sql);
    return strtoll(answer, NULL, 10);
}

/** So many that keys are moved from the small table to the large one, and the index is committed on the way. */
static void certificates_are_found_before_and_after_their_keys_are_moved(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    const unsigned many = 20000, group = 500;
    home_open(home, LEDGER_WRITE);
    for (unsigned first = 0; first < many; first += group)
        (void)home_issue(home, first, group);
    for (unsigned number = 0; number < many; number += 1237)
        assert_true(is_found(home->ledger, number));
    assert_false(is_found(home->ledger, many));
    assert_refused(ledger_append(home->ledger, "cert.signing", home_signing(3), NULL, &err), err,
                   ERROR_LEDGER, "has used this serial already");
    home_close(home);
    int64_t moved = count_of(home, "SELECT count(*) FROM keys");
    assert_true(moved > 0 && moved < 3 * (int64_t)many);
    assert_int_equal(count_of(home, "SELECT count(*) FROM fresh_keys") + moved, 3 * (int64_t)many);
    home_open(home, LEDGER_READ);
    assert_null(ledger_notice(home->ledger));
    assert_true(is_found(home->ledger, 7));
    assert_true(is_found(home->ledger, many - 1));
}

/** Ends at once, as a killed run does, with records in the ledger that the index was not given. */
static void die_after_issuing(struct home *home)
{
    pid_t child = fork();
    int status = 0;
    assert_true(child >= 0);
    if (child == 0) {
        home_open(home, LEDGER_WRITE);
        (void)home_issue(home, 2, 3);
        home_checkpoint(home);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void what_a_killed_run_did_not_tell_the_index_is_read_again(void **state)
{
    struct home *home = *state;
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 0, 2);
    home_checkpoint(home);
    home_close(home);
    die_after_issuing(home);
    home_open(home, LEDGER_READ);
    assert_true(is_found(home->ledger, 4));
    home_open(home, LEDGER_WRITE);
    assert_true(is_found(home->ledger, 4));
    assert_int_equal(ledger_checkpoint_size(home->ledger), 10);
    assert_non_null(strstr(ledger_notice(home->ledger), "index.sqlite knew 4 of the ledger's 10 records"));
    home_open(home, LEDGER_WRITE); // and kept
    assert_null(ledger_notice(home->ledger));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_committed_is_there_after_reopening, setup, teardown),
        cmocka_unit_test_setup_teardown(a_group_that_was_not_committed_does_not_count, setup, teardown),
        cmocka_unit_test_setup_teardown(the_ledger_is_never_made_anew, setup, teardown),
        cmocka_unit_test_setup_teardown(certificates_are_found_by_serial_request_and_key, setup, teardown),
        cmocka_unit_test_setup_teardown(a_key_is_found_however_its_certificate_writes_it, setup, teardown),
        cmocka_unit_test_setup_teardown(a_signing_without_its_end_is_unfinished_until_abandoned, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(revoking_and_taking_it_back_changes_the_status, setup, teardown),
        cmocka_unit_test_setup_teardown(a_record_that_is_too_long_is_refused_and_the_group_goes_on, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_second_writer_is_told_who_has_the_home, setup, teardown),
        cmocka_unit_test_setup_teardown(a_reader_beside_the_writer_sees_what_was_there_and_holds_nothing_up,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(certificates_are_found_before_and_after_their_keys_are_moved, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_a_killed_run_did_not_tell_the_index_is_read_again, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_checkpoint_needs_the_ledger_keys_signature, setup, teardown),
        cmocka_unit_test_setup_teardown(an_index_that_was_made_new_is_as_fit_for_look_ups_as_one_that_grew,
                                        setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
