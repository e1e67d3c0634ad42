/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens that are not like SoftHSM, played by token_shim.c. */
#include "token_fixture.h"
#include "token_shim.h"

#include "base/memory.h"

#include <dlfcn.h>
#include <pthread.h>

struct setting {
    struct fixture fixture;
    struct token_choice choice;
    struct token *token;
    void *library;
    struct token_shim *shim;
};

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
    setting->choice = setting->fixture.choice;
    setting->choice.module = TOKEN_SHIM;
    *state = setting;
    return 0;
}

static int teardown(void **state)
{
    struct setting *setting = *state;
    struct token_shim *shim = setting->shim;
    shim->token_rv = CKR_OK;
    if (setting->token != NULL)
        token_close(setting->token);
    assert_int_equal(dlclose(setting->library), 0);
    fixture_remove(&setting->fixture);
    free(setting);
    return 0;
}

static void open_token(struct setting *setting)
{
    struct error err = ERROR_INIT;
    assert_done(token_open(&setting->choice, &setting->token, &err), err);
}

static void open_and_login(struct setting *setting)
{
    struct error err = ERROR_INIT;
    AUTO(secret_free) struct secret *pin = fixture_secret(FIXTURE_PIN);
    open_token(setting);
    assert_done(token_login(setting->token, pin, &err), err);
}

static struct token_key *make(struct setting *setting, enum key_kind kind, unsigned bits, const char *label)
{
    struct error err = ERROR_INIT;
    struct token_key *key = NULL;
    assert_done(token_key_generate(setting->token, kind, bits, label, &key, &err), err);
    return key;
}

static void signs(struct token_key *key, enum signature_kind kind)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    struct bytes data = BYTES_LITERAL("data");
    assert_done(token_key_sign(key, kind, data, &signature, &err), err);
    assert_true(fixture_verifies(key, kind, data, builder_bytes(&signature)));
}

/* ---- PINs ---- */

static void test_which_of_two_pins_was_wrong_is_said(void **state)
{
    struct setting *setting = *state;
    struct error err = ERROR_INIT;
    AUTO(secret_free) struct secret *so_pin = fixture_secret(FIXTURE_SO_PIN);
    AUTO(secret_free) struct secret *wrong = fixture_secret("00000000");
    AUTO(secret_free) struct secret *pin = fixture_secret(FIXTURE_PIN);
    assert_refused(token_initialize(&setting->choice, "new", wrong, pin, true, &err), &err, ERROR_TOKEN,
                   "initializing the token: the security officer PIN is wrong (CKR_PIN_INCORRECT)");
    // As on a token that is erased by whatever PIN, and looks at it at the login only.
    setting->shim->login_rv = CKR_PIN_INCORRECT;
    assert_refused(token_initialize(&setting->choice, "new", so_pin, pin, true, &err), &err, ERROR_TOKEN,
                   "logging in: the security officer PIN is wrong (CKR_PIN_INCORRECT)");
    assert_non_null(strstr(err.text, "the token is new and empty"));
    setting->choice.label = "new";
    setting->shim->login_rv = CKR_PIN_LOCKED;
    assert_refused(token_initialize(&setting->choice, "new", so_pin, pin, true, &err), &err, ERROR_TOKEN,
                   "logging in with the security officer PIN: ");
    setting->shim->login_rv = CKR_OK;
    assert_done(token_initialize(&setting->choice, "new", so_pin, pin, true, &err), err);
}

static void test_a_wrong_pin_is_tried_exactly_once(void **state)
{
    struct setting *setting = *state;
    struct error err = ERROR_INIT;
    AUTO(secret_free) struct secret *wrong = fixture_secret("000000");
    open_token(setting);
    assert_refused(token_login(setting->token, wrong, &err), &err, ERROR_TOKEN, "CKR_PIN_INCORRECT");
    assert_int_equal(err.native, CKR_PIN_INCORRECT);
    assert_non_null(strstr(err.text, "one attempt was made"));
    assert_int_equal(atomic_load(&setting->shim->logins), 1);
    assert_false(token_is_logged_in(setting->token));
    assert_null(strstr(err.text, "000000"));
}

