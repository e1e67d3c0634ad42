/* SPDX-License-Identifier: Apache-2.0 */
/* Which certificates a revocation is about, and what is to be done with each: by serial, by list, by what the ledger says. */
#include "status/select.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/encode.h"
#include "base/key_value.h"
#include "base/memory.h"
#include "base/openssl_release.h"
#include "cert_maker.h"
#include "failing.h"
#include "given.h"
#include "small_home.h"
#include "status/list_parse.h"

static struct small_home small;
static struct status_desk desk;
static struct revoke_plan plan;

static int begin(void **state)
{
    (void)state;
    small_home_make(&small);
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    small.home.issuer = maker_root("CN=Root", key, SIGNATURE_ECDSA_SHA256);
    EVP_PKEY_free(key);
    desk = (struct status_desk){.home = &small.home};
    plan = (struct revoke_plan){.targets = NULL};
    return 0;
}

/** In a ledger that is so long that its index is asked first. */
static int begin_long(void **state)
{
    (void)begin(state);
    desk.asks_index = true;
    return 0;
}

static void forget_plan(void)
{
    revoke_plan_done(&plan);
    plan = (struct revoke_plan){.targets = NULL};
}

static int end(void **state)
{
    (void)state;
    forget_plan();
    if (desk.scan != NULL)
        ledger_scan_free(desk.scan);
    if (desk.revoked != NULL)
        revoked_free(desk.revoked);
    cert_issuer_free(small.home.issuer);
    small_home_remove(&small);
    return 0;
}

/** One serial, with this wish; what was read of the ledger before counts no more. */
static bool find(const char *serial, struct target_wish wish, struct error *err)
{
    const struct revoke_options options = {.serials = &serial, .serial_count = 1};
    const struct selection selection = {.wish = wish};
    forget_plan();
    error_clear(err);
    return selection_find(&selection, &options, &desk, &plan, err) &&
           (desk.scan == NULL || status_desk_read(&desk, err));
}

static const struct target_wish superseded = {.reason = CRL_SUPERSEDED, .invalidity_date = CRL_NO_TIME};
static const struct target_wish hold = {.reason = CRL_CERTIFICATE_HOLD, .invalidity_date = CRL_NO_TIME};
static const struct target_wish releasing = {.is_release = true, .invalidity_date = CRL_NO_TIME};
static const struct target_wish foreign = {.is_foreign = true, .invalidity_date = CRL_NO_TIME};

static const struct revoke_target *target_of(const struct given *given, struct target_wish wish)
{
    struct error err = ERROR_INIT;
    if (desk.scan != NULL && !status_desk_read(&desk, &err))
        fail_msg("%s", err.text);
    if (!find(given->serial, wish, &err))
        fail_msg("%s", err.text);
    assert_int_equal(plan.count, 1);
    return &plan.targets[0];
}

static void assert_refused(const char *serial, struct target_wish wish, const char *words)
{
    struct error err = ERROR_INIT;
    if (desk.scan != NULL && !status_desk_read(&desk, &err))
        fail_msg("%s", err.text);
    if (find(serial, wish, &err))
        fail_msg("found, not \"%s\"", words);
    if (strncmp(err.text, serial, strlen(serial)) != 0 || strcmp(err.text + strlen(serial), words) != 0)
        assert_string_equal(err.text, words);
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_int_equal(plan.count, 0);
}

/* ---- one certificate ---- */

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

/* ---- what is asked for ---- */

static void assert_usage(const struct revoke_options *options, const char *words)
{
    struct error err = ERROR_INIT;
    AUTO(selection_done) struct selection selection = {.lines = BUILDER_INIT};
    assert_false(selection_read(options, &selection, &err));
    assert_string_equal(err.text, words);
    assert_int_equal(err.kind, ERROR_USAGE);
}

