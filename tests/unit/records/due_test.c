/* SPDX-License-Identifier: Apache-2.0 */
/* When the next CRL is due: to the second, by the newest CRL and what was revoked since. */
#include "records/due.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/digest.h"
#include "base/memory.h"
#include "base/time.h"
#include "records/cert.h"
#include "records/crl.h"
#include "records/newest_crl.h"
#include "records/revocation.h"
#include "small_home.h"

#define BEGIN INT64_C(1800000000) /* 2027-01-15T08:00:00Z */
#define HOUR INT64_C(3600)
#define END (BEGIN + 240 * HOUR)

static struct small_home small;

static int begin(void **state)
{
    (void)state;
    small_home_make(&small);
    small.home.config.crl.overlap_hours = 24;
    return 0;
}

static int end(void **state)
{
    (void)state;
    small_home_remove(&small);
    return 0;
}

static void log_of(const char *type)
{
    struct json *json = json_new_object();
    json_put_text(json, "serial", "0a");
    json_put_text(json, "reason", "superseded");
    json_put_int(json, "ref", 0);
    (void)small_home_log(&small, type, json);
}

/** A certificate that was stopped while it was signed. */
static void log_abandoned(void)
{
    struct json *abandoned = json_new_object();
    json_put_int(abandoned, "ref", (int64_t)small_home_sign(&small, "0b", "p", "text"));
    json_put_text(abandoned, "reason", "stopped");
    (void)small_home_log(&small, RECORD_CERT_ABANDONED, abandoned);
}

static void issue_crl(uint64_t number, int64_t this_update, int64_t next_update)
{
    small_home_issue_crl(&small, number, this_update, next_update, bytes_of_text("a CRL"));
}

static void assert_due(int64_t now, int64_t within, enum due_state state, const char *words)
{
    struct error err = ERROR_INIT;
    AUTO(due_done) struct due due = {.words = NULL};
    if (!due_find(&small.home, now, within, &due, &err))
        fail_msg("%s", err.text);
    assert_string_equal(due.words, words);
    assert_int_equal(due.state, state);
}

static const char is_good[] =
    "CRL 7 is good until 2027-01-25T08:00:00Z, the next is due on 2027-01-24T08:00:00Z";
static const char is_soon[] =
    "CRL 7 is good until 2027-01-25T08:00:00Z, the next is due on 2027-01-24T08:00:00Z: run `coldca crl`";

static void before_the_first_crl_a_revocation_makes_it_due(void **state)
{
    (void)state;
    assert_due(BEGIN, 0, DUE_NOTHING, "no CRL was ever made, and nothing is revoked");
    (void)small_home_log(&small, "note", json_new_object());
    assert_due(BEGIN, 0, DUE_NOTHING, "no CRL was ever made, and nothing is revoked");
    log_of(RECORD_CERT_REVOKED);
    assert_due(BEGIN, 0, DUE_SOON,
               "no CRL was ever made, 1 revocations and releases are on none yet: run `coldca crl`");
    log_of(RECORD_CERT_REVOKED);
    assert_due(BEGIN, 0, DUE_SOON,
               "no CRL was ever made, 2 revocations and releases are on none yet: run `coldca crl`");
}

static void a_crl_is_due_to_the_second(void **state)
{
    (void)state;
    issue_crl(7, BEGIN, END);
    assert_due(END - 24 * HOUR - 1, 0, DUE_NOTHING, is_good);
    assert_due(END - 24 * HOUR, 0, DUE_SOON, is_soon);
    assert_due(END - 24 * HOUR - 60, 59, DUE_NOTHING, is_good);
    assert_due(END - 24 * HOUR - 60, 60, DUE_SOON, is_soon);
    assert_due(END, 0, DUE_SOON, is_soon);
    assert_due(END + 1, 0, DUE_OVER,
               "CRL 7 is not good any more since 2027-01-25T08:00:00Z: run `coldca crl` and carry it out");
}

