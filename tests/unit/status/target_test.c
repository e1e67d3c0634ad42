/* SPDX-License-Identifier: Apache-2.0 */
/* What is to be done with a certificate that is to be revoked, put on hold or released, by what the ledger says of it. */
#include "selected.h"

static void a_certificate_is_revoked_by_what_the_ledger_says_of_it(void **state)
{
    struct given given, other;
    (void)state;
    given_issue(&small.home, "CN=a", "p", true, &other);
    given_issue(&small.home, "CN=b", "p", true, &given);
    const struct revoke_target *target = target_of(&given, superseded);
    assert_int_equal(target->action, REVOKE_REVOKE);
    assert_int_equal(target->reason, CRL_SUPERSEDED);
    assert_string_equal(target->serial_text, given.serial);
    assert_memory_equal(target->serial, given.bytes, sizeof(given.bytes));
    assert_string_equal(target->subject, "CN=b");
    assert_int_equal(target->signing_seq, given.signing_seq);
    assert_int_equal(target->ref, given.issued_seq);
    assert_int_equal(target->not_after, MAKER_NOW + 100 * INT64_C(86400) - 1);
    assert_true(target->has_key_value);
    assert_memory_equal(target->key_value, given.key_value, 32);
    assert_null(target->note);
    assert_false(target->is_foreign);
}

static void a_long_ledger_is_read_if_its_index_says_that_it_matters(void **state)
{
    struct error err = ERROR_INIT;
    struct given given;
    (void)state;
    given_issue(&small.home, "CN=a", "p", true, &given);
    assert_int_equal(target_of(&given, superseded)->action, REVOKE_REVOKE);
    assert_null(desk.revoked);
    // One that is on hold or burned, and one from elsewhere, which may be revoked already.
    assert_true(find("0abc", foreign, &err));
    assert_non_null(desk.revoked);
    desk.asks_index = false;
    revoked_free(TAKE(desk.revoked));
    ledger_scan_free(TAKE(desk.scan));
    (void)target_of(&given, superseded);
    assert_non_null(desk.revoked);
}

static void what_came_from_elsewhere_is_revoked_once(void **state)
{
    static const uint8_t serial[] = {0x0a, 0xbc};
    const struct record_cert_revoked record = {.serial = BYTES(serial),
                                               .reason = CRL_SUPERSEDED,
                                               .revoked_at = INT64_C(1800000000),
                                               .invalidity_date = CRL_NO_TIME,
                                               .not_after = CRL_NO_TIME,
                                               .ref = RECORD_NO_SEQ,
                                               .is_foreign = true};
    struct error err = ERROR_INIT;
    (void)state;
    (void)small_home_log(&small, RECORD_CERT_REVOKED, record_cert_revoked_write(&record));
    assert_true(find("0abc", foreign, &err));
    assert_int_equal(plan.targets[0].action, REVOKE_NOTHING);
    assert_string_equal(plan.targets[0].note,
                        "already revoked since 2027-01-15T08:00:00Z; the reason stays superseded");
}

static void serials_are_read_as_numbers_and_each_once(void **state)
{
    struct error err = ERROR_INIT;
    struct given given, other;
    (void)state;
    given_issue(&small.home, "CN=a", "p", true, &given);
    AUTO(free) char *padded = memory_format("00%s", given.serial);
    given_issue(&small.home, "CN=b", "p", true, &other);
    const char *serials[] = {given.serial, padded, other.serial, given.serial, other.serial};
    const struct revoke_options options = {.serials = serials, .serial_count = 5};
    const struct selection selection = {.wish = superseded};
    assert_true(selection_find(&selection, &options, &desk, &plan, &err));
    assert_int_equal(plan.count, 2);
    assert_string_equal(plan.targets[0].serial_text, given.serial);
    assert_string_equal(plan.targets[1].serial_text, other.serial);
    assert_false(plan.is_many);
    // One of them that is no number stops all.
    serials[2] = "0g";
    forget_plan();
    assert_false(selection_find(&selection, &options, &desk, &plan, &err));
    assert_string_equal(err.text, "\"0g\" is not a serial number in hex");
    assert_int_equal(err.kind, ERROR_USAGE);
    error_clear(&err);
    // Of zeroes alone one stays.
    assert_refused(
        "0000", superseded,
        "no certificate with serial 00 in the ledger: check it (`coldca cert list`); was it issued "
        "before this ledger was begun, say --foreign");
    assert_true(find("000a", foreign, &err));
    assert_string_equal(plan.targets[0].serial_text, "0a");
    assert_int_equal(plan.targets[0].serial_len, 1);
    struct revoke_target none;
    error_clear(&err);
    assert_false(target_find(&desk, bytes_of(NULL, 0), CRL_NO_TIME, &foreign, &none, &err));
    assert_string_equal(err.text, "a serial number has 1 to 20 bytes (RFC 5280 4.1.2.2)");
    assert_int_equal(err.kind, ERROR_INPUT);
}

