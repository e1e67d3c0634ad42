/* SPDX-License-Identifier: Apache-2.0 */
/* What each run that changes a certificate's status begins with: whose home it is, who runs it, and what forbids it before anybody logs in. */
#include "apart.h"
#include "base/file.h"
#include "base/memory.h"
#include "given.h"
#include "status/checkpoint.h"
#include "status/crl.h"
#include "status/desk.h"
#include "status/govern.h"
#include "status/policies.h"
#include "status/revoke.h"

static struct fake_home own;
static uint64_t begun; /**< records before the run */

static int begin(void **state)
{
    (void)state;
    fake_home_make(&own);
    begun = size_of(&own);
    return 0;
}

static int end(void **state)
{
    (void)state;
    fake_home_remove(&own);
    return 0;
}

static bool opens(enum home_access access, const char *operator_name, struct error *err)
{
    struct console console = fake_console;
    console.operator_name = operator_name;
    AUTO(status_desk_done) struct status_desk desk = {.console = &console};
    error_clear(err);
    if (!status_desk_open(&desk, own.path, access, err))
        return false;
    assert_int_equal(strlen(desk.batch), SESSION_BATCH_SIZE - 1);
    assert_false(desk.asks_index); // it is short
    return access == HOME_LOOK ||
           (ledger_append(desk.home->ledger, "test.note", json_new_object(), NULL, err) &&
            ledger_commit(desk.home->ledger, err));
}