static void an_overlap_longer_than_the_crl_is_none(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(due_done) struct due all = {.words = NULL};
    AUTO(due_done) struct due more = {.words = NULL};
    (void)state;
    issue_crl(7, BEGIN, END);
    small.home.config.crl.overlap_hours = 240;
    assert_true(due_find(&small.home, BEGIN, 0, &all, &err));
    assert_int_equal(all.next_at, BEGIN);
    small.home.config.crl.overlap_hours = 241;
    assert_true(due_find(&small.home, BEGIN, 0, &more, &err));
    assert_int_equal(more.next_at, END);
    assert_int_equal(more.number, 7);
    assert_int_equal(more.this_update, BEGIN);
    assert_int_equal(more.next_update, END);
    assert_true(more.has_crl);
}

static void what_changes_the_list_waits_for_the_next(void **state)
{
    static const struct {
        const char *type, *words;
    } cases[] = {
        {RECORD_CERT_REVOKED, "1"},
        {RECORD_CERT_UNREVOKED, "2"},
        {RECORD_CERT_ABANDONED, "3"},
    };
    (void)state;
    log_of(RECORD_CERT_REVOKED);
    issue_crl(6, BEGIN - 9, BEGIN);
    issue_crl(7, BEGIN, END);
    assert_due(BEGIN, 0, DUE_NOTHING, is_good);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char words[256];
        log_of(RECORD_KEY_REVOKED); // is on no list
        if (strcmp(cases[i].type, RECORD_CERT_ABANDONED) == 0)
            log_abandoned();
        else
            log_of(cases[i].type);
        (void)snprintf(
            words, sizeof(words),
            "CRL 7 is good until 2027-01-25T08:00:00Z, the next is due on 2027-01-24T08:00:00Z, %s "
            "revocations and releases are on none yet: run `coldca crl`",
            cases[i].words);
        assert_due(BEGIN, 0, DUE_SOON, words);
    }
    issue_crl(8, BEGIN, END);
    assert_due(BEGIN, 0, DUE_NOTHING,
               "CRL 8 is good until 2027-01-25T08:00:00Z, the next is due on 2027-01-24T08:00:00Z");
}

/** Among the first records of a ledger that has grown by more than one window since. */
static void a_crl_that_is_long_ago_is_found(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    issue_crl(7, BEGIN, END);
    for (unsigned i = 0; i < 4095; i++)
        assert_true(ledger_append(small.home.ledger, "note", json_new_object(), NULL, &err));
    assert_true(ledger_commit(small.home.ledger, &err));
    assert_due(BEGIN, 0, DUE_NOTHING, is_good); // the oldest of the first window
    (void)small_home_log(&small, "note", json_new_object());
    assert_due(BEGIN, 0, DUE_NOTHING, is_good); // the newest of the second
}

static void all_of_the_newest_is_known(void **state)
{
    struct error err = ERROR_INIT;
    struct newest_crl crl = {.has = true, .number = 9, .size = 9, .sha256 = {9}};
    uint8_t digest[32];
    (void)state;
    assert_true(newest_crl_find(small.home.ledger, &crl, &err));
    assert_false(crl.has);
    assert_int_equal(crl.number + crl.size + crl.sha256[0], 0);
    (void)small_home_log(&small, "note", json_new_object());
    small_home_issue_crl(&small, 6, BEGIN - 9, BEGIN, BYTES_LITERAL("older"));
    small_home_issue_crl(&small, 7, BEGIN, END, BYTES_LITERAL("newest"));
    (void)small_home_log(&small, "note", json_new_object());
    assert_true(newest_crl_find(small.home.ledger, &crl, &err));
    assert_true(crl.has);
    assert_int_equal(crl.number, 7);
    assert_int_equal(crl.size, 3);
    assert_int_equal(crl.this_update, BEGIN);
    assert_int_equal(crl.next_update, END);
    digest_sha256(BYTES_LITERAL("newest"), digest);
    assert_memory_equal(crl.sha256, digest, sizeof(digest));
}

