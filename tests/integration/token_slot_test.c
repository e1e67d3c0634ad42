/* SPDX-License-Identifier: Apache-2.0 */
/* Modules, tokens, initialisation, certificates and the pool of sessions. */
#include "token_fixture.h"
#include "token_shim.h"

#include "base/file.h"
#include "base/openssl_release.h"
#include "token/internal.h"

#include <fcntl.h>

static void refuses_module(const char *module, const char *part)
{
    struct error err = ERROR_INIT;
    struct token *token = NULL;
    struct token_choice choice = {.module = module};
    assert_refused(token_open(&choice, &token, &err), &err, ERROR_TOKEN, part);
    assert_null(token);
}

static void test_a_module_that_is_missing_or_no_module_is_named(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;
    AUTO(free) char *text = memory_format("%s/text.so", fixture->folder);
    assert_done(file_create(AT_FDCWD, text, 0600, BYTES_LITERAL("not a library"), &err), err);
    refuses_module("/nowhere/libtoken.so", "/nowhere/libtoken.so");
    refuses_module(text, "can't be loaded");
    refuses_module("libm.so.6", "no C_GetFunctionList");
    refuses_module(NULL, "no PKCS#11 module is named");
}

static void test_a_module_that_will_not_start_says_why(void **state)
{
    (void)state; // cmocka's form
    assert_int_equal(setenv("TOKEN_SHIM_MODULE", "/nowhere.so", 1), 0);
    refuses_module(TOKEN_SHIM, "CKR_GENERAL_ERROR");
}

static void test_a_token_is_chosen_by_its_exact_label(void **state)
{
    struct fixture *fixture = *state;
    static const char *const wrong[] = {"coldca", "coldca test ", "coldca tesT", " coldca test", ""};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct error err = ERROR_INIT;
        struct token *token = NULL;
        struct token_choice choice = {.module = fixture->module, .label = wrong[i]};
        assert_refused(token_open(&choice, &token, &err), &err, ERROR_TOKEN, "coldca test");
    }
}

static void add_token(struct fixture *fixture, const char *label)
{
    struct error err = ERROR_INIT;
    struct token_choice choice = {.module = fixture->module};
    AUTO(secret_free) struct secret *so_pin = fixture_secret(FIXTURE_SO_PIN);
    AUTO(secret_free) struct secret *pin = fixture_secret("987654");
    assert_done(token_initialize(&choice, label, so_pin, pin, false, &err), err);
}

static void test_several_tokens_that_fit_are_listed_not_guessed(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;
    struct token *token = NULL;
    struct token_info *infos = NULL;
    size_t count = 0;
    struct token_choice any = {.module = fixture->module};
    add_token(fixture, "second");
    assert_refused(token_open(&any, &token, &err), &err, ERROR_TOKEN, "2 tokens fit");
    assert_non_null(strstr(err.text, "\"second\""));
    assert_done(token_list(&any, &infos, &count, &err), err);
    assert_int_equal(count, 3); // and SoftHSM's empty slot
    for (size_t i = 0; i < count; i++) {
        if (!infos[i].is_initialized)
            continue;
        struct token_choice by_serial = {.module = fixture->module, .serial = infos[i].serial};
        AUTO(token_close) struct token *one = NULL;
        struct token_info info;
        assert_done(token_open(&by_serial, &one, &err), err);
        assert_done(token_info(one, &info, &err), err);
        assert_string_equal(info.label, infos[i].label);
    }
    free(infos);
}

static void test_other_tokens_opening_and_closing_leave_the_login_alone(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;
    struct token_info *infos = NULL;
    size_t count = 0;
    AUTO(token_key_free) struct token_key *key = NULL;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    assert_done(token_key_generate(fixture->token, KEY_EC_P256, 0, "ca", &key, &err), err);
    struct token *same = NULL;
    assert_done(token_open(&fixture->choice, &same, &err), err);
    assert_done(token_list(&fixture->choice, &infos, &count, &err), err);
    free(infos);
    token_close(same);
    assert_done(token_key_sign(key, SIGNATURE_ECDSA_SHA256, BYTES_LITERAL("x"), &signature, &err), err);
    assert_done(token_open(&fixture->choice, &same, &err), err);
    token_close(fixture->token);
    fixture->token = same;
    AUTO(token_key_free) struct token_key *again = NULL;
    assert_done(token_key_find(same, token_key_uri(key), token_key_spki(key), &again, &err), err);
}