static void one_way_is_named_and_one_thing_wanted(void **state)
{
    static const char one_way[] = "say which certificate in one way: --serial, --certificate, --request, "
                                  "--key, --list or --where";
    static const char excluded[] = "--reason, --hold and --release exclude each other";
    static const char of_foreign[] =
        "--foreign goes with --serial, --certificate and --list: the ledger knows nothing else of it";
    const char *serial = "0a";
    struct error err = ERROR_INIT;
    (void)state;
    assert_usage(&(struct revoke_options){.reason = "superseded"}, one_way);
    assert_usage(&(struct revoke_options){.serials = &serial, .serial_count = 1, .where = "policy=p"},
                 one_way);
    assert_usage(&(struct revoke_options){.list = "a", .key = "b"}, one_way);
    assert_usage(&(struct revoke_options){.certificate = "a", .request = "b"}, one_way);
    assert_usage(&(struct revoke_options){.where = "policy=p", .is_foreign = true}, of_foreign);
    assert_usage(&(struct revoke_options){.request = "a", .is_foreign = true}, of_foreign);
    assert_usage(&(struct revoke_options){.key = "a", .is_foreign = true}, of_foreign);
    assert_usage(&(struct revoke_options){.where = "a=b", .is_hold = true, .is_release = true}, excluded);
    assert_usage(&(struct revoke_options){.where = "a=b", .is_hold = true, .reason = "superseded"}, excluded);
    assert_usage(&(struct revoke_options){.where = "a=b", .is_release = true, .reason = "superseded"},
                 excluded);
    struct selection selection = {.lines = BUILDER_INIT};
    assert_true(selection_read(&(struct revoke_options){.where = "a=b", .is_hold = true}, &selection, &err));
    assert_int_equal(selection.wish.reason, CRL_CERTIFICATE_HOLD);
    assert_false(selection.wish.is_release);
    const struct revoke_options full = {
        .where = "a=b", .reason = "keyCompromise", .invalidity_date = "2026-01-02"};
    assert_true(selection_read(&full, &selection, &err));
    assert_int_equal(selection.wish.reason, CRL_KEY_COMPROMISE);
    assert_int_equal(selection.wish.invalidity_date, INT64_C(1767312000));
    assert_true(
        selection_read(&(struct revoke_options){.where = "a=b", .is_release = true}, &selection, &err));
    assert_true(selection.wish.is_release);
    assert_int_equal(selection.wish.invalidity_date, CRL_NO_TIME);
}

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

/* ---- lists ---- */

/** As the parser process answers to a file. */
static bool from_list(const char *text, struct error *err)
{
    const struct revoke_options options = {.list = "l.csv"};
    struct selection selection = {.wish = superseded, .lines = BUILDER_INIT};
    AUTO(builder_done) struct builder input = BUILDER_INIT;
    AUTO(builder_done) struct builder output = BUILDER_INIT;
    builder_add(&input, "l.csv", sizeof("l.csv"));
    builder_add_text(&input, text);
    list_parse(builder_bytes(&input), &output);
    assert_true(output.len >= sizeof(*err));
    memcpy(err, output.data, sizeof(*err));
    assert_int_equal(err->kind, ERROR_NONE);
    builder_add(&selection.lines, output.data + sizeof(*err), output.len - sizeof(*err));
    forget_plan();
    error_clear(err);
    bool is_fine = selection_find(&selection, &options, &desk, &plan, err);
    builder_done(&selection.lines);
    return is_fine;
}

static void a_list_names_serials_and_bad_lines_are_told(void **state)
{
    struct error err = ERROR_INIT;
    struct given one, two, three;
    (void)state;
    given_issue(&small.home, "CN=1", "p", true, &one), given_issue(&small.home, "CN=2", "p", true, &two),
        given_issue(&small.home, "CN=3", "p", true, &three);
    AUTO(free)
    char *text = memory_format("reason,serial,invalidity_date\n"
                               "keyCompromise,%s,2026-01-02\n"
                               ",%s,\n"
                               ",%s,\n"
                               "lost,%s,\n"
                               ",%s,2999-01-01\n"
                               ",0abc,\n"
                               ",,\n"
                               ",xyz,\n"
                               ",%s,,more\n",
                               one.serial, two.serial, one.serial, three.serial, three.serial, three.serial);
    if (!from_list(text, &err))
        fail_msg("%s", err.text);
    assert_true(plan.is_many);
    assert_int_equal(plan.count, 2);
    assert_string_equal(plan.targets[0].serial_text, one.serial);
    assert_int_equal(plan.targets[0].reason, CRL_KEY_COMPROMISE);
    assert_int_equal(plan.targets[0].invalidity_date, INT64_C(1767312000));
    assert_string_equal(plan.targets[1].serial_text, two.serial);
    assert_int_equal(plan.targets[1].reason, CRL_SUPERSEDED);
    assert_int_equal(plan.targets[1].invalidity_date, CRL_NO_TIME);
    static const char *const problems[] = {
        "l.csv:4: an earlier line has this serial, too",
        "l.csv:5: \"lost\" is not a reason of RFC 5280 5.3.1",
        "l.csv:6: the invalidity date is when the key was lost",
        "l.csv:7: no certificate with serial 0abc in the ledger",
        "l.csv:8: not a serial and what the first line names beside it",
        "l.csv:9: ",
        "l.csv:10: not a serial and what the first line names beside it",
    };
    assert_int_equal(plan.problem_count, ARRAY_LEN(problems));
    for (size_t i = 0; i < ARRAY_LEN(problems); i++) {
        if (strncmp(plan.problems[i], problems[i], strlen(problems[i])) != 0)
            fail_msg("\"%s\" does not begin \"%s\"", plan.problems[i], problems[i]);
    }
}