static void test_the_tries_left_are_told_in_words(void **state)
{
    struct setting *setting = *state;
    static const struct {
        CK_FLAGS flags;
        const char *words;
    } cases[] = {{CKF_USER_PIN_COUNT_LOW, "few tries may be left"},
                 {CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY, "ONE try is left"}};
    AUTO(secret_free) struct secret *wrong = fixture_secret("000000");
    open_token(setting);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err = ERROR_INIT;
        setting->shim->more_flags = cases[i].flags;
        assert_refused(token_login(setting->token, wrong, &err), &err, ERROR_TOKEN, cases[i].words);
    }
}

static void test_a_locked_pin_is_not_even_tried(void **state)
{
    struct setting *setting = *state;
    struct error err = ERROR_INIT;
    AUTO(secret_free) struct secret *pin = fixture_secret(FIXTURE_PIN);
    setting->shim->more_flags = CKF_USER_PIN_LOCKED;
    open_token(setting);
    assert_refused(token_login(setting->token, pin, &err), &err, ERROR_TOKEN, "CKR_PIN_LOCKED");
    assert_non_null(strstr(err.text, "security officer"));
    assert_int_equal(atomic_load(&setting->shim->logins), 0);
}

static void test_the_try_that_locks_the_pin_says_so(void **state)
{
    struct setting *setting = *state;
    struct error err = ERROR_INIT;
    AUTO(secret_free) struct secret *pin = fixture_secret(FIXTURE_PIN);
    open_token(setting);
    setting->shim->login_rv = CKR_PIN_LOCKED;
    assert_refused(token_login(setting->token, pin, &err), &err, ERROR_TOKEN, "locked");
    assert_int_equal(atomic_load(&setting->shim->logins), 1);
}

static void test_a_pin_pad_is_asked_without_a_pin(void **state)
{
    struct setting *setting = *state;
    struct error err = ERROR_INIT;
    open_token(setting);
    assert_refused(token_login(setting->token, NULL, &err), &err, ERROR_TOKEN, "has no PIN pad");
    assert_int_equal(atomic_load(&setting->shim->logins), 0);
    setting->shim->more_flags = CKF_PROTECTED_AUTHENTICATION_PATH;
    setting->shim->login_rv = CKR_FUNCTION_CANCELED; // the person pressed the pad's red key
    assert_refused(token_login(setting->token, NULL, &err), &err, ERROR_TOKEN, "CKR_FUNCTION_CANCELED");
    assert_int_equal(atomic_load(&setting->shim->logins), 1);
}

static bool give_pin(void *data, const struct token_key *key, struct secret **ret_pin, struct error *err)
{
    unsigned *asked = data;
    (void)key; // the same for all
    (void)err;
    (*asked)++;
    *ret_pin = fixture_secret(FIXTURE_PIN);
    return true;
}

static void test_a_key_that_wants_the_pin_each_time_is_asked_for_or_refused(void **state)
{
    struct setting *setting = *state;
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    unsigned asked = 0;
    open_and_login(setting);
    setting->shim->asks_each_time = true;
    AUTO(token_key_free) struct token_key *key = make(setting, KEY_EC_P256, 0, "each time");
    assert_int_equal(token_key_attributes(key)->always_authenticates, TOKEN_YES);
    assert_refused(token_key_sign(key, SIGNATURE_ECDSA_SHA256, BYTES_LITERAL("data"), &signature, &err), &err,
                   ERROR_TOKEN, "PIN for each signature");
    assert_int_equal(atomic_load(&setting->shim->signatures), 0);
    token_set_ask_pin(setting->token, give_pin, &asked);
    signs(key, SIGNATURE_ECDSA_SHA256);
    signs(key, SIGNATURE_ECDSA_SHA256);
    assert_int_equal(asked, 2);
    assert_int_equal(atomic_load(&setting->shim->context_logins), 2);
    setting->shim->context_login_rv = CKR_PIN_INCORRECT;
    assert_refused(token_key_sign(key, SIGNATURE_ECDSA_SHA256, BYTES_LITERAL("data"), &signature, &err), &err,
                   ERROR_TOKEN, "CKR_PIN_INCORRECT");
    assert_int_equal(asked, 3);
}

/* ---- faults ---- */

