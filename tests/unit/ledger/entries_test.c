/* SPDX-License-Identifier: Apache-2.0 */
/* What a look-up tells of a certificate is all that its records say, whatever became of it and whoever is asked. */
#include "ledger_home.h"

#include <inttypes.h>

#define UNFINISHED 0
#define ISSUED 1
#define ABANDONED 2
#define REVOKED 3
#define BURNED 4   /* revoked, being abandoned */
#define RELEASED 5 /* revoked, and that was taken back */
#define GIVEN_UP 6 /* revoked, being abandoned, and that was taken back */
#define COUNT 7

static const enum ledger_status statuses[COUNT] = {LEDGER_UNFINISHED, LEDGER_ISSUED,  LEDGER_ABANDONED,
                                                   LEDGER_REVOKED,    LEDGER_REVOKED, LEDGER_ISSUED,
                                                   LEDGER_ABANDONED};

static int64_t signed_at; /* seconds; of all of them */
static uint64_t issued_seq[COUNT];

static void end(struct home *home, unsigned number)
{
    bool is_issued = number == ISSUED || number == REVOKED || number == RELEASED;
    issued_seq[number] = UINT64_MAX;
    if (number == UNFINISHED)
        return;
    uint64_t seq = home_append(home, is_issued ? "cert.issued" : "cert.abandoned", home_issued(number));
    if (is_issued)
        issued_seq[number] = seq;
}

static int setup(void **state)
{
    struct home *home = memory_new(1, sizeof(*home));
    home_init(home);
    home_open(home, LEDGER_WRITE);
    for (unsigned i = 0; i < COUNT; i++)
        assert_int_equal(home_append(home, "cert.signing", home_signing(i)), i);
    home_commit(home);
    signed_at = ledger_newest_time(home->ledger);
    for (unsigned i = 0; i < COUNT; i++)
        end(home, i);
    home_commit(home);
    for (unsigned i = REVOKED; i < COUNT; i++)
        (void)home_append(home, "cert.revoked", home_of_serial(i));
    home_commit(home);
    for (unsigned i = RELEASED; i < COUNT; i++)
        (void)home_append(home, "cert.unrevoked", home_of_serial(i));
    home_commit(home);
    *state = home;
    return 0;
}

static int teardown(void **state)
{
    home_done(*state);
    free(*state);
    return 0;
}

static void put_digest(struct builder *text, const uint8_t digest[static 32])
{
    builder_add_u8(text, ' ');
    encode_hex(bytes_of(digest, 32), text);
}

static const char *or_none(const char *text)
{
    return text == NULL ? "-" : text;
}

/** All of an entry, in words. */
static void describe(const struct ledger_entry *entry, struct builder *ret_text)
{
    builder_format(ret_text, "%" PRIu64 " %" PRId64 " %s %s %s %s %s %" PRId64 " %" PRId64,
                   entry->signing_seq, (int64_t)entry->issued_seq, ledger_status_name(entry->status),
                   or_none(entry->serial), or_none(entry->policy), or_none(entry->subject),
                   or_none(entry->source), entry->time, entry->not_after);
    put_digest(ret_text, entry->csr_sha256);
    put_digest(ret_text, entry->spki_sha256);
    put_digest(ret_text, entry->key_value);
}

/** What home_signing() wrote of a certificate. */
static void due(unsigned number, struct builder *ret_text)
{
    uint8_t serial[32], csr[32], spki[32];
    char hex[129];
    AUTO(free) char *subject = memory_format("CN=device-%04u", number);
    AUTO(free) char *source = memory_format("device-%04u.csr", number);
    struct ledger_entry entry = {.signing_seq = number,
                                 .issued_seq = issued_seq[number],
                                 .status = statuses[number],
                                 .policy = (char[]){"mqtt-device"},
                                 .subject = subject,
                                 .source = source,
                                 .time = signed_at,
                                 .not_after = 1893456000}; // 2030-01-01
    home_serial(number, serial);
    entry.serial = (char *)(uintptr_t)hex_of(bytes_of(serial, 20), hex);
    home_digest("csr", number, csr);
    home_digest("spki", number, spki);
    memcpy(entry.csr_sha256, csr, 32);
    memcpy(entry.spki_sha256, spki, 32);
    memcpy(entry.key_value, spki, 32); // the tbs is none, so nobody knows more of its key
    describe(&entry, ret_text);
}