static void test_a_token_in_use_is_not_erased_unless_named(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;
    AUTO(secret_free) struct secret *so_pin = fixture_secret(FIXTURE_SO_PIN);
    AUTO(secret_free) struct secret *wrong = fixture_secret("00000000");
    AUTO(secret_free) struct secret *pin = fixture_secret("987654");
    assert_refused(token_initialize(&fixture->choice, "new", so_pin, pin, false, &err), &err, ERROR_TOKEN,
                   "never erased");
    assert_refused(token_initialize(&fixture->choice, "new", so_pin, pin, true, &err), &err, ERROR_TOKEN,
                   "in use by this process");
    token_close(fixture->token);
    fixture->token = NULL;
    assert_refused(token_initialize(&fixture->choice, "new", wrong, pin, true, &err), &err, ERROR_TOKEN,
                   "CKR_PIN_INCORRECT");
    assert_done(token_initialize(&fixture->choice, "new", so_pin, pin, true, &err), err);
    struct token_choice renamed = {.module = fixture->module, .label = "new"};
    assert_done(token_open(&renamed, &fixture->token, &err), err);
    assert_done(token_login(fixture->token, pin, &err), err);
}

static void test_a_label_or_pin_the_token_can_not_take_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;
    struct token_choice choice = {.module = fixture->module};
    AUTO(secret_free) struct secret *so_pin = fixture_secret(FIXTURE_SO_PIN);
    AUTO(secret_free) struct secret *pin = fixture_secret("987654");
    AUTO(secret_free) struct secret *short_pin = fixture_secret("1");
    assert_refused(token_initialize(&choice, "123456789012345678901234567890123", so_pin, pin, false, &err),
                   &err, ERROR_USAGE, "32 bytes");
    assert_refused(token_initialize(&choice, "", so_pin, pin, false, &err), &err, ERROR_USAGE, "32 bytes");
    assert_refused(token_initialize(&choice, "x", so_pin, short_pin, false, &err), &err, ERROR_TOKEN,
                   "the user PIN is too short: the token takes 4 to 255 bytes");
}

static void test_the_uri_names_the_token_and_no_secret(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder uri = BUILDER_INIT;
    AUTO(token_address_done) struct token_address address = {.label = NULL};
    token_uri(fixture->token, &uri);
    assert_done(token_address_parse(builder_text(&uri), &address, &err), err);
    assert_string_equal(address.label, "coldca test");
    assert_string_equal(address.serial, fixture->token->info.serial);
    assert_null(strstr(builder_text(&uri), "pin"));
}

/* ---- the PIN (P7) ---- */

#define SCAN_BLOCK 65536

/** How often the needle, given with every byte inverted, is in the memory this process may write. */
static size_t count_in_memory(struct bytes inverted)
{
    static char block[SCAN_BLOCK];
    char line[512];
    size_t hits = 0;
    AUTO(fclose) FILE *maps = fopen("/proc/self/maps", "r");
    AUTO(close) int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    assert_non_null(maps);
    assert_true(memory >= 0);
    while (fgets(line, sizeof(line), maps) != NULL) {
        unsigned long start = 0;
        unsigned long end = 0;
        char mode[5] = "";
        if (sscanf(line, "%lx-%lx %4s", &start, &end, mode) != 3 || mode[1] != 'w' ||
            end - start > 1UL << 30) // the sanitizer's shadow
            continue;
        for (unsigned long at = start; at < end; at += SCAN_BLOCK - inverted.len) {
            size_t want = end - at < SCAN_BLOCK ? end - at : SCAN_BLOCK;
            ssize_t got = pread(memory, block, want, (off_t)at);
            for (size_t i = 0; got > 0 && i + inverted.len <= (size_t)got; i++) {
                size_t same = 0;
                bool is_ours = at + i >= (uintptr_t)block && at + i < (uintptr_t)block + sizeof(block);
                while (same < inverted.len && ((uint8_t)block[i + same] ^ inverted.data[same]) == 0xff)
                    same++;
                hits += same == inverted.len && !is_ours;
            }
        }
    }
    return hits;
}