/** That is no line's fault, so no line is left out for it. */
static void an_index_that_lies_ends_a_list(void **state)
{
    struct error err = ERROR_INIT;
    struct given given, unfinished;
    (void)state;
    given_issue(&small.home, "CN=a", "p", true, &given);
    given_issue(&small.home, "CN=b", "p", false, &unfinished);
    AUTO(free) char *text = memory_format("serial\n%s\n%s\n", given.serial, unfinished.serial);
    assert_false(from_list(text, &err));
    assert_int_equal(err.kind, ERROR_LEDGER);
    assert_non_null(strstr(err.text, "was not issued, ledger.jsonl that it is not burned"));
    assert_int_equal(plan.problem_count, 0);
}

/* ---- what the ledger says ---- */

static size_t where(const char *terms)
{
    struct error err = ERROR_INIT;
    const struct revoke_options options = {.where = terms};
    const struct selection selection = {.wish = superseded};
    forget_plan();
    if (!selection_find(&selection, &options, &desk, &plan, &err))
        fail_msg("%s", err.text);
    assert_true(plan.is_many);
    return plan.count;
}

static void assert_where_refused(const char *terms, const char *words)
{
    struct error err = ERROR_INIT;
    assert_false(selection_from_where(terms, &superseded, &desk, &plan, &err));
    assert_string_equal(err.text, words);
    assert_int_equal(err.kind, ERROR_USAGE);
    assert_int_equal(plan.count, 0);
}

static void certificates_are_found_by_what_the_ledger_says(void **state)
{
    static const char known[] = "--where knows policy, batch, subject, issued-since and issued-before, each "
                                "once; not \"%s\"";
    static const char *const twice[] = {"policy=p,policy",
                                        "batch=p,batch",
                                        "subject=p,subject",
                                        "issued-since=2026-01-01,issued-since",
                                        "issued-before=2026-01-01,issued-before",
                                        "colour"};
    struct given given;
    char now[TIME_TEXT_SIZE];
    (void)state;
    given_issue(&small.home, "CN=a-1", "p", true, &given);
    given_issue(&small.home, "CN=a-2", "q", true, &given);
    given_issue(&small.home, "CN=b-1", "p", true, &given);
    given_issue(&small.home, "CN=b-2", "p", false, &given); // not issued: nothing to revoke
    assert_int_equal(where("policy=p"), 2);
    assert_int_equal(where("policy=q"), 1);
    assert_string_equal(plan.targets[0].subject, "CN=a-2");
    assert_int_equal(where("subject=a-"), 2);
    assert_int_equal(where("subject=a-,policy=p"), 1);
    assert_string_equal(plan.targets[0].subject, "CN=a-1");
    assert_int_equal(where("batch=CN=b-1"), 1);
    assert_int_equal(where("issued-since=2026-01-01"), 3);
    assert_int_equal(where("issued-since=2099-01-01"), 0);
    assert_int_equal(where("issued-before=2099-01-01"), 3);
    // The second that is named does not count any more.
    (void)time_format(ledger_newest_time(small.home.ledger) + 1, now);
    AUTO(free) char *after = memory_format("issued-before=%s", now);
    assert_int_equal(where(after), 3);
    struct error err = ERROR_INIT;
    struct ledger_entry entry;
    bool is_found = false;
    assert_true(ledger_find_serial(small.home.ledger, bytes_of(plan.targets[0].serial, CERT_SERIAL_LEN),
                                   &entry, &is_found, &err));
    AUTO(free) char *at = memory_format("issued-before=%s", time_format(entry.time, now));
    ledger_entry_done(&entry);
    assert_int_equal(where(at), 0);
    AUTO(free) char *since = memory_format("issued-since=%s", now);
    assert_int_equal(where(since), 3);
    forget_plan();
    for (size_t i = 0; i < ARRAY_LEN(twice); i++) {
        const char *key = strrchr(twice[i], ',') == NULL ? twice[i] : strrchr(twice[i], ',') + 1;
        AUTO(free) char *terms = memory_format("%s=2026-01-01", twice[i]);
        AUTO(free) char *words = memory_format(known, key);
        assert_where_refused(terms, words);
    }
    assert_where_refused("policy=", "--where: \"policy=\" is not a KEY=VALUE");
    assert_where_refused("policy", "--where: \"policy\" is not a KEY=VALUE");
    assert_where_refused("policy=p,", "--where: \"\" is not a KEY=VALUE");
}

