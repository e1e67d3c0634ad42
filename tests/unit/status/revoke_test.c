/* SPDX-License-Identifier: Apache-2.0 */
/* A run of `revoke`: what it logs, when it logs nothing, and what is under a checkpoint when it ends; alone, of many, stopped. */
#include "revoke_run.h"

/* ---- one certificate ---- */

static void a_revocation_is_logged_whole_and_under_a_checkpoint(void **state)
{
    (void)state;
    struct revoke_options options = serial_of(&given[1]);
    options.reason = "keyCompromise";
    options.invalidity_date = "2026-01-02";
    const struct apart *found = run_apart(options);
    assert_done(found);
    assert_int_equal(found->out.numbers[COUNT], 1);
    assert_int_equal(found->out.numbers[TO_DO], 1);
    assert_int_equal(found->asked, 0); // the CA key signs nothing here
    assert_types_from(&own, begun, "session.opened cert.revoked ");
    assert_checkpointed(&own);
    AUTO(json_free) struct json *record = record_at(&own, begun + 1);
    AUTO(json_free) struct json *session = record_at(&own, begun);
    int64_t ref = -1;
    assert_string_equal(json_text(session, "command"), "revoke");
    assert_string_equal(json_text(record, "batch"), json_text(session, "batch"));
    assert_string_equal(json_text(record, "serial"), given[1].serial);
    assert_string_equal(json_text(record, "reason"), "keyCompromise");
    assert_string_equal(json_text(record, "invalidity_date"), "2026-01-02T00:00:00Z");
    assert_string_equal(json_text(record, "not_after"), "2026-03-01T01:53:19Z");
    assert_string_equal(json_text(record, "subject"), "CN=a-2");
    assert_true(json_int(record, "ref", &ref));
    assert_int_equal(ref, given[1].issued_seq);
    AUTO(builder_done) struct builder key = BUILDER_INIT;
    assert_true(json_hex(record, "key_value", &key));
    assert_memory_equal(key.data, given[1].key_value, 32);
    assert_null(json_get(record, "emergency_reason"));
    // Again there is nothing to do, and the token is not needed.
    begun = size_of(&own);
    fake_token_set_fault(FAKE_TOKEN, 1, FAKE_IS_AWAY);
    found = run_apart(options);
    assert_done(found);
    assert_int_equal(found->out.numbers[TO_DO], 0);
    assert_nothing_logged();
}

static void a_hold_is_released_by_a_record_that_names_it(void **state)
{
    int64_t ref = -1;
    (void)state;
    struct revoke_options options = serial_of(&given[0]);
    options.is_hold = true;
    assert_done(run_apart(options));
    options.is_hold = false;
    options.is_release = true;
    assert_done(run_apart(options));
    assert_types_from(&own, begun, "session.opened cert.revoked session.opened cert.unrevoked ");
    assert_checkpointed(&own);
    AUTO(json_free) struct json *held = record_at(&own, begun + 1);
    AUTO(json_free) struct json *record = record_at(&own, begun + 3);
    assert_string_equal(json_text(held, "reason"), "certificateHold");
    assert_string_equal(json_text(record, "serial"), given[0].serial);
    assert_true(json_int(record, "ref", &ref));
    assert_int_equal(ref, begun + 1);
    assert_failed(run_apart(options), ERROR_INPUT, "is not on hold");
}

static void what_is_logged_without_a_checkpoint_gets_one(void **state)
{
    (void)state;
    struct home *home = home_of(&own, HOME_WRITE);
    (void)given_revoke(home, &given[0], CRL_SUPERSEDED, time_now()); // and then the run was killed
    begun = ledger_size(home->ledger);
    home_close(home);
    struct revoke_options options = serial_of(&given[0]);
    options.reason = "superseded";
    const struct apart *found = run_apart(options);
    assert_done(found);
    assert_int_equal(found->out.numbers[TO_DO], 0);
    assert_types_from(&own, begun, "session.opened ");
    assert_checkpointed(&own);
}

static void a_dry_run_needs_no_token_and_logs_nothing(void **state)
{
    (void)state;
    struct given unfinished; // which only a run that writes abandons
    struct home *home = home_of(&own, HOME_WRITE);
    given_issue(home, "CN=c", "p", false, &unfinished);
    begun = ledger_size(home->ledger);
    home_close(home);
    struct revoke_options options = serial_of(&given[0]);
    options.is_dry_run = true;
    fake_token_set_fault(FAKE_TOKEN, 1, FAKE_IS_AWAY);
    const struct apart *found = run_apart(options);
    assert_done(found);
    assert_int_equal(found->out.numbers[TO_DO], 1);
    assert_nothing_logged();
}

