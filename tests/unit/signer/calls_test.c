/* SPDX-License-Identifier: Apache-2.0 */
/* A call into a token fails, whichever: it is told as the token's, nothing is opened or kept halfway, and who goes on says what is missing. */
#include "fake_home.h"

#include "base/json.h"
#include "base/memory.h"
#include "signer/memory.h"
#include "signer/person.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct fake_home own;

static int begin(void **state)
{
    (void)state;
    fake_home_make(&own);
    fake_home_open_pool(&own);
    return 0;
}

static int end(void **state)
{
    (void)state;
    fake_home_remove(&own);
    return 0;
}

static void must_open(void)
{
    struct error err = ERROR_INIT;
    if (!signer_open(own.confined, &fake_console, &own.signer, &err))
        fail_msg("%s", err.text);
}

typedef bool doing(struct error *err);

/** \return how many calls into tokens it makes, each of which failed once, and was told */
static unsigned fail_each(doing *what)
{
    for (unsigned number = 1;; number++) {
        struct error err = ERROR_INIT;
        fake_token_fail_call(number);
        bool is_done = what(&err);
        const char *failed = fake_token_stop_failing();
        if (failed == NULL) {
            assert_true(is_done);
            return number - 1;
        }
        if (is_done || err.kind != ERROR_TOKEN || strstr(err.text, FAKE_CALL_FAILED) == NULL)
            fail_msg("call %u, %s: %s (%s)", number, failed, is_done ? "done" : "not done", err.text);
    }
}

static bool open_signer(struct error *err)
{
    bool is_open = signer_open(own.confined, &fake_console, &own.signer, err);
    assert_int_equal(is_open, own.signer != NULL);
    return is_open;
}

static void a_signer_is_open_or_told(void **state)
{
    (void)state;
    // 2 keys of its own, and one in each of the two others; each asks for its PIN each time.
    fake_token_attributes()->always_authenticates = TOKEN_YES;
    assert_int_equal(fail_each(open_signer), 9 + 2 * 7 + 3);
    assert_int_equal(signer_sessions(own.signer), 3);
}

static struct recalled recalled;

static bool recall(struct error *err)
{
    bool is_done = signer_recall(own.confined, &fake_console, &recalled, err);
    assert_int_equal(recalled.asked, is_done ? 3 : 0);
    return is_done;
}

static void what_is_remembered_is_read_of_all_or_told(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    must_open();
    signer_close(TAKE(own.signer));
    assert_int_equal(fail_each(recall), 3 * 5);
    assert_int_equal(recalled.count, 3);
    assert_string_equal(recalled.tokens[0], FAKE_TOKEN);
    assert_string_equal(recalled.tokens[1], "second");
    assert_string_equal(recalled.tokens[2], "third");
    recalled_done(&recalled);
    fake_token_fail_call(5 + 1);
    assert_false(signer_recall(own.confined, &fake_console, &recalled, &err));
    assert_non_null(strstr(err.text, "opening the token pkcs11:token=second;"));
    (void)fake_token_stop_failing();
}

static bool open_person(struct error *err)
{
    const struct witness_key_place place = {.key = "pkcs11:token=fake;object=coldca-ca;type=private",
                                            .tokens = signer_person_keys()};
    AUTO(builder_done) struct builder spki = BUILDER_INIT;
    enum key_kind kind = KEY_RSA;
    void *key = NULL;
    bool is_open = place.tokens->open(&place, &fake_console, &spki, &kind, &key, err);
    assert_int_equal(is_open, key != NULL);
    if (is_open)
        place.tokens->close(key);
    return is_open;
}

static void a_persons_key_is_open_or_told(void **state)
{
    (void)state;
    assert_int_equal(fail_each(open_person), 5);
}

/* ---- a key that wants its PIN each time ---- */

static char *asked; /* the last words */
static bool is_pad;

static bool give_pin(void *data, const char *words, bool has_pad, struct secret **ret_pin, struct error *err)
{
    free(asked);
    asked = memory_text(words);
    is_pad = has_pad;
    return fake_console.pin(data, words, has_pad, ret_pin, err);
}

static bool no_pin(void *data, const char *words, bool has_pad, struct secret **ret_pin, struct error *err)
{
    (void)data, (void)words, (void)has_pad, (void)ret_pin;
    return error_set(err, ERROR_INTERRUPTED, 0, "no PIN was given");
}