static void what_is_not_in_the_ledger_is_foreign(void **state)
{
    struct given given;
    (void)state;
    given_issue(&small.home, "CN=a", "p", true, &given);
    assert_refused("0abc", superseded,
                   "no certificate with serial 0abc in the ledger: check it (`coldca cert list`); was it "
                   "issued before this ledger was begun, say --foreign");
    assert_refused(given.serial, foreign, " is in the ledger: leave --foreign out");
    struct error err = ERROR_INIT;
    assert_true(find("0abc", foreign, &err));
    assert_int_equal(plan.targets[0].action, REVOKE_REVOKE);
    assert_true(plan.targets[0].is_foreign);
    assert_int_equal(plan.targets[0].ref, UINT64_MAX);
    assert_int_equal(plan.targets[0].not_after, CRL_NO_TIME);
    assert_false(plan.targets[0].has_key_value);
    assert_true(find("07", foreign, &err)); // one byte is enough
    AUTO(free) char *too_long = memory_format("%042d", 1);
    too_long[0] = '1';
    assert_refused(too_long, foreign, "a serial number has 1 to 20 bytes (RFC 5280 4.1.2.2)");
}

static void a_root_does_not_revoke_itself(void **state)
{
    struct error err = ERROR_INIT;
    char hex[129];
    AUTO(cert_facts_done) struct cert_facts facts = {.serial_len = 0};
    (void)state;
    assert_true(cert_read(cert_issuer_der(small.home.issuer), &facts, &err));
    (void)hex_of(bytes_of(facts.serial, facts.serial_len), hex);
    assert_refused(hex, foreign,
                   " is this CA's own certificate: no CRL of its own can take it back "
                   "(docs/revocation.md, \"The CA key is lost\")");
}

/** A CA below another is taken back by that one: the number is nothing to its own CRL. */
static void the_serial_of_a_ca_that_is_no_root_is_one_like_others(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(EVP_PKEY_free) EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    AUTO(cert_issuer_free) struct cert_issuer *root = maker_root("CN=Top", key, SIGNATURE_ECDSA_SHA256);
    AUTO(template_free) struct template *template = maker_ca_template("CN=Below", key);
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(cert_facts_done) struct cert_facts facts = {.serial_len = 0};
    (void)state;
    maker_certificate(template, root, key, SIGNATURE_ECDSA_SHA256, &der);
    cert_issuer_free(TAKE(small.home.issuer));
    const struct bytes chain = cert_issuer_der(root);
    if (!cert_issuer_read(builder_bytes(&der), &chain, 1, &small.home.issuer, &err))
        fail_msg("%s", err.text);
    assert_true(cert_read(builder_bytes(&der), &facts, &err));
    const struct bytes serial = bytes_of(facts.serial, facts.serial_len);
    assert_false(target_is_root(&small.home, serial));
    small.home.issuer = (cert_issuer_free(small.home.issuer), TAKE(root));
    assert_false(target_is_root(&small.home, serial));
}

