/* SPDX-License-Identifier: Apache-2.0 */
/* One thing on its way through the ledger (issue/pipeline.h): when it is given away, and when it is given to nobody. */
#include "token_fixture.h"
#include "token_shim.h"

#include "base/memory.h"
#include "issue/pipeline.h"

#include <dlfcn.h>
#include <fcntl.h>

struct setting {
    struct fixture fixture;
    void *library;
    struct token_shim *shim;
    struct home *home;
    struct confined *confined;
    struct signer *signer;
    bool is_sound;      /**< what was made is */
    bool was_early;     /**< something happened before its record was on the disk */
    unsigned delivered; /**< times */
};

/* What check() is given is the signer's home; the test is found by this. */
static struct setting *now;

static void open_signer(struct setting *setting)
{
    struct error err = ERROR_INIT;
    struct signer_parts parts = {.token = NULL};
    struct token_choice choice = setting->fixture.choice;
    AUTO(builder_done) struct builder vkey = BUILDER_INIT;
    AUTO(secret_free) struct secret *pin = fixture_secret(FIXTURE_PIN);
    choice.module = TOKEN_SHIM;
    assert_done(token_open(&choice, &parts.token, &err) && token_login(parts.token, pin, &err), err);
    assert_done(token_key_generate(parts.token, KEY_EC_P256, 0, "ca", &parts.ca_key, &err), err);
    assert_done(token_key_generate(parts.token, KEY_EC_P256, 0, "ledger", &parts.ledger_key, &err), err);
    assert_done(ledger_vkey_make("ca.example/one", token_key_spki(parts.ledger_key), &vkey, &err), err);
    setting->home = home_new(setting->fixture.folder);
    setting->home->fd = open(setting->fixture.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    setting->home->config.ledger_vkey = builder_take_text(&vkey);
    assert_done(ledger_create(setting->home->fd, &err), err);
    assert_done(home_open_ledger(setting->home, HOME_COMPLETE, NULL, &err), err);
    ledger_set_operator(setting->home->ledger, "tester");
    setting->confined = signer_declare_unconfined(setting->home, "a test");
    setting->signer = signer_of_parts(setting->confined, &parts);
}

static int setup(void **state)
{
    struct setting *setting = memory_new(1, sizeof(*setting));
    token_shim_state_fn *get_state = NULL;
    fixture_make(&setting->fixture);
    assert_int_equal(setenv("TOKEN_SHIM_MODULE", setting->fixture.module, 1), 0);
    setting->library = dlopen(TOKEN_SHIM, RTLD_NOW | RTLD_LOCAL);
    assert_non_null(setting->library);
    void *symbol = dlsym(setting->library, "token_shim_state");
    assert_non_null(symbol);
    memcpy(&get_state, &symbol, sizeof(get_state));
    setting->shim = get_state();
    memset(setting->shim, 0, sizeof(*setting->shim));
    setting->is_sound = true;
    open_signer(setting);
    atomic_store(&setting->shim->signatures, 0); // a new key is tried
    *state = now = setting;
    return 0;
}

static int teardown(void **state)
{
    struct setting *setting = *state;
    signer_close(setting->signer);
    confined_free(setting->confined);
    home_close(setting->home);
    assert_int_equal(dlclose(setting->library), 0);
    fixture_remove(&setting->fixture);
    free(setting);
    return 0;
}

/* ---- a kind of its own ---- */

static struct json *write_made(const struct logged *logged)
{
    struct json *fields = json_new_object();
    json_put_int(fields, "ref", (int64_t)logged->signing_seq);
    return fields;
}

static bool check(const struct home *home, const struct logged *logged, struct error *err)
{
    now->was_early = now->was_early || ledger_durable_size(home->ledger) <= logged->signing_seq;
    return now->is_sound || error_set(err, ERROR_TOKEN, 0, "it does not verify");
}

static const struct logged_kind kind = {
    .signing_type = "test.signing", .issued_type = "test.issued", .write_issued = write_made, .check = check};

static bool deliver(void *data, const struct logged *logged, struct error *err)
{
    struct setting *setting = data;
    (void)err; // all is taken
    setting->delivered++;
    setting->was_early = setting->was_early || !logged->is_done ||
                         ledger_durable_size(setting->home->ledger) <= logged->issued_seq;
    return true;
}

static bool issue(struct setting *setting, const struct console *console, struct logged *ret_logged,
                  struct error *err)
{
    *ret_logged = (struct logged){.kind = &kind,
                                  .name = "a thing",
                                  .tbs = BYTES_LITERAL("bytes to be signed"),
                                  .signature_kind = SIGNATURE_ECDSA_SHA256};
    return issue_logged_one(setting->signer, ret_logged, json_new_object(), deliver, setting, console, err);
}

/* ---- promises ---- */

static void test_is_given_once_its_signature_is_on_the_disk(void **state)
{
    struct setting *setting = *state;
    struct error err = ERROR_INIT;
    struct logged logged;
    assert_done(issue(setting, NULL, &logged, &err), err);
    assert_int_equal(setting->delivered, 1);
    assert_false(setting->was_early);
    assert_true(logged.is_done && logged.made.len > 0);
    assert_int_equal(logged.signing_seq, 0);
    assert_int_equal(logged.issued_seq, 1);
    logged_done(&logged);
}

static void test_what_no_token_signs_is_given_to_nobody(void **state)
{
    struct setting *setting = *state;
    struct error err = ERROR_INIT;
    struct logged logged;
    setting->shim->sign_rv = CKR_DEVICE_ERROR;
    assert_refused(issue(setting, NULL, &logged, &err), &err, ERROR_TOKEN, "while signing for a thing");
    assert_int_equal(setting->delivered, 0);
    assert_int_equal(logged.made.len, 0);
    assert_int_equal(ledger_size(setting->home->ledger), 1); // that it was to be signed
}

static void test_what_does_not_verify_is_given_to_nobody(void **state)
{
    struct setting *setting = *state;
    struct error err = ERROR_INIT;
    struct logged logged;
    setting->is_sound = false;
    assert_refused(issue(setting, NULL, &logged, &err), &err, ERROR_TOKEN, "do not use this token");
    assert_int_equal(setting->delivered, 0);
    assert_int_equal(logged.made.len, 0);
    assert_int_equal(ledger_size(setting->home->ledger), 1);
}

static bool may_not_go_on(void *data)
{
    (void)data; // it is pressed already
    return false;
}

static void test_a_stop_before_it_asks_no_token_and_logs_nothing(void **state)
{
    struct setting *setting = *state;
    struct error err = ERROR_INIT;
    struct logged logged;
    const struct console console = {.may_go_on = may_not_go_on};
    assert_refused(issue(setting, &console, &logged, &err), &err, ERROR_INTERRUPTED, "run the same command");
    assert_int_equal(setting->delivered, 0);
    assert_int_equal(atomic_load(&setting->shim->signatures), 0);
    assert_int_equal(ledger_size(setting->home->ledger), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_is_given_once_its_signature_is_on_the_disk, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_no_token_signs_is_given_to_nobody, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_does_not_verify_is_given_to_nobody, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_stop_before_it_asks_no_token_and_logs_nothing, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
