/* SPDX-License-Identifier: Apache-2.0 */
/* A person's own token: its key is found by its URI, signs as notes want it, and may be one that could leave; that is said, not refused. */
#include "signer/person.h"

#include "base/memory.h"
#include "fake_home.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define URI(object) "pkcs11:token=ann;object=" object ";type=private"

static int begin(void **state)
{
    struct error err = ERROR_INIT;
    struct token *token = NULL;
    struct token_key *key = NULL;
    const struct token_choice choice = {.label = "ann"};
    (void)state;
    fake_token_reset();
    assert_int_equal(setenv("COLDCA_DATA", SOURCE_FOLDER, 1), 0);
    assert_true(token_open(&choice, &token, &err));
    assert_true(token_key_generate(token, KEY_ED25519, 0, "ed", &key, &err));
    token_key_free(key);
    assert_true(token_key_generate(token, KEY_EC_P256, 256, "ec", &key, &err));
    token_key_free(key);
    token_close(token);
    return 0;
}

static int end(void **state)
{
    (void)state;
    fake_token_reset();
    return 0;
}

static bool open_key(const char *uri, const struct console *console, struct builder *ret_spki,
                     enum key_kind *ret_kind, void **ret_key, struct error *err)
{
    const struct witness_key_place place = {.key = uri, .tokens = signer_person_keys()};
    error_clear(err);
    return place.tokens->open(&place, console, ret_spki, ret_kind, ret_key, err);
}

/** Whether a signature of the text is by the key of this SubjectPublicKeyInfo. */
static bool verifies(struct bytes spki, enum key_kind kind, struct bytes text, struct bytes signature)
{
    const unsigned char *at = spki.data;
    EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)spki.len);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    assert_non_null(key);
    assert_int_equal(
        EVP_DigestVerifyInit_ex(context, NULL, kind == KEY_ED25519 ? NULL : "SHA256", NULL, NULL, key, NULL),
        1);
    bool holds = EVP_DigestVerify(context, signature.data, signature.len, text.data, text.len) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return holds;
}

static void each_kind_of_key_signs_as_its_public_key_verifies(void **state)
{
    static const struct {
        const char *uri;
        enum key_kind kind;
    } keys[] = {{URI("ed"), KEY_ED25519}, {URI("ec"), KEY_EC_P256}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        struct error err = ERROR_INIT;
        enum key_kind kind = KEY_RSA;
        void *key = NULL;
        AUTO(builder_done) struct builder spki = BUILDER_INIT;
        AUTO(builder_done) struct builder signature = BUILDER_INIT;
        if (!open_key(keys[i].uri, &fake_console, &spki, &kind, &key, &err))
            fail_msg("%s", err.text);
        assert_int_equal(kind, keys[i].kind);
        assert_true(signer_person_keys()->sign(key, kind, BYTES_LITERAL("a text"), &signature, &err));
        assert_true(verifies(builder_bytes(&spki), kind, BYTES_LITERAL("a text"), builder_bytes(&signature)));
        assert_false(
            verifies(builder_bytes(&spki), kind, BYTES_LITERAL("a tExt"), builder_bytes(&signature)));
        signer_person_keys()->close(key);
    }
}

static const char *said; /* to the person */

static void hear(void *data, const char *text)
{
    (void)data;
    said = strstr(text, "the key: ") == NULL ? said : "the key: ";
}

static void a_key_that_could_leave_is_said_and_used(void **state)
{
    struct error err = ERROR_INIT;
    struct console console = fake_console;
    enum key_kind kind = KEY_RSA;
    void *key = NULL;
    AUTO(builder_done) struct builder spki = BUILDER_INIT;
    (void)state;
    said = NULL;
    console.notice = hear;
    assert_true(open_key(URI("ed"), &console, &spki, &kind, &key, &err));
    signer_person_keys()->close(key);
    assert_null(said);
    fake_token_attributes()->is_extractable = TOKEN_YES;
    if (!open_key(URI("ed"), &console, &spki, &kind, &key, &err))
        fail_msg("%s", err.text);
    signer_person_keys()->close(key);
    assert_non_null(said);
}

static void assert_refused(const char *uri, const struct console *console, enum error_kind kind)
{
    struct error err = ERROR_INIT;
    enum key_kind found = KEY_RSA;
    void *key = NULL;
    AUTO(builder_done) struct builder spki = BUILDER_INIT;
    assert_false(open_key(uri, console, &spki, &found, &key, &err));
    assert_int_equal(err.kind, kind);
    assert_null(key);
    assert_int_equal(spki.len, 0);
}

static void what_is_not_there_or_nobody_opens_is_refused(void **state)
{
    static const struct console mute = {.notice = NULL};
    (void)state;
    assert_refused(URI("gone"), &fake_console, ERROR_TOKEN);
    assert_refused("pkcs11:no-such-attribute=1", &fake_console, ERROR_TOKEN);
    assert_refused(URI("ed"), &mute, ERROR_TOKEN); // nobody has its PIN
    fake_token_set_fault("ann", 1, FAKE_IS_AWAY);
    assert_refused(URI("ed"), &fake_console, ERROR_TOKEN);
}

static void a_module_in_the_uri_has_no_model(void **state)
{
    struct error err = ERROR_INIT;
    enum key_kind kind = KEY_RSA;
    void *key = NULL;
    const struct witness_tokens *tokens = signer_person_keys();
    const struct token_choice *last = fake_token_last_choice();
    AUTO(builder_done) struct builder spki = BUILDER_INIT;
    struct witness_key_place place = {.key = URI("ed"), .tokens = tokens, .model = "no-such-token"};
    (void)state;
    assert_false(tokens->open(&place, &fake_console, &spki, &kind, &key, &err));
    assert_non_null(strstr(err.text, "no-such-token"));
    place.key = URI("ed") "?module-path=/x.so";
    error_clear(&err);
    assert_true(tokens->open(&place, &fake_console, &spki, &kind, &key, &err));
    assert_null(last->profile);
    tokens->close(key);
    place = (struct witness_key_place){.key = URI("ed"), .tokens = tokens, .model = "yubihsm2"};
    assert_true(tokens->open(&place, &fake_console, &spki, &kind, &key, &err));
    assert_string_equal(token_profile_name(last->profile), "yubihsm2");
    assert_null(last->module);
    tokens->close(key);
    place = (struct witness_key_place){.key = URI("ed"), .tokens = tokens, .module = "/y.so"};
    assert_true(tokens->open(&place, &fake_console, &spki, &kind, &key, &err));
    assert_string_equal(last->module, "/y.so");
    assert_null(last->profile);
    tokens->close(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_kind_of_key_signs_as_its_public_key_verifies, begin, end),
        cmocka_unit_test_setup_teardown(a_key_that_could_leave_is_said_and_used, begin, end),
        cmocka_unit_test_setup_teardown(a_module_in_the_uri_has_no_model, begin, end),
        cmocka_unit_test_setup_teardown(what_is_not_there_or_nobody_opens_is_refused, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
