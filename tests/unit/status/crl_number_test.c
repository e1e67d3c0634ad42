/* SPDX-License-Identifier: Apache-2.0 */
/* Which number a CRL gets: one that was never used, whatever ended a run before, the token remembers, or a lost ledger had. */
#include "crl_run.h"
#include "signer/memory.h"

#include <sqlite3.h>

static void a_number_that_was_logged_and_not_finished_is_not_used_again(void **state)
{
    int64_t number = 0;
    (void)state;
    assert_done(sign((struct crl_options){.days = 3}));
    AUTO(json_free) struct json *signing = record_at(&own, begun + 1);
    // As a run leaves it that was killed between log and token.
    struct json *left = json_clone(signing);
    json_put_int(left, "number", 2);
    json_put_int(left, "previous", (int64_t)begun + 2);
    json_put_int(left, "size", (int64_t)begun + 3);
    uint64_t ref = log_now("crl.signing", left);
    const struct apart *found = sign((struct crl_options){.days = 3});
    assert_done(found);
    assert_int_equal(found->out.numbers[NUMBER], 3);
    assert_types_from(&own, begun, "crl.abandoned session.opened crl.signing crl.issued ");
    assert_non_null(
        strstr(found->said, "CRL 2 was left unfinished by an earlier run; its number is never used again"));
    AUTO(json_free) struct json *abandoned = record_at(&own, begun);
    assert_true(json_int(abandoned, "ref", &number) && number == (int64_t)ref);
    assert_true(json_int(abandoned, "number", &number) && number == 2);
}

static void a_token_that_remembers_more_stops_it(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    for (uint64_t remembered = 1; remembered < 3; remembered++) {
        fake_home_open(&own);
        assert_true(signer_remember_crl(own.signer, remembered, &err));
        fake_home_close(&own);
        begun = size_of(&own);
        assert_failed(sign((struct crl_options){.days = 3}), ERROR_LEDGER,
                      remembered == 1 ? "the token remembers CRL 1, the ledger's last is 0"
                                      : "the token remembers CRL 2, the ledger's last is 0");
        assert_unused();
    }
}

/** One that left without the token's knowledge could be followed by another of its number, from an old copy of the home. */
static void what_the_token_cannot_be_told_of_does_not_leave(void **state)
{
    unsigned call = 0;
    bool is_done = false;
    (void)state;
    while (!is_done) {
        AUTO(free) char *file = memory_format("ca/crl/crl-%u.der", ++call);
        fake_token_refuse_data(call);
        const struct apart *found = sign((struct crl_options){.days = 3});
        is_done = found->is_done;
        assert_true(file_exists(own.folder.fd, file) == is_done);
        fake_token_refuse_data(0);
        if (is_done)
            continue;
        assert_int_equal(found->err.kind, ERROR_TOKEN);
        assert_done(sign((struct crl_options){.again = true}));
        assert_true(file_exists(own.folder.fd, file));
    }
    assert_in_range(call, 2, 9);
}

/** Its number is burned, under a checkpoint. */
static void a_number_the_token_did_not_sign_is_abandoned_at_once(void **state)
{
    (void)state;
    fake_token_set_fault(FAKE_TOKEN, 1, FAKE_FAILS);
    assert_failed(sign((struct crl_options){.days = 3}), ERROR_TOKEN, "signing CRL 1");
    assert_types_from(&own, begun, "session.opened crl.signing crl.abandoned ");
    assert_checkpointed(&own);
    AUTO(json_free) struct json *abandoned = record_at(&own, begun + 2);
    assert_string_equal(json_text(abandoned, "reason"), "the run stopped before the signature was recorded");
}

/** Whatever the token does not do any more: no number is signed twice, and a checkpoint that is owed is said. */
static void a_token_that_is_gone_from_some_call_on_is_told(void **state)
{
    unsigned said = 0;
    bool is_done = false;
    (void)state;
    for (unsigned call = 1; !is_done; call++) {
        fake_token_fail_from(call);
        const struct apart *found = sign((struct crl_options){.days = 3});
        (void)fake_token_stop_failing();
        is_done = found->is_done;
        assert_true(is_done || found->err.kind == ERROR_TOKEN);
        if (strstr(found->err.text, "signing CRL ") == NULL)
            continue;
        assert_non_null(strstr(found->said, "no checkpoint could be signed: "));
        assert_non_null(strstr(found->said, FAKE_CALL_FAILED));
        said++;
    }
    assert_int_equal(said, 1);
}

static void what_the_token_remembers_is_not_used_again_but_what_follows_it(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    assert_done(sign((struct crl_options){.days = 3}));
    fake_home_open(&own);
    assert_true(signer_remember_crl(own.signer, 1, &err));
    fake_home_close(&own);
    const struct apart *found = sign((struct crl_options){.days = 3});
    assert_done(found);
    assert_int_equal(found->out.numbers[NUMBER], 2);
}

