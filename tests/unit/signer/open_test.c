/* SPDX-License-Identifier: Apache-2.0 */
/* What must be so before a token is used: a PIN, both keys, P1, and that they are this home's. */
#include "fake_home.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/thread.h"

#include <fcntl.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct fake_home own;

static int begin(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    fake_home_make(&own);
    if (!home_open(own.path, HOME_WRITE, &fake_console, &own.home, &err))
        fail_msg("%s", err.text);
    own.confined = signer_declare_unconfined(own.home, "a test");
    return 0;
}

static int end(void **state)
{
    (void)state;
    fake_home_remove(&own);
    return 0;
}

static void assert_not_opened(const struct console *console, const char *words)
{
    struct error err = ERROR_INIT;
    assert_false(signer_open(own.confined, console, &own.signer, &err));
    assert_null(own.signer);
    assert_int_equal(err.kind, ERROR_TOKEN);
    if (strstr(err.text, words) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", err.text, words);
}

static void change(char **text, const char *other)
{
    free(*text);
    *text = memory_text(other);
}

static void a_signer_knows_what_it_was_made_of(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    assert_true(signer_open(own.confined, &fake_console, &own.signer, &err));
    assert_ptr_equal(signer_home(own.signer), own.home);
    assert_string_equal(signer_unconfined_reason(own.signer), "a test");
    assert_true(token_is_logged_in(signer_token(own.signer)));
    assert_string_equal(token_key_uri(signer_ca_key(own.signer)), own.home->config.ca_key);
    assert_string_equal(token_key_uri(signer_ledger_key(own.signer)), own.home->config.ledger_key);
    assert_true(signer_sessions(own.signer) >= 2);
}

static void nobody_to_ask_is_said(void **state)
{
    const struct console silent = {.pin = NULL};
    (void)state;
    assert_not_opened(&silent, "needs a PIN: no PIN source and no terminal");
    assert_not_opened(NULL, "needs a PIN: no PIN source and no terminal");
}

static void a_failed_attempt_can_be_repeated(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    assert_not_opened(NULL, "needs a PIN");
    assert_true(signer_open(own.confined, &fake_console, &own.signer, &err));
}

static void a_key_that_is_not_there_is_named(void **state)
{
    (void)state;
    change(&own.home->config.ca_key, "pkcs11:object=gone;type=private");
    assert_not_opened(&fake_console, "looking for the CA key; a token that lost it is to be restored");
}

static void a_ledger_key_that_is_not_there_is_named(void **state)
{
    (void)state;
    change(&own.home->config.ledger_key, "pkcs11:object=gone;type=private");
    assert_not_opened(&fake_console, "looking for the ledger key");
}

static void another_key_than_the_certificates_is_refused(void **state)
{
    (void)state;
    change(&own.home->config.ca_key, own.home->config.ledger_key);
    assert_not_opened(&fake_console, "is another one");
}

/** \param words  of the error */
static void assert_ledger_key_refused(enum key_kind kind, unsigned bits, const char *words)
{
    struct error err = ERROR_INIT;
    struct token *token = NULL;
    struct token_key *key = NULL;
    const struct token_choice choice = {.label = FAKE_TOKEN};
    AUTO(free) char *label = memory_format("other%u-ledger", bits);
    AUTO(free) char *uri = memory_format("pkcs11:object=%s;type=private", label);
    assert_true(token_open(&choice, &token, &err));
    assert_true(token_key_generate(token, kind, bits, label, &key, &err));
    token_key_free(key);
    token_close(token);
    change(&own.home->config.ledger_key, uri);
    error_clear(&err);
    assert_false(signer_open(own.confined, &fake_console, &own.signer, &err));
    assert_null(own.signer);
    assert_true(err.kind != ERROR_NONE && strstr(err.text, words) != NULL);
}

static void another_ledger_key_than_the_vkeys_is_refused(void **state)
{
    (void)state;
    assert_ledger_key_refused(KEY_ED25519, 0, "is not the one ca.yaml's ledger_vkey names");
    assert_ledger_key_refused(KEY_RSA, 2048, ""); // which signs no checkpoints
}

static void a_key_that_can_leave_is_refused_unless_the_home_allows_it(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    fake_token_attributes()->is_extractable = TOKEN_YES;
    assert_not_opened(&fake_console, "checking the CA key");
    own.home->config.allow_extractable = true;
    assert_true(signer_open(own.confined, &fake_console, &own.signer, &err));
    assert_non_null(strstr(fake_console_said(), "CA key: the key "));
    assert_non_null(strstr(fake_console_said(), "ledger key: the key "));
}

static void a_key_that_asks_each_time_signs_in_one_session(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    own.home->config.token.sessions = 8;
    fake_token_attributes()->always_authenticates = TOKEN_YES;
    assert_true(signer_open(own.confined, &fake_console, &own.signer, &err));
    assert_int_equal(signer_sessions(own.signer), 1);
    assert_non_null(strstr(fake_console_said(), "wants its PIN for each signature"));
}

static void a_token_that_is_away_is_said(void **state)
{
    (void)state;
    fake_token_set_fault(FAKE_TOKEN, 1, FAKE_IS_AWAY);
    assert_not_opened(&fake_console, "there is no token \"fake\"");
}

static void a_choice_is_a_label_or_a_uri_with_a_profile(void **state)
{
    struct error err = ERROR_INIT;
    struct signer_choice choice = {.profile = NULL};
    (void)state;
    assert_true(signer_choice_make(NULL, NULL, NULL, "coldca", &choice, &err));
    assert_string_equal(choice.choice.label, "coldca");
    assert_null(choice.choice.uri);
    assert_string_equal(token_profile_name(choice.profile), "softhsm2");
    signer_choice_done(&choice);
    assert_true(signer_choice_make("/x.so", NULL, "config=1", "pkcs11:token=coldca", &choice, &err));
    assert_null(choice.choice.label);
    assert_string_equal(choice.choice.uri, "pkcs11:token=coldca");
    assert_null(choice.profile); // a module without a profile has none
    assert_string_equal(choice.choice.module, "/x.so");
    assert_string_equal(choice.choice.init_args, "config=1");
    signer_choice_done(&choice);
    assert_true(signer_choice_make("/x.so", "softhsm2", NULL, NULL, &choice, &err));
    assert_true(choice.choice.label == NULL && choice.choice.uri == NULL); // the only one there is
    assert_non_null(choice.profile);
    assert_ptr_equal(choice.choice.profile, choice.profile);
    signer_choice_done(&choice);
    assert_null(choice.profile);
    assert_false(signer_choice_make(NULL, "no-such-token", NULL, NULL, &choice, &err));
    assert_non_null(strstr(err.text, "looking for the token profile no-such-token"));
}

static unsigned pins;

static bool count_pins(void *data, const char *words, bool has_pad, struct secret **ret_pin,
                       struct error *err)
{
    pins++;
    assert_string_equal(words, "token fake (software)");
    return fake_console.pin(data, words, has_pad, ret_pin, err);
}

static void a_pin_is_asked_once_and_a_wrong_one_is_told(void **state)
{
    struct error err = ERROR_INIT;
    struct console console = fake_console;
    struct token *token = NULL;
    const struct token_choice choice = {.label = FAKE_TOKEN};
    (void)state;
    console.pin = count_pins;
    pins = 0;
    assert_true(token_open(&choice, &token, &err));
    fake_token_fail_call(2); // after its name was asked
    assert_false(signer_token_login(token, &console, &err));
    (void)fake_token_stop_failing();
    assert_false(token_is_logged_in(token));
    assert_int_equal(pins, 1);
    for (size_t i = 0; i < 2; i++)
        assert_true(signer_token_login(token, &console, &err));
    assert_true(token_is_logged_in(token));
    assert_int_equal(pins, 2);
    token_close(token);
}

static void sessions_are_those_of_the_home_or_of_the_machine(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    own.home->config.token.sessions = 1;
    assert_true(signer_open(own.confined, &fake_console, &own.signer, &err));
    assert_int_equal(signer_sessions(own.signer), 1);
    signer_close(TAKE(own.signer));
    own.home->config.token.sessions = 0;
    assert_true(signer_open(own.confined, &fake_console, &own.signer, &err));
    assert_int_equal(signer_sessions(own.signer), thread_cores() + 1);
}

static void the_homes_token_is_named_by_label_or_uri(void **state)
{
    struct error err = ERROR_INIT;
    const struct token_choice *last = fake_token_last_choice();
    (void)state;
    change(&own.home->config.token.uri, FAKE_TOKEN);
    assert_true(signer_open(own.confined, &fake_console, &own.signer, &err));
    assert_true(last->is_in_use && last->profile != NULL && last->uri == NULL);
    assert_ptr_equal(last->label, own.home->config.token.uri);
    signer_close(TAKE(own.signer));
    change(&own.home->config.token.uri, "pkcs11:token=" FAKE_TOKEN);
    assert_true(signer_open(own.confined, &fake_console, &own.signer, &err));
    assert_true(last->is_in_use && last->profile != NULL && last->label == NULL);
    assert_ptr_equal(last->uri, own.home->config.token.uri);
}

static void a_home_has_the_profile_it_names_or_the_default_or_a_module(void **state)
{
    struct error err = ERROR_INIT;
    struct home_config *config = &own.home->config;
    const struct token_choice *last = fake_token_last_choice();
    (void)state;
    free(TAKE(config->token.profile));
    config->token.profile = memory_text("no-such-token");
    assert_false(signer_open(own.confined, &fake_console, &own.signer, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_non_null(strstr(err.text, "looking for the token profile no-such-token"));
    AUTO(free) char *broken = memory_format("%s/broken.yaml", own.folder.path);
    assert_true(file_create(AT_FDCWD, broken, 0644, BYTES_LITERAL("no: profile\n"), &err));
    change(&config->token.profile, broken);
    error_clear(&err);
    assert_false(signer_open(own.confined, &fake_console, &own.signer, &err));
    assert_non_null(strstr(err.text, "broken.yaml"));
    change(&config->token.profile, "yubihsm2");
    if (!signer_open(own.confined, &fake_console, &own.signer, &err))
        fail_msg("%s", err.text);
    assert_string_equal(token_profile_name(last->profile), "yubihsm2");
    for (size_t i = 0; i < 2; i++) {
        fake_home_close(&own);
        if (!home_open(own.path, HOME_WRITE, &fake_console, &own.home, &err))
            fail_msg("%s", err.text);
        own.confined = signer_declare_unconfined(own.home, "a test");
        config = &own.home->config;
        free(TAKE(config->token.profile));
        free(TAKE(config->token.module));
        config->token.module = i == 0 ? NULL : memory_text("/x.so");
        assert_true(signer_open(own.confined, &fake_console, &own.signer, &err));
        assert_int_equal(last->profile != NULL, i == 0);
        if (i == 0)
            assert_string_equal(token_profile_name(last->profile), "softhsm2");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_signer_knows_what_it_was_made_of, begin, end),
        cmocka_unit_test_setup_teardown(nobody_to_ask_is_said, begin, end),
        cmocka_unit_test_setup_teardown(a_failed_attempt_can_be_repeated, begin, end),
        cmocka_unit_test_setup_teardown(a_key_that_is_not_there_is_named, begin, end),
        cmocka_unit_test_setup_teardown(a_ledger_key_that_is_not_there_is_named, begin, end),
        cmocka_unit_test_setup_teardown(another_key_than_the_certificates_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(another_ledger_key_than_the_vkeys_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(a_key_that_can_leave_is_refused_unless_the_home_allows_it, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_key_that_asks_each_time_signs_in_one_session, begin, end),
        cmocka_unit_test_setup_teardown(a_token_that_is_away_is_said, begin, end),
        cmocka_unit_test_setup_teardown(a_pin_is_asked_once_and_a_wrong_one_is_told, begin, end),
        cmocka_unit_test_setup_teardown(sessions_are_those_of_the_home_or_of_the_machine, begin, end),
        cmocka_unit_test_setup_teardown(the_homes_token_is_named_by_label_or_uri, begin, end),
        cmocka_unit_test_setup_teardown(a_home_has_the_profile_it_names_or_the_default_or_a_module, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_choice_is_a_label_or_a_uri_with_a_profile, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