static void assert_entry(const struct ledger_entry *entry, unsigned number)
{
    AUTO(builder_done) struct builder told = BUILDER_INIT;
    AUTO(builder_done) struct builder wanted = BUILDER_INIT;
    describe(entry, &told);
    due(number, &wanted);
    assert_string_equal(builder_text(&told), builder_text(&wanted));
}

static void assert_found_by_serial(struct home *home)
{
    for (unsigned i = 0; i < COUNT; i++) {
        struct error err = ERROR_INIT;
        AUTO(ledger_entry_done) struct ledger_entry entry = {.serial = NULL};
        uint8_t serial[32];
        bool is_found = false;
        home_serial(i, serial);
        assert_done(ledger_find_serial(home->ledger, bytes_of(serial, 20), &entry, &is_found, &err), err);
        assert_true(is_found);
        assert_entry(&entry, i);
    }
}

/** Issued and not revoked: only that is what a request would get again. */
static void assert_found_by_request(struct home *home)
{
    uint8_t policy[32];
    home_digest("policy", 0, policy);
    for (unsigned i = 0; i < COUNT; i++) {
        struct error err = ERROR_INIT;
        AUTO(ledger_entry_done) struct ledger_entry entry = {.serial = NULL};
        uint8_t csr[32];
        bool is_found = statuses[i] != LEDGER_ISSUED;
        home_digest("csr", i, csr);
        assert_done(ledger_find_request(home->ledger, csr, "mqtt-device", policy, &entry, &is_found, &err),
                    err);
        assert_int_equal(is_found, statuses[i] == LEDGER_ISSUED);
        if (is_found)
            assert_entry(&entry, i);
    }
}

/** Neither abandoned nor revoked: its key is in use, or may be. */
static void assert_found_by_key(struct home *home)
{
    for (unsigned i = 0; i < COUNT; i++) {
        struct error err = ERROR_INIT;
        AUTO(ledger_entry_done) struct ledger_entry entry = {.serial = NULL};
        AUTO(free) char *subject = memory_format("CN=device-%04u", i);
        uint8_t spki[32];
        bool is_due = statuses[i] == LEDGER_ISSUED || statuses[i] == LEDGER_UNFINISHED;
        bool is_found = !is_due;
        home_digest("spki", i, spki);
        assert_done(ledger_find_key(home->ledger, spki, NULL, &entry, &is_found, &err), err);
        assert_int_equal(is_found, is_due);
        if (is_found)
            assert_entry(&entry, i);
        assert_done(ledger_find_key(home->ledger, spki, subject, &entry, &is_found, &err), err);
        assert_false(is_found);
    }
}

static bool see(const struct json *record, const struct ledger_entry *entry, void *data)
{
    unsigned *count = data;
    int64_t seq = -1;
    assert_non_null(entry);
    assert_true(json_int(record, "seq", &seq));
    assert_int_equal(seq, *count);
    assert_entry(entry, (*count)++);
    return true;
}

static void assert_listed(struct home *home)
{
    struct error err = ERROR_INIT;
    struct ledger_entry *entries = NULL;
    size_t found = 0;
    unsigned count = 0;
    const struct ledger_filter filter = {.status = -1, .only_certificates = true};
    assert_done(ledger_each(home->ledger, &filter, see, &count, &err), err);
    assert_int_equal(count, COUNT);
    assert_done(ledger_unfinished(home->ledger, &entries, &found, &err), err);
    assert_int_equal(found, 1);
    assert_entry(&entries[0], UNFINISHED);
    ledger_entry_done(&entries[0]);
    free(entries);
}