static void a_pin_is_asked_for_each_signature(void **state)
{
    struct error err = ERROR_INIT;
    struct console console = fake_console;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    (void)state;
    fake_token_attributes()->always_authenticates = TOKEN_YES;
    console.pin = give_pin;
    is_pad = true;
    assert_true(signer_open(own.confined, &console, &own.signer, &err));
    assert_string_equal(asked, "token third (software)");
    assert_false(is_pad);
    is_pad = true;
    for (size_t i = 1; i < 3; i++) {
        if (!signer_prove_key(own.signer, SIGNATURE_ECDSA_SHA256, BYTES_LITERAL("info"), &signature, &err))
            fail_msg("%s", err.text);
        assert_int_equal(fake_token_pins(), i);
    }
    assert_string_equal(asked, "the key pkcs11:token=fake;object=coldca-ca;type=private, for one signature");
    assert_false(is_pad);
    free(TAKE(asked));
    console.pin = no_pin;
    assert_false(
        signer_prove_key(own.signer, SIGNATURE_ECDSA_SHA256, BYTES_LITERAL("info"), &signature, &err));
    assert_int_equal(err.kind, ERROR_INTERRUPTED);
    // Nor is another token of the pool asked then, and none is dropped.
    size_t token = 0;
    const struct token_message message = {.data = BYTES_LITERAL("words")};
    error_clear(&err);
    assert_false(signer_sign(own.signer, 0, SIGNATURE_ECDSA_SHA256, &message, &signature, &token, &err));
    assert_int_equal(err.kind, ERROR_INTERRUPTED);
    assert_int_equal(signer_sessions(own.signer), 3);
}

/* ---- what tokens are told ---- */

static void add_record(void)
{
    struct error err = ERROR_INIT;
    assert_true(ledger_append(own.home->ledger, "test.note", json_new_object(), NULL, &err));
    assert_true(ledger_commit(own.home->ledger, &err));
}

static void add_checkpoint(void)
{
    struct error err = ERROR_INIT;
    add_record();
    if (!signer_checkpoint(own.signer, &err))
        fail_msg("%s", err.text);
}

static bool checkpoint(struct error *err)
{
    uint64_t before = ledger_checkpoint_size(own.home->ledger);
    bool is_done = signer_checkpoint(own.signer, err);
    assert_int_equal(ledger_checkpoint_size(own.home->ledger),
                     is_done ? ledger_size(own.home->ledger) : before);
    return is_done;
}

static void a_checkpoint_is_signed_or_told(void **state)
{
    (void)state;
    must_open();
    add_record();
    assert_int_equal(fail_each(checkpoint), 1);
}

/** What a token remembers of this ledger; zero: nothing. The caller frees. */
static struct remembered memory_of(const char *label)
{
    struct error err = ERROR_INIT;
    struct token *token = NULL;
    struct remembered remembered = {.origin = NULL};
    bool is_found = false;
    const struct token_choice choice = {.label = label};
    assert_true(token_open(&choice, &token, &err));
    assert_true(remembered_find(token, own.home->config.origin, own.home->config.ledger_vkey, &remembered,
                                &is_found, &err));
    token_close(token);
    return remembered;
}

static const char *const tokens[] = {FAKE_TOKEN, "second", "third"};

/** Whether they all know of the ledger as it is, but one: SIZE_MAX none. */
static void assert_known_but(size_t one)
{
    for (size_t i = 0; i < ARRAY_LEN(tokens); i++) {
        AUTO(remembered_done) struct remembered remembered = memory_of(tokens[i]);
        assert_int_equal(remembered.size == ledger_size(own.home->ledger), i != one);
    }
}

static unsigned times_said(const char *words)
{
    unsigned count = 0;
    for (const char *at = fake_console_said(); (at = strstr(at, words)) != NULL; at++)
        count++;
    return count;
}

static void one_that_can_not_keep_it_is_named_and_the_others_keep_it(void **state)
{
    (void)state;
    must_open();
    for (unsigned number = 1; number <= 6; number++) { // read, and replaced, on each of three
        const char *name = tokens[(number - 1) / 2];
        add_checkpoint();
        AUTO(free)
        char *words = memory_format("the token %s could not keep that the ledger holds %zu records, the next "
                                    "run tries again: " FAKE_CALL_FAILED,
                                    name, (size_t)ledger_size(own.home->ledger));
        fake_token_fail_call(number);
        signer_remember(own.signer, &fake_console);
        assert_non_null(fake_token_stop_failing());
        assert_int_equal(times_said("could not keep that"), number);
        assert_true(number % 2 == 1 || times_said(words) == 1);
        assert_known_but((number - 1) / 2);
    }
    signer_remember(own.signer, &fake_console);
    assert_known_but(SIZE_MAX);
    // Who knows it all is asked, and told nothing.
    fake_token_fail_call(3 + 1);
    signer_remember(own.signer, &fake_console);
    assert_null(fake_token_stop_failing());
}

static void a_token_without_a_name_is_told_of(void **state)
{
    char *const third = own.home->config.token.pool[1];
    (void)state;
    own.home->config.token.pool[1] = memory_text("pkcs11:token=;object=coldca-ca;type=private");
    free(third);
    must_open();
    add_checkpoint();
    fake_token_fail_call(2 * 2 + 1);
    signer_remember(own.signer, &fake_console);
    assert_int_equal(times_said("the token ? could not keep that"), 1);
    add_checkpoint();
    fake_token_fail_from(1); // nor do the others say it
    signer_remember(own.signer, &fake_console);
    (void)fake_token_stop_failing();
    assert_int_equal(times_said("the token ? could not keep that"), 1 + 3);
}

