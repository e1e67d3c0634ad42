/* SPDX-License-Identifier: Apache-2.0 */
/* A witness cosigns with a key of his own, in a file or in a token; any other key is refused by what it is. */
#include "witness/evidence.h"

#include "base/digest.h"
#include "base/memory.h"
#include "failing.h"
#include "fake_home.h"
#include "key_file.h"
#include "signer/person.h"

#include <string.h>

static struct fake_home own;

static int begin(void **state)
{
    (void)state;
    fake_home_make(&own);
    fake_home_open(&own);
    return 0;
}

static int end(void **state)
{
    (void)state;
    fake_home_remove(&own);
    return 0;
}

/** Writes a private key; its path, which the caller frees. */
static char *key_file(const char *kind, const char *passphrase)
{
    char *path = memory_format("%s/key.pem", own.folder.path);
    EVP_PKEY_free(key_file_make(path, kind, passphrase));
    return path;
}

static bool cosign(const char *key, struct builder *ret_vkey, struct error *err)
{
    return witness_cosign(own.home, key, "witness.example/w1", time_now(), signer_person_keys(),
                          &fake_console, ret_vkey, err);
}

static void assert_refused(const char *key, enum error_kind kind, const char *words)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder vkey = BUILDER_INIT;
    assert_false(cosign(key, &vkey, &err));
    if (strstr(err.text, words) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", err.text, words);
    assert_int_equal(err.kind, kind);
    assert_int_equal(vkey.len, 0);
}

static void assert_cosigned(const char *key)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder vkey = BUILDER_INIT;
    AUTO(builder_done) struct builder note = BUILDER_INIT;
    if (!cosign(key, &vkey, &err))
        fail_msg("%s", err.text);
    assert_memory_equal(builder_text(&vkey), "witness.example/w1+", 19);
    assert_true(ledger_checkpoint_newest(own.home->ledger, &note, &err));
    assert_non_null(strstr(builder_text(&note), "witness.example/w1 "));
}

static void a_key_in_a_file_cosigns(void **state)
{
    AUTO(free) char *path = key_file("ED25519", NULL);
    (void)state;
    assert_cosigned(path);
}

static void a_key_in_a_token_of_his_own_cosigns(void **state)
{
    struct error err = ERROR_INIT;
    struct token *token = NULL;
    struct token_key *key = NULL;
    const struct token_choice choice = {.label = "witness"};
    (void)state;
    assert_true(token_open(&choice, &token, &err));
    assert_true(token_key_generate(token, KEY_ED25519, 0, "w1", &key, &err));
    token_key_free(key);
    token_close(token);
    assert_cosigned("pkcs11:token=witness;object=w1;type=private");
}

static void other_keys_are_refused(void **state)
{
    (void)state;
    AUTO(free) char *ec = key_file("P-256", NULL);
    assert_refused(ec, ERROR_INPUT, "is not an Ed25519 key: witnesses cosign with no other");
    AUTO(free) char *encrypted = key_file("ED25519", "secret");
    assert_refused(encrypted, ERROR_INPUT, "holds no private key in PEM that is not encrypted");
    assert_refused("/nonexistent/key.pem", ERROR_INPUT, "/nonexistent/key.pem");
    assert_refused("pkcs11:token=fake;object=coldca-ca;type=private", ERROR_INPUT, "is not an Ed25519 key");
    assert_refused("pkcs11:token=fake;object=gone;type=private", ERROR_TOKEN, "opening the key");
    assert_refused("pkcs11:no-such-attribute=1", ERROR_TOKEN, "opening the key");
}

static void whichever_call_fails_a_cosignature_is_kept_or_it_is_told(void **state)
{
    AUTO(free) char *path = key_file("ED25519", NULL);
    const char *failed = NULL;
    unsigned number = 0;
    (void)state;
    do {
        struct error err = ERROR_INIT;
        AUTO(builder_done) struct builder vkey = BUILDER_INIT;
        AUTO(builder_done) struct builder note = BUILDER_INIT;
        AUTO(free) char *name = memory_format("witness.example/w%u", ++number);
        failing_at("", number);
        bool is_done = witness_cosign(own.home, path, name, time_now(), NULL, &fake_console, &vkey, &err);
        failed = failing_stop();
        if (is_done) {
            assert_int_equal(err.kind, ERROR_NONE);
            assert_int_equal(strncmp(builder_text(&vkey), name, strlen(name)), 0);
            assert_true(ledger_checkpoint_newest(own.home->ledger, &note, &err));
            assert_non_null(strstr(builder_text(&note), name));
            continue;
        }
        if (failed == NULL || err.kind < ERROR_INPUT || err.kind > ERROR_LEDGER)
            fail_msg("%u, %s: %d \"%s\"", number, failed, err.kind, err.text);
        assert_int_equal(vkey.len, 0);
        fake_home_close(&own); // as the next run finds it
        fake_home_open(&own);
    } while (failed != NULL);
    assert_in_range(number, 10, 200);
}

static void a_certificates_digest_is_that_of_its_der(void **state)
{
    struct error err = ERROR_INIT;
    uint8_t found[32];
    uint8_t wanted[32];
    AUTO(free) char *path = memory_format("%s/ca.pem", own.path);
    (void)state;
    digest_sha256(cert_issuer_der(own.home->issuer), wanted);
    assert_true(witness_certificate_sha256(path, found, &err));
    assert_memory_equal(found, wanted, sizeof(found));
    AUTO(free) char *other = memory_format("%s/ca.yaml", own.path);
    assert_false(witness_certificate_sha256(other, found, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_non_null(strstr(err.text, "reading "));
    error_clear(&err);
    assert_false(witness_certificate_sha256("/nonexistent", found, &err));
    assert_non_null(strstr(err.text, "No such file"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_key_in_a_file_cosigns, begin, end),
        cmocka_unit_test_setup_teardown(a_key_in_a_token_of_his_own_cosigns, begin, end),
        cmocka_unit_test_setup_teardown(other_keys_are_refused, begin, end),
        cmocka_unit_test_setup_teardown(whichever_call_fails_a_cosignature_is_kept_or_it_is_told, begin, end),
        cmocka_unit_test_setup_teardown(a_certificates_digest_is_that_of_its_der, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
