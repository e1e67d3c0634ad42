/* SPDX-License-Identifier: Apache-2.0 */
/* What the index says of a certificate is held against its records, member by member: whichever it has wrong, the answer is the ledger's. */
#include "ledger/index.h"
#include "ledger_home.h"

static int setup(void **state)
{
    struct home *home = memory_new(1, sizeof(*home));
    home_init(home);
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 0, 3); // records 0 to 2, and their ends 3 to 5
    *state = home;
    return 0;
}

static int teardown(void **state)
{
    home_done(*state);
    free(*state);
    return 0;
}

/** All that is known of the certificate of record 1, by its serial. */
static void assert_entry_is_right(struct home *home)
{
    struct error err = ERROR_INIT;
    AUTO(ledger_entry_done) struct ledger_entry entry = {.serial = NULL};
    uint8_t serial[32], digest[32];
    char hex[129];
    bool found = false;
    home_serial(1, serial);
    assert_done(ledger_find_serial(home->ledger, bytes_of(serial, 20), &entry, &found, &err), err);
    assert_true(found);
    assert_string_equal(entry.serial, hex_of(bytes_of(serial, 20), hex));
    assert_string_equal(entry.subject, "CN=device-0001");
    assert_int_equal(entry.signing_seq, 1);
    assert_int_equal(entry.issued_seq, 4);
    assert_int_equal(entry.status, LEDGER_ISSUED);
    assert_int_equal(entry.not_after, INT64_C(1893456000));
    home_digest("csr", 1, digest);
    assert_memory_equal(entry.csr_sha256, digest, 32);
    home_digest("spki", 1, digest);
    assert_memory_equal(entry.spki_sha256, digest, 32);
    assert_memory_equal(entry.key_value, digest, 32);
}

static void whatever_member_is_wrong_the_answer_is_the_ledgers(void **state)
{
    static const char *const lies[] = {
        "csr = zeroblob(32)",
        "spki = zeroblob(32)",
        "key_value = zeroblob(32)",
        "subject = 'CN=device-0002'",
        "not_after = not_after + 1",
        "not_after = not_after - 1",
        "issued_seq = 3",   // of another certificate
        "issued_seq = 2",   // a cert.signing
        "issued_seq = 999", // not there
    };
    struct home *home = *state;
    for (size_t i = 0; i < 2 * ARRAY_LEN(lies); i++) {
        AUTO(free)
        char *sql = memory_format("UPDATE certificates SET %s WHERE signing_seq = 1", lies[i / 2]);
        home_change_index(home, sql);
        home_open(home, i % 2 == 0 ? LEDGER_WRITE : LEDGER_READ);
        assert_entry_is_right(home);
        const char *notice = ledger_notice(home->ledger);
        if (notice == NULL || strstr(notice, "6 records") == NULL)
            fail_msg("%s: \"%s\"", lies[i / 2], notice == NULL ? "" : notice);
    }
    home_close(home);
    home_assert_clean(home, 6);
}

/** A certificate that was never issued is not, whatever record is named as its cert.issued; and what is no cert.signing begins none. */
static void records_of_other_types_make_no_certificate(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    struct ledger_entry none = {.serial = NULL};
    AUTO(ledger_entry_done) struct ledger_entry entry = {.serial = NULL};
    uint8_t serial[32];
    bool is_found = true;
    (void)home_append(home, "cert.signing", home_signing(7)); // 6
    home_commit(home);
    (void)home_append(home, "cert.abandoned", home_issued(6));  // 7
    (void)home_append(home, "cert.revoked", home_of_serial(8)); // 8, from before this ledger
    home_commit(home);
    home_change_index(home, "UPDATE certificates SET status = 1, issued_seq = 7 WHERE signing_seq = 6");
    home_open(home, LEDGER_WRITE);
    home_serial(7, serial);
    assert_done(ledger_find_serial(home->ledger, bytes_of(serial, 20), &entry, &is_found, &err), err);
    assert_true(is_found);
    assert_int_equal(entry.status, LEDGER_ABANDONED);
    assert_int_equal(entry.issued_seq, UINT64_MAX);
    assert_non_null(ledger_notice(home->ledger));
    home_serial(8, serial);
    char hex[129];
    AUTO(free)
    char *sql = memory_format(
        "UPDATE certificates SET signing_seq = 8, serial = X'%s', csr = zeroblob(32), spki = zeroblob(32),"
        " key_value = NULL, subject = '', not_after = 0, issued_seq = NULL WHERE signing_seq = 6;"
        "INSERT INTO fresh_keys VALUES(%lld, 8)",
        hex_of(bytes_of(serial, 20), hex), (long long)index_key_of_serial(bytes_of(serial, 20)));
    home_change_index(home, sql);
    home_open(home, LEDGER_WRITE);
    assert_done(ledger_find_serial(home->ledger, bytes_of(serial, 20), &none, &is_found, &err), err);
    assert_false(is_found);
    assert_non_null(ledger_notice(home->ledger));
}