/* ---- keys ---- */

static bool by_key(const uint8_t key_value[static 32], struct target_wish wish, struct error *err)
{
    const struct revoke_options options = {.key = "a file"};
    struct selection selection = {.wish = wish};
    memcpy(selection.foreign.key_value, key_value, 32);
    forget_plan();
    error_clear(err);
    return selection_find(&selection, &options, &desk, &plan, err);
}

static void a_lost_key_is_remembered_where_no_certificate_says_it(void **state)
{
    static const struct target_wish lost = {.reason = CRL_KEY_COMPROMISE, .invalidity_date = CRL_NO_TIME};
    static const uint8_t stranger[32] = {1, 2, 3};
    struct error err = ERROR_INIT;
    struct given given, other;
    (void)state;
    given_issue(&small.home, "CN=a", "p", true, &given);
    given_issue(&small.home, "CN=b", "p", true, &other);
    assert_false(by_key(stranger, superseded, &err));
    assert_non_null(strstr(err.text, "no certificate with this key in the ledger"));
    assert_int_equal(err.kind, ERROR_INPUT);
    struct target_wish since = lost;
    since.invalidity_date = INT64_C(1700000000);
    assert_true(by_key(stranger, since, &err));
    assert_int_equal(plan.targets[0].invalidity_date, INT64_C(1700000000));
    assert_true(by_key(stranger, lost, &err));
    assert_int_equal(plan.targets[0].reason, CRL_KEY_COMPROMISE);
    assert_int_equal(plan.targets[0].invalidity_date, CRL_NO_TIME);
    assert_int_equal(plan.targets[0].not_after, CRL_NO_TIME);
    assert_int_equal(plan.targets[0].ref, UINT64_MAX);
    assert_int_equal(plan.targets[0].signing_seq, UINT64_MAX);
    assert_null(plan.targets[0].note);
    assert_int_equal(plan.count, 1);
    assert_true(plan.targets[0].is_key);
    assert_int_equal(plan.targets[0].action, REVOKE_REVOKE);
    assert_memory_equal(plan.targets[0].key_value, stranger, 32);
    assert_true(plan.targets[0].has_key_value);
    // By a key that was not lost its certificates are revoked, or a hold of theirs is released.
    uint64_t held = given_revoke(&small.home, &other, CRL_CERTIFICATE_HOLD, INT64_C(1800000000));
    assert_true(by_key(other.key_value, releasing, &err));
    assert_int_equal(plan.count, 1);
    assert_int_equal(plan.targets[0].action, REVOKE_RELEASE);
    assert_int_equal(plan.targets[0].ref, held);
    assert_true(by_key(given.key_value, lost, &err));
    assert_int_equal(plan.count, 1);
    assert_false(plan.targets[0].is_key);
    assert_string_equal(plan.targets[0].serial_text, given.serial);
    // Revoked for another reason: the key by itself says it.
    (void)given_revoke(&small.home, &given, CRL_SUPERSEDED, INT64_C(1800000000));
    assert_true(desk.scan == NULL || status_desk_read(&desk, &err));
    assert_true(by_key(given.key_value, lost, &err));
    assert_int_equal(plan.count, 1);
    assert_true(plan.targets[0].is_key);
    assert_int_equal(plan.targets[0].action, REVOKE_REVOKE);
    const struct record_key_revoked record = {.reason = CRL_KEY_COMPROMISE,
                                              .key_value = plan.targets[0].serial_text + strlen("key "),
                                              .revoked_at = INT64_C(1800000000),
                                              .invalidity_date = CRL_NO_TIME};
    (void)small_home_log(&small, RECORD_KEY_REVOKED, record_key_revoked_write(&record));
    assert_true(desk.scan == NULL || status_desk_read(&desk, &err));
    assert_true(by_key(given.key_value, lost, &err));
    assert_int_equal(plan.targets[0].action, REVOKE_NOTHING);
    assert_string_equal(plan.targets[0].note,
                        "already known: this key was revoked for keyCompromise on 2027-01-15T08:00:00Z");
}