static void test_a_token_pulled_while_signing_is_named_and_another_session_goes_on(void **state)
{
    struct setting *setting = *state;
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    open_and_login(setting);
    AUTO(token_key_free) struct token_key *key = make(setting, KEY_EC_P256, 0, "ca");
    setting->shim->sign_rv = CKR_DEVICE_REMOVED;
    assert_refused(token_key_sign(key, SIGNATURE_ECDSA_SHA256, BYTES_LITERAL("data"), &signature, &err), &err,
                   ERROR_TOKEN, "CKR_DEVICE_REMOVED");
    assert_int_equal(signature.len, 0);
    assert_non_null(strstr(err.text, "put it back"));
    setting->shim->sign_rv = CKR_OK;
    signs(key, SIGNATURE_ECDSA_SHA256); // the broken session was replaced
}

static void test_a_token_that_is_gone_is_told_at_each_step(void **state)
{
    struct setting *setting = *state;
    struct error err = ERROR_INIT;
    struct token_info info;
    struct token_key *key = NULL;
    AUTO(secret_free) struct secret *pin = fixture_secret(FIXTURE_PIN);
    open_token(setting);
    setting->shim->token_rv = CKR_TOKEN_NOT_PRESENT;
    assert_refused(token_info(setting->token, &info, &err), &err, ERROR_TOKEN, "CKR_TOKEN_NOT_PRESENT");
    assert_refused(token_login(setting->token, pin, &err), &err, ERROR_TOKEN, "CKR_TOKEN_NOT_PRESENT");
    assert_refused(token_key_generate(setting->token, KEY_EC_P256, 0, "ca", &key, &err), &err, ERROR_TOKEN,
                   "CKR_TOKEN_NOT_PRESENT");
    struct token *second = NULL;
    assert_refused(token_open(&setting->choice, &second, &err), &err, ERROR_TOKEN, "no token");
}

static void test_a_code_of_the_vendor_is_shown_as_a_number(void **state)
{
    struct setting *setting = *state;
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    open_and_login(setting);
    AUTO(token_key_free) struct token_key *key = make(setting, KEY_EC_P256, 0, "ca");
    setting->shim->sign_rv = CKR_VENDOR_DEFINED | 0x42;
    assert_refused(token_key_sign(key, SIGNATURE_ECDSA_SHA256, BYTES_LITERAL("data"), &signature, &err), &err,
                   ERROR_TOKEN, "0x80000042");
}

#define SIGNATURES_EACH 200

struct worker {
    pthread_t thread;
    struct token_key *key;
    unsigned made;
};

static void *work(void *data)
{
    struct worker *worker = data;
    for (unsigned i = 0; i < SIGNATURES_EACH; i++) {
        struct error err = ERROR_INIT;
        AUTO(builder_done) struct builder signature = BUILDER_INIT;
        if (token_key_sign(worker->key, SIGNATURE_ECDSA_SHA256, BYTES_LITERAL("x"), &signature, &err))
            worker->made++;
    }
    return NULL;
}

static void test_fewer_sessions_than_promised_are_made_do_with(void **state)
{
    struct setting *setting = *state;
    struct worker workers[4] = {{.key = NULL}};
    open_and_login(setting);
    AUTO(token_key_free) struct token_key *key = make(setting, KEY_EC_P256, 0, "ca");
    setting->shim->max_sessions = atomic_load(&setting->shim->sessions) + 1;
    token_set_sessions(setting->token, 4);
    for (size_t i = 0; i < ARRAY_LEN(workers); i++) {
        workers[i].key = key;
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(workers); i++) {
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
        assert_int_equal(workers[i].made, SIGNATURES_EACH);
    }
    assert_true(atomic_load(&setting->shim->most_sessions) <= setting->shim->max_sessions);
}

/* ---- habits ---- */

static void test_points_without_their_octet_string_are_read(void **state)
{
    struct setting *setting = *state;
    static const enum key_kind kinds[] = {KEY_EC_P256, KEY_EC_P384, KEY_EC_P521, KEY_ED25519};
    setting->shim->has_bare_points = true;
    open_and_login(setting);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct error err = ERROR_INIT;
        AUTO(token_key_free) struct token_key *key = make(setting, kinds[i], 0, key_kind_name(kinds[i]));
        AUTO(token_key_free) struct token_key *again = NULL;
        setting->shim->has_bare_points = false;
        assert_done(token_key_find(setting->token, token_key_uri(key), token_key_spki(key), &again, &err),
                    err);
        setting->shim->has_bare_points = true;
    }
}