static void a_revocation_stays_and_a_hold_can_be_released(void **state)
{
    struct given given;
    (void)state;
    given_issue(&small.home, "CN=a", "p", true, &given);
    assert_refused(given.serial, releasing, " is not on hold, so there is nothing to release");
    uint64_t first = given_revoke(&small.home, &given, CRL_CERTIFICATE_HOLD, INT64_C(1800000000));
    const struct revoke_target *target = target_of(&given, hold);
    assert_int_equal(target->action, REVOKE_NOTHING);
    assert_string_equal(target->note, "already on hold since 2027-01-15T08:00:00Z");
    target = target_of(&given, superseded);
    assert_int_equal(target->action, REVOKE_REVOKE);
    assert_string_equal(target->note, "on hold since 2027-01-15T08:00:00Z; from now on revoked");
    target = target_of(&given, releasing);
    assert_int_equal(target->action, REVOKE_RELEASE);
    assert_int_equal(target->ref, first);
    given_release(&small.home, &given, first);
    assert_refused(given.serial, releasing, " is not on hold, so there is nothing to release");
    (void)given_revoke(&small.home, &given, CRL_CESSATION_OF_OPERATION, INT64_C(1800000000));
    target = target_of(&given, superseded);
    assert_int_equal(target->action, REVOKE_NOTHING);
    assert_string_equal(target->note,
                        "already revoked since 2027-01-15T08:00:00Z; the reason stays cessationOfOperation");
    target = target_of(&given, (struct target_wish){.reason = CRL_CESSATION_OF_OPERATION});
    assert_string_equal(target->note, "already revoked since 2027-01-15T08:00:00Z");
    target = target_of(&given, (struct target_wish){.reason = CRL_KEY_COMPROMISE});
    assert_string_equal(target->note,
                        "already revoked since 2027-01-15T08:00:00Z; the reason stays cessationOfOperation; "
                        "that requests with its key are refused, say with --key FILE");
    target = target_of(&given, hold);
    assert_int_equal(target->action, REVOKE_NOTHING);
    assert_string_equal(target->note,
                        "already revoked since 2027-01-15T08:00:00Z; the reason stays cessationOfOperation");
    assert_refused(given.serial, releasing,
                   " was revoked on 2027-01-15T08:00:00Z (cessationOfOperation), and that stays: only a hold "
                   "can be released (RFC 5280 5.3.1). Was it an error, then give its holder a new "
                   "certificate: `coldca sign --reissue`");
}

static void whose_key_was_lost_is_said_once(void **state)
{
    struct given given;
    (void)state;
    given_issue(&small.home, "CN=a", "p", true, &given);
    (void)given_revoke(&small.home, &given, CRL_KEY_COMPROMISE, INT64_C(1800000000));
    const struct revoke_target *target =
        target_of(&given, (struct target_wish){.reason = CRL_KEY_COMPROMISE});
    assert_int_equal(target->action, REVOKE_NOTHING);
    assert_string_equal(target->note, "already revoked since 2027-01-15T08:00:00Z");
}

static void a_burned_serial_gets_a_reason_and_no_release(void **state)
{
    struct given given;
    (void)state;
    given_issue(&small.home, "CN=a", "p", false, &given);
    given_abandon(&small.home, &given);
    const struct revoke_target *target = target_of(&given, superseded);
    assert_int_equal(target->action, REVOKE_REVOKE);
    assert_string_equal(target->note, "was abandoned, so it is on every CRL by itself; now with a reason");
    assert_refused(given.serial, releasing,
                   " was abandoned: nobody can know whether it was signed, so it stays on every CRL");
    // One that was put on hold since is burned again after that.
    uint64_t held = given_revoke(&small.home, &given, CRL_CERTIFICATE_HOLD, INT64_C(1800000000));
    assert_int_equal(target_of(&given, releasing)->action, REVOKE_RELEASE);
    given_release(&small.home, &given, held);
    assert_refused(given.serial, releasing,
                   " was abandoned: nobody can know whether it was signed, so it stays on every CRL");
}

/** The index alone is not believed. */
static void a_serial_without_an_end_is_not_revoked(void **state)
{
    struct error err = ERROR_INIT;
    struct given given;
    (void)state;
    given_issue(&small.home, "CN=a", "p", false, &given);
    assert_false(find(given.serial, superseded, &err));
    assert_int_equal(err.kind, ERROR_LEDGER);
    assert_non_null(strstr(err.text, "was not issued, ledger.jsonl that it is not burned: run `coldca ledger "
                                     "index --rebuild`, then this again"));
}

/* ---- as people write it ---- */