/** Asks for one certificate that was revoked already, in one of the ways that there are. */
static bool ask(unsigned way, const struct given *given, struct error *err)
{
    static const struct target_wish lost = {.reason = CRL_KEY_COMPROMISE, .invalidity_date = CRL_NO_TIME};
    const struct revoke_options where = {.where = "policy=p"};
    const struct selection all = {.wish = superseded};
    AUTO(free) char *list = memory_format("serial\n%s\n", given->serial);
    error_clear(err);
    forget_plan();
    switch (way) {
    case 0:
        return by_key(given->key_value, lost, err);
    case 1:
        return by_key(given->key_value, superseded, err);
    case 2:
        return selection_find(&all, &where, &desk, &plan, err);
    case 3:
        return from_list(list, err);
    default:
        return find(given->serial, superseded, err);
    }
}

static void whichever_call_fails_all_that_is_asked_for_is_found_or_it_is_told(void **state)
{
    static const char *const names[] = {"pread", "sqlite3_"};
    struct given given;
    (void)state;
    given_issue(&small.home, "CN=a", "p", true, &given);
    (void)given_revoke(&small.home, &given, CRL_SUPERSEDED, INT64_C(1800000000));
    for (unsigned i = 0; i < 5 * ARRAY_LEN(names); i++) {
        const unsigned way = i / ARRAY_LEN(names);
        const char *failed = NULL;
        unsigned number = 0;
        do {
            struct error err = ERROR_INIT;
            if (desk.scan != NULL)
                ledger_scan_free(TAKE(desk.scan));
            if (desk.revoked != NULL)
                revoked_free(TAKE(desk.revoked));
            failing_at(names[i % ARRAY_LEN(names)], ++number);
            bool is_done = ask(way, &given, &err);
            failed = failing_stop();
            if (!is_done && (failed == NULL || err.kind == ERROR_NONE))
                fail_msg("%u, %s %u: \"%s\"", way, names[i % ARRAY_LEN(names)], number, err.text);
            if (!is_done || (plan.problem_count == 1 && failed != NULL)) // of a list, the line is told
                continue;
            assert_int_equal(plan.count, 1);
            assert_int_equal(plan.targets[0].is_key, way == 0); // it was revoked for another reason
            assert_int_equal(plan.targets[0].action, way == 0 ? REVOKE_REVOKE : REVOKE_NOTHING);
        } while (failed != NULL);
        assert_true(number > 1);
    }
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
        cmocka_unit_test_setup_teardown(one_way_is_named_and_one_thing_wanted, begin, end),
        cmocka_unit_test_setup_teardown(reasons_and_times_are_as_people_write_them, begin, end),
        cmocka_unit_test_setup_teardown(a_list_names_serials_and_bad_lines_are_told, begin, end),
        cmocka_unit_test_setup_teardown(an_index_that_lies_ends_a_list, begin, end),
        cmocka_unit_test_setup_teardown(certificates_are_found_by_what_the_ledger_says, begin, end),
        cmocka_unit_test_setup_teardown(whichever_call_fails_all_that_is_asked_for_is_found_or_it_is_told,
                                        begin, end),
        cmocka_unit_test_setup_teardown(a_lost_key_is_remembered_where_no_certificate_says_it, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
