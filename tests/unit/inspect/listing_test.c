/* SPDX-License-Identifier: Apache-2.0 */
/* What `cert list` calls a certificate: by its records and, to the second, by the clock. */
#include "inspect/listing.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "records/revocation.h"
#include "small_home.h"

#define END INT64_C(1800000000)

static struct small_home small;
static struct revocations *revocations;

static int begin(void **state)
{
    (void)state;
    small_home_make(&small);
    return 0;
}

static int end(void **state)
{
    (void)state;
    if (revocations != NULL)
        revocations_free(TAKE(revocations));
    small_home_remove(&small);
    return 0;
}

static uint64_t log_revocation(uint8_t serial, enum crl_reason reason)
{
    const struct record_cert_revoked record = {.serial = bytes_of(&serial, 1),
                                               .reason = reason,
                                               .revoked_at = END - 60,
                                               .invalidity_date = CRL_NO_TIME,
                                               .not_after = CRL_NO_TIME,
                                               .ref = RECORD_NO_SEQ};
    return small_home_log(&small, RECORD_CERT_REVOKED, record_cert_revoked_write(&record));
}

static void log_release(uint8_t serial, uint64_t ref)
{
    const struct record_cert_unrevoked record = {.serial = bytes_of(&serial, 1), .ref = ref};
    (void)small_home_log(&small, RECORD_CERT_UNREVOKED, record_cert_unrevoked_write(&record));
}

static void load(void)
{
    struct error err = ERROR_INIT;
    if (revocations != NULL)
        revocations_free(TAKE(revocations));
    if (!revocations_load(small.home.ledger, &revocations, &err))
        fail_msg("%s", err.text);
}

static enum listing_state state_of(const char *serial, enum ledger_status status, int64_t now)
{
    const struct ledger_entry entry = {
        .serial = (char *)(uintptr_t)serial, .status = status, .not_after = END};
    return listing_state_of(&entry, revocations, now);
}

static void the_last_record_of_a_serial_counts(void **state)
{
    (void)state;
    (void)log_revocation(1, CRL_SUPERSEDED);
    (void)log_revocation(2, CRL_CERTIFICATE_HOLD);
    (void)log_revocation(3, CRL_CERTIFICATE_HOLD);
    (void)log_revocation(3, CRL_KEY_COMPROMISE); // from now on revoked
    (void)log_revocation(4, CRL_CERTIFICATE_HOLD);
    log_release(4, 4);
    log_release(5, 9); // of nothing
    (void)log_revocation(6, CRL_CERTIFICATE_HOLD);
    log_release(6, 7);
    (void)log_revocation(6, CRL_CERTIFICATE_HOLD);
    load();
    assert_true(revocations_has(revocations, "01"));
    assert_true(revocations_has(revocations, "02"));
    assert_true(revocations_has(revocations, "03"));
    assert_false(revocations_has(revocations, "04"));
    assert_false(revocations_has(revocations, "05"));
    assert_true(revocations_has(revocations, "06"));
    assert_string_equal(revocations_words(revocations, "03"), "2027-01-15T07:59:00Z, keyCompromise");
    assert_null(revocations_words(revocations, "05"));
    assert_int_equal(state_of("01", LEDGER_REVOKED, END), LISTING_REVOKED);
    assert_int_equal(state_of("02", LEDGER_REVOKED, END), LISTING_HOLD);
    assert_int_equal(state_of("03", LEDGER_REVOKED, END), LISTING_REVOKED);
    assert_int_equal(state_of("06", LEDGER_REVOKED, END), LISTING_HOLD);
    assert_int_equal(state_of("99", LEDGER_REVOKED, END), LISTING_REVOKED);
}

static void a_certificate_is_valid_to_its_last_second(void **state)
{
    (void)state;
    load();
    assert_int_equal(state_of("01", LEDGER_ISSUED, END), LISTING_VALID);
    assert_int_equal(state_of("01", LEDGER_ISSUED, END + 1), LISTING_EXPIRED);
    assert_int_equal(state_of("01", LEDGER_ABANDONED, END), LISTING_BURNED);
    assert_int_equal(state_of("01", LEDGER_UNFINISHED, END + 1), LISTING_UNFINISHED);
}

static void states_are_named_as_people_write_them(void **state)
{
    static const struct {
        const char *name;
        enum listing_state wanted;
    } cases[] = {{"valid", LISTING_VALID},          {"expired", LISTING_EXPIRED},
                 {"revoked", LISTING_REVOKED},      {"hold", LISTING_HOLD},
                 {"burned", LISTING_BURNED},        {"abandoned", LISTING_BURNED},
                 {"unfinished", LISTING_UNFINISHED}};
    struct error err = ERROR_INIT;
    bool is_any = true;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        enum listing_state found = cases[i].wanted == LISTING_VALID ? LISTING_HOLD : LISTING_VALID;
        assert_true(listing_state_parse(cases[i].name, &found, &is_any, &err));
        assert_int_equal(found, cases[i].wanted);
        assert_false(is_any);
        if (strcmp(cases[i].name, "abandoned") != 0)
            assert_string_equal(listing_state_name(found), cases[i].name);
    }
    enum listing_state ignored = LISTING_VALID;
    assert_true(listing_state_parse("issued", &ignored, &is_any, &err));
    assert_true(is_any);
    assert_false(listing_state_parse("lost", &ignored, &is_any, &err));
    assert_int_equal(err.kind, ERROR_USAGE);
    assert_string_equal(
        err.text,
        "--status is valid, expired, revoked, hold, burned or unfinished; issued is valid or expired");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_last_record_of_a_serial_counts, begin, end),
        cmocka_unit_test_setup_teardown(a_certificate_is_valid_to_its_last_second, begin, end),
        cmocka_unit_test_setup_teardown(states_are_named_as_people_write_them, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