static void all_that_the_records_say_is_told(void **state)
{
    struct home *home = *state;
    for (int way = 0; way < 3; way++) {
        if (way == 2)
            home_remove_index(home); // told from an index that was made at once
        if (way > 0)
            home_open(home, LEDGER_READ);
        assert_found_by_serial(home);
        assert_found_by_request(home);
        assert_found_by_key(home);
        assert_listed(home);
    }
    home_close(home);
    home_assert_clean(home, COUNT + (COUNT - 1) + (COUNT - REVOKED) + (COUNT - RELEASED));
}

/** A record of a program that says less than this one does. */
static void what_a_record_does_not_say_is_not_told(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    AUTO(ledger_entry_done) struct ledger_entry entry = {.serial = NULL};
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    struct json *fields = json_new_object();
    bool is_found = false;
    json_put_text(fields, "serial", "10aa");
    uint64_t seq = home_append(home, "cert.signing", fields);
    home_commit(home);
    assert_done(ledger_find_serial(home->ledger, BYTES_LITERAL("\x10\xaa"), &entry, &is_found, &err), err);
    assert_true(is_found);
    describe(&entry, &text);
    AUTO(free) char *zero = memory_format("%064d", 0);
    AUTO(free)
    char *wanted = memory_format("%" PRIu64 " -1 unfinished 10aa - - - %" PRId64 " 0 %s %s %s", seq,
                                 ledger_newest_time(home->ledger), zero, zero, zero);
    assert_string_equal(builder_text(&text), wanted);
}

/** Of two that fit, it is the newer; of one that does not, none. */
static void the_newest_that_fits_is_told(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    AUTO(ledger_entry_done) struct ledger_entry by_request = {.serial = NULL};
    AUTO(ledger_entry_done) struct ledger_entry by_key = {.serial = NULL};
    AUTO(ledger_entry_done) struct ledger_entry none = {.serial = NULL};
    uint8_t csr[32], spki[32], policy[32], other[32], serial[32];
    struct json *again = home_signing(ISSUED);
    bool is_found = false;
    home_serial(90, serial);
    json_put_hex(again, "serial", bytes_of(serial, 20));
    uint64_t seq = home_append(home, "cert.signing", again);
    home_commit(home);
    home_digest("csr", ISSUED, csr);
    home_digest("spki", ISSUED, spki);
    home_digest("policy", 0, policy);
    home_digest("policy", 1, other);
    assert_done(ledger_find_request(home->ledger, csr, "mqtt-device", policy, &by_request, &is_found, &err),
                err);
    assert_int_equal(by_request.signing_seq, ISSUED); // the newer is not issued
    (void)home_append(home, "cert.issued", home_issued(seq));
    home_commit(home);
    ledger_entry_done(&by_request);
    assert_done(ledger_find_request(home->ledger, csr, "mqtt-device", policy, &by_request, &is_found, &err),
                err);
    assert_int_equal(by_request.signing_seq, seq);
    assert_done(ledger_find_key(home->ledger, spki, "CN=other", &by_key, &is_found, &err), err);
    assert_int_equal(by_key.signing_seq, seq);
    assert_done(ledger_find_request(home->ledger, csr, "mqtt-device", other, &none, &is_found, &err), err);
    assert_false(is_found);
    assert_done(ledger_find_request(home->ledger, csr, "mqtt", policy, &none, &is_found, &err), err);
    assert_false(is_found);
    is_found = true;
    assert_done(ledger_find_serial(home->ledger, bytes_of(serial, 19), &none, &is_found, &err), err);
    assert_false(is_found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_that_the_records_say_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(what_a_record_does_not_say_is_not_told, setup, teardown),
        cmocka_unit_test_setup_teardown(the_newest_that_fits_is_told, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