static void a_sound_index_is_believed(void **state)
{
    struct home *home = *state;
    assert_entry_is_right(home);
    home_open(home, LEDGER_READ);
    assert_entry_is_right(home);
    assert_null(ledger_notice(home->ledger));
}

/** What is abandoned is burned for ever. */
static void what_was_ended_is_not_taken_for_unfinished(void **state)
{
    static const char *const lies[] = {"status = 0, issued_seq = NULL WHERE signing_seq = 1",
                                       "status = 0 WHERE signing_seq = 2",
                                       "status = 0, csr = zeroblob(32) WHERE signing_seq = 0"};
    struct home *home = *state;
    for (size_t i = 0; i < ARRAY_LEN(lies); i++) {
        struct error err = ERROR_INIT;
        struct ledger_entry *entries = NULL;
        size_t count = 99;
        AUTO(free) char *sql = memory_format("UPDATE certificates SET %s", lies[i]);
        home_change_index(home, sql);
        home_open(home, LEDGER_WRITE);
        assert_done(ledger_unfinished(home->ledger, &entries, &count, &err), err);
        assert_int_equal(count, 0);
        free(entries);
        assert_non_null(ledger_notice(home->ledger));
    }
    home_close(home);
    home_assert_clean(home, 6);
}

static void the_unfinished_are_those_without_an_end_oldest_first(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    struct ledger_entry *entries = NULL;
    size_t count = 0;
    for (unsigned i = 10; i < 15; i++)
        (void)home_append(home, "cert.signing", home_signing(i)); // 6 to 10
    home_commit(home);
    (void)home_append(home, "cert.issued", home_issued(8));
    struct json *abandoned = json_new_object();
    json_put_int(abandoned, "ref", 6);
    json_put_text(abandoned, "reason", "stopped");
    (void)home_append(home, "cert.abandoned", abandoned);
    home_commit(home);
    assert_done(ledger_unfinished(home->ledger, &entries, &count, &err), err);
    const uint64_t wanted[] = {7, 9, 10};
    assert_int_equal(count, ARRAY_LEN(wanted));
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(entries[i].signing_seq, wanted[i]);
        assert_int_equal(entries[i].status, LEDGER_UNFINISHED);
        ledger_entry_done(&entries[i]);
    }
    free(entries);
    assert_null(ledger_notice(home->ledger));
}

static void two_records_that_are_not_of_one_certificate_make_none(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    struct ledger_entry entry = {.signing_seq = 1, .issued_seq = 4};
    assert_done(ledger_certificate_parts(home->ledger, &entry, &tbs, &signature, &err), err);
    assert_string_equal(builder_text(&tbs), "CN=device-0001");
    assert_string_equal(builder_text(&signature), "a signature");
    entry.issued_seq = 3;
    assert_refused(ledger_certificate_parts(home->ledger, &entry, &tbs, &signature, &err), err, ERROR_LEDGER,
                   "records 1 and 3 do not make a certificate");
    entry.issued_seq = UINT64_MAX;
    assert_refused(ledger_certificate_parts(home->ledger, &entry, &tbs, &signature, &err), err, ERROR_LEDGER,
                   "the certificate of record 1 was never issued");
    entry.issued_seq = 99;
    assert_false(ledger_certificate_parts(home->ledger, &entry, &tbs, &signature, &err));
    assert_string_equal(ledger_status_name(LEDGER_UNFINISHED), "unfinished");
    assert_string_equal(ledger_status_name(LEDGER_ISSUED), "issued");
    assert_string_equal(ledger_status_name(LEDGER_ABANDONED), "abandoned");
    assert_string_equal(ledger_status_name(LEDGER_REVOKED), "revoked");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(whatever_member_is_wrong_the_answer_is_the_ledgers, setup, teardown),
        cmocka_unit_test_setup_teardown(records_of_other_types_make_no_certificate, setup, teardown),
        cmocka_unit_test_setup_teardown(a_sound_index_is_believed, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_ended_is_not_taken_for_unfinished, setup, teardown),
        cmocka_unit_test_setup_teardown(the_unfinished_are_those_without_an_end_oldest_first, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(two_records_that_are_not_of_one_certificate_make_none, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