static void continue_after(uint64_t last)
{
    struct error err = ERROR_INIT;
    AUTO(init_result_done) struct init_result result = {.path = NULL};
    AUTO(free) char *path = memory_format("%s/new", own.folder.path);
    AUTO(free) char *certificate = memory_format("%s/ca.pem", own.path);
    AUTO(free) char *checkpoint = memory_format("%s/ledger.checkpoint", own.path);
    const struct init_options options = {.path = path,
                                         .origin = "ca.example/new",
                                         .use_key = "pkcs11:token=fake;object=coldca-ca;type=private",
                                         .key_label = "second",
                                         .certificate = certificate,
                                         .continues = checkpoint,
                                         .policies = "any"};
    fake_home_open(&own);
    assert_true(signer_remember_crl(own.signer, last, &err)); // the last one that left
    fake_home_close(&own);
    if (!init_ca(&options, &fake_console, &result, &err))
        fail_msg("%s", err.text);
    (void)snprintf(own.path, sizeof(own.path), "%s", path);
    const struct apart *found = sign((struct crl_options){.days = 3});
    assert_done(found);
    assert_int_equal(found->out.numbers[NUMBER], last + 1);
    found = sign((struct crl_options){.days = 3});
    assert_done(found);
    assert_int_equal(found->out.numbers[NUMBER], last + 2);
}

static void numbers_continue_with_the_key_after_a_lost_ledger(void **state)
{
    (void)state;
    continue_after(7);
}

/** Else the number could have been used before. */
static void a_number_to_continue_after_that_cannot_be_read_stops_it(void **state)
{
    struct error err = ERROR_INIT;
    static const char *const continued[] = {"{\"token\":{\"crl_number\":\"seven\"}}",
                                            "{\"token\":{\"crl_number\":-7}}", "{\"token\":{}}", "{}"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(continued); i++) {
        struct json *continues = NULL;
        fake_home_remove(&own);
        fake_home_make(&own);
        AUTO(json_free) struct json *created = NULL;
        for (uint64_t seq = 0; created == NULL || strcmp(json_text(created, "type"), "ca.created") != 0;
             seq++) {
            if (created != NULL)
                json_free(created);
            created = record_at(&own, seq);
        }
        assert_true(json_parse(bytes_of_text(continued[i]), &continues, &err));
        struct json *other = json_clone(created);
        json_put(other, "continues", continues);
        (void)log_now("ca.created", other);
        const struct apart *found = sign((struct crl_options){.days = 3});
        if (i < 2)
            assert_failed(found, ERROR_LEDGER, "crl_number");
        else
            assert_done(found);
        if (i < 2)
            assert_unused();
    }
}

static void numbers_continue_after_the_very_first(void **state)
{
    (void)state;
    continue_after(1);
}

/** By an index that was made to lie. */
static void one_that_is_unfinished_and_not_known_as_such_stops_it(void **state)
{
    struct given unfinished;
    sqlite3 *db = NULL;
    AUTO(free) char *path = memory_format("%s/index.sqlite", own.path);
    (void)state;
    struct home *home = home_of(&own, HOME_WRITE);
    given_issue(home, "CN=c", "p", false, &unfinished);
    begun = ledger_size(home->ledger);
    home_close(home);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db, "UPDATE certificates SET status = 2 WHERE status = 0", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_failed(
        sign((struct crl_options){.days = 3}), ERROR_LEDGER,
        "index.sqlite does not know that 1 certificates are unfinished, so they would be on no CRL: run "
        "`coldca ledger index --rebuild`, then this again");
    assert_types_from(&own, begun, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_number_that_was_logged_and_not_finished_is_not_used_again, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_token_that_remembers_more_stops_it, begin, end),
        cmocka_unit_test_setup_teardown(what_the_token_cannot_be_told_of_does_not_leave, begin, end),
        cmocka_unit_test_setup_teardown(a_number_the_token_did_not_sign_is_abandoned_at_once, begin, end),
        cmocka_unit_test_setup_teardown(a_token_that_is_gone_from_some_call_on_is_told, begin, end),
        cmocka_unit_test_setup_teardown(what_the_token_remembers_is_not_used_again_but_what_follows_it, begin,
                                        end),
        cmocka_unit_test_setup_teardown(numbers_continue_with_the_key_after_a_lost_ledger, begin, end),
        cmocka_unit_test_setup_teardown(a_number_to_continue_after_that_cannot_be_read_stops_it, begin, end),
        cmocka_unit_test_setup_teardown(numbers_continue_after_the_very_first, begin, end),
        cmocka_unit_test_setup_teardown(one_that_is_unfinished_and_not_known_as_such_stops_it, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