static void a_crl_that_cant_be_read_is_said(void **state)
{
    struct error err = ERROR_INIT;
    struct due due;
    struct json *issued = json_new_object();
    (void)state;
    json_put_int(issued, "ref", (int64_t)small_home_log(&small, RECORD_CRL_SIGNING, json_new_object()));
    (void)small_home_log(&small, RECORD_CRL_ISSUED, issued);
    assert_false(due_find(&small.home, BEGIN, 0, &due, &err));
    assert_int_equal(err.kind, ERROR_LEDGER);
    assert_non_null(strstr(err.text, "while looking when the next CRL is due"));
}

static unsigned told;

static void hear(void *data, const char *text)
{
    (void)data;
    assert_non_null(strstr(text, "no CRL was ever made, 1 revocations"));
    told++;
}

static bool confirm(void *data, const char *question, bool *ret_yes, struct error *err)
{
    (void)data, (void)question, (void)err;
    *ret_yes = false;
    return true;
}

static void a_person_who_is_there_is_told(void **state)
{
    const struct console nobody = {.notice = hear};
    const struct console person = {.notice = hear, .confirm = confirm};
    (void)state;
    due_notice(&small.home, &person); // nothing is due
    log_of(RECORD_CERT_REVOKED);
    due_notice(&small.home, &nobody);
    assert_int_equal(told, 0);
    due_notice(&small.home, &person);
    assert_int_equal(told, 1);
}

static void records_of_two_crls_are_told(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    struct due due;
    uint8_t digest[32] = {0};
    issue_crl(7, BEGIN, END);
    uint64_t ref = ledger_size(small.home.ledger) - 2;
    const struct record_crl_issued issued = {.ref = ref, .number = 8, .signature = bytes_of(digest, 32)};
    (void)small_home_log(&small, RECORD_CRL_ISSUED, record_crl_issued_write(&issued));
    assert_false(due_find(&small.home, BEGIN, 0, &due, &err));
    assert_int_equal(err.kind, ERROR_LEDGER);
    assert_non_null(strstr(err.text, "the crl.issued of CRL 8 names the crl.signing of CRL 7"));
}

static void what_a_plan_left_unfinished_is_counted(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(due_done) struct due none = {.words = NULL};
    AUTO(due_done) struct due two = {.words = NULL};
    (void)state;
    log_abandoned();
    (void)small_home_sign(&small, "0c", "p", "text"); // of no plan
    assert_true(due_find(&small.home, BEGIN, 0, &none, &err));
    assert_int_equal(none.unfinished, 0);
    for (unsigned i = 0; i < 2; i++) {
        AUTO(json_free) struct json *like = NULL;
        AUTO(free) char *serial = memory_format("0%x", 13 + i);
        assert_true(ledger_record(small.home.ledger, 2, &like, &err));
        struct json *planned = json_clone(like);
        json_put_text(planned, "serial", serial);
        json_put_text(planned, "plan_sha256", "00");
        (void)small_home_log(&small, RECORD_CERT_SIGNING, planned);
    }
    assert_true(due_find(&small.home, BEGIN, 0, &two, &err));
    assert_int_equal(two.unfinished, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(before_the_first_crl_a_revocation_makes_it_due, begin, end),
        cmocka_unit_test_setup_teardown(a_crl_is_due_to_the_second, begin, end),
        cmocka_unit_test_setup_teardown(an_overlap_longer_than_the_crl_is_none, begin, end),
        cmocka_unit_test_setup_teardown(what_changes_the_list_waits_for_the_next, begin, end),
        cmocka_unit_test_setup_teardown(a_crl_that_is_long_ago_is_found, begin, end),
        cmocka_unit_test_setup_teardown(all_of_the_newest_is_known, begin, end),
        cmocka_unit_test_setup_teardown(a_crl_that_cant_be_read_is_said, begin, end),
        cmocka_unit_test_setup_teardown(records_of_two_crls_are_told, begin, end),
        cmocka_unit_test_setup_teardown(a_person_who_is_there_is_told, begin, end),
        cmocka_unit_test_setup_teardown(what_a_plan_left_unfinished_is_counted, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