static void test_no_copy_of_the_pin_stays_in_memory_after_the_login(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;
    AUTO(secret_free) struct secret *so_pin = fixture_secret(FIXTURE_SO_PIN);
    struct secret *pin = NULL;
    uint8_t inverted[24];
    struct token_choice empty = {.module = fixture->module};
    struct token_choice choice = {.module = fixture->module, .label = "secret"};
    AUTO(token_close) struct token *token = NULL;
    // Made at random, so that the PIN stands nowhere in the program; kept inverted, so that the scan finds no needle.
    assert_done(secret_new(&pin, &err), err);
    assert_done(token_random(fixture->token, inverted, sizeof(inverted), &err), err);
    for (size_t i = 0; i < sizeof(inverted); i++) {
        inverted[i] = (uint8_t) ~('a' + inverted[i] % 26);
        assert_true(secret_push(pin, (char)(inverted[i] ^ 0xff)));
    }
    assert_int_equal(count_in_memory(BYTES(inverted)), 1); // the scan does find it
    assert_done(token_initialize(&empty, "secret", so_pin, pin, false, &err), err);
    assert_done(token_open(&choice, &token, &err), err);
    assert_done(token_login(token, pin, &err), err);
    assert_int_equal(count_in_memory(BYTES(inverted)), 1);
    secret_free(pin);
    assert_int_equal(count_in_memory(BYTES(inverted)), 0);
}

/* ---- certificates ---- */

static void self_sign(const char *name, struct builder *ret_der)
{
    AUTO(EVP_PKEY_free) EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    AUTO(X509_free) X509 *cert = X509_new();
    AUTO(OPENSSL_free) uint8_t *der = NULL;
    X509_NAME *subject = X509_get_subject_name(cert);
    assert_int_equal(
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const uint8_t *)name, -1, -1, 0), 1);
    assert_int_equal(X509_set_issuer_name(cert, subject), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(cert), 1), 1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(cert), 0));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(cert), 60));
    assert_int_equal(X509_set_pubkey(cert, key), 1);
    assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
    int len = i2d_X509(cert, &der);
    assert_true(len > 0);
    builder_add(ret_der, der, (size_t)len);
}

static void test_a_certificate_comes_back_byte_for_byte(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder first = BUILDER_INIT;
    AUTO(builder_done) struct builder second = BUILDER_INIT;
    AUTO(builder_done) struct builder back = BUILDER_INIT;
    struct bytes id = BYTES_LITERAL("\x01\x02");
    struct bytes other = BYTES_LITERAL("\x01");
    self_sign("first", &first);
    self_sign("second", &second);
    assert_done(token_certificate_store(fixture->token, builder_bytes(&first), "ca", id, &err), err);
    assert_done(token_certificate_find(fixture->token, id, &back, &err), err);
    assert_true(bytes_equal(builder_bytes(&first), builder_bytes(&back)));
    assert_refused(token_certificate_find(fixture->token, other, &back, &err), &err, ERROR_TOKEN,
                   "no certificate");
    assert_done(token_certificate_store(fixture->token, builder_bytes(&second), "ca 2", id, &err), err);
    assert_refused(token_certificate_find(fixture->token, id, &back, &err), &err, ERROR_TOKEN, "several");
    assert_refused(token_certificate_store(fixture->token, BYTES_LITERAL("junk"), "x", id, &err), &err,
                   ERROR_INPUT, "not a certificate");
}

static void test_the_login_and_the_pool_outlive_a_stored_certificate(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder cert = BUILDER_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    AUTO(token_key_free) struct token_key *key = NULL;
    assert_done(token_key_generate(fixture->token, KEY_ED25519, 0, "ca", &key, &err), err);
    self_sign("ca", &cert);
    assert_done(token_certificate_store(fixture->token, builder_bytes(&cert), "ca", token_key_id(key), &err),
                err);
    assert_done(token_key_sign(key, SIGNATURE_ED25519, BYTES_LITERAL("x"), &signature, &err), err);
}