static void reasons_and_times_are_as_people_write_them(void **state)
{
    struct error err = ERROR_INIT;
    enum crl_reason reason = CRL_UNSPECIFIED;
    int64_t time = 0;
    char text[TIME_TEXT_SIZE];
    (void)state;
    assert_false(target_reason("removeFromCRL", &reason, &err));
    assert_string_equal(err.text,
                        "removeFromCRL is not a reason to revoke, it takes a hold back: that is --release");
    assert_int_equal(err.kind, ERROR_USAGE);
    error_clear(&err);
    assert_false(target_reason("lost", &reason, &err));
    assert_int_equal(err.kind, ERROR_USAGE);
    assert_string_equal(
        err.text, "\"lost\" is not a reason of RFC 5280 5.3.1; they are unspecified, keyCompromise, "
                  "cACompromise, affiliationChanged, superseded, cessationOfOperation, certificateHold, "
                  "privilegeWithdrawn and aACompromise");
    assert_int_equal(reason, CRL_UNSPECIFIED);
    assert_true(target_reason("certificateHold", &reason, &err));
    assert_int_equal(reason, CRL_CERTIFICATE_HOLD);
    assert_true(target_time("x", "2026-11-21", &time, &err));
    assert_int_equal(time, INT64_C(1795219200));
    assert_true(target_time("x", "2026-11-21T02:48:57Z", &time, &err));
    assert_int_equal(time, INT64_C(1795219200) + 2 * 3600 + 48 * 60 + 57);
    error_clear(&err);
    assert_false(target_time("the day", "21.11.2026", &time, &err));
    assert_int_equal(err.kind, ERROR_USAGE);
    assert_string_equal(
        err.text, "the day is a day, 2026-11-21, or a time in UTC, 2026-11-21T02:48:57Z, not \"21.11.2026\"");
    assert_true(target_invalidity_date(time_format(time_now(), text), &time, &err));
    error_clear(&err);
    assert_false(target_invalidity_date(time_format(time_now() + 60, text), &time, &err));
    assert_string_equal(err.text,
                        "the invalidity date is when the key was lost, which can't be later than now");
    assert_int_equal(err.kind, ERROR_USAGE);
    assert_false(target_invalidity_date("yesterday", &time, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_certificate_is_revoked_by_what_the_ledger_says_of_it, begin, end),
        cmocka_unit_test_setup_teardown(serials_are_read_as_numbers_and_each_once, begin, end),
        cmocka_unit_test_setup_teardown(what_is_not_in_the_ledger_is_foreign, begin, end),
        cmocka_unit_test_setup_teardown(a_root_does_not_revoke_itself, begin, end),
        cmocka_unit_test_setup_teardown(a_revocation_stays_and_a_hold_can_be_released, begin, end),
        cmocka_unit_test_setup_teardown(the_serial_of_a_ca_that_is_no_root_is_one_like_others, begin, end),
        cmocka_unit_test_setup_teardown(whose_key_was_lost_is_said_once, begin, end),
        cmocka_unit_test_setup_teardown(a_burned_serial_gets_a_reason_and_no_release, begin, end),
        cmocka_unit_test_setup_teardown(a_serial_without_an_end_is_not_revoked, begin, end),
        cmocka_unit_test_setup_teardown(what_came_from_elsewhere_is_revoked_once, begin, end),
        cmocka_unit_test_setup_teardown(a_long_ledger_is_read_if_its_index_says_that_it_matters, begin_long,
                                        end),
        cmocka_unit_test_setup_teardown(a_certificate_is_revoked_by_what_the_ledger_says_of_it, begin_long,
                                        end),
        cmocka_unit_test_setup_teardown(what_is_not_in_the_ledger_is_foreign, begin_long, end),
        cmocka_unit_test_setup_teardown(what_came_from_elsewhere_is_revoked_once, begin_long, end),
        cmocka_unit_test_setup_teardown(a_revocation_stays_and_a_hold_can_be_released, begin_long, end),
        cmocka_unit_test_setup_teardown(a_burned_serial_gets_a_reason_and_no_release, begin_long, end),
        cmocka_unit_test_setup_teardown(a_serial_without_an_end_is_not_revoked, begin_long, end),
        cmocka_unit_test_setup_teardown(reasons_and_times_are_as_people_write_them, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