static bool remember_crl(struct error *err)
{
    bool is_done = signer_remember_crl(own.signer, 7, err);
    if (!is_done)
        assert_non_null(strstr(err->text, "keeping the CRL's number on the token"));
    return is_done;
}

static void a_crls_number_is_on_all_tokens_or_told(void **state)
{
    struct error err = ERROR_INIT;
    uint64_t number = 0;
    (void)state;
    must_open();
    signer_remember(own.signer, &fake_console);   // of the same records they know already
    assert_int_equal(fail_each(remember_crl), 4); // who was told is only asked the next time
    for (size_t i = 0; i < ARRAY_LEN(tokens); i++) {
        AUTO(remembered_done) struct remembered remembered = memory_of(tokens[i]);
        assert_true(remembered.has_crl);
        assert_int_equal(remembered.crl_number, 7);
    }
    fake_token_fail_call(3 + 1); // they know it: nothing is written
    assert_true(signer_remember_crl(own.signer, 7, &err));
    assert_null(fake_token_stop_failing());
    assert_true(signer_remember_crl(own.signer, 6, &err)); // nor is less
    assert_true(signer_remembered_crl(own.signer, &number));
    assert_int_equal(number, 7);
    assert_true(signer_remember_crl(own.signer, 8, &err));
    assert_true(signer_remembered_crl(own.signer, &number));
    assert_int_equal(number, 8);
    AUTO(remembered_done) struct remembered last = memory_of("third");
    assert_int_equal(last.crl_number, 8);
}

/** Lets a token remember that a CRL of this number left. */
static void lay_crl(const char *label, uint64_t number)
{
    struct error err = ERROR_INIT;
    struct token *token = NULL;
    const struct token_choice choice = {.label = label};
    AUTO(remembered_done) struct remembered remembered = memory_of(label);
    assert_true(token_open(&choice, &token, &err));
    remembered.has_crl = true;
    remembered.crl_number = number;
    assert_true(remembered_keep(token, &remembered, &err));
    token_close(token);
}

static void of_what_tokens_remember_the_highest_number_counts(void **state)
{
    uint64_t number = 3;
    (void)state;
    must_open();
    assert_false(signer_remembered_crl(own.signer, &number));
    assert_int_equal(number, 3);
    signer_close(TAKE(own.signer));
    lay_crl(FAKE_TOKEN, 5);
    lay_crl("second", 9);
    lay_crl("third", 7);
    must_open();
    assert_true(signer_remembered_crl(own.signer, &number));
    assert_int_equal(number, 9);
    signer_close(TAKE(own.signer)); // tells those that know of less
    for (size_t i = 0; i < ARRAY_LEN(tokens); i++) {
        AUTO(remembered_done) struct remembered remembered = memory_of(tokens[i]);
        assert_int_equal(remembered.crl_number, 9);
    }
}

/* ---- as which tokens are opened ---- */

static void a_ca_s_tokens_are_opened_as_in_use(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(recalled_done) struct recalled found = {.items = NULL};
    const struct token_choice *last = fake_token_last_choice();
    (void)state;
    must_open();
    assert_true(last->is_in_use && last->profile != NULL); // one of the pool
    own.home->config.token.pool_count = 1;
    assert_true(signer_recall(own.confined, &fake_console, &found, &err));
    assert_true(last->is_in_use && last->profile != NULL && last->label == NULL);
    assert_ptr_equal(last->uri, own.home->config.token.pool[0]);
    own.home->config.token.pool_count = 0;
    AUTO(recalled_done) struct recalled of_one = {.items = NULL};
    assert_true(signer_recall(own.confined, &fake_console, &of_one, &err));
    assert_true(last->is_in_use && last->profile != NULL);
    own.home->config.token.pool_count = 2;
    signer_close(TAKE(own.signer));
    fake_home_close(&own);
    fake_home_open(&own);
    assert_true(last->is_in_use && last->profile != NULL); // the only one
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_signer_is_open_or_told, begin, end),
        cmocka_unit_test_setup_teardown(what_is_remembered_is_read_of_all_or_told, begin, end),
        cmocka_unit_test_setup_teardown(a_persons_key_is_open_or_told, begin, end),
        cmocka_unit_test_setup_teardown(a_pin_is_asked_for_each_signature, begin, end),
        cmocka_unit_test_setup_teardown(a_checkpoint_is_signed_or_told, begin, end),
        cmocka_unit_test_setup_teardown(one_that_can_not_keep_it_is_named_and_the_others_keep_it, begin, end),
        cmocka_unit_test_setup_teardown(a_token_without_a_name_is_told_of, begin, end),
        cmocka_unit_test_setup_teardown(a_crls_number_is_on_all_tokens_or_told, begin, end),
        cmocka_unit_test_setup_teardown(of_what_tokens_remember_the_highest_number_counts, begin, end),
        cmocka_unit_test_setup_teardown(a_ca_s_tokens_are_opened_as_in_use, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