static void without_the_token_nothing_is_revoked(void **state)
{
    (void)state;
    fake_token_set_fault(FAKE_TOKEN, 1, FAKE_IS_AWAY);
    assert_false(run_apart(serial_of(&given[0]))->is_done);
    assert_nothing_logged();
}

static void a_lost_key_is_logged_by_itself(void **state)
{
    AUTO(free) char *path = memory_format("%s/key.pem", own.folder.path);
    (void)state;
    put_file("key.pem", "-----BEGIN PUBLIC KEY-----\n"
                        "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
                        "-----END PUBLIC KEY-----\n");
    assert_done(run_apart((struct revoke_options){.key = path, .reason = "keyCompromise"}));
    assert_types_from(&own, begun, "session.opened key.revoked ");
    AUTO(json_free) struct json *record = record_at(&own, begun + 1);
    assert_string_equal(json_text(record, "reason"), "keyCompromise");
    assert_int_equal(strlen(json_text(record, "key_value")), 64);
    assert_non_null(json_text(record, "batch"));
}

static void who_is_there_is_told_of_a_crl_that_is_due(void **state)
{
    (void)state;
    is_somebody_there = true;
    const struct apart *found = run_apart(serial_of(&given[0]));
    assert_done(found);
    assert_null(strstr(found->said, "coldca crl")); // nothing waited before
    found = run_apart(serial_of(&given[1]));
    assert_done(found);
    assert_non_null(strstr(
        found->said, "no CRL was ever made, 1 revocations and releases are on none yet: run `coldca crl`"));
    is_somebody_there = false;
    found = run_apart(serial_of(&given[2]));
    assert_null(strstr(found->said, "coldca crl"));
}

/* ---- who decides ---- */

static bool say_no(void *data, const struct revoke_plan *plan, const char *words, struct error *err)
{
    (void)data;
    return error_set(err, ERROR_INTERRUPTED, 0, "no to %zu: %s", plan->count, words);
}

static bool say_yes(void *data, const struct revoke_plan *plan, const char *words, struct error *err)
{
    (void)data, (void)plan, (void)words, (void)err;
    return true;
}

static void who_says_no_has_nothing_logged(void **state)
{
    char wanted[100];
    (void)state;
    struct revoke_options options = serial_of(&given[0]);
    options.decide = say_no;
    fake_token_set_fault(FAKE_TOKEN, 1, FAKE_IS_AWAY); // he is asked before anybody logs in
    (void)snprintf(wanted, sizeof(wanted), "no to 1:   serial     %s\n  subject    CN=a-1\n",
                   given[0].serial);
    assert_failed(run_apart(options), ERROR_INTERRUPTED, wanted);
    assert_nothing_logged();
    // Of many there are no lines on each.
    assert_failed(run_apart((struct revoke_options){.where = "policy=p", .decide = say_no}),
                  ERROR_INTERRUPTED, "no to 3: ");
    assert_null(strstr(run_apart((struct revoke_options){.where = "policy=p", .decide = say_no})->err.text,
                       "serial"));
}

static void who_says_yes_has_it_done(void **state)
{
    (void)state;
    struct revoke_options options = serial_of(&given[0]);
    options.decide = say_yes;
    assert_done(run_apart(options));
    assert_types_from(&own, begun, "session.opened cert.revoked ");
}

static void where_people_must_approve_one_person_needs_an_emergency(void **state)
{
    (void)state;
    set_control(1, false);
    struct revoke_options options = serial_of(&given[0]);
    assert_failed(run_apart(options), ERROR_INPUT, "revoking needs 1 approvals by the control in force");
    options.emergency = "the device was stolen";
    assert_failed(run_apart(options), ERROR_INPUT, "has no emergency rule for revoking");
    assert_nothing_logged();
    set_control(1, true);
    assert_done(run_apart(options));
    AUTO(json_free) struct json *record = record_at(&own, begun + 1);
    assert_string_equal(json_text(record, "type"), RECORD_CERT_REVOKED);
    assert_string_equal(json_text(record, "emergency_reason"), "the device was stolen");
}

/* ---- many ---- */