static void assert_not_open(enum home_access access, enum error_kind kind, const char *words)
{
    struct error err = ERROR_INIT;
    assert_false(opens(access, NULL, &err));
    if (strstr(err.text, words) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", err.text, words);
    assert_int_equal(err.kind, kind);
    assert_types_from(&own, begun, "");
}

static void who_runs_it_stands_in_its_records(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    if (!opens(HOME_WRITE, "ann", &err))
        fail_msg("%s", err.text);
    AUTO(json_free) struct json *record = record_at(&own, begun);
    assert_string_equal(json_text(record, "operator"), "ann");
}

static void a_ca_without_a_certificate_has_nothing_to_revoke(void **state)
{
    struct error err = ERROR_INIT;
    static const char *const gone[] = {"ca/ca.pem", "ca/ledger.checkpoint", "ca/index.sqlite"};
    static const char *const empty[] = {"ca/ledger.jsonl", "ca/ledger.checkpoints"};
    (void)state;
    begun = 0;
    for (size_t i = 0; i < ARRAY_LEN(gone); i++)
        assert_int_equal(unlinkat(own.folder.fd, gone[i], 0), 0);
    for (size_t i = 0; i < ARRAY_LEN(empty); i++)
        assert_true(file_replace(own.folder.fd, empty[i], 0600, bytes_of("", 0), &err));
    AUTO(free) char *words = memory_format("%s awaits its parent's certificate", own.path);
    assert_not_open(HOME_LOOK, ERROR_INPUT, words);
    assert_not_open(HOME_WRITE, ERROR_INPUT, "awaits its parent's certificate");
}

/** ca.yaml may be looser than people allow; to look it does not matter. */
static void a_control_that_forbids_extractable_keys_is_asked_first(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(control_done) struct control control = {.seq = CONTROL_NONE, .previous = CONTROL_NONE};
    AUTO(builder_done) struct builder yaml = BUILDER_INIT;
    (void)state;
    assert_true(control_add_person(&control, "dan", "auditor", NULL, &err));
    control.forbids_extractable = true;
    begun = log_to(&own, RECORD_CONTROL_SET, control_write(&control)) + 1;
    assert_true(opens(HOME_LOOK, NULL, &err));
    assert_true(file_read(own.folder.fd, "ca/ca.yaml", 1 << 16, &yaml, &err));
    char *place = strstr(builder_text(&yaml), "allow_extractable: false");
    assert_non_null(place);
    memcpy(place, "allow_extractable: true ", strlen("allow_extractable: true "));
    assert_true(file_replace(own.folder.fd, "ca/ca.yaml", 0600, builder_bytes(&yaml), &err));
    assert_not_open(HOME_WRITE, ERROR_INPUT, "allow_extractable");
    assert_true(opens(HOME_LOOK, NULL, &err));
}

static bool crl_runs(struct error *err)
{
    struct crl_result result = {.number = 0};
    return crl_sign(&(struct crl_options){.home = own.path}, &fake_console, &result, err);
}

static bool crl_is_planned(struct error *err)
{
    struct crl_result result = {.number = 0};
    return crl_sign(&(struct crl_options){.home = own.path, .plan_out = "a.plan"}, &fake_console, &result,
                    err);
}

static bool revoke_runs(struct error *err)
{
    static const char *const serial = "0a";
    AUTO(revoke_plan_done) struct revoke_plan plan = {.targets = NULL};
    return revoke_run(&(struct revoke_options){.home = own.path, .serials = &serial, .serial_count = 1},
                      &fake_console, &plan, err);
}

static bool plan_is_carried_out(struct error *err)
{
    uint64_t done = 0;
    return revoke_planned(&(struct revoke_options){.home = own.path}, &fake_console, &done, err);
}

static bool control_is_set(struct error *err)
{
    struct govern_result result = {.done = 0};
    return govern_run(&(struct govern_options){.home = own.path, .act = ACT_POLICY}, &fake_console, &result,
                      err);
}

static bool policy_is_approved(struct error *err)
{
    uint64_t seq = 0;
    AUTO(policy_change_done) struct policy_change change = {.approved = NULL};
    return policy_approve(&(struct policy_approve_options){.home = own.path, .policy = "test"}, &fake_console,
                          &change, &seq, err);
}

static bool checkpoint_is_signed(struct error *err)
{
    AUTO(builder_done) struct builder note = BUILDER_INIT;
    return status_checkpoint(own.path, NULL, &fake_console, &note, err);
}

/** Whoever changed it would have other certificates taken for this CA's; only `cert chain --set` opens such a home. */
static void a_chain_that_was_changed_stops_each_run(void **state)
{
    bool (*const runs[])(struct error *
                         err) = {crl_runs,       crl_is_planned,     revoke_runs,         plan_is_carried_out,
                                 control_is_set, policy_is_approved, checkpoint_is_signed};
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder certificate = BUILDER_INIT;
    (void)state;
    assert_true(file_read(own.folder.fd, "ca/ca.pem", 1 << 16, &certificate, &err));
    assert_true(file_replace(own.folder.fd, "ca/chain.pem", 0644, builder_bytes(&certificate), &err));
    for (size_t i = 0; i < ARRAY_LEN(runs); i++) {
        error_clear(&err);
        assert_false(runs[i](&err));
        assert_int_equal(err.kind, ERROR_LEDGER);
        assert_non_null(strstr(err.text, "chain.pem"));
    }
    assert_types_from(&own, begun, "");
}

static void what_an_earlier_run_left_unfinished_is_abandoned_and_told(void **state)
{
    struct given given;
    struct error err = ERROR_INIT;
    (void)state;
    struct home *home = home_of(&own, HOME_WRITE);
    for (int i = 0; i < 2; i++)
        given_issue(home, "CN=a", "p", false, &given);
    begun = ledger_size(home->ledger);
    home_close(home);
    if (!opens(HOME_LOOK, NULL, &err))
        fail_msg("%s", err.text);
    assert_types_from(&own, begun, "");
    assert_string_equal(fake_console_said(), "");
    if (!opens(HOME_WRITE, NULL, &err))
        fail_msg("%s", err.text);
    assert_types_from(&own, begun, "cert.abandoned cert.abandoned test.note ");
    assert_string_equal(
        fake_console_said(),
        "2 certificates that an earlier run left unfinished were abandoned; their serials are "
        "burned, and on the next CRL\n");
    AUTO(json_free) struct json *record = record_at(&own, begun + 1);
    assert_string_equal(json_text(record, "reason"),
                        "an earlier run ended before the signature was recorded");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_runs_it_stands_in_its_records, begin, end),
        cmocka_unit_test_setup_teardown(a_ca_without_a_certificate_has_nothing_to_revoke, begin, end),
        cmocka_unit_test_setup_teardown(a_control_that_forbids_extractable_keys_is_asked_first, begin, end),
        cmocka_unit_test_setup_teardown(a_chain_that_was_changed_stops_each_run, begin, end),
        cmocka_unit_test_setup_teardown(what_an_earlier_run_left_unfinished_is_abandoned_and_told, begin,
                                        end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