/* ---- the pool ---- */

#ifdef COLDCA_SANITIZED
#define SIGNATURES_EACH 100 /* each costs a hundred times more there */
#else
#define SIGNATURES_EACH 1000
#endif

struct worker {
    pthread_t thread;
    struct token_key *key;
    unsigned number;
    unsigned verified;
};

static void *work(void *data)
{
    struct worker *worker = data;
    for (unsigned i = 0; i < SIGNATURES_EACH; i++) {
        struct error err = ERROR_INIT;
        AUTO(builder_done) struct builder signature = BUILDER_INIT;
        unsigned words[2] = {worker->number, i};
        if (token_key_sign(worker->key, SIGNATURE_ECDSA_SHA256, BYTES(words), &signature, &err) &&
            fixture_verifies(worker->key, SIGNATURE_ECDSA_SHA256, BYTES(words), builder_bytes(&signature)))
            worker->verified++;
    }
    return NULL;
}

static void run_workers(struct token_key *key, size_t count)
{
    struct worker workers[8] = {{.key = NULL}};
    assert_true(count <= ARRAY_LEN(workers));
    for (size_t i = 0; i < count; i++) {
        workers[i].key = key;
        workers[i].number = (unsigned)i;
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
        assert_int_equal(workers[i].verified, SIGNATURES_EACH);
    }
}

static void test_two_threads_sign_a_thousand_times_each_and_all_verify(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;
    AUTO(token_key_free) struct token_key *key = NULL;
    assert_done(token_key_generate(fixture->token, KEY_EC_P256, 0, "ca", &key, &err), err);
    token_set_sessions(fixture->token, 2);
    run_workers(key, 2);
    assert_true(fixture->token->pool.open_count <= 2);
}

static void test_more_threads_than_sessions_wait_for_each_other(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;
    AUTO(token_key_free) struct token_key *key = NULL;
    assert_done(token_key_generate(fixture->token, KEY_EC_P256, 0, "ca", &key, &err), err);
    token_set_sessions(fixture->token, 0); // one is the least
    run_workers(key, 4);
    assert_int_equal(fixture->token->pool.open_count, 1);
}

static void test_the_pool_leaves_room_within_the_models_sessions(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;
    static const char yaml[] =
        "name: x\ntitle: X\ntested: false\nmodules: [/x.so]\nalways_authenticate: false\n"
        "keys: [ec-p256]\nmax_sessions: 16\n";
    AUTO(token_profile_free) struct token_profile *profile = NULL;
    AUTO(token_close) struct token *token = NULL;
    assert_done(token_profile_load(bytes_of_text(yaml), "x.yaml", &profile, &err), err);
    fixture->choice.profile = profile;
    assert_done(token_open(&fixture->choice, &token, &err), err);
    token_set_sessions(token, 100);
    assert_int_equal(token->pool.limit, 13); // libp11's, the one that holds the login, and one that writes
    token_set_sessions(token, 3);
    assert_int_equal(token->pool.limit, 3);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_a_module_that_is_missing_or_no_module_is_named),
        TEST(test_a_module_that_will_not_start_says_why),
        TEST(test_a_token_is_chosen_by_its_exact_label),
        TEST(test_several_tokens_that_fit_are_listed_not_guessed),
        TEST(test_other_tokens_opening_and_closing_leave_the_login_alone),
        TEST(test_a_token_in_use_is_not_erased_unless_named),
        TEST(test_a_label_or_pin_the_token_can_not_take_is_refused),
        TEST(test_the_uri_names_the_token_and_no_secret),
        TEST(test_no_copy_of_the_pin_stays_in_memory_after_the_login),
        TEST(test_a_certificate_comes_back_byte_for_byte),
        TEST(test_the_login_and_the_pool_outlive_a_stored_certificate),
        TEST(test_two_threads_sign_a_thousand_times_each_and_all_verify),
        TEST(test_more_threads_than_sessions_wait_for_each_other),
        TEST(test_the_pool_leaves_room_within_the_models_sessions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