static void many_have_a_record_of_what_was_asked(void **state)
{
    int64_t count = 0;
    (void)state;
    assert_done(run_apart((struct revoke_options){.where = "subject=a-", .reason = "superseded"}));
    assert_types_from(&own, begun, "session.opened revocation.set cert.revoked cert.revoked ");
    assert_checkpointed(&own);
    AUTO(json_free) struct json *set = record_at(&own, begun + 1);
    assert_string_equal(json_text(set, "where"), "subject=a-");
    assert_string_equal(json_text(set, "reason"), "superseded");
    assert_null(json_get(set, "list_sha256"));
    assert_true(json_int(set, "count", &count) && count == 2);
    // Nothing more to do: no second record of it.
    begun = size_of(&own);
    assert_done(run_apart((struct revoke_options){.where = "subject=a-", .reason = "superseded"}));
    assert_nothing_logged();
}

/** Of a question that selects one, too; but none that has nothing to do, though a run may be owed its checkpoint. */
static void one_that_is_left_of_many_has_such_a_record(void **state)
{
    int64_t count = 0;
    (void)state;
    assert_done(run_apart((struct revoke_options){.where = "subject=b"}));
    assert_types_from(&own, begun, "session.opened revocation.set cert.revoked ");
    AUTO(json_free) struct json *set = record_at(&own, begun + 1);
    assert_true(json_int(set, "count", &count) && count == 1);
    struct home *home = home_of(&own, HOME_WRITE);
    for (size_t i = 0; i < 2; i++) // and then the run was killed
        (void)given_revoke(home, &given[i], CRL_UNSPECIFIED, time_now());
    begun = ledger_size(home->ledger);
    home_close(home);
    assert_done(run_apart((struct revoke_options){.where = "policy=p"}));
    assert_types_from(&own, begun, "session.opened ");
    assert_checkpointed(&own);
}

static void bad_lines_of_a_list_stop_it_or_are_left_out(void **state)
{
    int64_t number = 0;
    const struct apart *found = NULL;
    AUTO(free) char *path = memory_format("%s/l.csv", own.folder.path);
    AUTO(free) char *text = memory_format("serial\n%s\nxyz\n%s\n", given[0].serial, given[2].serial);
    (void)state;
    put_file("l.csv", text);
    found = run_apart((struct revoke_options){.list = path});
    assert_failed(found, ERROR_INPUT, "1 lines of the list can't be carried out, so nothing was revoked");
    assert_int_equal(found->out.numbers[PROBLEMS], 1);
    found = run_apart((struct revoke_options){.list = path, .is_dry_run = true});
    assert_done(found);
    assert_int_equal(found->out.numbers[TO_DO], 2);
    assert_nothing_logged();
    assert_done(run_apart((struct revoke_options){.list = path, .may_skip = true}));
    assert_types_from(&own, begun, "session.opened revocation.set cert.revoked cert.revoked ");
    AUTO(json_free) struct json *set = record_at(&own, begun + 1);
    assert_true(json_int(set, "skipped", &number) && number == 1);
    assert_int_equal(strlen(json_text(set, "list_sha256")), 64);
    assert_null(json_get(set, "where"));
}

static void a_run_that_was_stopped_goes_on_and_knows_how_much_was_done(void **state)
{
    (void)state;
    fake_console_stops_after(1);
    const struct apart *found = run_apart(all);
    assert_failed(found, ERROR_INTERRUPTED, "stopped after 1 of 3; run the same command again for the rest");
    assert_types_from(&own, begun, "session.opened revocation.set cert.revoked ");
    assert_checkpointed(&own);
    fake_console_stops_after(100);
    // Another question is not the same command.
    found = run_apart((struct revoke_options){.where = "policy=p", .is_dry_run = true});
    assert_int_equal(found->out.numbers[DONE_BEFORE], 0);
    found = run_apart(
        (struct revoke_options){.where = "policy=p,batch=CN=b", .reason = "superseded", .is_dry_run = true});
    assert_int_equal(found->out.numbers[DONE_BEFORE], 0);
    // Nor is one that names the same certificates in another way.
    found = run_apart((struct revoke_options){
        .where = "issued-since=2020-01-01", .reason = "superseded", .is_dry_run = true});
    assert_int_equal(found->out.numbers[TO_DO], 2);
    assert_int_equal(found->out.numbers[DONE_BEFORE], 0);
    AUTO(free)
    char *list = memory_format("serial\n%s\n%s\n%s\n", given[0].serial, given[1].serial, given[2].serial);
    AUTO(free) char *path = memory_format("%s/l.csv", own.folder.path);
    put_file("l.csv", list);
    found = run_apart((struct revoke_options){.list = path, .reason = "superseded", .is_dry_run = true});
    assert_done(found);
    assert_int_equal(found->out.numbers[TO_DO], 2);
    assert_int_equal(found->out.numbers[DONE_BEFORE], 0);
    begun = size_of(&own);
    found = run_apart(all);
    assert_done(found);
    assert_int_equal(found->out.numbers[COUNT], 3);
    assert_int_equal(found->out.numbers[TO_DO], 2);
    assert_int_equal(found->out.numbers[DONE_BEFORE], 1);
    assert_types_from(&own, begun, "session.opened revocation.set cert.revoked cert.revoked ");
    // Its set says two, and they are done: what was before is of another run.
    found = run_apart(all);
    assert_int_equal(found->out.numbers[TO_DO], 0);
    assert_int_equal(found->out.numbers[DONE_BEFORE], 2);
}