static void test_a_token_that_hashes_by_itself_is_given_the_data(void **state)
{
    struct setting *setting = *state;
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    uint8_t digest[32] = {1};
    setting->shim->no_mechanism = CKM_RSA_PKCS;
    open_and_login(setting);
    AUTO(token_key_free) struct token_key *key = make(setting, KEY_RSA, 2048, "ca");
    signs(key, SIGNATURE_RSA_SHA256);
    signs(key, SIGNATURE_RSA_SHA512);
    assert_refused(token_key_sign_digest(key, SIGNATURE_RSA_SHA256, BYTES(digest), &signature, &err), &err,
                   ERROR_TOKEN, "hashes by itself");
    setting->shim->no_mechanism = CKM_RSA_PKCS_PSS;
    AUTO(token_key_free) struct token_key *second = make(setting, KEY_RSA, 2048, "pss");
    signs(second, SIGNATURE_PSS_SHA384);
}

static void test_a_message_that_is_too_long_is_found_before_it_is_signed(void **state)
{
    struct setting *setting = *state;
    struct error err = ERROR_INIT;
    setting->shim->max_data = 3000;
    open_and_login(setting);
    AUTO(token_key_free) struct token_key *ed = make(setting, KEY_ED25519, 0, "ed");
    AUTO(token_key_free) struct token_key *ec = make(setting, KEY_EC_P256, 0, "ec");
    // No profile says anything: the module is asked.
    assert_int_equal(token_key_max_message(ed, SIGNATURE_ED25519), 0);
    assert_done(token_key_check_message(ed, SIGNATURE_ED25519, 3000, &err), err);
    assert_refused(token_key_check_message(ed, SIGNATURE_ED25519, 3001, &err), &err, ERROR_TOKEN,
                   "CKR_DATA_LEN_RANGE");
    // A digest is as short as ever.
    unsigned before = atomic_load(&setting->shim->signatures);
    assert_done(token_key_check_message(ec, SIGNATURE_ECDSA_SHA256, 50000000, &err), err);
    assert_int_equal(atomic_load(&setting->shim->signatures), before);
}

static void test_a_profile_says_how_long_a_message_may_be(void **state)
{
    struct setting *setting = *state;
    struct error err = ERROR_INIT;
    static const char yaml[] =
        "name: x\ntitle: X\ntested: false\nmodules: [/x.so]\nalways_authenticate: false\n"
        "keys: [ed25519, rsa-2048]\nmax_message: 2000\n";
    AUTO(token_profile_free) struct token_profile *profile = NULL;
    assert_done(token_profile_load(bytes_of_text(yaml), "x.yaml", &profile, &err), err);
    setting->choice.profile = profile;
    open_and_login(setting);
    AUTO(token_key_free) struct token_key *ed = make(setting, KEY_ED25519, 0, "ed");
    unsigned before = atomic_load(&setting->shim->signatures);
    assert_int_equal(token_key_max_message(ed, SIGNATURE_ED25519), 2000);
    assert_done(token_key_check_message(ed, SIGNATURE_ED25519, 2000, &err), err);
    assert_refused(token_key_check_message(ed, SIGNATURE_ED25519, 2001, &err), &err, ERROR_TOKEN,
                   "max_message");
    assert_int_equal(atomic_load(&setting->shim->signatures), before); // nobody was asked
    // A token that hashes by itself gets the data of an RSA signature, too.
    setting->shim->no_mechanism = CKM_RSA_PKCS;
    AUTO(token_key_free) struct token_key *rsa = make(setting, KEY_RSA, 2048, "rsa");
    signs(rsa, SIGNATURE_RSA_SHA256);
    assert_int_equal(token_key_max_message(rsa, SIGNATURE_RSA_SHA256), 2000);
}

