/* SPDX-License-Identifier: Apache-2.0 */
/* The index looks for 8 bytes of a digest: what has the same, and is another, is not taken for what is asked for, whatever it is 8 bytes of. */
#include "ledger_home.h"

#define OWN 3

static uint8_t csr[32], spki[32], serial[32], serial_digest[32], policy[32];

/** As the others, but with these digests; the rest of its own. */
static struct json *with(unsigned number, const uint8_t request[static 32], const uint8_t key[static 32])
{
    struct json *fields = home_signing(number);
    json_put_hex(fields, "csr_sha256", bytes_of(request, 32));
    json_put_hex(fields, "spki_sha256", bytes_of(key, 32));
    return fields;
}

/** Certificates of which each look-up for the one in the middle meets some before and behind it. */
static int setup(void **state)
{
    struct home *home = memory_new(1, sizeof(*home));
    uint8_t like_csr[32], like_spki[32], like_serial[32];
    home_init(home);
    home_open(home, LEDGER_WRITE);
    home_digest("csr", OWN, csr);
    home_digest("spki", OWN, spki);
    home_digest("policy", 0, policy);
    home_serial(OWN, serial);
    digest_sha256(bytes_of(serial, 20), serial_digest);
    memcpy(like_csr, csr, 32);
    memcpy(like_spki, spki, 32);
    memcpy(like_serial, serial_digest, 32);
    like_csr[8] ^= 1;
    like_spki[31] ^= 1;
    like_serial[8] ^= 1;
    for (unsigned i = 0; i <= 2 * OWN; i++) {
        struct json *fields = i == OWN     ? home_signing(OWN)
                              : i % 3 == 0 ? with(i, like_csr, like_serial)
                              : i % 3 == 1 ? with(i, like_serial, like_spki)
                                           : with(i, like_spki, like_csr);
        (void)home_append(home, "cert.signing", fields);
    }
    home_commit(home);
    for (unsigned i = 0; i <= 2 * OWN; i++)
        (void)home_append(home, "cert.issued", home_issued(i));
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

static void assert_own(const struct ledger_entry *entry, bool is_found)
{
    assert_true(is_found);
    assert_int_equal(entry->signing_seq, OWN);
}

static void only_what_is_asked_for_is_found(void **state)
{
    struct home *home = *state;
    for (int mode = 0; mode < 3; mode++) {
        struct error err = ERROR_INIT;
        AUTO(ledger_entry_done) struct ledger_entry by_serial = {.serial = NULL};
        AUTO(ledger_entry_done) struct ledger_entry by_request = {.serial = NULL};
        AUTO(ledger_entry_done) struct ledger_entry by_key = {.serial = NULL};
        bool is_found = false;
        if (mode == 2)
            home_remove_index(home); // keys that were made at once
        if (mode > 0)
            home_open(home, LEDGER_READ);
        assert_done(ledger_find_serial(home->ledger, bytes_of(serial, 20), &by_serial, &is_found, &err), err);
        assert_own(&by_serial, is_found);
        assert_done(
            ledger_find_request(home->ledger, csr, "mqtt-device", policy, &by_request, &is_found, &err), err);
        assert_own(&by_request, is_found);
        assert_done(ledger_find_key(home->ledger, spki, NULL, &by_key, &is_found, &err), err);
        assert_own(&by_key, is_found);
    }
}

static void what_is_there_in_8_bytes_alone_is_not_found(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    struct ledger_entry entry = {.serial = NULL};
    bool is_found = true;
    csr[31] ^= 2;
    spki[8] ^= 2;
    assert_done(ledger_find_request(home->ledger, csr, "mqtt-device", policy, &entry, &is_found, &err), err);
    assert_false(is_found);
    is_found = true;
    assert_done(ledger_find_key(home->ledger, spki, NULL, &entry, &is_found, &err), err);
    assert_false(is_found);
}

/** A serial is new if no certificate has it, though the digest of another begins as its own does. */
static void a_serial_is_new_that_is_like_a_digest(void **state)
{
    struct home *home = *state;
    uint8_t fresh[32], like[32], other[32];
    home_serial(90, fresh);
    digest_sha256(bytes_of(fresh, 20), like);
    home_digest("other", 0, other);
    (void)home_append(home, "cert.signing", with(80, like, other));
    home_commit(home);
    struct json *second = home_signing(81);
    json_put_hex(second, "serial", bytes_of(fresh, 20));
    uint64_t seq = home_append(home, "cert.signing", second);
    home_commit(home);
    (void)home_append(home, "cert.issued", home_issued(seq));
    home_commit(home);
    (void)home_append(home, "cert.revoked", home_of_serial(90)); // and it is this one that is revoked
    home_commit(home);
    struct error err = ERROR_INIT;
    AUTO(ledger_entry_done) struct ledger_entry entry = {.serial = NULL};
    bool is_found = false;
    assert_done(ledger_find_serial(home->ledger, bytes_of(fresh, 20), &entry, &is_found, &err), err);
    assert_true(is_found);
    assert_int_equal(entry.signing_seq, seq);
    assert_int_equal(entry.status, LEDGER_REVOKED);
    home_close(home);
    home_assert_clean(home, 2 * (2 * OWN + 1) + 4);
}

/** All three of one certificate may be the same 8 bytes. */
static void what_has_one_key_for_all_is_found_by_each(void **state)
{
    struct home *home = *state;
    uint8_t alike[32], own[32];
    home_serial(70, own);
    digest_sha256(bytes_of(own, 20), alike);
    uint64_t seq = home_append(home, "cert.signing", with(70, alike, alike));
    home_commit(home);
    (void)home_append(home, "cert.issued", home_issued(seq));
    home_commit(home);
    for (int mode = 0; mode < 2; mode++) {
        struct error err = ERROR_INIT;
        AUTO(ledger_entry_done) struct ledger_entry by_serial = {.serial = NULL};
        AUTO(ledger_entry_done) struct ledger_entry by_request = {.serial = NULL};
        AUTO(ledger_entry_done) struct ledger_entry by_key = {.serial = NULL};
        bool is_found = false;
        if (mode == 1) {
            home_close(home);
            home_remove_index(home);
            home_open(home, LEDGER_WRITE);
        }
        assert_done(ledger_find_serial(home->ledger, bytes_of(own, 20), &by_serial, &is_found, &err), err);
        assert_true(is_found && by_serial.signing_seq == seq);
        assert_done(
            ledger_find_request(home->ledger, alike, "mqtt-device", policy, &by_request, &is_found, &err),
            err);
        assert_true(is_found && by_request.signing_seq == seq);
        assert_done(ledger_find_key(home->ledger, alike, NULL, &by_key, &is_found, &err), err);
        assert_true(is_found && by_key.signing_seq == seq);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(only_what_is_asked_for_is_found, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_there_in_8_bytes_alone_is_not_found, setup, teardown),
        cmocka_unit_test_setup_teardown(what_has_one_key_for_all_is_found_by_each, setup, teardown),
        cmocka_unit_test_setup_teardown(a_serial_is_new_that_is_like_a_digest, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