/** What is not on hold, or is no more, stops no other's release. */
static void a_release_of_many_that_was_stopped_goes_on_as_well(void **state)
{
    const struct revoke_options releasing = {.where = "policy=p", .is_release = true};
    (void)state;
    assert_done(run_apart((struct revoke_options){.where = "subject=a-", .is_hold = true}));
    fake_console_stops_after(1);
    const struct apart *found = run_apart(releasing);
    assert_failed(found, ERROR_INTERRUPTED, "stopped after 1 of 2");
    assert_int_equal(found->out.numbers[COUNT], 3);
    fake_console_stops_after(100);
    begun = size_of(&own);
    found = run_apart(releasing);
    assert_done(found);
    assert_int_equal(found->out.numbers[COUNT], 3);
    assert_int_equal(found->out.numbers[TO_DO], 1);
    assert_int_equal(found->out.numbers[DONE_BEFORE], 1);
    assert_types_from(&own, begun, "session.opened revocation.set cert.unrevoked ");
    // One by one it is told.
    struct revoke_options one = serial_of(&given[2]);
    one.is_release = true;
    assert_failed(run_apart(one), ERROR_INPUT, "is not on hold, so there is nothing to release");
}

/** Of what was logged before the person stopped it the checkpoint is owed: if the token can't sign it, it is said. */
static void a_run_that_was_stopped_and_has_no_checkpoint_says_so(void **state)
{
    unsigned said = 0;
    bool is_signed = false;
    (void)state;
    fake_console_stops_after(1);
    for (unsigned call = 1; !is_signed; call++) {
        fake_token_fail_from(call);
        const struct apart *found = run_apart(all);
        (void)fake_token_stop_failing();
        assert_false(found->is_done);
        if (found->err.kind != ERROR_INTERRUPTED) { // it came not so far
            assert_int_equal(found->err.kind, ERROR_TOKEN);
            assert_null(strstr(found->said, "no checkpoint could be signed"));
            assert_nothing_logged();
            continue;
        }
        is_signed = strstr(found->said, "no checkpoint could be signed: ") == NULL;
        if (!is_signed)
            assert_non_null(strstr(found->said, FAKE_CALL_FAILED));
        said += is_signed ? 0 : 1;
        begun = size_of(&own);
    }
    assert_in_range(said, 1, 2); // then all are revoked
    assert_checkpointed(&own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_revocation_is_logged_whole_and_under_a_checkpoint, begin, end),
        cmocka_unit_test_setup_teardown(a_hold_is_released_by_a_record_that_names_it, begin, end),
        cmocka_unit_test_setup_teardown(what_is_logged_without_a_checkpoint_gets_one, begin, end),
        cmocka_unit_test_setup_teardown(a_dry_run_needs_no_token_and_logs_nothing, begin, end),
        cmocka_unit_test_setup_teardown(without_the_token_nothing_is_revoked, begin, end),
        cmocka_unit_test_setup_teardown(a_lost_key_is_logged_by_itself, begin, end),
        cmocka_unit_test_setup_teardown(who_is_there_is_told_of_a_crl_that_is_due, begin, end),
        cmocka_unit_test_setup_teardown(who_says_no_has_nothing_logged, begin, end),
        cmocka_unit_test_setup_teardown(who_says_yes_has_it_done, begin, end),
        cmocka_unit_test_setup_teardown(where_people_must_approve_one_person_needs_an_emergency, begin, end),
        cmocka_unit_test_setup_teardown(many_have_a_record_of_what_was_asked, begin, end),
        cmocka_unit_test_setup_teardown(one_that_is_left_of_many_has_such_a_record, begin, end),
        cmocka_unit_test_setup_teardown(bad_lines_of_a_list_stop_it_or_are_left_out, begin, end),
        cmocka_unit_test_setup_teardown(a_run_that_was_stopped_goes_on_and_knows_how_much_was_done, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_release_of_many_that_was_stopped_goes_on_as_well, begin, end),
        cmocka_unit_test_setup_teardown(a_run_that_was_stopped_and_has_no_checkpoint_says_so, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