static void test_usage_flags_are_left_out_where_the_token_wants_it(void **state)
{
    struct setting *setting = *state;
    struct error err = ERROR_INIT;
    struct token_key *key = NULL;
    setting->shim->no_attribute = CKA_SIGN_RECOVER;
    static const char yaml[] =
        "name: x\ntitle: X\ntested: false\nmodules: [/x.so]\nalways_authenticate: false\n"
        "keys: [ec-p256]\nmay_omit: [sign_recover]\n";
    AUTO(token_profile_free) struct token_profile *profile = NULL;
    assert_done(token_profile_load(bytes_of_text(yaml), "x.yaml", &profile, &err), err);
    setting->choice.profile = profile;
    open_and_login(setting);
    AUTO(token_key_free) struct token_key *made = make(setting, KEY_EC_P256, 0, "ca");
    signs(made, SIGNATURE_ECDSA_SHA256);
    assert_refused(token_key_generate(setting->token, KEY_ED25519, 0, "ed", &key, &err), &err, ERROR_TOKEN,
                   "cannot generate ed25519");
}

static void test_a_key_that_did_not_come_out_as_demanded_is_removed(void **state)
{
    struct setting *setting = *state;
    struct error err = ERROR_INIT;
    struct token_key *key = NULL;
    struct token_key_info *infos = NULL;
    size_t count = 1;
    setting->shim->ignores_extractable = true;
    open_and_login(setting);
    assert_refused(token_key_generate(setting->token, KEY_EC_P256, 0, "ca", &key, &err), &err, ERROR_TOKEN,
                   "key.extractable");
    assert_null(key);
    assert_done(token_key_list(setting->token, &infos, &count, &err), err);
    free(infos);
    assert_int_equal(count, 0);
}

static void test_an_attribute_the_token_will_not_tell_is_unknown_not_good(void **state)
{
    struct setting *setting = *state;
    struct error err = ERROR_INIT;
    AUTO(findings_done) struct findings findings = FINDINGS_INIT;
    AUTO(token_key_free) struct token_key *found = NULL;
    open_and_login(setting);
    AUTO(token_key_free) struct token_key *key = make(setting, KEY_EC_P256, 0, "ca");
    setting->shim->no_attribute = CKA_NEVER_EXTRACTABLE;
    assert_done(token_key_find(setting->token, token_key_uri(key), token_key_spki(key), &found, &err), err);
    assert_done(token_key_check(found, false, &findings, &err), err);
    assert_int_equal(token_key_attributes(found)->is_never_extractable, TOKEN_UNKNOWN);
    assert_int_equal(findings.count, 1);
    assert_true(findings_has(&findings, "key.unknown.CKA_NEVER_EXTRACTABLE"));
}

/** Modules may look at a mechanism and its parameter as long as the operation lasts. */
static void test_parameters_live_as_long_as_the_signature(void **state)
{
    struct setting *setting = *state;
    open_and_login(setting);
    AUTO(token_key_free) struct token_key *key = make(setting, KEY_RSA, 2048, "late");
    setting->shim->looks_late = true;
    signs(key, SIGNATURE_PSS_SHA256);
    signs(key, SIGNATURE_PSS_SHA512);
    signs(key, SIGNATURE_RSA_SHA384);
}

/** tpm2-pkcs11; with nothing known of the model, as with --module. */
static void test_a_token_that_takes_verifying_for_decrypting_makes_keys(void **state)
{
    struct setting *setting = *state;
    AUTO(findings_done) struct findings findings = FINDINGS_INIT;
    struct error err = ERROR_INIT;
    open_and_login(setting);
    setting->shim->takes_verify_for_decrypt = true;
    AUTO(token_key_free) struct token_key *key = make(setting, KEY_EC_P256, 256, "tpm");
    assert_int_equal(atomic_load(&setting->shim->generations),
                     2); // the strict form, then without the public key's usages
    signs(key, SIGNATURE_ECDSA_SHA256);
    assert_done(token_key_check(key, false, &findings, &err), err);
    assert_false(findings_has(&findings, "key.may-decrypt"));
}

/** From strict to lenient without a profile: what is left out in the end is every usage, and the key is checked all the same. */
static void test_the_most_lenient_form_names_no_usage(void **state)
{
    struct setting *setting = *state;
    open_and_login(setting);
    setting->shim->no_attribute = CKA_SIGN_RECOVER;
    AUTO(token_key_free) struct token_key *key = make(setting, KEY_RSA, 2048, "lenient");
    assert_int_equal(atomic_load(&setting->shim->generations), 3);
    signs(key, SIGNATURE_RSA_SHA256);
}

