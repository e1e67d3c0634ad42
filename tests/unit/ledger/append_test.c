/* SPDX-License-Identifier: Apache-2.0 */
/* What must not get into a ledger is refused before it is written, and the group goes on without it: serials again, ends of what has none. */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_serial_is_used_again_in_a_group_or_ever, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_not_issued_is_not_revoked_nor_what_is_not_revoked_released,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_certificate_ends_once, setup, teardown),
        cmocka_unit_test_setup_teardown(a_clock_behind_the_newest_record_writes_nothing, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