static void test_a_module_without_slots_has_no_tokens(void **state)
{
    struct setting *setting = *state;
    struct error err = ERROR_INIT;
    setting->shim->has_no_slots = true;
    assert_refused(token_open(&setting->choice, &setting->token, &err), &err, ERROR_TOKEN,
                   "the module sees no token at all");
}

static void test_a_profile_says_what_to_look_at_and_how_tokens_are_made(void **state)
{
    struct setting *setting = *state;
    struct error err = ERROR_INIT;
    static const char yaml[] =
        "name: x\ntitle: X\ntested: false\nmodules: [/x.so]\nalways_authenticate: false\n"
        "keys: [rsa-2048]\nhint: the reader is plugged in\nmay_initialise: false\n";
    AUTO(token_profile_free) struct token_profile *profile = NULL;
    AUTO(secret_free) struct secret *so_pin = fixture_secret("no one's");
    AUTO(secret_free) struct secret *pin = fixture_secret(FIXTURE_PIN);
    assert_done(token_profile_load(bytes_of_text(yaml), "x.yaml", &profile, &err), err);
    setting->choice.profile = profile;
    assert_refused(token_initialize(&setting->choice, "new", so_pin, pin, true, &err), &err, ERROR_TOKEN,
                   "no PIN was tried");
    error_clear(&err);
    open_and_login(setting);
    struct token_key *key = NULL;
    assert_refused(token_key_generate(setting->token, KEY_ED25519, 0, "ledger", &key, &err), &err,
                   ERROR_TOKEN, "a CA's ledger key has to be ed25519 or ec-p256");
    token_close(setting->token);
    setting->token = NULL;
    error_clear(&err);
    setting->shim->has_no_slots = true;
    assert_refused(token_open(&setting->choice, &setting->token, &err), &err, ERROR_TOKEN,
                   "sees no token: the reader is plugged in");
}

static void test_only_a_token_that_was_pulled_is_passed_over(void **state)
{
    struct setting *setting = *state;
    struct error err = ERROR_INIT;
    setting->shim->token_rv = CKR_GENERAL_ERROR;
    assert_refused(token_open(&setting->choice, &setting->token, &err), &err, ERROR_TOKEN,
                   "CKR_GENERAL_ERROR");
    error_clear(&err);
    setting->shim->token_rv = CKR_TOKEN_NOT_PRESENT;
    assert_refused(token_open(&setting->choice, &setting->token, &err), &err, ERROR_TOKEN, "no token at all");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_which_of_two_pins_was_wrong_is_said),
        TEST(test_a_wrong_pin_is_tried_exactly_once),
        TEST(test_the_tries_left_are_told_in_words),
        TEST(test_a_locked_pin_is_not_even_tried),
        TEST(test_the_try_that_locks_the_pin_says_so),
        TEST(test_a_pin_pad_is_asked_without_a_pin),
        TEST(test_a_key_that_wants_the_pin_each_time_is_asked_for_or_refused),
        TEST(test_a_token_pulled_while_signing_is_named_and_another_session_goes_on),
        TEST(test_a_token_that_is_gone_is_told_at_each_step),
        TEST(test_a_code_of_the_vendor_is_shown_as_a_number),
        TEST(test_fewer_sessions_than_promised_are_made_do_with),
        TEST(test_points_without_their_octet_string_are_read),
        TEST(test_a_token_that_hashes_by_itself_is_given_the_data),
        TEST(test_a_message_that_is_too_long_is_found_before_it_is_signed),
        TEST(test_a_profile_says_how_long_a_message_may_be),
        TEST(test_usage_flags_are_left_out_where_the_token_wants_it),
        TEST(test_a_key_that_did_not_come_out_as_demanded_is_removed),
        TEST(test_an_attribute_the_token_will_not_tell_is_unknown_not_good),
        TEST(test_parameters_live_as_long_as_the_signature),
        TEST(test_a_token_that_takes_verifying_for_decrypting_makes_keys),
        TEST(test_the_most_lenient_form_names_no_usage),
        TEST(test_a_module_without_slots_has_no_tokens),
        TEST(test_a_profile_says_what_to_look_at_and_how_tokens_are_made),
        TEST(test_only_a_token_that_was_pulled_is_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
